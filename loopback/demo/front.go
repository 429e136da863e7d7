package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// frontTokens is the tokens that travel through the browser, when the response
// type asks for any; code is the field with the code, if there is one.
func (s *Server) frontTokens(x *exchange, a *authorization, g *grant, code []field) []field {
	if !a.wants("token") && !a.wants("id_token") {
		return nil
	}
	i := issue{grant: g, scope: a.scope, nonce: a.nonce, front: a}
	for _, f := range code {
		i.code = f.Value
	}
	var fields []field
	access := ""
	if a.wants("token") {
		access = s.newAccessToken(x, i)
		fields = []field{ // RFC 6749 §4.2.2
			{"access_token", access},
			{"token_type", "Bearer"},
			{"expires_in", fmt.Sprint(int64(s.lifetime() / time.Second))},
			{"scope", strings.Join(i.scope, " ")},
		}
	}
	if a.wants("id_token") {
		fields = append(fields, field{"id_token", s.idToken(i, access)})
	}
	return fields
}

// bendFront makes the tokens of an authorization response wrong as asked.
func (s *Server) bendFront(a *authorization, fields []field) []field {
	if !a.wants("token") && !a.wants("id_token") {
		return fields
	}
	for _, b := range []struct{ fault, without string }{
		{"front-access-token-missing", "access_token"},
		{"front-id-token-missing", "id_token"},
		{"front-token-type-missing", "token_type"},
		{"front-code-missing", "code"},
	} {
		if s.broken(b.fault) {
			fields = slices.DeleteFunc(fields, func(f field) bool { return f.Name == b.without })
		}
	}
	for i, f := range fields {
		if f.Name == "expires_in" && s.broken("front-expires-in-odd") {
			fields[i].Value = "five minutes"
		}
	}
	if s.broken("front-refresh-token") {
		fields = append(fields, field{"refresh_token", "never-in-a-browser"})
	}
	return fields
}

// bendHashes makes what ties the tokens of a hybrid or implicit answer together
// wrong as asked (OpenID Connect Core §3.2.2.9, §3.3.2.10, §3.3.3.6).
func (s *Server) bendHashes(c *object, i issue) {
	hybrid := i.grant.hybrid
	switch {
	case i.front == nil && hybrid && s.broken("hybrid-sub-differs"):
		c.set("sub", "mallory")
	case i.front == nil && hybrid && s.broken("hybrid-nonce-differs"):
		c.drop("nonce")
	case i.front == nil:
		return
	}
	if c.get("at_hash") != nil && s.broken("front-at-hash-missing") {
		c.drop("at_hash")
	}
	if c.get("at_hash") != nil && s.broken("front-at-hash-wrong") {
		c.set("at_hash", leftHalf("RS256", "another access token"))
	}
	if c.get("c_hash") != nil && s.broken("front-c-hash-missing") {
		c.drop("c_hash")
	}
	if c.get("c_hash") != nil && s.broken("front-c-hash-wrong") {
		c.set("c_hash", leftHalf("RS256", "another code"))
	}
}

// inWords says what the response type brings, for people.
func (a *authorization) inWords() string {
	var list []string
	for _, w := range []struct{ word, words string }{{"code", "a code"}, {"token", "an access token"}, {"id_token", "an ID token"}} {
		if a.wants(w.word) {
			list = append(list, w.words)
		}
	}
	if len(list) == 0 {
		return "nothing but consent"
	}
	return strings.Join(list, " and ")
}
