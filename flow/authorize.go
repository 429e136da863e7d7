package flow

import (
	"context"
	"errors"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Authorize takes the person to the authorization endpoint, or to the one that
// ends a session, and brings the answer back, judged.
func (r *Run) Authorize(ctx context.Context, q *Request) (*Response, error) {
	for {
		err := r.ready(ctx, q)
		if q.change(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		break
	}
	if r.Dry {
		return r.imagined(q), nil
	}
	a := &arrivals{run: r, q: q, ctx: ctx}
	waiting, give := context.WithCancelCause(ctx)
	defer give(nil)
	a.give = give
	err := r.visit(waiting, q, a)
	answer, wrong := a.outcome()
	switch {
	case answer != nil && !errors.Is(err, ErrInterrupted):
		return answer, r.judge(ctx, answer)
	case wrong != nil && !errors.Is(err, ErrInterrupted):
		return nil, wrong
	}
	return nil, err
}

// ready makes a request that a browser is going to carry, and shows it.
func (r *Run) ready(ctx context.Context, q *Request) error {
	if err := r.prepare(ctx, q); err != nil {
		return err
	}
	if q.Step.Title != "" {
		r.Say(q.Step)
		q.Step.Title = "" // made again, it is the same step
	}
	return r.show(ctx, q)
}

// Depart takes the person to an address from which nothing comes back.
func (r *Run) Depart(ctx context.Context, q *Request) error {
	for {
		err := r.ready(ctx, q)
		if q.change(err) {
			continue
		}
		if err != nil || r.Dry {
			return err
		}
		break
	}
	r.Say(trace.Opened{URL: q.full()})
	if r.Approach != nil {
		return r.Approach(ctx, r.Say, q.full())
	}
	return nil
}

// visit sends the person off and measures what part of the time was theirs.
func (r *Run) visit(ctx context.Context, q *Request, a *arrivals) error {
	start, servers := r.Now(), r.Log.Theirs(r.name)
	stop := func() {}
	defer func() {
		stop()
		r.person += r.Now().Sub(start) - (r.Log.Theirs(r.name) - servers)
	}()
	_, err := r.Agent.Visit(ctx, Visit{
		URL:    q.full(),
		Accept: a.accept,
		Stray:  a.stray,
		Opened: func(by, note string) {
			back := q.Sent("redirect_uri")
			r.Say(trace.Opened{URL: q.full(), By: by, Note: note, Back: back})
			stop = r.wait(q)
		},
		Fetched: func(x trace.Exchanged) { r.Say(x) },
		Note:    func(n trace.Note) { r.Say(n) },
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return err
}
