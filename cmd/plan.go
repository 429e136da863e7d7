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
func (s *session) discoveryPlan(c serverChoice) flow.Plan {
	return flow.Plan{
		Server: c.server, Client: s.who, Procedure: discover.Metadata(), Checks: check.All(), Before: &s.row.procedure,
		Gate: s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode,
		Notes: c.notes, Version: Version(), Machine: s.machine,
	}
}

// grantPlan is the one place that lists extensions and checks, in order.
func (s *session) grantPlan(server flow.Server) (flow.Plan, error) {
	method, said, err := clientauth.Choose(s.client.method, s.who, server)
	if err != nil {
		return flow.Plan{}, err
	}
	who := s.who
	who.Auth = method.Apply
	return flow.Plan{
		Server: server, Client: who, Ask: s.asked, Procedure: s.row.procedure,
		Extensions: append(s.ask.extensions(s.layer, s.row.first), ext.IDToken(), ext.ByHand(s.row.first, s.edits)),
		Checks:     check.All(),
		Gate:       s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode,
		Notes:   []trace.Note{{Topic: "client-authentication", Text: said, Ref: method.Spec}},
		Version: Version(), Machine: s.machine,
	}, nil
}
