package cmd

import (
	"slices"
	"testing"
)

// clientFlows are the code grant with clients and response modes that some of
// the faults need.
func clientFlows(headless []string) map[string]func(*testing.T, string) result {
	code := func(t *testing.T, issuer string, more ...string) result {
		return run(t, nil, "", slices.Concat([]string{"code", issuer, "--scope", "openid profile", "-o", "none"}, headless, more)...)
	}
	return map[string]func(*testing.T, string) result{
		"form-post": func(t *testing.T, issuer string) result {
			return code(t, issuer, "--client-id", "public", "--response-mode", "form_post")
		},
		"secret-jwt": func(t *testing.T, issuer string) result {
			return code(t, issuer, "--client-id", "secret-jwt", "--auth-method", "client_secret_jwt",
				"--client-secret", "value:a-long-secret-that-is-written-down-in-the-demo-server-for-HS512-too")
		},
	}
}
