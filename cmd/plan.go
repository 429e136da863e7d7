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
	plan := flow.Plan{
		Server: c.server, Client: s.who, Procedure: discover.Metadata(), Checks: check.All(), Before: &s.row.procedure,
		Uses: s.uses(),
		Gate: s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode, Explain: s.how.explain,
		Notes: c.notes, Version: Version(), Machine: s.machine,
	}
	if s.how.step {
		plan.Extensions = append(plan.Extensions, s.step())
	}
	return plan
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
	given := s.given
	if s.more.jar && s.who.Secret != "" && s.client.method == "" {
		given.Key = jose.Private{} // it is there to sign the request; the secret says who we are
	}
	method, said, err := clientauth.Choose(s.client.method, s.who, server, given)
	if err != nil {
		return flow.Plan{}, err
	}
	if s.how.bends["client-assertion"] != "" && method.Name != "private_key_jwt" && method.Name != "client_secret_jwt" {
		return flow.Plan{}, &usageError{"--mis-sign client-assertion: this client authenticates by " + method.Name + ", which makes no assertion", []string{"ways that do are:", "--auth-method private_key_jwt", "--auth-method client_secret_jwt"}}
	}
	who := s.who
	who.Auth = method.Apply
	extensions := s.extensions()
	if method.Extension.Name != "" {
		extensions = append(extensions, method.Extension)
	}
	extensions = append(extensions, ext.Refreshed(), ext.IDToken(), ext.ByHand(s.row.first, s.edits), ext.Advertised(method.Name))
	if s.how.step {
		extensions = append(extensions, s.step())
	}
	notes := slices.Concat(s.more.required(server, s.row.browser), s.more.notes(server))
	return flow.Plan{
		Server: server, Client: who, Ask: s.asked, Procedure: s.row.procedure,
		Extensions: extensions,
		Checks:     check.All(),
		Gate:       s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode, Explain: s.how.explain, Dry: s.how.dry, Bends: s.how.bends,
		Notes:   append(notes, trace.Note{Topic: "client-authentication", Text: said, Ref: method.Spec}),
		Version: Version(), Machine: s.machine,
	}, nil
}

// extensions are what the options ask for, in the order in which they act: an
// answer's envelope is judged before its state, a request is signed before it
// is pushed, and a proof names the address that the certificate leads to.
func (s *session) extensions() []flow.Extension {
	var all []flow.Extension
	if strings.HasSuffix(s.ask.responseMode, "jwt") || slices.ContainsFunc(s.edits, func(e ext.Edit) bool { return e.Name == "response_mode" }) {
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
