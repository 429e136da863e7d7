package cmd

import (
	"slices"
	"testing"
)

// askingFlows are the grants when a request asks for more than usual, or for
// less.
func askingFlows(headless []string) map[string]func(*testing.T, string) result {
	public := []string{"--client-id", "public"}
	code := func(more ...string) func(*testing.T, string) result {
		return func(t *testing.T, issuer string) result {
			return run(t, nil, "", slices.Concat([]string{"code", issuer, "--scope", "openid profile", "-o", "none"}, public, headless, more)...)
		}
	}
	const named = `{"id_token":{"name":null}}`
	return map[string]func(*testing.T, string) result{
		"no-state":      code("--drop", "state"),
		"max-age":       code("--max-age", "300"),
		"acr":           code("--acr-values", "urn:mace:incommon:iap:silver"),
		"acr-essential": code("--claims", `{"id_token":{"acr":{"essential":true,"values":["urn:mace:incommon:iap:silver"]}}}`),
		"userinfo-claims": func(t *testing.T, issuer string) result {
			first := tokens(t, issuer, "public", "", headless, "--claims", named)
			return run(t, nil, "", slices.Concat([]string{"userinfo", issuer, "--access-token", "value:" + first["access_token"], "--id-token-hint", "value:" + first["id_token"]}, public)...)
		},
		"userinfo-encrypted": func(t *testing.T, issuer string) result {
			first := tokens(t, issuer, "encrypted", "value:secret", headless, "--key", decryptionKey(t))
			return run(t, nil, "", "userinfo", issuer, "--access-token", "value:"+first["access_token"], "--client-id", "encrypted", "--key", decryptionKey(t))
		},
	}
}

// usual are the codes of what a flow itself does on purpose, whatever the
// server answers.
func usual() map[string][]string {
	return map[string][]string{"no-state": {"V-AR-02"}}
}
