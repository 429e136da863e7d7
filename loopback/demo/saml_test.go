package demo_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

const samlGrant = "urn:ietf:params:oauth:grant-type:saml2-bearer"

// A vouch is how an assertion for the tests is made.
type vouch struct {
	signer crypto.Signer
	cert   []byte                      // DER
	method string                      // of signature, when not the one with SHA-256
	edit   func(*etree.Element)        // before signing
	after  func(*etree.Element) string // after it: the whole text, when not ""
}

// idp is the identity provider whose key is public.
func idp(t *testing.T) vouch {
	t.Helper()
	pair, err := tls.X509KeyPair(demo.SAMLCertificate(), demo.SAMLKey())
	if err != nil {
		t.Fatal(err)
	}
	return vouch{signer: pair.PrivateKey.(crypto.Signer), cert: pair.Certificate[0]}
}

// template is a good assertion about alice, without its signature.
const template = `<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="ID" IssueInstant="NOW" Version="2.0">` +
	`<a:Issuer>https://idp.example</a:Issuer>` +
	`<a:Subject><a:NameID>alice</a:NameID><a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><a:SubjectConfirmationData NotOnOrAfter="END" Recipient="HERE/token"/></a:SubjectConfirmation></a:Subject>` +
	`<a:Conditions NotBefore="NOW" NotOnOrAfter="END"><a:AudienceRestriction><a:Audience>https://other.example</a:Audience><a:Audience>HERE</a:Audience></a:AudienceRestriction></a:Conditions>` +
	`<a:AuthnStatement AuthnInstant="NOW"><a:AuthnContext><a:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</a:AuthnContextClassRef></a:AuthnContext></a:AuthnStatement>` +
	`</a:Assertion>`

func stamp(d time.Duration) string { return now.Add(d).Format("2006-01-02T15:04:05.000Z") }

// assertion makes one, base64url.
func (f vouch) assertion(t *testing.T, issuer string) string {
	t.Helper()
	doc := etree.NewDocument()
	text := strings.NewReplacer(`"ID"`, `"_`+rand.Text()+`"`, "NOW", stamp(0), "END", stamp(time.Minute), "HERE", issuer).Replace(template)
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	root := doc.Root()
	if f.edit != nil {
		f.edit(root)
	}
	ctx, err := dsig.NewSigningContext(f.signer, [][]byte{f.cert})
	if err != nil {
		t.Fatal(err)
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if f.method != "" {
		if err := ctx.SetSignatureMethod(f.method); err != nil {
			t.Fatal(err)
		}
	}
	signature, err := ctx.ConstructSignature(root, true)
	if err != nil {
		t.Fatal(err)
	}
	root.InsertChildAt(1, signature)
	if f.after != nil {
		if whole := f.after(root); whole != "" {
			return base64.RawURLEncoding.EncodeToString([]byte(whole))
		}
	}
	whole, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(whole)
}

// plain makes the ASN.1 of the library the two numbers of XML Signature §6.4.3.
func plain(t *testing.T) func(*etree.Element) string {
	return func(root *etree.Element) string {
		value := root.FindElement("//SignatureValue")
		der, err := base64.StdEncoding.DecodeString(value.Text())
		if err != nil {
			t.Fatal(err)
		}
		var pair struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &pair); err != nil {
			t.Fatal(err)
		}
		raw := append(pair.R.FillBytes(make([]byte, 32)), pair.S.FillBytes(make([]byte, 32))...)
		value.SetText(base64.StdEncoding.EncodeToString(raw))
		return ""
	}
}

func textOf(t *testing.T, root *etree.Element) string {
	t.Helper()
	text, err := etree.NewDocumentWithRoot(root.Copy()).WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSAMLBearer(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "ec"}, NotBefore: now, NotAfter: now.Add(time.Hour)},
		&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "ec"}}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	both := append(demo.SAMLCertificate(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	v := visit(t, demo.Config{Now: stopped, TrustedSAML: map[string][]byte{"https://idp.example": both}})
	rsa, ec := idp(t), vouch{signer: key, cert: der, after: plain(t)}
	nameless := rsa
	nameless.after = func(root *etree.Element) string {
		info := root.FindElement("//KeyInfo")
		info.Parent().RemoveChild(info)
		return ""
	}
	for name, f := range map[string]vouch{"RSA": rsa, "ECDSA": ec, "without KeyInfo": nameless} {
		made := f.assertion(t, v.issuer)
		tok := v.granted(confidential(samlGrant, "assertion="+made))
		if _, claims := v.verified(tok["access_token"]); claims["sub"] != "alice" || claims["client_id"] != "confidential" || tok["scope"] != "profile" || tok["refresh_token"] != nil {
			t.Errorf("%s: %v %v", name, tok, claims)
		}
		refused(t, v.post("/token", confidential(samlGrant, "assertion="+made)), 400, "invalid_grant", "was used before")
	}
	tok := v.granted(confidential(samlGrant, "assertion="+rsa.assertion(t, v.issuer)+"=", "scope=openid email"))
	if _, claims := v.verified(tok["id_token"]); claims["sub"] != "alice" {
		t.Errorf("%v", claims)
	}
	made := rsa.assertion(t, v.issuer)
	refused(t, v.post("/token", url.Values{"grant_type": {samlGrant}, "client_id": {"public"}, "assertion": {made}}), 400, "unauthorized_client", "may not use")
	refused(t, v.post("/token", url.Values{"grant_type": {samlGrant}, "assertion": {made}}), 401, "invalid_client", "neither client_id")
	refused(t, v.post("/token", confidential(samlGrant)), 400, "invalid_request", "assertion is missing")
	refused(t, v.post("/token", confidential(samlGrant, "assertion="+made, "scope=offline_access")), 400, "invalid_scope", "another assertion")
	ec.after = nil
	refused(t, v.post("/token", confidential(samlGrant, "assertion="+ec.assertion(t, v.issuer))), 400, "invalid_grant", "two numbers of one length")
	if _, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", TrustedSAML: map[string][]byte{"x": demo.SAMLKey()}}); err == nil {
		t.Error("a key was taken for a certificate")
	}
}

