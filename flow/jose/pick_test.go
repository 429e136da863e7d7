package jose

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"testing"

	josev4 "github.com/go-jose/go-jose/v4"
)

func mustGenerate(t *testing.T, alg string) Private {
	t.Helper()
	k, err := Generate(alg, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func named(t *testing.T, kind, kid, use, alg string) Private {
	t.Helper()
	k, refused := newPrivate(ourKeys()[kind].private)
	if refused != nil {
		t.Fatal(refused)
	}
	k.Kid, k.Use, k.Alg = kid, use, alg
	k.publish()
	return k
}

func TestPick(t *testing.T) {
	bare := func(kind string) Private { return named(t, kind, "", "", "") }
	ops := named(t, "P-256", "o", "", "")
	ops.KeyOps = []string{"verify"}
	for _, tt := range []struct {
		name         string
		keys         []Private
		kid, alg     string
		want         string // kid
		wantAlg      string
		reason, says string
	}{
		{name: "curve P-256", keys: []Private{bare("P-256")}, wantAlg: "ES256"},
		{name: "curve P-384", keys: []Private{bare("P-384")}, wantAlg: "ES384"},
		{name: "curve P-521", keys: []Private{bare("P-521")}, wantAlg: "ES512"},
		{name: "Ed25519", keys: []Private{bare("Ed25519")}, wantAlg: "EdDSA"},
		{name: "Ed25519 by its new name", keys: []Private{bare("Ed25519")}, alg: "Ed25519", wantAlg: "Ed25519"},
		{name: "one signature, two names", keys: []Private{named(t, "Ed25519", "e", "", "EdDSA")}, alg: "Ed25519", want: "e", wantAlg: "Ed25519"},
		{name: "RSA", keys: []Private{bare("RSA")}, wantAlg: "RS256"},
		{name: "RSA as asked", keys: []Private{bare("RSA")}, alg: "PS512", wantAlg: "PS512"},
		{name: "its own alg", keys: []Private{named(t, "RSA", "r", "sig", "PS384")}, want: "r", wantAlg: "PS384"},
		{name: "its own alg, another asked", keys: []Private{named(t, "RSA", "r", "", "PS384")}, alg: "RS256", reason: "misfit", says: `RSA key "r" is for alg "PS384", not RS256`},
		{name: "its own alg, untrue", keys: []Private{named(t, "P-256", "r", "", "RS256")}, reason: "misfit", says: `"r" cannot sign with RS256, only with ES256`},
		{name: "another curve asked", keys: []Private{bare("P-256")}, alg: "ES384", reason: "misfit", says: "cannot sign with ES384, only with ES256"},
		{name: "a MAC asked", keys: []Private{bare("RSA")}, alg: "HS256", reason: "misfit", says: "HS256"},
		{name: "no such alg", keys: []Private{bare("RSA")}, alg: "RS265", reason: "unknown-alg", says: `"RS265"`},
		{name: "none", keys: []Private{bare("RSA")}, alg: "none", reason: "unknown-alg", says: `"none"`},
		{name: "for encryption", keys: []Private{named(t, "RSA", "enc1", "enc", "")}, reason: "misfit", says: `"enc1" does not sign: its use is "enc"`},
		{name: "key_ops", keys: []Private{ops}, reason: "misfit", says: "verify"},
		{name: "the one that signs", keys: []Private{named(t, "RSA", "enc1", "enc", ""), named(t, "RSA", "sig1", "sig", "")}, want: "sig1", wantAlg: "RS256"},
		{name: "the one that fits the alg", keys: []Private{named(t, "RSA", "a", "", ""), named(t, "P-256", "b", "", "")}, alg: "ES256", want: "b", wantAlg: "ES256"},
		{name: "two that fit", keys: []Private{named(t, "RSA", "a", "", ""), named(t, "P-256", "b", "", "")}, reason: "ambiguous", says: `RSA key "a"; EC P-256 key "b"`},
		{name: "none that fits", keys: []Private{named(t, "RSA", "a", "", ""), named(t, "P-256", "b", "", "")}, alg: "ES512", reason: "misfit", says: `none of the 2 keys`},
		{name: "by kid", keys: []Private{named(t, "RSA", "a", "", ""), named(t, "P-256", "b", "", "")}, kid: "b", want: "b", wantAlg: "ES256"},
		{name: "by thumbprint", keys: []Private{bare("RSA"), bare("P-256")}, kid: ourKeys()["P-256"].public.Thumbprint, wantAlg: "ES256"},
		{name: "kid unknown", keys: []Private{named(t, "RSA", "a", "", "")}, kid: "b", reason: "misfit", says: `no key has the kid "b": RSA key "a"`},
		{name: "a name for a key without one", keys: []Private{bare("RSA")}, kid: "b", want: "b", wantAlg: "RS256"},
		{name: "no keys", reason: "no-private-key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, alg, err := Pick(tt.keys, tt.kid, tt.alg)
			if tt.reason != "" {
				if !refusedFor(err, tt.reason, tt.says) || k.Key != nil {
					t.Errorf("%v %s %v, want %s: %s", k, alg, err, tt.reason, tt.says)
				}
				return
			}
			if err != nil || k.Kid != tt.want || alg != tt.wantAlg {
				t.Errorf("%v %s %v", k, alg, err)
			}
			if _, err := Sign(alg, k.Key, nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is generated comes back the same from its JWK, and another
// implementation reads both halves.
func TestGenerate(t *testing.T) {
	for _, alg := range Generated() {
		if alg == "PS384" || alg == "PS512" || alg == "RS384" || alg == "RS512" {
			continue // 3072 bits take long to find
		}
		t.Run(alg, func(t *testing.T) {
			k := mustGenerate(t, alg)
			if want, _ := Thumbprint(k.JWK()); k.Kid != want || want == "" || k.Alg != alg || k.Use != "sig" {
				t.Errorf("kid %q, want %q; alg %s, use %s", k.Kid, want, k.Alg, k.Use)
			}
			back, err := ReadPrivate(k.JWK(), nil)
			if err != nil || string(back[0].JWK()) != string(k.JWK()) {
				t.Fatalf("read back: %v", err)
			}
			if alg == "Ed25519" {
				return // which it does not know
			}
			var private josev4.JSONWebKey
			var public josev4.JSONWebKeySet
			if err := errors.Join(private.UnmarshalJSON(k.JWK()), json.Unmarshal(k.PublicJWKS(), &public)); err != nil {
				t.Fatal(err)
			}
			if !private.Valid() || private.IsPublic() || len(public.Keys) != 1 || !public.Keys[0].IsPublic() || public.Keys[0].KeyID != k.Kid {
				t.Errorf("%v %v", private.KeyID, public)
			}
			verifies(t, sign(t, alg, back[0].Key, nil, json.RawMessage(`{}`)), alg, public.Keys[0].Key)
		})
	}
}

// Where the random source decides, the same source gives the same key, and a
// number that is no key is drawn again.
func TestGenerateDrawsFromItsSource(t *testing.T) {
	order := curve("P-256").Params().N
	first := append(order.FillBytes(make([]byte, 32)), big.NewInt(7).FillBytes(make([]byte, 32))...)
	k, err := Generate("ES256", bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ D, X string }
	_ = json.Unmarshal(k.JWK(), &m)
	// The second is 7·G as in the published multiples of P-256's base point.
	if m.D != "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAc" || m.X != "jlM7b6C_e0YluzBmfAH7YH75-LioD-9bMAYocDGHsqM" {
		t.Errorf("d %s, x %s", m.D, m.X)
	}
	if _, err := Generate("ES256", bytes.NewReader(first[:32])); !errors.Is(err, io.EOF) {
		t.Errorf("an empty source: %v", err)
	}
	if _, err := Generate("HS256", rand.Reader); !refusedFor(err, "unknown-alg", "ES256, ES384") {
		t.Error(err)
	}
}
