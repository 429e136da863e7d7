package demo_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) // what the fault tests take for the present

// Evidence is everything a client sees of one run of the code grant.
type evidence struct {
	t          *testing.T
	issuer     string
	meta, back answer
	q          url.Values // the authorization response
	tok        answer
	set        map[string]any // the token response, as far as it is JSON
	jwks       [2]answer
	header     map[string]any // of the ID token
	claims     map[string]any
}

// gather runs the code grant against a server with this fault, "" for none.
func gather(t *testing.T, fault string) *evidence {
	t.Helper()
	var faults []string
	if fault != "" {
		faults = []string{fault}
	}
	v := visit(t, demo.Config{AutoConsent: true, Faults: faults, Now: func() time.Time { return now }})
	e := &evidence{t: t, issuer: v.issuer, meta: v.get("/.well-known/openid-configuration"), jwks: [2]answer{v.get("/jwks"), v.get("/jwks")}}
	if twin := v.get("/.well-known/oauth-authorization-server"); twin.body != e.meta.body && e.meta.StatusCode == 200 {
		t.Errorf("%s: the two metadata documents differ", fault)
	}
	e.back = v.get("/authorize?" + ask().Encode())
	e.q = e.back.query(t)
	code := e.q.Get("code")
	if fragment, ok := strings.CutPrefix(e.back.Header.Get("Location"), callback+"#"); ok {
		f, err := url.ParseQuery(fragment)
		if err != nil {
			t.Fatal(err)
		}
		code = f.Get("code")
	}
	if code == "" {
		return e
	}
	e.tok = v.post("/token", redeem(code))
	if json.Unmarshal([]byte(e.tok.body), &e.set) == nil {
		if token, ok := e.set["id_token"].(string); ok {
			e.header, e.claims = split(t, token)
		}
	}
	return e
}

func (e *evidence) is(name string) string { s, _ := e.set[name].(string); return s }

// doc is the metadata; nil when it is none.
func (e *evidence) doc() (m map[string]any) {
	_ = json.Unmarshal([]byte(e.meta.body), &m)
	return m
}

// keys reads the published keys one by one, as some cannot be read, less those that
// no fault touches.
func (e *evidence) keys(i int) (list []jose.JSONWebKey, all int) {
	var set struct{ Keys []json.RawMessage }
	_ = json.Unmarshal([]byte(e.jwks[i].body), &set)
	set.Keys = slices.DeleteFunc(set.Keys, func(raw json.RawMessage) bool {
		return strings.Contains(string(raw), `"kid":"demo-e`)
	})
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) == nil {
			list = append(list, key)
		}
	}
	return list, len(set.Keys)
}

// signedBy says whether a published key, or another, verifies the ID token.
func (e *evidence) signedBy(key any, alg jose.SignatureAlgorithm) bool {
	sig, err := jose.ParseSignedCompact(e.is("id_token"), []jose.SignatureAlgorithm{alg})
	if err != nil {
		return false
	}
	_, err = sig.Verify(key)
	return err == nil
}

// published is the signing key.
func (e *evidence) published() any {
	list, _ := e.keys(1)
	for _, k := range list {
		if k.KeyID == "demo-1" {
			return k.Key
		}
	}
	return nil
}

// key is a published key by its name, as the server publishes it in the end.
func (e *evidence) key(kid string) any {
	var set jose.JSONWebKeySet
	_ = json.Unmarshal([]byte(e.jwks[1].body), &set)
	for _, k := range set.Key(kid) {
		return k.Key
	}
	return nil
}

// lists says whether the metadata announces an algorithm for ID tokens.
func (e *evidence) lists(alg string) bool {
	algs, _ := e.doc()["id_token_signing_alg_values_supported"].([]any)
	return slices.Contains(algs, any(alg))
}

func (e *evidence) rs256() bool { return e.signedBy(e.published(), jose.RS256) }

func (e *evidence) seconds(claim string) int64 {
	n, _ := e.claims[claim].(float64)
	return int64(n) - now.Unix()
}

