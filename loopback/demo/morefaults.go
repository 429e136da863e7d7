package demo

import (
	"fmt"
	"math/big"
	"slices"
)

// moreFaults are further ones of the code grant.
var moreFaults = []row{
	{"iss-unadvertised", GroupAuthorization, "The metadata does not promise an iss, and one comes all the same.", codes{"V-AR-07"}},
	{"error-iss-wrong", GroupAuthorization, "Instead of a code comes an error in the name of another server.", codes{"V-AR-09", "V-AR-05"}},
	{"error-uri-script", GroupAuthorization, "The error_uri beside an error is a script.", codes{"V-AR-10"}},
	{"code-guessable", GroupAuthorization, "The code is a number of four digits.", codes{"V-AR-15"}},

	{"refresh-timeout-long", GroupToken, "The refresh token is said to outlive what it stands for.", codes{"V-TR-20"}},
	{"code-echoed", GroupToken, "A header of the token response repeats the code.", codes{"V-TR-23"}},
	{"lifetime-differs", GroupToken, "The token response promises an hour, and the access token ends after five minutes.", codes{"V-TR-25"}},
	{"access-token-typ-missing", GroupToken, "The access token is a JWT that does not say it is an access token.", codes{"V-AT-01"}},
	{"access-token-bad-signature", GroupToken, "One bit of the access token's signature is wrong.", codes{"V-AT-02"}},
	{"access-token-alg-none", GroupToken, "The access token says alg none and has no signature.", codes{"V-AT-02"}},
	{"access-token-client-missing", GroupToken, "The access token does not say to which client it was issued.", codes{"V-AT-03"}},
	{"access-token-iss-wrong", GroupToken, "The access token was issued in the name of another server.", codes{"V-AT-04"}},
	{"access-token-aud-client", GroupToken, "The access token is meant for the client instead of a resource.", codes{"V-AT-04"}},
	{"access-token-scope-differs", GroupToken, "The access token is good for a scope that the token response does not name.", codes{"V-AT-05"}},
	{"access-token-guessable", GroupToken, "The access token is a number of four digits.", codes{"V-AT-10"}},
	{"access-token-status-odd", GroupToken, "The access token points to a status list without saying where in it.", codes{"V-AT-11"}},

	{"idtoken-b64-false", GroupIDToken, "The ID token's header says that its payload is not encoded.", codes{"V-ID-03"}},
	{"idtoken-auth-time-future", GroupIDToken, "The ID token was issued ten minutes before the person signed in.", codes{"V-ID-22"}},
	{"idtoken-email-verified-string", GroupIDToken, "The email_verified of the ID token is a string instead of a boolean.", codes{"V-ID-30"}},
	{"idtoken-claim-source-missing", GroupIDToken, "A claim of the ID token is to be had from a source that is not there.", codes{"V-ID-31"}},
	{"idtoken-claim-source-sub", GroupIDToken, "The sub of the ID token is to be had from somebody else.", codes{"V-ID-31"}},
	{"idtoken-sid-number", GroupIDToken, "The sid of the ID token is a number instead of a string.", codes{"V-ID-32"}},

	{"issuer-query", GroupMetadata, "The issuer in the metadata has a query.", codes{"V-MD-01", "V-MD-02"}},
	{"jwks-weak-key", GroupMetadata, "The published keys include one of 1024 bits.", codes{"V-JK-02"}},
}

