package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// handover is a stand-in for the person's browser: a command that hands the URL
// it is given to this test, which opens it in Chromium.
func handover(t *testing.T) (command string, env []string, urls <-chan string) {
	t.Helper()
	came := make(chan string, 4)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { came <- r.FormValue("url") }))
	t.Cleanup(s.Close)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self, []string{handoverVariable + "=" + s.URL}, came
}

func receive(t *testing.T, urls <-chan string, run *probe) string {
	t.Helper()
	select {
	case u := <-urls:
		if printed := run.waitURL(t); printed != u {
			t.Errorf("the browser was given %s, and %s was printed", u, printed)
		}
		return u
	case <-run.done:
		t.Fatal("oauthprobe ended before it opened a browser")
	case <-time.After(patience):
		t.Fatal("no browser was opened")
	}
	return ""
}

// alice signs in on the demo's login page, up to the consent page.
func (b *tab) alice(t *testing.T, at string) {
	t.Helper()
	b.do(t,
		chromedp.Navigate(at),
		chromedp.WaitVisible(chromedp.CSS("#username")),
		chromedp.SendKeys(chromedp.CSS("#username"), "alice"),
		chromedp.SendKeys(chromedp.CSS("#password"), "alice"),
		chromedp.Click(chromedp.CSS("button[type=submit]")),
		chromedp.WaitVisible(chromedp.CSS("button[value=allow]")),
	)
	b.checkConsole(t)
}

// The command of the first minute, as a newcomer types it: a browser opens on
// the demo's login page.
func TestDemo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ mode, how string }{
		{"query", "--browser"}, {"fragment", "$BROWSER"}, {"form_post", "--browser with %s"},
	} {
		t.Run(c.mode, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			command, env, urls := handover(t)
			args := []string{"code", "--demo", "--response-mode", c.mode, "--timeout", "60s"}
			switch c.how {
			case "--browser":
				args = append(args, "--browser", command)
			case "--browser with %s":
				args = append(args, "--browser", `"`+command+`" --new-window %s`)
			default:
				env = append(env, "BROWSER="+command)
			}
			run := start(t, env, args...)
			u := receive(t, urls, run)
			if c.mode == "query" {
				b.do(t, chromedp.Navigate(u), chromedp.WaitVisible(chromedp.CSS("#username")))
				b.shoot(t, "demo-login")
				b.do(t, chromedp.SendKeys(chromedp.CSS("#username"), "mallory"), chromedp.SendKeys(chromedp.CSS("#password"), "x"),
					chromedp.Click(chromedp.CSS("button[type=submit]")), chromedp.WaitVisible(chromedp.CSS("[role=alert]")))
				b.shoot(t, "demo-login-wrong")
			}
			b.alice(t, u)
			if c.mode == "query" {
				b.shoot(t, "demo-consent")
				b.do(t, chromedp.Click(chromedp.CSS("summary")))
				b.shoot(t, "demo-consent-explained")
			}
			b.do(t, chromedp.Click(chromedp.CSS("button[value=allow]")))
			o := run.wait(t, 0)
			b.ended(t, "good")
			b.shoot(t, "demo-success-"+c.mode)
			checkSignedIn(t, o)
			checkDemoTokens(t, o)
			if via := o.answer(t).Via; via != c.mode {
				t.Errorf("the answer came by %s", via)
			}
			if opened := o.of("opened"); len(opened) != 1 || !strings.Contains(opened[0].By, command) {
				t.Errorf("the trace says that the browser was opened by %v", opened)
			}
		})
	}
}

// checkDemoTokens expects tokens on stdout, and no secret of the run elsewhere.
func checkDemoTokens(t *testing.T, o outcome) {
	t.Helper()
	answer := o.tokens(t)
	var secrets []string
	for _, name := range []string{"access_token", "id_token"} {
		s, _ := answer[name].(string)
		if strings.Count(s, ".") != 2 {
			t.Errorf("%s on stdout is %q", name, s)
		}
		secrets = append(secrets, s)
	}
	checkHygiene(t, o, secrets...)
}

// The ways in which the demo's person does not get through.
func TestDemoRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, button string
		args         []string
		code, says   string
	}{
		{"deny", "deny", nil, "access_denied", "access_denied"},
		{"verifier", "allow", []string{"--param", "token:code_verifier=" + strings.Repeat("wrong", 10)}, "invalid_grant", "invalid_grant"},
		{"secret", "allow", []string{"--client-id", "confidential", "--client-secret", "value:not-the-secret"}, "invalid_client", "invalid_client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			run := start(t, nil, append([]string{"code", "--demo", "--no-browser", "--timeout", "60s"}, c.args...)...)
			b.alice(t, run.waitURL(t))
			b.do(t, chromedp.Click(chromedp.CSS(fmt.Sprintf("button[value=%s]", c.button))))
			o := run.wait(t, 3)
			b.ended(t, "bad")
			b.shoot(t, "demo-failure-"+c.name)
			if _, _, code := o.refused(); code != c.code {
				t.Errorf("the run ended with %s, want %s", code, c.code)
			}
			if text := b.text(t); !strings.Contains(text, c.says) || strings.Contains(text, "not-the-secret") {
				t.Errorf("the page says: %s", text)
			}
		})
	}
}

// A client that is not known: the person reads it on the demo's page, comes back
// to the terminal, and presses Ctrl-C.
func TestDemoErrorPage(t *testing.T) {
	t.Parallel()
	b := open(t)
	run := start(t, nil, "code", "--demo", "--no-browser", "--client-id", "nobody", "--timeout", "60s")
	b.do(t, chromedp.Navigate(run.waitURL(t)), chromedp.WaitVisible(chromedp.CSS("[role=alert]")))
	b.checkConsole(t)
	b.shoot(t, "demo-error")
	if err := run.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	o := run.wait(t, 130)
	if o.of("returned") != nil {
		t.Error("something came to the redirect URI")
	}
}
