package demo_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// A prover makes DPoP proofs with a key of its own.
type prover struct {
	t   *testing.T
	alg jose.SignatureAlgorithm
	key crypto.Signer
}

func newProver(t *testing.T) prover {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return prover{t, jose.ES256, key}
}

// jkt is the thumbprint that a foreign library computes (RFC 7638).
func (p prover) jkt() string {
	p.t.Helper()
	jwk := jose.JSONWebKey{Key: p.key.Public()}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		p.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// proof is a good proof, with changes: "header.x" changes the header, nil takes away.
func (p prover) proof(method, uri string, changes map[string]any) string {
	p.t.Helper()
	c := map[string]any{"htm": method, "htu": uri, "iat": now.Unix(), "jti": rand.Text()}
	header := map[jose.HeaderKey]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: p.key.Public()}}
	for name, value := range changes {
		if member, ok := strings.CutPrefix(name, "header."); ok {
			if header[jose.HeaderKey(member)] = value; value == nil {
				delete(header, jose.HeaderKey(member))
			}
			continue
		}
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: p.alg, Key: p.key}, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		p.t.Fatal(err)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		p.t.Fatal(err)
	}
	sig, err := signer.Sign(payload)
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := sig.CompactSerialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// withProof posts a form with these proofs.
func (v *visitor) withProof(uri string, form url.Values, proofs ...string) answer {
	v.t.Helper()
	r := v.request("POST", uri, form.Encode())
	for _, p := range proofs {
		r.Header.Add("DPoP", p)
	}
	return v.do(r)
}

