package cmd

import (
	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/clientauth"
	"github.com/oauthprobe/oauthprobe/flow/discover"
	"github.com/oauthprobe/oauthprobe/flow/ext"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// discoveryPlan asks a server what it can do, ahead of a procedure.
func (s *session) discoveryPlan(procedure string, c serverChoice) flow.Plan {
	return flow.Plan{
		Server: c.server, Client: s.who, Procedure: discover.Metadata(), Checks: check.All(), Before: procedure,
		Gate: s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode,
		Notes: c.notes, Version: Version(), Machine: s.machine,
	}
}

// grantPlan is the one place that lists extensions and checks, in order.
func (s *session) grantPlan(p flow.Procedure, server flow.Server) (flow.Plan, error) {
	method, said, err := clientauth.Choose(s.client.method, s.who, server)
	if err != nil {
		return flow.Plan{}, err
	}
	who := s.who
	who.Auth = method.Apply
	notes := append(s.notes(), trace.Note{Topic: "client-authentication", Text: said, Ref: method.Spec})
	return flow.Plan{
		Server: server, Client: who, Ask: s.asked, Procedure: p,
		Extensions: append(s.ask.extensions(s.layer), ext.IDToken(), ext.ByHand(flow.Authorization, s.edits)),
		Checks:     check.All(),
		Gate:       s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode,
		Notes: notes, Version: Version(), Machine: s.machine,
	}, nil
}
