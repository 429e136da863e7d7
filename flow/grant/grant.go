// Package grant holds the ways to get a token, one file each. A grant is
// straight-line code that reads like the figure in its specification; it does
// not log, retry, authenticate or validate, so it cannot forget to.
package grant

import (
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// scope sets the one parameter that nearly every grant shares.
func scope(r *flow.Run, q *flow.Request) {
	if len(r.Ask.Scope) == 0 {
		return
	}
	q.Params.Set("scope", strings.Join(r.Ask.Scope, " "), trace.Origin{By: r.Ask.By("scope"), Ref: "RFC 6749 §3.3", Why: "what the token shall be good for"})
}

// obtained keeps the answer that a grant was for and says it.
func obtained(r *flow.Run, resp *flow.Response) error {
	r.Result.Token = resp
	if resp.Object == nil {
		return nil
	}
	e := trace.Obtained{What: "token", Body: resp.Object.Raw}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		if _, ok := resp.Object.Get(name); ok {
			e.Secrets = append(e.Secrets, trace.Secret{Part: "body", Name: name})
		}
	}
	r.Say(e)
	return nil
}

func spec(ref, why string) trace.Origin { return trace.Origin{By: "grant", Ref: ref, Why: why} }
