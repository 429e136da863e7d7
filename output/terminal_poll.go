package output

import (
	"strconv"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// polling folds a row of polls: the first request is shown, then one line for
// each "not yet", or one live line for all of them; the trace keeps them whole.
// It reports whether the event has been dealt with.
func (t *Terminal) polling(e trace.Event) bool {
	if t.o.Verbose {
		return false
	}
	switch e := e.(type) {
	case trace.Built:
		t.pending = ""
		return e.Poll > 1
	case trace.Exchanged:
		t.pending = pendingAnswer(e)
		if t.pending == "" {
			return false
		}
		delete(t.built, t.run)
		if !t.o.Live {
			t.indented(2, say(dim, "· "+t.pending))
		}
		return true
	case trace.Finding: // of a "not yet": nothing that passed is news
		return t.pending != "" && (e.Outcome == trace.Pass || e.Outcome == trace.Skip)
	}
	return false
}

// pendingAnswer sums up a poll that was told to ask again, or is empty.
func pendingAnswer(e trace.Exchanged) string {
	if e.Poll == 0 || e.Response.Status < 400 {
		return ""
	}
	body, ok := parseJSON(e.Response.Body)
	if !ok {
		return ""
	}
	word := body.word("error")
	if word != "authorization_pending" && word != "slow_down" {
		return ""
	}
	return "poll " + strconv.Itoa(e.Poll) + ": " + word + " · " + duration(e.Timing.Total)
}
