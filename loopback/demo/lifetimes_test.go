package demo_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// Everything that is handed out dies when its lifetime says so, and says so.
func TestLifetimesAsConfigured(t *testing.T) {
	c := &clock{now: now}
	v := visit(t, demo.Config{Now: c.Now, AutoConsent: true, Lifetimes: demo.Lifetimes{
		AccessToken: 7 * time.Second, IDToken: 11 * time.Second, Code: 3 * time.Second,
		RefreshToken: 20 * time.Second, DeviceCode: 5 * time.Second, RequestURI: 2 * time.Second,
	}})
	late := v.code(ask())
	c.turn(4 * time.Second)
	if a := v.post("/token", redeem(late)); a.object(t)["error"] != "invalid_grant" || !strings.Contains(a.body, "lives for 3 seconds") {
		t.Errorf("a code of 4 s gave %s", a.body)
	}
	tok := v.tokens(ask())
	_, claims := v.verified(tok["id_token"])
	if tok["expires_in"] != 7.0 || claims["exp"].(float64)-claims["iat"].(float64) != 11 {
		t.Errorf("expires_in %v, claims %v", tok["expires_in"], claims)
	}
	c.turn(8 * time.Second)
	if a := v.whoami(tok["access_token"]); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("an access token of 8 s gave %d", a.StatusCode)
	}
	c.turn(13 * time.Second)
	a := v.post("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tok["refresh_token"].(string)}, "client_id": {"public"}})
	if a.object(t)["error"] != "invalid_grant" {
		t.Errorf("a refresh token of 21 s gave %s", a.body)
	}
	device := v.device().object(t)
	pushed := v.post("/par", ask()).object(t)
	if device["expires_in"] != 5.0 || pushed["expires_in"] != 2.0 {
		t.Errorf("device %v, pushed %v", device["expires_in"], pushed["expires_in"])
	}
	c.turn(6 * time.Second)
	if a := v.pollDevice(device["device_code"]); a.object(t)["error"] != "expired_token" {
		t.Errorf("a device code of 6 s gave %s", a.body)
	}
	if a := v.get("/authorize?" + url.Values{"client_id": {"public"}, "request_uri": {pushed["request_uri"].(string)}}.Encode()); a.StatusCode != 400 {
		t.Errorf("a request URI of 6 s gave %d", a.StatusCode)
	}
}

func TestFurtherConfigErrors(t *testing.T) {
	for want, c := range map[string]demo.Config{
		"a lifetime of -1s for the code":       {Lifetimes: demo.Lifetimes{Code: -time.Second}},
		"a lifetime of 1.5s for the ID token":  {Lifetimes: demo.Lifetimes{IDToken: 1500 * time.Millisecond}},
		"a lifetime of 438000h0m0s":            {Lifetimes: demo.Lifetimes{AccessToken: 438000 * time.Hour}},
		`a delay for "tokens"; there is autho`: {Delays: demo.Delays{"tokens": time.Second}},
		"a delay of -1s for token":             {Delays: demo.Delays{"token": -time.Second}},
		`the scope "a b" is empty`:             {Scopes: []string{"openid", "a b"}},
		`the scope "x" is empty, given twice`:  {Scopes: []string{"x", "x"}},
		"signing keys: they are no JSON":       {SigningKeys: []byte("-----BEGIN")},
		"there is no key in the set":           {SigningKeys: []byte(`{"keys":[]}`)},
		"key 1: it is no private RSA or P-256": {SigningKeys: []byte(`{"kty":"oct","k":"AAAA"}`)},
		"none is RSA, which RS256 needs":       {SigningKeys: demo.ClientKey()},
	} {
		c.Issuer = "http://127.0.0.1:1"
		if _, err := demo.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The scopes of a configuration are all that may be asked for.
func TestScopesAsConfigured(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Scopes: []string{"orders:read", "openid"}})
	doc := v.get("/.well-known/openid-configuration").object(t)
	if diff := cmp.Diff([]any{"orders:read", "openid"}, doc["scopes_supported"]); diff != "" {
		t.Error(diff)
	}
	if q := v.get("/authorize?" + ask("scope=profile").Encode()).query(t); q.Get("error") != "invalid_scope" {
		t.Errorf("an unknown scope gave %v", q)
	}
	if tok := v.tokens(ask("-scope")); tok["scope"] != "orders:read" {
		t.Errorf("without a scope the client gets %v", tok["scope"])
	}
	if a := v.post("/token", confidential("client_credentials")); a.object(t)["scope"] != "orders:read" {
		t.Errorf("a client for itself gets %s", a.body)
	}
	pages := visit(t, demo.Config{Scopes: []string{"orders:read", "openid"}})
	page := pages.submit(parseForm(t, pages.get("/authorize?"+ask("scope=orders:read").Encode())), "username=alice", "password=alice")
	if page.StatusCode == http.StatusSeeOther {
		page = pages.follow(page)
	}
	if !strings.Contains(page.body, "Do what the application calls “orders:read”") {
		t.Errorf("the consent page says nothing of the scope:\n%s", page.body)
	}
}

