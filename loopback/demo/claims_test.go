package demo_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

func TestClaimsParameter(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	tok := v.tokens(ask("scope=openid", `claims={"id_token":{"email":null,"auth_time":{"essential":true},"zz":null,"password":null},`+
		`"userinfo":{"given_name":{"essential":true},"locale":{"value":"fr"},"sub":null},"x":1}`))
	_, id := v.verified(tok["id_token"])
	if id["email"] != "alice@example.com" || id["auth_time"] == nil || id["given_name"] != nil || id["zz"] != nil || id["acr"] != nil {
		t.Errorf("ID token: %v", id)
	}
	me := v.whoami(tok["access_token"]).object(t)
	if diff := cmp.Diff(map[string]any{"sub": "alice", "given_name": "Alice", "locale": "en-GB"}, me); diff != "" {
		t.Errorf("userinfo: %s", diff)
	}
	for text, says := range map[string]string{
		"x":                                   "no JSON object",
		"[]":                                  "no JSON object",
		`{"id_token":{},"id_token":{}}`:       "a member twice",
		`{"id_token":[]}`:                     "id_token that is no object",
		`{"userinfo":{"email":true}}`:         "asks for email",
		`{"id_token":{"acr":{"values":"x"}}}`: "asks for acr",
		`{"id_token":{"acr":{"value":"x","values":["y"]}}}`: "asks for acr",
		`{"id_token":{"acr":{"essential":"yes"}}}`:          "asks for acr",
	} {
		q := v.get("/authorize?" + ask("claims="+text).Encode()).query(t)
		if q.Get("error") != "invalid_request" || !strings.Contains(q.Get("error_description"), says) {
			t.Errorf("%s: %v, want %q", text, q, says)
		}
	}
}

func TestAuthenticationLevel(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	const basic, strong, silver = "urn:example:basic", "urn:example:strong", "urn:mace:incommon:iap:silver"
	for _, c := range []struct{ change, want string }{
		{"zz=1", ""},
		{"acr_values=" + strong, strong},
		{"acr_values=zz " + strong + " " + basic, strong},
		{"acr_values=" + basic + " " + strong, basic},
		{"acr_values=zz", basic},
		{`claims={"id_token":{"acr":null}}`, silver},
		{`claims={"id_token":{"acr":{"essential":true}}}`, silver},
		{`claims={"id_token":{"acr":{"essential":true,"values":["zz","` + strong + `"]}}}`, strong},
		{`claims={"id_token":{"acr":{"value":"` + basic + `"}}}`, basic},
		{`claims={"id_token":{"acr":{"value":"zz"}}}`, basic}, // voluntary: OpenID Connect Core §5.5.1.1
	} {
		tok := v.tokens(ask(c.change))
		_, id := v.verified(tok["id_token"])
		_, at := v.verified(tok["access_token"])
		got, _ := id["acr"].(string)
		if got != c.want || (at["acr"] != id["acr"]) || (at["auth_time"] != nil) != (c.want != "") {
			t.Errorf("%s: ID token %v, access token %v, want %s", c.change, id["acr"], at["acr"], c.want)
		}
	}
	q := v.get("/authorize?" + ask(`claims={"id_token":{"acr":{"essential":true,"value":"zz"}}}`).Encode()).query(t)
	if q.Get("error") != "unmet_authentication_requirements" {
		t.Errorf("an essential one that cannot be had: %v", q)
	}
}

// A sub in the parameter names the only person who will do (OpenID Connect Core §5.5.1).
func TestClaimsSubject(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	if tok := v.tokens(ask(`claims={"id_token":{"sub":{"value":"alice"}}}`)); tok["id_token"] == nil {
		t.Errorf("%v", tok)
	}
	q := v.get("/authorize?" + ask(`claims={"id_token":{"sub":{"value":"bob"}}}`).Encode()).query(t)
	if q.Get("error") != "login_required" || q.Has("code") {
		t.Errorf("another person: %v", q)
	}
}
