package grant

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
)

// Password is the resource owner password credentials grant.
func Password() flow.Procedure {
	return flow.Procedure{
		Name: "password",
		Spec: "RFC 6749 §4.3",
		Doc: "resource owner password credentials grant\n\n" +
			"The client is given the person's password and trades it for a token. OAuth 2.1 dropped it and RFC 9700 §2.4 forbids it: " +
			"the client sees the password, the person learns to type it anywhere, and no second factor can be asked for. " +
			"It is here to test servers that still have it, and to leave them.",
		Run: password,
	}
}

func password(ctx context.Context, r *flow.Run) error {
	r.Step("Token request", "hand the person's password to the server, by way of the client", "RFC 6749 §4.3.2")
	r.Note("password-grant", "this grant shows the person's password to the client, and no second factor can be asked for: RFC 9700 §2.4 forbids it, OAuth 2.1 has dropped it", "RFC 9700 §2.4")
	q, err := r.NewRequest(flow.Token)
	if err != nil {
		return err
	}
	q.Params.Set("grant_type", "password", spec("RFC 6749 §4.3.2", "the person's own credentials are traded"))
	give(r, q, "username", "RFC 6749 §4.3.2", "who the person is")
	give(r, q, "password", "RFC 6749 §4.3.2", "the person's password, which the client should never see")
	return token(ctx, r, q)
}
