package output

import (
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A findingModel is a verdict as the page shows it.
type findingModel struct {
	Anchor                          string
	Sign, Is, Outcome               string // Is: "fail", "warn", "pass", "skip"
	Code, ID, Level, Ref            string
	Detail, Expected, Actual, Where string
	Evidence                        []link
	Number                          int
}

// outcomeWords are the sign, the class and the word of an outcome.
var outcomeWords = map[trace.Outcome][3]string{
	trace.Pass: {"✓", "pass", "passed"},
	trace.Fail: {"✗", "fail", "failed"},
	trace.Warn: {"!", "warn", "warning"},
	trace.Skip: {"–", "skip", "does not apply"},
}

func (s *survey) findingModel(i int) findingModel {
	e, ok := shownEvent(s.records[i].Event).(trace.Finding)
	if !ok {
		return findingModel{}
	}
	words, ok := outcomeWords[e.Outcome]
	if !ok { // of a newer version: better seen than dropped
		words = [3]string{"?", "fail", elideEnd(string(e.Outcome), 20)}
	}
	m := findingModel{
		Anchor: s.anchor(i), Number: s.records[i].Seq, Sign: words[0], Is: words[1], Outcome: words[2],
		Code: e.Code, ID: e.ID, Level: strings.ToUpper(string(e.Level)), Ref: e.Ref,
		Detail: cutText(e.Detail), Expected: cutText(e.Expected), Actual: cutText(e.Actual), Evidence: s.links(e.Evidence),
	}
	if step := s.stepOf[i]; step >= 0 {
		m.Where = "step " + s.steps[step].number()
	}
	return m
}

// cutText shortens what is meant to be read and is as long as a body.
func cutText(s string) string { return elideEnd(s, mostBody/4) }

// findings writes the findings from i on, and says where they end: what needs
// the reader first, the rest folded.
func (r *report) findings(i int) int {
	s := r.survey
	var block findingsModel
	var warned []findingModel
	for ; i < len(s.records); i++ {
		e, ok := s.records[i].Event.(trace.Finding)
		if !ok {
			break
		}
		m := s.findingModel(i)
		switch {
		case e.Outcome == trace.Pass:
			block.Passed = append(block.Passed, m)
		case e.Outcome == trace.Skip:
			block.Skipped = append(block.Skipped, m)
		case isRemark(e):
			block.Remarks = append(block.Remarks, m)
		case e.Outcome == trace.Warn:
			warned = append(warned, m)
		default:
			block.Loud = append(block.Loud, m)
		}
	}
	block.Loud = append(block.Loud, warned...)
	r.put(block)
	return i
}

// A summaryModel is what was found, at the top of the page.
type summaryModel struct {
	Failed, Warned, Remarks, Passed, Skipped int
	Loud, Remarked                           []findingModel
	More                                     int
}

// mostLoud is how many findings the top of the page lists.
const mostLoud = 60

func (s *survey) summary() summaryModel {
	m := summaryModel{Failed: len(s.bad), Warned: len(s.warned), Remarks: len(s.remarks), Passed: s.passed, Skipped: s.absent}
	for _, list := range [][]int{s.bad, s.warned} {
		for _, i := range list {
			if len(m.Loud) == mostLoud {
				m.More++
				continue
			}
			m.Loud = append(m.Loud, s.briefly(i))
		}
	}
	for _, i := range s.remarks[:min(len(s.remarks), mostLoud)] {
		m.Remarked = append(m.Remarked, s.briefly(i))
	}
	return m
}

// briefly is a finding at the top of the page, which leads to all of it.
func (s *survey) briefly(i int) findingModel {
	m := s.findingModel(i)
	m.Detail = elideEnd(m.Detail, 400)
	return m
}
