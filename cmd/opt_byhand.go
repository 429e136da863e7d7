package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/ext"
)

// byHandOptions change requests by hand.
type byHandOptions struct {
	param, drop, header []string
}

func (o *byHandOptions) flags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.param, "param", nil, "set a request parameter: `[ENDPOINT:]NAME=VALUE`, NAME+=VALUE adds one; repeatable")
	fs.StringArrayVar(&o.drop, "drop", nil, "leave a request parameter out: `[ENDPOINT:]NAME`; repeatable")
	fs.StringArrayVar(&o.header, "header", nil, "set a header field: `[ENDPOINT:]NAME=VALUE`; repeatable")
}

// resolve gives the edits. In a grant that has no parameters but these, they
// are its credentials, and are taken for secrets unless they are known not to be.
func (o *byHandOptions) resolve(l *layer, credentials bool) ([]ext.Edit, error) {
	var all []ext.Edit
	for _, group := range []struct {
		flag   string
		values []string
		header bool
	}{{"param", o.param, false}, {"header", o.header, true}} {
		for _, s := range group.values {
			e, err := l.edit(group.flag, s)
			if err != nil {
				return nil, err
			}
			e.Header = group.header
			e.Secret = e.Secret || credentials && !e.Header && !public(e.Name)
			if err := field(e); err != nil {
				return nil, err
			}
			if e.Header && e.At == flow.Authorization {
				return nil, &usageError{"--header cannot change what a browser sends to the authorization endpoint", []string{"name another endpoint: --header token:NAME=VALUE"}}
			}
			all = append(all, e)
		}
	}
	for _, s := range o.drop {
		at, name := endpointOf(s)
		if name == "" {
			return nil, &usageError{fmt.Sprintf("--drop %q names no parameter", s), nil}
		}
		all = append(all, ext.Edit{At: at, Name: name, Drop: true, By: l.by("drop")})
	}
	return all, nil
}

// field refuses what cannot be a header field, before anything is sent.
func field(e ext.Edit) error {
	switch {
	case !e.Header:
		return nil
	case e.Name == "" || strings.ContainsFunc(e.Name, notToken):
		return &usageError{fmt.Sprintf("--header: %q is not the name of a header field", e.Name), nil}
	case strings.ContainsFunc(e.Value, func(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }):
		return &usageError{"--header " + e.Name + ": its value has characters that a header field cannot have", nil}
	case slices.Contains([]string{"host", "content-length", "transfer-encoding", "connection"}, strings.ToLower(e.Name)):
		return &usageError{"--header " + e.Name + ": that field is made by the request itself", []string{"to reach a server under another name:", "--resolve HOST:PORT:ADDR"}}
	}
	return nil
}

// notToken is what the name of a field cannot have (RFC 9110 §5.6.2).
func notToken(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

func (l *layer) edit(flag, s string) (ext.Edit, error) {
	left, value, found := strings.Cut(s, "=")
	if !found {
		return ext.Edit{}, &usageError{fmt.Sprintf("--%s %q has no =", flag, clip(s)), []string{"write it as NAME=VALUE"}}
	}
	e := ext.Edit{By: l.by(flag)}
	left, e.Add = strings.CutSuffix(left, "+")
	e.At, e.Name = endpointOf(left)
	if near := misspelt(e.Name); near != "" {
		return e, &usageError{fmt.Sprintf("--%s %q: there is no such endpoint", flag, clip(left)), []string{"did you mean " + near + ":"}}
	}
	if e.Name == "" {
		return e, &usageError{fmt.Sprintf("--%s names no %s before the =", flag, map[string]string{"param": "parameter", "header": "header field"}[flag]), nil}
	}
	var literal bool
	var err error
	e.Value, literal, err = l.value("--"+flag+" "+e.Name, value)
	e.Secret = !literal || sensitive(e.Name)
	return e, err
}

// sensitive knows the names whose values are secrets wherever they come from.
func sensitive(name string) bool {
	return slices.Contains([]string{"client_secret", "password", "code", "code_verifier", "refresh_token", "assertion", "client_assertion",
		"subject_token", "actor_token", "token", "ticket", "api_key", "device_code", "auth_req_id", "client_notification_token", "user_code", "login_hint_token", "access_token", "id_token", "id_token_hint", "logout_token", "authorization", "cookie", "x-api-key"}, strings.ToLower(name))
}

// public knows the parameters that no grant keeps secret.
func public(name string) bool {
	return slices.Contains([]string{"scope", "audience", "resource", "client_id", "grant_type", "redirect_uri",
		"subject_token_type", "actor_token_type", "requested_token_type"}, name)
}

// endpointOf takes off an endpoint's name; what is before the colon counts
// only when it is one.
func endpointOf(s string) (flow.Endpoint, string) {
	before, after, found := strings.Cut(s, ":")
	if found && slices.ContainsFunc(flow.Endpoints(), func(n flow.EndpointName) bool { return string(n.Endpoint) == before }) {
		return flow.Endpoint(before), after
	}
	return "", s
}

// misspelt is the endpoint that a name before a colon was probably meant for.
// A name may well have a colon in it, so only what is close is refused.
func misspelt(name string) string {
	before, _, found := strings.Cut(name, ":")
	if !found {
		return ""
	}
	letters := func(s string) string {
		b := []byte(strings.ToLower(s))
		slices.Sort(b)
		return string(b)
	}
	for _, n := range flow.Endpoints() {
		if letters(string(n.Endpoint)) == letters(before) || strings.HasPrefix(string(n.Endpoint), before) && len(before) > 3 {
			return string(n.Endpoint)
		}
	}
	return ""
}

func clip(s string) string {
	if len(s) > 20 {
		return s[:20] + "…"
	}
	return s
}
