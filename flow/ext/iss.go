package ext

import (
	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Iss judges the iss parameter of authorization responses: the defence
// against mixing up two authorization servers.
func Iss() flow.Extension {
	return flow.Extension{
		Name: "iss", Spec: "RFC 9207",
		Doc: "issuer identification\n\nThe answer names the server that made it. A client that talks to several servers would otherwise send one server's code to another.",
		Checks: []flow.Check{
			{ID: "iss-match", Code: "V-AR-05", Spec: "RFC 9207 §2.4", Level: trace.Must, At: flow.Authorization, Eval: issMatch},
			{ID: "iss-present", Code: "V-AR-06", Spec: "RFC 9207 §2.4", Level: trace.Must, At: flow.Authorization, Eval: issPresent},
			{ID: "error-authentic", Code: "V-AR-09", Spec: "RFC 9207 §2.4", Level: trace.Must, At: flow.Authorization, Eval: errorAuthentic},
			{ID: "iss-unadvertised", Code: "V-AR-07", Spec: "RFC 9207 §2.4", Level: trace.Should, At: flow.Authorization, Eval: issUnadvertised},
		},
	}
}

func advertised(r *flow.Run) bool {
	return r.Server.Flag("authorization_response_iss_parameter_supported", false)
}

// issMatch compares by simple string comparison: no case, port, slash or
// percent is made equal.
func issMatch(r *flow.Run, resp *flow.Response) flow.Verdict {
	got := resp.Values.Get("iss")
	switch {
	case !resp.Values.Has("iss"), !advertised(r):
		return flow.Verdict{Outcome: trace.Skip, Detail: "judged by iss-present and iss-unadvertised"}
	case got != r.Server.Issuer:
		return flow.Verdict{Outcome: trace.Fail, Detail: "the answer names another issuer: it may come from another server (mix-up)", Expected: r.Server.Issuer, Actual: got}
	}
	return flow.Verdict{Detail: "the answer names the issuer that was asked"}
}

func issPresent(r *flow.Run, resp *flow.Response) flow.Verdict {
	switch {
	case !advertised(r):
		return flow.Verdict{Outcome: trace.Skip, Detail: "the metadata do not promise iss"}
	case !resp.Values.Has("iss") && resp.Values.Has("id_token"):
		return flow.Verdict{Outcome: trace.Skip, Detail: "iss may be left out beside an ID token, which names the issuer itself (RFC 9207 §2)"}
	case !resp.Values.Has("iss"):
		return flow.Verdict{Outcome: trace.Fail, Detail: "iss is missing though the metadata promise it", Expected: r.Server.Issuer, Actual: "(none)"}
	}
	return flow.Verdict{}
}

func issUnadvertised(r *flow.Run, resp *flow.Response) flow.Verdict {
	got := resp.Values.Get("iss")
	switch {
	case advertised(r), !resp.Values.Has("iss"):
		return flow.Verdict{Outcome: trace.Skip, Detail: "nothing unadvertised"}
	case resp.Arrived != nil:
		return skip("it stands in the signed answer, which always has one: judged by jarm-iss")
	case r.Server.Issuer == "":
		return flow.Verdict{Outcome: trace.Skip, Detail: "the issuer is not known"}
	case got != r.Server.Issuer:
		return flow.Verdict{Outcome: trace.Fail, Detail: "an iss that the metadata do not announce names another issuer", Expected: r.Server.Issuer, Actual: got}
	}
	return flow.Verdict{Outcome: trace.Warn, Detail: "iss came and fits, but the metadata do not announce it (authorization_response_iss_parameter_supported)", Actual: got}
}

// errorAuthentic says whether an error is the server's own word. Of one that is
// not, nothing is shown, and its error_uri is not offered.
func errorAuthentic(r *flow.Run, resp *flow.Response) flow.Verdict {
	if !resp.Values.Has("error") {
		return skip("not an error")
	}
	for _, judge := range []func(*flow.Run, *flow.Response) flow.Verdict{stateMatch, issMatch, issPresent, issUnadvertised} {
		if judge(r, resp).Outcome == trace.Fail {
			return fail("this server's error", "one that may be anybody's", "the answer is an error that may not be this server's: what it says is withheld")
		}
	}
	return pass("")
}
