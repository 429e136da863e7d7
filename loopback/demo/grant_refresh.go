package demo

import "slices"

// A refreshToken is good for one use.
type refreshToken struct {
	grant *grant
	used  bool
}

// newRefreshToken issues the next token of a family.
func (s *Server) newRefreshToken(x *exchange, g *grant) string {
	value := s.secret(x)
	s.refresh.put(value, &refreshToken{grant: g})
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
	case r.grant.revoked:
		return &oauthError{"invalid_grant", "the refresh token was revoked"}
	case s.now().After(r.grant.expires):
		return &oauthError{"invalid_grant", "the refresh token expired"}
	case r.used:
		// Two parties hold the family, and one of them stole it (RFC 9700 §4.14.2).
		r.grant.revoked = true
		return &oauthError{"invalid_grant", "the refresh token was used before; all tokens of this sign-in are revoked"}
	}
	scope, fault := narrowed(r.grant.scope, t.params.get("scope"))
	if fault != nil {
		return fault
	}
	r.used = true
	s.hand(x, issue{grant: r.grant, scope: scope})
	return nil
}

// narrowed is the scope asked for, which may be less than was granted and never more.
func narrowed(granted []string, asked string) ([]string, *oauthError) {
	if asked == "" {
		return granted, nil
	}
	scope, fault := parseScope(asked)
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
