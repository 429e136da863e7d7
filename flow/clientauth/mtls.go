package clientauth

import (
	"context"
	"net/url"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// TLS proves the client by a certificate that an authority issued to it.
func TLS(c Credentials) Method {
	return c.mutual("tls_client_auth", "RFC 8705 §2.1",
		"mutual TLS with a certificate that an authority issued\n\nThe client proves itself while the connection is made. The server trusts the authority, and knows the client by a name in the certificate.")
}

// SelfSignedTLS proves the client by a certificate that it made itself.
func SelfSignedTLS(c Credentials) Method {
	return c.mutual("self_signed_tls_client_auth", "RFC 8705 §2.2",
		"mutual TLS with a certificate of the client's own making\n\nThe client proves itself while the connection is made. No authority is asked: the server knows the certificate itself, from the client's jwks or jwks_uri.")
}

func (c Credentials) mutual(name, ref, doc string) Method {
	return Method{
		Name: name, Spec: ref, Doc: doc, needs: "cert", given: c.Cert != nil,
		Apply: func(_ context.Context, r *flow.Run, q *flow.Request) error {
			q.Params.Set("client_id", r.Client.ID, trace.Origin{By: name, Ref: "RFC 8705 §2", Why: "who asks; the certificate of the connection proves it"})
			return q.Mutual(r.Server, c.Cert)
		},
		ready: func(_ flow.Client, s flow.Server) ([]string, error) { return c.mutualRemarks(name, s), nil },
	}
}

func (c Credentials) mutualRemarks(name string, s flow.Server) []string {
	var said []string
	switch own := c.selfSigned(); {
	case own && name == "tls_client_auth":
		said = append(said, "the certificate is self-signed, and this method wants one that an authority issued (RFC 8705 §2.1)")
	case !own && name == "self_signed_tls_client_auth":
		said = append(said, "an authority issued the certificate, and this method wants a self-signed one (RFC 8705 §2.2)")
	}
	token := s.Endpoint(flow.Token)
	if other := s.Alias(flow.Token); other != "" {
		token = other
		said = append(said, "sent to the mtls_endpoint_aliases, such as "+other+" (RFC 8705 §5)")
	}
	if u, err := url.Parse(token); err == nil && u.Scheme == "http" {
		said = append(said, "the token endpoint is plain http, where no certificate is sent")
	}
	return said
}
