package cmd

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// flows says how each grant is run against a faulty server; what it trades is
// got from that server first.
func flows() map[string]func(*testing.T, string) result {
	headless := []string{"--headless", "--fill", "username=alice", "--fill", "password=alice"}
	trusted := []string{"--client-id", "confidential", "--client-secret", "value:secret"}
	all := map[string]func(*testing.T, string) result{
		"implicit": func(t *testing.T, issuer string) result {
			return run(t, nil, "", slices.Concat([]string{"implicit", issuer, "--client-id", "public", "--scope", "openid profile", "--response-type", "id_token token", "-o", "none"}, headless)...)
		},
		"hybrid": func(t *testing.T, issuer string) result {
			return run(t, nil, "", slices.Concat([]string{"hybrid", issuer, "--client-id", "public", "--scope", "openid profile", "--response-type", "code id_token token", "-o", "none"}, headless)...)
		},
		"discover": func(t *testing.T, issuer string) result {
			return run(t, nil, "", "discover", issuer, "-o", "none")
		},
		"client-credentials": func(t *testing.T, issuer string) result {
			return run(t, nil, "", slices.Concat([]string{"cc", issuer, "--scope", "api", "-o", "none"}, trusted)...)
		},
		"device": func(t *testing.T, issuer string) result {
			return run(t, nil, "", "device", issuer, "--client-id", "public", "--scope", "openid profile", "--no-browser", "-o", "none")
		},
		"refresh": func(t *testing.T, issuer string) result {
			first := tokens(t, issuer, "public", "", headless)
			return run(t, nil, "", "refresh", issuer, "--client-id", "public", "--scope", "openid profile", "--refresh-token", "value:"+first["refresh_token"],
				"--id-token-hint", "value:"+first["id_token"], "-o", "none")
		},
		"exchange": func(t *testing.T, issuer string) result {
			first := tokens(t, issuer, "confidential", "value:secret", headless)
			return run(t, nil, "", slices.Concat([]string{"exchange", issuer, "--subject-token", "value:" + first["access_token"], "--subject-token-type", "access_token",
				"--requested-token-type", "access_token", "-o", "none"}, trusted)...)
		},
	}
	maps.Copy(all, guardedFlows(headless))
	maps.Copy(all, useFlows(headless, trusted))
	maps.Copy(all, askingFlows(headless))
	maps.Copy(all, clientFlows(headless))
	return all
}

// tokens gets a first answer by the code grant.
func tokens(t *testing.T, issuer, id, secret string, headless []string, more ...string) map[string]string {
	t.Helper()
	args := []string{"code", issuer, "--client-id", id, "--scope", "openid profile offline_access", "--keep-going"}
	if secret != "" {
		args = append(args, "--client-secret", secret)
	}
	r := run(t, nil, "", slices.Concat(args, headless, more)...)
	var all map[string]any
	if err := json.Unmarshal([]byte(r.stdout), &all); err != nil {
		t.Fatalf("%v\n%s", err, r.stderr)
	}
	out := map[string]string{}
	for name, v := range all {
		if s, ok := v.(string); ok {
			out[name] = s
		}
	}
	return out
}

// Each fault that shows in another grant is noticed by exactly the checks of
// its row, and a clean server by none.
func TestFlowFaultMatrix(t *testing.T) {
	rows := slices.Clone(demo.FlowFaults())
	for flow := range flows() {
		rows = append(rows, demo.Fault{Flow: flow, Codes: usual()[flow]})
	}
	for _, f := range rows {
		drive, known := flows()[f.Flow]
		if !known {
			continue // CIBA has a test of its own; attestation needs a peer of .ci/e2e
		}
		t.Run(f.Flow+"/"+f.Name, func(t *testing.T) {
			t.Parallel()
			c := demo.Config{Now: now, Rand: rand.NewChaCha8([32]byte{9}), AutoApprove: true}
			if f.Name != "" {
				c.Faults = []string{f.Name}
			}
			start := demo.Start
			if f.Flow == "mtls" {
				start = demo.StartTLS
			}
			server, err := start("127.0.0.1:0", c)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Close() })
			r := drive(t, server.Issuer)
			want := slices.Clone(f.Codes)
			slices.Sort(want)
			if got := r.complaints(f.Codes...); !slices.Equal(got, want) {
				t.Errorf("%s\nnoticed by %v\n   want   %v\n%s", f.Doc, got, want, r.stderr)
			}
		})
	}
}
