package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/ext"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/token"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// callOptions are a request of the person's own.
type callOptions struct {
	url, method, data string
	stepUp            bool
	body              []byte
}

func (o *callOptions) flags(fs *pflag.FlagSet) {
	fs.StringVarP(&o.method, "method", "X", "", "HTTP `METHOD` (default: GET, or POST with --data)")
	fs.StringVar(&o.data, "data", "", "`BODY` of the request: a value, @FILE, env:NAME, cmd:COMMAND, - for stdin")
	fs.BoolVar(&o.stepUp, "step-up", false, "when the resource wants more (a scope, a stronger or fresher sign-in), get it and call again")
}

func (o *callOptions) resolve(l *layer) (err error) {
	o.method = strings.ToUpper(o.method)
	if strings.ContainsFunc(o.method, notToken) {
		return &usageError{fmt.Sprintf("-X %q is not an HTTP method", o.method), nil}
	}
	if o.method == http.MethodConnect || o.method == http.MethodTrace {
		return &usageError{"-X " + o.method + " is not for a resource", nil}
	}
	if o.data == "" {
		return nil
	}
	o.body, err = l.octets("--data", o.data)
	return err
}

// octets is value for what is sent as it is: to the last octet, whatever it is
// and however long.
func (l *layer) octets(name, v string) ([]byte, error) {
	switch {
	case v == "-" && l.env.InTTY, v == "-" && l.stdin != "":
		_, err := l.readStdin(name) // which says why not
		return nil, err
	case v == "-":
		l.stdin = name
		b, err := io.ReadAll(l.env.Stdin)
		if err != nil {
			return nil, &usageError{fmt.Sprintf("%s: reading stdin: %v", name, err), nil}
		}
		return b, nil
	case strings.HasPrefix(v, "@"):
		b, err := os.ReadFile(v[1:])
		if err != nil {
			return nil, &usageError{fmt.Sprintf("%s: %v", name, err), nil}
		}
		return b, nil
	}
	s, _, err := l.value(name, v)
	return []byte(s), err
}

// runCall is run for a command whose argument is a resource.
func (s *session) runCall(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		s.call.url = args[0]
		if !strings.Contains(args[0], "://") {
			return s.refuse(notURL(args[0]))
		}
	}
	if s.call.url == "" && !s.server.demo && s.env.Getenv(variable("demo")) == "" {
		return s.refuse(&usageError{"no URL is named", []string{"name the resource to call, or try the embedded one:", "oauthprobe call https://api.example/things --access-token env:TOKEN", "oauthprobe call --demo"}})
	}
	return s.run(c, nil)
}

// notURL says that an argument is none, and does not repeat one that is a
// token.
func notURL(arg string) error {
	if strings.HasPrefix(arg, "eyJ") || len(arg) > 200 {
		return &usageError{"the argument is a token, not a URL", []string{"name the resource, and give the token by flag:", "oauthprobe call https://api.example/things --access-token @FILE"}}
	}
	return &usageError{fmt.Sprintf("%q is not a URL", arg), []string{"did you mean", "oauthprobe call https://" + arg}}
}

// rounds is how often a resource may ask for more: for a scope, and for a
// sign-in.
const rounds = 2

// errand calls the resource, and follows what it asks for when that is wanted.
func (s *session) errand(ctx context.Context, server flow.Server) (*flow.Run, error) {
	if s.call.url == "" {
		s.call.url = server.Issuer + "/resource"
	}
	if err := s.inTheClear(); err != nil {
		return nil, err
	}
	if u, err := url.Parse(s.call.url); err == nil {
		for name, values := range u.Query() {
			if sensitive(name) {
				for _, v := range values {
					s.mask.Know(v)
				}
			}
		}
	}
	s.row.procedure = token.Call(token.Errand{Method: s.call.method, URL: s.call.url, Body: s.call.body})
	var last demand
	for round := 0; ; round++ {
		plan, err := s.usePlan(server)
		if err != nil {
			return nil, err
		}
		r, err := flow.Start(ctx, plan, s.flowEnv(nil))
		more, wanted := demanded(err, s.asked.Values["access_token"] != "")
		if !s.call.stepUp || !wanted || round == rounds || round > 0 && !more.beyond(last) {
			return r, err
		}
		if more.dpop && !s.more.dpop {
			s.remark("note", "the resource wants a token that is bound to a key: --dpop --step-up gets one, without --access-token")
			return r, err
		}
		last = more
		if got, err := s.obtainMore(ctx, server, more); err != nil {
			return got, err
		}
	}
}

// A demand is what a resource wants of a token that it has not.
type demand struct {
	scope             []string
	acrValues, maxAge string
	dpop              bool // bound to a key, and nothing else will do
}

