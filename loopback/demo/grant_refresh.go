package demo

import (
	"slices"
	"time"
)

// A refreshToken is good for one use.
type refreshToken struct {
	grant *grant
	used  bool
	jkt   string // that of a public client is bound to a key (RFC 9449 §5)
	bound string // or to a certificate (RFC 8705 §4)

	issued time.Time
}

// newRefreshToken issues the next token of a family.
func (s *Server) newRefreshToken(x *exchange, g *grant) string {
	value := s.secret(x)
	r := &refreshToken{grant: g, issued: s.now()}
	if c, ok := s.client(g.client); ok && c.public() {
		r.jkt, r.bound = s.boundKey(x), x.bound
	}
	s.refresh.put(value, r)
	return value
}

// grantRefresh exchanges a refresh token for new tokens and a new refresh token (RFC 6749 §6).
func (s *Server) grantRefresh(x *exchange, t tokenRequest) *oauthError {
	value := t.params.get("refresh_token")
	if value == "" {
		return &oauthError{"invalid_request", "refresh_token is missing"}
	}
	r, ok := s.refresh.get(value)
	switch {
	case !ok:
		return &oauthError{"invalid_grant", "the refresh token was not issued by this server"}
	case r.grant.client != t.client.ID:
		return &oauthError{"invalid_grant", "the refresh token was issued to another client"}
	case r.grant.dead():
		return &oauthError{"invalid_grant", "the refresh token was revoked"}
	case s.now().After(r.grant.expires):
		return &oauthError{"invalid_grant", "the refresh token expired"}
	case r.jkt != "" && r.jkt != x.jkt:
		return &oauthError{"invalid_grant", "the refresh token is bound to a key of which no DPoP proof came (RFC 9449 section 5)"}
	case !x.shows(r.bound):
		return &oauthError{"invalid_grant", "the refresh token is bound to a certificate that this connection does not show (RFC 8705 section 4)"}
	case r.used:
		// Two parties hold the family, and one of them stole it (RFC 9700 §4.14.2).
		r.grant.revoked = true
		return &oauthError{"invalid_grant", "the refresh token was used before; all tokens of this sign-in are revoked"}
	}
	scope, fault := s.narrowed(r.grant.scope, t.params.get("scope"))
	if fault != nil {
		return fault
	}
	i, fault := s.less(r.grant, t.params)
	if fault != nil {
		return fault
	}
	r.used = !s.broken("refresh-token-reusable")
	i.scope, i.refreshed = scope, true
	s.hand(x, i)
	return nil
}

// bendRefreshed makes the claims of a refreshed ID token differ from those of the
// first (OpenID Connect Core §12.2), as asked.
func (s *Server) bendRefreshed(c *object) {
	for _, b := range []struct {
		fault, name string
		value       any
	}{
		{"refresh-idtoken-sub-changed", "sub", "mallory"},
		{"refresh-idtoken-iss-changed", "iss", otherServer},
		{"refresh-idtoken-aud-changed", "aud", "another-client"},
		{"refresh-idtoken-nonce-changed", "nonce", "made-up"},
		{"refresh-idtoken-auth-time-changed", "auth_time", s.now().Unix() - 86400},
	} {
		if s.broken(b.fault) {
			c.set(b.name, b.value)
		}
	}
}

// narrowed is the scope asked for, which may be less than was granted and never more.
func (s *Server) narrowed(granted []string, asked string) ([]string, *oauthError) {
	if asked == "" {
		return granted, nil
	}
	scope, fault := s.parseScope(asked)
	if fault != nil {
		return nil, fault
	}
	for _, name := range scope {
		if !slices.Contains(granted, name) {
			return nil, &oauthError{"invalid_scope", "scope " + name + " was not granted"}
		}
	}
	return scope, nil
}
