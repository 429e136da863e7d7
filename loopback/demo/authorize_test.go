package demo_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// registered is a client for each way to register redirect URIs.
func registered() []demo.Client {
	return []demo.Client{
		{ID: "public"}, {ID: "confidential", Secret: "secret"},
		{ID: "one", RedirectURIs: []string{"https://app.example/cb"}},
		{ID: "two", RedirectURIs: []string{"http://127.0.0.1/cb", "http://[::1]/cb?x=1"}},
		{ID: "native", RedirectURIs: []string{"com.example.app:/cb"}},
	}
}

// What must go back to the client, by redirect, with the state and the issuer.
func TestAuthorizationErrorsByRedirect(t *testing.T) {
	v := visit(t, demo.Config{})
	for _, c := range []struct{ change, want, says string }{
		{"-response_type", "invalid_request", "response_type is missing"},
		{"response_type=CODE", "unsupported_response_type", "use code"},
		{"response_type=zz", "unsupported_response_type", "zz"},
		{"scope=openid zz", "invalid_scope", "known are openid profile email offline_access api"},
		{"scope=openid  profile", "invalid_scope", "one space"},
		{"scope= openid", "invalid_scope", "one space"},
		{"-code_challenge,-code_challenge_method", "invalid_request", "must use PKCE"},
		{"code_challenge=,-code_challenge_method", "invalid_request", "must use PKCE"},
		{"-code_challenge", "invalid_request", "without code_challenge"},
		{"code_challenge=short", "invalid_request", "malformed"},
		{"code_challenge=" + strings.Repeat("a", 44), "invalid_request", "43 for S256"},
		{"code_challenge=" + strings.Repeat("+", 43), "invalid_request", "malformed"},
		{"code_challenge_method=s256", "invalid_request", "transform algorithm s256 not supported"},
		{"scope+=openid", "invalid_request", "scope came more than once"},
		{"nonce+=n-1", "invalid_request", "nonce came more than once"},
		{"zz=1,zz+=2", "invalid_request", "zz came more than once"},
		{"prompt=none", "login_required", "nobody is signed in"},
		{"prompt=none login", "invalid_request", "combined"},
		{"prompt=dance", "invalid_request", "prompt dance"},
		{"max_age=-1", "invalid_request", "max_age"},
		{"max_age=soon", "invalid_request", "max_age"},
		{"request_uri=urn:x", "request_uri_not_supported", "request_uri"},
		{"registration={}", "registration_not_supported", "registration"},
		{"id_token_hint=a.b.c", "invalid_request", "id_token_hint"},
	} {
		a := v.get("/authorize?" + ask(strings.Split(c.change, ",")...).Encode())
		q := a.query(t)
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), callback+"&") {
			t.Errorf("%s: %d to %s", c.change, a.StatusCode, a.Header.Get("Location"))
		}
		if q.Get("error") != c.want || !strings.Contains(q.Get("error_description"), c.says) ||
			q.Get("state") != "s t/a+t&e" || q.Get("iss") != v.issuer || q.Has("code") {
			t.Errorf("%s: %v, want %s that says %q", c.change, q, c.want, c.says)
		}
	}
}

// What must be shown and never redirected (RFC 6749 §4.1.2.1).
func TestAuthorizationErrorsOnPage(t *testing.T) {
	v := visit(t, demo.Config{Clients: registered()})
	for _, c := range []struct{ change, code, says string }{
		{"-client_id", "invalid_request", "client_id is missing"},
		{"request=a.b.c", "invalid_request_object", "request has a part that is not base64url"},
		{"request=a.b.c,request_uri=urn:x", "invalid_request", "exclude each other"},
		{"client_id=nobody", "invalid_client", "no client nobody is registered here; registered are public, confidential"},
		{"client_id+=public", "invalid_request", "client_id came more than once"},
		{"redirect_uri+=http://127.0.0.1:9/evil", "invalid_request", "redirect_uri came more than once"},
		{"state+=x", "invalid_request", "state came more than once"},
		{"response_mode=zz", "invalid_request", "response_mode zz is not supported"}, // OIDC Core errata 2 §3.1.2.6
		{"-redirect_uri", "invalid_request", "redirect_uri is missing"},
		{"client_id=two,-redirect_uri", "invalid_request", "does not have exactly one registered"},
		{"client_id=one", "invalid_request", "is not registered for client one; registered are https://app.example/cb"},
		{"redirect_uri=https://evil.example/\"><script>", "invalid_request", "characters that no URI may have"},
		{"client_id=<b>x</b>", "invalid_client", "no client &lt;b&gt;x&lt;/b&gt; is"},
	} {
		a := v.get("/authorize?" + ask(strings.Split(c.change, ",")...).Encode())
		if a.StatusCode != 400 || a.Header.Get("Location") != "" || !strings.Contains(a.body, c.says) ||
			!strings.Contains(a.body, "OAuth error <code>"+c.code+"</code>") || strings.Contains(a.body, "<script") {
			t.Errorf("%s: %d %s\nwant %s that says %q", c.change, a.StatusCode, a.body, c.code, c.says)
		}
	}
	if a := v.get("/authorize?client_id=public&redirect_uri=%zz"); a.StatusCode != 400 || !strings.Contains(a.body, "redirect_uri is not form-encoded") {
		t.Errorf("a broken escape: %d", a.StatusCode)
	}
}

