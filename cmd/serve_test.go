package cmd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// A served server runs beside its test.
type served struct {
	issuer string
	stop   func() (exit int, took time.Duration)
	stderr *lockedText
}

type lockedText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serveFor runs serve until its test stops it, as a signal would.
func serveFor(t *testing.T, args ...string) *served {
	t.Helper()
	out, in := io.Pipe()
	ctx, interrupt := context.WithCancelCause(context.Background())
	s := &served{stderr: &lockedText{}}
	exit := make(chan int, 1)
	go func() {
		code := Main(Env{
			Args: append([]string{"serve"}, args...), Stdin: strings.NewReader(""), Stdout: in, Stderr: s.stderr, Width: 100,
			Getenv: func(string) string { return "" }, Exists: func(string) bool { return false }, OS: "test/test", Now: now,
			Rand:    rand.NewChaCha8(sha256.Sum256([]byte(t.Name()))),
			Context: func() (context.Context, context.CancelFunc) { return ctx, func() {} },
		})
		_ = in.Close()
		exit <- code
	}()
	lines := bufio.NewScanner(out)
	if lines.Scan() {
		s.issuer, _ = strings.CutPrefix(lines.Text(), "ready ")
	}
	if s.issuer == "" {
		t.Fatalf("not ready, exit %d: %s", <-exit, s.stderr)
	}
	stop := sync.OnceValues(func() (int, time.Duration) {
		began := time.Now()
		interrupt(flow.ErrInterrupted)
		if lines.Scan() {
			t.Errorf("more than one line on stdout: %q", lines.Text())
		}
		return <-exit, time.Since(began)
	})
	s.stop = stop
	t.Cleanup(func() { stop() })
	return s
}

// A client signs in, the log tells it with every secret hidden, the trace is
// kept, and the end is an ordinary one.
func TestServe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace.jsonl")
	s := serveFor(t, "--auto-consent", "--fault", "idtoken-aud-missing", "--save", file)
	r := run(t, nil, "", "code", s.issuer, "--client-id", "confidential", "--client-secret", "value:secret", "--scope", "openid", "--headless", "-o", "none", "--keep-going", "--reveal")
	if got := r.complaints(); !slices.Equal(got, []string{"V-ID-15"}) {
		t.Errorf("the client noticed %v\n%s", got, r.stderr)
	}
	if exit, took := s.stop(); exit != exitDone || took > time.Second {
		t.Errorf("exit %d after %v\n%s", exit, took, s.stderr)
	}
	saved, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	told := s.stderr.String()
	for _, want := range []string{"→ POST " + s.issuer + "/token  form body", "grant_type     authorization_code", "tokens for alice and client confidential, scope openid [fault", "← 303 See Other"} {
		if !strings.Contains(told, want) {
			t.Errorf("the log lacks %q:\n%s", want, told)
		}
	}
	secrets := secretsOf(t, r.records)
	if len(secrets) < 4 {
		t.Fatalf("only %d secrets went over the wire", len(secrets))
	}
	for name, secret := range secrets {
		if strings.Contains(told, secret) || strings.Contains(string(saved), secret) {
			t.Errorf("%s is in the log or the trace", name)
		}
	}
	var kinds []string
	for line := range strings.Lines(string(saved)) {
		var rec trace.Record
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, rec.Event.Kind())
	}
	if kinds[0] != "run-started" || kinds[len(kinds)-1] != "ended" || len(kinds) != 2+3*4 {
		t.Errorf("the trace holds %v", kinds)
	}
}

// secretsOf is what a client sent and got that nobody else may learn.
func secretsOf(t *testing.T, records []trace.Record) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, rec := range records {
		x, ok := rec.Event.(trace.Exchanged)
		if !ok || x.Endpoint != string(flow.Token) {
			continue
		}
		form, err := url.ParseQuery(x.Request.Body)
		if err != nil {
			t.Fatal(err)
		}
		out["code"], out["code_verifier"] = form.Get("code"), form.Get("code_verifier")
		var answer map[string]any
		if err := json.Unmarshal([]byte(x.Response.Body), &answer); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"access_token", "id_token"} {
			if token, _ := answer[name].(string); token != "" {
				out[name] = token[strings.LastIndex(token, ".")+1:] // what makes it one
			}
		}
	}
	return out
}

