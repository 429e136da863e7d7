package output

import (
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// findings is a table of the verdicts, what failed first and what passed folded
// away. Each kind is a pass over the records, so that nothing has to be sorted.
func (m *markdown) findings(records []trace.Record) {
	good := m.counts[trace.Pass]
	all := 0
	for _, n := range m.counts {
		all += n
	}
	if all == 0 {
		return
	}
	m.put("\n## Findings\n")
	if all > good+m.counts[trace.Skip] {
		m.put("\n| | Check | | Found | Expected | Actual | Section | Evidence |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
		m.verdicts(records, func(o trace.Outcome) bool { return o == trace.Fail }, m.bad)
		m.verdicts(records, func(o trace.Outcome) bool { return o == trace.Warn }, m.bad)
		m.verdicts(records, func(o trace.Outcome) bool {
			return o != trace.Fail && o != trace.Warn && o != trace.Pass && o != trace.Skip
		}, m.bad)
	}
	if good == 0 {
		return
	}
	m.put("\n<details>\n<summary>✓ ", count(good, "check passed", "checks passed"), "</summary>\n\n| | Check | | Section | Evidence |\n| --- | --- | --- | --- | --- |\n")
	m.verdicts(records, func(o trace.Outcome) bool { return o == trace.Pass }, m.good)
	m.put("\n</details>\n")
}

func (m *markdown) verdicts(records []trace.Record, want func(trace.Outcome) bool, show func(trace.Finding)) {
	for _, r := range records {
		if e, ok := r.Event.(trace.Finding); ok && want(e.Outcome) {
			show(e)
		}
	}
}

func markdownSign(o trace.Outcome) string {
	if sign, ok := signs[o]; ok {
		return strings.TrimSpace(sign.text)
	}
	return "?"
}

func (m *markdown) bad(e trace.Finding) {
	m.put("| ", markdownSign(e.Outcome), " | ", m.check(e), " | ", markdownText(e.Detail, markdownLine), " | ",
		markdownCode(e.Expected, markdownLine), " | ", markdownCode(e.Actual, markdownLine), " | ",
		markdownText(e.Ref, markdownWord), " | ", m.evidence(e.Evidence), " |\n")
}

func (m *markdown) good(e trace.Finding) {
	m.put("| ✓ | ", m.check(e), " | ", markdownText(e.Ref, markdownWord), " | ", m.evidence(e.Evidence), " |\n")
}

// check is the name of a check and how much it matters, in two cells.
func (m *markdown) check(e trace.Finding) string {
	return markdownText(joined(" ", e.Code, e.ID), markdownWord) + " | " + markdownText(strings.ToUpper(string(e.Level)), 20)
}

// evidence names records, and links to those that the report shows.
func (m *markdown) evidence(seqs []int) string {
	var out []string
	for _, n := range seqs[:min(len(seqs), 8)] {
		s := strconv.Itoa(n)
		if m.anchors[n] {
			out = append(out, "[record "+s+"](#record-"+s+")")
		} else {
			out = append(out, "record "+s)
		}
	}
	return strings.Join(out, ", ")
}
