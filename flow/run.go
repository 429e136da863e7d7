package flow

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// ErrTimeout is the cause of a context that ended because the whole run took
// too long; ErrInterrupted of one that the person ended.
var (
	ErrTimeout     = errors.New("nobody came back in time")
	ErrInterrupted = errors.New("interrupted")
)

// A Run is one procedure under way.
type Run struct {
	Plan
	Env
	Result Result

	name    string
	started time.Time
	person  time.Duration
	keys    *keyring
	asked   map[Endpoint]*Request
	over    atomic.Bool
}

// Start verifies the order of the plan's extensions, runs its procedure and
// says how it ended. The Run is never nil; after an error its Result holds
// what there was until then.
func Start(ctx context.Context, p Plan, e Env) (*Run, error) {
	r := &Run{Plan: p, Env: e, name: e.Log.Run(p.Procedure.Name), started: e.Now(), asked: map[Endpoint]*Request{}}
	started := trace.RunStarted{
		Procedure: p.Procedure.Name, Spec: p.Procedure.Spec, Doc: p.Procedure.Doc,
		Issuer: p.Server.Issuer, Client: p.Client.ID, Version: p.Version, Machine: p.Machine,
	}
	if b := p.Before; b != nil {
		line, _, _ := strings.Cut(b.Doc, "\n")
		started.Before, started.Purpose, started.For = b.Name, line, b.Spec
	}
	r.Say(started)
	for _, n := range p.Notes {
		r.Say(n)
	}
	err := ordered(p.Extensions)
	if err == nil {
		err = p.Procedure.Run(ctx, r)
	}
	if errors.Is(err, errDry) {
		err = nil
	}
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ErrInterrupted) {
		err = cause
	}
	r.end(err)
	return r, err
}

// ordered holds the extensions to what each says of the others.
func ordered(all []Extension) error {
	for i, x := range all {
		for _, first := range x.After {
			if j := slices.IndexFunc(all, func(y Extension) bool { return y.Name == first }); j > i {
				return &ConfigError{x.Name, "must come after " + first}
			}
		}
	}
	return nil
}

func (r *Run) end(err error) {
	took := r.Now().Sub(r.started)
	e := trace.Ended{OK: err == nil, Took: took, Theirs: r.Log.Theirs(r.name), Person: r.person, Failure: Failure(err)}
	if r.Exit != nil {
		e.Exit = r.Exit(err)
	}
	r.over.Store(true)
	r.Say(e)
}

// Failure is an error as the trace tells it; nil for nil.
func Failure(err error) *trace.Failure {
	var (
		refused   *RefusedError
		check     *CheckError
		protocol  *ProtocolError
		transport *TransportError
		config    *ConfigError
		status    *StatusError
		expired   *ExpiredError
	)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrInterrupted):
		return &trace.Failure{Kind: "interrupted", Text: "interrupted"}
	case errors.As(err, &refused):
		return &trace.Failure{Kind: "refused", Text: err.Error(), Endpoint: string(refused.Endpoint), Code: refused.Code, Evidence: []int{refused.Seq}}
	case errors.As(err, &check):
		return &trace.Failure{Kind: "check", Text: err.Error(), Code: check.Finding.Code, Evidence: check.Finding.Evidence}
	case errors.As(err, &protocol):
		return &trace.Failure{Kind: "protocol", Text: err.Error(), Endpoint: string(protocol.Endpoint), Evidence: []int{protocol.Seq}}
	case errors.As(err, &transport):
		return &trace.Failure{Kind: transportKind(err), Text: err.Error(), Endpoint: string(transport.Endpoint), Evidence: []int{transport.Seq}}
	case errors.As(err, &status):
		return &trace.Failure{Kind: "status", Text: err.Error(), Endpoint: string(status.Endpoint), Evidence: []int{status.Seq}}
	case errors.As(err, &config):
		return &trace.Failure{Kind: "config", Text: err.Error(), Code: config.Field}
	case errors.Is(err, ErrTimeout), errors.As(err, &expired):
		return &trace.Failure{Kind: "waited", Text: err.Error()}
	}
	var named interface{ FailureKind() string }
	if errors.As(err, &named) {
		return &trace.Failure{Kind: named.FailureKind(), Text: err.Error()}
	}
	return &trace.Failure{Kind: "other", Text: err.Error()}
}

// Say records an event of this run and returns its Seq.
func (r *Run) Say(e trace.Event) int { return r.Log.Say(r.name, e) }

// Started is when the run began, before any request of it.
func (r *Run) Started() time.Time { return r.started }

// Asked is the last request of this run to an endpoint, or an empty one.
func (r *Run) Asked(e Endpoint) *Request {
	if q := r.asked[e]; q != nil {
		return q
	}
	return &Request{Endpoint: e}
}

// Step opens a numbered step of the narrative.
func (r *Run) Step(title, why, spec string) {
	r.Say(trace.StepStarted{Title: title, Why: why, Spec: spec})
}

// Note tells the trace something that a person may want to know.
func (r *Run) Note(topic, text, ref string) { r.Say(trace.Note{Topic: topic, Text: text, Ref: ref}) }

// Random returns n random octets, base64url-encoded.
func (r *Run) Random(n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(r.Rand, b); err != nil {
		return "", fmt.Errorf("random source: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
