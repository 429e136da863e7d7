package check

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// signing is a key with a name, and the set that holds its public half.
func signing(tb testing.TB) (jose.Private, jose.KeySet) {
	tb.Helper()
	key, err := jose.Generate("RS256", rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key, jose.ParseKeySet(key.PublicJWKS())
}

// Everything that is judged of a code flow, its RS256 signature included: it
// has to take less than a millisecond.
func BenchmarkJudgeCodeFlow(b *testing.B) {
	key, set := signing(b)
	access := "2YotnFZFEjr1zCsicMWpAA"
	hash, err := jose.HalfHash("RS256", "", access)
	if err != nil {
		b.Fatal(err)
	}
	raw, err := jose.Sign("RS256", key.Key, map[string]any{"kid": set.Keys[0].Kid}, rawJSON(`{"iss":"https://as.example","sub":"alice","aud":"me","exp":1795440300,"iat":1795440000,"nonce":"n","at_hash":"`+hash+`"}`))
	if err != nil {
		b.Fatal(err)
	}
	body := `{"access_token":"` + access + `","token_type":"Bearer","expires_in":3600,"scope":"openid","id_token":"` + raw + `"}`
	asking(b, "http://127.0.0.1:1/cb", map[string]string{"response_type": "code", "scope": "openid", "state": "s"}, func(r *flow.Run) {
		r.Server.Issuer = "https://as.example"
		r.Client.ID = "me"
		r.Server.Metadata, _ = jose.ParseObject([]byte(`{"issuer":"https://as.example","id_token_signing_alg_values_supported":["RS256"]}`))
		front := &flow.Response{
			Request: r.Asked(flow.Authorization), Form: "query", Hit: &flow.Hit{Method: "GET", Via: "query"},
			Values: flow.ParseParams("code=SplxlOBeZQQYbYS6WxSbIA&state=s&iss=https%3A%2F%2Fas.example", trace.Origin{}),
		}
		checks := All()
		failed := 0
		judge := func(at flow.Endpoint, p *flow.Response) {
			for _, c := range checks {
				if c.At == at && c.Eval(r, p).Outcome == trace.Fail {
					failed++
				}
			}
		}
		b.ResetTimer()
		for b.Loop() {
			judge(flow.Authorization, front)
			p := answer(b, body)
			judge(flow.Token, p)
			t := jose.Decode(raw)
			keys, err := set.Candidates(t)
			if err != nil {
				b.Fatal(err)
			}
			if err = jose.Verify(t, keys[0]); err != nil {
				b.Fatal(err)
			}
			judge(flow.IDToken, &flow.Response{Request: &flow.Request{Endpoint: flow.IDToken}, Token: t, Signature: &flow.Signature{Key: &keys[0]}, Carrier: p})
		}
		if failed > 0 {
			b.Errorf("%d checks failed", failed)
		}
	})
}

// Reading a key set, judging it and finding a key in it takes time in
// proportion to the number of keys.
func BenchmarkThousandKeys(b *testing.B) {
	key, _ := signing(b)
	one := string(key.PublicJWKS())
	one = one[strings.Index(one, "[")+1 : strings.LastIndex(one, "]")]
	name := jose.ParseKey([]byte(one)).Kid
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var all []string
			for i := range n {
				all = append(all, strings.Replace(one, name, fmt.Sprintf("key-%d", i), 1))
			}
			body := `{"keys":[` + strings.Join(all, ",") + `]}`
			raw, err := jose.Sign("RS256", key.Key, map[string]any{"kid": fmt.Sprintf("key-%d", n-1)}, rawJSON(`{}`))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				p := answer(b, body)
				for _, c := range Keys() {
					c.Eval(run(), p)
				}
				t := jose.Decode(raw)
				keys, err := jose.ParseKeySet(p.Body).Candidates(t)
				if err != nil || jose.Verify(t, keys[0]) != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/key")
		})
	}
}
