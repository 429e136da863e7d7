package grant

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// A script answers polls one after another and repeats the last; "" is a
// connection that is refused.
type script struct {
	answers []string
	asked   int
}

func (s *script) Do(context.Context, wire.Request) (*wire.Answer, error) {
	a := s.answers[min(s.asked, len(s.answers)-1)]
	s.asked++
	if a == "" {
		return &wire.Answer{}, &wire.Error{Kind: "connect", Host: "as", Err: errors.New("refused")}
	}
	h := http.Header{"Content-Type": {"application/json"}}
	status := 400
	switch {
	case strings.Contains(a, "access_token"):
		status = 200
	case strings.HasPrefix(a, "503 "):
		status, a = 503, a[4:]
		h.Set("Retry-After", "100")
	}
	return &wire.Answer{Status: status, Header: h, Body: []byte(a)}, nil
}

func (s *script) Emit(trace.Record) {}

const (
	pending = `{"error":"authorization_pending"}`
	slow    = `{"error":"slow_down"}`
	granted = `{"access_token":"a","token_type":"Bearer"}`
)

// The pauses are the server's, never shorter than a second, longer for good
// after slow_down and after trouble; a first poll that would come too late is
// made in time, and no later one is made sooner than the server's pace.
func TestPolling(t *testing.T) {
	s := time.Second
	for _, c := range []struct {
		name     string
		interval time.Duration
		life     time.Duration
		answers  []string
		pauses   []time.Duration
		err      string
	}{
		{"as asked", 5 * s, time.Hour, []string{pending, pending, granted}, []time.Duration{5 * s, 5 * s, 5 * s}, ""},
		{"no pause asked", 0, time.Hour, []string{pending, granted}, []time.Duration{s, s}, ""},
		{"slow down, for good", 5 * s, time.Hour, []string{slow, pending, slow, pending, granted}, []time.Duration{5 * s, 10 * s, 10 * s, 15 * s, 15 * s}, ""},
		{"trouble backs off, then the pace is the old one", 5 * s, time.Hour, []string{"", "", pending, granted}, []time.Duration{5 * s, 10 * s, 20 * s, 5 * s}, ""},
		{"Retry-After", 5 * s, time.Hour, []string{"503 {}", granted}, []time.Duration{5 * s, 100 * s}, ""},
		{"trouble never hurries", 90 * s, time.Hour, []string{"", granted}, []time.Duration{90 * s, 90 * s}, ""},
		{"a first poll in time", 5 * s, 3 * s, []string{granted}, []time.Duration{2700 * time.Millisecond}, ""},
		{"nobody approved", 5 * s, 8 * s, []string{pending}, []time.Duration{5 * s, 3 * s}, "expired before anybody approved"},
		{"the server was away", 5 * s, 8 * s, []string{""}, []time.Duration{5 * s, 3 * s}, "while the server could not be asked: token endpoint: cannot connect to as"},
		{"the server says no", 5 * s, time.Hour, []string{`{"error":"access_denied"}`}, []time.Duration{5 * s}, "access_denied"},
		{"the server says late", 5 * s, time.Hour, []string{`{"error":"expired_token"}`}, []time.Duration{5 * s}, "has expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &script{answers: c.answers}
			now := time.Unix(0, 0)
			var pauses []time.Duration
			env := flow.Env{Wire: w, Log: trace.NewLog(func() time.Time { return now }, w), Now: func() time.Time { return now },
				Pause: func(_ context.Context, d time.Duration) error {
					pauses = append(pauses, d)
					now = now.Add(d)
					return nil
				}}
			p := flow.Procedure{Name: "poll", Run: func(ctx context.Context, r *flow.Run) error {
				poll := &poll{interval: c.interval, until: now.Add(c.life), what: "device code"}
				return poll.run(ctx, r, func() (*flow.Request, error) { return r.NewRequest(flow.Token) })
			}}
			_, err := flow.Start(context.Background(), flow.Plan{Procedure: p, Server: flow.Server{Replaced: map[flow.Endpoint]string{flow.Token: "https://as/token"}}}, env)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v, want %q", err, c.err)
			}
			if waited := strings.Contains(c.err, "nobody") || strings.Contains(c.err, "while the server"); waited && w.asked != len(pauses)-1 {
				t.Errorf("%d polls in %v: the last pause is for the end", w.asked, pauses)
			}
			if len(pauses) != len(c.pauses) {
				t.Fatalf("paused %v, want %v", pauses, c.pauses)
			}
			for i := range pauses {
				if pauses[i] != c.pauses[i] {
					t.Errorf("paused %v, want %v", pauses, c.pauses)
				}
			}
		})
	}
}

// Nonsense in place of a number of seconds is not obeyed.
func TestSeconds(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"5": 5 * time.Second, "2.5": 2500 * time.Millisecond, "": 7 * time.Second, "0": 7 * time.Second, "-1": 7 * time.Second,
		"NaN": 7 * time.Second, "Inf": 7 * time.Second, "1e99": 7 * time.Second, "soon": 7 * time.Second,
	} {
		p := &flow.Response{Values: flow.Params{{Name: "interval", Value: value}}}
		if got := seconds(p, "interval", 7*time.Second); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}