// bound gets an access token that is bound to the key.
func (v *visitor) boundTo(p prover, form url.Values) map[string]any {
	v.t.Helper()
	a := v.withProof("/token", form, p.proof("POST", v.issuer+"/token", nil))
	if a.StatusCode != http.StatusOK {
		v.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return a.object(v.t)
}

// call asks a resource with a token under a scheme.
func (v *visitor) call(uri, scheme string, token any, proofs ...string) answer {
	v.t.Helper()
	r := v.request("GET", uri, "")
	r.Header.Set("Authorization", scheme+" "+token.(string))
	for _, p := range proofs {
		r.Header.Add("DPoP", p)
	}
	return v.do(r)
}

func athOf(token any) string {
	sum := sha256.Sum256([]byte(token.(string)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// The proof and the thumbprint of RFC 9449 §4.1 and §6.1.
func TestPublishedProof(t *testing.T) {
	const proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19" +
		".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ" +
		".2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	s, err := demo.New(demo.Config{Issuer: "https://server.example.com", Now: func() time.Time { return time.Unix(1562262620, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "https://server.example.com/token", strings.NewReader(confidential("client_credentials").Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("DPoP", proof)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var tok map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &tok); err != nil || tok["token_type"] != "DPoP" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := any(map[string]any{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})
	if diff := cmp.Diff(want, claimsIn(t, tok["access_token"])["cnf"]); diff != "" {
		t.Error(diff)
	}
}

func TestProofAlgorithms(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.ES512, jose.RS256, jose.PS256, jose.EdDSA, jose.RS384} {
		p := prover{t, alg, weak}
		if !strings.HasPrefix(string(alg), "RS") && !strings.HasPrefix(string(alg), "PS") {
			p.key = keyOf(t, string(alg))
		}
		a := v.withProof("/token", confidential("client_credentials"), p.proof("POST", v.issuer+"/token", nil))
		if alg == jose.RS384 {
			refused(t, a, 400, "invalid_dpop_proof", "alg RS384; use ES256, ES384")
			continue
		}
		cnf, _ := claimsIn(t, a.object(t)["access_token"])["cnf"].(map[string]any)
		if a.StatusCode != 200 || cnf["jkt"] != p.jkt() {
			t.Errorf("%s: %d %v, want %s", alg, a.StatusCode, cnf, p.jkt())
		}
	}
}

func TestProofs(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	p, other := newProver(t), newProver(t)
	uri := v.issuer + "/token"
	host := strings.TrimPrefix(v.issuer, "http://")
	for name, c := range map[string]struct {
		proof string
		says  string // "" when it is good
	}{
		"upper case and dots":  {p.proof("POST", "HTTP://"+host+"/x/../%74oken", nil), ""},
		"a query":              {p.proof("POST", uri+"?x=1#y", nil), ""}, // ignored: RFC 9449 §4.3
		"5 s ahead":            {p.proof("POST", uri, map[string]any{"iat": now.Unix() + 5}), ""},
		"60 s old":             {p.proof("POST", uri, map[string]any{"iat": now.Unix() - 60}), ""},
		"a nonce not asked":    {p.proof("POST", uri, map[string]any{"nonce": "x"}), ""},
		"6 s ahead":            {p.proof("POST", uri, map[string]any{"iat": now.Unix() + 6}), "in the future"},
		"61 s old":             {p.proof("POST", uri, map[string]any{"iat": now.Unix() - 61}), "older than a minute"},
		"no iat":               {p.proof("POST", uri, map[string]any{"iat": nil}), "no iat"},
		"iat a string":         {p.proof("POST", uri, map[string]any{"iat": "1"}), "no iat"},
		"no jti":               {p.proof("POST", uri, map[string]any{"jti": nil}), "no jti"},
		"htm of another":       {p.proof("GET", uri, nil), "has the htm 'GET', and this request is a POST"},
		"htm in lower case":    {p.proof("post", uri, nil), "has the htm 'post'"},
		"htu of another path":  {p.proof("POST", v.issuer+"/par", nil), "has the htu '" + v.issuer + "/par'"},
		"htu of another port":  {p.proof("POST", "http://127.0.0.1:1/token", nil), "has the htu"},
		"htu of another case":  {p.proof("POST", v.issuer+"/Token", nil), "has the htu"},
		"htu with a slash":     {p.proof("POST", uri+"/", nil), "has the htu"},
		"htu relative":         {p.proof("POST", "/token", nil), "has the htu"},
		"htu with https":       {p.proof("POST", "https://"+host+"/token", nil), "has the htu"},
		"no htu":               {p.proof("POST", uri, map[string]any{"htu": nil}), "has the htu ''"},
		"typ JWT":              {p.proof("POST", uri, map[string]any{"header.typ": "JWT"}), "has typ 'JWT'; it must be dpop+jwt"},
		"no typ":               {p.proof("POST", uri, map[string]any{"header.typ": nil}), "has typ ''"},
		"no jwk":               {p.proof("POST", uri, map[string]any{"header.jwk": nil}), "has no jwk"},
		"a private jwk":        {p.proof("POST", uri, map[string]any{"header.jwk": jose.JSONWebKey{Key: p.key}}), "private member d"},
		"the jwk of another":   {p.proof("POST", uri, map[string]any{"header.jwk": jose.JSONWebKey{Key: other.key.Public()}}), "that its jwk does not verify"},
		"a symmetric jwk":      {p.proof("POST", uri, map[string]any{"header.jwk": map[string]any{"kty": "oct", "k": "AQ"}}), "private member k"},
		"a jwk for encryption": {p.proof("POST", uri, map[string]any{"header.jwk": jose.JSONWebKey{Key: p.key.Public(), Use: "enc"}}), "does not go with alg"},
		"crit":                 {p.proof("POST", uri, map[string]any{"header.crit": []string{"zz"}, "header.zz": 1}), "crit"},
		"no JWT":               {"x", "is not a JWT"},
		"two in one field":     {p.proof("POST", uri, nil) + ", " + p.proof("POST", uri, nil), "is not a JWT of three parts"},
	} {
		a := v.withProof("/token", confidential("client_credentials"), c.proof)
		if c.says == "" {
			if a.StatusCode != 200 || a.object(t)["token_type"] != "DPoP" {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
			}
			continue
		}
		t.Run(name, func(t *testing.T) { refused(t, a, 400, "invalid_dpop_proof", c.says) })
	}
	twice := p.proof("POST", uri, nil)
	refused(t, v.withProof("/token", confidential("client_credentials"), twice, p.proof("POST", uri, nil)), 400, "invalid_dpop_proof", "more than once")
	v.withProof("/token", confidential("client_credentials", "scope=nonsense"), twice)
	refused(t, v.withProof("/token", confidential("client_credentials"), twice), 400, "invalid_dpop_proof", "used before")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"dpop+jwt","alg":"none","jwk":{}}`)) + "." + strings.Split(twice, ".")[1] + "."
	refused(t, v.withProof("/token", confidential("client_credentials"), none), 400, "invalid_dpop_proof", "alg none")
}

func TestBoundTokens(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true})
	p, other := newProver(t), newProver(t)
	tok := v.boundTo(p, redeem(v.code(ask())))
	at := tok["access_token"]
	uri := v.issuer + "/resource"
	ath := map[string]any{"ath": athOf(at)}
	if tok["token_type"] != "DPoP" {
		t.Errorf("token_type %v", tok["token_type"])
	}
	for _, place := range []string{"/resource", "/userinfo"} {
		if a := v.call(place, "dpop", at, p.proof("GET", v.issuer+place, ath)); a.StatusCode != 200 || a.object(t)["sub"] != "alice" {
			t.Errorf("%s: %d %s", place, a.StatusCode, a.body)
		}
	}
	plain := v.tokens(ask())["access_token"]
	for name, c := range map[string]struct {
		scheme string
		token  any
		proofs []string
		code   string
		says   string
	}{
		"as Bearer":           {"Bearer", at, nil, "invalid_token", "came as Bearer"},
		"as Bearer, proof":    {"Bearer", at, []string{p.proof("GET", uri, ath)}, "invalid_token", "came as Bearer"},
		"without a proof":     {"DPoP", at, nil, "invalid_dpop_proof", "is missing"},
		"another key":         {"DPoP", at, []string{other.proof("GET", uri, ath)}, "invalid_token", "bound to another key"},
		"without ath":         {"DPoP", at, []string{p.proof("GET", uri, nil)}, "invalid_dpop_proof", "has no ath"},
		"ath of another":      {"DPoP", at, []string{p.proof("GET", uri, map[string]any{"ath": athOf(plain)})}, "invalid_dpop_proof", "another access token"},
		"two proofs":          {"DPoP", at, []string{p.proof("GET", uri, ath), p.proof("GET", uri, ath)}, "invalid_dpop_proof", "more than once"},
		"unbound as DPoP":     {"DPoP", plain, []string{p.proof("GET", uri, map[string]any{"ath": athOf(plain)})}, "invalid_token", "is not bound to a key"},
		"unknown as DPoP":     {"DPoP", "x", nil, "invalid_token", "not issued by this server"},
		"htu of the endpoint": {"DPoP", at, []string{p.proof("GET", v.issuer+"/userinfo", ath)}, "invalid_dpop_proof", "has the htu"},
	} {
		a := v.call("/resource", c.scheme, c.token, c.proofs...)
		challenge := a.Header.Get("WWW-Authenticate")
		if a.StatusCode != 401 || !strings.HasPrefix(challenge, `DPoP error="`+c.code+`"`) || !strings.Contains(challenge, c.says) ||
			!strings.Contains(challenge, `algs="ES256 ES384 ES512 RS256 PS256 EdDSA Ed25519"`) {
			t.Errorf("%s: %d %s", name, a.StatusCode, challenge)
		}
	}
	if a := v.call("/resource", "Bearer", plain); a.StatusCode != 200 {
		t.Errorf("an unbound token: %s", a.body)
	}
}

// What a public client may refresh is bound to its key, what another may is not (RFC 9449 §5).
func TestBoundRefreshTokens(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true})
	p, other := newProver(t), newProver(t)
	refresh := func(client string, token any) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}, "client_id": {client}}
	}
	rt := v.boundTo(p, redeem(v.code(ask())))["refresh_token"]
	refused(t, v.post("/token", refresh("public", rt)), 400, "invalid_grant", "bound to a key")
	refused(t, v.withProof("/token", refresh("public", rt), other.proof("POST", v.issuer+"/token", nil)), 400, "invalid_grant", "bound to a key")
	next := v.boundTo(p, refresh("public", rt))
	if next["token_type"] != "DPoP" || next["refresh_token"] == rt {
		t.Errorf("%v", next)
	}
	refused(t, v.post("/token", refresh("public", next["refresh_token"])), 400, "invalid_grant", "bound to a key")

	form := confidential("password", "username=alice", "password=alice", "scope=offline_access")
	free := v.boundTo(p, form)["refresh_token"]
	if a := v.post("/token", values(refresh("confidential", free), "client_secret=secret")); a.StatusCode != 200 || a.object(t)["token_type"] != "Bearer" {
		t.Errorf("a confidential client: %s", a.body)
	}
}

func TestBoundCodes(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true})
	p, other := newProver(t), newProver(t)
	for _, code := range []string{
		v.code(ask("dpop_jkt=" + p.jkt())),
		v.pushedCode(ask(), p.proof("POST", v.issuer+"/par", nil)),
		v.pushedCode(ask("dpop_jkt="+p.jkt()), p.proof("POST", v.issuer+"/par", nil)),
	} {
		refused(t, v.post("/token", redeem(code)), 400, "invalid_grant", "no DPoP proof came")
		refused(t, v.withProof("/token", redeem(code), other.proof("POST", v.issuer+"/token", nil)), 400, "invalid_grant", "bound to another key")
		if tok := v.boundTo(p, redeem(code)); tok["token_type"] != "DPoP" {
			t.Errorf("%v", tok)
		}
	}
	refused(t, v.withProof("/par", ask("dpop_jkt="+p.jkt()), other.proof("POST", v.issuer+"/par", nil)), 400, "invalid_request", "dpop_jkt names another key")
	refused(t, v.withProof("/par", ask(), p.proof("POST", v.issuer+"/token", nil)), 400, "invalid_dpop_proof", "has the htu")
}

// pushedCode gets a code for a request that is pushed with a proof.
func (v *visitor) pushedCode(request url.Values, proof string) string {
	v.t.Helper()
	a := v.withProof("/par", request, proof)
	uri, _ := a.object(v.t)["request_uri"].(string)
	if a.StatusCode != http.StatusCreated || uri == "" {
		v.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return v.code(url.Values{"client_id": request["client_id"], "request_uri": {uri}})
}

// Whatever the grant, a proof binds its tokens.
func TestEveryGrantBinds(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true, AutoApprove: true})
	p := newProver(t)
	plain := v.granted(confidential("client_credentials"))["access_token"].(string)
	device, _ := v.device().object(t)["device_code"].(string)
	ciba, _ := v.backchannel().object(t)["auth_req_id"].(string)
	v.pollDevice(device)
	v.post("/token", confidential(cibaGrant, "auth_req_id="+ciba))
	for name, form := range map[string]url.Values{
		"client_credentials": confidential("client_credentials"),
		"password":           confidential("password", "username=alice", "password=alice"),
		"exchange":           confidential(exchangeGrant, "subject_token="+plain, "subject_token_type="+tokenType+"access_token"),
		"device":             {"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {device}, "client_id": {"public"}},
		"ciba":               confidential(cibaGrant, "auth_req_id="+ciba),
	} {
		tok := v.boundTo(p, form)
		cnf, _ := claimsIn(t, tok["access_token"])["cnf"].(map[string]any)
		if tok["token_type"] != "DPoP" || cnf["jkt"] != p.jkt() {
			t.Errorf("%s: %v %v", name, tok, cnf)
		}
	}
	only := redeem(v.code(ask("client_id=dpop-only")), "client_id=dpop-only")
	refused(t, v.post("/token", only), 400, "invalid_dpop_proof", "gets no other tokens")
	if tok := v.boundTo(p, only); tok["token_type"] != "DPoP" {
		t.Errorf("dpop-only: %v", tok)
	}
}

func TestNonces(t *testing.T) {
	c := &clock{now: now}
	v := visit(t, demo.Config{Now: c.Now, DPoPNonce: true})
	p := newProver(t)
	token := func(nonce any) answer {
		at := map[string]any{"nonce": nonce, "iat": c.Now().Unix()}
		return v.withProof("/token", confidential("client_credentials"), p.proof("POST", v.issuer+"/token", at))
	}
	a := token(nil)
	refused(t, a, 400, "use_dpop_nonce", "DPoP-Nonce")
	first := a.Header.Get("DPoP-Nonce")
	if len(first) < 22 || a.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("nonce %q, %v", first, a.Header)
	}
	refused(t, token("made-up"), 400, "use_dpop_nonce", "")
	good := token(first)
	if good.StatusCode != 200 || good.Header.Get("DPoP-Nonce") != "" {
		t.Errorf("%d %v", good.StatusCode, good.Header)
	}
	at := good.object(t)["access_token"]
	call := func(nonce any) answer {
		claims := map[string]any{"nonce": nonce, "ath": athOf(at), "iat": c.Now().Unix()}
		return v.call("/resource", "DPoP", at, p.proof("GET", v.issuer+"/resource", claims))
	}
	b := call(first) // the resource has nonces of its own
	second := b.Header.Get("DPoP-Nonce")
	if b.StatusCode != 401 || second == first || !strings.HasPrefix(b.Header.Get("WWW-Authenticate"), `DPoP error="use_dpop_nonce"`) {
		t.Errorf("%d %v", b.StatusCode, b.Header)
	}
	if b := call(second); b.StatusCode != 200 {
		t.Errorf("%d %s", b.StatusCode, b.body)
	}
	c.turn(time.Minute)
	later := token(first)
	if third := later.Header.Get("DPoP-Nonce"); later.StatusCode != 200 || third == "" || third == first {
		t.Errorf("the previous nonce is taken and the next comes along: %d %v", later.StatusCode, later.Header)
	}
	c.turn(time.Minute)
	refused(t, token(first), 400, "use_dpop_nonce", "")
	c.turn(time.Hour)
	refused(t, token(later.Header.Get("DPoP-Nonce")), 400, "use_dpop_nonce", "")
}

// The second origin is one of its own for proofs, and certificate and key may bind together.
func TestProofsOverMutualTLS(t *testing.T) {
	run := startMTLS(t, demo.Start, demo.Config{MTLS: "127.0.0.1:0", Issuer: "/tenant", Now: stopped, AutoConsent: true})
	v, p := visitTLS(t, run, true), newProver(t)
	bare := visitTLS(t, run, false)
	form := machine("mtls")
	refused(t, v.withProof(run.MTLS+"/token", form, p.proof("POST", run.Issuer+"/token", nil)), 400, "invalid_dpop_proof", "has the htu")
	a := v.withProof(run.MTLS+"/token", form, p.proof("POST", run.MTLS+"/token", nil))
	at := a.object(t)["access_token"]
	want := any(map[string]any{"x5t#S256": x5t(t), "jkt": p.jkt()})
	if diff := cmp.Diff(want, claimsIn(t, at)["cnf"]); diff != "" {
		t.Error(diff)
	}
	proof := func(base string) string { return p.proof("GET", base+"/resource/a", map[string]any{"ath": athOf(at)}) }
	if a := v.call(run.MTLS+"/resource/a", "DPoP", at, proof(run.MTLS)); a.StatusCode != 200 || a.object(t)["resource"] != run.MTLS+"/resource/a" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for name, a := range map[string]answer{
		"without certificate": bare.call(run.MTLS+"/resource/a", "DPoP", at, proof(run.MTLS)),
		"at the other origin": v.call(run.Issuer+"/resource/a", "DPoP", at, proof(run.Issuer)),
		"htu of the other":    v.call(run.MTLS+"/resource/a", "DPoP", at, proof(run.Issuer)),
	} {
		if a.StatusCode != 401 || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "DPoP error=") {
			t.Errorf("%s: %d %v", name, a.StatusCode, a.Header)
		}
	}
}

// A certificate binds the tokens of those who prove themselves otherwise as well (RFC 8705 §3.4, §4).
func TestCertificateBindsOtherClients(t *testing.T) {
	clients := append(demo.DefaultClients(), demo.Client{ID: "free", Secret: "secret"})
	run := startMTLS(t, demo.StartTLS, demo.Config{AutoConsent: true, Clients: clients})
	v, bare := visitTLS(t, run, true), visitTLS(t, run, false)
	at := v.granted(confidential("client_credentials"))["access_token"]
	if diff := cmp.Diff(any(map[string]any{"x5t#S256": x5t(t)}), claimsIn(t, at)["cnf"]); diff != "" {
		t.Error(diff)
	}
	if a := v.call("/resource", "Bearer", at); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := bare.call("/resource", "Bearer", at); a.StatusCode != 401 || !strings.Contains(a.Header.Get("WWW-Authenticate"), `error="invalid_token", error_description="the access token is bound to a certificate`) {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	for name, tok := range map[string]map[string]any{
		"no certificate": bare.granted(confidential("client_credentials")),
		"not registered": v.granted(url.Values{"grant_type": {"client_credentials"}, "client_id": {"free"}, "client_secret": {"secret"}}),
	} {
		if cnf := claimsIn(t, tok["access_token"])["cnf"]; cnf != nil {
			t.Errorf("%s: %v", name, cnf)
		}
	}
	rt := v.tokens(ask())["refresh_token"].(string)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {rt}, "client_id": {"public"}}
	refused(t, bare.post("/token", form), 400, "invalid_grant", "bound to a certificate")
	if a := v.post("/token", maps.Clone(form)); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
