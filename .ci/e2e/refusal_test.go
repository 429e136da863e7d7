package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// closedPort is an address of this machine where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Errors that the server sends back to the redirect URI (RFC 6749 §4.1.2.1).
func TestErrorRedirects(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		code string
		args []string
	}{
		{"login_required", []string{"--client-id", "public", "--scope", "openid", "--prompt", "none"}},
		{"invalid_scope", []string{"--client-id", "narrow", "--scope", "openid profile"}},
		{"unsupported_response_type", []string{"--client-id", "public", "--scope", "openid", "--param", "authorization:response_type=nonsense"}},
		{"invalid_request", []string{"--client-id", "public", "--scope", "openid", "--pkce", "none"}},
	} {
		for _, mode := range []string{"query", "fragment", "form_post"} {
			t.Run(c.code+" by "+mode, func(t *testing.T) {
				t.Parallel()
				o := walk(t, p, 3, append(c.args, "--response-mode", mode)...)
				kind, endpoint, code := o.refused()
				if kind != "refused" || endpoint != "authorization" || code != c.code {
					t.Errorf("the run ended with %s, %s, %s; want refused, authorization, %s", kind, endpoint, code, c.code)
				}
				if r := o.answer(t); r.param("error") != c.code || r.param("state") == "" || r.Via != mode {
					t.Errorf("the answer came by %s with %v", r.Via, r.Params)
				}
				if !o.passed("V-AR-02") || len(o.failed()) != 0 {
					t.Errorf("state was not found to match, or checks failed: %v", o.failed())
				}
				if !strings.Contains(o.stderr, "oauthprobe: error: ") || !strings.Contains(o.stderr, c.code) {
					t.Errorf("stderr does not name %s", c.code)
				}
			})
		}
	}
}

// Errors that the server shows to the person instead, because it does not know
// where else to (RFC 6749 §4.1.2.1).
func TestErrorPages(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for name, args := range map[string][]string{
		"unknown client":            {"--client-id", "nobody"},
		"unregistered redirect URI": {"--client-id", "public", "--redirect-uri", "http://127.0.0.1:0/elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := walk(t, p, 3, append(args, "--scope", "openid")...)
			if page := o.exchange(t, "page"); page.Response.Status != 400 {
				t.Errorf("the last page has status %d, want 400", page.Response.Status)
			}
			if o.of("returned") != nil {
				t.Error("something came to the redirect URI")
			}
			if !strings.Contains(o.stderr, "\noauthprobe: error: ") {
				t.Error("no error on stderr")
			}
		})
	}
}

// Refusals at the token endpoint (RFC 6749 §5.2).
func TestTokenErrors(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	first := walk(t, p, 0, "--client-id", "public", "--scope", "openid")
	spent := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(spent, []byte(p.granted(t, first).Params["code"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, code string
		args       []string
	}{
		{"wrong secret by basic", "invalid_client", []string{"--client-id", "basic", "--client-secret", "value:wrong", "--auth-method", "client_secret_basic"}},
		{"wrong secret by post", "invalid_client", []string{"--client-id", "post", "--client-secret", "value:wrong", "--auth-method", "client_secret_post"}},
		{"no secret", "invalid_client", []string{"--client-id", "basic", "--auth-method", "none"}},
		{"garbage code", "invalid_grant", []string{"--client-id", "public", "--param", "token:code=garbage"}},
		{"spent code", "invalid_grant", []string{"--client-id", "public", "--param", "token:code=@" + spent}},
		{"wrong verifier", "invalid_grant", []string{"--client-id", "public", "--param", "token:code_verifier=" + strings.Repeat("wrong", 10)}},
		{"no verifier", "invalid_grant", []string{"--client-id", "public", "--drop", "token:code_verifier"}},
		{"other redirect URI", "invalid_grant", []string{"--client-id", "public", "--param", "token:redirect_uri=http://127.0.0.1:1/callback"}},
		{"unknown grant", "unsupported_grant_type", []string{"--client-id", "public", "--param", "token:grant_type=nonsense"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := walk(t, p, 3, append(c.args, "--scope", "openid")...)
			kind, endpoint, code := o.refused()
			if kind != "refused" || endpoint != "token" || code != c.code {
				t.Errorf("the run ended with %s, %s, %s; want refused, token, %s", kind, endpoint, code, c.code)
			}
			if s := o.exchange(t, "token").Response.Status; s != 400 && s != 401 {
				t.Errorf("the token endpoint answered %d", s)
			}
			if failed := o.failed(); failed != nil {
				t.Errorf("an honest refusal failed checks: %v", failed)
			}
			checkPeerHygiene(t, p, o)
		})
	}
}

// granted is how the server remembers the tokens of a run.
func (p *peer) granted(t *testing.T, o outcome) peerLine {
	t.Helper()
	for _, l := range p.lines(t) {
		if l.Kind == "granted" && l.Params["redirect_uri"] == o.redirectURI(t) {
			return l
		}
	}
	t.Fatal("the server granted nothing for this run")
	return peerLine{}
}

// redirectURI is the one that the run sent.
func (o outcome) redirectURI(t *testing.T) string {
	t.Helper()
	for _, b := range o.of("built") {
		if b.Endpoint == "authorization" {
			return b.param("redirect_uri")
		}
	}
	t.Fatal("no authorization request in the trace")
	return ""
}

// Servers that are not there, or not what was asked for.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		name, issuer string
		exit         int
		kind         string
	}{
		{"closed port", "http://" + closedPort(t), 5, "connect"},
		{"no metadata", p.issuer + "/elsewhere", 5, ""},
		{"other issuer", strings.Replace(p.issuer, "127.0.0.1", "localhost", 1), 4, "check"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := start(t, nil, "code", c.issuer, "--client-id", "public", "--headless").wait(t, c.exit)
			kind, _, code := o.refused()
			if c.kind != "" && kind != c.kind {
				t.Errorf("the run ended with %s, want %s", kind, c.kind)
			}
			if c.exit == 4 && code != "V-MD-01" {
				t.Errorf("the check is %s, want V-MD-01", code)
			}
			if o.of("opened") != nil {
				t.Error("the person was sent somewhere all the same")
			}
		})
	}
}
