package demo_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// inside is a good request object of a client, with changes; nil takes one away.
func inside(issuer, client string, changes map[string]any) map[string]any {
	c := map[string]any{"iss": client, "aud": issuer, "exp": now.Unix() + 60, "iat": now.Unix(), "nbf": now.Unix(), "jti": rand.Text()}
	for name, list := range ask("client_id=" + client) {
		c[name] = list[0]
	}
	for name, value := range changes {
		c[name] = value
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

// signedAsk is the address for a request object.
func signedAsk(client, object string, pairs ...string) string {
	return "/authorize?" + values(url.Values{"client_id": {client}, "request": {object}}, pairs...).Encode()
}

func TestJAR(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	object := sign(t, jose.ES256, clientKey(t), "oauth-authz-req+jwt", inside(v.issuer, "jar-only", map[string]any{
		"max_age": 300, "claims": map[string]any{"userinfo": map[string]any{"email": nil}}, "resource": []string{v.issuer, v.issuer + "/userinfo"},
	}))
	// Outside counts for nothing (RFC 9101 §6.3).
	login := v.get(signedAsk("jar-only", object, "scope=email", "redirect_uri=http://127.0.0.1:9/evil", "state=evil", "prompt=none", "response_mode=fragment"))
	if !strings.Contains(login.body, "<b>jar-only</b>") || !strings.Contains(login.body, "signed by the application") || strings.Contains(login.body, "evil") {
		t.Errorf("the login page: %d %s", login.StatusCode, login.body)
	}
	consent := v.follow(v.submit(parseForm(t, login), "username=alice", "password=alice"))
	if !strings.Contains(consent.body, "<b>jar-only</b>") || !strings.Contains(consent.body, "See your name") || !strings.Contains(consent.body, "See your email") {
		t.Errorf("the consent page: %s", consent.body)
	}
	q := v.submit(parseForm(t, consent), "consent=allow").query(t)
	if q.Get("state") != "s t/a+t&e" || q.Get("code") == "" {
		t.Errorf("the answer: %v", q)
	}
	tok := v.granted(redeem(q.Get("code"), "client_id=jar-only"))
	if me := v.whoami(tok["access_token"]).object(t); me["email"] != "alice@example.com" {
		t.Errorf("the claims inside were not heard: %v", me)
	}
	a := v.get(signedAsk("jar-only", object))
	if a.StatusCode != 400 || !strings.Contains(a.body, "its jti is known here") {
		t.Errorf("a second use: %d %s", a.StatusCode, a.body)
	}
	plain := v.get("/authorize?" + ask("client_id=jar-only").Encode()).query(t)
	if plain.Get("error") != "invalid_request" || !strings.Contains(plain.Get("error_description"), "must sign its requests") {
		t.Errorf("not signed: %v", plain)
	}
}

func TestJARObjects(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true})
	key := clientKey(t)
	for _, c := range []struct {
		name, typ string
		changes   map[string]any
		says      string // "" when it has to work
	}{
		{"as it should be", "oauth-authz-req+jwt", nil, ""},
		{"without typ", "", nil, ""},
		{"typ JWT", "JWT", nil, ""},
		{"aud with somebody else", "", map[string]any{"aud": []string{"https://x.example", v.issuer}}, ""},
		{"without jti, nbf and iat", "", map[string]any{"jti": nil, "nbf": nil, "iat": nil}, ""},
		{"a clock some seconds ahead", "", map[string]any{"nbf": now.Unix() + 8, "iat": now.Unix() + 8}, ""},
		{"typ of an assertion", "client-authentication+jwt", nil, "another kind of token"},
		{"typ of a proof", "dpop+jwt", nil, "another kind of token"},
		{"no iss", "", map[string]any{"iss": nil}, "has the iss"},
		{"iss another", "", map[string]any{"iss": "public"}, "has the iss"},
		{"no aud", "", map[string]any{"aud": nil}, "not for this server"},
		{"aud another", "", map[string]any{"aud": "https://x.example"}, "not for this server"},
		{"no exp", "", map[string]any{"exp": nil}, "has no exp"},
		{"expired", "", map[string]any{"exp": now.Unix() - 1}, "expired"},
		{"exp far ahead", "", map[string]any{"exp": now.Unix() + 3601}, "more than 60 minutes"},
		{"nbf ahead", "", map[string]any{"nbf": now.Unix() + 120}, "nbf in the future"},
		{"nbf long ago", "", map[string]any{"nbf": now.Unix() - 3601}, "more than 60 minutes ago"},
		{"iat ahead", "", map[string]any{"iat": now.Unix() + 120}, "iat in the future"},
		{"jti a number", "", map[string]any{"jti": 7}, "jti that is no text"},
		{"sub as in an assertion", "", map[string]any{"sub": "jar-only"}, "client assertion"},
		{"client_id missing inside", "", map[string]any{"client_id": nil}, "has the client_id"},
		{"client_id another inside", "", map[string]any{"client_id": "public", "iss": "public"}, "has the client_id"},
		{"request inside", "", map[string]any{"request": "a.b.c"}, "has request inside"},
		{"request_uri inside", "", map[string]any{"request_uri": "urn:x"}, "has request_uri inside"},
		{"a null", "", map[string]any{"scope": []any{nil}}, ""},
		{"half a second", "", map[string]any{"max_age": 0.5}, "no whole number"},
	} {
		if c.name == "a null" {
			c.changes, c.says = map[string]any{"login_hint": json.RawMessage("null")}, "is null"
		}
		a := v.get(signedAsk("jar-only", sign(t, jose.ES256, key, c.typ, inside(v.issuer, "jar-only", c.changes))))
		if c.says == "" {
			if a.StatusCode != 303 || a.query(t).Get("code") == "" {
				t.Errorf("%s: %d %s", c.name, a.StatusCode, a.body)
			}
			continue
		}
		if a.StatusCode != 400 || !strings.Contains(a.body, "<code>invalid_request_object</code>") || !strings.Contains(a.body, c.says) {
			t.Errorf("%s: %d %s", c.name, a.StatusCode, a.body)
		}
	}
}