// Each assertion that is signed well and says the wrong thing is refused.
func TestSAMLBearerSays(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	text := func(path, value string) func(*etree.Element) {
		return func(r *etree.Element) { r.FindElement(path).SetText(value) }
	}
	attr := func(path, name, value string) func(*etree.Element) {
		return func(r *etree.Element) { r.FindElement(path).CreateAttr(name, value) }
	}
	drop := func(path string) func(*etree.Element) {
		return func(r *etree.Element) { e := r.FindElement(path); e.Parent().RemoveChild(e) }
	}
	for _, e := range []struct {
		edit func(*etree.Element)
		says string
	}{
		{text("Issuer", "https://evil.example"), "no trusted identity provider"},
		{drop("Issuer"), "no trusted identity provider"},
		{text("Subject/NameID", "mallory"), "whom nobody knows"},
		{drop("Subject/NameID"), "no Subject with a NameID"},
		{attr(".", "Version", "1.1"), "not SAML 2.0"},
		{attr(".", "IssueInstant", stamp(61*time.Second)), "IssueInstant in the future"},
		{attr(".", "IssueInstant", "yesterday"), "no time in UTC"},
		{drop("Conditions"), "no Conditions"},
		{text("Conditions/AudienceRestriction/Audience[2]", "https://third.example"), "AudienceRestriction without this server"},
		{drop("Conditions/AudienceRestriction"), "has no AudienceRestriction"},
		{func(r *etree.Element) { r.FindElement("Conditions").CreateElement("a:OnlyOnSundays") }, "unknown here"},
		{func(r *etree.Element) {
			r.FindElement("Conditions").CreateElement("a:AudienceRestriction").CreateElement("a:Audience").SetText("https://other.example")
		}, "AudienceRestriction without this server"},
		{attr("Conditions", "NotBefore", stamp(61*time.Second)), "not valid yet"},
		{attr("Conditions", "NotOnOrAfter", stamp(-60*time.Second)), "expired"},
		{attr("Conditions", "NotOnOrAfter", stamp(61*time.Minute)), "more than 60 minutes ahead"},
		{attr("//SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"), "no SubjectConfirmation"},
		{attr("//SubjectConfirmationData", "Recipient", "https://other.example/token"), "has the Recipient 'https://other.example/token'; use " + v.issuer + "/token"},
		{attr("//SubjectConfirmationData", "NotOnOrAfter", stamp(-time.Hour)), "expired"},
		{func(r *etree.Element) { r.FindElement("//SubjectConfirmationData").RemoveAttr("NotOnOrAfter") }, "without NotOnOrAfter"},
		{func(r *etree.Element) {
			drop("//SubjectConfirmationData")(r)
			r.FindElement("Conditions").RemoveAttr("NotOnOrAfter")
		}, "never ends"},
	} {
		f := idp(t)
		f.edit = e.edit
		refused(t, v.post("/token", confidential(samlGrant, "assertion="+f.assertion(t, v.issuer))), 400, "invalid_grant", e.says)
	}
	// A minute is what clocks may differ by; then the confirmation may be missing too.
	f := idp(t)
	f.edit = func(r *etree.Element) {
		drop("//SubjectConfirmationData")(r)
		attr("Conditions", "NotBefore", stamp(60*time.Second))(r)
		attr("Conditions", "NotOnOrAfter", stamp(-59*time.Second))(r)
	}
	v.granted(confidential(samlGrant, "assertion="+f.assertion(t, v.issuer)))
}

