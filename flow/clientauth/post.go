package clientauth

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Post sends the client's id and secret as parameters.
func Post() Method {
	return Method{
		Name: "client_secret_post", Spec: "RFC 6749 §2.3.1", Secret: true,
		Doc: "the client's credentials as parameters\n\nThe same as Basic, in the body; for clients that cannot set the header.",
		Apply: func(_ context.Context, r *flow.Run, q *flow.Request) error {
			from := trace.Origin{By: "client_secret_post", Ref: "RFC 6749 §2.3.1"}
			from.Why = "who asks"
			q.Params.Set("client_id", r.Client.ID, from)
			from.Why = "proves it"
			q.Params.SetSecret("client_secret", r.Client.Secret, from)
			return nil
		},
	}
}
