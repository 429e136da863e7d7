package demo

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// The algorithms of encryption that this server speaks, in both directions (RFC 7518 §4.1, §5.1).
var (
	encryptionAlgs = []string{"RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "dir"}
	encryptionEncs = []string{"A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"}
)

// defaultEnc is what a registration with an alg and no enc means (OpenID Connect
// Dynamic Client Registration §2).
const defaultEnc = "A128CBC-HS256"

// encryptTo makes a JWE that only the client can read, in the compact form of RFC
// 7516 §7.1. The content type is "JWT" around a JWT (RFC 7519 §5.2), else "".
func (s *Server) encryptTo(c Client, alg, enc, cty string, payload []byte) (string, error) {
	return c.seal(alg, enc, payload, typed(&jose.EncrypterOptions{}, cty))
}

// deflateTo is encryptTo with compression, which no registration asks for (RFC 7516 §4.1.3).
func (s *Server) deflateTo(c Client, alg, enc, cty string, payload []byte) (string, error) {
	return c.seal(alg, enc, payload, typed(&jose.EncrypterOptions{Compression: jose.DEFLATE}, cty))
}

// typed adds the cty header, when there is one to add.
func typed(o *jose.EncrypterOptions, cty string) *jose.EncrypterOptions {
	if cty == "" {
		return o
	}
	return o.WithContentType(jose.ContentType(cty))
}

func (c Client) seal(alg, enc string, payload []byte, options *jose.EncrypterOptions) (string, error) {
	if enc == "" {
		enc = defaultEnc
	}
	to, err := c.recipient(alg, enc)
	if err != nil {
		return "", err
	}
	encrypter, err := jose.NewEncrypter(jose.ContentEncryption(enc), to, options)
	if err != nil {
		return "", err
	}
	sealed, err := encrypter.Encrypt(payload)
	if err != nil {
		return "", err
	}
	return sealed.CompactSerialize()
}

// recipient is the key of the client that goes with an algorithm.
func (c Client) recipient(alg, enc string) (jose.Recipient, error) {
	if alg == "dir" {
		key, err := secretKey(c.Secret, enc)
		return jose.Recipient{Algorithm: jose.DIRECT, Key: key}, err
	}
	for _, k := range c.keys {
		if k.encrypts(alg) {
			return jose.Recipient{Algorithm: jose.KeyAlgorithm(alg), Key: k.key, KeyID: k.Kid}, nil
		}
	}
	return jose.Recipient{}, fmt.Errorf("client %s has no key for %s", c.ID, alg)
}

// encrypts says whether a key may be used for an algorithm (RFC 7517 §4.2, §4.4).
func (k *jwk) encrypts(alg string) bool {
	if k.Use != "" && k.Use != "enc" || k.Alg != "" && k.Alg != alg {
		return false
	}
	return k.Kty == "RSA" && strings.HasPrefix(alg, "RSA-") || k.Kty == "EC" && strings.HasPrefix(alg, "ECDH-")
}

// secretKey makes a symmetric key of a client's secret (OpenID Connect Core §10.2).
func secretKey(secret, enc string) ([]byte, error) {
	size := map[string]int{"A128GCM": 16, "A256GCM": 32, "A128CBC-HS256": 32, "A256CBC-HS512": 64}[enc]
	switch {
	case secret == "":
		return nil, errors.New("dir needs a client secret")
	case size == 0:
		return nil, fmt.Errorf("no content encryption %q", enc)
	case size > sha256.Size:
		sum := sha512.Sum512([]byte(secret))
		return sum[:size], nil
	}
	sum := sha256.Sum256([]byte(secret))
	return sum[:size], nil
}

// checkEncryption wants algorithms that this server has, and a key of the client for each.
func checkEncryption(c Client) error {
	for _, pair := range [][2]string{
		{c.IDTokenEncryptedAlg, c.IDTokenEncryptedEnc},
		{c.UserinfoEncryptedAlg, c.UserinfoEncryptedEnc},
		{c.IntrospectionEncryptedAlg, c.IntrospectionEncryptedEnc},
		{c.AuthorizationEncryptedAlg, c.AuthorizationEncryptedEnc},
	} {
		alg, enc := pair[0], pair[1]
		switch {
		case alg == "" && enc == "":
			continue
		case !slices.Contains(encryptionAlgs, alg):
			return fmt.Errorf("no encryption algorithm %q", alg)
		case enc != "" && !slices.Contains(encryptionEncs, enc):
			return fmt.Errorf("no content encryption %q", enc)
		}
		if enc == "" {
			enc = defaultEnc
		}
		if _, err := c.recipient(alg, enc); err != nil {
			return err
		}
	}
	return nil
}

// decrypted is the JWT inside a JWE that a client made for this server, with one of
// the published keys or with the secret that both know.
func (s *Server) decrypted(c Client, text string) (string, error) {
	var algs []jose.KeyAlgorithm
	for _, alg := range encryptionAlgs {
		algs = append(algs, jose.KeyAlgorithm(alg))
	}
	var encs []jose.ContentEncryption
	for _, enc := range encryptionEncs {
		encs = append(encs, jose.ContentEncryption(enc))
	}
	sealed, err := jose.ParseEncryptedCompact(text, algs, encs)
	if err != nil {
		return "", errors.New("is no JWE in the compact form with an alg and an enc that are supported")
	}
	// RFC 7519 §5.2: a nested JWT says that it is one.
	if cty, _ := sealed.Header.ExtraHeaders[jose.HeaderContentType].(string); !slices.Contains(nestedTypes, strings.ToLower(cty)) {
		return "", errors.New("is a JWE whose cty is '" + cty + "'; it must be JWT (RFC 7519 section 5.2)")
	}
	key, known := any(nil), false
	if sealed.Header.Algorithm == "dir" {
		enc, _ := sealed.Header.ExtraHeaders["enc"].(string)
		key, err = secretKey(c.Secret, enc)
		known = err == nil
	} else {
		key, known = decryptionKey(sealed.Header.KeyID, sealed.Header.Algorithm)
	}
	if !known {
		return "", errors.New("is encrypted with no key that this server has for " + sealed.Header.Algorithm)
	}
	inner, err := sealed.Decrypt(key)
	if err != nil {
		return "", errors.New("cannot be decrypted with the key of this server")
	}
	return string(inner), nil
}

// nestedTypes is what a JWE around a request object may say that it holds.
var nestedTypes = []string{"jwt", "oauth-authz-req+jwt"}
