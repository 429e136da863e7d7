package demo

import (
	"strings"
	"time"
)

// newAccessToken issues an access token and remembers it.
func (s *Server) newAccessToken(x *exchange, i issue) string {
	i.grant = i.narrowed()
	token := s.accessToken(x, i)
	s.access.put(token, &issuedToken{grant: i.grant, scope: i.scope, expires: s.now().Add(s.config.Lifetimes.AccessToken), bound: x.bound, jkt: s.boundKey(x)})
	return token
}

// accessToken is a JWT for this server's own resources (RFC 9068 §2).
func (s *Server) accessToken(x *exchange, i issue) string {
	switch {
	case s.broken("access-token-guessable"):
		return guessed
	case s.config.OpaqueTokens:
		return s.secret(x)
	}
	now := s.now()
	t := jws{
		header: object{{"typ", "at+jwt"}, {"alg", "ES256"}, {"kid", s.curveKid}}, // thirty times as fast as RSA
		claims: object{
			{"iss", s.config.Issuer},
			{"sub", i.grant.subject()},
			{"aud", i.grant.aud(s.config.Issuer)},
			{"client_id", i.grant.client},
			{"scope", strings.Join(i.scope, " ")},
			{"iat", now.Unix()},
			{"exp", now.Add(s.lifetime()).Unix()},
			{"jti", s.secret(x)},
		},
		key: s.key, curve: s.curve,
	}
	if cnf := append(s.confirmation(x), s.keyConfirmation(x)...); cnf != nil {
		t.claims.set("cnf", cnf)
	}
	if i.grant.act != nil {
		t.claims.set("act", i.grant.act)
	}
	if i.grant.details != nil {
		t.claims.set("authorization_details", i.grant.details) // RFC 9396 §9.1
	}
	if i.grant.acrAsked && i.grant.user != nil {
		i.grant.addLevel(&t.claims)
		t.claims.set("auth_time", i.grant.authTime.Unix()) // RFC 9068 §2.2.1
	}
	if s.broken("resource-aud-other") {
		t.claims.set("aud", otherServer)
	}
	s.bendAccess(&t, i)
	token := s.signAlone(i.grant, t)
	if s.broken("access-token-illegal") {
		token += "\né"
	}
	return token
}

// signAlone signs, and lets other requests in meanwhile where nothing depends on
// their order: a client that acts for itself spends nothing that could be spent twice.
func (s *Server) signAlone(g *grant, t jws) string {
	if g.user != nil || g.parent != nil || g.owner != "" {
		return s.jwt(t)
	}
	fired := s.fired
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.fired = fired
	}()
	return s.jwt(t)
}

// lifetime is what the server says about how long an access token lives.
func (s *Server) lifetime() time.Duration {
	switch {
	case s.broken("expires-in-negative"):
		return -s.config.Lifetimes.AccessToken
	case s.broken("expires-in-milliseconds"):
		return 300_000_000 * time.Second // 83 hours, counted in milliseconds
	}
	return s.config.Lifetimes.AccessToken
}
