package discover

import (
	"slices"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func described(t *testing.T, metadata string) map[string]trace.Member {
	t.Helper()
	r := &flow.Run{}
	r.Server.Metadata, _ = jose.ParseObject([]byte(metadata))
	out := map[string]trace.Member{}
	for _, m := range append(describe(r), unknownMembers(r.Server.Metadata)...) {
		if _, twice := out[m.Name]; twice {
			t.Errorf("%s is there twice", m.Name)
		}
		out[m.Name] = m
	}
	return out
}

// What is left out has the meaning that its specification gives it, where it has
// one for such a server.
func TestImpliedMembers(t *testing.T) {
	for _, c := range []struct{ metadata, name, want string }{
		{`{"issuer":"i"}`, "token_endpoint_auth_methods_supported", "client_secret_basic (implied)"},
		{`{"issuer":"i"}`, "grant_types_supported", ""},
		{`{"issuer":"i","authorization_endpoint":"a"}`, "grant_types_supported", "authorization_code, implicit (implied)"},
		{`{"issuer":"i","authorization_endpoint":"a","grant_types_supported":["x","y"]}`, "grant_types_supported", "x, y"},
		{`{"issuer":"i","authorization_endpoint":"a"}`, "response_modes_supported", "query, fragment (implied)"},
		{`{"issuer":"i","authorization_endpoint":"a"}`, "request_uri_parameter_supported", ""},
		{`{"issuer":"i","authorization_endpoint":"a","id_token_signing_alg_values_supported":["RS256"]}`, "request_uri_parameter_supported", "true (implied)"},
		{`{"issuer":"i","authorization_endpoint":"a","require_pushed_authorization_requests":true}`, "require_pushed_authorization_requests", "true"},
		{`{"issuer":"i","my_own":{"a":1}}`, "my_own", `{"a":1}`},
		{`{"issuer":"i","scopes_supported":[]}`, "scopes_supported", "[]"},
	} {
		if got := described(t, c.metadata)[c.name].Value; got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.name, c.metadata, got, c.want)
		}
	}
}

func TestCapabilities(t *testing.T) {
	all := described(t, `{"issuer":"i","response_types_supported":["code"],"pushed_authorization_request_endpoint":"p","request_parameter_supported":false,
		"token_endpoint_auth_methods_supported":["self_signed_tls_client_auth"],"authorization_response_iss_parameter_supported":true,"dpop_signing_alg_values_supported":["ES256"]}`)
	var has []string
	for name, m := range all {
		if m.In == groupCapabilities && m.Value == "✓" {
			has = append(has, name)
		}
	}
	slices.Sort(has)
	if want := []string{"RFC 6749 §4.1", "RFC 8705", "RFC 9126", "RFC 9207", "RFC 9449"}; !slices.Equal(has, want) {
		t.Errorf("%v, want %v", has, want)
	}
}

// A key is told by what it is, also one that cannot be used.
func TestKeyMembers(t *testing.T) {
	set := jose.ParseKeySet([]byte(`{"keys":[{"kty":"EC","crv":"P-256","kid":"a","use":"sig","alg":"ES256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
		{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"new"}]}`))
	all := keyMembers(set)
	for i, want := range []struct{ name, value string }{{"a", "EC P-256, sig, ES256"}, {"(no kid)", "RSA 17 bits"}, {"(no kid)", "new"}} {
		if all[i].Name != want.name || all[i].Value != want.value {
			t.Errorf("%+v, want %+v", all[i], want)
		}
	}
}
