package check

import (
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// front reports whether the server sends browsers back with something.
func front(o *jose.Object) bool { return o.Has("authorization_endpoint") }

func lintPlain(_ *flow.Run, p *flow.Response) flow.Verdict {
	all, _ := p.Object.Strings("code_challenge_methods_supported")
	if contains(all, "plain") {
		return warn("S256 alone", strings.Join(all, ", "), "PKCE with plain is allowed: whoever reads the request knows the verifier")
	}
	return skip("judged by V-MD-06")
}

func lintFrontTokens(_ *flow.Run, p *flow.Response) flow.Verdict {
	all, told := p.Object.Strings("response_types_supported")
	if !told {
		return skip("no response types are listed")
	}
	var bad []string
	for _, one := range all {
		if contains(strings.Fields(one), "token") {
			bad = append(bad, quoted(one))
		}
	}
	if len(bad) > 0 {
		return warn("no access token through the browser", strings.Join(bad, ", "), "access tokens may come through the browser, where they leak: %s", strings.Join(bad, ", "))
	}
	return ok("")
}

func lintPassword(_ *flow.Run, p *flow.Response) flow.Verdict {
	if all, _ := p.Object.Strings("grant_types_supported"); contains(all, "password") {
		return warn("no password grant", "password", "the password grant is offered: it shows people's passwords to clients, and must not be used")
	}
	return ok("")
}

// lintDefaults reads what is not said: RFC 8414 §2 and OpenID Connect Discovery
// §3 give it a meaning, and not always one that the server is aware of.
func lintDefaults(_ *flow.Run, p *flow.Response) flow.Verdict {
	o := p.Object
	var dangerous flaws
	var harmless []string
	types, _ := o.Strings("response_types_supported")
	tokens := slices.ContainsFunc(types, func(s string) bool { return !strings.Contains(s, "code") && s != "none" })
	switch {
	case o.Has("grant_types_supported"):
	case front(o) && (tokens || len(types) == 0):
		dangerous.add("grant_types_supported", "(not said)", "grant_types_supported is absent, which means authorization_code and implicit")
	default:
		harmless = append(harmless, "grant_types_supported means authorization_code, implicit")
	}
	if openID(o) && front(o) && !o.Has("request_uri_parameter_supported") {
		dangerous.add("request_uri_parameter_supported", "(not said)", "request_uri_parameter_supported is absent, which means that the server fetches request objects from any address")
	}
	for _, d := range []struct{ name, means string }{
		{"token_endpoint_auth_methods_supported", "client_secret_basic"}, {"response_modes_supported", "query, fragment"},
	} {
		if !o.Has(d.name) {
			harmless = append(harmless, d.name+" means "+d.means)
		}
	}
	switch {
	case len(dangerous) > 0:
		return dangerous.as(warn)
	case len(harmless) > 0:
		return ok("not said: %s", strings.Join(harmless, "; "))
	}
	return ok("")
}

// lintSigningAlgs looks for "none", and for MACs where no secret is shared.
func lintSigningAlgs(_ *flow.Run, p *flow.Response) flow.Verdict {
	var must, odd flaws
	for _, m := range p.Object.Members {
		if !strings.HasSuffix(m.Name, "signing_alg_values_supported") {
			continue
		}
		all, _ := p.Object.Strings(m.Name)
		none := slices.ContainsFunc(all, func(s string) bool { return strings.EqualFold(s, "none") })
		macs := slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, "HS") })
		public := m.Name == "dpop_signing_alg_values_supported" || strings.HasPrefix(m.Name, "client_attestation_")
		switch {
		case none && (public || strings.HasSuffix(m.Name, "_auth_signing_alg_values_supported") || m.Name == "authorization_signing_alg_values_supported"):
			must.add("no none", m.Name+" none", "%s has none, which it must not: anyone can sign so", m.Name)
		case none && (m.Name == "id_token_signing_alg_values_supported" || m.Name == "request_object_signing_alg_values_supported"):
			odd.add("no none", m.Name+" none", "%s has none: nobody signs those", m.Name)
		}
		if macs && public {
			must.add("asymmetric algorithms", m.Name+" "+strings.Join(all, ", "), "%s has MACs, and there is no secret to make them with", m.Name)
		}
	}
	switch {
	case len(must) > 0:
		return append(must, odd...).as(fail)
	case len(odd) > 0:
		return odd.as(warn)
	}
	return ok("")
}

// lintAssertionAlgs wants the algorithms where methods are listed that sign.
// OpenID Connect Discovery §3, unlike RFC 8414 §2, lets them be left out.
func lintAssertionAlgs(_ *flow.Run, p *flow.Response) flow.Verdict {
	var bad flaws
	for _, at := range []string{"token", "revocation", "introspection"} {
		all, _ := p.Object.Strings(at + "_endpoint_auth_methods_supported")
		algs := at + "_endpoint_auth_signing_alg_values_supported"
		for _, method := range []string{"private_key_jwt", "client_secret_jwt"} {
			if contains(all, method) && !p.Object.Has(algs) {
				bad.add(algs, "(not said)", "%s is listed for the %s endpoint, and %s is absent", method, at, algs)
				break
			}
		}
	}
	switch {
	case len(bad) > 0 && asOpenID(p):
		return bad.as(warn)
	case len(bad) > 0:
		return bad.as(fail)
	}
	return ok("")
}