// beyond reports whether there is anything in a demand that was not asked for
// the last time. A resource that goes on wanting what it has got wants nothing
// that another sign-in could give.
func (d demand) beyond(last demand) bool {
	return slices.ContainsFunc(d.scope, func(s string) bool { return !slices.Contains(last.scope, s) }) ||
		d.acrValues != last.acrValues && d.acrValues != "" || d.maxAge != last.maxAge && d.maxAge != ""
}

// demanded reads the challenge of a refusal (RFC 6750 §3.1, RFC 9470 §3). A
// call without any token asks for one.
func demanded(err error, presented bool) (demand, bool) {
	var refused *flow.RefusedError
	if !errors.As(err, &refused) {
		return demand{}, false
	}
	bearer := slices.ContainsFunc(refused.Challenges, func(c flow.Challenge) bool { return c.Is("Bearer") })
	for _, c := range refused.Challenges {
		if !c.Is("Bearer") && !c.Is("DPoP") {
			continue // no scheme of OAuth: not to be followed
		}
		d := demand{scope: strings.Fields(c.Params.Get("scope")), acrValues: c.Params.Get("acr_values"), maxAge: c.Params.Get("max_age"), dpop: !bearer}
		if !d.sane() {
			continue
		}
		switch c.Params.Get("error") {
		case "insufficient_scope":
			return d, len(d.scope) > 0
		case "insufficient_user_authentication":
			return d, d.acrValues != "" || d.maxAge != ""
		case "":
			if refused.Status == http.StatusUnauthorized && !presented {
				return d, true
			}
		}
	}
	return demand{}, false
}

// sane holds what a resource asks for to what may be asked of a server: it is
// foreign text.
func (d demand) sane() bool {
	printable := !strings.ContainsFunc(d.acrValues+strings.Join(d.scope, ""), func(r rune) bool { return r < 0x20 || r > 0x7e })
	return printable && !strings.ContainsFunc(d.maxAge, func(r rune) bool { return r < '0' || r > '9' }) && len(d.maxAge) < 10
}

// inTheClear refuses to send credentials unencrypted over the network.
func (s *session) inTheClear() error {
	u, err := url.Parse(s.call.url)
	if err != nil || u.Scheme != "http" || check.Loopback(u) || s.how.insecure {
		return nil
	}
	secret := s.asked.Values["access_token"] != "" || u.Query().Has("access_token") || slices.ContainsFunc(s.edits, func(e ext.Edit) bool {
		return !e.Drop && (e.Header && slices.Contains([]string{"authorization", "cookie", "dpop"}, strings.ToLower(e.Name)) || !e.Header && e.Name == "access_token")
	})
	if !secret {
		return nil
	}
	return &usageError{"the token would travel in the clear to " + u.Host + ", where anybody on the way can take it (RFC 6750 §5.3)", []string{"use https, or say --insecure if that is what you want"}}
}

// obtainMore gets a token that has what the resource wants, beside what the
// one before it had.
func (s *session) obtainMore(ctx context.Context, server flow.Server, d demand) (*flow.Run, error) {
	f := *s
	f.row, f.edits, f.obtain = grants()[0], nil, nil
	f.ask = askOptions{browser: true, pkce: "S256", redirect: s.ask.redirect, optionalVal: map[string]string{"acr_values": d.acrValues, "max_age": d.maxAge}}
	had, _ := jose.Decode(s.asked.Values["access_token"]).Claims.String("scope")
	from := map[string]string{"scope": "the challenge", "acr_values": "the challenge", "max_age": "the challenge"}
	f.asked = flow.Ask{Scope: union(strings.Fields(had), s.asked.Scope, d.scope), From: from}
	if s.server.demo {
		f.person = personOptions{headless: true}
		f.fills = filling{values: map[string]string{"username": "alice", "password": "alice"}, secret: []string{"password"}}
	}
	plan, err := f.grantPlan(server)
	if err != nil {
		return nil, err
	}
	a, err := f.agent()
	if err != nil {
		return nil, err
	}
	plan.Before = &s.row.procedure
	plan.Notes = append(plan.Notes, trace.Note{Topic: "step-up", Ref: "RFC 9470 §4", Text: "the resource wants more than the token has: asking the server for it"})
	r, err := flow.Start(ctx, plan, f.flowEnv(a))
	a.end(f.ending(err))
	if err != nil {
		return r, err
	}
	access, _ := r.Result.Token.Object.String("access_token")
	s.asked.Values["access_token"], s.asked.From["access_token"] = access, "--step-up"
	return r, nil
}
