package check

import (
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Metadata judges the server's metadata document. An address that answers
// with something else than 200 is not one, and nothing is said of it.
func Metadata() []flow.Check {
	at := flow.Metadata
	return []flow.Check{
		{ID: "metadata-form", Code: "V-MD-04", Spec: "RFC 8414 §3.2", Level: trace.Must, At: at, Eval: found(metadataForm)},
		{ID: "metadata-issuer", Code: "V-MD-01", Spec: "RFC 8414 §3.3; OIDC Discovery §4.3", Level: trace.Must, At: at, Eval: found(metadataIssuer)},
		{ID: "issuer-form", Code: "V-MD-02", Spec: "RFC 8414 §2", Level: trace.Must, At: at, Eval: found(issuerForm)},
		{ID: "endpoints-form", Code: "V-MD-05", Spec: "RFC 8414 §2; RFC 6749 §3.1, §3.2", Level: trace.Must, At: at, Eval: found(endpointsForm)},
		{ID: "pkce-s256", Code: "V-MD-06", Spec: "RFC 9700 §4.7.1", Level: trace.Should, At: at, Eval: found(pkceListed)},
	}
}

func found(f func(*flow.Run, *flow.Response) flow.Verdict) func(*flow.Run, *flow.Response) flow.Verdict {
	return func(r *flow.Run, p *flow.Response) flow.Verdict {
		if p.Status != http.StatusOK {
			return skip("no metadata at this address")
		}
		return f(r, p)
	}
}

func metadataForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	const want = "a JSON object as application/json, each name once"
	media, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
	switch {
	case p.Truncated:
		return fail(want, "too large", "the answer is larger than what is read of one")
	case p.Form != "json":
		return fail(want, p.Form, "the answer is not JSON")
	case len(p.Problems) > 0:
		return broken(p.Problems, want)
	case media != "application/json":
		return fail("application/json", p.Header.Get("Content-Type"), "the metadata are declared as %q", p.Header.Get("Content-Type"))
	}
	return ok("")
}

func metadataIssuer(r *flow.Run, p *flow.Response) flow.Verdict {
	got, _ := p.Object.String("issuer")
	switch {
	case p.Object == nil:
		return skip("no metadata")
	case got == "":
		return fail(r.Server.Issuer, "(none)", "the metadata do not say whose they are: issuer is missing")
	case got == r.Server.Issuer:
		return ok("the metadata are of the issuer that was asked for")
	case strings.TrimRight(got, "/") == strings.TrimRight(r.Server.Issuer, "/"):
		return fail(r.Server.Issuer, got, "the issuer differs by a slash at the end; if this is the server you mean, give it as it names itself: %s", got)
	}
	return fail(r.Server.Issuer, got, "these are the metadata of another issuer; if this is the server you mean, give it as it names itself: %s", got)
}

func issuerForm(r *flow.Run, p *flow.Response) flow.Verdict {
	s, text := p.Object.String("issuer")
	u, err := url.Parse(s)
	switch {
	case !text:
		return skip("no issuer")
	case err != nil || u.Host == "":
		return fail("an https URL", s, "issuer is not an absolute URL")
	case u.Scheme != "https" && !Loopback(u) && r.Insecure:
		return warn("https", u.Scheme, "issuer is not https, let pass by --insecure")
	case u.Scheme != "https" && !Loopback(u):
		return fail("https", u.Scheme, "issuer is not https")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fail("no query, no fragment", s, "issuer has a query or a fragment")
	}
	return ok("")
}

// Loopback reports whether a URL is plain http to this machine, which is
// allowed without TLS.
func Loopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (strings.EqualFold(u.Hostname(), "localhost") || err == nil && ip.Unmap().IsLoopback())
}

// endpointsForm judges the endpoints that are going to be used, and no others.
func endpointsForm(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Object == nil {
		return skip("no metadata")
	}
	for _, e := range r.Uses {
		s, text := p.Object.String(e.Member())
		if r.Server.Replaced[e] != "" {
			continue
		}
		if !text && e != flow.JWKS {
			return fail(e.Member(), "(none)", "the metadata do not name %s, which this run needs", e.Member())
		}
		u, err := url.Parse(s)
		switch {
		case !text:
			continue
		case err != nil || u.Host == "":
			return fail("an absolute URL", s, "%s is not an absolute URL", e.Member())
		case u.Scheme != "https" && !Loopback(u) && !r.Insecure:
			return fail("https", s, "%s is not https", e.Member())
		case u.Fragment != "" || strings.Contains(s, "#"):
			return fail("no fragment", s, "%s has a fragment", e.Member())
		}
	}
	return ok("")
}

func pkceListed(_ *flow.Run, p *flow.Response) flow.Verdict {
	all, told := p.Object.Strings("code_challenge_methods_supported")
	switch {
	case p.Object == nil:
		return skip("no metadata")
	case !told:
		return warn("S256", "(not said)", "the metadata do not say whether the server checks PKCE")
	case !contains(all, "S256"):
		return warn("S256", strings.Join(all, ", "), "the server does not offer PKCE with S256")
	}
	return ok("")
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}
