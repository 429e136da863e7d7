package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A proofCase is one way to prove the possession of a key.
type proofCase struct {
	id    string
	alg   jose.SignatureAlgorithm
	key   func() jose.JSONWebKey // nil: a fresh one
	args  []string
	nonce bool // the server wants one
}

func proofCases() []proofCase {
	signing := func(alg string) func() jose.JSONWebKey { return func() jose.JSONWebKey { return signingKeys()[alg] } }
	edwards := func() jose.JSONWebKey { return kit().ed25519 }
	return []proofCase{
		{"dpop fresh", "ES256", nil, []string{"--dpop"}, false},
		{"dpop ES256", "ES256", signing("ES256"), nil, false},
		{"dpop RS256", "RS256", signing("RS256"), nil, false},
		{"dpop PS256", "PS256", signing("PS256"), nil, false},
		{"dpop EdDSA", "EdDSA", edwards, nil, false},
		{"dpop par", "ES256", signing("ES256"), []string{"--par"}, false},
		{"dpop jar", "ES256", signing("ES256"), []string{"--jar"}, false},
		{"dpop nonce", "ES256", signing("ES256"), nil, true},
		{"dpop fresh nonce", "ES256", nil, []string{"--dpop"}, true},
		{"dpop EdDSA nonce", "EdDSA", edwards, nil, true},
	}
}

func dpopClients() []any {
	bound := members{"dpop_bound_access_tokens": true}
	var all []any
	for _, c := range proofCases() {
		all = append(all, signsIn(c.id, "private_key_jwt", bound))
	}
	return append(all, signsIn("dpop par nonce", "private_key_jwt", bound), signsIn("dpop refresh", "none", bound), signsIn("dpop forgotten", "none", bound), signsIn("dpop thief", "none", nil))
}

// flags are the client's own, and the key for proofs.
func (c proofCase) flags(t *testing.T) []string {
	t.Helper()
	args := append(credential(t, c.id, "private_key_jwt"), c.args...)
	if c.key != nil {
		args = append(args, "--dpop-key", file(t, "dpop.jwk", asJSON(c.key())))
	}
	return args
}

// A token that is bound to a key, at the server that binds it (RFC 9449).
func TestDPoP(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for _, c := range proofCases() {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			o := signIn(t, p, 0, append(c.flags(t), "--scope", "openid profile")...)
			checkSignedIn(t, o)
			p.checkGranted(t, o, c.id, "private_key_jwt")
			if kind := o.tokens(t)["token_type"]; kind != "DPoP" || !o.passed("V-TR-08") {
				t.Errorf("token_type is %v", kind)
			}
			jkt := checkProofs(t, p, o, c)
			if got := one(t, "authorizations", p.of(t, c.id, "authorized")).Params["dpop_jkt"]; got != jkt {
				t.Errorf("the code is bound to %q, and the token to %q", got, jkt)
			}
			if c.key != nil {
				access := text(o.tokens(t), "access_token")
				c.checkUserinfo(t, p, access)
			}
		})
	}
}

// checkProofs expects one proof with each request for a token, as the server saw
// them: signed by one key, for that request, each with a jti of its own. Where the
// server wants a nonce the first has none, and the second has the server's.
func checkProofs(t *testing.T, p *peer, o outcome, c proofCase) (jkt string) {
	t.Helper()
	requests, tries := p.requests(t, c.id, "POST", "/token"), o.tries("token")
	want := []int{200}
	if c.nonce {
		want = []int{400, 200}
	}
	if len(requests) != len(want) || len(tries) != len(want) {
		t.Fatalf("the server saw %d token requests, and the trace has %d; want %d", len(requests), len(tries), len(want))
	}
	seen := map[any]bool{}
	for i, l := range requests {
		claims, header := verifiedProof(t, l.DPoP, c.alg)
		checkHygiene(t, o, l.DPoP)
		jkt = thumbprint(*header.JSONWebKey)
		if c.key != nil && jkt != thumbprint(c.key()) {
			t.Error("the proof is made with another key than --dpop-key")
		}
		if claims["htm"] != "POST" || claims["htu"] != p.issuer+"/token" || claims["ath"] != nil || seen[claims["jti"]] {
			t.Errorf("proof %d claims %v", i+1, claims)
		}
		seen[claims["jti"]] = true
		if (claims["nonce"] != nil) != (i == 1 || c.id == "dpop par") { // which has learnt one from the PAR endpoint
			t.Errorf("proof %d has nonce %v", i+1, claims["nonce"])
		}
		body := must(url.ParseQuery(l.Body))
		if seen[body.Get("client_assertion")] || body.Get("client_assertion") == "" {
			t.Errorf("request %d repeats the client assertion", i+1)
		}
		seen[body.Get("client_assertion")] = true
		e := tries[i]
		if l.Status != want[i] || e.Response.Status != want[i] || e.Try != i+1 {
			t.Errorf("request %d was answered with %d; in the trace it is try %d, answered with %d", i+1, l.Status, e.Try, e.Response.Status)
		}
		if c.nonce && i == 0 && (!strings.Contains(e.Response.Body, "use_dpop_nonce") || e.Response.header("DPoP-Nonce") == "") {
			t.Errorf("try 1 was answered with %s", e.Response.Body)
		}
		if c.nonce && i == 1 && claims["nonce"] != tries[0].Response.header("DPoP-Nonce") {
			t.Error("the nonce is not the one that the server gave")
		}
	}
	return jkt
}

