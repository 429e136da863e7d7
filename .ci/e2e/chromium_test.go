package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// chromium is one headless browser for all tests, with an empty profile. Its
// resolver knows this machine only: no page can bring anything in from outside.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("chromium is not installed: apt-get install chromium: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(filepath.Join(filepath.Dir(binary), "profile")),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	ctx, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(ctx)
	slow := time.AfterFunc(patience, stopAllocator) // the first Do starts the browser, and may have no deadline of its own
	defer slow.Stop()
	if err := chromedp.Do(ctx); err != nil {
		stopAllocator()
		return nil, fmt.Errorf("chromium does not start: %w", err)
	}
	sharedUsed.Store("chromium", func() {
		patient, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		_ = chromedp.Cancel(patient)
		stopBrowser()
		stopAllocator()
	})
	return ctx, nil
})

// A tab is a tab with cookies of its own.
type tab struct {
	context.Context
	mu      sync.Mutex
	console []string
}

// open opens an empty tab that lives as long as the test, within bounds.
func open(t *testing.T) *tab {
	t.Helper()
	browser, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	b := &tab{}
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	b.Context = b.bounded(t, ctx)
	messages := chromedp.Console(b)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			b.mu.Lock()
			b.console = append(b.console, fmt.Sprintf("%s %s %s", m.Type, m.URL, m))
			b.mu.Unlock()
		}
	}()
	return b
}

// beside opens another tab with the same cookies.
func (b *tab) beside(t *testing.T) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(b)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &tab{Context: ctx}
}

func (b *tab) bounded(t *testing.T, ctx context.Context) context.Context {
	t.Helper()
	bounded, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	return bounded
}

// do runs steps, or ends the test.
func (b *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		where, _ := chromedp.Run(b, chromedp.Evaluate[string]("location.href + '\\n' + document.body.innerText"))
		t.Fatalf("in the browser: %v, at %s", err, where)
	}
}

func (b *tab) evaluate(t *testing.T, expression string) string {
	t.Helper()
	s, err := chromedp.Run(b, chromedp.Evaluate[string](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return s
}

// text is what a person reads on the page.
func (b *tab) text(t *testing.T) string {
	t.Helper()
	return b.evaluate(t, "document.body.innerText")
}

// signIn signs in at the peer's development pages, up to consent.
func (b *tab) signIn(t *testing.T, at string) {
	t.Helper()
	b.do(t,
		chromedp.Navigate(at),
		chromedp.WaitVisible(chromedp.CSS("input[name=login]")),
		chromedp.SendKeys(chromedp.CSS("input[name=login]"), login),
		chromedp.SendKeys(chromedp.CSS("input[name=password]"), password),
		chromedp.Click(chromedp.CSS("button[type=submit]")),
		chromedp.WaitReady(chromedp.CSS("input[name=prompt][value=consent]")),
	)
}

// allow presses the one button of the peer's consent page.
func (b *tab) allow(t *testing.T) {
	t.Helper()
	b.do(t, chromedp.Click(chromedp.CSS("button[type=submit]")))
}

// ended waits for the page that says how it ended, and checks that nothing of
// the answer is left where somebody could copy it from.
func (b *tab) ended(t *testing.T, class string) {
	t.Helper()
	b.do(t, chromedp.WaitVisible(chromedp.CSS("section."+class)))
	b.checkAddress(t)
	b.checkConsole(t)
	for _, other := range []string{"good", "bad", "waiting"} {
		visible := b.evaluate(t, `String([...document.querySelectorAll("section.`+other+`")].some(e => e.checkVisibility()))`)
		if (visible == "true") != (other == class) {
			t.Errorf("the page shows section %s: %s, and should show %s alone", other, visible, class)
		}
	}
}

// checkAddress expects neither the address bar nor the history to hold an answer.
func (b *tab) checkAddress(t *testing.T) {
	t.Helper()
	at, err := url.Parse(b.evaluate(t, "location.href"))
	if err != nil {
		t.Fatal(err)
	}
	if at.RawQuery != "" || at.ForceQuery || at.Fragment != "" || at.Hostname() != "127.0.0.1" && at.Hostname() != "localhost" {
		t.Errorf("the address bar says %s", at)
	}
	history, err := chromedp.Run(b, chromedp.NavigationEntries())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range history.Entries {
		u, err := url.Parse(entry.URL)
		if err != nil || u.Port() != at.Port() {
			continue
		}
		if u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("the tab's history holds %s", entry.URL)
		}
	}
	if referrer := b.evaluate(t, "document.referrer"); strings.Contains(referrer, "code=") {
		t.Errorf("the page was reached from %s", referrer)
	}
}

// checkConsole expects no complaint of the browser about pages of ours.
func (b *tab) checkConsole(t *testing.T) {
	t.Helper()
	at := b.evaluate(t, "location.origin")
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.console {
		if strings.Contains(m, "the server responded with a status of 4") {
			continue // a page of ours that says no
		}
		if strings.Contains(m, "Content Security Policy") || strings.Contains(m, at) {
			t.Errorf("the browser's console says: %s", m)
		}
	}
}

// shoot photographs the page, light and dark, narrow and wide, when E2E_SHOTS
// names a folder.
func (b *tab) shoot(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("E2E_SHOTS")
	if folder == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1200} {
			prefer := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
			if _, err := chromedp.Call(b, emulation.SetEmulatedMedia, prefer); err != nil {
				t.Fatal(err)
			}
			b.do(t, chromedp.EmulateViewport(width, 800))
			if over := b.evaluate(t, "String(document.documentElement.scrollWidth - innerWidth)"); over != "0" && !strings.HasPrefix(over, "-") {
				t.Errorf("%s is %s pixels wider than %d", name, over, width)
			}
			picture, err := chromedp.Run(b, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, fmt.Sprintf("%s-%s-%d.png", name, scheme, width))
			if err := os.WriteFile(file, picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.do(t, chromedp.EmulateReset())
}
