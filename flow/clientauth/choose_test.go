package clientauth

import (
	"errors"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

func methods(listed string) string {
	return `{"token_endpoint_auth_methods_supported":["` + strings.ReplaceAll(listed, " ", `","`) + `"]}`
}

func TestChoose(t *testing.T) {
	attestation, instance := attested(t, "c1")
	key := Credentials{Key: newKey("ES256")}
	own, issued := Credentials{Cert: certificate(t, true)}, Credentials{Cert: certificate(t, false)}
	vouched := Credentials{Attestation: attestation, AttestationKey: instance}
	foreign, _ := attested(t, "c2")
	enc := Credentials{Key: newKey("RS256")}
	enc.Key.Use = "enc"
	const long = "0123456789abcdef0123456789abcdef"
	for _, tt := range []struct {
		name, asked string
		secret      string
		given       Credentials
		metadata    string
		want        string
		says        []string
	}{
		{name: "nothing", metadata: `{}`, want: "none", says: []string{"because no secret is given: a public client"}},
		{name: "nothing, not allowed", metadata: methods("client_secret_basic"), want: "none", says: []string{"because no secret is given, though the metadata list only client_secret_basic"}},
		{name: "secret", secret: long, metadata: `{}`, want: "client_secret_basic", says: []string{"the default where the metadata list no methods (RFC 8414 §2)"}},
		{name: "secret, both", secret: long, metadata: methods("client_secret_post client_secret_basic"), want: "client_secret_basic", says: []string{"because a secret is given and the metadata list it"}},
		{name: "secret, post", secret: long, metadata: methods("client_secret_post none"), want: "client_secret_post", says: []string{"the metadata list it, and not client_secret_basic"}},
		{name: "secret, jwt", secret: long, metadata: methods("client_secret_jwt"), want: "client_secret_jwt", says: []string{"and not client_secret_basic or client_secret_post", "signed with HS256"}},
		{name: "secret, only keys", secret: long, metadata: methods("private_key_jwt"), want: "client_secret_basic", says: []string{"because a secret is given, though the metadata list only private_key_jwt"}},
		{name: "secret, only public clients", secret: long, metadata: methods("none"), want: "client_secret_basic", says: []string{"because a secret is given, though the metadata list only none"}},
		{name: "key", given: key, metadata: `{}`, want: "private_key_jwt", says: []string{"because a key is given and the metadata list no methods", `signed with ES256 by the EC P-256 key "` + key.Key.Kid}},
		{name: "key, listed", given: key, metadata: methods("client_secret_basic private_key_jwt none"), want: "private_key_jwt", says: []string{"because a key is given and the metadata list it"}},
		{name: "key, only secrets", given: key, metadata: methods("client_secret_basic"), want: "private_key_jwt", says: []string{"because a key is given, though the metadata list only client_secret_basic"}},
		{name: "key for something else", given: key, metadata: methods("client_secret_basic none"), want: "none", says: []string{"because the metadata list it, and not private_key_jwt: a public client"}},
		{name: "key for something else, secret", secret: long, given: key, metadata: methods("client_secret_basic"), want: "client_secret_basic", says: []string{"a secret is given and the metadata list it, and not private_key_jwt"}},
		{name: "key and secret", secret: long, given: key, metadata: methods("client_secret_basic private_key_jwt"), want: "private_key_jwt"},
		{name: "key and secret, nothing known", secret: long, given: key, metadata: `{}`, want: "client_secret_basic"},
		{name: "key for decryption", given: enc, metadata: `{}`, want: "none"},
		{name: "self-signed", given: own, metadata: methods("tls_client_auth self_signed_tls_client_auth"), want: "self_signed_tls_client_auth", says: []string{"because a self-signed certificate is given and the metadata list it"}},
		{name: "issued", given: issued, metadata: methods("self_signed_tls_client_auth tls_client_auth"), want: "tls_client_auth", says: []string{"because a certificate is given and the metadata list it"}},
		{name: "self-signed, only the other", given: own, metadata: methods("tls_client_auth"), want: "tls_client_auth", says: []string{"and not self_signed_tls_client_auth", "the certificate is self-signed, and this method wants"}},
		{name: "issued, nothing known", given: issued, metadata: `{}`, want: "tls_client_auth", says: []string{"the metadata list no methods"}},
		{name: "certificate for binding", given: issued, metadata: methods("none"), want: "none", says: []string{"and not tls_client_auth or self_signed_tls_client_auth: a public client"}},
		{name: "certificate, aliases", given: issued, metadata: `{"mtls_endpoint_aliases":{"token_endpoint":"https://m.example/token"}}`, want: "tls_client_auth", says: []string{"sent to the mtls_endpoint_aliases, such as https://m.example/token"}},
		{name: "certificate, plain http", given: issued, metadata: `{"token_endpoint":"http://127.0.0.1/token"}`, want: "tls_client_auth", says: []string{"plain http, where no certificate is sent"}},
		{name: "attestation", given: vouched, metadata: methods("none attest_jwt_client_auth"), want: "attest_jwt_client_auth", says: []string{"because an attestation is given", "the proof is signed with ES256"}},
		{name: "attestation of another", given: Credentials{Attestation: foreign, AttestationKey: newKey("ES384")}, metadata: `{}`, want: "attest_jwt_client_auth", says: []string{`the attestation is for "c2", not for this client`, "does not name that key"}},
		{name: "as asked", asked: "client_secret_post", secret: long, metadata: `{}`, want: "client_secret_post", says: []string{"client_secret_post, as asked"}},
		{name: "as asked, not listed", asked: "client_secret_jwt", secret: "short", metadata: methods("client_secret_basic"), want: "client_secret_jwt", says: []string{"as asked, though the metadata list only client_secret_basic", "the secret is shorter than the 32 octets that HS256 demands"}},
		{name: "alg not listed", asked: "private_key_jwt", given: key, metadata: `{"token_endpoint_auth_signing_alg_values_supported":["PS256","RS256"]}`, want: "private_key_jwt", says: []string{"the metadata list only PS256, RS256 for signing"}},
		{name: "none as asked", asked: "none", secret: long, given: key, metadata: methods("none"), want: "none", says: []string{"none, as asked"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, said, err := Choose(tt.asked, flow.Client{ID: "c1", Secret: tt.secret}, server(t, tt.metadata), tt.given)
			if err != nil || m.Name != tt.want {
				t.Fatalf("%s, %v, want %s: %s", m.Name, err, tt.want, said)
			}
			for _, says := range tt.says {
				if !strings.Contains(said, says) {
					t.Errorf("%q does not say %q", said, says)
				}
			}
			if !strings.HasPrefix(said, "client authentication: "+tt.want+", ") || tt.secret != "" && strings.Contains(said, tt.secret) && tt.secret != "short" {
				t.Error(said)
			}
			if m.Apply == nil || (m.Extension.Name != "") != (m.Name == "attest_jwt_client_auth") {
				t.Errorf("%+v", m)
			}
		})
	}
}

func TestChooseRefuses(t *testing.T) {
	attestation, instance := attested(t, "c1")
	oct := Credentials{Key: jose.Private{Kty: "oct", Key: []byte("secret")}}
	enc := Credentials{Key: newKey("RS256")}
	enc.Key.Use = "enc"
	for _, tt := range []struct {
		name, asked string
		secret      string
		given       Credentials
		field, says string
	}{
		{"no such method", "client_secret_digest", "s", Credentials{}, "auth_method", "private_key_jwt"},
		{"basic without a secret", "client_secret_basic", "", Credentials{Key: newKey("ES256")}, "client_secret", "client_secret_basic needs one"},
		{"secret jwt without a secret", "client_secret_jwt", "", Credentials{}, "client_secret", "missing"},
		{"secret jwt with an alg of keys", "client_secret_jwt", "s", Credentials{Alg: "ES256"}, "signing_alg", "not ES256"},
		{"key jwt without a key", "private_key_jwt", "s", Credentials{}, "key", "private_key_jwt needs one"},
		{"key jwt with a secret", "private_key_jwt", "s", oct, "key", "symmetric"},
		{"key jwt with a key for decryption", "private_key_jwt", "", enc, "key", `its use is "enc"`},
		{"key jwt with another alg", "private_key_jwt", "", Credentials{Key: newKey("ES256"), Alg: "RS256"}, "key", "not RS256"},
		{"another alg, not asked by name", "", "", Credentials{Key: newKey("ES256"), Alg: "RS256"}, "key", "not RS256"},
		{"tls without a certificate", "tls_client_auth", "s", Credentials{}, "cert", "tls_client_auth needs one"},
		{"self-signed without a certificate", "self_signed_tls_client_auth", "", Credentials{}, "cert", "missing"},
		{"attest without an attestation", "attest_jwt_client_auth", "", Credentials{AttestationKey: instance}, "attestation", "missing"},
		{"attest without its key", "attest_jwt_client_auth", "", Credentials{Attestation: attestation}, "attestation_key", "missing"},
		{"attest with a secret", "attest_jwt_client_auth", "", Credentials{Attestation: attestation, AttestationKey: oct.Key}, "attestation_key", "symmetric"},
		{"attest with something else", "", "", Credentials{Attestation: "{}", AttestationKey: instance}, "attestation", "not a signed JWT"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, said, err := Choose(tt.asked, flow.Client{ID: "c1", Secret: tt.secret}, server(t, `{}`), tt.given)
			var config *flow.ConfigError
			if !errors.As(err, &config) || config.Field != tt.field || !strings.Contains(config.Problem, tt.says) || said != "" {
				t.Errorf("%v %q, want %s: %s", err, said, tt.field, tt.says)
			}
		})
	}
}
