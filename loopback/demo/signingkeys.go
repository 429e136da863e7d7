package demo

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// readSigningKeys takes the keys of the configuration, or those of the demo. RS256
// is what every client can verify (OpenID Connect Core §15.1), so an RSA key there
// must be.
func (s *Server) readSigningKeys() (err error) {
	s.curveKid = es256Kid
	if s.curve, err = private256(es256D); err != nil {
		return err
	}
	if s.config.SigningKeys == nil {
		s.key, err = newKeyPair(demoKid, demoP, demoQ)
		return err
	}
	keys, err := privateKeys(s.config.SigningKeys)
	if err != nil {
		return fmt.Errorf("demo: signing keys: %w", err)
	}
	curves := 0
	for _, k := range keys {
		switch private := k.Key.(type) {
		case *rsa.PrivateKey:
			pair := keyPair{kid: k.KeyID, priv: private}
			if s.key.priv == nil {
				s.key = pair
				continue
			}
			s.spareKeys = append(s.spareKeys, pair.public())
		case *ecdsa.PrivateKey:
			if curves++; curves > 1 {
				return errors.New("demo: signing keys: there is more than one on P-256")
			}
			s.curve, s.curveKid = private, k.KeyID
		}
	}
	if s.key.priv == nil {
		return errors.New("demo: signing keys: none is RSA, which RS256 needs")
	}
	return nil
}

// privateKeys reads a JWK Set, or one JWK, of keys that can sign here.
func privateKeys(text []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage
		Kty  string
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("they are no JSON: %w", err)
	}
	if set.Kty != "" {
		set.Keys = []json.RawMessage{text}
	}
	seen := map[string]bool{}
	var keys []jose.JSONWebKey
	for i, raw := range set.Keys {
		var k jose.JSONWebKey
		if err := k.UnmarshalJSON(raw); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		if err := canSign(&k); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		if seen[k.KeyID] {
			return nil, fmt.Errorf("key %d: the kid %q is there twice", i+1, k.KeyID)
		}
		seen[k.KeyID] = true
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in the set")
	}
	return keys, nil
}

// canSign wants an RSA key of a size that clients take (RFC 7518 §3.3), or one on
// P-256, and gives it a name when it has none (RFC 7638).
func canSign(k *jose.JSONWebKey) error {
	switch private := k.Key.(type) {
	case *rsa.PrivateKey:
		if bits := private.N.BitLen(); bits < 2048 || bits > 8192 {
			return fmt.Errorf("an RSA key of %d bits; it takes 2048 to 8192", bits)
		}
		private.Precompute()
		if err := private.Validate(); err != nil {
			return err
		}
	case *ecdsa.PrivateKey:
		if private.Curve != elliptic.P256() {
			return errors.New("an elliptic curve key that is not on P-256")
		}
	default:
		return errors.New("it is no private RSA or P-256 key")
	}
	if k.Use == "enc" {
		return errors.New("its use is enc")
	}
	if k.KeyID == "" {
		thumb, err := k.Thumbprint(crypto.SHA256)
		if err != nil {
			return err
		}
		k.KeyID = base64URL(thumb)
	}
	return nil
}

// curvePublic is a key on P-256 as a JWK (RFC 7518 §6.2.1).
func curvePublic(k *ecdsa.PrivateKey, kid string) object {
	point, err := k.PublicKey.Bytes() // SEC 1 §2.3.3: 4, then x and y
	if err != nil {
		return object{}
	}
	return object{
		{"kty", "EC"}, {"use", "sig"}, {"alg", "ES256"}, {"kid", kid}, {"crv", "P-256"},
		{"x", base64URL(point[1:33])}, {"y", base64URL(point[33:])},
	}
}
