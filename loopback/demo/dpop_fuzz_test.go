package demo_test

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// Whatever comes as a proof, it is refused in order or it binds.
func FuzzProof(f *testing.F) {
	s, err := demo.New(demo.Config{Issuer: "https://server.example.com", Now: stopped})
	if err != nil {
		f.Fatal(err)
	}
	for _, header := range []string{
		`{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}}`,
		`{"typ":"dpop+jwt","alg":"RS256","jwk":{"kty":"RSA","n":"AQ","e":"AQAB"}}`,
		`{"typ":"dpop+jwt","alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"AQ"}}`,
		`{"typ":"dpop+jwt","alg":"ES256","jwk":[]}`,
	} {
		f.Add(header, `{"jti":"1","htm":"POST","htu":"https://server.example.com/token","iat":1e300}`, []byte("x"))
	}
	f.Fuzz(func(t *testing.T, header, claims string, signature []byte) {
		r := httptest.NewRequest("POST", "https://server.example.com/token", strings.NewReader(confidential("client_credentials").Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("DPoP", b64(header)+"."+b64(claims)+"."+b64(string(signature)))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code == 400 && strings.Contains(w.Body.String(), `"invalid_dpop_proof"`) || w.Code == 200 && strings.Contains(w.Body.String(), `"DPoP"`) {
			return
		}
		t.Errorf("%d %s", w.Code, w.Body)
	})
}

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
