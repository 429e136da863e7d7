package flow

import (
	"sync"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// advice is what usually keeps an answer away, by how long it has been
// missing.
func (r *Run) advice(q *Request) map[time.Duration][]string {
	back := q.Params.Get("redirect_uri")
	if back == "" {
		back = r.Agent.RedirectURI()
	}
	if q.Endpoint == EndSession {
		return map[time.Duration][]string{
			10 * time.Second: {"nothing has come back yet: did the server ask in the browser whether to sign out?"},
			20 * time.Second: {
				"a server redirects only to what is registered as a post_logout_redirect_uri of the client: " + q.Params.Get("post_logout_redirect_uri"),
				"when it never redirects, leave that out: --redirect-uri none",
			},
		}
	}
	return map[time.Duration][]string{
		10 * time.Second: {"nothing has come back yet: is the sign-in finished in the browser?"},
		20 * time.Second: {
			"does the browser show an error page? A wrong client_id or redirect_uri is shown there and never sent back (RFC 6749 §4.1.2.1)",
			"this exact redirect URI has to be registered for client " + r.Client.ID + ": " + back,
		},
		40 * time.Second: {
			"did the browser say that it cannot connect? Then it runs on another machine, or listens elsewhere than " + r.Agent.RedirectURI(),
			"copy the address that the browser ended at, and run again with --paste to hand it over",
		},
	}
}

// wait says that an answer is awaited, and says more the longer it takes.
func (r *Run) wait(q *Request) (stop func()) {
	const what = "the answer at the redirect URI"
	r.Say(trace.Waiting{For: what})
	advice := r.advice(q)
	if q.Lives > 0 { // what was pushed is dead from then on
		advice[q.Lives] = append(advice[q.Lives], "the request that was pushed has expired: if the sign-in page is not open yet, run this again")
	}
	var timers []*time.Timer
	var mu sync.Mutex
	done := false
	for after, lines := range advice {
		timers = append(timers, time.AfterFunc(after, func() {
			mu.Lock()
			defer mu.Unlock()
			if !done {
				r.Say(trace.Waiting{For: what, Since: after, Lines: lines})
			}
		}))
	}
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done = true
		for _, t := range timers {
			t.Stop()
		}
	}
}
