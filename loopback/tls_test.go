package loopback

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSelfSigned(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	cert, print, err := SelfSigned([]string{"localhost", "127.0.0.1", "[::1]"}, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
		if err := leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("key %T", leaf.PublicKey)
	}
	if !leaf.NotAfter.Equal(now.Add(24*time.Hour)) || leaf.NotBefore.After(now) || leaf.SerialNumber.Sign() <= 0 {
		t.Errorf("from %s to %s, serial %s", leaf.NotBefore, leaf.NotAfter, leaf.SerialNumber)
	}
	sum := sha256.Sum256(cert.Certificate[0])
	if got := strings.ToLower(strings.ReplaceAll(print, ":", "")); got != hex.EncodeToString(sum[:]) || strings.Count(print, ":") != 31 {
		t.Errorf("fingerprint %s", print)
	}
	if _, _, err := SelfSigned(nil, now, rand.Reader); err == nil {
		t.Error("a certificate for nobody")
	}
}

func TestLoadCertificate(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	make1 := func(name string) (cert, key string) {
		c, _, err := SelfSigned([]string{"localhost"}, time.Now(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		return put(name+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})),
			put(name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	cert, key := make1("a")
	_, other := make1("b")
	if _, err := LoadCertificate(cert, key); err != nil {
		t.Fatal(err)
	}
	junk := put("junk", []byte("hello"))
	der := put("der", []byte{0x30, 0x82, 1, 2})
	locked := put("locked", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}}))
	broken := put("broken", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}))
	brokenKey := put("brokenkey", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}))
	absent := filepath.Join(dir, "absent")
	for _, c := range []struct{ cert, key, file, reason string }{
		{absent, key, absent, "cannot be read: "},
		{cert, absent, absent, "cannot be read: "},
		{junk, key, junk, "holds no PEM"},
		{der, key, der, "holds DER, not PEM"},
		{key, cert, key, "holds PRIVATE KEY, not a certificate"},
		{cert, cert, cert, "holds CERTIFICATE, not a private key"},
		{cert, locked, locked, "holds an encrypted key"},
		{cert, other, other, "is not the key of the certificate in " + cert},
		{broken, key, broken, "holds a certificate that cannot be read"},
		{cert, brokenKey, brokenKey, "holds a key that cannot be read"},
	} {
		_, err := LoadCertificate(c.cert, c.key)
		why, ok := errors.AsType[*CertificateError](err)
		if !ok || why.File != c.file || !strings.HasPrefix(why.Reason, c.reason) {
			t.Errorf("%s and %s: got %v, want %s: %s", c.cert, c.key, err, c.file, c.reason)
		}
	}
}
