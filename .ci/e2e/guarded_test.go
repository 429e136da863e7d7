package e2e

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// Two more peers have on what guards requests, answers and tokens. The clients
// of the first may use it; those of the second must. Every client is for one
// run or one test alone, so that the server's record of a client is the record
// of that run.
var (
	guardedPeer = sync.OnceValues(func() (*peer, error) { return startPeer(guardedConfig("ECDH-ES", false, guardedClients())) })
	strictPeer  = sync.OnceValues(func() (*peer, error) {
		return startPeer(guardedConfig("RSA-OAEP-256", true, append(strictClients(), alarmStrictClients()...)))
	})
)

func theGuarded(t *testing.T) *peer { t.Helper(); return used(t, "guarded", guardedPeer) }

func theStrict(t *testing.T) *peer { t.Helper(); return used(t, "strict", strictPeer) }

func used(t *testing.T, name string, start func() (*peer, error)) *peer {
	t.Helper()
	p, err := start()
	if err != nil {
		t.Fatal(err)
	}
	sharedUsed.Store(name, p)
	return p
}

func guardedConfig(seal string, strict bool, clients []any) map[string]any {
	config := peerTLS()
	delete(config, "attester")
	config["guarded"], config["seal"], config["strict"] = true, seal, strict
	return map[string]any{"peer": config, "clients": clients}
}

// guardedSecret is long enough for every HMAC and every dir.
const guardedSecret = "guarded-Secret-91c5e07ab34d-0123456789abcdef-0123456789abcdef-01234"

// members are further members of a client's metadata.
type members map[string]any

// signsIn is a native client for people: of a method, and with what is said.
func signsIn(id, method string, more members) map[string]any {
	c := map[string]any{
		"client_id": id, "application_type": "native", "redirect_uris": []string{"http://127.0.0.1/callback"},
		"token_endpoint_auth_method": method, "grant_types": []string{"authorization_code", "refresh_token"},
		"jwks": clientJWKS(), "id_token_signed_response_alg": "RS256",
	}
	if strings.HasPrefix(method, "client_secret") {
		c["client_secret"] = guardedSecret
	}
	for name, value := range more {
		c[name] = value
	}
	return c
}

// signingKeys are the client's own, by alg.
func signingKeys() map[string]jose.JSONWebKey {
	k := kit()
	rs, ps := k.rsa, k.rsa
	rs.KeyID, ps.KeyID, rs.Algorithm, ps.Algorithm, rs.Use, ps.Use = "rs256-1", "ps256-1", "RS256", "PS256", "sig", "sig"
	return map[string]jose.JSONWebKey{"RS256": rs, "PS256": ps, "ES256": k.es256}
}

// clientKeys is the file with all private keys of a client.
func clientKeys() jose.JSONWebKeySet {
	k := kit()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.sealRSA, k.sealEC}}
	for _, alg := range []string{"ES256", "RS256", "PS256"} {
		set.Keys = append(set.Keys, signingKeys()[alg])
	}
	return set
}

func clientJWKS() map[string]any {
	var keys []any
	for _, k := range clientKeys().Keys {
		keys = append(keys, k.Public())
	}
	return map[string]any{"keys": keys}
}

// keyFlag is --key with all keys of a client.
func keyFlag(t *testing.T) []string {
	t.Helper()
	return []string{"--key", file(t, "keys.json", asJSON(clientKeys()))}
}

// credential is what a client of a method needs.
func credential(t *testing.T, id, method string) []string {
	t.Helper()
	args := []string{"--client-id", id, "--auth-method", method}
	switch {
	case strings.HasPrefix(method, "client_secret"):
		args = append(args, "--client-secret", "env:SECRET")
	case method == "private_key_jwt":
		args = append(args, append(keyFlag(t), "--signing-alg", "ES256")...)
	}
	return args
}

// signIn is a run of code that walks the peer's pages by itself.
func signIn(t *testing.T, p *peer, exit int, args ...string) outcome {
	t.Helper()
	return signInBy(t, p, exit, "code", args...)
}

func signInBy(t *testing.T, p *peer, exit int, command string, args ...string) outcome {
	t.Helper()
	args = append([]string{command}, headless(p.issuer, args...)[1:]...)
	return start(t, []string{"PASSWORD=" + password, "SECRET=" + guardedSecret}, args...).wait(t, exit)
}

// use runs a command with a token.
func use(t *testing.T, exit int, command, target, token string, args ...string) outcome {
	t.Helper()
	flag := map[string]string{"introspect": "--token", "revoke": "--token"}[command]
	if flag == "" {
		flag = "--access-token"
	}
	o := start(t, []string{"SECRET=" + guardedSecret, "TOKEN=" + token}, append([]string{command, target, flag, "env:TOKEN", "--timeout", "60s"}, args...)...).wait(t, exit)
	checkHygiene(t, o, token, guardedSecret)
	return o
}

// of is the server's record of a client, by kind of line.
func (p *peer) of(t *testing.T, client, kind string) []peerLine {
	t.Helper()
	var all []peerLine
	for _, l := range p.lines(t) {
		if l.Client == client && l.Kind == kind {
			all = append(all, l)
		}
	}
	return all
}

// requests are those of a client to a path, as the server heard them.
func (p *peer) requests(t *testing.T, client, method, path string) []peerLine {
	t.Helper()
	var all []peerLine
	for _, l := range p.of(t, client, "http") {
		if at, _, _ := strings.Cut(l.URL, "?"); l.Method == method && at == path {
			all = append(all, l)
		}
	}
	return all
}

// one is the only element.
func one[T any](t *testing.T, what string, all []T) T {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("%d × %s, want 1", len(all), what)
	}
	return all[0]
}

