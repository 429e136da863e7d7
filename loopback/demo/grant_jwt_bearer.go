package demo

import (
	"slices"
)

// jwtBearerGrant is the grant type of RFC 7523 §2.1.
const jwtBearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// A TrustedIssuer may say who somebody is, in a JWT that the jwt-bearer grant takes.
type TrustedIssuer struct {
	Issuer string
	JWKS   []byte // its public keys, as a JWK Set or one JWK

	keys []jwk
}

// bearerTypes is the typ values of an assertion that is no other kind of token (RFC 8725 §3.12).
var bearerTypes = []string{"", "JWT", "jwt"}

// grantJWTBearer gives tokens for a signed statement about a person (RFC 7523 §2.1).
func (s *Server) grantJWTBearer(x *exchange, t tokenRequest) *oauthError {
	if t.params.get("assertion") == "" {
		return &oauthError{"invalid_request", "assertion is missing"}
	}
	a, err := parseSigned(t.params.get("assertion"))
	if err != nil {
		return &oauthError{"invalid_grant", "assertion " + err.Error()}
	}
	if fault := s.proveBearer(a); fault != nil {
		return fault
	}
	return s.handBearer(x, t, a.claim("sub"))
}

// handBearer hands out tokens for whom a proven assertion speaks of (RFC 7521 §4.1).
func (s *Server) handBearer(x *exchange, t tokenRequest, subject string) *oauthError {
	g := &grant{client: t.client.ID, authTime: s.now(), expires: s.now().Add(s.config.Lifetimes.RefreshToken)}
	scope := []string{"profile"}
	switch {
	case subject == t.client.ID:
		scope = []string{machineScope}
	case s.named(subject) == nil:
		return &oauthError{"invalid_grant", "assertion speaks of '" + subject + "', whom nobody knows here"}
	default:
		g.user = s.named(subject)
	}
	if asked := t.params.get("scope"); asked != "" {
		var fault *oauthError
		if scope, fault = s.parseScope(asked); fault != nil {
			return fault
		}
	}
	switch {
	case slices.Contains(scope, "offline_access"):
		return &oauthError{"invalid_scope", "offline_access is not needed here: bring another assertion (RFC 7521 section 4.1)"}
	case slices.Contains(scope, "openid") && g.user == nil:
		return &oauthError{"invalid_scope", "scope openid is about a person, and the assertion speaks of a client"}
	}
	if fault := s.target(g, t.params); fault != nil {
		return fault
	}
	g.scope, g.sid = scope, s.secret(x)
	s.hand(x, issue{grant: g, scope: scope})
	return nil
}

// proveBearer verifies an assertion (RFC 7523 §3).
func (s *Server) proveBearer(a signed) *oauthError {
	fail := func(why string) *oauthError { return &oauthError{"invalid_grant", "assertion " + why} }
	keys := s.keysOf(a.claim("iss"))
	switch {
	case a.claim("iss") == "":
		return fail("has no iss")
	case keys == nil:
		return fail("was issued by " + a.claim("iss") + ", which is neither a client with keys nor a trusted issuer")
	case a.claim("sub") == "":
		return fail("has no sub")
	case !slices.Contains(bearerTypes, a.head("typ")):
		return fail("has typ " + a.head("typ") + ", which is that of another kind of token")
	}
	for _, err := range []error{
		a.verified(keys),
		a.meant(s.config.Issuer, s.config.Issuer+"/token"),
		a.timely(s.now(), assertionHorizon),
	} {
		if err != nil {
			return fail(err.Error())
		}
	}
	if a.claim("jti") == "" {
		return nil // RFC 7523 §3 makes it optional
	}
	return s.once("assertion of "+a.claim("iss"), a, fail)
}

// keysOf is the keys of somebody whose statements are believed, or none.
func (s *Server) keysOf(issuer string) []jwk {
	if c, ok := s.client(issuer); ok && slices.Contains(c.AuthMethods, "private_key_jwt") {
		return c.keys // of others the keys are not for this
	}
	for _, t := range s.config.TrustedIssuers {
		if t.Issuer == issuer {
			return t.keys
		}
	}
	return nil
}

// named finds a user by subject or name.
func (s *Server) named(name string) *User {
	for i := range s.config.Users {
		if u := &s.config.Users[i]; u.Sub == name || u.Name == name {
			return u
		}
	}
	return nil
}

// whoAsks finds the client of a token request. For an assertion its issuer will
// do, since client authentication is optional with one (RFC 7521 §4.1).
func (s *Server) whoAsks(x *exchange, p params, grantType string) (Client, *oauthError) {
	silent := p.get("client_id") == "" && p.get("client_assertion") == "" && len(x.r.Header.Values("Authorization")) == 0
	if grantType != jwtBearerGrant || !silent {
		return s.authenticate(x, p)
	}
	if a, err := parseSigned(p.get("assertion")); err == nil {
		if c, ok := s.client(a.claim("iss")); ok && s.keysOf(c.ID) != nil {
			return c, nil // the grant verifies what this believes
		}
	}
	return s.authenticate(x, p)
}
