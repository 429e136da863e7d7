package cmd

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/grant"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// settleSAML decides between a SAML assertion that was given and one that is
// made here. Its key is that of an identity provider: the client proves itself
// by other means, unless told otherwise.
func settleSAML(s *session) error {
	if given := s.asked.Values["assertion"]; given != "" {
		if s.client.cert != "" && s.client.certKey == "" {
			return &usageError{"--cert and --cert-key go together", nil} // nothing is signed here that it could go with
		}
		encoded, said := grant.EncodeSAML(given)
		s.asked.Values["assertion"] = encoded
		if said != "" {
			s.said = append(s.said, trace.Note{Topic: "saml-assertion", Text: said, Ref: "RFC 7522 §2.1"})
		}
		return nil
	}
	signer, err := s.samlSigner()
	if err != nil {
		return err
	}
	s.row.procedure = grant.SAMLBearer(signer.Assertion)
	s.given.Claims = nil
	if s.client.method != "private_key_jwt" {
		s.given.Key = jose.Private{}
	}
	return nil
}

// samlSigner is what was given to make an assertion with. The demo's identity
// provider stands in for all of it.
func (s *session) samlSigner() (grant.SAMLSigner, error) {
	signer := grant.SAMLSigner{Key: s.given.Key, Audience: s.client.audience}
	claims := s.given.Claims
	if s.server.demo {
		if !s.layer.given("client-id") && s.who.Secret == "" {
			s.who = flow.Client{ID: "confidential", Secret: "secret"}
		}
		claims = with(with(claims, "sub", "alice"), "iss", "https://idp.example")
	}
	if s.server.demo && signer.Key.Key == nil {
		keys, err := jose.ReadPrivate(demo.SAMLKey(), nil)
		if err != nil {
			return signer, keyTrouble("the demo's key", err)
		}
		signer.Key = keys[0]
		if block, _ := pem.Decode(demo.SAMLCertificate()); block != nil {
			signer.Cert = block.Bytes
		}
	}
	if signer.Key.Key == nil {
		return signer, &usageError{"--assertion is missing", []string{
			"give one that is ready, or a key to make one with:", "--assertion @FILE", "--key FILE --cert FILE --assertion-claims " + samlExample,
		}}
	}
	if s.client.cert != "" {
		var err error
		if signer.Cert, err = s.samlCertificate(signer.Key); err != nil {
			return signer, err
		}
	}
	return signer, samlClaims(&signer, claims)
}

// samlExample is claims as they are to be given.
const samlExample = `'{"iss":"https://idp.example","sub":"alice"}'`

// samlClaims takes what an assertion has a place for, and says what it lacks.
func samlClaims(signer *grant.SAMLSigner, claims map[string]any) error {
	places := map[string]*string{"iss": &signer.Issuer, "sub": &signer.Subject, "aud": &signer.Audience, "recipient": &signer.Recipient}
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		value, isText := claims[name].(string)
		switch place := places[name]; {
		case place == nil:
			return &usageError{fmt.Sprintf("--assertion-claims: a SAML assertion has no place for %s here; it takes iss, sub, aud and recipient", name), []string{"for example:", "--assertion-claims " + samlExample}}
		case !isText && claims[name] != nil:
			return &usageError{fmt.Sprintf("--assertion-claims: %s is not a string", name), nil}
		default:
			*place = value
		}
	}
	var lacks []string
	for _, need := range []struct{ name, value, is string }{
		{"iss", signer.Issuer, "who vouches"}, {"sub", signer.Subject, "for whom"},
	} {
		if need.value == "" {
			lacks = append(lacks, need.name+" ("+need.is+")")
		}
	}
	if len(lacks) > 0 {
		return &usageError{"the assertion lacks " + strings.Join(lacks, " and "), []string{"name the identity provider and the person:", "--assertion-claims " + samlExample}}
	}
	return nil
}

// samlCertificate reads the certificate that the assertion is to carry. One that
// belongs to another key stays out when it is there for mutual TLS.
func (s *session) samlCertificate(key jose.Private) ([]byte, error) {
	chain, err := readChain(s.client.cert)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return nil, &usageError{fmt.Sprintf("--cert %s: %v", s.client.cert, err), nil}
	}
	if signer := key.Signer(); signer != nil {
		if public, err := x509.MarshalPKIXPublicKey(signer.Public()); err == nil && bytes.Equal(public, cert.RawSubjectPublicKeyInfo) {
			return chain[0], nil
		}
	}
	if s.client.certKey != "" {
		return nil, nil
	}
	return nil, &usageError{"--cert " + s.client.cert + " is not the certificate of --key", []string{"give the one that belongs to the key, or leave it out; for mutual TLS it goes with:", "--cert-key FILE"}}
}
