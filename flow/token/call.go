package token

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// An Errand is one request to a protected resource. The zero Method is GET, or
// POST when there is a Body; without a Content-Type in Header it is guessed.
type Errand struct {
	Method, URL string
	Body        []byte
	Header      flow.Params
}

// Call presents an access token to a protected resource, or comes without one
// to see what it asks for.
func Call(e Errand) flow.Procedure {
	return flow.Procedure{
		Name: "call",
		Spec: "RFC 6750",
		Doc: "calling a protected resource\n\n" +
			"An access token is for this: it goes along with a request, and the resource answers. " +
			"When the token will not do, the resource says why in a challenge, the WWW-Authenticate field: expired, too narrow, wrong kind of sign-in. " +
			"Without a token the challenge says where to get one.",
		Run: func(ctx context.Context, r *flow.Run) error { return call(ctx, r, e) },
	}
}

func call(ctx context.Context, r *flow.Run, e Errand) error {
	if r.Ask.Values["access_token"] != "" {
		r.Step("Resource request", "present the access token", "RFC 6750 §2.1")
	} else {
		r.Step("Resource request", "ask without a token, to see what the resource wants", "RFC 6750 §3")
	}
	q, err := e.request(r)
	if err != nil {
		return err
	}
	resp, err := r.Do(ctx, q)
	if err != nil {
		return err
	}
	_, gate := r.Judge(resp)
	refused := refusal(resp)
	r.Result.Answer = resp
	if resp.Status >= 400 {
		challenged(r, resp)
	}
	switch {
	case gate != nil:
		return gate
	case resp.Truncated:
		return &flow.ProtocolError{
			Endpoint: flow.Resource, Status: resp.Status, Seq: resp.Seq,
			Problem: fmt.Sprintf("answered %d %s with more than %d octets: not read further", resp.Status, http.StatusText(resp.Status), len(resp.Body)),
		}
	case refused != nil:
		return refused
	case resp.Status >= 400:
		return &flow.StatusError{Endpoint: flow.Resource, Status: resp.Status, Seq: resp.Seq}
	case resp.Status >= 300 && resp.Header.Get("Location") != "":
		r.Note("not-followed", fmt.Sprintf("the answer is a redirect to %q, which is not followed: a token goes to the one place that it was meant for", resp.Header.Get("Location")), "RFC 9700 §4.11")
	}
	return nil
}

// request makes the request of an errand. A token travels in the clear over
// plain http, so it does not leave this machine that way.
func (e Errand) request(r *flow.Run) (*flow.Request, error) {
	q, err := flow.Get(flow.Resource, e.URL)
	switch {
	case err != nil:
		return nil, err
	case q.URL.Host == "" || q.URL.Scheme != "https" && q.URL.Scheme != "http":
		return nil, &flow.ConfigError{Field: string(flow.Resource), Problem: "not an absolute http or https URL: " + e.URL}
	case q.URL.User != nil:
		return nil, &flow.ConfigError{Field: string(flow.Resource), Problem: "has a user name or password in it"}
	case q.URL.Scheme == "http" && !thisMachine(q.URL) && !r.Insecure && (r.Ask.Values["access_token"] != "" || e.Header.Has("Authorization")):
		return nil, &flow.ConfigError{Field: "access_token", Problem: "would travel in the clear to " + q.URL.Host + ", where anybody on the way can take it (RFC 6750 §5.3)"}
	}
	q.Open = true // any answer is the resource's own
	q.URL.Fragment, q.URL.RawFragment = "", ""
	q.Body, q.Method = e.Body, e.Method
	switch {
	case q.Method == "" && e.Body != nil:
		q.Method = http.MethodPost
	case q.Method == "":
		q.Method = http.MethodGet
	}
	if r.Ask.Values["access_token"] != "" {
		if err := authorize(r, q); err != nil {
			return nil, err
		}
	}
	for _, h := range e.Header {
		h.Name = http.CanonicalHeaderKey(h.Name)
		if h.Name == "Authorization" {
			h.Secret = true
			q.Headers.Put(h)
			continue
		}
		q.Headers.Add(h)
	}
	if e.Body != nil && !q.Headers.Has("Content-Type") {
		q.Headers.Set("Content-Type", looksLike(e.Body), trace.Origin{By: "procedure", Ref: "RFC 9110 §8.3", Why: "what the body looks like"})
	}
	return q, nil
}

// looksLike guesses the media type of a body that was given without one.
func looksLike(body []byte) string {
	s := strings.TrimSpace(string(body))
	switch {
	case json.Valid(body):
		return "application/json"
	case !utf8.Valid(body):
		return "application/octet-stream"
	case strings.Contains(s, "=") && !strings.ContainsAny(s, " \t\r\n<>{}\""):
		return "application/x-www-form-urlencoded"
	}
	return "text/plain; charset=utf-8"
}

// thisMachine reports whether an address is on this machine.
func thisMachine(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || err == nil && ip.Unmap().IsLoopback()
}
