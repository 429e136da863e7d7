// Package grant holds the ways to get a token, one file each. A grant is
// straight-line code that reads like the figure in its specification; it does
// not log, retry, authenticate or validate, so it cannot forget to.
package grant

import (
	"context"
	"slices"
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

// give sets a parameter that the person gave a value for, and says nothing
// where none was given.
func give(r *flow.Run, q *flow.Request, name, ref, why string) {
	v := r.Ask.Values[name]
	if v == "" {
		return
	}
	from := trace.Origin{By: r.Ask.By(name), Ref: ref, Why: why}
	if Secret(name) {
		q.Params.SetSecret(name, v, from)
		return
	}
	q.Params.Set(name, v, from)
}

// Secret reports whether the value of a grant's parameter is one.
func Secret(name string) bool {
	return slices.Contains([]string{"password", "refresh_token", "subject_token", "actor_token", "assertion",
		"id_token_hint", "login_hint_token", "user_code", "device_code", "auth_req_id", "access_token", "token"}, name)
}

// token asks the token endpoint with what a grant has put together.
func token(ctx context.Context, r *flow.Run, q *flow.Request) error {
	scope(r, q)
	resp, err := r.Do(ctx, q)
	if err != nil {
		return err
	}
	return obtained(r, resp)
}

// obtained keeps the answer that a grant was for and says it.
func obtained(r *flow.Run, resp *flow.Response) error {
	if r.Dry {
		return nil
	}
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
