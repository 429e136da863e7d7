// Package output turns a trace into text: the narrative for a person, the
// saved trace, and what a command delivers on standard output. It sees nothing
// but records, so a saved trace looks like the live run; and it takes every
// text in them for hostile.
package output

import (
	"io"
	"strings"
	"sync"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// TerminalOptions say how a trace is shown to a person.
type TerminalOptions struct {
	Width   int  // cells; 0 means 80
	Color   bool // 256 colours
	Dark    bool // the background is dark
	Verbose bool // everything whole
	Quiet   bool // only what the person must act upon
	Live    bool // a spinner while waiting
}

// A Terminal is a Sink that shows records to a person.
type Terminal struct {
	o     TerminalOptions
	w     io.Writer
	width int
	paint palette

	mu    sync.Mutex
	out   strings.Builder // of the record being shown
	spin  *spinner
	turns sync.WaitGroup

	now     time.Time         // of the record being shown
	seq     int               // of the record being shown
	run     string            // that said the record at hand
	pending string            // a poll that was told to ask again
	blank   bool              // nothing stands above that needs a gap
	built   map[string]string // by run, the endpoint of the request just shown
	before  map[string]bool   // runs that only prepare another
	titled  string            // what the title says
	waiting string            // what is being waited for
	passed  passing           // not shown yet
	remarks map[string]int    // on documents, not shown yet
	issuer  string            // of the run at hand
	counts  map[trace.Outcome]int
	total   trace.Ended // sums over all runs
}

// NewTerminal makes a Terminal that writes to w. It never asks the terminal
// anything: whoever makes it knows.
func NewTerminal(w io.Writer, o TerminalOptions) *Terminal {
	if o.Width <= 0 {
		o.Width = 80
	}
	return &Terminal{
		o: o, w: w, width: max(o.Width, 40), paint: newPalette(w, o.Color, o.Dark), blank: true,
		built: map[string]string{}, before: map[string]bool{}, remarks: map[string]int{}, counts: map[trace.Outcome]int{},
	}
}

// Emit implements trace.Sink.
func (t *Terminal) Emit(r trace.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unspin()
	t.now, t.seq, t.run = r.At, r.Seq, r.Run
	t.count(r)
	if t.o.Quiet {
		t.quietly(r.Event)
	} else {
		t.show(r)
	}
	t.forget(r)
	t.flush()
	switch w, ok := r.Event.(trace.Waiting); {
	case !t.o.Live || t.o.Quiet:
	case ok:
		t.startSpin(w)
	case t.pending != "":
		t.startSpin(trace.Waiting{For: "the person to approve (" + t.pending + ")"})
	}
}

// Close shows what was held back and stops the spinner. Nothing may be emitted
// afterwards.
func (t *Terminal) Close() error {
	t.mu.Lock()
	t.unspin()
	if !t.o.Quiet {
		t.showPassed()
		t.showRemarks()
	}
	t.flush()
	t.mu.Unlock()
	t.turns.Wait()
	return nil
}

// flush writes a record's lines in one piece. A terminal that is gone is no
// reason to stop a run.
func (t *Terminal) flush() {
	if t.out.Len() > 0 {
		_, _ = io.WriteString(t.w, t.out.String())
		t.out.Reset()
	}
}

// count keeps the sums that the last line shows.
func (t *Terminal) count(r trace.Record) {
	switch e := r.Event.(type) {
	case trace.RunStarted:
		t.before[r.Run], t.issuer = e.Before != "", e.Issuer
	case trace.Finding:
		if _, quiet := t.remarked(e); quiet {
			t.counts[remarkOutcome]++
			break
		}
		t.counts[e.Outcome]++
	case trace.Ended:
		t.total.Took += e.Took
		t.total.Theirs += e.Theirs
		t.total.Person += e.Person
	}
}

// forget drops what was kept of a run that is over, so that a long trace takes
// no more memory than a short one.
func (t *Terminal) forget(r trace.Record) {
	if _, over := r.Event.(trace.Ended); over {
		delete(t.built, r.Run)
		delete(t.before, r.Run)
	}
}

// quietly shows what cannot be done without.
func (t *Terminal) quietly(e trace.Event) {
	switch e := e.(type) {
	case trace.Opened:
		t.out.WriteString(shownURL(e.URL) + "\n")
	case trace.Note:
		if e.Topic == topicDeviceCode {
			t.copyLines(e.Lines)
		}
	}
}

func (t *Terminal) show(r trace.Record) {
	if t.polling(r.Event) {
		return
	}
	if f, ok := r.Event.(trace.Finding); ok && !t.o.Verbose && (f.Outcome == trace.Pass || f.Outcome == trace.Skip) {
		if f.Outcome == trace.Pass {
			t.passed.add(f.ID, t.width)
		}
		return
	}
	if f, ok := r.Event.(trace.Finding); ok && t.remark(f) {
		return
	}
	t.showPassed()
	t.showRemarks()
	switch e := r.Event.(type) {
	case trace.RunStarted:
		t.runStarted(e)
	case trace.StepStarted:
		t.stepStarted(e)
	case trace.Built:
		t.request(r.Run, e)
	case trace.Exchanged:
		t.exchange(r.Run, e)
	case trace.Opened:
		t.opened(e)
	case trace.Returned:
		t.returned(e)
	case trace.Decoded:
		t.decoded(e)
	case trace.Described:
		t.described(e)
	case trace.Finding:
		t.finding(e)
	case trace.Waiting:
		t.waitingFor(e)
	case trace.Note:
		t.note(e)
	case trace.Obtained:
		t.obtained(e)
	case trace.Ended:
		t.ended(r.Run, e)
	default:
		t.unknown(r.Event)
	}
	if _, ok := r.Event.(trace.Waiting); !ok {
		t.waiting = ""
	}
}

// put writes a row after a prefix. One that is too wide is cut, or wrapped
// when everything is to be seen; the prefix is repeated on each line then.
func (t *Terminal) put(prefix row, body ...bit) { t.hang(prefix, prefix, body...) }

// hang is put with another prefix for all lines but the first.
func (t *Terminal) hang(prefix, next row, body ...bit) {
	if t.o.Verbose {
		t.wrapped(prefix, next, body)
		return
	}
	t.blank = false
	prefix, rest := t.short(prefix), cleaned(body)
	room := t.width - prefix.width()
	if _, more := rest.cut(room); len(more) > 0 {
		rest, _ = rest.cut(room - 1)
		rest = append(rest, bit{tone: dim, text: "…"})
	}
	t.line(append(prefix, rest...))
}

// wrapped writes a row over as many lines as it takes, broken at a space when
// one is near.
func (t *Terminal) wrapped(prefix, next, body row) {
	t.blank = false
	prefix, next = t.short(prefix), t.short(next)
	for rest := cleaned(body); ; prefix = next {
		room := t.width - prefix.width()
		front, more := rest.cut(room)
		if len(more) == 0 {
			t.line(append(append(row{}, prefix...), rest...))
			return
		}
		if at := front.lastSpace(); at > room*2/3 {
			room = at
		}
		front, rest = rest.cut(room)
		t.line(append(append(row{}, prefix...), front...))
	}
}

// short is a prefix that leaves room for something after it.
func (t *Terminal) short(prefix row) row {
	prefix, _ = cleaned(prefix).cut(t.width - 12)
	return prefix
}

// cleaned makes sure, at the one place that all rows pass, that no foreign
// character reaches the terminal.
func cleaned(r row) row {
	out := make(row, len(r))
	for i, b := range r {
		out[i] = bit{b.tone, Clean(b.text)}
	}
	return out
}

func (t *Terminal) line(r row) {
	for len(r) > 0 {
		last := &r[len(r)-1]
		if last.text = strings.TrimRight(last.text, " "); last.text != "" {
			break
		}
		r = r[:len(r)-1]
	}
	t.paint.paint(&t.out, r)
	t.out.WriteByte('\n')
}

// indented writes a row at an indent.
func (t *Terminal) indented(indent int, body ...bit) {
	t.put(row{{text: strings.Repeat(" ", indent)}}, body...)
}

// text writes wrapped text at an indent. A line break in it is shown as a
// sign: foreign text must not begin a line of its own and look like ours.
func (t *Terminal) text(indent int, to tone, s string) {
	for _, l := range t.paragraph(s, t.width-indent, 6) {
		t.indented(indent, bit{tone: to, text: l})
	}
}

// paragraph wraps text to some width and to so many lines, unless everything
// is to be seen.
func (t *Terminal) paragraph(s string, w, most int) []string {
	out := wrap(Clean(strings.TrimSpace(s)), w)
	if len(out) > most && !t.o.Verbose {
		out = append(out[:most-1:most-1], "…")
	}
	return out
}

// gap leaves one line free, unless there is one.
func (t *Terminal) gap() {
	if !t.blank {
		t.out.WriteByte('\n')
	}
	t.blank = true
}
