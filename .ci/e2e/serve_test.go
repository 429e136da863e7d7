package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// The server that oauthprobe brings, and clients that nobody of its authors
// wrote: golang.org/x/oauth2 with github.com/coreos/go-oidc, and npm openid-client.

// serve starts the server and gives its issuer; it ends with the test, at once
// and without complaint.
func serve(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"serve", "--auto-consent", "-q"}, args...)...)
	var complaints lockedBuffer
	cmd.Stderr = &complaints
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &peer{cmd: cmd, exited: make(chan struct{})}
	issuer, err := p.ready(stdout)
	if err != nil {
		_ = cmd.Process.Kill()
		t.Fatalf("serve %q: %v\n%s", args, err, complaints.String())
	}
	t.Cleanup(func() {
		began := time.Now()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.exited:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-p.exited
		}
		if took := time.Since(began); took > time.Second || cmd.ProcessState.ExitCode() != 0 || complaints.String() != "" {
			t.Errorf("serve %q ended with %v after %v\n%s", args, cmd.ProcessState, took, complaints.String())
		}
	})
	return issuer
}

// A clientJob is something that openid-client does with one server.
type clientJob struct {
	Name   string          `json:"name"`
	Issuer string          `json:"issuer"`
	Task   string          `json:"task"`
	Key    json.RawMessage `json:"key,omitempty"`
}

// A clientResult is what came of it.
type clientResult struct {
	OK    map[string]any `json:"ok"`
	Error string         `json:"error"`
}

// openidClient does all jobs in one process.
func openidClient(t *testing.T, jobs []clientJob) map[string]clientResult {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("node is not installed: install Node.js 20 or newer: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "client.mjs")
	cmd.Dir = "clients"
	cmd.Stdin = strings.NewReader(asJSON(jobs))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("client.mjs: %v; is openid-client installed? Run npm ci in .ci/e2e/clients\n%s", err, stderr.String())
	}
	var results map[string]clientResult
	if err := json.Unmarshal(stdout.Bytes(), &results); err != nil {
		t.Fatalf("%v: %s", err, stdout.String())
	}
	return results
}

// demoClientKey is the key that the README gives for the clients of the server.
const demoClientKey = `{"kty":"EC","crv":"P-256","kid":"demo-client-1","alg":"ES256","x":"7qpj-5KR92kkFaRd-5iOOZ2qWaOqedi_RUX6rgnCZK8","y":"LXLRCVWrsMqx1vkddTz8SNlGP0S7tVzhdkLV-lsXFnw","d":"MakHw5sx9YrKs2d_j97gTDf0n90se9C3mwlAQYJX8Xc"}`

// What openid-client can do, it can do with this server.
func TestServeOpenidClient(t *testing.T) {
	t.Parallel()
	quick := file(t, "quick.toml", "auto_consent = true\ninterval = 1\n")
	issuer, nonces := serve(t, "--config", quick), serve(t, "--fault", "ok-dpop-nonce")
	want := map[string]string{
		"code":               `{"refresh":true,"sub":"alice"}`,
		"public":             `{"sub":"alice"}`,
		"form-post":          `{"sub":"alice"}`,
		"userinfo":           `{"name":"Alice Liddell"}`,
		"refresh":            `{"rotated":true,"sub":"alice"}`,
		"client-credentials": `{"scope":"api","type":"bearer"}`,
		"private-key-jwt":    `{"scope":"api"}`,
		"device":             `{"sub":"alice"}`,
		"par":                `{"carried":"client_id request_uri","sub":"alice"}`,
		"jar":                `{"carried":"client_id request","sub":"alice"}`,
		"jarm":               `{"sub":"alice"}`,
		"hybrid":             `{"sub":"alice"}`,
		"dpop":               `{"name":"Alice Liddell","type":"dpop"}`,
		"introspection":      `{"after":false,"before":true}`,
		"encrypted":          `{"sub":"alice"}`,
	}
	var jobs []clientJob
	for task := range want {
		jobs = append(jobs, clientJob{Name: task, Issuer: issuer, Task: task, Key: json.RawMessage(demoClientKey)})
	}
	jobs = append(jobs, clientJob{Name: "dpop with nonces", Issuer: nonces, Task: "dpop"})
	want["dpop with nonces"] = want["dpop"]
	results := openidClient(t, jobs)
	for name, expected := range want {
		got := results[name]
		if got.Error != "" || asJSON(got.OK) != expected {
			t.Errorf("%s: %s %s, want %s", name, asJSON(got.OK), got.Error, expected)
		}
	}
}

