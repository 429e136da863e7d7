package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
)

// refusedWith fails unless err is a *VerifyError of that reason.
func refusedWith(t *testing.T, err error, reason, detail string) {
	t.Helper()
	var refused *VerifyError
	if !errors.As(err, &refused) || refused.Reason != reason || !strings.Contains(refused.Detail, detail) {
		t.Errorf("got %v, want %s with %q", err, reason, detail)
	}
}

func TestVerifyPublished(t *testing.T) {
	v := published(t)
	fapiClient, fapiServer := ParseKey(v.FAPI1.Keys[0]), ParseKey(v.FAPI1.Keys[1])
	for _, tt := range []struct {
		name, token string
		key         Key
	}{
		{"RFC 8037 A.4", v.RFC8037.JWS, ParseKey(v.RFC8037.JWK)},
		{"RFC 9101 §4", v.RFC9101.JWT, ParseKey(v.RFC9101.Key)},
		{"RFC 9126 §2.1", v.RFC9126.Assertion, ParseKey(v.RFC9126.Key)},
		{"RFC 9126 §3", v.RFC9126.JWT, ParseKey(v.RFC9126.Key)},
		{"OIDC Core A.2", v.OIDC.A2, ParseKey(v.OIDC.JWK)},
		{"OIDC Core A.3", v.OIDC.A3, ParseKey(v.OIDC.JWK)},
		{"OIDC Core A.4", v.OIDC.A4, ParseKey(v.OIDC.JWK)},
		{"OIDC Core A.6", v.OIDC.A6, ParseKey(v.OIDC.JWK)},
		{"RFC 9449 figure 2", v.RFC9449.TokenRequest, ParseKey(v.RFC9449.JWK)},
		{"RFC 9449 figure 7", v.RFC9449.Refresh, ParseKey(v.RFC9449.JWK)},
		{"RFC 9449 figure 13", v.RFC9449.Resource, ParseKey(v.RFC9449.JWK)},
		{"FAPI 1 request object", v.FAPI1.RequestObject, fapiClient},
		{"FAPI 1 ID token", v.FAPI1.IDToken, fapiServer},
		{"FAPI 1 JARM", v.FAPI1.JARM, fapiServer},
		{"FAPI 1 client assertion", v.FAPI1.Assertion, fapiClient},
		{"attestation proof", v.Attestation.PoP, ParseKey(v.Attestation.JWK)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := Verify(Decode(tt.token), tt.key); err != nil {
				t.Errorf("does not verify: %v", err)
			}
			for _, bad := range mutations(tt.token) {
				if err := Verify(Decode(bad), tt.key); err == nil {
					t.Errorf("verifies after a change: %s", bad)
				}
			}
		})
	}
}

// mutations flips bits of the payload and of the signature, and writes the same
// signature in ways that a lenient reader takes for it.
func mutations(token string) []string {
	part := strings.Split(token, ".")
	flip := func(i int) []string {
		octets, _ := base64.RawURLEncoding.DecodeString(part[i])
		var all []string
		for _, at := range []int{0, len(octets) / 2, len(octets) - 1} {
			for _, bit := range []byte{0x01, 0x80} {
				octets[at] ^= bit
				changed := append([]string{}, part...)
				changed[i] = base64.RawURLEncoding.EncodeToString(octets)
				all = append(all, strings.Join(changed, "."))
				octets[at] ^= bit
			}
		}
		return all
	}
	all := append(flip(1), flip(2)...)
	return append(all, token+"=", token+"==", token+"A", token+"\n", " "+token, token+".", token[:len(token)-1],
		part[0]+"."+part[1]+".", part[0]+".."+part[2], part[0]+"."+part[1])
}

// RFC 9101 and RFC 9126 print different keys under one kid.
func TestVerifyKidConfusion(t *testing.T) {
	v := published(t)
	wrong, right := ParseKey(v.RFC9101.Key), ParseKey(v.RFC9126.Key)
	refusedWith(t, Verify(Decode(v.RFC9126.JWT), wrong), "signature", "")
	refusedWith(t, Verify(Decode(v.RFC9126.Assertion), wrong), "signature", "")
	refusedWith(t, Verify(Decode(v.RFC9101.JWT), right), "signature", "")
}

