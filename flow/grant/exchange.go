package grant

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
)

// Exchange is token exchange.
func Exchange() flow.Procedure {
	return flow.Procedure{
		Name: "exchange",
		Spec: "RFC 8693",
		Doc: "token exchange\n\n" +
			"One token is traded for another, usually for another audience. With a subject token alone the new token stands for its subject " +
			"(impersonation: nothing in it tells who asked). With an actor token too, it says who acts for whom (delegation: an act claim).",
		Run: exchange,
	}
}

func exchange(ctx context.Context, r *flow.Run) error {
	r.Step("Token request", "trade one token for another", "RFC 8693 §2.1")
	q, err := r.NewRequest(flow.Token)
	if err != nil {
		return err
	}
	q.Params.Set("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", spec("RFC 8693 §2.1", "token exchange"))
	give(r, q, "subject_token", "RFC 8693 §2.1", "on whose behalf the new token shall be")
	give(r, q, "subject_token_type", "RFC 8693 §3", "what the subject token is")
	give(r, q, "actor_token", "RFC 8693 §2.1", "who acts for the subject: delegation, not impersonation")
	give(r, q, "actor_token_type", "RFC 8693 §3", "what the actor token is")
	give(r, q, "requested_token_type", "RFC 8693 §2.1", "what the new token shall be")
	if q.Params.Has("actor_token") {
		r.Note("delegation", "with an actor token this is delegation: the new token says who acts for whom (act claim)", "RFC 8693 §1.1")
	} else {
		r.Note("impersonation", "without an actor token this is impersonation: the new token stands for the subject alone, and does not tell who asked", "RFC 8693 §1.1")
	}
	return token(ctx, r, q)
}
