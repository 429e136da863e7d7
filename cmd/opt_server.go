package cmd

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/discover"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// endpointFlags ties endpoints to their flags.
func endpointFlags() []struct {
	at   flow.Endpoint
	flag string
} {
	return []struct {
		at   flow.Endpoint
		flag string
	}{
		{flow.Authorization, "authorization-endpoint"},
		{flow.Token, "token-endpoint"},
		{flow.Device, "device-authorization-endpoint"},
		{flow.CIBA, "ciba-endpoint"},
		{flow.PAR, "par-endpoint"},
		{flow.Userinfo, "userinfo-endpoint"},
		{flow.Introspection, "introspection-endpoint"},
		{flow.Revocation, "revocation-endpoint"},
		{flow.EndSession, "end-session-endpoint"},
		{flow.JWKS, "jwks-uri"},
	}
}

// serverOptions say which server.
type serverOptions struct {
	issuer    string
	demo      bool
	endpoints map[flow.Endpoint]*string
}

// flags declares those of the endpoints that a command goes to.
func (o *serverOptions) flags(fs *pflag.FlagSet, to []flow.Endpoint) {
	fs.StringVar(&o.issuer, "issuer", "", "the issuer `URL` of the server, in place of TARGET")
	fs.BoolVar(&o.demo, "demo", false, "start the embedded server for this run (user alice, password alice)")
	o.endpoints = map[flow.Endpoint]*string{}
	for _, e := range endpointFlags() {
		if !slices.Contains(to, e.at) {
			continue
		}
		o.endpoints[e.at] = fs.String(e.flag, "", "`URL` in place of the "+e.at.Member()+" of the metadata")
	}
}

// A serverChoice is which server, before it has been asked anything.
type serverChoice struct {
	server   flow.Server
	discover bool
	notes    []trace.Note
}

// resolve takes TARGET, --issuer or endpoints. What is needed says which
// endpoints make discovery needless.
func (o *serverOptions) resolve(args []string, needed []flow.Endpoint, insecure bool) (serverChoice, error) {
	var c serverChoice
	target, err := o.target(args)
	if err != nil {
		return c, err
	}
	c.server.Replaced = map[flow.Endpoint]string{}
	for _, e := range endpointFlags() {
		value := o.endpoints[e.at]
		if value == nil || *value == "" {
			continue
		}
		given := *value
		if err := absolute("--"+e.flag, given, insecure); err != nil {
			return c, err
		}
		c.server.Replaced[e.at] = given
	}
	if target != "" {
		if err := absolute("the issuer", target, insecure); err != nil {
			return c, err
		}
		issuer, said := discover.Issuer(target)
		if said != "" {
			c.notes = append(c.notes, trace.Note{Topic: "issuer-derived", Text: said, Ref: "RFC 8414 §3.1"})
		}
		c.server.Issuer, c.discover = issuer, true
		return c, nil
	}
	for _, e := range needed {
		if c.server.Replaced[e] == "" && !o.demo {
			return c, &usageError{"no server is named", []string{
				"name an issuer, or try the embedded server:", "oauthprobe code https://issuer.example --client-id ID", "oauthprobe code --demo",
			}}
		}
	}
	return c, nil
}

// target is the URL that was given, by argument or by flag. A name without
// :// is a profile's.
func (o *serverOptions) target(args []string) (string, error) {
	if len(args) == 0 {
		if o.issuer != "" && o.demo {
			return "", &usageError{"--demo and --issuer name two servers", nil}
		}
		return o.issuer, nil
	}
	switch target := args[0]; {
	case o.demo:
		return "", &usageError{fmt.Sprintf("--demo and %s name two servers", target), nil}
	case o.issuer != "":
		return "", &usageError{fmt.Sprintf("--issuer and %s name two servers", target), nil}
	case strings.HasPrefix(target, "eyJ"):
		return "", &usageError{"the argument is a token, not a server", []string{"tokens are given by flag, out of sight:", "--access-token @FILE"}}
	case !strings.Contains(target, "://"):
		return "", &usageError{"no profile " + target, []string{"did you mean https://" + target}}
	default:
		return target, nil
	}
}

// absolute refuses what is not an http or https URL, and plain http that
// would leave this machine.
func absolute(what, s string, insecure bool) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return &usageError{fmt.Sprintf("%s is not an http or https URL: %q", what, s), nil}
	case u.User != nil:
		return &usageError{fmt.Sprintf("%s has a user name or password in it", what), []string{"give credentials with --client-id and --client-secret"}}
	case u.Scheme == "http" && !check.Loopback(u) && !insecure:
		return &usageError{fmt.Sprintf("%s is plain http, and would send secrets unencrypted: %s", what, s), []string{"use https, or say --insecure if that is what you want"}}
	}
	return nil
}
