package loopback

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// everyPage writes each page there is.
func everyPage(t *testing.T) map[string]*httptest.ResponseRecorder {
	t.Helper()
	p, err := newPages()
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]*httptest.ResponseRecorder{}
	write := func(name string, how func(http.ResponseWriter)) {
		w := httptest.NewRecorder()
		guard(w.Header())
		how(w)
		pages[name] = w
	}
	streamed := func(end page, block string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			s := p.begin(w)
			s.write(page{Strip: true}, "head", "wait")
			s.write(end, block, "foot")
		}
	}
	hostile := Ending{Title: "<b>x", Detail: `</section><img src=x onerror="a">`, Hints: []string{"a\x1b[31m\u202eb", "<script>"}}
	write("ok", streamed(page{Ending: Ending{OK: true}.fit()}, "ending"))
	write("failed", streamed(page{Ending: hostile.fit(), Again: true}, "ending"))
	write("unknown", streamed(page{}, "unknown"))
	write("relay", func(w http.ResponseWriter) { p.relay(w, `/call"back/fragment`) })
	write("notice", func(w http.ResponseWriter) { p.notice(w, 404, true, "Not <here>", "line & line") })
	return pages
}

func TestPagesAreSelfContainedAndGuarded(t *testing.T) {
	nonceIn := regexp.MustCompile(`^default-src 'none'; style-src 'nonce-(\w{20,})'; script-src 'nonce-(\w{20,})'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$`)
	nonces := map[string]bool{}
	for name, w := range everyPage(t) {
		h := w.Header()
		m := nonceIn.FindStringSubmatch(h.Get("Content-Security-Policy"))
		if m == nil || m[1] != m[2] || nonces[m[1]] {
			t.Fatalf("%s: policy %q", name, h.Get("Content-Security-Policy"))
		}
		nonces[m[1]] = true
		referrer := "no-referrer"
		if name == "relay" {
			referrer = "same-origin"
		}
		for header, want := range map[string]string{"Referrer-Policy": referrer, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Connection": "close", "Content-Type": "text/html; charset=utf-8"} {
			if h.Get(header) != want {
				t.Errorf("%s: %s is %q, want %q", name, header, h.Get(header), want)
			}
		}
		checkElements(t, name, w.Body.String(), m[1])
	}
}

// checkElements walks the parsed page: what may run is ours, what is loaded is nothing, what a person needs is there.
func checkElements(t *testing.T, name, source, nonce string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		if attr(n, "role") == "status" {
			count["status"]++
		}
		if (n.Data == "script" || n.Data == "style") && attr(n, "nonce") != nonce {
			t.Errorf("%s: a %s without the nonce", name, n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "src" || a.Key == "href" || a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "html" && attr(n, "lang") != "en" {
			t.Errorf("%s: no language", name)
		}
		if n.Data == "title" && textOf(n) != "oauthprobe" {
			t.Errorf("%s: title %q", name, textOf(n))
		}
	}
	if count["status"] == 0 || count["title"] != 1 || count["h1"] == 0 || count["main"] != 1 || count["img"] > 0 || count["link"] > 0 || count["b"] > 0 {
		t.Errorf("%s: %v", name, count)
	}
}

func TestPagesSayWhatTheyShould(t *testing.T) {
	pages := everyPage(t)
	for name, wants := range map[string][]string{
		"ok":      {"Answer received.", "Exchanging the code…", `history.replaceState(null, "", location.pathname)`, "✓ Signed in", "You can close this tab.", ".waiting { display: none }", `class="good"`, "prefers-color-scheme: dark", "width=device-width"},
		"failed":  {"✗ &lt;b&gt;x", "&lt;img src=x", "<p>a[31mb</p>", "<pre>&lt;script&gt;</pre>", "had already been answered", `class="bad"`},
		"unknown": {"oauthprobe stopped"},
		"relay":   {"<noscript>", "location.hash.slice(1)", `action="/call%22back/fragment"`, `name="fragment"`, "Nothing came with this page"},
		"notice":  {"Not &lt;here&gt;", "line &amp; line"},
	} {
		for _, want := range wants {
			if body := pages[name].Body.String(); !strings.Contains(body, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, body)
			}
		}
	}
	for _, bad := range []string{"<img", "\u202e", "\x1b"} {
		if strings.Contains(pages["failed"].Body.String(), bad) {
			t.Errorf("the failed page holds %q", bad)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		" a \r\n\t b ":          "a b",
		"\x1b]0;x\x07y":         "]0;xy",
		"a\u202eb\u200bc\u2066": "abc",
		"bad \xff byte":         "bad \uFFFD byte",
		"0123456789abc":         "0123456789…",
		"0123456789":            "0123456789",
		"":                      "",
	} {
		if got := plain(in, 10); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
