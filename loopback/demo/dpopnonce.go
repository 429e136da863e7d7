package demo

import "time"

// nonceLifetime is how long a nonce is the current one; it is taken as long again.
const nonceLifetime = time.Minute

// nonces is the DPoP nonces of one side: the authorization server has its own, the
// resource has its own (RFC 9449 §8, §9).
type nonces struct {
	current, previous string
	since             time.Time
}

// proveFresh wants the server's nonce in a proof, when the server was told to (RFC 9449 §8).
func (s *Server) proveFresh(x *exchange, t signed, n *nonces) *oauthError {
	missing := &oauthError{"use_dpop_nonce", "the DPoP proof must carry the nonce of the header field DPoP-Nonce"}
	x.header.Set("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate")
	given := t.claim("nonce")
	switch {
	case s.broken("dpop-nonce-missing"):
		return missing
	case s.broken("dpop-nonce-forever"):
		s.showNonce(x, s.secret(x))
		return missing
	case !s.wantsNonce():
		s.bendNonce(x)
		return nil
	}
	rotates := s.broken("ok-dpop-nonce-rotates")
	current := s.currentNonce(x, n)
	fresh := given != "" && (given == n.current || given == n.previous)
	if rotates {
		n.current, n.previous = s.secret(x), ""
		current = n.current
	}
	if !fresh || given != current {
		s.showNonce(x, current)
	}
	if !fresh {
		return missing
	}
	s.bendNonce(x)
	return nil
}

// wantsNonce says whether proofs need a nonce.
func (s *Server) wantsNonce() bool {
	return s.config.DPoPNonce || s.broken("ok-dpop-nonce") || s.broken("ok-dpop-nonce-rotates")
}

// currentNonce is the nonce of this minute.
func (s *Server) currentNonce(x *exchange, n *nonces) string {
	age := s.now().Sub(n.since)
	switch {
	case n.current == "" || age >= 2*nonceLifetime:
		n.current, n.previous, n.since = s.secret(x), "", s.now()
	case age >= nonceLifetime:
		n.current, n.previous, n.since = s.secret(x), n.current, s.now()
	}
	return n.current
}

// showNonce tells the client which nonce to use next (RFC 9449 §8.2).
func (s *Server) showNonce(x *exchange, value string) { x.header.Set("DPoP-Nonce", value) }

// bendNonce makes the nonce beside a success wrong as asked; its grammar is in RFC 9449 §8.1.
func (s *Server) bendNonce(x *exchange) {
	if s.broken("dpop-nonce-illegal") {
		s.showNonce(x, `no "nonce" at all`)
	}
	if s.broken("dpop-nonce-twice") {
		s.showNonce(x, "one-nonce")
		x.header.Add("DPoP-Nonce", "another-nonce")
	}
}
