package check

import (
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// lintRequired asks for the members that the declared grants cannot do without.
// The endpoints of this run are judged by V-MD-05.
func lintRequired(r *flow.Run, p *flow.Response) flow.Verdict {
	o := p.Object
	var expected, missing, says []string
	for _, d := range required(p) {
		var lacks []string
		for _, name := range d.names {
			used := slices.ContainsFunc(r.Uses, func(e flow.Endpoint) bool { return e.Member() == name && r.Server.Replaced[e] == "" && e != flow.JWKS })
			if !o.Has(name) && !used {
				lacks = append(lacks, name)
			}
		}
		expected, missing = append(expected, d.names...), append(missing, lacks...)
		if len(lacks) > 0 {
			says = append(says, strings.Join(lacks, ", ")+" ("+d.by+")")
		}
	}
	if len(missing) > 0 {
		return fail(strings.Join(expected, ", "), "without "+strings.Join(missing, ", "), "missing from the metadata: %s", strings.Join(says, "; "))
	}
	return ok("")
}

// A demand is the members that a document requires.
type demand struct {
	by    string
	names []string
}

// required lists what RFC 8414 §2 requires, and OpenID Connect Discovery §3
// where that governs. The issuer is judged by V-MD-01. A server that has nothing
// to do with browsers has no response types to list, and RFC 8414 §3.2 has no
// empty lists.
func required(p *flow.Response) []demand {
	oauth := demand{by: "RFC 8414 §2"}
	types := grantsOf(p.Object)
	front := contains(types, "authorization_code") || contains(types, "implicit")
	if front {
		oauth.names = append(oauth.names, "response_types_supported", "authorization_endpoint")
	}
	if slices.ContainsFunc(types, func(g string) bool { return g != "implicit" }) {
		oauth.names = append(oauth.names, "token_endpoint")
	}
	if !front || !asOpenID(p) {
		return []demand{oauth}
	}
	return []demand{oauth, {"OIDC Discovery §3", []string{"jwks_uri", "subject_types_supported", "id_token_signing_alg_values_supported"}}}
}

// lintTypes holds every registered member to its type.
func lintTypes(_ *flow.Run, p *flow.Response) flow.Verdict {
	var wrong, empty flaws
	for _, m := range p.Object.Members {
		row, known := registeredMetadata(m.Name)
		switch want := row.kind; {
		case !known || row.fits(m.Value):
		case string(m.Value) == "null":
			wrong.add(string(want), m.Name+" null", "%s is null; what is not there is left out", m.Name)
		default:
			wrong.add(string(want), m.Name+" "+kind(m.Value), "%s is %s, not %s", m.Name, kind(m.Value), want)
		}
		if known && row.kind == aList && isEmpty(m.Value) {
			empty.add("no empty list", m.Name+" []", "%s is empty; an empty list is left out", m.Name)
		}
	}
	switch {
	case len(wrong) > 0:
		return append(wrong, empty...).as(fail)
	case len(empty) > 0:
		return empty.as(warn)
	}
	return ok("")
}

func isEmpty(raw []byte) bool {
	return strings.Trim(string(raw), " \t\r\n[]") == "" && len(raw) > 0 && raw[0] == '['
}

// An address is a member of the metadata that is one.
type address struct {
	name string
	u    *url.URL
	raw  string
}

// addresses are the endpoints and the key set, except those that this run uses:
// they are judged by V-MD-05.
func addresses(r *flow.Run, o *jose.Object) []address {
	var all []address
	for _, m := range o.Members {
		if !strings.HasSuffix(m.Name, "_endpoint") && m.Name != "jwks_uri" && m.Name != "check_session_iframe" && m.Name != "signed_jwks_uri" {
			continue
		}
		if slices.ContainsFunc(r.Uses, func(e flow.Endpoint) bool { return e.Member() == m.Name && r.Server.Replaced[e] == "" }) {
			continue
		}
		s, text := o.String(m.Name)
		if u, err := url.Parse(s); text && err == nil {
			all = append(all, address{m.Name, u, s})
		}
	}
	return all
}

func lintHTTPS(r *flow.Run, p *flow.Response) flow.Verdict {
	var bad flaws
	for _, a := range addresses(r, p.Object) {
		switch {
		case a.u.Host == "":
			bad.add("an absolute URL", a.name+" "+a.raw, "%s is not an absolute URL", a.name)
		case a.u.Scheme != "https" && !Loopback(a.u):
			bad.add("https", a.name+" "+a.raw, "%s is not https", a.name)
		}
	}
	switch {
	case len(bad) > 0 && r.Insecure:
		return bad.as(warn)
	case len(bad) > 0:
		return bad.as(fail)
	}
	return ok("")
}

// lintFragment fails where RFC 6749 forbids a fragment: at two endpoints. It
// makes no sense at any.
func lintFragment(r *flow.Run, p *flow.Response) flow.Verdict {
	var must, odd flaws
	for _, a := range addresses(r, p.Object) {
		switch {
		case !strings.Contains(a.raw, "#"):
		case a.name == "authorization_endpoint" || a.name == "token_endpoint":
			must.add("no fragment", a.raw, "%s has a fragment", a.name)
		default:
			odd.add("no fragment", a.raw, "%s has a fragment, which no request carries", a.name)
		}
	}
	switch {
	case len(must) > 0:
		return append(must, odd...).as(fail)
	case len(odd) > 0:
		return odd.as(warn)
	}
	return ok("")
}

// lintOrigins tells where else than at the issuer a client is sent to. Many
// servers do that for good reasons.
func lintOrigins(_ *flow.Run, p *flow.Response) flow.Verdict {
	issuer, _ := p.Object.String("issuer")
	home, err := url.Parse(issuer)
	if err != nil || home.Host == "" {
		return skip("no issuer")
	}
	var origins []string
	for _, a := range addresses(&flow.Run{}, p.Object) {
		at := a.u.Scheme + "://" + a.u.Host
		if a.u.Host != "" && !strings.EqualFold(at, home.Scheme+"://"+home.Host) && !contains(origins, at) {
			origins = append(origins, at)
		}
	}
	if len(origins) > 0 {
		return ok("endpoints at other origins than the issuer's: %s", strings.Join(origins, ", "))
	}
	return ok("every endpoint is at the issuer's own origin")
}

func lintCORS(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Header.Get("Access-Control-Allow-Origin") == "" {
		return ok("nothing says that scripts of other origins may read the metadata; nobody asked as one")
	}
	return ok("scripts of other origins may read the metadata")
}

// lintNames looks for members that nobody registered and that are spelt almost
// like one that somebody did. All other unknown members are the server's own
// business.
func lintNames(_ *flow.Run, p *flow.Response) flow.Verdict {
	var near flaws
	var unknown []string
	for _, m := range p.Object.Members {
		if _, known := registeredMetadata(m.Name); known {
			continue
		}
		unknown = append(unknown, m.Name)
		if to := misspelt(m.Name, p.Object); to != "" && len(near) <= mostFlaws {
			near.add(to, m.Name, "%s is not registered, and %s is: nobody will find it", m.Name, to)
		}
	}
	switch {
	case len(near) > 0:
		return near.as(warn)
	case len(unknown) > 0:
		return ok("members of the server's own: %s", strings.Join(unknown[:min(len(unknown), 20)], ", "))
	}
	return ok("")
}