func (e *evidence) has(claim string) bool { _, ok := e.claims[claim]; return ok }

func (e *evidence) member(name string) bool { _, ok := e.set[name]; return ok }

// hmacOfPEM says whether the ID token is an HMAC keyed by the PEM of the public key.
func (e *evidence) hmacOfPEM() bool {
	der, err := x509.MarshalPKIXPublicKey(e.published())
	if err != nil {
		return false
	}
	token := e.is("id_token")
	dot := strings.LastIndex(token, ".")
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(token[:max(dot, 0)]))
	return mustDecode(e.t, token[dot+1:]) == string(mac.Sum(nil))
}

// decodes says whether the body is one JSON value and nothing else.
func (a answer) decodes() bool { return json.Valid([]byte(a.body)) }

// effects is what shows each fault; on a clean server none of it may be true.
func effects(idle any) map[string]func(e *evidence) bool {
	isHTML := func(a answer) bool {
		return strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && strings.HasPrefix(a.body, "<!DOCTYPE html>") && a.StatusCode == 200
	}
	return map[string]func(e *evidence) bool{
		"state-wrong":   func(e *evidence) bool { return e.q.Get("state") == "not-s t/a+t&e" },
		"state-missing": func(e *evidence) bool { return e.q.Has("code") && !e.q.Has("state") },
		"iss-wrong":     func(e *evidence) bool { return e.q.Get("iss") == "https://attacker.example" && advertised(e) },
		"iss-missing":   func(e *evidence) bool { return e.q.Has("code") && !e.q.Has("iss") && advertised(e) },
		"iss-unadvertised-wrong": func(e *evidence) bool {
			return e.q.Get("iss") == "https://attacker.example" && !advertised(e)
		},
		"code-repeated": func(e *evidence) bool { return len(e.q["code"]) == 2 && e.q["code"][0] != e.q["code"][1] },
		"code-missing": func(e *evidence) bool {
			return !e.q.Has("code") && !e.q.Has("error") && e.q.Has("state") && e.q.Has("iss")
		},
		"code-and-error": func(e *evidence) bool {
			return e.q.Has("code") && e.q.Get("error") == "access_denied"
		},
		"code-in-fragment": func(e *evidence) bool {
			return !e.q.Has("code") && strings.Contains(e.back.Header.Get("Location"), "#code=")
		},
		"token-in-query":     func(e *evidence) bool { return e.q.Has("code") && e.q.Get("access_token") != "" },
		"callback-307":       func(e *evidence) bool { return e.back.StatusCode == 307 },
		"error-unregistered": func(e *evidence) bool { return e.q.Get("error") == "oops" && !e.q.Has("code") },

		"token-redirect": func(e *evidence) bool { return e.tok.StatusCode == 302 && e.tok.Header.Get("Location") != "" },
		"token-content-type": func(e *evidence) bool {
			return e.tok.decodes() && e.tok.Header.Get("Content-Type") == "text/html; charset=utf-8"
		},
		"token-form-encoded": func(e *evidence) bool {
			form, err := url.ParseQuery(e.tok.body)
			return err == nil && form.Get("token_type") == "Bearer" && form.Get("expires_in") == "300" &&
				e.tok.Header.Get("Content-Type") == "application/x-www-form-urlencoded"
		},
		"token-html":      func(e *evidence) bool { return isHTML(e.tok) },
		"token-cacheable": func(e *evidence) bool { return e.tok.Header.Get("Cache-Control") == "" && e.is("access_token") != "" },
		"token-duplicate-member": func(e *evidence) bool {
			return strings.HasPrefix(e.tok.body, `{"token_type":"bearer","access_token":`) && e.is("token_type") == "Bearer"
		},
		"token-bom": func(e *evidence) bool { return strings.HasPrefix(e.tok.body, "\xef\xbb\xbf{") },
		"token-trailing-data": func(e *evidence) bool {
			return !e.tok.decodes() && strings.HasPrefix(e.tok.body, "{") && strings.Contains(e.tok.body, "}{")
		},
		"token-cut-off": func(e *evidence) bool {
			return !e.tok.decodes() && strings.HasPrefix(e.tok.body, `{"access_token":`) && !strings.HasSuffix(e.tok.body, "}")
		},
		"token-empty-body": func(e *evidence) bool { return e.tok.StatusCode == 200 && e.tok.body == "" },
		"token-junk-20mb":  func(e *evidence) bool { return e.tok.StatusCode == 200 && len(e.tok.body) == 20<<20 },

		"access-token-missing": func(e *evidence) bool {
			return !e.member("access_token") && e.member("token_type") && !e.has("at_hash")
		},
		"access-token-illegal": func(e *evidence) bool {
			return strings.HasSuffix(e.is("access_token"), "\né") && e.claims["at_hash"] == hashOf(e.is("access_token"))
		},
		"token-type-missing":      func(e *evidence) bool { return !e.member("token_type") && e.member("access_token") },
		"token-type-unknown":      func(e *evidence) bool { return e.is("token_type") == "mac" },
		"expires-in-string":       func(e *evidence) bool { return e.set["expires_in"] == "300" },
		"expires-in-negative":     func(e *evidence) bool { return e.set["expires_in"] == -300.0 },
		"expires-in-milliseconds": func(e *evidence) bool { return e.set["expires_in"] == 300000000.0 },
		"expires-in-absent":       func(e *evidence) bool { return !e.member("expires_in") && e.member("access_token") },
		"scope-double-space":      func(e *evidence) bool { return e.is("scope") == "openid  profile offline_access" },
		"scope-widened":           func(e *evidence) bool { return e.is("scope") == "openid profile offline_access admin" },
		"id-token-missing":        func(e *evidence) bool { return !e.member("id_token") && e.member("access_token") },
		"refresh-equals-access": func(e *evidence) bool {
			return e.is("refresh_token") == e.is("access_token") && e.is("access_token") != ""
		},
		"error-with-200": func(e *evidence) bool { return e.tok.StatusCode == 200 && e.is("error") == "invalid_grant" },
		"error-unregistered-token": func(e *evidence) bool {
			return e.tok.StatusCode == 400 && e.is("error") == "oops_wrong"
		},

		"idtoken-padded": func(e *evidence) bool { return strings.HasSuffix(e.is("id_token"), "==") },
		"idtoken-duplicate-claim": func(e *evidence) bool {
			return e.rs256() && e.claims["sub"] == "alice" &&
				strings.HasPrefix(mustDecode(e.t, strings.Split(e.is("id_token"), ".")[1]), `{"sub":"mallory","iss":`)
		},
		"idtoken-crit": func(e *evidence) bool {
			return reflect.DeepEqual(e.header["crit"], []any{"zz"}) && e.header["zz"] == true
		},
		"idtoken-typ-access-token": func(e *evidence) bool { return e.rs256() && e.header["typ"] == "at+jwt" },
		"idtoken-header-jwk": func(e *evidence) bool {
			raw, err := json.Marshal(e.header["jwk"])
			var key jose.JSONWebKey
			return err == nil && key.UnmarshalJSON(raw) == nil && key.IsPublic() && e.signedBy(key.Key, jose.RS256) && !e.rs256()
		},
		"idtoken-alg-rs384": func(e *evidence) bool { return e.signedBy(e.published(), jose.RS384) },
		"idtoken-alg-none": func(e *evidence) bool {
			return e.header["alg"] == "none" && strings.HasSuffix(e.is("id_token"), ".")
		},
		"idtoken-hs256-public-key": func(e *evidence) bool { return e.header["alg"] == "HS256" && e.hmacOfPEM() },
		"idtoken-bad-signature": func(e *evidence) bool {
			return e.header["kid"] == "demo-1" && e.header["alg"] == "RS256" && !e.rs256() && !e.signedBy(idle, jose.RS256)
		},
		"idtoken-foreign-key": func(e *evidence) bool {
			return e.header["kid"] == "demo-1" && e.header["jwk"] == nil && !e.rs256() && e.signedBy(idle, jose.RS256)
		},
		"idtoken-kid-missing-two-keys": func(e *evidence) bool {
			list, _ := e.keys(0)
			return len(list) == 2 && e.header["kid"] == nil && e.rs256()
		},
		"idtoken-kid-unknown": func(e *evidence) bool { return e.rs256() && e.header["kid"] == "retired-in-2019" },
		"idtoken-iss-wrong":   func(e *evidence) bool { return e.rs256() && e.claims["iss"] == "https://attacker.example" },
		"idtoken-aud-wrong":   func(e *evidence) bool { return e.rs256() && e.claims["aud"] == "another-client" },
		"idtoken-aud-extra": func(e *evidence) bool {
			return e.rs256() && reflect.DeepEqual(e.claims["aud"], []any{"public", "another-client"}) && e.claims["azp"] == "public"
		},
		"idtoken-azp-wrong": func(e *evidence) bool {
			return e.rs256() && e.claims["azp"] == "another-client" && e.claims["aud"] == "public"
		},
		"idtoken-expired": func(e *evidence) bool {
			return e.rs256() && e.seconds("exp") == -380 && e.seconds("iat") == -500 && e.seconds("auth_time") == -500
		},
		"idtoken-exp-milliseconds": func(e *evidence) bool { return e.rs256() && e.claims["exp"] == float64(1000*(now.Unix()+600)) },
		"idtoken-exp-missing":      func(e *evidence) bool { return e.rs256() && !e.has("exp") },
		"idtoken-iat-future":       func(e *evidence) bool { return e.rs256() && e.seconds("iat") == 600 && e.seconds("exp") == 1200 },
		"idtoken-iat-missing":      func(e *evidence) bool { return e.rs256() && !e.has("iat") },
		"idtoken-nbf-future":       func(e *evidence) bool { return e.rs256() && e.seconds("nbf") == 600 && e.seconds("exp") == 1200 },
		"idtoken-nonce-wrong":      func(e *evidence) bool { return e.rs256() && e.claims["nonce"] == "not-n-1" },
		"idtoken-nonce-missing":    func(e *evidence) bool { return e.rs256() && !e.has("nonce") },
		"idtoken-sub-missing":      func(e *evidence) bool { return e.rs256() && !e.has("sub") },
		"idtoken-sub-number":       func(e *evidence) bool { return e.rs256() && e.claims["sub"] == 12345.0 },
		"idtoken-at-hash-wrong":    func(e *evidence) bool { return e.rs256() && e.claims["at_hash"] != hashOf(e.is("access_token")) },
		"idtoken-events": func(e *evidence) bool {
			return e.rs256() && reflect.DeepEqual(e.claims["events"], map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}})
		},

		"expires-in-fraction": func(e *evidence) bool { return e.set["expires_in"] == 299.5 },
		"access-equals-id-token": func(e *evidence) bool {
			return e.is("access_token") == e.is("id_token") && e.rs256() && !e.has("at_hash")
		},
		"idtoken-trailing-bits": func(e *evidence) bool {
			// 256 octets leave four bits of the last character without a meaning.
			_, err := base64.RawURLEncoding.Strict().DecodeString(e.is("id_token")[strings.LastIndex(e.is("id_token"), ".")+1:])
			return err != nil && e.rs256()
		},
		"idtoken-header-jku": func(e *evidence) bool {
			return e.header["jku"] == "https://attacker.example/jwks" && !e.rs256() && e.signedBy(idle, jose.RS256)
		},
		"idtoken-es256-bad-signature": func(e *evidence) bool {
			return e.header["alg"] == "ES256" && e.header["kid"] == "demo-es256" && e.lists("ES256") && !e.signedBy(e.key("demo-es256"), jose.ES256)
		},
		"idtoken-es256-zero": func(e *evidence) bool {
			return e.header["alg"] == "ES256" && e.lists("ES256") && strings.HasSuffix(e.is("id_token"), "."+strings.Repeat("A", 86))
		},
		"idtoken-kid-missing": func(e *evidence) bool {
			list, _ := e.keys(0)
			return len(list) == 1 && e.header["kid"] == nil && e.rs256()
		},
		"idtoken-iss-missing": func(e *evidence) bool { return e.rs256() && !e.has("iss") },
		"idtoken-aud-missing": func(e *evidence) bool { return e.rs256() && !e.has("aud") },
		"ok-key-rotated-before-signing": func(e *evidence) bool {
			list, all := e.keys(0) // fetched before the ID token was signed, in a run of its own
			return all == 1 && list[0].KeyID == "demo-2"
		},

		"vendor-github": func(e *evidence) bool {
			form, err := url.ParseQuery(e.tok.body)
			return err == nil && form.Get("scope") == "openid,profile,offline_access" && strings.HasPrefix(e.tok.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
		},
		"vendor-github-error": func(e *evidence) bool {
			form, err := url.ParseQuery(e.tok.body)
			return err == nil && form.Get("error") == "bad_verification_code" && e.tok.StatusCode == 200
		},
		"vendor-slack-error": func(e *evidence) bool {
			return e.tok.StatusCode == 200 && e.set["ok"] == false && e.is("error") == "invalid_code"
		},
		"vendor-slack-nested": func(e *evidence) bool {
			user, _ := e.set["authed_user"].(map[string]any)
			return e.set["ok"] == true && !e.member("access_token") && user["access_token"] != nil
		},
		"vendor-facebook-error": func(e *evidence) bool {
			inside, _ := e.set["error"].(map[string]any)
			return e.tok.StatusCode == 400 && inside["code"] == 100.0
		},
		"vendor-entra-v1": func(e *evidence) bool {
			return e.is("expires_in") == "300" && e.is("expires_on") == "1795428300" && e.is("resource") == e.issuer
		},
		"vendor-netsuite": func(e *evidence) bool { return e.is("expires_in") == "300" && e.is("token_type") == "bearer" },
		"vendor-linkedin": func(e *evidence) bool {
			return !e.member("token_type") && e.set["refresh_token_expires_in"] == 2592000.0
		},
		"vendor-twitch": func(e *evidence) bool {
			return reflect.DeepEqual(e.set["scope"], []any{"openid", "profile", "offline_access"})
		},

		"issuer-slash":  func(e *evidence) bool { return e.doc()["issuer"] == e.issuer+"/" },
		"issuer-other":  func(e *evidence) bool { return e.doc()["issuer"] == "https://attacker.example" },
		"metadata-404":  func(e *evidence) bool { return e.meta.StatusCode == 404 },
		"metadata-html": func(e *evidence) bool { return isHTML(e.meta) },
		"metadata-duplicate": func(e *evidence) bool {
			return strings.HasPrefix(e.meta.body, `{"userinfo_endpoint":"`+e.issuer+`/me","issuer":`) && e.doc()["userinfo_endpoint"] == e.issuer+"/userinfo"
		},
		"metadata-no-token-endpoint": func(e *evidence) bool { return e.doc()["issuer"] == e.issuer && e.doc()["token_endpoint"] == nil },
		"metadata-endpoint-fragment": func(e *evidence) bool { return e.doc()["token_endpoint"] == e.issuer+"/token#x" },
		"metadata-no-s256": func(e *evidence) bool {
			return reflect.DeepEqual(e.doc()["code_challenge_methods_supported"], []any{"plain"})
		},
		"jwks-private-member": func(e *evidence) bool {
			list, _ := e.keys(0)
			return len(list) == 2 && list[0].IsPublic() && list[0].KeyID == "demo-1" && !list[1].IsPublic() && e.rs256()
		},
		"jwks-html": func(e *evidence) bool { return isHTML(e.jwks[0]) },

		"ok-extra-members": func(e *evidence) bool {
			return e.doc()["x_demo_motto"] != nil && e.q.Has("x_demo_motto") && e.member("x_demo_motto") && e.has("x_demo_motto") && e.rs256()
		},
		"ok-token-type-lower":     func(e *evidence) bool { return e.is("token_type") == "bearer" },
		"ok-no-scope-in-response": func(e *evidence) bool { return !e.member("scope") && e.member("access_token") },
		"ok-aud-array":            func(e *evidence) bool { return e.rs256() && reflect.DeepEqual(e.claims["aud"], []any{"public"}) },
		"ok-unknown-keys-in-jwks": func(e *evidence) bool {
			list, all := e.keys(0)
			return all == 3 && len(list) == 1 && list[0].KeyID == "demo-1" && e.rs256()
		},
		"ok-key-rotated": func(e *evidence) bool {
			first, _ := e.keys(0)
			return len(first) == 1 && first[0].KeyID == "demo-2" && e.rs256()
		},
		"ok-clock-ahead-20s": func(e *evidence) bool {
			return e.rs256() && e.seconds("iat") == 20 && e.tok.Header.Get("Date") == "Mon, 23 Nov 2026 10:00:20 GMT"
		},
	}
}

