package cmd

import (
	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/grant"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// settleAssertion decides between an assertion that was given and one that is
// made here. The claims are then the assertion's own: with them the client
// would prove that it is somebody else.
func settleAssertion(s *session) error {
	if s.asked.Values["assertion"] != "" {
		return nil
	}
	claims := s.given.Claims
	if s.server.demo && s.given.Key.Key == nil {
		keys, err := jose.ReadPrivate(demo.ClientKey(), nil)
		if err != nil {
			return keyTrouble("the demo's key", err)
		}
		s.given.Key = keys[0]
		if !s.layer.given("client-id") {
			s.who = flow.Client{ID: "jwt"}
		}
		if _, given := claims["sub"]; !given {
			claims = with(claims, "sub", "alice")
		}
	}
	if s.given.Key.Key == nil {
		return &usageError{"--assertion is missing", []string{
			"give one that is ready, or a key to make one with:", "--assertion @FILE", `--key FILE --assertion-claims '{"sub":"alice"}'`,
		}}
	}
	if _, given := claims["sub"]; !given {
		return &usageError{"the assertion does not say whom it is about: sub is missing", []string{"name the person, or the service account:", `--assertion-claims '{"sub":"alice"}'`}}
	}
	s.row.procedure = grant.JWTBearer(grant.Signer{Key: s.given.Key, Alg: s.client.alg, Audience: s.client.audience, Claims: claims}.Assertion)
	s.given.Claims = nil
	if s.who.Secret != "" && s.client.method != "private_key_jwt" {
		s.given.Key = jose.Private{} // the client has its secret; the key is the assertion's
	}
	return nil
}

// with is a copy of claims that has one more.
func with(claims map[string]any, name string, value any) map[string]any {
	out := map[string]any{name: value}
	for k, v := range claims {
		out[k] = v
	}
	return out
}
