package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func pageOf(t testing.TB, records []trace.Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := writeHTML(&b, records); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func recorded(sample func(trace.Sink)) []trace.Record {
	var r Recorder
	sample(NewMask(&r, nil, testKey, false))
	return r.Records()
}

// told are records of one run, numbered from 1.
func told(events ...trace.Event) []trace.Record {
	var r Recorder
	t := newTeller(&r)
	t.run = "code"
	t.say(events...)
	return r.Records()
}

// The goldens hold all but the style and the script, which are files of their own.
func TestHTMLGolden(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			page := strings.NewReplacer(reportStyle, "…", reportScript, "…", sheetHash(reportStyle), "…", sheetHash(reportScript), "…").Replace(
				strings.ReplaceAll(pageOf(t, recorded(sample)), "&#39;", "'"))
			page = regexp.MustCompile(`'sha256-[^']*'`).ReplaceAllString(page, "…")
			golden(t, "html-"+name+".html", page)
		})
	}
}

// A page is an HTML document as a browser understands it.
type page struct {
	*testing.T
	root *html.Node
}

func parsed(t *testing.T, s string) page {
	t.Helper()
	root, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return page{t, root}
}

// words is the text of a node, with single spaces.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "style" && d.Parent.Data != "script" {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// find are the elements that have a class.
func (p page) find(class string) []*html.Node {
	var out []*html.Node
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && slices.Contains(strings.Fields(attribute(n, "class")), class) {
			out = append(out, n)
		}
	}
	return out
}

func (p page) text(class string) string {
	p.Helper()
	found := p.find(class)
	if len(found) == 0 {
		p.Fatalf("nothing of class %s", class)
	}
	return words(found[0])
}

// elements are all that a page is made of.
var elements = strings.Fields(`html head meta title style body a header main footer nav section article aside div p span b i h1 h2 h3 h4
	ol ul li dl dt dd pre code details summary button script svg rect line path text`)

// checkInert expects a page with no script but ours, that loads nothing, leads
// nowhere, and holds no character that cannot be seen.
func checkInert(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if r != '\n' && r != '\ufffd' && !visible(r) {
			t.Errorf("the page holds %U", r)
		}
	}
	ids, scripts, styles := map[string]bool{}, 0, 0
	var to []string
	for n := range parsed(t, s).root.Descendants() {
		if n.Type == html.CommentNode {
			t.Errorf("a comment: %s", n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if !slices.Contains(elements, n.Data) {
			t.Errorf("an element %q", n.Data)
		}
		switch n.Data {
		case "script":
			scripts++
			if n.FirstChild.Data != reportScript {
				t.Error("a script that is not ours")
			}
		case "style":
			styles++
			if n.FirstChild.Data != reportStyle {
				t.Error("a style that is not ours")
			}
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), slices.Contains([]string{"style", "src", "srcset", "action", "formaction", "background", "poster", "data", "ping", "srcdoc"}, a.Key):
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			case a.Key == "href" && !regexp.MustCompile(`^#[a-z0-9-]+$`).MatchString(a.Val):
				t.Errorf("a link to %q", a.Val)
			case a.Key == "href":
				to = append(to, a.Val[1:])
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("two elements are called %s", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			}
		}
	}
	if scripts != 1 || styles != 1 {
		t.Errorf("%d scripts, %d styles", scripts, styles)
	}
	for _, id := range to {
		if !ids[id] {
			t.Errorf("a link to #%s, which is not there", id)
		}
	}
}

// nastyTexts is markup that would do something if it were not text.
var nastyTexts = []string{
	`<script>alert(1)</script>`, `</script><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `javascript:alert(1)`,
	`</style><style>@import "http://evil.example"</style>`, `</title><base href=http://evil.example>`, `<!--`, `]]>`, `{{.Title}}`, `</code></pre></details></svg>`, `</text><foreignObject>`,
	"\x00\x1b[31m\u202e\u2066\u200b\ufeff\u00a0\u2028\r\n\t\xff",
}

