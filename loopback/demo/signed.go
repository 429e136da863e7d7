package demo

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes below
	_ "crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"
)

// A signed token came from somebody else and is not to be believed before verify.
type signed struct {
	header, claims map[string]any
	input          string
	signature      []byte
}

// The algorithms of assertions (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
var (
	macAlgs = []string{"HS256", "HS384", "HS512"}
	keyAlgs = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)

// parseSigned takes a JWT in the compact form apart, strictly (RFC 7515 §5.2).
func parseSigned(text string) (signed, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return signed{}, errors.New("is not a JWT of three parts")
	}
	t := signed{input: parts[0] + "." + parts[1]}
	for i, into := range []*map[string]any{&t.header, &t.claims} {
		plain, err := decodeURL(parts[i])
		if err != nil {
			return t, errors.New("has a part that is not base64url without padding")
		}
		if *into, err = strictObject(plain); err != nil {
			return t, err
		}
	}
	var err error
	if t.signature, err = decodeURL(parts[2]); err != nil {
		return t, errors.New("has a signature that is not base64url without padding")
	}
	if _, critical := t.header["crit"]; critical {
		return t, errors.New("has a crit header, and none of its extensions is known (RFC 7515 section 4.1.11)")
	}
	return t, nil
}

// strictObject reads a JSON object and minds names that come twice (RFC 7519 §4).
func strictObject(text []byte) (map[string]any, error) {
	bad := errors.New("has a part that is not a JSON object")
	dec := json.NewDecoder(bytes.NewReader(text))
	if first, err := dec.Token(); err != nil || first != json.Delim('{') {
		return nil, bad
	}
	object := map[string]any{}
	for dec.More() {
		name, err := dec.Token()
		text, isText := name.(string)
		if err != nil || !isText {
			return nil, bad
		}
		var value any
		if err := dec.Decode(&value); err != nil {
			return nil, bad
		}
		if _, twice := object[text]; twice {
			return nil, errors.New("has the member " + text + " twice")
		}
		object[text] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, bad
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	return object, nil
}

// head is a text member of the header, "" when absent.
func (t signed) head(name string) string { text, _ := t.header[name].(string); return text }

// claim is a text claim, "" when absent.
func (t signed) claim(name string) string { text, _ := t.claims[name].(string); return text }

// verified finds the key that signed, among those that may. The header's own jwk,
// jku, x5c and x5u count for nothing (RFC 8725 §3.10).
func (t signed) verified(keys []jwk) error {
	alg, kid := t.head("alg"), t.head("kid")
	if !slices.Contains(keyAlgs, alg) {
		return errors.New("is signed with alg " + alg + "; use " + strings.Join(keyAlgs, ", "))
	}
	tried := false
	for _, k := range keys {
		if !k.fits(kid, alg) {
			continue
		}
		tried = true
		if verify(alg, k.key, []byte(t.input), t.signature) {
			return nil
		}
	}
	if !tried {
		return errors.New("names no registered key: none has kid '" + kid + "' and fits alg " + alg)
	}
	return errors.New("has a signature that the registered key does not verify")
}

// verify checks one signature (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1).
func verify(alg string, key crypto.PublicKey, input, signature []byte) bool {
	if k, ok := key.(ed25519.PublicKey); ok {
		return ed25519.Verify(k, input, signature)
	}
	hash := hashes[alg[2:]]
	h := hash.New()
	h.Write(input)
	sum := h.Sum(nil)
	switch k := key.(type) {
	case *rsa.PublicKey:
		if strings.HasPrefix(alg, "PS") {
			return rsa.VerifyPSS(k, hash, sum, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(k, hash, sum, signature) == nil
	case *ecdsa.PublicKey:
		size := (k.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false // two numbers, not ASN.1: RFC 7518 §3.4
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(k, sum, r, s)
	}
	return false
}

// verifiedBySecret checks a MAC (RFC 7518 §3.2).
func (t signed) verifiedBySecret(secret string) bool {
	alg := t.head("alg")
	if !slices.Contains(macAlgs, alg) || secret == "" {
		return false
	}
	mac := hmac.New(hashes[alg[2:]].New, []byte(secret))
	mac.Write([]byte(t.input))
	return hmac.Equal(mac.Sum(nil), t.signature)
}

// hashes is what the digits of an algorithm stand for.
var hashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

// Assertions may be this far from the server's clock, and live so long at most
// (RFC 7523 §3 lets a server refuse an exp that lies unreasonably far ahead).
const (
	clockTolerance   = 60 * time.Second
	assertionHorizon = time.Hour
)

// timely checks exp, nbf and iat (RFC 7523 §3); a horizon of 0 is none.
func (t signed) timely(now time.Time, horizon time.Duration) error {
	exp, ok := t.claims["exp"].(float64)
	switch {
	case !ok:
		return errors.New("has no exp, or one that is no number")
	case !now.Before(time.Unix(int64(exp), 0)):
		return errors.New("expired; its exp is in the past")
	case horizon > 0 && exp > float64(now.Add(horizon).Unix()):
		return fmt.Errorf("has an exp more than %.0f minutes ahead", horizon.Minutes())
	}
	for _, name := range []string{"nbf", "iat"} {
		value, present := t.claims[name]
		at, isNumber := value.(float64)
		switch {
		case !present:
		case !isNumber:
			return errors.New("has an " + name + " that is no number")
		case at > float64(now.Add(clockTolerance).Unix()):
			return errors.New("has an " + name + " in the future")
		}
	}
	return nil
}

// audience is the aud claim as a list (RFC 7519 §4.1.3).
func (t signed) audience() []string {
	switch aud := t.claims["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		var list []string
		for _, one := range aud {
			text, _ := one.(string)
			list = append(list, text)
		}
		return list
	}
	return nil
}

// meant checks that the token is for one of these and for nobody else: whoever
// else is named could use it here (RFC 7523 §3, rfc7523bis §4).
func (t signed) meant(names ...string) error {
	list := t.audience()
	if len(list) == 0 {
		return errors.New("has no aud; use " + names[0])
	}
	for _, one := range list {
		if !slices.Contains(names, one) {
			return errors.New("has the aud " + one + "; use " + names[0])
		}
	}
	return nil
}
