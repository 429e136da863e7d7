package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
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
	fs.StringVar(&o.data, "data", "", "`BODY` of the request: a value, @FILE, env:NAME, - for stdin")
	fs.BoolVar(&o.stepUp, "step-up", false, "when the resource wants more (a scope, a stronger or fresher sign-in), get it and call again")
}

func (o *callOptions) resolve(l *layer) error {
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
	data, _, err := l.value("--data", o.data)
	o.body = []byte(data)
	return err
}

// runCall is run for a command whose argument is a resource.
func (s *session) runCall(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		s.call.url = args[0]
		if !strings.Contains(args[0], "://") {
			return &usageError{fmt.Sprintf("%q is not a URL", args[0]), []string{"did you mean", "oauthprobe call https://" + args[0]}}
		}
	}
	if s.call.url == "" && !s.server.demo && s.env.Getenv(variable("demo")) == "" {
		return &usageError{"no URL is named", []string{"name the resource to call, or try the embedded one:", "oauthprobe call https://api.example/things --access-token env:TOKEN", "oauthprobe call --demo"}}
	}
	return s.run(c, nil)
}

// rounds is how often a resource may ask for more: for a scope, and for a
// sign-in.
const rounds = 2

// errand calls the resource, and follows what it asks for when that is wanted.
func (s *session) errand(ctx context.Context, server flow.Server) (*flow.Run, error) {
	if s.call.url == "" {
		s.call.url = server.Issuer + "/resource"
	}
	s.row.procedure = token.Call(token.Errand{Method: s.call.method, URL: s.call.url, Body: s.call.body})
	for round := 0; ; round++ {
		plan, err := s.usePlan(server)
		if err != nil {
			return nil, err
		}
		r, err := flow.Start(ctx, plan, s.flowEnv(nil))
		more, wanted := demanded(err)
		if !s.call.stepUp || !wanted || round == rounds {
			return r, err
		}
		if got, err := s.obtainMore(ctx, server, more); err != nil {
			return got, err
		}
	}
}

// A demand is what a resource wants of a token that it has not.
type demand struct {
	scope             []string
	acrValues, maxAge string
}

// demanded reads the challenge of a refusal (RFC 6750 §3.1, RFC 9470 §3). A
// call without any token asks for one.
func demanded(err error) (demand, bool) {
	var refused *flow.RefusedError
	if !errors.As(err, &refused) {
		return demand{}, false
	}
	for _, c := range refused.Challenges {
		d := demand{scope: strings.Fields(c.Params.Get("scope")), acrValues: c.Params.Get("acr_values"), maxAge: c.Params.Get("max_age")}
		switch c.Params.Get("error") {
		case "insufficient_scope", "insufficient_user_authentication":
			return d, true
		case "":
			if refused.Status == http.StatusUnauthorized && (c.Is("Bearer") || c.Is("DPoP")) {
				return d, true
			}
		}
	}
	return demand{}, false
}

// obtainMore gets a token that has what the resource wants, beside what the
// one before it had.
func (s *session) obtainMore(ctx context.Context, server flow.Server, d demand) (*flow.Run, error) {
	f := *s
	f.row, f.edits, f.obtain = grants()[0], nil, nil
	f.ask = askOptions{browser: true, pkce: "S256", optionalVal: map[string]string{"acr_values": d.acrValues, "max_age": d.maxAge}}
	had, _ := jose.Decode(s.asked.Values["access_token"]).Claims.String("scope")
	from := map[string]string{"scope": "the challenge", "acr_values": "the challenge", "max_age": "the challenge"}
	f.asked = flow.Ask{Scope: union(strings.Fields(had), s.asked.Scope, d.scope), From: from}
	if f.who.ID == "" {
		return nil, &usageError{"--client-id is missing, and --step-up needs a client to get a token with", []string{"name the server and the client:", "--issuer https://issuer.example --client-id ID"}}
	}
	if server.Endpoint(flow.Authorization) == "" {
		return nil, &usageError{"no server is named, and --step-up needs one to get a token from", []string{"name it:", "--issuer https://issuer.example"}}
	}
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