func lintIssParameter(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, told := p.Object.Get("authorization_response_iss_parameter_supported")
	switch {
	case !front(p.Object):
		return skip("no authorization endpoint")
	case string(raw) == "true":
		return ok("authorization responses name their server")
	case !told:
		return warn("true", "(not said)", "authorization responses do not name their server: a client of several servers can be led to mix them up")
	}
	return warn("true", string(raw), "authorization responses do not name their server: a client of several servers can be led to mix them up")
}

// lintOpenID is what every OpenID provider has to support. Those of FAPI 2.0
// have stronger algorithms instead.
func lintOpenID(_ *flow.Run, p *flow.Response) flow.Verdict {
	if !openID(p.Object) {
		return skip("no OpenID provider")
	}
	algs, told := p.Object.Strings("id_token_signing_alg_values_supported")
	stronger := len(algs) > 0 && !slices.ContainsFunc(algs, func(s string) bool { return !contains([]string{"PS256", "ES256", "EdDSA", "Ed25519"}, s) })
	scopes, listed := p.Object.Strings("scopes_supported")
	switch {
	case told && !contains(algs, "RS256") && !stronger:
		return fail("RS256 among them", strings.Join(algs, ", "), "id_token_signing_alg_values_supported lacks RS256, which every OpenID provider has to support")
	case told && !contains(algs, "RS256"):
		return ok("no RS256, as FAPI 2.0 wants it")
	case listed && !contains(scopes, "openid"):
		return warn("openid among them", strings.Join(scopes, " "), "scopes_supported lacks openid")
	}
	return ok("")
}

func lintPAR(_ *flow.Run, p *flow.Response) flow.Verdict {
	const want, at = "require_pushed_authorization_requests", "pushed_authorization_request_endpoint"
	raw, told := p.Object.Get(want)
	switch {
	case !told && !p.Object.Has(at):
		return skip("no pushed requests")
	case string(raw) == "true" && !p.Object.Has(at):
		return fail(at, "(none)", "requests have to be pushed, and there is no endpoint to push them to")
	}
	return ok("")
}

func lintJAR(_ *flow.Run, p *flow.Response) flow.Verdict {
	o := p.Object
	raw, _ := o.Get("require_signed_request_object")
	algs, told := o.Strings("request_object_signing_alg_values_supported")
	if string(raw) != "true" {
		return skip("request objects are not required")
	}
	signs := slices.ContainsFunc(algs, func(s string) bool { return !strings.EqualFold(s, "none") && !strings.HasPrefix(s, "HS") })
	none := slices.ContainsFunc(algs, func(s string) bool { return strings.EqualFold(s, "none") })
	by, _ := o.Get("request_parameter_supported")
	ref, _ := o.Get("request_uri_parameter_supported")
	switch {
	case none:
		return fail("no none", strings.Join(algs, ", "), "request objects have to be signed, and none is allowed")
	case string(by) == "false" && string(ref) == "false" && !o.Has("pushed_authorization_request_endpoint"):
		return fail("request or request_uri", "neither", "request objects are required, and there is no way to send one")
	case told && !signs:
		return warn("an algorithm with a key pair", strings.Join(algs, ", "), "request objects have to be signed, and no algorithm for a client's own key is listed")
	case !told:
		return warn("request_object_signing_alg_values_supported", "(not said)", "request objects have to be signed, and it is not said how")
	}
	return ok("")
}

func lintAliases(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, told := p.Object.Get("mtls_endpoint_aliases")
	all, object := p.Object.Object("mtls_endpoint_aliases")
	if !told {
		return skip("no aliases")
	}
	if !object {
		if raw[0] == '{' {
			return ok("no aliases in it")
		}
		return skip("judged by META-06")
	}
	var bad, odd flaws
	for _, m := range all.Members {
		s, text := all.String(m.Name)
		u, err := url.Parse(s)
		row, known := registeredMetadata(m.Name)
		switch {
		case text && err == nil && Loopback(u):
			odd.add("https URLs", m.Name+" "+s, "the alias of %s is plain http on this machine, where no certificate can be shown", m.Name)
		case !text || err != nil || u.Host == "" || u.Scheme != "https":
			bad.add("https URLs", m.Name+" "+string(m.Value[:min(len(m.Value), 80)]), "the alias of %s is not an absolute https URL", m.Name)
		case !known || row.kind != aURL || !strings.HasSuffix(m.Name, "_endpoint"):
			odd.add("names of endpoints", m.Name, "%s is no endpoint that metadata name", m.Name)
		}
	}
	switch {
	case len(bad) > 0:
		return append(bad, odd...).as(fail)
	case len(odd) > 0:
		return odd.as(warn)
	}
	return ok("")
}
