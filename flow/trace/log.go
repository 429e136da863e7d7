package trace

import (
	"strconv"
	"sync"
	"time"
)

// A Log gives every event its place in the trace and passes it on, one at a
// time. It is the one source of Seq, so evidence can point across runs.
type Log struct {
	now func() time.Time
	to  Sink

	mu    sync.Mutex
	seq   int
	steps int
	runs  map[string]int
	spent map[string]time.Duration
}

// NewLog makes a Log that passes records to a sink.
func NewLog(now func() time.Time, to Sink) *Log {
	return &Log{now: now, to: to, runs: map[string]int{}, spent: map[string]time.Duration{}}
}

// Run names a new run of a procedure: "code", then "code-2".
func (l *Log) Run(procedure string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs[procedure]++
	if n := l.runs[procedure]; n > 1 {
		return procedure + "-" + strconv.Itoa(n)
	}
	return procedure
}

// Say records an event and returns its Seq.
func (l *Log) Say(run string, e Event) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := e.(StepStarted); ok {
		l.steps++
		s.N = l.steps
		e = s
	}
	if x, ok := e.(Exchanged); ok {
		l.spent[run] += x.Timing.Total
	}
	l.seq++
	l.to.Emit(Record{Seq: l.seq, At: l.now(), Run: run, Event: e})
	return l.seq
}

// Theirs is how long the exchanges of a run took.
func (l *Log) Theirs(run string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spent[run]
}
