package demo_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

const (
	exchangeGrant  = "urn:ietf:params:oauth:grant-type:token-exchange"
	jwtBearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	tokenType      = "urn:ietf:params:oauth:token-type:"
)

func TestExchange(t *testing.T) {
	v := visit(t, demo.Config{Clients: append(demo.DefaultClients(), demo.Client{ID: "service", Secret: "s"})})
	alice := v.granted(confidential("password", "username=alice", "password=alice", "scope=openid profile offline_access"))
	robot := v.granted(confidential("client_credentials"))
	subject := func(pairs ...string) url.Values {
		return values(confidential(exchangeGrant, "subject_token="+alice["access_token"].(string), "subject_token_type="+tokenType+"access_token"), pairs...)
	}

	// Impersonation: nothing tells the new token from one of alice herself (RFC 8693 §1.1).
	tok := v.granted(subject("audience=service", "audience+=https://api.example", "scope=profile"))
	want := map[string]any{"access_token": tok["access_token"], "issued_token_type": tokenType + "access_token",
		"token_type": "Bearer", "expires_in": 300.0, "scope": "profile"}
	if diff := cmp.Diff(want, tok); diff != "" {
		t.Error(diff)
	}
	_, claims := v.verified(tok["access_token"])
	if diff := cmp.Diff([]any{"service", "https://api.example"}, claims["aud"]); diff != "" || claims["sub"] != "alice" || claims["act"] != nil || claims["client_id"] != "confidential" {
		t.Errorf("%s %v", diff, claims)
	}
	if a := v.whoami(tok["access_token"]); a.StatusCode != 401 || !strings.Contains(a.Header.Get("WWW-Authenticate"), "is for service") {
		t.Errorf("userinfo took a token for another audience: %d", a.StatusCode)
	}

	// Delegation, twice: the chain of actors grows inward (RFC 8693 §4.1).
	delegated := v.granted(subject("audience=service", "actor_token="+robot["access_token"].(string), "actor_token_type="+tokenType+"jwt"))
	own := v.granted(confidential("client_credentials", "client_id=service", "client_secret=s"))
	again := v.granted(confidential(exchangeGrant, "client_id=service", "client_secret=s", "scope=profile",
		"subject_token="+delegated["access_token"].(string), "subject_token_type="+tokenType+"access_token",
		"actor_token="+own["access_token"].(string), "actor_token_type="+tokenType+"access_token"))
	_, claims = v.verified(again["access_token"])
	wantAct := map[string]any{"sub": "service", "act": map[string]any{"sub": "confidential"}}
	if diff := cmp.Diff(wantAct, claims["act"]); diff != "" || claims["sub"] != "alice" || claims["client_id"] != "service" {
		t.Errorf("%s %v", diff, claims)
	}

	for kind, bearer := range map[string]string{"access_token": "Bearer", "jwt": "Bearer", "id_token": "N_A", "refresh_token": "N_A"} {
		tok := v.granted(subject("requested_token_type=" + tokenType + kind))
		if tok["issued_token_type"] != tokenType+kind || tok["token_type"] != bearer {
			t.Errorf("%s: %v", kind, tok)
		}
		if kind == "refresh_token" {
			next := v.granted(confidential("refresh_token", "refresh_token="+tok["access_token"].(string)))
			if next["scope"] != "openid profile offline_access" {
				t.Errorf("the exchanged refresh token gave %v", next)
			}
			continue
		}
		if _, claims := v.verified(tok["access_token"]); claims["sub"] != "alice" {
			t.Errorf("%s: %v", kind, claims)
		}
	}
	for _, kind := range []string{"id_token", "refresh_token"} {
		v.granted(confidential(exchangeGrant, "subject_token="+alice[kind].(string), "subject_token_type="+tokenType+kind))
	}
}

func TestExchangeErrors(t *testing.T) {
	c := &clock{now: now}
	v := visit(t, demo.Config{Now: c.Now})
	alice := v.granted(confidential("password", "username=alice", "password=alice", "scope=openid"))["access_token"].(string)
	foreign := v.tokens(ask())["access_token"].(string)
	robot := v.granted(confidential("client_credentials"))["access_token"].(string)
	good := confidential(exchangeGrant, "subject_token="+alice, "subject_token_type="+tokenType+"access_token")
	for _, e := range []struct{ change, code, says string }{
		{"-subject_token", "invalid_request", "subject_token is missing"},
		{"-subject_token_type", "invalid_request", "subject_token_type is missing"},
		{"subject_token_type=jwt", "invalid_request", "subject_token_type jwt is not supported"},
		{"subject_token_type=" + tokenType + "id_token", "invalid_request", "no token of this type"},
		{"subject_token=a.b.c", "invalid_request", "no token of this type that this server issued"},
		{"subject_token=" + alice + "x", "invalid_request", "no token of this type"},
		{"subject_token=" + foreign, "invalid_request", "was issued to client public"},
		{"actor_token=" + robot, "invalid_request", "actor_token_type is missing"},
		{"actor_token_type=" + tokenType + "access_token", "invalid_request", "without actor_token"},
		{"audience=nowhere", "invalid_target", "nowhere is unknown here; known are"},
		{"resource=/x", "invalid_target", "absolute URI"},
		{"resource=https://api.example#x", "invalid_target", "without a fragment"},
		{"requested_token_type=" + tokenType + "saml2", "invalid_request", "is not supported"},
		{"requested_token_type=" + tokenType + "refresh_token", "invalid_request", "needs offline_access"},
		{"scope=openid email", "invalid_scope", "email was not granted"},
	} {
		refused(t, v.post("/token", values(good, e.change)), 400, e.code, e.says)
	}
	person := values(good, "subject_token="+robot, "requested_token_type="+tokenType+"id_token")
	refused(t, v.post("/token", person), 400, "invalid_request", "the subject is a client")
	refused(t, v.post("/token", values(good, "client_id=public", "-client_secret")), 400, "unauthorized_client", "may not use")
	c.turn(301 * time.Second)
	refused(t, v.post("/token", good), 400, "invalid_request", "expired")
}

