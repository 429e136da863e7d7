package token

import (
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// guess says what kind of token it is, and what makes one think so: its typ,
// where it was found, then what it says.
func (s *specimen) guess() (what, why string) {
	switch {
	case s.shut():
		return "jwe", "five segments, and a header that says how it is encrypted (RFC 7516 §3.1)"
	case !s.looksJOSE() && !couldBeToken(s.find.text):
		return "opaque", "it cannot be read"
	case !s.looksJOSE():
		return "opaque", "it does not begin as a JWT does: its meaning is known to the server alone (RFC 6749 §1.4)"
	}
	if g, ok := genreOf(s.token.Typ()); ok {
		return g.what, "typ says " + s.token.Typ() + ": " + g.words + " (" + g.ref + ")"
	}
	if what, why = byClaims(s.claims); what != "" {
		return what, why
	}
	switch s.find.name {
	case "access_token", "accessToken":
		return "access_token", "it stood under that name"
	case "id_token", "idToken", "id_token_hint":
		return "id_token", "it stood under that name"
	case "logout_token", "client_assertion":
		return s.find.name, "it stood under that name"
	case "request":
		return "request_object", "it stood in the parameter request (RFC 9101 §5)"
	case "response":
		return "jarm", "it stood in the parameter response (JARM §2.3)"
	}
	if what, why = byHabit(s.claims); what != "" {
		return what, why
	}
	return "jwt", "nothing in it says what kind it is"
}

// genreOf reads a typ. Its media type may come without application/, and in
// any case (RFC 7515 §4.1.9).
func genreOf(typ string) (genre, bool) {
	name, isJWT := strings.CutSuffix(strings.TrimPrefix(strings.ToLower(typ), "application/"), "+jwt")
	g, known := genres[name]
	return g, isJWT && known
}

// byClaims goes by claims that only one kind of token has.
func byClaims(c *jose.Object) (what, why string) {
	has := func(names ...string) bool {
		for _, n := range names {
			if !c.Has(n) {
				return false
			}
		}
		return true
	}
	events, _ := c.Object("events")
	kind, _ := c.String("typ") // Keycloak
	iss, _ := c.String("iss")
	sub, _ := c.String("sub")
	switch {
	case events.Has("http://schemas.openid.net/event/backchannel-logout"):
		return "logout_token", "its events name a sign-out (OIDC Back-Channel Logout §2.4)"
	case has("events"):
		return "jwt", "a security event: it has events (RFC 8417)"
	case has("htm", "htu"):
		return "dpop_proof", "it has htm and htu (RFC 9449 §4.2)"
	case has("response_type", "client_id"):
		return "request_object", "it has response_type and client_id (RFC 9101 §4)"
	case has("token_introspection"):
		return "introspection", "it has token_introspection (RFC 9701 §5)"
	case has("state") && (has("code") || has("error")), has("iss", "aud", "exp", "code"):
		return "jarm", "it carries the answer to an authorization request (JARM §2.1)"
	case kind == "Refresh" || kind == "Offline":
		return "jwt", "a refresh token of Keycloak: its claim typ says " + kind
	case kind == "Bearer":
		return "access_token", "its claim typ says Bearer, as Keycloak writes it"
	case kind == "ID", has("nonce", "aud", "sub"), has("at_hash"), has("c_hash"):
		return "id_token", "it has what only ID tokens have (OIDC Core §2)"
	case iss != "" && iss == sub && has("aud") && !has("scope"):
		return "client_assertion", "iss and sub are the same: a client speaks of itself (RFC 7523 §3)"
	}
	return "", ""
}

// byHabit goes by claims that a kind of token usually has.
func byHabit(c *jose.Object) (what, why string) {
	for _, name := range []string{"scope", "scp", "client_id", "cid", "appid"} {
		if c.Has(name) {
			return "access_token", "it has " + name + ", as access tokens have"
		}
	}
	for _, name := range []string{"auth_time", "azp", "acr", "amr"} {
		if c.Has(name) && c.Has("sub") && c.Has("aud") {
			return "id_token", "it has " + name + ", sub and aud, as ID tokens have"
		}
	}
	if c.Has("sub") && !c.Has("exp") && (c.Has("name") || c.Has("email") || c.Has("preferred_username")) {
		return "userinfo", "it tells of a person and does not expire, as signed userinfo does (OIDC Core §5.3.2)"
	}
	if c.Has("iss") && c.Has("sub") && c.Has("aud") && c.Has("exp") && c.Has("iat") && !c.Has("jti") {
		return "id_token", "it has just the claims that every ID token has (OIDC Core §2)"
	}
	return "", ""
}