func TestRedirectURIs(t *testing.T) {
	v := visit(t, demo.Config{Clients: registered()})
	for _, c := range []struct {
		client, uri string
		ok          bool
	}{
		{"public", "http://127.0.0.1:1234/any/path", true},
		{"public", "http://127.0.0.1/", true},
		{"public", "http://127.8.8.8:1/cb", true},
		{"public", "http://[::1]:99/cb?x=1", true},
		{"public", "http://localhost:3000/cb", true},
		{"public", "https://127.0.0.1/cb", false},
		{"public", "http://192.168.0.1/cb", false},
		{"public", "http://0.0.0.0/cb", false},
		{"public", "http://127.1/cb", false},
		{"public", "http://0x7f000001/cb", false},
		{"public", "http://127.0.0.1.evil.example/cb", false},
		{"public", "http://127.0.0.1@evil.example/cb", false},
		{"public", "http://localhost.evil.example/cb", false},
		{"public", "http://127.0.0.1/cb#x", false},
		{"public", "http://127.0.0.1/cb#", false},
		{"public", "http://127.0.0.1/cb?code=attacker", false},
		{"public", "http://127.0.0.1/a\\b", false},
		{"public", "http://127.0.0.1/ü", false},
		{"public", "/cb", false},
		{"public", "//127.0.0.1/cb", false},
		{"public", "javascript:alert(1)", false},
		{"public", "com.example.app:/cb", false},
		{"one", "https://app.example/cb", true},
		{"one", "", true}, // RFC 6749 §3.1.2.3
		{"one", "https://app.example:443/cb", false},
		{"one", "https://app.example/cb/", false},
		{"one", "https://app.example/cb?x=1", false},
		{"one", "https://app.example/%63b", false},
		{"one", "http://app.example/cb", false},
		{"one", "http://127.0.0.1/cb", false},
		{"two", "http://127.0.0.1/cb", true},
		{"two", "http://127.0.0.1:5555/cb", true}, // RFC 8252 §7.3
		{"two", "http://[::1]:5555/cb?x=1", true},
		{"two", "http://127.0.0.1:5555/cb/x", false},
		{"two", "http://127.0.0.1:5555/cb?x=1", false},
		{"two", "http://localhost:5555/cb", false},
		{"two", "http://[::1]:5555/cb", false},
		{"native", "com.example.app:/cb", true},
	} {
		a := v.get("/authorize?" + ask("client_id="+c.client, "redirect_uri="+c.uri).Encode())
		if ok := a.StatusCode == 200 && strings.Contains(a.body, `name="password"`); ok != c.ok || a.Header.Get("Location") != "" {
			t.Errorf("%s %s: %d", c.client, c.uri, a.StatusCode)
		}
	}
}

