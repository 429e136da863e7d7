package cmd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback"
)

// errNobody says that a person was needed and none was there.
var errNobody = errors.New("nobody is there to hand over the answer")

// grace is how long a browser may still bring the right answer after a wrong
// one (a stale tab, or an attack).
const grace = 10 * time.Second

// An agent is the way to the person and back: it opens the browser, listens
// at the redirect URI and reads what is pasted; or it walks the pages itself.
// It joins loopback, which knows no run, to a run, which knows no listener.
type agent struct {
	env      Env
	door     door
	browser  string // as in loopback.OpenOptions
	paste    bool
	qr       bool
	headless *loopback.Headless
	pages    *pageWire

	ended  chan struct{}
	once   sync.Once
	ending loopback.Ending
}

// RedirectURI implements flow.UserAgent.
func (a *agent) RedirectURI() string { return a.door.redirect }

// Grace implements flow.UserAgent.
func (a *agent) Grace() time.Duration {
	if a.headless != nil || a.paste {
		return 0
	}
	return grace
}

// Visit implements flow.UserAgent.
func (a *agent) Visit(ctx context.Context, v flow.Visit) (flow.Hit, error) {
	if a.headless != nil {
		return a.walk(ctx, v)
	}
	by, note := a.open(v)
	v.Opened(by, note)
	if a.qr {
		v.Note(trace.Note{Topic: "qr", Text: "the same address as a QR code; the answer still comes back to this machine", Lines: picture(v.URL)})
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type arrival struct {
		hit loopback.Hit
		err error
	}
	arrived := make(chan arrival, 2)
	if a.door.listener != nil {
		go func() {
			h, err := a.door.listener.Wait(ctx, a.callbacks(v))
			arrived <- arrival{h, err}
		}()
	}
	if a.paste {
		go func() {
			h, err := loopback.ReadPaste(ctx, a.env.Stdin, a.door.redirect,
				func(h loopback.Hit) bool { return v.Accept(convert(h)) },
				func(s string) { v.Note(trace.Note{Topic: "paste", Text: s}) })
			if err != nil && a.door.listener != nil {
				return // nothing more to paste; the listener goes on
			}
			arrived <- arrival{h, err}
		}()
	}
	select {
	case got := <-arrived:
		if got.err != nil && a.door.listener == nil && ctx.Err() == nil {
			return flow.Hit{}, fmt.Errorf("%w (%w)", errNobody, got.err)
		}
		return convert(got.hit), got.err
	case <-ctx.Done():
		return flow.Hit{}, context.Cause(ctx)
	}
}

// open starts the browser. It is said why when there is none; the URL is
// printed in any case.
func (a *agent) open(v flow.Visit) (by, note string) {
	if a.browser == "none" {
		return "", ""
	}
	by, err := loopback.Open(v.URL, loopback.OpenOptions{
		Command: a.browser, Getenv: a.env.Getenv, Stderr: a.env.Stderr,
		Failed: func(err error) {
			v.Note(trace.Note{Topic: "browser", Text: "the browser could not be started: " + err.Error() + "; open the URL by hand"})
		},
	})
	if err != nil {
		return "", err.Error()
	}
	return by, ""
}

func (a *agent) callbacks(v flow.Visit) loopback.Callbacks {
	return loopback.Callbacks{
		Accept: func(h loopback.Hit) bool { return v.Accept(convert(h)) },
		Stray:  func(h loopback.Hit, why string) { v.Stray(convert(h), why) },
		Done: func() loopback.Ending {
			<-a.ended
			return a.ending
		},
	}
}

func convert(h loopback.Hit) flow.Hit {
	return flow.Hit{
		Method: h.Method, Path: h.Path, RawQuery: h.RawQuery, Body: h.Body,
		Fragment: h.Fragment, Via: h.Via, Header: h.Header, Elsewhere: h.Elsewhere,
	}
}

func (a *agent) walk(ctx context.Context, v flow.Visit) (flow.Hit, error) {
	v.Opened("headless", "")
	a.pages.fetched = v.Fetched
	h, err := a.headless.Walk(ctx, v.URL)
	if err != nil {
		return flow.Hit{}, &walkError{err}
	}
	v.Accept(convert(h)) // when it is not ours, the run itself says what is wrong
	return convert(h), nil
}

// A walkError is what stopped a walk, with the name that the trace has for it.
type walkError struct{ error }

func (e *walkError) Unwrap() error { return e.error }

// FailureKind is how the trace calls it.
func (e *walkError) FailureKind() string {
	return map[int]string{exitRefused: "refused", exitUnreachable: "connect", exitNobody: "input"}[exitCode(e.error)]
}

// end tells the pages that are still open in the browser how the flow really
// ended, and stops listening.
func (a *agent) end(how loopback.Ending) {
	a.once.Do(func() {
		a.ending = how
		close(a.ended)
		if a.door.listener != nil {
			_ = a.door.listener.Close()
		}
	})
}
