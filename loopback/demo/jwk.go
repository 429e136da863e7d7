package demo

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// A jwk is the public half of a key that somebody else signs with (RFC 7517 §4).
type jwk struct {
	Kty, Kid, Use, Alg, Crv string
	N, E, X, Y              string
	D                       string // which has no place here

	key crypto.PublicKey
}

// parseKeys reads a JWK Set, or a single JWK. It wants public keys that it can use.
func parseKeys(text []byte) ([]jwk, error) {
	var set struct {
		Keys []json.RawMessage
		Kty  string
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("the keys are no JSON: %w", err)
	}
	if set.Kty != "" {
		set.Keys = []json.RawMessage{text}
	}
	var keys []jwk
	for _, raw := range set.Keys {
		var k jwk
		if err := json.Unmarshal(raw, &k); err != nil {
			return nil, fmt.Errorf("a key is malformed: %w", err)
		}
		if k.D != "" {
			return nil, fmt.Errorf("key %q is private; register its public half", k.Kid)
		}
		if err := k.read(); err != nil {
			return nil, fmt.Errorf("key %q: %w", k.Kid, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in the set")
	}
	return keys, nil
}

// read makes the key of its members (RFC 7518 §6, RFC 8037 §2).
func (k *jwk) read() error {
	n, e, x, y, err := k.numbers()
	if err != nil {
		return err
	}
	switch {
	case k.Kty == "RSA":
		exponent := new(big.Int).SetBytes(e)
		modulus := new(big.Int).SetBytes(n)
		if modulus.BitLen() < 2048 || modulus.BitLen() > 8192 || exponent.BitLen() > 31 || exponent.Int64() < 3 {
			return errors.New("an RSA key has 2048 to 8192 bits here (RFC 7518 section 3.3)")
		}
		k.key = &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
	case k.Kty == "EC" && curves[k.Crv] != nil:
		point := append([]byte{4}, append(slices.Clone(x), y...)...) // SEC 1 §2.3.3
		public, err := ecdsa.ParseUncompressedPublicKey(curves[k.Crv], point)
		if err != nil {
			return errors.New("the point is not on its curve")
		}
		k.key = public
	case k.Kty == "OKP" && k.Crv == "Ed25519" && len(x) == ed25519.PublicKeySize:
		k.key = ed25519.PublicKey(x)
	default:
		return fmt.Errorf("kty %q with crv %q is not supported", k.Kty, k.Crv)
	}
	return nil
}

// numbers decodes what a public key is made of.
func (k *jwk) numbers() (n, e, x, y []byte, err error) {
	for _, part := range []struct {
		text string
		into *[]byte
	}{{k.N, &n}, {k.E, &e}, {k.X, &x}, {k.Y, &y}} {
		if *part.into, err = decodeURL(part.text); err != nil {
			return nil, nil, nil, nil, errors.New("a number is not base64url")
		}
	}
	return n, e, x, y, nil
}

// curves is the curves of RFC 7518 §6.2.1.1.
var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// fits says whether a key may be meant by a token's header (RFC 7515 §4.1.4, RFC 7517 §4.2, §4.4).
func (k *jwk) fits(kid, alg string) bool {
	if kid != "" && k.Kid != kid || k.Use != "" && k.Use != "sig" || k.Alg != "" && k.Alg != alg && (!isEd25519(k.Alg) || !isEd25519(alg)) {
		return false
	}
	switch {
	case strings.HasPrefix(alg, "RS"), strings.HasPrefix(alg, "PS"):
		return k.Kty == "RSA"
	case strings.HasPrefix(alg, "ES"):
		return k.Kty == "EC" && k.Crv == curveOf[alg]
	}
	return k.Kty == "OKP" && isEd25519(alg)
}

// curveOf is the one curve that goes with an algorithm (RFC 7518 §3.4).
var curveOf = map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

// isEd25519 knows both names of the algorithm (RFC 8037 §3.1, RFC 9864 §2.2).
func isEd25519(alg string) bool { return alg == "EdDSA" || alg == "Ed25519" }

// decodeURL is base64url without padding and without slack (RFC 7515 §2).
func decodeURL(text string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(text) }
