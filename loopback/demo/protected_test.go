package demo_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

const dpopAlgs = `algs="ES256 ES384 ES512 RS256 PS256 EdDSA Ed25519"`

func TestResource(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Issuer: "/tenant"})
	at := v.tokens(ask("scope=openid api"))["access_token"].(string)
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "QUERY"} {
		r := v.request(method, "/resource/some/where?x=1", `{"a":"ä"}`)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "bearer "+at)
		a := v.do(r)
		want := map[string]any{"resource": v.issuer + "/resource/some/where", "method": method, "sub": "alice", "client_id": "public",
			"scope": "openid api", "body": `{"a":"ä"}`}
		if diff := cmp.Diff(want, a.object(t)); diff != "" || a.StatusCode != 200 || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", method, a.StatusCode, diff)
		}
	}
	for path, want := range map[string]struct {
		status     int
		kind, says string
	}{
		"/resource":          {200, "application/json", `"sub":"alice"`},
		"/resource/":         {200, "application/json", `/resource/"`},
		"/resource/api":      {200, "application/json", `"scope":"openid api"`},
		"/resource/recent":   {200, "application/json", `"sub":"alice"`},
		"/resource/html":     {200, "text/html; charset=utf-8", "<!DOCTYPE html>"},
		"/resource/500":      {500, "application/json", "went wrong"},
		"/resource/404":      {404, "application/json", "no such report"},
		"/resource/redirect": {302, "", ""},
		"/resources":         {404, "application/json", "nothing lives at"},
	} {
		a := v.call(path, "Bearer", at)
		if a.StatusCode != want.status || a.Header.Get("Content-Type") != want.kind || !strings.Contains(a.body, want.says) {
			t.Errorf("%s: %d %v %s", path, a.StatusCode, a.Header, a.body)
		}
		if to := a.Header.Get("Location"); (to == "https://attacker.example/resource") != (want.status == 302) {
			t.Errorf("%s: leads to %q", path, to)
		}
	}
	r := v.request("OPTIONS", "/resource", "")
	r.Header.Set("Access-Control-Request-Method", "PUT")
	if a := v.do(r); a.StatusCode != 204 || !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "DPoP") {
		t.Errorf("preflight: %d %v", a.StatusCode, a.Header)
	}
}

// The challenges to the letter, and how many header fields they come in.
func TestResourceChallenges(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Issuer: "/tenant"})
	root := strings.TrimSuffix(v.issuer, "/tenant")
	where := func(path string) string {
		return `resource_metadata="` + root + "/.well-known/oauth-protected-resource/tenant/resource" + path + `"`
	}
	at := v.tokens(ask("scope=profile"))["access_token"].(string)
	machine := v.granted(confidential("client_credentials"))["access_token"].(string)
	for _, c := range []struct {
		path, header string
		status       int
		want         []string
	}{
		{"", "", 401, []string{`Bearer realm="demo", scope="api", ` + where("") + `, DPoP ` + dpopAlgs}},
		{"/two", "", 401, []string{`Bearer realm="demo", scope="api", ` + where("/two"), `DPoP ` + dpopAlgs}},
		{"/%22,%20x=%22%0aa", "", 401, []string{`Bearer realm="demo", scope="api", ` + where("/%22,%20x=%22%0Aa") + `, DPoP ` + dpopAlgs}},
		{"/a", "Basic eDp4", 401, []string{`Bearer realm="demo", scope="api", ` + where("/a") + `, DPoP ` + dpopAlgs}},
		{"", "Bearer x", 401, []string{`Bearer realm="demo", error="invalid_token", error_description="the access token was not issued by this server", ` + where("")}},
		{"/two", "DPoP x", 401, []string{`DPoP error="invalid_token", error_description="the access token was not issued by this server", ` + dpopAlgs + ", " + where("/two")}},
		{"", "Bearer ", 400, []string{`Bearer realm="demo", error="invalid_request", error_description="the Authorization header has no token", ` + where("")}},
		{"?access_token=" + at, "", 400, []string{`Bearer realm="demo", error="invalid_request", error_description="an access token belongs into the Authorization header, not into the URL or the body (OAuth 2.1 section 5.1)", ` + where("")}},
		{"/api", "Bearer " + at, 403, []string{`Bearer realm="demo", error="insufficient_scope", error_description="the access token lacks the scope api", scope="api", ` + where("/api")}},
		{"/strong", "Bearer " + at, 401, []string{`Bearer realm="demo", error="insufficient_user_authentication", error_description="the sign-in was not strong enough", acr_values="urn:example:strong", ` + where("/strong")}},
		{"/recent", "Bearer " + machine, 401, []string{`Bearer realm="demo", error="insufficient_user_authentication", error_description="the sign-in is too long ago", max_age="60", ` + where("/recent")}},
	} {
		r := v.request("GET", "/resource"+c.path, "")
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		a := v.do(r)
		if diff := cmp.Diff(c.want, a.Header.Values("WWW-Authenticate")); diff != "" || a.StatusCode != c.status {
			t.Errorf("%s %s: %d %s", c.path, c.header, a.StatusCode, diff)
		}
	}
	if a := v.do(v.request("POST", "/resource", "access_token="+at)); a.StatusCode != 400 || !strings.Contains(a.body, "invalid_request") {
		t.Errorf("a token in the form: %d %s", a.StatusCode, a.body)
	}
}

