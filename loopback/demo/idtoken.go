package demo

import (
	"fmt"
	"slices"
	"strings"
)

// idToken tells the client who signed in (OpenID Connect Core §2). The claims of
// the scopes are left to the UserInfo endpoint (§5.4).
func (s *Server) idToken(i issue, access string) string {
	c, _ := s.client(i.grant.client)
	t := s.signedFor(c, c.IDTokenSignedAlg, "JWT", nil)
	if s.faults["idtoken-hs256-bad-signature"] {
		t.secret = []byte(c.Secret)
	}
	s.bendHeader(&t)
	now := s.now()
	t.claims = object{
		{"iss", s.config.Issuer},
		{"sub", i.grant.user.Sub},
		{"aud", i.grant.client},
		{"exp", now.Add(s.config.Lifetimes.IDToken).Unix()},
		{"iat", now.Unix()},
		{"auth_time", i.grant.authTime.Unix()},
		{"sid", i.grant.sid},
	}
	if i.nonce != "" {
		t.claims.set("nonce", i.nonce)
	}
	if access != "" {
		t.claims.set("at_hash", leftHalf(fmt.Sprint(t.header.get("alg")), access))
	}
	if i.code != "" {
		t.claims.set("c_hash", leftHalf(fmt.Sprint(t.header.get("alg")), i.code))
	}
	if i.front != nil && slices.Equal(i.front.kind, []string{"id_token"}) {
		// Without an access token there is no UserInfo to ask (OpenID Connect Core §5.4).
		for _, m := range claimsOf(i.grant.user, i.scope) {
			t.claims.set(m.name, m.value)
		}
	}
	i.grant.addLevel(&t.claims)
	addClaims(&t.claims, i.grant.user, i.grant.claims.idToken)
	if i.pushed != "" {
		t.claims.set(claimRequest, i.pushed)
		if i.refresh != "" {
			t.claims.set(claimRefresh, leftHalf(fmt.Sprint(t.header.get("alg")), i.refresh))
		}
		s.bendPushed(&t.claims)
	}
	s.bendClaims(&t.claims, now.Unix(), i)
	s.bendFurther(&t.claims, now.Unix(), i)
	s.bendHashes(&t.claims, i)
	if i.refreshed {
		s.bendRefreshed(&t.claims)
	}
	if c.IDTokenEncryptedAlg != "" && s.broken("idtoken-inflate-bomb") {
		t.claims.set("x_demo_bomb", strings.Repeat("A", 10<<20))
		return s.sealIDToken(i.grant.client, s.jwt(t))
	}
	token := s.jwt(t)
	s.signed = true
	s.hints.put(token, &issuedToken{grant: i.grant, scope: i.scope, expires: now.Add(s.config.Lifetimes.IDToken)})
	return s.sealIDToken(i.grant.client, token)
}

// bendHeader makes the header, the key or the signature wrong as asked.
func (s *Server) bendHeader(t *jws) {
	if len(s.faults) == 0 {
		return
	}
	h := &t.header
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"idtoken-padded", func() { t.padded = true }},
		{"idtoken-trailing-bits", func() { t.ragged = true }},
		{"idtoken-crit", func() { h.set("crit", []string{"zz"}); h.set("zz", true) }},
		{"idtoken-b64-false", func() { h.set("b64", false) }},
		{"idtoken-typ-access-token", func() { h.set("typ", "at+jwt") }},
		{"idtoken-header-jwk", func() { t.key = s.idle; h.set("jwk", s.idle.public()) }},
		{"idtoken-header-jku", func() { t.key = s.idle; h.set("jku", otherServer+"/jwks") }},
		{"idtoken-alg-rs384", func() { h.set("alg", "RS384") }},
		{"idtoken-alg-none", func() { h.set("alg", "none") }},
		{"idtoken-hs256-public-key", func() { h.set("alg", "HS256") }},
		{"idtoken-bad-signature", func() { t.spoiled = true }},
		{"idtoken-es256-bad-signature", func() { h.set("alg", "ES256"); h.set("kid", s.curveKid); t.spoiled = true }},
		{"idtoken-es256-zero", func() { h.set("alg", "ES256"); h.set("kid", s.curveKid); t.zero = true }},
		{"idtoken-hs256-bad-signature", func() { h.set("alg", "HS256"); h.drop("kid"); t.spoiled = true }},
		{"idtoken-kid-missing", func() { h.drop("kid") }},
		{"idtoken-foreign-key", func() { t.key = s.idle }},
		{"idtoken-kid-missing-two-keys", func() { h.drop("kid") }},
		{"idtoken-kid-unknown", func() { h.set("kid", "retired-in-2019") }},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
}

// bendClaims makes the claims wrong as asked; now is in seconds.
func (s *Server) bendClaims(c *object, now int64, i issue) {
	if len(s.faults) == 0 {
		return
	}
	const tenMinutes = 600
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"idtoken-duplicate-claim", func() { c.shadow("sub", "mallory") }},
		{"idtoken-iss-wrong", func() { c.set("iss", otherServer) }},
		{"idtoken-iss-missing", func() { c.drop("iss") }},
		{"idtoken-aud-missing", func() { c.drop("aud") }},
		{"access-equals-id-token", func() { c.drop("at_hash") }}, // no token holds its own hash
		{"idtoken-aud-wrong", func() { c.set("aud", "another-client") }},
		// With azp, so that the foreign audience is all that is wrong.
		{"idtoken-aud-extra", func() { c.set("aud", []string{i.grant.client, "another-client"}); c.set("azp", i.grant.client) }},
		{"ok-aud-array", func() { c.set("aud", []string{i.grant.client}) }},
		{"idtoken-azp-wrong", func() { c.set("azp", "another-client") }},
		// An old token, right in itself: late for any tolerance, and not so old that its iat is what stands out.
		{"idtoken-expired", func() { c.set("exp", now-380); c.set("iat", now-500); c.set("auth_time", now-500) }},
		{"idtoken-exp-milliseconds", func() { c.set("exp", 1000*(now+tenMinutes)) }},
		{"idtoken-exp-missing", func() { c.drop("exp") }},
		{"idtoken-iat-future", func() { c.set("iat", now+tenMinutes); c.set("exp", now+2*tenMinutes) }},
		{"idtoken-iat-missing", func() { c.drop("iat") }},
		{"idtoken-nbf-future", func() { c.set("nbf", now+tenMinutes); c.set("exp", now+2*tenMinutes) }},
		{"idtoken-nonce-wrong", func() {
			if i.nonce != "" {
				c.set("nonce", "not-"+i.nonce)
			}
		}},
		{"idtoken-nonce-missing", func() { c.drop("nonce") }},
		{"idtoken-sub-missing", func() { c.drop("sub") }},
		{"idtoken-sub-number", func() { c.set("sub", 12345) }},
		{"idtoken-at-hash-wrong", func() { c.set("at_hash", leftHalf("RS256", "another access token")) }},
		{"idtoken-events", func() {
			c.set("events", object{{"http://schemas.openid.net/event/backchannel-logout", object{}}})
		}},
		{"ok-extra-members", func() { c.set("x_demo_motto", "ignore what you do not know") }},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
}
