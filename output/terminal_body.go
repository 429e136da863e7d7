package output

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// mostLines is how much of a body is shown unless everything is to be seen.
const mostLines = 40

// body shows a body behind a bar, so that nothing in it can pass for a line of
// ours.
func (t *Terminal) body(m trace.Message, edge tone) {
	gutter := row{{text: "    "}, {tone: edge, text: "│ "}}
	rows := t.bodyRows(m, t.width-gutter.width())
	for i, r := range rows {
		if i >= mostLines && !t.o.Verbose && len(rows) > mostLines+1 {
			t.put(gutter, say(dim, "… "+count(len(rows)-i, "more line", "more lines")+", -v shows them"))
			return
		}
		// The rows fit, but for an error description: that is read to its end.
		t.wrapped(gutter, append(row{}, gutter[0], gutter[1], bit{text: "    "}), r)
	}
}

func (t *Terminal) bodyRows(m trace.Message, room int) []row {
	if m.Base64 {
		if b, err := base64.StdEncoding.DecodeString(m.Body); err == nil {
			return []row{{say(plain, string(b[:min(len(b), 4096)]))}} // enough to recognise it
		}
	}
	if n, ok := parseJSON(m.Body); ok {
		rows := jsonLook{width: room, whole: t.o.Verbose, at: t.now}.rows(n)
		return emphasized(rows)
	}
	if mediaType(m) == "application/x-www-form-urlencoded" {
		return t.formRows(m.Body, t.most(room))
	}
	var out []row
	for _, l := range lines(m.Body) {
		out = append(out, row{{text: elideEnd(t.shorten(l), t.most(room))}})
	}
	return out
}

// most is how long a line may be: as long as it is when everything is to be
// seen, because then it is wrapped.
func (t *Terminal) most(room int) int {
	if t.o.Verbose {
		return 1 << 30
	}
	return room
}

func (t *Terminal) shorten(s string) string {
	if t.o.Verbose {
		return s
	}
	return shorten(s)
}

// emphasized makes the error of an OAuth answer stand out (RFC 6749 §5.2).
func emphasized(rows []row) []row {
	for _, r := range rows {
		if len(r) > 3 && (r[1].text == `"error"` || r[1].text == `"error_description"`) {
			r[3].tone = fail
		}
	}
	return rows
}

// formRows are the fields of a form, one a line, in their order.
func (t *Terminal) formRows(s string, most int) []row {
	var out []row
	for pair := range strings.SplitSeq(s, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if n, err := url.QueryUnescape(name); err == nil {
			name = n
		}
		if v, err := url.QueryUnescape(value); err == nil {
			value = v
		}
		name = elideMiddle(Clean(name), 40)
		value = elideMiddle(Clean(t.shorten(value)), most-width(name)-3)
		out = append(out, row{{tone: key, text: name}, {text: " = "}, {tone: str, text: value}})
	}
	return out
}

// shorten elides what looks like a JOSE token to its first characters, and
// keeps the fingerprint of a masked one: that is what can be compared.
func shorten(s string) string {
	if !strings.HasPrefix(s, "eyJ") || strings.Count(s, ".") < 2 || len(s) < 24 || !base64Text(s[:10]) {
		return s
	}
	if tag, ok := maskTag(s); ok {
		return s[:10] + tag
	}
	return s[:10] + "…"
}
