package jose

import (
	"crypto/sha3"
	"encoding/base64"
)

// HalfHash is what at_hash, c_hash, s_hash and rt_hash hold: the left half of
// the hash of value that alg implies, in base64url. The hash of EdDSA depends on
// the curve of the key, crv, which no other alg looks at (OpenID Connect Core
// §3.1.3.6 and §3.3.2.11, OpenID Connect token hash algorithms). The error is a
// *VerifyError: without a signature there is no hash.
func HalfHash(alg, crv, value string) (string, error) {
	sum, err := impliedHash(alg, crv, []byte(value))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]), nil
}

func impliedHash(alg, crv string, value []byte) ([]byte, error) {
	if alg == "EdDSA" {
		if crv != "Ed25519" && crv != "Ed448" {
			return nil, refuse("alg-key-mismatch", "the hash that EdDSA implies depends on the curve of the key, and %s is neither Ed25519 nor Ed448", quote(crv))
		}
		alg = crv
	}
	switch alg {
	case "Ed448":
		return sha3.SumSHAKE256(value, 114), nil
	case "ML-DSA-44", "ML-DSA-65", "ML-DSA-87":
		return sha3.SumSHAKE256(value, 64), nil
	}
	a, known := algorithms[alg]
	if !known {
		return nil, unknownAlg(alg)
	}
	h := a.hash.New()
	h.Write(value)
	return h.Sum(nil), nil
}
