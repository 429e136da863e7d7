package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// printed starts code so that it prints the URL and opens nothing.
func printed(t *testing.T, issuer string, args ...string) *probe {
	t.Helper()
	return start(t, nil, append([]string{"code", issuer, "--no-browser", "--scope", "openid", "--timeout", "60s"}, args...)...)
}

// A person with a browser, at a server that nobody here wrote.
func TestBrowser(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, mode := range []string{"query", "fragment", "form_post"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			run := printed(t, p.issuer, "--client-id", "public", "--response-mode", mode, "-o", "token")
			b.signIn(t, run.waitURL(t))
			b.allow(t)
			o := run.wait(t, 0)
			b.ended(t, "good")
			b.shoot(t, "provider-success-"+mode)
			checkSignedIn(t, o)
			checkPeerHygiene(t, p, o)
			if !p.saved(t, "access_token", strings.TrimSuffix(o.stdout, "\n")) {
				t.Errorf("stdout is %q", o.stdout)
			}
			if via := o.answer(t).Via; via != mode {
				t.Errorf("the answer came by %s", via)
			}
		})
	}
}

// localhost is two addresses, and one answer.
func TestBrowserLocalhost(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	b := open(t)
	run := printed(t, p.issuer, "--client-id", "localhost", "--redirect-uri", "http://localhost:0/callback", "-o", "none")
	b.signIn(t, run.waitURL(t))
	b.allow(t)
	o := run.wait(t, 0)
	b.ended(t, "good")
	checkSignedIn(t, o)
	if at := b.evaluate(t, "location.hostname"); at != "localhost" {
		t.Errorf("the answer came to %s", at)
	}
}

// The browser is on another machine, or the redirect URI is: the person pastes
// the address at which the browser ended.
func TestPaste(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	b := open(t)
	run := printed(t, p.issuer, "--client-id", "elsewhere", "--redirect-uri", elsewhere, "-o", "token")
	b.signIn(t, run.waitURL(t))
	answer := answers(t, b)
	b.allow(t)
	if _, err := io.WriteString(run.stdin, answer(t)+"\n"); err != nil {
		t.Fatal(err)
	}
	o := run.wait(t, 0)
	checkSignedIn(t, o)
	checkPeerHygiene(t, p, o)
	if !p.saved(t, "access_token", strings.TrimSuffix(o.stdout, "\n")) {
		t.Errorf("stdout is %q", o.stdout)
	}
}

// With -q the URL still stands on stderr, and nothing else.
func TestBrowserQuiet(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	b := open(t)
	run := printed(t, p.issuer, "--client-id", "public", "-q", "-o", "none")
	u := run.waitURL(t)
	b.signIn(t, u)
	b.allow(t)
	if o := run.wait(t, 0); strings.TrimSpace(o.stderr) != u {
		t.Errorf("stderr is %q", o.stderr)
	}
	b.ended(t, "good")
}

// A gate stands before the peer's token endpoint and holds what comes until it
// is opened.
type gate struct {
	*httptest.Server
	open    chan struct{}
	arrived chan struct{}
}

func holdTokens(t *testing.T, p *peer) *gate {
	t.Helper()
	to, err := url.Parse(p.issuer)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{open: make(chan struct{}), arrived: make(chan struct{}, 16)}
	onward := httputil.NewSingleHostReverseProxy(to)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.arrived <- struct{}{}
		select {
		case <-g.open:
			onward.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(g.Server.Close)
	return g
}

func (g *gate) wait(t *testing.T) {
	t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(patience):
		t.Fatal("no token request")
	}
}

// The page tells the true ending: while the code is being traded it says so and
// no more, and whatever the person does with the tab meanwhile changes nothing.
func TestPageWaitsForTheEnding(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		name  string
		args  []string
		exit  int
		class string
		says  string
	}{
		{"success", nil, 0, "good", "Signed in"},
		{"failure", []string{"--param", "token:code_verifier=" + strings.Repeat("wrong", 10)}, 3, "bad", "invalid_grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, g := open(t), holdTokens(t, p)
			run := printed(t, p.issuer, append(c.args, "--client-id", "public", "--token-endpoint", g.URL+"/token", "-o", "none")...)
			b.signIn(t, run.waitURL(t))
			answer := answers(t, b)
			b.allow(t)
			g.wait(t)
			b.do(t, chromedp.WaitVisible(chromedp.CSS("section.waiting")))
			b.checkAddress(t)
			if text := b.text(t); strings.Contains(text, "✓") || strings.Contains(text, "✗") {
				t.Errorf("the page knows the ending before there is one: %s", text)
			}
			b.shoot(t, "provider-waiting")
			again := b.beside(t) // the same answer once more, as a double click would bring it
			again.leave(t, "location.href = "+quote(answer(t)))
			b.leave(t, "location.reload()")
			close(g.open)
			o := run.wait(t, c.exit)
			for _, seen := range []*tab{b, again} {
				seen.ended(t, c.class)
				if text := seen.text(t); !strings.Contains(text, c.says) {
					t.Errorf("the page does not say %q: %s", c.says, text)
				}
			}
			b.shoot(t, "provider-again-"+c.name)
			if n := strings.Count(strings.Join(reasons(o), "\n"), "already answered"); n < 2 {
				t.Errorf("%d hits were told as already answered, want the other tab and the reload: %v", n, reasons(o))
			}
			if tokens := len(g.arrived); tokens != 0 {
				t.Errorf("%d more token requests", tokens)
			}
			checkPeerHygiene(t, p, o)
		})
	}
}

