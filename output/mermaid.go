package output

import (
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// writeMermaid writes records as a sequence diagram for Mermaid.
//
// What is relied on of its grammar: the first line is the word sequenceDiagram;
// each statement is a line; "participant ID as TEXT", "ID->>ID: TEXT" (and
// -->>, -x), "Note over ID,ID: TEXT"; TEXT ends with the line; "<br/>" breaks a
// line in it, and "#N;" is the character of that number. All else in a text
// that could mean something is written as its number (mermaidText). Mermaid
// refuses more than 50000 characters unless it is told otherwise, so a long
// trace is cut.
func writeMermaid(w io.Writer, records []trace.Record) error {
	m := newMermaid(w, records)
	m.line("sequenceDiagram")
	m.line("autonumber")
	for _, p := range m.cast {
		m.line("participant " + p.id + " as " + p.label)
	}
	for i := range records {
		m.record(records[i])
	}
	m.remarks()
	m.end()
	return m.err
}

// mermaidRoom is how many octets of statements are written, mermaidWidth how
// many cells a line may have, and mermaidNote all lines of a text.
const (
	mermaidRoom  = 44_000
	mermaidWidth = 80
	mermaidNote  = 240
)

// A mermaid writes the statements of a diagram, and nothing more after an
// error.
type mermaid struct {
	out      io.Writer
	err      error
	room     int
	cut      bool // there was no more room
	left     int  // exchanges after that
	cast     []mermaidRole
	across   string // all of the cast
	walked   bool   // pages are in the trace
	said     []string
	more     int
	remarked int // on metadata and keys, where there can be many
	result   []string
}

type mermaidRole struct{ id, label string }

// newMermaid finds out who takes part.
func newMermaid(w io.Writer, records []trace.Record) *mermaid {
	m := &mermaid{out: w, room: mermaidRoom}
	ours, server, person := "oauthprobe", "Authorization server", "You, in a browser"
	var browser, resource, asks bool
	var at, of string
	for _, r := range records {
		switch e := r.Event.(type) {
		case trace.RunStarted:
			if e.Procedure == "serve" {
				ours, server = "Clients", "oauthprobe serve"
			}
			if at == "" {
				at = mermaidHost(e.Issuer)
			}
		case trace.Opened:
			browser = true
		case trace.Returned:
			browser = browser || e.Via != "notification"
			asks = true
		case trace.Exchanged:
			switch e.Endpoint {
			case "page":
				browser, m.walked, person = true, true, "Headless browser"
			case "resource":
				resource = true
				of = mermaidHost(e.Request.URL)
			default:
				asks = true
			}
		}
	}
	if browser {
		m.cast = append(m.cast, mermaidRole{"U", person})
	}
	m.cast = append(m.cast, mermaidRole{"P", ours})
	if browser || asks {
		m.cast = append(m.cast, mermaidRole{"A", mermaidLabel(server, at)})
	}
	if resource {
		m.cast = append(m.cast, mermaidRole{"R", mermaidLabel("Resource", of)})
	}
	if m.across = m.cast[0].id; len(m.cast) > 1 {
		m.across += "," + m.cast[len(m.cast)-1].id
	}
	return m
}

func mermaidHost(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Host
}

func mermaidLabel(role, host string) string {
	if host == "" {
		return role
	}
	return role + "<br/>" + mermaidText(host, 60)
}

// line writes a statement that must not be missing.
func (m *mermaid) line(s string) {
	if m.err != nil {
		return
	}
	if s != "sequenceDiagram" {
		s = "    " + s
	}
	m.room -= len(s) + 1
	_, m.err = io.WriteString(m.out, s+"\n")
}

// say writes a statement, as long as there is room.
func (m *mermaid) say(s string) {
	if m.cut = m.cut || len(s) > m.room; !m.cut {
		m.line(s)
	}
}

// message draws an arrow. The text is foreign.
func (m *mermaid) message(from, arrow, to, text string) {
	m.remarks()
	m.say(from + arrow + to + ": " + mermaidText(text, mermaidWidth))
}

func (m *mermaid) note(over string, lines ...string) {
	m.remarks()
	m.say("Note over " + over + ": " + mermaidLines(lines))
}

func mermaidLines(lines []string) string {
	out := make([]string, len(lines))
	for i, l := range lines {
		wrapped := wrap(elideEnd(Clean(l[:min(len(l), 8*mermaidNote)]), mermaidNote), mermaidWidth)
		for j := range wrapped {
			wrapped[j] = mermaidText(wrapped[j], mermaidWidth)
		}
		out[i] = strings.Join(wrapped, "<br/>")
	}
	return strings.Join(out, "<br/>")
}

// mermaidRemarks is how many findings stand in one note.
const mermaidRemarks = 5

// remark keeps a finding for the next note.
func (m *mermaid) remark(e trace.Finding) {
	if e.Outcome == trace.Pass || e.Outcome == trace.Skip {
		return
	}
	if isRemarkCode(e) {
		m.remarked++
		return
	}
	if len(m.said) >= mermaidRemarks {
		m.more++
		return
	}
	sign, ok := signs[e.Outcome]
	if !ok {
		sign.text = "? "
	}
	m.said = append(m.said, sign.text+joined(": ", joined(" ", e.Code, e.ID), e.Detail))
}

// remarks writes the findings that were kept.
func (m *mermaid) remarks() {
	lines := m.said
	if m.more > 0 {
		lines = append(lines, "and "+strconv.Itoa(m.more)+" more")
	}
	if m.remarked > 0 {
		lines = append(lines, "! "+count(m.remarked, "remark", "remarks")+" on what the server says of itself")
	}
	m.said, m.more, m.remarked = nil, 0, 0
	if len(lines) > 0 {
		m.say("Note over P: " + mermaidLines(lines))
	}
}

func (m *mermaid) record(r trace.Record) {
	if m.cut {
		switch e := r.Event.(type) {
		case trace.Exchanged:
			m.left++
		case trace.Ended:
			m.result = []string{mermaidResult(e)}
		}
		return
	}
	switch e := r.Event.(type) {
	case trace.StepStarted:
		m.remarks()
		m.say("Note over " + m.across + ": " + mermaidText(joined(" ", strconv.Itoa(e.N), e.Title), mermaidWidth))
	case trace.Exchanged:
		m.exchange(e)
	case trace.Opened:
		m.message("P", "->>", "U", "open "+mermaidPath(e.URL))
		if !m.walked {
			m.note("U,A", "the person signs in")
		}
	case trace.Returned:
		m.returned(e)
	case trace.Finding:
		m.remark(e)
	case trace.Decoded:
		if _, verdict := verdictOf(e); !e.Foreign {
			m.note("P", joined(" ", e.What, verdict))
		}
	case trace.Ended:
		m.result = []string{mermaidResult(e)} // the last one speaks for all
	}
}

func mermaidResult(e trace.Ended) string {
	if e.OK {
		return "✓ done"
	}
	says := "✗ failed, exit " + strconv.Itoa(e.Exit)
	if e.Failure != nil {
		says += ": " + e.Failure.Text
	}
	return says
}

// end says how it ended, and how much is missing.
func (m *mermaid) end() {
	if m.cut {
		m.line("Note over " + m.across + ": there is more, " + count(m.left, "exchange", "exchanges") + " and all else, in the trace")
	}
	if len(m.result) > 0 {
		m.line("Note over P: " + mermaidLines(m.result))
	}
}