func TestHTMLIsInert(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) { checkInert(t, pageOf(t, recorded(sample))) })
	}
	for _, s := range nastyTexts {
		t.Run(s, func(t *testing.T) {
			var all []trace.Record
			for _, e := range append(trace.Events(), trace.Finding{Outcome: trace.Fail, Evidence: []int{2, 4, 99, -3}}, trace.Unknown{}) {
				outcome := trace.Outcome("")
				if f, ok := e.(trace.Finding); ok {
					outcome = f.Outcome
				}
				e = filled(e, s)
				if f, ok := e.(trace.Finding); ok && outcome != "" {
					f.Outcome = outcome
					e = f
				}
				all = append(all, trace.Record{Seq: len(all) + 1, At: sampleStart, Run: s, Event: e})
				if x, ok := e.(trace.Exchanged); ok {
					x.Endpoint, x.Poll, x.Response.Status, x.Response.Base64, x.Failure = "token", 1, 200, false, nil
					quoted, _ := json.Marshal(s)
					for _, body := range []string{s, `{` + string(quoted) + `:[` + string(quoted) + `]}`, "<title>" + s + "</title>"} {
						x.Response.Body = body
						all = append(all, trace.Record{Seq: len(all) + 1, At: sampleStart, Run: s, Event: x})
					}
				}
			}
			all = append(all, all...) // the same numbers again
			checkInert(t, pageOf(t, all))
		})
	}
}

func TestHTMLAllowsOnlyItself(t *testing.T) {
	p := parsed(t, pageOf(t, recorded(codeFlow)))
	policy := ""
	for n := range p.root.Descendants() {
		if n.Data == "meta" && attribute(n, "http-equiv") == "Content-Security-Policy" {
			policy = attribute(n, "content")
		}
	}
	want := "default-src 'none'; style-src " + sheetHash(reportStyle) + "; script-src " + sheetHash(reportScript) + "; base-uri 'none'; form-action 'none'"
	if policy != want {
		t.Errorf("the policy is %s", policy)
	}
	// RFC 6234 §8.5 has no vector in base64; this one is of the CSP 3 specification, §8.3.
	if got := sheetHash("alert('Hello, world.');"); got != "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='" {
		t.Errorf("a hash is %s", got)
	}
}

// The top of the page says which step failed, and why.
func TestHTMLVerdict(t *testing.T) {
	check := trace.Finding{ID: "state-match", Code: "V-AR-02", Level: trace.Must, Outcome: trace.Fail, Expected: "abc", Actual: "xyz", Evidence: []int{3}}
	for name, c := range map[string]struct {
		records []trace.Record
		says    []string
		links   []string
	}{
		"done":        {recorded(codeFlow), []string{"✓ It worked, in 5.49 s", "1 warning", "s6BhdRkqt3", "2026-11-23 10:35:00 UTC"}, nil},
		"refused":     {recorded(refusedCode), []string{"✗ It failed at step 3: Spend the code", "exit 3", "invalid_grant", "redirect_uri does not match"}, []string{"step3", "r19"}},
		"unreachable": {recorded(unreachable), []string{"✗ It failed at step 1: Ask the server where everything is", "exit 5", "as.example.com:443 refused the connection", "See the message: metadata request #3", "it came to no checks"}, []string{"step1", "r3"}},
		"no end":      {told(trace.RunStarted{Procedure: "code"}), []string{"? The trace stops before the run ended"}, nil},
		"nothing":     {nil, []string{"? The trace stops before the run ended"}, nil},
		"check": {told(
			trace.RunStarted{Procedure: "code"}, trace.StepStarted{Title: "First"}, trace.Returned{Via: "query"}, check, trace.StepStarted{Title: "Second"},
			trace.Ended{Exit: 4, Failure: &trace.Failure{Kind: "check", Text: "not ours", Code: "V-AR-02"}},
		), []string{"✗ It failed at step 1: First", "not ours", "expected abc", "actual xyz", "exit 4"}, []string{"step1", "r3", "r4"}},
		"prepared in vain": {told(
			trace.RunStarted{Procedure: "discovery", Before: "code", Purpose: "a grant"}, trace.StepStarted{Title: "Look"},
			trace.Ended{Exit: 5, Failure: &trace.Failure{Text: "nobody there"}},
		), []string{"oauthprobe code a grant", "✗ It failed at step 1: Look", "nobody there"}, []string{"step1"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := parsed(t, pageOf(t, c.records))
			says := p.text("verdict")
			if got := p.find("tally"); len(got) == 1 {
				says += " " + words(got[0])
			}
			for _, want := range c.says {
				if !strings.Contains(says, want) {
					t.Errorf("no %q in %s", want, says)
				}
			}
			var links []string
			for n := range p.find("verdict")[0].Descendants() {
				if n.Data == "a" {
					links = append(links, strings.TrimPrefix(attribute(n, "href"), "#"))
				}
			}
			if !slices.Equal(links, c.links) {
				t.Errorf("links to %v, want %v", links, c.links)
			}
		})
	}
}

