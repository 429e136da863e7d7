package clientauth

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Credentials are what a client can prove itself with, beside its secret.
type Credentials struct {
	Key            jose.Private
	Alg            string         // as asked for; empty: what the metadata list and the key can
	Audience       string         // of assertions; empty: the issuer
	Claims         map[string]any // of assertions: each replaces one, nil drops it
	Cert           *tls.Certificate
	Attestation    string // the client attestation JWT, as it was given
	AttestationKey jose.Private
}

// signs reports whether there is a key that could make an assertion. One for
// decryption alone is there for another reason.
func (c Credentials) signs() bool {
	return c.Key.Signer() != nil && c.Key.Use != "enc" && len(c.Key.Algs()) > 0
}

// alg is the first of what can be signed with that the metadata list, and the
// first of all when they list none of it.
func alg(asked string, can []string, s flow.Server, member string) string {
	if asked != "" || len(can) == 0 {
		return asked
	}
	for _, a := range can {
		if listed, _ := s.Lists(member, a); listed {
			return a
		}
	}
	return can[0]
}

// unlisted is a remark on a value that the metadata do not list.
func unlisted(s flow.Server, member, value, what string) []string {
	all, told := s.Metadata.Strings(member)
	if !told || slices.Contains(all, value) {
		return nil
	}
	return []string{"the metadata list only " + strings.Join(all, ", ") + " for " + what}
}

// audience is whom an assertion is for. The issuer, as one string, is the only
// value that a malicious server cannot turn against another (RFC 7523bis §4); a
// server without one is named by its token endpoint (RFC 7523 §3).
func (c Credentials) audience(s flow.Server, q *flow.Request) (aud, why string) {
	switch {
	case c.Audience != "":
		return c.Audience, "as asked"
	case s.Issuer != "":
		return s.Issuer, "the issuer"
	case s.Endpoint(flow.Token) != "":
		return s.Endpoint(flow.Token), "the token endpoint, as no issuer is known"
	}
	return q.URL.String(), "this endpoint, as no issuer is known"
}

// identify adds the client_id beside a proof that names the client already.
func identify(r *flow.Run, q *flow.Request, by, ref, why string) {
	if !q.Params.Has("client_id") {
		q.Params.Set("client_id", r.Client.ID, trace.Origin{By: by, Ref: ref, Why: why})
	}
}

// selfSigned reports whether a certificate vouches for itself.
func (c Credentials) selfSigned() bool {
	leaf := c.leaf()
	return leaf != nil && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil
}

func (c Credentials) leaf() *x509.Certificate {
	switch {
	case c.Cert == nil || len(c.Cert.Certificate) == 0:
		return nil
	case c.Cert.Leaf != nil:
		return c.Cert.Leaf
	}
	leaf, err := x509.ParseCertificate(c.Cert.Certificate[0])
	if err != nil {
		return nil
	}
	return leaf
}
