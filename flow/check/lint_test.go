package check

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// metadataAt is a document as discovery would read it.
func metadataAt(t testing.TB, address, body string) *flow.Response {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &flow.Response{Request: &flow.Request{Endpoint: flow.Metadata, URL: u}, Status: 200, Form: "json", Body: []byte(body), Header: http.Header{"Content-Type": {"application/json"}}}
	p.Object, p.Problems = jose.ParseObject([]byte(body))
	return p
}

const oauthPlace = "https://as.example/.well-known/oauth-authorization-server"

// base is metadata that nothing can be said against.
const base = `"issuer":"https://as.example","authorization_endpoint":"https://as.example/a","token_endpoint":"https://as.example/t",
	"response_types_supported":["code"],"grant_types_supported":["authorization_code"],"code_challenge_methods_supported":["S256"],
	"token_endpoint_auth_methods_supported":["none"],"authorization_response_iss_parameter_supported":true`

func TestMetadataLints(t *testing.T) {
	const id = base + `,"jwks_uri":"https://as.example/k","subject_types_supported":["public"],"request_uri_parameter_supported":false`
	rs256 := id + `,"id_token_signing_alg_values_supported":["RS256"]`
	without := func(doc, name string) string {
		i := strings.Index(doc, `"`+name+`":`)
		j := strings.Index(doc[i:], `,"`)
		return doc[:i] + doc[i+j+1:]
	}
	for _, c := range []struct {
		id, doc string
		want    trace.Outcome
	}{
		{"meta-issuer-form", base, trace.Pass},
		{"meta-issuer-form", `"issuer":"https://me@as.example"`, trace.Fail},
		{"meta-issuer-form", `"issuer":"as.example"`, trace.Skip}, // V-MD-02
		{"meta-issuer-template", base, trace.Pass},
		{"meta-issuer-template", `"issuer":"https://as.example/{tenantid}"`, trace.Fail},
		{"meta-issuer-template", `"issuer":"https://as.example/%7btenant%7d"`, trace.Fail},
		{"meta-required", base, trace.Pass},
		{"meta-required", without(base, "response_types_supported"), trace.Fail},
		{"meta-required", without(base, "authorization_endpoint"), trace.Fail},
		{"meta-required", without(base, "token_endpoint"), trace.Fail},
		{"meta-required", `"issuer":"https://as.example","token_endpoint":"https://as.example/t","grant_types_supported":["client_credentials"]`, trace.Pass},
		{"meta-required", `"issuer":"https://as.example","token_endpoint":"https://as.example/t"`, trace.Fail}, // the default grants need a browser
		{"meta-types", base, trace.Pass},
		{"meta-types", base + `,"ui_locales_supported":[]`, trace.Warn},
		{"meta-types", base + `,"ui_locales_supported":"en"`, trace.Fail},
		{"meta-types", base + `,"ui_locales_supported":["en",1]`, trace.Fail},
		{"meta-types", base + `,"ui_locales_supported":null`, trace.Fail},
		{"meta-types", base + `,"request_parameter_supported":"true"`, trace.Fail},
		{"meta-types", base + `,"mtls_endpoint_aliases":[]`, trace.Fail},
		{"meta-types", base + `,"jwks_uri":{}`, trace.Fail},
		{"meta-types", base + `,"op_tos_uri#de":7`, trace.Fail},
		{"meta-types", base + `,"my_own":[],"yours":null`, trace.Pass},
		{"meta-https", base, trace.Pass},
		{"meta-https", base + `,"jwks_uri":"http://as.example/k"`, trace.Fail},
		{"meta-https", base + `,"jwks_uri":"http://127.0.0.1/k"`, trace.Pass},
		{"meta-https", base + `,"custom_endpoint":"/k"`, trace.Fail},
		{"meta-https", base + `,"service_documentation":"http://as.example/k"`, trace.Pass},
		{"meta-fragment", base, trace.Pass},
		{"meta-fragment", `"token_endpoint":"https://as.example/t#"`, trace.Fail},
		{"meta-fragment", `"revocation_endpoint":"https://as.example/t#x"`, trace.Warn},
		{"meta-pkce-plain", base, trace.Skip}, // V-MD-06
		{"meta-pkce-plain", `"code_challenge_methods_supported":["S256","plain"]`, trace.Warn},
		{"meta-front-tokens", base, trace.Pass},
		{"meta-front-tokens", `"response_types_supported":["code","code id_token","none"]`, trace.Pass},
		{"meta-front-tokens", `"response_types_supported":["code id_token token"]`, trace.Warn},
		{"meta-password", base, trace.Pass},
		{"meta-password", `"grant_types_supported":["password"]`, trace.Warn},
		{"meta-defaults", base, trace.Pass},
		{"meta-defaults", without(base, "grant_types_supported"), trace.Pass}, // code alone: implicit has no response type
		{"meta-defaults", `"authorization_endpoint":"https://as.example/a","response_types_supported":["token"]`, trace.Warn},
		{"meta-defaults", rs256, trace.Pass},
		{"meta-defaults", without(rs256, "request_uri_parameter_supported"), trace.Warn},
		{"meta-signing-algs", rs256, trace.Pass},
		{"meta-signing-algs", `"token_endpoint_auth_signing_alg_values_supported":["none"]`, trace.Fail},
		{"meta-signing-algs", `"token_endpoint_auth_signing_alg_values_supported":["HS256"]`, trace.Pass},
		{"meta-signing-algs", `"authorization_signing_alg_values_supported":["none"]`, trace.Fail},
		{"meta-signing-algs", `"authorization_signing_alg_values_supported":["HS256"]`, trace.Pass},
		{"meta-signing-algs", `"dpop_signing_alg_values_supported":["HS256"]`, trace.Fail},
		{"meta-signing-algs", `"dpop_signing_alg_values_supported":["ES256"]`, trace.Pass},
		{"meta-signing-algs", `"id_token_signing_alg_values_supported":["none","RS256"]`, trace.Warn},
		{"meta-signing-algs", `"userinfo_signing_alg_values_supported":["none"]`, trace.Pass}, // OIDC Discovery §3: may be
		{"meta-jwt-auth-algs", `"token_endpoint_auth_methods_supported":["private_key_jwt"]`, trace.Fail},
		{"meta-jwt-auth-algs", `"introspection_endpoint_auth_methods_supported":["client_secret_jwt"]`, trace.Fail},
		{"meta-jwt-auth-algs", `"token_endpoint_auth_methods_supported":["private_key_jwt"],"token_endpoint_auth_signing_alg_values_supported":["ES256"]`, trace.Pass},
		{"meta-jwt-auth-algs", `"token_endpoint_auth_methods_supported":["client_secret_basic"]`, trace.Pass},
		{"meta-iss-parameter", base, trace.Pass},
		{"meta-iss-parameter", `"authorization_endpoint":"https://as.example/a"`, trace.Warn},
		{"meta-iss-parameter", `"token_endpoint":"https://as.example/t"`, trace.Skip},
		{"meta-par", base, trace.Skip},
		{"meta-par", `"require_pushed_authorization_requests":true`, trace.Fail},
		{"meta-par", `"require_pushed_authorization_requests":true,"pushed_authorization_request_endpoint":"https://as.example/p"`, trace.Pass},
		{"meta-par", `"require_pushed_authorization_requests":false`, trace.Pass},
		{"meta-jar", base, trace.Skip},
		{"meta-jar", `"require_signed_request_object":true,"request_object_signing_alg_values_supported":["PS256"]`, trace.Pass},
		{"meta-jar", `"require_signed_request_object":true,"request_object_signing_alg_values_supported":["PS256","none"]`, trace.Fail},
		{"meta-jar", `"require_signed_request_object":true,"request_object_signing_alg_values_supported":["HS256"]`, trace.Warn},
		{"meta-jar", `"require_signed_request_object":true`, trace.Warn},
		{"meta-jar", `"require_signed_request_object":true,"request_object_signing_alg_values_supported":["PS256"],"request_parameter_supported":false,"request_uri_parameter_supported":false`, trace.Fail},
		{"meta-mtls-aliases", base, trace.Skip},
		{"meta-mtls-aliases", `"mtls_endpoint_aliases":{"token_endpoint":"https://m.as.example/t"}`, trace.Pass},
		{"meta-mtls-aliases", `"mtls_endpoint_aliases":{}`, trace.Pass},
		{"meta-mtls-aliases", `"mtls_endpoint_aliases":{"token_endpoint":"http://m.as.example/t"}`, trace.Fail},
		{"meta-mtls-aliases", `"mtls_endpoint_aliases":{"token_endpoint":"http://127.0.0.1:8443/t"}`, trace.Warn},
		{"meta-mtls-aliases", `"mtls_endpoint_aliases":{"token_endpoint":"http://127.evil.example/t"}`, trace.Fail},
		{"meta-mtls-aliases", `"mtls_endpoint_aliases":{"token":"https://m.as.example/t"}`, trace.Warn},
		{"meta-signed", base, trace.Skip},
		{"meta-signed", `"signed_metadata":7`, trace.Fail},
		{"meta-signed", `"signed_metadata":"x.y"`, trace.Fail},
		{"meta-signed", `"signed_metadata":"` + jwt(t, `{"iss":"https://as.example"}`) + `"`, trace.Fail}, // a MAC
		{"meta-signed", `"signed_metadata":"` + shapedJWT(`{"iss":"x","token_endpoint":"https://as.example/t"}`) + `",` + base, trace.Pass},
		{"meta-signed", `"signed_metadata":"` + shapedJWT(`{"iss":"x","token_endpoint":"https://other.example/t"}`) + `",` + base, trace.Warn},
		{"meta-signed", `"signed_metadata":"` + shapedJWT(`{"token_endpoint":"https://as.example/t"}`) + `",` + base, trace.Fail},
		{"meta-member-names", base, trace.Pass},
		{"meta-member-names", base + `,"something_else":1`, trace.Pass},
		{"meta-member-names", base + `,"op_tos_uri#de":"https://as.example"`, trace.Pass},
		{"meta-member-names", `"token_endpoint_auth_method_supported":["none"]`, trace.Warn},
		{"meta-member-names", `"token_endpoint_auth_method_supported":["none"],"token_endpoint_auth_methods_supported":["none"]`, trace.Pass}, // it is there besides
		{"meta-member-names", `"jwks_url":"https://as.example"`, trace.Warn},
		{"meta-origins", base + `,"jwks_uri":"https://keys.example"`, trace.Pass},
		{"meta-openid", base, trace.Skip},
		{"meta-openid", rs256, trace.Pass},
		{"meta-openid", id + `,"id_token_signing_alg_values_supported":["RS384","ES256"]`, trace.Fail},
		{"meta-openid", id + `,"id_token_signing_alg_values_supported":["PS256","ES256"]`, trace.Pass}, // as FAPI 2.0 wants it
		{"meta-openid", rs256 + `,"scopes_supported":["profile"]`, trace.Warn},
		{"meta-cors", base, trace.Pass},
	} {
		v := only(t, MetadataLints(), c.id).Eval(run(), metadataAt(t, oauthPlace, "{"+c.doc+"}"))
		if outcome(v) != c.want {
			t.Errorf("%s of %s: %s (%s), want %s", c.id, c.doc, outcome(v), v.Detail, c.want)
		}
		if bad := outcome(v) == trace.Fail || outcome(v) == trace.Warn; bad && (v.Expected == "" || v.Actual == "" || v.Detail == "") {
			t.Errorf("%s of %s: %+v", c.id, c.doc, v)
		}
	}
}

