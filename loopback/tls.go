package loopback

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

// SelfSigned makes a certificate for hosts (names and addresses) that lives for a day, and its SHA-256 fingerprint as browsers
// show it: the person compares it before trusting it.
func SelfSigned(hosts []string, now time.Time, rand io.Reader) (tls.Certificate, string, error) {
	if len(hosts) == 0 {
		return tls.Certificate{}, "", errors.New("a certificate needs a host")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand)
	if err != nil {
		return tls.Certificate{}, "", fmt.Errorf("make a key: %w", err)
	}
	serial := make([]byte, 16) // RFC 5280 §4.1.2.2: positive, at most 20 octets
	if _, err := io.ReadFull(rand, serial); err != nil {
		return tls.Certificate{}, "", fmt.Errorf("make a serial number: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40
	leaf := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: hosts[0], Organization: []string{"oauthprobe, for one run"}},
		NotBefore:    now.Add(-5 * time.Minute), // a browser's clock may be behind
		NotAfter:     now.Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},

		BasicConstraintsValid: true,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(strings.Trim(h, "[]")); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand, leaf, leaf, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, "", fmt.Errorf("sign the certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, fingerprint(der), nil
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// CertificateError is a certificate or key file that cannot be used, and why.
type CertificateError struct {
	File   string
	Reason string
	Err    error
}

// Error names the file and the reason.
func (e *CertificateError) Error() string { return e.File + ": " + e.Reason }

// Unwrap returns the cause.
func (e *CertificateError) Unwrap() error { return e.Err }

// LoadCertificate reads a PEM certificate (chain) and its key. Errors are *CertificateError.
func LoadCertificate(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := readPEM(certFile, "CERTIFICATE", "a certificate")
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readPEM(keyFile, "PRIVATE KEY", "a private key")
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	switch {
	case err == nil:
		return pair, nil
	case strings.Contains(err.Error(), "does not match"):
		return tls.Certificate{}, &CertificateError{keyFile, "is not the key of the certificate in " + certFile, err}
	}
	if _, bad := x509.ParseCertificate(firstDER(cert)); bad != nil {
		return tls.Certificate{}, &CertificateError{certFile, "holds a certificate that cannot be read: " + bad.Error(), bad}
	}
	return tls.Certificate{}, &CertificateError{keyFile, "holds a key that cannot be read: " + strings.TrimPrefix(err.Error(), "tls: "), err}
}

// readPEM reads a file and makes sure that it holds what it should.
func readPEM(file, kind, what string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		if at, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, &CertificateError{file, "cannot be read: " + at.Err.Error(), err}
		}
		return nil, &CertificateError{file, "cannot be read: " + err.Error(), err}
	}
	var found []string
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, &CertificateError{File: file, Reason: "holds an encrypted key: decrypt it first (openssl pkey)"}
		}
		if strings.HasSuffix(block.Type, kind) {
			return data, nil
		}
		found = append(found, block.Type)
	}
	if len(found) > 0 {
		return nil, &CertificateError{File: file, Reason: fmt.Sprintf("holds %s, not %s", plain(strings.Join(found, ", "), 80), what)}
	}
	if bytes.HasPrefix(data, []byte{0x30}) { // DER: a SEQUENCE
		return nil, &CertificateError{File: file, Reason: "holds DER, not PEM (openssl converts it)"}
	}
	return nil, &CertificateError{File: file, Reason: "holds no PEM"}
}

func firstDER(data []byte) []byte {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return block.Bytes
		}
	}
	return nil
}
