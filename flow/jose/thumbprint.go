package jose

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// thumbprintMembers are the required members of each kty in lexicographic order
// (RFC 7638 §3.2, RFC 8037 §2).
var thumbprintMembers = map[string][]string{
	"RSA": {"e", "kty", "n"},
	"EC":  {"crv", "kty", "x", "y"},
	"OKP": {"crv", "kty", "x"},
	"oct": {"k", "kty"},
}

// CertificateThumbprint is the x5t#S256 of a certificate: SHA-256 over its DER,
// in base64url (RFC 8705 §3.1, RFC 7515 §4.1.8).
func CertificateThumbprint(der []byte) string {
	sum := sha256.Sum256(der)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Thumbprint is the JWK thumbprint of RFC 7638 with SHA-256, in base64url. The
// members are taken as they are written: whether they make a usable key is not
// asked.
func Thumbprint(raw json.RawMessage) (string, error) {
	o, problems := ParseObject(raw)
	if len(problems) > 0 {
		return "", fmt.Errorf("no thumbprint: %s", problems[0].Detail)
	}
	return thumbprint(o)
}

func thumbprint(o *Object) (string, error) {
	kty, _ := o.String("kty")
	names, known := thumbprintMembers[kty]
	if !known {
		return "", fmt.Errorf("no thumbprint is defined here for kty %s", quote(kty))
	}
	var b strings.Builder
	for i, name := range names {
		value, ok := o.String(name)
		// RFC 7638 §3.3: nothing in the values may need an escape.
		if !ok || value == "" || strings.ContainsFunc(value, notBase64URL) {
			return "", fmt.Errorf("no thumbprint: the member %s is absent or has a character that cannot be in it", name)
		}
		b.WriteString([]string{"{", ","}[min(i, 1)])
		fmt.Fprintf(&b, `"%s":"%s"`, name, value)
	}
	b.WriteString("}")
	sum := sha256.Sum256([]byte(b.String()))
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
