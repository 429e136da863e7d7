package output

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// inkClasses are what tones are called in the style sheet. What has none is in
// the colour of the text around it.
var inkClasses = [tones]markup{
	dim: "s", strong: "b", sent: "a", fail: "x", warn: "w", key: "k", str: "q", num: "n", lit: "l", veiled: "v",
}

// An ink writes text of several tones as HTML.
type ink struct{ b strings.Builder }

func (k *ink) put(t tone, s string) {
	switch class := inkClasses[t]; {
	case s == "":
	case class == "":
		k.b.WriteString(string(text(s)))
	default:
		k.b.WriteString(string(`<span class="` + class + `">`))
		k.b.WriteString(string(text(s)))
		k.b.WriteString("</span>")
	}
}

func (k *ink) row(r row) {
	for _, x := range r {
		k.put(x.tone, x.text)
	}
	k.b.WriteByte('\n')
}

func (k *ink) rows(all []row) markup {
	for _, r := range all[:min(len(all), mostRows)] {
		k.row(r)
	}
	if more := len(all) - mostRows; more > 0 {
		k.row(row{{tone: warn, text: "… " + count(more, "more line is", "more lines are") + " not shown"}})
	}
	return k.html()
}

// html is what has been written.
func (k *ink) html() markup { return markup(k.b.String()) }

const (
	mostBody  = 64 << 10 // octets of a body that are shown
	mostRows  = 3000     // lines of one
	pageWidth = 96       // columns that JSON is laid out for; the browser breaks what is longer
)

// bodyMarkup is a body as it is shown, and what there is to remark on it.
func bodyMarkup(m trace.Message, at time.Time) (body markup, note string) {
	if m.Truncated {
		note = "the answer went on: only the first " + size(int64(len(m.Body))) + " were kept"
	}
	if m.Base64 {
		return binaryMarkup(m), joined("; ", "binary", note)
	}
	var k ink
	if len(m.Body) > mostBody {
		note = joined("; ", "cut here: "+size(mostBody)+" of "+size(max(m.Size, int64(len(m.Body))))+" are shown", note)
		return k.rows(bodyLines(m.Body[:mostBody])), note
	}
	if n, ok := parseJSON(m.Body); ok {
		return k.rows(emphasized(jsonLook{width: pageWidth, whole: true, at: at}.rows(n))), note
	}
	return k.rows(bodyLines(m.Body)), note
}

func bodyLines(s string) []row {
	if s == "" {
		return nil
	}
	var out []row
	for _, l := range lines(s) {
		out = append(out, row{{text: l}})
	}
	return out
}

func binaryMarkup(m trace.Message) markup {
	var k ink
	front := m.Body[:min(len(m.Body), 1024)] // a multiple of 4 octets of base64
	b, err := base64.StdEncoding.DecodeString(front)
	if err != nil {
		return k.rows(bodyLines(front))
	}
	return k.rows(bodyLines(hex.Dump(b)))
}

// jsonMarkup is a piece of JSON laid out over lines.
func jsonMarkup(raw string, at time.Time) markup {
	if raw == "" || raw == "null" {
		return ""
	}
	body, _ := bodyMarkup(trace.Message{Body: raw, Size: int64(len(raw))}, at)
	return body
}

// jsonLine is a piece of JSON on one line.
func jsonLine(raw string) markup {
	n, ok := parseJSON(raw)
	one := jsonLook{whole: true}.inline(n)
	if !ok || n.scalar() || one == nil || len(raw) > mostBody {
		return ""
	}
	var k ink
	for _, x := range one {
		k.put(x.tone, x.text)
	}
	return k.html()
}

// requestMarkup is a request as it was on the wire.
func requestMarkup(m trace.Message) (markup, string) {
	var k ink
	k.row(row{say(strong, m.Method), {text: " "}, say(plain, strings.TrimPrefix(requestTarget(m), m.Method+" "))})
	k.fields(m.Header)
	if m.Body == "" {
		return k.html(), ""
	}
	k.b.WriteByte('\n')
	body, note := bodyMarkup(m, time.Time{})
	return k.html() + body, note
}

// answerMarkup is the start of an answer as it was on the wire.
func answerMarkup(m trace.Message) markup {
	var k ink
	to := plain
	if m.Status >= http.StatusBadRequest {
		to = fail
	}
	k.row(row{say(dim, joined("", m.Proto, " ")), say(strong, strconv.Itoa(m.Status)), {text: " "}, say(to, http.StatusText(m.Status))})
	k.fields(m.Header)
	return k.html()
}

func (k *ink) fields(all []trace.Field) {
	for i, f := range all {
		if i >= mostRows {
			k.row(row{{tone: warn, text: "… " + count(len(all)-i, "more field", "more fields")}})
			return
		}
		k.row(row{say(key, f.Name+": "), say(plain, f.Value)})
	}
}
