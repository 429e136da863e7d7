package output

import (
	"encoding/base64"
	"strings"
)

// carriedSecrets are the secrets inside a signed token that is one itself: what
// it says stays readable, and they must not be.
func carriedSecrets(token string) []string {
	if !jose(token) || strings.Count(token, ".") != 2 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return nil
	}
	var out []string
	for _, name := range append([]string{"id_token_hint", "login_hint_token", "client_secret", "password"}, locationSecrets...) {
		if s, ok := stringMember(payload, name); ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}

// saysError reports whether a token says something of an error: it may be
// anybody's word, and is told apart, once it is known whose it is.
func saysError(payload string) bool {
	b, err := base64.RawURLEncoding.DecodeString(payload)
	_, says := members(b)["error"]
	return err == nil && says
}