// verifiedProof is a proof that another library has verified with the key in it.
func verifiedProof(t *testing.T, proof string, alg jose.SignatureAlgorithm) (map[string]any, jose.Header) {
	t.Helper()
	jws, err := jose.ParseSigned(proof, []jose.SignatureAlgorithm{alg})
	if err != nil {
		t.Fatalf("the proof %q: %v", proof, err)
	}
	key := jws.Signatures[0].Protected.JSONWebKey
	if key == nil || !key.IsPublic() || jws.Signatures[0].Protected.ExtraHeaders["typ"] != "dpop+jwt" {
		t.Fatalf("the header of the proof is %v", jws.Signatures[0].Protected)
	}
	return verified(t, proof, alg, key.Key)
}

// checkUserinfo uses the token where it was issued, with and without the key. That
// endpoint always wants a nonce.
func (c proofCase) checkUserinfo(t *testing.T, p *peer, access string) {
	t.Helper()
	key := []string{"--dpop-key", file(t, "dpop.jwk", asJSON(c.key()))}
	o := use(t, 0, "userinfo", p.issuer, access, key...)
	checkClean(t, o)
	if o.tokens(t)["sub"] != login {
		t.Errorf("userinfo is about %v", o.tokens(t))
	}
	tries := o.tries("userinfo")
	if len(tries) != 2 || tries[0].Response.Status != 401 || tries[1].Response.Status != 200 {
		t.Fatalf("%d userinfo requests in the trace", len(tries))
	}
	requests := p.requests(t, c.id, "GET", "/me") // the first was refused before the token was looked at
	l := requests[len(requests)-1]
	claims, _ := verifiedProof(t, l.DPoP, c.alg)
	sum := sha256.Sum256([]byte(access))
	if claims["ath"] != base64.RawURLEncoding.EncodeToString(sum[:]) || claims["htm"] != "GET" || claims["htu"] != p.issuer+"/me" || claims["nonce"] == nil {
		t.Errorf("the proof claims %v", claims)
	}
	if l.Authorization != "DPoP "+access {
		t.Errorf("the token was sent as %q", l.Authorization)
	}
	o = use(t, 3, "userinfo", p.issuer, access)
	checkRefused(t, o, "userinfo", "invalid_token")
	o = use(t, 3, "userinfo", p.issuer, access, "--dpop-key", file(t, "other.jwk", asJSON(kit().other)))
	checkRefused(t, o, "userinfo", "invalid_token")
}

// With PAR and a nonce there are two tries at the first endpoint of the server, and
// one at the next: the nonce is remembered.
func TestDPoPNonceRemembered(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	const id = "dpop par nonce"
	o := signIn(t, p, 0, append(credential(t, id, "private_key_jwt"), "--scope", "openid", "--par", "--dpop")...)
	checkSignedIn(t, o)
	p.checkGranted(t, o, id, "private_key_jwt")
	if pushed, traded := p.requests(t, id, "POST", "/request"), p.requests(t, id, "POST", "/token"); len(pushed) != 2 || len(traded) != 1 || pushed[0].Status != 400 || pushed[1].Status != 201 {
		t.Errorf("%d requests at the PAR endpoint and %d at the token endpoint, want 2 and 1", len(pushed), len(traded))
	}
	if got := o.tries("par"); len(got) != 2 || got[1].Try != 2 || len(o.tries("token")) != 1 {
		t.Errorf("%d tries at the PAR endpoint in the trace", len(got))
	}
}

// A public client's refresh token is bound to the key as well (RFC 9449 §5).
func TestDPoPRefresh(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	const id = "dpop refresh"
	key := []string{"--dpop-key", file(t, "dpop.jwk", asJSON(kit().es256))}
	o := signIn(t, p, 0, append(key, "--client-id", id, "--scope", "openid offline_access", "--prompt", "consent")...)
	refresh := text(o.tokens(t), "refresh_token")
	if !p.saved(t, "refresh_token", refresh) {
		t.Fatalf("refresh_token is %q", refresh)
	}
	for _, wrong := range [][]string{nil, {"--dpop"}} {
		o = refreshed(t, p, 3, refresh, "", append(wrong, "--client-id", id)...)
		checkRefused(t, o, "token", "invalid_grant")
	}
	o = refreshed(t, p, 0, refresh, "", append(key, "--client-id", id)...)
	checkSignedIn(t, o)
	if answer := o.tokens(t); answer["token_type"] != "DPoP" || !p.saved(t, "access_token", text(answer, "access_token")) {
		t.Errorf("what came is %v", answer)
	}
}

// A client that has to prove and does not; and one whose token is not bound, though
// it could have asked for that.
func TestDPoPForgotten(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	o := signIn(t, p, 3, "--client-id", "dpop forgotten", "--scope", "openid")
	checkRefused(t, o, "token", "invalid_grant")
	// A code that is bound to one key cannot be traded with another.
	stolen := thumbprint(kit().es384)
	o = signIn(t, p, 3, "--client-id", "dpop thief", "--scope", "openid", "--dpop", "--param", "authorization:dpop_jkt="+stolen)
	checkRefused(t, o, "token", "invalid_grant")
	if got := one(t, "authorizations", p.of(t, "dpop thief", "authorized")).Params["dpop_jkt"]; got != stolen {
		t.Errorf("the code is bound to %q", got)
	}
}
