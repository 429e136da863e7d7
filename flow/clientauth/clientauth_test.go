package clientauth

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	josev4 "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

const (
	issuer = "https://as.example"
	token  = issuer + "/token"
)

var at = time.Unix(1_700_000_000, 0)

// newKey makes one key of an alg for all tests.
var newKey = func() func(string) jose.Private {
	var mu sync.Mutex
	made := map[string]jose.Private{}
	return func(alg string) jose.Private {
		mu.Lock()
		defer mu.Unlock()
		if made[alg].Key == nil {
			made[alg], _ = jose.Generate(alg, rand.Reader)
		}
		return made[alg]
	}
}()

func server(t *testing.T, metadata string) flow.Server {
	t.Helper()
	o, problems := jose.ParseObject([]byte(metadata))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return flow.Server{Issuer: issuer, Metadata: o}
}

func running(t *testing.T, s flow.Server, who flow.Client) (*flow.Run, *flow.Request) {
	t.Helper()
	r := &flow.Run{
		Plan: flow.Plan{Server: s, Client: who},
		Env:  flow.Env{Now: func() time.Time { return at }, Rand: rand.Reader},
	}
	u, _ := url.Parse(token)
	return r, &flow.Request{Endpoint: flow.Token, Method: http.MethodPost, URL: u}
}

