package demo

import (
	"crypto/sha256"
	"strings"
)

// grantCode exchanges an authorization code for tokens (RFC 6749 §4.1.3).
func (s *Server) grantCode(x *exchange, t tokenRequest) *oauthError {
	value := t.params.get("code")
	if value == "" {
		return &oauthError{"invalid_request", "code is missing"}
	}
	c, ok := s.codes.get(value)
	if !ok {
		return &oauthError{"invalid_grant", "the code was not issued by this server"}
	}
	if fault := c.bound(t); fault != nil {
		return fault
	}
	if fault := x.holdsKey(c.authorization.jkt); fault != nil {
		return fault
	}
	if c.used {
		// Only a replay that would have worked revokes, or a stranger who saw the
		// code could end other people's sessions (OAuth 2.1 §7.5.2).
		c.grant.revoked = true
		return &oauthError{"invalid_grant", "the code was used before; the tokens issued for it are revoked"}
	}
	if s.now().After(c.expires) {
		return &oauthError{"invalid_grant", "the code expired; it lives for " + inWords(s.config.Lifetimes.Code)}
	}
	i, fault := s.less(c.grant, t.params)
	if fault != nil {
		return fault
	}
	c.used, i.nonce = true, c.grant.nonce
	s.hand(x, i)
	return nil
}

// bound checks what the code is bound to: the client, the redirect URI and the PKCE challenge.
func (c *code) bound(t tokenRequest) *oauthError {
	a := c.authorization
	uri := t.params.get("redirect_uri")
	switch {
	case a.client.ID != t.client.ID:
		return &oauthError{"invalid_grant", "the code was issued to another client"}
	case uri == "" && a.redirectSent:
		return &oauthError{"invalid_grant", "redirect_uri is missing; the authorization request had one (RFC 6749 section 4.1.3)"}
	case uri != "" && uri != a.redirectURI:
		return &oauthError{"invalid_grant", "redirect_uri is not the one of the authorization request"}
	}
	return a.proof(t.params.get("code_verifier"))
}

// proof checks the PKCE verifier against the challenge (RFC 7636 §4.6).
func (a *authorization) proof(verifier string) *oauthError {
	switch {
	case a.challenge == "" && verifier != "":
		// Otherwise an attacker could strip the challenge unnoticed (RFC 9700 §4.8.2).
		return &oauthError{"invalid_request", "code_verifier came, but the authorization request had no code_challenge"}
	case a.challenge == "":
		return nil
	case verifier == "":
		return &oauthError{"invalid_grant", "code_verifier is missing; the authorization request had a code_challenge"}
	case !isVerifier(verifier):
		return &oauthError{"invalid_grant", "code_verifier is malformed: 43 to 128 of A-Z a-z 0-9 - . _ ~ (RFC 7636 section 4.1)"}
	}
	if a.method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64URL(sum[:])
	}
	if !sameSecret(verifier, a.challenge) {
		return &oauthError{"invalid_grant", "code_verifier does not match the code_challenge under " + a.method}
	}
	return nil
}

// isVerifier is the grammar that verifiers and challenges share (RFC 7636 §4.1, §4.2).
func isVerifier(text string) bool {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	return len(text) >= 43 && len(text) <= 128 && strings.Trim(text, unreserved) == ""
}
