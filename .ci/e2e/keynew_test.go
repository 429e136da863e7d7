package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A key pair made by us: its public half is registered with a server that nobody
// here wrote, and its private half convinces it.
func TestKeyNew(t *testing.T) {
	t.Parallel()
	var clients []any
	files := map[string]string{}
	for _, alg := range []string{"ES256", "RS256", "PS256", "EdDSA"} {
		private := filepath.Join(t.TempDir(), "key.jwk")
		public, err := exec.Command(binary, "key", "new", "--alg", alg, "--out", private).Output()
		if err != nil {
			t.Fatalf("key new --alg %s: %v", alg, err)
		}
		info, err := os.Stat(private)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the private key's file has mode %v, %v", info.Mode(), err)
		}
		var set jose.JSONWebKeySet // another library reads it
		if err := json.Unmarshal(public, &set); err != nil || len(set.Keys) != 1 || !set.Keys[0].IsPublic() || set.Keys[0].KeyID == "" {
			t.Fatalf("stdout is %s, %v; want a JWK set of one public key with a kid", public, err)
		}
		files[alg] = private
		clients = append(clients, map[string]any{
			"client_id": alg, "token_endpoint_auth_method": "private_key_jwt", "grant_types": []string{"client_credentials"},
			"redirect_uris": []string{}, "response_types": []string{}, "scope": "api:read", "jwks": json.RawMessage(public),
		})
	}
	p, err := startPeer(map[string]any{"clients": clients})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	for alg, private := range files {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			o := drive(t, 0, "cc", p.issuer, "--client-id", alg, "--key", private, "--scope", "api:read")
			checkClean(t, o)
			checkMachineToken(t, p, o)
			text := must(os.ReadFile(private))
			checkNoKey(t, o, string(text))
			var key jose.JSONWebKey
			if err := json.Unmarshal(text, &key); err != nil || key.IsPublic() {
				t.Fatalf("the file of the private key: %v", err)
			}
			checkAssertion(t, p, p.grantedTo(t, o.stdout, alg).Params["client_assertion"], alg, alg, key.KeyID)
		})
	}
}

// A key that is there already is never overwritten.
func TestKeyNewKeeps(t *testing.T) {
	t.Parallel()
	path := file(t, "key.jwk", "precious")
	var stderr strings.Builder
	cmd := exec.Command(binary, "key", "new", "--out", path)
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("it ended with %v, want exit 2", err)
	}
	checkOneError(t, string(stdout), stderr.String())
	if left := must(os.ReadFile(path)); string(left) != "precious" {
		t.Errorf("the file holds %q", left)
	}
}

// Any other grant, by hand: here one that has a command of its own, too.
func TestGrantByHand(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	args := []string{"--client-id", "m-basic", "--client-secret", "env:SECRET", "--timeout", "60s"}
	env := []string{"SECRET=" + machineSecret}
	o := start(t, env, append([]string{"grant", "client_credentials", p.issuer, "--scope", "api:read"}, args...)...).wait(t, 0)
	checkClean(t, o)
	checkMachineToken(t, p, o)
	checkPeerHygiene(t, p, o)
	o = start(t, env, append([]string{"grant", "urn:example:nobody-has-this", p.issuer, "--param", "ticket=t"}, args...)...).wait(t, 3)
	if _, endpoint, code := o.refused(); endpoint != "token" || code != "unsupported_grant_type" {
		t.Errorf("the run ended with %s, %s", endpoint, code)
	}
	checkOneError(t, o.stdout, o.stderr)
}

// A token for a resource (RFC 8707) is a JWT here; what it says is not judged as
// an ID token is.
func TestResourceToken(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	o := drive(t, 0, "cc", p.issuer, "--client-id", "m-post", "--client-secret", "env:SECRET", "--auth-method", "client_secret_post",
		"--scope", "api:read", "--param", "resource=https://api.example")
	checkClean(t, o)
	access := text(o.tokens(t), "access_token")
	if strings.Count(access, ".") != 2 {
		t.Errorf("access_token is %q, want a JWT", access)
	}
	checkHygiene(t, o, access, machineSecret)
	o = drive(t, 3, "cc", p.issuer, "--client-id", "m-post", "--client-secret", "env:SECRET", "--auth-method", "client_secret_post",
		"--scope", "api:read", "--param", "resource=https://unknown.example")
	if _, _, code := o.refused(); code != "invalid_target" {
		t.Errorf("the run ended with %s, want invalid_target", code)
	}
	checkOneError(t, o.stdout, o.stderr)
}
