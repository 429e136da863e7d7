package output

import (
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// signs are what findings begin with.
var signs = map[trace.Outcome]bit{
	trace.Pass: {tone: pass, text: "✓ "},
	trace.Fail: {tone: fail, text: "✗ "},
	trace.Warn: {tone: warn, text: "! "},
	trace.Skip: {tone: dim, text: "- "},
}

// finding shows one verdict: what, where it is written, and the evidence.
func (t *Terminal) finding(e trace.Finding) {
	sign, ok := signs[e.Outcome]
	if !ok { // of a newer version: better seen than dropped
		sign = bit{tone: warn, text: "? "}
	}
	ref := t.reference(e.Ref)
	if t.o.Verbose || e.Outcome == trace.Fail || e.Outcome == trace.Warn {
		ref = append(row{say(dim, strings.ToUpper(string(e.Level)))}, spaced(e.Level, ref)...)
	}
	left := row{{text: "  "}, sign, say(sign.tone, e.Code), {text: " "}, say(strong, e.ID), say(dim, t.evidence(e))}
	detail := strings.TrimSpace(e.Detail)
	room := t.width - left.width() - ref.width() - 4
	if detail != "" && width(Clean(detail)) <= room {
		left = append(left, say(plain, "  "+detail))
		detail = ""
	}
	t.apart(left, ref)
	if detail != "" {
		t.text(4, plain, detail)
	}
	t.contrast("expected", e.Expected)
	t.contrast("actual", e.Actual)
	if t.o.Verbose && citation(e.Ref) != Clean(e.Ref) {
		t.text(6, dim, e.Ref)
	}
}

func spaced(level trace.Level, ref row) row {
	if level == "" || ref == nil {
		return ref
	}
	return append(row{{text: " "}}, ref...)
}

// contrast shows the two sides of a comparison under each other, so that the
// eye finds where they part.
func (t *Terminal) contrast(name, value string) {
	if value == "" {
		return
	}
	first := row{{text: "      "}, {tone: dim, text: pad(name, 8) + "  "}}
	value = Clean(value)
	if !t.o.Verbose {
		value = elideMiddle(value, t.width-first.width())
	}
	t.hang(first, row{{text: strings.Repeat(" ", first.width())}}, bit{text: value})
}

// evidence names the records a finding rests on, by their numbers.
func (t *Terminal) evidence(e trace.Finding) string {
	out := ""
	if t.o.Verbose {
		for _, n := range e.Evidence[:min(len(e.Evidence), 8)] {
			out += " #" + strconv.Itoa(n)
		}
	}
	if out != "" {
		out = " " + out
	}
	return out
}

// passing are checks that passed one after another: how many, and as many of
// their names as can be shown.
type passing struct {
	n, wide int
	ids     []string
}

func (p *passing) add(id string, room int) {
	p.n++
	if p.wide < 3*room {
		id = head(Clean(id), 3*room)
		p.ids = append(p.ids, id)
		p.wide += width(id) + 1
	}
}

// showPassed folds the checks that passed one after another into a line.
func (t *Terminal) showPassed() {
	if t.passed.n == 0 {
		return
	}
	ids := t.passed.ids
	says := count(t.passed.n, "check passed", "checks passed") + ": "
	t.passed = passing{}
	text := wrap(strings.Join(ids, ", "), t.width-4-width(says))
	next := row{{text: strings.Repeat(" ", 4+width(says))}}
	for i, l := range text {
		front := next
		if i == 0 {
			front = row{{text: "  "}, signs[trace.Pass], {tone: pass, text: says}}
		}
		if i == 1 && len(text) > 2 {
			l = elideEnd(l+" …", t.width-front.width())
		}
		if i < 2 {
			t.put(front, bit{tone: dim, text: l})
		}
	}
}

// remarkOutcome is how warnings that are not listed are counted.
const remarkOutcome trace.Outcome = "remark"

// remarked says which document a finding is a mere remark on: what a server
// might do better with its metadata or its keys does not concern this run.
func (t *Terminal) remarked(e trace.Finding) (document string, quiet bool) {
	if t.o.Verbose || e.Outcome != trace.Warn {
		return "", false
	}
	switch {
	case strings.HasPrefix(e.Code, "META-"):
		return "metadata", true
	case strings.HasPrefix(e.Code, "JWKS-"):
		return "keys", true
	}
	return "", false
}

// remark keeps a remark back, and reports whether it was one.
func (t *Terminal) remark(e trace.Finding) bool {
	document, quiet := t.remarked(e)
	if quiet {
		t.remarks[document]++
	}
	return quiet
}

// showRemarks says in a line how many remarks there are on a document, and how
// to see them.
func (t *Terminal) showRemarks() {
	for _, document := range []string{"metadata", "keys"} {
		n := t.remarks[document]
		if n == 0 {
			continue
		}
		delete(t.remarks, document)
		text := count(n, "remark", "remarks") + " on the " + document + ": oauthprobe discover " + t.issuer + " shows them"
		t.note(trace.Note{Text: text})
	}
}
