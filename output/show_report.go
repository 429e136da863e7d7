package output

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// TraceVersion is the version of the trace format that is written here.
const TraceVersion = trace.Version

// Shown is what there is to say of a saved trace that has been read.
type Shown struct {
	Lines   int
	Version int      // the highest that a line says
	Cut     *CutOff  // it ends in the middle of a line
	Open    []string // runs that began and did not end
}

// Show reads a saved trace and passes each line on, in order. Whatever the
// length of the trace, it keeps no line. The error is about a trace that cannot
// be read, or an error of each; one that is merely cut off is none.
func Show(r io.Reader, each ...func(TraceLine) error) (Shown, error) {
	var s Shown
	err := ReadLines(r, func(l TraceLine) error {
		s.Lines++
		s.Version = max(s.Version, l.Version)
		s.follow(l.Record)
		for _, f := range each {
			if err := f(l); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.As(err, &s.Cut) {
		return s, nil
	}
	return s, err
}

// mostOpen is how many runs at once are followed; no run of ours has more.
const mostOpen = 1 << 12

func (s *Shown) follow(r trace.Record) {
	switch r.Event.(type) {
	case trace.RunStarted:
		if len(s.Open) < mostOpen && !slices.Contains(s.Open, r.Run) {
			s.Open = append(s.Open, r.Run)
		}
	case trace.Ended:
		s.Open = slices.DeleteFunc(s.Open, func(run string) bool { return run == r.Run })
	}
}

// ShowText shows each line on t like a live run, and below it, as a note, what
// of the line this version does not know.
//
// A live run and a saved trace differ in one thing: the URL that a person is
// sent to is shown live as it is, and saved with its secrets hidden. A terminal
// that shows a run live also folds a row of polls into a single line that moves.
func ShowText(t *Terminal) func(TraceLine) error {
	return func(l TraceLine) error {
		t.Emit(l.Record)
		if len(l.Strange) > 0 {
			note := l.Record
			note.Event = trace.Note{Topic: "unknown-members", Text: l.Record.Event.Kind() + " has members that this version does not know: " + elideEnd(Clean(strings.Join(l.Strange, ", ")), 400)}
			t.Emit(note)
		}
		_, err := t.w.Write(nil) // a buffer that could not be written says so
		return err
	}
}

// ShowCut says on t where a trace breaks off.
func ShowCut(t *Terminal, c *CutOff) {
	t.Emit(trace.Record{Event: trace.Note{Topic: "cut-off", Text: fmt.Sprintf("the trace is cut off in line %d: what happened after that is not known", c.Line)}})
}

// ShowLines writes each line as it was, unknown members and all; for a terminal
// with all that could play tricks escaped, which means the same.
func ShowLines(w *bufio.Writer, terminal bool) func(TraceLine) error {
	return func(l TraceLine) error {
		if !terminal {
			_, err := w.Write(append(l.Text, '\n'))
			return err
		}
		for _, r := range string(l.Text) {
			s := string(r)
			if !visible(r) {
				s = escapeRune(r)
			}
			if _, err := w.WriteString(s); err != nil {
				return err
			}
		}
		return w.WriteByte('\n')
	}
}

// A Keeper keeps the lines of a trace, to save it in other formats.
type Keeper struct {
	records []trace.Record
	lines   [][]byte
}

// Keep is for Show.
func (k *Keeper) Keep(l TraceLine) error {
	k.records = append(k.records, l.Record)
	k.lines = append(k.lines, bytes.Clone(l.Text))
	return nil
}

// Save writes what was kept to a file like Save. A trace is written as it was
// read, with what this version does not know of it.
func (k *Keeper) Save(path, format string) error {
	if format != "jsonl" {
		return Save(path, format, k.records)
	}
	return replace(path, func(w io.Writer) error {
		for _, l := range k.lines {
			if _, err := w.Write(append(l, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
}