func TestResponseModes(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Clients: registered()})
	a := v.get("/authorize?" + ask("response_mode=fragment").Encode())
	to := a.Header.Get("Location")
	if !strings.HasPrefix(to, callback+"#code=") || strings.Contains(to, "&code=") {
		t.Errorf("fragment: %s", to)
	}
	page := v.get("/authorize?" + ask("response_mode=form_post", `state="><x>&`).Encode())
	f := parseForm(t, page)
	if page.StatusCode != 200 || page.Header.Get("Cache-Control") != "no-store" || f.action != callback ||
		f.fields.Get("code") == "" || f.fields.Get("state") != `"><x>&` || f.fields.Get("iss") != v.issuer {
		t.Errorf("form_post: %d %+v", page.StatusCode, f)
	}
	f = parseForm(t, v.get("/authorize?"+ask("response_mode=form_post", "client_id=native", "redirect_uri=com.example.app:/cb").Encode()))
	if f.action != "com.example.app:/cb" {
		t.Errorf("form_post to a private-use scheme: %q", f.action)
	}
	// An error for a response type with tokens goes where the tokens would have gone.
	to = v.get("/authorize?" + ask("response_type=id_token zz").Encode()).Header.Get("Location")
	if !strings.HasPrefix(to, callback+"#error=unsupported_response_type") {
		t.Errorf("a hybrid response type: %s", to)
	}
	q := v.do(v.request("POST", "/authorize", ask().Encode())).query(t)
	if q.Get("code") == "" {
		t.Errorf("a request by POST: %v", q)
	}
	if q := v.get("/authorize?" + ask("-state").Encode()).query(t); q.Has("state") {
		t.Errorf("a state came although none was sent: %v", q)
	}
	for _, state := range []string{"%2525", `{"a":"b"}`, "=&?#;/", strings.Repeat("x", 4096)} {
		if got := v.get("/authorize?" + ask("state="+url.QueryEscape(state)).Encode()).query(t).Get("state"); got != url.QueryEscape(state) {
			t.Errorf("state %.20q came back as %.20q", state, got)
		}
	}
	if q := v.get("/authorize?" + ask("state=é").Encode()).query(t); q.Get("error") != "invalid_request" || q.Get("state") != "é" {
		t.Errorf("a state outside VSCHAR: %v", q)
	}
}

func TestSessions(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	users := []demo.User{{Name: "alice", Password: "alice"}, {Name: "bob", Password: "bob"}}
	v := visit(t, demo.Config{Users: users, Now: c.Now})
	idToken, _ := v.tokens(ask())["id_token"].(string)

	const login, consent, code = "login", "consent", "code"
	for _, step := range []struct{ change, want string }{
		{"prompt=none", code},
		{"scope=openid,prompt=none", code},
		{"scope=openid email,prompt=none", "consent_required"},
		{"client_id=confidential,prompt=none", "consent_required"},
		{"prompt=none,id_token_hint=" + idToken, code},
		{"", consent}, // a public client is asked about each time: RFC 8252 §8.6
		{"client_id=confidential", consent},
		{"prompt=login", login},
		{"prompt=select_account", login},
		{"prompt=consent", consent},
		{"max_age=0", login},
		{"max_age=20,prompt=none", "login_required"},
		{"max_age=20", login},
		{"max_age=40", consent},
	} {
		if step.change == "max_age=20,prompt=none" {
			c.turn(30 * time.Second)
		}
		a := v.get("/authorize?" + ask(strings.Split(step.change, ",")...).Encode())
		if got := reached(t, a); got != step.want {
			t.Errorf("%.40s: %s, want %s", step.change, got, step.want)
		}
	}

	// A confidential client is asked about once.
	v.allow(ask("client_id=confidential"))
	if got := reached(t, v.get("/authorize?"+ask("client_id=confidential").Encode())); got != code {
		t.Errorf("a confidential client, the second time: %s", got)
	}
	if got := reached(t, newVisitor(t, v.issuer).get("/authorize?"+ask("prompt=none").Encode())); got != "login_required" {
		t.Errorf("another browser: %s", got)
	}

	// A hint for alice is not answered with bob.
	page := v.get("/authorize?" + ask("prompt=login", "id_token_hint="+idToken).Encode())
	if got := v.submit(parseForm(t, page), "username=bob", "password=bob").query(t).Get("error"); got != "login_required" {
		t.Errorf("bob for a hint about alice: %q", got)
	}
	// Bob did not agree to what alice allowed.
	if got := reached(t, v.get("/authorize?"+ask("client_id=confidential", "prompt=none").Encode())); got != "consent_required" {
		t.Errorf("bob, unasked: %s", got)
	}
}

// reached says what an authorization request led to.
func reached(t *testing.T, a answer) string {
	t.Helper()
	switch {
	case strings.Contains(a.body, `name="password"`):
		return "login"
	case strings.Contains(a.body, `name="consent"`):
		return "consent"
	}
	if q := a.query(t); q.Has("error") {
		return q.Get("error")
	}
	return "code"
}

