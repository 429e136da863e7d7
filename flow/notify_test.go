package flow

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// callers is a Notifier that hands over what it holds.
type callers []Hit

func (callers) URI() string { return "http://127.0.0.1:1/here" }

func (c callers) Wait(ctx context.Context, accept func(Hit) bool) (Hit, error) {
	for _, h := range c {
		if accept(h) {
			return h, nil
		}
	}
	<-ctx.Done()
	return Hit{}, context.Cause(ctx)
}

// kept is a Sink that keeps.
type kept []trace.Record

func (k *kept) Emit(r trace.Record) { *k = append(*k, r) }

func awaiting(c callers) (*Run, *kept) {
	var k kept
	r := &Run{asked: map[Endpoint]*Request{}}
	r.Now = func() time.Time { return time.Unix(1795440000, 0) }
	r.Log, r.Notify = trace.NewLog(r.Now, &k), c
	return r, &k
}

func posted(body string) Hit {
	return Hit{Method: "POST", Path: "/here", Via: ViaNotification, Body: body, Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer x"}}}
}

func byID(p *Response) string {
	if p.String("auth_req_id") != "ours" {
		return "not ours"
	}
	return ""
}

// What is not ours is recorded, its error withheld, and the right one is taken
// as the answer that it is.
func TestAwait(t *testing.T) {
	r, k := awaiting(callers{
		{Method: "GET", Path: "/", Body: `{"auth_req_id":"ours"}`},
		posted(`{"auth_req_id":"theirs","error":"access_denied","error_description":"give up"}`),
		posted(`{"auth_req_id":"ours","access_token":"t","more":{"id_token":"inside"},"expires_in":3}`),
	})
	resp, err := r.Await(context.Background(), &Request{}, byID)
	if err != nil || resp.String("access_token") != "t" || resp.Status != 0 || resp.Request.Endpoint != Notification || resp.Seq != 3 {
		t.Fatalf("%+v %v", resp, err)
	}
	said := map[string]string{}
	for i, rec := range *k {
		e, _ := rec.Event.(trace.Returned)
		if e.Used != (i == 2) || (e.Reason == "") != e.Used || (e.Via == "") != (i == 0) {
			t.Errorf("%d: %+v", i, e)
		}
		for _, p := range e.Params {
			said[p.Name] = p.Value
			if secret := p.Name == "auth_req_id" || p.Name == "access_token" || p.Name == "more"; p.Secret != secret {
				t.Errorf("%s: secret is %v", p.Name, p.Secret)
			}
		}
	}
	if len(*k) != 3 || said["error"] != "(withheld)" || said["error_description"] != "(withheld)" {
		t.Errorf("%v", said)
	}
}

// A pushed error is the server's no; a mere call is not judged at all.
func TestAwaitErrors(t *testing.T) {
	denied := callers{posted(`{"auth_req_id":"ours","error":"access_denied"}`)}
	r, _ := awaiting(denied)
	var refused *RefusedError
	if _, err := r.Await(context.Background(), &Request{}, byID); !errors.As(err, &refused) || refused.Code != "access_denied" || refused.Endpoint != Notification {
		t.Errorf("%v", err)
	}
	r, _ = awaiting(denied)
	if _, err := r.Await(context.Background(), nil, byID); err != nil {
		t.Errorf("%v", err)
	}
	r, _ = awaiting(nil)
	r.Notify = nil
	var config *ConfigError
	if _, err := r.Await(context.Background(), nil, byID); !errors.As(err, &config) {
		t.Errorf("%v", err)
	}
}

// Strangers may call as often as they like: what is recorded of them is
// bounded, and the cause of the end is said.
func TestAwaitIsBounded(t *testing.T) {
	var many callers
	for range 200 {
		many = append(many, posted(`{"auth_req_id":"theirs"}`))
	}
	r, k := awaiting(many)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(ErrTimeout)
	if _, err := r.Await(ctx, nil, byID); !errors.Is(err, ErrTimeout) || len(*k) != maxRefused {
		t.Errorf("%v after %d records", err, len(*k))
	}
	r, k = awaiting(append(many, posted(`{"auth_req_id":"ours"}`)))
	if _, err := r.Await(context.Background(), nil, byID); err != nil || len(*k) != maxRefused+1 {
		t.Errorf("%v after %d records", err, len(*k))
	}
}
