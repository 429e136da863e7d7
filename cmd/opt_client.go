package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/clientauth"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// clientOptions say who we are to the server, and how we prove it.
type clientOptions struct {
	id, secret, method          string
	key, keyID, alg             string
	cert, certKey               string
	audience, claims            string
	attestation, attestationKey string

	keys []jose.Private // of --key, all of them: what was encrypted to us is decrypted with one
}

func (o *clientOptions) flags(fs *pflag.FlagSet) {
	fs.StringVar(&o.id, "client-id", "", "the client's `ID` at the server")
	fs.StringVar(&o.secret, "client-secret", "", "its `SECRET`: @FILE, env:NAME, cmd:COMMAND, - for stdin, or the value itself")
	fs.StringVar(&o.method, "auth-method", "", "how the client proves who it is: "+strings.Join(clientauth.Names(), ", ")+" (default: what is given and the metadata allow)")
	fs.StringVar(&o.key, "key", "", "`FILE` with the client's private key, JWK, JWKS or PEM: signs, and decrypts what is encrypted to us")
	fs.StringVar(&o.keyID, "key-id", "", "`KID` of the key in it to use, or to send")
	fs.StringVar(&o.alg, "signing-alg", "", "`ALG` to sign with, such as ES256 or PS256")
	fs.StringVar(&o.cert, "cert", "", "`FILE` with the client's certificate (PEM), for mutual TLS")
	fs.StringVar(&o.certKey, "cert-key", "", "`FILE` with its private key")
	fs.StringVar(&o.audience, "assertion-audience", "", "`AUD` of client assertions (default: the issuer)")
	fs.StringVar(&o.claims, "assertion-claims", "", "claims of assertions to set, or to drop with null: `JSON` or @FILE")
	fs.StringVar(&o.attestation, "attestation", "", "`FILE` with the client attestation JWT")
	fs.StringVar(&o.attestationKey, "attestation-key", "", "`FILE` with the private key that it names")
}

func (o *clientOptions) resolve(l *layer, demo bool, row commandRow) (c flow.Client, given clientauth.Credentials, err error) {
	c.ID = o.id
	if c.Secret, err = l.secret("client-secret", o.secret); err != nil {
		return c, given, err
	}
	if given, err = o.credentials(l, row); err != nil {
		return c, given, err
	}
	c.Keys = o.keys
	if err := o.complete(c, given); err != nil && !demo {
		return c, given, err
	}
	bare := c.Secret == "" && given.Key.Key == nil && given.Cert == nil && given.Attestation == ""
	switch {
	case c.ID == "" && demo && row.trusted && bare:
		c.ID, c.Secret = "confidential", "secret"
	case c.ID == "" && demo:
		c.ID = "public"
	case c.ID == "" && row.anonymous:
	case c.ID == "":
		return c, given, &usageError{"--client-id is missing", []string{
			"register a client with the server; it gives the id. Then:", "--client-id ID",
		}}
	case row.confidential && bare && o.method == "":
		return c, given, &usageError{"--client-secret is missing: this grant is only for a client that can prove who it is", []string{
			"keep it out of sight of other processes, or prove it by a key or a certificate:", "--client-secret @FILE", "--client-secret env:NAME", "--key FILE", "--cert FILE --cert-key FILE",
		}}
	}
	return c, given, nil
}

// complete refuses a method by name that has not what it needs.
func (o *clientOptions) complete(c flow.Client, given clientauth.Credentials) error {
	needs := map[string]struct {
		flag  string
		there bool
	}{
		"none":                        {"", true},
		"client_secret_basic":         {"--client-secret", c.Secret != ""},
		"client_secret_post":          {"--client-secret", c.Secret != ""},
		"client_secret_jwt":           {"--client-secret", c.Secret != ""},
		"private_key_jwt":             {"--key", given.Key.Key != nil},
		"tls_client_auth":             {"--cert", given.Cert != nil},
		"self_signed_tls_client_auth": {"--cert", given.Cert != nil},
		"attest_jwt_client_auth":      {"--attestation", given.Attestation != ""},
	}
	need, known := needs[o.method]
	switch {
	case o.method == "":
		return nil
	case !known:
		return &usageError{fmt.Sprintf("--auth-method is %q; it takes %s", o.method, strings.Join(clientauth.Names(), ", ")), nil}
	case !need.there && need.flag == "--key" && o.key != "":
		return &usageError{"--key " + o.key + " has keys for encryption alone (use enc), and " + o.method + " signs", []string{"make a key that signs, and register it:", "oauthprobe key new"}}
	case !need.there:
		return &usageError{need.flag + " is missing, and " + o.method + " needs it", []string{"give it:", need.flag + " FILE"}}
	}
	return nil
}

func (o *clientOptions) credentials(l *layer, row commandRow) (c clientauth.Credentials, err error) {
	c.Alg, c.Audience = o.alg, o.audience
	if o.key != "" {
		if c.Key, o.keys, err = l.privateKeys("--key", o.key, o.keyID, o.alg); err != nil {
			return c, err
		}
	}
	if (o.cert == "") != (o.certKey == "") && (!row.certified || o.certKey != "" || o.key == "") {
		return c, &usageError{"--cert and --cert-key go together", nil}
	}
	if o.certKey != "" {
		if c.Cert, err = l.certificate(o.cert, o.certKey); err != nil {
			return c, err
		}
	}
	if (o.attestation == "") != (o.attestationKey == "") {
		return c, &usageError{"--attestation and --attestation-key go together", nil}
	}
	if o.attestation != "" {
		text, err := readFile("--attestation", o.attestation)
		if err != nil {
			return c, err
		}
		c.Attestation = strings.TrimSpace(text)
		if c.AttestationKey, err = l.privateKey("--attestation-key", o.attestationKey, "", ""); err != nil {
			return c, err
		}
	}
	c.Claims, err = l.claims(o.claims)
	return c, err
}

// claims reads --assertion-claims.
func (l *layer) claims(given string) (map[string]any, error) {
	if given == "" {
		return nil, nil
	}
	text, _, err := l.value("--assertion-claims", given)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var claims map[string]any
	err = d.Decode(&claims)
	if _, more := d.Token(); err != nil || claims == nil || more != io.EOF {
		return nil, &usageError{"--assertion-claims is not one JSON object", []string{"for example:", `--assertion-claims '{"exp":1795440000,"jti":null}'`}}
	}
	return claims, nil
}
