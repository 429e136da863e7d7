package output

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Discover writes the report of a discovery for a person: what the server says
// of itself, by group, what speaks against it, and last what nobody knows.
func Discover(w io.Writer, records []trace.Record, o TerminalOptions) error {
	var b bytes.Buffer
	t := NewTerminal(&b, o)
	var members []trace.Member
	var findings []trace.Finding
	for _, r := range records {
		t.now, t.seq, t.run = r.At, r.Seq, r.Run
		switch e := r.Event.(type) {
		case trace.Described:
			members = append(members, e.Members...)
		case trace.Finding:
			findings = append(findings, e)
		}
	}
	groups := groupsOf(members)
	for i, name := range groups {
		if i == len(groups)-1 && strings.HasPrefix(name, "members that") {
			t.judged(findings)
			findings = nil
		}
		switch all := part(members, name); name {
		case "capabilities":
			t.capabilities(name, all)
		case "keys":
			t.keys(name, all)
		default:
			t.members(name, all)
		}
	}
	t.judged(findings)
	t.flush()
	_, err := b.WriteTo(w)
	return err
}

// groupsOf are the groups of members in the order in which they come.
func groupsOf(all []trace.Member) []string {
	var names []string
	for _, m := range all {
		if !slices.Contains(names, m.In) {
			names = append(names, m.In)
		}
	}
	return names
}

// members shows a group of metadata: a short value beside its name, a long list
// below, so that lists can be read at any width.
func (t *Terminal) members(heading string, all []trace.Member) {
	t.gap()
	t.section(heading)
	name, value, whole := 0, 0, 0
	for _, m := range all {
		if n := width(Clean(m.Name)); t.beside(m) {
			name, value = max(name, n), max(value, width(Clean(m.Value)))
		}
	}
	for _, m := range all {
		if t.beside(m) {
			whole = max(whole, name+value+6+width(t.meaning(m)))
		}
	}
	front := row{{text: "  "}}
	for _, m := range all {
		means := t.meaning(m)
		if t.beside(m) && 4+name+width(Clean(m.Value)) <= t.width {
			r := row{{tone: key, text: pad(Clean(m.Name), name) + "  "}, {tone: valueTone(m), text: Clean(m.Value)}}
			if whole <= t.width && means != "" {
				r = append(r, bit{text: strings.Repeat(" ", value-width(Clean(m.Value))+2)}, bit{tone: dim, text: means})
			}
			t.put(front, r...)
			continue
		}
		left := row{{tone: key, text: Clean(m.Name)}}
		if room := t.width - 4 - left.width(); room >= width(means) {
			left = append(left, bit{tone: dim, text: "  " + means})
		}
		t.put(front, left...)
		for _, l := range t.paragraph(m.Value, t.width-6, 12) {
			t.put(row{{text: "      "}}, bit{tone: valueTone(m), text: l})
		}
	}
}

// beside reports whether a value has its place beside its name.
func (t *Terminal) beside(m trace.Member) bool {
	name := Clean(m.Name)
	return width(name) <= 48 && 4+width(name)+width(Clean(m.Value)) <= t.width
}

// capabilities shows what a server can do and what not, in as many columns as
// there is room for.
func (t *Terminal) capabilities(heading string, all []trace.Member) {
	t.gap()
	t.section(heading)
	spec, what := 0, 0
	for _, m := range all {
		spec, what = max(spec, width(Clean(m.Name))), max(what, width(Clean(m.Means)))
	}
	spec = min(spec, widestName)
	cell := 2 + spec + 2 + what
	columns := min(max((t.width-2+3)/(cell+3), 1), 3)
	rows := (len(all) + columns - 1) / columns
	for i := range rows {
		line := row{}
		for c := range columns {
			at := c*rows + i
			if at >= len(all) {
				break
			}
			if c > 0 {
				line = append(line, bit{text: strings.Repeat(" ", max(c*(cell+3)-line.width(), 1))})
			}
			line = append(line, capabilityCell(all[at], spec)...)
		}
		t.put(row{{text: "  "}}, line...)
	}
}

func capabilityCell(m trace.Member, spec int) row {
	to, name := dim, dim
	if m.Value == "✓" {
		to, name = pass, plain
	}
	return row{{tone: to, text: Clean(m.Value) + " "}, {tone: name, text: pad(elideEnd(Clean(m.Name), spec), spec) + "  "}, {tone: dim, text: Clean(m.Means)}}
}

// keys shows each key in a line, or in two, and what is wrong with it below.
func (t *Terminal) keys(heading string, all []trace.Member) {
	t.gap()
	t.section(heading)
	name, value := 0, 0
	for _, m := range all {
		name, value = max(name, width(elideMiddle(Clean(m.Name), widestName))), max(value, width(elideEnd(Clean(m.Value), 40)))
	}
	const most = 100
	for i, m := range all {
		if i == most && !t.o.Verbose {
			t.text(2, dim, "… "+count(len(all)-i, "more key", "more keys")+", -v shows them")
			return
		}
		thumbprint, problems, _ := strings.Cut(m.Means, "; ")
		front := row{{tone: key, text: pad(elideMiddle(Clean(m.Name), name), name) + "  "}, {text: pad(elideEnd(Clean(m.Value), value), value)}}
		if beside := append(front[:2:2], bit{tone: dim, text: "  " + Clean(thumbprint)}); beside.width() <= t.width-2 {
			t.put(row{{text: "  "}}, beside...)
		} else {
			t.put(row{{text: "  "}}, front...)
			t.text(6, dim, thumbprint)
		}
		if problems != "" {
			t.text(6, fail, problems)
		}
	}
}

// described says in the narrative that there is a report.
func (t *Terminal) described(e trace.Described) {
	t.put(row{{text: "  "}, {tone: info, text: "i "}}, say(plain, e.What+" in words: "+count(len(e.Members), "member", "members")))
}
