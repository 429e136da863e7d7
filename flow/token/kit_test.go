package token_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

const (
	issuer = "https://as.example"
	start  = 1795440000
)

// reply is one answer: a status, header fields in pairs, and a body.
type reply struct {
	status int
	fields []string
	body   string
	cut    bool
}

// stage is everything around one run: the wire that answers by address, and
// the trace.
type stage struct {
	plan    flow.Plan
	agent   flow.UserAgent
	answers map[string]reply
	sent    []wire.Request
	said    []trace.Record
}

func (s *stage) Do(_ context.Context, q wire.Request) (*wire.Answer, error) {
	s.sent = append(s.sent, q)
	a, known := s.answers[q.URL]
	if !known {
		return &wire.Answer{}, &wire.Error{Kind: "connect", Host: q.URL, Err: errors.New("refused")}
	}
	h := http.Header{}
	for i := 0; i < len(a.fields); i += 2 {
		h.Add(a.fields[i], a.fields[i+1])
	}
	x := trace.Exchanged{Response: trace.Message{Status: a.status, Body: a.body, Truncated: a.cut}}
	return &wire.Answer{Status: a.status, Header: h, Body: []byte(a.body), Exchanged: x}, nil
}

func (s *stage) Emit(r trace.Record) { s.said = append(s.said, r) }

// run starts a procedure against a server whose endpoints are all at issuer.
func (s *stage) run(t *testing.T, p flow.Procedure) (*flow.Run, error) {
	t.Helper()
	s.plan.Procedure, s.plan.Checks, s.plan.Skew = p, check.All(), 30*time.Second
	if s.plan.Gate == nil {
		s.plan.Gate = check.Trust
	}
	s.plan.Server.Issuer = issuer
	s.plan.Server.Replaced = map[flow.Endpoint]string{
		flow.Userinfo: issuer + "/me", flow.Introspection: issuer + "/introspect", flow.Revocation: issuer + "/revoke",
		flow.EndSession: issuer + "/logout?tenant=a", flow.JWKS: issuer + "/keys",
	}
	if s.plan.Client.ID == "" {
		s.plan.Client.ID = "me"
	}
	now := func() time.Time { return time.Unix(start, 0) }
	return flow.Start(context.Background(), s.plan, flow.Env{Wire: s, Agent: s.agent, Log: trace.NewLog(now, s), Now: now, Rand: rand.Reader})
}

// ask sets what the person gave, in pairs.
func ask(pairs ...string) flow.Plan {
	p := flow.Plan{Ask: flow.Ask{Values: map[string]string{}, From: map[string]string{}}}
	for i := 0; i < len(pairs); i += 2 {
		p.Ask.Values[pairs[i]] = pairs[i+1]
		p.Ask.From[pairs[i]] = "--" + pairs[i]
	}
	return p
}

// findings lists the outcomes of a kind as "id id".
func (s *stage) findings(of trace.Outcome) string {
	var out []string
	for _, r := range s.said {
		if f, ok := r.Event.(trace.Finding); ok && f.Outcome == of {
			out = append(out, f.ID)
		}
	}
	return strings.Join(out, " ")
}

// notes are the topic, the text and the lines of every note.
func (s *stage) notes() string {
	var out []string
	for _, r := range s.said {
		if n, ok := r.Event.(trace.Note); ok {
			out = append(out, n.Topic+": "+n.Text, strings.Join(n.Lines, "\n"))
		}
	}
	return strings.Join(out, "\n")
}

func (s *stage) decoded(what string) (trace.Decoded, bool) {
	for _, r := range s.said {
		if d, ok := r.Event.(trace.Decoded); ok && d.What == what {
			return d, true
		}
	}
	return trace.Decoded{}, false
}

// ending is an error as a test names it: its kind, and the code of a refusal
// or a check.
func ending(err error) string {
	f := flow.Failure(err)
	switch {
	case f == nil:
		return ""
	case f.Code != "":
		return f.Kind + " " + f.Code
	}
	return f.Kind
}

// signer is a server's key, with the key set that it publishes.
type signer struct {
	key  jose.Private
	keys reply
}

func newSigner(t *testing.T) signer {
	t.Helper()
	k, err := jose.Generate("ES256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{k, reply{200, []string{"Content-Type", "application/jwk-set+json"}, string(k.PublicJWKS()), false}}
}

// jwt signs claims that are written as JSON.
func (s signer) jwt(t *testing.T, typ, claims string) string {
	t.Helper()
	header := map[string]any{"typ": typ, "kid": s.kid()}
	o, problems := jose.ParseObject([]byte(claims))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	list := make([]jose.Claim, 0, len(o.Members))
	for _, m := range o.Members {
		list = append(list, jose.Claim{Name: m.Name, Value: m.Value})
	}
	body, err := jose.Claims(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.Sign("ES256", s.key.Key, header, body)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (s signer) kid() string { return jose.ParseKeySet([]byte(s.keys.body)).Keys[0].Kid }

func jsonReply(status int, body string, fields ...string) reply {
	return reply{status, append([]string{"Content-Type", "application/json", "Cache-Control", "no-store"}, fields...), body, false}
}

func typed(media, body string) reply {
	return reply{200, []string{"Content-Type", media, "Cache-Control", "no-store"}, body, false}
}

func bearerWith(params string, args ...any) []string {
	return []string{"WWW-Authenticate", "Bearer " + fmt.Sprintf(params, args...)}
}