func TestLoginRenewsAuthTime(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	v := visit(t, demo.Config{Now: c.Now})
	authTime := func(request url.Values) any {
		_, claims := v.verified(v.tokens(request)["id_token"])
		return claims["auth_time"]
	}
	first := authTime(ask())
	c.turn(time.Minute)
	if same := authTime(ask("prompt=none")); same != first {
		t.Errorf("auth_time moved from %v to %v without a sign-in", first, same)
	}
	if later := authTime(ask("prompt=login")); later != first.(float64)+60 {
		t.Errorf("auth_time after prompt=login is %v, first %v", later, first)
	}
}

func TestAutoConsent(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	if got := reached(t, v.get("/authorize?"+ask("prompt=none").Encode())); got != "login_required" {
		t.Errorf("prompt=none in a new browser: %s", got)
	}
	_, claims := v.verified(v.tokens(ask())["id_token"])
	if claims["sub"] != "alice" {
		t.Errorf("signed in: %v", claims["sub"])
	}
	if got := reached(t, v.get("/authorize?"+ask("prompt=none").Encode())); got != "code" {
		t.Errorf("prompt=none afterwards: %s", got)
	}
}

func TestDenial(t *testing.T) {
	v := visit(t, demo.Config{})
	page := v.follow(v.submit(parseForm(t, v.get("/authorize?"+ask().Encode())), "username=alice", "password=alice"))
	f := parseForm(t, page)
	if a := v.submit(f, "consent=perhaps"); a.StatusCode != 400 {
		t.Errorf("consent=perhaps: %d", a.StatusCode)
	}
	q := v.submit(f, "consent=deny").query(t)
	if q.Get("error") != "access_denied" || q.Get("state") != "s t/a+t&e" || q.Get("iss") != v.issuer || q.Has("code") {
		t.Errorf("denied: %v", q)
	}
	if a := v.submit(f, "consent=allow"); a.StatusCode != 400 || a.Header.Get("Location") != "" {
		t.Errorf("allowed after it was denied: %d", a.StatusCode)
	}
}

func TestFormsAreGuarded(t *testing.T) {
	v := visit(t, demo.Config{})
	page := v.get("/authorize?" + ask().Encode())
	before := cookieOf(t, page)
	if !before.HttpOnly || before.SameSite != http.SameSiteLaxMode || before.Path != "/" {
		t.Errorf("session cookie: %v", before)
	}
	login := parseForm(t, page)
	for _, change := range []string{"csrf=x", "-csrf"} {
		if a := v.submit(login, change, "username=alice", "password=alice"); a.StatusCode != 403 {
			t.Errorf("%s: %d", change, a.StatusCode)
		}
	}
	stranger := newVisitor(t, v.issuer)
	if a := stranger.submit(login, "username=alice", "password=alice"); a.StatusCode != 403 {
		t.Errorf("the form in another browser: %d", a.StatusCode)
	}
	if a := v.submit(login, "transaction=x", "username=alice", "password=alice"); a.StatusCode != 400 {
		t.Errorf("a transaction that does not exist: %d", a.StatusCode)
	}
	// The consent form cannot be reached around the sign-in.
	if a := v.get("/consent?transaction=" + login.fields.Get("transaction")); !strings.Contains(a.body, `name="password"`) {
		t.Errorf("consent before sign-in: %d", a.StatusCode)
	}
	if a := v.post("/consent", values(login.fields, "consent=allow")); a.StatusCode != 400 || a.Header.Get("Location") != "" {
		t.Errorf("allowed before sign-in: %d", a.StatusCode)
	}
	after := cookieOf(t, v.submit(login, "username=alice", "password=alice"))
	if after.Value == before.Value || after.Name != before.Name {
		t.Error("signing in did not renew the session")
	}
	old := newVisitor(t, v.issuer)
	r := old.request("GET", "/authorize?"+ask("prompt=none").Encode(), "")
	r.AddCookie(before)
	if got := reached(t, old.do(r)); got != "login_required" {
		t.Errorf("the cookie from before the sign-in: %s", got)
	}
	if a := v.get("/authorize?" + ask("prompt=login").Encode()); !strings.Contains(a.body, `name="password"`) {
		t.Fatal("prompt=login showed no login page")
	} else if f := parseForm(t, a); v.post("/consent", values(f.fields, "consent=allow")).StatusCode != 400 {
		t.Error("prompt=login was bypassed by the consent form")
	}
}

func cookieOf(t *testing.T, a answer) *http.Cookie {
	t.Helper()
	if cookies := a.Cookies(); len(cookies) == 1 {
		return cookies[0]
	}
	t.Fatalf("cookies: %v", a.Cookies())
	return nil
}
