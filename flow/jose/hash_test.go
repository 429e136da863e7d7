package jose

import (
	"errors"
	"strings"
	"testing"
)

func TestHalfHash(t *testing.T) {
	v := published(t)
	// The published table is keyed by prose; a row is found by an alg in it.
	row := func(alg string) string {
		for name, value := range v.TokenHash.AtHash {
			if strings.Contains(name, alg) {
				return value
			}
		}
		t.Fatalf("no row for %s", alg)
		return ""
	}
	at := v.TokenHash.AccessToken
	sha256, sha384, sha512, shake114, shake64 := row("RS256"), row("RS384"), row("RS512"), row("Ed448"), row("ML-DSA")
	tests := []struct{ alg, crv, value, want string }{
		{"RS256", "", at, sha256}, {"PS256", "", at, sha256}, {"ES256", "P-256", at, sha256}, {"ES256K", "secp256k1", at, sha256}, {"HS256", "", at, sha256},
		{"RS384", "", at, sha384}, {"PS384", "", at, sha384}, {"ES384", "P-384", at, sha384}, {"HS384", "", at, sha384},
		{"RS512", "", at, sha512}, {"PS512", "", at, sha512}, {"ES512", "P-521", at, sha512}, {"HS512", "", at, sha512},
		{"Ed25519", "", at, sha512}, {"EdDSA", "Ed25519", at, sha512},
		{"Ed448", "", at, shake114}, {"EdDSA", "Ed448", at, shake114},
		{"ML-DSA-44", "", at, shake64}, {"ML-DSA-65", "", at, shake64}, {"ML-DSA-87", "", at, shake64},
		{"RS256", "", v.OIDC.AccessToken, v.OIDC.AtHash},
		{"RS256", "", v.OIDC.Code, v.OIDC.CHash},
		{"ES256", "", v.CIBA.AccessToken, v.CIBA.AtHash},
		{"ES256", "", v.CIBA.RefreshToken, v.CIBA.RtHash},
		{"PS256", "", v.FAPI1.State, v.FAPI1.SHash},
	}
	for _, tt := range tests {
		if got, err := HalfHash(tt.alg, tt.crv, tt.value); err != nil || got != tt.want {
			t.Errorf("HalfHash(%s, %s) = %q, %v, want %q", tt.alg, tt.crv, got, err, tt.want)
		}
	}
}

func TestHalfHashRefuses(t *testing.T) {
	for _, tt := range []struct{ alg, crv, reason string }{
		{"none", "", "alg-none"},
		{"", "", "alg-unknown"},
		{"rs256", "", "alg-unknown"},
		{"EdDSA", "", "alg-key-mismatch"},
		{"EdDSA", "X25519", "alg-key-mismatch"},
	} {
		_, err := HalfHash(tt.alg, tt.crv, "x")
		var refused *VerifyError
		if !errors.As(err, &refused) || refused.Reason != tt.reason {
			t.Errorf("HalfHash(%q, %q): %v, want %s", tt.alg, tt.crv, err, tt.reason)
		}
	}
}

// The hashes are in the signed ID tokens of OpenID Connect Core A.6 and FAPI 1.
func TestHalfHashMatchesClaims(t *testing.T) {
	v := published(t)
	a6, fapi := Decode(v.OIDC.A6).Claims, Decode(v.FAPI1.IDToken).Claims
	for _, tt := range []struct {
		claims      *Object
		claim, want string
	}{{a6, "at_hash", v.OIDC.AtHash}, {a6, "c_hash", v.OIDC.CHash}, {fapi, "s_hash", v.FAPI1.SHash}} {
		if got, _ := tt.claims.String(tt.claim); got != tt.want {
			t.Errorf("%s = %q, want %q", tt.claim, got, tt.want)
		}
	}
}
