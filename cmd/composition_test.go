package cmd

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// A part is one thing that a run can be composed of: how it is asked for, and
// what a run that has it looks like.
type part struct {
	name  string
	flags func(*testing.T) []string
	seen  func(result) bool
}

func parts() []part {
	flags := func(all ...string) func(*testing.T) []string { return func(*testing.T) []string { return all } }
	return []part{
		{"par", flags("--par"), func(r result) bool { return r.sent("par") == 1 }},
		{"jar", flags("--jar"), func(r result) bool { return r.decoded("request_object") != nil }},
		{"jarm", flags("--response-mode", "query.jwt"), func(r result) bool { d := r.decoded("jarm"); return d != nil && d.Verified }},
		{"dpop", flags("--dpop"), func(r result) bool { return r.confirmed("jkt") }},
		{"mtls", mutual, func(r result) bool { return r.confirmed("x5t#S256") }},
		{"rar", flags("--authorization-details", `[{"type":"account_information","actions":["list_accounts"]}]`), func(r result) bool {
			return strings.Contains(r.stdout, `"authorization_details":[{`) && strings.Contains(r.stdout, `"type":"account_information"`)
		}},
		{"resource", flags("--resource", "https://api.example"), func(r result) bool {
			d := r.decoded("access_token")
			return d != nil && strings.Contains(string(d.Claims), `"aud":"https://api.example"`)
		}},
	}
}

// decoded is the first token of a kind that the run took apart.
func (r result) decoded(what string) *trace.Decoded {
	for _, rec := range r.records {
		if d, ok := rec.Event.(trace.Decoded); ok && d.What == what {
			return &d
		}
	}
	return nil
}

// confirmed reports whether the access token is bound in that way.
func (r result) confirmed(how string) bool {
	d := r.decoded("access_token")
	if d == nil {
		return false
	}
	var claims struct {
		Cnf map[string]string `json:"cnf"`
	}
	return json.Unmarshal(d.Claims, &claims) == nil && claims.Cnf[how] != ""
}

// Whatever is combined with whatever, by whichever client, the run comes to a
// verified ID token, has everything that was asked for and nothing else, and
// no check has anything to say.
func TestComposition(t *testing.T) {
	server, err := demo.StartTLS("127.0.0.1:0", demo.Config{Now: now, Rand: rand.NewChaCha8([32]byte{9})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	ca, key := file(t, "ca.pem", server.CA), file(t, "client.jwk", demo.ClientKey())
	clients := map[string][]string{
		"public":          {"--client-id", "public", "--auth-method", "none", "--key", key},
		"basic":           {"--client-id", "confidential", "--auth-method", "client_secret_basic", "--client-secret", "value:secret", "--key", key},
		"private_key_jwt": {"--client-id", "jwt", "--key", key},
		"mtls":            slices.Concat([]string{"--client-id", "mtls", "--auth-method", "self_signed_tls_client_auth", "--key", key}, mutual(t)),
	}
	all := parts()
	for client, who := range clients {
		for set := range 1 << len(all) {
			var names []string
			args := slices.Concat([]string{"code", server.Issuer, "--scope", "openid", "--cacert", ca, "--headless", "--fill", "username=alice", "--fill", "password=alice"}, who)
			for i, p := range all {
				if set>>i&1 == 0 || p.name == "mtls" && client == "mtls" {
					continue
				}
				names = append(names, p.name)
				args = append(args, p.flags(t)...)
			}
			if client == "mtls" && set>>4&1 == 1 {
				continue // that client shows its certificate in any case
			}
			t.Run(fmt.Sprintf("%s/%s", client, strings.Join(names, "+")), func(t *testing.T) {
				t.Parallel()
				r := run(t, nil, "", args...)
				if got := r.complaints(); r.exit != exitDone || len(got) > 0 {
					t.Fatalf("exit %d, complaints %v\n%s", r.exit, got, r.stderr)
				}
				if d := r.decoded("id_token"); d == nil || !d.Verified {
					t.Error("no verified ID token")
				}
				for _, p := range all {
					asked := slices.Contains(names, p.name) || p.name == "mtls" && client == "mtls"
					if p.seen(r) != asked {
						t.Errorf("%s: asked for %v, seen %v\n%s", p.name, asked, !asked, r.stdout)
					}
				}
			})
		}
	}
}
