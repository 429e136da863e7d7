package token

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
)

// Userinfo asks the server who the person is that an access token stands for.
func Userinfo() flow.Procedure {
	return flow.Procedure{
		Name: "userinfo",
		Spec: "OIDC Core §5.3",
		Doc: "asking who the person is\n\n" +
			"With an access token that was granted the scope openid, the UserInfo endpoint tells about the person who granted it: " +
			"a name, an address, whatever the scopes profile, email, address and phone opened. " +
			"It answers in JSON, or in a JWT where the client is registered for one. " +
			"What it says counts only when its sub is that of the ID token: otherwise it may be about somebody else.",
		Run: userinfo,
	}
}

func userinfo(ctx context.Context, r *flow.Run) error {
	r.Step("UserInfo request", "ask who the person is that the access token stands for", "OIDC Core §5.3.1")
	if r.Ask.Values["access_token"] == "" {
		return &flow.ConfigError{Field: "access_token", Problem: "the UserInfo endpoint tells nothing to whom brings no access token"}
	}
	if hint := r.Ask.Values["id_token_hint"]; hint != "" && !r.Dry {
		if t, _ := r.Unseal(hint); !t.Claims.Has("sub") {
			return &flow.ConfigError{Field: "id_token_hint", Problem: "is no ID token whose sub can be read, so that nothing can be compared with it"}
		}
	}
	q, err := r.NewRequest(flow.Userinfo)
	if err != nil {
		return err
	}
	q.Open = true // a JWT and a challenge are answers here
	if err := authorize(r, q); err != nil {
		return err
	}
	q.Headers.Set("Accept", "application/json, application/jwt", procedure("OIDC Core §5.3.2", "the two forms that the answer can have"))
	resp, err := r.Do(ctx, q)
	if err != nil {
		return err
	}
	if err := unfold(ctx, r, resp); err != nil {
		return err
	}
	findings, err := settle(r, resp)
	if resp.Form == formJWT {
		r.Say(takenApart("userinfo", resp, findings))
	}
	if err != nil {
		challenged(r, resp)
		return err
	}
	r.Result.Answer = resp
	return nil
}
