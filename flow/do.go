package flow

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// Do sends a request over the back channel: parameters, wrapping, client
// authentication, proofs, the wire, again where an extension asks for it, and
// then the verdicts. The Response is nil only when nothing was answered.
func (r *Run) Do(ctx context.Context, q *Request) (*Response, error) {
	for {
		resp, err := r.do(ctx, q)
		if !q.change(err) {
			return resp, err
		}
	}
}

func (r *Run) do(ctx context.Context, q *Request) (*Response, error) {
	if err := r.prepare(ctx, q); err != nil {
		return nil, err
	}
	asked := map[int]bool{} // the extensions that have had their retry
	for try := 1; ; try++ {
		sent := q.clone() // a retry starts before client authentication, or assertions and proofs repeat
		resp, err := r.send(ctx, sent, try)
		r.asked[q.Endpoint] = sent
		if err != nil {
			return resp, err
		}
		switch {
		case r.Dry && !q.Endpoint.discovers() && q.Open:
			return nil, errDry
		case r.Dry && !q.Endpoint.discovers():
			return resp, nil // nobody answered: there is nothing to judge
		case r.again(sent, resp, asked):
			continue
		}
		return resp, r.judge(ctx, resp)
	}
}

// again asks the extensions whether the request is to be sent once more; each
// may say so once.
func (r *Run) again(q *Request, resp *Response, asked map[int]bool) bool {
	again := false
	for i, x := range r.Extensions {
		if x.Retry != nil && !asked[i] && x.Retry(r, q, resp) {
			again, asked[i] = true, true
		}
	}
	return again
}

// prepare collects parameters, remembers what was meant, and lets extensions
// wrap the message.
func (r *Run) prepare(ctx context.Context, q *Request) error {
	if !q.collected {
		if err := r.phase(ctx, func(x Extension) On { return x.Params }, q); err != nil {
			return err
		}
		q.collected, q.bare = true, slices.Clone(q.Headers)
	}
	q.Meant = slices.Clone(q.Params)
	r.asked[q.Endpoint] = q
	return r.phase(ctx, func(x Extension) On { return x.Wrap }, q)
}

// show lets the last edits in, tells the trace, then waits to be let go.
func (r *Run) show(ctx context.Context, q *Request) error {
	if err := r.phase(ctx, func(x Extension) On { return x.Edit }, q); err != nil {
		return err
	}
	q.force()
	r.markBent(q)
	r.explain(q)
	if r.Dry {
		q.plainPlaceholders()
	}
	r.Say(q.built())
	held := r.Now()
	err := r.phase(ctx, func(x Extension) On { return x.Hold }, q)
	r.person += r.Now().Sub(held) // whoever holds a request is a person
	return err
}

func (r *Run) phase(ctx context.Context, pick func(Extension) On, q *Request) error {
	for _, x := range r.Extensions {
		f := pick(x)[q.Endpoint]
		if f == nil {
			continue
		}
		if err := f(ctx, r, q); err != nil {
			var again *Again
			if Failure(err).Kind != "other" || errors.As(err, &again) || errors.Is(err, ErrSkipped) {
				return err // it says itself what it is about
			}
			return fmt.Errorf("%s: %w", x.Name, err)
		}
	}
	return nil
}

func (r *Run) send(ctx context.Context, q *Request, try int) (*Response, error) {
	if r.Client.Auth != nil && q.Endpoint.authenticates() {
		if err := r.Client.Auth(ctx, r, q); err != nil {
			return nil, err
		}
	}
	if err := r.phase(ctx, func(x Extension) On { return x.Sign }, q); err != nil {
		return nil, err
	}
	if err := r.show(ctx, q); err != nil {
		return nil, err
	}
	if r.Dry && !q.Endpoint.discovers() {
		return r.imagined(q), nil
	}
	a, err := r.Wire.Do(ctx, q.wire())
	x := a.Exchanged
	x.Endpoint, x.Try, x.Poll = string(q.Endpoint), try, q.Poll
	x.Secrets = append(q.secrets(), answered(a)...)
	if err != nil {
		x.Failure = &trace.Failure{Kind: transportKind(err), Text: err.Error()}
	}
	resp := &Response{Request: q, Status: a.Status, Header: a.Header, Body: a.Body, Truncated: x.Response.Truncated, Peer: x.Peer}
	resp.Seq = r.Say(x)
	if err != nil {
		return nil, &TransportError{q.Endpoint, resp.Seq, err}
	}
	resp.parse()
	return resp, nil
}

// answered says where in an answer secrets stand.
func answered(a *wire.Answer) []trace.Secret {
	if a.Status == 0 {
		return nil
	}
	var out []trace.Secret
	for _, name := range []string{"Set-Cookie", "Location"} {
		if a.Header.Get(name) != "" {
			out = append(out, trace.Secret{Part: "response-header", Name: name})
		}
	}
	if jose.Decode(strings.TrimSpace(string(a.Body))).Form != jose.FormOpaque {
		out = append(out, trace.Secret{Part: "response-body"}) // a JWT could be presented where one of its kind is taken
	}
	body := unescaped(string(a.Body))
	for _, name := range secretMembers() {
		if names(body, name) {
			out = append(out, trace.Secret{Part: "response-body", Name: name})
		}
	}
	return out
}

// unescaped takes the escapes off that a name may be written with.
func unescaped(s string) string {
	return regexp.MustCompile(`(\\u00|%)[2-7][0-9A-Fa-f]`).ReplaceAllStringFunc(s, func(escape string) string {
		octet, err := hex.DecodeString(escape[len(escape)-2:])
		if err != nil {
			return escape
		}
		return string(octet)
	})
}

// names says whether a name stands in a body as a word of its own.
func names(body, name string) bool {
	if name == "token" {
		return strings.Contains(body, `"token"`) // the word alone is in every other error
	}
	for {
		before, after, found := strings.Cut(body, name)
		if !found {
			return false
		}
		if !wordOctet(before, len(before)-1) && !wordOctet(after, 0) {
			return true
		}
		body = after
	}
}

func wordOctet(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] == '_' || unicode.IsLetter(rune(s[i])) || unicode.IsDigit(rune(s[i])))
}

func transportKind(err error) string {
	var w *wire.Error
	if errors.As(err, &w) {
		return w.Kind
	}
	return "transport"
}
