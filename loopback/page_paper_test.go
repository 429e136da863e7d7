package loopback

import (
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestTheFormLeadsNowhereByScript(t *testing.T) {
	p, err := newPages()
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]string{
		"javascript:alert(1)":              "#",
		"JavaScript:alert(1)//":            "#",
		" javascript:alert(1)":             "#",
		"\x01javascript:alert(1)":          "#",
		"java\tscript:alert(1)":            "#",
		"data:text/html,<script>":          "#",
		"vbscript:x":                       "#",
		":x":                               "#",
		"/callback/fragment":               "/callback/fragment",
		"/a:b?c=d&e=%41%4":                 "/a:b?c=d&e=%41%254",
		`/"><script>'x'</script>` + "\x00": "/%22%3e%3cscript%3e%27x%27%3c/script%3e%00",
		"http://127.0.0.1:1/ü":             "http://127.0.0.1:1/%c3%bc",
		"HTTPS://h/":                       "HTTPS://h/",
	} {
		w := httptest.NewRecorder()
		p.relay(w, action)
		root, err := html.Parse(strings.NewReader(w.Body.String()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && n.Data == "form" {
				got = append(got, attr(n, "action"))
			}
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%q: the form leads to %q, want %q", action, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		`<b class="x" id='y'>&amp;`: "&lt;b class=&#34;x&#34; id=&#39;y&#39;&gt;&amp;amp;",
		"a\x00b":                    "a\uFFFDb",
		"naïve + plain":             "naïve + plain",
	} {
		if got := text(in); string(got) != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
