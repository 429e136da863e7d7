package e2e

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// drive is one run that needs nobody, at a server.
func drive(t *testing.T, exit int, command, issuer string, args ...string) outcome {
	t.Helper()
	return start(t, []string{"SECRET=" + machineSecret, "PASSWORD=" + password}, append([]string{command, issuer, "--timeout", "60s"}, args...)...).wait(t, exit)
}

// checkOneError expects a failed run to say so once, and nothing on stdout.
func checkOneError(t *testing.T, stdout, stderr string) {
	t.Helper()
	if n := strings.Count("\n"+stderr, "\noauthprobe: error: "); n != 1 {
		t.Errorf("%d errors on stderr, want 1", n)
	}
	if stdout != "" {
		t.Errorf("stdout of a failed run is %q", stdout)
	}
}

// grantedTo is what the server remembers of the last token of a client that no
// other test uses at the same time.
func (p *peer) grantedTo(t *testing.T, token string, client string) peerLine {
	t.Helper()
	var last *peerLine
	for _, l := range p.lines(t) {
		if l.Kind == "granted" && l.Client == client {
			last = &l
		}
	}
	if last == nil {
		t.Fatalf("the server granted %q nothing, and yet there is %q", client, token)
	}
	return *last
}

// The ways to prove oneself by a secret, at a server that nobody here wrote.
func TestSecretMethods(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	for _, c := range []struct {
		name, id, secret, want string
		args                   []string
		alg                    string // of the assertion
	}{
		{"basic by default", "m-basic", "env:SECRET", "client_secret_basic", nil, ""},
		{"post", "m-post", "env:SECRET", "client_secret_post", []string{"--auth-method", "client_secret_post"}, ""},
		{"client_secret_jwt", "m-secret-jwt", "env:SECRET", "client_secret_jwt", []string{"--auth-method", "client_secret_jwt"}, "HS256"},
		{"client_secret_jwt by HS512", "m-hs512", "env:SECRET", "client_secret_jwt", []string{"--auth-method", "client_secret_jwt", "--signing-alg", "HS512"}, "HS512"},
		{"client_secret_jwt with a short secret", "m-short", "value:" + shortSecret, "client_secret_jwt", []string{"--auth-method", "client_secret_jwt"}, "HS256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := drive(t, 0, "cc", p.issuer, append(c.args, "--client-id", c.id, "--client-secret", c.secret, "--scope", "api:read")...)
			checkClean(t, o)
			checkPeerHygiene(t, p, o)
			checkHygiene(t, o, machineSecret)
			checkMachineToken(t, p, o)
			l := p.grantedTo(t, o.stdout, c.id)
			if l.AuthMethod != c.want {
				t.Errorf("the server was convinced by %s, want %s", l.AuthMethod, c.want)
			}
			if c.alg != "" {
				checkAssertion(t, p, l.Params["client_assertion"], c.id, c.alg, "")
				checkHygiene(t, o, l.Params["client_assertion"])
			}
		})
	}
}

// checkMachineToken expects one of the server's own tokens on stdout, for the
// scope that was asked for, and no ID token: there is no person.
func checkMachineToken(t *testing.T, p *peer, o outcome) {
	t.Helper()
	answer := o.tokens(t)
	if s, _ := answer["access_token"].(string); !p.saved(t, "client_credentials", s) {
		t.Errorf("access_token is %q, which the server never issued", s)
	}
	if answer["scope"] != "api:read" || answer["token_type"] != "Bearer" || answer["expires_in"] != 600.0 || len(answer) != 4 {
		t.Errorf("stdout is %v", answer)
	}
}

// checkAssertion looks at an assertion that the server has taken (RFC 7523 §3):
// its audience is the issuer, as one string.
func checkAssertion(t *testing.T, p *peer, assertion, id, alg, kid string) {
	t.Helper()
	jws, err := jose.ParseSigned(assertion, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatalf("the assertion %q: %v", assertion, err)
	}
	if got := jws.Signatures[0].Header.KeyID; got != kid {
		t.Errorf("kid of the assertion is %q, want %q", got, kid)
	}
	var claims struct {
		Iss, Sub, Jti string
		Aud           any
		Iat, Exp      int64
	}
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Iss != id || claims.Sub != id || claims.Aud != p.issuer || claims.Jti == "" || claims.Exp <= claims.Iat {
		t.Errorf("claims of the assertion are %+v", claims)
	}
}