// An answer that hangs does not keep the server from stopping.
func TestServeStopsWithOpenConnections(t *testing.T) {
	s := serveFor(t, "--fault", "token-hangs", "-q")
	ended := make(chan error, 1)
	go func() {
		resp, err := http.PostForm(s.issuer+"/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"confidential"}, "client_secret": {"secret"}})
		if err == nil {
			_ = resp.Body.Close()
		}
		ended <- err
	}()
	resp, err := http.Get(s.issuer + "/jwks") // one that is kept alive
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if exit, took := s.stop(); exit != exitDone || took > time.Second {
		t.Errorf("exit %d after %v", exit, took)
	}
	if err := <-ended; err == nil {
		t.Error("the hanging request was answered")
	}
	if told := s.stderr.String(); told != "" {
		t.Errorf("-q says %q", told)
	}
}

// What the file says is what the server does; what is typed wins.
func TestServeFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("client.jwks", `{"keys":[`+publicHalf(t)+`]}`)
	path := write("server.toml", `
issuer = "/tenant"
listen = "127.0.0.1:1"   # overruled
scopes = ["openid", "orders:read"]
auto_consent = true
opaque_access_tokens = true
dpop_nonce = true
faults = ["expires-in-absent"]

[lifetimes]
id_token = 42

[delays]
jwks = "1ms"

[[users]]
name = "bob"
password = "builder"
sub = "user-1"
claims = { name = "Bob", address = { country = "GB" } }

[[clients]]
client_id = "shop"
client_secret = "a-secret-that-is-long-enough-for-HS256"
redirect_uris = ["http://127.0.0.1/callback"]
token_endpoint_auth_method = "client_secret_post"
grant_types = ["authorization_code"]
id_token_signed_response_alg = "HS256"

[[clients]]
client_id = "robot"
jwks_file = "client.jwks"
token_endpoint_auth_method = "private_key_jwt"

[[clients]]
client_id = "sealed"
client_secret = "secret"
jwks = { keys = [ { kty = "EC", crv = "P-256", kid = "k", x = "7qpj-5KR92kkFaRd-5iOOZ2qWaOqedi_RUX6rgnCZK8", y = "LXLRCVWrsMqx1vkddTz8SNlGP0S7tVzhdkLV-lsXFnw" } ] }
id_token_encrypted_response_alg = "ECDH-ES"
`)
	s := serveFor(t, "--config", path, "--listen", "127.0.0.1:0", "--fault", "token-cacheable")
	if !strings.HasSuffix(s.issuer, "/tenant") || strings.Contains(s.issuer, ":1/") {
		t.Fatalf("issuer %s", s.issuer)
	}
	r := run(t, nil, "", "code", s.issuer, "--client-id", "shop", "--client-secret", "value:a-secret-that-is-long-enough-for-HS256", "--auth-method", "client_secret_post",
		"--scope", "openid orders:read", "--headless", "--keep-going")
	if got := r.complaints(); !slices.Equal(got, []string{"V-TR-03", "V-TR-10"}) {
		t.Errorf("the client noticed %v\n%s", got, r.stderr)
	}
	var token map[string]any
	if err := json.Unmarshal([]byte(r.stdout), &token); err != nil {
		t.Fatalf("%v\n%s", err, r.stderr)
	}
	if strings.Contains(token["access_token"].(string), ".") || token["scope"] != "openid orders:read" {
		t.Errorf("%v", token)
	}
	for _, rec := range r.records {
		d, ok := rec.Event.(trace.Decoded)
		if !ok || d.What != "id_token" {
			continue
		}
		var claims struct {
			Sub      string
			Iat, Exp int64
		}
		if err := json.Unmarshal(d.Claims, &claims); err != nil || claims.Sub != "user-1" || claims.Exp-claims.Iat != 42 || !strings.Contains(string(d.Header), "HS256") {
			t.Errorf("%v: %s %s", err, d.Header, d.Claims)
		}
	}
	machine := run(t, nil, "", "cc", s.issuer, "--client-id", "robot", "--key", file(t, "robot.jwk", demo.ClientKey()), "--scope", "orders:read", "-o", "token")
	if machine.exit != exitDone {
		t.Errorf("exit %d\n%s", machine.exit, machine.stderr)
	}
}

