package ext

import (
	"context"
	"crypto/tls"
	"net/url"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// MTLS shows the client's certificate wherever tokens are issued or used, so
// that they are bound to it, whatever the client authenticates with.
func MTLS(cert *tls.Certificate) flow.Extension {
	mine := ""
	if cert != nil && len(cert.Certificate) > 0 {
		mine = jose.CertificateThumbprint(cert.Certificate[0])
	}
	show := flow.On{}
	for _, n := range flow.Endpoints() {
		if n.Client || n.Endpoint == flow.Userinfo || n.Endpoint == flow.Resource {
			show[n.Endpoint] = func(_ context.Context, r *flow.Run, q *flow.Request) error { return q.Mutual(r.Server, cert) }
		}
	}
	return flow.Extension{
		Name: "mtls", Spec: "RFC 8705 §3",
		Doc: "certificate-bound access tokens\n\n" +
			"The token is bound to the certificate that the client showed while the connection was made. " +
			"A token that leaks is worthless without the certificate's key.",
		Sign: show,
		Checks: []flow.Check{
			{ID: "mtls-bound", Code: "V-MT-01", Spec: "RFC 8705 §3.1", Level: trace.Must, At: flow.Token, Eval: func(r *flow.Run, p *flow.Response) flow.Verdict { return certificateBound(r, p, mine) }},
			{ID: "mtls-alias", Code: "V-MT-02", Spec: "RFC 8705 §5", Level: trace.Must, At: flow.Token, Eval: aliasUsed},
		},
	}
}

// promised reports whether the server says that it binds tokens to
// certificates (RFC 8705 §3.3).
func promised(r *flow.Run) bool {
	return r.Server.Flag("tls_client_certificate_bound_access_tokens", false)
}

func certificateBound(r *flow.Run, p *flow.Response, mine string) flow.Verdict {
	if _, fine := granted(p); !fine {
		return skip("no token")
	}
	if p.Request.URL.Scheme != "https" {
		return skip("no certificate was shown: the token endpoint is plain http")
	}
	cnf, readable := confirmation(p)
	got, _ := cnf.String("x5t#S256")
	switch {
	case !readable:
		return skip("the token is opaque: only introspection can say what it is bound to")
	case got == "" && promised(r):
		return warn("cnf.x5t#S256 "+mine, "(none)", "the token is not bound to the certificate, though the server says that it binds tokens: is this client registered for it (tls_client_certificate_bound_access_tokens)?")
	case got == "":
		return skip("the server does not say that it binds tokens to certificates, and this one is not bound")
	case got != mine:
		return fail(mine, got, "the token is bound to another certificate than the one that was shown")
	}
	return pass("the token is bound to the certificate that was shown")
}

// sameURL compares with an address as the metadata write it.
func sameURL(u *url.URL, other string) bool {
	o, err := url.Parse(other)
	return err == nil && u.String() == o.String()
}

// aliasUsed is a check on ourselves.
func aliasUsed(r *flow.Run, p *flow.Response) flow.Verdict {
	other := r.Server.Alias(p.Request.Endpoint)
	switch {
	case other == "":
		return skip("the server has no address of its own for requests with a certificate")
	case !sameURL(p.Request.URL, other):
		return fail(other, p.Request.URL.String(), "the request with a certificate did not go to the mtls_endpoint_aliases")
	}
	return pass("sent to the address for requests with a certificate")
}
