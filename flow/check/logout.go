package check

import (
	"crypto/subtle"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Logout judges what comes back from the end of a session.
func Logout() []flow.Check {
	return []flow.Check{
		{ID: "logout-state", Code: "V-AR-02", Spec: "RP-Initiated Logout §2, §3", Level: trace.Must, At: flow.EndSession, Opens: true, Eval: logoutState},
	}
}

func logoutState(_ *flow.Run, p *flow.Response) flow.Verdict {
	want, got := p.Request.Sent("state"), p.Values.Get("state")
	switch {
	case want == "":
		return warn("state", "(none)", "no state was sent: nothing says whether this is the answer to this request")
	case got == "":
		return fail(want, "(none)", "the browser came back without the state: it may not be an answer to this request")
	case subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1:
		return fail(want, got, "the state is another one: this belongs to another request, or to an attacker's")
	}
	return ok("the state that was sent came back")
}
