package output

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A Difference is one thing in which two traces differ. A side on which there
// is nothing is nil.
type Difference struct {
	Step    string       `json:"step"`              // the title of the step, or the procedure before the first
	Message string       `json:"message,omitempty"` // which one of the step
	Where   string       `json:"where"`             // "parameter", "response body", "claims", "finding" …
	Name    string       `json:"name"`
	A       *string      `json:"a"`
	B       *string      `json:"b"`
	Kind    string       `json:"kind"`             // "added", "missing", "changed"; "slower" and "faster" are none of substance
	NoteA   string       `json:"note_a,omitempty"` // what makes a value matter: "as before", "300 s from iat"
	NoteB   string       `json:"note_b,omitempty"`
	OriginA trace.Origin `json:"origin_a,omitzero"`
	OriginB trace.Origin `json:"origin_b,omitzero"`
}

// The kinds of difference.
const (
	kindAdded   = "added"
	kindMissing = "missing"
	kindChanged = "changed"
	kindSlower  = "slower"
	kindFaster  = "faster"
)

// mere reports whether a difference is none of substance.
func (d Difference) mere() bool { return d.Kind == kindSlower || d.Kind == kindFaster }

// mostDifferences is how many differences are listed; all are counted.
const mostDifferences = 5000

// Differences are what Diff found.
type Differences struct {
	V    int          `json:"v"`
	Same bool         `json:"same"` // in substance
	List []Difference `json:"differences"`
	More int          `json:"more,omitempty"` // that are not listed

	steps, messages int // compared
	about           [2]string
	names           [2]string
	cut             [2]*CutOff
}

// Name says what the two traces are called.
func (d *Differences) Name(a, b string) { d.names = [2]string{a, b} }

// Cut says where a trace breaks off, the first and the second; nil if it is whole.
func (d *Differences) Cut() [2]*CutOff { return d.cut }

func (d *Differences) add(x Difference) {
	if !x.mere() {
		d.Same = false
	}
	if len(d.List) >= mostDifferences {
		d.More++
		return
	}
	d.List = append(d.List, x)
}

// An UnreadableTrace is one of the two traces that cannot be read.
type UnreadableTrace struct {
	Second bool
	Shown  Shown // what could be read of it
	Err    error // nil when there is nothing in it
}

// Error implements error.
func (u *UnreadableTrace) Error() string { return fmt.Sprintf("a trace cannot be read: %v", u.Err) }

// Unwrap gives the cause.
func (u *UnreadableTrace) Unwrap() error { return u.Err }

// Diff compares two saved traces step by step. What is random by nature, and
// times relative to the run's own clock, are compared by the part they play: a
// state that comes back has to be the one that was sent, in both or in neither.
// It reads both once, side by side, and keeps only a stretch of either, so that
// time grows with the length of the traces and memory does not.
func Diff(a, b io.Reader) (*Differences, error) {
	d := &Differences{V: 1, Same: true, List: []Difference{}}
	c := comparison{out: d, said: map[uint64]bool{}}
	for i, r := range []io.Reader{a, b} {
		next, stop := iter.Pull2(records(r))
		defer stop()
		c.sides[i] = newSide(next)
	}
	if err := c.align(); err != nil {
		return nil, err
	}
	for i, s := range c.sides {
		d.cut[i], d.about[i] = s.cut, s.about
		if s.read == 0 {
			return nil, &UnreadableTrace{i == 1, Shown{Cut: s.cut}, nil}
		}
	}
	return d, nil
}

// errStop ends a reading from within.
var errStop = errors.New("stop")

// records are the records of a saved trace, and last the error if there is one.
func records(r io.Reader) iter.Seq2[trace.Record, error] {
	return func(yield func(trace.Record, error) bool) {
		err := ReadTrace(r, func(rec trace.Record) error {
			if !yield(rec, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(trace.Record{}, err)
		}
	}
}

// A unit is what is put beside one of the other trace: a run, a step, a message
// with its answer, an arrival, a token.
type unit struct {
	kind     string // "run", "step", "message" …
	key      string // equal for what belongs together
	hash     uint64 // of key
	step     string // the title of the step that it is in
	title    string // what a person calls it
	facts    []fact
	findings []verdict
	took     int64 // nanoseconds that the server took
	page     bool
	pending  bool // a poll that was told to ask again
}

// weight is how much it counts that two units are put beside each other.
func (u *unit) weight() int32 {
	return map[string]int32{"run": 16, "step": 8, "message": 2}[u.kind] + 1
}

// A verdict is what is kept of a finding.
type verdict struct {
	name    string
	outcome trace.Outcome
	detail  string
}

// A fact is one thing that a unit says.
type fact struct {
	where, name string
	same        string // what it comes to: equal where there is no difference of substance
	shown       string // as it stands there
	role        string // of a random value: whether it has been seen before
	number      float64
	slack       float64 // when above zero, by how much two numbers may differ
	member      bool    // of a list whose order means nothing
	origin      trace.Origin
}

func (f fact) equal(o fact) bool {
	switch {
	case f.slack > 0 && o.slack > 0:
		return f.number-o.number <= f.slack && o.number-f.number <= f.slack
	case f.slack != o.slack:
		return false
	}
	return f.same == o.same && f.role == o.role
}

// key is what a fact is found by on the other side.
func (f fact) key() string {
	if f.member {
		return f.where + "\x00" + f.name + "\x00" + f.same
	}
	return f.where + "\x00" + f.name
}

// about is what makes a fact differ from o, where the value alone does not say it.
func (f fact) about(o *fact) string {
	if o != nil && f.slack == 0 && (f.same != o.same || f.role == o.role) {
		return ""
	}
	return f.role
}

// mostShown is how much of a value is kept to be shown, in octets.
const mostShown = 512

func brief(s string) string {
	if len(s) <= mostShown {
		return s
	}
	return strings.ToValidUTF8(s[:mostShown], "") + fmt.Sprintf("… (%d octets)", len(s))
}
