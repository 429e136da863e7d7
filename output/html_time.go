package output

import (
	"strconv"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A timeModel is where the time of an exchange went, as parts of a bar.
type timeModel struct {
	Parts []timePart
	Notes []string
}

type timePart struct{ Name, Class, Took, At, Wide string }

// timing parts the time of an exchange. What a trace says is not taken for
// granted: no part is longer than what is left.
func timing(t trace.Timing) *timeModel {
	if t.Total <= 0 {
		return nil
	}
	m := &timeModel{}
	if t.Reused {
		m.Notes = append(m.Notes, "the connection was there already")
	}
	if t.Sent > 1 {
		m.Notes = append(m.Notes, "sent "+strconv.Itoa(t.Sent)+" times")
	}
	t.DNS, t.Connect, t.TLS, t.FirstByte = max(t.DNS, 0), max(t.Connect, 0), max(t.TLS, 0), max(t.FirstByte, 0)
	setup := t.DNS + t.Connect + t.TLS
	wait := max(t.FirstByte-setup, 0)
	receive := max(t.Total-max(t.FirstByte, setup), 0)
	if t.FirstByte == 0 {
		wait, receive = max(t.Total-setup, 0), 0
	}
	m.Parts = timeBar(t.Total, []timeShare{{"DNS", "t1", t.DNS}, {"connect", "t2", t.Connect}, {"TLS", "t3", t.TLS}, {"wait", "t4", wait}, {"receive", "t5", receive}})
	return m
}

type timeShare struct {
	name, class string
	took        time.Duration
}

// timeBar lays shares of a time side by side.
func timeBar(total time.Duration, all []timeShare) []timePart {
	var out []timePart
	at, left := time.Duration(0), total
	for _, p := range all {
		d := min(max(p.took, 0), left)
		if d == 0 {
			continue
		}
		out = append(out, timePart{p.name, p.class, duration(d), percent(at, total), percent(d, total)})
		at, left = at+d, left-d
	}
	return out
}

func percent(d, of time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(of)*100, 'f', 2, 64) + "%"
}
