package demo_test

import (
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// responseIn is the parameters of an authorization response in the query or the fragment.
func responseIn(t *testing.T, location string) (where string, q url.Values) {
	t.Helper()
	rest, ours := strings.CutPrefix(location, callback)
	if !ours || rest == "" {
		t.Fatalf("location %q", location)
	}
	q, err := url.ParseQuery(rest[1:])
	if err != nil {
		t.Fatal(err)
	}
	return rest[:1], q
}

func TestJARM(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true})
	for _, c := range []struct{ mode, kind, where string }{
		{"jwt", "code", "&"}, {"query.jwt", "code", "&"}, {"fragment.jwt", "code", "#"},
		{"jwt", "code id_token", "#"}, {"jwt", "id_token token", "#"}, {"jwt", "none", "&"},
	} {
		a := v.get("/authorize?" + ask("response_mode="+c.mode, "response_type="+c.kind).Encode())
		where, q := responseIn(t, a.Header.Get("Location"))
		if where != c.where || len(q) != 1 {
			t.Errorf("%+v: %s %v", c, where, q)
		}
		header, got := v.verified(q.Get("response"))
		if diff := cmp.Diff(map[string]any{"typ": "JWT", "alg": "RS256", "kid": "demo-1"}, header); diff != "" {
			t.Error(diff)
		}
		want := map[string]any{"iss": v.issuer, "aud": "public", "exp": float64(now.Unix() + 300), "iat": float64(now.Unix()), "state": "s t/a+t&e"}
		for _, name := range []string{"code", "id_token"} {
			if strings.Contains(" "+c.kind+" ", " "+name+" ") {
				want[name] = got[name]
			}
			if want[name] == nil && got[name] != nil {
				t.Errorf("%+v: %s without being asked for", c, name)
			}
		}
		if strings.HasSuffix(c.kind, " token") {
			want["access_token"], want["token_type"], want["expires_in"], want["scope"] = got["access_token"], "Bearer", "300", "openid profile"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: %s", c, diff)
		}
	}
	_, q := responseIn(t, v.get("/authorize?"+ask("response_mode=jwt").Encode()).Header.Get("Location"))
	_, got := v.verified(q.Get("response"))
	v.granted(redeem(got["code"].(string)))
}

// A refusal is signed like any other answer (JARM §2.1).
func TestJARMErrors(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true})
	for _, c := range []struct{ change, where, code string }{
		{"scope=zz", "&", "invalid_scope"},
		{"prompt=none", "&", "login_required"},
		{"response_type=token,response_mode=query.jwt", "#", "invalid_request"}, // JARM §2.3.1
	} {
		change := append([]string{"response_mode=jwt"}, strings.Split(c.change, ",")...)
		where, q := responseIn(t, v.get("/authorize?"+ask(change...).Encode()).Header.Get("Location"))
		_, got := v.verified(q.Get("response"))
		if where != c.where || len(q) != 1 || got["error"] != c.code || got["state"] != "s t/a+t&e" || got["iss"] != v.issuer || got["aud"] != "public" || got["exp"] == nil {
			t.Errorf("%s: %s %v", c.change, where, got)
		}
	}
	page := v.get("/authorize?" + ask("response_mode=form_post.jwt").Encode())
	f := parseForm(t, page)
	if _, got := v.verified(f.fields.Get("response")); f.action != callback || len(f.fields) != 1 || got["code"] == nil {
		t.Errorf("form_post.jwt: %v", f)
	}
}