func TestVerifyRefuses(t *testing.T) {
	keys := ourKeys()
	rsaKey, ec, ed := keys["RSA"], keys["P-256"], keys["Ed25519"]
	claims := map[string]string{"iss": "x"}
	good := sign(t, "RS256", rsaKey.private, nil, claims)
	goodEC := sign(t, "ES256", ec.private, nil, claims)
	_, rest, _ := strings.Cut(good, ".")
	_, restEC, _ := strings.Cut(goodEC, ".")
	input := goodEC[:strings.LastIndexByte(goodEC, '.')+1]
	header := func(h string) string { return b64(h) + "." + rest }
	halves := func(r, s *big.Int) string {
		sig := make([]byte, 64)
		r.FillBytes(sig[:32])
		s.FillBytes(sig[32:])
		return input + base64.RawURLEncoding.EncodeToString(sig)
	}
	zero, one, order := new(big.Int), big.NewInt(1), elliptic.P256().Params().N
	with := func(k Key, change func(*Key)) Key { change(&k); return k }
	pub, _ := x509.MarshalPKIXPublicKey(rsaKey.public.Public)
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub})

	for _, tt := range []struct {
		name, token    string
		key            Key
		reason, detail string
	}{
		{"alg none", header(`{"alg":"none"}`), rsaKey.public, "alg-none", "not signed"},
		{"alg none, no signature", b64(`{"alg":"none"}`) + "." + b64(`{}`) + ".", rsaKey.public, "alg-none", ""},
		{"alg nOnE", header(`{"alg":"nOnE"}`), rsaKey.public, "alg-unknown", "differs only in case from none"},
		{"HS256 keyed by the PEM", sign(t, "HS256", asPEM, nil, claims), rsaKey.public, "alg-hmac", "MAC"},
		{"lower case", header(`{"alg":"rs256"}`), rsaKey.public, "alg-unknown", "this one is RS256"},
		{"unheard of", header(`{"alg":"XX1"}`), rsaKey.public, "alg-unknown", `"XX1"`},
		{"no alg", header(`{"typ":"JWT"}`), rsaKey.public, "malformed", "no alg"},
		{"alg is a number", header(`{"alg":256}`), rsaKey.public, "malformed", "no alg"},
		{"ES256K", header(`{"alg":"ES256K"}`), rsaKey.public, "alg-unsupported", "not supported by this tool"},
		{"Ed448", header(`{"alg":"Ed448"}`), ed.public, "alg-unsupported", ""},
		{"EdDSA of an Ed448 key", header(`{"alg":"EdDSA"}`), ParseKey(json.RawMessage(`{"kty":"OKP","crv":"Ed448","x":"AA"}`)), "alg-unsupported", ""},
		{"ML-DSA", header(`{"alg":"ML-DSA-65"}`), rsaKey.public, "alg-unsupported", ""},
		{"crit unknown", sign(t, "RS256", rsaKey.private, map[string]any{"crit": []string{"zz"}, "zz": 1}, claims), rsaKey.public, "crit", "zz"},
		{"crit empty", sign(t, "RS256", rsaKey.private, map[string]any{"crit": []string{}}, claims), rsaKey.public, "crit", ""},
		{"crit null", sign(t, "RS256", rsaKey.private, map[string]any{"crit": nil}, claims), rsaKey.public, "crit", ""},
		{"b64 without crit", sign(t, "RS256", rsaKey.private, map[string]any{"b64": false}, claims), rsaKey.public, "crit", "b64"},
		{"repeated header name", header(`{"alg":"RS256","alg":"RS256"}`), rsaKey.public, "malformed", "jwt-header-duplicate-name"},
		{"another RSA alg", header(`{"alg":"PS256"}`), rsaKey.public, "signature", ""},
		{"RS256 with an EC key", good, ec.public, "alg-key-mismatch", "EC P-256"},
		{"ES256 with an RSA key", goodEC, rsaKey.public, "alg-key-mismatch", "RSA"},
		{"ES256 with a P-384 key", goodEC, keys["P-384"].public, "alg-key-mismatch", "EC P-384"},
		{"ES256 with an Ed25519 key", goodEC, ed.public, "alg-key-mismatch", "OKP Ed25519"},
		{"key bound to another alg", good, with(rsaKey.public, func(k *Key) { k.Alg = "PS256" }), "alg-key-mismatch", "PS256"},
		{"key for encryption", good, with(rsaKey.public, func(k *Key) { k.Use = "enc" }), "key-unusable", "enc"},
		{"key_ops without verify", good, with(rsaKey.public, func(k *Key) { k.KeyOps = []string{"wrapKey"} }), "key-unusable", "wrapKey"},
		{"no key", good, Key{}, "key-unusable", ""},
		{"nil RSA key", good, Key{Public: (*rsa.PublicKey)(nil)}, "key-unusable", "2048"},
		{"nil EC key", goodEC, Key{Public: (*ecdsa.PublicKey)(nil)}, "key-unusable", ""},
		{"short Ed25519 key", header(`{"alg":"EdDSA"}`), Key{Public: ed25519.PublicKey("x")}, "key-unusable", ""},
		{"EC point off the curve", goodEC, Key{Public: &ecdsa.PublicKey{Curve: elliptic.P256(), X: one, Y: one}}, "key-unusable", ""}, //nolint:staticcheck // no other way off the curve
		{"r and s zero", halves(zero, zero), ec.public, "signature", "zero"},
		{"r zero", halves(zero, one), ec.public, "signature", "zero"},
		{"s zero", halves(one, zero), ec.public, "signature", "zero"},
		{"r is the order", halves(order, one), ec.public, "signature", "order"},
		{"s is the order", halves(one, order), ec.public, "signature", "order"},
		{"ECDSA of the wrong length", input + "AAAA", ec.public, "signature", "3 bytes and P-256 makes 64"},
		{"Ed25519 signature absent", b64(`{"alg":"Ed25519"}`) + "." + b64(`{}`) + ".", ed.public, "signature", "Ed25519"},
		{"header of another token", b64(`{"alg":"ES256","kid":"1"}`) + "." + restEC, ec.public, "signature", ""},
		{"opaque", "2YotnFZFEjr1zCsicMWpAA", rsaKey.public, "malformed", ""},
		{"encrypted", published(t).FAPI1.JWE, rsaKey.public, "malformed", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refusedWith(t, Verify(Decode(tt.token), tt.key), tt.reason, tt.detail)
		})
	}
	refusedWith(t, Verify(nil, rsaKey.public), "malformed", "")
	refusedWith(t, Verify(&Token{}, rsaKey.public), "malformed", "")
}