// A private key in every form that a file of it may have.
func TestKeyFiles(t *testing.T) {
	t.Parallel()
	p, k := theProvider(t), kit()
	all := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.es256, k.rsa, k.ed25519}}
	rsaPEM := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k.rsa.Key.(*rsa.PrivateKey))}))
	ecPEM := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: must(x509.MarshalECPrivateKey(k.es384.Key.(*ecdsa.PrivateKey)))}))
	for _, c := range []struct {
		name, text string
		args       []string
		alg, kid   string
	}{
		{"JWK of P-256", asJSON(k.es256), nil, "ES256", "es256-1"},
		{"JWK of RSA", asJSON(k.rsa), nil, "RS256", "rsa-1"},
		{"JWK of RSA, PS256", asJSON(k.rsa), []string{"--signing-alg", "PS256"}, "PS256", "rsa-1"},
		{"JWK of Ed25519, EdDSA", asJSON(k.ed25519), []string{"--signing-alg", "EdDSA"}, "EdDSA", "ed-1"},
		{"JWK of Ed25519, Ed25519", asJSON(k.ed25519), []string{"--signing-alg", "Ed25519"}, "Ed25519", "ed-1"},
		{"JWKS by kid", asJSON(all), []string{"--key-id", "rsa-1"}, "RS256", "rsa-1"},
		{"JWKS by alg", asJSON(all), []string{"--signing-alg", "ES256"}, "ES256", "es256-1"},
		{"PKCS #8", pkcs8(k.ed25519.Key), []string{"--signing-alg", "EdDSA"}, "EdDSA", ""},
		{"PKCS #1", rsaPEM, nil, "RS256", ""},
		{"SEC 1", ecPEM, nil, "ES384", ""},
		{"PEM with a kid to send", pkcs8(k.es256.Key), []string{"--key-id", "es256-1"}, "ES256", "es256-1"},
	} {
		t.Run(c.name, func(t *testing.T) { // one after another: they are one client
			o := drive(t, 0, "cc", p.issuer, append(c.args, "--client-id", "m-key", "--key", file(t, "key", c.text), "--scope", "api:read")...)
			checkClean(t, o)
			checkMachineToken(t, p, o)
			l := p.grantedTo(t, o.stdout, "m-key")
			if l.AuthMethod != "private_key_jwt" || l.Params["client_secret"] != "" {
				t.Errorf("the server was convinced by %s", l.AuthMethod)
			}
			checkAssertion(t, p, l.Params["client_assertion"], "m-key", c.alg, c.kid)
			checkHygiene(t, o, l.Params["client_assertion"])
			checkNoKey(t, o, c.text)
		})
	}
}

// checkNoKey expects no part of a private key anywhere.
func checkNoKey(t *testing.T, o outcome, text string) {
	t.Helper()
	var jwk struct{ D string }
	if json.Unmarshal([]byte(text), &jwk) == nil && jwk.D != "" {
		checkHygiene(t, o, jwk.D)
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) > 40 && !strings.HasPrefix(line, "-") && !strings.HasPrefix(line, "{") {
			checkHygiene(t, o, line)
		}
	}
}

// Keys that cannot be used end the run before anything is sent, and say which
// file it is about.
func TestUnusableKeys(t *testing.T) {
	t.Parallel()
	k := kit()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := exec.Command(node, "-e", `process.stdout.write(require("crypto").generateKeyPairSync("ec", {namedCurve: "P-256",
		publicKeyEncoding: {type: "spki", format: "pem"},
		privateKeyEncoding: {type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "top secret"}}).privateKey)`).Output()
	if err != nil {
		t.Fatal(err)
	}
	legacy, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", must(x509.MarshalECPrivateKey(k.es384.Key.(*ecdsa.PrivateKey))), []byte("top secret"), x509.PEMCipherAES256) //nolint:staticcheck // it is what old files are
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		says       string
	}{
		{"encrypted PKCS #8", string(encrypted), "encrypted"},
		{"encrypted SEC 1", string(pem.EncodeToMemory(legacy)), "encrypted"},
		{"public JWK", asJSON(k.es256.Public()), "public"},
		{"certificate", k.byCA.cert, "certificate"},
		{"empty", "", ""},
		{"not a key", "hello", ""},
		{"cut off", asJSON(k.es256)[:60], ""},
		{"for encryption", strings.Replace(asJSON(k.es256), `"use":"sig"`, `"use":"enc"`, 1), "use"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := file(t, "the-key-file", c.text)
			stderr := refuse(t, "cc", "--client-id", "m-key", "--auth-method", "private_key_jwt", "--key", path)
			if !strings.Contains(stderr, "--key") && !strings.Contains(stderr, path) {
				t.Errorf("stderr names neither --key nor the file: %s", stderr)
			}
			if !strings.Contains(stderr, c.says) {
				t.Errorf("stderr does not say %q: %s", c.says, stderr)
			}
		})
	}
	t.Run("no such file", func(t *testing.T) {
		t.Parallel()
		stderr := refuse(t, "cc", "--client-id", "m-key", "--key", "/nowhere/key.pem")
		if !strings.Contains(stderr, "/nowhere/key.pem") {
			t.Errorf("stderr does not name the file: %s", stderr)
		}
	})
	t.Run("kid that is not there", func(t *testing.T) {
		t.Parallel()
		keys := file(t, "keys", asJSON(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.es256, k.rsa}}))
		stderr := refuse(t, "cc", "--client-id", "m-key", "--key", keys, "--key-id", "no-such")
		if !strings.Contains(stderr, "no-such") {
			t.Errorf("stderr does not name the kid: %s", stderr)
		}
	})
}

