package output

import (
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// request shows what is about to be sent, and why each part of it is there.
func (t *Terminal) request(run string, e trace.Built) {
	t.built[run] = e.Endpoint
	t.gap()
	t.requestLine(e.Method, e.URL, e.In)
	var ps []trace.Param
	for _, h := range e.Headers {
		h.Name += ":"
		ps = append(ps, h)
	}
	t.params(append(ps, e.Params...))
}

func (t *Terminal) requestLine(method, u, in string) {
	method = elideEnd(Clean(method), 16)
	front := row{{text: "  "}, {tone: sent, text: "→ "}, {tone: strong, text: method + " "}}
	next := row{{text: strings.Repeat(" ", front.width())}}
	after := map[string]string{"body": "  form body", "query": "  query"}[in]
	if in != "" {
		after += t.number()
	}
	u = Clean(u)
	if !t.o.Verbose {
		u = elideMiddle(u, t.width-front.width()-width(after))
	}
	t.hang(front, next, bit{text: u}, bit{tone: dim, text: after})
}

// number is the place in the trace, which findings and diagnoses refer to.
func (t *Terminal) number() string {
	if !t.o.Verbose {
		return ""
	}
	return "  #" + strconv.Itoa(t.seq)
}

// columns are the widths of a table of parameters. Zero leaves one out.
type columns struct{ name, value, why, ref int }

const paramIndent = 6

// fitColumns shares the width out: the value comes first, then the reference
// at the right edge, and the reason when there is room for a sentence of it.
func (t *Terminal) fitColumns(ps []trace.Param) columns {
	var c columns
	edge := 0 // width of the last column when there are no reasons
	for _, p := range ps {
		c.name = max(c.name, width(Clean(p.Name)))
		c.value = max(c.value, width(Clean(p.Value)))
		c.why = max(c.why, width(why(p)))
		c.ref = max(c.ref, width(lastColumn(p, true)))
		edge = max(edge, width(lastColumn(p, false)))
	}
	c.name = min(c.name, 24, t.width*2/5)
	free := t.width - paramIndent - c.name - 2
	if t.o.Verbose || t.width < 70 {
		return columns{name: c.name, value: free}
	}
	// A value that is elided tells less than a reason that is.
	value := min(c.value, max(34, free*2/5))
	if reason := free - value - 2 - c.ref - 2; t.width >= 100 && c.why > 0 && reason >= 24 {
		return columns{c.name, value, reason, c.ref}
	}
	return columns{name: c.name, value: free - edge - 2, ref: edge}
}

// why says who put a parameter there, when it was the person, and what for.
func why(p trace.Param) string {
	by := ""
	if strings.HasPrefix(p.Origin.By, "--") {
		by = Clean(p.Origin.By)
	}
	if p.Bent {
		by = joined(" ", "bent by", Clean(p.Origin.By))
	}
	return joined(" · ", by, Clean(p.Origin.Why))
}

func joined(sep string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, sep)
}

// params shows parameters in aligned columns: name, value, why, reference.
func (t *Terminal) params(ps []trace.Param) {
	if len(ps) == 0 {
		return
	}
	c := t.fitColumns(ps)
	for _, p := range ps {
		if t.o.Verbose {
			t.paramWhole(c, p)
		} else {
			t.param(c, p)
		}
	}
}

func (t *Terminal) param(c columns, p trace.Param) {
	name, value := t.nameAndValue(c, p)
	r := row{{text: "      "}, name, {text: "  "}, value}
	if p.Bent {
		r[0] = bit{tone: warn, text: "    ! "}
	}
	if c.ref == 0 && c.why == 0 {
		t.put(nil, r...)
		if p.Bent {
			t.indented(paramIndent+2, say(warn, joined(" ", "bent by", p.Origin.By)))
		}
		return
	}
	r[3].text = pad(r[3].text, c.value)
	if c.why > 0 {
		r = append(r, bit{text: "  "}, bit{tone: whyTone(p), text: pad(elideEnd(why(p), c.why), c.why)})
	}
	last := lastColumn(p, c.why > 0)
	t.put(nil, append(r, bit{text: "  "}, bit{tone: whyTone(p), text: last, href: link(last)})...)
}

// lastColumn is the reference, or, where no column has the reason, the flag
// when it was the person who put the parameter there.
func lastColumn(p trace.Param, reasons bool) string {
	switch {
	case reasons:
		return citation(p.Origin.Ref)
	case p.Bent:
		return elideEnd("bent by "+Clean(p.Origin.By), 22)
	case strings.HasPrefix(p.Origin.By, "--"):
		return elideEnd(Clean(p.Origin.By), 22)
	default:
		return citation(p.Origin.Ref)
	}
}

func whyTone(p trace.Param) tone {
	if p.Bent {
		return warn
	}
	return dim
}

func (t *Terminal) nameAndValue(c columns, p trace.Param) (name, value bit) {
	n, v, to := Clean(p.Name), Clean(p.Value), plain
	if _, is := maskTag(lastWord(p.Value)); is || p.Secret {
		to = veiled
	}
	if !t.o.Verbose {
		n = elideMiddle(n, c.name)
		if s := Clean(shorten(p.Value)); width(v) > c.value {
			v = s
		}
		v = elideMiddle(v, c.value)
	}
	if v == "" {
		v, to = "(empty)", dim
	}
	return bit{tone: key, text: pad(n, c.name)}, bit{tone: to, text: v}
}

// lastWord is a value without the scheme that may stand before it.
func lastWord(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

// paramWhole shows a parameter with all there is to say about it.
func (t *Terminal) paramWhole(c columns, p trace.Param) {
	name, value := t.nameAndValue(c, p)
	indent := strings.Repeat(" ", paramIndent)
	first := row{{text: indent}, name, {text: "  "}}
	if p.Bent {
		first[0] = bit{tone: warn, text: "    ! "}
	}
	t.hang(first, row{{text: strings.Repeat(" ", first.width())}}, value)
	bent := ""
	if p.Bent {
		bent = "bent"
	}
	if about := joined(" · ", bent, Clean(p.Origin.By), Clean(p.Origin.Ref), Clean(p.Origin.Why)); about != "" {
		t.text(paramIndent+c.name+2, whyTone(p), about)
	}
}
