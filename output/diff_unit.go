package output

import (
	"errors"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A side is one of two traces while it is read.
type side struct {
	next  func() (trace.Record, error, bool)
	done  bool
	cut   *CutOff
	read  int
	about string // what trace it is

	queue []*unit
	facts int // in the queue
	runs  map[string]*runSide
	poll  string // the last poll that was told to ask again
	walks bool   // the pages are walked by the program

	names
}

// A runSide is where one run of a side is.
type runSide struct {
	procedure, step string
	open            *unit // to which findings belong
	built           *trace.Built
	back            string // the redirect URI
	sentAway        bool   // the person was sent to the server
}

// The most that is kept open; a hostile trace may want more.
const (
	mostFindings   = 1 << 12 // of one unit
	mostRunsAtOnce = 1 << 10 // at once
)

func newSide(next func() (trace.Record, error, bool)) *side {
	return &side{next: next, runs: map[string]*runSide{}, names: newNames()}
}

// fill reads until so many units are there to be looked at, or all there are,
// or as much as can be held.
func (s *side) fill(n int) error {
	for len(s.queue) < n && !s.done && (s.facts < mostFacts || len(s.queue) == 0) {
		rec, err, more := s.next()
		if errors.As(err, &s.cut) {
			err, more = nil, false
		}
		if err != nil {
			return err
		}
		if !more {
			s.done = true
			s.closeAll()
			return nil
		}
		s.read++
		s.record(rec)
	}
	return nil
}

// take gives the first unit of the queue.
func (s *side) take() *unit {
	u := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	s.facts -= len(u.facts) + len(u.findings)
	return u
}

func (s *side) closeAll() {
	for _, name := range slices.Sorted(maps.Keys(s.runs)) {
		s.close(s.runs[name])
	}
	clear(s.runs)
}

// run is the state of a run, which may have begun before the trace did.
func (s *side) run(name string) *runSide {
	if s.runs[name] == nil {
		if len(s.runs) >= mostRunsAtOnce {
			s.closeAll()
		}
		procedure, _, _ := strings.Cut(name, "-")
		s.runs[name] = &runSide{procedure: procedure}
	}
	return s.runs[name]
}

// close puts the open unit of a run into the queue. A poll that was told to ask
// again, like the one before, is none of its own: how many it takes is the
// person's affair.
func (s *side) close(r *runSide) {
	u := r.open
	r.open, r.built = nil, nil
	if u == nil {
		return
	}
	if u.pending {
		q := u.quick()
		if q == s.poll {
			return
		}
		s.poll = q
	} else if u.kind == "message" {
		s.poll = ""
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(u.key)) // a hash takes everything
	u.hash = h.Sum64()
	s.facts += len(u.facts) + len(u.findings)
	s.queue = append(s.queue, u)
}

// begin opens a unit. Its key says where it stands: in which procedure and step.
func (s *side) begin(r *runSide, kind, title string, more ...string) *unit {
	s.close(r)
	step := r.step
	if step == "" {
		step = r.procedure
	}
	r.open = &unit{kind: kind, step: brief(step), title: brief(title)}
	r.open.key = strings.Join(append([]string{r.procedure, r.step, kind, title}, more...), "\x00")
	return r.open
}

// record makes units of the records that a comparison is about.
func (s *side) record(rec trace.Record) {
	r := s.run(rec.Run)
	switch e := rec.Event.(type) {
	case trace.RunStarted:
		s.started(rec, r, e)
	case trace.StepStarted:
		r.step = e.Title
		s.begin(r, "step", "")
	case trace.Built:
		s.begin(r, "message", e.Endpoint, "built")
		r.built = &e
		s.meant(r.open, e)
	case trace.Exchanged:
		if e.Endpoint != "page" || r.sentAway { // else they are walked beside the run, in whatever order
			s.exchanged(rec, r, e)
		}
	case trace.Opened:
		s.walks = s.walks || e.By == "headless"
		r.back, r.sentAway = e.Back, true
		s.begin(r, "opened", "the person is sent to the server")
	case trace.Returned:
		s.returned(r, e)
	case trace.Decoded:
		if len(e.Header) > 0 && string(e.Header) != "null" { // what is no JWT has been compared as a body
			u := s.begin(r, "token", e.What)
			s.jsonFacts(u, "header", "", string(e.Header), rec.At)
			s.jsonFacts(u, "claims", "", string(e.Claims), rec.At)
			s.put(u, fact{where: "token", name: "verified", same: strconv.FormatBool(e.Verified), shown: strings.TrimSuffix(strconv.FormatBool(e.Verified)+": "+brief(e.Reason), ": ")})
		}
	case trace.Finding:
		s.found(r, e)
	case trace.Obtained:
		s.begin(r, "obtained", e.What)
	case trace.Ended:
		s.ended(r, e)
		delete(s.runs, rec.Run)
	case trace.Unknown:
		u := s.begin(r, "unknown", e.Name)
		s.jsonFacts(u, e.Name, "", string(e.Raw), rec.At)
	case trace.Described, trace.Waiting, trace.Note: // said of what is compared already, or of this machine
	}
}

func (s *side) started(rec trace.Record, r *runSide, e trace.RunStarted) {
	s.close(r)
	*r = runSide{procedure: e.Procedure}
	if s.about == "" {
		name := e.Procedure
		if e.Before != "" {
			name = e.Before
		}
		s.about = joined(" · ", brief(name), brief(e.Issuer), rec.At.UTC().Format("2006-01-02 15:04:05"))
	}
	u := s.begin(r, "run", "")
	s.server(e.Issuer)
	for _, f := range []fact{{name: "server", shown: e.Issuer}, {name: "client", shown: e.Client}} {
		f.where, f.same = "run", withoutPorts(f.shown)
		s.put(u, f)
	}
}

func (s *side) found(r *runSide, e trace.Finding) {
	if r.open == nil || len(r.open.findings) >= mostFindings {
		s.begin(r, "checks", "checks")
	}
	r.open.findings = append(r.open.findings, verdict{brief(joined(" ", e.Code, e.ID)), e.Outcome, brief(e.Detail)})
}

func (s *side) returned(r *runSide, e trace.Returned) {
	if e.Via == "" {
		return // a stray, such as a browser's favicon.ico
	}
	u := s.begin(r, "returned", "the answer at the redirect URI")
	s.put(u, fact{where: "answer", name: "(by)", same: e.Via, shown: e.Via})
	s.put(u, fact{where: "answer", name: "(used)", same: strconv.FormatBool(e.Used), shown: joined(": ", strconv.FormatBool(e.Used), brief(e.Reason))})
	for _, p := range e.Params {
		s.put(u, s.value("answer", p.Name, p.Value, trace.Origin{}))
	}
}

func (s *side) ended(r *runSide, e trace.Ended) {
	r.step = "" // it belongs to the run, however far that got
	u := s.begin(r, "ended", "the end")
	f := fact{where: "outcome", name: "outcome", same: "done", shown: "done, exit 0"}
	if !e.OK {
		f.shown = "exit " + strconv.Itoa(e.Exit)
		f.same = f.shown
		if x := e.Failure; x != nil {
			f.same = joined(" ", f.same, x.Kind, x.Endpoint, x.Code)
			f.shown = brief(joined(": ", f.shown, x.Kind, x.Text))
		}
	}
	s.put(u, f)
	s.close(r)
}

// mostFactsOfUnit is how many facts of one unit are compared one by one.
const mostFactsOfUnit = 1 << 12

// put adds a fact to a unit. What is beyond all measure is compared as one.
func (s *side) put(u *unit, f fact) {
	f.shown, f.name = brief(f.shown), brief(f.name)
	if len(f.same) > mostShown {
		f.same = hashed(f.same)
	}
	if n := len(u.facts); n >= mostFactsOfUnit {
		rest := &u.facts[n-1]
		rest.same = hashed(rest.same + f.where + f.name + f.same)
		*rest = fact{where: f.where, name: "(the rest)", same: rest.same, shown: rest.same}
		return
	}
	u.facts = append(u.facts, f)
}

func hashed(s string) string {
	h := fnv.New128a()
	_, _ = h.Write([]byte(s)) // a hash takes everything
	return string(h.Sum(nil))
}
