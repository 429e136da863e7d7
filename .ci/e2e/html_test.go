package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A report is a page that oauthprobe saved, open in a browser.
type report struct {
	*tab
	at string

	requests sync.Map // where the page asked for something
}

// reported runs oauthprobe with --save FILE.html and opens the file.
func reported(t *testing.T, exit int, args ...string) *report {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.html")
	start(t, nil, append(args, "--save", file)...).wait(t, exit)
	r := &report{tab: open(t), at: "file://" + file}
	err := chromedp.Listen(r, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok {
			r.requests.Store(e.Request.URL, true)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	r.do(t, chromedp.Navigate(r.at), chromedp.WaitReady(chromedp.CSS("footer")))
	return r
}

// checkQuiet expects that the page asked for nothing but itself, and that the
// browser has no complaint.
func (r *report) checkQuiet(t *testing.T) {
	t.Helper()
	if _, seen := r.requests.Load(r.at); !seen {
		t.Error("not even the page itself was seen: nothing listens")
	}
	r.requests.Range(func(at, _ any) bool {
		if s, _ := at.(string); s != r.at && !strings.HasPrefix(s, r.at+"#") {
			t.Errorf("the page asked for %s", s)
		}
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.console {
		t.Errorf("the browser's console says: %s", m)
	}
}

func (r *report) prefer(t *testing.T, media, scheme string) {
	t.Helper()
	m := emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(r, emulation.SetEmulatedMedia, m); err != nil {
		t.Fatal(err)
	}
}

// faint lists the texts whose contrast with what is behind them is less than
// WCAG 2.2 §1.4.3 asks for.
const faint = `(() => {
	const c = document.createElement("canvas").getContext("2d", {willReadFrequently: true}), known = new Map();
	const rgb = s => known.get(s) ?? known.set(s, paint(s)).get(s);
	const paint = s => { c.clearRect(0, 0, 1, 1); c.fillStyle = s; c.fillRect(0, 0, 1, 1); return c.getImageData(0, 0, 1, 1).data };
	const light = c => { const [r, g, b] = [...c].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
	const seen = new Map(), out = [];
	for (const e of document.body.querySelectorAll("*")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()) continue;
		const style = getComputedStyle(e);
		let behind = e;
		while (behind.parentElement && rgb(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
		const front = e instanceof SVGElement ? style.fill : style.color, back = getComputedStyle(behind).backgroundColor;
		if (seen.has(front + back)) continue;
		seen.set(front + back, true);
		const [a, b] = [light(rgb(front).slice(0, 3)), light(rgb(back).slice(0, 3))];
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5) out.push((e.className.baseVal ?? e.className) + " " + ratio.toFixed(1) + " " + e.textContent.slice(0, 40));
	}
	return out.join("\n");
})()`

// look checks the page in every size and scheme, and photographs it.
func (r *report) look(t *testing.T, name string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		r.prefer(t, "", scheme)
		for _, width := range []int64{360, 1280} {
			r.do(t, chromedp.EmulateViewport(width, 800))
			if over := r.evaluate(t, "String(document.documentElement.scrollWidth - innerWidth)"); over != "0" && !strings.HasPrefix(over, "-") {
				t.Errorf("%s is %s pixels wider than %d", name, over, width)
			}
			r.photograph(t, fmt.Sprintf("%s-%s-%d", name, scheme, width))
		}
		if s := r.evaluate(t, faint); s != "" {
			t.Errorf("%s, %s: hard to read are\n%s", name, scheme, s)
		}
	}
	r.do(t, chromedp.EmulateReset())
	r.prefer(t, "", "")
}

// photograph keeps a picture of the page when E2E_SHOTS names a folder.
func (r *report) photograph(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("E2E_SHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(r, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "report-"+name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// openAll presses every summary and expects to see what is behind it.
func (r *report) openAll(t *testing.T) {
	t.Helper()
	n := r.evaluate(t, `(() => { for (const s of document.querySelectorAll("details:not([open]) > summary")) s.click(); return String(document.querySelectorAll("details[open]").length) })()`)
	if n == "0" {
		t.Error("nothing can be opened")
	}
	if s := r.evaluate(t, `[...document.querySelectorAll("details > :not(summary)")].filter(e => !e.checkVisibility() || !e.getBoundingClientRect().height).map(e => e.outerHTML.slice(0, 200)).join("\n")`); s != "" {
		t.Errorf("still hidden are %s", s)
	}
}

const hidden = `[...document.querySelectorAll("main pre")].filter(e => !e.checkVisibility({contentVisibilityAuto: false, visibilityProperty: true})).length.toString()`

// printed expects everything to be on paper.
func (r *report) printed(t *testing.T, name string) {
	t.Helper()
	r.do(t, chromedp.Evaluate[chromedp.Void](`void document.querySelectorAll("details").forEach(d => { d.open = false })`))
	r.prefer(t, "print", "light")
	if n := r.evaluate(t, hidden); n != "0" {
		t.Errorf("%s pieces are closed on paper", n)
	}
	r.photograph(t, name+"-print")
	r.prefer(t, "", "")
	pdf, err := chromedp.Call(r, page.PrintToPDF, page.PrintToPDFParams{})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(pdf.Data), "/Type /Page\n"); !strings.HasPrefix(string(pdf.Data), "%PDF-") || n < 3 {
		t.Errorf("the PDF has %d octets and %d pages", len(pdf.Data), n)
	}
	if n := r.evaluate(t, `String(document.querySelectorAll("details[open]").length)`); n != "0" {
		t.Errorf("after printing %s pieces stand open", n)
	}
	if folder := os.Getenv("E2E_SHOTS"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, "report-"+name+".pdf"), pdf.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The report of a run, in a browser that must not ask anybody for anything.
func TestReport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		exit int
		args []string
		says []string
	}{
		{"done", 0, []string{"code", "--demo", "--headless", "--par", "--dpop"}, []string{"It worked, in ", "authorization code grant", " passed"}},
		{"refused", 3, []string{"code", "--demo", "--headless", "--param", "token:code_verifier=" + strings.Repeat("wrong", 10)}, []string{"It failed at step 3:", "invalid_grant", "exit 3"}},
		{"device", 0, []string{"device", "--demo", "--headless"}, []string{"It worked, in ", "device authorization grant"}},
		{"unreachable", 5, []string{"client-credentials", "http://127.0.0.1:1", "--client-id", "a", "--client-secret", "value:b"}, []string{"It failed at step 1:", "exit 5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := reported(t, c.exit, c.args...)
			r.do(t, chromedp.EmulateViewport(1280, 800))
			top := r.evaluate(t, `[...document.querySelectorAll(".verdict, .tally")].map(e => e.getBoundingClientRect().bottom < innerHeight ? e.innerText : "").join("\n")`)
			for _, want := range c.says {
				if !strings.Contains(top, want) {
					t.Errorf("without scrolling there is no %q in %s", want, top)
				}
			}
			r.look(t, c.name)
			if c.exit == 3 {
				r.follow(t)
			}
			r.openAll(t)
			r.look(t, c.name+"-open")
			if c.exit == 0 {
				r.printed(t, c.name)
			}
			r.checkQuiet(t)
		})
	}
}

// follow goes to the message that failed, which is closed.
func (r *report) follow(t *testing.T) {
	t.Helper()
	r.do(t,
		chromedp.Evaluate[chromedp.Void](`void document.querySelectorAll("details").forEach(d => { d.open = false })`),
		chromedp.Click(chromedp.CSS("a.go")),
		untilTrue(`!!document.querySelector(":target")?.checkVisibility()`),
	)
	if s := r.evaluate(t, `document.querySelector(":target").innerText`); !strings.Contains(s, "invalid_grant") {
		t.Errorf("the message that failed is %s", s)
	}
}

// Without scripts the page holds and opens just as much.
func TestReportWithoutScripts(t *testing.T) {
	t.Parallel()
	r := reported(t, 0, "code", "--demo", "--headless")
	if _, err := chromedp.Call(r, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	r.do(t, chromedp.Navigate(r.at), chromedp.WaitReady(chromedp.CSS("footer")))
	if s := r.evaluate(t, `String(document.querySelector(".tools").checkVisibility())`); s != "false" {
		t.Error("there are buttons that do nothing")
	}
	r.do(t, chromedp.Click(chromedp.CSS("svg a.arrow")))
	r.do(t, untilTrue(`!!document.querySelector(":target")?.checkVisibility()`))
	r.openAll(t)
	r.checkQuiet(t)
}
