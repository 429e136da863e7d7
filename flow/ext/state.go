// Package ext holds what can be added to a grant, one file for each: a value
// with functions, which the engine calls without knowing its name.
package ext

import (
	"context"
	"crypto/subtle"
	"fmt"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// State ties the authorization response to this run. An empty value means a
// fresh random one; by says where a given one came from.
func State(value, by string) flow.Extension {
	return flow.Extension{
		Name: "state", Spec: "RFC 6749 §10.12",
		Doc: "state\n\nA random value that goes out with the request and has to come back with the answer. " +
			"Without it anyone could make a browser deliver an answer of their own: cross-site request forgery.",
		Params: flow.On{flow.Authorization: func(_ context.Context, r *flow.Run, q *flow.Request) error {
			from := trace.Origin{By: "state", Ref: "RFC 6749 §10.12", Why: "has to come back: ties the answer to this request"}
			if value == "" {
				fresh, err := r.Random(16)
				if err != nil {
					return err
				}
				q.Params.Set("state", fresh, from)
				return nil
			}
			from.By = by
			q.Params.Set("state", value, from)
			return nil
		}},
		Checks: []flow.Check{
			{ID: "state-match", Code: "V-AR-02", Spec: "RFC 6749 §10.12", Level: trace.Must, At: flow.Authorization, Opens: true, Eval: stateMatch},
			{ID: "state-unasked", Code: "V-AR-03", Spec: "RFC 6749 §4.1.2", Level: trace.May, At: flow.Authorization, Eval: stateUnasked},
		},
	}
}

func stateMatch(_ *flow.Run, resp *flow.Response) flow.Verdict {
	want, got := resp.Request.Sent("state"), resp.Values.Get("state")
	switch {
	case want == "":
		return flow.Verdict{Outcome: trace.Warn, Detail: "no state was sent: nothing says whether this is the answer to this request", Expected: "state", Actual: "(none)"}
	case got == "":
		return flow.Verdict{Outcome: trace.Fail, Detail: "the answer has no state: it may not be an answer to this request", Expected: want, Actual: "(none)"}
	case subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1:
		return flow.Verdict{Outcome: trace.Fail, Detail: "the state is another one: this answer belongs to another request, or to an attacker's", Expected: want, Actual: got}
	}
	return flow.Verdict{Detail: "the state that was sent came back"}
}

func stateUnasked(_ *flow.Run, resp *flow.Response) flow.Verdict {
	if resp.Request.Sent("state") != "" {
		return flow.Verdict{Outcome: trace.Skip, Detail: "state was sent"}
	}
	if got := resp.Values.Get("state"); got != "" {
		return flow.Verdict{Outcome: trace.Warn, Detail: fmt.Sprintf("state %q came back though none was sent", got), Expected: "(none)", Actual: got}
	}
	return flow.Verdict{}
}
