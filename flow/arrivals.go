package flow

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// arrivals judges what comes to the redirect URI, one at a time.
type arrivals struct {
	run  *Run
	q    *Request
	ctx  context.Context // of the run: what is being judged when the wait ends is judged to its end
	give context.CancelCauseFunc

	mu     sync.Mutex
	answer *Response
	wrong  error // the first failed check of an arrival that was not taken
	timer  *time.Timer
	until  time.Time // when the grace for a right answer ends
}

// accept says whether a hit is this run's answer. One that is not is a
// finding at once; what it said is never used.
func (a *arrivals) accept(h Hit) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answer != nil {
		return false
	}
	a.pause()
	resp := a.read(h)
	if err := a.run.unwrap(a.ctx, resp); err != nil {
		a.refuse(resp, nil, err)
		return false
	}
	for _, c := range a.run.checks() {
		if c.At != a.q.Endpoint || !c.Opens {
			continue
		}
		// The first failure is the one that counts: what stands in an answer
		// whose envelope is not genuine says nothing.
		if f := found(c, c.Eval(a.run, resp), resp); a.run.stops(f) {
			a.refuse(resp, &f, &CheckError{f})
			return false
		}
	}
	resp.Seq = a.run.Say(a.returned(resp, true, ""))
	a.tell(resp, a.run.distrusts(resp))
	a.answer = resp
	return true
}

// refuse records an arrival that is not ours and starts the grace period in
// which the right one may still come.
func (a *arrivals) refuse(resp *Response, failed *trace.Finding, err error) {
	resp.Seq = a.run.Say(a.returned(resp, false, "it does not belong to this run"))
	seq := resp.Seq
	a.tell(resp, a.run.Gate != nil)
	if failed != nil {
		failed.Evidence = append([]int{seq}, resp.Evidence...)
		a.run.Say(*failed)
	}
	var check *CheckError
	if errors.As(err, &check) {
		check.Finding.Evidence = []int{seq}
	}
	grace := a.run.Agent.Grace()
	if a.wrong == nil {
		a.wrong, a.until = err, time.Now().Add(grace)
		if grace > 0 {
			a.run.Note("grace", "still waiting "+grace.String()+" for the right answer", "RFC 6749 §10.12")
		}
	}
	a.resume()
}

// pause holds the end of the grace off while an arrival is looked at.
func (a *arrivals) pause() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// resume goes on waiting for what is left of the grace.
func (a *arrivals) resume() {
	wrong := a.wrong
	if left := time.Until(a.until); left > 0 {
		a.timer = time.AfterFunc(left, func() { a.give(wrong) })
		return
	}
	a.give(wrong)
}

// tell says what was taken apart of an answer. What one that is not to be
// trusted says of an error may not be the server's word.
func (a *arrivals) tell(resp *Response, distrusted bool) {
	for i := range resp.Decoded {
		if distrusted {
			resp.Decoded[i].Claims = withheld(resp.Decoded[i].Claims)
		}
	}
	a.run.tell(resp)
}

// withheld is claims without the words of an error.
func withheld(claims json.RawMessage) json.RawMessage {
	o, _ := jose.ParseObject(claims)
	if o == nil {
		return claims
	}
	var b strings.Builder
	for i, m := range o.Members {
		value := string(m.Value)
		if strings.HasPrefix(m.Name, "error") {
			value = `"(withheld)"`
		}
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		b.WriteString(quote(m.Name) + ":" + value)
	}
	return json.RawMessage(b.String() + "}")
}

// outcome is the answer that was taken, and what was wrong with one that was
// not.
func (a *arrivals) outcome() (*Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
	return a.answer, a.wrong
}

func (a *arrivals) stray(h Hit, why string) {
	if a.run.over.Load() {
		return // a trace ends with how the run ended
	}
	resp := a.read(h)
	a.run.Say(a.returned(resp, false, why))
}

// read takes a hit apart. Parameters that the redirect URI itself has are not
// the answer's.
func (a *arrivals) read(h Hit) *Response {
	from := trace.Origin{By: "redirect"}
	resp := &Response{Request: a.q, Form: h.Via, Hit: &h, Header: h.Header}
	query := ParseParams(h.RawQuery, from)
	if own, err := url.Parse(a.run.Agent.RedirectURI()); err == nil && own.RawQuery != "" {
		for _, p := range ParseParams(own.RawQuery, from) {
			if i := slices.IndexFunc(query, func(q trace.Param) bool { return q.Name == p.Name && q.Value == p.Value }); i >= 0 {
				query = slices.Delete(query, i, i+1)
			}
		}
	}
	body := ParseParams(h.Body, from)
	switch {
	case h.Via == "fragment":
		resp.Values, resp.Other = ParseParams(h.Fragment, from), query
	case h.Via == "form_post" && strings.TrimSuffix(a.q.Sent("response_mode"), ".jwt") != "form_post" && len(query) > 0:
		// A redirect with 307 makes the browser repeat the POST of the login
		// form: the answer is in the query, the body is what a person typed.
		for i := range body {
			body[i].Secret = true
		}
		resp.Form, resp.Values, resp.Other = "query", query, body
	case h.Via == "form_post":
		resp.Values, resp.Other = body, query
	default:
		resp.Values, resp.Other = query, ParseParams(h.Fragment, from)
	}
	resp.Object = meaning(resp.Values)
	for i := range resp.Values {
		resp.Values[i].Secret = secretParameter(resp.Values[i].Name)
	}
	return resp
}

// secretParameter reports whether a parameter of a front-channel answer is a
// secret.
func secretParameter(name string) bool {
	return slices.Contains(append(secretMembers(), "code", "response"), name)
}

// Unwrap puts the members of an object in the place of the parameters that
// carried it; what arrived is kept for the record.
func (p *Response) Unwrap(o *jose.Object) {
	p.Arrived, p.Values, p.Object = p.Values, members(o), o
	for i := range p.Values {
		p.Values[i].Secret = secretParameter(p.Values[i].Name)
	}
}

// returned is the record of an arrival. What it says of an error is withheld
// when the arrival is not to be trusted: it may not be the server's word.
func (a *arrivals) returned(resp *Response, used bool, reason string) trace.Returned {
	params := slices.Concat(resp.Values, resp.Other)
	if resp.Arrived != nil {
		params = slices.Concat(resp.Arrived, resp.Other)
	}
	if (!used && a.run.Gate != nil) || a.run.distrusts(resp) {
		for i, p := range params {
			if strings.HasPrefix(p.Name, "error") || p.Name == "response" && resp.Values.Has("error") {
				params[i].Value = "(withheld)"
			}
		}
	}
	return trace.Returned{
		Via: resp.Form, Method: resp.Hit.Method, Path: resp.Hit.Path, Params: params, Used: used, Reason: reason,
	}
}
