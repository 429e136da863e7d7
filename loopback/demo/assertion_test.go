package demo_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// sign makes a JWT with a foreign library.
func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, typ string, claims map[string]any) string {
	t.Helper()
	opts := &jose.SignerOptions{}
	if typ != "" {
		opts = opts.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signature.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// clientKey is demo.ClientKey as a foreign library reads it.
func clientKey(t *testing.T) jose.JSONWebKey {
	t.Helper()
	var key jose.JSONWebKey
	if err := json.Unmarshal(demo.ClientKey(), &key); err != nil || key.IsPublic() || !key.Valid() {
		t.Fatalf("%v %+v", err, key)
	}
	return key
}

// claims is a good set for an assertion, with changes; nil takes one away.
func claims(issuer, client string, changes map[string]any) map[string]any {
	c := map[string]any{"iss": client, "sub": client, "aud": issuer, "exp": now.Unix() + 60, "iat": now.Unix(), "jti": rand.Text()}
	for name, value := range changes {
		c[name] = value
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

// proven is a token request with a client assertion.
func proven(grantType, assertion string, pairs ...string) url.Values {
	return values(url.Values{"grant_type": {grantType}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}, pairs...)
}

func stopped() time.Time { return now }

// keyOf makes a key for an algorithm.
func keyOf(t *testing.T, alg string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch {
	case strings.HasPrefix(alg, "ES"):
		curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[alg]
		key, err = ecdsa.GenerateKey(curve, rand.Reader)
	case alg == "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAssertionAlgorithms(t *testing.T) {
	rsaKey := keyOf(t, "RS256")
	keys := map[string]crypto.Signer{}
	var set jose.JSONWebKeySet
	for _, alg := range strings.Fields("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA") {
		keys[alg] = rsaKey
		if alg[0] == 'E' {
			keys[alg] = keyOf(t, alg)
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: keys[alg].Public(), KeyID: "k-" + alg, Algorithm: alg})
	}
	public, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	v := visit(t, demo.Config{Now: stopped, Clients: []demo.Client{{ID: "c", JWKS: public}}})
	for alg, key := range keys {
		a := jose.SignatureAlgorithm(alg)
		for _, kid := range []string{"k-" + alg, ""} {
			good := sign(t, a, jose.JSONWebKey{Key: key, KeyID: kid}, "", claims(v.issuer, "c", nil))
			if a := v.post("/token", proven("client_credentials", good)); a.StatusCode != 200 {
				t.Errorf("%s, kid %q: %s", alg, kid, a.body)
			}
		}
		bad := sign(t, a, jose.JSONWebKey{Key: key, KeyID: "zz"}, "", claims(v.issuer, "c", nil))
		refused(t, v.post("/token", proven("client_credentials", bad)), 401, "invalid_client", "names no registered key")
		other := sign(t, a, jose.JSONWebKey{Key: keyOf(t, alg), KeyID: "k-" + alg}, "", claims(v.issuer, "c", nil))
		refused(t, v.post("/token", proven("client_credentials", other)), 401, "invalid_client", "does not verify")
	}
}

func TestSecretJWT(t *testing.T) {
	const secret = "a-long-secret-that-is-written-down-in-the-demo-server-for-HS512-too"
	v := visit(t, demo.Config{Now: stopped})
	for _, alg := range []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512} {
		v.granted(proven("client_credentials", sign(t, alg, []byte(secret), "JWT", claims(v.issuer, "secret-jwt", nil))))
	}
	bad := sign(t, jose.HS256, []byte(secret+"x"), "", claims(v.issuer, "secret-jwt", nil))
	refused(t, v.post("/token", proven("client_credentials", bad)), 401, "invalid_client", "does not make")
	refused(t, v.post("/token", confidential("client_credentials", "client_id=secret-jwt", "client_secret="+secret)), 401, "invalid_client", "must authenticate by client_secret_jwt")
	// RFC 8725 §2.1: the public key of the client is no secret.
	confused := sign(t, jose.HS256, demo.ClientKey(), "", claims(v.issuer, "jwt", nil))
	refused(t, v.post("/token", proven("client_credentials", confused)), 401, "invalid_client", "must authenticate by private_key_jwt, and this was client_secret_jwt")
}

func TestAssertionClaims(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	key := clientKey(t)
	for _, c := range []struct {
		name    string
		changes map[string]any
		typ     string
		says    string // "" when it has to work
	}{
		{"as it should be", nil, "", ""},
		{"typ of rfc7523bis", nil, "client-authentication+jwt", ""},
		{"aud token endpoint", map[string]any{"aud": v.issuer + "/token"}, "", ""},
		{"aud array of one", map[string]any{"aud": []string{v.issuer}}, "", ""},
		{"a clock some seconds ahead", map[string]any{"nbf": now.Unix() + 8, "iat": now.Unix() + 8}, "", ""},
		{"aud somebody else", map[string]any{"aud": "https://other.example"}, "", "has the aud https://other.example; use " + v.issuer},
		{"aud somebody else as well", map[string]any{"aud": []string{v.issuer, "https://other.example"}}, "", "has the aud https://other.example"},
		{"no aud", map[string]any{"aud": nil}, "", "has no aud"},
		{"aud a number", map[string]any{"aud": 1}, "", "has no aud"},
		{"no exp", map[string]any{"exp": nil}, "", "has no exp"},
		{"exp a string", map[string]any{"exp": "soon"}, "", "has no exp"},
		{"expired", map[string]any{"exp": now.Unix()}, "", "expired"},
		{"exp far ahead", map[string]any{"exp": now.Unix() + 86400}, "", "more than 60 minutes ahead"},
		{"nbf ahead", map[string]any{"nbf": now.Unix() + 120}, "", "nbf in the future"},
		{"iat ahead", map[string]any{"iat": now.Unix() + 120}, "", "iat in the future"},
		{"no jti", map[string]any{"jti": nil}, "", "has no jti"},
		{"no sub", map[string]any{"sub": nil}, "", "must both be the client_id"},
		{"no iss", map[string]any{"iss": nil}, "", "must both be the client_id"},
		{"iss another", map[string]any{"iss": "public"}, "", "must both be the client_id"},
		{"typ of an access token", nil, "at+jwt", "another kind of token"},
		{"typ of a proof", nil, "dpop+jwt", "another kind of token"},
	} {
		a := v.post("/token", proven("client_credentials", sign(t, jose.ES256, key, c.typ, claims(v.issuer, "jwt", c.changes))))
		if c.says == "" {
			if a.StatusCode != 200 {
				t.Errorf("%s: %s", c.name, a.body)
			}
			continue
		}
		refused(t, a, 401, "invalid_client", c.says)
	}
	for name, text := range map[string]string{
		"is not a JWT of three parts":                      "x",
		"base64url without padding":                        "e30=.e30.x",
		"not a JSON object":                                "W10.e30.x",
		"must both be the client_id":                       "e30.e30.eA",
		"has the member sub twice":                         "e30.eyJzdWIiOiJqd3QiLCJzdWIiOiJ4In0.eA",
		"has a crit header":                                "eyJjcml0IjpbInp6Il19.e30.eA",
		"is signed with alg none":                          "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqd3QiLCJzdWIiOiJqd3QifQ.",
		"has a signature that the registered key does not": "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqd3QiLCJzdWIiOiJqd3QifQ." + strings.Repeat("A", 86),
	} {
		refused(t, v.post("/token", proven("client_credentials", text)), 401, "invalid_client", name)
	}
}

func TestAssertionRequests(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	one := sign(t, jose.ES256, clientKey(t), "", claims(v.issuer, "jwt", nil))
	form := proven("client_credentials", one, "client_id=jwt")
	for _, c := range []struct {
		change, code string
		status       int
		says         string
	}{
		{"client_secret=x", "invalid_request", 400, "more than one method"},
		{"client_id=public", "invalid_request", 400, "different clients"},
		{"-client_assertion_type", "invalid_request", 400, "client_assertion_type is missing"},
		{"-client_assertion", "invalid_request", 400, "without client_assertion"},
		{"client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "invalid_client", 401, "is not supported"},
	} {
		refused(t, v.post("/token", values(form, c.change)), c.status, c.code, c.says)
	}
	r := v.request("POST", "/token", form.Encode())
	r.SetBasicAuth("jwt", "x")
	refused(t, v.do(r), 400, "invalid_request", "more than one method")
	v.granted(form) // none of these has used the assertion up
	refused(t, v.post("/token", form), 401, "invalid_client", "was used before")
	unknown := sign(t, jose.ES256, clientKey(t), "", claims(v.issuer, "nobody", nil))
	refused(t, v.post("/token", proven("client_credentials", unknown)), 401, "invalid_client", "unknown")
}

func TestRegisteredKeys(t *testing.T) {
	for text, says := range map[string]string{
		"":                                       "no JSON",
		`{"keys":[]}`:                            "no key in the set",
		string(demo.ClientKey()):                 "is private",
		`{"kty":"oct","kid":"s"}`:                "not supported",
		`{"kty":"RSA","n":"AQAB","e":"AQAB"}`:    "2048",
		`{"kty":"EC","crv":"P-256","x":"AQ"}`:    "not on its curve",
		`{"kty":"OKP","crv":"Ed25519","x":"AQ"}`: "not supported",
		`{"kty":"RSA","n":"?","e":"AQAB"}`:       "not base64url",
	} {
		_, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", Clients: []demo.Client{{ID: "c", JWKS: []byte(text)}}})
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "client c") {
			t.Errorf("%s: %v, want %s", text, err, says)
		}
	}
	_, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", Clients: []demo.Client{{ID: "c", AuthMethods: []string{"private_key_jwt"}}}})
	if err == nil || !strings.Contains(err.Error(), "needs keys") {
		t.Errorf("a key client without keys: %v", err)
	}
}
