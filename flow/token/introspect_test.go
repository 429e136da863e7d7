package token_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/token"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func TestIntrospect(t *testing.T) {
	// The example of RFC 7662 §2.2, with times of this test.
	active := fmt.Sprintf(`{"active":true,"client_id":"l238j323ds-23ij4","username":"jdoe","scope":"read write dolphin","sub":"Z5O3upPC88QrAjx00dis","aud":"https://protected.example.net/resource","iss":"https://server.example.com/","exp":%d,"iat":%d,"extension_field":"twenty-seven"}`, start+3600, start-60)
	for _, c := range []struct {
		name       string
		answer     reply
		end        string
		fail, warn string
		said       string
	}{
		{"active", jsonReply(200, active), "", "", "", ""},
		{"inactive", jsonReply(200, `{"active":false}`), "", "", "", "not be this client's to ask about"},
		{"inactive, and more", jsonReply(200, `{"active":false,"sub":"a"}`), "", "", "introspection-inactive", ""},
		{"active as a string", jsonReply(200, `{"active":"true"}`), "", "introspection-active", "", ""},
		{"no active", jsonReply(200, `{"sub":"a"}`), "", "introspection-active", "", ""},
		{"active and expired", jsonReply(200, fmt.Sprintf(`{"active":true,"exp":%d}`, start-31)), "", "introspection-times", "", ""},
		{"active and expired, within the skew", jsonReply(200, fmt.Sprintf(`{"active":true,"exp":%d}`, start-29)), "", "", "", ""},
		{"active before its time", jsonReply(200, fmt.Sprintf(`{"active":true,"nbf":%d}`, start+31)), "", "introspection-times", "", ""},
		{"milliseconds", jsonReply(200, fmt.Sprintf(`{"active":true,"exp":%d000}`, start)), "", "introspection-times", "", ""},
		{"exp as a string", jsonReply(200, `{"active":true,"exp":"1"}`), "", "introspection-times", "", ""},
		{"inactive and expired", jsonReply(200, `{"active":false,"exp":1}`), "", "", "introspection-inactive", ""},
		{"a scope that is a list", jsonReply(200, `{"active":true,"scope":["a"]}`), "", "introspection-types", "", ""},
		{"active twice", jsonReply(200, `{"active":false,"active":true}`), "", "introspection-json", "", ""},
		{"declared as text", typed("text/plain", `{"active":false}`), "", "introspection-media-type", "", ""},
		{"client authentication was wanted", jsonReply(401, `{"error":"invalid_client"}`, "WWW-Authenticate", `Basic realm="as"`), "refused invalid_client", "", "", ""},
		{"a bearer token was wanted", jsonReply(401, ``, bearerWith(`error="invalid_token"`)...), "refused invalid_token", "", "", ""},
		{"a page", reply{200, []string{"Content-Type", "text/html"}, "<html>", false}, "protocol", "introspection-media-type introspection-json", "", ""},
		{"trouble", reply{503, nil, "", false}, "protocol", "", "", ""},
		{"not there", jsonReply(404, `{}`), "protocol", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{plan: ask("token", "secret-token", "token_type_hint", "access_token"), answers: map[string]reply{issuer + "/introspect": c.answer}}
			r, err := s.run(t, token.Introspect(false))
			if got := ending(err); got != c.end {
				t.Errorf("ended with %q (%v), want %q", got, err, c.end)
			}
			if fail, warn := s.findings(trace.Fail), s.findings(trace.Warn); fail != c.fail || warn != c.warn {
				t.Errorf("failed %q, warned %q; want %q, %q", fail, warn, c.fail, c.warn)
			}
			if !strings.Contains(s.notes(), c.said) {
				t.Errorf("said %q, not %q", s.notes(), c.said)
			}
			if delivered := r.Result.Answer != nil; delivered != (c.end == "") {
				t.Errorf("delivered: %v", delivered)
			}
			if got := string(s.sent[0].Body); got != "token=secret-token&token_type_hint=access_token" {
				t.Errorf("sent %s", got)
			}
		})
	}
}

