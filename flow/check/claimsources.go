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

// ClaimSources judges claims that others than the server vouch for, by their
// form: nothing is fetched.
func ClaimSources() []flow.Check {
	return []flow.Check{
		{ID: "id-token-claim-sources", Code: "V-ID-31", Spec: "OIDC Core §5.6.2", Level: trace.Must, At: flow.IDToken, Eval: idTokenSources},
		{ID: "userinfo-claim-sources", Code: "V-UI-06", Spec: "OIDC Core §5.6.2", Level: trace.Should, At: flow.Userinfo, Eval: userinfoSources},
		{ID: "id-token-sid", Code: "V-ID-32", Spec: "OIDC Front-Channel Logout §3", Level: trace.Should, At: flow.IDToken, Eval: sessionID},
	}
}

func idTokenSources(_ *flow.Run, p *flow.Response) flow.Verdict {
	if !fromOthers(p.Token.Claims) {
		return skip("no aggregated or distributed claims")
	}
	if bad := sourceFaults(p.Token.Claims); len(bad) > 0 {
		return fail("claims of others as OIDC Core §5.6.2 has them", fmt.Sprintf("%d that are not", len(bad)), "%s", strings.Join(bad, "; "))
	}
	return ok("claims of others are named; they were neither fetched nor checked")
}

func userinfoSources(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	if !fromOthers(p.Object) {
		return skip("no aggregated or distributed claims")
	}
	if bad := sourceFaults(p.Object); len(bad) > 0 {
		return warn("claims of others as OIDC Core §5.6.2 has them", fmt.Sprintf("%d that are not", len(bad)), "%s", strings.Join(bad, "; "))
	}
	return ok("claims of others are named; they were neither fetched nor checked")
}

func fromOthers(o *jose.Object) bool { return o.Has("_claim_names") || o.Has("_claim_sources") }

// sourceFaults says what is wrong with aggregated and distributed claims: each
// name leads to a source that exists, and none takes the place of a claim that
// says whose the token is.
func sourceFaults(o *jose.Object) []string {
	names, fine := o.Object("_claim_names")
	sources, also := o.Object("_claim_sources")
	if !fine || !also {
		return []string{"_claim_names and _claim_sources are not two objects"}
	}
	var bad []string
	for _, m := range names.Members {
		source, text := names.String(m.Name)
		switch {
		case slices.Contains([]string{"iss", "sub", "aud", "exp", "iat", "nonce"}, m.Name):
			bad = append(bad, fmt.Sprintf("%q is to come from somebody else: it is the server's own to say", m.Name))
		case !text || !sources.Has(source):
			bad = append(bad, fmt.Sprintf("%q refers to a source that is not there", m.Name))
		}
	}
	for _, m := range sources.Members {
		if why := sourceFault(sources, m.Name); why != "" {
			bad = append(bad, fmt.Sprintf("the source %q %s", m.Name, why))
		}
	}
	return bad
}

func sourceFault(sources *jose.Object, name string) string {
	source, object := sources.Object(name)
	jwt, aggregated := source.String("JWT")
	endpoint, distributed := source.String("endpoint")
	u, err := url.Parse(endpoint)
	switch {
	case !object:
		return "is not an object"
	case source.Has("access_token") && !distributed:
		return "brings an access token, and no endpoint to use it at"
	case aggregated && jose.Decode(jwt).Form == jose.FormOpaque:
		return "has a JWT that is none"
	case aggregated:
		return ""
	case !distributed:
		return "has neither a JWT nor an endpoint"
	case err != nil || u.Host == "" || u.Scheme != "https" && !Loopback(u):
		return "has an endpoint that is not https: an access token may be sent there"
	}
	return ""
}

func sessionID(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Token.Claims.Get("sid")
	s, text := p.Token.Claims.String("sid")
	switch {
	case !present:
		return skip("no sid")
	case !text:
		return warn("a string", kind(raw), "sid is %s, not a string: no logout token could name this session", kind(raw))
	case s == "":
		return warn("a name", `""`, "sid is empty: no logout token could name this session")
	}
	return ok("")
}
