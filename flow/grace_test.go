package flow

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A slowAgent brings a wrong answer and then the right one, and takes its time
// over what follows.
type slowAgent struct{ after chan struct{} }

func (slowAgent) RedirectURI() string  { return "http://127.0.0.1/callback" }
func (slowAgent) Grace() time.Duration { return time.Millisecond }
func (a slowAgent) Visit(_ context.Context, v Visit) (Hit, error) {
	v.Opened("", "")
	right := Hit{Method: "GET", Via: "query", RawQuery: "state=good"}
	if v.Accept(Hit{Method: "GET", Via: "query", RawQuery: "state=bad"}) || !v.Accept(right) {
		return Hit{}, context.Canceled
	}
	close(a.after)
	return right, nil
}

// The grace that a wrong answer leaves does not run out while the right one is
// being looked at, however long its keys take.
func TestGraceWaitsForTheRightAnswer(t *testing.T) {
	a := slowAgent{make(chan struct{})}
	var answer *Response
	p := Plan{
		Server: Server{Replaced: map[Endpoint]string{Authorization: "https://as.example/authorize"}},
		Procedure: Procedure{Name: "x", Run: func(ctx context.Context, r *Run) error {
			q, err := r.NewRequest(Authorization)
			if err != nil {
				return err
			}
			answer, err = r.Authorize(ctx, q)
			return err
		}},
		Extensions: []Extension{{Unwrap: func(ctx context.Context, _ *Run, p *Response) error {
			if p.Values.Get("state") != "good" {
				return nil
			}
			late, cancel := context.WithTimeout(ctx, 20*time.Millisecond) // much longer than the grace
			defer cancel()
			<-late.Done()
			return ctx.Err()
		}}},
		Checks: []Check{{ID: "s", Code: "V-AR-02", At: Authorization, Opens: true, Eval: func(_ *Run, p *Response) Verdict {
			if p.Values.Get("state") != "good" {
				return Verdict{Outcome: trace.Fail}
			}
			return Verdict{}
		}}},
		Gate: func(trace.Finding) bool { return true },
	}
	_, err := Start(t.Context(), p, Env{Agent: a, Log: trace.NewLog(time.Now, &keep{}), Now: time.Now, Rand: rand.Reader})
	if err != nil || answer == nil || answer.Values.Get("state") != "good" {
		t.Errorf("%v, %v", answer, err)
	}
}
