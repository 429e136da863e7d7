package demo_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

func TestTokenErrors(t *testing.T) {
	v := visit(t, demo.Config{Clients: []demo.Client{{ID: "public"}, {ID: "other"}, {ID: "confidential", Secret: "secret"}}})
	for _, c := range []struct {
		change string
		status int
		want   string
		says   string
	}{
		{"-grant_type", 400, "invalid_request", "grant_type is missing"},
		{"grant_type=urn:x", 400, "unsupported_grant_type", "use one of authorization_code, refresh_token,"},
		{"grant_type=password", 400, "unauthorized_client", "client public may not use password; it may use authorization_code, refresh_token"},
		{"grant_type=client_credentials", 400, "unauthorized_client", "may not use client_credentials"},
		{"grant_type=AUTHORIZATION_CODE", 400, "unsupported_grant_type", ""},
		{"grant_type+=authorization_code", 400, "invalid_request", "grant_type came more than once"},
		{"client_id+=public", 400, "invalid_request", "client_id came more than once"},
		{"-code", 400, "invalid_request", "code is missing"},
		{"code=x", 400, "invalid_grant", "not issued by this server"},
		{"client_id=other", 400, "invalid_grant", "another client"},
		{"-redirect_uri", 400, "invalid_grant", "redirect_uri is missing"},
		{"redirect_uri=http://127.0.0.1:9/other", 400, "invalid_grant", "redirect_uri is not the one"},
		{"-code_verifier", 400, "invalid_grant", "code_verifier is missing"},
		{"code_verifier=" + strings.Repeat("x", 43), 400, "invalid_grant", "does not match the code_challenge under S256"},
		{"code_verifier=" + verifier + "=", 400, "invalid_grant", "malformed"},
		{"code_verifier=" + challengeOf(verifier), 400, "invalid_grant", "does not match"},
		{"-client_id", 401, "invalid_client", "neither client_id nor an Authorization header"},
		{"client_id=nobody", 401, "invalid_client", "no client nobody"},
		{"client_id=confidential", 401, "invalid_client", "must authenticate by client_secret_basic or client_secret_post"},
		{"client_secret=x", 401, "invalid_client", "must authenticate by none"},
		{"client_assertion=x", 400, "invalid_request", "client_assertion_type is missing"},
		{"client_assertion=x,client_secret=x", 400, "invalid_request", "more than one method"},
	} {
		code := v.code(ask())
		a := v.post("/token", redeem(code, strings.Split(c.change, ",")...))
		body := a.object(t)
		description, _ := body["error_description"].(string)
		if a.StatusCode != c.status || body["error"] != c.want || !strings.Contains(description, c.says) {
			t.Errorf("%s: %d %s, want %d %s that says %q", c.change, a.StatusCode, a.body, c.status, c.want, c.says)
		}
		if basic := strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic "); basic != (c.status == 401) || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", c.change, a.Header)
		}
		if a := v.post("/token", redeem(code)); a.StatusCode != 200 {
			t.Errorf("%s: the refused request burnt the code: %s", c.change, a.body)
		}
	}
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestTokenRequestForm(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"charset", func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		}, 200},
		{"json", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 400},
		{"no type", func(r *http.Request) { r.Header.Del("Content-Type") }, 400},
		{"query", func(r *http.Request) { r.URL.RawQuery = "zz=1" }, 400},
		{"bearer", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
	} {
		r := v.request("POST", "/token", redeem(v.code(ask()), "unknown=1").Encode())
		c.change(r)
		if a := v.do(r); a.StatusCode != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, a.StatusCode, a.body, c.want)
		}
	}
}

func TestClientSecrets(t *testing.T) {
	const odd = "a b%c:d+é"
	v := visit(t, demo.Config{AutoConsent: true, Clients: []demo.Client{
		{ID: "odd:id", Secret: odd}, {ID: "confidential", Secret: "secret"},
		{ID: "poster", Secret: "secret", AuthMethods: []string{"client_secret_post"}},
	}})
	basic := func(id, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	}
	for _, c := range []struct {
		name, client, header, secret string
		status                       int
		want                         any
	}{
		{"form-encoded, RFC 6749 §2.3.1", "odd:id", basic("odd%3Aid", "a+b%25c%3Ad%2B%C3%A9"), "", 200, nil},
		{"raw", "odd:id", basic("odd:id", odd), "", 401, "invalid_client"},
		{"post", "odd:id", "", odd, 200, nil},
		{"scheme in lower case", "confidential", "basic" + basic("confidential", "secret")[5:], "", 200, nil},
		{"wrong secret", "confidential", basic("confidential", "Secret"), "", 401, "invalid_client"},
		{"wrong secret by post", "confidential", "", "x", 401, "invalid_client"},
		{"unknown client", "confidential", basic("nobody", "secret"), "", 400, "invalid_request"}, // against client_id in the body
		{"both", "confidential", basic("confidential", "secret"), "secret", 400, "invalid_request"},
		{"no base64", "confidential", "Basic ???", "", 401, "invalid_client"},
		{"no colon", "confidential", "Basic eHg=", "", 401, "invalid_client"},
		{"not the registered method", "poster", basic("poster", "secret"), "", 401, "invalid_client"},
		{"the registered method", "poster", "", "secret", 200, nil},
	} {
		code := v.code(ask("client_id=" + c.client))
		r := v.request("POST", "/token", redeem(code, "client_id="+c.client, "client_secret="+c.secret).Encode())
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		a := v.do(r)
		if got := a.object(t)["error"]; a.StatusCode != c.status || got != c.want {
			t.Errorf("%s: %d %v, want %d %v", c.name, a.StatusCode, got, c.status, c.want)
		}
	}
}

