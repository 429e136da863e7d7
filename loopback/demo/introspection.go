package demo

import (
	"mime"
	"net/http"
	"slices"
	"strings"
)

// introspectionType is the media type of RFC 9701 §3 and, after its slash, the typ of §5.
const introspectionType = "application/token-introspection+jwt"

// introspect tells a client that can prove who it is what a token is worth (RFC 7662 §2).
func (s *Server) introspect(x *exchange) {
	p, fault := x.directForm()
	if fault != nil {
		s.tokenError(x, *fault)
		return
	}
	client, fault := s.authenticate(x, p)
	switch {
	case fault != nil:
	case client.public():
		// Else anybody could try tokens out (RFC 7662 §2.1, §4).
		fault = &oauthError{"invalid_client", "client " + client.ID + " cannot prove who it is, and only those who can may ask about tokens"}
	case p.get("token") == "":
		fault = &oauthError{"invalid_request", "token is missing"}
	}
	if fault != nil {
		s.tokenError(x, *fault)
		return
	}
	body := s.describe(p.get("token"))
	x.note = "an introspection for client " + client.ID
	s.bendIntrospection(&body)
	s.sendIntrospection(x, client, body)
}

// describe is what is known about a token; of one that is good for nothing nobody
// learns anything more (RFC 7662 §2.2). The hint of the request is not needed.
func (s *Server) describe(token string) object {
	if t, ok := s.access.get(token); ok && !t.grant.dead() && !s.now().After(t.expires) {
		return s.describeAccess(token, t)
	}
	if r, ok := s.refresh.get(token); ok && !r.used && !r.grant.dead() && !s.now().After(r.grant.expires) {
		return s.describeRefresh(r)
	}
	return object{{"active", false}}
}

// describeAccess repeats what the access token says about itself, and adds what
// only the server knows.
func (s *Server) describeAccess(token string, t *issuedToken) object {
	body := object{
		{"active", true},
		{"scope", strings.Join(t.scope, " ")},
		{"client_id", t.grant.client},
		{"token_type", t.scheme()},
		{"exp", t.expires.Unix()},
		{"iat", t.expires.Add(-s.config.Lifetimes.AccessToken).Unix()},
		{"sub", t.grant.subject()},
		{"aud", t.grant.aud(s.config.Issuer)},
		{"iss", s.config.Issuer},
	}
	body = append(body, t.grant.person()...)
	if said, err := parseSigned(token); err == nil {
		for _, name := range []string{"jti", "aud", "act", "authorization_details"} {
			if said.claims[name] != nil {
				body.set(name, said.claims[name])
			}
		}
	}
	if cnf := confirmationOf(t.bound, t.jkt); cnf != nil {
		body.set("cnf", cnf)
	}
	return body
}

// describeRefresh has no token_type: a refresh token is shown to this server only.
func (s *Server) describeRefresh(r *refreshToken) object {
	body := object{
		{"active", true},
		{"scope", strings.Join(r.grant.scope, " ")},
		{"client_id", r.grant.client},
		{"exp", r.grant.expires.Unix()},
		{"iat", r.issued.Unix()},
		{"sub", r.grant.subject()},
		{"iss", s.config.Issuer},
	}
	body = append(body, r.grant.person()...)
	if cnf := confirmationOf(r.bound, r.jkt); cnf != nil {
		body.set("cnf", cnf)
	}
	return body
}

// person is who signed in, how and when (RFC 7662 §2.2, RFC 9470 §6.2).
func (g *grant) person() object {
	if g.user == nil {
		return nil
	}
	return object{{"username", g.user.Name}, {"acr", g.level()}, {"auth_time", g.authTime.Unix()}}
}

// confirmationOf is a cnf member (RFC 8705 §3.2, RFC 9449 §6.2), or nil.
func confirmationOf(bound, jkt string) object {
	var cnf object
	if bound != "" {
		cnf.set("x5t#S256", bound)
	}
	if jkt != "" {
		cnf.set("jkt", jkt)
	}
	return cnf
}

// bendIntrospection makes the answer wrong as asked.
func (s *Server) bendIntrospection(body *object) {
	active, now := body.get("active") == true, s.now().Unix()
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"introspection-active-string", func() { body.set("active", map[bool]string{true: "true", false: "false"}[active]) }},
		{"introspection-active-missing", func() { body.drop("active") }},
		{"introspection-inactive-talks", func() { body.set("active", false); body.set("username", "alice"); body.set("scope", "api") }},
		{"introspection-expired-active", func() { body.set("active", true); body.set("exp", now-600); body.set("iat", now-900) }},
		{"introspection-sub-differs", func() { body.set("sub", "mallory") }},
		{"introspection-cnf-wrong", func() {
			if body.get("cnf") != nil {
				body.set("cnf", object{{"jkt", otherKey()}})
			}
		}},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
}

// sendIntrospection answers as JSON, or as a JWT to those who ask for one or are
// registered for it (RFC 9701 §4, §5).
func (s *Server) sendIntrospection(x *exchange, c Client, body object) {
	x.noStore()
	if c.IntrospectionSignedAlg == "" && c.IntrospectionEncryptedAlg == "" && !x.accepts(introspectionType) {
		x.json(http.StatusOK, body)
		return
	}
	text := s.signedIntrospection(c, body)
	if c.IntrospectionEncryptedAlg != "" {
		sealed, err := s.encryptTo(c, c.IntrospectionEncryptedAlg, c.IntrospectionEncryptedEnc, "JWT", []byte(text))
		if err != nil {
			x.failure = err
			return
		}
		text = sealed
	}
	x.bytes(http.StatusOK, introspectionType, []byte(text))
}

// signedIntrospection has neither sub nor exp of its own, lest it be taken for an
// access token (RFC 9701 §5, §8.1).
func (s *Server) signedIntrospection(c Client, body object) string {
	t := s.signedFor(c, c.IntrospectionSignedAlg, strings.TrimPrefix(introspectionType, "application/"), object{
		{"iss", s.config.Issuer},
		{"aud", c.ID},
		{"iat", s.now().Unix()},
		{"token_introspection", body},
	})
	if s.broken("introspection-jwt-typ-wrong") {
		t.header.set("typ", "JWT")
	}
	if s.broken("introspection-jwt-aud-wrong") {
		t.claims.set("aud", "another-client")
	}
	t.spoiled = s.broken("introspection-jwt-bad-signature")
	return s.jwt(t)
}

// accepts says whether the request names a media type as welcome (RFC 9110 §12.5.1).
func (x *exchange) accepts(kind string) bool {
	for _, list := range x.r.Header.Values("Accept") {
		for part := range strings.SplitSeq(list, ",") {
			got, params, err := mime.ParseMediaType(part)
			if err == nil && got == kind && !slices.Contains([]string{"0", "0.0", "0.00", "0.000"}, params["q"]) {
				return true
			}
		}
	}
	return false
}
