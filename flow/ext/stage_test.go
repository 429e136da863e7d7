package ext

import (
	"context"
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// A stage is a server that answers in a row, and what it was sent.
type stage struct {
	answers []wire.Answer
	sent    []wire.Request
}

func (s *stage) Do(_ context.Context, q wire.Request) (*wire.Answer, error) {
	s.sent = append(s.sent, q)
	a := s.answers[min(len(s.sent), len(s.answers))-1]
	if a.Header == nil {
		a.Header = http.Header{}
	}
	return &a, nil
}

// answer is one of JSON, with header fields in pairs.
func answer(status int, body string, header ...string) wire.Answer {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return wire.Answer{Status: status, Header: h, Body: []byte(body)}
}

type recorder []trace.Record

func (r *recorder) Emit(rec trace.Record) { *r = append(*r, rec) }

// decoded is what the run took apart under a name.
func (r recorder) decoded(what string) *trace.Decoded {
	for _, rec := range r {
		if d, ok := rec.Event.(trace.Decoded); ok && d.What == what {
			return &d
		}
	}
	return nil
}

func clock() time.Time { return time.Unix(1795440000, 0) }

// perform runs a procedure with extensions against the stage.
func (s *stage) perform(t *testing.T, run func(context.Context, *flow.Run) error, all ...flow.Extension) (*flow.Run, recorder, error) {
	t.Helper()
	var rec recorder
	r, err := flow.Start(t.Context(), flow.Plan{
		Server: flow.Server{Issuer: "https://as.example", Replaced: map[flow.Endpoint]string{
			flow.Token: "https://as.example/token?tenant=1#x", flow.PAR: "https://as.example/par", flow.Authorization: "https://as.example/authorize",
			flow.Userinfo: "https://as.example/userinfo",
		}},
		Client: flow.Client{ID: "c1"}, Procedure: flow.Procedure{Name: "test", Run: run}, Extensions: all,
		Gate: func(f trace.Finding) bool { return f.Outcome == trace.Fail },
	}, flow.Env{Wire: s, Log: trace.NewLog(clock, &rec), Now: clock, Rand: rand.Reader, Agent: agent{}})
	return r, rec, err
}

// An agent goes nowhere.
type agent struct{ flow.UserAgent }

func (agent) RedirectURI() string  { return "http://127.0.0.1/callback" }
func (agent) Grace() time.Duration { return 0 }
func (agent) Visit(context.Context, flow.Visit) (flow.Hit, error) {
	return flow.Hit{}, context.Canceled
}

func generated(t *testing.T, alg string) jose.Private {
	t.Helper()
	key, err := jose.Generate(alg, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// post is a procedure of one request.
func post(at flow.Endpoint, more ...func(*flow.Request)) func(context.Context, *flow.Run) error {
	return func(ctx context.Context, r *flow.Run) error {
		q, err := r.NewRequest(at)
		if err != nil {
			return err
		}
		for _, f := range more {
			f(q)
		}
		_, err = r.Do(ctx, q)
		return err
	}
}
