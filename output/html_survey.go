package output

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A survey is what has to be known of a whole trace before its first line is
// written: places, and what belongs together.
type survey struct {
	records []trace.Record
	at      map[int]int // from Seq to the place of the record
	pair    map[int]int // from a request as meant to it as sent
	builtOf map[int]int // and back
	steps   []stepSurvey
	stepOf  []int // of each record: a place in steps, or -1

	main           trace.RunStarted
	last           trace.Ended
	lastRun        string
	ended          bool
	took           trace.Ended // sums over all runs
	messages       int
	obtained       int   // the last record of its kind, or -1
	bad, warned    []int // findings that failed, and that warn
	remarks        []int // warnings about documents
	passed, absent int
	blame          blamePoints
}

type stepSurvey struct {
	place, n          int
	title, run        string
	failed, warned    int
	blamed            bool
	messages, polls   int
	first, afterwards int // records: from, and the first that is not of it
}

// surveyed reads a trace once.
func surveyed(records []trace.Record) *survey {
	s := &survey{
		records: records, at: make(map[int]int, len(records)), pair: map[int]int{}, builtOf: map[int]int{},
		stepOf: make([]int, len(records)), obtained: -1,
	}
	open := map[string]int{} // by run, the request that has not been sent yet
	before := map[string]bool{}
	step, titled := -1, false
	for i, r := range records {
		if _, ok := s.at[r.Seq]; !ok {
			s.at[r.Seq] = i
		}
		switch e := r.Event.(type) {
		case trace.RunStarted:
			before[r.Run] = e.Before != ""
			step = -1
			if !titled {
				s.main, titled = e, e.Before == ""
			}
		case trace.StepStarted:
			step = len(s.steps)
			s.steps = append(s.steps, stepSurvey{place: i, n: e.N, title: e.Title, run: r.Run})
		case trace.Built:
			open[r.Run] = i
		case trace.Exchanged:
			s.messages++
			if b, ok := open[r.Run]; ok && sameEndpoint(records[b], e) {
				s.pair[b], s.builtOf[i] = i, b
				delete(open, r.Run)
			}
		case trace.Obtained:
			s.obtained = i
		case trace.Ended:
			s.countEnd(r.Run, e, before[r.Run])
		}
		s.stepOf[i] = step
		if f, ok := r.Event.(trace.Finding); ok {
			s.countFinding(i, step, f)
		}
	}
	s.blame = s.blamed()
	return s
}

func sameEndpoint(built trace.Record, e trace.Exchanged) bool {
	b, ok := built.Event.(trace.Built)
	return ok && b.Endpoint == e.Endpoint
}

// countEnd keeps how it ended: a run that only prepared another has the word
// only when it failed and nothing came after it.
func (s *survey) countEnd(run string, e trace.Ended, before bool) {
	s.took.Took += e.Took
	s.took.Theirs += e.Theirs
	s.took.Person += e.Person
	if !before || !e.OK {
		s.last, s.lastRun = e, run
		s.ended = true
	}
}

func (s *survey) countFinding(i, step int, f trace.Finding) {
	switch f.Outcome {
	case trace.Pass:
		s.passed++
	case trace.Skip:
		s.absent++
	case trace.Warn:
		if isRemark(f) {
			s.remarks = append(s.remarks, i)
			return
		}
		s.warned = append(s.warned, i)
		if step >= 0 {
			s.steps[step].warned++
		}
	default:
		s.bad = append(s.bad, i)
		if step >= 0 {
			s.steps[step].failed++
		}
	}
}

// isRemark says whether a finding is a mere remark on a document: what a server
// might do better with its metadata or its keys.
func isRemark(f trace.Finding) bool {
	return f.Outcome == trace.Warn && (strings.HasPrefix(f.Code, "META-") || strings.HasPrefix(f.Code, "JWKS-"))
}

// A blame is what a failure points at: places of records, or -1.
type blamePoints struct{ finding, message, step int }

