package check

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func object(t testing.TB, s string) (*jose.Object, []jose.Problem) {
	t.Helper()
	return jose.ParseObject([]byte(s))
}

func now() time.Time { return time.Unix(1795440000, 0) }

// answer is a token response as the engine would hand it to a check.
func answer(t testing.TB, body string) *flow.Response {
	o, problems := object(t, body)
	p := &flow.Response{
		Request: &flow.Request{Endpoint: flow.Token}, Status: 200, Form: "json", Body: []byte(body), Object: o, Problems: problems,
		Header: http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}},
	}
	return p
}

func run() *flow.Run {
	r := &flow.Run{}
	r.Now, r.Skew = now, 30*time.Second
	r.Client.ID = "me"
	r.Ask.Trusted = []string{"friend"}
	return r
}

func outcome(v flow.Verdict) trace.Outcome {
	if v.Outcome == "" {
		return trace.Pass
	}
	return v.Outcome
}

func only(t *testing.T, checks []flow.Check, id string) flow.Check {
	t.Helper()
	for _, c := range checks {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("there is no check %s", id)
	return flow.Check{}
}

// What servers really answer: right, wrong, and merely unusual. The unusual
// must not be called wrong.
func TestTokenResponse(t *testing.T) {
	for _, c := range []struct {
		check, body string
		want        trace.Outcome
	}{
		{"token-type", `{"access_token":"a","token_type":"bearer"}`, trace.Pass},
		{"token-type", `{"access_token":"a","token_type":"BEARER"}`, trace.Pass},
		{"token-type", `{"access_token":"a","token_type":"DPoP"}`, trace.Warn}, // no proof was sent: nobody here has the key,
		{"token-type", `{"access_token":"a","token_type":"mac"}`, trace.Fail},
		{"token-type", `{"access_token":"a","token_type":null}`, trace.Fail},
		{"token-type", `{"access_token":"a"}`, trace.Fail},
		{"token-type", `{"error":"invalid_grant"}`, trace.Skip},
		{"access-token", `{"access_token":""}`, trace.Fail},
		{"access-token", `{"access_token":7}`, trace.Fail},
		{"access-token", `{"access_token":"ya29.a0/x-y_z~+=="}`, trace.Pass},
		{"access-token-sendable", `{"access_token":"with space"}`, trace.Warn},
		{"access-token-sendable", `{"access_token":"EwB4A8l6BAAU/+=="}`, trace.Pass},
		{"expires-in", `{"access_token":"a"}`, trace.Skip},
		{"expires-in", `{"access_token":"a","expires_in":1}`, trace.Pass},
		{"expires-in", `{"access_token":"a","expires_in":3600.0}`, trace.Pass},
		{"expires-in", `{"access_token":"a","expires_in":36e2}`, trace.Pass},
		{"expires-in", `{"access_token":"a","expires_in":0.5}`, trace.Fail},
		{"expires-in", `{"access_token":"a","expires_in":0}`, trace.Fail},
		{"expires-in", `{"access_token":"a","expires_in":"3600"}`, trace.Fail},
		{"expires-in", `{"access_token":"a","expires_in":3600000000}`, trace.Fail},
		{"expires-in-present", `{"access_token":"a"}`, trace.Warn},
		{"scope-form", `{"access_token":"a","scope":"a b"}`, trace.Pass},
		{"scope-form", `{"access_token":"a","scope":"a  b"}`, trace.Warn},
		{"scope-form", `{"access_token":"a","scope":"a,b"}`, trace.Pass}, // a comma is a legal character of a scope-token
		{"scope-form", `{"access_token":"a","scope":["a"]}`, trace.Warn},
		{"scope-form", `{"access_token":"a","scope":"a a"}`, trace.Warn},
		{"refresh-token", `{"access_token":"a","refresh_token":5}`, trace.Warn},
		{"refresh-token", `{"access_token":"a","refresh_token":"r"}`, trace.Pass},
		{"tokens-differ", `{"access_token":"a","refresh_token":"a"}`, trace.Fail},
		{"tokens-differ", `{"access_token":"a","refresh_token":"b"}`, trace.Pass},
		{"lifetime-agrees", `{"access_token":"` + jwt(t, `{"iat":100,"exp":400}`) + `","expires_in":300}`, trace.Pass},
		{"lifetime-agrees", `{"access_token":"` + jwt(t, `{"iat":100,"exp":400}`) + `","expires_in":3600}`, trace.Warn},
		{"lifetime-agrees", `{"access_token":"opaque","expires_in":3600}`, trace.Skip},
		{"unknown-members", `{"access_token":"a","expire_in":5}`, trace.Pass},
		{"token-json", `{"access_token":"a","access_token":"b"}`, trace.Fail},
		{"token-json", "{\"access_token\":\"a\"}\n\n", trace.Pass},
	} {
		v := only(t, TokenResponse(), c.check).Eval(run(), answer(t, c.body))
		if outcome(v) != c.want {
			t.Errorf("%s of %s: %s (%s), want %s", c.check, c.body, outcome(v), v.Detail, c.want)
		}
	}
}

// Vendors spell a scope another way than it was asked for, or add who the
// person is; only what reaches further is refused.
func TestScopeGranted(t *testing.T) {
	for _, c := range []struct {
		asked, granted string
		want           trace.Outcome
	}{
		{"openid profile", "openid profile", trace.Pass},
		{"openid profile", "profile openid", trace.Pass},
		{"repo gist", "repo,gist", trace.Warn},
		{"email profile", "https://www.googleapis.com/auth/userinfo.email openid https://www.googleapis.com/auth/userinfo.profile", trace.Warn},
		{"User.Read", "https://graph.microsoft.com/User.Read", trace.Pass},
		{"User.Read", "User.Read profile openid email", trace.Warn},
		{"read", "read admin", trace.Fail},
		{"read write", "read", trace.Warn},
		{"read", "read,admin", trace.Fail},
		{"a,b", "a,b", trace.Pass},
		{"", "anything", trace.Pass},
		{"api", "refresh_token api", trace.Warn}, // Salesforce
		{"https://graph.microsoft.com/.default", "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Read", trace.Pass},
		{"api://a1b2/.default openid", "api://a1b2/Files.Read openid", trace.Pass},
		{"api://a1b2/.default", "api://a1b2.evil/Files.Read", trace.Fail},
		{"api://a1b2/.default", "api://a1b2/Files.Read api://c3/Files.Read", trace.Fail},
		{"/.default", "/admin", trace.Fail},
	} {
		p := answer(t, `{"access_token":"a","scope":"`+c.granted+`"}`)
		p.Request.Params.Set("scope", c.asked, trace.Origin{})
		if v := only(t, TokenResponse(), "scope-granted").Eval(run(), p); outcome(v) != c.want {
			t.Errorf("asked %q, granted %q: %s (%s), want %s", c.asked, c.granted, outcome(v), v.Detail, c.want)
		}
	}
}

// A token whose alg cannot be checked is let pass only when the server's
// metadata announce that alg.
func TestUncheckableAlg(t *testing.T) {
	for listed, want := range map[string]trace.Outcome{`["ES256K"]`: trace.Warn, `["RS256"]`: trace.Fail} {
		r := run()
		r.Server.Metadata, _ = object(t, `{"id_token_signing_alg_values_supported":`+listed+`}`)
		header, _ := object(t, `{"alg":"ES256K"}`)
		p := &flow.Response{Request: &flow.Request{Endpoint: flow.IDToken}, Token: &jose.Token{Form: "JWS", Header: header},
			Signature: &flow.Signature{Err: &jose.SelectError{Reason: "alg-unsupported"}}}
		if v := only(t, IDToken(), "id-token-signature").Eval(r, p); outcome(v) != want {
			t.Errorf("%s: %s, want %s", listed, outcome(v), want)
		}
	}
}

// jwt is a token of the right shape with claims as given; it is only looked
// into, never verified.
func jwt(t *testing.T, claims string) string {
	t.Helper()
	s, err := jose.Sign("HS256", []byte("key"), nil, rawJSON(claims))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A secret of the request that comes back in a header or an error is noticed.
func TestSecretsNotEchoed(t *testing.T) {
	for _, c := range []struct {
		body, header string
		want         trace.Outcome
	}{
		{`{"error":"invalid_client","error_description":"bad secret s3cr3t-value"}`, "", trace.Warn},
		{`{"access_token":"a"}`, "s3cr3t-value", trace.Warn},
		{`{"error":"invalid_client","error_description":"bad secret"}`, "", trace.Pass},
	} {
		p := answer(t, c.body)
		p.Request.Params.SetSecret("client_secret", "s3cr3t-value", trace.Origin{})
		if c.header != "" {
			p.Header.Set("X-Debug", c.header)
		}
		if v := only(t, TokenResponse(), "secrets-not-echoed").Eval(run(), p); outcome(v) != c.want {
			t.Errorf("%s: %s", c.body, outcome(v))
		}
	}
}

// Claims at the edges of what is allowed.
func TestIDTokenClaims(t *testing.T) {
	for _, c := range []struct {
		check, claims string
		want          trace.Outcome
	}{
		{"id-token-exp", `{"exp":1795440001}`, trace.Pass},
		{"id-token-exp", `{"exp":1795439971}`, trace.Pass}, // 29 s ago, with 30 s of skew
		{"id-token-exp", `{"exp":1795439970}`, trace.Fail},
		{"id-token-exp", `{"exp":1795440300.5}`, trace.Pass}, // NumericDate may be a fraction (RFC 7519 §2)
		{"id-token-exp", `{"exp":"1795440300"}`, trace.Fail},
		{"id-token-exp", `{"exp":1795440300000}`, trace.Fail},
		{"id-token-exp", `{"exp":1795540000}`, trace.Warn},
		{"id-token-exp", `{}`, trace.Fail},
		{"id-token-iat", `{"iat":1795440030}`, trace.Pass},
		{"id-token-iat", `{"iat":1795440031}`, trace.Fail},
		{"id-token-iat", `{"iat":1795430000}`, trace.Warn},
		{"id-token-nbf", `{"nbf":1795440031}`, trace.Fail},
		{"id-token-nbf", `{"nbf":1795440000}`, trace.Pass},
		{"id-token-nbf", `{}`, trace.Skip},
		{"id-token-nbf", `{"nbf":1e300}`, trace.Fail},
		{"id-token-nbf", `{"nbf":1e999}`, trace.Fail},
		{"id-token-nbf", `{"nbf":-1}`, trace.Fail},
		{"id-token-nbf", `{"nbf":0}`, trace.Pass},
		{"id-token-iat", `{"iat":1e300}`, trace.Fail},
		{"id-token-iat", `{"iat":-1e300}`, trace.Fail},
		{"id-token-iat", `{"iat":1795440000000}`, trace.Fail},
		{"id-token-iat", `{"iat":1.79544e9}`, trace.Pass},
		{"id-token-exp", `{"exp":1e300}`, trace.Fail},
		{"id-token-exp", `{"exp":9223372036854775807}`, trace.Fail},
		{"id-token-exp", `{"exp":1795440300,"iat":1e300}`, trace.Pass}, // judged by id-token-iat
		{"id-token-auth_time", `{"auth_time":1e300}`, trace.Fail},
		{"id-token-auth_time", `{"auth_time":-5}`, trace.Fail},
		{"id-token-aud", `{"aud":"me"}`, trace.Pass},
		{"id-token-aud", `{"aud":["me"]}`, trace.Pass},
		{"id-token-aud", `{"aud":["me","other"]}`, trace.Fail},
		{"id-token-aud", `{"aud":["me","friend"]}`, trace.Pass},
		{"id-token-azp", `{"aud":["me","friend"]}`, trace.Warn},
		{"id-token-aud", `{"aud":"Me"}`, trace.Fail},
		{"id-token-aud", `{"aud":5}`, trace.Fail},
		{"id-token-azp", `{"aud":["me","me"]}`, trace.Pass},
		{"id-token-aud", `{"aud":["me","me"]}`, trace.Pass},
		{"id-token-azp", `{"azp":"me"}`, trace.Pass},
		{"id-token-azp", `{"azp":"other"}`, trace.Warn},
		{"id-token-sub", `{"sub":"24400320"}`, trace.Pass},
		{"id-token-sub", `{"sub":""}`, trace.Fail},
		{"id-token-sub", `{"sub":1}`, trace.Fail},
		{"id-token-sub", `{"sub":"\u00e9"}`, trace.Fail},
		{"id-token-not-event", `{"events":{}}`, trace.Fail},
		{"id-token-auth_time", `{"auth_time":"yesterday"}`, trace.Fail},
		{"id-token-auth_time", `{}`, trace.Skip},
	} {
		o, _ := object(t, c.claims)
		p := &flow.Response{Request: &flow.Request{Endpoint: flow.IDToken}, Token: &jose.Token{Form: "JWS", Claims: o}, Signature: &flow.Signature{}}
		if v := only(t, IDToken(), c.check).Eval(run(), p); outcome(v) != c.want {
			t.Errorf("%s of %s: %s (%s), want %s", c.check, c.claims, outcome(v), v.Detail, c.want)
		}
	}
}

func TestForeignTypes(t *testing.T) {
	for typ, want := range map[string]bool{
		"JWT": false, "": false, "jwt": false, "id_token+jwt": false,
		"at+jwt": true, "application/at+jwt": true, "AT+JWT": true, "logout+jwt": true, "dpop+jwt": true, "oauth-authz-req+jwt": true, "secevent+jwt": true,
	} {
		if got := foreignType(typ); got != want {
			t.Errorf("%q: %v", typ, got)
		}
	}
}

// A typ is a string (RFC 7515 §4.1.9), and may be left out.
func TestTypIsText(t *testing.T) {
	for raw, want := range map[string]trace.Outcome{
		`{}`: trace.Pass, `{"typ":"JWT"}`: trace.Pass, `{"typ":"at+jwt"}`: trace.Fail,
		`{"typ":["at+jwt"]}`: trace.Fail, `{"typ":7}`: trace.Fail, `{"typ":null}`: trace.Fail,
	} {
		header, _ := object(t, raw)
		if v := only(t, IDToken(), "id-token-typ").Eval(run(), &flow.Response{Token: &jose.Token{Header: header}}); outcome(v) != want {
			t.Errorf("%s: %s (%s), want %s", raw, outcome(v), v.Detail, want)
		}
	}
}

// The values are those of OIDC Core §A.4: the code, and its hash in the ID
// token. From the token endpoint c_hash is optional.
func TestCodeHash(t *testing.T) {
	const code, hash = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk", "LDktKdoQak3Pk0cnXxCltA"
	for _, c := range []struct {
		code, claims string
		want         trace.Outcome
	}{
		{code, `{"c_hash":"` + hash + `"}`, trace.Pass},
		{code + "x", `{"c_hash":"` + hash + `"}`, trace.Fail},
		{code, `{"c_hash":7}`, trace.Fail},
		{code, `{}`, trace.Skip},
		{"", `{"c_hash":"` + hash + `"}`, trace.Skip}, // a refresh
	} {
		claims, _ := object(t, c.claims)
		header, _ := object(t, `{"alg":"RS256"}`)
		carrier := answer(t, `{}`)
		if c.code != "" {
			carrier.Request.Meant.SetSecret("code", c.code, trace.Origin{})
		}
		p := &flow.Response{Token: &jose.Token{Header: header, Claims: claims}, Signature: &flow.Signature{}, Carrier: carrier}
		if v := only(t, IDToken(), "id-token-c_hash").Eval(run(), p); outcome(v) != c.want {
			t.Errorf("%s of %q: %s (%s), want %s", c.claims, c.code, outcome(v), v.Detail, c.want)
		}
	}
}

// Where a person is sent is an address of the web, or the run stops before it
// is shown.
func TestDeviceAddresses(t *testing.T) {
	for members, want := range map[string]trace.Outcome{
		`"verification_uri":"https://as.example/device"`:                                              trace.Pass,
		`"verification_uri":"HTTPS://as.example/device"`:                                              trace.Pass,
		`"verification_uri":"http://as.example/device"`:                                               trace.Pass, // remarked on by device-form
		`"verification_url":"https://as.example/device"`:                                              trace.Pass,
		`"verification_uri":"javascript:alert(1)"`:                                                    trace.Fail,
		`"verification_uri":"file:///etc/passwd"`:                                                     trace.Fail,
		`"verification_uri":"/etc/passwd"`:                                                            trace.Fail,
		`"verification_uri":"https:as.example"`:                                                       trace.Fail,
		`"verification_uri":"https://as.example/\u001b[2J"`:                                           trace.Fail,
		`"verification_url":"ms-settings:"`:                                                           trace.Fail,
		`"verification_uri":"https://a.example","verification_uri_complete":"https://a.example/?c=1"`: trace.Pass,
		`"verification_uri":"https://a.example","verification_uri_complete":""`:                       trace.Pass,
		`"verification_uri":"https://a.example","verification_uri_complete":"file:///bin/sh"`:         trace.Fail,
		`"verification_uri":"https://a.example","verification_uri_complete":["https://a.example/"]`:   trace.Fail,
	} {
		p := answer(t, `{"device_code":"d","user_code":"WDJB-MJHT","expires_in":900,`+members+`}`)
		c := only(t, Device(), "device-members")
		if v := c.Eval(run(), p); outcome(v) != want || !Trust(trace.Finding{Code: c.Code}) {
			t.Errorf("%s: %s (%s), want %s", members, outcome(v), v.Detail, want)
		}
	}
}

func TestLoopback(t *testing.T) {
	for s, want := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://localhost": true, "http://LOCALHOST": true, "http://[::ffff:127.0.0.1]": true, "http://127.evil.example": false, "http://[::1]:1": true, "http://127.1.2.3": true,
		"http://127.0.0.1.example.com": false, "http://localhost.example.com": false, "http://example.com": false, "https://127.0.0.1": false,
	} {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := Loopback(u); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
}

// The catalogue: every check has an id, a code, a section and a level, and no
// two share an id.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		if c.ID == "" || c.Code == "" || c.Spec == "" || c.Level == "" || c.At == "" || c.Eval == nil || seen[c.ID] {
			t.Errorf("%+v is incomplete or there twice", c.ID)
		}
		seen[c.ID] = true
	}
	for _, code := range TrustCodes() {
		if code == "" {
			t.Error("an empty trust code")
		}
	}
}

type rawJSON string

// MarshalJSON gives the claims as they are written.
func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }
