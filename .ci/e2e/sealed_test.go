package e2e

import (
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A sealedToken is one way to have the ID token encrypted.
type sealedToken struct {
	id, sign, seal, enc string
}

func sealedTokens() []sealedToken {
	return []sealedToken{
		{"sealed RSA", "RS256", "RSA-OAEP-256", "A256GCM"},
		{"sealed EC", "ES256", "ECDH-ES", "A128CBC-HS256"},
		{"sealed EC of RS256", "RS256", "ECDH-ES", "A256GCM"},
		{"sealed dir", "RS256", "dir", "A128CBC-HS256"},
		{"sealed dir of 512", "ES256", "dir", "A256CBC-HS512"},
		{"sealed A256KW", "RS256", "A256KW", "A256GCM"},
		{"sealed HS256", "HS256", "A128KW", "A128GCM"},
	}
}

func (c sealedToken) method() string {
	if c.seal[0] == 'R' || c.seal[0] == 'E' {
		return "private_key_jwt"
	}
	return "client_secret_basic"
}

func sealedClients() []any {
	var all []any
	for _, c := range sealedTokens() {
		m := members{"id_token_signed_response_alg": c.sign, "id_token_encrypted_response_alg": c.seal, "id_token_encrypted_response_enc": c.enc}
		all = append(all, signsIn(c.id, c.method(), m), signsIn(c.id+" wrong", c.method(), m))
	}
	return all
}

// An ID token that is encrypted to the client: its key opens it, or its secret
// (OIDC Core §10.2), and what is inside is judged as any other.
func TestEncryptedIDTokens(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for _, c := range sealedTokens() {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			o := signIn(t, p, 0, append(credential(t, c.id, c.method()), "--scope", "openid profile")...)
			checkSignedIn(t, o)
			p.checkGranted(t, o, c.id, c.method())
			sent := text(o.tokens(t), "id_token")
			if h := headerOf(t, sent); strings.Count(sent, ".") != 4 || h["alg"] != c.seal || h["enc"] != c.enc {
				t.Errorf("the ID token on stdout has the header %v: it has to be what the server sent", h)
			}
			if !o.passed("V-ID-06") {
				t.Error("V-ID-06 did not pass")
			}
			d := o.decoded(t, "id_token")
			if d.Claims["sub"] != login || d.Claims["aud"] != c.id {
				t.Errorf("the ID token in the trace says %v", d.Claims)
			}
			if c.method() != "private_key_jwt" {
				return
			}
			key := "peer-1"
			if c.sign == "ES256" {
				key = "peer-ec"
			}
			claims, _ := verified(t, opened(t, sent, c.seal, c.enc), jose.SignatureAlgorithm(c.sign), p.key(t, key))
			if claims["nonce"] != d.Claims["nonce"] || claims["sub"] != login {
				t.Errorf("another library reads %v, and the trace has %v", claims, d.Claims)
			}
		})
	}
}

// With another key than the one it is encrypted to, or none, there is no telling who
// signed in: exit 4.
func TestEncryptedToAnother(t *testing.T) {
	t.Parallel()
	p, k := theGuarded(t), kit()
	strangeRSA, strangeEC := k.sealRSA, k.sealEC
	strangeRSA.Key, strangeEC.Key = k.rsa.Key, k.other.Key // the same names, and other keys
	for name, keys := range map[string][]jose.JSONWebKey{"another": {k.es256, strangeRSA, strangeEC}, "none": {k.es256}} {
		for _, c := range sealedTokens()[:2] {
			t.Run(name+" "+c.id, func(t *testing.T) {
				t.Parallel()
				key := file(t, "keys.json", asJSON(jose.JSONWebKeySet{Keys: keys}))
				o := signIn(t, p, 4, "--client-id", c.id+" wrong", "--auth-method", "private_key_jwt", "--key", key, "--signing-alg", "ES256", "--scope", "openid")
				if kind, _, code := o.refused(); kind != "check" || code != "V-ID-06" {
					t.Errorf("the run ended with %s, %s; want check, V-ID-06", kind, code)
				}
				checkOneError(t, o.stdout, o.stderr)
			})
		}
	}
}
