package e2e

import (
	"strings"
	"testing"
)

// A person is asked on a device of their own, at a server that nobody here
// wrote. The peer's people answer after a moment: most say yes.
func TestCIBA(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	client := []string{"--client-id", "ciba", "--client-secret", "env:SECRET", "--scope", "openid profile"}
	for _, c := range []struct {
		name string
		args []string
	}{
		{"poll", nil},
		{"binding message and user code", []string{"--binding-message", "W4SCT", "--user-code", "4711"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := start(t, []string{"SECRET=" + basicSecret}, append(append([]string{"ciba", p.issuer, "--login-hint", login}, client...), c.args...)...).wait(t, 0)
			checkSignedIn(t, o)
			checkPeerHygiene(t, p, o)
			checkTokens(t, o)
			checkIDTokens(t, o, 1)
			if header := o.exchange(t, "ciba").Request.header("Authorization"); header == "" {
				t.Error("the client does not prove itself at the CIBA endpoint")
			}
			if len(c.args) > 0 && !strings.Contains(o.stderr, "W4SCT") {
				t.Error("stderr does not show the binding message, which the person is to compare")
			}
			if access := text(o.tokens(t), "access_token"); !p.saved(t, "access_token", access) {
				t.Errorf("access_token is %q, which the server never issued", access)
			}
		})
	}
}

// Nobody there, a no, a wrong code: each ends as it should.
func TestCIBARefused(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		name, kind, endpoint, code string
		exit                       int
		args                       []string
	}{
		{"denied", "refused", "token", "access_denied", 3, []string{"--login-hint", "denier"}},
		{"expires", "", "", "", 6, []string{"--login-hint", "sleeper", "--requested-expiry", "7"}},
		{"unknown person", "refused", "ciba", "unknown_user_id", 3, []string{"--login-hint", "nobody"}},
		{"wrong user code", "refused", "ciba", "invalid_user_code", 3, []string{"--login-hint", login, "--user-code", "0815"}},
		{"bad binding message", "refused", "ciba", "invalid_binding_message", 3, []string{"--login-hint", login, "--binding-message", "far too long for a small display"}},
		{"wrong secret", "refused", "ciba", "invalid_client", 3, []string{"--login-hint", login, "--client-secret", "value:wrong"}},
		{"no openid", "refused", "ciba", "invalid_request", 3, []string{"--login-hint", login, "--drop", "scope"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"ciba", p.issuer, "--client-id", "ciba", "--client-secret", "env:SECRET", "--scope", "openid"}, c.args...)
			o := start(t, []string{"SECRET=" + basicSecret}, args...).wait(t, c.exit)
			if kind, endpoint, code := o.refused(); c.kind != "" && (kind != c.kind || endpoint != c.endpoint || code != c.code) {
				t.Errorf("the run ended with %s, %s, %s; want %s, %s, %s", kind, endpoint, code, c.kind, c.endpoint, c.code)
			}
			if failed := o.failed(); failed != nil {
				t.Errorf("an honest refusal failed checks: %v", failed)
			}
			checkOneError(t, o.stdout, o.stderr)
			checkPeerHygiene(t, p, o)
		})
	}
}
