package grant

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/base64"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// A SAMLSigner is what a SAML assertion of our own is made with. The zero
// Audience is the server's issuer, the zero Recipient its token endpoint.
type SAMLSigner struct {
	Key                 jose.Private
	Cert                []byte // DER of the key's certificate, to be sent along; may be nil
	Issuer, Subject     string
	Audience, Recipient string
}

// The names of SAML 2.0 Core that an assertion is made of.
const (
	samlNamespace   = "urn:oasis:names:tc:SAML:2.0:assertion"
	samlBearer      = "urn:oasis:names:tc:SAML:2.0:cm:bearer"                 // RFC 7522 §3
	samlUnspecified = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"    // how the person signed in is not known here
	samlNameID      = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" // what kind of name it is neither
	samlInstant     = "2006-01-02T15:04:05Z"                                  // SAML Core §1.3.3: UTC
)

// Assertion makes a signed SAML assertion for a grant (RFC 7522 §3), base64url
// encoded without padding or line breaks (RFC 7522 §2.1).
func (s SAMLSigner) Assertion(r *flow.Run, now time.Time) (string, error) {
	if s.Audience == "" {
		s.Audience = Signer{}.audience(r.Server)
	}
	if s.Recipient == "" {
		s.Recipient = r.Server.Endpoint(flow.Token)
	}
	if err := s.valid(); err != nil {
		return "", err
	}
	id, err := r.Random(16)
	if err != nil {
		return "", err
	}
	root := s.statement("_"+id, now.UTC()) // an xs:ID begins with no digit
	if err := s.sign(root); err != nil {
		return "", &flow.ConfigError{Field: "key", Problem: err.Error()}
	}
	doc := etree.NewDocumentWithRoot(root)
	doc.WriteSettings = etree.WriteSettings{CanonicalEndTags: true, CanonicalText: true, CanonicalAttrVal: true}
	text, err := doc.WriteToBytes()
	if err != nil {
		return "", err
	}
	r.Note("saml-assertion", "the SAML assertion says: "+s.Issuer+" vouches for "+s.Subject+" before "+s.Audience+", at "+s.Recipient+
		", until "+now.UTC().Add(assertionLife).Format(samlInstant), "RFC 7522 §3")
	return base64.RawURLEncoding.EncodeToString(text), nil
}

// valid refuses what cannot be said in XML, or signed.
func (s SAMLSigner) valid() error {
	for _, part := range []struct{ field, value, what string }{
		{"assertion_claims", s.Issuer, "iss"}, {"assertion_claims", s.Subject, "sub"},
		{"assertion_audience", s.Audience, "the audience"}, {"token_endpoint", s.Recipient, "the recipient"},
	} {
		switch {
		case part.value == "":
			return &flow.ConfigError{Field: part.field, Problem: part.what + " is missing, which a SAML assertion must say"}
		case !utf8.ValidString(part.value) || strings.ContainsFunc(part.value, unspeakable):
			return &flow.ConfigError{Field: part.field, Problem: part.what + " has characters that XML cannot hold"}
		}
	}
	alg := "RS256" // as JOSE calls it
	if _, ok := s.Key.Key.(*ecdsa.PrivateKey); ok {
		alg = "ES256"
	}
	if err := s.Key.Fits(alg); err != nil {
		return &flow.ConfigError{Field: "key", Problem: "SAML assertions are signed here by RSA or P-256 with SHA-256: " + err.Error()}
	}
	return nil
}

// unspeakable is what XML 1.0 §2.2 leaves out, and the controls besides.
func unspeakable(c rune) bool { return unicode.IsControl(c) || c == 0xFFFE || c == 0xFFFF }