// goClient is a sign-in as the documentation of x/oauth2 and go-oidc has it. The
// error is of a library; what they leave to the caller is not compared.
func goClient(ctx context.Context, issuer string) (name string, err error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return "", err
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // else x/oauth2 tries a second time, with the code spent
	config := oauth2.Config{
		ClientID: "confidential", ClientSecret: "secret", Endpoint: endpoint, RedirectURL: "http://127.0.0.1:9/callback",
		Scopes: []string{oidc.ScopeOpenID, "profile", oidc.ScopeOfflineAccess},
	}
	verifier := oauth2.GenerateVerifier()
	back, err := authorized(ctx, config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oidc.Nonce("nonce")))
	if err != nil {
		return "", err
	}
	token, err := config.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return "", err
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: "confidential"}).Verify(ctx, raw)
	if err != nil {
		return "", err
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return "", err
		}
	}
	person, err := provider.UserInfo(ctx, config.TokenSource(ctx, token))
	if err != nil {
		return "", err
	}
	var claims struct{ Name string }
	err = person.Claims(&claims)
	return claims.Name, err
}

// authorized is the query with which the browser comes back.
func authorized(ctx context.Context, address string) (url.Values, error) {
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := browser.Do(r)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		return nil, fmt.Errorf("the browser stays, with status %d: %w", resp.StatusCode, err)
	}
	return to.Query(), nil
}

// What x/oauth2 and go-oidc can do, they can do with this server.
func TestServeGoClient(t *testing.T) {
	t.Parallel()
	issuer := serve(t, "--config", file(t, "quick.toml", "interval = 1\n"))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if name, err := goClient(ctx, issuer); err != nil || name != "Alice Liddell" {
		t.Fatalf("%q, %v", name, err)
	}
	provider := must(oidc.NewProvider(ctx, issuer))
	config := oauth2.Config{ClientID: "public", Endpoint: provider.Endpoint(), Scopes: []string{"openid"}}
	config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	asked, err := config.DeviceAuth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	token, err := config.DeviceAccessToken(ctx, asked)
	if err != nil || token.Extra("id_token") == nil {
		t.Errorf("device: %v", err)
	}
	for method, style := range map[string]oauth2.AuthStyle{"basic": oauth2.AuthStyleInHeader, "post": oauth2.AuthStyleInParams, "whatever works": oauth2.AuthStyleAutoDetect} {
		token, err := machine(issuer, style).Token(ctx)
		if err != nil || token.TokenType != "Bearer" || time.Until(token.Expiry) < 4*time.Minute {
			t.Errorf("client credentials by %s: %+v, %v", method, token, err)
		}
	}
	resp, err := machine(issuer, oauth2.AuthStyleInHeader).Client(ctx).Get(issuer + "/resource")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Errorf("the resource answered %d %s", resp.StatusCode, body)
	}
}

// A verdict is what a library makes of a fault: the words of its refusal, or,
// after "accepts: ", why it does not refuse.
type libraryVerdict struct{ fault, goSays, nodeSays, task string }

