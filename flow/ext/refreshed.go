package ext

import (
	"context"
	"slices"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Refreshed judges what a refresh brought against what was there before.
func Refreshed() flow.Extension {
	return flow.Extension{
		Name: "refreshed", Spec: "RFC 6749 §6; OIDC Core §12.2",
		Doc: "rotation and continuity\n\nA new refresh token replaces the old one, which may be dead from now on. A new ID token must be about the same person, from the same server, for the same client.",
		Inspect: func(_ context.Context, r *flow.Run, p *flow.Response) error {
			if p.Request.Endpoint == flow.Token && p.Request.Meant.Get("grant_type") == "refresh_token" {
				r.Note("refresh-rotation", rotation(r, p).Detail, "RFC 6749 §6")
			}
			return nil
		},
		Checks: []flow.Check{
			{ID: "refresh-rotation", Code: "V-TR-14", Spec: "RFC 6749 §6; RFC 9700 §4.14.2", Level: trace.May, At: flow.Token, Eval: rotation},
			{ID: "id-token-refreshed", Code: "V-ID-28", Spec: "OIDC Core §12.2", Level: trace.Must, At: flow.IDToken, Eval: sameAsBefore},
		},
	}
}

func rotation(_ *flow.Run, p *flow.Response) flow.Verdict {
	old := p.Request.Meant.Get("refresh_token")
	now, came := p.Object.String("refresh_token")
	switch {
	case old == "" || p.String("error") != "":
		return flow.Verdict{Outcome: trace.Skip, Detail: "nothing was refreshed"}
	case !came:
		return flow.Verdict{Detail: "no new refresh token: go on using the one you have"}
	case now == old:
		return flow.Verdict{Detail: "the refresh token was not rotated: it stays as it is"}
	}
	return flow.Verdict{Detail: "the refresh token was rotated: keep the new one, the old one may be dead, and using it again may revoke everything"}
}

// sameAsBefore needs the earlier ID token, which may be given.
func sameAsBefore(r *flow.Run, p *flow.Response) flow.Verdict {
	given := r.Ask.Values["id_token_hint"]
	if given == "" {
		return flow.Verdict{Outcome: trace.Skip, Detail: "the earlier ID token was not given (--id-token-hint)"}
	}
	before, _ := r.Unseal(given) // which may be encrypted to this client
	if before.Claims == nil {
		return flow.Verdict{Outcome: trace.Skip, Detail: "the earlier ID token that was given (--id-token-hint) cannot be read"}
	}
	for _, claim := range []string{"iss", "sub"} {
		want, _ := before.Claims.String(claim)
		got, _ := p.Token.Claims.String(claim)
		if got != want {
			return flow.Verdict{Outcome: trace.Fail, Detail: "the refreshed ID token has another " + claim + " than the earlier one", Expected: want, Actual: got}
		}
	}
	want, _ := before.Claims.Strings("aud")
	got, _ := p.Token.Claims.Strings("aud")
	if !slices.Equal(want, got) {
		return flow.Verdict{Outcome: trace.Fail, Detail: "the refreshed ID token is for another audience than the earlier one"}
	}
	then, _ := before.Claims.Number("iat")
	now, _ := p.Token.Claims.Number("iat")
	if a, err := then.Int64(); err == nil {
		if b, err := now.Int64(); err == nil && b < a {
			return flow.Verdict{Outcome: trace.Fail, Detail: "the refreshed ID token was issued before the earlier one: it is an old one", Expected: "not before " + then.String(), Actual: now.String()}
		}
	}
	if now, _ := p.Token.Claims.Get("auth_time"); now != nil {
		if then, _ := before.Claims.Get("auth_time"); then != nil && string(then) != string(now) {
			return flow.Verdict{Outcome: trace.Fail, Detail: "auth_time changed, though nobody signed in again", Expected: string(then), Actual: string(now)}
		}
	}
	if now, present := p.Token.Claims.String("nonce"); present {
		if then, _ := before.Claims.String("nonce"); then != now {
			return flow.Verdict{Outcome: trace.Fail, Detail: "the refreshed ID token has another nonce than the earlier one; it should have none", Expected: then, Actual: now}
		}
	}
	return flow.Verdict{Detail: "the same issuer, person and client as before"}
}
