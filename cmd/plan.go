package cmd

import (
	"slices"

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
		Uses: slices.Concat(s.row.needs, []flow.Endpoint{flow.JWKS}),
		Gate: s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode,
		Notes: c.notes, Version: Version(), Machine: s.machine,
	}
}

// grantPlan is the one place that lists extensions and checks, in order.
func (s *session) grantPlan(server flow.Server) (flow.Plan, error) {
	method, said, err := clientauth.Choose(s.client.method, s.who, server, s.given)
	if err != nil {
		return flow.Plan{}, err
	}
	who := s.who
	who.Auth = method.Apply
	extensions := s.ask.extensions(s.layer, s.row.first)
	if method.Extension.Name != "" {
		extensions = append(extensions, method.Extension)
	}
	extensions = append(extensions, ext.Refreshed(), ext.IDToken(), ext.ByHand(s.row.first, s.edits))
	return flow.Plan{
		Server: server, Client: who, Ask: s.asked, Procedure: s.row.procedure,
		Extensions: extensions,
		Checks:     check.All(),
		Gate:       s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode,
		Notes:   append(unlistedGrant(s.row, server), trace.Note{Topic: "client-authentication", Text: said, Ref: method.Spec}),
		Version: Version(), Machine: s.machine,
	}, nil
}

// unlistedGrant says that the metadata do not list what is about to be asked;
// it is asked all the same. Metadata without the member mean the default of
// RFC 8414 §2: authorization_code and implicit.
func unlistedGrant(row grantRow, server flow.Server) []trace.Note {
	listed, told := server.Lists("grant_types_supported", row.grantType)
	usual := row.grantType == "authorization_code" || row.grantType == "implicit"
	if listed || !told && usual || server.Metadata == nil || row.grantType == "" {
		return nil
	}
	text := "the metadata do not list the grant " + row.grantType + " (grant_types_supported); it is asked for all the same"
	return []trace.Note{{Topic: "grant-unlisted", Text: text, Ref: "RFC 8414 §2"}}
}
