package output

import (
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

const (
	widestName  = 22   // cells; a longer name has a line of its own
	mostValue   = 1200 // cells of a value that are shown, unless everything is
	narrowTable = 76   // below this what a member means stands under it
	fingerprint = 43   // cells of a SHA-256 in base64url, which is best seen whole
)

// A table is how the columns of a list of members are laid out.
type table struct{ indent, name, value, means int }

// table shows members under a heading: name, value, and what it means.
func (t *Terminal) table(heading string, all []trace.Member) {
	if len(all) == 0 {
		return
	}
	if heading != "" {
		t.gap()
		t.section(heading)
	}
	c := t.columns(all)
	for i, m := range all {
		nested := i+1 < len(all) && (strings.HasPrefix(all[i+1].Name, m.Name+".") || strings.HasPrefix(all[i+1].Name, m.Name+"[0]."))
		t.memberRows(c, m, nested)
	}
}

// columns fits the columns to what is in them.
func (t *Terminal) columns(all []trace.Member) table {
	c := table{indent: 2}
	widest := 0
	for _, m := range all {
		if n := width(head(Clean(m.Name), widestName+1)); n <= widestName {
			c.name = max(c.name, n)
		}
		widest = max(widest, width(head(Clean(m.Value), t.width)))
	}
	c.name = max(c.name, 4)
	room := t.width - c.indent - c.name - 2
	if t.width < narrowTable {
		c.value = room
		return c
	}
	c.value = min(widest, max(room*2/5, min(room-32, fingerprint)))
	c.means = room - c.value - 2
	return c
}

// memberRows shows one member over as many lines as it takes.
func (t *Terminal) memberRows(c table, m trace.Member, nested bool) {
	front := row{{text: strings.Repeat(" ", c.indent)}}
	name := Clean(m.Name)
	if !fits(name, c.name) {
		for _, l := range broken(name, t.width-c.indent) {
			t.put(front, bit{tone: key, text: l})
		}
		name = ""
	}
	value, to := t.valueLines(m.Value, c.value), valueTone(m)
	if nested {
		value, to = []string{"as follows"}, dim
	}
	means := wrapped(t.meaning(m), c.means)
	if c.means == 0 {
		means = nil
	}
	for i := range max(len(value), len(means), 1) {
		left := row{{tone: key, text: pad(name, c.name) + "  "}}
		if name = ""; i < len(value) {
			left = append(left, bit{tone: to, text: value[i]})
		}
		if i < len(means) {
			left = append(left, bit{text: strings.Repeat(" ", max(c.name+c.value+4-left.width(), 0))}, bit{tone: dim, text: means[i]})
		}
		t.put(front, left...)
	}
	if c.means == 0 {
		under := c.indent + 4
		for _, l := range wrapped(t.meaning(m), t.width-under) {
			t.put(row{{text: strings.Repeat(" ", under)}}, bit{tone: dim, text: l})
		}
	}
}

func valueTone(m trace.Member) tone {
	switch {
	case m.In == "token":
		return plain
	case m.Value == "true" || m.Value == "false" || m.Value == "null":
		return lit
	}
	if _, err := strconv.ParseFloat(m.Value, 64); err == nil {
		return num
	}
	return stringTone(m.Value)
}

// meaning is what a member means, and where that is written if there is room.
func (t *Terminal) meaning(m trace.Member) string {
	s := Clean(m.Means)
	if m.Ref != "" && (t.width >= 100 || t.o.Verbose) {
		s = joined(" ", s, "("+Clean(m.Ref)+")")
	}
	return s
}

// wrapped is text in lines, none for no text.
func wrapped(s string, w int) []string {
	if s == "" || w <= 0 {
		return nil
	}
	return wrap(s, w)
}

// valueLines breaks a value into lines. It is cut only when it is very long,
// and then it says so.
func (t *Terminal) valueLines(s string, w int) []string {
	s = Clean(s)
	rest := ""
	if !t.o.Verbose {
		front := head(s, mostValue)
		if left := len([]rune(s[len(front):])); left > 0 {
			s, rest = front, "… "+count(left, "more character", "more characters")+", -v shows them"
		}
	}
	out := broken(s, w)
	if rest != "" {
		out = append(out, wrap(rest, w)...)
	}
	return out
}

// broken breaks clean text into lines of w cells: after a space or a comma when
// one is near the end, so that lists can be read, and anywhere otherwise.
func broken(s string, w int) []string {
	w = max(w, 8)
	var out []string
	for !fits(s, w) {
		front := head(s, w)
		if at := strings.LastIndexAny(front, " ,"); at > len(front)/2 {
			front = front[:at+1]
		}
		out, s = append(out, front), s[len(front):]
	}
	return slices.Concat(out, []string{s})
}
