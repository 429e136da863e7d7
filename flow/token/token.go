// Package token holds what is done with a token once there is one: asking who
// a person is, asking what a token is good for, giving it back, ending a
// session, calling a resource, and looking at it. Like a grant each is
// straight-line code that reads like its specification.
package token

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// authorize presents the access token where a resource looks for it. A token
// that is bound to a key goes by another scheme, which an extension knows.
func authorize(r *flow.Run, q *flow.Request) error {
	t := r.Ask.Values["access_token"]
	if strings.ContainsFunc(t, func(c rune) bool { return c < 0x20 || c == 0x7f }) {
		return &flow.ConfigError{Field: "access_token", Problem: "has control characters, which no header field can carry"}
	}
	q.Headers.SetSecret("Authorization", "Bearer "+t, trace.Origin{
		By: r.Ask.By("access_token"), Ref: "RFC 6750 §2.1", Why: "presents the access token: in a header field, where it ends up in no log",
	})
	return nil
}

// hand sets a parameter that the person gave a value for.
func hand(r *flow.Run, q *flow.Request, name, ref, why string) {
	v := r.Ask.Values[name]
	if v == "" {
		return
	}
	q.Params.Put(trace.Param{
		Name: name, Value: v, Secret: slices.Contains([]string{"token", "id_token_hint"}, name),
		Origin: trace.Origin{By: r.Ask.By(name), Ref: ref, Why: why},
	})
}

func procedure(ref, why string) trace.Origin {
	return trace.Origin{By: "procedure", Ref: ref, Why: why}
}

// formJWT is the Form of an answer that is a JWT.
const formJWT = "jwt"

// unfold takes an answer apart that is a JWT: signed, encrypted, or both. It
// judges nothing. What is encrypted without being signed leaves no Token.
func unfold(ctx context.Context, r *flow.Run, p *flow.Response) error {
	body := strings.TrimSpace(string(p.Body))
	if p.Status < 200 || p.Status >= 300 || p.Truncated || p.Form != "other" || jose.Decode(body).Form == jose.FormOpaque {
		return nil
	}
	p.Form, p.Problems = formJWT, nil
	p.Token, p.Sealed = r.Unseal(body)
	if s := p.Sealed; s != nil && s.Plain != nil && p.Token.Form == jose.FormOpaque {
		o, problems := jose.ParseObject(s.Plain.Payload)
		p.Token, p.Problems = nil, problems
		p.Unwrap(o)
		return nil
	}
	p.Unwrap(p.Token.Claims)
	var err error
	if p.Signature, err = r.Verify(ctx, p.Token); err == nil && p.Signature.Seq != 0 {
		p.Evidence = append(p.Evidence, p.Signature.Seq)
	}
	return err
}

// settle puts the checks to an answer and says which error it comes to. A
// failed trust check comes before the server's refusal, and what is no answer
// of the protocol before both.
func settle(r *flow.Run, p *flow.Response) ([]trace.Finding, error) {
	findings, gate := r.Judge(p)
	if p.Form == formJWT && p.Status < 300 {
		if gate == nil && p.Object == nil {
			gate = &flow.ProtocolError{Endpoint: p.Request.Endpoint, Status: p.Status, Problem: "answered with a JWT whose claims cannot be read", Seq: p.Seq}
		}
		return findings, gate
	}
	if refused := refusal(p); refused != nil {
		if gate != nil {
			return findings, gate
		}
		return findings, refused
	}
	if foreign := p.Foreign(); foreign != nil {
		return findings, foreign
	}
	return findings, gate
}

// refusal is the server's no, if it is one: an OAuth error in the body (RFC
// 6749 §5.2), which a resource's own errors are not, or a challenge (RFC 6750
// §3). Where neither names a code, unauthorized and forbidden are ours.
func refusal(p *flow.Response) *flow.RefusedError {
	all, _ := p.Challenges()
	no := &flow.RefusedError{Endpoint: p.Request.Endpoint, Status: p.Status, Challenges: all, Seq: p.Seq}
	if p.Request.Endpoint != flow.Resource {
		no.Code, no.Description, no.URI = p.String("error"), p.String("error_description"), p.String("error_uri")
	}
	if p.Status >= 400 {
		if said := wanted(all).Params; said.Get("error") != "" {
			no.Code, no.Description, no.URI = said.Get("error"), said.Get("error_description"), said.Get("error_uri")
		}
	}
	status := fmt.Sprintf("%d %s", p.Status, http.StatusText(p.Status))
	switch {
	case no.Code != "":
		return no
	case p.Status == http.StatusUnauthorized:
		no.Code = "unauthorized"
	case p.Status == http.StatusForbidden && (len(all) > 0 || p.Request.Endpoint != flow.Resource):
		no.Code = "forbidden"
	default:
		return nil
	}
	no.Description = status + " with a challenge that names no error"
	if len(all) == 0 {
		no.Description = status + " without a challenge"
	}
	return no
}

// wanted is the challenge that matters to a client of OAuth: one that names an
// error, DPoP before Bearer; or else any.
func wanted(all []flow.Challenge) flow.Challenge {
	for _, fits := range []func(flow.Challenge) bool{
		func(c flow.Challenge) bool { return c.Is("DPoP") && c.Params.Has("error") },
		func(c flow.Challenge) bool { return c.Params.Has("error") },
		func(c flow.Challenge) bool { return c.Is("DPoP") || c.Is("Bearer") },
		func(flow.Challenge) bool { return true },
	} {
		if i := slices.IndexFunc(all, fits); i >= 0 {
			return all[i]
		}
	}
	return flow.Challenge{}
}

// belief says whether an answer that is a JWT is to be believed, and why: a
// key verified it, and no check of it failed.
func belief(p *flow.Response, findings []trace.Finding) (bool, string) {
	for _, f := range findings {
		if f.Outcome == trace.Fail {
			return false, f.Detail
		}
	}
	switch s := p.Signature; {
	case s == nil:
		return false, "it is encrypted to this client and not signed: that the server made it only TLS says"
	case s.Key == nil && s.Err != nil:
		return false, s.Err.Error()
	case s.Key == nil:
		return false, s.Unchecked
	case s.Key.Kid != "":
		return true, p.Token.Alg() + " by key " + s.Key.Kid
	}
	return true, p.Token.Alg()
}

// takenApart is the record of an answer that is a JWT.
func takenApart(what string, p *flow.Response, findings []trace.Finding) trace.Decoded {
	d := trace.Decoded{What: what, Evidence: append([]int{p.Seq}, p.Evidence...)}
	d.Verified, d.Reason = belief(p, findings)
	switch {
	case p.Token != nil:
		d.Header, d.Claims = rawOf(p.Token.Header), rawOf(p.Token.Claims)
	case p.Sealed != nil:
		d.Header, d.Claims = rawOf(p.Sealed.Token.Header), rawOf(p.Object)
	}
	return d
}

func rawOf(o *jose.Object) []byte {
	if o == nil {
		return nil
	}
	return o.Raw
}
