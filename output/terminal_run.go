package output

import (
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// runStarted gives the whole its title. When a run that prepares comes first,
// the title is that of what it prepares, which then needs no second one.
func (t *Terminal) runStarted(e trace.RunStarted) {
	name, doc, ref := e.Procedure, e.Doc, e.Spec
	if e.Before != "" {
		name, doc, ref = e.Before, e.Purpose, e.For
	}
	if t.titled == name {
		return
	}
	t.titled = name
	t.gap()
	t.apart(row{say(strong, "oauthprobe "+name), say(plain, "  "+firstLine(doc))}, t.reference(ref))
	t.parties(e.Issuer, e.Client)
	if t.o.Verbose {
		t.machine(e)
	}
}

// firstLine is the short form of a Doc.
func firstLine(doc string) string {
	line, _, _ := strings.Cut(doc, "\n")
	return line
}

func (t *Terminal) parties(server, client string) {
	var out []string
	if server != "" {
		out = append(out, "server "+server)
	}
	if client != "" {
		out = append(out, "client "+client)
	}
	if len(out) > 0 {
		t.put(nil, say(dim, strings.Join(out, " · ")))
	}
}

func (t *Terminal) machine(e trace.RunStarted) {
	if e.Version != "" {
		t.indented(0, say(dim, "oauthprobe "+e.Version))
	}
	m := e.Machine
	if m == nil {
		return
	}
	parts := []string{m.OS}
	if m.Terminal {
		parts = append(parts, "terminal")
	}
	parts = append(parts, m.Remote...)
	if m.Browser != "" {
		parts = append(parts, "browser: "+m.Browser)
	}
	if len(m.ProxyVars) > 0 {
		parts = append(parts, "proxy variables: "+strings.Join(m.ProxyVars, " "))
	}
	t.text(0, dim, strings.Join(parts, " · "))
}

func (t *Terminal) stepStarted(e trace.StepStarted) {
	t.gap()
	ref := t.reference(e.Spec)
	number := strconv.Itoa(e.N)
	room := t.width - width(number) - 3 - ref.width() - 4
	title := elideEnd(Clean(e.Title), max(room, 10))
	fill := max(room-width(title)+2, 2)
	t.put(nil, append(row{
		{tone: step, text: " " + number + "  "}, {tone: strong, text: title}, {text: " "},
		{tone: dim, text: strings.Repeat("─", fill)}, {text: " "},
	}, ref...)...)
	if e.Why != "" {
		t.text(len(number)+3, dim, e.Why)
	}
	t.gap()
}

// apart writes a row with something at its right edge, or under it when it
// does not fit.
func (t *Terminal) apart(left, right row) {
	free := t.width - left.width() - right.width()
	if right.width() == 0 || free < 2 {
		t.put(nil, left...)
		if right.width() > 0 && t.o.Verbose {
			t.indented(4, right...)
		}
		return
	}
	t.put(nil, append(append(left, bit{text: strings.Repeat(" ", free)}), right...)...)
}

func (t *Terminal) ended(run string, e trace.Ended) {
	if t.before[run] && e.OK {
		return
	}
	t.gap()
	t.rule(t.tally())
	if e.OK {
		t.time(row{{tone: pass, text: "✓ "}, say(strong, "done in "+duration(t.total.Took))})
		return
	}
	text := "no reason was recorded"
	if e.Failure != nil {
		text = e.Failure.Text
	}
	t.time(row{{tone: fail, text: "✗ "}, say(strong, "failed after "+duration(t.total.Took)+", exit "+strconv.Itoa(e.Exit))})
	if t.o.Verbose {
		t.text(2, fail, text)
		return
	}
	t.indented(2, bit{tone: fail, text: text}) // one line: whoever ran it says it in full, with what to do
}

// time says beside, or below, whose the time was.
func (t *Terminal) time(how row) {
	shares := bit{tone: dim, text: "  (" + t.shares() + ")"}
	if how.width()+width(shares.text) <= t.width {
		t.put(nil, append(how, shares)...)
		return
	}
	t.put(nil, how...)
	t.text(2, dim, t.shares())
}

// shares say whose the time was.
func (t *Terminal) shares() string {
	ours := max(t.total.Took-t.total.Theirs-t.total.Person, 0)
	s := "oauthprobe " + duration(ours)
	for _, x := range []struct {
		who string
		d   time.Duration
	}{{"server", t.total.Theirs}, {"person", t.total.Person}} {
		if x.d > 0 {
			s += " · " + x.who + " " + duration(x.d)
		}
	}
	return s
}

// tally counts the findings of the whole trace.
func (t *Terminal) tally() row {
	var out row
	for _, c := range []struct {
		outcome trace.Outcome
		tone    tone
		one     string
		many    string
	}{
		{trace.Fail, fail, "failed", "failed"},
		{trace.Warn, warn, "warning", "warnings"},
		{remarkOutcome, dim, "remark", "remarks"},
		{trace.Pass, pass, "passed", "passed"},
		{trace.Skip, dim, "skipped", "skipped"},
	} {
		n := t.counts[c.outcome]
		if n == 0 || c.outcome == trace.Skip && !t.o.Verbose {
			continue
		}
		if len(out) > 0 {
			out = append(out, bit{tone: dim, text: " · "})
		}
		out = append(out, bit{tone: c.tone, text: count(n, c.one, c.many)})
	}
	return out
}

// rule draws a line across, with something in it.
func (t *Terminal) rule(in row) {
	if len(in) == 0 {
		t.put(nil, bit{tone: dim, text: strings.Repeat("─", t.width)})
		return
	}
	rest := max(t.width-in.width()-5, 2)
	t.put(nil, append(append(row{{tone: dim, text: "─── "}}, in...), bit{tone: dim, text: " " + strings.Repeat("─", rest)})...)
}

func (t *Terminal) unknown(e trace.Event) {
	if e == nil {
		return
	}
	t.indented(2, say(dim, "· "+e.Kind()+": an event that this version does not know"))
	if u, ok := e.(trace.Unknown); ok && t.o.Verbose {
		t.indented(4, say(dim, string(u.Raw)))
	}
}

// citation is the first of several citations: "RFC 6749 §10.12; RFC 9700 …"
// is cut after the first section.
func citation(ref string) string {
	ref = Clean(ref)
	if i := strings.IndexAny(ref, ";,("); i > 0 {
		ref = strings.TrimSpace(ref[:i])
	}
	return elideEnd(ref, 22)
}

// reference is a citation ready to be shown.
func (t *Terminal) reference(ref string) row {
	if ref == "" {
		return nil
	}
	return row{{tone: dim, text: citation(ref)}}
}