func publicHalf(t *testing.T) string {
	t.Helper()
	var key map[string]any
	if err := json.Unmarshal(demo.ClientKey(), &key); err != nil {
		t.Fatal(err)
	}
	delete(key, "d")
	b, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A mistake in the file is shown with its place, and what was secret is not.
func TestServeFileMistakes(t *testing.T) {
	for _, c := range []struct{ text, says, line string }{
		{"[lifetimes]\nacces_token = \"5m\"\n", `2:1: there is no key "lifetimes.acces_token"; did you mean access_token`, `2| acces_token = "5m"`},
		{"[[clients]]\nclient_id = \"a\"\nredirect_uri = [\"x\"]\n", `3:1: there is no key "clients.redirect_uri"; did you mean redirect_uris`, `3| redirect_uri = ["x"]`},
		{"interval = \"5\"\n", "1:12: interval is of the wrong type (string); it takes a number", ""},
		{"auto_consent = 1\n", "1:16: auto_consent is of the wrong type (integer); it takes true or false", ""},
		{"scopes = \"openid\"\n", "1:10: scopes is of the wrong type (string); it takes a list", ""},
		{"users = \"alice\"\n", "1:9: users is of the wrong type (string); it takes a list", ""},
		{"[lifetimes]\ncode = \"5 minutes\"\n", `2:8: lifetimes.code: "5 minutes" is no time such as 90s, 5m or 24h`, ""},
		{"[lifetimes]\ncode = true\n", `2:6: "true" is no time such as 90s, 5m or 24h`, ""},
		{"[lifetimes]\naccess_token = 0\n", "lifetimes.access_token is 0; it takes a time from 1s on", ""},
		{"[lifetimes]\nrequest_uri = \"0s\"\n", "lifetimes.request_uri is 0", ""},
		{"interval = 0\n", "interval is 0; it takes seconds, from 1 on", ""},
		{"interval = 9000000000\n", "an interval of 9000000000 seconds; it takes at most a day, which is 86400", ""},
		{"[lifetimes]\ncode = -5\n", "a lifetime of -5s for the code", ""},
		{"[lifetimes]\ncode = \"5m\"\ncode = \"6m\"\n", "3:1: key code is already defined", `3| code = "6m"`},
		{"[[clients]]\nclient_secret = \"hush-hush\nx = 1\n", "2:27: basic strings cannot have new lines", "2| client_secret = …"},
		{"[[clients]]\nclient_id = \"a\"\ngrant_types = [\"magic\"]\n", `client a: no grant type "magic"`, ""},
		{"[[clients]]\nclient_id = \"a\"\njwks = 5\n", "client a: jwks takes a table with keys", ""},
		{"[[clients]]\nclient_id = \"a\"\njwks_file = \"nowhere.jwks\"\n", "client a: jwks_file: open", ""},
		{"delays = { tokn = \"5s\" }\n", `a delay for "tokn"; there is authorization`, ""},
		{"faults = [\"state-wrog\"]\n", `there is no fault "state-wrog"`, "--fault state-wrong"},
		{"issuer = \"example\"\n", `issuer is "example"; it takes a path`, ""},
		{"mtls_listen = \"0.0.0.0:0\"\n", "mtls_listen 0.0.0.0:0 can be reached from other machines", "--insecure"},
		{"listen = \"0.0.0.0:0\"\n", "--listen 0.0.0.0:0 can be reached from other machines", "--insecure"},
	} {
		path := file(t, "server.toml", []byte(c.text))
		r := run(t, nil, "", "serve", "--config", path)
		if r.exit != exitUsage || !strings.Contains(r.stderr, c.says) || !strings.Contains(r.stderr, c.line) || strings.Contains(r.stderr, "hush-hush") || r.stdout != "" {
			t.Errorf("%q: exit %d, want %q:\n%s", c.text, r.exit, c.says, r.stderr)
		}
	}
}

// The list is the whole catalogue, and programs get the same rows.
func TestServeListsFaults(t *testing.T) {
	r := run(t, nil, "", "serve", "--list-faults", "-o", "json")
	var rows []faultRow
	if err := json.Unmarshal([]byte(r.stdout), &rows); err != nil {
		t.Fatal(err)
	}
	text := strings.Split(strings.TrimSpace(run(t, nil, "", "serve", "--list-faults").stdout), "\n")
	if len(rows) != len(demo.FaultNames()) || len(text) != len(rows)+1 {
		t.Fatalf("%d rows and %d lines for %d faults", len(rows), len(text), len(demo.FaultNames()))
	}
	column := strings.Index(text[0], "WHAT THE SERVER DOES")
	for i, row := range rows {
		if row.Flow == "" || row.Codes == nil || !strings.HasPrefix(text[i+1], row.Name+" ") {
			t.Errorf("row %+v, line %q", row, text[i+1])
		}
		if line := []rune(text[i+1]); string(line[column-(len(text[0])-len([]rune(text[0]))):]) != row.Doc {
			t.Errorf("not aligned: %q", text[i+1])
		}
	}
}
