package demo_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// requestMetadata is what the metadata says about better requests and their answers.
func requestMetadata(issuer string) map[string]any {
	list := func(names ...any) []any { return names }
	algs := list("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
	wraps := list("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "dir")
	encs := list("A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM")
	return map[string]any{
		"pushed_authorization_request_endpoint": issuer + "/par", "require_pushed_authorization_requests": false,
		"request_parameter_supported": true, "require_signed_request_object": false,
		"request_object_signing_alg_values_supported":    algs,
		"request_object_encryption_alg_values_supported": wraps, "request_object_encryption_enc_values_supported": encs,
		"response_modes_supported":                      list("query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"),
		"authorization_signing_alg_values_supported":    list("RS256", "ES256", "HS256"),
		"authorization_encryption_alg_values_supported": wraps,
		"authorization_encryption_enc_values_supported": encs,
		"authorization_details_types_supported":         list("payment_initiation", "account_information"),
		"claims_parameter_supported":                    true,
		"acr_values_supported":                          list("urn:example:basic", "urn:example:strong", "urn:mace:incommon:iap:silver"),
	}
}

// push pushes a request and gives the reference to it.
func (v *visitor) push(form url.Values) string {
	v.t.Helper()
	a := v.post("/par", form)
	uri, _ := a.object(v.t)["request_uri"].(string)
	if a.StatusCode != http.StatusCreated || uri == "" {
		v.t.Fatalf("push: %d %s", a.StatusCode, a.body)
	}
	return uri
}

// refer is what the browser carries instead of a pushed request.
func refer(client, uri string, pairs ...string) url.Values {
	return values(url.Values{"client_id": {client}, "request_uri": {uri}}, pairs...)
}

func TestPAR(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	a := v.post("/par", ask())
	got := a.object(t)
	uri, _ := got["request_uri"].(string)
	if diff := cmp.Diff(map[string]any{"request_uri": uri, "expires_in": 60.0}, got); diff != "" || a.StatusCode != 201 ||
		a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, diff)
	}
	secret, ours := strings.CutPrefix(uri, "urn:ietf:params:oauth:request_uri:")
	if !ours || len(mustDecode(t, secret)) != 32 {
		t.Errorf("request_uri %q (RFC 9126 §2.2, §7.1)", uri)
	}
	// What comes beside the reference counts for nothing (RFC 9126 §4, RFC 9101 §6.3).
	beside := refer("public", uri, "scope=email", "state=evil", "redirect_uri=http://127.0.0.1:9/evil", "response_type=token", "code_challenge=x")
	login := v.get("/authorize?" + beside.Encode())
	f := parseForm(t, login)
	if !strings.Contains(login.body, "<b>public</b>") || !strings.Contains(login.body, "redirect_uri="+strings.ReplaceAll(callback, "&", "&amp;")) ||
		!strings.Contains(login.body, "carries only this reference") || strings.Contains(login.body, "evil") {
		t.Errorf("the login page: %s", login.body)
	}
	consent := v.follow(v.submit(f, "username=alice", "password=alice"))
	if !strings.Contains(consent.body, "Keep this access while you are away") || strings.Contains(consent.body, "e-mail") {
		t.Errorf("the consent page shows other scopes: %s", consent.body)
	}
	q := v.submit(parseForm(t, consent), "consent=allow").query(t)
	if q.Get("state") != "s t/a+t&e" {
		t.Errorf("the answer: %v", q)
	}
	v.granted(redeem(q.Get("code")))
	again := v.get("/authorize?" + refer("public", uri).Encode())
	if again.StatusCode != 400 || !strings.Contains(again.body, "invalid_request_uri") || !strings.Contains(again.body, "used before") {
		t.Errorf("a second use: %d %s", again.StatusCode, again.body)
	}
}

