package demo_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// keys fetches the published keys with a foreign library.
func (v *visitor) keys() jose.JSONWebKeySet {
	v.t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(v.get("/jwks").body), &set); err != nil {
		v.t.Fatal(err)
	}
	return set
}

// verified checks a JWT with a foreign library and gives header and claims.
func (v *visitor) verified(token any) (map[string]any, map[string]any) {
	v.t.Helper()
	text, _ := token.(string)
	sig, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil {
		v.t.Fatalf("%q: %v", text, err)
	}
	payload, err := sig.Verify(v.keys())
	if err != nil {
		v.t.Fatal(err)
	}
	header, claims := split(v.t, text)
	if string(payload) != mustDecode(v.t, strings.Split(text, ".")[1]) {
		v.t.Fatal("the verified payload is not the one that was read")
	}
	return header, claims
}

// split decodes a JWT without verifying it.
func split(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWS: %q", token)
	}
	for i, into := range []*map[string]any{&header, &claims} {
		if err := json.Unmarshal([]byte(mustDecode(t, parts[i])), into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

func mustDecode(t *testing.T, part string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDance(t *testing.T) {
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	time1 := &clock{now: start}
	v := visit(t, demo.Config{Now: time1.Now})

	login := v.get("/authorize?" + ask("login_hint=al").Encode())
	f := parseForm(t, login)
	if login.StatusCode != 200 || f.action != "/login" || f.fields.Get("username") != "al" || !f.fields.Has("password") {
		t.Fatalf("login page: %d %+v", login.StatusCode, f)
	}
	again := v.submit(f, "username=alice", "password=wrong")
	f = parseForm(t, again)
	if again.StatusCode != 403 || !strings.Contains(again.body, "The user name or the password is wrong.") ||
		f.fields.Get("username") != "alice" || f.fields.Get("password") != "" {
		t.Fatalf("after a wrong password: %d %+v", again.StatusCode, f)
	}
	signedIn := v.submit(f, "username=alice", "password=alice")
	if signedIn.StatusCode != http.StatusSeeOther {
		t.Fatalf("after the right password: %d, and RFC 9700 §4.12 wants 303", signedIn.StatusCode)
	}
	consent := v.follow(signedIn)
	f = parseForm(t, consent)
	if diff := cmp.Diff([]string{"consent=allow", "consent=deny"}, f.buttons); diff != "" {
		t.Fatalf("buttons: %s", diff)
	}
	if !strings.Contains(consent.body, "See your name and your public profile") || strings.Contains(consent.body, "e-mail") {
		t.Error("the consent page does not list the scopes asked for in words")
	}
	back := v.submit(f, "consent=allow")
	if back.StatusCode != http.StatusSeeOther || !strings.HasPrefix(back.Header.Get("Location"), callback+"&code=") {
		t.Fatalf("the answer: %d %s", back.StatusCode, back.Header.Get("Location"))
	}
	q := back.query(t)
	code := q.Get("code")
	if diff := cmp.Diff(url.Values{"app": {"1"}, "code": {code}, "state": {"s t/a+t&e"}, "iss": {v.issuer}}, q); diff != "" {
		t.Errorf("authorization response: %s", diff)
	}
	if raw, err := base64.RawURLEncoding.DecodeString(code); err != nil || len(raw) != 32 {
		t.Errorf("the code %q is not 256 bits", code)
	}

	time1.turn(30 * time.Second)
	a := v.post("/token", redeem(code))
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/json" ||
		a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Pragma") != "no-cache" {
		t.Errorf("token response: %d %v", a.StatusCode, a.Header)
	}
	tok := a.object(t)
	at, rt := tok["access_token"].(string), tok["refresh_token"].(string)
	want := map[string]any{"access_token": at, "refresh_token": rt, "id_token": tok["id_token"],
		"token_type": "Bearer", "expires_in": 300.0, "scope": "openid profile offline_access"}
	if diff := cmp.Diff(want, tok); diff != "" {
		t.Errorf("token response: %s", diff)
	}
	issued := float64(start.Unix() + 30)
	v.checkIDToken(tok["id_token"], at, "n-1", float64(start.Unix()), issued)
	header, claims := v.verified(at)
	jti := claims["jti"]
	if diff := cmp.Diff(map[string]any{"typ": "at+jwt", "alg": "ES256", "kid": "demo-es256"}, header); diff != "" {
		t.Errorf("access token header (RFC 9068 §2.1): %s", diff)
	}
	if diff := cmp.Diff(map[string]any{"iss": v.issuer, "sub": "alice", "aud": v.issuer, "client_id": "public", "jti": jti,
		"scope": "openid profile offline_access", "iat": issued, "exp": issued + 300}, claims); diff != "" {
		t.Errorf("access token claims (RFC 9068 §2.2): %s", diff)
	}

	me := v.whoami(at)
	if diff := cmp.Diff(map[string]any{"sub": "alice", "name": "Alice Liddell", "given_name": "Alice", "family_name": "Liddell",
		"preferred_username": "alice", "locale": "en-GB"}, me.object(t)); diff != "" || me.StatusCode != 200 {
		t.Errorf("userinfo: %d %s", me.StatusCode, diff)
	}

	time1.turn(10 * time.Second)
	next := v.post("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {rt}, "client_id": {"public"}}).object(t)
	if next["refresh_token"] == rt || next["refresh_token"] == nil {
		t.Errorf("the refresh token did not rotate")
	}
	v.checkIDToken(next["id_token"], next["access_token"].(string), "", float64(start.Unix()), issued+10)
}

// checkIDToken compares every claim; the hash is computed here.
func (v *visitor) checkIDToken(token any, access, nonce string, authTime, issued float64) {
	v.t.Helper()
	header, claims := v.verified(token)
	if diff := cmp.Diff(map[string]any{"typ": "JWT", "alg": "RS256", "kid": "demo-1"}, header); diff != "" {
		v.t.Errorf("ID token header: %s", diff)
	}
	sum := sha256.Sum256([]byte(access))
	want := map[string]any{
		"iss": v.issuer, "sub": "alice", "aud": "public", "iat": issued, "exp": issued + 300, "auth_time": authTime,
		"sid": claims["sid"], "at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
	}
	if nonce != "" {
		want["nonce"] = nonce
	}
	if sid, _ := claims["sid"].(string); sid == "" {
		v.t.Error("the ID token has no sid")
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		v.t.Errorf("ID token: %s", diff)
	}
}

func TestNoOpenIDNoIDToken(t *testing.T) {
	v := visit(t, demo.Config{})
	tok := v.tokens(ask("scope=profile", "-nonce"))
	if _, has := tok["id_token"]; has || tok["scope"] != "profile" {
		t.Errorf("scope profile gave %v", tok)
	}
	if _, has := tok["refresh_token"]; has {
		t.Error("a refresh token came without offline_access")
	}
	a := v.whoami(tok["access_token"])
	if a.StatusCode != 403 || !strings.Contains(a.Header.Get("WWW-Authenticate"), `error="insufficient_scope"`) ||
		!strings.Contains(a.Header.Get("WWW-Authenticate"), `scope="openid"`) {
		t.Errorf("userinfo without openid: %d %v", a.StatusCode, a.Header)
	}
	if tok := v.tokens(ask("scope=")); tok["scope"] != "profile" {
		t.Errorf("without scope the grant is %v, want profile, and it must be said (RFC 6749 §3.3)", tok["scope"])
	}
}

func TestEmailScope(t *testing.T) {
	v := visit(t, demo.Config{})
	tok := v.tokens(ask("scope=openid email"))
	want := map[string]any{"sub": "alice", "email": "alice@example.com", "email_verified": true}
	if diff := cmp.Diff(want, v.whoami(tok["access_token"]).object(t)); diff != "" {
		t.Errorf("claims of the scope email: %s", diff)
	}
}

func TestCodeReplay(t *testing.T) {
	v := visit(t, demo.Config{})
	code := v.code(ask())
	tok := v.post("/token", redeem(code)).object(t)

	wrong := v.post("/token", redeem(code, "code_verifier="+strings.Repeat("x", 43)))
	if wrong.object(t)["error"] != "invalid_grant" || v.whoami(tok["access_token"]).StatusCode != 200 {
		t.Error("an invalid replay must be refused and must not revoke (OAuth 2.1 §7.5.2)")
	}
	if a := v.post("/token", redeem(code)); a.StatusCode != 400 || a.object(t)["error"] != "invalid_grant" {
		t.Errorf("a replay gave %d %s", a.StatusCode, a.body)
	}
	if a := v.whoami(tok["access_token"]); a.StatusCode != 401 || !strings.Contains(a.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("after the replay the access token gave %d", a.StatusCode)
	}
	a := v.post("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tok["refresh_token"].(string)}, "client_id": {"public"}})
	if a.object(t)["error"] != "invalid_grant" {
		t.Errorf("after the replay the refresh token gave %s", a.body)
	}
}

func TestRefresh(t *testing.T) {
	v := visit(t, demo.Config{Clients: []demo.Client{{ID: "public"}, {ID: "other"}}})
	first := v.tokens(ask())
	refresh := func(token any, pairs ...string) answer {
		return v.post("/token", values(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}, "client_id": {"public"}}, pairs...))
	}
	for _, c := range []struct{ change, want string }{
		{"client_id=other", "invalid_grant"},
		{"scope=openid email", "invalid_scope"},
		{"scope=openid  profile", "invalid_scope"},
		{"refresh_token=" + first["access_token"].(string), "invalid_grant"},
		{"refresh_token=", "invalid_request"},
	} {
		if a := refresh(first["refresh_token"], c.change); a.StatusCode != 400 || a.object(t)["error"] != c.want {
			t.Errorf("%.30s: %d %s, want %s", c.change, a.StatusCode, a.body, c.want)
		}
	}
	second := refresh(first["refresh_token"], "scope=profile").object(t)
	if _, has := second["id_token"]; has || second["scope"] != "profile" {
		t.Errorf("narrowed: %v", second)
	}
	third := refresh(second["refresh_token"]).object(t)
	if third["scope"] != "openid profile offline_access" {
		t.Errorf("the new refresh token lost scope (RFC 6749 §6): %v", third["scope"])
	}
	if a := refresh(second["refresh_token"]); a.object(t)["error"] != "invalid_grant" {
		t.Errorf("an old refresh token gave %s", a.body)
	}
	if a := refresh(third["refresh_token"]); a.object(t)["error"] != "invalid_grant" {
		t.Errorf("reuse did not revoke the newest refresh token: %s", a.body)
	}
	if a := v.whoami(third["access_token"]); a.StatusCode != 401 {
		t.Errorf("reuse did not revoke the access token: %d", a.StatusCode)
	}
}

func TestLifetimes(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	v := visit(t, demo.Config{Now: c.Now})
	code := v.code(ask())
	c.turn(61 * time.Second)
	if a := v.post("/token", redeem(code)); a.object(t)["error"] != "invalid_grant" {
		t.Errorf("a code of 61 s gave %s", a.body)
	}
	tok := v.tokens(ask())
	c.turn(301 * time.Second)
	if a := v.whoami(tok["access_token"]); a.StatusCode != 401 {
		t.Errorf("an access token of 301 s gave %d", a.StatusCode)
	}
	c.turn(31 * 24 * time.Hour)
	a := v.post("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tok["refresh_token"].(string)}, "client_id": {"public"}})
	if a.object(t)["error"] != "invalid_grant" {
		t.Errorf("a refresh token of 31 days gave %s", a.body)
	}
	f := parseForm(t, v.get("/authorize?"+ask("prompt=login").Encode()))
	c.turn(11 * time.Minute)
	if a := v.submit(f, "username=alice", "password=alice"); a.StatusCode != 400 {
		t.Errorf("a login page of 11 minutes gave %d", a.StatusCode)
	}
}

func TestIssuerWithPath(t *testing.T) {
	v := visit(t, demo.Config{Issuer: "/tenant/one"})
	root := strings.TrimSuffix(v.issuer, "/tenant/one")
	if root == v.issuer {
		t.Fatalf("issuer %s", v.issuer)
	}
	for _, place := range []string{v.issuer + "/.well-known/openid-configuration", root + "/.well-known/oauth-authorization-server/tenant/one"} {
		if m := v.get(place).object(t); m["issuer"] != v.issuer || m["token_endpoint"] != v.issuer+"/token" {
			t.Errorf("%s: %v", place, m)
		}
	}
	if a := v.get(root + "/.well-known/openid-configuration"); a.StatusCode != 404 {
		t.Errorf("the metadata of another issuer: %d", a.StatusCode)
	}
	tok := v.tokens(ask())
	v.verified(tok["id_token"])
	if a := v.get(v.issuer + "/"); a.StatusCode != 200 || !strings.Contains(a.body, root+"/.well-known/oauth-authorization-server/tenant/one") {
		t.Errorf("index: %d", a.StatusCode)
	}
}

func TestRepeatableOutput(t *testing.T) {
	run := func() string {
		c := &clock{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
		s, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", AutoConsent: true, Now: c.Now, Rand: strings.NewReader(strings.Repeat("seed", 1000))})
		if err != nil {
			t.Fatal(err)
		}
		back := serve(s, "GET", "/authorize?"+ask().Encode(), "")
		to, err := url.Parse(back.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		return back.Header().Get("Location") + serve(s, "POST", "/token", redeem(to.Query().Get("code")).Encode()).Body.String()
	}
	if a, b := run(), run(); a != b || !strings.Contains(a, "id_token") {
		t.Errorf("two runs with the same clock and randomness differ:\n%s\n%s", a, b)
	}
}
