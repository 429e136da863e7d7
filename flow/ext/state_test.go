package ext

import (
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// What came back is held to what was sent, also behind PAR and JAR, where it
// travels inside.
func TestState(t *testing.T) {
	param := func(name, value string) trace.Param { return trace.Param{Name: name, Value: value} }
	for _, c := range []struct {
		name              string
		sent, meant, came flow.Params
		match, unasked    trace.Outcome
	}{
		{"the same", flow.Params{param("state", "s")}, flow.Params{param("state", "s")}, flow.Params{param("state", "s")}, trace.Pass, trace.Skip},
		{"another", flow.Params{param("state", "s")}, flow.Params{param("state", "s")}, flow.Params{param("state", "t")}, trace.Fail, trace.Skip},
		{"longer", flow.Params{param("state", "s")}, flow.Params{param("state", "s")}, flow.Params{param("state", "ss")}, trace.Fail, trace.Skip},
		{"none", flow.Params{param("state", "s")}, flow.Params{param("state", "s")}, nil, trace.Fail, trace.Skip},
		{"bent by hand", flow.Params{param("state", "mine")}, flow.Params{param("state", "s")}, flow.Params{param("state", "mine")}, trace.Pass, trace.Skip},
		{"dropped by hand", nil, flow.Params{param("state", "s")}, nil, trace.Warn, trace.Pass},
		{"dropped, and one came", nil, flow.Params{param("state", "s")}, flow.Params{param("state", "x")}, trace.Warn, trace.Warn},
		{"pushed", flow.Params{param("request_uri", "urn:x")}, flow.Params{param("state", "s")}, flow.Params{param("state", "s")}, trace.Pass, trace.Skip},
		{"pushed, another", flow.Params{param("request_uri", "urn:x")}, flow.Params{param("state", "s")}, flow.Params{param("state", "t")}, trace.Fail, trace.Skip},
	} {
		p := &flow.Response{Request: &flow.Request{Params: c.sent, Meant: c.meant}, Values: c.came}
		for check, want := range map[string]trace.Outcome{"state-match": c.match, "state-unasked": c.unasked} {
			for _, k := range State("", "").Checks {
				if k.ID != check {
					continue
				}
				v := k.Eval(nil, p)
				if v.Outcome == "" {
					v.Outcome = trace.Pass
				}
				if v.Outcome != want {
					t.Errorf("%s: %s is %s (%s), want %s", c.name, check, v.Outcome, v.Detail, want)
				}
			}
		}
	}
}
