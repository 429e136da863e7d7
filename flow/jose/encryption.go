package jose

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"slices"
	"strings"
)

// A management is a way to agree on the key of a JWE (RFC 7518 §4.1).
type management struct {
	kty string // of the recipient's key
	// size is that of a symmetric key in octets; 0 when it is that of enc.
	size int
	// direct: there is no encrypted key (RFC 7516 §2, Direct Key Agreement and
	// Direct Encryption).
	direct bool
	// gcm: the header has an iv and a tag (RFC 7518 §4.7.1).
	gcm bool
	// wraps is how many octets AES Key Wrap adds (RFC 3394 §2.2.1).
	wraps int
}

// keyManagement finds the row of an alg. PBES2 has none: nobody derives keys
// from passwords here, and its p2c makes the recipient work as long as the
// sender likes (RFC 8725 §2.4).
func keyManagement(alg string) (management, bool) {
	switch alg {
	case "RSA-OAEP", "RSA-OAEP-256", "RSA1_5":
		return management{kty: "RSA"}, true
	case "ECDH-ES":
		return management{kty: "EC", direct: true}, true
	case "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW":
		return management{kty: "EC", wraps: 8}, true
	case "dir":
		return management{kty: "oct", direct: true}, true
	case "A128KW":
		return management{kty: "oct", size: 16, wraps: 8}, true
	case "A192KW":
		return management{kty: "oct", size: 24, wraps: 8}, true
	case "A256KW":
		return management{kty: "oct", size: 32, wraps: 8}, true
	case "A128GCMKW":
		return management{kty: "oct", size: 16, gcm: true}, true
	case "A192GCMKW":
		return management{kty: "oct", size: 24, gcm: true}, true
	case "A256GCMKW":
		return management{kty: "oct", size: 32, gcm: true}, true
	}
	return management{}, false
}

// A content is a way to encrypt what is in a JWE (RFC 7518 §5.1): how many
// octets its key, its initialization vector and its authentication tag have.
type content struct{ key, iv, tag int }

func contentEncryption(enc string) (content, bool) {
	switch enc {
	case "A128CBC-HS256":
		return content{32, 16, 16}, true
	case "A192CBC-HS384":
		return content{48, 16, 24}, true
	case "A256CBC-HS512":
		return content{64, 16, 32}, true
	case "A128GCM":
		return content{16, 12, 16}, true
	case "A192GCM":
		return content{24, 12, 16}, true
	case "A256GCM":
		return content{32, 12, 16}, true
	}
	return content{}, false
}

// The gcm of GCMKW has an iv of 96 and a tag of 128 bits (RFC 7518 §4.7.1).
const (
	gcmIV  = 12
	gcmTag = 16
)

// keySize is how many octets a symmetric key has.
func (m management) keySize(c content) int {
	if m.size == 0 {
		return c.key
	}
	return m.size
}

// wrappedSize is how many octets the encrypted key has; 0 where that is for the
// recipient's key to say.
func (m management) wrappedSize(c content) int {
	if m.direct || m.kty == "RSA" {
		return 0
	}
	return c.key + m.wraps
}

// deriveKey makes a symmetric key of a client secret (OpenID Connect Core
// §10.2): the first octets of the shortest hash that has enough of them.
func deriveKey(secret []byte, size int) []byte {
	switch {
	case size <= sha256.Size:
		sum := sha256.Sum256(secret)
		return sum[:size]
	case size <= sha512.Size384:
		sum := sha512.Sum384(secret)
		return sum[:size]
	}
	sum := sha512.Sum512(secret)
	return sum[:size]
}

// encrypts says whether an alg is one of encryption.
func encrypts(alg string) bool {
	_, known := keyManagement(alg)
	return known || strings.HasPrefix(alg, "RSA-OAEP-") || strings.HasPrefix(alg, "ECDH-ES+") || strings.HasPrefix(alg, "PBES2-")
}

// unsealing and sealing are the key_ops of RFC 7517 §4.3 of the two ends. A key
// agreement is derived at both.
func unsealing(ops []string) bool {
	return anyOf(ops, "decrypt", "unwrapKey", "deriveKey", "deriveBits")
}
func sealing(ops []string) bool { return anyOf(ops, "encrypt", "wrapKey", "deriveKey", "deriveBits") }

func anyOf(ops []string, wanted ...string) bool {
	return slices.ContainsFunc(ops, func(op string) bool { return slices.Contains(wanted, op) })
}

// receives says why nothing may be encrypted to k with that alg; nil when it
// may.
func (k Key) receives(alg string, m management) *EncryptError {
	switch {
	case k.Use != "" && k.Use != "enc":
		return unencrypted("key-unusable", "its use is %s, not enc", quote(k.Use))
	case len(k.KeyOps) > 0 && !sealing(k.KeyOps):
		return unencrypted("key-unusable", "its key_ops are %s, without wrapKey or deriveKey", quote(strings.Join(k.KeyOps, " ")))
	case k.Alg != "" && k.Alg != alg:
		return unencrypted("alg-key-mismatch", "its alg is %s, not %s", quote(k.Alg), alg)
	}
	kty := ""
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		if public == nil || public.N == nil || public.N.BitLen() < minRSA {
			return unencrypted("key-unusable", "an RSA key of fewer than %d bits is not accepted (RFC 7518 §4.2, §4.3)", minRSA)
		}
		kty = "RSA"
	case *ecdsa.PublicKey:
		if public == nil {
			return unencrypted("key-unusable", "the EC key is missing")
		}
		if _, err := public.Bytes(); err != nil {
			return unencrypted("key-unusable", "the EC key is not a point on a curve of RFC 7518 §6.2.1.1")
		}
		kty = "EC"
	case nil:
		return unencrypted("key-unusable", "it cannot be used%s", k.flaws())
	}
	if kty != m.kty {
		return unencrypted("alg-key-mismatch", "alg %s needs another kind of key than %s", alg, k.kind())
	}
	return nil
}
