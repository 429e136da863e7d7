package flow

import (
	"errors"
	"slices"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// ErrSkipped says that a request which the run can do without was not sent.
var ErrSkipped = errors.New("skipped by hand")

// An Again is what a Hold returns to have the request made anew with changes:
// they go in before the message is wrapped, signed and proved, so that an edited
// scope is in the request object, the assertion and the proof as well.
type Again struct{ Changes []Change }

func (*Again) Error() string { return "made again" }

// A Change is one edit of a request that is held.
type Change struct {
	Param  trace.Param // Bent and its Origin are set by whoever asks
	Header bool
	Drop   bool
}

// change takes the changes that a Hold asked for, and reports whether there
// were any. What is among the parameters before wrapping is changed there; what
// was added later, by client authentication or a proof, once they are done.
func (q *Request) change(err error) bool {
	var again *Again
	if !errors.As(err, &again) {
		return false
	}
	if q.Outer != nil && slices.ContainsFunc(again.Changes, func(c Change) bool { return !c.Header && !q.late(c.Param.Name) }) {
		return false // whoever carries it makes all of it anew: signed, and pushed
	}
	q.Params, q.Headers = q.Meant, slices.Clone(q.bare)
	for _, c := range again.Changes {
		inside := !c.Header && (q.Params.Has(c.Param.Name) || !c.Drop && !q.late(c.Param.Name))
		switch {
		case !inside:
			q.forced = append(q.forced, c)
		case c.Drop:
			q.Params.Del(c.Param.Name)
		default:
			q.Params.Put(c.Param)
		}
	}
	return true
}

// late reports whether a parameter is one that is added after wrapping.
func (q *Request) late(name string) bool {
	return slices.Contains([]string{"client_assertion", "client_assertion_type", "client_secret", "request", "request_uri"}, name) || q.Endpoint == Token && name == "client_id"
}

// force makes the changes that come last.
func (q *Request) force() {
	for _, c := range q.forced {
		list := &q.Params
		if c.Header {
			list = &q.Headers
		}
		if c.Drop {
			list.Del(c.Param.Name)
			continue
		}
		list.Put(c.Param)
	}
}
