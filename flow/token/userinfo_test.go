package token_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/token"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// The claims are those of the example in OIDC Core §5.3.2.
const jane = `{"sub":"248289761001","name":"Jane Doe","given_name":"Jane","family_name":"Doe","preferred_username":"j.doe","email":"janedoe@example.com","picture":"http://example.com/janedoe/me.jpg"}`

func hint(t *testing.T, claims string) string {
	return newSigner(t).jwt(t, "JWT", claims)
}

func TestUserinfoJSON(t *testing.T) {
	for _, c := range []struct {
		name       string
		hint       string
		answer     reply
		end        string
		fail, warn string
	}{
		{"the person of the ID token", `{"sub":"248289761001","email":"janedoe@example.com"}`, jsonReply(200, jane), "", "", ""},
		{"no ID token", "", jsonReply(200, jane), "", "", ""},
		{"somebody else", `{"sub":"248289761002"}`, jsonReply(200, jane), "check V-UI-01", "userinfo-sub", ""},
		{"other case", `{"sub":"A"}`, jsonReply(200, `{"sub":"a"}`), "check V-UI-01", "userinfo-sub", ""},
		{"no sub", "", jsonReply(200, `{"name":"Jane"}`), "check V-UI-01", "userinfo-sub", ""},
		{"a sub that is a number", "", jsonReply(200, `{"sub":248289761001}`), "check V-UI-01", "userinfo-sub", ""},
		{"another email", `{"sub":"248289761001","email":"j@x"}`, jsonReply(200, jane), "", "", "userinfo-agrees"},
		{"two subs", "", jsonReply(200, `{"sub":"a","sub":"b"}`), "", "userinfo-json", ""},
		{"null and wrong types", "", jsonReply(200, `{"sub":"a","name":null,"email_verified":"true"}`), "", "", "userinfo-claims"},
		{"declared as a JWT", "", reply{200, []string{"Content-Type", "application/jwt", "Cache-Control", "no-store"}, jane, false}, "check V-UI-04", "userinfo-media-type userinfo-jwt-form", ""},
		{"declared as text", "", reply{200, []string{"Content-Type", "text/plain", "Cache-Control", "no-store"}, jane, false}, "", "userinfo-media-type", ""},
		{"may be cached", "", reply{200, []string{"Content-Type", "application/json"}, jane, false}, "", "", "userinfo-not-cached"},
		{"a page", "", reply{200, []string{"Content-Type", "text/html"}, "<html><title>Sign in</title>", false}, "protocol", "userinfo-media-type userinfo-json", ""},
		{"nothing", "", reply{200, nil, "", false}, "protocol", "", ""},
		{"elsewhere", "", reply{302, []string{"Location", "https://as.example/login"}, "", false}, "protocol", "", ""},
		{"trouble", "", reply{502, nil, "<html>", false}, "protocol", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := ask("access_token", "secret-token")
			if c.hint != "" {
				plan = ask("access_token", "secret-token", "id_token_hint", hint(t, c.hint))
			}
			s := &stage{plan: plan, answers: map[string]reply{issuer + "/me": c.answer}}
			r, err := s.run(t, token.Userinfo())
			if got := ending(err); got != c.end {
				t.Errorf("ended with %q (%v), want %q", got, err, c.end)
			}
			if fail, warn := s.findings(trace.Fail), s.findings(trace.Warn); fail != c.fail || warn != c.warn {
				t.Errorf("failed %q, warned %q; want %q, %q", fail, warn, c.fail, c.warn)
			}
			if delivered := r.Result.Answer != nil; delivered != (c.end == "") {
				t.Errorf("delivered: %v", delivered)
			}
		})
	}
}

// The token travels in the header field, and is a secret in the trace.
func TestUserinfoRequest(t *testing.T) {
	s := &stage{plan: ask("access_token", "secret-token"), answers: map[string]reply{issuer + "/me": jsonReply(200, jane)}}
	if _, err := s.run(t, token.Userinfo()); err != nil {
		t.Fatal(err)
	}
	q := s.sent[0]
	if q.Method != "GET" || q.Header.Get("Authorization") != "Bearer secret-token" || q.Header.Get("Accept") != "application/json, application/jwt" || strings.Contains(q.URL, "secret") {
		t.Errorf("%+v", q)
	}
	for _, r := range s.said {
		if b, ok := r.Event.(trace.Built); ok && (!b.Headers[0].Secret || b.Headers[0].Origin.By != "--access_token") {
			t.Errorf("%+v", b.Headers)
		}
	}
	var config *flow.ConfigError
	for _, bad := range []string{"", "a\r\nX: y"} {
		s := &stage{plan: ask("access_token", bad)}
		if _, err := s.run(t, token.Userinfo()); !errors.As(err, &config) || config.Field != "access_token" || len(s.sent) != 0 {
			t.Errorf("%q: %v, %d sent", bad, err, len(s.sent))
		}
	}
}

