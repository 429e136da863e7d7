// Package trace is the vocabulary a run speaks: typed events that say what
// was asked, what went over the wire, what came back and what to think of it.
// It imports nothing of ours, so a trace can be saved, read again and rendered
// without the engine that made it.
package trace

import (
	"encoding/json"
	"time"
)

// An Event is one thing that happened. The set is closed: every output
// switches over it, and a test holds them to every case.
type Event interface{ Kind() string }

// An Origin says who put a value where it is, and why.
type Origin struct {
	By  string `json:"by"`            // "--scope", "pkce", "profile corp"
	Ref string `json:"ref,omitempty"` // "RFC 7636 §4.3"
	Why string `json:"why,omitempty"` // one line for a person
}

// A Param is one parameter of a request or an answer. Order is kept and
// repeats are allowed, because both are things a server can get wrong.
type Param struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Secret bool   `json:"secret,omitempty"`
	Bent   bool   `json:"bent,omitempty"` // changed by hand, away from what the run meant
	Origin Origin `json:"origin,omitzero"`
}

// Level is how much a finding matters, in the words of RFC 2119.
type Level string

// The levels.
const (
	Must   Level = "must"
	Should Level = "should"
	May    Level = "may"
)

// Outcome is what a check concluded.
type Outcome string

// The outcomes. Skip means that the check does not apply here.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Warn Outcome = "warn"
	Skip Outcome = "skip"
)

// A Record is an event with its place in the trace.
type Record struct {
	Seq   int       // counts through the whole trace, from 1
	At    time.Time // when it was said
	Run   string    // which run said it: "discovery", "code"
	Event Event
}

// A Sink takes records, in order, one at a time.
type Sink interface{ Emit(Record) }

// A Tee is a Sink that passes each record to each of its sinks in turn.
type Tee []Sink

// Emit implements Sink.
func (t Tee) Emit(r Record) {
	for _, s := range t {
		s.Emit(r)
	}
}

// Unknown is an event of a kind that this version does not know, kept as it
// was so that a newer trace can still be read and passed on.
type Unknown struct {
	Name string
	Raw  json.RawMessage
}

// Kind implements Event.
func (u Unknown) Kind() string { return u.Name }