// moreFlowFaults are those that show in other grants, or when a request asks
// for more than usual.
func moreFlowFaults() []Fault {
	return slices.Concat(
		in("no-state", []row{{"state-uninvited", GroupAuthorization, "The authorization response carries a state although none was sent.", codes{"V-AR-03", "V-AR-02"}}}),
		in("max-age", []row{
			{"auth-time-missing", GroupIDToken, "The ID token leaves out auth_time although max_age was sent.", codes{"V-ID-22"}},
			{"auth-time-old", GroupIDToken, "The person signed in an hour ago, which is longer than max_age allows.", codes{"V-ID-22"}},
		}),
		in("acr", []row{{"acr-other", GroupIDToken, "The sign-in was of a class that was not asked for.", codes{"V-ID-21"}}}),
		in("acr-essential", []row{{"acr-missing", GroupIDToken, "The ID token has no acr although it was asked for as essential.", codes{"V-ID-21"}}}),
		in("hybrid", []row{
			{"front-iss-differs", GroupFront, "The ID token beside a code was issued in the name of another server than the answer.", codes{"V-AR-08", "V-ID-14"}},
			{"front-s-hash-wrong", GroupFront, "The s_hash of the ID token beside a code belongs to another state.", codes{"V-SH-01"}},
			{"hybrid-auth-time-differs", GroupFront, "The two ID tokens of a hybrid flow date the sign-in differently.", codes{"V-ID-27"}},
		}),
		in("refresh", []row{
			{"refresh-idtoken-iat-old", GroupRefresh, "The refreshed ID token was issued two minutes before the first.", codes{"V-ID-28", "V-ID-22"}},
			{"refresh-access-token-auth-time-changed", GroupRefresh, "The refreshed access token dates the sign-in a day earlier.", codes{"V-AT-07"}},
		}),
		in("client-credentials", []row{{"client-credentials-sub-person", GroupMachine, "The sub of the access token is a person's although a client acts for itself.", codes{"V-AT-06"}}}),
		in("dpop", []row{{"dpop-idtoken-key-other", GroupDPoP, "The ID token is bound to another key than the one of the proof.", codes{"V-ID-32"}}}),
		in("userinfo", []row{{"userinfo-claim-source-http", GroupUserinfo, "A claim of the UserInfo response is to be fetched from a plain http address.", codes{"V-UI-06"}}}),
		in("userinfo-claims", []row{{"userinfo-name-differs", GroupUserinfo, "The UserInfo response has another name than the ID token.", codes{"V-UI-07"}}}),
		in("userinfo-encrypted", []row{{"userinfo-not-encrypted", GroupUserinfo, "The UserInfo response is not encrypted, although the client is registered for it.", codes{"V-UI-05"}}}),
		in("introspection", []row{{"introspection-sub-differs", GroupTokens, "The introspection response has another sub than the token itself.", codes{"V-AT-08"}}}),
		in("ciba", []row{{"ciba-auth-req-id-guessable", GroupCIBA, "The auth_req_id is a short name with a number in it.", codes{"V-CB-01"}}}),
	)
}

// byGroup puts the faults of a group together.
func byGroup(rows []row) []row {
	order := []string{GroupAuthorization, GroupToken, GroupIDToken, GroupMetadata, GroupValid, GroupVendor}
	slices.SortStableFunc(rows, func(a, b row) int { return slices.Index(order, a.Group) - slices.Index(order, b.Group) })
	return rows
}

// guessed is what can be guessed, in place of a secret.
const guessed = "4711"

// answerOddly sends an error in place of a code, when told to.
func (s *Server) answerOddly(x *exchange, a *authorization) bool {
	fields := []field{{"error", "access_denied"}}
	switch {
	case s.broken("error-uri-script"):
		fields = append(fields, field{"error_uri", "javascript:alert(1)"})
	case !s.broken("error-iss-wrong"):
		return false
	}
	x.note = "access_denied, as it was told to"
	s.answer(x, a, fields)
	return true
}

// bendOddMembers makes members of the token response wrong as asked.
func (s *Server) bendOddMembers(x *exchange, body *object) {
	if s.broken("refresh-timeout-long") {
		body.set("authorization_expires_in", 3600)
		body.set("refresh_token_timeout", 7200)
	}
	if s.broken("lifetime-differs") {
		body.set("expires_in", 3600)
	}
	if p, err := parseParams(string(x.body)); err == nil && p.get("code") != "" && s.broken("code-echoed") {
		x.header.Set("X-Demo-Request", "code="+p.get("code"))
	}
}

