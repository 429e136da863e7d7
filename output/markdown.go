package output

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// writeMarkdown writes records as a report that fits into an issue: what it was
// and how it ended, the findings, each step with its exchanges, and a diagram.
func writeMarkdown(w io.Writer, records []trace.Record) error {
	m := &markdown{out: w, anchors: map[int]bool{}}
	for _, r := range records {
		m.count(r)
	}
	m.summary()
	m.findings(records)
	for _, r := range records {
		m.record(r)
	}
	m.put("\n## Diagram\n\n```mermaid\n")
	if m.err != nil {
		return m.err
	}
	if m.err = writeMermaid(w, records); m.err == nil { // in which no backtick is left
		m.put("```\n")
	}
	return m.err
}

// How much of foreign texts is shown, in cells: GitHub takes no issue of more
// than 65536 characters, and a trace has all of it.
const (
	markdownWord  = 120
	markdownLine  = 400
	markdownField = 1000
	markdownBody  = 4000
	markdownPage  = 600
	markdownMost  = 60 // header fields, parameters
)

// A markdown writes the parts of a report, and nothing more after an error.
type markdown struct {
	out io.Writer
	err error

	title   trace.RunStarted // of what the whole was for
	runs    int
	version string
	machine *trace.Machine
	began   time.Time
	total   trace.Ended
	ended   bool
	counts  map[trace.Outcome]int
	anchors map[int]bool // records that can be linked to
	marked  bool         // there are secrets
	masked  bool         // and some were hidden
}

func (m *markdown) put(parts ...string) {
	if m.err == nil {
		_, m.err = io.WriteString(m.out, strings.Join(parts, ""))
	}
}

// count looks at a record before anything is written.
func (m *markdown) count(r trace.Record) {
	if m.counts == nil {
		m.counts = map[trace.Outcome]int{}
	}
	switch e := r.Event.(type) {
	case trace.RunStarted:
		if m.runs++; m.runs == 1 {
			m.began = r.At
		}
		if e.Before != "" {
			e.Procedure, e.Doc, e.Spec = e.Before, e.Purpose, e.For
		}
		if e.Client == "" {
			e.Client = m.title.Client
		}
		m.title = e
		if e.Version != "" {
			m.version = e.Version
		}
		if e.Machine != nil {
			m.machine = e.Machine
		}
	case trace.Finding:
		m.counts[e.Outcome]++
	case trace.Ended:
		m.ended = true
		e.Took, e.Theirs, e.Person = e.Took+m.total.Took, e.Theirs+m.total.Theirs, e.Person+m.total.Person
		m.total = e
	case trace.Exchanged:
		m.anchors[r.Seq] = true
		m.marked = m.marked || len(e.Secrets) > 0
		m.masked = m.masked || masksAny(e)
	case trace.Returned, trace.Decoded:
		m.anchors[r.Seq] = true
	}
}

func (m *markdown) summary() {
	m.put("# ", joined(" ", "oauthprobe", markdownText(m.title.Procedure, markdownWord)))
	if doc := firstLine(m.title.Doc); doc != "" {
		m.put(": ", markdownText(doc, markdownWord))
	}
	m.put("\n")
	if m.marked && !m.masked {
		m.put("\n! Nothing in this is masked: look for secrets before you show it to anybody.\n")
	}
	m.put("\n| | |\n| --- | --- |\n")
	m.row("Outcome", markdownText(m.outcome(), markdownLine))
	m.row("Procedure", joined(", ", markdownCode(m.title.Procedure, markdownWord), markdownText(m.title.Spec, markdownWord)))
	m.row("Server", markdownCode(m.title.Issuer, markdownLine))
	m.row("Client", markdownCode(m.title.Client, markdownWord))
	m.row("oauthprobe", markdownCode(m.version, markdownWord))
	m.row("Machine", markdownText(machineWords(m.machine), markdownLine))
	if !m.began.IsZero() {
		m.row("Began", m.began.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if m.ended {
		ours := max(m.total.Took-m.total.Theirs-m.total.Person, 0)
		m.row("Took", duration(m.total.Took)+" (oauthprobe "+duration(ours)+", server "+duration(m.total.Theirs)+", person "+duration(m.total.Person)+")")
	}
	m.row("Checks", m.tally())
}

func (m *markdown) row(name, value string) {
	if value != "" {
		m.put("| ", name, " | ", value, " |\n")
	}
}

func (m *markdown) outcome() string {
	switch {
	case !m.ended:
		return "? not ended"
	case m.total.OK:
		return "✓ done"
	}
	says := "✗ failed, exit " + strconv.Itoa(m.total.Exit)
	if m.total.Failure != nil {
		says += ": " + m.total.Failure.Text
	}
	return says
}

func machineWords(m *trace.Machine) string {
	if m == nil {
		return ""
	}
	parts := []string{m.OS}
	if m.Terminal {
		parts = append(parts, "terminal")
	}
	parts = append(parts, m.Remote...)
	if m.Browser != "" {
		parts = append(parts, "browser: "+m.Browser)
	}
	if len(m.ProxyVars) > 0 {
		parts = append(parts, "proxy variables: "+strings.Join(m.ProxyVars, " "))
	}
	return joined(" · ", parts...)
}

func (m *markdown) tally() string {
	var parts []string
	for _, c := range []struct {
		outcome   trace.Outcome
		one, many string
	}{
		{trace.Fail, "failed", "failed"}, {trace.Warn, "warning", "warnings"},
		{trace.Pass, "passed", "passed"}, {trace.Skip, "did not apply", "did not apply"},
	} {
		if n := m.counts[c.outcome]; n > 0 {
			parts = append(parts, count(n, c.one, c.many))
		}
	}
	return strings.Join(parts, " · ")
}

// masksAny says whether something in an exchange was masked.
func masksAny(e trace.Exchanged) bool {
	for _, x := range []trace.Message{e.Request, e.Response} {
		if strings.Contains(x.URL, "…(") || strings.Contains(x.Body, "…(") {
			return true
		}
		for _, f := range x.Header {
			if strings.Contains(f.Value, "…(") {
				return true
			}
		}
	}
	return false
}
