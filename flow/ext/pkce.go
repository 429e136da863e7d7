package ext

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// PKCE is proof key for code exchange; method is S256 or plain.
func PKCE(method, by string) flow.Extension {
	var verifier string
	from := func(ref, why string) trace.Origin { return trace.Origin{By: by, Ref: "RFC 7636 " + ref, Why: why} }
	return flow.Extension{
		Name: "pkce", Spec: "RFC 7636",
		Doc: "proof key for code exchange\n\nThe request carries the hash of a fresh secret, the token request the secret itself. Who steals the code on its way back cannot spend it.",
		Params: flow.On{
			flow.Authorization: func(_ context.Context, r *flow.Run, q *flow.Request) (err error) {
				if verifier, err = r.Random(32); err != nil {
					return err
				}
				q.Params.Set("code_challenge", Challenge(method, verifier), from("§4.2", "hash of a secret: without that a stolen code is worthless"))
				if method == "plain" {
					q.Params.SetSecret("code_challenge", verifier, from("§4.2", "the secret itself: plain protects nothing once the request is seen"))
				}
				q.Params.Set("code_challenge_method", method, from("§4.3", "how the challenge was made"))
				return nil
			},
			flow.Token: func(_ context.Context, _ *flow.Run, q *flow.Request) error {
				if q.Params.Get("grant_type") == "authorization_code" {
					q.Params.SetSecret("code_verifier", verifier, from("§4.5", "the secret itself: this program began the flow"))
				}
				return nil
			},
		},
	}
}

// Challenge makes the code_challenge of a verifier (RFC 7636 §4.2).
func Challenge(method, verifier string) string {
	if method == "plain" {
		return verifier
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
