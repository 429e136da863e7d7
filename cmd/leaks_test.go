package cmd

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
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

// opened is a text with every run of base64url in it taken apart as well.
func opened(text string) string {
	var out strings.Builder
	out.WriteString(text)
	for _, run := range regexp.MustCompile(`[A-Za-z0-9_-]{16,}`).FindAllString(text, -1) {
		for from := range 4 { // wherever its groups of four begin
			b, _ := base64.RawURLEncoding.DecodeString(run[from:]) // what decodes before an error is given, too
			out.WriteByte('\n')
			out.Write(b)
		}
	}
	return out.String()
}

// What travels inside a JWT, signed or encrypted, is as secret as beside it:
// the code of a signed answer, the hint of a signed request, a bound token.
func TestSecretsInsideJWTsStayHidden(t *testing.T) {
	issuer := startDemo(t)
	who := map[string][]string{
		"public":    {"--client-id", "public", "--auth-method", "none", "--key", file(t, "c.jwk", demo.ClientKey())},
		"encrypted": {"--client-id", "encrypted", "--client-secret", "value:secret", "--key", decryptionKey(t)},
	}
	for name, more := range map[string][]string{
		"public":    {"code", issuer, "--response-mode", "query.jwt", "--jar", "--par", "--dpop"},
		"encrypted": {"code", issuer, "--response-mode", "form_post.jwt"},
		"hybrid":    {"hybrid", issuer, "--response-mode", "fragment.jwt", "--response-type", "code id_token token"},
	} {
		client := who[name]
		if client == nil {
			client = who["public"]
		}
		args := slices.Concat(more, client, []string{"--scope", "openid offline_access", "--headless", "--fill", "username=alice", "--fill", "password=alice", "-v"})
		plain := run(t, nil, "", append(args, "--reveal")...)
		hidden := run(t, nil, "", args...)
		var tokens map[string]any
		if err := json.Unmarshal([]byte(hidden.stdout), &tokens); err != nil || plain.exit != 0 {
			t.Fatalf("%s: %v\n%s", name, err, hidden.stderr)
		}
		var secrets []string
		for _, member := range []string{"access_token", "refresh_token", "id_token"} {
			if s, ok := tokens[member].(string); ok {
				secrets = append(secrets, s[strings.LastIndexByte(s, '.')+1:]) // of a JWT the signature
			}
		}
		for _, rec := range hidden.records {
			if b, ok := rec.Event.(trace.Built); ok && b.Endpoint == "token" {
				for _, p := range b.Params {
					if p.Name == "code" && !strings.Contains(p.Value, "…") {
						t.Errorf("%s: the code is sent in the open: %s", name, p.Value)
					}
				}
			}
		}
		shown := ""
		for line := range strings.Lines(hidden.stderr) {
			if !strings.HasPrefix(line, issuer) { // the address to open is shown as it is
				shown += line
			}
		}
		for where, text := range map[string]string{"stderr": shown, "file": saved(t, hidden.records)} {
			text = opened(text)
			for _, secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("%s: %s holds %s", name, where, secret)
				}
			}
			if found := regexp.MustCompile(`"code": ?"[A-Za-z0-9_-]{20,}"`).FindString(text); found != "" {
				t.Errorf("%s: %s holds %s", name, where, found)
			}
		}
		if !regexp.MustCompile(`"code": ?"[A-Za-z0-9_-]{20,}"`).MatchString(opened(saved(t, plain.records))) {
			t.Errorf("%s: the code is not found with --reveal either: this test looks in the wrong place", name)
		}
	}
}
