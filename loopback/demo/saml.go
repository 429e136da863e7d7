package demo

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// samlNS is the namespace of SAML 2.0 assertions.
const samlNS = "urn:oasis:names:tc:SAML:2.0:assertion"

// Limits on XML from outside.
const (
	maxSAML      = 64 << 10
	maxSAMLDepth = 32
)

// The algorithms of a signature that is believed (RFC 9231 §2): none with SHA-1.
var (
	samlMethods = []string{
		dsig.RSASHA256SignatureMethod, dsig.RSASHA384SignatureMethod, dsig.RSASHA512SignatureMethod,
		dsig.ECDSASHA256SignatureMethod, dsig.ECDSASHA384SignatureMethod, dsig.ECDSASHA512SignatureMethod,
	}
	samlDigests    = []string{"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512"}
	samlTransforms = []string{string(dsig.EnvelopedSignatureAltorithmId), string(dsig.CanonicalXML10ExclusiveAlgorithmId)} // SAML Core §5.4.4
)

// readCertificates reads who is trusted to make SAML assertions.
func readCertificates(trusted map[string][]byte) (map[string][]*x509.Certificate, error) {
	all := map[string][]*x509.Certificate{}
	for issuer, text := range trusted {
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("demo: trusted SAML issuer %s: %w", issuer, err)
			}
			all[issuer] = append(all[issuer], cert)
		}
		if all[issuer] == nil {
			return nil, fmt.Errorf("demo: trusted SAML issuer %s: there is no PEM certificate", issuer)
		}
	}
	return all, nil
}

