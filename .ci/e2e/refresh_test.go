package e2e

import (
	"strings"
	"testing"
)

// first signs somebody in and gives what they got.
func first(t *testing.T, p *peer, args ...string) (refresh, id string) {
	t.Helper()
	// A refresh token is given for offline_access, which needs prompt=consent (OIDC Core §11).
	o := walk(t, p, 0, append(args, "--scope", "openid profile offline_access", "--prompt", "consent")...)
	answer := o.tokens(t)
	refresh, _ = answer["refresh_token"].(string)
	id, _ = answer["id_token"].(string)
	if refresh == "" || id == "" {
		t.Fatalf("no refresh token or no ID token in %v", answer)
	}
	return refresh, id
}

// refreshed trades a refresh token.
func refreshed(t *testing.T, p *peer, exit int, refresh, id string, args ...string) outcome {
	t.Helper()
	env := []string{"REFRESH=" + refresh, "ID=" + id, "SECRET=" + basicSecret}
	args = append([]string{"refresh", p.issuer, "--refresh-token", "env:REFRESH"}, args...)
	if id != "" {
		args = append(args, "--id-token-hint", "env:ID")
	}
	o := start(t, env, args...).wait(t, exit)
	checkHygiene(t, o, refresh, id, basicSecret)
	return o
}

// A public client's refresh token is good for one use. The one that comes in its
// place works; the old one, used again, is refused, and with it the new one is
// gone (RFC 9700 §4.14.2).
func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	old, id := first(t, p, "--client-id", "public")
	o := refreshed(t, p, 0, old, id, "--client-id", "public")
	checkSignedIn(t, o)
	checkPeerHygiene(t, p, o)
	answer := o.tokens(t)
	next, _ := answer["refresh_token"].(string)
	if !p.saved(t, "refresh_token", next) || next == old {
		t.Fatalf("the next refresh token is %q, the first was %q", next, old)
	}
	if access, _ := answer["access_token"].(string); !p.saved(t, "access_token", access) {
		t.Errorf("access_token is %q, which the server never issued", access)
	}
	if !o.passed("V-ID-28") {
		t.Error("the new ID token was not compared with the earlier one")
	}
	if !strings.Contains(o.stderr, "rotat") {
		t.Error("stderr does not say that the refresh token was rotated")
	}
	again := refreshed(t, p, 0, next, "", "--client-id", "public")
	last, _ := again.tokens(t)["refresh_token"].(string)
	for _, spent := range []string{old, last} {
		o := refreshed(t, p, 3, spent, "", "--client-id", "public")
		if kind, endpoint, code := o.refused(); kind != "refused" || endpoint != "token" || code != "invalid_grant" {
			t.Errorf("the run ended with %s, %s, %s", kind, endpoint, code)
		}
		checkOneError(t, o.stdout, o.stderr)
		if failed := o.failed(); failed != nil {
			t.Errorf("an honest refusal failed checks: %v", failed)
		}
	}
}

// A client that proves itself keeps its refresh token, for as many uses as it
// likes.
func TestRefreshStays(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	client := []string{"--client-id", "basic", "--client-secret", "value:" + basicSecret}
	refresh, id := first(t, p, client...)
	for range 2 {
		o := refreshed(t, p, 0, refresh, id, "--client-id", "basic", "--client-secret", "env:SECRET")
		checkSignedIn(t, o)
		checkPeerHygiene(t, p, o)
		if got, _ := o.tokens(t)["refresh_token"].(string); got != refresh && got != "" {
			t.Errorf("the refresh token is another: %q", got)
		}
	}
}

// A smaller scope is given; a larger one is refused (RFC 6749 §6).
func TestRefreshScope(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	refresh, _ := first(t, p, "--client-id", "basic", "--client-secret", "value:"+basicSecret)
	client := []string{"--client-id", "basic", "--client-secret", "env:SECRET"}
	o := refreshed(t, p, 0, refresh, "", append(client, "--scope", "openid")...)
	checkSignedIn(t, o)
	if scope := o.tokens(t)["scope"]; scope != "openid" {
		t.Errorf("scope is %v, want openid", scope)
	}
	o = refreshed(t, p, 0, refresh, "", append(client, "--scope", "profile")...)
	checkClean(t, o)
	if answer := o.tokens(t); answer["scope"] != "profile" || answer["id_token"] != nil {
		t.Errorf("without openid there is %v", answer)
	}
	o = refreshed(t, p, 3, refresh, "", append(client, "--scope", "openid api:write")...)
	if _, endpoint, code := o.refused(); endpoint != "token" || code != "invalid_scope" {
		t.Errorf("the run ended with %s, %s", endpoint, code)
	}
	checkOneError(t, o.stdout, o.stderr)
}

// Somebody else's ID token beside the refresh token: the new one is about another
// person, and the run ends with 4 (OIDC Core §12.2).
func TestRefreshOfAnother(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	refresh, _ := first(t, p, "--client-id", "public")
	other := start(t, nil, "code", p.issuer, "--headless", "--fill", "login=somebody-else", "--fill", "password=value:x1x1x1", "--client-id", "public", "--scope", "openid").wait(t, 0)
	id, _ := other.tokens(t)["id_token"].(string)
	o := refreshed(t, p, 4, refresh, id, "--client-id", "public")
	if kind, _, code := o.refused(); kind != "check" || code != "V-ID-28" && code != "V-ID-23" {
		t.Errorf("the run ended with %s, %s; want check, V-ID-28", kind, code)
	}
	checkOneError(t, o.stdout, o.stderr)
}
