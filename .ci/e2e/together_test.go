package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func strictClients() []any {
	all := members{
		"authorization_signed_response_alg": "ES256", "authorization_encrypted_response_alg": "RSA-OAEP-256", "authorization_encrypted_response_enc": "A256GCM",
		"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128CBC-HS256",
		"dpop_bound_access_tokens": true, "authorization_details_types": []string{"payment"}, "request_object_signing_alg": "PS256",
	}
	return []any{signsIn("together", "private_key_jwt", all), signsIn("together forgotten", "private_key_jwt", all)}
}

// A resource takes tokens of a server beside proofs, with a nonce of its own. It
// knows nothing of oauthprobe: go-jose verifies.
type resource struct {
	*httptest.Server
	t     *testing.T
	token any    // the key that verifies tokens
	iss   string // of them
	mu    sync.Mutex
	seen  map[string]bool // every jti
	calls []string        // what was answered
}

const resourceNonce = "nonce-of-the-resource-1"

func (s *resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		s.t.Error(err)
	}
	problem := s.judge(r)
	if problem != "" {
		s.calls = append(s.calls, problem)
		challenge := `DPoP error="` + problem + `", algs="ES256 EdDSA"`
		if problem == "missing" {
			challenge = `DPoP algs="ES256 EdDSA"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		w.Header().Set("DPoP-Nonce", resourceNonce)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.calls = append(s.calls, "ok")
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(asJSON(map[string]any{"method": r.Method, "query": r.URL.RawQuery, "body": string(body)})))
}

// judge is what RFC 9449 §4.3 and §7.1 want of a resource.
func (s *resource) judge(r *http.Request) string {
	token, isDPoP := strings.CutPrefix(r.Header.Get("Authorization"), "DPoP ")
	if !isDPoP {
		return "missing"
	}
	jws, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "invalid_token"
	}
	payload, err := jws.Verify(s.token)
	var claims struct {
		Iss, Aud string
		Exp      int64
		Cnf      struct{ Jkt string }
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Iss != s.iss || claims.Aud != "https://api.example" || claims.Exp < time.Now().Unix() {
		return "invalid_token"
	}
	if len(r.Header.Values("DPoP")) != 1 {
		return "invalid_dpop_proof"
	}
	proof, err := jose.ParseSigned(r.Header.Get("DPoP"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || proof.Signatures[0].Protected.JSONWebKey == nil {
		return "invalid_dpop_proof"
	}
	key := proof.Signatures[0].Protected.JSONWebKey
	payload, err = proof.Verify(key)
	var made struct {
		Jti, Htm, Htu, Ath, Nonce string
		Iat                       int64
	}
	sum := sha256.Sum256([]byte(token))
	if err != nil || json.Unmarshal(payload, &made) != nil {
		return "invalid_dpop_proof"
	}
	switch age := time.Now().Unix() - made.Iat; {
	case proof.Signatures[0].Protected.ExtraHeaders["typ"] != "dpop+jwt" || !key.IsPublic():
		return "invalid_dpop_proof"
	case thumbprint(*key) != claims.Cnf.Jkt:
		return "invalid_token"
	case made.Htm != r.Method || made.Htu != s.URL+r.URL.Path || made.Ath != base64.RawURLEncoding.EncodeToString(sum[:]) || made.Jti == "" || s.seen[made.Jti]:
		return "invalid_dpop_proof"
	case made.Nonce != resourceNonce:
		s.seen[made.Jti] = true
		return "use_dpop_nonce"
	case age < 0 || age > 60:
		return "invalid_dpop_proof"
	}
	s.seen[made.Jti] = true
	return ""
}

// answered is what the resource has said since it was last asked for that.
func (s *resource) answered() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := strings.Join(s.calls, " ")
	s.calls = nil
	return said
}

// Everything at once, at a server that takes nothing less: a request object that is
// signed, encrypted and pushed with a client assertion and a proof with a nonce; an
// answer that is signed and encrypted; an ID token that is encrypted; a token that is
// for one resource, for these details, and for this key. And then that resource.
func TestTogether(t *testing.T) {
	t.Parallel()
	p, k := theStrict(t), kit()
	const id, details = "together", `[{"type":"payment","actions":["initiate"],"limit":500}]`
	key := []string{"--dpop-key", file(t, "dpop.jwk", asJSON(k.es256))}
	args := append(append(keyFlag(t), key...), "--client-id", id, "--auth-method", "private_key_jwt", "--signing-alg", "PS256",
		"--scope", "openid api:read", "--resource", "https://api.example", "--authorization-details", details,
		"--par", "--jar", "--jar-encrypt", "--response-mode", "query.jwt")
	o := signIn(t, p, 0, args...)
	checkSignedIn(t, o)
	p.checkGranted(t, o, id, "private_key_jwt")
	p.checkUnderstood(t, id, map[string]string{
		"authorization_details": details, "resource": "https://api.example", "scope": "openid api:read", "response_mode": "query.jwt", "dpop_jkt": thumbprint(k.es256),
	})
	checkNames(t, "what the browser carried", p.asked(t, id), "client_id", "request_uri")
	pushes, trades := p.requests(t, id, "POST", "/request"), p.requests(t, id, "POST", "/token")
	if len(pushes) != 2 || len(trades) != 1 || len(o.tries("par")) != 2 || len(o.tries("token")) != 1 {
		t.Fatalf("the server saw %d pushes and %d trades; want 2, for its nonce, and 1", len(pushes), len(trades))
	}
	first, second := form(t, pushes[0]), form(t, pushes[1])
	checkNames(t, "what was pushed", second, "client_id", "request", "client_assertion", "client_assertion_type")
	checkSealed(t, second.Get("request"), "RSA-OAEP-256", "peer-seal")
	if first.Get("client_assertion") == second.Get("client_assertion") || pushes[0].DPoP == pushes[1].DPoP {
		t.Error("the second try repeats the assertion or the proof of the first")
	}
	checkAnswer(t, p, o, sealedAnswer{sign: "ES256", seal: "RSA-OAEP-256", enc: "A256GCM", via: "query"}, id)
	access, idToken := text(o.tokens(t), "access_token"), text(o.tokens(t), "id_token")
	inner, _ := verified(t, opened(t, idToken, "ECDH-ES", "A128CBC-HS256"), jose.RS256, p.key(t, "peer-1"))
	if inner["sub"] != login || inner["aud"] != id || o.tokens(t)["token_type"] != "DPoP" {
		t.Errorf("the ID token says %v", inner)
	}
	claims, _ := verified(t, access, jose.RS256, p.key(t, "peer-1"))
	cnf, _ := claims["cnf"].(map[string]any)
	granted := `[{"type":"payment","actions":["initiate"],"limit":100}]`
	if cnf["jkt"] != thumbprint(k.es256) || claims["aud"] != "https://api.example" || !sameJSON(t, claims["authorization_details"], granted) {
		t.Errorf("the token says %v", claims)
	}
	for _, code := range []string{"V-DP-01", "V-TR-08", "V-TR-16", "V-AT-04", "V-ID-06", "V-JM-07"} {
		if !o.passed(code) {
			t.Errorf("%s did not pass", code)
		}
	}
	checkCalls(t, p, access, key)
}

// checkCalls uses the token at a resource over TLS.
func checkCalls(t *testing.T, p *peer, access string, key []string) {
	t.Helper()
	api := &resource{t: t, token: p.key(t, "peer-1"), iss: p.issuer, seen: map[string]bool{}}
	api.Server = httptest.NewTLSServer(api)
	defer api.Close()
	trust := []string{"--cacert", file(t, "api.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})))}
	target := api.URL + "/things?all=yes"
	o := use(t, 0, "call", target, access, append(trust, key...)...)
	checkClean(t, o)
	if answer := o.tokens(t); answer["method"] != "GET" || answer["query"] != "all=yes" {
		t.Errorf("the resource answered %v", answer)
	}
	if said := api.answered(); said != "use_dpop_nonce ok" {
		t.Errorf("the resource answered %s", said)
	}
	if tries := o.tries("resource"); len(tries) != 2 || tries[0].Try != 1 || tries[1].Try != 2 || tries[1].Response.Status != 200 {
		t.Errorf("%d requests to the resource in the trace", len(tries))
	}
	o = use(t, 0, "call", target, access, append(append(trust, key...), "-X", "PUT", "--data", "what is new")...)
	if answer := o.tokens(t); answer["method"] != "PUT" || answer["body"] != "what is new" || api.answered() != "use_dpop_nonce ok" {
		t.Errorf("the resource answered %v", answer)
	}
	for name, c := range map[string]struct {
		args []string
		said string
	}{
		"no key":      {nil, "missing"},
		"another key": {[]string{"--dpop-key", file(t, "other.jwk", asJSON(kit().other))}, "invalid_token"},
	} {
		o := use(t, 3, "call", target, access, append(trust, c.args...)...)
		if kind, endpoint, _ := o.refused(); kind != "refused" || endpoint != "resource" {
			t.Errorf("with %s the call ended with %s, %s", name, kind, endpoint)
		}
		checkOneError(t, o.stdout, o.stderr)
		if said := api.answered(); said != c.said {
			t.Errorf("with %s the resource answered %s, want %s", name, said, c.said)
		}
	}
}

// A server that takes nothing less says so in its metadata, and refuses less.
func TestTogetherForgotten(t *testing.T) {
	t.Parallel()
	p := theStrict(t)
	client := append(credential(t, "together forgotten", "private_key_jwt"), "--scope", "openid")
	for name, args := range map[string][]string{"nothing": nil, "not signed": {"--par"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := signIn(t, p, 3, append(args, client...)...)
			if kind, _, code := o.refused(); kind != "refused" || code != "invalid_request" && code != "use_dpop_nonce" {
				t.Errorf("the run ended with %s, %s", kind, code)
			}
		})
	}
}