// What a resource says no with, by RFC 6750 §3 and §3.1 and by habit.
func TestUserinfoRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer reply
		code   string
		fail   string
		words  string
	}{
		{"expired", jsonReply(401, `{}`, bearerWith(`realm="example", error="invalid_token", error_description="The access token expired"`)...), "invalid_token", "", `the resource says "The access token expired"`},
		{"too narrow", jsonReply(403, ``, bearerWith(`error="insufficient_scope", scope="openid"`)...), "insufficient_scope", "", "oauthprobe code https://as.example --scope openid"},
		{"malformed", jsonReply(400, ``, bearerWith(`error="invalid_request"`)...), "invalid_request", "", "not one that the resource understands"},
		{"no word", jsonReply(401, ``, bearerWith(`realm="x"`)...), "unauthorized", "", "a bearer token is wanted"},
		{"no challenge", jsonReply(401, `{"message":"no"}`), "unauthorized", "userinfo-challenge-form", ""},
		{"no challenge, but an error", jsonReply(401, `{"error":"invalid_token"}`), "invalid_token", "userinfo-challenge-form", ""},
		{"forbidden without a word", jsonReply(403, `{}`), "forbidden", "", ""},
		{"twice", jsonReply(401, ``, bearerWith(`error="invalid_token", error="x"`)...), "invalid_token", "userinfo-challenge-form", ""},
		{"two schemes", jsonReply(401, ``, "WWW-Authenticate", `Bearer realm="x", DPoP error="use_dpop_nonce", algs="ES256"`, "DPoP-Nonce", "n"), "use_dpop_nonce", "", `proofs may be signed with "ES256"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{plan: ask("access_token", "t"), answers: map[string]reply{issuer + "/me": c.answer}}
			_, err := s.run(t, token.Userinfo())
			var refused *flow.RefusedError
			if !errors.As(err, &refused) || refused.Code != c.code || refused.Status != c.answer.status {
				t.Fatalf("%v, want %s", err, c.code)
			}
			if got := s.findings(trace.Fail); got != c.fail {
				t.Errorf("failed %q, want %q", got, c.fail)
			}
			if !strings.Contains(s.notes(), c.words) {
				t.Errorf("said %q, not %q", s.notes(), c.words)
			}
		})
	}
}

func TestUserinfoJWT(t *testing.T) {
	mine, other := newSigner(t), newSigner(t)
	claims := func(add string) string {
		return fmt.Sprintf(`{"iss":%q,"aud":"me","sub":"a"%s}`, issuer, add)
	}
	unsigned := strings.Join([]string{"eyJhbGciOiJub25lIn0", strings.Split(mine.jwt(t, "JWT", claims("")), ".")[1], ""}, ".")
	for _, c := range []struct {
		name     string
		body     string
		metadata string
		end      string
		fail     string
		verified bool
	}{
		{"genuine", mine.jwt(t, "JWT", claims("")), `{}`, "", "", true},
		{"alg listed", mine.jwt(t, "JWT", claims("")), `{"userinfo_signing_alg_values_supported":["ES256"]}`, "", "", true},
		{"alg not listed", mine.jwt(t, "JWT", claims("")), `{"userinfo_signing_alg_values_supported":["RS256"]}`, "check V-UI-04", "userinfo-jwt-alg", false},
		{"good until later", mine.jwt(t, "JWT", claims(fmt.Sprintf(`,"exp":%d`, start+1))), `{}`, "", "", true},
		{"expired", mine.jwt(t, "JWT", claims(fmt.Sprintf(`,"exp":%d`, start-60))), `{}`, "check V-UI-04", "userinfo-jwt-exp", false},
		{"expired, within the skew", mine.jwt(t, "JWT", claims(fmt.Sprintf(`,"exp":%d`, start-20))), `{}`, "", "", true},
		{"another issuer", mine.jwt(t, "JWT", `{"iss":"https://as.example/","aud":"me","sub":"a"}`), `{}`, "check V-UI-04", "userinfo-jwt-iss", false},
		{"another audience", mine.jwt(t, "JWT", `{"iss":"https://as.example","aud":["you"],"sub":"a"}`), `{}`, "check V-UI-04", "userinfo-jwt-aud", false},
		{"another kind of token", mine.jwt(t, "at+jwt", claims("")), `{}`, "check V-UI-04", "userinfo-jwt-form", false},
		{"another key", other.jwt(t, "JWT", claims("")), `{}`, "check V-UI-04", "userinfo-jwt-signature", false},
		{"not signed", unsigned, `{}`, "check V-UI-04", "userinfo-jwt-signature", false},
		{"not signed, as announced", unsigned, `{"userinfo_signing_alg_values_supported":["none"]}`, "", "", false},
		{"no sub", mine.jwt(t, "JWT", `{"iss":"https://as.example","aud":"me"}`), `{}`, "check V-UI-01", "userinfo-sub", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{plan: ask("access_token", "t"), answers: map[string]reply{issuer + "/me": typed("application/jwt", c.body), issuer + "/keys": mine.keys}}
			s.plan.Server.Metadata, _ = jose.ParseObject([]byte(c.metadata))
			r, err := s.run(t, token.Userinfo())
			if got := ending(err); got != c.end {
				t.Errorf("ended with %q (%v), want %q", got, err, c.end)
			}
			if got := s.findings(trace.Fail); got != c.fail {
				t.Errorf("failed %q, want %q", got, c.fail)
			}
			if d, ok := s.decoded("userinfo"); !ok || d.Verified != c.verified || d.Reason == "" {
				t.Errorf("decoded: %v, %+v", ok, d)
			}
			if c.end == "" && r.Result.Answer.String("sub") != "a" {
				t.Error("the claims are not the answer")
			}
		})
	}
}

// What is encrypted to the client is opened with its key; what is not signed
// inside is told, and is not verified.
func TestUserinfoEncrypted(t *testing.T) {
	mine, ours, theirs := newSigner(t), newSigner(t), newSigner(t)
	seal := func(payload, cty string, to signer) string {
		sealed, err := jose.Encrypt([]byte(payload), jose.ParseKeySet([]byte(to.keys.body)).Keys[0], "ECDH-ES", "A128GCM", cty)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	// Keys made for signing carry alg and use; without them they do both.
	free := func(s signer) signer {
		s.key.Alg, s.key.Use, s.key.Public.Alg, s.key.Public.Use = "", "", "", ""
		s.keys.body = string(s.key.PublicJWKS())
		return s
	}
	ours, theirs = free(ours), free(theirs)
	nested := mine.jwt(t, "JWT", `{"iss":"https://as.example","aud":"me","sub":"a"}`)
	for _, c := range []struct {
		name, body, end, fail string
		verified              bool
	}{
		{"a JWT inside", seal(nested, "JWT", ours), "", "", true},
		{"claims inside", seal(`{"sub":"a"}`, "", ours), "", "", false},
		{"claims twice inside", seal(`{"sub":"a","sub":"b"}`, "", ours), "check V-UI-04", "userinfo-jwt-form userinfo-json", false},
		{"nonsense inside", seal(`nonsense`, "", ours), "check V-UI-04", "userinfo-jwt-form userinfo-json", false},
		{"to somebody else", seal(nested, "JWT", theirs), "check V-UI-04", "userinfo-jwt-form", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{plan: ask("access_token", "t"), answers: map[string]reply{issuer + "/me": typed("application/jwt", c.body), issuer + "/keys": mine.keys}}
			s.plan.Client.Keys = []jose.Private{ours.key}
			r, err := s.run(t, token.Userinfo())
			if got := ending(err); got != c.end {
				t.Errorf("ended with %q (%v), want %q", got, err, c.end)
			}
			if got := s.findings(trace.Fail); got != c.fail {
				t.Errorf("failed %q, want %q", got, c.fail)
			}
			if d, ok := s.decoded("userinfo"); !ok || d.Verified != c.verified {
				t.Errorf("decoded: %v, %+v", ok, d)
			}
			if c.end == "" && r.Result.Answer.String("sub") != "a" {
				t.Error("the claims are not the answer")
			}
		})
	}
}

// Nobody stops a run that is told to go on; the claims are delivered then.
func TestUserinfoKeepGoing(t *testing.T) {
	s := &stage{plan: ask("access_token", "t", "id_token_hint", hint(t, `{"sub":"b"}`)), answers: map[string]reply{issuer + "/me": jsonReply(200, `{"sub":"a"}`)}}
	s.plan.Gate = func(trace.Finding) bool { return false }
	if r, err := s.run(t, token.Userinfo()); err != nil || r.Result.Answer == nil {
		t.Error(err, r.Result.Answer)
	}
	// A trust check that fails comes before the refusal; V-CH-01 is none, but
	// --strict makes it stop.
	s = &stage{plan: ask("access_token", "t"), answers: map[string]reply{issuer + "/me": jsonReply(401, ``)}}
	s.plan.Gate = check.Strict
	if _, err := s.run(t, token.Userinfo()); ending(err) != "check V-CH-01" {
		t.Error(err)
	}
}
