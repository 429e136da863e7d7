package demo

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
)

// tlsMethods is how a client proves itself by its certificate (RFC 8705 §2).
var tlsMethods = []string{"tls_client_auth", "self_signed_tls_client_auth"}

// tlsMethod is the one of these that a client is registered for, or "".
func (c Client) tlsMethod() string {
	for _, m := range c.AuthMethods {
		if slices.Contains(tlsMethods, m) {
			return m
		}
	}
	return ""
}

// proveCertificate authenticates a client by the certificate of its connection.
// The handshake has proven that the client holds the key and nothing else.
func (s *Server) proveCertificate(x *exchange, c Client) *oauthError {
	fail := func(why string) *oauthError { return &oauthError{"invalid_client", why} }
	cert := x.certificate()
	switch {
	case x.r.TLS == nil && s.mtls != "":
		return fail("client " + c.ID + " must authenticate by its certificate, and this connection is plain; see mtls_endpoint_aliases")
	case x.r.TLS == nil:
		return fail("client " + c.ID + " must authenticate by its certificate, and this server has no TLS")
	case cert == nil:
		return fail("client " + c.ID + " must authenticate by its certificate, and none was sent")
	}
	if c.tlsMethod() == "self_signed_tls_client_auth" {
		if !cert.Equal(c.certificate) {
			return fail("the certificate is not the one that client " + c.ID + " registered (RFC 8705 section 2.2)")
		}
	} else if err := s.proveChain(x, c, cert); err != nil {
		return fail(err.Error())
	}
	x.bound = thumbprint(cert)
	return nil
}

// proveChain checks the issuer of a certificate and the name in it (RFC 8705 §2.1).
func (s *Server) proveChain(x *exchange, c Client, cert *x509.Certificate) error {
	between := x509.NewCertPool()
	for _, other := range x.r.TLS.PeerCertificates[1:] {
		between.AddCert(other)
	}
	_, err := cert.Verify(x509.VerifyOptions{
		Roots: s.clientRoots, Intermediates: between, CurrentTime: s.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	switch {
	case err != nil:
		return fmt.Errorf("the certificate is not to be trusted: %w", err)
	case c.SubjectDN != "" && cert.Subject.String() != c.SubjectDN:
		return fmt.Errorf("the subject of the certificate is %s, and client %s is registered as %s", cert.Subject, c.ID, c.SubjectDN)
	case c.SubjectDNS != "" && !slices.Contains(cert.DNSNames, c.SubjectDNS):
		return fmt.Errorf("the certificate names the hosts %v, and client %s is registered as %s", cert.DNSNames, c.ID, c.SubjectDNS)
	}
	return nil
}

// certificate is what the client showed on this connection, or nil.
func (x *exchange) certificate() *x509.Certificate {
	if x.r.TLS == nil || len(x.r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return x.r.TLS.PeerCertificates[0]
}

// thumbprint is x5t#S256 (RFC 8705 §3.1).
func thumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64URL(sum[:])
}

// confirmation is the cnf claim that binds an access token to a certificate, or nil (RFC 8705 §3.1).
func (s *Server) confirmation(x *exchange) object {
	switch {
	case x.bound == "" || s.broken("mtls-binding-missing"):
		return nil
	case s.broken("mtls-binding-wrong"):
		sum := sha256.Sum256([]byte("another certificate"))
		return object{{"x5t#S256", base64URL(sum[:])}}
	}
	return object{{"x5t#S256", x.bound}}
}

// holds says whether the connection shows the certificate that a token is bound to.
func (x *exchange) holds(t *issuedToken) bool {
	return x.shows(t.bound)
}

// shows says whether the connection shows the certificate of this thumbprint, if any.
func (x *exchange) shows(bound string) bool {
	if bound == "" {
		return true
	}
	cert := x.certificate()
	return cert != nil && subtle.ConstantTimeCompare([]byte(thumbprint(cert)), []byte(bound)) == 1
}

// parseCertificate reads the first certificate of a PEM text.
func parseCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("the certificate is no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}
