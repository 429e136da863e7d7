package cmd

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
	"github.com/oauthprobe/oauthprobe/output"
)

// pages serves one page and fetches it, through a mask. What was kept of each
// exchange is in the Recorder.
func pages(t *testing.T, page string, filled ...string) (*pageWire, *httptest.Server, *output.Recorder) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			w.Header().Set("Location", "/next?"+r.URL.RawQuery)
			w.WriteHeader(http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(s.Close)
	kept := &output.Recorder{}
	m := output.NewMask(nil, kept, []byte("key"), false)
	c := wire.New(wire.Options{})
	t.Cleanup(c.Close)
	return &pageWire{wire: c, filled: filled, know: m.Know, fetched: func(x trace.Exchanged) { m.Emit(trace.Record{Event: x}) }}, s, kept
}

func fetch(t *testing.T, p *pageWire, method, url, kind, body string, referer string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		q.Header.Set("Content-Type", kind)
	}
	if referer != "" {
		q.Header.Set("Referer", referer)
	}
	a, err := p.RoundTrip(q)
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Body.Close()
}

func keptText(t *testing.T, r *output.Recorder) string {
	t.Helper()
	var out strings.Builder
	for _, rec := range r.Records() {
		b, err := rec.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		if x, ok := rec.Event.(trace.Exchanged); ok {
			fmt.Fprint(&out, x.Request, x.Response) // unescaped as well
		}
	}
	return out.String()
}

// However a page carries the code home, it is hidden, however short it is.
func TestPagesThatCarryACode(t *testing.T) {
	for name, page := range map[string]string{
		"as servers write it":     `<form method="post" action="http://127.0.0.1:1/cb"><input type="hidden" name="code" value="abc-7q"/></form>`,
		"other order and quoting": `<form method=post><input type=hidden value="abc-7q" name=code></form>`,
		"single quotes":           `<input  value='abc-7q' type='hidden'  name='code' >`,
		"upper case, spread":      "<INPUT\n TYPE=HIDDEN\n VALUE = abc-7q\n NAME = \"code\">",
		"an attribute between":    `<input name="code" data-x=">` + strings.Repeat("y", 200) + `" value="abc-7q">`,
		"meta refresh":            `<meta http-equiv="refresh" content="0; URL='http://127.0.0.1:1/cb?state=s&amp;code=abc-7q'">`,
		"script":                  `<script>location.replace("http://127.0.0.1:1/cb?code=abc-7q&state=s")</script>`,
		"script with escapes":     `<script>location = "http:\/\/127.0.0.1:1\/cb?state=s\u0026code=abc-7q\u0026x=1"</script>`,
		"nested in a URL":         `<a href="/continue?to=http%3A%2F%2F127.0.0.1%3A1%2Fcb%3Fcode%3Dabc-7q%26state%3Ds">on</a>`,
		"token in a fragment":     `<script>location.href='http://127.0.0.1:1/cb#access_token=abc-7q&state=s'</script>`,
		"JARM":                    `<input value=abc-7q name=response>`,
	} {
		p, s, kept := pages(t, page)
		fetch(t, p, "GET", s.URL, "", "", "")
		if text := keptText(t, kept); strings.Contains(text, "abc-7q") {
			t.Errorf("%s: %s", name, text)
		}
	}
	p, s, kept := pages(t, `<p>Enter the code</p><form><input name=code value=""><a href="/x?response_type=code&amp;code_challenge=abc-7q">x</a>`)
	fetch(t, p, "GET", s.URL, "", "", "")
	marks := kept.Records()[0].Event.(trace.Exchanged).Secrets
	if slices.ContainsFunc(marks, func(s trace.Secret) bool { return s.Part == "response-body" }) || !strings.Contains(keptText(t, kept), "code_challenge=abc-7q") {
		t.Errorf("a page that carries none is marked: %+v", marks)
	}
}

// What was filled in is hidden wherever the form puts it, and whatever the
// field is called when the page says that it is a password.
func TestFilledSecretsOnTheirWay(t *testing.T) {
	const secret = "hunt3r"
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("user", "jane")
	_ = w.WriteField("pw", secret)
	_ = w.Close()
	for name, c := range map[string]struct{ method, path, kind, body, referer string }{
		"query":     {"GET", "/p?user=jane&pw=" + secret, "", "", ""},
		"redirect":  {"GET", "/away?user=jane&pw=" + secret, "", "", ""},
		"referer":   {"GET", "/p?user=jane", "", "", "/p?user=jane&pw=" + secret},
		"form":      {"POST", "/p", "application/x-www-form-urlencoded", "user=jane&pw=" + secret, ""},
		"multipart": {"POST", "/p", w.FormDataContentType(), b.String(), ""},
	} {
		for how, filled := range map[string][]string{"by name": {"pw"}, "by id": {"key"}, "by type": nil} {
			page := `<form><input name=user><input name=pw id=key></form>`
			if how == "by type" {
				page = `<form><input name=user><input type="Password" name=pw></form>`
			}
			p, s, kept := pages(t, page, filled...)
			fetch(t, p, "GET", s.URL, "", "", "")
			referer := c.referer
			if referer != "" {
				referer = s.URL + referer
			}
			fetch(t, p, c.method, s.URL+c.path, c.kind, c.body, referer)
			if text := keptText(t, kept); strings.Contains(text, secret) || !strings.Contains(text, "jane") {
				t.Errorf("%s, %s: %s", name, how, text)
			}
		}
	}
}

// Words of foreign origin stay on their line, and nothing in them is unseen.
func TestCleanErrorLine(t *testing.T) {
	for in, want := range map[string]string{
		"two\nlines\tand\r\nmore": "two lines and more",
		"a\u2028b\u2029c":         "a<U+2028>b<U+2029>c",
		"a\u200bb\u200dc\ufeff":   "a<U+200B>b<U+200D>c<U+FEFF>",
		"\x1b[31mred\u202e":       "␛[31mred<U+202E>",
		"ünï 日本":                  "ünï 日本",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
