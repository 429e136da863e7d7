package jose

import (
	"crypto"
	"crypto/elliptic"
	_ "crypto/sha256" // SHA-256, for crypto.Hash
	_ "crypto/sha512" // SHA-384 and SHA-512
	"strings"
)

// A family is a way of signing, whatever the hash.
type family string

const (
	rsaPKCS1 family = "RSASSA-PKCS1-v1_5"
	rsaPSS   family = "RSASSA-PSS"
	ecdsaSig family = "ECDSA"
	edwards  family = "EdDSA"
	hmacMAC  family = "HMAC"
)

// An algorithm is a row of RFC 7518 §3.1 or of what was registered later. The
// curve is that of the key, for the families that have one.
type algorithm struct {
	family      family
	hash        crypto.Hash
	curve       string
	unsupported bool
}

// algorithms are the names this tool knows. RFC 9864 gave Ed25519 its name as
// an alg; EdDSA is the same signature, with the curve left to the key.
var algorithms = map[string]algorithm{
	"HS256":   {family: hmacMAC, hash: crypto.SHA256},
	"HS384":   {family: hmacMAC, hash: crypto.SHA384},
	"HS512":   {family: hmacMAC, hash: crypto.SHA512},
	"RS256":   {family: rsaPKCS1, hash: crypto.SHA256},
	"RS384":   {family: rsaPKCS1, hash: crypto.SHA384},
	"RS512":   {family: rsaPKCS1, hash: crypto.SHA512},
	"PS256":   {family: rsaPSS, hash: crypto.SHA256},
	"PS384":   {family: rsaPSS, hash: crypto.SHA384},
	"PS512":   {family: rsaPSS, hash: crypto.SHA512},
	"ES256":   {family: ecdsaSig, hash: crypto.SHA256, curve: "P-256"},
	"ES384":   {family: ecdsaSig, hash: crypto.SHA384, curve: "P-384"},
	"ES512":   {family: ecdsaSig, hash: crypto.SHA512, curve: "P-521"},
	"EdDSA":   {family: edwards, hash: crypto.SHA512, curve: "Ed25519"},
	"Ed25519": {family: edwards, hash: crypto.SHA512, curve: "Ed25519"},
	"ES256K":  {family: ecdsaSig, hash: crypto.SHA256, curve: "secp256k1", unsupported: true},
}

// laterAlgorithms are registered, but neither verified here nor made of a hash
// in the table above.
var laterAlgorithms = map[string]bool{"Ed448": true, "ML-DSA-44": true, "ML-DSA-65": true, "ML-DSA-87": true}

// curve is one of the curves of RFC 7518 §6.2.1.1, or nil.
func curve(crv string) elliptic.Curve {
	switch crv {
	case "P-256":
		return elliptic.P256()
	case "P-384":
		return elliptic.P384()
	case "P-521":
		return elliptic.P521()
	}
	return nil
}

// signature finds the row of an alg that a public key can verify.
func signature(alg string) (algorithm, *VerifyError) {
	a, known := algorithms[alg]
	switch {
	case a.unsupported || laterAlgorithms[alg]:
		return a, unsupported(alg)
	case !known:
		return a, unknownAlg(alg)
	case a.family == hmacMAC:
		return a, refuse("alg-hmac", "alg %s is a MAC made with a shared secret; no public key may verify it (RFC 8725 §3.1)", alg)
	}
	return a, nil
}

func unsupported(alg string) *VerifyError {
	return refuse("alg-unsupported", "%s is not supported by this tool, which cannot say whether the signature holds", alg)
}

// unknownAlg is the refusal of a name that is not in the table. Names are
// case-sensitive (RFC 7515 §4.1.1).
func unknownAlg(alg string) *VerifyError {
	if alg == "none" {
		return refuse("alg-none", "alg is none: the token is not signed")
	}
	if strings.EqualFold(alg, "none") {
		return refuse("alg-unknown", "alg %s is not registered, and differs only in case from none: the token is not signed", quote(alg))
	}
	for name := range algorithms {
		if strings.EqualFold(alg, name) {
			return refuse("alg-unknown", "alg %s is not registered; names are case-sensitive and this one is %s", quote(alg), name)
		}
	}
	return refuse("alg-unknown", "alg %s is not one that this tool knows", quote(alg))
}

// sameAlg says whether two names mean one algorithm.
func sameAlg(a, b string) bool {
	ed := func(s string) bool { return s == "EdDSA" || s == "Ed25519" }
	return a == b || ed(a) && ed(b)
}