// libraryVerdicts is what each library refuses. What it accepts is argued: a server that
// errs in this way is not noticed by who uses the library as documented.
func libraryVerdicts() []libraryVerdict {
	const (
		caller    = "accepts: x/oauth2 hands the response to the caller, who compares state and iss"
		nonce     = "accepts: go-oidc leaves the nonce to the caller"
		tolerated = "accepts: "
	)
	return []libraryVerdict{
		{"state-wrong", caller, `unexpected "state"`, ""},
		{"state-missing", caller, `"state" missing`, ""},
		{"iss-wrong", caller, `unexpected "iss"`, ""},
		{"iss-missing", caller, `"iss"`, ""},
		{"code-repeated", caller, `"code" parameter must be provided only once`, ""},
		{"idtoken-bad-signature", "failed to verify", "signature verification failed", ""},
		{"idtoken-foreign-key", "failed to verify", "signature verification failed", ""},
		{"idtoken-alg-none", "none", `"alg"`, ""},
		{"idtoken-alg-rs384", "RS384", `"alg"`, ""},
		{"idtoken-hs256-public-key", "HS256", `"alg"`, ""},
		{"idtoken-es256-zero", "failed to verify", "signature verification failed", ""},
		{"idtoken-header-jwk", "failed to verify", "signature verification failed", ""},
		{"idtoken-crit", "failed to verify", "crit", ""},
		{"idtoken-kid-unknown", "failed to verify", "no applicable keys found", ""},
		{"idtoken-iss-wrong", "different provider", `"iss"`, ""},
		{"idtoken-iss-missing", "different provider", `"iss"`, ""},
		{"idtoken-aud-wrong", "expected audience", `"aud"`, ""},
		{"idtoken-aud-missing", "expected audience", `"aud"`, ""},
		{"idtoken-aud-extra", tolerated + "go-oidc wants its own client among the audiences and asks nothing of the others", tolerated + "openid-client takes further audiences where azp is its own", ""},
		{"idtoken-azp-wrong", tolerated + "go-oidc does not look at azp", tolerated + "openid-client looks at azp only where there are several audiences", ""},
		{"idtoken-expired", "expired", `"exp"`, ""},
		{"idtoken-exp-missing", "expired", `"exp"`, ""},
		{"idtoken-iat-missing", tolerated + "go-oidc does not look at iat", `"iat"`, ""},
		{"idtoken-nbf-future", "before the nbf", `"nbf"`, ""},
		{"idtoken-nonce-wrong", nonce, `"nonce"`, ""},
		{"idtoken-nonce-missing", nonce, `"nonce"`, ""},
		{"idtoken-sub-missing", tolerated + "go-oidc does not look at sub", `"sub"`, ""},
		{"idtoken-at-hash-wrong", "hash", tolerated + "openid-client does not compare at_hash of ID tokens from the token endpoint, where it is optional", ""},
		{"idtoken-trailing-bits", tolerated + "base64url is decoded leniently in Go", tolerated + "base64url is decoded leniently by atob", ""},
		{"id-token-missing", "malformed", `"id_token"`, ""},
		{"token-type-missing", tolerated + "x/oauth2 takes Bearer for granted", `"token_type"`, ""},
		{"token-html", "cannot parse", "content-type", ""},
		{"access-token-missing", "missing access_token", `"access_token"`, ""},
		{"issuer-other", "did not match", "metadata issuer does not match", ""},
		{"issuer-slash", "did not match", `unexpected "iss"`, ""},
		{"vendor-github-error", "bad_verification_code", `"access_token"`, ""},
		{"userinfo-sub-other", tolerated + "go-oidc leaves comparing the two sub to the caller", `"sub"`, "userinfo"},
		{"userinfo-sub-missing", tolerated + "go-oidc leaves comparing the two sub to the caller", `"sub"`, "userinfo"},
		{"refresh-idtoken-iss-changed", "", `"iss"`, "refresh"},
		{"refresh-idtoken-aud-changed", "", `"aud"`, "refresh"},
		{"jarm-bad-signature", "", "signature verification failed", "jarm"},
		{"jarm-aud-wrong", "", `"aud"`, "jarm"},
		{"jarm-iss-wrong", "", `"iss"`, "jarm"},
		{"jarm-expired", "", `"exp"`, "jarm"},
		{"jarm-alg-none", "", `"alg"`, "jarm"},
		{"form-post-error", "", "access_denied", "form-post"},
		{"front-c-hash-wrong", "", `"c_hash"`, "hybrid"},
		{"dpop-answer-bearer", "", "server responded with a challenge", "dpop"},
		{"idtoken-not-encrypted", "", tolerated + "openid-client decrypts what is encrypted and takes what is not", "encrypted"},
		{"idtoken-inflate-bomb", "", "exceeded the configured limit", "encrypted"},

		{"ok-aud-array", "ok", "ok", ""},
		{"ok-extra-members", "ok", "ok", ""},
		{"ok-token-type-lower", "ok", "ok", ""},
		{"ok-no-scope-in-response", "ok", "ok", ""},
		// What is valid and refused all the same: go-jose reads no set with a curve that
		// it does not know, and go-oidc fetches the keys once for each token.
		{"ok-unknown-keys-in-jwks", "unsupported elliptic curve", "ok", ""},
		{"ok-key-rotated", "failed to verify", "ok", ""},
		{"ok-key-rotated-before-signing", "ok", "ok", ""},
		{"ok-clock-ahead-20s", "ok", "ok", ""},
		{"idtoken-kid-missing", "ok", "ok", ""},
	}
}

// Each library refuses what it says it checks, and no more.
func TestServeFaultsAndLibraries(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var jobs []clientJob
	said := map[string]string{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, v := range libraryVerdicts() {
		issuer := serve(t, "--fault", v.fault)
		task := v.task
		if task == "" {
			task = "code"
		}
		jobs = append(jobs, clientJob{Name: v.fault, Issuer: issuer, Task: task, Key: json.RawMessage(demoClientKey)})
		if v.goSays == "" {
			continue
		}
		group.Go(func() {
			_, err := goClient(ctx, issuer)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				said[v.fault] = err.Error()
			}
		})
	}
	results := openidClient(t, jobs)
	group.Wait()
	for _, v := range libraryVerdicts() {
		judge(t, "x/oauth2 and go-oidc", v.fault, v.goSays, said[v.fault])
		judge(t, "openid-client", v.fault, v.nodeSays, results[v.fault].Error)
	}
}

func judge(t *testing.T, library, fault, want, got string) {
	t.Helper()
	accepted := want == "ok" || strings.HasPrefix(want, "accepts: ")
	switch {
	case want == "":
	case accepted && got != "":
		t.Errorf("%s, %s: refused with %q, want it accepted", fault, library, got)
	case !accepted && !strings.Contains(got, want):
		t.Errorf("%s, %s: said %q, want %q", fault, library, got, want)
	}
}

// machine asks for tokens of its own.
func machine(issuer string, style oauth2.AuthStyle) *clientcredentials.Config {
	return &clientcredentials.Config{ClientID: "confidential", ClientSecret: "secret", TokenURL: issuer + "/token", Scopes: []string{"api"}, AuthStyle: style}
}
