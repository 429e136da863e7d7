package demo_test

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// attest asks for a token with the two header fields.
func (v *visitor) attest(attestation, pop string, pairs ...string) answer {
	v.t.Helper()
	r := v.request("POST", "/token", values(machine("attested"), pairs...).Encode())
	for name, value := range map[string]string{"OAuth-Client-Attestation": attestation, "OAuth-Client-Attestation-PoP": pop} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return v.do(r)
}

// pop is a proof of possession of the demo key, with changes.
func (v *visitor) pop(changes map[string]any) string {
	c := map[string]any{"aud": v.issuer, "iat": now.Unix(), "jti": rand.Text()}
	for name, value := range changes {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return sign(v.t, jose.ES256, clientKey(v.t).Key, "oauth-client-attestation-pop+jwt", c)
}

func TestAttestation(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	good := demo.Attestation(now)
	if a := v.attest(good, v.pop(nil)); a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	challenge := v.post("/challenge", nil).object(t)["attestation_challenge"]
	if a := v.attest(good, v.pop(map[string]any{"challenge": challenge, "iss": "attested"}), "-client_id"); a.StatusCode != 200 {
		t.Errorf("with a challenge: %s", a.body)
	}
	twice := v.pop(nil)
	v.attest(good, twice)
	refused(t, v.attest(good, twice), 401, "invalid_client", "used before")
	for _, c := range []struct {
		name             string
		attestation, pop string
		pairs            []string
		status           int
		code, says       string
	}{
		{"no proof", good, "", nil, 401, "invalid_client", "exactly once"},
		{"no attestation", "", v.pop(nil), nil, 401, "invalid_client", "exactly once"},
		{"nothing", "", "", nil, 401, "invalid_client", "must authenticate by attest_jwt_client_auth"},
		{"a secret too", good, v.pop(nil), []string{"client_secret=x"}, 400, "invalid_request", "more than one method"},
		{"another client", good, v.pop(nil), []string{"client_id=jwt"}, 401, "invalid_client", "not the sub"},
		{"not the issuer", good, v.pop(map[string]any{"aud": v.issuer + "/token"}), nil, 401, "invalid_client", "has the aud"},
		{"old", good, v.pop(map[string]any{"iat": now.Unix() - 301}), nil, 401, "invalid_client", "older than five minutes"},
		{"future", good, v.pop(map[string]any{"iat": now.Unix() + 120}), nil, 401, "invalid_client", "in the future"},
		{"no iat", good, v.pop(map[string]any{"iat": nil}), nil, 401, "invalid_client", "no iat"},
		{"no jti", good, v.pop(map[string]any{"jti": nil}), nil, 401, "invalid_client", "no jti"},
		{"foreign iss", good, v.pop(map[string]any{"iss": "jwt"}), nil, 401, "invalid_client", "the iss jwt"},
		{"unknown challenge", good, v.pop(map[string]any{"challenge": "x"}), nil, 400, "use_attestation_challenge", "must carry"},
		{"swapped", v.pop(map[string]any{"sub": "attested"}), good, nil, 400, "invalid_client_attestation", "typ"},
		{"stale", demo.Attestation(now.AddDate(0, 0, -2)), v.pop(nil), nil, 400, "use_fresh_attestation", "expired"},
		{"other key", good, sign(t, jose.ES256, keyOf(t, "ES256"), "oauth-client-attestation-pop+jwt", map[string]any{"aud": v.issuer, "iat": now.Unix(), "jti": "1"}), nil, 401, "invalid_client", "does not verify"},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, v.attest(c.attestation, c.pop, c.pairs...), c.status, c.code, c.says) })
	}
}

// What a foreign library makes with the attester's key is as good.
func TestAttesterKey(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	var attester jose.JSONWebKey
	if err := json.Unmarshal(demo.AttesterKey(), &attester); err != nil {
		t.Fatal(err)
	}
	const typ = "oauth-client-attestation+jwt"
	own := clientKey(t)
	claims := map[string]any{"sub": "attested", "exp": now.Unix() + 60, "cnf": map[string]any{"jwk": own.Public()}}
	if a := v.attest(sign(t, jose.ES256, attester, typ, claims), v.pop(nil)); a.StatusCode != 200 {
		t.Errorf("%s", a.body)
	}
	refused(t, v.attest(sign(t, jose.ES256, clientKey(t), typ, claims), v.pop(nil)), 400, "invalid_client_attestation", "names no registered key")
	delete(claims, "cnf")
	refused(t, v.attest(sign(t, jose.ES256, attester, typ, claims), v.pop(nil)), 400, "invalid_client_attestation", "no cnf")
	claims["sub"] = "jwt" // which must use its own method
	refused(t, v.attest(sign(t, jose.ES256, attester, typ, claims), v.pop(nil), "-client_id"), 401, "invalid_client", "must authenticate by private_key_jwt")
}

func TestAttestationChallengeDemanded(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, Faults: []string{"attestation-challenge"}})
	a := v.attest(demo.Attestation(now), v.pop(nil))
	refused(t, a, 400, "use_attestation_challenge", "OAuth-Client-Attestation-Challenge")
	challenge := a.Header.Get("OAuth-Client-Attestation-Challenge")
	if a := v.attest(demo.Attestation(now), v.pop(map[string]any{"challenge": challenge})); a.StatusCode != 200 || strings.Contains(a.body, "error") {
		t.Errorf("%s", a.body)
	}
}
