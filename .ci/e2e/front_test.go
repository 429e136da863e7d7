package e2e

import (
	"slices"
	"strings"
	"testing"
)

// Tokens that come back through the browser, at a server that nobody here wrote,
// by fragment and by form_post.
//
// oidc-provider promises the iss parameter, and leaves it out where an ID token
// comes in its place. RFC 9207 §4 allows that: "the use and verification of the
// iss parameter is not necessary and MAY be omitted" where the answer holds the
// issuer by other means, and names code id_token as the example. So these runs
// succeed, without a finding.
func TestFrontChannel(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		command, kind string
		front         []string // what the answer at the redirect URI holds
		tokens        []string // what is on stdout
		ids           int      // ID tokens
	}{
		{"implicit", "id_token", []string{"id_token"}, []string{"id_token"}, 1},
		{"implicit", "id_token token", []string{"id_token", "access_token"}, []string{"id_token", "access_token"}, 1},
		{"hybrid", "code id_token", []string{"code", "id_token"}, []string{"id_token", "access_token"}, 2},
		{"hybrid", "code token", []string{"code", "access_token"}, []string{"id_token", "access_token"}, 1},
		{"hybrid", "code id_token token", []string{"code", "id_token", "access_token"}, []string{"id_token", "access_token"}, 2},
	} {
		for _, mode := range []string{"", "fragment", "form_post"} {
			t.Run(c.command+" "+c.kind+" "+mode, func(t *testing.T) {
				t.Parallel()
				args := []string{"--client-id", "front", "--scope", "openid profile", "--response-type", c.kind}
				via := "fragment" // unless another is asked for (OAuth 2.0 Multiple Response Types §5)
				if mode != "" {
					args, via = append(args, "--response-mode", mode), mode
				}
				o := start(t, []string{"PASSWORD=" + password}, append([]string{c.command}, headless(p.issuer, args...)[1:]...)...).wait(t, 0)
				checkSignedIn(t, o)
				checkPeerHygiene(t, p, o)
				r := o.answer(t)
				if r.Via != via {
					t.Errorf("the answer came by %s, want %s", r.Via, via)
				}
				for _, name := range []string{"code", "id_token", "access_token"} {
					if (r.param(name) != "") != slices.Contains(c.front, name) {
						t.Errorf("the answer has %s: %q", name, r.param(name))
					}
				}
				checkFrontTokens(t, p, o, c.tokens)
				checkIDTokens(t, o, c.ids)
				if asked := slices.ContainsFunc(o.of("exchanged"), func(e event) bool { return e.Endpoint == "token" }); asked != (c.command == "hybrid") {
					t.Errorf("the token endpoint was asked: %v", asked)
				}
			})
		}
	}
}

// checkFrontTokens expects on stdout what came by both channels, as one object.
func checkFrontTokens(t *testing.T, p *peer, o outcome, want []string) {
	t.Helper()
	answer := o.tokens(t)
	for _, name := range []string{"id_token", "access_token"} {
		if s, _ := answer[name].(string); (s != "") != slices.Contains(want, name) {
			t.Errorf("%s on stdout is %q", name, s)
		}
	}
	if s, _ := answer["access_token"].(string); s != "" && !p.saved(t, "access_token", s) {
		t.Errorf("access_token on stdout is %q, which the server never issued", s)
	}
}

// checkIDTokens expects so many ID tokens, each of them verified.
func checkIDTokens(t *testing.T, o outcome, want int) {
	t.Helper()
	seen := 0
	for _, d := range o.of("decoded") {
		if strings.Contains(d.What, "id_token") {
			seen++
			if !d.Verified {
				t.Errorf("%s was not verified", d.What)
			}
			if d.Claims["sub"] != login {
				t.Errorf("%s is about %v", d.What, d.Claims["sub"])
			}
		}
	}
	if seen != want {
		t.Errorf("%d ID tokens in the trace, want %d", seen, want)
	}
}

// What a server says no to, by both channels.
func TestFrontChannelRefused(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		name, command, endpoint, code string
		args                          []string
	}{
		{"a type the server has not", "implicit", "authorization", "unsupported_response_type", []string{"--client-id", "front", "--response-type", "token"}},
		{"a type the client may not", "hybrid", "authorization", "invalid_request", []string{"--client-id", "public"}},
		{"no nonce", "implicit", "authorization", "invalid_request", []string{"--client-id", "front", "--drop", "nonce"}},
		{"nobody is signed in", "implicit", "authorization", "login_required", []string{"--client-id", "front", "--prompt", "none"}},
		{"wrong verifier", "hybrid", "token", "invalid_grant", []string{"--client-id", "front", "--response-type", "code token", "--param", "token:code_verifier=" + strings.Repeat("wrong", 10)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			args := headless(p.issuer, append(c.args, "--scope", "openid")...)
			o := start(t, []string{"PASSWORD=" + password}, append([]string{c.command}, args[1:]...)...).wait(t, 3)
			if kind, endpoint, code := o.refused(); kind != "refused" || endpoint != c.endpoint || code != c.code {
				t.Errorf("the run ended with %s, %s, %s; want refused, %s, %s", kind, endpoint, code, c.endpoint, c.code)
			}
			if failed := o.failed(); failed != nil {
				t.Errorf("an honest refusal failed checks: %v", failed)
			}
			checkOneError(t, o.stdout, o.stderr)
			checkPeerHygiene(t, p, o)
		})
	}
}
