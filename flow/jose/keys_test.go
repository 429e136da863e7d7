package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestThumbprintPublished(t *testing.T) {
	v := published(t)
	for _, tt := range []struct {
		name string
		jwk  json.RawMessage
		want string
	}{
		{"RFC 7638 §3.1", v.RFC7638.JWK, v.RFC7638.Thumbprint},
		{"RFC 8037 A.3", v.RFC8037.JWK, v.RFC8037.Thumbprint},
		{"RFC 9449 §6.1", v.RFC9449.JWK, v.RFC9449.JKT},
	} {
		if got, err := Thumbprint(tt.jwk); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
		if got := ParseKey(tt.jwk).Thumbprint; got != tt.want {
			t.Errorf("%s: key has %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Only the required members count (RFC 7638 §3.2), private ones do not.
func TestThumbprintOfTheRequiredMembers(t *testing.T) {
	v := published(t)
	more := strings.Replace(string(v.RFC8037.JWK), "{", `{"d":"AAAA","use":"sig","kid":"1",`, 1)
	if got, err := Thumbprint(json.RawMessage(more)); err != nil || got != v.RFC8037.Thumbprint {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Thumbprint(json.RawMessage(`{"kty":"oct","k":"c2VjcmV0","kid":"1"}`)); err != nil || got == "" {
		t.Errorf("oct: %q, %v", got, err)
	}
	for _, none := range []string{`{"kty":"AKP"}`, `{"kty":"RSA","n":"AQ"}`, `{"kty":"RSA","n":"a\"b","e":"AQAB"}`, `{"kty":"RSA","n":"AQ","n":"AQ","e":"AQAB"}`, `[]`, ``} {
		if got, err := Thumbprint(json.RawMessage(none)); err == nil {
			t.Errorf("Thumbprint(%s) = %q", none, got)
		}
	}
}

func TestParseKey(t *testing.T) {
	v := published(t)
	enc := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	hexed := func(s string) string { b, _ := hex.DecodeString(s); return enc(b) }
	modulus := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 2048), big.NewInt(1)).Bytes()
	n := enc(modulus)
	ec := string(v.RFC9449.JWK)
	zero32 := enc(make([]byte, 32))
	for _, tt := range []struct {
		name, jwk string
		ids       []string
		detail    string
		usable    bool
	}{
		{name: "RSA", jwk: `{"kty":"RSA","n":"` + n + `","e":"AQAB"}`, usable: true},
		{name: "RSA with a sign octet", jwk: `{"kty":"RSA","n":"` + enc(append([]byte{0}, modulus...)) + `","e":"AQAB"}`, ids: []string{"jwk-encoding"}, usable: true},
		{name: "RSA of 2047 bits", jwk: `{"kty":"RSA","n":"` + enc(append([]byte{0x7f}, modulus[1:]...)) + `","e":"AQAB"}`, ids: []string{"jwk-rsa-too-small"}, detail: "2047 bits"},
		{name: "RSA of 1024 bits", jwk: `{"kty":"RSA","n":"` + enc(modulus[:128]) + `","e":"AQAB"}`, ids: []string{"jwk-rsa-too-small"}, detail: "1024 bits"},
		{name: "RSA beyond reason", jwk: `{"kty":"RSA","n":"` + enc(slices.Repeat(modulus, 9)) + `","e":"AQAB"}`, ids: []string{"jwk-malformed"}, detail: "18432 bits"},
		{name: "RSA exponent 1", jwk: `{"kty":"RSA","n":"` + n + `","e":"AQ"}`, ids: []string{"jwk-malformed"}, detail: "exponent"},
		{name: "RSA exponent even", jwk: `{"kty":"RSA","n":"` + n + `","e":"AQAA"}`, ids: []string{"jwk-malformed"}, detail: "exponent"},
		{name: "RSA exponent huge", jwk: `{"kty":"RSA","n":"` + n + `","e":"` + n + `"}`, ids: []string{"jwk-malformed"}, detail: "exponent"},
		{name: "RSA modulus even", jwk: `{"kty":"RSA","n":"` + enc(append(slices.Clone(modulus[1:]), 2)) + `","e":"AQAB"}`, ids: []string{"jwk-malformed"}, detail: "even"},
		{name: "RSA without n and e", jwk: `{"kty":"RSA"}`, ids: []string{"jwk-malformed", "jwk-malformed"}, detail: "no n"},
		{name: "RSA with padding", jwk: `{"kty":"RSA","n":"` + base64.URLEncoding.EncodeToString(modulus) + `","e":"AQAB"}`, ids: []string{"jwk-malformed"}, detail: "its n is not base64url"},
		{name: "RSA with stray bits", jwk: `{"kty":"RSA","n":"` + n + `","e":"AQABA"}`, ids: []string{"jwk-malformed"}, detail: "its e"},
		{name: "RSA with a line break", jwk: `{"kty":"RSA","n":"` + n[:64] + `\n` + n[64:] + `","e":"AQAB"}`, ids: []string{"jwk-malformed"}, detail: "its n"},
		{name: "RSA with numbers", jwk: `{"kty":"RSA","n":"` + n + `","e":65537}`, ids: []string{"jwk-malformed"}, detail: "its e is a number"},
		{name: "private RSA", jwk: string(v.FAPI1.Keys[2]), ids: []string{"jwk-private"}, detail: "members d", usable: true},
		{name: "EC", jwk: ec, usable: true},
		{name: "private EC", jwk: strings.Replace(ec, "{", `{"d":"AAAA",`, 1), ids: []string{"jwk-private"}, usable: true},
		{name: "EC off the curve", jwk: strings.Replace(ec, `"y": "9`, `"y": "8`, 1), ids: []string{"jwk-not-on-curve"}, detail: "P-256"},
		{name: "EC at the origin", jwk: `{"kty":"EC","crv":"P-256","x":"` + zero32 + `","y":"` + zero32 + `"}`, ids: []string{"jwk-not-on-curve"}},
		{name: "EC coordinate too short", jwk: `{"kty":"EC","crv":"P-256","x":"AQ","y":"` + zero32 + `"}`, ids: []string{"jwk-malformed"}, detail: "1 and 32 octets"},
		{name: "EC on another curve", jwk: strings.Replace(ec, "P-256", "P-384", 1), ids: []string{"jwk-malformed"}, detail: "both have 48"},
		{name: "EC without crv", jwk: `{"kty":"EC","x":"AQ","y":"AQ"}`, ids: []string{"jwk-malformed"}, detail: "no crv"},
		{name: "secp256k1", jwk: `{"kty":"EC","crv":"secp256k1","x":"AQ","y":"AQ"}`, ids: []string{"jwk-unknown-kind"}, detail: `"secp256k1"`},
		{name: "Ed25519", jwk: string(v.RFC8037.JWK), usable: true},
		{name: "Ed25519 too short", jwk: `{"kty":"OKP","crv":"Ed25519","x":"AQ"}`, ids: []string{"jwk-malformed"}, detail: "1 octets"},
		{name: "Ed25519 off the curve", jwk: `{"kty":"OKP","crv":"Ed25519","x":"` + hexed("02"+strings.Repeat("00", 31)) + `"}`, ids: []string{"jwk-not-on-curve"}},
		{name: "Ed25519 beyond the field", jwk: `{"kty":"OKP","crv":"Ed25519","x":"` + hexed(strings.Repeat("ff", 32)) + `"}`, ids: []string{"jwk-not-on-curve"}},
		{name: "Ed25519 neutral element", jwk: `{"kty":"OKP","crv":"Ed25519","x":"` + hexed("01"+strings.Repeat("00", 31)) + `"}`, ids: []string{"jwk-not-on-curve"}},
		{name: "Ed25519 order eight", jwk: `{"kty":"OKP","crv":"Ed25519","x":"` + hexed("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05") + `"}`, ids: []string{"jwk-not-on-curve"}},
		{name: "Ed25519 order eight, other sign", jwk: `{"kty":"OKP","crv":"Ed25519","x":"` + hexed("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa") + `"}`, ids: []string{"jwk-not-on-curve"}},
		{name: "X25519", jwk: `{"kty":"OKP","crv":"X25519","x":"AQ"}`, ids: []string{"jwk-unknown-kind"}},
		{name: "symmetric", jwk: `{"kty":"oct","k":"c2VjcmV0"}`, ids: []string{"jwk-private"}, detail: "members k"},
		{name: "symmetric without k", jwk: `{"kty":"oct"}`, ids: []string{"jwk-private"}, detail: "symmetric key"},
		{name: "unknown kty", jwk: `{"kty":"AKP","alg":"ML-DSA-44","pub":"AQ"}`, ids: []string{"jwk-unknown-kind"}, detail: `"AKP"`},
		{name: "unknown kty with a secret", jwk: `{"kty":"AKP","priv":"AQ"}`, ids: []string{"jwk-private", "jwk-unknown-kind"}},
		{name: "no kty", jwk: `{"kid":"1"}`, ids: []string{"jwk-malformed"}, detail: "no kty"},
		{name: "kty is a number", jwk: `{"kty":1}`, ids: []string{"jwk-malformed"}, detail: "kty is a number"},
		{name: "kid is a number", jwk: strings.Replace(ec, "{", `{"kid":1,`, 1), ids: []string{"jwk-malformed"}, detail: "kid is a number"},
		{name: "use is empty", jwk: strings.Replace(ec, "{", `{"use":"",`, 1), ids: []string{"jwk-malformed"}, detail: "use is empty"},
		{name: "key_ops is a string", jwk: strings.Replace(ec, "{", `{"key_ops":"verify",`, 1), ids: []string{"jwk-malformed"}, detail: "key_ops"},
		{name: "repeated member", jwk: strings.Replace(ec, "{", `{"use":"sig","use":"enc",`, 1), ids: []string{"jwk-malformed"}, detail: `"use"`},
		{name: "not an object", jwk: `"RSA"`, ids: []string{"jwk-malformed"}, detail: "a string"},
		{name: "nothing", jwk: ``, ids: []string{"jwk-malformed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := ParseKey(json.RawMessage(tt.jwk))
			if diff := cmp.Diff(tt.ids, ids(k.Problems)); diff != "" {
				t.Fatalf("problems (-want +got):\n%s%v", diff, k.Problems)
			}
			if len(k.Problems) > 0 && !strings.Contains(k.Problems[0].Detail, tt.detail) {
				t.Errorf("detail %q does not say %q", k.Problems[0].Detail, tt.detail)
			}
			if (k.Public != nil) != tt.usable {
				t.Errorf("Public = %v, want usable: %v", k.Public, tt.usable)
			}
			if k.Private != slices.Contains(tt.ids, "jwk-private") {
				t.Errorf("Private = %v", k.Private)
			}
		})
	}
}

func TestParseKeyReadsTheMaterial(t *testing.T) {
	for name, key := range ourKeys() {
		var same bool
		switch private := key.private.(type) {
		case *rsa.PrivateKey:
			same = private.PublicKey.Equal(key.public.Public)
		case *ecdsa.PrivateKey:
			same = private.PublicKey.Equal(key.public.Public)
		case ed25519.PrivateKey:
			same = private.Public().(ed25519.PublicKey).Equal(key.public.Public)
		}
		if !same {
			t.Errorf("%s: read another key than was written", name)
		}
	}
}

func TestParseKeySetKeyByKey(t *testing.T) {
	v := published(t)
	rsaKey := strings.Replace(string(v.RFC9101.Key), "{", `{"kid":"k2bdc","use":"sig","alg":"RS256","key_ops":["verify"],`, 1)
	set := `{"keys":[{"kty":"AKP","kid":"new"},7,{"kty":"RSA","kid":"k2bdc"},null,` + rsaKey + `,` + string(v.RFC8037.JWK) + `,{"kty":"oct","kid":"k2bdc","k":"AAAA"}],"other":1}`
	ks := ParseKeySet([]byte(set))
	var usable []bool
	for _, k := range ks.Keys {
		usable = append(usable, k.Public != nil)
	}
	if diff := cmp.Diff([]bool{false, false, false, false, true, true, false}, usable); diff != "" {
		t.Errorf("usable (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"jwks-duplicate-kid"}, ids(ks.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	k := ks.Keys[4]
	got := []string{k.Kid, k.Kty, k.Crv, k.Use, k.Alg, strings.Join(k.KeyOps, " "), string(k.Raw)}
	if diff := cmp.Diff([]string{"k2bdc", "RSA", "", "sig", "RS256", "verify", rsaKey}, got); diff != "" {
		t.Errorf("key (-want +got):\n%s", diff)
	}
}

func TestParseKeySetProblems(t *testing.T) {
	key := string(published(t).RFC8037.JWK)
	for _, tt := range []struct {
		name, set string
		ids       []string
		keys      int
	}{
		{"empty set", `{"keys":[]}`, nil, 0},
		{"nothing", ``, []string{"json-empty"}, 0},
		{"HTML", `<html>`, []string{"json-syntax"}, 0},
		{"a bare array", `[` + key + `]`, []string{"json-not-object"}, 0},
		{"a single key", key, []string{"jwks-malformed"}, 0},
		{"no keys", `{"Keys":[]}`, []string{"jwks-malformed"}, 0},
		{"keys is an object", `{"keys":{}}`, []string{"jwks-malformed"}, 0},
		{"keys is null", `{"keys":null}`, []string{"jwks-malformed"}, 0},
		{"keys twice", `{"keys":[` + key + `],"keys":[]}`, []string{"json-duplicate-name", "jwks-malformed"}, 0},
		{"a byte order mark", "\xef\xbb\xbf" + `{"keys":[` + key + `]}`, []string{"json-bom"}, 1},
		{"three of one kid", `{"keys":[{"kty":"RSA","kid":"a"},{"kty":"RSA","kid":"a"},{"kty":"RSA","kid":"a"}]}`, []string{"jwks-duplicate-kid"}, 3},
		{"one kid, two kinds", `{"keys":[{"kty":"RSA","kid":"a"},{"kty":"EC","kid":"a"}]}`, nil, 2},
		{"no kid twice", `{"keys":[` + key + `,` + key + `]}`, nil, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ks := ParseKeySet([]byte(tt.set))
			if diff := cmp.Diff(tt.ids, ids(ks.Problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if len(ks.Keys) != tt.keys {
				t.Errorf("%d keys, want %d", len(ks.Keys), tt.keys)
			}
		})
	}
}

// manyKeys is a set of different RSA keys; no private half is known of them.
func manyKeys(count int) []byte {
	n := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 2048), big.NewInt(1))
	var b strings.Builder
	b.WriteString(`{"keys":[`)
	for i := range count {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"kty":"RSA","use":"sig","alg":"RS256","kid":"%d","e":"AQAB","n":"%s"}`, i, base64.RawURLEncoding.EncodeToString(n.Bytes()))
		n.Sub(n, big.NewInt(2))
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}
