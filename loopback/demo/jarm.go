package demo

import (
	"slices"
	"strings"
	"time"
)

// The lifetimes of an authorization response in a JWT: JARM §2.1 recommends ten
// minutes at most.
const (
	jarmLifetime = 5 * time.Minute
	jarmTooLong  = time.Hour
)

// signedModes is the response modes whose parameters travel inside a JWT (JARM §2.3).
var signedModes = []string{"query.jwt", "fragment.jwt", "form_post.jwt", "jwt"}

// carrier is the response mode that a mode of JARM rides on, or "" for other modes.
// What "jwt" means, destination has settled (JARM §2.3.4).
func carrier(mode string) string {
	name, signed := strings.CutSuffix(mode, ".jwt")
	if !signed {
		return ""
	}
	return name
}

// exposes says whether a mode puts tokens into a query unencrypted (OAuth 2.0
// Multiple Response Type Encoding Practices §3, JARM §2.3.1).
func (a *authorization) exposes(mode string) bool {
	return mode == "query" || mode == "query.jwt" && a.client.AuthorizationEncryptedAlg == ""
}

// jarm puts an authorization response into a JWT, and that into one parameter (JARM §2.1).
func (s *Server) jarm(x *exchange, a *authorization, fields []field) []field {
	if s.broken("jarm-plain") {
		return fields
	}
	c, now := a.client, s.now()
	t := s.signedFor(c, c.AuthorizationSignedAlg, "JWT", object{
		{"aud", c.ID},
		{"exp", now.Add(jarmLifetime).Unix()},
		{"iat", now.Unix()},
	})
	for _, f := range fields {
		t.claims = append(t.claims, member{f.Name, f.Value}) // iss among them, and what a fault repeats
	}
	s.bendJARM(&t, c, now)
	token := s.jwt(t)
	if alg := c.AuthorizationEncryptedAlg; alg != "" && !s.broken("jarm-not-encrypted") {
		var err error
		if token, err = s.encryptTo(c, alg, c.AuthorizationEncryptedEnc, "JWT", []byte(token)); err != nil {
			x.failure = err
		}
	}
	answer := []field{{"response", token}}
	if s.broken("jarm-extra-parameter") {
		answer = append(answer, field{"code", s.secret(x)})
	}
	if s.broken("jarm-iss-differs") {
		answer = append(answer, field{"iss", otherServer})
	}
	return answer
}

// bendJARM makes the JWT around an authorization response wrong as asked.
func (s *Server) bendJARM(t *jws, c Client, now time.Time) {
	h, claims := &t.header, &t.claims
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"jarm-iss-wrong", func() { claims.set("iss", otherServer) }},
		{"jarm-iss-missing", func() { claims.drop("iss") }},
		{"jarm-aud-wrong", func() { claims.set("aud", "another-client") }},
		{"jarm-aud-missing", func() { claims.drop("aud") }},
		{"jarm-aud-extra", func() { claims.set("aud", []string{c.ID, "another-client"}) }},
		{"jarm-expired", func() { claims.set("exp", now.Unix()-380); claims.set("iat", now.Unix()-500) }},
		{"jarm-exp-missing", func() { claims.drop("exp") }},
		{"jarm-lifetime-long", func() { claims.set("exp", now.Add(jarmTooLong).Unix()) }},
		{"jarm-state-wrong", func() {
			if state, ok := claims.get("state").(string); ok {
				claims.set("state", "not-"+state)
			}
		}},
		{"jarm-alg-none", func() { h.set("alg", "none") }},
		{"jarm-alg-rs384", func() { h.set("alg", "RS384"); h.set("kid", s.key.kid) }},
		{"jarm-bad-signature", func() { t.spoiled = true }},
		{"jarm-foreign-key", func() { h.set("alg", "RS256"); h.set("kid", s.key.kid); t.key = s.idle }},
		{"jarm-kid-unknown", func() { h.set("kid", "retired-in-2019") }},
		{"jarm-typ-logout", func() { h.set("typ", "logout+jwt") }},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
}

// settled is the response mode in full: the one asked for, or the default of the
// response type, which is signed when it was asked to be (JARM §2.3.4).
func settled(mode, responseType string) string {
	switch mode {
	case "":
		return defaultMode(responseType)
	case "jwt":
		return defaultMode(responseType) + ".jwt"
	}
	return mode
}

// supportedMode says whether a client may name this mode.
func supportedMode(mode string) bool {
	return mode == "" || slices.Contains(responseModes, mode)
}
