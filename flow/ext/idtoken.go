package ext

import (
	"context"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// IDToken takes the ID token of an answer apart, verifies its signature with
// the server's published keys, has it judged, and says VERIFIED only then.
func IDToken() flow.Extension {
	return flow.Extension{
		Name: "id-token", Spec: "OpenID Connect Core §3.1.3.7",
		Doc: "ID token validation\n\nThe ID token says who signed in, when, and for which client. It is worth nothing until its signature, issuer, audience, times and nonce have been checked.",
		Inspect: func(ctx context.Context, r *flow.Run, resp *flow.Response) error {
			if at := resp.Request.Endpoint; at != flow.Token && at != flow.Authorization && at != flow.Notification {
				return nil
			}
			access := accessToken(r, resp)
			if id, ok := resp.Object.String("id_token"); ok {
				if err := idToken(ctx, r, resp, id); err != nil {
					return err
				}
			}
			return forItsResource(r, resp, access)
		},
	}
}

func idToken(ctx context.Context, r *flow.Run, carrier *flow.Response, raw string) error {
	r.Step("ID token", "check that it is genuine, fresh, and meant for this client and this sign-in", "OIDC Core §3.1.3.7")
	t, sealed := r.Unseal(raw)
	signature, err := r.Verify(ctx, t)
	if err != nil {
		return err
	}
	resp := &flow.Response{
		Request: &flow.Request{Endpoint: flow.IDToken}, Token: t, Sealed: sealed, Signature: signature, Carrier: carrier, Seq: carrier.Seq,
	}
	if signature.Seq != 0 {
		resp.Evidence = []int{signature.Seq}
	}
	findings, gate := r.Judge(resp)
	verified, reason := verdict(t, signature, findings)
	switch {
	case verified && carrier.Request.Endpoint == flow.Authorization:
		r.Result.Front, r.Result.IDToken = t, t
	case verified:
		r.Result.IDToken = t
	}
	r.Say(trace.Decoded{
		What: "id_token", Header: raws(t.Header), Claims: raws(t.Claims),
		Verified: verified, Reason: reason, Evidence: append([]int{carrier.Seq}, resp.Evidence...),
	})
	return gate
}

// verdict is VERIFIED only when a key verified the signature and no check of
// the token failed; otherwise the first reason against it.
func verdict(t *jose.Token, s *flow.Signature, findings []trace.Finding) (bool, string) {
	var passed []string
	for _, f := range findings {
		switch f.Outcome {
		case trace.Fail:
			return false, f.Detail
		case trace.Pass:
			if claim := strings.TrimPrefix(f.ID, "id-token-"); slices.Contains(told(), claim) {
				passed = append(passed, claim)
			}
		}
	}
	if s.Key == nil {
		return false, s.Unchecked
	}
	by := t.Alg()
	if s.Key.Kid != "" {
		by += " by key " + s.Key.Kid
	}
	return true, by + "; checked " + strings.Join(passed, ", ")
}

// told are the checks that a person wants to hear of by name.
func told() []string {
	return []string{"signature", "mac", "iss", "aud", "exp", "nbf", "nonce", "acr", "auth_time", "at_hash", "c_hash", "twins", "refreshed", "pushed"}
}

// accessToken shows an access token that happens to be a JWT. It is not ours
// to rely on: RFC 9068 §6.
func accessToken(r *flow.Run, carrier *flow.Response) *jose.Token {
	raw, _ := carrier.Object.String("access_token")
	if strings.Count(raw, ".") != 2 {
		return nil
	}
	t := jose.Decode(raw)
	if t.Header == nil || t.Claims == nil {
		return nil
	}
	r.Say(trace.Decoded{
		What: "access_token", Foreign: true, Header: raws(t.Header), Claims: raws(t.Claims), Evidence: []int{carrier.Seq},
		Reason: "for its resource to verify; a client must not rely on what is inside (RFC 9068 §6)",
	})
	return t
}

// forItsResource has an access token judged as its resource will see it, with
// the keys that the ID token made us fetch, or with none.
func forItsResource(r *flow.Run, carrier *flow.Response, t *jose.Token) error {
	if id, _ := carrier.Object.String("id_token"); t == nil || t.Raw == id {
		return nil // what is both is judged as what it is
	}
	// An exchange may answer with a token of another kind under this name (RFC 8693 §2.2.1).
	if kind, told := carrier.Object.String("issued_token_type"); told && !strings.HasSuffix(kind, ":access_token") && !strings.HasSuffix(kind, ":jwt") {
		return nil
	}
	resp := &flow.Response{
		Request: &flow.Request{Endpoint: flow.AccessToken}, Token: t, Signature: r.VerifyAtHand(t), Carrier: carrier, Seq: carrier.Seq,
	}
	if resp.Signature.Seq != 0 {
		resp.Evidence = []int{resp.Signature.Seq}
	}
	_, gate := r.Judge(resp)
	return gate
}

func raws(o *jose.Object) []byte {
	if o == nil {
		return nil
	}
	return o.Raw
}
