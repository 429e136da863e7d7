package demo

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
)

// A jws is a token before it is signed: everything about it can be wrong.
type jws struct {
	header, claims object
	key            keyPair
	curve          *ecdsa.PrivateKey // for ES256
	secret         []byte            // for HS256, when the client shares one
	padded         bool              // with the "=" that RFC 7515 §2 forbids
	spoiled        bool              // one bit of the signature is flipped
	zero           bool              // the signature is nothing but zeros
	ragged         bool              // the last character has bits that RFC 4648 §3.5 wants to be zero
}

// jwt signs as the header's alg says, in the compact form of RFC 7515 §7.1. A
// failure gives an empty token; our keys and claims have no way to fail.
func (s *Server) jwt(t jws) string {
	header, err := marshal(t.header)
	if err != nil {
		return ""
	}
	claims, err := marshal(t.claims)
	if err != nil {
		return ""
	}
	encode := base64URL
	if t.padded {
		encode = base64.URLEncoding.EncodeToString
	}
	input := encode(header) + "." + encode(claims)
	signature, err := t.sign(input)
	if err != nil {
		return ""
	}
	if t.spoiled && len(signature) > 0 {
		signature[len(signature)/2] ^= 1
	}
	if t.zero {
		clear(signature)
	}
	text := encode(signature)
	if t.ragged {
		text = withTrailingBits(text)
	}
	return input + "." + text
}

// withTrailingBits sets the lowest bit of the last character, which stands for no
// octet unless the length is a multiple of four.
func withTrailingBits(text string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(text) - 1
	if last < 0 || len(text)%4 == 0 {
		return text
	}
	return text[:last] + string(digits[strings.IndexByte(digits, text[last])|1])
}

// sign makes the signature of RFC 7518 §3 that the header names.
func (t jws) sign(input string) ([]byte, error) {
	switch t.header.get("alg") {
	case "none":
		return nil, nil
	case "HS256":
		secret := t.secret
		if secret == nil {
			secret = publicPEM(t.key) // the confusion of RFC 8725 §2.1
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil), nil
	case "ES256":
		return signES256(t.curve, input)
	case "RS384":
		sum := sha512.Sum384([]byte(input))
		return rsa.SignPKCS1v15(nil, t.key.priv, crypto.SHA384, sum[:])
	default:
		sum := sha256.Sum256([]byte(input))
		return rsa.SignPKCS1v15(nil, t.key.priv, crypto.SHA256, sum[:])
	}
}

// publicPEM is the public key as careless verifiers hold it, which makes it a good HMAC key for an attacker.
func publicPEM(k keyPair) []byte {
	der, err := x509.MarshalPKIXPublicKey(&k.priv.PublicKey)
	if err != nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// leftHalf is at_hash or c_hash: half of the hash that goes with alg (OpenID Connect Core §3.1.3.6).
func leftHalf(alg, token string) string {
	if strings.HasSuffix(alg, "384") {
		sum := sha512.Sum384([]byte(token))
		return base64URL(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(token))
	return base64URL(sum[:len(sum)/2])
}
