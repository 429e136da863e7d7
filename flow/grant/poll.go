package grant

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
)

// A poll asks the token endpoint again and again, at the pace that the server
// sets, until it has a token, a no, or no more time (RFC 8628 §3.5; CIBA Core
// §11 says the same).
type poll struct {
	interval time.Duration
	until    time.Time // zero: the run's own end
	what     string    // "device code", for words
}

// minInterval is what is waited where the server names none (RFC 8628 §3.2).
const minInterval = 5 * time.Second

// maxBackoff bounds the pause after trouble.
const maxBackoff = time.Minute

// leastInterval keeps a server that asks for no pause, or for nonsense, from
// being flooded with requests that carry credentials.
const leastInterval = time.Second

// run polls with a request that ask makes afresh each time. Where the first
// poll would come too late it is made in time; a later one is never made sooner
// than the server's pace allows (RFC 8628 §3.5), so the end is waited for.
func (p *poll) run(ctx context.Context, r *flow.Run, ask func() (*flow.Request, error)) error {
	p.interval = max(p.interval, leastInterval)
	pause := p.interval
	var last error // what the last poll came to
	for n := 1; ; n++ {
		left := p.until.Sub(r.Now())
		late := !p.until.IsZero() && pause >= left
		switch {
		case late && n == 1:
			pause, late = left*9/10, false
		case late:
			pause = max(left, 0)
		}
		if err := r.Pause(ctx, pause); errors.Is(err, flow.ErrTimeout) {
			return &flow.ExpiredError{What: "nobody approved in the time that this run had (--timeout)"}
		} else if err != nil {
			return err
		}
		if late {
			return p.expired(last)
		}
		q, err := ask()
		if err != nil {
			return err
		}
		q.Poll = n
		resp, err := r.Do(ctx, q)
		if err == nil {
			return obtained(r, resp)
		}
		last = err
		if pause, err = p.next(pause, resp, err); err != nil {
			return err
		}
	}
}

// expired tells who was late: the person, or a server that was not there.
func (p *poll) expired(last error) error {
	var refused *flow.RefusedError
	if last != nil && !errors.As(last, &refused) {
		return &flow.ExpiredError{What: "the " + p.what + " expired while the server could not be asked: " + last.Error()}
	}
	return &flow.ExpiredError{What: "the " + p.what + " expired before anybody approved it"}
}

// next is the pause before the next poll, or the error that ends polling.
func (p *poll) next(pause time.Duration, resp *flow.Response, err error) (time.Duration, error) {
	var refused *flow.RefusedError
	var trouble *flow.TransportError
	var foreign *flow.ProtocolError
	switch {
	case errors.As(err, &refused) && refused.Code == "authorization_pending":
		return p.interval, nil
	case errors.As(err, &refused) && refused.Code == "slow_down":
		p.interval += 5 * time.Second // for this and all further polls
		return p.interval, nil
	case errors.As(err, &refused) && refused.Code == "expired_token":
		return 0, &flow.ExpiredError{What: "the server says that the " + p.what + " has expired"}
	case errors.As(err, &refused) && refused.Status < 500 && refused.Status != http.StatusTooManyRequests:
		return 0, err
	case errors.As(err, &trouble) && trouble.Interrupted():
		return 0, err
	case errors.As(err, &refused), errors.As(err, &trouble),
		errors.As(err, &foreign) && (foreign.Status >= 500 || foreign.Status == http.StatusTooManyRequests):
		return max(p.interval, after(resp), min(2*pause, maxBackoff)), nil
	}
	return 0, err
}

// after is what Retry-After asks for, in seconds.
func after(resp *flow.Response) time.Duration {
	if resp == nil {
		return 0
	}
	n, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || n < 0 || n > 3600 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// seconds reads a member that counts seconds, tolerantly: some servers send
// it as a string. The fallback is for one that is missing or makes no sense.
func seconds(resp *flow.Response, name string, fallback time.Duration) time.Duration {
	n, err := strconv.ParseFloat(resp.Values.Get(name), 64)
	if err != nil || !(n > 0 && n <= 1e6) { // so written, NaN is nonsense too
		return fallback
	}
	return time.Duration(n * float64(time.Second))
}
