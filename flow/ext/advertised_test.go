package ext

import (
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// What is about to be used is looked up among what the server lists; what a
// server need not list is never missed.
func TestAdvertised(t *testing.T) {
	const lists = `{"grant_types_supported":["authorization_code"],"response_types_supported":["code","id_token token"],"response_modes_supported":["query"],
		"token_endpoint_auth_methods_supported":["private_key_jwt"],"scopes_supported":["openid"],"prompt_values_supported":["create"],"acr_values_supported":["1"],
		"code_challenge_methods_supported":["S256"],"authorization_details_types_supported":["a"],"dpop_signing_alg_values_supported":["ES256"]}`
	const rs256 = "eyJhbGciOiJSUzI1NiJ9.e30.AA" // {"alg":"RS256"}
	for _, c := range []struct {
		metadata, params, proof string
		want                    []string // checks that warn
	}{
		{lists, "grant_type=authorization_code&code_challenge_method=S256", "", nil},
		{lists, "response_type=code&response_mode=query&scope=openid+more&prompt=login+create&acr_values=1", "", nil},
		{lists, "response_type=token+id_token", "", []string{"advertised-grant"}}, // the order of the words means nothing
		{lists, "response_type=code+token", "", []string{"advertised-response-type"}},
		{lists, "response_type=code&response_mode=form_post", "", []string{"advertised-response-mode"}},
		{lists, "grant_type=password", "", []string{"advertised-grant"}},
		{lists, authMethod + "=client_secret_basic", "", []string{"advertised-auth-method"}},
		{lists, "prompt=select", "", []string{"advertised-prompt"}},
		{lists, "acr_values=1+2", "", []string{"advertised-acr"}},
		{lists, "code_challenge_method=plain", "", []string{"advertised-pkce"}},
		{lists, "authorization_details=%5B%7B%22type%22%3A%22b%22%7D%5D", "", []string{"advertised-details"}},
		{lists, "", rs256, []string{"advertised-dpop-alg"}},
		{`{}`, "grant_type=authorization_code&response_type=code&response_mode=query&prompt=create&acr_values=9&code_challenge_method=plain&" + authMethod + "=none", rs256, nil},
		{`{}`, "response_type=id_token", "", nil}, // RFC 8414 §2: implicit is among the defaults
		{`{}`, "grant_type=client_credentials", "", []string{"advertised-grant"}},
		{`{}`, "response_mode=form_post", "", []string{"advertised-response-mode"}},
	} {
		r := &flow.Run{}
		r.Server.Metadata, _ = jose.ParseObject([]byte(c.metadata))
		q := &flow.Request{Endpoint: flow.Planned, Params: flow.ParseParams(c.params, trace.Origin{})}
		if c.proof != "" {
			q.Headers.Set("DPoP", c.proof, trace.Origin{})
		}
		var got []string
		for _, check := range Advertised("").Checks {
			if v := check.Eval(r, &flow.Response{Request: q}); v.Outcome == trace.Warn {
				got = append(got, check.ID)
			} else if v.Outcome == trace.Fail {
				t.Errorf("%s fails for %s", check.ID, c.params)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s with %s: %s, want %s", c.params, c.metadata[:2], strings.Join(got, " "), strings.Join(c.want, " "))
		}
	}
}
