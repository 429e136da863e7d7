package output

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// exchange shows what went over the wire. When the request has just been shown
// as it was meant, only the answer is new.
func (t *Terminal) exchange(run string, e trace.Exchanged) {
	built, ok := t.built[run]
	if ok = ok && built == e.Endpoint; ok {
		delete(t.built, run)
	} else {
		t.gap()
		t.requestLine(e.Request.Method, e.Request.URL, "")
	}
	if t.o.Verbose {
		t.wire("→", sent, requestTarget(e.Request), e.Request.Header)
		if !ok && e.Request.Body != "" {
			t.body(e.Request, dim)
		}
	}
	if e.Failure != nil && e.Response.Status == 0 {
		t.broken(e)
		return
	}
	t.statusLine(e)
	if t.o.Verbose {
		t.wire("←", got, e.Response.Proto+" "+strconv.Itoa(e.Response.Status), e.Response.Header)
		t.connection(e)
	} else {
		t.telling(e.Response)
	}
	t.answer(e)
	if e.Failure != nil {
		t.broken(e)
	}
}

func requestTarget(m trace.Message) string {
	target := m.URL
	if u, err := url.Parse(m.URL); err == nil {
		target = u.RequestURI()
	}
	return joined(" ", m.Method, target, m.Proto)
}

func (t *Terminal) broken(e trace.Exchanged) {
	text := joined(": ", e.Failure.Kind, e.Failure.Text)
	if e.Timing.Total > 0 {
		text += " (after " + duration(e.Timing.Total) + ")"
	}
	for i, l := range t.paragraph(text, t.width-4, 6) {
		front := "    "
		if i == 0 {
			front = "  ✗ "
		}
		t.put(row{{tone: fail, text: front}}, bit{tone: fail, text: l})
	}
}

// statusLine sums an answer up in one line.
func (t *Terminal) statusLine(e trace.Exchanged) {
	m := e.Response
	to := got
	switch {
	case m.Status >= 400:
		to = fail
	case m.Status >= 300:
		to = moved
	}
	status := joined(" ", strconv.Itoa(m.Status), http.StatusText(m.Status))
	parts := []string{mediaType(m)}
	if m.Size > 0 || m.Body != "" {
		parts = append(parts, size(max(m.Size, int64(len(m.Body)))))
	}
	if e.Timing.Total > 0 {
		parts = append(parts, duration(e.Timing.Total))
	}
	if e.Try > 1 {
		parts = append(parts, "try "+strconv.Itoa(e.Try))
	}
	rest := ""
	if s := joined(" · ", parts...); s != "" {
		rest = " · " + s
	}
	t.put(row{{text: "  "}, {tone: to, text: "← "}}, say(to, status), say(dim, rest+t.number()))
}

func mediaType(m trace.Message) string {
	s, _, _ := strings.Cut(fieldValue(m, "Content-Type"), ";")
	return elideEnd(Clean(strings.ToLower(strings.TrimSpace(s))), 40)
}

func fieldValue(m trace.Message, name string) string {
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// telling shows the few header fields that say what the answer means.
func (t *Terminal) telling(m trace.Message) {
	for _, f := range m.Header {
		switch strings.ToLower(f.Name) {
		case "location", "www-authenticate", "retry-after", "dpop-nonce":
			front := row{{text: "    "}, say(key, elideEnd(Clean(f.Name), 24)+": ")}
			t.put(front, bit{text: elideMiddle(Clean(f.Value), t.width-front.width())})
		}
	}
}

// wire shows a start line and header fields as they were sent.
func (t *Terminal) wire(arrow string, to tone, start string, fields []trace.Field) {
	gutter := row{{text: "    "}, {tone: to, text: arrow + " "}}
	t.put(gutter, say(dim, strings.TrimSpace(start)))
	for _, f := range fields {
		t.put(gutter, say(key, f.Name+": "), say(dim, f.Value))
	}
}

// connection shows how long the parts took and who answered.
func (t *Terminal) connection(e trace.Exchanged) {
	tm := e.Timing
	var parts []string
	for _, p := range []struct {
		name string
		took time.Duration
	}{{"dns", tm.DNS}, {"connect", tm.Connect}, {"tls", tm.TLS}, {"first byte", tm.FirstByte}, {"total", tm.Total}} {
		if p.took > 0 {
			parts = append(parts, p.name+" "+duration(p.took))
		}
	}
	if tm.Reused {
		parts = append(parts, "connection reused")
	}
	if tm.Sent > 1 {
		parts = append(parts, "sent "+strconv.Itoa(tm.Sent)+" times")
	}
	if len(parts) > 0 {
		t.text(4, dim, "time: "+strings.Join(parts, " · "))
	}
	if p := e.Peer; p != nil {
		t.text(4, dim, "peer: "+joined(" · ", p.Addr, p.Name, p.Version, p.Cipher, p.ALPN))
		for _, c := range p.Chain {
			t.text(4, dim, fmt.Sprintf("certificate: %s, issued by %s, until %s", c.Subject, c.Issuer, c.NotAfter.UTC().Format("2006-01-02")))
		}
	}
}

// answer shows the body, or what can be said of it in a line.
func (t *Terminal) answer(e trace.Exchanged) {
	m := e.Response
	edge := dim
	if m.Status >= 400 {
		edge = fail
	}
	switch {
	case m.Body == "" && !m.Truncated:
		return
	case t.o.Verbose:
		t.body(m, edge)
	case m.Base64:
		t.indented(4, say(dim, "binary data"))
	case isPage(m):
		t.indented(4, say(dim, "a page"), say(plain, title(m.Body)))
	default:
		if s, ok := folded(e); ok {
			t.indented(4, s...)
		} else {
			t.body(m, edge)
		}
	}
	if m.Truncated {
		t.indented(4, say(warn, "! there was more than is kept"))
	}
}

func isPage(m trace.Message) bool {
	return strings.Contains(mediaType(m), "html") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(m.Body[:min(len(m.Body), 64)])), "<!doctype html")
}

// title is what a page calls itself.
func title(page string) string {
	m := regexp.MustCompile(`(?is)<title[^>]*>([^<]{0,400})`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	s := strings.Join(strings.Fields(html.UnescapeString(m[1])), " ")
	return " “" + elideEnd(Clean(s), 60) + "”"
}

// folded is one line about an answer that is long and well known: metadata and
// key sets.
func folded(e trace.Exchanged) (row, bool) {
	n, ok := parseJSON(e.Response.Body)
	if !ok || e.Response.Status >= 300 || e.Request.Method != http.MethodGet {
		return nil, false
	}
	if keys, ok := n.get("keys"); ok && keys.kind == '[' {
		return row{say(plain, count(len(keys.kids), "key", "keys")), say(dim, keyNames(keys))}, true
	}
	_, authorization := n.get("authorization_endpoint")
	_, token := n.get("token_endpoint")
	_, servers := n.get("authorization_servers")
	if len(n.kids) < 4 || !authorization && !token && !servers {
		return nil, false
	}
	about := ""
	if s := joined(", ", n.word("issuer"), n.word("resource")); s != "" {
		about = " of " + s
	}
	return row{say(plain, count(len(n.kids), "member", "members")), say(dim, about)}, true
}

func keyNames(keys node) string {
	var out []string
	for _, k := range keys.kids {
		out = append(out, joined(" ", k.word("kty"), k.word("crv"), k.word("kid")))
	}
	if len(out) > 6 {
		out = append(out[:6], "…")
	}
	return ": " + strings.Join(out, ", ")
}
