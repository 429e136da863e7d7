package output

import (
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// nameCells is the width of the names of what differs, where there is room.
const nameCells = 30

// difference shows one fact that differs, with both values and who put them
// there.
func (t *Terminal) difference(x Difference) {
	sign, to := signOf(x)
	label := elideMiddle(Clean(joined(" ", whereWord(x.Where), x.Name)), min(max(40, t.width/3), t.width-12))
	front := row{{text: "    "}, {tone: to, text: sign}, {tone: key, text: label}}
	if x.A == nil || x.B == nil {
		front = append(front, bit{text: "  "})
		if x.A == nil {
			t.sideBy(front, *x.B, "", x.OriginB)
		} else {
			t.sideBy(front, *x.A, "", x.OriginA)
		}
		return
	}
	if x.Where == "finding" || x.Where == "response" && x.Name == "status" || x.Where == "time" {
		t.hang(append(front, bit{text: "  "}), row{{text: "        "}}, say(fail, *x.A), bit{tone: dim, text: " → "}, say(pass, *x.B))
		return
	}
	if t.width >= besideWidth && !t.o.Verbose {
		front[2].text = pad(label, nameCells)
		room := (t.width - front.width() - 6) / 2
		a, b := annotatedBy(*x.A, x.NoteA, x.OriginA), annotatedBy(*x.B, x.NoteB, x.OriginB)
		if fits(a, room) && fits(b, room) {
			t.put(append(front, bit{text: "  "}), bit{tone: fail, text: pad(a, room)}, bit{tone: dim, text: "  │ "}, bit{tone: pass, text: b})
			return
		}
	}
	t.put(nil, front...)
	t.sideBy(row{{text: "        "}, {tone: fail, text: "− "}}, *x.A, x.NoteA, x.OriginA)
	t.sideBy(row{{text: "        "}, {tone: pass, text: "+ "}}, *x.B, x.NoteB, x.OriginB)
}

// whereWord is what to say before a name; of most names it is understood.
func whereWord(where string) string {
	switch where {
	case "parameter", "finding", "outcome", "response", "token", "run":
		return ""
	case "time":
		return "time of the"
	}
	return where
}

func annotatedBy(value, note string, by trace.Origin) string {
	value = Clean(shorten(value))
	if value == "" {
		value = "(empty)"
	}
	return value + asides(note, by)
}

// asides are what is said of a value: what makes it matter, and who put it there.
func asides(note string, by trace.Origin) string {
	s := ""
	if note != "" {
		s = " (" + Clean(note) + ")"
	}
	if by.By != "" {
		s += "  by " + Clean(by.By)
	}
	return s
}

// sideBy shows one value, and what is said of it.
func (t *Terminal) sideBy(front row, value, note string, by trace.Origin) {
	body := row{{text: Clean(t.shorten(value))}}
	if value == "" {
		body = row{{tone: dim, text: "(empty)"}}
	}
	if more := asides(note, by); more != "" {
		body = append(body, bit{tone: dim, text: more})
		if over := front.width() + body.width() - t.width; over > 0 && !t.o.Verbose {
			body[0].text = elideMiddle(body[0].text, max(width(body[0].text)-over, 12))
		}
	}
	if !t.o.Verbose {
		t.put(front, body...)
		return
	}
	t.hang(front, row{{text: strings.Repeat(" ", front.width())}}, body...)
}

// folding is how many differences in a row say that a check applies on one side
// only, and on the same side.
func folding(all []Difference) int {
	n := 0
	for n < len(all) && all[n].Where == "finding" && applied(all[n]) != "" && all[n].Message == all[0].Message && all[n].Step == all[0].Step && applied(all[n]) == applied(all[0]) {
		n++
	}
	return n
}

func applied(x Difference) string {
	if x.A == nil || x.B == nil || *x.A != "skip" && *x.B != "skip" || *x.A != "pass" && *x.B != "pass" {
		return ""
	}
	return *x.A + " → " + *x.B
}

// applies shows checks that apply on one side only, in one paragraph.
func (t *Terminal) applies(all []Difference) {
	var ids []string
	for _, x := range all {
		code, _, _ := strings.Cut(x.Name, " ")
		ids = append(ids, code)
	}
	front := row{{text: "    "}, {tone: warn, text: "~ "}, {text: count(len(all), "check", "checks") + " " + applied(all[0]) + "  "}}
	next := row{{text: "        "}}
	for i, l := range t.paragraph(strings.Join(ids, ", "), t.width-front.width(), 6) {
		if i > 0 {
			front = next
		}
		t.put(front, bit{tone: dim, text: l})
	}
}

// mostAlike is how many members that only one side has are listed one by one.
const mostAlike = 8

// alike is how many differences in a row are about the same part of the same
// message, and say that one side lacks it.
func alike(all []Difference) int {
	n := 0
	for n < len(all) && (all[n].A == nil) != (all[n].B == nil) && all[n].Kind == all[0].Kind && all[n].Where == all[0].Where &&
		all[n].Message == all[0].Message && all[n].Step == all[0].Step && all[n].Where != "finding" {
		n++
	}
	return n
}

// onlyNames names members that only one side has, without their values.
func (t *Terminal) onlyNames(all []Difference) {
	sign, to := signOf(all[0])
	var names []string
	for _, x := range all {
		if len(names) == 0 || names[len(names)-1] != x.Name {
			names = append(names, x.Name)
		}
	}
	front := row{{text: "    "}, {tone: to, text: sign}}
	for _, l := range t.paragraph(count(len(all), "value", "values")+" of the "+all[0].Where+": "+strings.Join(names, ", "), t.width-front.width(), 4) {
		t.put(front, say(plain, l))
		front = row{{text: "      "}}
	}
}
