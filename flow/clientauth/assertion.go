package clientauth

import (
	"fmt"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// assertionType is the client_assertion_type of RFC 7523 §2.2.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// lifetime is how long an assertion holds. It is used at once.
const lifetime = time.Minute

// algValues is the metadata member that lists what assertions may be signed
// with (RFC 8414 §2).
const algValues = "token_endpoint_auth_signing_alg_values_supported"

// A signature is how an assertion is signed, and by which method.
type signature struct {
	method, alg, kid string
	key              any
	field            string // of a ConfigError
	by               string // "the client secret"
}

// assert adds an assertion to a request (RFC 7523 §2.2 and §3, OpenID Connect
// Core §9). It is made anew for every request: a jti is used once.
//
// The typ is JWT. RFC 7523bis wants client-authentication+jwt, which servers
// need not know yet, and some refuse a typ that they do not know.
func (c Credentials) assert(r *flow.Run, q *flow.Request, s signature) error {
	jti, err := r.Random(16)
	if err != nil {
		return err
	}
	aud, why := c.audience(r.Server, q)
	now := r.Now()
	claims, err := jose.Claims([]jose.Claim{
		{Name: "iss", Value: r.Client.ID}, {Name: "sub", Value: r.Client.ID}, {Name: "aud", Value: aud},
		{Name: "iat", Value: now.Unix()}, {Name: "exp", Value: now.Add(lifetime).Unix()}, {Name: "jti", Value: jti},
	}, c.Claims)
	if err != nil {
		return &flow.ConfigError{Field: "assertion_claims", Problem: err.Error()}
	}
	header := map[string]any{"typ": "JWT"}
	if s.kid != "" {
		header["kid"] = s.kid
	}
	token, err := r.Sign("client-assertion", s.alg, s.key, header, claims)
	if err != nil {
		return &flow.ConfigError{Field: s.field, Problem: err.Error()}
	}
	identify(r, q, s.method, "RFC 7521 §4.2", "optional beside an assertion; some servers look the client up by it")
	q.Params.Set("client_assertion_type", assertionType, trace.Origin{By: s.method, Ref: "RFC 7523 §2.2", Why: "says that the assertion is a JWT"})
	q.Params.SetSecret("client_assertion", token, trace.Origin{
		By: s.method, Ref: "RFC 7523 §3", Why: fmt.Sprintf("proves it: signed with %s by %s, for %s (%s), once", s.alg, s.by, aud, why),
	})
	return nil
}
