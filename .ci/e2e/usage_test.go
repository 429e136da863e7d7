package e2e

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// silence is a server that nobody may speak to.
type silence struct {
	issuer string
	calls  *atomic.Int32
}

func listenSilently(t *testing.T) silence {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := silence{"http://" + l.Addr().String(), &atomic.Int32{}}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.calls.Add(1)
			_ = c.Close()
		}
	}()
	return s
}

// refuse runs what cannot be run: exit 2, one error, nothing on stdout, nothing
// sent. Its stdin is a pipe that stays open and empty, so that whatever were
// asked would never be answered.
func refuse(t *testing.T, command string, args ...string) string {
	t.Helper()
	s := listenSilently(t)
	args = append([]string{command, s.issuer}, args...)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	err = cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("oauthprobe %s: %v, want exit 2\n%s", strings.Join(args, " "), err, stderr.String())
	}
	checkOneError(t, stdout.String(), stderr.String())
	if n := s.calls.Load(); n != 0 {
		t.Errorf("oauthprobe %s: %d connections", strings.Join(args, " "), n)
	}
	return stderr.String()
}

// What is missing is named by its flag, before anything is sent.
func TestMissingFlags(t *testing.T) {
	t.Parallel()
	id, secret := []string{"--client-id", "c"}, []string{"--client-secret", "value:s"}
	for _, c := range []struct {
		command string
		args    []string
		flag    string
	}{
		{"cc", nil, "--client-id"},
		{"cc", id, "--client-secret"},
		{"cc", append(id, "--auth-method", "client_secret_basic"), "--client-secret"},
		{"cc", append(id, "--auth-method", "client_secret_post"), "--client-secret"},
		{"cc", append(id, "--auth-method", "client_secret_jwt"), "--client-secret"},
		{"cc", append(id, "--auth-method", "private_key_jwt"), "--key"},
		{"cc", append(id, "--auth-method", "tls_client_auth"), "--cert"},
		{"cc", append(id, "--auth-method", "self_signed_tls_client_auth"), "--cert"},
		{"cc", append(id, "--auth-method", "attest_jwt_client_auth"), "--attestation"},
		{"cc", append(id, "--cert", "c.pem"), "--cert-key"},
		{"cc", append(id, "--cert-key", "c.pem"), "--cert"},
		{"cc", append(id, "--attestation", "a.jwt"), "--attestation-key"},
		{"code", nil, "--client-id"},
		{"implicit", nil, "--client-id"},
		{"hybrid", nil, "--client-id"},
		{"device", nil, "--client-id"},
		{"refresh", nil, "--client-id"},
		{"refresh", id, "--refresh-token"},
		{"password", nil, "--client-id"},
		{"password", id, "--username"},
		{"password", append(id, "--username", "alice"), "--password"},
		{"exchange", nil, "--client-id"},
		{"exchange", append(id, secret...), "--subject-token"},
		{"exchange", append(append(id, secret...), "--subject-token", "value:t"), "--subject-token-type"},
		{"exchange", append(append(id, secret...), "--subject-token", "value:t", "--subject-token-type", "jwt", "--actor-token", "value:t"), "--actor-token-type"},
		{"jwt-bearer", append(id, secret...), "--assertion"},
		{"ciba", nil, "--client-id"},
		{"ciba", append(id, secret...), "--login-hint"},
	} {
		t.Run(c.command+" "+c.flag, func(t *testing.T) {
			t.Parallel()
			stderr := refuse(t, c.command, c.args...)
			_, said, _ := strings.Cut("\n"+stderr, "\noauthprobe: error: ")
			// In the error or in its hint.
			if !slices.ContainsFunc(strings.Fields(said), func(word string) bool { return strings.TrimRight(word, ":,") == c.flag }) {
				t.Errorf("the error does not name %s: %s", c.flag, stderr)
			}
		})
	}
}

// What makes no sense is refused before anything is sent.
func TestNonsense(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string
		args       []string
	}{
		{"method", "--auth-method", []string{"cc", "--client-id", "c", "--auth-method", "basic"}},
		{"claims", "--assertion-claims", []string{"cc", "--client-id", "c", "--key", file(t, "key", asJSON(kit().es256)), "--assertion-claims", "{"}},
		{"alg for the key", "RS256", []string{"cc", "--client-id", "c", "--key", file(t, "key", asJSON(kit().es256)), "--signing-alg", "RS256"}},
		{"secret file", "nowhere.txt", []string{"cc", "--client-id", "c", "--client-secret", "@nowhere.txt"}},
		{"secret variable", "NO_SUCH", []string{"cc", "--client-id", "c", "--client-secret", "env:NO_SUCH"}},
		{"refresh token file", "nowhere.txt", []string{"refresh", "--client-id", "c", "--refresh-token", "@nowhere.txt"}},
		{"assertion file", "nowhere.txt", []string{"jwt-bearer", "--client-id", "c", "--client-secret", "value:s", "--assertion", "@nowhere.txt"}},
		{"certificate file", "nowhere.pem", []string{"cc", "--client-id", "c", "--cert", "nowhere.pem", "--cert-key", "nowhere.pem"}},
		{"certificate and the key of another", "--cert", append([]string{"cc", "--client-id", "c"}, "--cert", file(t, "cert.pem", kit().byCA.cert), "--cert-key", file(t, "key.pem", kit().selfSigned.pem))},
		{"hybrid by query", "--response-mode", []string{"hybrid", "--client-id", "c", "--response-mode", "sideways"}},
		{"two secrets from stdin", "stdin", []string{"refresh", "--client-id", "c", "--client-secret", "-", "--refresh-token", "-"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if stderr := refuse(t, c.args[0], c.args[1:]...); !strings.Contains(stderr, c.says) {
				t.Errorf("stderr does not name %s: %s", c.says, stderr)
			}
		})
	}
}

// Nobody listens: exit 5, for every grant alike.
func TestUnreachableHost(t *testing.T) {
	t.Parallel()
	issuer := "http://" + closedPort(t)
	for command, args := range map[string][]string{
		"cc": {"--client-secret", "value:s"}, "device": nil, "implicit": {"--headless"}, "hybrid": {"--headless"},
		"refresh": {"--refresh-token", "value:t"}, "password": {"--username", "u", "--password", "value:p"},
		"exchange":   {"--client-secret", "value:s", "--subject-token", "value:t", "--subject-token-type", "access_token"},
		"jwt-bearer": {"--client-secret", "value:s", "--assertion", "value:e30.e30.e30"},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			o := drive(t, 5, command, issuer, append(args, "--client-id", "c")...)
			if kind, _, _ := o.refused(); kind != "connect" {
				t.Errorf("the run ended with %s, want connect", kind)
			}
			checkOneError(t, o.stdout, o.stderr)
		})
	}
}
