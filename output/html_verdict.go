package output

import (
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A verdictModel is the top of the page: what ran, how it ended, and why.
type verdictModel struct {
	Title                 string
	Is, Sign, Word        string // "ok", "bad", "open"
	Command, Doc, Spec    string
	Headline, Lead        string
	Step                  link
	Code, Kind            string
	Exit                  int
	ShowExit              bool
	Finding               *findingModel
	Message               *link
	Facts                 []pageFact
	Time                  []timePart
	Messages, Steps, Runs int
}

type pageFact struct{ Name, Value string }

// verdict says how the trace ended.
func (s *survey) verdict() verdictModel {
	command, doc, spec := s.main.Procedure, s.main.Doc, s.main.Spec
	if s.main.Before != "" {
		command, doc, spec = s.main.Before, s.main.Purpose, s.main.For
	}
	v := verdictModel{Command: elideEnd(Clean(command), 60), Doc: elideEnd(Clean(firstLine(doc)), 120), Spec: elideEnd(Clean(spec), 80), Messages: s.messages, Steps: len(s.steps)}
	switch {
	case !s.ended:
		v.Is, v.Sign, v.Word, v.Headline = "open", "?", "no end", "The trace stops before the run ended"
	case s.last.OK:
		v.Is, v.Sign, v.Word = "ok", "✓", "done"
		v.Headline, v.Lead = "It worked, in "+duration(s.took.Took), s.gained()
		if n := len(s.bad); n > 0 {
			v.Headline = "It went through, and " + count(n, "check", "checks") + " failed"
		}
	default:
		s.failed(&v)
	}
	v.Facts = s.facts()
	v.Time = s.shares()
	v.Title = joined(" ", v.Sign, joined(" · ", joined(" ", v.Command, v.Word), Clean(elideMiddle(s.main.Issuer, 60)), "oauthprobe"))
	return v
}

// gained is what the run was for, in a line.
func (s *survey) gained() string {
	if s.obtained < 0 {
		return ""
	}
	rec := s.records[s.obtained]
	e, _ := rec.Event.(trace.Obtained)
	m := obtainedModel("", rec, e)
	return joined(": ", Clean(m.What), joined(" · ", strings.Join(m.Tokens, ", "), m.Says))
}

// failed says which step failed, and why.
func (s *survey) failed(v *verdictModel) {
	v.Is, v.Sign, v.Word = "bad", "✗", "failed"
	v.Headline = "It failed"
	if s.blame.step >= 0 {
		step := s.steps[s.blame.step]
		v.Headline = "It failed at step " + step.number() + ":"
		v.Step = link{step.anchor(s.blame.step), elideEnd(Clean(step.title), 120)}
	}
	v.Lead = "No reason was recorded."
	if f := s.last.Failure; f != nil {
		v.Lead, v.Kind = elideEnd(Clean(f.Text), 600), Clean(elideEnd(f.Kind, 24))
		v.Code = elideEnd(Clean(f.Code), 60)
	}
	v.Exit, v.ShowExit = s.last.Exit, true
	if s.blame.finding >= 0 {
		m := s.findingModel(s.blame.finding)
		v.Finding = &m
	}
	if s.blame.message >= 0 {
		l := s.linkTo(s.blame.message)
		v.Message = &l
	}
}

func (s *survey) facts() []pageFact {
	var out []pageFact
	add := func(name, value string) {
		if value != "" {
			out = append(out, pageFact{name, elideMiddle(Clean(value), 100)})
		}
	}
	add("Server", s.main.Issuer)
	add("Client", s.main.Client)
	if len(s.records) > 0 && !s.records[0].At.IsZero() {
		add("When", s.records[0].At.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	add("Traffic", count(s.messages, "exchange", "exchanges")+" in "+count(len(s.steps), "step", "steps"))
	add("Program", joined(" ", "oauthprobe", s.main.Version))
	return out
}

// shares say whose the time of all runs was.
func (s *survey) shares() []timePart {
	t := s.took
	if t.Took <= 0 {
		return nil
	}
	ours := max(t.Took-t.Theirs-t.Person, 0)
	return timeBar(t.Took, []timeShare{{"oauthprobe", "t2", ours}, {"server", "t4", t.Theirs}, {"person", "t3", t.Person}})
}

func (s stepSurvey) anchor(i int) string { return "step" + strconv.Itoa(i+1) }
func (s stepSurvey) number() string      { return strconv.Itoa(s.n) }

// An outlineRow is a step in the list of steps.
type outlineRow struct{ To, Number, Title, Is, Sign, Word string }

// mostOutline is how many steps the list of steps holds.
const mostOutline = 80

func (s *survey) outline() outlineModel {
	var out outlineModel
	for i, step := range s.steps {
		if i == mostOutline {
			out = append(out, outlineRow{To: step.anchor(i), Title: count(len(s.steps)-i, "more step", "more steps")})
			break
		}
		is, sign, word := step.state()
		out = append(out, outlineRow{step.anchor(i), step.number(), elideEnd(Clean(step.title), 80), is, sign, word})
	}
	return out
}

func (s stepSurvey) state() (is, sign, word string) {
	switch {
	case s.blamed, s.failed > 0:
		return "fail", "✗", "failed"
	case s.warned > 0:
		return "warn", "!", "with warnings"
	}
	return "pass", "✓", "passed"
}

// startStep closes the step before and opens the next.
func (r *report) startStep(i int, e trace.StepStarted) {
	r.closeStep()
	at := r.survey.stepOf[i]
	step := r.survey.steps[at]
	is, sign, word := step.state()
	r.put(stepModel{step.anchor(at), r.survey.anchor(i), step.number(), elideEnd(e.Title, 300), cutText(e.Why), e.Spec, is, sign, word, step.blamed})
	r.inStep = true
}

func (r *report) closeStep() {
	if r.inStep {
		r.put(markup("</section>\n"))
	}
	r.inStep = false
}

// A runModel is the head of a run among the steps.
type runModel struct {
	Anchor, Name, Doc, Spec string
	More                    []string
	Machine                 string
}

func (r *report) runModel(i int, e trace.RunStarted) runModel {
	raw, _ := r.survey.records[i].Event.(trace.RunStarted)
	paragraphs := strings.Split(raw.Doc, "\n")
	m := runModel{Anchor: r.survey.anchor(i), Name: e.Procedure, Doc: Clean(paragraphs[0]), Spec: e.Spec}
	for _, p := range paragraphs[1:min(len(paragraphs), 20)] {
		if p = strings.TrimSpace(p); p != "" {
			m.More = append(m.More, Clean(p))
		}
	}
	if x := e.Machine; x != nil && !r.machine {
		r.machine = true
		m.Machine = joined(" · ", x.OS, strings.Join(x.Remote, ", "), joined(": ", "browser", x.Browser))
	}
	return m
}

type endedModel struct {
	Anchor, Sign, Is, Text, Took, Lead string
}

func (r *report) endedModel(id string, rec trace.Record, e trace.Ended) endedModel {
	m := endedModel{Anchor: id, Sign: "✓", Is: "pass", Text: joined(" ", Clean(rec.Run), "done"), Took: duration(e.Took)}
	if e.OK {
		return m
	}
	m.Sign, m.Is, m.Text = "✗", "fail", joined(" ", Clean(rec.Run), "failed, exit", strconv.Itoa(e.Exit))
	if e.Failure != nil {
		m.Lead = cutText(joined(": ", e.Failure.Kind, e.Failure.Text))
	}
	return m
}