// blamed follows a failure to the finding and the message that it rests on.
func (s *survey) blamed() blamePoints {
	b := blamePoints{-1, -1, -1}
	if !s.ended || s.last.OK {
		return b
	}
	f := s.last.Failure
	if f == nil {
		f = &trace.Failure{}
	}
	s.follow(&b, f.Evidence)
	if b.finding < 0 {
		b.finding = s.badNamed(f.Code)
	}
	if b.finding >= 0 && b.message < 0 {
		if e, ok := s.records[b.finding].Event.(trace.Finding); ok {
			s.follow(&b, e.Evidence)
		}
	}
	if b.message < 0 {
		b.message = s.lastBad(f.Endpoint)
	}
	b.step = s.stepOfBlame(b)
	if b.step >= 0 {
		s.steps[b.step].blamed = true
	}
	return b
}

func (s *survey) follow(b *blamePoints, evidence []int) {
	for _, seq := range evidence {
		i, ok := s.at[seq]
		if !ok {
			continue
		}
		switch s.records[i].Event.(type) {
		case trace.Finding:
			b.finding = i
		case trace.Exchanged, trace.Returned, trace.Decoded:
			b.message = i
		}
	}
}

// badNamed is the last failed finding of the run that ended, by its code, or -1.
func (s *survey) badNamed(code string) int {
	for _, i := range slices.Backward(s.bad) {
		if f, ok := s.records[i].Event.(trace.Finding); ok && code != "" && f.Code == code && s.records[i].Run == s.lastRun {
			return i
		}
	}
	return -1
}

// lastBad is the last exchange of the run that ended, at the endpoint that is
// said to have failed, or -1.
func (s *survey) lastBad(endpoint string) int {
	for i, r := range slices.Backward(s.records) {
		e, ok := r.Event.(trace.Exchanged)
		if ok && r.Run == s.lastRun && e.Endpoint == endpoint && (e.Failure != nil || e.Response.Status >= http.StatusBadRequest) {
			return i
		}
	}
	return -1
}

func (s *survey) stepOfBlame(b blamePoints) int {
	if b.finding >= 0 && s.stepOf[b.finding] >= 0 {
		return s.stepOf[b.finding]
	}
	if b.message >= 0 && s.stepOf[b.message] >= 0 {
		return s.stepOf[b.message]
	}
	for i := range slices.Backward(s.steps) {
		if s.steps[i].run == s.lastRun {
			return i
		}
	}
	return -1
}

// anchor is the name of a record in the page; a second record of the same
// number has none.
func (s *survey) anchor(i int) string {
	if s.at[s.records[i].Seq] != i {
		return ""
	}
	return anchorOf(s.records[i].Seq)
}

func anchorOf(seq int) string { return "r" + strconv.Itoa(seq) }

// A link leads to another record of the page.
type link struct{ To, Text string }

// mostLinks is how many records a finding may point at in the page.
const mostLinks = 8

// links lead to the evidence of a finding, as far as it is there.
func (s *survey) links(evidence []int) []link {
	var out []link
	for _, seq := range evidence[:min(len(evidence), mostLinks)] {
		if i, ok := s.at[seq]; ok {
			out = append(out, s.linkTo(i))
		}
	}
	return out
}

// linkTo is a link to a record, in words.
func (s *survey) linkTo(i int) link {
	r := s.records[i]
	text := ""
	if r.Event != nil {
		text = strings.ReplaceAll(r.Event.Kind(), "-", " ")
	}
	switch e := r.Event.(type) {
	case trace.Exchanged:
		if text = e.Endpoint + " answer"; e.Response.Status == 0 {
			text = e.Endpoint + " request"
		}
	case trace.Built:
		text = e.Endpoint + " request"
	case trace.Returned:
		text = "answer through the browser"
	case trace.Opened:
		text = "sent to the browser"
	case trace.Decoded:
		text = e.What
	case trace.Finding:
		text = e.ID
	}
	return link{anchorOf(r.Seq), joined(" ", elideEnd(Clean(text), 40), "#"+strconv.Itoa(r.Seq))}
}