// A person reads what is registered, in words and with times from now.
func TestIntrospectionInWords(t *testing.T) {
	body := fmt.Sprintf(`{"active":true,"exp":%d,"iat":%d,"nbf":1e300,"scope":"a b","aud":["x","y"],"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},"weird":1}`, start+90, start-3600)
	s := &stage{plan: ask("token", "t"), answers: map[string]reply{issuer + "/introspect": jsonReply(200, body)}}
	if _, err := s.run(t, token.Introspect(false)); err != nil {
		t.Fatal(err)
	}
	d, _ := s.decoded("introspection")
	var got []string
	for _, m := range d.Members {
		if m.In != "claims" || m.Ref == "" || m.Means == "" {
			t.Errorf("%+v", m)
		}
		got = append(got, m.Name+" = "+m.Value+" — "+m.Means)
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{
		"active = true — the token can be used, by what this server knows",
		"scope = a b — what the token is good for",
		`aud = ["x","y"] — `,
		": 2026-11-23 13:21:30 UTC, in 1m30s", ": 2026-11-23 12:20:00 UTC, 1h0m0s ago", "nbf = 1e300 — from when on it can be used: not a time in seconds",
		`cnf = {"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"} — the key that it is bound to`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("not said: %s\n%s", want, all)
		}
	}
	if strings.Contains(all, "weird") {
		t.Error("what is not registered is explained")
	}
}

func TestIntrospectJWT(t *testing.T) {
	mine, other := newSigner(t), newSigner(t)
	// After the example of RFC 9701 §5.
	claims := func(iss, aud string) string {
		return fmt.Sprintf(`{"iss":%q,"aud":%q,"iat":%d,"token_introspection":{"active":true,"iss":"https://as.example.com/","aud":"https://rs.example.com/resource","iat":%d,"exp":%d,"client_id":"paiB2goo0a","scope":"read write dolphin","sub":"Z5O3upPC88QrAjx00dis"}}`, iss, aud, start, start, start+60)
	}
	const typ = "token-introspection+jwt"
	for _, c := range []struct {
		name, body, end, fail string
		verified              bool
	}{
		{"genuine", mine.jwt(t, typ, claims(issuer, "me")), "", "", true},
		{"typ in full", mine.jwt(t, "application/Token-Introspection+JWT", claims(issuer, "me")), "", "", true},
		{"typ JWT", mine.jwt(t, "JWT", claims(issuer, "me")), "", "introspection-jwt-typ", false},
		{"another issuer", mine.jwt(t, typ, claims("https://evil.example", "me")), "check V-IN-01", "introspection-jwt-iss", false},
		{"another resource", mine.jwt(t, typ, claims(issuer, "you")), "", "", true}, // RFC 9701 §5: perhaps another name of the resource,
		{"another key", other.jwt(t, typ, claims(issuer, "me")), "check V-IN-01", "introspection-jwt-signature", false},
		{"nothing inside", mine.jwt(t, typ, `{"iss":"https://as.example","aud":"me","active":true}`), "protocol", "introspection-jwt-form", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{plan: ask("token", "t"), answers: map[string]reply{issuer + "/introspect": typed("application/"+typ, c.body), issuer + "/keys": mine.keys}}
			r, err := s.run(t, token.Introspect(true))
			if got := ending(err); got != c.end {
				t.Errorf("ended with %q (%v), want %q", got, err, c.end)
			}
			if got := s.findings(trace.Fail); got != c.fail {
				t.Errorf("failed %q, want %q", got, c.fail)
			}
			if d, ok := s.decoded("introspection"); !ok || d.Verified != c.verified {
				t.Errorf("decoded: %v, %+v", ok, d)
			}
			if accept := s.sent[0].Header.Values("Accept"); len(accept) != 1 || accept[0] != "application/"+typ {
				t.Errorf("Accept: %q", accept)
			}
			if c.end == "" && (r.Result.Answer.String("scope") != "read write dolphin" || r.Result.Answer.Object.Has("token_introspection")) {
				t.Errorf("the inner object is not the answer: %s", r.Result.Answer.Object.Raw)
			}
		})
	}
	s := &stage{plan: ask("token", "t"), answers: map[string]reply{issuer + "/introspect": jsonReply(200, `{"active":false}`)}}
	if _, err := s.run(t, token.Introspect(true)); err != nil || s.findings(trace.Warn) != "introspection-jwt-asked" {
		t.Error(err, s.findings(trace.Warn))
	}
}

func TestIntrospectWithoutToken(t *testing.T) {
	for _, p := range []flow.Procedure{token.Introspect(false), token.Revoke()} {
		s := &stage{plan: ask()}
		if _, err := s.run(t, p); ending(err) != "config token" || len(s.sent) != 0 {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