// What the server does not believe: exit 3, invalid_client, and no false alarm.
func TestWrongProof(t *testing.T) {
	t.Parallel()
	p, k := theProvider(t), kit()
	tls := []string{"--cacert", file(t, "ca.pem", k.serverCA.cert)}
	other := file(t, "key", asJSON(k.other))
	for _, c := range []struct {
		name string
		args []string
	}{
		{"secret by basic", []string{"--client-id", "m-basic", "--client-secret", "value:wrong"}},
		{"secret by post", []string{"--client-id", "m-post", "--client-secret", "value:wrong", "--auth-method", "client_secret_post"}},
		{"secret in a MAC", []string{"--client-id", "m-secret-jwt", "--client-secret", "value:" + strings.Repeat("wrong", 10), "--auth-method", "client_secret_jwt"}},
		{"key with the right kid", []string{"--client-id", "m-key", "--key", other}},
		{"key for another client", []string{"--client-id", "m-basic", "--key", other}},
		{"expired assertion", []string{"--client-id", "m-key", "--key", file(t, "key", asJSON(k.es256)), "--assertion-claims", `{"iat":1600000000,"exp":1600000060}`}},
		{"audience of another", []string{"--client-id", "m-key", "--key", file(t, "key", asJSON(k.es256)), "--assertion-audience", "https://other.example"}},
		{"assertion without jti", []string{"--client-id", "m-key", "--key", file(t, "key", asJSON(k.es256)), "--assertion-claims", `{"jti":null}`}},
		{"certificate of another authority", append(append([]string{"--client-id", "m-tls", "--auth-method", "tls_client_auth"}, tls...), k.strangeCA.flags(t)...)},
		{"certificate for another name", append(append([]string{"--client-id", "m-tls", "--auth-method", "tls_client_auth"}, tls...), k.clientCA.issue("somebody").flags(t)...)},
		{"unregistered certificate", append(append([]string{"--client-id", "m-self"}, tls...), k.strangeSelf.flags(t)...)},
		{"attestation of another", []string{"--client-id", "m-attested", "--attestation", file(t, "attestation", attestation(k.other, "m-attested")), "--attestation-key", file(t, "key", asJSON(k.instance))}},
		{"attested key of another", []string{"--client-id", "m-attested", "--attestation", file(t, "attestation", attestation(k.attester, "m-attested")), "--attestation-key", other}},
		{"nothing", []string{"--client-id", "m-basic", "--auth-method", "none"}},
		{"unknown client", []string{"--client-id", "nobody", "--client-secret", "env:SECRET"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := drive(t, 3, "cc", p.issuer, append(c.args, "--scope", "api:read")...)
			if kind, endpoint, code := o.refused(); kind != "refused" || endpoint != "token" || code != "invalid_client" {
				t.Errorf("the run ended with %s, %s, %s; want refused, token, invalid_client", kind, endpoint, code)
			}
			if failed := o.failed(); failed != nil {
				t.Errorf("an honest refusal failed checks: %v", failed)
			}
			checkOneError(t, o.stdout, o.stderr)
			checkHygiene(t, o, machineSecret)
		})
	}
}

