package grant

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// samlKey is a key and a certificate of it.
func samlKey(t *testing.T, alg string) (jose.Private, *x509.Certificate) {
	t.Helper()
	random := rand.NewChaCha8([32]byte{1})
	key, err := jose.Generate(alg, random)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(1900000000, 0)}
	der, err := x509.CreateCertificate(random, template, template, key.Signer().Public(), key.Signer())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

// samlRun is a run against a server with an issuer and a token endpoint.
func samlRun() *flow.Run {
	r := &flow.Run{}
	r.Server = flow.Server{Issuer: "https://as.example", Replaced: map[flow.Endpoint]string{flow.Token: "https://as.example/t?a=1&b=2"}}
	r.Rand, r.Log = rand.NewChaCha8([32]byte{2}), trace.NewLog(time.Now, discard{})
	return r
}

type discard struct{}

func (discard) Emit(trace.Record) {}

// verified is what a foreign verifier says of an assertion, and what it covers.
func verified(t *testing.T, text string, cert *x509.Certificate, now time.Time) (*etree.Element, error) {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	// The verifier wants ASN.1 where XML Signature §6.4.3 has two plain numbers.
	if _, ok := cert.PublicKey.(*ecdsa.PublicKey); ok {
		value := doc.FindElement("//SignatureValue")
		raw, err := base64.StdEncoding.DecodeString(value.Text())
		if err != nil || len(raw) != 64 {
			t.Fatalf("%d octets of signature, %v", len(raw), err)
		}
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
		if err != nil {
			t.Fatal(err)
		}
		value.SetText(base64.StdEncoding.EncodeToString(der))
	}
	v := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	v.Clock = dsig.NewFakeClockAt(now)
	return v.Validate(doc.Root())
}

// A SAML assertion of our own says what RFC 7522 §3 wants, its certificate
// verifies it, and not after a change.
func TestSAMLAssertion(t *testing.T) {
	now := time.Unix(1795440000, 0) // 2026-11-23T13:20:00Z
	const begin, end = "2026-11-23T13:20:00Z", "2026-11-23T13:21:00Z"
	for _, c := range []struct {
		alg, method string
		signer      SAMLSigner
		sent        bool // the certificate
		audience    string
		recipient   string
	}{
		{"RS256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", SAMLSigner{}, true, "https://as.example", "https://as.example/t?a=1&b=2"},
		{"ES256", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", SAMLSigner{Audience: "you <&>", Recipient: "there"}, false, "you <&>", "there"},
	} {
		key, cert := samlKey(t, c.alg)
		c.signer.Key, c.signer.Issuer, c.signer.Subject = key, "https://idp.example", `alice & "bob" <x>`
		if c.sent {
			c.signer.Cert = cert.Raw
		}
		made, err := c.signer.Assertion(samlRun(), now)
		if err != nil {
			t.Fatalf("%s: %v", c.alg, err)
		}
		plain, err := base64.RawURLEncoding.DecodeString(made)
		if err != nil {
			t.Fatalf("%s: %v", c.alg, err)
		}
		got, err := verified(t, string(plain), cert, now)
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.alg, err, plain)
		}
		for old, changed := range map[string]string{"alice": "mallory", `Recipient="`: `Recipient="x`, "as.example": "evil.example", "_": "_x", end: "2027-11-23T13:21:00Z"} {
			if strings.Contains(string(plain), old) {
				if _, err := verified(t, strings.ReplaceAll(string(plain), old, changed), cert, now); err == nil {
					t.Errorf("%s: %s became %s and nobody minded", c.alg, old, changed)
				}
			}
		}
		text := func(path string) string { return got.FindElement(path).Text() }
		attr := func(path, name string) string { return got.FindElement(path).SelectAttrValue(name, "") }
		want := map[string]string{
			"Version": "2.0", "IssueInstant": begin, "Issuer": "https://idp.example", "NameID": `alice & "bob" <x>`, "Method": "urn:oasis:names:tc:SAML:2.0:cm:bearer",
			"Recipient": c.recipient, "confirmed until": end, "NotBefore": begin, "NotOnOrAfter": end, "Audience": c.audience, "AuthnInstant": begin,
		}
		said := map[string]string{
			"Version": got.SelectAttrValue("Version", ""), "IssueInstant": got.SelectAttrValue("IssueInstant", ""), "Issuer": text("Issuer"), "NameID": text("Subject/NameID"),
			"Method": attr("Subject/SubjectConfirmation", "Method"), "Recipient": attr("//SubjectConfirmationData", "Recipient"), "confirmed until": attr("//SubjectConfirmationData", "NotOnOrAfter"),
			"NotBefore": attr("Conditions", "NotBefore"), "NotOnOrAfter": attr("Conditions", "NotOnOrAfter"), "Audience": text("Conditions/AudienceRestriction/Audience"), "AuthnInstant": attr("AuthnStatement", "AuthnInstant"),
		}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.alg, diff)
		}
		if id := got.SelectAttrValue("ID", ""); len(id) != 23 || id[0] != '_' {
			t.Errorf("%s: ID %q", c.alg, id)
		}
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(plain); err != nil {
			t.Fatal(err)
		}
		order := []string{}
		for _, e := range doc.Root().ChildElements() {
			order = append(order, e.Tag)
		}
		if diff := cmp.Diff([]string{"Issuer", "Signature", "Subject", "Conditions", "AuthnStatement"}, order); diff != "" {
			t.Errorf("%s: the schema wants another order:\n%s", c.alg, diff)
		}
		if m := doc.FindElement("//SignatureMethod").SelectAttrValue("Algorithm", ""); m != c.method {
			t.Errorf("%s: %s", c.alg, m)
		}
		if (doc.FindElement("//X509Certificate") != nil) != c.sent || (doc.FindElement("//KeyInfo") != nil) != c.sent {
			t.Errorf("%s: KeyInfo of %s", c.alg, plain)
		}
	}
}

