package output

import (
	"crypto/sha256"
	_ "embed" // the report's style and script
	"encoding/base64"
	"html"
	"io"
	"time"
	"unicode/utf8"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

//go:embed html/report.css
var reportStyle string

//go:embed html/report.js
var reportScript string

// writeHTML writes a report of a trace as one page that needs nothing else: no
// other file, no network, and no script to be read.
func writeHTML(w io.Writer, records []trace.Record) error {
	r := &report{w: w, survey: surveyed(records)}
	r.top()
	for i := 0; i < len(records) && r.err == nil; {
		i = r.record(i)
	}
	r.end()
	return r.err
}

// A report is a page being written, one event after another: no more of it than
// one event is ever held.
type report struct {
	w      io.Writer
	paper  paper
	err    error // the first that occurred
	survey *survey

	machine bool // has been described
	inStep  bool
	waiting string              // what is being waited for
	opened  map[string]sentAway // by run: the person who has not come back
}

type sentAway struct{ at time.Time }

// sheetHash is how a Content-Security-Policy names an inline style or script
// (CSP 3 §2.3.1).
func sheetHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// put writes one piece of the page. All that is foreign passes here.
func (r *report) put(x piece) {
	if r.err != nil {
		return
	}
	r.paper.b.Reset()
	x.write(&r.paper)
	_, r.err = r.w.Write(seenBytes(r.paper.b.Bytes()))
}

// seenBytes makes what nobody would see visible. Every field has been cleaned by
// then; this holds for the one that is forgotten tomorrow.
func seenBytes(b []byte) []byte {
	for i := range b {
		if b[i] != '\n' && (b[i] < 0x20 || b[i] > 0x7e) {
			return seenRunes(b)
		}
	}
	return b
}

func seenRunes(b []byte) []byte {
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		if c := b[0]; c == '\n' || c >= 0x20 && c < 0x7f {
			out, b = append(out, c), b[1:]
			continue
		}
		c, n := utf8.DecodeRune(b)
		if visible(c) {
			out = append(out, b[:n]...)
		} else {
			out = append(out, html.EscapeString(Clean(string(b[:n])))...)
		}
		b = b[n:]
	}
	return out
}

// top writes all that is above the steps.
func (r *report) top() {
	s := r.survey
	verdict := s.verdict()
	policy := "default-src 'none'; style-src " + sheetHash(reportStyle) + "; script-src " + sheetHash(reportScript) + "; base-uri 'none'; form-action 'none'"
	r.put(headModel{verdict.Title, policy, len(s.records) > 2000})
	r.put(verdict)
	r.put(s.summary())
	r.diagram()
	r.put(s.outline())
}

// end closes what is open and the page.
func (r *report) end() {
	r.closeStep()
	r.put(footModel{Clean(r.survey.main.Version), len(r.survey.records)})
}

// record writes the record at i, with those that belong to it, and says where
// to go on.
func (r *report) record(i int) int {
	s := r.survey
	rec := s.records[i]
	if _, ok := rec.Event.(trace.Waiting); !ok {
		r.waiting = ""
	}
	switch rec.Event.(type) {
	case trace.Finding:
		return r.findings(i)
	case trace.Built, trace.Exchanged:
		if end := s.pollsFrom(i); end > i {
			r.polls(i, end)
			return end
		}
	}
	r.one(i)
	return i + 1
}

// one writes a single record.
func (r *report) one(i int) {
	rec := r.survey.records[i]
	id := r.survey.anchor(i)
	switch e := shownEvent(rec.Event).(type) {
	case trace.RunStarted:
		r.closeStep()
		r.put(r.runModel(i, e))
	case trace.StepStarted:
		r.startStep(i, e)
	case trace.Built:
		if r.survey.pair[i] == 0 {
			r.put(r.builtAlone(i, e))
		} else {
			r.message(i)
		}
	case trace.Exchanged:
		if _, shown := r.survey.builtOf[i]; !shown {
			r.message(i)
		}
	case trace.Decoded:
		r.put(r.tokenModel(i, e))
	case trace.Described:
		r.put(describedModel{id, e.What, memberGroups(e.Members), r.survey.links(e.Evidence)})
	case trace.Obtained:
		r.put(obtainedModel(id, rec, e))
	case trace.Note:
		r.put(noteModel{id, e})
	case trace.Opened, trace.Returned, trace.Waiting:
		r.person(i, e)
	case trace.Ended:
		r.put(r.endedModel(id, rec, e))
	case trace.Unknown:
		r.put(unknownModel{id, e.Name, jsonMarkup(string(e.Raw), rec.At)})
	}
}

// shownEvent is an event whose every text is fit to be seen, but for bodies and
// JSON, which are laid out as they are.
func shownEvent(e trace.Event) trace.Event {
	switch e := e.(type) {
	case trace.Exchanged:
		return e // message cleans what it shows of it
	case trace.Decoded:
		header, claims := e.Header, e.Claims
		e.Header, e.Claims = nil, nil
		if out, ok := rewrite(e, Clean).(trace.Decoded); ok {
			e = out
		}
		e.Header, e.Claims = header, claims
		return e
	case trace.Obtained:
		e.What = Clean(e.What)
		return e
	case trace.Unknown:
		e.Name = Clean(e.Name)
		return e
	case nil:
		return nil
	}
	return rewrite(e, Clean)
}
