package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// elsewhere is a redirect URI where nobody listens.
const elsewhere = "https://client.example/callback"

// Clients that the peer knows. Native ones may use any port of 127.0.0.1.
const (
	basicSecret = "basic-Secret-5a1e9c72d04b"
	postSecret  = "post-Secret-8c03f7b6e21d"
	// What RFC 6749 §2.3.1 makes hard: everything here changes when it is
	// form-encoded, and a colon would end the client_id of a plain Basic header.
	// oidc-provider takes nothing outside of VSCHAR (RFC 6749 Appendix A.2).
	oddID     = "odd id+%2B:/&=?#"
	oddSecret = `odd secret+%41:/&=?#"\<>~`
)

// peerConfig is laid over the peer's own configuration.
func peerConfig() map[string]any {
	client := func(id, secret, method string, more ...any) map[string]any {
		c := map[string]any{
			"client_id": id, "application_type": "native", "redirect_uris": []string{"http://127.0.0.1/callback"},
			"token_endpoint_auth_method": method, "grant_types": []string{"authorization_code", "refresh_token"},
		}
		if secret != "" {
			c["client_secret"] = secret
		}
		for i := 0; i+1 < len(more); i += 2 {
			c[more[i].(string)] = more[i+1]
		}
		return c
	}
	return map[string]any{"peer": peerTLS(), "clients": append(machines(),
		client("public", "", "none"),
		client("basic", basicSecret, "client_secret_basic"),
		client("post", postSecret, "client_secret_post"),
		client(oddID+" basic", oddSecret, "client_secret_basic"),
		client(oddID+" post", oddSecret, "client_secret_post"),
		client("narrow", "", "none", "scope", "openid"),
		client("localhost", "", "none", "redirect_uris", []string{"http://localhost/callback"}),
		client("elsewhere", "", "none", "redirect_uris", []string{elsewhere}, "application_type", "web"),
		client("front", "", "none", "grant_types", []string{"implicit", "authorization_code", "refresh_token"}, "response_types", []string{
			"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token",
		}),
		client("device", "", "none", "redirect_uris", []string{}, "response_types", []string{}, "grant_types", []string{deviceGrant, "refresh_token"}),
		client("device basic", basicSecret, "client_secret_basic", "redirect_uris", []string{}, "response_types", []string{}, "grant_types", []string{deviceGrant}),
		client("brief", "", "none", "redirect_uris", []string{}, "response_types", []string{}, "grant_types", []string{deviceGrant}), // the peer gives it 7 s
		client("ciba", basicSecret, "client_secret_basic", "redirect_uris", []string{}, "response_types", []string{}, "grant_types", []string{cibaGrant},
			"backchannel_token_delivery_mode", "poll", "backchannel_user_code_parameter", true),
	)}
}

const (
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	cibaGrant   = "urn:openid:params:grant-type:ciba"
)

// A peer is one running oidc-provider.
type peer struct {
	issuer string
	log    string // file
	cmd    *exec.Cmd
	stdin  io.Closer
	exited chan struct{}
}

// shared is the peer that all tests use; every run of oauthprobe brings its own
// cookie jar, and every tab its own browser context, so they do not meet.
var shared = sync.OnceValues(func() (*peer, error) { return startPeer(peerConfig()) })

var sharedUsed sync.Map // what stopShared has to stop

func stopShared() {
	for _, name := range []string{"peer", "guarded", "strict"} {
		if p, ok := sharedUsed.Load(name); ok {
			p.(*peer).stop()
		}
	}
	if stop, ok := sharedUsed.Load("chromium"); ok {
		stop.(func())()
	}
}

// theProvider is the shared peer, or the end of the test.
func theProvider(t *testing.T) *peer {
	t.Helper()
	p, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	sharedUsed.Store("peer", p)
	return p
}

// startPeer starts oidc-provider and waits for its ready line.
func startPeer(config map[string]any) (*peer, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("node is not installed: install Node.js 20 or newer: %w", err)
	}
	if _, err := os.Stat(filepath.Join("peer", "node_modules", "oidc-provider")); err != nil {
		return nil, fmt.Errorf("npm package oidc-provider is not installed: run npm ci in .ci/e2e/peer: %w", err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(binary), "peer-")
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "config.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	p := &peer{log: filepath.Join(dir, "log.jsonl"), exited: make(chan struct{})}
	if err := os.WriteFile(p.log, nil, 0o600); err != nil {
		return nil, err
	}
	var complaints lockedBuffer
	p.cmd = exec.Command(node, "provider.mjs", file, p.log)
	p.cmd.Dir = "peer"
	p.cmd.Stderr = &complaints
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil { // when this test dies, it closes, and the peer ends
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if p.issuer, err = p.ready(stdout); err != nil {
		p.stop()
		return nil, fmt.Errorf("oidc-provider did not start: %w\n%s", err, complaints.String())
	}
	return p, nil
}

// ready waits for the ready line, and then for the end in the background.
func (p *peer) ready(stdout io.Reader) (string, error) {
	line := make(chan string, 1)
	go func() {
		s := bufio.NewScanner(stdout)
		for s.Scan() {
			if issuer, ok := strings.CutPrefix(s.Text(), "ready "); ok {
				line <- issuer
			}
		}
		close(line)
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	select {
	case issuer, ok := <-line:
		if !ok {
			return "", fmt.Errorf("it ended without a ready line")
		}
		return issuer, nil
	case <-time.After(patience):
		return "", fmt.Errorf("no ready line within %v", patience)
	}
}

func (p *peer) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	_ = p.stdin.Close()
}

// A peerLine is one line of the peer's log.
type peerLine struct {
	Kind          string
	Method        string
	URL           string
	Body          string
	DPoP          string
	Answer        string // when it is a JWT
	Authorization string
	Status        int
	Location      string
	Cookies       []string
	Model, Value  string
	Client        string
	AuthMethod    string `json:"authMethod"`
	Certificate   string
	Secure        bool
	Attestation   string
	Pop           string
	Stage, Code   string
	Text, Detail  string
	Params        map[string]string
}

// lines reads the peer's log.
func (p *peer) lines(t *testing.T) []peerLine {
	t.Helper()
	text, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	var all []peerLine
	for line := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
		var l peerLine
		if line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("the peer's log: %v: %s", err, line)
		}
		all = append(all, l)
	}
	return all
}

// secrets is everything in the peer's log that nobody else may learn.
func (p *peer) secrets(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, l := range p.lines(t) {
		switch l.Kind {
		case "saved":
			all = append(all, l.Value)
		case "granted":
			for _, name := range []string{"code_verifier", "code", "client_secret", "client_assertion", "refresh_token", "device_code", "auth_req_id"} {
				all = append(all, l.Params[name])
			}
			all = append(all, l.Pop)
		case "http":
			_, credentials, _ := strings.Cut(l.Authorization, " ")
			all = append(all, credentials)
			for _, c := range l.Cookies {
				if cookie, err := http.ParseSetCookie(c); err == nil {
					all = append(all, cookie.Value)
				}
			}
		}
	}
	return all
}
