package grant

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
)

// ClientCredentials is the client credentials grant.
func ClientCredentials() flow.Procedure {
	return flow.Procedure{
		Name: "client-credentials",
		Spec: "RFC 6749 §4.4",
		Doc: "client credentials grant\n\n" +
			"A program asks for a token in its own name: no person takes part, so there is no browser, no consent and no ID token. " +
			"Only a client that can keep a secret may do this.",
		Run: clientCredentials,
	}
}

func clientCredentials(ctx context.Context, r *flow.Run) error {
	r.Step("Token request", "ask for a token in the client's own name", "RFC 6749 §4.4.2")
	q, err := r.NewRequest(flow.Token)
	if err != nil {
		return err
	}
	q.Params.Set("grant_type", "client_credentials", spec("RFC 6749 §4.4.2", "the client's own credentials are all there is"))
	return token(ctx, r, q)
}
