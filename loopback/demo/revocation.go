package demo

import "net/http"

// revoke ends a token whose client has no more use for it (RFC 7009 §2).
func (s *Server) revoke(x *exchange) {
	x.cors()
	if fault := s.answerRevocation(x); fault != nil {
		s.tokenError(x, *fault)
	}
}

// answerRevocation judges the client, then the token. An unknown token is as good
// as a revoked one (RFC 7009 §2.2).
func (s *Server) answerRevocation(x *exchange) *oauthError {
	p, fault := x.directForm()
	if fault != nil {
		return fault
	}
	client, fault := s.authenticate(x, p)
	if fault != nil {
		return fault
	}
	if p.get("token") == "" {
		return &oauthError{"invalid_request", "token is missing"}
	}
	if s.stumbleOverRevocation(x) {
		return nil
	}
	x.note = "a token that is not known here, or not any more"
	if fault := s.endToken(x, client, p.get("token")); fault != nil {
		return fault
	}
	x.noStore()
	x.bytes(http.StatusOK, "text/plain; charset=utf-8", nil)
	x.header.Del("Content-Type") // there is no content
	return nil
}

// endToken makes a token worthless, whatever the hint says it is (RFC 7009 §2.1).
func (s *Server) endToken(x *exchange, client Client, token string) *oauthError {
	foreign := &oauthError{"invalid_grant", "the token was issued to another client (RFC 7009 section 2.1)"}
	if r, ok := s.refresh.get(token); ok {
		if r.grant.client != client.ID {
			return foreign
		}
		r.grant.revoked = true // and with it all access tokens of the same grant
		x.note = "revoked the grant of " + r.grant.who()
		return nil
	}
	if t, ok := s.access.get(token); ok {
		if t.grant.client != client.ID {
			return foreign
		}
		s.access.take(token)
		x.note = "revoked an access token of " + t.grant.who()
		return nil
	}
	if t, ok := s.hints.get(token); ok {
		if t.grant.client != client.ID {
			return foreign
		}
		return &oauthError{"unsupported_token_type", "an ID token is a message that has been read; only access tokens and refresh tokens can be revoked"}
	}
	return nil
}

// stumbleOverRevocation answers as a server in trouble would, as asked.
func (s *Server) stumbleOverRevocation(x *exchange) bool {
	switch {
	case s.broken("revoke-503"):
		x.noStore()
		x.header.Set("Retry-After", "2") // RFC 7009 §2.2.1: the token still exists
		x.bytes(http.StatusServiceUnavailable, "text/plain; charset=utf-8", []byte("try again later\n"))
	case s.broken("revoke-html"):
		x.noStore()
		x.html(http.StatusOK, "<!DOCTYPE html><title>Session expired</title><p>Please sign in again.</p>\n")
	default:
		return false
	}
	x.note = "a failure instead of a revocation"
	return true
}
