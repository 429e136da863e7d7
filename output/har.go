package output

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// An HTTP Archive (HAR 1.2) holds the exchanges of a trace for the network
// panels of browsers and for everything else that reads such files. What the
// format has no place for stands in members that begin with "_", as it asks.

type (
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}

	harPage struct {
		Started harTime  `json:"startedDateTime"`
		ID      string   `json:"id"`
		Title   string   `json:"title"`
		Timings struct{} `json:"pageTimings"` // there is no page that loads
	}

	harEntry struct {
		Page       string       `json:"pageref,omitempty"`
		Started    harTime      `json:"startedDateTime"`
		Time       harMillis    `json:"time"`
		Request    harRequest   `json:"request"`
		Response   harResponse  `json:"response"`
		Cache      struct{}     `json:"cache"` // there is none
		Timings    harTimings   `json:"timings"`
		Address    string       `json:"serverIPAddress,omitempty"`
		Connection string       `json:"connection,omitempty"`
		Seq        int          `json:"_seq"`
		Endpoint   string       `json:"_endpoint,omitempty"`
		Try        int          `json:"_try,omitempty"`
		Poll       int          `json:"_poll,omitempty"`
		Step       *harStep     `json:"_step,omitempty"`
		Findings   []harFinding `json:"_findings,omitempty"`
	}

	harStep struct {
		N     int    `json:"n"`
		Title string `json:"title"`
	}

	harFinding struct {
		Code     string        `json:"code"`
		ID       string        `json:"id"`
		Level    trace.Level   `json:"level"`
		Outcome  trace.Outcome `json:"outcome"`
		Ref      string        `json:"ref"`
		Detail   string        `json:"detail,omitempty"`
		Expected string        `json:"expected,omitempty"`
		Actual   string        `json:"actual,omitempty"`
	}

	// harTimings are the parts of an exchange. The time of ssl is part of that of
	// connect; -1 says that a part did not happen.
	harTimings struct {
		Blocked harMillis `json:"blocked"`
		DNS     harMillis `json:"dns"`
		Connect harMillis `json:"connect"`
		SSL     harMillis `json:"ssl"`
		Send    harMillis `json:"send"`
		Wait    harMillis `json:"wait"`
		Receive harMillis `json:"receive"`
	}
)

// harMillis is a number of milliseconds, counted in microseconds so that sums
// are exact.
type harMillis int64

// harNone is a part that did not happen.
const harNone harMillis = -1000

// MarshalJSON implements json.Marshaler.
func (m harMillis) MarshalJSON() ([]byte, error) {
	b := strconv.AppendInt(nil, int64(m/1000), 10)
	if rest := m % 1000; rest > 0 {
		b = append(b, '.')
		b = append(b, strconv.Itoa(int(rest) + 1000)[1:]...)
		b = bytes.TrimRight(b, "0")
	}
	return b, nil
}

// harTime is a moment as the format wants it: with milliseconds.
type harTime time.Time

// MarshalJSON implements json.Marshaler.
func (t harTime) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// writeHAR writes records as an HTTP Archive, one entry at a time.
func writeHAR(w io.Writer, records []trace.Record) error {
	a := &harWriter{out: w, records: records, findings: harFindings(records), pages: map[string]bool{}, steps: map[string]*harStep{}, first: true}
	a.write(`{"log":{"version":"1.2","creator":`)
	a.value(harCreator{"oauthprobe", harVersion(records)})
	a.write(`,"pages":[`)
	for _, r := range records {
		if e, ok := r.Event.(trace.RunStarted); ok {
			a.page(r, e)
		}
	}
	a.write("\n],\"entries\":[")
	a.first = true
	for _, r := range records {
		switch e := r.Event.(type) {
		case trace.StepStarted:
			a.steps[r.Run] = &harStep{e.N, e.Title}
		case trace.Exchanged:
			a.separate()
			a.value(a.entry(r, e))
		}
	}
	a.write("\n]}}\n")
	return a.err
}

func harVersion(records []trace.Record) string {
	for _, r := range records {
		if e, ok := r.Event.(trace.RunStarted); ok && e.Version != "" {
			return e.Version
		}
	}
	return "unknown"
}

// harEvidence is how many records of its evidence carry a finding, so that an
// archive is never out of proportion to its trace.
const harEvidence = 8

// harFindings are the places of the verdicts that were not good, by the record
// that they rest on.
func harFindings(records []trace.Record) map[int][]int {
	out := map[int][]int{}
	for i, r := range records {
		e, ok := r.Event.(trace.Finding)
		if !ok || e.Outcome == trace.Skip || e.Outcome == trace.Pass {
			continue
		}
		for _, seq := range e.Evidence[:min(len(e.Evidence), harEvidence)] {
			if at := out[seq]; len(at) == 0 || at[len(at)-1] != i {
				out[seq] = append(at, i)
			}
		}
	}
	return out
}

// A harWriter writes the parts of an archive, and nothing more after an error.
type harWriter struct {
	out      io.Writer
	err      error
	records  []trace.Record
	findings map[int][]int
	pages    map[string]bool
	steps    map[string]*harStep
	first    bool // of a list
}

func (a *harWriter) write(s string) {
	if a.err == nil {
		_, a.err = io.WriteString(a.out, s)
	}
}

// separate begins the next item of a list on a line of its own.
func (a *harWriter) separate() {
	if a.first {
		a.write("\n")
	} else {
		a.write(",\n")
	}
	a.first = false
}

func (a *harWriter) value(v any) {
	b, err := json.Marshal(v) // which escapes <, > and &: the file may be put into a page
	if a.err == nil {
		a.err = err
	}
	a.write(seenJSON(b))
}

// seenJSON escapes in a JSON text what would not be seen as itself: it can
// stand in strings only.
func seenJSON(b []byte) string {
	hidden := func(r rune) bool { return r > 0x7e && !visible(r) }
	if !bytes.ContainsFunc(b, hidden) {
		return string(b)
	}
	var out strings.Builder
	out.Grow(len(b) + len(b)/8)
	for _, r := range string(b) {
		if hidden(r) {
			out.WriteString(escapeRune(r))
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}
