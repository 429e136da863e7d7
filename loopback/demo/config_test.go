package demo_test

import (
	"errors"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// serve asks a server without a network.
func serve(s *demo.Server, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestConfigErrors(t *testing.T) {
	good := "http://127.0.0.1:1"
	for _, c := range []struct {
		config demo.Config
		want   string
	}{
		{demo.Config{}, "the issuer is missing"},
		{demo.Config{Issuer: good + "/"}, "may not end in a slash"},
		{demo.Config{Issuer: good + "?x"}, "may have no query"},
		{demo.Config{Issuer: good, Interval: -1}, "an interval of -1"},
		{demo.Config{Issuer: good, Interval: 86401}, "an interval of 86401 seconds; it takes at most a day"},
		{demo.Config{Issuer: "ftp://x"}, "no http or https URL"},
		{demo.Config{Issuer: good, Users: []demo.User{{Name: "a"}, {Name: "a"}}}, `user name "a" is empty or given twice`},
		{demo.Config{Issuer: good, Users: []demo.User{{Name: "a", Claims: map[string]any{"f": func() {}}}}}, "the claims of a"},
		{demo.Config{Issuer: good, Clients: []demo.Client{{ID: ""}}}, `client id "" is empty`},
		{demo.Config{Issuer: good, Clients: []demo.Client{{ID: "c", RedirectURIs: []string{"javascript:alert(1)"}}}}, "private-use scheme without a period"},
		{demo.Config{Issuer: good, Clients: []demo.Client{{ID: "c", AuthMethods: []string{"magic"}}}}, `no authentication method "magic"`},
		{demo.Config{Issuer: good, Clients: []demo.Client{{ID: "c", Secret: "s", AuthMethods: []string{"none"}}}}, "does not go with its secret"},
	} {
		if _, err := demo.New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.config, err, c.want)
		}
	}
}

func TestUnknownFault(t *testing.T) {
	for typed, nearest := range map[string]string{
		"state-wrog":      "state-wrong",
		"idtoken_expired": "idtoken-expired",
		"iss-mising":      "iss-missing",
		"":                "ciba-429", // any; here the first of the shortest
	} {
		_, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", Faults: []string{typed}})
		var unknown *demo.UnknownFault
		if !errors.As(err, &unknown) {
			t.Fatalf("%q: %v is no UnknownFault", typed, err)
		}
		if diff := cmp.Diff(demo.UnknownFault{Name: typed, Nearest: nearest}, *unknown); diff != "" {
			t.Error(diff)
		}
		if !strings.Contains(err.Error(), nearest) {
			t.Errorf("%q does not name %s", err, nearest)
		}
	}
}

