package demo_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// everyPage is one of each, with hostile text where a stranger can put some.
func everyPage(t *testing.T) (*visitor, map[string]answer) {
	v := visit(t, demo.Config{Faults: []string{"ok-aud-array"}})
	hostile := `"><script>alert(1)</script>` + "\u202e"
	login := v.get("/authorize?" + ask("login_hint="+hostile, "zz="+hostile, "response_mode=form_post").Encode())
	pages := map[string]answer{"login": login, "wrong password": v.submit(parseForm(t, login), "username="+hostile, "password=x")}
	pages["consent"] = v.follow(v.submit(parseForm(t, pages["wrong password"]), "username=alice", "password=alice"))
	pages["form_post"] = v.submit(parseForm(t, pages["consent"]), "consent=allow")
	pages["error"] = v.get("/authorize?" + ask("client_id="+hostile).Encode())
	pages["index"] = v.get("/")
	pages["device"] = v.get("/device?user_code=" + url.QueryEscape(hostile))
	pages["wrong code"] = v.submit(parseForm(t, pages["device"]))
	code := v.device("scope=profile", "zz="+hostile).object(t)["user_code"].(string)
	pages["device consent"] = v.submit(parseForm(t, pages["device"]), "user_code="+code)
	pages["done"] = v.submit(parseForm(t, pages["device consent"]), "consent=allow")
	missing := v.request("GET", "/nowhere", "")
	missing.Header.Set("Accept", "text/html")
	pages["missing"] = v.do(missing)
	return v, pages
}

func TestPages(t *testing.T) {
	v, pages := everyPage(t)
	for name, status := range map[string]int{
		"login": 200, "wrong password": 403, "consent": 200, "form_post": 200, "error": 400, "device": 200, "wrong code": 404, "device consent": 200, "done": 200, "index": 200, "missing": 404,
	} {
		page := pages[name]
		if page.StatusCode != status {
			t.Errorf("%s: status %d, want %d", name, page.StatusCode, status)
		}
		for field, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "",
		} {
			if got := page.Header.Get(field); got != want {
				t.Errorf("%s: %s is %q, want %q", name, field, got, want)
			}
		}
		text := balanced(t, name, page.body)
		if strings.Contains(page.body, "<script>alert") || strings.Contains(page.body, "ZgotmplZ") {
			t.Errorf("%s: text of a stranger became markup, or was lost", name)
		}
		if !strings.Contains(text, "errs on purpose, as ok-aud-array:") {
			t.Errorf("%s does not say which fault is on", name)
		}
		for _, u := range addresses(t, page.body) {
			if u != "data:," && !strings.HasPrefix(u, "/") && !strings.HasPrefix(u, v.issuer) && u != callback {
				t.Errorf("%s leads to %s", name, u)
			}
		}
		policed(t, name, page)
	}
	for _, words := range []string{"PKCE: the hash of a secret", "not a parameter this server knows", "nobody has signed in here in this browser yet"} {
		if !strings.Contains(pages["login"].body, words) {
			t.Errorf("the login page does not explain: %s", words)
		}
	}
	for _, words := range []string{"alice", "confidential", "secret", v.issuer + "/.well-known/openid-configuration", "offline_access"} {
		if !strings.Contains(pages["index"].body, words) {
			t.Errorf("the index does not name %s", words)
		}
	}
}

// balanced checks that every tag is closed in order, and gives the text.
func balanced(t *testing.T, name, page string) string {
	t.Helper()
	void := []string{"meta", "link", "input", "br"}
	var open []string
	var text strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	for range 5000 {
		kind := z.Next()
		tok := z.Token()
		switch kind {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("%s: never closed: %v", name, open)
			}
			return text.String()
		case html.StartTagToken:
			if !slices.Contains(void, tok.Data) {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("%s: </%s> inside %v", name, tok.Data, open)
			}
			open = open[:len(open)-1]
		case html.TextToken:
			text.WriteString(tok.Data)
		}
	}
	t.Fatalf("%s: no end", name)
	return ""
}

// addresses is everything a page links to, loads or sends to.
func addresses(t *testing.T, page string) (list []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		for _, name := range []string{"href", "src", "action", "formaction", "srcset", "style", "http-equiv"} {
			if u := attr(n, name); u != "" {
				list = append(list, u)
			}
		}
	}
	if strings.Contains(page, "@import") || strings.Contains(page, "url(") {
		t.Error("the style loads something")
	}
	return list
}

// policed checks that the policy allows exactly the style and script of the page.
func policed(t *testing.T, name string, page answer) {
	t.Helper()
	policy := page.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("%s: the policy lacks %s", name, part)
		}
	}
	if strings.Contains(policy, "form-action") || strings.Contains(policy, "unsafe") {
		t.Errorf("%s: policy %s", name, policy)
	}
	for _, tag := range []string{"style", "script"} {
		_, rest, found := strings.Cut(page.body, "<"+tag+">")
		inside, _, _ := strings.Cut(rest, "</"+tag+">")
		sum := sha256.Sum256([]byte(inside))
		allowed := strings.Contains(policy, tag+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
		if found != allowed || found != (tag == "style" || name == "form_post") {
			t.Errorf("%s: <%s> present %t, allowed %t", name, tag, found, allowed)
		}
	}
}

// FuzzServer throws requests at every endpoint: nothing may panic, fail inside, or
// send the browser to a place that is not on this machine.
func FuzzServer(f *testing.F) {
	f.Add(uint8(1), ask().Encode(), "", "", "")
	f.Add(uint8(1), "", ask("response_mode=form_post").Encode(), "application/x-www-form-urlencoded", "")
	f.Add(uint8(2), "", redeem("x").Encode(), "application/x-www-form-urlencoded", "Basic eDp5")
	f.Add(uint8(3), "access_token=x", "", "", "Bearer x")
	f.Add(uint8(4), "transaction=x", "transaction=x&csrf=y", "application/x-www-form-urlencoded", "")
	paths := []string{"/", "/authorize", "/token", "/userinfo", "/consent", "/login"}
	s, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", AutoConsent: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, where uint8, query, body, kind, authorization string) {
		r := httptest.NewRequest([]string{"GET", "POST"}[where/128], "/", strings.NewReader(body))
		r.URL = &url.URL{Path: paths[int(where)%len(paths)], RawQuery: query}
		r.Header = http.Header{"Content-Type": {kind}, "Authorization": {authorization}, "Accept": {"text/html"}}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		if host := to.Hostname(); host != "" && host != "localhost" && host != "::1" && !strings.HasPrefix(host, "127.") {
			t.Fatalf("sent to %s", to)
		}
	})
}
