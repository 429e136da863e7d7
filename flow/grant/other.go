package grant

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Other is any grant by its grant_type; its parameters are given by hand.
func Other(grantType string) flow.Procedure {
	return flow.Procedure{
		Name: "grant",
		Spec: "RFC 6749 §4.5",
		Doc: "an extension grant\n\n" +
			"A grant that has no command of its own: the grant_type is sent as it is given, with the parameters that --param adds.",
		Run: func(ctx context.Context, r *flow.Run) error {
			r.Step("Token request", "ask with a grant type given by hand", "RFC 6749 §4.5")
			q, err := r.NewRequest(flow.Token)
			if err != nil {
				return err
			}
			q.Params.Set("grant_type", grantType, trace.Origin{By: "argument", Ref: "RFC 6749 §4.5", Why: "as given"})
			return token(ctx, r, q)
		},
	}
}
