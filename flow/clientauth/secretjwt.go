package clientauth

import (
	"context"
	"fmt"

	"github.com/oauthprobe/oauthprobe/flow"
)

// SecretJWT signs a JWT with the client's secret, which itself is not sent.
func SecretJWT(c Credentials) Method {
	const name = "client_secret_jwt"
	sign := func(secret string, s flow.Server) (signature, error) {
		a := alg(c.Alg, []string{"HS256", "HS384", "HS512"}, s, algValues)
		if secretOctets(a) == 0 {
			return signature{}, &flow.ConfigError{Field: "signing_alg", Problem: fmt.Sprintf("%s signs with a secret: HS256, HS384 or HS512, not %s", name, a)}
		}
		return signature{method: name, alg: a, key: []byte(secret), field: "client_secret", by: "the client secret"}, nil
	}
	return Method{
		Name: name, Spec: "OpenID Connect Core §9", Secret: true,
		Doc: "a JWT signed with the client's secret\n\nThe secret stays here: the client sends a statement about itself, good for one minute and for this server alone, with a MAC over it that only the secret can make. Both sides must hold the secret as it is, so the server cannot keep it hashed.",
		Apply: func(_ context.Context, r *flow.Run, q *flow.Request) error {
			s, err := sign(r.Client.Secret, r.Server)
			if err != nil {
				return err
			}
			return c.assert(r, q, s)
		},
		ready: func(who flow.Client, s flow.Server) ([]string, error) {
			signed, err := sign(who.Secret, s)
			if err != nil {
				return nil, err
			}
			said := append([]string{"signed with " + signed.alg}, unlisted(s, algValues, signed.alg, "signing")...)
			return append(said, short(who.Secret, signed.alg)...), nil
		},
	}
}

// short is the remark on a secret that RFC 7518 §3.2 forbids: it must be as long
// as the hash. Servers hand out such secrets, so it is used all the same.
func short(secret, alg string) []string {
	if len(secret) >= secretOctets(alg) {
		return nil
	}
	return []string{fmt.Sprintf("the secret is shorter than the %d octets that %s demands (RFC 7518 §3.2): it can be guessed from one assertion, and strict servers refuse it", secretOctets(alg), alg)}
}

// secretOctets is the length of an alg's hash; zero when it is not a MAC.
func secretOctets(alg string) int {
	return map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}[alg]
}
