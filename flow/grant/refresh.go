package grant

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
)

// Refresh trades a refresh token for a new access token.
func Refresh() flow.Procedure {
	return flow.Procedure{
		Name: "refresh",
		Spec: "RFC 6749 §6",
		Doc: "refreshing an access token\n\n" +
			"An access token is short-lived on purpose. A refresh token gets the next one without asking the person again; " +
			"for a public client it is good for one use and comes back new (rotation), so that a stolen one is noticed.",
		Run: refresh,
	}
}

func refresh(ctx context.Context, r *flow.Run) error {
	r.Step("Token request", "trade the refresh token for a new access token", "RFC 6749 §6")
	q, err := r.NewRequest(flow.Token)
	if err != nil {
		return err
	}
	q.Params.Set("grant_type", "refresh_token", spec("RFC 6749 §6", "what is being traded"))
	give(r, q, "refresh_token", "RFC 6749 §6", "stands for the person's earlier consent")
	return token(ctx, r, q)
}
