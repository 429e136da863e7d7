package token

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// introspectionJWT is the media type of RFC 9701 §10.3.
const introspectionJWT = "application/token-introspection+jwt"

// Introspect asks the server what a token is good for. With jwt the answer is
// asked for as a signed JWT (RFC 9701).
func Introspect(jwt bool) flow.Procedure {
	return flow.Procedure{
		Name: "introspect",
		Spec: "RFC 7662",
		Doc: "asking what a token is good for\n\n" +
			"To most resources a token is a string that says nothing. They ask the server that issued it: is it active, for whom, with which scope, until when? " +
			"That is introspection. It is meant for resources, so the server wants to know who asks, and tells each only what it may know.",
		Run: func(ctx context.Context, r *flow.Run) error { return introspect(ctx, r, jwt) },
	}
}

func introspect(ctx context.Context, r *flow.Run, jwt bool) error {
	r.Step("Introspection request", "ask whether the token is active, and what it is good for", "RFC 7662 §2.1")
	q, err := r.NewRequest(flow.Introspection)
	if err != nil {
		return err
	}
	if r.Ask.Values["token"] == "" {
		return &flow.ConfigError{Field: "token", Problem: "there is no token to ask about"}
	}
	q.Open = true // a JWT is an answer here
	hand(r, q, "token", "RFC 7662 §2.1", "what is asked about")
	hand(r, q, "token_type_hint", "RFC 7662 §2.1", "where the server may look first")
	if jwt {
		q.Headers.Set("Accept", introspectionJWT, procedure("RFC 9701 §4", "asks for an answer that the server signs"))
	}
	resp, err := r.Do(ctx, q)
	if err != nil {
		return err
	}
	if err := unfold(ctx, r, resp); err != nil {
		return err
	}
	if resp.Form == formJWT {
		inner, _ := resp.Object.Object("token_introspection") // RFC 9701 §5
		resp.Object, resp.Values = nil, nil
		if inner != nil {
			resp.Unwrap(inner)
		}
	}
	findings, err := settle(r, resp)
	if resp.Form == formJWT || err == nil {
		r.Say(introspected(r, resp, findings))
	}
	if err != nil {
		challenged(r, resp)
		return err
	}
	if raw, _ := resp.Object.Get("active"); string(raw) == "false" {
		r.Note("inactive", "the server says no more than that: the token may have expired, been revoked, never have been issued here, or not be this client's to ask about", "RFC 7662 §2.2")
	}
	r.Result.Answer = resp
	return nil
}

// introspected is the record of an answer, with its members in words. One that
// is no JWT is the server's own because it came over the connection to it.
func introspected(r *flow.Run, p *flow.Response, findings []trace.Finding) trace.Decoded {
	d := trace.Decoded{What: "introspection", Claims: rawOf(p.Object), Evidence: []int{p.Seq}}
	if p.Form == formJWT {
		d = takenApart("introspection", p, findings)
	} else {
		d.Verified, d.Reason = true, "told by the server itself, over the connection to it"
		for _, f := range findings {
			if f.Outcome == trace.Fail {
				d.Verified, d.Reason = false, f.Detail
				break
			}
		}
	}
	d.Members = introspectedMembers(p.Object, r.Now())
	return d
}
