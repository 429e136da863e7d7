package grant

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Code is the authorization code grant.
func Code() flow.Procedure {
	return flow.Procedure{
		Name: "code",
		Spec: "RFC 6749 §4.1",
		Doc: "authorization code grant\n\n" +
			"The person signs in at the authorization server with a browser; a short-lived code comes back through it. " +
			"The code alone is worthless: this program trades it for a token over a direct connection, where it can prove who it is.",
		Run: code,
	}
}

func code(ctx context.Context, r *flow.Run) error {
	back, err := authorize(ctx, r, "code")
	if err != nil {
		return err
	}
	return spend(ctx, r, back)
}

// spend trades the code of an authorization response for a token.
func spend(ctx context.Context, r *flow.Run, back *flow.Response) error {
	r.Step("Token request", "trade the code for a token, directly and not through the browser", "RFC 6749 §4.1.3")
	q, err := r.NewRequest(flow.Token)
	if err != nil {
		return err
	}
	q.Params.Set("grant_type", "authorization_code", spec("RFC 6749 §4.1.3", "what is being traded"))
	q.Params.SetSecret("code", back.Values.Get("code"), spec("RFC 6749 §4.1.3", "the code that the browser brought; good for one use"))
	if uri := r.Asked(flow.Authorization).Sent("redirect_uri"); uri != "" {
		q.Params.Set("redirect_uri", uri, spec("RFC 6749 §4.1.3", "the same as before: it shows whom the code was for"))
	}
	resp, err := r.Do(ctx, q)
	if err != nil {
		return err
	}
	return obtained(r, resp)
}

// kinds is the reason for a response type.
func kinds(responseType string) string {
	if responseType == "code" {
		return "a code, not a token: what passes a browser can leak"
	}
	return "what shall come back through the browser"
}

// authorize is the half of a grant that goes through the browser.
func authorize(ctx context.Context, r *flow.Run, responseType string) (*flow.Response, error) {
	q, err := r.NewRequest(flow.Authorization)
	if err != nil {
		return nil, err
	}
	q.Step = trace.StepStarted{Title: "Authorization request", Why: "send the person to the server with a browser", Spec: "RFC 6749 §4.1.1"}
	q.Params.Set("response_type", responseType, spec("RFC 6749 §3.1.1", kinds(responseType)))
	q.Params.Set("client_id", r.Client.ID, trace.Origin{By: r.Ask.By("client_id"), Ref: "RFC 6749 §2.2", Why: "who asks; not a secret"})
	if uri := r.Agent.RedirectURI(); uri != "" && !r.Ask.OmitRedirect {
		q.Params.Set("redirect_uri", uri, trace.Origin{By: r.Ask.By("redirect_uri"), Ref: "RFC 6749 §3.1.2", Why: "where the answer goes; must be registered"})
	}
	if mode := r.Ask.ResponseMode; mode != "" {
		q.Params.Set("response_mode", mode, trace.Origin{By: r.Ask.By("response_mode"), Ref: "OAuth 2.0 Multiple Response Types §2.1", Why: "how the answer travels back"})
	}
	scope(r, q)
	return r.Authorize(ctx, q)
}