// statement is the assertion without its signature: SAML Core §2.3.3, with what
// RFC 7522 §3 wants in it.
func (s SAMLSigner) statement(id string, now time.Time) *etree.Element {
	begin, end := now.Format(samlInstant), now.Add(assertionLife).Format(samlInstant)
	root := element("Assertion", "xmlns:saml", samlNamespace, "ID", id, "IssueInstant", begin, "Version", "2.0")
	within(root, "Issuer").SetText(s.Issuer)
	subject := within(root, "Subject")
	within(subject, "NameID", "Format", samlNameID).SetText(s.Subject)
	confirmation := within(subject, "SubjectConfirmation", "Method", samlBearer)
	within(confirmation, "SubjectConfirmationData", "NotOnOrAfter", end, "Recipient", s.Recipient)
	conditions := within(root, "Conditions", "NotBefore", begin, "NotOnOrAfter", end)
	within(within(conditions, "AudienceRestriction"), "Audience").SetText(s.Audience)
	authn := within(root, "AuthnStatement", "AuthnInstant", begin)
	within(within(authn, "AuthnContext"), "AuthnContextClassRef").SetText(samlUnspecified)
	return root
}

// element is one of SAML's, with attributes: name, value, name, value …
func element(name string, attributes ...string) *etree.Element {
	e := etree.NewElement("saml:" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		e.CreateAttr(attributes[i], attributes[i+1])
	}
	return e
}

// within is element as the last child of another.
func within(parent *etree.Element, name string, attributes ...string) *etree.Element {
	e := element(name, attributes...)
	parent.AddChild(e)
	return e
}

// sign puts an enveloped signature behind the Issuer, where the schema wants it
// (SAML Core §5.4).
func (s SAMLSigner) sign(root *etree.Element) error {
	signer := s.Key.Signer()
	if key, ok := signer.(*ecdsa.PrivateKey); ok {
		signer = plainECDSA{key}
	}
	certs := [][]byte{}
	if s.Cert != nil {
		certs = append(certs, s.Cert)
	}
	ctx, err := dsig.NewSigningContext(signer, certs)
	if err != nil {
		return err
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signature, err := ctx.ConstructSignature(root, true)
	if err != nil {
		return err
	}
	if s.Cert == nil { // an empty KeyInfo is not valid; the server knows the key by the issuer
		signature.RemoveChild(signature.SelectElement("KeyInfo"))
	}
	root.InsertChildAt(1, signature)
	return nil
}

// plainECDSA signs as XML Signature §6.4.3 wants it: the two numbers one after
// the other. The library alone would write ASN.1, which others refuse.
type plainECDSA struct{ key *ecdsa.PrivateKey }

// Public is the key that verifies; the library tells the kind of key by it, and
// makes of it SHA-256.
func (p plainECDSA) Public() crypto.PublicKey { return p.key.Public() }

// Sign makes a signature of fixed length.
func (p plainECDSA) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, p.key, digest)
	if err != nil {
		return nil, err
	}
	size := (p.key.Params().BitSize + 7) / 8
	out := make([]byte, 2*size)
	r.FillBytes(out[:size])
	s.FillBytes(out[size:])
	return out, nil
}

// EncodeSAML makes of a ready assertion what RFC 7522 §2.1 sends: base64url
// without padding or line breaks. XML is encoded as it is; plain base64 is
// rewritten, and said tells of it. What is neither goes out as it came.
func EncodeSAML(given string) (encoded, said string) {
	text := strings.TrimSpace(given)
	if strings.HasPrefix(strings.TrimPrefix(text, "\ufeff"), "<") {
		return base64.RawURLEncoding.EncodeToString([]byte(text)), ""
	}
	bare := strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	bare = strings.NewReplacer("+", "-", "/", "_").Replace(bare)
	switch _, err := base64.RawURLEncoding.DecodeString(bare); {
	case err != nil:
		return given, "the assertion is neither XML nor base64url; it is sent as it was given"
	case bare != text:
		return bare, "the assertion was given in another form of base64; it is sent as base64url, without padding and line breaks"
	}
	return text, ""
}