func advertised(e *evidence) bool {
	return e.doc()["authorization_response_iss_parameter_supported"] == true
}

// hashOf is at_hash for RS256 (OpenID Connect Core §3.1.3.6).
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func TestEveryFault(t *testing.T) {
	clean := gather(t, "")
	if clean.set == nil || !clean.rs256() || clean.claims["at_hash"] != hashOf(clean.is("access_token")) {
		t.Fatalf("the clean server: %s", clean.tok.body)
	}
	two, _ := gather(t, "idtoken-kid-missing-two-keys").keys(0)
	effects := withMore(effects(two[1].Key), moreEffects)
	for _, f := range demo.Faults() {
		shows, ok := effects[f.Name]
		if !ok {
			if f.Name != "token-slow" && f.Name != "token-hangs" {
				t.Errorf("%s: no assertion", f.Name)
			}
			continue
		}
		delete(effects, f.Name)
		if !shows(gather(t, f.Name)) {
			t.Errorf("%s: the fault does not show", f.Name)
		}
		if shows(clean) {
			t.Errorf("%s: the clean server shows it as well", f.Name)
		}
	}
	for name := range effects {
		t.Errorf("%s: no such fault", name)
	}
}

// A fault must be all that is wrong: what it does not concern stays as on the clean server.
func TestFaultsAreAlone(t *testing.T) {
	want := gather(t, "")
	for _, f := range demo.Faults() {
		if f.Group != demo.GroupIDToken {
			continue
		}
		got := gather(t, f.Name)
		if got.tok.StatusCode != 200 || got.meta.body == "" || got.is("scope") != want.is("scope") || got.is("token_type") != "Bearer" {
			t.Errorf("%s reaches beyond the ID token: %s", f.Name, got.tok.body)
		}
		if f.Name != "idtoken-at-hash-wrong" && f.Name != "idtoken-alg-rs384" && got.claims["at_hash"] != hashOf(got.is("access_token")) {
			t.Errorf("%s spoils at_hash", f.Name)
		}
		changed := 0
		for name := range want.claims {
			if name != "sid" && name != "at_hash" && name != "iss" && !reflect.DeepEqual(got.claims[name], want.claims[name]) {
				changed++
			}
		}
		if limit := map[string]int{"idtoken-expired": 3, "idtoken-iat-future": 2}[f.Name]; changed > max(1, limit) {
			t.Errorf("%s changes %d claims", f.Name, changed)
		}
	}
}

