package ext

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// PAR hands the authorization request to the server directly, and sends the
// browser off with nothing but a reference to it.
func PAR() flow.Extension {
	return flow.Extension{
		Name: "par", Spec: "RFC 9126", After: []string{"jar"},
		Doc: "pushed authorization request\n\n" +
			"The parameters of the authorization request go to the server directly, where the client can prove who it is; the browser carries only a reference. " +
			"Nobody on the way can read them, nobody can change them, and a wrong one is refused at once instead of on a page.",
		Wrap: flow.On{flow.Authorization: push},
	}
}

// whose is the client whose request it is: the one inside, which may have been
// changed by hand.
func whose(r *flow.Run, q *flow.Request) string {
	if id := q.Params.Get("client_id"); id != "" {
		return id
	}
	return r.Client.ID
}

// push makes the request over the back channel: client authentication, proofs
// and checks apply to it as to any other.
func push(ctx context.Context, r *flow.Run, q *flow.Request) error {
	r.Step("Pushed authorization request", "give the server the request directly, before any browser is involved", "RFC 9126 §2.1")
	pushed, err := r.NewRequest(flow.PAR)
	if err != nil {
		return err
	}
	pushed.Params, pushed.Outer = slices.Clone(q.Params), q
	resp, err := r.Do(ctx, pushed)
	if err != nil {
		return err
	}
	if sent := resp.Request.Params; !sent.Has("request") {
		q.Meant = slices.DeleteFunc(slices.Clone(sent), func(p trace.Param) bool { // what was changed by hand on its way counts as asked for
			return !q.Params.Has(p.Name) && slices.Contains([]string{"client_assertion", "client_assertion_type", "client_secret"}, p.Name)
		})
	}
	uri := resp.String("request_uri")
	if uri == "" {
		return &flow.ProtocolError{Endpoint: flow.PAR, Status: resp.Status, Problem: "answered without a request_uri: there is nothing to send the browser with", Seq: resp.Seq}
	}
	client := whose(r, q)
	q.Params = nil
	q.Params.Set("client_id", client, trace.Origin{By: r.Ask.By("client_id"), Ref: "RFC 9126 §4", Why: "whose request it is"})
	q.Params.Set("request_uri", uri, trace.Origin{By: "par", Ref: "RFC 9126 §4", Why: "stands for all that was pushed; good for one use"})
	lives := ""
	if n, ok := resp.Object.Number("expires_in"); ok {
		if seconds, err := n.Int64(); err == nil && seconds > 0 && seconds < 1<<31 {
			q.Lives = time.Duration(seconds) * time.Second
			lives = fmt.Sprintf(", and the server keeps them for %s", q.Lives)
		}
	}
	r.Note("par", "all parameters are with the server"+lives+"; client_id and request_uri are what remains for the browser", "RFC 9126 §4")
	return nil
}
