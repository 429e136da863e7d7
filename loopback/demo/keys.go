package demo

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"net/http"
	"slices"
)

// The primes of the two demo keys. They are public, in this file, on purpose:
// the demo server always signs with the same key so that its output repeats,
// and the key protects nothing. Never use it for anything else.
const (
	demoP = "" +
		"fb09c6794ae7bbcb613989c3fb174d00188b19ea193fa6d24a4d8e0b639b2e52" +
		"285a3dd35a956549243520d892aea2670c55818e3cec39bcebf1adceebfb5161" +
		"a3ac716dc57a6fa90cf27267861a33d3f94287bffa94fd18cb41d13c6ffa9b2c" +
		"a596ae9a71479ea13fdb6663600cfcdabfee0c875d719b9403225b18ed4f3749"
	demoQ = "" +
		"ed04089914a8d9a23271d50a4826d3e066e563f780f092f5e7d6d31c26aae226" +
		"6e92c1ead436297c8aa2107ff5fee9a4ab68da1236901ebd76cc2bd622b698ab" +
		"6a805c81a3456db0e6d1deb3c10b5f77d955cf795cdfd58c175061539b0b0b54" +
		"a5778115a8c4c5e6908e493b2d591b61c103cbb796015a701a0edd85be0bd045"
	idleP = "" +
		"f8f72e6d39d2a1e34f32737e61412556cf1b4e357fcc9e2ed210df01fa2514b3" +
		"92af0978b422c41ca0e8bcbb201e95942ea5800a64b3ab52e80b097d24413299" +
		"0d3895bc681ee26121e5533e816b32ad29f1ceaa27595154279aad38814f4c8c" +
		"c1a2b6c856f0a6b7464d06d87ba05c61d488c75555d2b3b847df9a30e4ed12c1"
	idleQ = "" +
		"c5803426bef7141ff2229c3dc3729000d63057833585132e615c13061259dbeb" +
		"3b57fea8d236c18ecd70e2c1e86ae30d30f078c2957d1b49a010a52c937a056e" +
		"021e25b7ffdebcdd5b39da18d1e322fb440af9ef1a7e451a025776a7594d30cc" +
		"e61ee5a91d4a77c34c9896039c20519b6f913caea98edd28d899e52e5b99bec9"
)

// The identifiers of the keys, as "kid" names them.
const (
	demoKid = "demo-1"
	idleKid = "demo-2"
)

// A keyPair is an RSA key under its name.
type keyPair struct {
	kid  string
	priv *rsa.PrivateKey
}

// newKeyPair makes an RSA key of two primes written in hexadecimal.
func newKeyPair(kid, hexP, hexQ string) (keyPair, error) {
	p, okP := new(big.Int).SetString(hexP, 16)
	q, okQ := new(big.Int).SetString(hexQ, 16)
	if !okP || !okQ {
		return keyPair{}, errors.New("demo: a key is not hexadecimal")
	}
	one, e := big.NewInt(1), big.NewInt(65537)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	priv := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: int(e.Int64())},
		D:         new(big.Int).ModInverse(e, phi),
		Primes:    []*big.Int{p, q},
	}
	priv.Precompute()
	return keyPair{kid: kid, priv: priv}, priv.Validate()
}

// public is the key as a JWK without its secret half (RFC 7517 §4, RFC 7518 §6.3.1).
func (k keyPair) public() object {
	return object{
		{"kty", "RSA"},
		{"use", "sig"},
		{"alg", "RS256"},
		{"kid", k.kid},
		{"n", base64URL(k.priv.N.Bytes())},
		{"e", base64URL(big.NewInt(int64(k.priv.E)).Bytes())},
	}
}

// private is the key as a JWK with its secret half, which no server may publish.
func (k keyPair) private() object {
	return append(k.public(),
		member{"d", base64URL(k.priv.D.Bytes())},
		member{"p", base64URL(k.priv.Primes[0].Bytes())},
		member{"q", base64URL(k.priv.Primes[1].Bytes())},
	)
}

// jwks answers with the published keys (RFC 7517 §5).
func (s *Server) jwks(x *exchange) {
	if s.broken("jwks-html") {
		x.html(http.StatusOK, "<!DOCTYPE html><title>Keys</title><p>Our keys are being polished.</p>\n")
		return
	}
	x.cors()
	x.header.Set("Cache-Control", "no-cache") // the next server on this port may err differently
	x.json(http.StatusOK, object{{"keys", slices.Concat(s.publishedKeys(), s.spareKeys, s.furtherKeys(), s.addedKeys())}})
}

// publishedKeys is the list of JWKs: the signing key, and what a fault adds to it or takes from it.
func (s *Server) publishedKeys() []any {
	s.keyReads++
	if s.broken("ok-key-rotated") {
		if s.keyReads == 1 {
			return []any{s.idle.public()}
		}
		return []any{s.key.public(), s.idle.public()}
	}
	if s.broken("ok-key-rotated-before-signing") && !s.signed {
		return []any{s.idle.public()}
	}
	keys := []any{s.key.public()}
	if s.broken("idtoken-kid-missing-two-keys") {
		keys = append(keys, s.idle.public())
	}
	if s.broken("jwks-weak-key") {
		keys = append(keys, weakKey())
	}
	if s.broken("jwks-private-member") {
		keys = append(keys, s.idle.private())
	}
	if s.broken("ok-unknown-keys-in-jwks") {
		keys = append([]any{
			object{{"kty", "QTM"}, {"kid", "from-the-future"}, {"use", "sig"}, {"alg", "QTM512"}, {"qubits", 4096}},
			object{{"kty", "EC"}, {"crv", "P-1024"}, {"kid", "large-curve"}, {"use", "sig"}, {"x", "AQ"}, {"y", "AQ"}},
		}, keys...)
	}
	return keys
}

// base64URL is unpadded base64url (RFC 7515 §2).
func base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
