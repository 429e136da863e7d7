package demo

import (
	"slices"
	"strings"
)

// jwtBearerType is the client_assertion_type of RFC 7523 §2.2.
const jwtBearerType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertionTypes is the typ values that a client assertion may have (rfc7523bis §4).
var assertionTypes = []string{"", "JWT", "jwt", "client-authentication+jwt"}

// asserted reads a client assertion; what it says is not verified yet.
func asserted(p params) (credentials, *oauthError) {
	assertion, kind := p.get("client_assertion"), p.get("client_assertion_type")
	switch {
	case assertion == "":
		return credentials{}, &oauthError{"invalid_request", "client_assertion_type came without client_assertion"}
	case kind == "":
		return credentials{}, &oauthError{"invalid_request", "client_assertion_type is missing; use " + jwtBearerType}
	case kind != jwtBearerType:
		return credentials{}, &oauthError{"invalid_client", "client_assertion_type " + kind + " is not supported; use " + jwtBearerType}
	}
	t, err := parseSigned(assertion)
	if err != nil {
		return credentials{}, &oauthError{"invalid_client", "client_assertion " + err.Error()}
	}
	id := t.claim("sub")
	switch {
	case id == "" || t.claim("iss") != id:
		return credentials{}, &oauthError{"invalid_client", "iss and sub of client_assertion must both be the client_id (RFC 7523 section 3)"}
	case p.get("client_id") != "" && p.get("client_id") != id:
		return credentials{}, &oauthError{"invalid_request", "client_id and client_assertion name different clients"}
	}
	method := "private_key_jwt"
	if slices.Contains(macAlgs, t.head("alg")) {
		method = "client_secret_jwt"
	}
	return credentials{method: method, id: id, assertion: &t}, nil
}

// proveAssertion verifies a client assertion (RFC 7523 §3, OpenID Connect Core §9).
func (s *Server) proveAssertion(x *exchange, c Client, t signed) *oauthError {
	fail := func(why string) *oauthError {
		return &oauthError{"invalid_client", "client_assertion " + why}
	}
	if !slices.Contains(assertionTypes, t.head("typ")) {
		return fail("has typ " + t.head("typ") + ", which is that of another kind of token")
	}
	if slices.Contains(macAlgs, t.head("alg")) {
		if !t.verifiedBySecret(c.Secret) {
			return fail("has a MAC that the client's secret does not make")
		}
	} else if err := t.verified(c.keys); err != nil {
		return fail(err.Error())
	}
	// The endpoint's own address is what older clients send; CIBA Core §7.1 and RFC 9126 §2 name it.
	if err := t.meant(s.config.Issuer, s.config.Issuer+"/token", s.here(x)); err != nil {
		return fail(err.Error())
	}
	if err := t.timely(s.now(), assertionHorizon); err != nil {
		return fail(err.Error())
	}
	return s.once(c.ID, t, fail)
}

// once wants a jti that was not seen before.
func (s *Server) once(issuer string, t signed, fail func(string) *oauthError) *oauthError {
	jti := t.claim("jti")
	if jti == "" {
		return fail("has no jti")
	}
	name := issuer + " " + jti
	if _, seen := s.seen.get(name); seen {
		return fail("was used before: its jti is known here")
	}
	s.seen.put(name, true)
	return nil
}

// here is the address of the endpoint that was called.
func (s *Server) here(x *exchange) string {
	return s.config.Issuer + strings.TrimPrefix(x.r.URL.Path, s.path)
}
