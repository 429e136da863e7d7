package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// besideWidth is from which width on the two values stand beside each other.
const besideWidth = 120

// Text writes the differences for a person, by step and message: what only the
// first has with a minus, what only the second has with a plus.
func (d *Differences) Text(w io.Writer, o TerminalOptions) error {
	t := NewTerminal(w, o)
	d.heading(t)
	step, message := "", ""
	for i := 0; i < len(d.List); i++ {
		x := d.List[i]
		if i == 0 || x.Step != step {
			t.gap()
			t.put(nil, say(strong, x.Step))
			step, message = x.Step, ""
		}
		if whole(x) {
			i = t.standAlone(d.List, i)
			message = ""
			continue
		}
		if x.Message != message {
			t.indented(2, say(info, x.Message))
			message = x.Message
		}
		if n := folding(d.List[i:]); n > 1 && !o.Verbose {
			t.applies(d.List[i : i+n])
			i += n - 1
			continue
		}
		if n := alike(d.List[i:]); n >= mostAlike && !o.Verbose {
			t.onlyNames(d.List[i : i+n])
			i += n - 1
			continue
		}
		t.difference(x)
	}
	for i, c := range d.cut {
		if c != nil {
			t.gap()
			t.put(row{{tone: warn, text: "! "}}, say(warn, fmt.Sprintf("the %s trace is cut off in line %d: what happened after that is not known", [2]string{"first", "second"}[i], c.Line)))
		}
	}
	t.gap()
	t.text(0, plain, d.verdict())
	t.flush()
	_, err := w.Write(nil) // a buffer that could not be written says so
	return err
}

// heading says which two traces these are.
func (d *Differences) heading(t *Terminal) {
	wide := max(width(Clean(d.names[0])), width(Clean(d.names[1])))
	for i, front := range []bit{{tone: fail, text: "− "}, {tone: pass, text: "+ "}} {
		r := row{front}
		if wide > 0 {
			r = append(r, bit{tone: strong, text: pad(Clean(d.names[i]), min(wide, t.width/2)) + "  "})
		}
		t.put(nil, append(r, say(dim, d.about[i]))...)
	}
}

// verdict sums it up.
func (d *Differences) verdict() string {
	of, beside := d.More, 0
	for _, x := range d.List {
		if x.mere() {
			beside++
		} else {
			of++
		}
	}
	times := ""
	if beside > 0 {
		times = ", and " + count(beside, "answer took another time", "answers took another time")
	}
	compared := " (" + count(d.steps, "step", "steps") + " and " + count(d.messages, "message", "messages") + " compared)"
	if d.Same {
		return "the same in substance" + times + compared
	}
	if d.More > 0 {
		times += fmt.Sprintf("; the first %d are shown", len(d.List))
	}
	return count(of, "difference", "differences") + " of substance" + times + compared
}

// whole reports whether a difference is a whole unit that one side has not.
func whole(x Difference) bool {
	switch x.Where {
	case "run", "step", "message", "opened", "returned", "token", "obtained", "ended", "unknown":
		return x.Message == "" && (x.A == nil) != (x.B == nil)
	}
	return false
}

// standAlone shows units that one side has not, those of one step in a row, and
// gives the place of the last.
func (t *Terminal) standAlone(all []Difference, i int) int {
	x := all[i]
	sign, to := signOf(x)
	for ; ; i++ {
		words := joined(" ", map[string]string{"run": "the run", "step": "the step", "token": "the token", "obtained": "what was obtained:"}[all[i].Where], all[i].Name)
		body := row{say(plain, words)}
		if s := valueOf(all[i]); s != all[i].Name && s != "" {
			body = append(body, say(dim, "  "+t.inLine(s)))
		}
		t.put(row{{text: "  "}, {tone: to, text: sign}}, body...)
		if i+1 >= len(all) || !whole(all[i+1]) || all[i+1].Step != x.Step || all[i+1].Kind != x.Kind {
			return i
		}
	}
}

func signOf(x Difference) (string, tone) {
	switch x.Kind {
	case kindAdded:
		return "+ ", pass
	case kindMissing:
		return "− ", fail
	case kindChanged:
		return "~ ", warn
	}
	return "· ", dim
}

func valueOf(x Difference) string {
	if x.A != nil {
		return *x.A
	}
	if x.B != nil {
		return *x.B
	}
	return ""
}

// inLine is a value for one line.
func (t *Terminal) inLine(s string) string {
	s = Clean(t.shorten(s))
	if t.o.Verbose {
		return s
	}
	return elideMiddle(s, max(t.width-20, 24))
}

// JSON is the differences as one object, for a terminal indented and harmless.
func (d *Differences) JSON(w io.Writer, terminal bool) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		return err
	}
	text, err := jsonText(b.Bytes(), terminal)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}
