package jose

import (
	"fmt"
	"slices"
	"strings"

	josev4 "github.com/go-jose/go-jose/v4"
)

// An EncryptError says why nothing was encrypted. Reason is alg-unsupported,
// enc-unsupported, alg-key-mismatch, key-unusable or encryption. Nothing of a
// key or of what was to be encrypted is ever in it.
type EncryptError struct{ Reason, Detail string }

func (e *EncryptError) Error() string { return e.Reason + ": " + e.Detail }

func unencrypted(reason, format string, args ...any) *EncryptError {
	return &EncryptError{reason, fmt.Sprintf(format, args...)}
}

// Encrypt makes a compact JWE (RFC 7516 §7.1) that the holder of a key reads.
// The alg is one of RSA-OAEP, RSA-OAEP-256, RSA1_5 and ECDH-ES, with or without
// A128KW, A192KW and A256KW. The header has alg, enc, the key's kid where it
// has one, and cty unless it is empty: JWT around a JWT (RFC 7519 §5.2). Every
// error is an *EncryptError.
func Encrypt(payload []byte, to Key, alg, enc, cty string) (string, error) {
	m, _ := keyManagement(alg)
	if m.kty != "RSA" && m.kty != "EC" {
		return "", unencrypted("alg-unsupported", "this tool encrypts nothing to a public key with alg %s", quote(alg))
	}
	if refused := to.receives(alg, m); refused != nil {
		return "", unencrypted(refused.Reason, "%s: %s", to.name(), refused.Detail)
	}
	return seal(payload, josev4.Recipient{Algorithm: josev4.KeyAlgorithm(alg), Key: to.Public, KeyID: to.Kid}, enc, cty)
}

func seal(payload []byte, to josev4.Recipient, enc, cty string) (string, error) {
	if _, known := contentEncryption(enc); !known {
		return "", unencrypted("enc-unsupported", "this tool does not encrypt with enc %s", quote(enc))
	}
	options := &josev4.EncrypterOptions{}
	if cty != "" {
		options = options.WithContentType(josev4.ContentType(cty))
	}
	encrypter, err := josev4.NewEncrypter(josev4.ContentEncryption(enc), to, options)
	if err != nil {
		return "", unencrypted("encryption", "%v", err)
	}
	sealed, err := encrypter.Encrypt(payload)
	if err != nil {
		return "", unencrypted("encryption", "%v", err)
	}
	compact, err := sealed.CompactSerialize()
	if err != nil {
		return "", unencrypted("encryption", "%v", err)
	}
	return compact, nil
}

// Encrypter chooses the key of a server to encrypt to, and the alg; algs are
// those that the server lists, and none means any. Elliptic curves come before
// RSA, and RSA1_5 is never chosen (RFC 8725 §3.2). A key that says it is for
// encryption comes before one that says nothing, and one that is for signing is
// never taken (RFC 7517 §4.2). Every error is a *SelectError whose reason is
// alg-unsupported or no-fitting-key.
func (ks KeySet) Encrypter(algs []string) (Key, string, error) {
	wanted := []string{"ECDH-ES", "ECDH-ES+A256KW", "ECDH-ES+A128KW", "RSA-OAEP-256", "RSA-OAEP", "ECDH-ES+A192KW"}
	if len(algs) > 0 {
		wanted = slices.DeleteFunc(wanted, func(alg string) bool { return !slices.Contains(algs, alg) })
	}
	if len(wanted) == 0 {
		quoted := make([]string, len(algs))
		for i, alg := range algs {
			quoted[i] = quote(alg)
		}
		return Key{}, "", &SelectError{"alg-unsupported", "of what the server lists this tool would choose none to encrypt with" + listing(quoted)}
	}
	for _, labelled := range []bool{true, false} {
		for _, alg := range wanted {
			m, _ := keyManagement(alg)
			for _, k := range ks.Keys {
				if k.forEncryption() == labelled && k.receives(alg, m) == nil {
					return k, alg, nil
				}
			}
		}
	}
	return Key{}, "", &SelectError{"no-fitting-key", fmt.Sprintf("no key of the set fits alg %s%s", strings.Join(wanted, ", "), ks.unfit(wanted))}
}

// forEncryption says whether the key itself names that purpose.
func (k Key) forEncryption() bool { return k.Use == "enc" || sealing(k.KeyOps) || encrypts(k.Alg) }

// unfit says of each key why it was not taken: for the alg that comes nearest,
// one of its own kind.
func (ks KeySet) unfit(wanted []string) string {
	var all []string
	for _, k := range ks.Keys {
		var why *EncryptError
		for _, alg := range wanted {
			m, _ := keyManagement(alg)
			if refused := k.receives(alg, m); why == nil || m.kty == k.Kty {
				why = refused
			}
		}
		all = append(all, k.name()+": "+why.Detail)
	}
	return listing(all)
}
