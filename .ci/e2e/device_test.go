package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// device is a run of the device grant that approves itself.
func device(t *testing.T, p *peer, exit int, args ...string) outcome {
	t.Helper()
	args = append([]string{"device"}, headless(p.issuer, args...)[1:]...)
	return start(t, []string{"PASSWORD=" + password, "SECRET=" + basicSecret}, args...).wait(t, exit)
}

// A device, at a server that nobody here wrote: the pages behind
// verification_uri_complete are walked while the device asks.
func TestDevice(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		name   string
		args   []string
		proven bool
	}{
		{"public client", []string{"--client-id", "device", "--scope", "openid profile"}, false},
		// oidc-provider wants the client's proof at the device endpoint, too (RFC 8628 §3.1).
		{"client_secret_basic", []string{"--client-id", "device basic", "--client-secret", "env:SECRET", "--scope", "openid profile"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := device(t, p, 0, c.args...)
			checkSignedIn(t, o)
			checkPeerHygiene(t, p, o)
			checkTokens(t, o)
			for _, endpoint := range []string{"device", "token"} {
				if header := o.exchange(t, endpoint).Request.header("Authorization"); (header != "") != c.proven {
					t.Errorf("the request to the %s endpoint has an Authorization header: %q", endpoint, header)
				}
			}
			checkDeviceLines(t, o.stderr)
		})
	}
}

// checkDeviceLines expects address and code each alone on a line.
func checkDeviceLines(t *testing.T, stderr string) {
	t.Helper()
	lines := strings.Split(stderr, "\n")
	at := slices.IndexFunc(lines, func(s string) bool { return urlAlone.MatchString(s) && strings.HasSuffix(s, "/device") })
	if at < 0 {
		t.Fatal("the address does not stand alone on a line")
	}
	code := lines[at+1]
	if len(code) != len("XXXX-XXXX") || strings.Trim(code, "BCDFGHJKLMNPQRSTVWXZ-") != "" {
		t.Errorf("after the address comes %q, want the user code", code)
	}
}

// The person says no.
func TestDeviceDenied(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	o := device(t, p, 3, "--client-id", "device", "--scope", "openid", "--fill", "BUTTON=abort")
	if kind, endpoint, code := o.refused(); kind != "refused" || endpoint != "token" || code != "access_denied" {
		t.Errorf("the run ended with %s, %s, %s; want refused, token, access_denied", kind, endpoint, code)
	}
	if failed := o.failed(); failed != nil {
		t.Errorf("an honest refusal failed checks: %v", failed)
	}
	checkOneError(t, o.stdout, o.stderr)
	checkPeerHygiene(t, p, o)
}

// Nobody comes while the code lasts.
func TestDeviceExpires(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	o := start(t, nil, "device", p.issuer, "--client-id", "brief", "--scope", "openid", "--no-browser", "-q").wait(t, 6)
	checkOneError(t, o.stdout, o.stderr)
	if !strings.Contains(o.stderr, "expired") {
		t.Error("stderr does not say that the code expired")
	}
	polls := 0
	for _, e := range o.of("exchanged") {
		if e.Endpoint == "token" {
			polls++
			if e.Response.Status != 400 {
				t.Errorf("a poll was answered by %d", e.Response.Status)
			}
		}
	}
	if polls != 1 { // the code lasts 7 s, and where the server names no interval it is 5 s
		t.Errorf("%d polls, want 1", polls)
	}
	lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
	if len(lines) < 3 || !urlAlone.MatchString(lines[0]) {
		t.Errorf("with -q there is %q, want address and code, and the error", lines)
	}
}

// What comes back from the device endpoint at once.
func TestDeviceRefused(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		name, endpoint, code string
		args                 []string
	}{
		{"unknown client", "device", "invalid_client", []string{"--client-id", "nobody"}},
		{"a grant the client may not", "device", "invalid_request", []string{"--client-id", "public"}},
		{"wrong secret", "device", "invalid_client", []string{"--client-id", "device basic", "--client-secret", "value:wrong"}},
		{"wrong code", "token", "invalid_grant", []string{"--client-id", "device", "--param", "token:device_code=garbage"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := start(t, nil, append([]string{"device", p.issuer, "--no-browser", "--scope", "openid"}, c.args...)...).wait(t, 3)
			if kind, endpoint, code := o.refused(); kind != "refused" || endpoint != c.endpoint || code != c.code {
				t.Errorf("the run ended with %s, %s, %s; want refused, %s, %s", kind, endpoint, code, c.endpoint, c.code)
			}
			if failed := o.failed(); failed != nil {
				t.Errorf("an honest refusal failed checks: %v", failed)
			}
			checkOneError(t, o.stdout, o.stderr)
		})
	}
}

// A person with a real browser, who types the code.
func TestDeviceBrowser(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	b := open(t)
	run := start(t, nil, "device", p.issuer, "--client-id", "device", "--scope", "openid", "--no-browser", "-o", "token")
	u := run.waitURL(t)
	full := run.waitURL(t) // the second address has the code in it
	b.do(t,
		chromedp.Navigate(u), chromedp.WaitVisible(chromedp.CSS("input[name=user_code]")),
		chromedp.SendKeys(chromedp.CSS("input[name=user_code]"), query(t, full, "user_code")),
		chromedp.Click(chromedp.CSS("button[type=submit]")), chromedp.WaitVisible(chromedp.CSS("button[name=abort]")),
		chromedp.Click(chromedp.CSS("button[autofocus]")), chromedp.WaitVisible(chromedp.CSS("input[name=login]")),
		chromedp.SendKeys(chromedp.CSS("input[name=login]"), login), chromedp.SendKeys(chromedp.CSS("input[name=password]"), password),
		chromedp.Click(chromedp.CSS("button[type=submit]")), chromedp.WaitReady(chromedp.CSS("input[name=prompt][value=consent]")),
	)
	b.allow(t)
	o := run.wait(t, 0)
	checkSignedIn(t, o)
	checkPeerHygiene(t, p, o)
	if !p.saved(t, "access_token", strings.TrimSuffix(o.stdout, "\n")) {
		t.Errorf("stdout is %q", o.stdout)
	}
}