func TestStepUp(t *testing.T) {
	c := &clock{now: now}
	v := visit(t, demo.Config{AutoConsent: true, Now: c.Now})
	strong := v.tokens(ask("scope=openid api", "acr_values=urn:example:other urn:example:strong urn:example:basic"))
	if a := v.call("/resource/strong", "Bearer", strong["access_token"]); a.StatusCode != 200 {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	plain := v.tokens(ask("scope=api", "-nonce", "acr_values=urn:example:strong"))
	if a := v.call("/resource/strong", "Bearer", plain["access_token"]); a.StatusCode != 200 {
		t.Errorf("without OpenID Connect: %d %v", a.StatusCode, a.Header)
	}
	c.turn(61 * time.Second)
	if a := v.call("/resource/recent", "Bearer", strong["access_token"]); a.StatusCode != 401 || !strings.Contains(a.Header.Get("WWW-Authenticate"), `max_age="60"`) {
		t.Errorf("61 s later: %d %v", a.StatusCode, a.Header)
	}
	again := v.tokens(ask("max_age=60"))
	if a := v.call("/resource/recent", "Bearer", again["access_token"]); a.StatusCode != 200 {
		t.Errorf("after max_age: %d %v", a.StatusCode, a.Header)
	}
}

func TestResourceAudience(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	for resource, want := range map[string]int{
		"":                         200,
		v.issuer:                   200,
		v.issuer + "/resource":     200,
		v.issuer + "/resource/api": 200,
		"https://api.example":      401,
		v.issuer + "/userinfo":     401,
	} {
		at := v.granted(confidential("client_credentials", "resource="+resource))["access_token"]
		a := v.call("/resource", "Bearer", at)
		if challenge := a.Header.Get("WWW-Authenticate"); a.StatusCode != want || strings.Contains(challenge, "not for this endpoint") != (want == 401) {
			t.Errorf("%s: %d %s", resource, a.StatusCode, challenge)
		}
	}
}

func TestResourceMetadata(t *testing.T) {
	run := startMTLS(t, demo.Start, demo.Config{MTLS: "127.0.0.1:0", Issuer: "/tenant"})
	v := visitTLS(t, run, true)
	for base, path := range map[string]string{run.Issuer: "/resource", run.MTLS: "/resource/api"} {
		root := strings.TrimSuffix(base, "/tenant")
		want := map[string]any{
			"resource": base + path, "authorization_servers": []any{run.Issuer}, "scopes_supported": []any{"api"},
			"bearer_methods_supported": []any{"header"}, "resource_name": "The resource of the oauthprobe demo",
			"dpop_signing_alg_values_supported":          []any{"ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA", "Ed25519"},
			"tls_client_certificate_bound_access_tokens": true,
		}
		a := v.get(root + "/.well-known/oauth-protected-resource/tenant" + path)
		if diff := cmp.Diff(want, a.object(t)); diff != "" || a.StatusCode != 200 {
			t.Errorf("%s: %d %s", base, a.StatusCode, diff)
		}
		if a := v.post(root+"/.well-known/oauth-protected-resource/tenant"+path, url.Values{}); a.StatusCode != 405 {
			t.Errorf("POST: %d", a.StatusCode)
		}
	}
	if a := v.get(strings.TrimSuffix(run.Issuer, "/tenant") + "/.well-known/oauth-protected-resource/resource"); a.StatusCode != 404 {
		t.Errorf("the metadata of another issuer: %d", a.StatusCode)
	}
}
