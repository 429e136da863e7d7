package jose

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A SignError says why nothing was signed. Reason is alg-unknown,
// alg-key-mismatch, header, claims or signature.
type SignError struct{ Reason, Detail string }

func (e *SignError) Error() string { return e.Reason + ": " + e.Detail }

func unsigned(reason, format string, args ...any) error {
	return &SignError{reason, fmt.Sprintf(format, args...)}
}

// Sign makes a compact JWS with RS*, PS*, ES*, EdDSA, Ed25519 or HS*. The key
// is an *rsa.PrivateKey, an *ecdsa.PrivateKey, an ed25519.PrivateKey or, for
// HS*, octets of any length. Header members are written in the order alg, typ,
// kid, then the rest sorted; alg is the argument. Claims that are []byte or
// json.RawMessage are signed as they are, all others as JSON. Whether a key is
// strong enough is not judged here: a debugger also asks servers about weak
// ones. Every error is a *SignError.
func Sign(alg string, key any, header map[string]any, claims any) (string, error) {
	head, err := headerJSON(alg, header)
	if err != nil {
		return "", err
	}
	payload, err := payloadBytes(claims)
	if err != nil {
		return "", err
	}
	input := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sig, err := signBytes(alg, key, []byte(input))
	if err != nil {
		return "", err
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}

func headerJSON(alg string, header map[string]any) ([]byte, error) {
	if other, present := header["alg"]; present && other != any(alg) {
		return nil, unsigned("header", "the header says alg %v, and %s is to be signed with", other, quote(alg))
	}
	members := maps.Clone(header)
	if members == nil {
		members = map[string]any{}
	}
	members["alg"] = alg
	rank := map[string]int{"alg": -3, "typ": -2, "kid": -1}
	order := slices.SortedFunc(maps.Keys(members), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank[a], rank[b]), cmp.Compare(a, b))
	})
	var b bytes.Buffer
	for i, name := range order {
		b.WriteByte("{,"[min(i, 1)])
		quoted, _ := plainJSON(name)
		value, err := plainJSON(members[name])
		if err != nil {
			return nil, unsigned("header", "the member %s cannot be written as JSON: %v", quote(name), err)
		}
		b.Write(quoted)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func payloadBytes(claims any) ([]byte, error) {
	switch exact := claims.(type) {
	case []byte:
		return exact, nil
	case json.RawMessage:
		return exact, nil
	}
	b, err := plainJSON(claims)
	if err != nil {
		return nil, unsigned("claims", "they cannot be written as JSON: %v", err)
	}
	return b, nil
}

// plainJSON is JSON without the escapes that are meant for HTML pages.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func signBytes(alg string, key any, input []byte) ([]byte, error) {
	a, known := algorithms[alg]
	if !known || a.unsupported {
		return nil, unsigned("alg-unknown", "this tool does not sign with alg %s", quote(alg))
	}
	switch key := key.(type) {
	case []byte:
		if a.family == hmacMAC {
			mac := hmac.New(a.hash.New, key)
			mac.Write(input)
			return mac.Sum(nil), nil
		}
	case *rsa.PrivateKey:
		if key != nil && (a.family == rsaPKCS1 || a.family == rsaPSS) {
			return signRSA(a, key, digest(a.hash, input))
		}
	case *ecdsa.PrivateKey:
		if key != nil && a.family == ecdsaSig && key.Curve != nil && key.Params().Name == a.curve {
			return signECDSA(key, digest(a.hash, input))
		}
	case ed25519.PrivateKey:
		if a.family == edwards && len(key) == ed25519.PrivateKeySize {
			return ed25519.Sign(key, input), nil
		}
	}
	return nil, unsigned("alg-key-mismatch", "alg %s does not fit a key of type %T", alg, key)
}

func signRSA(a algorithm, key *rsa.PrivateKey, sum []byte) ([]byte, error) {
	var sig []byte
	var err error
	if a.family == rsaPSS {
		// RFC 7518 §3.5: the salt is as long as the hash.
		sig, err = rsa.SignPSS(rand.Reader, key, a.hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		sig, err = rsa.SignPKCS1v15(rand.Reader, key, a.hash, sum)
	}
	if err != nil {
		return nil, unsigned("signature", "%v", err)
	}
	return sig, nil
}

// signECDSA puts r and s side by side, each as long as the order of the curve
// (RFC 7518 §3.4).
func signECDSA(key *ecdsa.PrivateKey, sum []byte) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, key, sum)
	if err != nil {
		return nil, unsigned("signature", "%v", err)
	}
	width := (key.Params().N.BitLen() + 7) / 8
	sig := make([]byte, 2*width)
	r.FillBytes(sig[:width])
	s.FillBytes(sig[width:])
	return sig, nil
}
