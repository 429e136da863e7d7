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

// showPassed folds the checks that passed one after another into a line.
func (t *Terminal) showPassed() {
	if len(t.passed) == 0 {
		return
	}
	var ids []string
	for _, f := range t.passed {
		ids = append(ids, Clean(f.ID))
	}
	says := count(len(ids), "check passed", "checks passed") + ": "
	t.passed = nil
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
