package check

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// MetadataLints judge what a server says of itself, beyond what a run is about
// to use: that is for Metadata. Their codes are those of the server tests; some
// tests have no lint, because a check of Metadata says the same:
//
//	META-01, META-04, META-22   V-MD-04, and the failure of discovery itself
//	META-02                     V-MD-01
//	META-20                     V-MD-07
//	META-09, META-24, META-28   need requests of their own
//	META-29, META-30            are a profile's
func MetadataLints() []flow.Check {
	at := flow.Metadata
	return []flow.Check{
		{ID: "meta-issuer-form", Code: "META-03", Spec: "RFC 8414 §2; RFC 3986 §3.2.1", Level: trace.Must, At: at, Eval: lint(lintIssuer)},
		{ID: "meta-issuer-template", Code: "META-23", Spec: "OIDC Discovery §4.3; RFC 8414 §3.3", Level: trace.Must, At: at, Eval: lint(lintTemplate)},
		{ID: "meta-required", Code: "META-05", Spec: "RFC 8414 §2; OIDC Discovery §3", Level: trace.Must, At: at, Eval: lint(lintRequired)},
		{ID: "meta-types", Code: "META-06", Spec: "RFC 8414 §2, §3.2", Level: trace.Must, At: at, Eval: lint(lintTypes)},
		{ID: "meta-https", Code: "META-07", Spec: "RFC 6749 §3.1, §3.2; RFC 8414 §2; RFC 7009 §2; RFC 7662 §2", Level: trace.Must, At: at, Eval: lint(lintHTTPS)},
		{ID: "meta-fragment", Code: "META-08", Spec: "RFC 6749 §3.1, §3.2", Level: trace.Must, At: at, Eval: lint(lintFragment)},
		{ID: "meta-pkce-plain", Code: "META-10", Spec: "RFC 9700 §2.1.1; RFC 7636 §7.2", Level: trace.Should, At: at, Eval: lint(lintPlain)},
		{ID: "meta-front-tokens", Code: "META-11", Spec: "RFC 9700 §2.1.2; OAuth 2.1 §10.1", Level: trace.Should, At: at, Eval: lint(lintFrontTokens)},
		{ID: "meta-password", Code: "META-12", Spec: "RFC 9700 §2.4", Level: trace.Should, At: at, Eval: lint(lintPassword)},
		{ID: "meta-defaults", Code: "META-13", Spec: "RFC 8414 §2; OIDC Discovery §3", Level: trace.Should, At: at, Eval: lint(lintDefaults)},
		{ID: "meta-signing-algs", Code: "META-14", Spec: "RFC 8414 §2; RFC 9449 §5.1; JARM §4; RFC 9101 §10.5", Level: trace.Must, At: at, Eval: lint(lintSigningAlgs)},
		{ID: "meta-jwt-auth-algs", Code: "META-15", Spec: "RFC 8414 §2", Level: trace.Must, At: at, Eval: lint(lintAssertionAlgs)},
		{ID: "meta-iss-parameter", Code: "META-16", Spec: "RFC 9207 §3; RFC 9700 §2.1", Level: trace.Should, At: at, Eval: lint(lintIssParameter)},
		{ID: "meta-par", Code: "META-17", Spec: "RFC 9126 §5", Level: trace.Must, At: at, Eval: lint(lintPAR)},
		{ID: "meta-jar", Code: "META-18", Spec: "RFC 9101 §9.2, §10.5; OIDC Discovery §3", Level: trace.Must, At: at, Eval: lint(lintJAR)},
		{ID: "meta-mtls-aliases", Code: "META-19", Spec: "RFC 8705 §5", Level: trace.Must, At: at, Eval: lint(lintAliases)},
		{ID: "meta-signed", Code: "V-MD-07", Spec: "RFC 8414 §2.1", Level: trace.Must, At: at, Eval: lint(lintSigned)},
		{ID: "meta-member-names", Code: "META-21", Spec: "RFC 8414 §7.1", Level: trace.May, At: at, Eval: lint(lintNames)},
		{ID: "meta-origins", Code: "META-25", Spec: "RFC 9700 §4.4.2", Level: trace.May, At: at, Eval: lint(lintOrigins)},
		{ID: "meta-openid", Code: "META-26", Spec: "OIDC Discovery §3; OIDC Core §15.1", Level: trace.Must, At: at, Eval: lint(lintOpenID)},
		{ID: "meta-cors", Code: "META-27", Spec: "RFC 9700 §2.6", Level: trace.May, At: at, Eval: lint(lintCORS)},
		{ID: "signed-metadata", Code: "V-MD-07", Spec: "RFC 8414 §2.1", Level: trace.Must, At: flow.SignedMetadata, Eval: signedMetadata},
	}
}