// What failed stands open, and what was changed by hand is marked.
func TestHTMLMessages(t *testing.T) {
	p := parsed(t, pageOf(t, recorded(refusedCode)))
	var open []string
	for _, n := range p.find("message") {
		for _, a := range n.Attr {
			if a.Key == "open" {
				open = append(open, words(n))
			}
		}
	}
	if len(open) != 1 || !strings.Contains(open[0], "400 Bad Request") || !strings.Contains(open[0], `"error": "invalid_grant"`) {
		t.Errorf("open are %v", open)
	}
	if got := p.text("bent"); !strings.Contains(got, "http://127.0.0.1:1/other ! changed by hand") {
		t.Errorf("bent is %s", got)
	}
	if got := p.text("path"); got != "/.well-known/openid-configuration" {
		t.Errorf("the first path is %s", got)
	}
}

func TestHTMLTokens(t *testing.T) {
	for name, c := range map[string]struct {
		e    trace.Decoded
		says []string
	}{
		"verified": {trace.Decoded{What: "id_token", Verified: true, Reason: "iss, aud", Claims: json.RawMessage(`{"exp":1795430100}`)}, []string{"VERIFIED", "iss, aud", "// in 4 min 59 s · 2026-11-23 10:35:00 UTC"}},
		"not":      {trace.Decoded{What: "id_token", Reason: "alg none", Header: json.RawMessage(`{"alg":"none"}`)}, []string{"NOT VERIFIED", "alg none", `{"alg": "none"}`}},
		"own":      {trace.Decoded{What: "dpop_proof", Foreign: true}, []string{"for the server to verify"}},
	} {
		t.Run(name, func(t *testing.T) {
			records := told(c.e)
			records[0].At = time.Unix(1795430100-299, 0)
			got := parsed(t, pageOf(t, records)).text("token")
			for _, want := range c.says {
				if !strings.Contains(got, strings.ReplaceAll(want, "2026-11-23 10:35:00", time.Unix(1795430100, 0).UTC().Format(time.DateTime))) {
					t.Errorf("no %q in %s", want, got)
				}
			}
		})
	}
}

func TestHTMLCutsBodies(t *testing.T) {
	for name, c := range map[string]struct {
		body, want string
	}{
		"long text": {strings.Repeat("x", 1<<20), "cut here: 65.5 kB of 1.0 MB are shown"},
		"long JSON": {`{"a":"` + strings.Repeat("x", 1<<20) + `"}`, "cut here: 65.5 kB of 1.0 MB are shown"},
		"lines":     {strings.Repeat("x\n", 5000), "… 2000 more lines are not shown"},
	} {
		t.Run(name, func(t *testing.T) {
			page := pageOf(t, told(jsonAnswer("token", "POST", sampleIssuer, 200, c.body, ms)))
			if len(page) > 200_000 || !strings.Contains(page, c.want) {
				t.Errorf("%d octets; no %q", len(page), c.want)
			}
		})
	}
}

func poll(n int, status int, body string) []trace.Event {
	e := jsonAnswer("token", "POST", sampleIssuer+"/token", status, body, 10*ms)
	e.Poll = n
	return []trace.Event{trace.Built{Endpoint: "token", Method: "POST", Poll: n}, e, passed("V-TR-05", "error-form", "RFC 6749 §5.2")}
}

