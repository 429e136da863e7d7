package output

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// record shows one record in its place.
func (m *markdown) record(r trace.Record) {
	switch e := r.Event.(type) {
	case trace.StepStarted:
		m.put("\n## ", strconv.Itoa(e.N), " ", markdownText(e.Title, markdownWord), "\n")
		m.paragraph(joined(" ", markdownText(e.Why, markdownLine), markdownBracketed(markdownText(e.Spec, markdownWord))))
	case trace.Exchanged:
		m.exchange(r.Seq, e)
	case trace.Opened:
		by := joined(" ", "by", markdownText(e.By, markdownWord))
		if e.By == "" {
			by = "by hand"
		}
		m.paragraph("→ opened " + by + ": " + markdownCode(e.URL, markdownField))
	case trace.Returned:
		m.returned(r.Seq, e)
	case trace.Decoded:
		m.decoded(r.Seq, e)
	case trace.Finding:
		if e.Outcome != trace.Pass && e.Outcome != trace.Skip && !isRemarkCode(e) {
			m.paragraph(markdownSign(e.Outcome) + " **" + markdownText(joined(" ", e.Code, e.ID), markdownWord) + "** " + markdownText(e.Detail, markdownLine))
		}
	case trace.Note:
		m.paragraph("i " + joined(" ", markdownText(e.Text, markdownField), markdownBracketed(markdownText(e.Ref, markdownWord))))
		if len(e.Lines) > 0 {
			m.put("\n", markdownFence("text", markdownRows(e.Lines)))
		}
	case trace.Obtained:
		m.paragraph("◆ obtained " + joined(": ", markdownText(e.What, markdownWord), markdownText(strings.Join(memberNames(e.Body), ", "), markdownLine)))
	}
}

func markdownBracketed(s string) string { return strings.TrimSpace(bracketed(s)) }

func memberNames(body json.RawMessage) []string {
	n, ok := parseJSON(string(body))
	if !ok {
		return nil
	}
	return n.keys[:min(len(n.keys), 12)]
}

func (m *markdown) paragraph(s string) {
	if s = strings.TrimSpace(s); s != "" {
		m.put("\n", s, "\n")
	}
}

// markdownRows are foreign lines, cut to what is shown.
func markdownRows(all []string) []string {
	var out []string
	for _, l := range all[:min(len(all), markdownMost)] {
		out = append(out, elideEnd(Clean(l[:min(len(l), 8*markdownField)]), markdownField))
	}
	if more := len(all) - len(out); more > 0 {
		out = append(out, "… "+count(more, "more line", "more lines"))
	}
	return out
}

func (m *markdown) anchor(seq int) {
	m.put("\n<a id=\"record-", strconv.Itoa(seq), "\"></a>\n")
}

// exchange is folded, and open when it is what went wrong.
func (m *markdown) exchange(seq int, e trace.Exchanged) {
	open, says := "", ""
	switch {
	case e.Failure != nil && e.Response.Status == 0:
		open, says = " open", "✗ "+joined(": ", e.Failure.Kind, e.Failure.Text)
	default:
		if e.Response.Status >= 400 || e.Failure != nil {
			open = " open"
		}
		says = "← " + joined(" ", strconv.Itoa(e.Response.Status), http.StatusText(e.Response.Status))
	}
	for _, part := range []struct {
		name string
		n    int
	}{{"try", e.Try}, {"poll", e.Poll}} {
		if part.n > 1 {
			says += " · " + part.name + " " + strconv.Itoa(part.n)
		}
	}
	if e.Timing.Total > 0 {
		says += " · " + duration(e.Timing.Total)
	}
	m.anchor(seq)
	front, _, _ := strings.Cut(e.Request.URL, "?")
	m.put("<details", open, ">\n<summary><code>", markdownHTML(joined(" ", e.Request.Method, front), 200), "</code> ",
		"<code>", markdownHTML(says, markdownLine), "</code> · record ", strconv.Itoa(seq), "</summary>\n\n")
	m.message(requestTarget(e.Request), e.Request)
	if e.Response.Status != 0 {
		m.put("\n")
		m.message(joined(" ", e.Response.Proto, strconv.Itoa(e.Response.Status), http.StatusText(e.Response.Status)), e.Response)
	}
	if e.Failure != nil {
		m.paragraph("✗ " + markdownText(joined(": ", e.Failure.Kind, e.Failure.Text), markdownField))
	}
	m.put("\n</details>\n")
}

