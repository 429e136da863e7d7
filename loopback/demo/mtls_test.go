package demo_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// visitTLS comes to a server with mutual TLS, with or without the demo certificate.
func visitTLS(t *testing.T, run *demo.Running, with bool) *visitor {
	t.Helper()
	v := newVisitor(t, run.Issuer)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(run.CA) {
		t.Fatal("the server gave no certificate to trust")
	}
	config := &tls.Config{RootCAs: roots}
	if with {
		cert, err := tls.X509KeyPair(demo.ClientCertificate())
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	v.http.Transport = transport
	return v
}

func startMTLS(t *testing.T, start func(string, demo.Config) (*demo.Running, error), c demo.Config) *demo.Running {
	t.Helper()
	run, err := start("127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := run.Close(); err != nil {
			t.Error(err)
		}
	})
	return run
}

// x5t is the confirmation of the demo certificate, computed here (RFC 8705 §3.1).
func x5t(t *testing.T) string {
	t.Helper()
	cert, err := tls.X509KeyPair(demo.ClientCertificate())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(cert.Certificate[0])
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func machine(client string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {client}}
}

func TestMutualTLSAliases(t *testing.T) {
	run := startMTLS(t, demo.Start, demo.Config{MTLS: "127.0.0.1:0", Issuer: "/tenant"})
	v := visitTLS(t, run, true)
	if !strings.HasPrefix(run.MTLS, "https://127.0.0.1:") || !strings.HasPrefix(run.Issuer, "http://127.0.0.1:") {
		t.Fatalf("%+v", run)
	}
	m := v.get("/.well-known/openid-configuration").object(t)
	want := map[string]any{
		"pushed_authorization_request_endpoint": run.MTLS + "/par",
		"token_endpoint":                        run.MTLS + "/token", "device_authorization_endpoint": run.MTLS + "/device_authorization",
		"backchannel_authentication_endpoint": run.MTLS + "/backchannel", "userinfo_endpoint": run.MTLS + "/userinfo",
		"introspection_endpoint": run.MTLS + "/introspect", "revocation_endpoint": run.MTLS + "/revoke",
	}
	if diff := cmp.Diff(want, m["mtls_endpoint_aliases"]); diff != "" || m["tls_client_certificate_bound_access_tokens"] != true {
		t.Error(diff)
	}
	for _, id := range []string{"mtls", "mtls-ca"} {
		refused(t, v.post("/token", machine(id)), 401, "invalid_client", "see mtls_endpoint_aliases")
		a := v.post(run.MTLS+"/token", machine(id))
		if a.StatusCode != 200 {
			t.Errorf("%s: %s", id, a.body)
			continue
		}
		_, claims := v.verified(a.object(t)["access_token"])
		if diff := cmp.Diff(map[string]any{"x5t#S256": x5t(t)}, claims["cnf"]); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	if a := visit(t, demo.Config{}).post("/token", machine("mtls")); !strings.Contains(a.body, "this server has no TLS") {
		t.Errorf("without TLS: %s", a.body)
	}
	// Other clients may use that listener as well, with a certificate or without.
	if a := v.post(run.MTLS+"/token", confidential("client_credentials")); a.StatusCode != 200 {
		t.Errorf("confidential over TLS: %s", a.body)
	}
}

func TestMutualTLSIsBinding(t *testing.T) {
	c := demo.Client{ID: "c", SubjectDNS: "client.example", AuthMethods: []string{"tls_client_auth"}}
	run := startMTLS(t, demo.StartTLS, demo.Config{AutoConsent: true, Clients: []demo.Client{
		c, {ID: "other", SubjectDN: "CN=other"}, {ID: "host", SubjectDNS: "other.example"},
	}})
	v, bare := visitTLS(t, run, true), visitTLS(t, run, false)
	if !strings.HasPrefix(run.Issuer, "https://") || v.get("/.well-known/openid-configuration").object(t)["mtls_endpoint_aliases"] != nil {
		t.Errorf("issuer %s", run.Issuer)
	}
	code := v.code(ask("client_id=c"))
	refused(t, bare.post("/token", redeem(code, "client_id=c")), 401, "invalid_client", "none was sent")
	tok := v.granted(redeem(code, "client_id=c"))
	if a := v.whoami(tok["access_token"]); a.StatusCode != 200 {
		t.Errorf("with the certificate: %d", a.StatusCode)
	}
	if a := bare.whoami(tok["access_token"]); a.StatusCode != 401 || !strings.Contains(a.Header.Get("WWW-Authenticate"), "bound to a certificate") {
		t.Errorf("without the certificate: %d %v", a.StatusCode, a.Header)
	}
	refused(t, v.post("/token", machine("other")), 401, "invalid_client", "is registered as CN=other")
	refused(t, v.post("/token", machine("host")), 401, "invalid_client", "is registered as other.example")
	refused(t, v.post("/token", values(machine("c"), "client_secret=x")), 401, "invalid_client", "must authenticate by tls_client_auth")
}

func TestMutualTLSTrust(t *testing.T) {
	foreign := startMTLS(t, demo.StartTLS, demo.Config{}).CA // some other certificate
	run := startMTLS(t, demo.StartTLS, demo.Config{ClientCAs: foreign, Clients: []demo.Client{
		{ID: "mtls-ca", SubjectDN: "CN=mtls,O=oauthprobe demo"}, {ID: "mtls", Certificate: foreign},
	}})
	v := visitTLS(t, run, true)
	refused(t, v.post("/token", machine("mtls-ca")), 401, "invalid_client", "not to be trusted")
	refused(t, v.post("/token", machine("mtls")), 401, "invalid_client", "is not the one that client mtls registered")
	for _, c := range []struct {
		config demo.Config
		says   string
	}{
		{demo.Config{ClientCAs: []byte("x")}, "no certificate among the client CAs"},
		{demo.Config{Clients: []demo.Client{{ID: "c", Certificate: []byte("x")}}}, "no PEM"},
		{demo.Config{Clients: []demo.Client{{ID: "c", AuthMethods: []string{"tls_client_auth"}}}}, "needs a subject"},
		{demo.Config{Clients: []demo.Client{{ID: "c", AuthMethods: []string{"self_signed_tls_client_auth"}}}}, "needs a certificate"},
		{demo.Config{MTLS: "127.0.0.1:x"}, "unknown port"},
	} {
		if _, err := demo.Start("127.0.0.1:0", c.config); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %s", err, c.says)
		}
	}
}