func TestPKCE(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	secret := func(form url.Values) answer {
		form.Set("client_id", "confidential")
		form.Set("client_secret", "secret")
		return v.post("/token", form)
	}
	// RFC 7636 §4.3: without a method the challenge is the verifier.
	if a := v.post("/token", redeem(v.code(ask("code_challenge="+verifier, "-code_challenge_method")))); a.StatusCode != 200 {
		t.Errorf("plain: %s", a.body)
	}
	none := ask("client_id=confidential", "-code_challenge", "-code_challenge_method")
	if a := secret(redeem(v.code(none), "-code_verifier")); a.StatusCode != 200 {
		t.Errorf("a confidential client without PKCE: %s", a.body)
	}
	if a := secret(redeem(v.code(none))); a.object(t)["error"] != "invalid_request" {
		t.Errorf("a verifier without a challenge (RFC 9700 §4.8.2): %s", a.body)
	}
}

func TestParallelRedemption(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	form := redeem(v.code(ask())).Encode()
	status := make([]int, 8)
	var wait sync.WaitGroup
	for i := range status {
		wait.Go(func() {
			r, err := v.http.Post(v.issuer+"/token", "application/x-www-form-urlencoded", strings.NewReader(form))
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Body.Close()
			status[i] = r.StatusCode
		})
	}
	wait.Wait()
	won := 0
	for _, s := range status {
		if s == 200 {
			won++
		}
	}
	if won != 1 {
		t.Errorf("one code gave tokens %d times: %v", won, status)
	}
}

func TestUserinfo(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	tok := v.tokens(ask())
	access := tok["access_token"].(string)
	parts := strings.Split(access, ".")
	for _, c := range []struct {
		name, method, target, header, body string
		status                             int
		code                               string
	}{
		{"get", "GET", "/userinfo", "Bearer " + access, "", 200, ""},
		{"post", "POST", "/userinfo", "bearer " + access, "", 200, ""},
		{"nothing", "GET", "/userinfo", "", "", 401, ""},
		{"another scheme", "GET", "/userinfo", "Basic eHg6eA==", "", 401, ""},
		{"no token after the scheme", "GET", "/userinfo", "Bearer ", "", 400, "invalid_request"},
		{"in the query", "GET", "/userinfo?access_token=" + access, "", "", 401, ""},
		{"in header and query", "GET", "/userinfo?access_token=" + access, "Bearer " + access, "", 400, "invalid_request"},
		{"in header and body", "POST", "/userinfo", "Bearer " + access, "access_token=" + access, 400, "invalid_request"},
		{"garbage", "GET", "/userinfo", "Bearer x", "", 401, "invalid_token"},
		{"ID token", "GET", "/userinfo", "Bearer " + tok["id_token"].(string), "", 401, "invalid_token"},
		{"refresh token", "GET", "/userinfo", "Bearer " + tok["refresh_token"].(string), "", 401, "invalid_token"},
		{"signature stripped", "GET", "/userinfo", "Bearer " + parts[0] + "." + parts[1] + ".", "", 401, "invalid_token"},
	} {
		r := v.request(c.method, c.target, c.body)
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		a := v.do(r)
		challenge := a.Header.Get("WWW-Authenticate")
		want := c.status == 200 && challenge == "" || strings.HasPrefix(challenge, `Bearer realm=`)
		if c.code == "" {
			want = want && !strings.Contains(challenge, "error")
		} else {
			want = want && strings.Contains(challenge, `error="`+c.code+`"`)
		}
		if a.StatusCode != c.status || !want {
			t.Errorf("%s: %d %q, want %d %s", c.name, a.StatusCode, challenge, c.status, c.code)
		}
	}
}
