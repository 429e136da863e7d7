package token

import (
	"context"
	"fmt"
	"net/http"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Revoke tells the server that a token is no longer needed.
func Revoke() flow.Procedure {
	return flow.Procedure{
		Name: "revoke",
		Spec: "RFC 7009",
		Doc: "giving a token back\n\n" +
			"A client that is signed out of, removed, or has lost a token tells the server that it must not be used any more. " +
			"Revoking a refresh token ends the whole grant; revoking an access token ends that one, at every resource that asks the server about it.",
		Run: revoke,
	}
}

func revoke(ctx context.Context, r *flow.Run) error {
	r.Step("Revocation request", "tell the server that the token must not be used any more", "RFC 7009 §2.1")
	q, err := r.NewRequest(flow.Revocation)
	if err != nil {
		return err
	}
	if r.Ask.Values["token"] == "" {
		return &flow.ConfigError{Field: "token", Problem: "there is no token to revoke"}
	}
	q.Open = true // the body of a success says nothing, and may be anything
	hand(r, q, "token", "RFC 7009 §2.1", "what is given back")
	hand(r, q, "token_type_hint", "RFC 7009 §2.1", "where the server may look first")
	resp, err := r.Do(ctx, q)
	if err != nil {
		return err
	}
	_, gate := r.Judge(resp)
	switch refused := refusal(resp); {
	case gate != nil:
		return gate
	case resp.Status == http.StatusOK:
		revoked(r, resp)
		return nil
	case resp.Status == http.StatusServiceUnavailable:
		return unrevoked(resp)
	case refused != nil:
		if refused.Code == "unsupported_token_type" {
			r.Note("not-revoked", "the server does not revoke tokens of this type; the token goes on living until it expires", "RFC 7009 §2.2.1")
		}
		challenged(r, resp)
		return refused
	}
	if foreign := resp.Foreign(); foreign != nil {
		return foreign
	}
	return &flow.ProtocolError{
		Endpoint: flow.Revocation, Status: resp.Status, Seq: resp.Seq,
		Problem: fmt.Sprintf("answered %d %s: only 200 says that the token is revoked (RFC 7009 §2.2)", resp.Status, http.StatusText(resp.Status)),
	}
}

// revoked says what a 200 means, and what it does not.
func revoked(r *flow.Run, p *flow.Response) {
	text := "200 says that the token is not valid now, or never was: an unknown token is answered with 200 as well. "
	if r.Ask.Values["token_type_hint"] == "refresh_token" {
		text = "200 says that the refresh token is not valid now, or never was: an unknown token is answered with 200 as well. " +
			"The access tokens of the same grant should end with it (RFC 7009 §2.1). "
	}
	text += "A resource that reads an access token by itself, such as a JWT, without asking the server, goes on taking it until it expires. To see what the server thinks of it:"
	command := "oauthprobe introspect"
	if r.Server.Issuer != "" {
		command += " " + shellWord(r.Server.Issuer)
	}
	if r.Client.ID != "" {
		command += " --client-id " + shellWord(r.Client.ID)
	}
	r.Say(trace.Note{Topic: "revoked", Text: text, Ref: "RFC 7009 §2.2", Lines: []string{command + " --token @FILE"}})
	switch {
	case p.String("error") != "":
		r.Note("revoked-with-error", fmt.Sprintf("the status is 200, so the body, which speaks of the error %q, does not count; a server that means it answers 400", brief(p.String("error"))), "RFC 7009 §2.2, §2.2.1")
	case p.Form == "html":
		r.Note("revoked-with-page", "the body is an HTML page, which does not count; but is this address really the revocation endpoint?", "RFC 7009 §2.2")
	}
}

// unrevoked is a 503: the token still exists, and the client may try again
// (RFC 7009 §2.2.1).
func unrevoked(p *flow.Response) error {
	again := "try again later"
	if after := p.Header.Get("Retry-After"); after != "" {
		again = fmt.Sprintf("try again after %q (Retry-After: seconds, or a date)", after)
	}
	return &flow.ProtocolError{
		Endpoint: flow.Revocation, Status: p.Status, Seq: p.Seq,
		Problem: "answered 503 Service Unavailable: the token still lives; " + again + " (RFC 7009 §2.2.1)",
	}
}
