package check

import (
	"net/url"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// at is a run with a server whose metadata are as given.
func at(t *testing.T, issuer, metadata string) *flow.Run {
	t.Helper()
	r := run()
	r.Server.Issuer = issuer
	r.Server.Metadata, _ = object(t, metadata)
	r.Server.Replaced = map[flow.Endpoint]string{}
	return r
}

func parsed(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A code goes to the address that the metadata of its issuer name, to the
// alias for certificates, or where the person said.
func TestOwnTokenEndpoint(t *testing.T) {
	const issuer = "https://as.example"
	const metadata = `{"issuer":"https://as.example","token_endpoint":"https://as.example/token","mtls_endpoint_aliases":{"token_endpoint":"https://mtls.as.example/token"}}`
	for _, c := range []struct {
		metadata, went, replaced string
		want                     trace.Outcome
	}{
		{metadata, "https://as.example/token", "", trace.Pass},
		{metadata, "https://mtls.as.example/token", "", trace.Pass},
		{metadata, "https://evil.example/token", "", trace.Fail},
		{metadata, "https://as.example/token/", "", trace.Fail},
		{metadata, "https://evil.example/token", "https://evil.example/token", trace.Skip},
		{strings.Replace(metadata, `"issuer":"https://as.example"`, `"issuer":"https://evil.example"`, 1), "https://as.example/token", "", trace.Fail},
		{`{}`, "https://as.example/token", "", trace.Skip},
	} {
		r := at(t, issuer, c.metadata)
		if c.replaced != "" {
			r.Server.Replaced[flow.Token] = c.replaced
		}
		p := answer(t, `{}`)
		p.Request.URL = parsed(t, c.went)
		if v := only(t, Issuer(), "token-endpoint-own").Eval(r, p); outcome(v) != c.want {
			t.Errorf("%s to %s: %s (%s), want %s", c.metadata, c.went, outcome(v), v.Detail, c.want)
		}
	}
}

// Whatever of an answer names an issuer has to name the same.
func TestIssuersAgree(t *testing.T) {
	idToken := jwt(t, `{"iss":"https://as.example"}`)
	for _, c := range []struct {
		iss, jarm, idToken string
		want               trace.Outcome
	}{
		{"https://as.example", "", "", trace.Skip},
		{"", "", idToken, trace.Skip},
		{"https://as.example", "", idToken, trace.Pass},
		{"https://as.example/", "", idToken, trace.Fail},
		{"https://as.example", "https://evil.example", "", trace.Fail},
		{"https://as.example", "https://as.example", idToken, trace.Pass},
		{"", "https://evil.example", idToken, trace.Fail},
	} {
		p := &flow.Response{Request: &flow.Request{Endpoint: flow.Authorization}}
		for name, v := range map[string]string{"iss": c.iss, "id_token": c.idToken} {
			if v != "" {
				p.Values.Set(name, v, trace.Origin{})
			}
		}
		if c.jarm != "" {
			p.Token = jose.Decode(jwt(t, `{"iss":"`+c.jarm+`"}`))
		}
		if v := only(t, Issuer(), "issuers-agree").Eval(run(), p); outcome(v) != c.want {
			t.Errorf("%+v: %s (%s)", c, outcome(v), v.Detail)
		}
	}
}

// Who answered is held to the name of the endpoint, over a TLS that can be
// relied on.
func TestPeer(t *testing.T) {
	for _, c := range []struct {
		went, name, version string
		insecure            bool
		want                trace.Outcome
	}{
		{"https://as.example/token", "as.example", "TLS 1.3", false, trace.Pass},
		{"https://AS.example/token", "as.example", "TLS 1.2", false, trace.Pass},
		{"https://as.example/token", "evil.example", "TLS 1.3", false, trace.Fail},
		{"https://as.example/token", "as.example", "TLS 1.1", false, trace.Fail},
		{"https://as.example/token", "as.example", "", false, trace.Fail},
		{"https://as.example/token", "evil.example", "TLS 1.1", true, trace.Skip}, // asked for, and said
		{"https://192.0.2.7/token", "", "TLS 1.3", false, trace.Pass},             // an address has no name
		{"http://127.0.0.1:1/token", "", "", false, trace.Skip},
		{"http://as.example/token", "", "", false, trace.Fail},
		{"http://as.example/token", "", "", true, trace.Warn},
	} {
		r := run()
		r.Insecure = c.insecure
		p := answer(t, `{}`)
		p.Request.URL, p.Peer = parsed(t, c.went), &trace.Peer{Name: c.name, Version: c.version}
		for _, check := range Peer() {
			if v := check.Eval(r, p); outcome(v) != c.want {
				t.Errorf("%s: %+v: %s (%s)", check.ID, c, outcome(v), v.Detail)
			}
		}
	}
}

// A server that lets a session be watched has to say which; that it does not is
// said, and is no error.
func TestSessionState(t *testing.T) {
	for _, c := range []struct {
		metadata, scope string
		values          flow.Params
		want            trace.Outcome
		says            string
	}{
		{`{"check_session_iframe":"https://as.example/session"}`, "openid", nil, trace.Pass, "cannot be watched"},
		{`{"check_session_iframe":"https://as.example/session"}`, "openid", flow.Params{{Name: "session_state", Value: "x.y"}}, trace.Pass, ""},
		{`{"check_session_iframe":"https://as.example/session"}`, "profile", nil, trace.Skip, ""},
		{`{}`, "openid", nil, trace.Skip, ""},
	} {
		p := &flow.Response{Request: &flow.Request{Params: flow.Params{{Name: "scope", Value: c.scope}}}, Values: c.values}
		v := only(t, AuthorizationResponse(), "session-state").Eval(at(t, "", c.metadata), p)
		if outcome(v) != c.want || c.says != "" && !strings.Contains(v.Detail, c.says) || c.says == "" && outcome(v) == trace.Pass && v.Detail != "" {
			t.Errorf("%+v: %s (%s)", c, outcome(v), v.Detail)
		}
	}
}

// What came twice is found wherever the second is: in the other component,
// beside a JWT, or in the redirect URI's own query.
func TestParametersOnce(t *testing.T) {
	param := func(name, value string) trace.Param { return trace.Param{Name: name, Value: value} }
	for _, c := range []struct {
		name, uri              string
		values, other, arrived flow.Params
		want                   trace.Outcome
	}{
		{"once", "http://127.0.0.1/cb", flow.Params{param("code", "c"), param("state", "s")}, nil, nil, trace.Pass},
		{"twice", "http://127.0.0.1/cb", flow.Params{param("code", "c"), param("code", "d")}, nil, nil, trace.Fail},
		{"query and fragment", "http://127.0.0.1/cb", flow.Params{param("code", "c")}, flow.Params{param("code", "d")}, nil, trace.Fail},
		{"registered", "http://127.0.0.1/cb?tenant=1", flow.Params{param("code", "c")}, nil, nil, trace.Pass},
		{"registered too", "http://127.0.0.1/cb?state=1", flow.Params{param("code", "c"), param("state", "s")}, nil, nil, trace.Fail},
		{"unwrapped", "http://127.0.0.1/cb", flow.Params{param("code", "c")}, nil, flow.Params{param("response", "j")}, trace.Pass},
		{"two envelopes", "http://127.0.0.1/cb", flow.Params{param("code", "c")}, nil, flow.Params{param("response", "j"), param("response", "k")}, trace.Fail},
	} {
		asking(t, c.uri, nil, func(r *flow.Run) {
			p := &flow.Response{Request: r.Asked(flow.Authorization), Values: c.values, Other: c.other, Arrived: c.arrived}
			if v := only(t, AuthorizationResponse(), "parameters-once").Eval(r, p); outcome(v) != c.want {
				t.Errorf("%s: %s (%s)", c.name, outcome(v), v.Detail)
			}
		})
	}
}

// An error is of registered words, and leads nowhere but to a page.
func TestErrorWords(t *testing.T) {
	for _, c := range []struct {
		code, about, uri string
		want             trace.Outcome
	}{
		{"access_denied", "the person said no", "https://as.example/why", trace.Pass},
		{"access_denied", "", "/why", trace.Pass}, // a URI reference
		{"access_denied", "", "javascript:alert(1)", trace.Warn},
		{"access_denied", "", "http://as.example/why", trace.Warn},
		{"access_denied", "", "https://as.example/a b", trace.Warn},
		{"access_denied", "", "https://as.example/\x1b[2J", trace.Warn},
		{"access_denied", "no\x1b[2J", "", trace.Warn},
		{"access_denied", "a \"quote\"", "", trace.Warn},
		{"oops", "", "", trace.Warn},
	} {
		p := &flow.Response{Request: &flow.Request{}}
		p.Values.Set("error", c.code, trace.Origin{})
		if c.about != "" {
			p.Values.Set("error_description", c.about, trace.Origin{})
		}
		if c.uri != "" {
			p.Values.Set("error_uri", c.uri, trace.Origin{})
		}
		if v := only(t, AuthorizationResponse(), "error-registered").Eval(run(), p); outcome(v) != c.want {
			t.Errorf("%q: %s (%s)", c, outcome(v), v.Detail)
		}
	}
}

// Errors of the token endpoint, with the challenge that has to fit.
func TestTokenErrors(t *testing.T) {
	for _, c := range []struct {
		status                int
		body, used, challenge string
		want                  trace.Outcome
	}{
		{400, `{"error":"invalid_grant"}`, "", "", trace.Pass},
		{401, `{"error":"invalid_client"}`, "", "", trace.Pass},
		{401, `{"error":"invalid_client"}`, "Basic bWU6c2VjcmV0", `Basic realm="as"`, trace.Pass},
		{401, `{"error":"invalid_client"}`, "Basic bWU6c2VjcmV0", `Digest realm="as", basic realm="as"`, trace.Pass},
		{401, `{"error":"invalid_client"}`, "Basic bWU6c2VjcmV0", `Bearer realm="as"`, trace.Warn},
		{401, `{"error":"invalid_client"}`, "Basic bWU6c2VjcmV0", "", trace.Warn},
		{403, `{"error":"invalid_client"}`, "", "", trace.Warn},
		{200, `{"error":"invalid_grant"}`, "", "", trace.Warn},
		{400, `{"error":{"message":"no","code":190}}`, "", "", trace.Warn},
		{400, `{"error":"bad_verification_code"}`, "", "", trace.Warn},
		{400, `{"error":"invalid_grant","error_uri":"data:text/html,x"}`, "", "", trace.Warn},
	} {
		p := answer(t, c.body)
		p.Status = c.status
		if c.used != "" {
			p.Request.Headers.SetSecret("Authorization", c.used, trace.Origin{})
		}
		if c.challenge != "" {
			p.Header.Set("WWW-Authenticate", c.challenge)
		}
		if v := only(t, TokenResponse(), "token-error").Eval(run(), p); outcome(v) != c.want {
			t.Errorf("%d %s, %q: %s (%s), want %s", c.status, c.body, c.challenge, outcome(v), v.Detail, c.want)
		}
	}
}

func TestTokenResponseFurther(t *testing.T) {
	for _, c := range []struct {
		check, body string
		want        trace.Outcome
	}{
		{"refresh-token-timeout", `{"access_token":"a"}`, trace.Skip},
		{"refresh-token-timeout", `{"access_token":"a","refresh_token_timeout":60,"authorization_expires_in":60}`, trace.Pass},
		{"refresh-token-timeout", `{"access_token":"a","refresh_token_timeout":61,"authorization_expires_in":60}`, trace.Warn},
		{"refresh-token-timeout", `{"access_token":"a","refresh_token_timeout":"60"}`, trace.Warn},
		{"refresh-token-timeout", `{"access_token":"a","authorization_expires_in":-1}`, trace.Warn},
		{"expires-in", `{"access_token":"a","expires_in":"3599","expires_on":"1795443599","resource":"r"}`, trace.Warn}, // Entra, v1
		{"expires-in", `{"access_token":"a","expires_in":"soon","expires_on":"1795443599","resource":"r"}`, trace.Fail},
		{"expires-in", `{"access_token":"a","expires_in":"3599","resource":"r"}`, trace.Fail},
	} {
		if v := only(t, TokenResponse(), c.check).Eval(run(), answer(t, c.body)); outcome(v) != c.want {
			t.Errorf("%s of %s: %s (%s), want %s", c.check, c.body, outcome(v), v.Detail, c.want)
		}
	}
}

// A token that says at+jwt is held to RFC 9068; of any other a person is told,
// and no more.
func TestAccessToken(t *testing.T) {
	const seven = `"iss":"https://as.example","exp":1795440300,"aud":"https://api.example","sub":"alice","client_id":"me","iat":1795440000,"jti":"1"`
	good := &flow.Signature{Key: &jose.Key{Kid: "1"}}
	wrong := &flow.Signature{Err: &jose.VerifyError{Reason: "signature"}}
	for _, c := range []struct {
		check, header, claims string
		signature             *flow.Signature
		profiled, other       trace.Outcome // with at+jwt, and with JWT
	}{
		{"access-token-typ", `"alg":"RS256"`, seven, good, trace.Pass, trace.Warn},
		{"access-token-signature", `"alg":"RS256"`, seven, good, trace.Pass, trace.Pass},
		{"access-token-signature", `"alg":"RS256"`, seven, wrong, trace.Fail, trace.Warn},
		{"access-token-signature", `"alg":"RS256"`, seven, &flow.Signature{Unchecked: "no keys"}, trace.Skip, trace.Skip},
		{"access-token-signature", `"alg":"RS256","nonce":"n"`, seven, wrong, trace.Skip, trace.Skip},
		{"access-token-signature", `"alg":"none"`, seven, &flow.Signature{Unchecked: "none"}, trace.Fail, trace.Warn},
		{"access-token-signature", `"alg":"HS256"`, seven, &flow.Signature{Unchecked: "mac"}, trace.Warn, trace.Warn},
		{"access-token-claims", `"alg":"RS256"`, seven, good, trace.Pass, trace.Skip},
		{"access-token-claims", `"alg":"RS256"`, strings.Replace(seven, `,"jti":"1"`, "", 1), good, trace.Fail, trace.Skip},
		{"access-token-claims", `"alg":"RS256"`, strings.Replace(seven, `1795440300`, `"1795440300"`, 1), good, trace.Fail, trace.Skip},
		{"access-token-claims", `"alg":"RS256"`, strings.Replace(seven, `"https://api.example"`, `[]`, 1), good, trace.Fail, trace.Skip},
		{"access-token-iss", `"alg":"RS256"`, seven, good, trace.Pass, trace.Pass},
		{"access-token-iss", `"alg":"RS256"`, `"iss":"https://sts.example"`, good, trace.Fail, trace.Warn},
		{"access-token-aud", `"alg":"RS256"`, seven, good, trace.Pass, trace.Pass},
		{"access-token-aud", `"alg":"RS256"`, `"aud":"me"`, good, trace.Warn, trace.Warn},
		{"access-token-aud", `"alg":"RS256"`, `"aud":["me","https://api.example"]`, good, trace.Pass, trace.Pass},
		{"access-token-scope", `"alg":"RS256"`, `"scope":"b a"`, good, trace.Pass, trace.Pass},
		{"access-token-scope", `"alg":"RS256"`, `"scope":"a b admin"`, good, trace.Warn, trace.Warn},
		{"access-token-scope", `"alg":"RS256"`, `"scope":["a","b"]`, good, trace.Skip, trace.Skip},
		{"access-token-status", `"alg":"RS256"`, `"status":{"status_list":{"idx":0,"uri":"https://as.example/statuses/1"}}`, good, trace.Pass, trace.Pass},
		{"access-token-status", `"alg":"RS256"`, `"status":{"status_list":{"idx":"0","uri":"https://as.example/statuses/1"}}`, good, trace.Fail, trace.Warn},
		{"access-token-status", `"alg":"RS256"`, `"status":{"status_list":{"idx":-1,"uri":"https://as.example/statuses/1"}}`, good, trace.Fail, trace.Warn},
		{"access-token-status", `"alg":"RS256"`, `"status":{"status_list":{"idx":0,"uri":"http://as.example/statuses/1"}}`, good, trace.Fail, trace.Warn},
		{"access-token-status", `"alg":"RS256"`, `"status":"revoked"`, good, trace.Fail, trace.Warn},
		{"access-token-status", `"alg":"RS256"`, `"status":{"x5c":{}}`, good, trace.Skip, trace.Skip},
	} {
		for typ, want := range map[string]trace.Outcome{"at+jwt": c.profiled, "application/AT+JWT": c.profiled, "JWT": c.other} {
			header, _ := object(t, `{"typ":"`+typ+`",`+c.header+`}`)
			claims, _ := object(t, `{`+c.claims+`}`)
			p := &flow.Response{
				Request: &flow.Request{Endpoint: flow.AccessToken}, Token: &jose.Token{Form: "JWS", Header: header, Claims: claims}, Signature: c.signature,
				Carrier: answer(t, `{"access_token":"x","scope":"a b"}`),
			}
			v := only(t, AccessToken(), c.check).Eval(at(t, "https://as.example", `{}`), p)
			if outcome(v) != want {
				t.Errorf("%s, typ %s, {%s}: %s (%s), want %s", c.check, typ, c.claims, outcome(v), v.Detail, want)
			}
			if v.Outcome == trace.Fail && !strings.HasPrefix(v.Detail, "as its resource sees it: ") {
				t.Errorf("%s judges as if the token were ours: %s", c.check, v.Detail)
			}
		}
	}
	for _, c := range AccessToken() {
		if Trust(trace.Finding{Code: c.Code}) {
			t.Errorf("%s stops a run, and is not for a client to judge (RFC 9068 §6)", c.Code)
		}
	}
}

// Whose the token of a client is, and what a refresh may not change.
func TestAccessTokenOfAGrant(t *testing.T) {
	hint := jwt(t, `{"acr":"gold","auth_time":1795430000,"amr":["pwd"]}`)
	for _, c := range []struct {
		check, grant, claims string
		want                 trace.Outcome
	}{
		{"access-token-sub", "client_credentials", `{"sub":"me"}`, trace.Pass},
		{"access-token-sub", "client_credentials", `{"sub":"me@clients"}`, trace.Pass}, // Auth0
		{"access-token-sub", "client_credentials", `{"sub":"alice"}`, trace.Warn},
		{"access-token-sub", "authorization_code", `{"sub":"alice"}`, trace.Skip},
		{"access-token-sign-in", "refresh_token", `{"acr":"gold","auth_time":1795430000,"amr":[ "pwd" ]}`, trace.Pass},
		{"access-token-sign-in", "refresh_token", `{"acr":"silver"}`, trace.Warn},
		{"access-token-sign-in", "refresh_token", `{"auth_time":1795430001}`, trace.Warn},
		{"access-token-sign-in", "refresh_token", `{}`, trace.Pass},
		{"access-token-sign-in", "authorization_code", `{"acr":"silver"}`, trace.Skip},
	} {
		claims, _ := object(t, c.claims)
		carrier := answer(t, `{}`)
		carrier.Request.Meant.Set("grant_type", c.grant, trace.Origin{})
		r := run()
		r.Ask.Values = map[string]string{"id_token_hint": hint}
		p := &flow.Response{Token: &jose.Token{Form: "JWS", Claims: claims}, Signature: &flow.Signature{}, Carrier: carrier}
		if v := only(t, AccessToken(), c.check).Eval(r, p); outcome(v) != c.want {
			t.Errorf("%s, %s, %s: %s (%s), want %s", c.check, c.grant, c.claims, outcome(v), v.Detail, c.want)
		}
	}
}

func TestAccessTokenPrivacy(t *testing.T) {
	claims, _ := object(t, `{"sub":"alice","email":"a@example.com","acr":"1","phone_number":"+1"}`)
	v := only(t, AccessToken(), "access-token-privacy").Eval(run(), &flow.Response{Token: &jose.Token{Claims: claims}})
	if outcome(v) != trace.Pass || !strings.HasSuffix(v.Detail, ": email, phone_number") {
		t.Errorf("%s: %s", outcome(v), v.Detail)
	}
}

func TestOpaqueAccessToken(t *testing.T) {
	for token, want := range map[string]trace.Outcome{
		"2YotnFZFEjr1zCsicMWpAA":                                 trace.Pass, // of RFC 6749 §5.1: 22 characters
		"2YotnFZFEjr1zCsicMWpA":                                  trace.Warn,
		"gho_16C7e42F292c6912E7710c838347Ae178B4a":               trace.Pass,
		"0123456789abcdef0123456789abcdef":                       trace.Pass,
		"0123456789abcdef0123456789abcde":                        trace.Warn,
		"YWxpY2U6cmVhZCB3cml0ZTpleHBpcmVzIDIwMjctMDEtMDE=":       trace.Warn, // alice:read write:expires 2027-01-01
		"eyJ1c2VyIjoiYWxpY2UiLCJzY29wZSI6InJlYWQgd3JpdGUifQ":     trace.Warn, // {"user":"alice","scope":"read write"}
		jwt(t, `{"sub":"alice"}`):                                trace.Skip,
		"mF_9.B5f-4.1JqM-but-of-more-characters-than-in-the-RFC": trace.Pass,
	} {
		if v := only(t, AccessToken(), "access-token-opaque").Eval(run(), answer(t, `{"access_token":"`+token+`"}`)); outcome(v) != want {
			t.Errorf("%s: %s (%s), want %s", token, outcome(v), v.Detail, want)
		}
	}
}

// What the server says of a token has to be what the token says.
func TestIntrospectionAgrees(t *testing.T) {
	token := jwt(t, `{"iss":"i","sub":"alice","aud":["a","b"],"scope":"x y","exp":1795440300,"cnf":{"jkt":"k"}}`)
	for body, want := range map[string]trace.Outcome{
		`{"active":true,"iss":"i","sub":"alice","aud":["b","a"],"scope":"y x","exp":1795440300.0,"username":"Alice"}`: trace.Pass,
		`{"active":true}`:                             trace.Pass,
		`{"active":true,"sub":"bob"}`:                 trace.Warn,
		`{"active":true,"aud":"a"}`:                   trace.Warn,
		`{"active":true,"scope":"x y z"}`:             trace.Warn,
		`{"active":true,"exp":1795440301}`:            trace.Warn,
		`{"active":true,"cnf":{"jkt":"other"}}`:       trace.Pass, // judged by the check of the binding
		`{"active":false,"sub":"bob"}`:                trace.Skip,
		`{"error":"invalid_client","sub":"somebody"}`: trace.Skip,
	} {
		p := answer(t, body)
		p.Request.Meant.SetSecret("token", token, trace.Origin{})
		if v := only(t, Introspected(), "introspection-agrees").Eval(run(), p); outcome(v) != want {
			t.Errorf("%s: %s (%s), want %s", body, outcome(v), v.Detail, want)
		}
	}
}

// The examples are those of OIDC Core §5.6.2.2 and §5.6.2.3, and what can be
// wrong with them.
func TestClaimSources(t *testing.T) {
	aggregated := `{"sub":"a","_claim_names":{"address":"src1","phone_number":"src1"},"_claim_sources":{"src1":{"JWT":"` + jwt(t, `{"address":{}}`) + `"}}}`
	const distributed = `{"sub":"a","_claim_names":{"payment_info":"src1","shipping_address":"src1","credit_score":"src2"},"_claim_sources":{"src1":{"endpoint":"https://bank.example.com/claim_source"},"src2":{"endpoint":"https://creditagency.example.com/claims_here","access_token":"ksj3n283dke"}}}`
	for claims, want := range map[string]trace.Outcome{
		`{"sub":"a"}`: trace.Skip,
		aggregated:    trace.Pass,
		distributed:   trace.Pass,
		strings.Replace(distributed, `"src2":{`, `"src3":{`, 1):                 trace.Fail,
		strings.Replace(distributed, "https://bank", "http://bank", 1):          trace.Fail,
		strings.Replace(distributed, "payment_info", "iss", 1):                  trace.Fail,
		strings.Replace(distributed, "payment_info", "sub", 1):                  trace.Fail,
		strings.Replace(distributed, "payment_info", "aud", 1):                  trace.Fail,
		`{"_claim_names":{"a":"src1"}}`:                                         trace.Fail,
		`{"_claim_names":{"a":7},"_claim_sources":{}}`:                          trace.Fail,
		`{"_claim_names":"src1","_claim_sources":[]}`:                           trace.Fail,
		`{"_claim_names":{"a":"s"},"_claim_sources":{"s":{}}}`:                  trace.Fail,
		`{"_claim_names":{"a":"s"},"_claim_sources":{"s":{"JWT":"opaque"}}}`:    trace.Fail,
		`{"_claim_names":{"a":"s"},"_claim_sources":{"s":"https://x.example"}}`: trace.Fail,
	} {
		o, _ := object(t, claims)
		id := &flow.Response{Token: &jose.Token{Claims: o}}
		if v := only(t, ClaimSources(), "id-token-claim-sources").Eval(run(), id); outcome(v) != want {
			t.Errorf("%s: %s (%s), want %s", claims, outcome(v), v.Detail, want)
		}
		if want == trace.Fail {
			want = trace.Warn // V-UI-06
		}
		if v := only(t, ClaimSources(), "userinfo-claim-sources").Eval(run(), answer(t, claims)); outcome(v) != want {
			t.Errorf("UserInfo %s: %s (%s), want %s", claims, outcome(v), v.Detail, want)
		}
	}
	for claims, want := range map[string]trace.Outcome{`{"sid":"s"}`: trace.Pass, `{"sid":7}`: trace.Warn, `{"sid":""}`: trace.Warn, `{}`: trace.Skip} {
		o, _ := object(t, claims)
		if v := only(t, ClaimSources(), "id-token-sid").Eval(run(), &flow.Response{Token: &jose.Token{Claims: o}}); outcome(v) != want {
			t.Errorf("%s: %s, want %s", claims, outcome(v), want)
		}
	}
}

// What the ID token's checks learned since: b64, the default alg, a MAC for
// several, and a sign-in after the token.
func TestIDTokenFurther(t *testing.T) {
	mac := &flow.Signature{Key: &jose.Key{Kty: "oct"}}
	for _, c := range []struct {
		check, header, claims, metadata string
		signature                       *flow.Signature
		want                            trace.Outcome
	}{
		{"id-token-crit", `{"alg":"RS256","b64":false}`, `{}`, "", nil, trace.Fail},
		{"id-token-crit", `{"alg":"RS256","b64":true}`, `{}`, "", nil, trace.Pass},
		{"id-token-alg", `{"alg":"RS256"}`, `{}`, `{"issuer":"i"}`, nil, trace.Skip},
		{"id-token-alg", `{"alg":"ES256"}`, `{}`, `{"issuer":"i"}`, nil, trace.Warn},
		{"id-token-alg", `{"alg":"ES256"}`, `{}`, "", nil, trace.Skip},
		{"id-token-alg", `{"alg":"ES256"}`, `{}`, `{"id_token_signing_alg_values_supported":["ES256"]}`, nil, trace.Pass},
		{"id-token-alg", `{"alg":"es256"}`, `{}`, `{"id_token_signing_alg_values_supported":["ES256"]}`, nil, trace.Fail},
		{"id-token-mac", `{"alg":"HS256"}`, `{"aud":"me"}`, "", mac, trace.Pass},
		{"id-token-mac", `{"alg":"HS256"}`, `{"aud":["me","friend"]}`, "", mac, trace.Fail},
		{"id-token-mac", `{"alg":"HS256"}`, `{"aud":["me","me"]}`, "", mac, trace.Pass},
		{"id-token-auth_time", `{}`, `{"iat":1795440000,"auth_time":1795440030}`, "", nil, trace.Pass}, // 30 s of skew
		{"id-token-auth_time", `{}`, `{"iat":1795440000,"auth_time":1795440031}`, "", nil, trace.Fail},
	} {
		r := run()
		r.Client.Secret = strings.Repeat("s", 32)
		if c.metadata != "" {
			r.Server.Metadata, _ = object(t, c.metadata)
		}
		header, _ := object(t, c.header)
		claims, _ := object(t, c.claims)
		p := &flow.Response{Request: &flow.Request{Endpoint: flow.IDToken}, Token: &jose.Token{Form: "JWS", Header: header, Claims: claims}, Signature: c.signature}
		if v := only(t, IDToken(), c.check).Eval(r, p); outcome(v) != c.want {
			t.Errorf("%s of %s %s: %s (%s), want %s", c.check, c.header, c.claims, outcome(v), v.Detail, c.want)
		}
	}
}

// Two ID tokens of one run say the same of the person and the sign-in; what is
// each token's own may differ.
func TestTwins(t *testing.T) {
	for second, want := range map[string]trace.Outcome{
		`{"iss":"i","sub":"a","nonce":"n","acr":"1","iat":8,"exp":9,"at_hash":"y"}`: trace.Pass,
		`{"iss":"i","sub":"a","nonce":"n","acr":"2"}`:                               trace.Warn,
		`{"iss":"i","sub":"a","nonce":"n","name":"only here"}`:                      trace.Pass,
		`{"iss":"i","sub":"b","nonce":"n"}`:                                         trace.Fail,
		`{"iss":"i","sub":"a"}`:                                                     trace.Fail,
		`{"iss":"j","sub":"a","nonce":"n"}`:                                         trace.Fail,
	} {
		front, _ := object(t, `{"iss":"i","sub":"a","nonce":"n","acr":"1","iat":1,"exp":2,"at_hash":"x"}`)
		claims, _ := object(t, second)
		r := run()
		r.Result.Front = &jose.Token{Claims: front}
		p := &flow.Response{Token: &jose.Token{Claims: claims}, Carrier: answer(t, `{}`)}
		if v := only(t, IDToken(), "id-token-twins").Eval(r, p); outcome(v) != want {
			t.Errorf("%s: %s (%s), want %s", second, outcome(v), v.Detail, want)
		}
	}
}