func TestJWTBearer(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	key := clientKey(t)
	statement := func(typ string, changes map[string]any) string {
		return sign(t, jose.ES256, key, typ, claims(v.issuer, "jwt", changes))
	}
	about := func(who string) map[string]any { return map[string]any{"sub": who} }
	// Client authentication is optional: the issuer is a client (RFC 7521 §4.1).
	tok := v.granted(url.Values{"grant_type": {jwtBearerGrant}, "assertion": {statement("JWT", about("alice"))}, "scope": {"openid email"}})
	if _, claims := v.verified(tok["id_token"]); claims["sub"] != "alice" || claims["aud"] != "jwt" || tok["refresh_token"] != nil {
		t.Errorf("%v %v", tok, claims)
	}
	foreign := statement("", map[string]any{"iss": "https://idp.example", "sub": "alice", "aud": v.issuer + "/token"})
	tok = v.granted(confidential(jwtBearerGrant, "assertion="+foreign))
	if _, claims := v.verified(tok["access_token"]); claims["sub"] != "alice" || claims["client_id"] != "confidential" || tok["scope"] != "profile" {
		t.Errorf("%v %v", tok, claims)
	}
	tok = v.granted(url.Values{"grant_type": {jwtBearerGrant}, "assertion": {statement("", about("jwt"))}})
	if _, claims := v.verified(tok["access_token"]); claims["sub"] != "jwt" || tok["scope"] != "api" {
		t.Errorf("a client about itself: %v %v", tok, claims)
	}

	refused(t, v.post("/token", confidential(jwtBearerGrant, "assertion="+foreign)), 400, "invalid_grant", "was used before")
	refused(t, v.post("/token", confidential(jwtBearerGrant)), 400, "invalid_request", "assertion is missing")
	refused(t, v.post("/token", url.Values{"grant_type": {jwtBearerGrant}, "assertion": {"x"}}), 401, "invalid_client", "neither client_id")
	refused(t, v.post("/token", confidential(jwtBearerGrant, "assertion="+statement("", about("alice")), "scope=offline_access")), 400, "invalid_scope", "another assertion")
	for _, e := range []struct {
		typ     string
		changes map[string]any
		says    string
	}{
		{"", about("mallory"), "whom nobody knows"},
		{"", map[string]any{"sub": nil}, "has no sub"},
		{"", map[string]any{"sub": "alice", "iss": nil}, "has no iss"},
		{"", map[string]any{"sub": "alice", "iss": "https://evil.example"}, "neither a client with keys nor a trusted issuer"},
		{"", map[string]any{"sub": "alice", "iss": "confidential"}, "neither a client with keys"},
		{"", map[string]any{"sub": "alice", "aud": "https://other.example"}, "has the aud"},
		{"", map[string]any{"sub": "alice", "exp": now.Unix() - 1}, "expired"},
		{"", map[string]any{"sub": "alice", "exp": nil}, "has no exp"},
		{"at+jwt", about("alice"), "another kind of token"},
		{"client-authentication+jwt", about("alice"), "another kind of token"},
	} {
		refused(t, v.post("/token", confidential(jwtBearerGrant, "assertion="+statement(e.typ, e.changes))), 400, "invalid_grant", e.says)
	}
	other := sign(t, jose.ES256, keyOf(t, "ES256"), "", claims(v.issuer, "jwt", about("alice")))
	refused(t, v.post("/token", confidential(jwtBearerGrant, "assertion="+other)), 400, "invalid_grant", "does not verify")
	// Its own tokens are signed well and say nothing here.
	own := v.granted(confidential("password", "username=alice", "password=alice", "scope=openid"))["id_token"].(string)
	refused(t, v.post("/token", confidential(jwtBearerGrant, "assertion="+own)), 400, "invalid_grant", "neither a client with keys")
}
