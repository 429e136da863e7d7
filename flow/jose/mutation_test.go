package jose

import (
	"encoding/base64"
	"strings"
	"testing"
)

// Whatever character of the payload or the signature of a published token is
// changed or left out, wherever it stands, nothing verifies any more.
func TestEveryCharacterCounts(t *testing.T) {
	v := published(t)
	mac, err := base64.RawURLEncoding.DecodeString(v.RFC7515.K)
	if err != nil {
		t.Fatal(err)
	}
	with := func(raw []byte) func(*Token) error {
		key := ParseKey(raw)
		return func(token *Token) error { return Verify(token, key) }
	}
	for name, c := range map[string]struct {
		token  string
		verify func(*Token) error
	}{
		"RFC 7515 A.1":        {v.RFC7515.JWS, func(token *Token) error { return VerifyHMAC(token, mac) }},
		"RFC 8037 A.4":        {v.RFC8037.JWS, with(v.RFC8037.JWK)},
		"OIDC Core A.2":       {v.OIDC.A2, with(v.OIDC.JWK)},
		"RFC 9449 figure 2":   {v.RFC9449.TokenRequest, with(v.RFC9449.JWK)},
		"RFC 9449 figure 13":  {v.RFC9449.Resource, with(v.RFC9449.JWK)},
		"FAPI 1 A.1, request": {v.FAPI1.RequestObject, with(v.FAPI1.Keys[0])},
		"FAPI 1 A.2, ID":      {v.FAPI1.IDToken, with(v.FAPI1.Keys[1])},
		"FAPI 1 A.4, JARM":    {v.FAPI1.JARM, with(v.FAPI1.Keys[1])},
	} {
		if err := c.verify(Decode(c.token)); err != nil {
			t.Errorf("%s does not verify: %v", name, err)
			continue
		}
		for at := strings.IndexByte(c.token, '.') + 1; at < len(c.token); at++ {
			if c.token[at] == '.' {
				continue
			}
			for _, bad := range []string{c.token[:at] + another(c.token[at], at) + c.token[at+1:], c.token[:at] + c.token[at+1:]} {
				if c.verify(Decode(bad)) == nil {
					t.Errorf("%s verifies with its character %d changed: %s", name, at, bad)
				}
			}
		}
	}
}

// another is a character of base64url that is not c; which one goes with the
// place, so that all of them take part.
func another(c byte, at int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if b := alphabet[at%len(alphabet)]; b != c {
		return string(b)
	}
	return string(alphabet[(at+1)%len(alphabet)])
}
