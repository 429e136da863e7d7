package cmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// file puts something that a flag names into a file.
func file(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// decryptionKey is the key of the demo's clients, said to be for decryption.
func decryptionKey(t *testing.T) string {
	t.Helper()
	var key map[string]any
	if err := json.Unmarshal(demo.ClientKey(), &key); err != nil {
		t.Fatal(err)
	}
	key["use"] = "enc"
	delete(key, "alg")
	b, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "decrypt.jwk", b)
}

// mutual is how a client shows its certificate to a server that speaks TLS.
func mutual(t *testing.T) []string {
	t.Helper()
	cert, key := demo.ClientCertificate()
	return []string{"--cert", file(t, "client.pem", cert), "--cert-key", file(t, "client-key.pem", key)}
}

// authority is the certificate that the demo's TLS is vouched for with.
func authority(t *testing.T) []string {
	t.Helper()
	server, err := demo.StartTLS("127.0.0.1:0", demo.Config{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	return []string{"--cacert", file(t, "ca.pem", server.CA)}
}

// guardedFlows are the code grant with what protects requests, answers and
// tokens.
func guardedFlows(headless []string) map[string]func(*testing.T, string) result {
	code := func(t *testing.T, issuer string, more ...string) result {
		return run(t, nil, "", slices.Concat([]string{"code", issuer, "--scope", "openid profile", "-o", "none"}, headless, more)...)
	}
	public := []string{"--client-id", "public"}
	encrypted := []string{"--client-id", "encrypted", "--client-secret", "value:secret"}
	return map[string]func(*testing.T, string) result{
		"par": func(t *testing.T, issuer string) result { return code(t, issuer, append(public, "--par")...) },
		"jarm": func(t *testing.T, issuer string) result {
			return code(t, issuer, append(public, "--response-mode", "query.jwt")...)
		},
		"jarm-encrypted": func(t *testing.T, issuer string) result {
			return code(t, issuer, append(encrypted, "--response-mode", "query.jwt", "--key", decryptionKey(t))...)
		},
		"rar": func(t *testing.T, issuer string) result {
			return code(t, issuer, append(public, "--authorization-details", `[{"type":"account_information","actions":["list_accounts"],"locations":["https://api.example"]}]`)...)
		},
		"resource": func(t *testing.T, issuer string) result {
			return code(t, issuer, append(public, "--resource", "https://api.example")...)
		},
		"dpop": func(t *testing.T, issuer string) result { return code(t, issuer, append(public, "--dpop")...) },
		"encrypted": func(t *testing.T, issuer string) result {
			return code(t, issuer, append(encrypted, "--key", decryptionKey(t))...)
		},
		"mtls": func(t *testing.T, issuer string) result {
			return code(t, issuer, slices.Concat(public, mutual(t), []string{"--auth-method", "none", "--insecure"})...)
		},
	}
}

// useFlows are what is done with a token that the same server issued.
func useFlows(headless, trusted []string) map[string]func(*testing.T, string) result {
	signed := []string{"--client-id", "signed", "--client-secret", "value:secret"}
	userinfo := func(t *testing.T, issuer string, who []string, id, secret string) result {
		first := tokens(t, issuer, id, secret, headless)
		return run(t, nil, "", slices.Concat([]string{"userinfo", issuer, "--access-token", "value:" + first["access_token"], "--id-token-hint", "value:" + first["id_token"]}, who)...)
	}
	introspect := func(t *testing.T, issuer string, who []string, id string, more ...string) result {
		first := tokens(t, issuer, id, "value:secret", headless, more...)
		return run(t, nil, "", slices.Concat([]string{"introspect", issuer, "--token", "value:" + first["access_token"]}, who, more)...)
	}
	return map[string]func(*testing.T, string) result{
		"userinfo": func(t *testing.T, issuer string) result {
			return userinfo(t, issuer, []string{"--client-id", "public"}, "public", "")
		},
		"userinfo-signed": func(t *testing.T, issuer string) result {
			return userinfo(t, issuer, signed[:2], "signed", "value:secret")
		},
		"introspection": func(t *testing.T, issuer string) result {
			return introspect(t, issuer, trusted, "confidential")
		},
		"introspection-signed": func(t *testing.T, issuer string) result {
			return introspect(t, issuer, signed, "signed")
		},
		"introspection-dpop": func(t *testing.T, issuer string) result {
			return introspect(t, issuer, trusted, "confidential", "--dpop-key", file(t, "dpop.jwk", demo.ClientKey()))
		},
		"revocation": func(t *testing.T, issuer string) result {
			first := tokens(t, issuer, "public", "", headless)
			return run(t, nil, "", "revoke", issuer, "--client-id", "public", "--token", "value:"+first["refresh_token"], "--token-type-hint", "refresh_token")
		},
		"logout": func(t *testing.T, issuer string) result {
			first := tokens(t, issuer, "public", "", headless)
			return run(t, nil, "", "logout", issuer, "--client-id", "public", "--id-token-hint", "value:"+first["id_token"], "--headless")
		},
		"call": func(t *testing.T, issuer string) result {
			return run(t, nil, "", "call", issuer+"/resource")
		},
	}
}

// What is done with a token ends as it must: a claim about another person is
// not handed out, and a server that does not answer is not taken for one that
// does.
func TestUsesEnd(t *testing.T) {
	for _, c := range []struct {
		flow, fault string
		exit        int
		says        string
	}{
		{"userinfo", "", exitDone, ""},
		{"userinfo", "userinfo-sub-other", exitCheck, "V-UI-01"},
		{"userinfo", "userinfo-sub-missing", exitCheck, "V-UI-01"},
		{"userinfo", "userinfo-html", exitUnreachable, "HTML"},
		{"userinfo-signed", "userinfo-jwt-bad-signature", exitCheck, "V-UI-04"},
		{"introspection", "", exitDone, ""},
		{"revocation", "", exitDone, ""},
		{"revocation", "revoke-503", exitUnreachable, "503"},
		{"revocation", "revoke-html", exitDone, ""}, // a client looks at the status alone (RFC 7009 §2.2)
		{"logout", "", exitDone, ""},
		{"logout", "logout-state-wrong", exitCheck, "V-AR-02"},
		{"logout", "logout-state-missing", exitCheck, "V-AR-02"},
		{"logout", "logout-page", exitNobody, ""},
		{"call", "", exitRefused, ""},
		{"dpop", "dpop-answer-bearer", exitCheck, "V-TR-08"},
		{"dpop", "dpop-nonce-forever", exitCheck, "V-TR-22"},
		{"jarm", "jarm-bad-signature", exitCheck, "V-JM-02"},
		{"par", "par-request-uri-missing", exitCheck, "V-PR-01"},
		{"par", "par-status-200", exitDone, ""},
		{"par", "par-html", exitUnreachable, "HTML"},
		{"rar", "rar-widened", exitDone, ""},
	} {
		t.Run(c.flow+"/"+c.fault, func(t *testing.T) {
			t.Parallel()
			var faults []string
			if c.fault != "" {
				faults = []string{c.fault}
			}
			r := flows()[c.flow](t, startDemo(t, faults...))
			if r.exit != c.exit || !strings.Contains(r.stderr, c.says) {
				t.Errorf("exit %d, want %d and %q:\n%s", r.exit, c.exit, c.says, r.stderr)
			}
			if r.exit != exitDone && r.stdout != "" {
				t.Errorf("stdout has %q", r.stdout)
			}
		})
	}
}
