package grant

import (
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// assertionLife is how long an assertion holds that is used at once.
const assertionLife = time.Minute

// A Signer is what an assertion of our own is made with. The zero Alg is the
// key's first, the zero Audience the server's issuer. Each of Claims replaces
// one, and nil drops it.
type Signer struct {
	Key           jose.Private
	Alg, Audience string
	Claims        map[string]any
}

// Assertion makes a JWT for a grant (RFC 7523 §3), issued in the client's own
// name unless Claims say otherwise. Whom it is about only Claims can say.
func (s Signer) Assertion(r *flow.Run, now time.Time) (string, error) {
	alg := s.Alg
	if can := s.Key.Algs(); alg == "" && len(can) > 0 {
		alg = can[0]
	}
	if err := s.Key.Fits(alg); err != nil {
		return "", &flow.ConfigError{Field: "key", Problem: err.Error()}
	}
	jti, err := r.Random(16)
	if err != nil {
		return "", err
	}
	claims, err := jose.Claims([]jose.Claim{
		{Name: "iss", Value: r.Client.ID}, {Name: "sub", Value: s.Claims["sub"]}, {Name: "aud", Value: s.audience(r.Server)},
		{Name: "iat", Value: now.Unix()}, {Name: "exp", Value: now.Add(assertionLife).Unix()}, {Name: "jti", Value: jti},
	}, s.Claims)
	if err != nil {
		return "", &flow.ConfigError{Field: "assertion_claims", Problem: err.Error()}
	}
	header := map[string]any{"typ": "JWT"}
	if s.Key.Kid != "" {
		header["kid"] = s.Key.Kid
	}
	token, err := r.Sign("assertion", alg, s.Key.Key, header, claims)
	if err != nil {
		return "", &flow.ConfigError{Field: "key", Problem: err.Error()}
	}
	return token, nil
}

// audience is whom the assertion is for: the server, by its issuer, or by its
// token endpoint where none is known (RFC 7523 §3).
func (s Signer) audience(server flow.Server) string {
	switch {
	case s.Audience != "":
		return s.Audience
	case server.Issuer != "":
		return server.Issuer
	}
	return server.Endpoint(flow.Token)
}
