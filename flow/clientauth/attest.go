package clientauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

const (
	attestMethod   = "attest_jwt_client_auth"
	attestRef      = "draft-ietf-oauth-attestation-based-client-auth"
	attestField    = "OAuth-Client-Attestation"
	popField       = "OAuth-Client-Attestation-PoP"
	challengeField = "OAuth-Client-Attestation-Challenge"
	challengeEnd   = "challenge_endpoint"
	popValues      = "client_attestation_pop_signing_alg_values_supported"
)

// Attest proves the client by an attestation that somebody whom the server
// trusts issued to this instance of it, and by the key that the attestation
// names.
func Attest(c Credentials) Method {
	a := &attester{Credentials: c, jwt: strings.TrimSpace(c.Attestation)}
	return Method{
		Name: attestMethod, Spec: attestRef, needs: "attestation", given: a.jwt != "",
		Doc:       "an attestation of the client, and proof of its key\n\nThe maker of an app vouches for one instance of it: the attestation names the instance's key. The client sends it with a fresh statement that this key signed. The app has no secret that all its copies would share.",
		Apply:     a.apply,
		Extension: a.listener(),
		ready:     a.ready,
	}
}

// An attester remembers the newest challenge of the server.
type attester struct {
	Credentials
	jwt       string
	challenge string
	asked     bool
}

func (a *attester) sign(s flow.Server) (string, error) {
	if a.AttestationKey.Kty == "" {
		return "", &flow.ConfigError{Field: "attestation_key", Problem: "missing, and " + attestMethod + " needs the key that the attestation names"}
	}
	chosen := alg("", a.AttestationKey.Algs(), s, popValues)
	if a.AttestationKey.Signer() == nil && a.AttestationKey.Kty == "oct" {
		return "", &flow.ConfigError{Field: "attestation_key", Problem: "a symmetric key, and the attestation names the public half of a private one"}
	}
	if err := a.AttestationKey.Fits(chosen); err != nil {
		return "", &flow.ConfigError{Field: "attestation_key", Problem: err.Error()}
	}
	return chosen, nil
}

func (a *attester) ready(who flow.Client, s flow.Server) ([]string, error) {
	token := jose.Decode(a.jwt)
	if token.Form != jose.FormJWS || token.Claims == nil {
		return nil, &flow.ConfigError{Field: "attestation", Problem: "not a signed JWT in compact form"}
	}
	chosen, err := a.sign(s)
	if err != nil {
		return nil, err
	}
	said := append([]string{"the proof is signed with " + chosen + " by " + a.AttestationKey.String()}, unlisted(s, popValues, chosen, "that")...)
	if sub, _ := token.Claims.String("sub"); sub != who.ID {
		said = append(said, fmt.Sprintf("the attestation is for %q, not for this client", sub))
	}
	cnf, _ := token.Claims.Object("cnf")
	jwk, _ := cnf.Get("jwk")
	if thumbprint, err := jose.Thumbprint(jwk); err != nil || thumbprint != a.AttestationKey.Public.Thumbprint {
		said = append(said, "the attestation does not name that key in cnf.jwk")
	}
	return said, nil
}

func (a *attester) apply(ctx context.Context, r *flow.Run, q *flow.Request) error {
	chosen, err := a.sign(r.Server)
	if err != nil {
		return err
	}
	if err := a.fetch(ctx, r); err != nil {
		return err
	}
	pop, aud, why, err := a.proof(r, q, chosen)
	if err != nil {
		return err
	}
	identify(r, q, attestMethod, attestRef, "who asks: it is the sub of the attestation")
	q.Headers.SetSecret(attestField, a.jwt, trace.Origin{By: attestMethod, Ref: attestRef, Why: "vouches for this instance of the client and names its key"})
	fresh := "once"
	if a.challenge != "" {
		fresh = "once, with the server's challenge"
	}
	q.Headers.SetSecret(popField, pop, trace.Origin{
		By: attestMethod, Ref: attestRef, Why: fmt.Sprintf("proves that key: signed with %s, for %s (%s), %s", chosen, aud, why, fresh),
	})
	return nil
}

// proof is the attestation's proof of possession. Its iss is from early
// versions of the draft, whose servers demand it; later ones pass over it.
func (a *attester) proof(r *flow.Run, q *flow.Request, chosen string) (pop, aud, why string, err error) {
	jti, err := r.Random(16)
	if err != nil {
		return "", "", "", err
	}
	aud, why = a.audience(r.Server, q)
	list := []jose.Claim{
		{Name: "iss", Value: r.Client.ID}, {Name: "aud", Value: aud},
		{Name: "jti", Value: jti}, {Name: "iat", Value: r.Now().Unix()},
	}
	if a.challenge != "" {
		list = append(list, jose.Claim{Name: "challenge", Value: a.challenge})
	}
	claims, err := jose.Claims(list, a.Claims)
	if err != nil {
		return "", "", "", &flow.ConfigError{Field: "assertion_claims", Problem: err.Error()}
	}
	pop, err = jose.Sign(chosen, a.AttestationKey.Key, map[string]any{"typ": "oauth-client-attestation-pop+jwt"}, claims)
	if err != nil {
		return "", "", "", &flow.ConfigError{Field: "attestation_key", Problem: err.Error()}
	}
	return pop, aud, why, nil
}

// fetch asks the challenge endpoint, once, where the server has one. An answer
// without a challenge is left to the server to complain about: it names one
// in its refusal.
func (a *attester) fetch(ctx context.Context, r *flow.Run) error {
	address, ok := r.Server.Metadata.String(challengeEnd)
	if !ok || a.asked || a.challenge != "" {
		return nil
	}
	a.asked = true
	q, err := flow.Get(challengeEndpoint, address)
	if err != nil || q.URL.Host == "" || q.URL.Scheme != "https" && q.URL.Scheme != "http" {
		return &flow.ConfigError{Field: challengeEnd, Problem: "not an absolute http or https URL: " + address}
	}
	q.Method = http.MethodPost
	resp, err := r.Do(ctx, q)
	var refused *flow.RefusedError
	var foreign *flow.ProtocolError
	switch {
	case errors.As(err, &refused), errors.As(err, &foreign):
		return nil
	case err != nil:
		return err
	}
	if told := resp.String("attestation_challenge"); told != "" {
		a.challenge = told
	}
	return nil
}

// challengeEndpoint is the challenge endpoint in the trace.
const challengeEndpoint flow.Endpoint = "challenge"

// listener learns the challenges that answers bring, the newest of which is the
// one to use, and asks for a second try where the server wants one.
func (a *attester) listener() flow.Extension {
	learn := func(resp *flow.Response) {
		told := resp.Header.Get(challengeField)
		if told != "" && resp.Request != nil && (resp.Request.Headers.Has(attestField) || resp.Request.Endpoint == challengeEndpoint) {
			a.challenge = told
		}
	}
	return flow.Extension{
		Name: "attestation-challenge", Spec: attestRef,
		Doc: "a challenge in the proof of an attestation\n\nA server that wants the proof to be fresh sends a challenge, and the client puts the newest one into each proof.",
		Retry: func(_ *flow.Run, _ *flow.Request, resp *flow.Response) bool {
			before := a.challenge
			learn(resp)
			return resp.String("error") == "use_attestation_challenge" && a.challenge != before
		},
		Unwrap: func(_ context.Context, _ *flow.Run, resp *flow.Response) error { learn(resp); return nil },
	}
}