// reasons is why hits on the listener were not used.
func reasons(o outcome) []string {
	var all []string
	for _, r := range o.of("returned") {
		if !r.Used {
			all = append(all, r.Reason)
		}
	}
	return all
}

// What the person does not want: Cancel on the page of the server.
func TestBrowserDenied(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	b := open(t)
	run := printed(t, p.issuer, "--client-id", "public")
	b.signIn(t, run.waitURL(t))
	b.do(t, chromedp.Click(chromedp.CSS(".login-help a")))
	o := run.wait(t, 3)
	if kind, endpoint, code := o.refused(); kind != "refused" || endpoint != "authorization" || code != "access_denied" {
		t.Errorf("the run ended with %s, %s, %s", kind, endpoint, code)
	}
	b.ended(t, "bad")
	if text := b.text(t); !strings.Contains(text, "access_denied") {
		t.Errorf("the page does not say why: %s", text)
	}
	b.shoot(t, "provider-denied")
}

// Requests that are no answer: a browser makes them on suspicion or by itself,
// and other programs on the machine make them too.
func TestStrays(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	b := open(t)
	run := printed(t, p.issuer, "--client-id", "public", "-o", "none")
	u := run.waitURL(t)
	to := query(t, u, "redirect_uri")
	// Even with the right state, a prefetched code is nobody's answer.
	forged := to + "?code=forged&state=" + url.QueryEscape(query(t, u, "state"))
	speculate(t, b.beside(t), to, forged)
	curl(t, http.MethodHead, forged, nil, http.StatusOK)
	curl(t, http.MethodOptions, forged, nil, http.StatusNoContent)
	curl(t, http.MethodPut, forged, nil, http.StatusMethodNotAllowed)
	curl(t, http.MethodGet, strings.Replace(forged, "/callback", "/elsewhere", 1), nil, http.StatusNotFound)
	curl(t, http.MethodGet, forged, func(r *http.Request) { r.Host = "rebound.example" }, http.StatusMisdirectedRequest)
	curl(t, http.MethodGet, forged, func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch;prerender") }, http.StatusServiceUnavailable)
	b.signIn(t, u)
	b.allow(t)
	o := run.wait(t, 0)
	b.ended(t, "good")
	checkSignedIn(t, o)
	checkPeerHygiene(t, p, o)
	got := reasons(o)
	for _, want := range []string{"prefetch", "favicon", "HEAD", "OPTIONS", "method not allowed", "wrong path", "wrong Host header"} {
		if !slices.Contains(got, want) {
			t.Errorf("no stray is told as %q: %q", want, got)
		}
	}
}

// speculate shows a page that makes the browser fetch the forged answer ahead
// of any click, and an icon from the listener, and waits until it has.
func speculate(t *testing.T, b *tab, to, forged string) {
	t.Helper()
	icon := strings.Replace(to, "/callback", "/favicon.ico", 1)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><script>const came = new Set</script><link rel="icon" href="` + icon + `">
<script type="speculationrules">{"prefetch": [{"source": "list", "eagerness": "immediate", "urls": ["` + forged + `&speculated"]}]}</script>
<link rel="prefetch" href="` + forged + `" onload="came.add('prefetch')" onerror="came.add('prefetch')">
<img src="` + icon + `" onload="came.add('icon')" onerror="came.add('icon')">`))
	}))
	t.Cleanup(page.Close)
	b.do(t, chromedp.Navigate(page.URL), untilTrue(`came.size == 2`))
}

// An answer that is not of this run is not used, and the right one after it is.
func TestForeignStateThenOurs(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	b := open(t)
	run := printed(t, p.issuer, "--client-id", "public", "-o", "none")
	u := run.waitURL(t)
	b.signIn(t, u)
	stranger := b.beside(t)
	stranger.do(t, chromedp.Navigate(query(t, u, "redirect_uri")+"?code=forged&state=forged&iss="+url.QueryEscape(p.issuer)))
	if text := stranger.text(t); !strings.Contains(text, "does not belong to the sign-in that is running") {
		t.Errorf("the page says %s", text)
	}
	stranger.checkAddress(t)
	stranger.shoot(t, "foreign-state")
	b.allow(t)
	o := run.wait(t, 0)
	b.ended(t, "good")
	if failed := o.failed(); !slices.Equal(failed, []string{"V-AR-02 state-match"}) {
		t.Errorf("failed checks are %v, want the state of the stranger alone", failed)
	}
	if body := o.exchange(t, "token").Request.Body; strings.Contains(body, "forged") {
		t.Errorf("the forged code was spent: %s", body)
	}
}

// When nobody else comes, an answer that is not of this run ends it with 4.
func TestForeignStateAlone(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	run := printed(t, p.issuer, "--client-id", "public")
	u := run.waitURL(t)
	before := time.Now()
	curl(t, http.MethodGet, query(t, u, "redirect_uri")+"?code=forged&state=forged", nil, http.StatusBadRequest)
	o := run.wait(t, 4)
	if took := time.Since(before); took > 20*time.Second {
		t.Errorf("it took %v to give up, want some 10 s", took)
	}
	if kind, _, code := o.refused(); kind != "check" || code != "V-AR-02" {
		t.Errorf("the run ended with %s, %s", kind, code)
	}
	for _, e := range o.of("exchanged") {
		if e.Endpoint == "token" {
			t.Error("a code was spent")
		}
	}
}