// bendAccess makes an access token wrong as asked.
func (s *Server) bendAccess(t *jws, i issue) {
	c := &t.claims
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"access-token-typ-missing", func() { t.header.drop("typ") }},
		{"access-token-bad-signature", func() { t.spoiled = true }},
		{"access-token-alg-none", func() { t.header.set("alg", "none") }},
		{"access-token-client-missing", func() { c.drop("client_id") }},
		{"access-token-iss-wrong", func() { c.set("iss", otherServer) }},
		{"access-token-aud-client", func() { c.set("aud", i.grant.client) }},
		{"access-token-scope-differs", func() { c.set("scope", fmt.Sprint(c.get("scope"))+" admin") }},
		{"access-token-status-odd", func() {
			c.set("status", object{{"status_list", object{{"uri", otherServer + "/statuses"}}}})
		}},
		{"client-credentials-sub-person", func() {
			if i.grant.user == nil {
				c.set("sub", "alice")
			}
		}},
		{"refresh-access-token-auth-time-changed", func() {
			if i.refreshed {
				c.set("auth_time", i.grant.authTime.Unix()-86400)
			}
		}},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
}

// bendFurther makes claims of the ID token wrong as asked; now is in seconds.
func (s *Server) bendFurther(c *object, now int64, i issue) {
	elsewhere := func(name, source string) {
		c.set("_claim_names", object{{name, source}})
		c.set("_claim_sources", object{{"src1", object{{"endpoint", otherServer + "/claims"}}}})
	}
	second := i.front == nil && i.grant.hybrid
	for _, b := range []struct {
		fault string
		when  bool
		bend  func()
	}{
		{"idtoken-auth-time-future", true, func() { c.set("auth_time", now+600) }},
		{"idtoken-email-verified-string", true, func() { c.set("email_verified", "true") }},
		{"idtoken-claim-source-missing", true, func() { elsewhere("credit_score", "src2") }},
		{"idtoken-claim-source-sub", true, func() { elsewhere("sub", "src1") }},
		{"idtoken-sid-number", true, func() { c.set("sid", 12345) }},
		{"auth-time-missing", true, func() { c.drop("auth_time") }},
		{"auth-time-old", true, func() { c.set("auth_time", now-3600) }},
		{"acr-other", true, func() { c.set("acr", "urn:example:unasked") }},
		{"acr-missing", true, func() { c.drop("acr") }},
		{"front-iss-differs", i.front != nil, func() { c.set("iss", otherServer) }},
		{"front-s-hash-wrong", i.front != nil, func() { c.set("s_hash", leftHalf("RS256", "another state")) }},
		{"hybrid-auth-time-differs", second, func() { c.set("auth_time", i.grant.authTime.Unix()-60) }},
		{"refresh-idtoken-iat-old", i.refreshed, func() { c.set("iat", now-120) }},
		{"dpop-idtoken-key-other", true, func() { c.set("cnf", object{{"jkt", otherKey()}}) }},
	} {
		if b.when && s.broken(b.fault) {
			b.bend()
		}
	}
}

// bendPerson makes the UserInfo response wrong as asked.
func (s *Server) bendPerson(c *object) {
	if s.broken("userinfo-claim-source-http") {
		c.set("_claim_names", object{{"credit_score", "src1"}})
		c.set("_claim_sources", object{{"src1", object{{"endpoint", "http://claims.example/alice"}}}})
	}
	if c.get("name") != nil && s.broken("userinfo-name-differs") {
		c.set("name", "Somebody Else")
	}
}

// weakKey is an RSA key that nobody should use any more (RFC 7518 §3.3).
func weakKey() object {
	n, _ := new(big.Int).SetString(idleP, 16) // 1024 bits; what its factors are does not matter
	return object{{"kty", "RSA"}, {"use", "sig"}, {"alg", "RS256"}, {"kid", "demo-weak"}, {"n", base64URL(n.Bytes())}, {"e", "AQAB"}}
}