// opened verifies an assertion with another implementation and returns header
// and claims; the jti is checked to be there and taken out.
func opened(t *testing.T, assertion, alg string, key any) (header, claims map[string]any) {
	t.Helper()
	jws, err := josev4.ParseSignedCompact(assertion, []josev4.SignatureAlgorithm{josev4.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := jws.Verify(key)
	if err != nil {
		t.Fatalf("another implementation: %v", err)
	}
	d := jose.Decode(assertion)
	if err := errors.Join(json.Unmarshal(d.Header.Raw, &header), json.Unmarshal(payload, &claims)); err != nil {
		t.Fatal(err)
	}
	if jti, _ := claims["jti"].(string); len(jti) != 22 {
		t.Errorf("jti %q", claims["jti"])
	}
	delete(claims, "jti")
	return header, claims
}

func TestKeyJWT(t *testing.T) {
	for _, tt := range []struct {
		name, kind string // of the key
		bare       bool   // the key says no alg and no kid
		metadata   string
		change     Credentials
		alg        string
		aud        any
		more       map[string]any
	}{
		{name: "ES256", kind: "ES256", alg: "ES256", aud: issuer},
		{name: "ES384", kind: "ES384", alg: "ES384", aud: issuer},
		{name: "ES512", kind: "ES512", alg: "ES512", aud: issuer},
		{name: "EdDSA", kind: "EdDSA", alg: "EdDSA", aud: issuer},
		{name: "RS256", kind: "RS256", alg: "RS256", aud: issuer},
		{name: "PS256", kind: "PS256", alg: "PS256", aud: issuer},
		{name: "RSA for everybody", kind: "RS256", bare: true, alg: "RS256", aud: issuer},
		{name: "RSA as asked", kind: "RS256", bare: true, change: Credentials{Alg: "PS384"}, alg: "PS384", aud: issuer},
		{name: "RSA for a FAPI server", kind: "RS256", bare: true, metadata: `{"token_endpoint_auth_signing_alg_values_supported":["PS256","ES256"]}`, alg: "PS256", aud: issuer},
		{name: "RSA, nothing that fits", kind: "RS256", bare: true, metadata: `{"token_endpoint_auth_signing_alg_values_supported":["ES256"]}`, alg: "RS256", aud: issuer},
		{name: "audience", kind: "ES256", change: Credentials{Audience: token}, alg: "ES256", aud: token},
		{name: "claims", kind: "ES256", change: Credentials{Claims: map[string]any{"exp": float64(1_600_000_000), "iat": nil, "nbf": 1, "aud": []any{"a", "b"}}},
			alg: "ES256", aud: []any{"a", "b"}, more: map[string]any{"exp": float64(1_600_000_000), "iat": nil, "nbf": float64(1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.change
			c.Key = newKey(tt.kind)
			public := c.Key.Public.Public
			header := map[string]any{"alg": tt.alg, "typ": "JWT", "kid": c.Key.Kid}
			if tt.bare {
				c.Key.Alg, c.Key.Kid = "", ""
				delete(header, "kid")
			}
			if tt.metadata == "" {
				tt.metadata = `{}`
			}
			r, q := running(t, server(t, tt.metadata), flow.Client{ID: "c1"})
			if err := KeyJWT(c).Apply(context.Background(), r, q); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"iss": "c1", "sub": "c1", "aud": tt.aud, "iat": float64(1_700_000_000), "exp": float64(1_700_000_060)}
			for name, value := range tt.more {
				if want[name] = value; value == nil {
					delete(want, name)
				}
			}
			gotHeader, gotClaims := opened(t, q.Params.Get("client_assertion"), tt.alg, public)
			if diff := cmp.Diff(header, gotHeader) + cmp.Diff(want, gotClaims); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if q.Params.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || q.Params.Get("client_id") != "c1" {
				t.Errorf("%v", q.Params)
			}
		})
	}
}

func TestSecretJWT(t *testing.T) {
	for _, tt := range []struct{ name, secret, metadata, asked, alg string }{
		{"by default", "0123456789abcdef0123456789abcdef", `{}`, "", "HS256"},
		{"short", "s", `{}`, "", "HS256"},
		{"as listed", "secret", `{"token_endpoint_auth_signing_alg_values_supported":["RS256","HS512"]}`, "", "HS512"},
		{"as asked", "secret", `{"token_endpoint_auth_signing_alg_values_supported":["HS256"]}`, "HS384", "HS384"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, q := running(t, server(t, tt.metadata), flow.Client{ID: "c1", Secret: tt.secret})
			if err := SecretJWT(Credentials{Alg: tt.asked}).Apply(context.Background(), r, q); err != nil {
				t.Fatal(err)
			}
			// go-jose refuses short secrets, so the MAC is made again instead.
			d := jose.Decode(q.Params.Get("client_assertion"))
			again, err := jose.Sign(tt.alg, []byte(tt.secret), map[string]any{"typ": "JWT"}, json.RawMessage(d.Payload))
			if err != nil || again != d.Raw {
				t.Errorf("%s, %v, want %s", d.Raw, err, again)
			}
			if len(tt.secret) == 32 {
				opened(t, d.Raw, tt.alg, []byte(tt.secret))
			}
			if strings.Contains(q.Params.Encode(), url.QueryEscape(tt.secret)) && len(tt.secret) > 1 {
				t.Error("the secret is sent")
			}
		})
	}
}

// A retry restarts before client authentication: every assertion is another.
func TestAssertionsAreFresh(t *testing.T) {
	seen := map[string]bool{}
	c := Credentials{Key: newKey("ES256")}
	m := KeyJWT(c)
	for range 3 {
		r, q := running(t, server(t, `{}`), flow.Client{ID: "c1"})
		if err := m.Apply(context.Background(), r, q); err != nil {
			t.Fatal(err)
		}
		jti, _ := jose.Decode(q.Params.Get("client_assertion")).Claims.String("jti")
		seen[jti] = true
	}
	if len(seen) != 3 {
		t.Errorf("jti: %v", seen)
	}
}

func TestAudienceWithoutIssuer(t *testing.T) {
	s := flow.Server{Replaced: map[flow.Endpoint]string{flow.Token: token}}
	r, q := running(t, s, flow.Client{ID: "c1"})
	q.Endpoint = flow.PAR
	if err := KeyJWT(Credentials{Key: newKey("ES256")}).Apply(context.Background(), r, q); err != nil {
		t.Fatal(err)
	}
	_, claims := opened(t, q.Params.Get("client_assertion"), "ES256", newKey("ES256").Public.Public)
	if claims["aud"] != token {
		t.Errorf("aud %v", claims["aud"])
	}
}

// Everything that a method adds says who put it there and why, and what proves
// the client is secret.
func TestOrigins(t *testing.T) {
	attestation, key := attested(t, "c1")
	c := Credentials{Key: newKey("ES256"), Cert: certificate(t, true), Attestation: attestation, AttestationKey: key}
	secrets := map[string]string{}
	for _, m := range Methods(c) {
		r, q := running(t, server(t, `{}`), flow.Client{ID: "c1", Secret: "secret"})
		if err := m.Apply(context.Background(), r, q); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		for _, p := range append(q.Params, q.Headers...) {
			if p.Origin.By != m.Name || p.Origin.Ref == "" || p.Origin.Why == "" {
				t.Errorf("%s: %s comes from %+v", m.Name, p.Name, p.Origin)
			}
			if p.Secret {
				secrets[m.Name] += p.Name + " "
			}
		}
		if (q.Cert != nil) != strings.Contains(m.Name, "tls") {
			t.Errorf("%s: certificate %v", m.Name, q.Cert != nil)
		}
	}
	want := map[string]string{
		"client_secret_basic": "Authorization ", "client_secret_post": "client_secret ", "client_secret_jwt": "client_assertion ",
		"private_key_jwt": "client_assertion ", "attest_jwt_client_auth": "OAuth-Client-Attestation OAuth-Client-Attestation-PoP ",
	}
	if diff := cmp.Diff(want, secrets); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

// certificate is one of our own, or one that an authority issued.
func certificate(t *testing.T, selfSigned bool) *tls.Certificate {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	signer, parent := any(key), &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "c1"}, NotAfter: at.AddDate(1, 0, 0)}
	leaf := parent
	if !selfSigned {
		_, authority, _ := ed25519.GenerateKey(rand.Reader)
		// The same name, so that only the signature tells.
		signer, parent = authority, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "c1"}}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestMutualTLSGoesToTheAlias(t *testing.T) {
	const aliases = `{"token_endpoint":"https://as.example/token","mtls_endpoint_aliases":{"token_endpoint":"https://mtls.as.example/token","revocation_endpoint":"http://mtls.as.example/revoke"}}`
	c := Credentials{Cert: certificate(t, false)}
	for _, tt := range []struct {
		name     string
		metadata string
		replaced string
		endpoint flow.Endpoint
		want     string // empty: what the server says is wrong
	}{
		{"alias", aliases, "", flow.Token, "https://mtls.as.example/token"},
		{"no alias for that endpoint", aliases, "", flow.Introspection, token},
		{"no aliases", `{"token_endpoint":"https://as.example/token"}`, "", flow.Token, token},
		{"replaced by hand", aliases, token, flow.Token, token},
		{"alias without TLS", aliases, "", flow.Revocation, ""},
		{"aliases of another type", `{"mtls_endpoint_aliases":["https://mtls.as.example"]}`, "", flow.Token, token},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, tt.metadata)
			s.Replaced = map[flow.Endpoint]string{flow.Token: tt.replaced}
			r, q := running(t, s, flow.Client{ID: "c1"})
			q.Endpoint = tt.endpoint
			err := TLS(c).Apply(context.Background(), r, q)
			var wrong *flow.ProtocolError
			if tt.want == "" {
				if !errors.As(err, &wrong) || wrong.Endpoint != flow.Revocation {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || q.URL.String() != tt.want || q.Cert != c.Cert {
				t.Errorf("%v to %s", err, q.URL)
			}
		})
	}
}