// The body of 307 is what makes it a leak: it must follow a form.
func TestCallback307FollowsTheForm(t *testing.T) {
	v := visit(t, demo.Config{Faults: []string{"callback-307"}})
	a := v.allow(ask())
	if a.StatusCode != 307 || a.Request.Method != "POST" || !strings.HasPrefix(a.Header.Get("Location"), callback) {
		t.Errorf("%s answered %d", a.Request.Method, a.StatusCode)
	}
}

func TestSlowAndHanging(t *testing.T) {
	for fault, firstByte := range map[string]bool{"token-slow": true, "token-hangs": false} {
		v := visit(t, demo.Config{AutoConsent: true, Faults: []string{fault}})
		code := v.code(ask())
		v.http.Timeout = 200 * time.Millisecond
		resp, err := v.http.PostForm(v.issuer+"/token", redeem(code))
		if !firstByte {
			if !isTimeout(err) {
				t.Errorf("%s: %v", fault, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", fault, err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(b) != "{" || !isTimeout(err) {
			t.Errorf("%s: %q, %v", fault, b, err)
		}
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Closing the server ends a request that hangs.
func TestCloseCutsHangingAnswers(t *testing.T) {
	seen := make(chan struct{}, 8)
	run, err := demo.Start("127.0.0.1:0", demo.Config{AutoConsent: true, Faults: []string{"token-hangs"}, Log: func(demo.Hit) { seen <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, run.Issuer)
	code := v.code(ask())
	<-seen
	ended := make(chan error, 1)
	go func() {
		resp, err := v.http.PostForm(v.issuer+"/token", redeem(code))
		if err == nil {
			resp.Body.Close()
		}
		ended <- err
	}()
	<-seen // the request is in and answered by silence
	if err := run.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil || isTimeout(err) {
		t.Errorf("the request ended with %v", err)
	}
}

func TestFaultTable(t *testing.T) {
	groups := []string{demo.GroupAuthorization, demo.GroupToken, demo.GroupIDToken, demo.GroupMetadata, demo.GroupValid, demo.GroupVendor}
	code, name := regexp.MustCompile(`^(V-[A-Z]{2}|META|JWKS)-\d\d$`), regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	last, seen := 0, map[string]bool{}
	var names []string
	for _, f := range demo.Faults() {
		at := slices.Index(groups, f.Group)
		if at < last {
			t.Errorf("%s: group %q is out of order or unknown", f.Name, f.Group)
		}
		last = at
		if seen[f.Name] || !name.MatchString(f.Name) {
			t.Errorf("%s: listed twice, or no kebab-case", f.Name)
		}
		seen[f.Name] = true
		names = append(names, f.Name)
		if !strings.HasSuffix(f.Doc, ".") || strings.Count(f.Doc, ".") != 1 {
			t.Errorf("%s: %q is not one sentence", f.Name, f.Doc)
		}
		if strings.HasPrefix(f.Name, "ok-") != (f.Group == demo.GroupValid) || f.Group == demo.GroupValid && f.Codes != nil {
			t.Errorf("%s: group %s, codes %v", f.Name, f.Group, f.Codes)
		}
		for i, c := range f.Codes {
			if !code.MatchString(c) || slices.Contains(f.Codes[:i], c) {
				t.Errorf("%s: code %q", f.Name, c)
			}
		}
	}
	for _, f := range demo.FlowFaults() {
		names = append(names, f.Name)
		if f.Flow == "" || f.Group == "" || seen[f.Name] || !name.MatchString(f.Name) || !strings.HasSuffix(f.Doc, ".") || strings.Count(f.Doc, ".") != 1 {
			t.Errorf("row %+v", f)
		}
		seen[f.Name] = true
		for _, c := range f.Codes {
			if !code.MatchString(c) {
				t.Errorf("%s: code %q", f.Name, c)
			}
		}
	}
	if diff := cmp.Diff(names, demo.FaultNames()); diff != "" {
		t.Error(diff)
	}
}

// Several faults can be combined.
func TestFaultsTogether(t *testing.T) {
	faults := demo.FaultNames()
	s, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", AutoConsent: true, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	if w := serve(s, "GET", "/authorize?"+ask().Encode(), ""); w.Code != http.StatusTemporaryRedirect {
		t.Errorf("all faults at once: %d", w.Code)
	}
	some := []string{"idtoken-alg-none", "idtoken-bad-signature", "idtoken-padded", "idtoken-sub-missing"}
	v := visit(t, demo.Config{AutoConsent: true, Faults: some})
	if token, _ := v.tokens(ask())["id_token"].(string); !strings.HasSuffix(token, ".") {
		t.Errorf("ID token %q", token)
	}
}
