package discover

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The places are those of RFC 8414 §3.1 and §5 and OpenID Connect Discovery
// §4.1; the path example is RFC 8414 §3.1's own.
func TestWellKnown(t *testing.T) {
	for issuer, want := range map[string][]string{
		"https://example.com": {
			"https://example.com/.well-known/openid-configuration",
			"https://example.com/.well-known/oauth-authorization-server",
		},
		"https://example.com/": {
			"https://example.com/.well-known/openid-configuration",
			"https://example.com/.well-known/oauth-authorization-server",
		},
		"https://example.com/issuer1": {
			"https://example.com/.well-known/oauth-authorization-server/issuer1",
			"https://example.com/issuer1/.well-known/openid-configuration",
			"https://example.com/.well-known/openid-configuration/issuer1",
		},
		"https://example.com:8443/a%20b/": {
			"https://example.com:8443/.well-known/oauth-authorization-server/a%20b",
			"https://example.com:8443/a%20b/.well-known/openid-configuration",
			"https://example.com:8443/.well-known/openid-configuration/a%20b",
		},
	} {
		if diff := cmp.Diff(want, WellKnown(issuer)); diff != "" {
			t.Errorf("%s: %s", issuer, diff)
		}
	}
}

func TestIssuer(t *testing.T) {
	for given, want := range map[string]string{
		"https://example.com":  "https://example.com",
		"https://example.com/": "https://example.com/",
		"https://example.com/.well-known/openid-configuration":               "https://example.com",
		"https://example.com/realms/x/.well-known/openid-configuration":      "https://example.com/realms/x",
		"https://example.com/.well-known/oauth-authorization-server/tenant1": "https://example.com/tenant1",
		"https://example.com/.well-known/oauth-authorization-server":         "https://example.com",
	} {
		got, said := Issuer(given)
		if got != want {
			t.Errorf("Issuer(%s) = %s, want %s", given, got, want)
		}
		if (said != "") != (given != want) {
			t.Errorf("Issuer(%s) said %q", given, said)
		}
	}
}

func TestEndpointLike(t *testing.T) {
	for given, want := range map[string]bool{
		"https://example.com/oauth2/authorize":                       true,
		"https://example.com/realms/x/protocol/openid-connect/token": true,
		"https://example.com/realms/x":                               false,
		"https://login.microsoftonline.com/common/oauth2/v2.0/token": true,
		"https://example.com":                                        false,
		"https://example.com/.well-known/jwks.json":                  true,
		"https://auth.example.com/oauth2/default":                    false,
	} {
		if got := endpointLike(given); got != want {
			t.Errorf("endpointLike(%s) = %v", given, got)
		}
	}
}
