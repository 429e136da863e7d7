package cmd

import (
	"context"
	"fmt"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// startDemo starts the embedded server when it was asked for.
func (s *session) startDemo(choice *serverChoice) (stop func(), err error) {
	if !s.server.demo {
		return func() {}, nil
	}
	running, err := demo.Start("127.0.0.1:0", s.demoConfig())
	if err != nil {
		return nil, fmt.Errorf("the demo server could not be started: %w", err)
	}
	choice.server.Issuer, choice.discover = running.Issuer, true
	return func() { _ = running.Close() }, nil
}

// prepare discovers the server and, with --demo, gets what the procedure
// starts from. The run is the one that failed, when one did.
func (s *session) prepare(ctx context.Context, choice serverChoice) (flow.Server, *flow.Run, error) {
	server := choice.server
	if choice.discover {
		r, err := flow.Start(ctx, s.discoveryPlan(choice), s.flowEnv(nil))
		if err != nil {
			return server, r, err
		}
		server = *r.Result.Server
	} else {
		s.said = append(s.said, choice.notes...)
	}
	if err := s.more.proofKey(server, s.env.Rand); err != nil {
		return server, nil, err
	}
	if s.how.dry {
		for _, v := range s.obtain {
			s.asked.Values[v.name], s.asked.From[v.name] = "<"+v.from+">", "--demo"
		}
		return server, nil, nil
	}
	if len(s.obtain) > 0 {
		if r, err := s.first(ctx, server); err != nil {
			return server, r, err
		}
	}
	return server, nil, nil
}

// first gets, with --demo, the tokens that a grant trades in: by a code grant,
// as a shown run of its own.
func (s *session) first(ctx context.Context, server flow.Server) (*flow.Run, error) {
	f := *s
	f.row, f.edits, f.obtain = grants()[0], nil, nil
	f.ask = askOptions{pkce: "S256"}
	f.more.par, f.more.jar, f.more.jarEncrypt = false, false, false
	f.asked = flow.Ask{Scope: union([]string{"openid", "profile", "offline_access"}, s.asked.Scope), From: map[string]string{"scope": "--demo", "client_id": "--demo"}}
	f.person = personOptions{headless: true}
	f.fills = filling{values: map[string]string{"username": "alice", "password": "alice"}, secret: []string{"password"}}
	plan, err := f.grantPlan(server)
	if err != nil {
		return nil, err
	}
	a, err := f.agent()
	if err != nil {
		return nil, err
	}
	plan.Before = &s.row.procedure
	r, err := flow.Start(ctx, plan, f.flowEnv(a))
	a.end(f.ending(err))
	if err != nil {
		return r, err
	}
	for _, v := range s.obtain {
		value, _ := r.Result.Token.Object.String(v.from)
		s.asked.Values[v.name], s.asked.From[v.name] = value, "--demo"
	}
	return r, nil
}
