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

// columns are the widths of a table of parameters. Without an about column,
// what is to be said of a parameter stands under it.
type columns struct{ name, value, about int }

const paramIndent = 6

// fitColumns shares the width out. A reason is never cut: it stands beside the
// value where there is room for half a sentence, and under it elsewhere.
func (t *Terminal) fitColumns(ps []trace.Param) columns {
	var c columns
	for _, p := range ps {
		c.name = max(c.name, width(Clean(p.Name)))
		c.value = max(c.value, width(Clean(p.Value)))
	}
	c.name = min(c.name, 24, t.width*2/5)
	free := t.width - paramIndent - c.name - 2
	value := min(c.value, max(34, free*2/5))
	if about := free - value - 2; t.width >= 100 && about >= 40 && !t.o.Verbose {
		return columns{c.name, value, about}
	}
	return columns{name: c.name, value: free}
}

// about says who put a parameter there, when it was the person, what for, and
// by which section, which is never broken.
func (t *Terminal) about(p trace.Param, w int) []string {
	ref := Clean(p.Origin.Ref)
	lines := t.paragraph(reason(p), w, 6)
	last := len(lines) - 1
	switch {
	case ref == "":
	case lines[last] == "":
		lines[last] = ref
	case width(lines[last])+3+width(ref) <= w:
		lines[last] += " · " + ref
	default:
		lines = append(lines, ref)
	}
	return lines
}

func reason(p trace.Param) string {
	by := ""
	if strings.HasPrefix(p.Origin.By, "--") || strings.HasPrefix(p.Origin.By, "OAUTHPROBE_") {
		by = p.Origin.By
	}
	if p.Bent {
		by = joined(" ", "bent by", p.Origin.By)
	}
	return joined(" · ", by, p.Origin.Why)
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

// params shows parameters with what each is there for.
func (t *Terminal) params(ps []trace.Param) {
	if len(ps) == 0 {
		return
	}
	c := t.fitColumns(ps)
	for _, p := range ps {
		if c.about > 0 {
			t.paramBeside(c, p)
		} else {
			t.paramUnder(c, p)
		}
	}
}

// paramBeside has the reason in a column of its own.
func (t *Terminal) paramBeside(c columns, p trace.Param) {
	name, value := t.nameAndValue(c, p)
	value.text = pad(value.text, c.value)
	lines := t.about(p, c.about)
	t.put(nil, t.mark(p), name, bit{text: "  "}, value, bit{text: "  "}, bit{tone: whyTone(p), text: lines[0]})
	for _, l := range lines[1:] {
		t.indented(paramIndent+c.name+2+c.value+2, bit{tone: whyTone(p), text: l})
	}
}

// paramUnder has the reason under the value.
func (t *Terminal) paramUnder(c columns, p trace.Param) {
	name, value := t.nameAndValue(c, p)
	first := row{t.mark(p), name, {text: "  "}}
	if ref := Clean(p.Origin.Ref); ref != "" && !t.o.Verbose && width(value.text)+2+width(ref) <= c.value {
		value.text = pad(value.text, c.value-width(ref))
		t.put(nil, append(first, value, bit{tone: dim, text: ref})...)
		p.Origin.Ref = ""
	} else {
		t.hang(first, row{{text: strings.Repeat(" ", first.width())}}, value)
	}
	indent := paramIndent + c.name + 2
	if t.width < 70 {
		indent = paramIndent + 2
	}
	for _, l := range t.about(p, t.width-indent) {
		if l != "" {
			t.indented(indent, bit{tone: whyTone(p), text: l})
		}
	}
}

func (t *Terminal) mark(p trace.Param) bit {
	if p.Bent {
		return bit{tone: warn, text: "    ! "}
	}
	return bit{text: strings.Repeat(" ", paramIndent)}
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
