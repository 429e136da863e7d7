package demo

import (
	"errors"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// samlBearerGrant is the grant type of RFC 7522 §2.1.
const samlBearerGrant = "urn:ietf:params:oauth:grant-type:saml2-bearer"

// samlBearerMethod is how the subject of an assertion for it is confirmed (RFC 7522 §3).
const samlBearerMethod = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

// grantSAMLBearer gives tokens for a SAML assertion about a person (RFC 7522 §2.1).
func (s *Server) grantSAMLBearer(x *exchange, t tokenRequest) *oauthError {
	if t.params.get("assertion") == "" {
		return &oauthError{"invalid_request", "assertion is missing"}
	}
	subject, err := s.proveSAML(t.params.get("assertion"))
	if err != nil {
		return &oauthError{"invalid_grant", "assertion " + err.Error()}
	}
	return s.handBearer(x, t, subject)
}

// proveSAML verifies an assertion and says whom it is about (RFC 7522 §3).
func (s *Server) proveSAML(text string) (subject string, err error) {
	root, err := parseSAML(text)
	if err != nil {
		return "", err
	}
	issuer := textOf(child(root, samlNS, "Issuer"))
	trusted := s.samlIssuers[issuer]
	if trusted == nil {
		return "", errors.New("was issued by '" + issuer + "', which is no trusted identity provider")
	}
	a, err := verifySAML(root, trusted, s.now())
	if err != nil {
		return "", err
	}
	// From here on only what the signature covers is read.
	if textOf(child(a, samlNS, "Issuer")) != issuer || a.SelectAttrValue("Version", "") != "2.0" {
		return "", errors.New("is not SAML 2.0 of its issuer")
	}
	who := child(a, samlNS, "Subject")
	if subject = textOf(child(who, samlNS, "NameID")); subject == "" {
		return "", errors.New("has no Subject with a NameID")
	}
	for _, err := range []error{
		s.issuedInTime(a),
		s.conditionsMet(child(a, samlNS, "Conditions")),
		s.confirmed(who, child(a, samlNS, "Conditions")),
	} {
		if err != nil {
			return "", err
		}
	}
	name := "SAML of " + issuer + " " + a.SelectAttrValue("ID", "")
	if _, seen := s.seen.get(name); seen {
		return "", errors.New("was used before: its ID is known here")
	}
	s.seen.put(name, true)
	return subject, nil
}

// issuedInTime wants an IssueInstant that is not in the future.
func (s *Server) issuedInTime(a *etree.Element) error {
	issued, err := instant(a, "IssueInstant")
	switch {
	case err != nil:
		return err
	case issued.IsZero():
		return errors.New("has no IssueInstant")
	case issued.After(s.now().Add(clockTolerance)):
		return errors.New("has an IssueInstant in the future")
	}
	return nil
}

// conditionsMet checks for whom and when the assertion holds (RFC 7522 §3). A
// condition that nobody knows is not met (SAML Core §2.5.1.1).
func (s *Server) conditionsMet(conditions *etree.Element) error {
	if conditions == nil {
		return errors.New("has no Conditions")
	}
	restricted := false
	for _, c := range conditions.ChildElements() {
		switch {
		case c.NamespaceURI() != samlNS || !slices.Contains([]string{"AudienceRestriction", "OneTimeUse", "ProxyRestriction"}, c.Tag):
			return errors.New("has the condition " + c.Tag + ", which is unknown here")
		case c.Tag == "AudienceRestriction":
			restricted = true
			if !s.amongAudience(c) {
				return errors.New("has an AudienceRestriction without this server; use " + s.config.Issuer)
			}
		}
	}
	if !restricted {
		return errors.New("has no AudienceRestriction; use " + s.config.Issuer)
	}
	return s.within(conditions)
}

// amongAudience says whether a restriction names this server.
func (s *Server) amongAudience(restriction *etree.Element) bool {
	return slices.ContainsFunc(children(restriction, samlNS, "Audience"), func(a *etree.Element) bool {
		return slices.Contains([]string{s.config.Issuer, s.config.Issuer + "/token"}, textOf(a))
	})
}

// confirmed wants one bearer confirmation that is meant for this endpoint, now
// (RFC 7522 §3).
func (s *Server) confirmed(subject, conditions *etree.Element) error {
	why := errors.New("has no SubjectConfirmation by " + samlBearerMethod)
	for _, c := range children(subject, samlNS, "SubjectConfirmation") {
		if c.SelectAttrValue("Method", "") != samlBearerMethod {
			continue
		}
		data := child(c, samlNS, "SubjectConfirmationData")
		switch {
		case len(children(c, samlNS, "SubjectConfirmationData")) > 1:
			why = errors.New("has more than one SubjectConfirmationData in a SubjectConfirmation")
		case data == nil && conditions != nil && conditions.SelectAttr("NotOnOrAfter") != nil:
			return nil
		case data == nil:
			why = errors.New("never ends: neither Conditions nor SubjectConfirmationData has NotOnOrAfter")
		case data.SelectAttrValue("Recipient", "") != s.config.Issuer+"/token":
			why = errors.New("has the Recipient '" + data.SelectAttrValue("Recipient", "") + "'; use " + s.config.Issuer + "/token")
		case data.SelectAttr("NotOnOrAfter") == nil:
			why = errors.New("has SubjectConfirmationData without NotOnOrAfter")
		default:
			if why = s.within(data); why == nil {
				return nil
			}
		}
	}
	return why
}

// within checks NotBefore and NotOnOrAfter where they are given, give or take
// what clocks differ by.
func (s *Server) within(e *etree.Element) error {
	begin, err := instant(e, "NotBefore")
	if err != nil {
		return err
	}
	end, err := instant(e, "NotOnOrAfter")
	switch {
	case err != nil:
		return err
	case begin.After(s.now().Add(clockTolerance)):
		return errors.New("is not valid yet: NotBefore of its " + e.Tag + " is in the future")
	case end.IsZero():
		return nil
	case !s.now().Add(-clockTolerance).Before(end):
		return errors.New("expired: NotOnOrAfter of its " + e.Tag + " is in the past")
	case end.After(s.now().Add(assertionHorizon)):
		return errors.New("has NotOnOrAfter more than 60 minutes ahead")
	}
	return nil
}

// instant is a time in an attribute, zero when there is none (SAML Core §1.3.3).
func instant(e *etree.Element, name string) (time.Time, error) {
	text := e.SelectAttrValue(name, "")
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, errors.New("has a " + name + " that is no time in UTC")
	}
	return at.UTC(), nil
}

// textOf is the whole text of an element, "" when it has anything else in it.
func textOf(e *etree.Element) string {
	if e == nil || len(e.ChildElements()) > 0 {
		return ""
	}
	return e.Text()
}
