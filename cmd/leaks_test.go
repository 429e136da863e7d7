package cmd

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// saved is all that a trace holds, with bodies in base64 opened.
func saved(t *testing.T, all []trace.Record) string {
	t.Helper()
	var out strings.Builder
	for _, r := range all {
		b, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		if x, ok := r.Event.(trace.Exchanged); ok && x.Response.Base64 {
			b, err := base64.StdEncoding.DecodeString(x.Response.Body)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(b)
		}
	}
	return out.String()
}

// Whatever a token endpoint answers, no token gets to the screen or the file.
func TestTokensInBrokenAnswersStayHidden(t *testing.T) {
	const token = "SlAV32hkKG-SlAV32hkKG_9xyz"
	for name, body := range map[string]string{
		"cut off":               `{"token_type":"Bearer","access_token":"` + token,
		"cut off later":         `{"access_token":"` + token + `","token_ty`,
		"single quotes":         `{'access_token':'` + token + `','token_type':'Bearer'}`,
		"unquoted":              `{"access_token":` + token + `}`,
		"plain text":            token,
		"JSON string":           `"` + token + `"`,
		"XML":                   `<r><access_token>` + token + `</access_token></r>`,
		"camel case":            `{"accessToken":"` + token + `","token_type":"Bearer"}`,
		"not UTF-8":             "{\"access_token\":\"" + token + "\",\"token_type\":\"Bearer\",\"name\":\"Ren\xe9\"}",
		"not UTF-8 beside it":   "{\"access_token\":\"\xe9" + token + "\",\"token_type\":\"Bearer\"}",
		"bad escape after it":   `{"access_token":"` + token + `\x","token_type":"Bearer"}`,
		"two objects":           `{"a":1}{"access_token":"` + token + `"}`,
		"name with an escape":   `{"access\u005ftoken":"` + token + `","token_type":"Bearer"}`,
		"form of another sort":  "token=" + token + "&type=bearer",
		"HTML":                  `<!doctype html><title>Token ` + token + `</title>`,
		"error with the secret": `{"error":"invalid_client","error_description":"not tiny7"}`,
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if strings.Contains(body, "invalid_client") {
				w.WriteHeader(http.StatusBadRequest)
			}
			_, _ = io.WriteString(w, body)
		}))
		r := run(t, map[string]string{"SECRET": "tiny7"}, "", "client-credentials", "--token-endpoint", s.URL+"/token", "--client-id", "me", "--client-secret", "env:SECRET", "-v", "-o", "none")
		s.Close()
		if len(r.records) == 0 {
			t.Fatalf("%s: no trace: %s", name, r.stderr)
		}
		for where, text := range map[string]string{"stderr": r.stderr, "file": saved(t, r.records)} {
			for _, secret := range []string{token, token[4:16], "tiny7"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: %s holds %q:\n%s", name, where, secret, text)
				}
			}
		}
	}
}

// The URL to open works; the file does not keep what is secret in it.
func TestAuthorizationURLIsShownAndNotKept(t *testing.T) {
	issuer := startDemo(t)
	const given = "a secret/parameter of 2026"
	r := run(t, map[string]string{"P": given}, "", "code", issuer, "--client-id", "public", "--headless", "--fill", "username=alice", "--fill", "password=alice",
		"--pkce", "plain", "--param", "authorization:x=env:P", "--param", "authorization:y=value:tiny7")
	shown := ""
	for line := range strings.Lines(r.stderr) {
		if strings.HasPrefix(line, issuer+"/authorize?") {
			shown = strings.TrimSpace(line)
		}
	}
	u, err := url.Parse(shown)
	if err != nil || u.Query().Get("x") != given || len(u.Query().Get("code_challenge")) != 43 {
		t.Fatalf("the URL on the screen is %q, %v\n%s", shown, err, r.stderr)
	}
	text := saved(t, r.records)
	for _, secret := range []string{given, url.QueryEscape(given), u.Query().Get("code_challenge")} {
		if strings.Contains(text, secret) || strings.Count(r.stderr, secret) > 1 {
			t.Errorf("%q is kept, or shown more than once:\n%s", secret, r.stderr)
		}
	}
}

// A redirect with the wrong state may say anything: it is not repeated.
func TestForgedErrorIsNotRepeated(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error=access_denied&error_description=call+0800-evil&state=wrong", http.StatusFound)
	}))
	defer s.Close()
	r := run(t, nil, "", "code", "--authorization-endpoint", s.URL+"/authorize", "--token-endpoint", s.URL+"/token", "--client-id", "me", "--headless", "-v")
	if r.exit != exitCheck || strings.Contains(r.stderr, "0800") || strings.Contains(saved(t, r.records), "0800") {
		t.Errorf("exit %d\n%s", r.exit, r.stderr)
	}
}