// attested is a client attestation as a vendor would issue it, and the key of
// the instance.
func attested(t *testing.T, sub string) (string, jose.Private) {
	t.Helper()
	key := newKey("ES256")
	token, err := jose.Sign("EdDSA", newKey("EdDSA").Key, map[string]any{"typ": "oauth-client-attestation+jwt"}, map[string]any{
		"iss": "https://vendor.example", "sub": sub, "exp": at.Add(time.Hour).Unix(), "cnf": map[string]any{"jwk": key.Public.Raw},
	})
	if err != nil {
		t.Fatal(err)
	}
	return token, key
}

// A scripted server answers in turn and keeps what it was sent.
type scripted struct {
	answers []answer
	sent    []wire.Request
}

type answer struct {
	status          int
	body, challenge string
}

func (s *scripted) Do(_ context.Context, q wire.Request) (*wire.Answer, error) {
	a := s.answers[min(len(s.sent), len(s.answers)-1)]
	s.sent = append(s.sent, q)
	h := http.Header{"Content-Type": {"application/json"}}
	if a.challenge != "" {
		h.Set("OAuth-Client-Attestation-Challenge", a.challenge)
	}
	return &wire.Answer{Status: a.status, Header: h, Body: []byte(a.body)}, nil
}

// The whole pipeline with attestation: where challenges come from, and that the
// newest is used.
func TestAttestChallenges(t *testing.T) {
	const ok = `{"access_token":"t","token_type":"Bearer"}`
	const demand = `{"error":"use_attestation_challenge"}`
	const withEndpoint = `{"token_endpoint":"https://as.example/token","challenge_endpoint":"https://as.example/challenge"}`
	const without = `{"token_endpoint":"https://as.example/token"}`
	for _, tt := range []struct {
		name, metadata string
		requests       int // to the token endpoint
		answers        []answer
		want           []string // path and challenge of each request
		refused        string
	}{
		{"none", without, 1, []answer{{200, ok, ""}}, []string{"/token "}, ""},
		{"on demand", without, 1, []answer{{400, demand, "n1"}, {200, ok, ""}}, []string{"/token ", "/token n1"}, ""},
		{"on demand without one", without, 1, []answer{{400, demand, ""}}, []string{"/token "}, "use_attestation_challenge"},
		{"on demand for ever", without, 1, []answer{{400, demand, "n1"}, {400, demand, "n2"}}, []string{"/token ", "/token n1"}, "use_attestation_challenge"},
		{"the newest", without, 2, []answer{{400, demand, "n1"}, {200, ok, "n2"}, {200, ok, ""}}, []string{"/token ", "/token n1", "/token n2"}, ""},
		{"from the endpoint", withEndpoint, 2, []answer{{200, `{"attestation_challenge":"e1"}`, ""}, {200, ok, ""}}, []string{"/challenge ", "/token e1", "/token e1"}, ""},
		{"the endpoint fails", withEndpoint, 1, []answer{{503, ``, ""}, {400, demand, "n1"}, {200, ok, ""}}, []string{"/challenge ", "/token ", "/token n1"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			attestation, key := attested(t, "c1")
			m := Attest(Credentials{Attestation: attestation + "\n", AttestationKey: key})
			w := &scripted{answers: tt.answers}
			_, err := flow.Start(context.Background(), flow.Plan{
				Server: server(t, tt.metadata), Client: flow.Client{ID: "c1", Auth: m.Apply}, Extensions: []flow.Extension{m.Extension},
				Procedure: flow.Procedure{Name: "test", Run: func(ctx context.Context, r *flow.Run) error {
					var err error
					for range tt.requests {
						q, e := r.NewRequest(flow.Token)
						if e == nil {
							_, e = r.Do(ctx, q)
						}
						err = errors.Join(err, e)
					}
					return err
				}},
			}, flow.Env{Wire: w, Log: trace.NewLog(time.Now, trace.Tee{}), Now: func() time.Time { return at }, Rand: rand.Reader})
			var refused *flow.RefusedError
			if tt.refused == "" && err != nil || tt.refused != "" && (!errors.As(err, &refused) || refused.Code != tt.refused) {
				t.Errorf("error %v, want %q", err, tt.refused)
			}
			var got []string
			for _, q := range w.sent {
				got = append(got, strings.TrimPrefix(q.URL, issuer)+" "+challengeOf(t, q, attestation, key))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// challengeOf verifies what an attested request carries and returns the
// challenge in it.
func challengeOf(t *testing.T, q wire.Request, attestation string, key jose.Private) string {
	t.Helper()
	pop := q.Header.Get("OAuth-Client-Attestation-PoP")
	if strings.HasSuffix(q.URL, "/challenge") {
		if pop != "" || q.Method != http.MethodPost {
			t.Errorf("the challenge endpoint got %s %v", q.Method, q.Header)
		}
		return ""
	}
	header, claims := opened(t, pop, "ES256", key.Public.Public)
	challenge, _ := claims["challenge"].(string)
	delete(claims, "challenge")
	want := map[string]any{"iss": "c1", "aud": issuer, "iat": float64(1_700_000_000)}
	if diff := cmp.Diff(want, claims) + cmp.Diff(map[string]any{"alg": "ES256", "typ": "oauth-client-attestation-pop+jwt"}, header); diff != "" {
		t.Errorf("proof (-want +got):\n%s", diff)
	}
	if q.Header.Get("OAuth-Client-Attestation") != attestation || !bytes.Equal(q.Body, []byte("client_id=c1")) {
		t.Errorf("%s: %v", q.Body, q.Header)
	}
	return challenge
}
