package ext

import (
	"context"
	"net/http"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// An Edit is one change by hand to a request.
type Edit struct {
	At     flow.Endpoint // "" for the grant's first request, or for a header every one that the client authenticates
	Name   string
	Value  string
	Add    bool // beside what is there, not in its place
	Drop   bool
	Header bool
	Secret bool
	By     string // "--param"
}

// ByHand makes the changes that a person asked for. Those without an endpoint
// go into the grant's first request before it is wrapped; those with one are
// the last word on what is sent there.
func ByHand(first flow.Endpoint, edits []Edit) flow.Extension {
	x := flow.Extension{
		Name: "by-hand", Spec: "RFC 6749 §8.2",
		Doc:    "parameters and header fields changed by hand",
		Params: flow.On{}, Edit: flow.On{},
	}
	for _, e := range edits {
		switch {
		case e.At != "":
			then(x.Edit, e.At, e)
		case e.Header: // a browser sets its own header fields
			for _, n := range flow.Endpoints() {
				if n.Client {
					then(x.Edit, n.Endpoint, e)
				}
			}
		default:
			then(x.Params, first, e)
		}
	}
	return x
}

// then adds one edit to what is already done at an endpoint.
func then(phase flow.On, at flow.Endpoint, e Edit) {
	earlier := phase[at]
	phase[at] = func(ctx context.Context, r *flow.Run, q *flow.Request) error {
		if earlier != nil {
			if err := earlier(ctx, r, q); err != nil {
				return err
			}
		}
		if list := (map[bool]flow.Params{true: q.Headers, false: q.Params})[e.Header]; e.Drop && !list.Has(e.Name) {
			r.Note("dropped", "the "+string(q.Endpoint)+" request has no "+e.Name+" that could be left out ("+e.By+")", "")
		} else if e.Drop {
			r.Note("dropped", e.Name+" was left out of the "+string(q.Endpoint)+" request by hand ("+e.By+")", "")
		}
		e.apply(q)
		return nil
	}
}

func (e Edit) apply(q *flow.Request) {
	list := &q.Params
	if e.Header {
		list = &q.Headers
		e.Name = http.CanonicalHeaderKey(e.Name)
		for _, h := range q.Headers {
			if strings.EqualFold(h.Name, e.Name) {
				e.Name = h.Name // replaced, whatever way it was written
			}
		}
	}
	p := trace.Param{Name: e.Name, Value: e.Value, Secret: e.Secret, Bent: list.Has(e.Name), Origin: trace.Origin{By: e.By, Why: "by hand"}}
	switch {
	case e.Drop:
		list.Del(e.Name)
	case e.Add:
		list.Add(p)
	default:
		if p.Bent {
			p.Origin.Why = "by hand, in place of what this program would send"
		}
		list.Put(p)
	}
}