// rfc8414 is the example of RFC 8414 §3.2.
const rfc8414 = `{"issuer":"https://server.example.com","authorization_endpoint":"https://server.example.com/authorize",
	"token_endpoint":"https://server.example.com/token","token_endpoint_auth_methods_supported":["client_secret_basic","private_key_jwt"],
	"token_endpoint_auth_signing_alg_values_supported":["RS256","ES256"],"userinfo_endpoint":"https://server.example.com/userinfo",
	"jwks_uri":"https://server.example.com/jwks.json","registration_endpoint":"https://server.example.com/register",
	"scopes_supported":["openid","profile","email","address","phone","offline_access"],"response_types_supported":["code","code token"],
	"service_documentation":"http://server.example.com/service_documentation.html","ui_locales_supported":["en-US","en-GB","en-CA","fr-FR","fr-CA"]}`

// What is demanded depends on whose document it is, and the document that
// demands it is named.
func TestRequiredMembers(t *testing.T) {
	const openIDPlace = "https://as.example/.well-known/openid-configuration"
	const provider = base + `,"jwks_uri":"https://as.example/k","subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]`
	for _, c := range []struct{ at, doc, lacks, by string }{
		{oauthPlace, rfc8414, "", ""},
		{openIDPlace, rfc8414, "subject_types_supported, id_token_signing_alg_values_supported", "OIDC Discovery §3"},
		{openIDPlace, "{" + provider + "}", "", ""},
		{openIDPlace, "{" + strings.Replace(provider, "jwks_uri", "x", 1) + "}", "jwks_uri", "OIDC Discovery §3"},
		{oauthPlace, "{" + strings.Replace(provider, "jwks_uri", "x", 1) + "}", "", ""},
		{openIDPlace, "{" + base + "}", "", ""}, // RFC 8414 §5 lets others use the place
		{openIDPlace, "{" + base + `,"userinfo_endpoint":"https://as.example/u"}`, "", ""},
		{oauthPlace, "{" + strings.Replace(base, "response_types_supported", "x", 1) + "}", "response_types_supported", "RFC 8414 §2"},
		{oauthPlace, `{"authorization_endpoint":"https://as.example/a","response_types_supported":["token","id_token token"]}`, "", ""},
		{oauthPlace, `{"authorization_endpoint":"https://as.example/a","response_types_supported":["token","code"]}`, "token_endpoint", "RFC 8414 §2"},
		{oauthPlace, `{"authorization_endpoint":"https://as.example/a","response_types_supported":["code token"]}`, "token_endpoint", "RFC 8414 §2"},
		{oauthPlace, `{"authorization_endpoint":"https://as.example/a","response_types_supported":["token"],"grant_types_supported":["implicit","client_credentials"]}`, "token_endpoint", "RFC 8414 §2"},
	} {
		v := only(t, MetadataLints(), "meta-required").Eval(run(), metadataAt(t, c.at, c.doc))
		want := ""
		if c.lacks != "" {
			want = "missing from the metadata: " + c.lacks + " (" + c.by + ")"
		}
		if v.Detail != want || (outcome(v) == trace.Fail) != (want != "") {
			t.Errorf("%s at %s: %s (%s), want %q", c.doc, c.at, outcome(v), v.Detail, want)
		}
	}
}

