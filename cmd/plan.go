package cmd

import (
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/clientauth"
	"github.com/oauthprobe/oauthprobe/flow/discover"
	"github.com/oauthprobe/oauthprobe/flow/ext"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// discoveryPlan asks a server what it can do, ahead of a procedure.
func (s *session) discoveryPlan(c serverChoice) flow.Plan {
	return flow.Plan{
		Server: c.server, Client: s.who, Procedure: discover.Metadata(), Checks: check.All(), Before: &s.row.procedure,
		Uses: s.uses(),
		Gate: s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode,
		Notes: c.notes, Version: Version(), Machine: s.machine,
	}
}

// uses are the endpoints that this run is going to.
func (s *session) uses() []flow.Endpoint {
	all := slices.Concat(s.row.needs, []flow.Endpoint{flow.JWKS})
	if s.more.par {
		all = append(all, flow.PAR)
	}
	return all
}

// grantPlan is the one place that lists extensions and checks, in order.
func (s *session) grantPlan(server flow.Server) (flow.Plan, error) {
	method, said, err := clientauth.Choose(s.client.method, s.who, server, s.given)
	if err != nil {
		return flow.Plan{}, err
	}
	who := s.who
	who.Auth = method.Apply
	extensions := s.extensions()
	if method.Extension.Name != "" {
		extensions = append(extensions, method.Extension)
	}
	extensions = append(extensions, ext.Refreshed(), ext.IDToken(), ext.ByHand(s.row.first, s.edits))
	notes := slices.Concat(unlistedGrant(s.row, server), s.more.required(server, s.row.browser), s.more.notes(server))
	return flow.Plan{
		Server: server, Client: who, Ask: s.asked, Procedure: s.row.procedure,
		Extensions: extensions,
		Checks:     check.All(),
		Gate:       s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode,
		Notes:   append(notes, trace.Note{Topic: "client-authentication", Text: said, Ref: method.Spec}),
		Version: Version(), Machine: s.machine,
	}, nil
}

// extensions are what the options ask for, in the order in which they act: an
// answer's envelope is judged before its state, a request is signed before it
// is pushed, and a proof names the address that the certificate leads to.
func (s *session) extensions() []flow.Extension {
	var all []flow.Extension
	if strings.HasSuffix(s.ask.responseMode, "jwt") {
		all = append(all, ext.JARM())
	}
	all = append(all, s.ask.extensions(s.layer, s.row.first)...)
	if len(s.more.resources) > 0 {
		all = append(all, ext.Resource(s.row.first, s.more.resources, s.layer.by("resource")))
	}
	if s.more.details != "" {
		all = append(all, ext.RAR(s.row.first, s.more.details, s.layer.by("authorization-details")))
	}
	if s.given.Cert != nil {
		all = append(all, ext.MTLS(s.given.Cert))
	}
	if s.more.dpop {
		all = append(all, ext.DPoP(s.more.key, ""))
	}
	if s.more.jar {
		all = append(all, ext.JAR(ext.Signer{Key: s.signingKey(), Alg: s.given.Alg}, s.more.jarEncrypt))
	}
	if s.more.par {
		all = append(all, ext.PAR())
	}
	return all
}

// signingKey is the key for request objects. The clients of the embedded server
// have one registered.
func (s *session) signingKey() jose.Private {
	if s.given.Key.Key != nil || !s.server.demo {
		return s.given.Key
	}
	keys, err := jose.ReadPrivate(demo.ClientKey(), nil)
	if err != nil {
		return s.given.Key
	}
	return keys[0]
}

// unlistedGrant says that the metadata do not list what is about to be asked;
// it is asked all the same. Metadata without the member mean the default of
// RFC 8414 §2: authorization_code and implicit.
func unlistedGrant(row commandRow, server flow.Server) []trace.Note {
	listed, told := server.Lists("grant_types_supported", row.grantType)
	usual := row.grantType == "authorization_code" || row.grantType == "implicit"
	if listed || !told && usual || server.Metadata == nil || row.grantType == "" {
		return nil
	}
	text := "the metadata do not list the grant " + row.grantType + " (grant_types_supported); it is asked for all the same"
	return []trace.Note{{Topic: "grant-unlisted", Text: text, Ref: "RFC 8414 §2"}}
}