// asked is the parameters of the authorization request that came by the browser.
func (p *peer) asked(t *testing.T, client string) url.Values {
	t.Helper()
	l := one(t, "authorization requests of "+client, p.requests(t, client, "GET", "/auth"))
	_, query, _ := strings.Cut(l.URL, "?")
	return must(url.ParseQuery(query))
}

// pushed is the body of the pushed authorization request.
func (p *peer) pushed(t *testing.T, client string) url.Values {
	t.Helper()
	return must(url.ParseQuery(one(t, "pushed requests of "+client, p.requests(t, client, "POST", "/request")).Body))
}

// checkNames expects exactly these parameters, each once.
func checkNames(t *testing.T, what string, got url.Values, want ...string) {
	t.Helper()
	var names []string
	for name, values := range got {
		names = append(names, name)
		if len(values) != 1 {
			t.Errorf("%s has %s %d times", what, name, len(values))
		}
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("%s has %v, want %v", what, names, want)
	}
}

// checkUnderstood expects the server to have understood the authorization request
// as it was meant: these parameters with these values, and the four that are
// made for a run.
func (p *peer) checkUnderstood(t *testing.T, client string, want map[string]string) {
	t.Helper()
	got := one(t, "authorizations of "+client, p.of(t, client, "authorized")).Params
	for name, value := range want {
		if got[name] != value {
			t.Errorf("the server understood %s as %q, want %q", name, got[name], value)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge", "redirect_uri"} {
		if got[name] == "" {
			t.Errorf("the server understood no %s", name)
		}
	}
	if got["client_id"] != client {
		t.Errorf("the server understood client_id as %q", got["client_id"])
	}
}

// checkGranted expects one code to have been traded for one of the server's
// tokens by a client that proved itself as it should.
func (p *peer) checkGranted(t *testing.T, o outcome, client, method string) {
	t.Helper()
	l := one(t, "grants to "+client, p.of(t, client, "granted"))
	if l.AuthMethod != method {
		t.Errorf("the server was convinced by %s, want %s", l.AuthMethod, method)
	}
	if access := text(o.tokens(t), "access_token"); strings.Count(access, ".") != 2 && !p.saved(t, "access_token", access) {
		t.Errorf("access_token is %q, which the server never issued", access)
	}
	checkHygiene(t, o, guardedSecret, password, l.Params["code"], l.Params["code_verifier"], l.Params["client_assertion"],
		text(o.tokens(t), "access_token"), text(o.tokens(t), "id_token"), text(o.tokens(t), "refresh_token"))
}

// tries are the exchanges with an endpoint.
func (o outcome) tries(endpoint string) []event {
	var all []event
	for _, e := range o.of("exchanged") {
		if e.Endpoint == endpoint {
			all = append(all, e)
		}
	}
	return all
}

// decoded is the one token of its kind that the run took apart.
func (o outcome) decoded(t *testing.T, what string) event {
	t.Helper()
	var all []event
	for _, d := range o.of("decoded") {
		if d.What == what {
			all = append(all, d)
		}
	}
	return one(t, what+" in the trace", all)
}

// verified is the claims of a JWT that another library has verified, and its header.
func verified(t *testing.T, jwt string, alg jose.SignatureAlgorithm, key any) (claims map[string]any, header jose.Header) {
	t.Helper()
	jws, err := jose.ParseSigned(jwt, []jose.SignatureAlgorithm{alg})
	if err != nil {
		t.Fatalf("%q is not signed with %s: %v", jwt, alg, err)
	}
	payload, err := jws.Verify(key)
	if err != nil {
		t.Fatalf("%q: %v", jwt, err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims, jws.Signatures[0].Protected
}

// keys is what the server publishes.
func (p *peer) keys(t *testing.T) jose.JSONWebKeySet {
	t.Helper()
	_, body := ask(t.Context(), t, "GET", p.issuer+"/jwks", nil)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(body), &set); err != nil {
		t.Fatal(err)
	}
	return set
}

// key is one of them.
func (p *peer) key(t *testing.T, kid string) any {
	t.Helper()
	set := p.keys(t)
	return one(t, "key "+kid, set.Key(kid)).Key
}

// headerOf is the protected header of a compact JOSE object, which nobody verified.
func headerOf(t *testing.T, compact string) map[string]any {
	t.Helper()
	first, _, _ := strings.Cut(compact, ".")
	var h map[string]any
	if err := json.Unmarshal(must(base64.RawURLEncoding.DecodeString(first)), &h); err != nil {
		t.Fatalf("%q: %v", compact, err)
	}
	return h
}

func thumbprint(key jose.JSONWebKey) string {
	return base64.RawURLEncoding.EncodeToString(must(key.Thumbprint(crypto.SHA256)))
}

// checkRefused expects an honest refusal by an endpoint.
func checkRefused(t *testing.T, o outcome, endpoint, code string) {
	t.Helper()
	if kind, at, got := o.refused(); kind != "refused" || at != endpoint || got != code {
		t.Errorf("the run ended with %s, %s, %s; want refused, %s, %s", kind, at, got, endpoint, code)
	}
	if failed := o.failed(); failed != nil {
		t.Errorf("an honest refusal failed checks: %v", failed)
	}
	checkOneError(t, o.stdout, o.stderr)
}

func guardedClients() []any {
	return slices.Concat(parClients(), jarClients(), jarmClients(), dpopClients(), boundClients(), askClients(), sealedClients(), usingClients(), alarmClients(), replayClients())
}

// form is the body of a request.
func form(t *testing.T, l peerLine) url.Values {
	t.Helper()
	return must(url.ParseQuery(l.Body))
}