func TestHTMLFoldsPolls(t *testing.T) {
	var all []trace.Event
	for n := 1; n <= 4; n++ {
		all = append(all, poll(n, 400, `{"error":"authorization_pending"}`)...)
	}
	all = append(all, poll(5, 400, `{"error":"slow_down"}`)...)
	all = append(all, poll(6, 200, `{"access_token":"a"}`)...)
	p := parsed(t, pageOf(t, told(all...)))
	if got := p.text("polls"); len(p.find("polls")) != 1 || !strings.HasPrefix(got, "5 polls not yet: 4 × authorization_pending, 1 × slow_down") {
		t.Errorf("polls: %s", got)
	}
	if got := len(p.find("message")); got != 6 {
		t.Errorf("%d messages", got)
	}
	if got := len(p.find("arrow")); got != 4 {
		t.Errorf("%d arrows", got)
	}
}

// manyExchanges is a trace of some steps with 100 exchanges each.
func manyExchanges(n int) []trace.Record {
	var r Recorder
	t := newTeller(&r)
	t.run = "code"
	t.say(trace.RunStarted{Procedure: "code", Issuer: sampleIssuer})
	for i := range n {
		if i%100 == 0 {
			t.say(trace.StepStarted{Title: fmt.Sprintf("Step of %d", i)})
		}
		t.tokenRequest()
		t.say(tokenExchange(200, sampleTokens()), passed("V-TR-05", "access-token-present", "RFC 6749 §5.1"), trace.Finding{ID: "x", Code: "V-X", Outcome: trace.Fail, Detail: "no", Evidence: []int{t.last()}})
	}
	t.say(trace.Ended{OK: true, Took: time.Minute})
	return r.Records()
}

func (t *teller) last() int { return int(t.at.Sub(sampleStart) / (11 * ms)) }

func TestHTMLOfManyExchanges(t *testing.T) {
	s := pageOf(t, manyExchanges(300))
	p := parsed(t, s)
	if got := len(p.find("arrow")); got != 400 {
		t.Errorf("%d arrows", got)
	}
	if got := p.text("omitted"); got != "⋮ 100 messages are not drawn here; the steps below hold all of them" {
		t.Error(got)
	}
	if got := len(p.find("message")); got != 300 {
		t.Errorf("%d messages", got)
	}
	if got := p.text("summary"); !strings.Contains(got, "300 failed") || !strings.Contains(got, "and 240 more, in the steps below") {
		t.Error(got[:200])
	}
}

// No part of a time may stick out of its bar, whatever a trace says.
func TestHTMLTiming(t *testing.T) {
	for name, c := range map[string]struct {
		t    trace.Timing
		want string
	}{
		"all":      {trace.Timing{DNS: 10 * ms, Connect: 10 * ms, TLS: 20 * ms, FirstByte: 80 * ms, Total: 100 * ms}, "DNS 0.00% 10.00%, connect 10.00% 10.00%, TLS 20.00% 20.00%, wait 40.00% 40.00%, receive 80.00% 20.00%"},
		"reused":   {trace.Timing{FirstByte: 50 * ms, Total: 100 * ms, Reused: true}, "wait 0.00% 50.00%, receive 50.00% 50.00%"},
		"no byte":  {trace.Timing{Connect: 50 * ms, Total: 100 * ms}, "connect 0.00% 50.00%, wait 50.00% 50.00%"},
		"too much": {trace.Timing{DNS: 70 * ms, Connect: 70 * ms, TLS: 1e18, FirstByte: 1e18, Total: 100 * ms}, "DNS 0.00% 70.00%, connect 70.00% 30.00%"},
		"negative": {trace.Timing{DNS: -70 * ms, FirstByte: -ms, Total: 100 * ms}, "wait 0.00% 100.00%"},
		"none":     {trace.Timing{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			if m := timing(c.t); m != nil {
				for _, p := range m.Parts {
					got = append(got, p.Name+" "+p.At+" "+p.Wide)
				}
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("%s, want %s", s, c.want)
			}
		})
	}
}

func BenchmarkHTML(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		records := manyExchanges(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if err := writeHTML(io.Discard, records); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
