package flow

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// tape is a wire that answers from a list and keeps what was sent.
type tape struct {
	answers []string // "400 {…}"
	sent    []wire.Request
}

func (t *tape) Do(_ context.Context, q wire.Request) (*wire.Answer, error) {
	t.sent = append(t.sent, q)
	if len(t.sent) > len(t.answers) {
		return &wire.Answer{}, &wire.Error{Kind: "connect", Host: "as", Err: errors.New("refused")}
	}
	var status int
	answer := t.answers[len(t.sent)-1]
	if _, err := fmt.Sscanf(answer, "%d", &status); err != nil {
		return nil, err
	}
	body := answer[4:]
	h := http.Header{"Content-Type": {"application/json"}}
	return &wire.Answer{Status: status, Header: h, Body: []byte(body), Exchanged: trace.Exchanged{Response: trace.Message{Status: status, Body: body}}}, nil
}

// keep is a Sink that remembers.
type keep struct{ all []trace.Record }

func (k *keep) Emit(r trace.Record) { k.all = append(k.all, r) }

func (k *keep) kinds() string {
	var out []string
	for _, r := range k.all {
		out = append(out, r.Event.Kind())
	}
	return strings.Join(out, " ")
}

func start(t *testing.T, p Plan, w *tape) (*keep, error) {
	t.Helper()
	k := &keep{}
	now := func() time.Time { return time.Unix(0, 0) }
	p.Server.Replaced = map[Endpoint]string{Token: "https://as/token", PAR: "https://as/par"}
	_, err := Start(context.Background(), p, Env{Wire: w, Log: trace.NewLog(now, k), Now: now, Rand: rand.Reader})
	return k, err
}

// ask is a procedure of one token request.
func ask(params ...string) Procedure {
	return Procedure{Name: "ask", Run: func(ctx context.Context, r *Run) error {
		q, err := r.NewRequest(Token)
		if err != nil {
			return err
		}
		for i := 0; i < len(params); i += 2 {
			q.Params.Add(trace.Param{Name: params[i], Value: params[i+1]})
		}
		_, err = r.Do(ctx, q)
		return err
	}}
}

// The phases run in the order of the pipeline, and an edit is in what is said
// to have been built, and in what is sent.
func TestPhases(t *testing.T) {
	var order []string
	step := func(name string) func(context.Context, *Run, *Request) error {
		return func(_ context.Context, _ *Run, q *Request) error {
			order = append(order, name)
			q.Params.Add(trace.Param{Name: "by", Value: name})
			return nil
		}
	}
	w := &tape{answers: []string{`200 {"access_token":"a"}`}}
	k, err := start(t, Plan{
		Procedure: ask("z", "1", "a", "2", "z", "3"),
		Client:    Client{Auth: step("auth")},
		Extensions: []Extension{{
			Params: On{Token: step("params")}, Wrap: On{Token: step("wrap")}, Sign: On{Token: step("sign")},
			Edit: On{Token: step("edit")}, Hold: On{Token: func(context.Context, *Run, *Request) error { order = append(order, "hold"); return nil }},
		}},
	}, w)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, " "); got != "params wrap auth sign edit hold" {
		t.Error("order:", got)
	}
	const want = "z=1&a=2&z=3&by=params&by=wrap&by=auth&by=sign&by=edit"
	if got := string(w.sent[0].Body); got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	if got := k.kinds(); got != "run-started built exchanged ended" {
		t.Error("said:", got)
	}
	if b := k.all[1].Event.(trace.Built); Params(b.Params).Encode() != want {
		t.Error("built is not what was sent:", b.Params)
	}
}

// A retry starts before client authentication, happens once, and both tries
// are in the trace.
func TestRetry(t *testing.T) {
	n := 0
	auth := func(_ context.Context, _ *Run, q *Request) error {
		n++
		q.Params.Set("jti", fmt.Sprint(n), trace.Origin{})
		return nil
	}
	w := &tape{answers: []string{`400 {"error":"use_dpop_nonce"}`, `400 {"error":"use_dpop_nonce"}`, `200 {}`}}
	k, err := start(t, Plan{
		Procedure: ask(), Client: Client{Auth: auth},
		Extensions: []Extension{{Retry: func(_ *Run, _ *Request, p *Response) bool { return p.String("error") == "use_dpop_nonce" }}},
	}, w)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Code != "use_dpop_nonce" {
		t.Fatal(err)
	}
	if len(w.sent) != 2 || string(w.sent[0].Body) != "jti=1" || string(w.sent[1].Body) != "jti=2" {
		t.Errorf("%d sent: %+v", len(w.sent), w.sent)
	}
	if got := k.kinds(); got != "run-started built exchanged built exchanged ended" {
		t.Error(got)
	}
}

// An answer is judged against what was meant, though wrapping sent something
// else.
func TestJudgedAgainstMeant(t *testing.T) {
	seen := ""
	w := &tape{answers: []string{`200 {"access_token":"a"}`}}
	_, err := start(t, Plan{
		Procedure: ask("scope", "openid"),
		Extensions: []Extension{{Wrap: On{Token: func(_ context.Context, _ *Run, q *Request) error {
			q.Params = nil
			return nil
		}}}},
		Checks: []Check{{ID: "x", At: Token, Eval: func(r *Run, p *Response) Verdict {
			seen = p.Request.Meant.Get("scope") + " " + r.Asked(Token).Meant.Get("scope")
			return Verdict{}
		}}},
	}, w)
	if err != nil || seen != "openid openid" || string(w.sent[0].Body) != "" {
		t.Errorf("%v, saw %q, sent %q", err, seen, w.sent[0].Body)
	}
}

