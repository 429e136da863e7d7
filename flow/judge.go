package flow

import (
	"context"
	"fmt"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// judge puts every check to an answer and says which error, if any, it comes
// to. An answer that is not the protocol's has no more to say; a failed trust
// check comes before the server's refusal, or a forged error would be shown
// as the server's word.
func (r *Run) judge(ctx context.Context, resp *Response) error {
	if err := r.unwrap(ctx, resp); err != nil {
		return err
	}
	r.tell(resp)
	if resp.Request.Open {
		return nil
	}
	_, gate := r.verdicts(resp)
	if resp.Status != 0 {
		if foreign := resp.Foreign(); foreign != nil {
			return foreign
		}
	}
	if refused := resp.refused(); refused != nil {
		if gate != nil {
			return gate
		}
		return refused
	}
	for _, x := range r.Extensions {
		if x.Inspect == nil {
			continue
		}
		if err := x.Inspect(ctx, r, resp); err != nil && gate == nil {
			gate = err
		}
	}
	return gate
}

// Judge puts the checks of a Response's endpoint to an answer that the procedure
// judges itself, or to something that an answer carried, such as an ID token.
func (r *Run) Judge(resp *Response) ([]trace.Finding, error) { return r.verdicts(resp) }

func (r *Run) unwrap(ctx context.Context, resp *Response) error {
	if resp.unwrapped {
		return nil
	}
	resp.unwrapped = true
	for _, x := range r.Extensions {
		if x.Unwrap == nil {
			continue
		}
		if err := x.Unwrap(ctx, r, resp); err != nil {
			return fmt.Errorf("%s: %w", x.Name, err)
		}
	}
	return nil
}

// tell says what unwrapping took apart, now that the answer has its number.
func (r *Run) tell(resp *Response) {
	if resp.told {
		return
	}
	resp.told = true
	for _, d := range resp.Decoded {
		d.Evidence = append([]int{resp.Seq}, d.Evidence...)
		r.Say(d)
	}
}

// checks are the plan's and the extensions', those first that say whether an
// answer is ours at all.
func (r *Run) checks() []Check {
	var first, all []Check
	for _, group := range append([]Extension{{Checks: r.Checks}}, r.Extensions...) {
		for _, c := range group.Checks {
			if c.Opens {
				first = append(first, c)
			} else {
				all = append(all, c)
			}
		}
	}
	return append(first, all...)
}

// verdicts runs every check of the answer's endpoint; the error is the first
// that the Gate stops at.
func (r *Run) verdicts(resp *Response) ([]trace.Finding, error) {
	var all []trace.Finding
	var gate error
	for _, c := range r.checks() {
		if c.At != resp.Request.Endpoint {
			continue
		}
		f := found(c, c.Eval(r, resp), resp)
		if c.Quotes && resp.Hit != nil && r.distrusts(resp) {
			f.Detail, f.Actual = "withheld: the answer is not to be trusted", ""
		}
		r.Say(f)
		all = append(all, f)
		if gate == nil && r.stops(f) {
			gate = &CheckError{f}
		}
	}
	return all, gate
}

// distrusts reports whether a check of an arrival is going to stop the run.
func (r *Run) distrusts(resp *Response) bool {
	if r.Gate == nil {
		return false
	}
	for _, c := range r.checks() {
		if c.At == resp.Request.Endpoint && r.stops(found(c, c.Eval(r, resp), resp)) {
			return true
		}
	}
	return false
}

func (r *Run) stops(f trace.Finding) bool {
	return f.Outcome == trace.Fail && r.Gate != nil && r.Gate(f)
}

func found(c Check, v Verdict, resp *Response) trace.Finding {
	if v.Outcome == "" {
		v.Outcome = trace.Pass
	}
	evidence := append([]int{resp.Seq}, resp.Evidence...)
	return trace.Finding{
		ID: c.ID, Code: c.Code, Level: c.Level, Outcome: v.Outcome, Ref: c.Spec,
		Detail: v.Detail, Expected: v.Expected, Actual: v.Actual, Evidence: append(evidence, v.Evidence...),
	}
}