// parseSAML takes an assertion out of its encoding (RFC 7522 §2.1); nothing in it
// is to be believed yet.
func parseSAML(text string) (*etree.Element, error) {
	plain, err := decodeURL(strings.TrimRight(text, "=")) // padding SHOULD NOT be there
	switch {
	case err != nil:
		return nil, errors.New("is not base64url")
	case len(plain) > maxSAML:
		return nil, errors.New("is longer than 64 KiB")
	case !utf8.Valid(plain):
		return nil, errors.New("is not UTF-8")
	}
	body := strings.TrimSpace(string(plain))
	if strings.HasPrefix(body, "<?xml ") {
		_, body, _ = strings.Cut(body, "?>")
	}
	if strings.Contains(body, "<!") || strings.Contains(body, "<?") {
		return nil, errors.New("has a document type, a comment, a CDATA section or a processing instruction, and none is taken here")
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{MaxDepth: maxSAMLDepth, PreserveDuplicateAttrs: true, ValidateInput: true}
	if err := doc.ReadFromString(body); err != nil {
		return nil, errors.New("is not well-formed XML")
	}
	root := doc.Root()
	if root == nil || len(doc.ChildElements()) != 1 || root.Tag != "Assertion" || root.NamespaceURI() != samlNS {
		return nil, errors.New("is not one Assertion of SAML 2.0")
	}
	return root, shapely(root)
}

// shapely wants one assertion, signed as a whole by one signature of its own, so
// that nothing can stand in its place (signature wrapping; SAML Core §5.4.2).
func shapely(root *etree.Element) error {
	id := root.SelectAttrValue("ID", "")
	ids, signatures := 0, 0
	for _, e := range append(root.FindElements(".//*"), root) {
		seen := map[string]bool{}
		for _, a := range e.Attr {
			if seen[a.FullKey()] {
				return errors.New("has the attribute " + a.FullKey() + " twice")
			}
			seen[a.FullKey()] = true
			if strings.EqualFold(a.Key, "ID") && a.Value == id {
				ids++
			}
		}
		switch {
		case e.Tag == "Assertion" && e != root, e.Tag == "EncryptedAssertion":
			return errors.New("has another assertion inside")
		case e.Tag == "Signature":
			signatures++
		}
	}
	signature := child(root, dsig.Namespace, "Signature")
	switch {
	case id == "" || ids != 1:
		return errors.New("must have an ID that nothing else in it has")
	case signatures != 1 || signature == nil:
		return errors.New("must have one signature, of its own")
	}
	return signedWhole(signature, "#"+id)
}

// signedWhole wants a signature of the whole assertion by a sound algorithm.
func signedWhole(signature *etree.Element, whole string) error {
	info := child(signature, dsig.Namespace, "SignedInfo")
	reference := child(info, dsig.Namespace, "Reference")
	transforms := child(reference, dsig.Namespace, "Transforms")
	if transforms == nil {
		return errors.New("has a signature of the wrong shape")
	}
	if uri := reference.SelectAttrValue("URI", ""); uri != whole {
		return errors.New("has a signature of something else: its Reference is '" + uri + "'")
	}
	algorithm := func(e *etree.Element) string {
		if e == nil {
			return ""
		}
		return e.SelectAttrValue("Algorithm", "")
	}
	used := []string{}
	for _, t := range transforms.ChildElements() {
		used = append(used, algorithm(t))
	}
	method := algorithm(child(info, dsig.Namespace, "SignatureMethod"))
	switch {
	case !slices.Contains(samlMethods, method):
		return errors.New("is signed with '" + method + "'; use " + dsig.RSASHA256SignatureMethod + " or " + dsig.ECDSASHA256SignatureMethod)
	case !slices.Contains(samlDigests, algorithm(child(reference, dsig.Namespace, "DigestMethod"))):
		return errors.New("is digested with an algorithm that is not believed; use " + samlDigests[0])
	case algorithm(child(info, dsig.Namespace, "CanonicalizationMethod")) != samlTransforms[1] || !slices.Equal(used, samlTransforms):
		return errors.New("must be signed with the transforms enveloped-signature and " + samlTransforms[1])
	}
	return nil
}

// child is the only child element of that name, or nil.
func child(parent *etree.Element, space, tag string) *etree.Element {
	list := children(parent, space, tag)
	if len(list) != 1 {
		return nil
	}
	return list[0]
}

// children is the child elements of that name.
func children(parent *etree.Element, space, tag string) (list []*etree.Element) {
	if parent == nil {
		return nil
	}
	for _, e := range parent.ChildElements() {
		if e.Tag == tag && e.NamespaceURI() == space {
			list = append(list, e)
		}
	}
	return list
}

// verifySAML checks the signature and gives what it really covers, which alone
// may be read from then on.
func verifySAML(root *etree.Element, trusted []*x509.Certificate, now time.Time) (*etree.Element, error) {
	bad := errors.New("has a signature that no certificate of its issuer verifies")
	signature := child(root, dsig.Namespace, "Signature")
	value := child(signature, dsig.Namespace, "SignatureValue")
	if value == nil || len(value.ChildElements()) > 0 {
		return nil, bad
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value.Text()), ""))
	if err != nil {
		return nil, bad
	}
	method := child(child(signature, dsig.Namespace, "SignedInfo"), dsig.Namespace, "SignatureMethod")
	if strings.Contains(method.SelectAttrValue("Algorithm", ""), "#ecdsa-") {
		if raw, err = sequence(raw); err != nil {
			return nil, err
		}
	}
	value.SetText(base64.StdEncoding.EncodeToString(raw))
	for _, cert := range trusted {
		v := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
		v.Clock = dsig.NewFakeClockAt(now)
		if covered, err := v.Validate(root); err == nil && covered.Tag == "Assertion" && covered.NamespaceURI() == samlNS {
			return covered, nil
		}
	}
	return nil, bad
}

// sequence writes two numbers, as XML Signature §6.4.3 has them, as the ASN.1
// that the library wants.
func sequence(raw []byte) ([]byte, error) {
	if len(raw) == 0 || len(raw)%2 != 0 || len(raw) > 132 || raw[0] == 0x30 && asn1Whole(raw) {
		return nil, errors.New("has an ECDSA signature that is not two numbers of one length (XML Signature section 6.4.3)")
	}
	half := len(raw) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
}

// asn1Whole says whether octets are one ASN.1 value.
func asn1Whole(raw []byte) bool {
	var pair struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(raw, &pair)
	return err == nil && len(rest) == 0
}
