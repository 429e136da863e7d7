package flow

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A Notifier is where a server calls back without having been asked just then
// (CIBA Core §9).
type Notifier interface {
	// URI is the address at which notifications are awaited.
	URI() string
	// Wait hands over what arrives there, one Hit at a time and none after it
	// has returned, until one is accepted.
	Wait(ctx context.Context, accept func(Hit) bool) (Hit, error)
}

// ViaNotification is how a Hit came that can be a notification.
const ViaNotification = "notification"

// maxRefused is how many arrivals that are not ours are recorded.
const maxRefused = 50

// Await waits until the server calls back. What arrives and is not ours is
// recorded and never used; mine says why it is not, or nothing. The request is
// what the notification answers, and the answer is judged; with nil it is a
// mere call, and there is nothing to judge.
func (r *Run) Await(ctx context.Context, answers *Request, mine func(*Response) string) (*Response, error) {
	if r.Notify == nil {
		return nil, &ConfigError{"backchannel_client_notification_endpoint", "there is nowhere to listen for a notification"}
	}
	start, servers := r.Now(), r.Log.Theirs(r.name)
	defer func() { r.person += r.Now().Sub(start) - (r.Log.Theirs(r.name) - servers) }()
	var taken *Response
	refused := 0
	_, err := r.Notify.Wait(ctx, func(h Hit) bool {
		resp := called(h, answers)
		why := ""
		if h.Via == ViaNotification {
			why = mine(resp)
		} else {
			why = "not a notification: those are posted to " + r.Notify.URI()
		}
		if why != "" {
			refused++
		}
		if why == "" || refused <= maxRefused {
			resp.Seq = r.Say(calledBack(resp, why))
		}
		if why == "" {
			taken = resp
		}
		return why == ""
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case answers == nil:
		return taken, nil
	}
	return taken, r.judge(ctx, taken)
}

// called reads a notification as an answer. It has no status: it is a request,
// though the server's.
func called(h Hit, answers *Request) *Response {
	q := &Request{Endpoint: Notification, Method: h.Method, URL: &url.URL{Path: h.Path}}
	if answers != nil {
		q.Params, q.Meant = answers.Params, answers.Meant
	}
	resp := &Response{Request: q, Hit: &h, Header: h.Header, Body: []byte(h.Body)}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	resp.parse()
	return resp
}

// calledBack is the record of an arrival. What one that is not ours says of an
// error is withheld, because it is not the server's word.
func calledBack(resp *Response, why string) trace.Returned {
	e := trace.Returned{
		Via: resp.Hit.Via, Method: resp.Hit.Method, Path: resp.Hit.Path, Used: why == "", Reason: why,
		Secrets: []trace.Secret{{Part: "request-header", Name: "Authorization"}, {Part: "request-header", Name: "Cookie"}},
	}
	for _, p := range resp.Values {
		p.Origin.By = "notification"
		p.Secret = slices.Contains(secretMembers(), p.Name) || holdsSecret(p.Value)
		if why != "" && strings.HasPrefix(p.Name, "error") {
			p.Value = "(withheld)"
		}
		e.Params = append(e.Params, p)
	}
	for name, values := range resp.Header {
		for _, v := range values {
			e.Header = append(e.Header, trace.Field{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(e.Header, func(a, b trace.Field) int { return strings.Compare(a.Name, b.Name) })
	return e
}

// holdsSecret finds secrets further inside a member.
func holdsSecret(value string) bool {
	return strings.ContainsAny(value, "{[") && slices.ContainsFunc(secretMembers(), func(name string) bool {
		return strings.Contains(value, `"`+name+`"`)
	})
}
