package e2e

import (
	"encoding/base64"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The ways to be a client, at a server that nobody here wrote.
func TestClients(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		name, id, secret string
		args             []string
		sent             string // how the token request carries the credentials: "", "basic" or "post"
	}{
		{"public", "public", "", nil, ""},
		{"basic by default", "basic", basicSecret, nil, "basic"},
		{"basic", "basic", basicSecret, []string{"--auth-method", "client_secret_basic"}, "basic"},
		{"post", "post", postSecret, []string{"--auth-method", "client_secret_post"}, "post"},
		{"odd characters by basic", oddID + " basic", oddSecret, []string{"--auth-method", "client_secret_basic"}, "basic"},
		{"odd characters by post", oddID + " post", oddSecret, []string{"--auth-method", "client_secret_post"}, "post"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"--client-id", c.id, "--scope", "openid profile"}, c.args...)
			env := []string{"PASSWORD=" + password}
			if c.secret != "" {
				args = append(args, "--client-secret", "env:SECRET")
				env = append(env, "SECRET="+c.secret)
			}
			o := start(t, env, headless(p.issuer, args...)...).wait(t, 0)
			checkSignedIn(t, o)
			checkPeerHygiene(t, p, o)
			checkTokens(t, o)
			checkCredentials(t, p, o, c.id, c.secret, c.sent)
		})
	}
}

// checkTokens expects the server's own answer on stdout, whole.
func checkTokens(t *testing.T, o outcome) {
	t.Helper()
	answer := o.tokens(t)
	for name, want := range map[string]any{"token_type": "Bearer", "expires_in": 3600.0, "scope": "openid profile"} {
		if answer[name] != want {
			t.Errorf("%s on stdout is %v, want %v", name, answer[name], want)
		}
	}
	for _, name := range []string{"access_token", "id_token"} {
		if s, _ := answer[name].(string); s == "" {
			t.Errorf("no %s on stdout", name)
		}
	}
	if len(answer) != 5 {
		t.Errorf("%d members on stdout, want the 5 that the server sent: %v", len(answer), answer)
	}
}

// checkCredentials expects what the server saw: this client, proven this way
// and no other.
func checkCredentials(t *testing.T, p *peer, o outcome, id, secret, sent string) {
	t.Helper()
	code := o.tokens(t)["access_token"]
	var granted *peerLine
	for _, l := range p.lines(t) {
		if l.Kind == "granted" && l.Client == id {
			granted = &l
		}
	}
	if granted == nil {
		t.Fatalf("the server granted client %q nothing, and yet there is %v", id, code)
	}
	header := o.exchange(t, "token").Request.header("Authorization")
	if (header != "") != (sent == "basic") {
		t.Errorf("the trace has an Authorization header: %q", header)
	}
	if (granted.Params["client_secret"] == secret && secret != "") != (sent == "post") {
		t.Errorf("the server got client_secret %q in the form", granted.Params["client_secret"])
	}
	if sent != "basic" {
		return
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret))) // RFC 6749 §2.3.1
	if !slices.ContainsFunc(p.lines(t), func(l peerLine) bool { return l.URL == "/token" && l.Authorization == want && l.Status == 200 }) {
		t.Errorf("the server saw no %q", want)
	}
}

// What -o makes of the same answer.
func TestFormats(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	// A refresh token is given for offline_access, which needs prompt=consent (OIDC Core §11).
	args := []string{"--client-id", "public", "--scope", "openid offline_access", "--prompt", "consent"}
	t.Run("json", func(t *testing.T) {
		t.Parallel()
		o := walk(t, p, 0, append(args, "-o", "json")...)
		checkSignedIn(t, o)
		checkPeerHygiene(t, p, o)
		if s, _ := o.tokens(t)["refresh_token"].(string); !p.saved(t, "refresh_token", s) {
			t.Errorf("refresh_token is %q, which the server never issued", s)
		}
	})
	t.Run("token", func(t *testing.T) {
		t.Parallel()
		o := walk(t, p, 0, append(args, "-o", "token")...)
		checkPeerHygiene(t, p, o)
		token, found := strings.CutSuffix(o.stdout, "\n")
		if !found || !p.saved(t, "access_token", token) {
			t.Errorf("stdout is %q, want one of the server's access tokens and a newline", o.stdout)
		}
	})
	t.Run("header", func(t *testing.T) {
		t.Parallel()
		o := walk(t, p, 0, append(args, "-o", "header")...)
		checkPeerHygiene(t, p, o)
		token, found := strings.CutPrefix(strings.TrimSuffix(o.stdout, "\n"), "Authorization: Bearer ")
		if !found || !p.saved(t, "access_token", token) {
			t.Errorf("stdout is %q, want Authorization: Bearer and one of the server's access tokens", o.stdout)
		}
	})
	t.Run("env", func(t *testing.T) {
		t.Parallel()
		o := walk(t, p, 0, append(args, "-o", "env")...)
		out, err := exec.Command("sh", "-euc", o.stdout+`
printf '%s|' "$ACCESS_TOKEN" "$TOKEN_TYPE" "$EXPIRES_AT" "$REFRESH_TOKEN" "$ID_TOKEN" "$SCOPE"
sh -c 'printf %s "$ACCESS_TOKEN"'`).Output()
		if err != nil {
			t.Fatalf("sh does not take it: %v: %s", err, o.stdout)
		}
		got := strings.Split(string(out), "|")
		if !p.saved(t, "access_token", got[0]) || got[6] != got[0] || got[1] != "Bearer" || !p.saved(t, "refresh_token", got[3]) ||
			strings.Count(got[4], ".") != 2 || got[5] != "openid offline_access" {
			t.Errorf("sh has %q", got)
		}
		checkHygiene(t, o, got[0], got[3], got[4])
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		o := walk(t, p, 0, append(args, "-o", "none")...)
		if o.stdout != "" {
			t.Errorf("stdout is %q", o.stdout)
		}
	})
	t.Run("quiet", func(t *testing.T) {
		t.Parallel()
		o := walk(t, p, 0, append(args, "-q", "-o", "token")...)
		if s := strings.TrimSpace(o.stderr); !urlAlone.MatchString(s) {
			t.Errorf("stderr is %q, want the authorization URL alone", o.stderr)
		}
	})
}

