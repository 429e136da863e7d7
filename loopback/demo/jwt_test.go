package demo_test

import "encoding/base64"

// encode is base64url of a text, for JWTs made by hand.
func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
