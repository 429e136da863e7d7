package jose

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestDecodePublished(t *testing.T) {
	v := published(t)
	tests := []struct {
		name, token, form, alg, kid, typ string
		ids                              []string
		claims                           []string
	}{
		{"RFC 9101 §4", v.RFC9101.JWT, "JWS", "RS256", "k2bdc", "", nil,
			[]string{"iss", "aud", "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "max_age"}},
		{"RFC 7515 A.1", v.RFC7515.JWS, "JWS", "HS256", "", "JWT", nil, []string{"iss", "exp", "http://example.com/is_root"}},
		{"RFC 9449 figure 2", v.RFC9449.TokenRequest, "JWS", "ES256", "", "dpop+jwt", nil, []string{"jti", "htm", "htu", "iat"}},
		{"RFC 8037 A.4, payload is text", v.RFC8037.JWS, "JWS", "EdDSA", "", "", []string{"jwt-claims-syntax"}, nil},
		{"FAPI 1 A.3, encrypted", v.FAPI1.JWE, "JWE", "RSA-OAEP-256", "client-enc-2020-08-28", "", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Decode(tt.token)
			kid, _ := got.Kid()
			want := []string{tt.token, tt.form, tt.alg, tt.kid, tt.typ}
			if diff := cmp.Diff(want, []string{got.Raw, got.Form, got.Alg(), kid, got.Typ()}); diff != "" {
				t.Errorf("token (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.ids, ids(got.Problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.claims, got.Claims.Names()); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
	if got := string(Decode(v.RFC8037.JWS).Payload); got != "Example of Ed25519 signing" {
		t.Errorf("payload = %q", got)
	}
}

func TestDecodeProblems(t *testing.T) {
	head, body := b64(`{"alg":"RS256"}`), b64(`{"iss":"x"}`)
	good := head + "." + body + ".AAAA"
	tests := []struct {
		name, token, form string
		ids               []string
		detail            string
		header, claims    bool
	}{
		{name: "good", token: good, form: "JWS", header: true, claims: true},
		{name: "unsigned", token: head + "." + body + ".", form: "JWS", header: true, claims: true},
		{name: "empty", token: "", form: "opaque", ids: []string{"jwt-not-compact"}, detail: "empty"},
		{name: "opaque", token: "2YotnFZFEjr1zCsicMWpAA", form: "opaque", ids: []string{"jwt-not-compact"}, detail: "segments is 1;"},
		{name: "JSON serialization", token: `{"payload":"x"}`, form: "opaque", ids: []string{"jwt-not-compact"}, detail: "is JSON"},
		{name: "many dots", token: strings.Repeat(".", 1000), form: "opaque", ids: []string{"jwt-not-compact"}, detail: "segments is 1001;"},
		{name: "signature lost", token: head + "." + body, form: "opaque", ids: []string{"jwt-not-compact"}, detail: "segments is 2;", header: true, claims: true},
		{name: "three words", token: "ya29.a0AfH6SM.xyz1", form: "opaque", ids: []string{"jwt-header-syntax"}},
		{name: "padding", token: head + "." + b64(`{"iss":"xy"}`) + "==.AAAA", form: "JWS", ids: []string{"jwt-padding"}, detail: "payload ends in 2", header: true, claims: true},
		{name: "plain base64", token: head + "." + body + ".+//+", form: "JWS", ids: []string{"jwt-illegal-character"}, detail: `signature has "+" at its byte 0`, header: true, claims: true},
		{name: "line break", token: head + "." + body + ".AA\nAA", form: "JWS", ids: []string{"jwt-illegal-character"}, detail: `"\n" at its byte 2`, header: true, claims: true},
		{name: "trailing bits", token: head + "." + body + ".AAB", form: "JWS", ids: []string{"jwt-trailing-bits"}, detail: `signature is "B" and should be "A"`, header: true, claims: true},
		{name: "impossible length", token: head + "." + body + ".AAAAA", form: "JWS", ids: []string{"jwt-not-base64url"}, header: true, claims: true},
		{name: "escape sequence", token: head + "." + body + ".\x1b]0;x\a", form: "JWS", ids: []string{"jwt-illegal-character", "jwt-not-base64url"}, detail: `"\x1b"`, header: true, claims: true},
		{name: "repeated claim", token: head + "." + b64(`{"iss":"a","iss":"b"}`) + ".AAAA", form: "JWS", ids: []string{"jwt-claims-duplicate-name"}, detail: `claims: the member "iss"`, header: true, claims: true},
		{name: "repeated header", token: b64(`{"alg":"none","alg":"RS256"}`) + "." + body + ".AAAA", form: "JWS", ids: []string{"jwt-header-duplicate-name"}, header: true, claims: true},
		{name: "claims are an array", token: head + "." + b64(`[1]`) + ".AAAA", form: "JWS", ids: []string{"jwt-claims-not-object"}, header: true},
		{name: "no payload", token: head + "..AAAA", form: "JWS", ids: []string{"jwt-claims-empty"}, header: true},
		{name: "header cut off", token: b64(`{"alg":"RS`) + "." + body + ".AAAA", form: "JWS", ids: []string{"jwt-header-syntax"}, detail: "cut off", claims: true},
		{name: "JWE", token: head + "..AAAA.AAAA.AAB", form: "JWE", ids: []string{"jwt-trailing-bits"}, detail: "authentication tag", header: true},
		{name: "too big", token: good + strings.Repeat("A", maxToken), form: "opaque", ids: []string{"jwt-too-big"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Decode(tt.token)
			if got.Raw != tt.token || got.Form != tt.form {
				t.Errorf("Form = %q, want %q; Raw kept: %v", got.Form, tt.form, got.Raw == tt.token)
			}
			if diff := cmp.Diff(tt.ids, ids(got.Problems)); diff != "" {
				t.Fatalf("problems (-want +got):\n%s", diff)
			}
			if len(got.Problems) > 0 && !strings.Contains(got.Problems[0].Detail, tt.detail) {
				t.Errorf("detail %q does not say %q", got.Problems[0].Detail, tt.detail)
			}
			if (got.Header != nil) != tt.header || (got.Claims != nil) != tt.claims {
				t.Errorf("header %v, claims %v", got.Header, got.Claims)
			}
		})
	}
}

func TestNotAString(t *testing.T) {
	token := Decode(b64(`{"alg":1,"kid":2,"typ":null}`) + "." + b64("{}") + ".AAAA")
	if kid, ok := token.Kid(); ok || kid != "" || token.Alg() != "" || token.Typ() != "" {
		t.Errorf("alg %q, kid %q, typ %q", token.Alg(), kid, token.Typ())
	}
}
