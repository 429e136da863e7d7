package e2e

import (
	"net/url"
	"strings"
	"testing"
)

func parClients() []any {
	must := members{"require_pushed_authorization_requests": true}
	return []any{
		signsIn("par public", "none", nil), signsIn("par basic", "client_secret_basic", nil), signsIn("par post", "client_secret_post", nil),
		signsIn("par key", "private_key_jwt", nil), signsIn("par required", "none", must), signsIn("par forgotten", "none", must),
		signsIn("par refused", "none", nil), signsIn("par wrong", "client_secret_basic", nil),
	}
}

// The request goes to the server directly, with the client's proof, and the
// browser carries a reference to it alone (RFC 9126).
func TestPAR(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for id, method := range map[string]string{
		"par public": "none", "par basic": "client_secret_basic", "par post": "client_secret_post", "par key": "private_key_jwt", "par required": "none",
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			o := signIn(t, p, 0, append(credential(t, id, method), "--scope", "openid profile", "--max-age", "600", "--par")...)
			checkSignedIn(t, o)
			p.checkGranted(t, o, id, method)
			if l := one(t, "requests taken", p.of(t, id, "pushed")); l.AuthMethod != method {
				t.Errorf("at the PAR endpoint the server was convinced by %s, want %s", l.AuthMethod, method)
			}
			body, browser := p.pushed(t, id), p.asked(t, id)
			names := []string{"response_type", "redirect_uri", "scope", "max_age", "state", "nonce", "code_challenge", "code_challenge_method"}
			switch method {
			case "none":
				names = append(names, "client_id")
			case "client_secret_post":
				names = append(names, "client_id", "client_secret")
			case "private_key_jwt":
				names = append(names, "client_id", "client_assertion", "client_assertion_type")
				checkAssertion(t, p, body.Get("client_assertion"), id, "ES256", "es256-1")
				checkHygiene(t, o, body.Get("client_assertion"))
			case "client_secret_basic":
				body.Del("client_id") // allowed, and not needed
			}
			checkNames(t, "what was pushed", body, names...)
			checkNames(t, "what the browser carried", browser, "client_id", "request_uri")
			if !strings.HasPrefix(browser.Get("request_uri"), "urn:ietf:params:oauth:request_uri:") || browser.Get("client_id") != id {
				t.Errorf("the browser carried %v", browser)
			}
			want := map[string]string{"scope": "openid profile", "max_age": "600", "state": body.Get("state"), "nonce": body.Get("nonce"), "redirect_uri": body.Get("redirect_uri")}
			p.checkUnderstood(t, id, want)
			e := one(t, "exchanges with the PAR endpoint in the trace", o.tries("par"))
			if e.Response.Status != 201 || e.Request.URL != p.issuer+"/request" {
				t.Errorf("the trace has %s answered with %d", e.Request.URL, e.Response.Status)
			}
			if traced := must(url.ParseQuery(e.Request.Body)); traced.Get("nonce") == "" || traced.Get("scope") != "openid profile" {
				t.Errorf("the trace has the body %s", e.Request.Body)
			}
		})
	}
}

// What the server refuses at the PAR endpoint never reaches a browser.
func TestPARRefused(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for name, args := range map[string][]string{
		"invalid_client":            {"--client-id", "par wrong", "--client-secret", "value:wrong"},
		"unsupported_response_type": {"--client-id", "par refused", "--param", "response_type=nonsense"},
		"invalid_request":           {"--client-id", "par refused", "--redirect-uri", "http://127.0.0.1:0/elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := signIn(t, p, 3, append(args, "--scope", "openid", "--par")...)
			checkRefused(t, o, "par", name)
			if o.of("opened") != nil {
				t.Error("the person was sent somewhere all the same")
			}
		})
	}
	t.Run("forgotten", func(t *testing.T) {
		t.Parallel()
		o := signIn(t, p, 3, "--client-id", "par forgotten", "--scope", "openid")
		checkRefused(t, o, "authorization", "invalid_request")
	})
}
