package output

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// topicShare is the note whose lines are a token that nobody can use.
const topicShare = "safe-to-share"

// A specimen is what a trace says of one token.
type specimen struct {
	trace.Decoded
	at       trace.Record
	findings []trace.Finding
	shared   *trace.Note
}

// specimens collects what the trace of an inspection says, token by token. A
// finding belongs to the token that its first evidence is.
func specimens(records []trace.Record) []specimen {
	var all []specimen
	for _, r := range records {
		switch e := r.Event.(type) {
		case trace.Decoded:
			all = append(all, specimen{Decoded: e, at: r})
		case trace.Finding:
			for i := range all {
				if len(e.Evidence) > 0 && e.Evidence[0] == all[i].at.Seq {
					all[i].findings = append(all[i].findings, e)
				}
			}
		case trace.Note:
			if e.Topic == topicShare && len(all) > 0 {
				all[len(all)-1].shared = &e
			}
		}
	}
	return all
}

// Inspect writes the report of an inspection for a person: of every token what
// it is and whether to believe it, its members in words, the findings, and a
// copy that is safe to share.
func Inspect(w io.Writer, records []trace.Record, o TerminalOptions) error {
	var b bytes.Buffer
	t := NewTerminal(&b, o)
	all := specimens(records)
	for i, s := range all {
		t.now, t.seq, t.run = s.at.At, s.at.Seq, s.at.Run
		if i > 0 {
			t.out.WriteByte('\n')
		}
		t.specimen(s, i+1, len(all))
	}
	t.flush()
	_, err := b.WriteTo(w)
	return err
}

func (t *Terminal) specimen(s specimen, n, of int) {
	t.headline(s, n, of)
	for _, name := range []string{"envelope", "header", "claims"} {
		t.table(name, part(s.Members, name))
	}
	if len(s.Members) == 0 { // of a trace that was made otherwise
		gutter := row{{text: "  "}}
		t.tokenPart(gutter, "header", string(s.Header), true)
		t.tokenPart(gutter, "claims", string(s.Claims), false)
	}
	t.judged(s.findings)
	if s.shared != nil {
		t.gap()
		t.section("a copy to share")
		t.text(2, dim, s.shared.Text)
		t.copyLines(s.shared.Lines)
	}
}

// part are the members of one part.
func part(all []trace.Member, name string) []trace.Member {
	return slices.DeleteFunc(slices.Clone(all), func(m trace.Member) bool { return m.In != name })
}

// headline says what a token is and whether to believe it; then why one thinks
// so, and what else can be said of it as a whole.
func (t *Terminal) headline(s specimen, n, of int) {
	to, verdict := fail, "NOT VERIFIED"
	if s.Verified {
		to, verdict = got, "VERIFIED"
	}
	front := row{say(strong, s.What), {text: "  "}, {tone: to, text: verdict}}
	if of > 1 {
		front = append(front, say(dim, "  token "+strconv.Itoa(n)+" of "+strconv.Itoa(of)))
	}
	t.put(nil, front...)
	why := fail
	if s.Verified {
		why = plain
	}
	t.text(2, why, s.Reason)
	t.table("", part(s.Members, "token"))
}

func (t *Terminal) section(name string) {
	t.put(nil, say(strong, name))
}

// judged shows the findings: what failed first, then what passed, and in one
// line what was not asked.
func (t *Terminal) judged(all []trace.Finding) {
	if len(all) == 0 {
		return
	}
	t.gap()
	t.section("findings")
	var skipped []string
	for _, outcome := range []trace.Outcome{trace.Fail, trace.Warn, trace.Pass} {
		for _, f := range all {
			if f.Outcome == outcome {
				t.finding(f)
			}
		}
	}
	for _, f := range all {
		switch {
		case f.Outcome != trace.Skip:
		case t.o.Verbose:
			t.finding(f)
		default:
			skipped = append(skipped, Clean(f.ID))
		}
	}
	if len(skipped) > 0 {
		t.text(2, dim, "- not asked, -v says why: "+strings.Join(skipped, ", "))
	}
}

// An inspected is one token as the JSON report has it.
type inspected struct {
	Header   json.RawMessage `json:"header"`
	Claims   json.RawMessage `json:"claims"`
	Verified bool            `json:"verified"`
	Reason   string          `json:"reason"`
	What     string          `json:"what"`
	Findings []trace.Finding `json:"findings"`
	More     []inspected     `json:"more,omitempty"`
}

// InspectJSON is the report of an inspection for a program, on one line:
// header and claims as they were written, null when there are none. Of several
// tokens it is the first, and the others are under "more".
func InspectJSON(records []trace.Record) []byte {
	report := inspected{Findings: []trace.Finding{}, Reason: "nothing was inspected"}
	for i, s := range specimens(records) {
		one := inspected{
			Header: verbatim(s.Header), Claims: verbatim(s.Claims), Verified: s.Verified, Reason: s.Reason, What: s.What,
			Findings: append([]trace.Finding{}, s.findings...),
		}
		if i == 0 {
			report = one
		} else {
			report.More = append(report.More, one)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(report); err != nil { // every part is valid JSON
		return []byte("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func verbatim(raw json.RawMessage) json.RawMessage {
	if !json.Valid(raw) {
		return nil
	}
	return raw
}
