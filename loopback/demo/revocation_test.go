package demo_test

import (
	"net/url"
	"testing"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

func TestRevocation(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Clients: append(demo.DefaultClients(), demo.Client{ID: "other"})})
	public := func(token any, pairs ...string) answer {
		t.Helper()
		return v.post("/revoke", values(url.Values{"client_id": {"public"}, "token": {token.(string)}}, pairs...))
	}
	done := func(name string, a answer) {
		t.Helper()
		if a.StatusCode != 200 || a.body != "" || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "" {
			t.Errorf("%s: %d %q %v", name, a.StatusCode, a.body, a.Header)
		}
	}
	first, second := v.tokens(ask()), v.tokens(ask())
	refused(t, public(first["access_token"], "client_id=other"), 400, "invalid_grant", "another client (RFC 7009")
	refused(t, public(first["refresh_token"], "client_id=other"), 400, "invalid_grant", "another client (RFC 7009")
	if a := v.whoami(first["access_token"]); a.StatusCode != 200 {
		t.Errorf("another client revoked: %d", a.StatusCode)
	}
	refused(t, public(first["id_token"]), 400, "unsupported_token_type", "ID token")
	refused(t, public(""), 400, "invalid_request", "token is missing")
	refused(t, v.about("/revoke", "confidential", "x", "client_secret=wrong"), 401, "invalid_client", "")

	done("an access token", public(first["access_token"], "token_type_hint=refresh_token"))
	done("the same again", public(first["access_token"]))
	done("an unknown one", public("x", "token_type_hint=unheard-of"))
	if a := v.whoami(first["access_token"]); a.StatusCode != 401 {
		t.Errorf("after revocation: %d", a.StatusCode)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}, "client_id": {"public"}}
	next := v.granted(refresh) // which outlives its access token
	done("a refresh token", public(next["refresh_token"]))
	if a := v.whoami(next["access_token"]); a.StatusCode != 401 {
		t.Errorf("the access token of a revoked grant: %d", a.StatusCode)
	}
	refresh.Set("refresh_token", next["refresh_token"].(string))
	refused(t, v.post("/token", refresh), 400, "invalid_grant", "revoked")
	if a := v.whoami(second["access_token"]); a.StatusCode != 200 {
		t.Errorf("the token of another grant: %d", a.StatusCode)
	}
	mine := v.granted(confidential("client_credentials"))["access_token"]
	done("of a confidential client", v.about("/revoke", "confidential", mine))
	if a := v.about("/introspect", "confidential", mine); a.body != `{"active":false}` {
		t.Error(a.body)
	}
}
