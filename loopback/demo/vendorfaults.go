package demo

import (
	"fmt"
	"net/http"
	"strings"
)

// vendorFaults are the ways in which large providers answer token requests, or did
// for years. Clients that must work with them bear what RFC 6749 §5 does not allow.
var vendorFaults = []row{
	{"vendor-github", GroupVendor, "The token response is form-encoded unless JSON is asked for, and commas part its scopes, as GitHub does it.", codes{"V-TR-12"}},
	{"vendor-github-error", GroupVendor, "An error comes with status 200, form-encoded unless JSON is asked for, as GitHub does it.", codes{"V-TR-21"}},
	{"vendor-slack-error", GroupVendor, "An error comes with status 200 and ok false, as Slack does it.", codes{"V-TR-21"}},
	{"vendor-slack-nested", GroupVendor, "The access token of the person stands inside authed_user, as Slack does it.", codes{"V-TR-05", "V-TR-07", "V-TR-10", "V-TR-13"}},
	{"vendor-facebook-error", GroupVendor, "The error is an object with a message and a number, as Facebook does it.", codes{"V-TR-21"}},
	{"vendor-entra-v1", GroupVendor, "All times are strings, and a resource stands beside them, as the first version of Microsoft Entra does it.", codes{"V-TR-09"}},
	{"vendor-netsuite", GroupVendor, "The value of expires_in is a string and the token_type is in lower case, as NetSuite does it.", codes{"V-TR-09"}},
	{"vendor-linkedin", GroupVendor, "The token response has no token_type, as LinkedIn did it.", codes{"V-TR-07"}},
	{"vendor-twitch", GroupVendor, "The scope of the token response is an array, as Twitch does it.", codes{"V-TR-11"}},
}

// bendLikeVendors makes members of the token response those of a vendor.
func (s *Server) bendLikeVendors(body *object) {
	scope := fmt.Sprint(body.get("scope"))
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"vendor-github", func() { body.set("scope", strings.ReplaceAll(scope, " ", ",")) }},
		{"vendor-entra-v1", func() { s.bendLikeEntra(body) }},
		{"vendor-netsuite", func() {
			body.set("expires_in", fmt.Sprint(body.get("expires_in")))
			body.set("token_type", "bearer")
		}},
		{"vendor-linkedin", func() {
			body.drop("token_type")
			body.set("refresh_token_expires_in", int64(s.config.Lifetimes.RefreshToken.Seconds()))
		}},
		{"vendor-twitch", func() { body.set("scope", strings.Fields(scope)) }},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
}

func (s *Server) bendLikeEntra(body *object) {
	life, now := s.config.Lifetimes.AccessToken, s.now()
	seconds := fmt.Sprint(int64(life.Seconds()))
	members := object{
		{"expires_in", seconds}, {"ext_expires_in", seconds},
		{"expires_on", fmt.Sprint(now.Add(life).Unix())}, {"not_before", fmt.Sprint(now.Unix())},
		{"resource", s.config.Issuer},
	}
	for _, m := range members {
		body.set(m.name, m.value)
	}
}

// answerLikeVendors answers as a vendor does, when told to, and says whether it did.
func (s *Server) answerLikeVendors(x *exchange, body object) bool {
	switch {
	case len(s.faults) == 0:
		return false
	case s.broken("vendor-github"):
		s.jsonIfAsked(x, body)
	case s.broken("vendor-github-error"):
		s.jsonIfAsked(x, object{
			{"error", "bad_verification_code"},
			{"error_description", "The code passed is incorrect or expired."},
			{"error_uri", "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/#bad-verification-code"},
		})
	case s.broken("vendor-slack-error"):
		x.json(http.StatusOK, object{{"ok", false}, {"error", "invalid_code"}})
	case s.broken("vendor-slack-nested"):
		x.json(http.StatusOK, object{
			{"ok", true},
			{"app_id", "A0123456789"},
			{"authed_user", object{{"id", "U0123456789"}, {"scope", body.get("scope")}, {"access_token", body.get("access_token")}, {"token_type", "user"}}},
			{"team", object{{"id", "T0123456789"}}},
			{"is_enterprise_install", false},
		})
	case s.broken("vendor-facebook-error"):
		x.json(http.StatusBadRequest, object{{"error", object{
			{"message", "Invalid verification code format."}, {"type", "OAuthException"}, {"code", 100}, {"fbtrace_id", "A0123456789"},
		}}})
	default:
		return false
	}
	return true
}

// jsonIfAsked is form encoding for everybody who does not ask for JSON.
func (s *Server) jsonIfAsked(x *exchange, body object) {
	if strings.Contains(x.r.Header.Get("Accept"), "application/json") {
		x.json(http.StatusOK, body)
		return
	}
	x.bytes(http.StatusOK, "application/x-www-form-urlencoded; charset=utf-8", []byte(encode(formFields(body))))
}

// pointElsewhere says that somebody else knows a claim (OpenID Connect Core §5.6.2).
func (s *Server) pointElsewhere(claims *object, source object) {
	claims.set("_claim_names", object{{"shoe_size", "src1"}})
	claims.set("_claim_sources", object{{"src1", source}})
}

// foreignClaims is a JWT of somebody whose keys are not those of this server.
func (s *Server) foreignClaims() string {
	return s.jwt(jws{
		header: object{{"typ", "JWT"}, {"alg", "RS256"}, {"kid", s.idle.kid}},
		claims: object{{"iss", otherServer}, {"shoe_size", 8}},
		key:    s.idle,
	})
}
