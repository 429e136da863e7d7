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

// No file that a run leaves has a secret of it, in whatever format and
// whatever the run was: not the tokens, the code, the secret, the password, the
// verifier, the proofs.
func TestNoSecretInAnyArtefact(t *testing.T) {
	issuer := startDemo(t)
	const secret = "secret-of-the-client-in-2026"
	headless := []string{"--headless", "--fill", "username=alice", "--fill", "password=alice"}
	key := file(t, "c.jwk", demo.ClientKey())
	for name, args := range map[string][]string{
		"code":     append([]string{"code", issuer, "--client-id", "public", "--scope", "openid offline_access"}, headless...),
		"guarded":  append([]string{"code", issuer, "--client-id", "public", "--auth-method", "none", "--key", key, "--scope", "openid", "--par", "--jar", "--dpop", "--response-mode", "jwt"}, headless...),
		"hybrid":   append([]string{"hybrid", issuer, "--client-id", "public", "--scope", "openid", "--response-type", "code id_token token"}, headless...),
		"refused":  {"cc", issuer, "--client-id", "confidential", "--client-secret", "value:" + secret},
		"password": {"password", issuer, "--client-id", "confidential", "--client-secret", "value:secret", "--username", "alice", "--password", "value:wrong-" + secret},
		"device":   {"device", "--demo", "--headless"},
		"ciba":     {"ciba", "--demo"},
		"refresh":  {"refresh", "--demo"},
		"exchange": {"exchange", "--demo"},
		"key":      {"cc", issuer, "--client-id", "jwt", "--key", key},
		"userinfo": {"userinfo", "--demo"},
		"signed":   {"introspect", "--demo", "--signed"},
		"logout":   {"logout", "--demo"},
		"call":     {"call", "--demo", "--dpop"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var saves []string
			for _, extension := range []string{"jsonl", "har", "sh", "mmd", "md", "html"} {
				saves = append(saves, "--save", filepath.Join(dir, "run."+extension))
			}
			r := run(t, nil, "", slices.Concat(args, saves)...)
			plain := run(t, nil, "", append(slices.Clone(args), "--reveal")...)
			known := markedSecrets(t, plain)
			if len(known) == 0 {
				t.Fatalf("nothing secret is known of this run: this test looks in the wrong place\n%s", plain.stderr)
			}
			known = append(handedOver(r.stdout), secret, "wrong-"+secret)
			files, err := filepath.Glob(filepath.Join(dir, "run.*"))
			if err != nil || len(files) != 6 {
				t.Fatalf("%v, %v\n%s", files, err, r.stderr)
			}
			for _, path := range files {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				text := opened(string(b))
				for _, s := range known {
					if strings.Contains(text, s) {
						t.Errorf("%s holds %q", filepath.Base(path), s)
					}
				}
				for _, marker := range []string{`"code":"`, `"code_verifier":"`, "code_verifier="} { // of this run nobody else knows
					if _, after, found := strings.Cut(string(b), marker); found && len(after) > 43 && !strings.ContainsAny(after[:43], "…%\"&'$<{V- ") {
						t.Errorf("%s holds %s%s", filepath.Base(path), marker, after[:43])
					}
				}
			}
		})
	}
}

// markedSecrets are the values that the trace of a run with --reveal marks.
func markedSecrets(t *testing.T, r result) []string {
	t.Helper()
	var out []string
	for _, rec := range r.records {
		var e struct {
			Event struct {
				Params []struct {
					Value  string
					Secret bool
				}
				Headers []struct {
					Value  string
					Secret bool
				}
			}
		}
		if err := json.Unmarshal(mustJSON(t, rec), &e); err != nil {
			t.Fatal(err)
		}
		for _, p := range append(e.Event.Params, e.Event.Headers...) {
			if p.Secret && len(p.Value) > 8 {
				out = append(out, p.Value)
			}
		}
	}
	return out
}

// handedOver are the tokens that the run handed over: of a JWT the
// signature, which is what makes it one.
func handedOver(stdout string) []string {
	var all map[string]any
	_ = json.Unmarshal([]byte(stdout), &all)
	var out []string
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		if s, ok := all[name].(string); ok {
			out = append(out, s[strings.LastIndexByte(s, '.')+1:])
		}
	}
	return out
}