func TestJARSignatures(t *testing.T) {
	const secret = "a-secret-of-forty-octets-for-this-test-!"
	keys := map[string]crypto.Signer{"RS256": keyOf(t, "RS256"), "ES256": keyOf(t, "ES256"), "ES384": keyOf(t, "ES384"), "EdDSA": keyOf(t, "EdDSA")}
	keys["PS256"] = keys["RS256"]
	var set jose.JSONWebKeySet
	for alg, key := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: "k-" + alg, Algorithm: alg})
	}
	public, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true, Clients: []demo.Client{
		{ID: "c", JWKS: public, AuthMethods: []string{"none"}}, {ID: "s", Secret: secret}, {ID: "short", Secret: "secret"},
	}})
	for alg, key := range keys {
		a := jose.SignatureAlgorithm(alg)
		good := v.get(signedAsk("c", sign(t, a, jose.JSONWebKey{Key: key, KeyID: "k-" + alg}, "", inside(v.issuer, "c", nil))))
		if good.StatusCode != 303 {
			t.Errorf("%s: %s", alg, good.body)
		}
		bad := v.get(signedAsk("c", sign(t, a, jose.JSONWebKey{Key: keyOf(t, alg), KeyID: "k-" + alg}, "", inside(v.issuer, "c", nil))))
		if bad.StatusCode != 400 || !strings.Contains(bad.body, "invalid_request_object") {
			t.Errorf("%s with a foreign key: %d", alg, bad.StatusCode)
		}
	}
	for _, c := range []struct {
		client, key string
		alg         jose.SignatureAlgorithm
		status      int
	}{
		{"s", secret, jose.HS256, 303},
		{"s", secret + "x", jose.HS256, 400},
		{"s", secret, jose.HS512, 400}, // RFC 7518 §3.2: 64 octets
		{"short", "secret", jose.HS256, 400},
		{"c", string(public), jose.HS256, 400}, // RFC 8725 §2.1
	} {
		object := sign(t, c.alg, padded(c.key), "", inside(v.issuer, c.client, nil))
		if a := v.get(signedAsk(c.client, object)); a.StatusCode != c.status {
			t.Errorf("%s by %s: %d, want %d: %s", c.alg, c.client, a.StatusCode, c.status, a.body)
		}
	}
	claims, err := json.Marshal(inside(v.issuer, "c", nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range []string{"none", "None", ""} {
		none := encode(`{"alg":"`+alg+`"}`) + "." + encode(string(claims)) + "."
		if a := v.get(signedAsk("c", none)); a.StatusCode != 400 || !strings.Contains(a.body, "is signed with alg "+alg) {
			t.Errorf("alg %q: %d", alg, a.StatusCode)
		}
	}
}

// sealed encrypts to the server with a foreign library.
func sealed(t *testing.T, alg jose.KeyAlgorithm, enc jose.ContentEncryption, key any, kid, cty, payload string) string {
	t.Helper()
	options := &jose.EncrypterOptions{}
	if cty != "" {
		options = options.WithContentType(jose.ContentType(cty))
	}
	encrypter, err := jose.NewEncrypter(enc, jose.Recipient{Algorithm: alg, Key: key, KeyID: kid}, options)
	if err != nil {
		t.Fatal(err)
	}
	jwe, err := encrypter.Encrypt([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwe.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestJAREncrypted(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true})
	keys := map[string]jose.JSONWebKey{}
	for _, k := range v.keys().Keys {
		if k.Use == "enc" {
			keys[k.Algorithm] = k
		}
	}
	oaep, ecdh := keys["RSA-OAEP-256"], keys["ECDH-ES"]
	if len(keys) != 2 || !oaep.Valid() || !oaep.IsPublic() || !ecdh.Valid() || !ecdh.IsPublic() {
		t.Fatalf("keys to encrypt to: %+v", keys)
	}
	object := func() string {
		return sign(t, jose.ES256, clientKey(t), "oauth-authz-req+jwt", inside(v.issuer, "jar-only", nil))
	}
	for name, good := range map[string]string{
		"RSA-OAEP-256":   sealed(t, jose.RSA_OAEP_256, jose.A256GCM, oaep.Key, oaep.KeyID, "JWT", object()),
		"ECDH-ES":        sealed(t, jose.ECDH_ES, jose.A128CBC_HS256, ecdh.Key, ecdh.KeyID, "JWT", object()),
		"ECDH-ES+A256KW": sealed(t, jose.ECDH_ES_A256KW, jose.A256CBC_HS512, ecdh.Key, "", "oauth-authz-req+jwt", object()),
	} {
		if a := v.get(signedAsk("jar-only", good)); a.StatusCode != 303 || a.query(t).Get("code") == "" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	secret := "a-long-secret-that-is-written-down-in-the-demo-server-for-HS512-too"
	sum := sha256.Sum256([]byte(secret)) // OpenID Connect Core §10.2
	nested := sealed(t, jose.DIRECT, jose.A256GCM, sum[:], "", "JWT", sign(t, jose.HS512, []byte(secret), "", inside(v.issuer, "secret-jwt", nil)))
	if a := v.get(signedAsk("secret-jwt", nested)); a.StatusCode != 303 || a.query(t).Get("code") == "" {
		t.Errorf("with the secret alone: %d %s", a.StatusCode, a.body)
	}
	claims, err := json.Marshal(inside(v.issuer, "jar-only", nil))
	if err != nil {
		t.Fatal(err)
	}
	foreign := keyOf(t, "ES256").Public()
	for says, bad := range map[string]string{
		"not a JWT of three parts": sealed(t, jose.ECDH_ES, jose.A256GCM, ecdh.Key, ecdh.KeyID, "JWT", string(claims)),
		"cty is":                   sealed(t, jose.ECDH_ES, jose.A256GCM, ecdh.Key, ecdh.KeyID, "", object()),
		"cannot be decrypted":      sealed(t, jose.ECDH_ES, jose.A256GCM, foreign, ecdh.KeyID, "JWT", object()),
		"no key that this server":  sealed(t, jose.ECDH_ES, jose.A256GCM, ecdh.Key, "zz", "JWT", object()),
		"is no JWE":                sealed(t, jose.RSA_OAEP, jose.A256GCM, oaep.Key, oaep.KeyID, "JWT", object()),
	} {
		a := v.get(signedAsk("jar-only", bad))
		if a.StatusCode != 400 || !strings.Contains(a.body, "<code>invalid_request_object</code>") || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d %s", says, a.StatusCode, a.body)
		}
	}
}

// A request object may be pushed; what was refused before does not use it up.
func TestJARPushed(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true})
	key := clientKey(t)
	object := sign(t, jose.ES256, key, "", inside(v.issuer, "confidential", nil))
	form := url.Values{"client_id": {"confidential"}, "client_secret": {"secret"}, "request": {object}}
	refused(t, v.post("/par", values(form, "client_secret=x")), 401, "invalid_client", "")
	refused(t, v.post("/par", values(form, "scope=openid")), 400, "invalid_request", "scope stands beside request")
	uri := v.push(form)
	refused(t, v.post("/par", form), 400, "invalid_request_object", "its jti is known here")
	if q := v.get("/authorize?" + refer("confidential", uri).Encode()).query(t); q.Get("code") == "" {
		t.Errorf("pushed: %v", q)
	}
	jti := rand.Text()
	wrong := sign(t, jose.ES256, key, "", inside(v.issuer, "confidential", map[string]any{"jti": jti, "scope": "zz"}))
	refused(t, v.post("/par", values(form, "request="+wrong)), 400, "invalid_scope", "zz")
	v.push(values(form, "request="+sign(t, jose.ES256, key, "", inside(v.issuer, "confidential", map[string]any{"jti": jti}))))
	other := sign(t, jose.ES256, key, "", inside(v.issuer, "public", nil))
	refused(t, v.post("/par", values(form, "request="+other)), 400, "invalid_request_object", "has the client_id 'public'")
	refused(t, v.post("/par", ask("client_id=jar-only")), 400, "invalid_request", "must sign its requests")
}

// padded is a key for a library that refuses short ones: HMAC itself fills up with
// zeros (RFC 2104 §2), so the MAC is the same.
func padded(key string) []byte { return []byte(key + strings.Repeat("\x00", max(0, 64-len(key)))) }