// Mutual TLS. The shared peer speaks plain http, and names a TLS port for what
// needs one in mtls_endpoint_aliases (RFC 8705 §5); another peer is all TLS and
// has no aliases.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	k := kit()
	config := peerConfig()
	config["peer"].(map[string]any)["front"] = "https"
	secure, err := startPeer(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(secure.stop)
	for _, c := range []struct {
		name, id string
		with     *issued
		args     []string
		want     string
	}{
		{"by an authority", "m-tls", k.byCA, nil, "tls_client_auth"},
		{"by an authority, as asked", "m-tls-san", k.byCA, []string{"--auth-method", "tls_client_auth"}, "tls_client_auth"},
		// The server names its own authority for clients. That is a hint at most,
		// and this certificate is sent all the same.
		{"self-signed", "m-self", k.selfSigned, nil, "self_signed_tls_client_auth"},
	} {
		for where, p := range map[string]*peer{"with aliases": theProvider(t), "without": secure} {
			t.Run(c.name+" "+where, func(t *testing.T) {
				t.Parallel()
				args := append(append(c.args, "--client-id", c.id, "--scope", "api:read", "--cacert", file(t, "ca.pem", k.serverCA.cert)), c.with.flags(t)...)
				o := drive(t, 0, "cc", p.issuer, args...)
				checkClean(t, o)
				checkMachineToken(t, p, o)
				checkHygiene(t, o, o.stdout)
				checkNoKey(t, o, c.with.pem)
				l := p.grantedTo(t, o.stdout, c.id)
				if l.AuthMethod != c.want || l.Params["client_id"] != c.id {
					t.Errorf("the server was convinced by %s with %v", l.AuthMethod, l.Params)
				}
				checkCertificate(t, p, o, c.with, where == "with aliases")
			})
		}
	}
}

// checkCertificate expects the server to have seen a certificate at the token
// endpoint, and nowhere else where the aliases are for it.
func checkCertificate(t *testing.T, p *peer, o outcome, with *issued, aliases bool) {
	t.Helper()
	sum := sha256.Sum256(with.der)
	want := strings.ToUpper(hex.EncodeToString(sum[:]))
	seen := false
	for _, l := range p.lines(t) {
		if strings.ReplaceAll(l.Certificate, ":", "") == want {
			seen = seen || l.URL == "/token" && l.Status == 200 && l.Secure
		}
		if aliases && l.Secure && l.URL != "/token" {
			t.Errorf("%s %s came to the TLS port", l.Method, l.URL)
		}
	}
	if !seen {
		t.Error("the server saw no such certificate at the token endpoint")
	}
	if url := o.exchange(t, "token").Request.URL; !strings.HasPrefix(url, "https://127.0.0.1:") {
		t.Errorf("the token request went to %s", url)
	}
}

// The aliases are for mutual TLS and for nothing else.
func TestAliasesOnlyForCertificates(t *testing.T) {
	t.Parallel()
	p := theProvider(t)
	o := drive(t, 0, "cc", p.issuer, "--client-id", "m-basic", "--client-secret", "env:SECRET", "--scope", "api:read")
	if url := o.exchange(t, "token").Request.URL; url != p.issuer+"/token" {
		t.Errorf("the token request went to %s", url)
	}
}

// TLS that is not trusted: exit 5, and no credential is sent.
func TestUntrustedTLS(t *testing.T) {
	t.Parallel()
	p, k := theProvider(t), kit()
	o := drive(t, 5, "cc", p.issuer, append(k.byCA.flags(t), "--client-id", "m-tls", "--auth-method", "tls_client_auth")...)
	checkOneError(t, o.stdout, o.stderr)
	if !strings.Contains(o.stderr, "--cacert") {
		t.Error("no hint at --cacert")
	}
	if kind, _, _ := o.refused(); kind != "tls" {
		t.Errorf("the run ended with %s, want tls", kind)
	}
}

// An attested client: the server demands a challenge in the proof, and gets it.
func TestAttestation(t *testing.T) {
	t.Parallel()
	p, k := theProvider(t), kit()
	o := drive(t, 0, "cc", p.issuer, "--client-id", "m-attested", "--scope", "api:read",
		"--attestation", file(t, "attestation", attestation(k.attester, "m-attested")), "--attestation-key", file(t, "key", asJSON(k.instance)))
	checkClean(t, o)
	checkMachineToken(t, p, o)
	checkNoKey(t, o, asJSON(k.instance))
	l := p.grantedTo(t, o.stdout, "m-attested")
	if l.AuthMethod != "attest_jwt_client_auth" {
		t.Errorf("the server was convinced by %s", l.AuthMethod)
	}
	checkHygiene(t, o, l.Pop)
	_, payload, _ := strings.Cut(l.Pop, ".")
	payload, _, _ = strings.Cut(payload, ".")
	var claims struct{ Aud, Challenge, Jti string }
	if err := json.Unmarshal(must(base64.RawURLEncoding.DecodeString(payload)), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Aud != p.issuer || claims.Challenge == "" || claims.Jti == "" {
		t.Errorf("the proof claims %+v", claims)
	}
}
