package clientauth

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// None is a public client: it says who it is and proves nothing.
func None() Method {
	return Method{
		Name: "none", Spec: "RFC 6749 §3.2.1",
		Doc: "public client\n\nAn app on a person's machine cannot keep a secret, so it sends none; PKCE protects its codes instead.",
		Apply: func(_ context.Context, r *flow.Run, q *flow.Request) error {
			q.Params.Set("client_id", r.Client.ID, trace.Origin{By: "none", Ref: "RFC 6749 §3.2.1", Why: "a public client says who it is and proves nothing"})
			return nil
		},
	}
}