// message is one side as it was on the wire.
func (m *markdown) message(start string, x trace.Message) {
	all := []string{start}
	for _, f := range x.Header {
		all = append(all, f.Name+": "+f.Value)
	}
	rows := markdownRows(all)
	body, more := markdownBodyRows(x)
	if len(body) > 0 {
		rows = append(append(rows, ""), body...)
	}
	m.put(markdownFence("http", rows))
	if more > 0 {
		m.paragraph("… " + count(more, "more octet", "more octets") + " of the body in the trace")
	}
	if x.Truncated {
		m.paragraph("! there was more than is kept")
	}
}

// markdownBodyRows is as much of a body as is shown, and how much is not.
func markdownBodyRows(x trace.Message) (rows []string, more int) {
	most := markdownBody
	switch {
	case x.Body == "":
		return nil, 0
	case x.Base64:
		most = markdownPage
	case isPage(x):
		most = markdownPage
	}
	s := x.Body
	if len(s) > most {
		for most > 0 && s[most]&0xc0 == 0x80 { // not within a character
			most--
		}
		s, more = s[:most], len(s)-most
	}
	if x.Base64 {
		return []string{"(base64) " + Clean(s)}, more
	}
	return lines(s), more
}

func (m *markdown) returned(seq int, e trace.Returned) {
	m.anchor(seq)
	says := "← back by " + markdownText(e.Via, markdownWord)
	if e.Via == "" {
		says = "· ignored"
	}
	says += ": " + markdownCode(joined(" ", e.Method, e.Path), markdownWord)
	if !e.Used {
		says += ", not used " + markdownBracketed(markdownText(e.Reason, markdownLine))
	}
	m.paragraph(says + " · record " + strconv.Itoa(seq))
	var all []string
	for _, p := range e.Params {
		all = append(all, p.Name+" = "+p.Value)
	}
	if len(all) > 0 {
		m.put("\n", markdownFence("text", markdownRows(all)))
	}
}

// decoded shows a token as JSON, and whether to believe it.
func (m *markdown) decoded(seq int, e trace.Decoded) {
	_, verdict := verdictOf(e)
	m.anchor(seq)
	m.put("<details>\n<summary><code>", markdownHTML(e.What, markdownWord), "</code> ", verdict, " <code>",
		markdownHTML(e.Reason, markdownLine), "</code> · record ", strconv.Itoa(seq), "</summary>\n")
	for _, raw := range []json.RawMessage{e.Header, e.Claims} {
		if len(raw) > 0 && string(raw) != "null" {
			m.put("\n", markdownFence("json", markdownJSON(string(raw))))
		}
	}
	m.put("\n</details>\n")
}

// markdownJSON lays a JSON text out over lines. What is long or deep stays as
// it is, and is cut.
func markdownJSON(raw string) []string {
	if n, ok := parseJSON(raw); ok && len(raw) <= 2*markdownBody {
		var out []string
		markdownLay(&out, n, "", "", "")
		return out
	}
	return []string{elideEnd(Clean(raw[:min(len(raw), 4*markdownBody)]), markdownBody)}
}

func markdownLay(out *[]string, n node, indent, front, comma string) {
	if n.scalar() || len(n.kids) == 0 {
		*out = append(*out, indent+front+jsonLook{whole: true}.scalarBit(n, 1<<20).text+comma)
		return
	}
	*out = append(*out, indent+front+string(n.kind))
	for i, kid := range n.kids {
		name, sep := "", ","
		if n.kind == '{' {
			name = quote(n.keys[i]) + ": "
		}
		if i == len(n.kids)-1 {
			sep = ""
		}
		markdownLay(out, kid, indent+"  ", name, sep)
	}
	*out = append(*out, indent+map[byte]string{'{': "}", '[': "]"}[n.kind]+comma)
}