// What somebody else signed, changed or wrapped is refused, as is all that XML
// has for mischief.
func TestSAMLBearerForged(t *testing.T) {
	v := visit(t, demo.Config{Now: stopped})
	changed := func(old, fresh string) func(*etree.Element) string {
		return func(r *etree.Element) string { return strings.ReplaceAll(textOf(t, r), old, fresh) }
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &stranger.PublicKey, stranger)
	if err != nil {
		t.Fatal(err)
	}
	const unverified, shape = "no certificate of its issuer verifies", "document type"
	for name, e := range map[string]struct {
		change func(*vouch)
		says   string
	}{
		"a change":         {func(f *vouch) { f.after = changed(">alice<", ">mallory<") }, unverified},
		"another audience": {func(f *vouch) { f.after = changed("other.example", "evil.example") }, unverified},
		"a stranger": {func(f *vouch) {
			f.signer, f.cert, f.after = stranger, der, plain(t)
		}, unverified},
		"a stranger under a known certificate": {func(f *vouch) { f.signer, f.after = stranger, plain(t) }, unverified},
		"SHA-1":                                {func(f *vouch) { f.method = dsig.RSASHA1SignatureMethod }, "is signed with"},
		"no signature": {func(f *vouch) {
			f.after = func(r *etree.Element) string { r.RemoveChildAt(1); return "" }
		}, "must have one signature"},
		"no signature value": {func(f *vouch) { f.after = changed("SignatureValue>", "Value>") }, unverified},
		"no method":          {func(f *vouch) { f.after = changed("SignatureMethod", "Method") }, "is signed with ''"},
		"no references":      {func(f *vouch) { f.after = changed("Reference", "Ref") }, "wrong shape"},
		"the whole document": {func(f *vouch) {
			f.after = func(r *etree.Element) string { r.FindElement("//Reference").CreateAttr("URI", ""); return "" }
		}, "signature of something else"},
		"no ID": {func(f *vouch) { f.edit = func(r *etree.Element) { r.RemoveAttr("ID") } }, "must have an ID"},
		"wrapped in another": {func(f *vouch) {
			f.after = func(r *etree.Element) string {
				return changed(">alice<", ">mallory<")(r)[:strings.Index(textOf(t, r), "<a:Subject>")] + textOf(t, r) + "</a:Assertion>"
			}
		}, "another assertion inside"},
		"wrapped under another name": {func(f *vouch) {
			f.after = func(r *etree.Element) string {
				inner := strings.ReplaceAll(textOf(t, r), "a:Assertion", "a:Advice")
				return strings.Replace(strings.ReplaceAll(textOf(t, r), ">alice<", ">mallory<"), "</a:Assertion>", inner+"</a:Assertion>", 1)
			}
		}, "must have an ID that nothing else in it has"},
		"two signatures": {func(f *vouch) {
			f.after = func(r *etree.Element) string { r.AddChild(r.ChildElements()[1].Copy()); return "" }
		}, "must have one signature"},
		"a transform that leaves things out": {func(f *vouch) {
			f.after = func(r *etree.Element) string {
				r.FindElement("//Transform[2]").CreateAttr("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
				return ""
			}
		}, "must be signed with the transforms"},
		"in a response": {func(f *vouch) {
			f.after = func(r *etree.Element) string { return "<Response>" + textOf(t, r) + "</Response>" }
		}, "is not one Assertion"},
		"two of them": {func(f *vouch) {
			f.after = func(r *etree.Element) string { return textOf(t, r) + textOf(t, r) }
		}, "not well-formed"},
		"a comment":      {func(f *vouch) { f.after = changed(">alice<", ">alice<!-- -->.evil<") }, shape},
		"an instruction": {func(f *vouch) { f.after = changed(">alice<", ">alice<?x?><") }, shape},
		"an entity":      {func(f *vouch) { f.after = changed(">alice<", ">&alice;<") }, "not well-formed"},
		"a document type": {func(f *vouch) {
			f.after = func(r *etree.Element) string { return `<!DOCTYPE a [<!ENTITY b "c">]>` + textOf(t, r) }
		}, shape},
		"an attribute twice": {func(f *vouch) {
			f.after = changed(` Version="2.0"`, ` Version="2.0" Version="2.0"`)
		}, "twice"},
		"Latin-1": {func(f *vouch) { f.after = changed(">alice<", ">al\xedce<") }, "not UTF-8"},
		"deep": {func(f *vouch) {
			f.after = func(*etree.Element) string { return strings.Repeat("<a>", 2000) + strings.Repeat("</a>", 2000) }
		}, "not well-formed"},
		"no end": {func(f *vouch) {
			f.after = func(r *etree.Element) string { return strings.TrimSuffix(textOf(t, r), ">") }
		}, "not well-formed"},
		"no XML":    {func(f *vouch) { f.after = func(*etree.Element) string { return "hello" } }, ""},
		"only text": {func(f *vouch) { f.after = func(*etree.Element) string { return "<?xml " } }, ""},
	} {
		f := idp(t)
		e.change(&f)
		a := v.post("/token", confidential(samlGrant, "assertion="+f.assertion(t, v.issuer)))
		t.Run(name, func(t *testing.T) { refused(t, a, 400, "invalid_grant", e.says) })
	}
	for text, says := range map[string]string{"a.b.c": "not base64url", "_+/": "not base64url", "====": "is not", "PGE-": "is not"} {
		refused(t, v.post("/token", confidential(samlGrant, "assertion="+text)), 400, "invalid_grant", says)
	}
}
