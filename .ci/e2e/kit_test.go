package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A keyKit is the keys and certificates of clients, servers and authorities.
type keyKit struct {
	rsa, es256, es384, ed25519, other jose.JSONWebKey // private; other is nobody's
	attester, instance                jose.JSONWebKey
	sealRSA, sealEC                   jose.JSONWebKey // of clients, to be encrypted to

	serverCA, clientCA     *authority
	server                 *issued // of the server, by serverCA
	byCA, selfSigned       *issued // of clients
	strangeCA, strangeSelf *issued // of clients that nobody knows
}

// kit is made once: RSA takes its time.
var kit = sync.OnceValue(func() *keyKit {
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	k := &keyKit{
		rsa:      jose.JSONWebKey{Key: rsaKey, KeyID: "rsa-1"},
		es256:    jose.JSONWebKey{Key: curve(elliptic.P256()), KeyID: "es256-1", Algorithm: "ES256", Use: "sig"},
		es384:    jose.JSONWebKey{Key: curve(elliptic.P384()), KeyID: "es384-1"},
		ed25519:  jose.JSONWebKey{Key: edKey, KeyID: "ed-1"},
		other:    jose.JSONWebKey{Key: curve(elliptic.P256()), KeyID: "es256-1"},
		attester: jose.JSONWebKey{Key: curve(elliptic.P256())},
		instance: jose.JSONWebKey{Key: curve(elliptic.P256())},
		sealRSA:  jose.JSONWebKey{Key: must(rsa.GenerateKey(rand.Reader, 2048)), KeyID: "seal-rsa", Use: "enc", Algorithm: "RSA-OAEP-256"},
		sealEC:   jose.JSONWebKey{Key: curve(elliptic.P256()), KeyID: "seal-ec", Use: "enc", Algorithm: "ECDH-ES"},
		serverCA: authorityNamed("server authority"),
		clientCA: authorityNamed("client authority"),
	}
	k.server = k.serverCA.issue("127.0.0.1")
	k.byCA = k.clientCA.issue("tls-client")
	k.selfSigned = issue("self-client", nil)
	k.strangeCA = authorityNamed("client authority").issue("tls-client") // the same names, and another key
	k.strangeSelf = issue("self-client", nil)
	return k
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func curve(c elliptic.Curve) *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(c, rand.Reader)) }

// An authority issues certificates.
type authority struct {
	*issued
	leaf *x509.Certificate
}

// An issued certificate and its key, as PEM.
type issued struct {
	key       *ecdsa.PrivateKey
	der       []byte
	cert, pem string
}

func authorityNamed(name string) *authority {
	i := issue(name, nil)
	return &authority{i, must(x509.ParseCertificate(i.der))}
}

func (a *authority) issue(name string) *issued { return issue(name, a) }

func issue(name string, by *authority) *issued {
	key := curve(elliptic.P256())
	template := &x509.Certificate{
		SerialNumber: must(rand.Int(rand.Reader, big.NewInt(1<<62))), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		DNSNames: []string{name + ".example"},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.leaf, by.key
	} else {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage |= x509.KeyUsageCertSign
		template.ExtKeyUsage = nil
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer))
	return &issued{
		key: key, der: der,
		cert: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		pem:  pkcs8(key),
	}
}

func pkcs8(key crypto.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))}))
}

func asJSON(v any) string { return string(must(json.Marshal(v))) }

// file keeps text in a file of the test.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// flags are --cert and --cert-key for a certificate.
func (i *issued) flags(t *testing.T) []string {
	t.Helper()
	return []string{"--cert", file(t, "cert.pem", i.cert), "--cert-key", file(t, "cert-key.pem", i.pem)}
}

func sign(key jose.JSONWebKey, alg jose.SignatureAlgorithm, typ string, claims any) string {
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options))
	return must(must(signer.Sign([]byte(asJSON(claims)))).CompactSerialize())
}

// attestation is what a vendor says of an instance of the client.
func attestation(by jose.JSONWebKey, client string) string {
	return sign(by, jose.ES256, "oauth-client-attestation+jwt", map[string]any{
		"iss": "https://vendor.example", "sub": client, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"cnf": map[string]any{"jwk": kit().instance.Public()},
	})
}

// peerTLS is the TLS of the shared peer: a port of its own, where it names its
// own authority for clients and no other.
func peerTLS() map[string]any {
	k := kit()
	return map[string]any{
		"tls":      map[string]any{"cert": k.server.cert, "key": k.server.pem, "ca": k.clientCA.cert},
		"attester": k.attester.Public(),
	}
}

const (
	machineSecret = "machine-Secret-4f1d7a90c2be-0123456789abcdef-0123456789abcdef-0123"
	shortSecret   = "short1"
)

// machines are clients that act for themselves, one for each method.
func machines() []any {
	k := kit()
	var all []any
	add := func(id, method string, more map[string]any) {
		c := map[string]any{
			"client_id": id, "token_endpoint_auth_method": method, "grant_types": []string{"client_credentials"},
			"redirect_uris": []string{}, "response_types": []string{}, "scope": "api:read api:write",
		}
		for name, value := range more {
			c[name] = value
		}
		all = append(all, c)
	}
	secret := map[string]any{"client_secret": machineSecret}
	add("m-basic", "client_secret_basic", secret)
	add("m-post", "client_secret_post", secret)
	add("m-secret-jwt", "client_secret_jwt", secret)
	add("m-hs512", "client_secret_jwt", map[string]any{"client_secret": machineSecret, "token_endpoint_auth_signing_alg": "HS512"})
	add("m-short", "client_secret_jwt", map[string]any{"client_secret": shortSecret})
	add("m-key", "private_key_jwt", map[string]any{"jwks": map[string]any{"keys": []any{
		k.rsa.Public(), k.es256.Public(), k.es384.Public(), k.ed25519.Public(),
	}}})
	add("m-tls", "tls_client_auth", map[string]any{"tls_client_auth_subject_dn": "CN=tls-client"})
	add("m-tls-san", "tls_client_auth", map[string]any{"tls_client_auth_san_dns": "tls-client.example"})
	add("m-self", "self_signed_tls_client_auth", map[string]any{"jwks": map[string]any{"keys": []any{selfJWK(k.selfSigned)}}})
	add("m-attested", "attest_jwt_client_auth", nil)
	return all
}

// selfJWK is the public key of a certificate, with the certificate (RFC 8705 §2.2.2).
func selfJWK(i *issued) map[string]any {
	var jwk map[string]any
	if err := json.Unmarshal([]byte(asJSON(jose.JSONWebKey{Key: i.key.Public()})), &jwk); err != nil {
		panic(err)
	}
	jwk["x5c"] = []string{base64.StdEncoding.EncodeToString(i.der)}
	return jwk
}