// Signatures that other libraries let pass, and that are worth a reason.
func TestVerifyNamesTheMistake(t *testing.T) {
	keys := ourKeys()
	unsigned := func(alg string) string { return b64(`{"alg":"`+alg+`"}`) + "." + b64(`{}`) }
	seal := func(input string, sig []byte) *Token {
		return Decode(input + "." + base64.RawURLEncoding.EncodeToString(sig))
	}

	input := unsigned("ES256")
	sum := sha256.Sum256([]byte(input))
	der, err := ecdsa.SignASN1(rand.Reader, keys["P-256"].private.(*ecdsa.PrivateKey), sum[:])
	if err != nil {
		t.Fatal(err)
	}
	refusedWith(t, Verify(seal(input, der), keys["P-256"].public), "signature", "ASN.1 DER")

	input = unsigned("PS256")
	sum = sha256.Sum256([]byte(input))
	long, err := rsa.SignPSS(rand.Reader, keys["RSA"].private.(*rsa.PrivateKey), crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: 20})
	if err != nil {
		t.Fatal(err)
	}
	refusedWith(t, Verify(seal(input, long), keys["RSA"].public), "signature", "salt")
}

// A key of 1024 bits signs well and is refused all the same, however it came.
func TestVerifyRefusesShortRSA(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	token := Decode(sign(t, "RS256", short, nil, struct{}{}))
	refusedWith(t, Verify(token, ParseKey(publish(short))), "key-unusable", "1024 bits")
	refusedWith(t, Verify(token, Key{Public: &short.PublicKey}), "key-unusable", "2048")
}

// A flaw in the claims is the business of who reads them, not of the signature.
func TestVerifySignsOverBadClaims(t *testing.T) {
	key := ourKeys()["Ed25519"]
	token := Decode(sign(t, "EdDSA", key.private, nil, []byte(`{"iss":"a","iss":"b"}`)))
	if err := Verify(token, key.public); err != nil {
		t.Error(err)
	}
	if len(token.Problems) != 1 || token.Problems[0].ID != "jwt-claims-duplicate-name" {
		t.Errorf("problems: %v", token.Problems)
	}
}

// EdDSA and Ed25519 are one algorithm, whichever of them the key is bound to.
func TestVerifyEd25519ByEitherName(t *testing.T) {
	key := ourKeys()["Ed25519"]
	for _, inToken := range []string{"EdDSA", "Ed25519"} {
		for _, inKey := range []string{"EdDSA", "Ed25519", ""} {
			k := key.public
			k.Alg = inKey
			if err := Verify(Decode(sign(t, inToken, key.private, nil, struct{}{})), k); err != nil {
				t.Errorf("token %s, key %s: %v", inToken, inKey, err)
			}
		}
	}
}

func TestVerifyHMAC(t *testing.T) {
	v := published(t)
	secret, _ := base64.RawURLEncoding.DecodeString(v.RFC7515.K)
	if err := VerifyHMAC(Decode(v.RFC7515.JWS), secret); err != nil {
		t.Errorf("RFC 7515 A.1: %v", err)
	}
	for _, alg := range []string{"HS256", "HS384", "HS512"} {
		if err := VerifyHMAC(Decode(sign(t, alg, []byte("s"), nil, struct{}{})), []byte("s")); err != nil {
			t.Errorf("%s with a short secret: %v", alg, err)
		}
	}
	_, rest, _ := strings.Cut(v.RFC7515.JWS, ".")
	for _, tt := range []struct{ name, token, secret, reason string }{
		{"another secret", v.RFC7515.JWS, "secret", "signature"},
		{"empty secret", sign(t, "HS256", []byte{}, nil, struct{}{}), "", "key-unusable"},
		{"none", b64(`{"alg":"none"}`) + "." + rest, "secret", "alg-none"},
		{"hs256", b64(`{"alg":"hs256"}`) + "." + rest, "secret", "alg-unknown"},
		{"RS256", b64(`{"alg":"RS256"}`) + "." + rest, "secret", "alg-key-mismatch"},
		{"crit", sign(t, "HS256", []byte("s"), map[string]any{"crit": []string{"exp"}}, struct{}{}), "s", "crit"},
		{"trailing bits", v.RFC7515.JWS[:len(v.RFC7515.JWS)-1] + "l", string(secret), "malformed"},
		{"cut short", v.RFC7515.JWS[:len(v.RFC7515.JWS)-7], string(secret), "signature"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refusedWith(t, VerifyHMAC(Decode(tt.token), []byte(tt.secret)), tt.reason, "")
		})
	}
}