// When a refusal and a failed trust check coincide, the check wins; without a
// gate the refusal is what is left; an answer of no protocol comes first.
func TestWhatComesFirst(t *testing.T) {
	failing := []Check{{ID: "x", Code: "V-X", At: Token, Eval: func(*Run, *Response) Verdict { return Verdict{Outcome: trace.Fail, Detail: "no"} }}}
	all := func(trace.Finding) bool { return true }
	for _, c := range []struct {
		answer string
		gate   func(trace.Finding) bool
		kind   string
	}{
		{`400 {"error":"invalid_grant"}`, all, "check"},
		{`400 {"error":"invalid_grant"}`, nil, "refused"},
		{`200 {"access_token":"a"}`, all, "check"},
		{`200 {"access_token":"a"}`, nil, ""},
		{`200 <html><title>Log in</title>`, all, "protocol"},
		{`200 `, all, "protocol"},
		{`502 {}`, nil, "protocol"},
		{`302 {}`, nil, "protocol"},
		{`200 {"access_token":"a`, nil, "protocol"},
	} {
		k, err := start(t, Plan{Procedure: ask(), Checks: failing, Gate: c.gate}, &tape{answers: []string{c.answer}})
		got := ""
		if f := Failure(err); f != nil {
			got = f.Kind
		}
		if got != c.kind {
			t.Errorf("%s: %s, want %s (%v)", c.answer, got, c.kind, err)
		}
		f, ok := k.all[3].Event.(trace.Finding)
		if !ok || f.Outcome != trace.Fail || len(f.Evidence) != 1 || k.all[f.Evidence[0]-1].Event.Kind() != "exchanged" {
			t.Errorf("%s: the finding does not point at its exchange: %+v", c.answer, k.all[3])
		}
	}
}

// An extension that stands before one it builds on is refused before anything
// is sent.
func TestAfter(t *testing.T) {
	w := &tape{}
	_, err := start(t, Plan{Procedure: ask(), Extensions: []Extension{{Name: "par", After: []string{"jar"}}, {Name: "jar"}}}, w)
	var config *ConfigError
	if !errors.As(err, &config) || config.Field != "par" || len(w.sent) != 0 {
		t.Fatalf("%v, %d sent", err, len(w.sent))
	}
}

// Secrets are marked where they stand, in parameters, headers and answers.
func TestSecretsAreMarked(t *testing.T) {
	w := &tape{answers: []string{`200 {"access_token":"a","refresh_token":"r"}`}}
	k, err := start(t, Plan{Procedure: ask(), Extensions: []Extension{{Params: On{Token: func(_ context.Context, _ *Run, q *Request) error {
		q.Params.SetSecret("code", "c", trace.Origin{})
		q.Headers.SetSecret("authorization", "Basic x", trace.Origin{})
		return nil
	}}}}}, w)
	if err != nil {
		t.Fatal(err)
	}
	x := k.all[2].Event.(trace.Exchanged)
	got := fmt.Sprint(x.Secrets)
	if got != "[{request-body code} {request-header Authorization} {response-body access_token} {response-body refresh_token}]" {
		t.Error(got)
	}
}

func TestParams(t *testing.T) {
	p := ParseParams("a=1&b=x+y&a=%32&c&=e&d=%zz", trace.Origin{By: "test"})
	if got := p.Encode(); got != "a=1&b=x+y&a=2&c=&=e&d=%25zz" {
		t.Error(got)
	}
	if got := p.Repeated(); len(got) != 1 || got[0] != "a" {
		t.Error(got)
	}
	p.Set("a", "3", trace.Origin{})
	p.Del("b")
	if got := p.Encode(); got != "a=3&a=2&c=&=e&d=%25zz" {
		t.Error(got)
	}
	// RFC 6749 Appendix B
	if got := (Params{{Name: "v", Value: " %&+£€"}}).Encode(); got != "v=+%25%26%2B%C2%A3%E2%82%AC" {
		t.Error(got)
	}
}

// The query that an authorization endpoint's own address has is kept
// (RFC 6749 §3.1).
func TestEndpointWithQuery(t *testing.T) {
	q, err := Get(Authorization, "https://as/authorize?tenant=a%20b")
	if err != nil {
		t.Fatal(err)
	}
	q.Params.Set("scope", "a b", trace.Origin{})
	if got := q.full(); got != "https://as/authorize?tenant=a%20b&scope=a+b" {
		t.Error(got)
	}
}

// What a form-encoded answer means as JSON.
func TestMeaning(t *testing.T) {
	p := &Response{Request: &Request{}, Status: 200, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, Body: []byte("access_token=gho_16C7e42F292c6912E7&scope=repo%2Cgist&token_type=bearer&expires_in=300")}
	p.parse()
	if got := string(p.Object.Raw); got != `{"access_token":"gho_16C7e42F292c6912E7","scope":"repo,gist","token_type":"bearer","expires_in":300}` {
		t.Error(got)
	}
}