func TestStart(t *testing.T) {
	for addr, prefix := range map[string]string{"127.0.0.1:0": "http://127.0.0.1:", "localhost:0": "http://localhost:"} {
		run, err := demo.Start(addr, demo.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(run.Issuer, prefix) || strings.HasSuffix(run.Issuer, ":0") {
			t.Errorf("%s: issuer %s", addr, run.Issuer)
		}
		if _, err := demo.Start(strings.TrimPrefix(run.Issuer, "http://"), demo.Config{}); err == nil {
			t.Error("a port was taken twice")
		}
		if err := errors.Join(run.Close(), run.Close()); err != nil {
			t.Errorf("closing twice: %v", err)
		}
	}
	if _, err := demo.Start("127.0.0.1:0", demo.Config{Faults: []string{"x"}}); err == nil {
		t.Error("Start took an unknown fault")
	}
}

func TestLog(t *testing.T) {
	var mu sync.Mutex
	var hits []demo.Hit
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	v := visit(t, demo.Config{
		Now: func() time.Time { return at }, AutoConsent: true, Faults: []string{"state-wrong"},
		Log: func(h demo.Hit) { mu.Lock(); defer mu.Unlock(); hits = append(hits, h) },
	})
	code := v.code(ask())
	v.post("/token", redeem(code))
	v.post("/token", redeem("stale"))
	mu.Lock()
	defer mu.Unlock()
	type line struct {
		Method, Path string
		Status       int
		Note         string
	}
	var got []line
	for _, h := range hits {
		if !h.At.Equal(at) || h.Header.Get("User-Agent") == "" {
			t.Errorf("hit without time or header: %+v", h)
		}
		got = append(got, line{h.Method, h.Path, h.Status, h.Note})
	}
	want := []line{
		{"GET", "/authorize", 303, "a code for alice and client public, scope openid profile offline_access [fault state-wrong]"},
		{"POST", "/token", 200, "tokens for alice and client public, scope openid profile offline_access"},
		{"POST", "/token", 400, "invalid_grant: the code was not issued by this server"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if hits[0].RawQuery != ask().Encode() || hits[1].Body != redeem(code).Encode() {
		t.Errorf("query %q and body %q are not what was sent", hits[0].RawQuery, hits[1].Body)
	}
}

func TestRandomnessFails(t *testing.T) {
	s, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", AutoConsent: true, Rand: iotest.ErrReader(errors.New("dry"))})
	if err != nil {
		t.Fatal(err)
	}
	w := serve(s, "GET", "/authorize?"+ask().Encode(), "")
	if w.Code != 500 || w.Header().Get("Location") != "" || w.Header().Get("Set-Cookie") != "" || !strings.Contains(w.Body.String(), "server_error") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestManners(t *testing.T) {
	v := visit(t, demo.Config{})
	for _, c := range []struct {
		method, path, accept string
		status               int
		header, value        string
		body                 string
	}{
		{"GET", "/token", "", 405, "Allow", "POST", `"error":"invalid_request"`},
		{"GET", "/token", "text/html", 405, "Content-Type", "text/html; charset=utf-8", "use POST"},
		{"DELETE", "/authorize", "", 405, "Allow", "GET, POST", `"error"`},
		{"HEAD", "/authorize", "", 405, "Allow", "GET, POST", ""},
		{"PUT", "/jwks", "", 405, "Allow", "GET, HEAD", `"error"`},
		{"OPTIONS", "/authorize", "", 405, "Access-Control-Allow-Origin", "", `"error"`}, // RFC 9700 §2.6
		{"OPTIONS", "/token", "", 204, "Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP", ""},
		{"GET", "/nowhere", "", 404, "Content-Type", "application/json", `"error":"not_found"`},
		{"GET", "/nowhere", "text/html", 404, "Content-Type", "text/html; charset=utf-8", "nothing lives at /nowhere"},
		{"GET", "/userinfo", "", 401, "WWW-Authenticate", `Bearer realm="oauthprobe demo"`, "{}"},
		{"HEAD", "/.well-known/openid-configuration", "", 200, "Content-Type", "application/json", ""},
		{"GET", "/jwks", "", 200, "Access-Control-Allow-Origin", "*", `"kid":"demo-1"`},
	} {
		r := v.request(c.method, c.path, "")
		r.Header.Set("Accept", c.accept)
		a := v.do(r)
		if a.StatusCode != c.status || a.Header.Get(c.header) != c.value || !strings.Contains(a.body, c.body) {
			t.Errorf("%s %s: %d %s=%q %s", c.method, c.path, a.StatusCode, c.header, a.Header.Get(c.header), a.body)
		}
	}
	if a := v.do(v.request("POST", "/token", strings.Repeat("x", 64<<10+1))); a.StatusCode != 413 {
		t.Errorf("a body of more than 64 KiB: %d", a.StatusCode)
	}
}

func TestMetadata(t *testing.T) {
	v := visit(t, demo.Config{})
	first, second := v.get("/.well-known/openid-configuration"), v.get("/.well-known/oauth-authorization-server")
	if first.body != second.body || first.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the two documents differ:\n%s\n%s", first.body, second.body)
	}
	m := first.object(t)
	claims, _ := m["claims_supported"].([]any)
	for _, name := range []any{"sub", "iss", "auth_time", "name", "email", "email_verified"} {
		if !slices.Contains(claims, name) {
			t.Errorf("claims_supported lacks %v", name)
		}
	}
	delete(m, "claims_supported")
	list := func(names ...any) []any { return names }
	keyAlgs := list("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
	want := map[string]any{
		"issuer": v.issuer, "authorization_endpoint": v.issuer + "/authorize", "token_endpoint": v.issuer + "/token",
		"userinfo_endpoint": v.issuer + "/userinfo", "device_authorization_endpoint": v.issuer + "/device_authorization", "jwks_uri": v.issuer + "/jwks", "service_documentation": v.issuer + "/",
		"scopes_supported":                    list("openid", "profile", "email", "offline_access", "api"),
		"response_types_supported":            list("code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token", "none"),
		"grant_types_supported":               list("authorization_code", "refresh_token", "client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer", "urn:openid:params:grant-type:ciba", "implicit"),
		"backchannel_authentication_endpoint": v.issuer + "/backchannel", "backchannel_token_delivery_modes_supported": list("poll", "ping", "push"), "backchannel_user_code_parameter_supported": true,
		"token_endpoint_auth_methods_supported": list("none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "attest_jwt_client_auth"),
		"challenge_endpoint":                    v.issuer + "/challenge", "client_attestation_signing_alg_values_supported": keyAlgs, "client_attestation_pop_signing_alg_values_supported": keyAlgs,
		"token_endpoint_auth_signing_alg_values_supported": list("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
		"code_challenge_methods_supported":                 list("S256", "plain"),
		"subject_types_supported":                          list("public"),
		"id_token_signing_alg_values_supported":            list("RS256"),
		"prompt_values_supported":                          list("none", "login", "consent", "select_account"),
		"ui_locales_supported":                             list("en"),
		"request_uri_parameter_supported":                  false,
		"authorization_response_iss_parameter_supported":   true,
	}
	maps.Copy(want, useMembers(v.issuer))
	maps.Copy(want, requestMetadata(v.issuer))
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	keys := v.keys()
	if len(keys.Keys) != 4 || !keys.Keys[0].Valid() || !keys.Keys[0].IsPublic() || keys.Keys[0].Algorithm != "RS256" || keys.Keys[0].Use != "sig" {
		t.Errorf("keys: %+v", keys)
	}
}
