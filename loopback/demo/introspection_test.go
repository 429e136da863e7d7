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

// about asks an endpoint about a token as a client with the secret "secret".
func (v *visitor) about(path, client string, token any, pairs ...string) answer {
	v.t.Helper()
	return v.post(path, values(url.Values{"client_id": {client}, "client_secret": {"secret"}, "token": {token.(string)}}, pairs...))
}

func TestIntrospection(t *testing.T) {
	c := &clock{now: now}
	v := visit(t, demo.Config{AutoConsent: true, Now: c.Now})
	tok := v.tokens(ask("acr_values=urn:example:strong"))
	at := tok["access_token"].(string)
	c.turn(10 * time.Second)
	iat := float64(now.Unix())
	want := map[string]any{
		"active": true, "scope": "openid profile offline_access", "client_id": "public", "token_type": "Bearer", "exp": iat + 300, "iat": iat,
		"sub": "alice", "aud": v.issuer, "iss": v.issuer, "username": "alice", "acr": "urn:example:strong", "auth_time": iat, "jti": claimsIn(t, at)["jti"],
	}
	a := v.about("/introspect", "confidential", at, "token_type_hint=refresh_token") // a wrong hint does no harm
	if diff := cmp.Diff(want, a.object(t)); diff != "" || a.StatusCode != 200 || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, diff)
	}
	want = map[string]any{
		"active": true, "scope": "openid profile offline_access", "client_id": "public", "exp": iat + 30*86400, "iat": iat,
		"sub": "alice", "iss": v.issuer, "username": "alice", "acr": "urn:example:strong", "auth_time": iat,
	}
	if diff := cmp.Diff(want, v.about("/introspect", "confidential", tok["refresh_token"]).object(t)); diff != "" {
		t.Errorf("refresh token: %s", diff)
	}
	robot := v.about("/introspect", "confidential", v.granted(confidential("client_credentials", "resource=https://api.example"))["access_token"]).object(t)
	if robot["sub"] != "confidential" || robot["aud"] != "https://api.example" || robot["username"] != nil || robot["acr"] != nil || robot["auth_time"] != nil {
		t.Errorf("a client of its own: %v", robot)
	}
	for name, token := range map[string]any{"unknown": "x", "an ID token": tok["id_token"]} {
		if a := v.about("/introspect", "confidential", token); a.body != `{"active":false}` {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	c.turn(5 * time.Minute)
	if a := v.about("/introspect", "confidential", at); a.body != `{"active":false}` {
		t.Errorf("expired: %s", a.body)
	}
	next := v.granted(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tok["refresh_token"].(string)}, "client_id": {"public"}})
	if a := v.about("/introspect", "confidential", tok["refresh_token"]); a.body != `{"active":false}` {
		t.Errorf("a refresh token that was used: %s", a.body)
	}
	if a := v.about("/introspect", "confidential", next["access_token"]); !strings.HasPrefix(a.body, `{"active":true`) {
		t.Errorf("the next access token: %s", a.body)
	}
	refused(t, v.post("/introspect", url.Values{"client_id": {"public"}, "token": {at}}), 401, "invalid_client", "cannot prove who it is")
	refused(t, v.post("/introspect", url.Values{"token": {at}}), 401, "invalid_client", "")
	refused(t, v.about("/introspect", "confidential", at, "client_secret=x"), 401, "invalid_client", "")
	refused(t, v.about("/introspect", "confidential", ""), 400, "invalid_request", "token is missing")
	if a := v.get("/introspect?token=" + at); a.StatusCode != 405 {
		t.Errorf("GET: %d", a.StatusCode)
	}
}

// What is bound is said to be bound (RFC 8705 §3.2, RFC 9449 §6.2).
func TestIntrospectionOfBoundTokens(t *testing.T) {
	run := startMTLS(t, demo.Start, demo.Config{MTLS: "127.0.0.1:0", AutoConsent: true, Now: stopped})
	v, p := visitTLS(t, run, true), newProver(t)
	tok := v.withProof(run.MTLS+"/token", redeem(v.code(ask())), p.proof("POST", run.MTLS+"/token", nil)).object(t)
	for _, name := range []string{"access_token", "refresh_token"} {
		got := v.about(run.MTLS+"/introspect", "confidential", tok[name]).object(t)
		want := any(map[string]any{"x5t#S256": x5t(t), "jkt": p.jkt()})
		if diff := cmp.Diff(want, got["cnf"]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if name == "access_token" && got["token_type"] != "DPoP" {
			t.Errorf("token_type %v", got["token_type"])
		}
	}
}

// RFC 9701 §5: the answer is inside, and nothing outside could be taken for an access token.
func TestSignedIntrospection(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Now: stopped})
	at := v.granted(confidential("client_credentials"))["access_token"]
	plain := v.about("/introspect", "confidential", at).object(t)
	ask := func(client, accept string, token any) answer {
		r := v.request("POST", "/introspect", url.Values{"client_id": {client}, "client_secret": {"secret"}, "token": {token.(string)}}.Encode())
		r.Header.Set("Accept", accept)
		return v.do(r)
	}
	const kind = "application/token-introspection+jwt"
	for name, c := range map[string]struct {
		client, accept string
		jwt            bool
	}{
		"asked for":    {"confidential", kind, true},
		"among others": {"confidential", "application/json;q=0.5, " + kind + ";q=1", true},
		"not wanted":   {"confidential", "application/json, " + kind + ";q=0", false},
		"anything":     {"confidential", "*/*", false},
		"registered":   {"signed", "", true},
	} {
		a := ask(c.client, c.accept, at)
		if !c.jwt {
			if a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", name, a.Header)
			}
			continue
		}
		header, claims := v.verified(a.body)
		if diff := cmp.Diff(map[string]any{"iss": v.issuer, "aud": c.client, "iat": float64(now.Unix()), "token_introspection": any(plain)}, claims); diff != "" ||
			header["typ"] != "token-introspection+jwt" || a.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %v %v %s", name, header, a.Header, diff)
		}
	}
	_, claims := v.verified(ask("signed", "", "x").body)
	if diff := cmp.Diff(any(map[string]any{"active": false}), claims["token_introspection"]); diff != "" {
		t.Error(diff)
	}
	a := ask("encrypted", "", at)
	_, claims = v.verified(opened(t, a.body))
	if a.Header.Get("Content-Type") != kind || claims["aud"] != "encrypted" || !cmp.Equal(claims["token_introspection"], any(plain)) {
		t.Errorf("encrypted: %v %v", a.Header, claims)
	}
}

// opened is what a foreign library reads in a JWE with a JWT inside.
func opened(t *testing.T, text string) string {
	t.Helper()
	jwe, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	b, err := jwe.Decrypt(clientKey(t).Key)
	if err != nil || jwe.Header.ExtraHeaders[jose.HeaderContentType] != "JWT" {
		t.Fatalf("%v %+v", err, jwe.Header)
	}
	return string(b)
}
