package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// sendUserinfo answers with the claims in the form that the client registered:
// JSON, a signed JWT, something encrypted, or one inside the other (OpenID Connect
// Core §5.3.2).
func (s *Server) sendUserinfo(x *exchange, t *issuedToken, claims object) {
	s.bendUserinfo(&claims)
	s.bendPerson(&claims)
	c, _ := s.client(t.grant.client)
	if c.UserinfoEncryptedAlg != "" && s.broken("userinfo-not-encrypted") {
		c.UserinfoEncryptedAlg = ""
	}
	if c.UserinfoSignedAlg == "" && c.UserinfoEncryptedAlg == "" {
		s.sendPlainUserinfo(x, claims)
		return
	}
	body, kind := string(jsonOf(claims)), ""
	if c.UserinfoSignedAlg != "" {
		body, kind = s.signedUserinfo(c, claims), "JWT"
	}
	if c.UserinfoEncryptedAlg != "" {
		sealed, err := s.encryptTo(c, c.UserinfoEncryptedAlg, c.UserinfoEncryptedEnc, kind, []byte(body))
		if err != nil {
			x.failure = err
			return
		}
		body = sealed
	}
	x.bytes(http.StatusOK, "application/jwt", []byte(body))
}

// signedUserinfo says for whom the claims are and who says so.
func (s *Server) signedUserinfo(c Client, claims object) string {
	t := s.signedFor(c, c.UserinfoSignedAlg, "JWT", append(object{{"iss", s.config.Issuer}, {"aud", c.ID}}, claims...))
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"userinfo-jwt-iss-wrong", func() { t.claims.set("iss", otherServer) }},
		{"userinfo-jwt-aud-wrong", func() { t.claims.set("aud", "another-client") }},
		{"userinfo-jwt-bad-signature", func() { t.spoiled = true }},
		{"userinfo-jwt-alg-none", func() { t.header.set("alg", "none") }},
		{"userinfo-jwt-expired", func() { t.claims.set("exp", s.now().Unix()-600) }},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
	return s.jwt(t)
}

// bendUserinfo makes the claims wrong as asked.
func (s *Server) bendUserinfo(claims *object) {
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"userinfo-sub-other", func() { claims.set("sub", "mallory") }},
		{"userinfo-sub-missing", func() { claims.drop("sub") }},
		{"userinfo-null-claim", func() { claims.set("nickname", nil) }},
		{"userinfo-email-verified-string", func() { claims.set("email_verified", "true") }},
		{"ok-userinfo-aggregated-claims", func() { s.pointElsewhere(claims, object{{"JWT", s.foreignClaims()}}) }},
		{"ok-userinfo-distributed-claims", func() {
			s.pointElsewhere(claims, object{{"endpoint", otherServer + "/claims"}, {"access_token", "for-the-claims-only"}})
		}},
		{"userinfo-duplicate-member", func() { claims.shadow("sub", claims.get("sub")) }},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
}

// sendPlainUserinfo answers with JSON, or in the wrong way as asked.
func (s *Server) sendPlainUserinfo(x *exchange, claims object) {
	if s.broken("userinfo-html") {
		x.html(http.StatusOK, "<!DOCTYPE html><title>Session expired</title><p>Please sign in again.</p>\n")
		return
	}
	x.json(http.StatusOK, claims)
	if s.broken("userinfo-content-type") {
		x.header.Set("Content-Type", "text/html; charset=utf-8")
	}
	if s.broken("userinfo-cacheable") {
		x.header.Set("Cache-Control", "public, max-age=3600")
		x.header.Del("Pragma")
	}
}

// sealIDToken encrypts a signed ID token to a client that registered for it
// (OpenID Connect Core §2: signed, then encrypted). A failure gives no token; the
// registration was checked before, so there is none.
func (s *Server) sealIDToken(client, token string) string {
	c, _ := s.client(client)
	if c.IDTokenEncryptedAlg == "" || s.broken("idtoken-not-encrypted") {
		return token
	}
	payload, kind := []byte(token), "JWT"
	if s.broken("idtoken-inner-unsigned") {
		claims, err := decodeURL(strings.Split(token, ".")[1])
		if err != nil {
			return ""
		}
		payload, kind = claims, ""
	}
	seal := s.encryptTo
	if s.broken("idtoken-inflate-bomb") {
		seal = s.deflateTo
	}
	sealed, err := seal(c, c.IDTokenEncryptedAlg, c.IDTokenEncryptedEnc, kind, payload)
	if err != nil {
		return ""
	}
	return sealed
}

// checkSigning wants algorithms that this server has for what it says about
// tokens and people, and a secret that is long enough for them.
func checkSigning(c Client) error {
	for _, alg := range []string{c.IDTokenSignedAlg, c.UserinfoSignedAlg, c.IntrospectionSignedAlg} {
		switch {
		case alg != "" && !slices.Contains(answerAlgs, alg):
			return fmt.Errorf("no signing algorithm %q", alg)
		case alg == "HS256" && len(c.Secret) < leastSecret:
			return fmt.Errorf("HS256 needs a secret of %d octets", leastSecret)
		}
	}
	return nil
}
