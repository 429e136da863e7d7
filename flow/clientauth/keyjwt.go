package clientauth

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
)

// KeyJWT signs a JWT with the client's private key.
func KeyJWT(c Credentials) Method {
	const name = "private_key_jwt"
	sign := func(s flow.Server) (signature, error) {
		if c.Key.Kty == "oct" {
			return signature{}, &flow.ConfigError{Field: "key", Problem: "a symmetric key, and " + name + " needs a private one; a shared secret is for client_secret_jwt"}
		}
		a := alg(c.Alg, c.Key.Algs(), s, algValues)
		if err := c.Key.Fits(a); err != nil {
			return signature{}, &flow.ConfigError{Field: "key", Problem: err.Error()}
		}
		return signature{method: name, alg: a, kid: c.Key.Kid, key: c.Key.Key, field: "key", by: c.Key.String()}, nil
	}
	return Method{
		Name: name, Spec: "OpenID Connect Core §9", needs: "key", given: c.Key.Kty != "",
		Doc: "a JWT signed with the client's private key\n\nThe server knows the public key and nothing that could be stolen from it. The client sends a statement about itself, good for one minute and for this server alone, with its signature.",
		Apply: func(_ context.Context, r *flow.Run, q *flow.Request) error {
			s, err := sign(r.Server)
			if err != nil {
				return err
			}
			return c.assert(r, q, s)
		},
		ready: func(_ flow.Client, s flow.Server) ([]string, error) {
			signed, err := sign(s)
			if err != nil {
				return nil, err
			}
			return append([]string{"signed with " + signed.alg + " by " + signed.by}, unlisted(s, algValues, signed.alg, "signing")...), nil
		},
	}
}