func TestJARMAlgorithms(t *testing.T) {
	const secret = "a-secret-of-forty-octets-for-this-test-!"
	key := keyOf(t, "RS256")
	public, err := json.Marshal(jose.JSONWebKey{Key: key.Public(), KeyID: "mine", Use: "enc"})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(secret)) // OpenID Connect Core §10.2
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true, Clients: []demo.Client{
		{ID: "es", AuthorizationSignedAlg: "ES256"},
		{ID: "hs", Secret: secret, AuthorizationSignedAlg: "HS256"},
		{ID: "rsa", Secret: "s", JWKS: public, AuthorizationEncryptedAlg: "RSA-OAEP-256"},
		{ID: "dir", Secret: secret, AuthorizationEncryptedAlg: "dir", AuthorizationEncryptedEnc: "A128GCM"},
	}})
	published := v.keys()
	es := published.Key("demo-es256")
	if len(es) != 1 || es[0].Use != "sig" || es[0].Algorithm != "ES256" {
		t.Fatalf("the second signing key: %+v", es)
	}
	for _, c := range []struct {
		client   string
		alg      jose.SignatureAlgorithm
		verify   any
		enc      jose.ContentEncryption
		wrap     jose.KeyAlgorithm
		decipher any
	}{
		{"es", jose.ES256, es[0].Key, "", "", nil},
		{"hs", jose.HS256, []byte(secret), "", "", nil},
		{"rsa", jose.RS256, published, jose.A128CBC_HS256, jose.RSA_OAEP_256, key},
		{"dir", jose.RS256, published, jose.A128GCM, jose.DIRECT, sum[:16]},
	} {
		_, q := responseIn(t, v.get("/authorize?"+ask("client_id="+c.client, "response_mode=jwt").Encode()).Header.Get("Location"))
		text := q.Get("response")
		if c.enc != "" {
			jwe, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{c.wrap}, []jose.ContentEncryption{c.enc})
			if err != nil {
				t.Fatalf("%s: %v", c.client, err)
			}
			plain, err := jwe.Decrypt(c.decipher)
			if err != nil || jwe.Header.ExtraHeaders["cty"] != "JWT" {
				t.Fatalf("%s: %v %+v", c.client, err, jwe.Header)
			}
			text = string(plain)
		}
		sig, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{c.alg})
		if err != nil {
			t.Fatalf("%s: %v", c.client, err)
		}
		if _, err := sig.Verify(c.verify); err != nil {
			t.Errorf("%s: %v", c.client, err)
		}
	}
}

// The documented client can read what is encrypted to it.
func TestJARMEncrypted(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped, AutoConsent: true})
	// Encrypted tokens may go through the query (JARM §2.3.1).
	a := v.get("/authorize?" + ask("client_id=encrypted", "response_mode=query.jwt", "response_type=code token").Encode())
	where, q := responseIn(t, a.Header.Get("Location"))
	jwe, err := jose.ParseEncryptedCompact(q.Get("response"), []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := jwe.Decrypt(clientKey(t).Key)
	if err != nil || jwe.Header.KeyID != "demo-client-1" {
		t.Fatalf("%v %+v", err, jwe.Header)
	}
	if _, got := v.verified(string(plain)); where != "&" || got["aud"] != "encrypted" || got["code"] == nil || got["access_token"] == nil {
		t.Errorf("%s %v", where, got)
	}
}

func TestJARMRegistration(t *testing.T) {
	for _, c := range []struct {
		client demo.Client
		says   string
	}{
		{demo.Client{ID: "c", AuthorizationSignedAlg: "none"}, `no signing algorithm "none"`},
		{demo.Client{ID: "c", Secret: "short", AuthorizationSignedAlg: "HS256"}, "a secret of 32 octets"},
		{demo.Client{ID: "c", AuthorizationEncryptedAlg: "RSA1_5"}, `no encryption algorithm "RSA1_5"`},
		{demo.Client{ID: "c", AuthorizationEncryptedEnc: "A256GCM"}, `no encryption algorithm ""`},
		{demo.Client{ID: "c", AuthorizationEncryptedAlg: "ECDH-ES", AuthorizationEncryptedEnc: "A1"}, `no content encryption "A1"`},
		{demo.Client{ID: "c", AuthorizationEncryptedAlg: "ECDH-ES"}, "no key for ECDH-ES"},
		{demo.Client{ID: "c", IDTokenEncryptedAlg: "dir"}, "dir needs a client secret"},
	} {
		_, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", Clients: []demo.Client{c.client}})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "client c") {
			t.Errorf("%+v: %v, want %s", c.client, err, c.says)
		}
	}
}
