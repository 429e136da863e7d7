package ext

import (
	"context"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Advertised compares what requests are about to use with what the metadata
// list, before anything is sent. It stops nothing: servers forget to list.
func Advertised(method string) flow.Extension {
	judged := map[flow.Endpoint]bool{}
	at := func(_ context.Context, r *flow.Run, q *flow.Request) error {
		if r.Server.Metadata == nil || judged[q.Endpoint] {
			return nil
		}
		judged[q.Endpoint] = true
		planned := &flow.Request{Endpoint: flow.Planned, Params: q.Params, Meant: q.Params, Headers: q.Headers}
		if q.Endpoint != flow.Authorization && !judged[flow.Planned] {
			judged[flow.Planned] = true // a client proves itself in the same way everywhere
			planned.Params = append(slices.Clone(q.Params), trace.Param{Name: authMethod, Value: method})
		}
		_, gate := r.Judge(&flow.Response{Request: planned, Seq: r.Server.Seq})
		return gate
	}
	return flow.Extension{
		Name: "advertised", Spec: "RFC 8414 §2",
		Doc: "what the metadata list\n\n" +
			"A server says which grants, response types, methods and algorithms it knows. What is about to be used and is not among them is said beforehand; it is tried all the same.",
		Params: flow.On{flow.Authorization: at},
		Edit:   flow.On{flow.Token: at, flow.PAR: at, flow.Device: at, flow.CIBA: at},
		Checks: advertisedChecks(),
	}
}

// authMethod stands for the client's way to prove itself among what is planned.
const authMethod = "token_endpoint_auth_method"

// A listing ties something that a request has to the member that lists it.
type listing struct {
	id, spec, member, fallback string // what the member's absence means: a list, or nothing
	used                       func(*flow.Request) []string
	what                       string
}

func param(name string) func(*flow.Request) []string {
	return func(q *flow.Request) []string {
		if s := q.Params.Get(name); s != "" {
			return []string{s}
		}
		return nil
	}
}

// listings are what can be looked up. Scopes are not: a server may know more
// than it lists (RFC 8414 §2).
func listings() []listing {
	const ref = "RFC 8414 §2"
	return []listing{
		{"advertised-grant", ref, "grant_types_supported", "authorization_code implicit", grantOf, "the grant"},
		{"advertised-auth-method", ref, "token_endpoint_auth_methods_supported", "", param(authMethod), "the authentication method"},
		{"advertised-response-type", ref, "response_types_supported", "", param("response_type"), "the response type"},
		{"advertised-response-mode", ref, "response_modes_supported", "query fragment", param("response_mode"), "the response mode"},
		{"advertised-prompt", "Prompt Create §4", "prompt_values_supported", "", prompts, "the prompt"},
		{"advertised-acr", "OIDC Discovery §3", "acr_values_supported", "", words("acr_values"), "the authentication level"},
		{"advertised-pkce", ref, "code_challenge_methods_supported", "", weakPKCE, "the PKCE method"},
		{"advertised-details", "RFC 9396 §10", "authorization_details_types_supported", "", detailTypes, "the type of authorization details"},
		{"advertised-dpop-alg", "RFC 9449 §5.1", "dpop_signing_alg_values_supported", "", proofAlg, "the algorithm of the DPoP proof"},
	}
}

// grantOf is the grant of a request: that of an authorization request without a
// code is the implicit one.
func grantOf(q *flow.Request) []string {
	kind := strings.Fields(q.Params.Get("response_type"))
	if slices.Contains(kind, "code") || slices.Contains(kind, "none") || len(kind) == 0 {
		return param("grant_type")(q)
	}
	return []string{"implicit"}
}

func words(name string) func(*flow.Request) []string {
	return func(q *flow.Request) []string { return strings.Fields(q.Params.Get(name)) }
}

// prompts leaves out those that every OpenID provider knows (OIDC Core
// §3.1.2.1).
func prompts(q *flow.Request) []string {
	return slices.DeleteFunc(words("prompt")(q), func(s string) bool {
		return slices.Contains([]string{"none", "login", "consent", "select_account"}, s)
	})
}

// weakPKCE leaves out S256: whether the server has that is judged by V-MD-06.
func weakPKCE(q *flow.Request) []string {
	return slices.DeleteFunc(words("code_challenge_method")(q), func(s string) bool { return s == "S256" })
}

func detailTypes(q *flow.Request) []string {
	var out []string
	all, _ := readDetails([]byte(q.Params.Get("authorization_details")))
	for _, d := range all {
		out = append(out, d.kind)
	}
	return out
}

func proofAlg(q *flow.Request) []string {
	if proof := q.Headers.Get("DPoP"); proof != "" {
		return []string{jose.Decode(proof).Alg()}
	}
	return nil
}

func advertisedChecks() []flow.Check {
	var all []flow.Check
	for _, l := range listings() {
		all = append(all, flow.Check{ID: l.id, Code: "V-MD-09", Spec: l.spec, Level: trace.Should, At: flow.Planned, Eval: l.eval})
	}
	return all
}

func (l listing) eval(r *flow.Run, p *flow.Response) flow.Verdict {
	used := l.used(p.Request)
	all, told := r.Server.Metadata.Strings(l.member)
	if len(used) == 0 {
		return skip("not used")
	}
	if !told && l.fallback == "" {
		return skip(l.member + " is absent")
	}
	if !told {
		all = strings.Fields(l.fallback)
	}
	for _, one := range used {
		if !slices.ContainsFunc(all, func(s string) bool { return sameWords(s, one) }) {
			return warn(strings.Join(all, ", "), one, "the metadata do not list %s %s (%s); it is asked for all the same", l.what, one, l.member)
		}
	}
	return pass("%s is in %s", strings.Join(used, ", "), l.member)
}

// sameWords compares response types, whose words have no order (RFC 6749
// §3.1.1).
func sameWords(a, b string) bool {
	return slices.Equal(slices.Sorted(strings.FieldsSeq(a)), slices.Sorted(strings.FieldsSeq(b)))
}