// shapedJWT is a JWT whose form is right.
func shapedJWT(claims string) string {
	return segment64(`{"alg":"RS256"}`) + "." + segment64(claims) + ".AAAA"
}

func segment64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// What well-known servers publish: remarks, and one thing that is wrong indeed.
func TestRealMetadata(t *testing.T) {
	for name, want := range map[string]struct{ fails, warns string }{
		"google":       {"", "meta-pkce-plain meta-front-tokens meta-defaults meta-iss-parameter"},
		"entra-common": {"meta-issuer-template", "meta-front-tokens meta-defaults meta-jwt-auth-algs meta-iss-parameter"},
		"keycloak":     {"", "meta-pkce-plain meta-front-tokens meta-password meta-signing-algs"},
		"okta":         {"", "meta-front-tokens meta-password meta-defaults meta-jwt-auth-algs meta-iss-parameter"},
		"auth0":        {"", "meta-pkce-plain meta-front-tokens meta-defaults meta-iss-parameter"},
	} {
		body, err := os.ReadFile("testdata/metadata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		p := metadataAt(t, "https://as.example/.well-known/openid-configuration", string(body))
		var fails, warns []string
		for _, c := range MetadataLints() {
			if c.At != flow.Metadata {
				continue
			}
			switch v := c.Eval(run(), p); outcome(v) {
			case trace.Fail:
				fails = append(fails, c.ID)
			case trace.Warn:
				warns = append(warns, c.ID)
			}
		}
		if got := strings.Join(fails, " "); got != want.fails {
			t.Errorf("%s fails %s, want %s", name, got, want.fails)
		}
		if got := strings.Join(warns, " "); got != want.warns {
			t.Errorf("%s is warned of %s, want %s", name, got, want.warns)
		}
	}
}

// The endpoints of the run are V-MD-05's, and nothing is said twice.
func TestLintsLeaveWhatIsUsed(t *testing.T) {
	r := run()
	r.Uses = []flow.Endpoint{flow.Token}
	p := metadataAt(t, oauthPlace, `{"issuer":"https://as.example","grant_types_supported":["client_credentials"]}`)
	if v := only(t, MetadataLints(), "meta-required").Eval(r, p); outcome(v) != trace.Pass {
		t.Errorf("missing: %+v", v)
	}
	p = metadataAt(t, oauthPlace, `{"issuer":"https://as.example","token_endpoint":"http://as.example/t#x"}`)
	for _, id := range []string{"meta-https", "meta-fragment"} {
		if v := only(t, MetadataLints(), id).Eval(r, p); outcome(v) != trace.Pass {
			t.Errorf("%s: %+v", id, v)
		}
	}
	if v := only(t, Metadata(), "endpoints-form").Eval(r, p); outcome(v) != trace.Fail {
		t.Errorf("V-MD-05: %+v", v)
	}
}

// A page, or nothing, is not linted; a document full of nonsense does not break
// anything.
func TestLintsOfNothing(t *testing.T) {
	for _, body := range []string{``, `<html>`, `{}`, `{"issuer":{}}`, `{"a":1,"a":2`, `{"mtls_endpoint_aliases":{"a":{}},"signed_metadata":"..","jwks_uri":"%zz","grant_types_supported":{},"":[[[]]]}`} {
		p := metadataAt(t, oauthPlace, body)
		for _, c := range MetadataLints() {
			if c.At == flow.Metadata {
				_ = c.Eval(run(), p)
			}
		}
		q := &flow.Response{Request: &flow.Request{Endpoint: flow.JWKS}, Status: 200, Body: []byte(body)}
		for _, c := range KeyLints() {
			if v := c.Eval(run(), q); outcome(v) != trace.Skip {
				t.Errorf("%s of %q: %+v", c.ID, body, v)
			}
		}
	}
}

// The public keys of RFC 7517 §A.1.
const (
	rfcEC = `"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"`
	rfcN  = `0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw`
	rfcRS = `"kty":"RSA","e":"AQAB","n":"` + rfcN + `"`
)

func TestKeyLints(t *testing.T) {
	n, err := base64.RawURLEncoding.DecodeString(rfcN)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id, keys string // without the braces around each
		want     trace.Outcome
	}{
		{"jwks-strength", rfcRS, trace.Pass},
		{"jwks-strength", strings.Replace(rfcRS, "AQAB", "Aw", 1), trace.Warn},
		{"jwks-strength", `"kty":"EC","crv":"P-192"`, trace.Warn},
		{"jwks-strength", `"kty":"RSA","e":"AQAB","n":"` + rfcN[:172] + `"`, trace.Skip},                                            // V-JK-02
		{"jwks-strength", `"kty":"RSA","e":"AQAB","n":"` + rfcN[:172] + `"|` + strings.Replace(rfcRS, "AQAB", "Aw", 1), trace.Warn}, // the other one
		{"jwks-strength", `"kty":"AKP","alg":"ML-DSA-44","pub":"AQ"`, trace.Pass},
		{"jwks-encoding", `"kty":"RSA","e":"AQAB","n":"` + rfcN + `=="`, trace.Skip}, // V-JK-02
		{"jwks-encoding", strings.Replace(rfcEC, `"y":"4`, `"y":"5`, 1), trace.Skip}, // V-JK-02
		{"jwks-known-weak", rfcRS, trace.Pass},
		{"jwks-known-weak", rfcEC, trace.Skip},
		{"jwks-known-weak", rfcRS + "|" + rfcRS, trace.Pass}, // the same key twice shares no factor
		{"jwks-kid", rfcRS, trace.Pass},
		{"jwks-kid", rfcRS + `|` + rfcEC + `,"kid":"a"`, trace.Fail},
		{"jwks-kid", rfcRS + `,"kid":"b"|` + rfcEC + `,"kid":"a"`, trace.Pass},
		{"jwks-purpose", rfcRS, trace.Pass},
		{"jwks-purpose", rfcRS + `|` + rfcEC + `,"use":"enc"`, trace.Fail},
		{"jwks-purpose", rfcRS + `|` + rfcEC + `,"use":"sig"`, trace.Pass},
		{"jwks-purpose", rfcRS + `,"alg":"ES256"`, trace.Fail},
		{"jwks-purpose", rfcEC + `,"alg":"ES384"`, trace.Fail},
		{"jwks-purpose", rfcEC + `,"alg":"ES256"`, trace.Pass},
		{"jwks-purpose", rfcEC + `,"alg":"ECDH-ES+A128KW","use":"enc"`, trace.Pass},
		{"jwks-purpose", rfcRS + `,"alg":"RSA-OAEP","use":"sig"`, trace.Fail},
		{"jwks-purpose", rfcRS + `,"alg":"XYZ"`, trace.Pass},
		{"jwks-purpose", rfcRS + `,"alg":"HS256"`, trace.Fail},
		{"jwks-purpose", rfcRS + `,"alg":"none"`, trace.Fail},
		{"jwks-purpose", rfcEC + `,"alg":"HS512"`, trace.Fail},
		{"jwks-purpose", `"kty":"oct","k":"AAAA","alg":"HS256"`, trace.Pass}, // V-JK-01
		{"jwks-purpose", `"kty":"AKP","alg":"ML-DSA-44","pub":"AQ"`, trace.Pass},
		{"jwks-purpose", rfcRS + `,"use":"sig","key_ops":["encrypt"]`, trace.Warn},
		{"jwks-purpose", rfcRS + `,"use":"sig","key_ops":["verify"]`, trace.Pass},
		{"jwks-purpose", `"kty":"OKP","crv":"Ed25519","alg":"EdDSA"`, trace.Pass},
		{"jwks-certificates", rfcRS, trace.Skip},
		{"jwks-certificates", rfcRS + `,"x5c":["AAAA"]`, trace.Fail},
		{"jwks-certificates", rfcRS + `,"x5c":7`, trace.Fail},
		{"jwks-certificates", rfcRS + `,"x5t":"AAAA"`, trace.Skip}, // nothing to compare it with
		{"jwks-encoding", rfcRS, trace.Pass},
		{"jwks-encoding", strings.Replace(rfcRS, rfcN, base64.RawURLEncoding.EncodeToString(append([]byte{0}, n...)), 1), trace.Warn},
		{"jwks-algorithms", rfcRS, trace.Pass},
		{"jwks-algorithms", rfcRS + `,"alg":"PS256"`, trace.Warn},
		{"jwks-algorithms", rfcRS + `,"use":"enc"`, trace.Warn},
		{"jwks-algorithms", rfcEC, trace.Warn},
		{"jwks-one-alg", rfcRS + `,"alg":"RS256"|` + rfcEC, trace.Pass},
		{"jwks-one-alg", rfcRS + `,"alg":"RS256"|` + rfcRS + `,"alg":"PS256"`, trace.Warn},
		{"jwks-one-alg", rfcRS + `,"alg":"RS256","kid":"a"|` + rfcRS + `,"alg":"RS256","kid":"b"`, trace.Pass},
		{"jwks-one-alg", rfcEC + `,"use":"sig"|` + rfcEC + `,"use":"enc"`, trace.Warn},
		{"jwks-alg-bound", rfcRS, trace.Pass},
	} {
		r := run()
		r.Server.Metadata, _ = object(t, `{"id_token_signing_alg_values_supported":["RS256","HS256","none","X"]}`)
		body := `{"keys":[{` + strings.ReplaceAll(c.keys, "|", "},{") + `}]}`
		v := only(t, KeyLints(), c.id).Eval(r, &flow.Response{Request: &flow.Request{Endpoint: flow.JWKS}, Status: 200, Body: []byte(body)})
		if outcome(v) != c.want {
			t.Errorf("%s of %s: %s (%s), want %s", c.id, c.keys, outcome(v), v.Detail, c.want)
		}
	}
}

