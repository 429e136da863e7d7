package ext

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// proofOf is the proof of a request, held to RFC 9449 §4.2 and verified by the
// key that it names.
func proofOf(t *testing.T, q wire.Request, key jose.Private) *jose.Object {
	t.Helper()
	if n := len(q.Header.Values("DPoP")); n != 1 {
		t.Fatalf("%d proofs", n)
	}
	p := jose.Decode(q.Header.Get("DPoP"))
	jwk, _ := p.Header.Get("jwk")
	named := jose.ParseKey(jwk)
	if p.Typ() != "dpop+jwt" || named.Private || named.Thumbprint != key.Public.Thumbprint {
		t.Fatalf("header %s", p.Header.Raw)
	}
	if err := jose.Verify(p, named); err != nil {
		t.Fatal(err)
	}
	if htm, _ := p.Claims.String("htm"); htm != q.Method {
		t.Errorf("htm %s of a %s", htm, q.Method)
	}
	return p.Claims
}

// A proof is made for one request: fresh jti, htu without query and fragment,
// the hash of the token where one is presented (the published one), the nonce
// of that server alone.
func TestProofs(t *testing.T) {
	const published = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU" // RFC 9449 §7.1
	key := generated(t, "ES256")
	s := &stage{answers: []wire.Answer{
		answer(400, `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", "as-1"),
		answer(200, `{"access_token":"x","token_type":"DPoP"}`, "DPoP-Nonce", "as-2"),
		answer(401, `{}`, "WWW-Authenticate", `Bearer realm="x", DPoP error="use_dpop_nonce"`, "DPoP-Nonce", "rs-1"),
		answer(200, `{"sub":"a"}`),
		answer(200, `{"access_token":"x","token_type":"DPoP"}`),
	}}
	use := func(q *flow.Request) { q.Headers.SetSecret("Authorization", "Bearer "+published, trace.Origin{}) }
	_, _, err := s.perform(t, func(ctx context.Context, r *flow.Run) error {
		return errors.Join(post(flow.Token)(ctx, r), post(flow.Userinfo, use)(ctx, r), post(flow.Token)(ctx, r))
	}, DPoP(key, ""))
	if err != nil || len(s.sent) != 5 {
		t.Fatalf("%d requests, %v", len(s.sent), err)
	}
	seen := map[string]bool{}
	for i, want := range []struct{ htu, nonce, ath string }{
		{"https://as.example/token", "", ""},
		{"https://as.example/token", "as-1", ""},
		{"https://as.example/userinfo", "", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"},
		{"https://as.example/userinfo", "rs-1", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"},
		{"https://as.example/token", "as-2", ""},
	} {
		claims := proofOf(t, s.sent[i], key)
		for name, value := range map[string]string{"htu": want.htu, "nonce": want.nonce, "ath": want.ath} {
			if got, _ := claims.String(name); got != value {
				t.Errorf("proof %d: %s is %q, want %q", i+1, name, got, value)
			}
		}
		jti, _ := claims.String("jti")
		if len(jti) < 16 || seen[jti] {
			t.Errorf("proof %d: jti %q is short or repeats", i+1, jti)
		}
		seen[jti] = true
	}
	if got := s.sent[2].Header.Get("Authorization"); got != "DPoP "+published {
		t.Errorf("the token was presented as %q", got)
	}
}

// One retry, and only with a nonce.
func TestNonceRetryIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		header []string
		sent   int
	}{
		"the same nonce for ever":    {[]string{"DPoP-Nonce", "n"}, 2},
		"none at all":                {nil, 1},
		"two, so that none is meant": {[]string{"DPoP-Nonce", "a", "DPoP-Nonce", "b"}, 1},
	} {
		s := &stage{answers: []wire.Answer{answer(400, `{"error":"use_dpop_nonce"}`, c.header...)}}
		_, _, err := s.perform(t, post(flow.Token), DPoP(generated(t, "ES256"), ""))
		var check *flow.CheckError
		if !errors.As(err, &check) || len(s.sent) != c.sent {
			t.Errorf("%s: %d requests, want %d; %v", name, len(s.sent), c.sent, err)
		}
	}
}

func TestBound(t *testing.T) {
	key := generated(t, "EdDSA")
	jwt := func(claims string) string {
		return part(`{"alg":"RS256","typ":"at+jwt"}`) + "." + part(claims) + ".c2ln"
	}
	other := part(`{"alg":"RS256"}`) + "." + part(`{}`) + ".c2ln"
	for name, c := range map[string]struct{ token, kind, fail string }{
		"bound":                                  {jwt(`{"cnf":{"jkt":"` + key.Public.Thumbprint + `"}}`), "dpop", ""},
		"another key":                            {jwt(`{"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}`), "DPoP", "V-DP-01"},
		"not bound":                              {jwt(`{}`), "DPoP", "V-DP-01"},
		"cnf is no more":                         {jwt(`{"cnf":"jkt"}`), "DPoP", "V-DP-01"},
		"opaque":                                 {"opaque", "DPoP", ""},
		"a JWT that may be nothing but a handle": {other, "DPoP", ""}, // RFC 9449 §6.2
		"bearer":                                 {"opaque", "Bearer", "V-TR-08"},
	} {
		s := &stage{answers: []wire.Answer{answer(200, `{"access_token":"`+c.token+`","token_type":"`+c.kind+`"}`)}}
		_, _, err := s.perform(t, post(flow.Token), DPoP(key, ""))
		var check *flow.CheckError
		if got := ""; errors.As(err, &check) || err == nil {
			if check != nil {
				got = check.Finding.Code
			}
			if got != c.fail {
				t.Errorf("%s: %q, want %q", name, got, c.fail)
			}
			continue
		}
		t.Errorf("%s: %v", name, err)
	}
}

// The binding of the code goes where the other parameters go.
func TestAnnouncedBehindJARAndPAR(t *testing.T) {
	key := generated(t, "ES256")
	s := &stage{answers: []wire.Answer{answer(201, `{"request_uri":"urn:ietf:params:oauth:request_uri:abcdefghijklmnopqrstuv","expires_in":60}`)}}
	_, rec, _ := s.perform(t, func(ctx context.Context, r *flow.Run) error {
		q, err := r.NewRequest(flow.Authorization)
		if err != nil {
			return err
		}
		q.Params.Set("response_type", "code", trace.Origin{})
		_, err = r.Authorize(ctx, q)
		return err
	}, DPoP(key, ""), JAR(Signer{Key: generated(t, "ES256")}, false), PAR())
	inside := rec.decoded("request_object")
	if inside == nil || !strings.Contains(string(inside.Claims), `"dpop_jkt":"`+key.Public.Thumbprint+`"`) {
		t.Fatalf("not in the request object: %v", inside)
	}
	if body := string(s.sent[0].Body); strings.Contains(body, "dpop_jkt") || !strings.Contains(body, "request=") {
		t.Errorf("pushed %s", body)
	}
	proofOf(t, s.sent[0], key)
}
