package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"testing"

	josev4 "github.com/go-jose/go-jose/v4"
)

// A pair is a key of our own and what a server would publish of it.
type pair struct {
	private any
	public  Key
}

// ourKeys makes one key of every kind, once: RSA keys are slow to find.
var ourKeys = sync.OnceValue(func() map[string]pair {
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	keys := map[string]any{"RSA": rsaKey}
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		keys[name], _ = ecdsa.GenerateKey(curve, rand.Reader)
	}
	_, keys["Ed25519"], _ = ed25519.GenerateKey(rand.Reader)
	pairs := map[string]pair{}
	for name, private := range keys {
		pairs[name] = pair{private, ParseKey(publish(private))}
	}
	return pairs
})

// publish writes the JWK of a private key's public half.
func publish(private any) json.RawMessage {
	enc := base64.RawURLEncoding.EncodeToString
	switch key := private.(type) {
	case *rsa.PrivateKey:
		return fmt.Appendf(nil, `{"kty":"RSA","n":"%s","e":"%s"}`, enc(key.N.Bytes()), enc(big.NewInt(int64(key.E)).Bytes()))
	case *ecdsa.PrivateKey:
		point, _ := key.PublicKey.Bytes()
		half := len(point) / 2
		return fmt.Appendf(nil, `{"kty":"EC","crv":"%s","x":"%s","y":"%s"}`, key.Params().Name, enc(point[1:1+half]), enc(point[1+half:]))
	case ed25519.PrivateKey:
		return fmt.Appendf(nil, `{"kty":"OKP","crv":"Ed25519","x":"%s"}`, enc(key.Public().(ed25519.PublicKey)))
	}
	return nil
}

func sign(t testing.TB, alg string, key any, header map[string]any, claims any) string {
	t.Helper()
	token, err := Sign(alg, key, header, claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// asymmetric lists every alg that is signed and verified, and the key for it.
var asymmetric = map[string]string{
	"RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
	"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519", "Ed25519": "Ed25519",
}

// Another implementation reads what we sign and signs what we read. It does not
// know Ed25519 as the name of an alg.
func TestSignAndVerifyAgainstAnotherImplementation(t *testing.T) {
	for alg, name := range asymmetric {
		t.Run(alg, func(t *testing.T) {
			key := ourKeys()[name]
			ours := sign(t, alg, key.private, map[string]any{"typ": "JWT"}, map[string]string{"iss": "x"})
			if err := Verify(Decode(ours), key.public); err != nil {
				t.Errorf("our own: %v", err)
			}
			if alg == "Ed25519" {
				return
			}
			foreign, err := josev4.ParseSignedCompact(ours, []josev4.SignatureAlgorithm{josev4.SignatureAlgorithm(alg)})
			if err != nil {
				t.Fatal(err)
			}
			if payload, err := foreign.Verify(key.public.Public); err != nil || string(payload) != `{"iss":"x"}` {
				t.Errorf("theirs reads ours: %q, %v", payload, err)
			}
			signer, err := josev4.NewSigner(josev4.SigningKey{Algorithm: josev4.SignatureAlgorithm(alg), Key: key.private}, nil)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := signer.Sign([]byte(`{"iss":"y"}`))
			if err != nil {
				t.Fatal(err)
			}
			theirs, _ := signed.CompactSerialize()
			if err := Verify(Decode(theirs), key.public); err != nil {
				t.Errorf("ours reads theirs: %v", err)
			}
		})
	}
}

// The expected token is RFC 7515 A.1, whose header and payload have line breaks
// that only exact octets reproduce.
func TestSignReproducesRFC7515A1(t *testing.T) {
	v := published(t)
	secret, _ := base64.RawURLEncoding.DecodeString(v.RFC7515.K)
	want := Decode(v.RFC7515.JWS)
	sig, err := signBytes("HS256", secret, want.signingInput())
	if err != nil || base64.RawURLEncoding.EncodeToString(sig) != base64.RawURLEncoding.EncodeToString(want.Signature) {
		t.Errorf("signature %x, %v", sig, err)
	}
}

func TestSignHeaderOrder(t *testing.T) {
	token := sign(t, "HS256", []byte("k"), map[string]any{"z": 1, "kid": "<&>", "jwk": nil, "typ": "at+jwt", "alg": "HS256"}, json.RawMessage(`{"a":1,"a":2}`))
	d := Decode(token)
	if got, want := string(d.Header.Raw), `{"alg":"HS256","typ":"at+jwt","kid":"<&>","jwk":null,"z":1}`; got != want {
		t.Errorf("header %s, want %s", got, want)
	}
	if got := string(d.Payload); got != `{"a":1,"a":2}` {
		t.Errorf("payload %s", got)
	}
}

func TestSignRefuses(t *testing.T) {
	keys := ourKeys()
	for _, tt := range []struct {
		name, alg string
		key       any
		header    map[string]any
		claims    any
		reason    string
	}{
		{"none", "none", nil, nil, nil, "alg-unknown"},
		{"case", "rs256", keys["RSA"].private, nil, nil, "alg-unknown"},
		{"unsupported", "ES256K", keys["P-256"].private, nil, nil, "alg-unknown"},
		{"MAC with a public key's octets, RS256 asked", "RS256", []byte("x"), nil, nil, "alg-key-mismatch"},
		{"curve", "ES384", keys["P-256"].private, nil, nil, "alg-key-mismatch"},
		{"RSA for ES256", "ES256", keys["RSA"].private, nil, nil, "alg-key-mismatch"},
		{"EC for HS256", "HS256", keys["P-256"].private, nil, nil, "alg-key-mismatch"},
		{"nil key", "RS256", (*rsa.PrivateKey)(nil), nil, nil, "alg-key-mismatch"},
		{"no key", "EdDSA", nil, nil, nil, "alg-key-mismatch"},
		{"another alg in the header", "HS256", []byte("k"), map[string]any{"alg": "none"}, nil, "header"},
		{"header not JSON", "HS256", []byte("k"), map[string]any{"x": func() {}}, nil, "header"},
		{"claims not JSON", "HS256", []byte("k"), nil, func() {}, "claims"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := Sign(tt.alg, tt.key, tt.header, tt.claims)
			var refused *SignError
			if !errors.As(err, &refused) || refused.Reason != tt.reason || token != "" {
				t.Errorf("%q, %v, want %s", token, err, tt.reason)
			}
		})
	}
}
