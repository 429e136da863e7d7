package demo

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// The header fields of OAuth 2.0 Attestation-Based Client Authentication, in
// which somebody vouches for a key and the client shows that it holds the key.
const (
	attestationField = "OAuth-Client-Attestation"
	popField         = "OAuth-Client-Attestation-PoP"
	challengeField   = "OAuth-Client-Attestation-Challenge"
)

// popFreshness is how old a proof of possession may be, and how long a challenge is good.
const popFreshness = 5 * time.Minute

// attested reads the two header fields; what they say is not verified yet.
func attested(x *exchange, p params) (credentials, *oauthError) {
	shown := credentials{method: "attest_jwt_client_auth"}
	for _, part := range []struct {
		name string
		into **signed
	}{{attestationField, &shown.assertion}, {popField, &shown.pop}} {
		list := x.r.Header.Values(part.name)
		if len(list) != 1 {
			return shown, &oauthError{"invalid_client", part.name + " must come exactly once, together with its twin"}
		}
		t, err := parseSigned(list[0])
		if err != nil {
			return shown, &oauthError{"invalid_client", part.name + " " + err.Error()}
		}
		*part.into = &t
	}
	shown.id = shown.assertion.claim("sub")
	if id := p.get("client_id"); id != "" && id != shown.id {
		return shown, &oauthError{"invalid_client", "client_id is not the sub of " + attestationField}
	}
	return shown, nil
}

// proveAttestation verifies what the attester says, then that the client holds the key.
func (s *Server) proveAttestation(x *exchange, c Client, shown credentials) *oauthError {
	key, fault := s.attestedKey(*shown.assertion)
	if fault != nil {
		return fault
	}
	fail := func(why string) *oauthError { return &oauthError{"invalid_client", popField + " " + why} }
	pop := *shown.pop
	if pop.head("typ") != "oauth-client-attestation-pop+jwt" {
		return fail("has typ '" + pop.head("typ") + "'; it must be oauth-client-attestation-pop+jwt")
	}
	if iss := pop.claim("iss"); iss != "" && iss != c.ID { // which only older drafts have
		return fail("has the iss " + iss + ", and the client is " + c.ID)
	}
	for _, err := range []error{
		pop.verified([]jwk{key}),
		pop.meant(s.config.Issuer),
		pop.fresh(s.now()),
	} {
		if err != nil {
			return fail(err.Error())
		}
	}
	if fault := s.proveChallenge(x, pop); fault != nil {
		return fault
	}
	return s.once("attested "+c.ID, pop, fail)
}

// attestedKey is the key that a trusted attester vouches for.
func (s *Server) attestedKey(t signed) (key jwk, fault *oauthError) {
	fail := func(why string) (jwk, *oauthError) {
		return jwk{}, &oauthError{"invalid_client_attestation", attestationField + " " + why}
	}
	if t.head("typ") != "oauth-client-attestation+jwt" {
		return fail("has typ '" + t.head("typ") + "'; it must be oauth-client-attestation+jwt")
	}
	if err := t.verified(s.attesters); err != nil {
		return fail(err.Error())
	}
	if err := t.timely(s.now(), 0); err != nil {
		return jwk{}, &oauthError{"use_fresh_attestation", attestationField + " " + err.Error()}
	}
	cnf, _ := t.claims["cnf"].(map[string]any)
	raw, err := json.Marshal(cnf["jwk"])
	if err != nil || cnf["jwk"] == nil {
		return fail("has no cnf with a jwk")
	}
	keys, err := parseKeys(raw)
	if err != nil || len(keys) != 1 {
		return fail("has a cnf whose jwk is of no use here")
	}
	keys[0].Kid = "" // the proof need not name it
	return keys[0], nil
}

// fresh wants an iat of just now.
func (t signed) fresh(now time.Time) error {
	iat, ok := t.claims["iat"].(float64)
	at := time.Unix(int64(iat), 0)
	switch {
	case !ok:
		return errors.New("has no iat, or one that is no number")
	case at.After(now.Add(clockTolerance)):
		return errors.New("has an iat in the future")
	case now.After(at.Add(popFreshness)):
		return errors.New("is older than five minutes; make a new one for each request")
	}
	if t.claims["exp"] == nil {
		return nil
	}
	return t.timely(now, assertionHorizon)
}

// proveChallenge accepts no challenge that this server did not set, and can be told to demand one.
func (s *Server) proveChallenge(x *exchange, pop signed) *oauthError {
	challenge := pop.claim("challenge")
	until, known := s.challenges.get(challenge)
	switch {
	case challenge != "" && known && !s.now().After(until):
		return nil
	case challenge == "" && !s.broken("attestation-challenge"):
		return nil
	}
	x.header.Set(challengeField, s.newChallenge(x))
	return &oauthError{"use_attestation_challenge", popField + " must carry the challenge of the header field " + challengeField}
}

// newChallenge is a value that the next proof can show to be new.
func (s *Server) newChallenge(x *exchange) string {
	value := s.secret(x)
	s.challenges.put(value, s.now().Add(popFreshness))
	return value
}

// attestationChallenge is the endpoint where a client gets one ahead of time.
func (s *Server) attestationChallenge(x *exchange) {
	x.cors()
	x.noStore()
	x.note = "a challenge for client attestation"
	x.json(http.StatusOK, object{{"attestation_challenge", s.newChallenge(x)}})
}
