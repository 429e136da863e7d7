package check

import (
	"net/url"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Issuer holds everything that names a server to the one that was asked: the
// defences against mixing up two of them.
func Issuer() []flow.Check {
	return []flow.Check{
		{ID: "issuers-agree", Code: "V-AR-08", Spec: "RFC 9207 §4", Level: trace.Must, At: flow.Authorization, Eval: issuersAgree},
		{ID: "token-endpoint-own", Code: "V-AR-19", Spec: "RFC 9700 §4.4.2", Level: trace.Must, At: flow.Token, Eval: ownTokenEndpoint},
	}
}

// issuersAgree compares what an authorization response says of its issuer in
// several places: the parameter iss, the JWT that the answer came in, the ID
// token beside a code.
func issuersAgree(r *flow.Run, p *flow.Response) flow.Verdict {
	var said, where []string
	name := func(who, in string) {
		if who != "" {
			said, where = append(said, who), append(where, in+" "+who)
		}
	}
	name(p.Values.Get("iss"), "iss")
	if p.Token != nil {
		who, _ := p.Token.Claims.String("iss")
		name(who, "the JWT's iss")
	}
	if raw := p.Values.Get("id_token"); raw != "" {
		t, _ := r.Unseal(raw)
		who, _ := t.Claims.String("iss")
		name(who, "the ID token's iss")
	}
	if len(said) < 2 {
		return skip("no two parts of the answer name an issuer")
	}
	for _, who := range said[1:] {
		if who != said[0] {
			return fail("one issuer", strings.Join(where, ", "), "parts of the answer name different issuers: one of them is not the server's that was asked (mix-up)")
		}
	}
	return ok("%d parts of the answer name the same issuer", len(said))
}

// ownTokenEndpoint is a check on ourselves: a code goes to the server that it
// was asked of, and that is the one whose metadata named the address.
func ownTokenEndpoint(r *flow.Run, p *flow.Response) flow.Verdict {
	named, told := r.Server.Metadata.String(flow.Token.Member())
	issuer, _ := r.Server.Metadata.String("issuer")
	switch {
	case r.Server.Replaced[flow.Token] != "":
		return skip("the person gave the address")
	case !told || p.Request.URL == nil:
		return skip("there are no metadata to compare with")
	case issuer != r.Server.Issuer:
		return fail(r.Server.Issuer, orNone(issuer), "the token endpoint was named by the metadata of another issuer than the one that was asked")
	case !sameAddress(p.Request.URL, named) && !sameAddress(p.Request.URL, r.Server.Alias(flow.Token)):
		return fail(named, p.Request.URL.String(), "the request went to another address than the metadata name: what it carries could be another server's")
	}
	return ok("")
}

func sameAddress(u *url.URL, named string) bool {
	v, err := url.Parse(named)
	return err == nil && named != "" && u.String() == v.String()
}
