package demo

import (
	"net/http"
	"slices"
)

// The scopes of the server and what each lets a client do, in plain words.
var scopes = []struct{ Name, Words string }{
	{"openid", "Confirm who you are, by an identifier that stays the same"},
	{"profile", "See your name and your public profile"},
	{"email", "See your e-mail address"},
	{"offline_access", "Keep this access while you are away, until it is revoked"},
	{"api", "Use the example service in your name"},
}

// The names that metadata, registration and requests have in common.
var (
	authMethods   = []string{"none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "attest_jwt_client_auth"}
	responseModes = []string{"query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"}
	pkceMethods   = []string{"S256", "plain"}
	promptValues  = []string{"none", "login", "consent", "select_account"}
)

// metadata answers at both well-known places (RFC 8414 §3, OpenID Connect Discovery §4).
func (s *Server) metadata(x *exchange) {
	switch {
	case s.broken("metadata-404"):
		s.missing(x)
		return
	case s.broken("metadata-html"):
		x.html(http.StatusOK, "<!DOCTYPE html><title>Welcome</title><p>Single page application, loading.</p>\n")
		return
	}
	doc := s.document()
	s.bendDocument(&doc)
	s.bendMembers(&doc)
	x.cors()
	x.header.Set("Cache-Control", "no-cache") // the next server on this port may err differently
	x.json(http.StatusOK, doc)
}

// document is the metadata of the server (RFC 8414 §2, OpenID Connect Discovery §3).
func (s *Server) document() object {
	issuer := s.config.Issuer
	doc := object{
		{"issuer", issuer},
		{"authorization_endpoint", issuer + "/authorize"},
		{"token_endpoint", issuer + "/token"},
		{"userinfo_endpoint", issuer + "/userinfo"},
		{"device_authorization_endpoint", issuer + "/device_authorization"}, // RFC 8628 §4
		{"backchannel_authentication_endpoint", issuer + "/backchannel"},    // CIBA Core §4
		{"backchannel_token_delivery_modes_supported", deliveries},
		{"backchannel_user_code_parameter_supported", true},
		{"jwks_uri", issuer + "/jwks"},
		{"scopes_supported", s.scopeNames()},
		{"response_types_supported", responseTypes},
		{"response_modes_supported", responseModes},
		{"grant_types_supported", grantTypes()},
		{"token_endpoint_auth_methods_supported", s.possibleMethods()},
		{"token_endpoint_auth_signing_alg_values_supported", slices.Concat(macAlgs, keyAlgs)},
		{"challenge_endpoint", issuer + "/challenge"}, // Attestation-Based Client Authentication
		{"client_attestation_signing_alg_values_supported", keyAlgs},
		{"client_attestation_pop_signing_alg_values_supported", keyAlgs},
		{"code_challenge_methods_supported", pkceMethods},
		{"subject_types_supported", []string{"public"}},
		{"id_token_signing_alg_values_supported", s.idTokenAlgs()},
		{"prompt_values_supported", promptValues}, // OpenID Prompt Create §4
		{"claims_supported", s.claimNames()},
		{"ui_locales_supported", []string{"en"}},
		{"request_uri_parameter_supported", false},               // absent would mean true
		{"authorization_response_iss_parameter_supported", true}, // RFC 9207 §3
		{"service_documentation", issuer + "/"},
	}
	doc = append(doc, s.useMembers()...)
	doc = append(doc, s.requestMembers()...)
	if s.secure {
		doc.set("tls_client_certificate_bound_access_tokens", true) // RFC 8705 §3.3
	}
	if s.mtls != "" {
		doc.set("mtls_endpoint_aliases", object{ // RFC 8705 §5
			{"token_endpoint", s.mtls + "/token"},
			{"pushed_authorization_request_endpoint", s.mtls + "/par"},
			{"device_authorization_endpoint", s.mtls + "/device_authorization"},
			{"backchannel_authentication_endpoint", s.mtls + "/backchannel"},
			{"userinfo_endpoint", s.mtls + "/userinfo"},
			{"introspection_endpoint", s.mtls + "/introspect"},
			{"revocation_endpoint", s.mtls + "/revoke"},
		})
	}
	return doc
}

// possibleMethods leaves out what needs a TLS connection, when there is none.
func (s *Server) possibleMethods() []string {
	return slices.DeleteFunc(slices.Clone(authMethods), func(m string) bool {
		return !s.secure && slices.Contains(tlsMethods, m)
	})
}

// bendDocument makes the metadata wrong as asked.
func (s *Server) bendDocument(doc *object) {
	issuer := s.config.Issuer
	if s.broken("issuer-slash") {
		doc.set("issuer", issuer+"/")
	}
	if s.broken("issuer-other") {
		doc.set("issuer", otherServer)
	}
	if s.broken("metadata-duplicate") {
		doc.shadow("userinfo_endpoint", issuer+"/me")
	}
	if s.broken("metadata-no-token-endpoint") {
		doc.drop("token_endpoint")
	}
	if s.broken("metadata-endpoint-fragment") {
		doc.set("token_endpoint", issuer+"/token#x")
	}
	if s.broken("metadata-no-s256") {
		doc.set("code_challenge_methods_supported", []string{"plain"})
	}
	if s.broken("issuer-query") {
		doc.set("issuer", issuer+"?tenant=1")
	}
	if s.broken("iss-unadvertised-wrong") || s.broken("iss-unadvertised") {
		doc.drop("authorization_response_iss_parameter_supported")
	}
	if s.broken("ok-extra-members") {
		doc.set("x_demo_motto", "ignore what you do not know")
	}
}

// otherServer is the issuer of a server that is not this one.
const otherServer = "https://attacker.example"
