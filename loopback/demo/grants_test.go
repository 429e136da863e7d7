package demo_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// confidential is a token request of the client with the secret, with changes.
func confidential(grantType string, pairs ...string) url.Values {
	return values(url.Values{"grant_type": {grantType}, "client_id": {"confidential"}, "client_secret": {"secret"}}, pairs...)
}

// refused says what is wrong with an error answer, or nothing.
func refused(t *testing.T, a answer, status int, code, says string) {
	t.Helper()
	body := a.object(t)
	description, _ := body["error_description"].(string)
	if a.StatusCode != status || body["error"] != code || !strings.Contains(description, says) || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s, want %d %s that says %q", a.StatusCode, a.body, status, code, says)
	}
}

// granted is the token response of a request that has to work.
func (v *visitor) granted(form url.Values) map[string]any {
	v.t.Helper()
	a := v.post("/token", form)
	if a.StatusCode != http.StatusOK {
		v.t.Fatalf("token endpoint: %d %s", a.StatusCode, a.body)
	}
	return a.object(v.t)
}

func TestClientCredentials(t *testing.T) {
	v := visit(t, demo.Config{})
	tok := v.granted(confidential("client_credentials"))
	want := map[string]any{"access_token": tok["access_token"], "token_type": "Bearer", "expires_in": 300.0, "scope": "api"}
	if diff := cmp.Diff(want, tok); diff != "" {
		t.Errorf("neither a refresh token (RFC 6749 §4.4.3) nor an ID token belongs here: %s", diff)
	}
	if _, claims := v.verified(tok["access_token"]); claims["sub"] != "confidential" || claims["client_id"] != "confidential" {
		t.Errorf("the client is its own subject (RFC 9068 §2.2): %v", claims)
	}
	if a := v.whoami(tok["access_token"]); a.StatusCode != 403 {
		t.Errorf("userinfo about a client: %d %s", a.StatusCode, a.body)
	}
	for scope, says := range map[string]string{"openid": "nobody signs in", "api offline_access": "offline_access", "zz": "not known", "api  email": "one space"} {
		refused(t, v.post("/token", confidential("client_credentials", "scope="+scope)), 400, "invalid_scope", says)
	}
	if tok := v.granted(confidential("client_credentials", "scope=email api")); tok["scope"] != "email api" {
		t.Errorf("scope %v", tok["scope"])
	}
}

func TestPassword(t *testing.T) {
	v := visit(t, demo.Config{})
	good := confidential("password", "username=alice", "password=alice", "scope=openid email offline_access")
	tok := v.granted(good)
	if _, claims := v.verified(tok["id_token"]); claims["sub"] != "alice" || claims["aud"] != "confidential" || claims["nonce"] != nil ||
		claims["at_hash"] != hashOf(tok["access_token"].(string)) {
		t.Errorf("ID token %v", claims)
	}
	if me := v.whoami(tok["access_token"]).object(t); me["email"] != "alice@example.com" {
		t.Errorf("userinfo %v", me)
	}
	next := v.granted(confidential("refresh_token", "refresh_token="+tok["refresh_token"].(string)))
	if next["scope"] != "openid email offline_access" {
		t.Errorf("refreshed: %v", next)
	}
	for _, c := range []struct{ change, code, says string }{
		{"password=wrong", "invalid_grant", "the user name or the password is wrong"},
		{"username=nobody", "invalid_grant", "the user name or the password is wrong"},
		{"-password", "invalid_request", "password is missing"},
		{"-username", "invalid_request", "username is missing"},
		{"scope=zz", "invalid_scope", "scope zz is not known"},
		{"username+=alice", "invalid_request", "username came more than once"},
	} {
		refused(t, v.post("/token", values(good, c.change)), 400, c.code, c.says)
	}
}

// A client may use the grants it is registered for and no other (RFC 6749 §5.2).
func TestGrantTypesOfAClient(t *testing.T) {
	v := visit(t, demo.Config{Clients: []demo.Client{{ID: "confidential", Secret: "secret", GrantTypes: []string{"client_credentials"}}}})
	v.granted(confidential("client_credentials"))
	refused(t, v.post("/token", confidential("password", "username=alice", "password=alice")), 400,
		"unauthorized_client", "client confidential may not use password; it may use client_credentials")
	_, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", Clients: []demo.Client{{ID: "c", GrantTypes: []string{"magic"}}}})
	if err == nil || !strings.Contains(err.Error(), `no grant type "magic"`) {
		t.Errorf("an unknown grant type: %v", err)
	}
}
