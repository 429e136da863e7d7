package grant

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// An assertion of our own says what it is told to, for this server and for a
// minute, and its key verifies it.
func TestAssertion(t *testing.T) {
	key, err := jose.Generate("ES256", rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1795440000, 0)
	r := &flow.Run{}
	r.Client.ID, r.Rand = "me", rand.NewChaCha8([32]byte{2})
	for _, c := range []struct {
		name   string
		server flow.Server
		signer Signer
		want   map[string]any
	}{
		{"the issuer", flow.Server{Issuer: "https://as.example"}, Signer{Claims: map[string]any{"sub": "alice"}},
			map[string]any{"iss": "me", "sub": "alice", "aud": "https://as.example", "iat": 1795440000.0, "exp": 1795440060.0}},
		{"no issuer", flow.Server{Replaced: map[flow.Endpoint]string{flow.Token: "https://as.example/t"}}, Signer{Claims: map[string]any{"sub": "alice"}},
			map[string]any{"iss": "me", "sub": "alice", "aud": "https://as.example/t", "iat": 1795440000.0, "exp": 1795440060.0}},
		{"told otherwise", flow.Server{Issuer: "https://as.example"}, Signer{Audience: "you", Claims: map[string]any{"sub": nil, "iss": "idp", "exp": 1, "x": true}},
			map[string]any{"iss": "idp", "aud": "you", "iat": 1795440000.0, "exp": 1.0, "x": true}},
	} {
		r.Server, c.signer.Key = c.server, key
		made, err := c.signer.Assertion(r, now)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		token := jose.Decode(made)
		if err := jose.Verify(token, key.Public); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if kid, _ := token.Kid(); token.Alg() != "ES256" || kid != key.Kid || token.Typ() != "JWT" {
			t.Errorf("%s: header %s", c.name, token.Header.Raw)
		}
		var got map[string]any
		if err := json.Unmarshal(token.Claims.Raw, &got); err != nil {
			t.Fatal(err)
		}
		if jti, _ := got["jti"].(string); len(jti) != 22 {
			t.Errorf("%s: jti %q", c.name, jti)
		}
		delete(got, "jti")
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	var config *flow.ConfigError
	if _, err := (Signer{Key: key, Alg: "RS256"}).Assertion(r, now); !errors.As(err, &config) || config.Field != "key" {
		t.Errorf("a key that does not fit: %v", err)
	}
}