// Whatever is wrong with a request is told where it is pushed (RFC 9126 §2.3).
func TestPARErrors(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	for _, c := range []struct {
		change, code string
		status       int
		says         string
	}{
		{"request_uri=urn:x", "invalid_request", 400, "may not be pushed"},
		{"-client_id", "invalid_client", 401, "neither client_id nor"},
		{"client_id=nobody", "invalid_client", 401, "no client nobody"},
		{"client_id=confidential", "invalid_client", 401, "must authenticate"},
		{"client_id=confidential,client_secret=x", "invalid_client", 401, "wrong"},
		{"-response_type", "invalid_request", 400, "response_type is missing"},
		{"response_type=zz", "unsupported_response_type", 400, "zz"},
		{"response_mode=zz", "invalid_request", 400, "response_mode zz"},
		{"scope=zz", "invalid_scope", 400, "not known"},
		{"-redirect_uri", "invalid_request", 400, "redirect_uri is missing"},
		{"redirect_uri=https://evil.example/", "invalid_request", 400, "not an http address of this machine"},
		{"-code_challenge,-code_challenge_method", "invalid_request", 400, "must use PKCE"},
		{"nonce+=x", "invalid_request", 400, "nonce came more than once"},
		{"request=a.b.c", "invalid_request", 400, "stands beside request"},
		{"dpop_jkt=x", "invalid_request", 400, "no SHA-256 thumbprint"},
		{"resource=https://nowhere.example", "invalid_target", 400, "unknown here"},
		{"authorization_details=[]", "invalid_authorization_details", 400, "at least one"},
		{"claims=[]", "invalid_request", 400, "no JSON object"},
	} {
		refused(t, v.post("/par", ask(strings.Split(c.change, ",")...)), c.status, c.code, c.says)
	}
	if a := v.get("/par?" + ask().Encode()); a.StatusCode != 405 || a.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d %v", a.StatusCode, a.Header)
	}
	r := v.request("POST", "/par", values(ask(), "-client_id").Encode())
	r.SetBasicAuth("confidential", "secret")
	refused(t, v.do(r), 400, "invalid_request", "client_id is missing")
	r = v.request("POST", "/par", ask("client_id=confidential").Encode())
	r.SetBasicAuth("confidential", "secret")
	if a := v.do(r); a.StatusCode != 201 {
		t.Errorf("client_secret_basic: %s", a.body)
	}
	for name, aud := range map[string]string{"issuer": v.issuer, "this endpoint": v.issuer + "/par"} { // RFC 9126 §2
		good := sign(t, jose.ES256, clientKey(t), "", claims(v.issuer, "jwt", map[string]any{"aud": aud}))
		form := values(ask("client_id=jwt"), "client_assertion_type="+assertionType, "client_assertion="+good)
		uri := v.push(form)
		if page := v.get("/authorize?" + refer("jwt", uri).Encode()); strings.Contains(page.body, "client_assertion") {
			t.Errorf("%s: the page shows credentials", name)
		}
		refused(t, v.post("/par", form), 401, "invalid_client", "was used before")
	}
}

// Whatever is wrong with the reference is shown and never redirected.
func TestPARReferences(t *testing.T) {
	c := &clock{now: now}
	v := visit(t, demo.Config{Now: c.Now, AutoConsent: true})
	uri := v.push(ask())
	for _, c := range []struct {
		form       url.Values
		code, says string
	}{
		{refer("public", "urn:ietf:params:oauth:request_uri:"+rand.Text()), "invalid_request_uri", "names no request"},
		{refer("confidential", uri), "invalid_request", "another client"},
		{refer("public", uri, "-client_id"), "invalid_request", "client_id is missing"},
		{refer("public", uri, "client_id+=public"), "invalid_request", "client_id came more than once"},
		{refer("public", uri, "request_uri+="+uri), "invalid_request", "request_uri came more than once"},
		{refer("public", uri, "request=a.b.c"), "invalid_request", "exclude each other"},
	} {
		a := v.get("/authorize?" + c.form.Encode())
		if a.StatusCode != 400 || !strings.Contains(a.body, "<code>"+c.code+"</code>") || !strings.Contains(a.body, c.says) || a.Header.Get("Location") != "" {
			t.Errorf("%v: %d %s, want %s that says %q", c.form, a.StatusCode, a.body, c.code, c.says)
		}
	}
	c.turn(60 * time.Second) // none of these has used it up
	if q := v.post("/authorize", refer("public", uri)).query(t); q.Get("code") == "" {
		t.Errorf("by POST, in the last second: %v", q)
	}
	late := v.push(ask())
	c.turn(61 * time.Second)
	if a := v.get("/authorize?" + refer("public", late).Encode()); a.StatusCode != 400 || !strings.Contains(a.body, "expired") {
		t.Errorf("expired: %d", a.StatusCode)
	}
}

func TestPARRequired(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	plain := v.get("/authorize?" + ask("client_id=par-only").Encode()).query(t)
	if plain.Get("error") != "invalid_request" || !strings.Contains(plain.Get("error_description"), "must push") {
		t.Errorf("not pushed: %v", plain)
	}
	uri := v.push(ask("client_id=par-only"))
	if q := v.get("/authorize?" + refer("par-only", uri).Encode()).query(t); q.Get("code") == "" {
		t.Errorf("pushed: %v", q)
	}
}

func TestPAROverTLS(t *testing.T) {
	run := startMTLS(t, demo.Start, demo.Config{MTLS: "127.0.0.1:0", AutoConsent: true})
	v := visitTLS(t, run, true)
	a := v.post(run.MTLS+"/par", ask("client_id=mtls"))
	uri, _ := a.object(t)["request_uri"].(string)
	if a.StatusCode != 201 || v.get("/authorize?"+refer("mtls", uri).Encode()).query(t).Get("code") == "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	refused(t, v.post("/par", ask("client_id=mtls")), 401, "invalid_client", "see mtls_endpoint_aliases")
	whole := startMTLS(t, demo.StartTLS, demo.Config{AutoConsent: true})
	v = visitTLS(t, whole, true)
	if q := v.get("/authorize?" + refer("mtls", v.push(ask("client_id=mtls"))).Encode()).query(t); q.Get("code") == "" {
		t.Errorf("StartTLS: %v", q)
	}
}
