package demo_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// fragment is the response parameters in the fragment of a redirect.
func (a answer) fragment(t *testing.T) url.Values {
	t.Helper()
	rest, ok := strings.CutPrefix(a.Header.Get("Location"), callback+"#")
	if !ok {
		t.Fatalf("no fragment: %d %s", a.StatusCode, a.Header.Get("Location"))
	}
	q, err := url.ParseQuery(rest)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestResponseTypes(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	for kind, want := range map[string]string{
		"token":               "access_token expires_in iss scope state token_type",
		"id_token":            "id_token iss state",
		"id_token token":      "access_token expires_in id_token iss scope state token_type",
		"token id_token":      "access_token expires_in id_token iss scope state token_type", // in any order
		"code id_token":       "code id_token iss state",
		"code token":          "access_token code expires_in iss scope state token_type",
		"code id_token token": "access_token code expires_in id_token iss scope state token_type",
	} {
		for _, mode := range []string{"", "fragment", "form_post"} {
			a := v.get("/authorize?" + ask("response_type="+kind, "response_mode="+mode).Encode())
			var q url.Values
			if mode == "form_post" {
				q = parseForm(t, a).fields
				q.Del("")
			} else {
				q = a.fragment(t)
			}
			var names []string
			for name := range q {
				names = append(names, name)
			}
			slices.Sort(names)
			if diff := cmp.Diff(strings.Fields(want), names); diff != "" {
				t.Errorf("%s by %q: %s", kind, mode, diff)
			}
			v.checkFront(kind, q)
		}
	}
	if q := v.get("/authorize?" + ask("response_type=none").Encode()).query(t); q.Has("code") || q.Get("state") != "s t/a+t&e" {
		t.Errorf("none: %v", q)
	}
}

// checkFront checks what OpenID Connect Core §3.2.2.9, §3.3.2.10, §3.3.3.6 tie together.
func (v *visitor) checkFront(kind string, q url.Values) {
	v.t.Helper()
	var first map[string]any
	if q.Has("id_token") {
		_, first = v.verified(q.Get("id_token"))
		var at, c any
		if q.Has("access_token") {
			at = hashOf(q.Get("access_token"))
		}
		if q.Has("code") {
			c = hashOf(q.Get("code"))
		}
		if first["at_hash"] != at || first["c_hash"] != c || first["nonce"] != "n-1" || first["aud"] != "public" {
			v.t.Errorf("%s: %v, want at_hash %v, c_hash %v", kind, first, at, c)
		}
		if (first["name"] == "Alice Liddell") != (kind == "id_token") {
			v.t.Errorf("%s: claims of the profile belong into the ID token only when there is no access token: %v", kind, first)
		}
	}
	if q.Has("access_token") {
		if a := v.whoami(q.Get("access_token")); a.StatusCode != 200 || q.Get("expires_in") != "300" || q.Get("token_type") != "Bearer" {
			v.t.Errorf("%s: %v, userinfo %d", kind, q, a.StatusCode)
		}
	}
	if !q.Has("code") {
		if strings.Contains(q.Get("scope"), "offline_access") {
			v.t.Errorf("%s: offline_access without a code", kind)
		}
		return
	}
	a := v.post("/token", redeem(q.Get("code")))
	tok := a.object(v.t)
	_, second := v.verified(tok["id_token"])
	if first != nil && (first["sub"] != second["sub"] || first["iss"] != second["iss"] || second["nonce"] != "n-1") {
		v.t.Errorf("%s: two ID tokens differ: %v, %v", kind, first, second)
	}
	if tok["refresh_token"] == nil || second["c_hash"] != nil {
		v.t.Errorf("%s: token endpoint: %v %v", kind, tok, second)
	}
}

func TestFrontErrors(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true, Clients: []demo.Client{
		{ID: "public"}, {ID: "coder", GrantTypes: []string{"authorization_code"}}, {ID: "scripter", GrantTypes: []string{"implicit"}},
	}})
	for _, c := range []struct{ change, code, says string }{
		{"response_type=id_token,-nonce", "invalid_request", "nonce is missing"},
		{"response_type=code id_token,-nonce", "invalid_request", "nonce is missing"},
		{"response_type=id_token,scope=profile", "invalid_scope", "scope must contain openid"},
		{"response_type=token,scope=offline_access", "invalid_scope", "needs a response_type with a code"},
		{"response_type=token,response_mode=query", "invalid_request", "response_mode query is not possible"},
		{"response_type=code token,-code_challenge,-code_challenge_method", "invalid_request", "must use PKCE"},
		{"response_type=token,client_id=coder", "unauthorized_client", "may not use implicit"},
		{"response_type=code token,client_id=scripter", "unauthorized_client", "may not use authorization_code"},
		{"response_type=token token", "unsupported_response_type", "token token"},
	} {
		q := v.get("/authorize?" + ask(strings.Split(c.change, ",")...).Encode()).fragment(t)
		if q.Get("error") != c.code || !strings.Contains(q.Get("error_description"), c.says) || q.Get("state") == "" || q.Has("access_token") {
			t.Errorf("%s: %v, want %s that says %q", c.change, q, c.code, c.says)
		}
	}
	if q := v.get("/authorize?" + ask("response_type=code token", "-nonce").Encode()).fragment(t); !q.Has("access_token") {
		t.Errorf("code token needs no nonce: %v", q)
	}
	if q := v.get("/authorize?" + ask("response_type=token", "-code_challenge", "-code_challenge_method").Encode()).fragment(t); !q.Has("access_token") {
		t.Errorf("PKCE has nothing to protect here: %v", q)
	}
}
