package output

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// sampleStart is when every sample begins.
var sampleStart = time.Date(2026, 11, 23, 10, 35, 0, 0, time.UTC)

const (
	sampleIssuer   = "https://as.example.com"
	sampleRedirect = "http://127.0.0.1:49152/callback"
	sampleState    = "Jm9xZ2k3S0dQcmZrQ3BvUQ"
	sampleNonce    = "n-0S6_WzA2MjWm4tZ0Rr"
	sampleCode     = "SplxlOBeZQQYbYS6WxSbIA+c0de/2026=="
	sampleVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	sampleSecret   = "7Fjfp0ZBr1KtDRbn fVdm:Iw"
	sampleRefresh  = "8xLOxBtZp8-refresh-5rTyUiOpAsDfGhJk"
	sampleCookie   = "s%3AoQ2mPvX1r7Zk0bYt.9uHhT"
)

func segment(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

const (
	sampleHeader = `{"alg":"RS256","kid":"2026-11","typ":"JWT"}`
	sampleClaims = `{"iss":"https://as.example.com","sub":"248289761001","aud":"s6BhdRkqt3","nonce":"` + sampleNonce + `","exp":1795430104,"iat":1795429804,"auth_time":1795429790,"at_hash":"MTIzNDU2Nzg5MDEyMzQ1Ng","name":"Jane Doe","preferred_username":"j.doe","updated_at":1311280970}`
)

func sampleAccess() string {
	return segment(`{"alg":"RS256","typ":"at+jwt","kid":"2026-11"}`) + "." + segment(`{"iss":"https://as.example.com","exp":1795433404,"scope":"openid profile"}`) + ".c2lnbmF0dXJlLW9mLXRoZS1hY2Nlc3MtdG9rZW4tMTIzNDU2Nzg5MA"
}

func sampleID() string {
	return segment(sampleHeader) + "." + segment(sampleClaims) + ".c2lnbmF0dXJlLW9mLXRoZS1pZC10b2tlbi0xMjM0NTY3ODkwMTIzNA"
}

// sampleSecrets are what no masked output may hold.
func sampleSecrets() []string {
	return []string{
		sampleCode, sampleVerifier, sampleSecret, sampleRefresh, sampleCookie,
		"SplxlOBeZQQYbYS6WxSbIA%2Bc0de%2F2026%3D%3D", "7Fjfp0ZBr1KtDRbn+fVdm%3AIw",
		"c2lnbmF0dXJlLW9mLXRoZS1hY2Nlc3MtdG9rZW4tMTIzNDU2Nzg5MA", "c2lnbmF0dXJlLW9mLXRoZS1pZC10b2tlbi0xMjM0NTY3ODkwMTIzNA",
		sampleBasic(),
	}
}

func sampleBasic() string {
	return base64.StdEncoding.EncodeToString([]byte("s6BhdRkqt3:7Fjfp0ZBr1KtDRbn+fVdm%3AIw"))
}

// A teller says events a fixed time apart.
type teller struct {
	log *trace.Log
	at  time.Time
	run string
}

func newTeller(to trace.Sink) *teller {
	t := &teller{at: sampleStart}
	t.log = trace.NewLog(func() time.Time { t.at = t.at.Add(11 * time.Millisecond); return t.at }, to)
	return t
}

func (t *teller) say(es ...trace.Event) {
	for _, e := range es {
		t.log.Say(t.run, e)
	}
}

func passed(code, id, ref string) trace.Finding {
	return trace.Finding{ID: id, Code: code, Level: trace.Must, Outcome: trace.Pass, Ref: ref, Evidence: []int{4}}
}

var ms = time.Millisecond

func jsonAnswer(endpoint, method, u string, status int, body string, took time.Duration) trace.Exchanged {
	return trace.Exchanged{
		Endpoint: endpoint, Try: 1,
		Request: trace.Message{Method: method, URL: u, Proto: "HTTP/1.1", Header: []trace.Field{{Name: "Host", Value: "as.example.com"}, {Name: "User-Agent", Value: "oauthprobe/0.1"}}},
		Response: trace.Message{
			Proto: "HTTP/1.1", Status: status, Body: body, Size: int64(len(body)),
			Header: []trace.Field{{Name: "Content-Type", Value: "application/json;charset=UTF-8"}, {Name: "Cache-Control", Value: "no-store"}},
		},
		Timing: trace.Timing{DNS: 2 * ms, Connect: 9 * ms, TLS: 21 * ms, FirstByte: took - ms, Total: took},
		Peer: &trace.Peer{
			Addr: "203.0.113.7:443", Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", ALPN: "http/1.1", Name: "as.example.com",
			Chain: []trace.Certificate{{Subject: "CN=as.example.com", Issuer: "CN=Example CA", NotAfter: sampleStart.AddDate(0, 2, 0)}},
		},
	}
}

const sampleMetadata = `{"issuer":"https://as.example.com","authorization_endpoint":"https://as.example.com/authorize","token_endpoint":"https://as.example.com/token","jwks_uri":"https://as.example.com/jwks.json","scopes_supported":["openid","profile","email","offline_access"],"response_types_supported":["code"],"grant_types_supported":["authorization_code","refresh_token"],"code_challenge_methods_supported":["S256"],"token_endpoint_auth_methods_supported":["client_secret_basic","private_key_jwt"],"id_token_signing_alg_values_supported":["RS256","ES256"],"authorization_response_iss_parameter_supported":true}`

func (t *teller) discovery() {
	t.run = "discovery"
	u := sampleIssuer + "/.well-known/openid-configuration"
	t.say(
		trace.RunStarted{Procedure: "discovery", Spec: "RFC 8414 §3", Doc: "where the server's endpoints are", Before: "code", Issuer: sampleIssuer},
		trace.StepStarted{Title: "Ask the server where everything is", Why: "Endpoints, keys and what the server can do come from its metadata, so that nothing is guessed.", Spec: "RFC 8414 §3"},
		jsonAnswer("metadata", "GET", u, 200, sampleMetadata, 48*ms),
		passed("V-MD-01", "issuer-identity", "RFC 8414 §3.3"), passed("V-MD-02", "issuer-https", "RFC 8414 §2"), passed("V-MD-05", "endpoints-usable", "RFC 8414 §2"),
		trace.Ended{OK: true, Took: 61 * ms, Theirs: 48 * ms},
	)
	t.run = "code"
}

func (t *teller) authorization() string {
	o := func(by, ref, why string) trace.Origin { return trace.Origin{By: by, Ref: ref, Why: why} }
	u := sampleIssuer + "/authorize?response_type=code&client_id=s6BhdRkqt3&redirect_uri=http%3A%2F%2F127.0.0.1%3A49152%2Fcallback&scope=openid+profile&state=" + sampleState + "&nonce=" + sampleNonce + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
	t.say(
		trace.RunStarted{Procedure: "code", Spec: "RFC 6749 §4.1", Doc: "authorization code grant", Issuer: sampleIssuer, Client: "s6BhdRkqt3", Version: "0.1.0", Machine: &trace.Machine{OS: "linux/amd64", Terminal: true, Browser: "xdg-open"}},
		trace.StepStarted{Title: "Ask for authorization", Why: "The browser takes the request to the server, where the person signs in and agrees.", Spec: "RFC 6749 §4.1.1"},
		trace.Built{
			Endpoint: "authorization", Method: "GET", URL: sampleIssuer + "/authorize", In: "query",
			Params: []trace.Param{
				{Name: "response_type", Value: "code", Origin: o("code", "RFC 6749 §3.1.1", "asks for a code to be spent at the token endpoint")},
				{Name: "client_id", Value: "s6BhdRkqt3", Origin: o("--client-id", "RFC 6749 §2.2", "who is asking")},
				{Name: "redirect_uri", Value: sampleRedirect, Origin: o("listener", "RFC 8252 §7.3", "where this machine listens")},
				{Name: "scope", Value: "openid profile", Origin: o("--scope", "RFC 6749 §3.3", "what is asked for")},
				{Name: "state", Value: sampleState, Origin: o("state", "RFC 6749 §10.12", "ties the answer to this request")},
				{Name: "nonce", Value: sampleNonce, Origin: o("nonce", "OIDCC §3.1.2.1", "ties the ID token to this request")},
				{Name: "code_challenge", Value: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Origin: o("pkce", "RFC 7636 §4.3", "only who knows the verifier can spend the code")},
				{Name: "code_challenge_method", Value: "S256", Origin: o("pkce", "RFC 7636 §4.3", "the challenge is a hash")},
			},
		},
	)
	return u
}

func (t *teller) signIn(u string) {
	t.say(
		trace.Opened{URL: u, By: "xdg-open", Back: sampleRedirect},
		trace.Waiting{For: "the browser to come back"},
		trace.Waiting{For: "the browser to come back", Since: 20 * time.Second, Lines: []string{"nothing has reached " + sampleRedirect + " yet"}},
		trace.Returned{Method: "GET", Path: "/favicon.ico", Reason: "favicon"},
	)
}

func (t *teller) back(state string, used bool) {
	t.say(trace.Returned{
		Via: "query", Method: "GET", Path: "/callback", Used: used,
		Params: []trace.Param{
			{Name: "code", Value: sampleCode, Secret: true},
			{Name: "state", Value: state},
			{Name: "iss", Value: sampleIssuer},
		},
	})
}

func (t *teller) tokenRequest() {
	o := func(by, ref, why string) trace.Origin { return trace.Origin{By: by, Ref: ref, Why: why} }
	t.say(
		trace.StepStarted{Title: "Spend the code", Why: "The code is worth tokens to the client that can prove who it is and that it asked.", Spec: "RFC 6749 §4.1.3"},
		trace.Built{
			Endpoint: "token", Method: "POST", URL: sampleIssuer + "/token", In: "body",
			Headers: []trace.Param{{Name: "Authorization", Value: "Basic " + sampleBasic(), Secret: true, Origin: o("client_secret_basic", "RFC 6749 §2.3.1", "proves who the client is")}},
			Params: []trace.Param{
				{Name: "grant_type", Value: "authorization_code", Origin: o("code", "RFC 6749 §4.1.3", "what is being spent")},
				{Name: "code", Value: sampleCode, Secret: true, Origin: o("code", "RFC 6749 §4.1.3", "what came back through the browser")},
				{Name: "redirect_uri", Value: sampleRedirect, Origin: o("code", "RFC 6749 §4.1.3", "must be the one that was asked with")},
				{Name: "code_verifier", Value: sampleVerifier, Secret: true, Origin: o("pkce", "RFC 7636 §4.5", "proves that we asked")},
			},
		},
	)
}

func tokenExchange(status int, body string) trace.Exchanged {
	e := jsonAnswer("token", "POST", sampleIssuer+"/token", status, body, 131*ms)
	e.Request.Header = append(e.Request.Header, trace.Field{Name: "Authorization", Value: "Basic " + sampleBasic()}, trace.Field{Name: "Content-Type", Value: "application/x-www-form-urlencoded"})
	e.Request.Body = "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA%2Bc0de%2F2026%3D%3D&redirect_uri=http%3A%2F%2F127.0.0.1%3A49152%2Fcallback&code_verifier=" + sampleVerifier
	e.Response.Header = append(e.Response.Header, trace.Field{Name: "Set-Cookie", Value: "sid=" + sampleCookie + "; Path=/; HttpOnly"})
	e.Secrets = []trace.Secret{
		{Part: "request-header", Name: "Authorization"}, {Part: "request-body", Name: "code"}, {Part: "request-body", Name: "code_verifier"},
		{Part: "response-header", Name: "Set-Cookie"},
		{Part: "response-body", Name: "access_token"}, {Part: "response-body", Name: "refresh_token"}, {Part: "response-body", Name: "id_token"},
	}
	return e
}

func sampleTokens() string {
	return `{"access_token":"` + sampleAccess() + `","token_type":"Bearer","expires_in":3600,"refresh_token":"` + sampleRefresh + `","scope":"openid profile","id_token":"` + sampleID() + `"}`
}

// codeFlow is a sign-in that succeeds, with something to remark.
func codeFlow(to trace.Sink) {
	t := newTeller(to)
	t.discovery()
	t.signIn(t.authorization())
	t.back(sampleState, true)
	t.say(
		passed("V-AR-01", "redirect-uri-exact", "OIDCC §3.1.2.5"), passed("V-AR-02", "state-match", "RFC 6749 §10.12"), passed("V-AR-04", "parameters-not-repeated", "RFC 6749 §3.1"), passed("V-AR-05", "iss-match", "RFC 9207 §2.4"),
	)
	t.tokenRequest()
	t.say(
		tokenExchange(200, sampleTokens()),
		passed("V-TR-01", "status-200", "RFC 6749 §5.1"), passed("V-TR-02", "content-type-json", "RFC 6749 §5.1"),
		trace.Finding{ID: "pragma-no-cache", Code: "V-TR-03", Level: trace.Should, Outcome: trace.Warn, Ref: "RFC 6749 §5.1", Detail: "the answer has Cache-Control: no-store and lacks Pragma: no-cache", Evidence: []int{17}},
		passed("V-TR-04", "json-object", "RFC 8259 §4"), passed("V-TR-05", "access-token-present", "RFC 6749 §5.1"), passed("V-TR-07", "token-type-understood", "RFC 6749 §7.1"),
		trace.Finding{ID: "refresh-token-rotation", Code: "V-TR-18", Level: trace.Should, Outcome: trace.Skip, Ref: "RFC 9700 §4.14.2", Detail: "nothing was refreshed"},
		jsonAnswer("jwks", "GET", sampleIssuer+"/jwks.json", 200, `{"keys":[{"kty":"RSA","use":"sig","kid":"2026-11","alg":"RS256","n":"0vx7agoebGcQ","e":"AQAB"},{"kty":"EC","crv":"P-256","kid":"ec-1","x":"MKBC","y":"4Etl"}]}`, 19*ms),
		trace.Decoded{What: "id_token", Header: json.RawMessage(sampleHeader), Claims: json.RawMessage(sampleClaims), Verified: true, Reason: "iss, aud, exp, nonce, at_hash", Evidence: []int{25}},
		passed("V-ID-07", "id-token-alg", "OIDCC §3.1.3.7"), passed("V-ID-10", "id-token-signature", "OIDCC §3.1.3.7"), passed("V-ID-14", "id-token-iss", "OIDCC §3.1.3.7"), passed("V-ID-15", "id-token-aud", "OIDCC §3.1.3.7"), passed("V-ID-17", "id-token-exp", "OIDCC §3.1.3.7"), passed("V-ID-20", "id-token-nonce", "OIDCC §3.1.3.7"), passed("V-ID-24", "id-token-at-hash", "OIDCC §3.1.3.8"),
		trace.Obtained{What: "token", Body: json.RawMessage(sampleTokens()), Secrets: []trace.Secret{{Part: "body", Name: "access_token"}, {Part: "body", Name: "refresh_token"}, {Part: "body", Name: "id_token"}}},
		trace.Note{Topic: "next", Text: "The refresh token gets a new access token without the person:", Lines: []string{"oauthprobe refresh " + sampleIssuer + " --client-id s6BhdRkqt3 --refresh-token -"}, Ref: "RFC 6749 §6"},
		trace.Ended{OK: true, Took: 5430 * ms, Theirs: 150 * ms, Person: 5230 * ms},
	)
}

// forgedState is a sign-in whose answer belongs to somebody else.
func forgedState(to trace.Sink) {
	t := newTeller(to)
	t.discovery()
	t.signIn(t.authorization())
	t.back("evil-state-of-another-session", false)
	t.say(
		trace.Finding{
			ID: "state-match", Code: "V-AR-02", Level: trace.Must, Outcome: trace.Fail, Ref: "RFC 6749 §10.12; RFC 9700 §2.1, §4.2.4 (SHOULD invalidate after first use)",
			Detail: "The state that came back is not the one that was sent: this answer was not made for this sign-in, and somebody may be trying to sign you in to an account of theirs.", Expected: sampleState, Actual: "evil-state-of-another-session", Evidence: []int{7, 12},
		},
		trace.Ended{Exit: 4, Took: 1180 * ms, Person: 1100 * ms, Failure: &trace.Failure{Kind: "check", Text: "the state that came back is not ours", Endpoint: "authorization", Code: "V-AR-02", Evidence: []int{14}}},
	)
}

// refusedCode is a sign-in that the token endpoint refuses, with a parameter
// bent by hand.
func refusedCode(to trace.Sink) {
	t := newTeller(to)
	t.discovery()
	t.signIn(t.authorization())
	t.back(sampleState, true)
	t.tokenRequest()
	t.say(
		trace.Built{
			Endpoint: "token", Method: "POST", URL: sampleIssuer + "/token", In: "body",
			Params: []trace.Param{
				{Name: "grant_type", Value: "authorization_code", Origin: trace.Origin{By: "code", Ref: "RFC 6749 §4.1.3", Why: "what is being spent"}},
				{Name: "redirect_uri", Value: "http://127.0.0.1:1/other", Bent: true, Origin: trace.Origin{By: "--param token:redirect_uri", Why: "given by hand"}},
			},
		},
		tokenExchange(400, `{"error":"invalid_grant","error_description":"redirect_uri does not match the code `+sampleCode+`","error_uri":"https://as.example.com/errors#grant"}`),
		trace.Ended{Exit: 3, Took: 1480 * ms, Theirs: 131 * ms, Person: 1100 * ms, Failure: &trace.Failure{Kind: "refused", Text: "the token endpoint refused: invalid_grant: redirect_uri does not match the code " + sampleCode, Endpoint: "token", Code: "invalid_grant"}},
	)
}

// unreachable is a server that is not there, before a grant could begin.
func unreachable(to trace.Sink) {
	t := newTeller(to)
	t.run = "discovery"
	u := sampleIssuer + "/.well-known/openid-configuration"
	t.say(
		trace.RunStarted{Procedure: "code", Doc: "authorization code grant", Spec: "RFC 6749 §4.1", Issuer: sampleIssuer, Client: "s6BhdRkqt3"},
		trace.StepStarted{Title: "Ask the server where everything is", Spec: "RFC 8414 §3"},
		trace.Exchanged{Endpoint: "metadata", Try: 1, Request: trace.Message{Method: "GET", URL: u}, Timing: trace.Timing{Total: 4 * ms}, Failure: &trace.Failure{Kind: "connect", Text: "dial tcp 203.0.113.7:443: connection refused", Endpoint: "metadata"}},
		trace.Ended{Exit: 5, Took: 6 * ms, Theirs: 4 * ms, Failure: &trace.Failure{Kind: "connect", Text: "as.example.com:443 refused the connection", Endpoint: "metadata"}},
	)
}

// evil is text that would take a terminal over, and evilLong text that would
// fill it.
const evil = "\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil.example\x1b\\click\u202Eabc\u2066\u200b\u200f\ufeff\u009b31m\r\n✓ done\x00\xff\u0301\u0301\u0301\u0301日本語"

// hostile is a server that tries everything.
func hostile(to trace.Sink) {
	t := newTeller(to)
	t.run = "code"
	deep := ""
	for range 200 {
		deep += "["
	}
	long := ""
	for range 400 {
		long += "0123456789"
	}
	page := jsonAnswer("page", "GET", sampleIssuer+"/login?x="+evil, 200, "<html><head><title>Sign "+evil+"in</title></head><body>"+long, 7*ms)
	page.Response.Header = []trace.Field{{Name: "Content-Type", Value: "text/html\x1b[31m"}, {Name: "X-Evil", Value: evil}}
	moved := jsonAnswer("page", "GET", sampleIssuer+"/login", 302, "", 3*ms)
	moved.Response.Header = []trace.Field{{Name: "Location", Value: "https://as.example.com/" + evil + long}}
	plainText := jsonAnswer("revocation", "POST", sampleIssuer+"/token", 502, "Bad "+evil+"\n"+long, 3*ms)
	plainText.Response.Header = []trace.Field{{Name: "Content-Type", Value: "text/plain"}}
	quoted, _ := json.Marshal(evil)
	t.say(
		trace.RunStarted{Procedure: "code", Spec: evil, Doc: evil, Issuer: evil, Client: evil},
		trace.StepStarted{Title: evil + long, Why: evil, Spec: "RFC 6749 §4.1"},
		trace.Built{Endpoint: "token", Method: "POST", URL: sampleIssuer + "/" + evil, Params: []trace.Param{{Name: evil, Value: evil + long, Origin: trace.Origin{By: "--param", Ref: evil, Why: evil}}, {Name: "日本語のとても長い名前のパラメータ", Value: "値が広い文字でできていてとても長いのでどこかで省かれるはずです", Origin: trace.Origin{Ref: "RFC 6749 §3.3"}}}},
		jsonAnswer("token", "POST", sampleIssuer+"/token", 400, `{"error":"`+"invalid_grant"+`","error_description":`+string(quoted)+`,`+string(quoted)+`:[`+string(quoted)+`,1,2.50,true,null,{"a":{"b":[]}}],"long":"`+long+`","exp":1795430104000,"iat":-1}`, 9*ms),
		jsonAnswer("token", "POST", sampleIssuer+"/token", 200, deep, 9*ms),
		jsonAnswer("token", "POST", sampleIssuer+"/token", 200, `{"access_token":"cut `, 9*ms),
		page, moved, plainText,
		trace.Opened{URL: "https://as.example.com/" + evil, By: evil, Note: evil, Back: evil},
		trace.Returned{Via: "query", Method: evil, Path: evil, Params: []trace.Param{{Name: "error_description", Value: evil}}, Reason: evil},
		trace.Returned{Method: evil, Path: evil + long, Reason: evil},
		trace.Decoded{What: "id_token", Header: json.RawMessage(`{"alg":"none","kid":` + string(quoted) + `}`), Claims: json.RawMessage(`{"iss":` + string(quoted) + `,"exp":1}`), Reason: "alg none\n" + evil},
		trace.Finding{ID: "id-token-alg", Code: "V-ID-08", Level: trace.Must, Outcome: trace.Fail, Ref: evil, Detail: evil + long, Expected: evil, Actual: long},
		trace.Finding{ID: "of-tomorrow", Code: "V-XX-01", Level: "grave", Outcome: "perhaps", Ref: "RFC 6749 §3.3", Detail: "an outcome we do not know"},
		trace.Waiting{For: evil, Lines: []string{evil}},
		trace.Note{Topic: "x", Text: evil + "\n" + long, Ref: evil, Lines: []string{evil}},
		trace.Obtained{What: evil, Body: json.RawMessage(`{"access_token":` + string(quoted) + `,"token_type":` + string(quoted) + `,"expires_in":"soon","scope":` + string(quoted) + `}`)},
		trace.Unknown{Name: "of-tomorrow", Raw: json.RawMessage(`{"x":` + string(quoted) + `}`)},
		trace.Ended{Exit: 1, Took: 3 * time.Hour, Failure: &trace.Failure{Kind: "check", Text: evil + long}},
	)
}

// samples are all sample traces, by name.
var samples = map[string]func(trace.Sink){
	"code": codeFlow, "state": forgedState, "refused": refusedCode, "unreachable": unreachable, "hostile": hostile,
}