// What is signed verifies with the keys of the configuration, and with none of the demo's.
func TestSigningKeysAsConfigured(t *testing.T) {
	one, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	next, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: one}, {Key: next, KeyID: "next"}, {Key: curve, KeyID: "curve"}}})
	if err != nil {
		t.Fatal(err)
	}
	v := visit(t, demo.Config{AutoConsent: true, SigningKeys: set, Clients: []demo.Client{
		{ID: "public", IDTokenSignedAlg: "ES256"},
	}})
	tok := v.tokens(ask())
	header, _ := v.verified(tok["access_token"])
	if header["kid"] != "curve" {
		t.Errorf("kid %v", header["kid"])
	}
	sig, err := jose.ParseSignedCompact(tok["id_token"].(string), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sig.Verify(&curve.PublicKey); err != nil || sig.Signatures[0].Header.KeyID != "curve" {
		t.Errorf("the ID token: %v, kid %s", err, sig.Signatures[0].Header.KeyID)
	}
	doc := v.get("/.well-known/openid-configuration").object(t)
	if diff := cmp.Diff([]any{"RS256", "ES256"}, doc["id_token_signing_alg_values_supported"]); diff != "" {
		t.Error(diff)
	}
	var kids []string
	for _, k := range v.keys().Keys {
		kids = append(kids, k.KeyID)
		if !k.IsPublic() {
			t.Errorf("key %s is published with its private half", k.KeyID)
		}
	}
	if slices.Contains(kids, "demo-1") || slices.Contains(kids, "demo-es256") || !slices.Contains(kids, "next") {
		t.Errorf("published %v", kids)
	}
}

// Opaque tokens say nothing and work all the same.
func TestOpaqueTokens(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, OpaqueTokens: true})
	tok := v.tokens(ask())
	if strings.Contains(tok["access_token"].(string), ".") {
		t.Errorf("the access token is %v", tok["access_token"])
	}
	if a := v.whoami(tok["access_token"]); a.object(t)["sub"] != "alice" {
		t.Errorf("UserInfo says %s", a.body)
	}
}

// A delay holds back its endpoint and no other, and ends with the server.
func TestDelays(t *testing.T) {
	seen := make(chan demo.Hit, 8)
	run, err := demo.Start("127.0.0.1:0", demo.Config{Delays: demo.Delays{"token": time.Hour}, Log: func(h demo.Hit) { seen <- h }})
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, run.Issuer)
	if a := v.get("/jwks"); a.StatusCode != http.StatusOK {
		t.Errorf("another endpoint: %d", a.StatusCode)
	}
	v.http.Timeout = 100 * time.Millisecond
	if _, err := v.http.PostForm(v.issuer+"/token", confidential("client_credentials")); !isTimeout(err) {
		t.Errorf("the token endpoint: %v", err)
	}
	v.http.Timeout = time.Minute
	ended := make(chan error, 1)
	go func() {
		resp, err := v.http.PostForm(v.issuer+"/token", confidential("client_credentials"))
		if err == nil {
			resp.Body.Close()
		}
		ended <- err
	}()
	for h := range seen {
		if h.Path == "/token" {
			break // the first one, given up
		}
	}
	if err := run.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("an answer came although the server had ended")
	}
}

// A Hit tells both sides of what happened.
func TestHitTellsTheAnswer(t *testing.T) {
	var hits []demo.Hit
	s, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", Faults: []string{"token-type-missing"}, Log: func(h demo.Hit) { hits = append(hits, h) }})
	if err != nil {
		t.Fatal(err)
	}
	w := serve(s, "POST", "http://127.0.0.1:1/token", confidential("client_credentials").Encode())
	h := hits[0]
	if h.AnswerBody != w.Body.String() || h.Answer.Get("Cache-Control") != "no-store" || h.Host != "127.0.0.1:1" || h.Proto != "HTTP/1.1" || h.Secure {
		t.Errorf("%+v", h)
	}
	if diff := cmp.Diff([]string{"token-type-missing"}, h.Faults); diff != "" {
		t.Error(diff)
	}
}
