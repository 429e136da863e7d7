package token

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Logout ends the person's session at the server.
func Logout() flow.Procedure {
	return flow.Procedure{
		Name: "logout",
		Spec: "OpenID Connect RP-Initiated Logout 1.0",
		Doc: "signing out at the server\n\n" +
			"A client can forget a person by itself, but the server still knows them: the next sign-in would go through without a question. " +
			"So the client sends the browser to the server's end_session_endpoint, with the ID token as a hint of who is leaving. " +
			"The server ends the session, perhaps asks first, and sends the browser back to an address that is registered for that.",
		Run: logout,
	}
}

const logoutSpec = "RP-Initiated Logout §2"

func logout(ctx context.Context, r *flow.Run) error {
	r.Step("Logout request", "send the browser to the server, so that it ends the session", logoutSpec)
	q, err := leaving(r)
	if err != nil {
		return err
	}
	if r.Ask.OmitRedirect {
		if err := r.Depart(ctx, q); err != nil {
			return err
		}
		over(r, "without a post_logout_redirect_uri the browser stays at the server, and whether the session ended only its page says. If it did: ")
		return nil
	}
	if _, err := r.Authorize(ctx, q); err != nil {
		return err
	}
	over(r, "the browser came back: the session at the server is over. ")
	return nil
}

// leaving is the logout request.
func leaving(r *flow.Run) (*flow.Request, error) {
	q, err := r.NewRequest(flow.EndSession)
	if err != nil {
		return nil, err
	}
	hand(r, q, "id_token_hint", logoutSpec, "who is leaving, and from which client; without it the server asks")
	hand(r, q, "logout_hint", logoutSpec, "who is leaving, by a name that the server knows")
	if r.Client.ID != "" {
		q.Params.Set("client_id", r.Client.ID, trace.Origin{By: r.Ask.By("client_id"), Ref: logoutSpec, Why: "whose redirect URI this is"})
	}
	hand(r, q, "ui_locales", logoutSpec, "the languages of the pages")
	if r.Ask.OmitRedirect {
		return q, nil
	}
	q.Params.Set("post_logout_redirect_uri", r.Agent.RedirectURI(), trace.Origin{
		By: r.Ask.By("redirect_uri"), Ref: logoutSpec, Why: "where the browser shall come back to: registered as one of post_logout_redirect_uris, which are not the redirect_uris",
	})
	if r.Ask.Values["state"] != "" {
		hand(r, q, "state", logoutSpec, "has to come back: ties the answer to this request")
		return q, nil
	}
	state, err := r.Random(16)
	if err != nil {
		return nil, err
	}
	q.Params.Set("state", state, procedure(logoutSpec, "has to come back: ties the answer to this request"))
	return q, nil
}

// over says what a logout ends, and what it leaves.
func over(r *flow.Run, text string) {
	text += "The next sign-in there asks again. Tokens are not revoked by it: access tokens live until they expire, refresh tokens until they are revoked. " +
		"Other clients of the same session hear of it only where the server tells them (back-channel or front-channel logout), and have sessions of their own."
	r.Note("logout", text, "RP-Initiated Logout §2; OIDC Back-Channel Logout §2.7")
}
