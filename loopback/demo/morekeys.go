package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"

	"github.com/go-jose/go-jose/v4"
)

// The keys that this server publishes besides the one it signs ID tokens with: a
// second one for signatures, and two that clients encrypt to. Like all keys of the
// demo server they are public, here, on purpose, and protect nothing.
const (
	es256Kid = "demo-es256"
	es256D   = "z0RR59hougIVI-ObLmm9e9HMYv5Nl2a5m80yRXEl75U"
	ecdhKid  = "demo-enc-ec"
	ecdhD    = "UaNSgPbZKo5vX5SKZjLX5uE7TR6eRuUUjcRGTQUTKrM"
	ecdhX    = "qdxhAZwN7pRFE99uBYCtxnhPQAmqT0EovkUcOaYZQeA"
	ecdhY    = "YBc_76V5twOudLZn8b_BDH-u9Y26XpzEOEK1mOZOQsw"
	oaepKid  = "demo-enc-rsa"
	oaepN    = "o9g2ea_1Sl6yrUr5phulz85t1DUau4XEJTeumiVGLuiXTarufseOQbZLaX1Wh0aOT7S4FqgGEW-FHZff7pT0HDz7okXlLjo5JLRZQkWzyzHm9Gk9NNjUMEOhY5-hv4ASZRu8ZFjAKOuOZQL2zUPJVDUuJCqpmdW0duIBVfd_18b0wdOm-Fz_R0Ust9BL3B9JJJqpgKslQSkHlb6X6H4FQsEUtbjl9YVdU2EWjsjg8Jnh6bvuxRHfY5WPMBXILaGU62Ei_H9JzA4ll0roPm8A4YTGyWapC7CqnPqkQbmaIwlA_Wfi8G9xCo1bBtFWlgCgRC3LsUkVr76f2CZVoZhgbQ"
	oaepP    = "" +
		"ca569198f5b3ac152c4b31e161e9c5c8ff49d3a96aaf1319dc0a84b37d252fa6" +
		"78525b9c8df69f3693d5f04b7c5a251c9075f62bcaf2faed270a826aad2a0dfa" +
		"d12bc5de5add22279620d4cebbe27a253eb2009bc829519d44707a7db0c8bb65" +
		"711954929c4f4579a5ab2fced68a60fbcef14bef14dbd7d53646dea498e6514d"
	oaepQ = "" +
		"cf4c2edef6433998ccd31cbc90ba04050fb5bb5a4fc93398487eba44fa27621e" +
		"e2e608acb8c165f4d91b04df62ea041b277cd4c39322614feb93d976127b7679" +
		"1f96c5cccdfea6ee8ba35116e03d5f6dc3b8b226627fa0c4fb97bbbf797f060d" +
		"d5d68f93e19af2e5eaed1762143764166e0cef098cf5b504039cd5613accbba1"
)

// furtherKeys is what the JWK Set has besides the signing key and what faults make
// of it. Their use keeps them apart (RFC 7517 §4.2).
func (s *Server) furtherKeys() []any {
	return []any{
		curvePublic(s.curve, s.curveKid),
		object{{"kty", "RSA"}, {"use", "enc"}, {"alg", "RSA-OAEP-256"}, {"kid", oaepKid}, {"n", oaepN}, {"e", "AQAB"}},
		object{{"kty", "EC"}, {"use", "enc"}, {"alg", "ECDH-ES"}, {"kid", ecdhKid}, {"crv", "P-256"}, {"x", ecdhX}, {"y", ecdhY}},
	}
}

// private256 is the private key on P-256 that a number makes.
func private256(d string) (*ecdsa.PrivateKey, error) {
	b, err := decodeURL(d)
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseRawPrivateKey(elliptic.P256(), b)
}

// decryptionKey is our private key for a JWE, by its kid when it names one, else
// by its algorithm. Nothing is computed before somebody needs it.
func decryptionKey(kid, alg string) (any, bool) {
	switch {
	case alg == string(jose.RSA_OAEP_256) && (kid == "" || kid == oaepKid):
		k, err := newKeyPair(oaepKid, oaepP, oaepQ)
		return k.priv, err == nil
	case alg != string(jose.RSA_OAEP_256) && (kid == "" || kid == ecdhKid):
		k, err := private256(ecdhD)
		return k, err == nil
	}
	return nil, false
}
