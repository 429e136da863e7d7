package ext

import (
	"context"
	"crypto/subtle"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Nonce ties the ID token to this run. It is sent when openid is asked for,
// or when a value is given.
func Nonce(value, by string) flow.Extension {
	return flow.Extension{
		Name: "nonce", Spec: "OpenID Connect Core §3.1.2.1",
		Doc: "nonce\n\nA random value that the server has to put into the ID token. An ID token that was stolen from, or made for, another sign-in carries another nonce.",
		Params: flow.On{flow.Authorization: func(_ context.Context, r *flow.Run, q *flow.Request) error {
			from := trace.Origin{By: "nonce", Ref: "OIDC Core §3.1.2.1", Why: "has to stand in the ID token: ties it to this run"}
			if value != "" {
				from.By = by
				q.Params.Set("nonce", value, from)
				return nil
			}
			if !r.Ask.OpenID() {
				return nil
			}
			fresh, err := r.Random(16)
			if err != nil {
				return err
			}
			q.Params.Set("nonce", fresh, from)
			return nil
		}},
		Checks: []flow.Check{
			{ID: "id-token-nonce", Code: "V-ID-20", Spec: "OIDC Core §3.1.3.7-11", Level: trace.Must, At: flow.IDToken, Eval: nonceMatch},
		},
	}
}

func nonceMatch(r *flow.Run, resp *flow.Response) flow.Verdict {
	want := r.Asked(flow.Authorization).Sent("nonce")
	_, present := resp.Token.Claims.Get("nonce")
	got, text := resp.Token.Claims.String("nonce")
	switch {
	case resp.Carrier != nil && resp.Carrier.Request.Meant.Get("grant_type") == "refresh_token":
		return flow.Verdict{Outcome: trace.Skip, Detail: "a refreshed ID token is compared with the earlier one"}
	case resp.Token.Claims == nil:
		return flow.Verdict{Outcome: trace.Skip, Detail: "no readable claims"}
	case want == "" && !present:
		return flow.Verdict{Outcome: trace.Skip, Detail: "no nonce was sent"}
	case want == "":
		return flow.Verdict{Outcome: trace.Warn, Detail: "a nonce stands in the ID token though none was sent", Expected: "(none)", Actual: got}
	case !present:
		return flow.Verdict{Outcome: trace.Fail, Detail: "the nonce that was sent is missing in the ID token", Expected: want, Actual: "(none)"}
	case !text || subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1:
		return flow.Verdict{Outcome: trace.Fail, Detail: "the nonce is another one: this ID token was made for another sign-in", Expected: want, Actual: got}
	}
	return flow.Verdict{Detail: "the nonce that was sent stands in the ID token"}
}