// saved says whether the server issued this very token.
func (p *peer) saved(t *testing.T, model, value string) bool {
	t.Helper()
	return value != "" && slices.ContainsFunc(p.lines(t), func(l peerLine) bool {
		return l.Kind == "saved" && l.Model == model && l.Value == value
	})
}

// How the answer travels, read by the program that walks the pages itself.
func TestResponseModes(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, mode := range []string{"query", "fragment", "form_post"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			o := walk(t, p, 0, "--client-id", "public", "--scope", "openid", "--response-mode", mode)
			checkSignedIn(t, o)
			checkPeerHygiene(t, p, o)
			if via := o.answer(t).Via; via != mode {
				t.Errorf("the answer came by %s", via)
			}
		})
	}
}

// Without --redirect-uri the server uses the only one that is registered (RFC 6749 §3.1.2.3).
func TestRegisteredRedirect(t *testing.T) {
	t.Parallel()
	address := closedPort(t)
	p, err := startPeer(map[string]any{"clients": []any{map[string]any{
		"client_id": "fixed", "token_endpoint_auth_method": "none", "redirect_uris": []string{"http://" + address + "/callback"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	o := walk(t, p, 0, "--client-id", "fixed", "--scope", "openid", "--redirect-uri", "none", "--callback", address)
	checkSignedIn(t, o)
	for _, l := range p.lines(t) {
		if strings.Contains(l.URL, "redirect_uri") {
			t.Errorf("the server was sent a redirect_uri: %s", l.URL)
		}
	}
	if body := o.exchange(t, "token").Request.Body; strings.Contains(body, "redirect_uri") {
		t.Errorf("the token request has a redirect_uri, and the authorization request had none: %s", body) // RFC 6749 §4.1.3
	}
}

// A user name is no secret: who signed in can be read in the trace, though it
// was filled into a form beside a password.
func TestUserReadable(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	o := walk(t, p, 0, "--client-id", "public", "--scope", "openid")
	for _, d := range o.of("decoded") {
		if d.What == "id_token" && d.Claims["sub"] != login {
			t.Errorf("sub of the ID token is %q in the trace, want %q", d.Claims["sub"], login)
		}
	}
	if !strings.Contains(o.stderr, login) {
		t.Error("stderr does not say who signed in")
	}
}

// With --reveal the secrets are there, which also shows that checkHygiene looks
// for the right ones.
func TestReveal(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	o := walk(t, p, 0, "--client-id", "post", "--client-secret", "value:"+postSecret, "--auth-method", "client_secret_post", "--scope", "openid", "--reveal", "-o", "token")
	mine := p.granted(t, o)
	for name, secret := range map[string]string{
		"client secret": postSecret, "password": url.QueryEscape(password), "code": mine.Params["code"], "code_verifier": mine.Params["code_verifier"],
		"access token": strings.TrimSuffix(o.stdout, "\n"),
	} {
		if secret == "" || !strings.Contains(o.raw, secret) {
			t.Errorf("the trace saved with --reveal has no %s %q", name, secret)
		}
	}
	if !strings.Contains(o.raw, "_session=") {
		t.Error("the trace saved with --reveal has no cookie of the server")
	}
}

// A redirect URI that is not on this machine: the walk ends where it would lead.
func TestRedirectElsewhere(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	o := walk(t, p, 0, "--client-id", "elsewhere", "--scope", "openid", "--redirect-uri", elsewhere)
	checkSignedIn(t, o)
	checkPeerHygiene(t, p, o)
}