// What cannot be said or signed is named.
func TestSAMLAssertionRefused(t *testing.T) {
	key, _ := samlKey(t, "ES256")
	other, err := jose.Generate("EdDSA", rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	curve, err := jose.Generate("ES384", rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		signer SAMLSigner
		field  string
	}{
		{SAMLSigner{Key: other, Issuer: "i", Subject: "s"}, "key"},
		{SAMLSigner{Key: curve, Issuer: "i", Subject: "s"}, "key"},
		{SAMLSigner{Issuer: "i", Subject: "s"}, "key"},
		{SAMLSigner{Key: key, Subject: "s"}, "assertion_claims"},
		{SAMLSigner{Key: key, Issuer: "i"}, "assertion_claims"},
		{SAMLSigner{Key: key, Issuer: "i", Subject: "a\x00b"}, "assertion_claims"},
		{SAMLSigner{Key: key, Issuer: "i\xff", Subject: "s"}, "assertion_claims"},
		{SAMLSigner{Key: key, Issuer: "i", Subject: "s", Audience: "a\rb"}, "assertion_audience"},
	} {
		var config *flow.ConfigError
		if _, err := c.signer.Assertion(samlRun(), time.Unix(1795440000, 0)); !errors.As(err, &config) || config.Field != c.field {
			t.Errorf("%+v: %v", c.signer, err)
		}
	}
	r := samlRun()
	r.Rand = strings.NewReader("short")
	if _, err := (SAMLSigner{Key: key, Issuer: "i", Subject: "s"}).Assertion(r, time.Now()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("no randomness: %v", err)
	}
}

// A ready assertion goes out as RFC 7522 §2.1 wants it, however it was kept.
func TestEncodeSAML(t *testing.T) {
	xml := "<a>\u00ff\u00fe~~~??>>!</a>"
	url := base64.RawURLEncoding.EncodeToString([]byte(xml))
	std := base64.StdEncoding.EncodeToString([]byte(xml))
	if url == strings.TrimRight(std, "=") {
		t.Fatal("the two encodings must differ here")
	}
	for _, c := range []struct{ name, given, want, said string }{
		{"XML", xml, url, ""},
		{"XML in a file", "\n" + xml + "\n", url, ""},
		{"base64url", url, url, ""},
		{"base64url with padding", base64.URLEncoding.EncodeToString([]byte(xml)), url, "another form of base64"},
		{"base64", std, url, "another form of base64"},
		{"base64 in lines", std[:8] + "\r\n" + std[8:] + "\n", url, "another form of base64"},
		{"neither", "{\"a\": 1}", "{\"a\": 1}", "neither XML nor base64url"},
	} {
		got, said := EncodeSAML(c.given)
		if got != c.want || !strings.Contains(said, c.said) || (said == "") != (c.said == "") {
			t.Errorf("%s: %q, %q", c.name, got, said)
		}
	}
}