// Factors are found by the tree exactly where one by one finds them.
func TestSharedFactors(t *testing.T) {
	primes := []int64{10007, 10009, 10037, 10039, 10061, 10067, 10069, 10079, 10091, 10093}
	pairs := [][2]int{{0, 1}, {2, 3}, {1, 4}, {5, 6}, {7, 8}, {8, 9}, {3, 9}}
	var all []modulus
	for i, p := range pairs {
		all = append(all, modulus{i, new(big.Int).Mul(big.NewInt(primes[p[0]]), big.NewInt(primes[p[1]]))})
	}
	for n := range len(all) + 1 {
		var want, got []int
		for i := range n {
			for j := range n {
				if i != j && new(big.Int).GCD(nil, nil, all[i].n, all[j].n).BitLen() > 1 && !slices.Contains(want, i) {
					want = append(want, i)
				}
			}
		}
		for _, m := range shared(all[:n]) {
			got = append(got, m.at)
		}
		if !slices.Equal(got, want) {
			t.Errorf("of %d: %v, want %v", n, got, want)
		}
	}
}

// A fingerprint is that of powers of 65537, and hardly any other number has it.
func TestFingerprint(t *testing.T) {
	f := newFingerprint(smallPrimes())
	m := big.NewInt(2)
	for p := range f {
		m.Mul(m, big.NewInt(p))
	}
	broken := new(big.Int).Exp(big.NewInt(65537), big.NewInt(123456789), m)
	if broken.Add(broken, new(big.Int).Lsh(m, 900)); !f.of(broken) {
		t.Error("a number of the broken generator is not recognised")
	}
	n, err := base64.RawURLEncoding.DecodeString(rfcN)
	if err != nil || f.of(new(big.Int).SetBytes(n)) {
		t.Error("the key of RFC 7517 §A.1 is taken for one")
	}
}

// thousandKeys is a set of a thousand sound RSA moduli; whether they have two
// prime factors makes no difference to how long it takes.
func thousandKeys(b *testing.B) []byte {
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	for i := range 1000 {
		n := make([]byte, 256)
		if _, err := rand.Read(n); err != nil {
			b.Fatal(err)
		}
		n[0] |= 0x80
		n[255] |= 1
		set.Keys = append(set.Keys, map[string]string{"kty": "RSA", "e": "AQAB", "kid": fmt.Sprint(i), "n": base64.RawURLEncoding.EncodeToString(n)})
	}
	body, err := json.Marshal(set)
	if err != nil {
		b.Fatal(err)
	}
	return body
}

func BenchmarkLintThousandKeys(b *testing.B) {
	p := &flow.Response{Request: &flow.Request{Endpoint: flow.JWKS}, Status: 200, Body: thousandKeys(b)}
	for b.Loop() {
		for _, c := range KeyLints() {
			_ = c.Eval(run(), p)
		}
	}
}
