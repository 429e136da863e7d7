package demo_test

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// by gets tokens for a client with the secret "secret".
func (v *visitor) by(client, scope string) map[string]any {
	v.t.Helper()
	return v.tokens(ask("client_id="+client, "scope="+scope), "client_id="+client, "client_secret=secret")
}

func TestSignedUserinfo(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Now: stopped})
	for _, client := range []string{"signed", "encrypted"} {
		a := v.whoami(v.by(client, "openid email")["access_token"])
		text := a.body
		if client == "encrypted" {
			text = opened(t, text)
		}
		_, claims := v.verified(text)
		want := map[string]any{"iss": v.issuer, "aud": client, "sub": "alice", "email": "alice@example.com", "email_verified": true}
		if diff := cmp.Diff(want, claims); diff != "" || a.Header.Get("Content-Type") != "application/jwt" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v %s", client, a.Header, diff)
		}
	}
}

// Without a signature the JWE holds the claims themselves (OpenID Connect Core §5.3.2).
func TestEncryptedUserinfo(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Clients: []demo.Client{{ID: "sealed", Secret: "secret", UserinfoEncryptedAlg: "dir", UserinfoEncryptedEnc: "A256GCM"}}})
	a := v.whoami(v.by("sealed", "openid")["access_token"])
	jwe, err := jose.ParseEncryptedCompact(a.body, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	if jwe.Header.ExtraHeaders[jose.HeaderContentType] != nil || a.Header.Get("Content-Type") != "application/jwt" {
		t.Errorf("%+v %v", jwe.Header, a.Header)
	}
	key := sha256.Sum256([]byte("secret")) // OpenID Connect Core §10.2
	b, err := jwe.Decrypt(key[:])
	if err != nil || string(b) != `{"sub":"alice"}` {
		t.Errorf("%s %v", b, err)
	}
}

// An encrypted ID token is signed first, and its inside is what serves as a hint (OpenID Connect Core §2, §3.1.2.1).
func TestEncryptedIDToken(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Now: stopped})
	inside := opened(t, v.by("encrypted", "openid")["id_token"].(string))
	if _, claims := v.verified(inside); claims["sub"] != "alice" || claims["aud"] != "encrypted" || claims["nonce"] != "n-1" {
		t.Errorf("%v", claims)
	}
	if a := v.get("/authorize?" + ask("id_token_hint="+inside, "prompt=none").Encode()); a.StatusCode != http.StatusSeeOther || strings.Contains(a.Header.Get("Location"), "error=") && !strings.Contains(a.Header.Get("Location"), "consent_required") {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}

func TestUnknownSigning(t *testing.T) {
	for _, c := range []demo.Client{{ID: "c", UserinfoSignedAlg: "RS512"}, {ID: "c", IntrospectionSignedAlg: "none"}, {ID: "c", Secret: "short", UserinfoSignedAlg: "HS256"}} {
		if _, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", Clients: []demo.Client{c}}); err == nil || !strings.Contains(err.Error(), "client c") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestLogout(t *testing.T) {
	v := visit(t, demo.Config{Clients: append(demo.DefaultClients(), demo.Client{ID: "strict", PostLogoutRedirectURIs: []string{"https://app.example/bye"}})})
	tok := v.tokens(ask())
	hint := tok["id_token"].(string)
	leave := func(pairs ...string) url.Values {
		return values(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"http://127.0.0.1:9/bye?x=1"}, "state": {"s 1"}}, pairs...)
	}
	for change, says := range map[string]string{
		"id_token_hint=x":                                "is no ID token that this server issued",
		"client_id=confidential":                         "issued to another client than client_id",
		"-id_token_hint":                                 "nobody knows whether it is allowed",
		"post_logout_redirect_uri=https://app.example":   "is not an http address of this machine",
		"post_logout_redirect_uri=javascript:alert(1)":   "post_logout_redirect_uri",
		"post_logout_redirect_uri=http://127.0.0.1:9/#x": "has a fragment",
		"-id_token_hint,client_id=nobody":                "no client nobody is registered",
		"-id_token_hint,client_id=strict":                "is not registered for client strict; registered are https://app.example/bye",
		"state+=two":                                     "state came more than once",
	} {
		a := v.get("/logout?" + leave(strings.Split(change, ",")...).Encode())
		if a.StatusCode != 400 || a.Header.Get("Location") != "" || !strings.Contains(strings.ReplaceAll(a.body, "&#39;", "'"), says) {
			t.Errorf("%s: %d, want a page that says %q", change, a.StatusCode, says)
		}
	}
	page := v.post("/logout", leave("-id_token_hint", "client_id=public"))
	f := parseForm(t, page)
	if diff := cmp.Diff([]string{"logout=yes", "logout=no"}, f.buttons); diff != "" || !strings.Contains(page.body, "You are signed in as <b>alice</b>") {
		t.Errorf("%s\n%s", diff, page.body)
	}
	if a := v.submit(f, "logout=yes", "csrf=x"); a.StatusCode != 403 {
		t.Errorf("a forged form: %d", a.StatusCode)
	}
	if a := v.submit(f, "logout=no"); a.StatusCode != 200 || !strings.Contains(a.body, "still signed in as <b>alice</b>") {
		t.Errorf("no: %d", a.StatusCode)
	}
	if a := v.submit(f, "logout=yes", "post_logout_redirect_uri=https://attacker.example"); a.StatusCode != 400 {
		t.Errorf("a form that was tampered with: %d %v", a.StatusCode, a.Header)
	}
	f = parseForm(t, v.get("/logout?"+leave().Encode()))
	if a := v.submit(f, "logout=yes"); a.StatusCode != 303 || a.Header.Get("Location") != "http://127.0.0.1:9/bye?x=1&state=s+1" {
		t.Errorf("yes: %d %v", a.StatusCode, a.Header)
	}
	if q := v.get("/authorize?" + ask("prompt=none").Encode()).query(t); q.Get("error") != "login_required" {
		t.Errorf("after the logout: %v", q)
	}
	if a := v.get("/logout?" + leave("-state").Encode()); a.StatusCode != 303 || a.Header.Get("Location") != "http://127.0.0.1:9/bye?x=1" {
		t.Errorf("when nobody is signed in: %d %v", a.StatusCode, a.Header)
	}
	device := parseForm(t, v.get("/device")) // which begins a session that is nobody's
	if a := v.post("/signout", url.Values{"csrf": {device.fields.Get("csrf")}, "logout": {"yes"}}); a.StatusCode != 403 {
		t.Errorf("signing nobody out: %d", a.StatusCode)
	}
	if a := v.get("/logout"); a.StatusCode != 200 || !strings.Contains(a.body, "You are signed out.") {
		t.Errorf("without parameters: %d", a.StatusCode)
	}
}

func TestLogoutAtOnce(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Users: []demo.User{{Name: "alice"}, {Name: "bob", Password: "bob"}}})
	hint := v.tokens(ask())["id_token"].(string)
	bob, _ := v.granted(confidential("password", "username=bob", "password=bob", "scope=openid"))["id_token"].(string)
	for name, query := range map[string]string{"no hint": "", "the hint of somebody else": "id_token_hint=" + bob} {
		if a := v.get("/logout?" + query); a.StatusCode != 200 || parseForm(t, a).action != "/signout" {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	a := v.get("/logout?id_token_hint=" + hint)
	if a.StatusCode != 200 || !strings.Contains(a.body, "You are signed out.") || !strings.Contains(a.Header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}