// lint judges a document, where there is one.
func lint(f func(*flow.Run, *flow.Response) flow.Verdict) func(*flow.Run, *flow.Response) flow.Verdict {
	return found(func(r *flow.Run, p *flow.Response) flow.Verdict {
		if p.Object == nil {
			return skip("no metadata")
		}
		return f(r, p)
	})
}

func lintIssuer(_ *flow.Run, p *flow.Response) flow.Verdict {
	s, _ := p.Object.String("issuer")
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "":
		return skip("judged by V-MD-02")
	case u.User != nil:
		return fail("no user name or password", s, "issuer has a user name or a password in it")
	case strings.HasSuffix(u.Path, "/"):
		return ok("the slash at its end belongs to the issuer: every iss and every comparison needs it")
	}
	return ok("")
}

// lintTemplate knows servers of many tenants that publish one document for
// all: no iss can ever be equal to its issuer.
func lintTemplate(_ *flow.Run, p *flow.Response) flow.Verdict {
	s, _ := p.Object.String("issuer")
	if strings.ContainsAny(s, "{}") || strings.Contains(strings.ToUpper(s), "%7B") {
		return fail("the issuer itself", s, "issuer is a template, not an issuer: no token can have it as its iss; ask for the metadata of one tenant")
	}
	return ok("")
}

// flaws are what is wrong with many things at once.
type flaws []struct{ expected, actual, detail string }

func (f *flaws) add(expected, actual, format string, args ...any) {
	*f = append(*f, struct{ expected, actual, detail string }{expected, actual, fmt.Sprintf(format, args...)})
}

// mostFlaws is how many a verdict spells out.
const mostFlaws = 6

// as makes one verdict of them.
func (f flaws) as(make func(expected, actual, format string, args ...any) flow.Verdict) flow.Verdict {
	var details, expected, actual []string
	for i, x := range f {
		if i == mostFlaws {
			details = append(details, fmt.Sprintf("and %d more", len(f)-i))
			break
		}
		details, actual = append(details, x.detail), append(actual, x.actual)
		if !slices.Contains(expected, x.expected) {
			expected = append(expected, x.expected)
		}
	}
	return make(strings.Join(expected, "; "), strings.Join(actual, "; "), "%s", strings.Join(details, "; "))
}

// grantsOf are the grant types that the metadata mean. RFC 8414 §2 has a default,
// and half of it cannot be used where no response type brings a code.
func grantsOf(o *jose.Object) []string {
	if all, told := o.Strings("grant_types_supported"); told {
		return all
	}
	types, told := o.Strings("response_types_supported")
	if told && !slices.ContainsFunc(types, func(one string) bool { return contains(strings.Fields(one), "code") }) {
		return []string{"implicit"}
	}
	return []string{"authorization_code", "implicit"}
}

// openID reports whether the metadata are those of an OpenID provider. That
// they stand at the place of OpenID Connect Discovery does not make one: RFC
// 8414 §5 lets others use it. Nor does a userinfo_endpoint: the example of RFC
// 8414 §3.2 has one.
func openID(o *jose.Object) bool {
	scopes, _ := o.Strings("scopes_supported")
	return o.Has("id_token_signing_alg_values_supported") || o.Has("subject_types_supported") || contains(scopes, "openid")
}

// asOpenID reports whether the document was read where, and says what, OpenID
// Connect Discovery governs; it asks for less than RFC 8414 here and there.
func asOpenID(p *flow.Response) bool {
	return openID(p.Object) && p.Request != nil && p.Request.URL != nil && strings.Contains(p.Request.URL.Path, "/.well-known/openid-configuration")
}
