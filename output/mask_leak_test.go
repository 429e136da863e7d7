package output

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// opaque is a token that says nothing.
const opaque = "SlAV32hkKG-SlAV32hkKG_9xyz"

// answered is an exchange with the token endpoint whose answer is marked as
// the engine marks it.
func answered(body string, marks ...string) trace.Exchanged {
	x := trace.Exchanged{Endpoint: "token", Request: trace.Message{Method: "POST", URL: "https://as.example.com/tenants/4711-production-west/token"}, Response: trace.Message{Status: 200, Body: body}}
	for _, name := range marks {
		x.Secrets = append(x.Secrets, trace.Secret{Part: "response-body", Name: name})
	}
	return x
}

// twice masks an event, and masks what came of it with another key: a saved
// trace must look like the live one.
func twice(t *testing.T, m func(trace.Sink) *Mask, e trace.Event) trace.Event {
	t.Helper()
	got := one(m, e)
	again := one(func(s trace.Sink) *Mask { return NewMask(nil, s, []byte("other"), false) }, got)
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("masked twice (-once +twice):\n%s", diff)
	}
	return got
}

// The URL to open is shown as it is, and kept without the secrets in it.
func TestOpenedURL(t *testing.T) {
	const (
		hint     = "a-hint-of-identity/2026"
		short    = "tiny7"
		verifier = sampleVerifier
	)
	u := "https://as.example.com/authorize?state=" + sampleState + "&id_token_hint=" + url.QueryEscape(hint) + "&pin=" + short + "&code_challenge=" + verifier + "#top"
	var screen, keep Recorder
	m := NewMask(&screen, &keep, testKey, false)
	m.Emit(trace.Record{Event: trace.Built{Endpoint: "authorization", In: "query", Params: []trace.Param{
		{Name: "state", Value: sampleState}, {Name: "id_token_hint", Value: hint, Secret: true}, {Name: "pin", Value: short, Secret: true}, {Name: "code_challenge", Value: verifier, Secret: true},
	}}})
	m.Emit(trace.Record{Event: trace.Opened{URL: u, By: "xdg-open", Note: "with " + hint}})
	m.Emit(trace.Record{Event: trace.Exchanged{Endpoint: "page", Request: trace.Message{URL: u, Header: []trace.Field{{Name: "Referer", Value: u}}}}})
	want := "https://as.example.com/authorize?state=" + sampleState + "&id_token_hint=" + masking(nil).hide(hint) + "&pin=" + digest(short) + "&code_challenge=" + masking(nil).hide(verifier) + "#top"
	shown, kept := screen.Records()[1].Event.(trace.Opened), keep.Records()[1].Event.(trace.Opened)
	if shown.URL != u || kept.URL != want {
		t.Errorf("shown %q\nkept  %q\nwant  %q", shown.URL, kept.URL, want)
	}
	if shown.Note != "with "+masking(nil).hide(hint) || shown.Note != kept.Note {
		t.Errorf("notes %q and %q", shown.Note, kept.Note)
	}
	page := screen.Records()[2].Event.(trace.Exchanged)
	if page.Request.URL != want || page.Request.Header[0].Value != want {
		t.Errorf("the page's request %+v", page.Request)
	}
	if diff := cmp.Diff(screen.Records()[2], keep.Records()[2]); diff != "" {
		t.Errorf("screen and file differ (-screen +file):\n%s", diff)
	}
}

// One octet that is not UTF-8 must not lay the rest of the answer open.
func TestMaskLearnsFromBinaryBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"JSON", "{\"name\":\"Ren\xe9\",\"access_token\":\"" + opaque + "\",\"x\":\"tiny\"}", "{\"name\":\"Ren\xe9\",\"access_token\":\"" + masking(nil).hide(opaque) + "\",\"x\":\"tiny\"}"},
		{"form", "name=Ren\xe9&access_token=tiny&token_type=bearer", "name=Ren\xe9&access_token=" + digest("tiny") + "&token_type=bearer"},
	} {
		var r Recorder
		m := masking(&r)
		x := answered(base64.StdEncoding.EncodeToString([]byte(c.body)), "access_token")
		x.Response.Base64 = true
		m.Emit(trace.Record{Event: x})
		m.Emit(trace.Record{Event: trace.Note{Text: "later " + opaque}})
		got := r.Records()[0].Event.(trace.Exchanged).Response
		b, err := base64.StdEncoding.DecodeString(got.Body)
		if err != nil || !got.Base64 || string(b) != c.want {
			t.Errorf("%s: %q, %v", c.name, b, err)
		}
		if text := r.Records()[1].Event.(trace.Note).Text; c.name == "JSON" && strings.Contains(text, opaque) {
			t.Errorf("%s: not learnt: %q", c.name, text)
		}
		twice(t, masking, x)
	}
}

// An answer that is neither JSON nor a form may hold a token anywhere.
func TestMaskAnswersNotUnderstood(t *testing.T) {
	jws := segment(`{"alg":"RS256"}`) + "." + segment(`{"sub":"alice"}`) + ".c2lnbmF0dXJlLXNpZ25hdHVyZQ"
	hide := func(s string) string { return masking(nil).hide(s) }
	utf16 := func(s string) string { return strings.Join(append(strings.Split(s, ""), ""), "\x00") }
	for _, c := range []struct {
		name  string
		marks []string
		in    string
		want  string
	}{
		{"JSON cut off", nil, `{"scope":"openid","token":"` + opaque, `{"scope":"openid","token":"` + hide(opaque)},
		{"JSON cut off after the token", []string{"access_token"}, `{"access_token":"` + opaque + `","refr`, `{"access_token":"` + hide(opaque) + `","refr`},
		{"single quotes", []string{"access_token"}, `{'access_token': 'tiny', 'refresh': '` + opaque + `'}`, `{'access_token': '` + digest("tiny") + `', 'refresh': '` + hide(opaque) + `'}`},
		{"plain text", nil, opaque + "\n", hide(opaque) + "\n"},
		{"plain text of one case", nil, "a-token-in-lower-case-letters", hide("a-token-in-lower-case-letters")},
		{"plain text that ends in =", nil, "QUJDREVGR0hJSktMTU5PUFFSU1Q=", hide("QUJDREVGR0hJSktMTU5PUFFSU1Q=")},
		{"a JSON string", nil, `"` + opaque + `"`, `"` + hide(opaque) + `"`},
		{"JWT in a sentence", nil, "Token: " + jws + ".", "Token: " + hide(jws) + "."},
		{"XML", []string{"access_token"}, `<r><access_token>tiny</access_token><x>` + opaque + `</x></r>`, `<r><access_token>` + digest("tiny") + `</access_token><x>` + hide(opaque) + `</x></r>`},
		{"UTF-16", nil, utf16(`{"t":"` + opaque + `"}`), utf16(`{"t":"`) + hide(opaque) + utf16(`"}`)},
		{"a form without a name we know", nil, "tok=" + opaque + "&x=1", "tok=" + hide(opaque) + "&x=1"},
		{"a JWT under another name", nil, `{"jwt":"` + jws + `","n":1.0}`, `{"jwt":"` + hide(jws) + `","n":1.0}`},
		{"an error page", nil, `<p>See https://developer.identity.example/docs/errors for client s6BhdRkqt3-the-one-we-are</p>`, `<p>See https://developer.identity.example/docs/errors for client s6BhdRkqt3-the-one-we-are</p>`},
		{"the path that was asked for", nil, "no route for /tenants/4711-production-west/token", "no route for /tenants/4711-production-west/token"},
		{"our own parameters", nil, "bad state " + sampleState, "bad state " + sampleState},
		{"words of the protocol", nil, "send application/x-www-form-urlencoded please", "send application/x-www-form-urlencoded please"},
		{"long names", nil, `{"a_name_as_long_as_a_token" : 1, 'refresh_token_expires_in':'` + opaque + `'`, `{"a_name_as_long_as_a_token" : 1, 'refresh_token_expires_in':'` + hide(opaque) + `'`},
		{"long names of a form", nil, "refresh_token_expires_in=3600&t=" + opaque, "refresh_token_expires_in=3600&t=" + hide(opaque)},
		{"a token in a path", nil, "see https://as.example.com/t/" + opaque + "?x=" + opaque, "see https://as.example.com/t/" + hide(opaque) + "?x=" + hide(opaque)},
		{"an address with a port", nil, "see http://127.0.0.1:18500/.well-known/openid-configuration", "see http://127.0.0.1:18500/.well-known/openid-configuration"},
		{"an address with IPv6", nil, "see http://[::1]:8080/device_authorization?x", "see http://[::1]:8080/device_authorization?x"},
		{"a token behind a port", nil, "see https://as.example.com:8443/t/" + opaque, "see https://as.example.com:8443/t/" + hide(opaque)},
		{"a password that is no port", nil, "see https://user:" + opaque + "@as.example", "see https://user:" + hide(opaque) + "@as.example"},
		{"JSON is understood", nil, `{"error":"invalid_request","trace_id":"` + opaque + `"}`, `{"error":"invalid_request","trace_id":"` + opaque + `"}`},
		{"a form is understood", nil, "error=bad_verification_code&trace=" + opaque, "error=bad_verification_code&trace=" + opaque},
	} {
		start := []trace.Record{
			{Event: trace.RunStarted{Client: "s6BhdRkqt3-the-one-we-are"}},
			{Event: trace.Built{Params: []trace.Param{{Name: "state", Value: sampleState}}}},
		}
		through := func(m *Mask, x trace.Event) {
			for _, r := range start {
				m.Emit(r)
			}
			m.Emit(trace.Record{Event: x})
			m.Emit(trace.Record{Event: trace.Note{Text: "later " + opaque + " " + jws}})
		}
		var r, again Recorder
		through(masking(&r), answered(c.in, c.marks...))
		got := r.Records()[2].Event.(trace.Exchanged)
		if got.Response.Body != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got.Response.Body, c.want)
		}
		later := r.Records()[3].Event.(trace.Note).Text
		if c.in != c.want && (strings.Contains(c.in, opaque) && strings.Contains(later, opaque) || strings.Contains(c.in, jws) && strings.Contains(later, jws)) {
			t.Errorf("%s: not learnt: %q", c.name, later)
		}
		through(NewMask(nil, &again, []byte("other"), false), got)
		if body := again.Records()[2].Event.(trace.Exchanged).Response.Body; body != c.want {
			t.Errorf("%s: masked twice %q", c.name, body)
		}
	}
}

// Metadata and pages are left alone unless something in them is marked.
func TestMaskLeavesOtherAnswers(t *testing.T) {
	for _, endpoint := range []string{"metadata", "page", "userinfo"} {
		x := answered("<p>" + opaque)
		x.Endpoint = endpoint
		if got := one(masking, x).(trace.Exchanged).Response.Body; got != "<p>"+opaque {
			t.Errorf("%s: %q", endpoint, got)
		}
		x.Secrets = []trace.Secret{{Part: "response-body", Name: "code"}}
		if got := one(masking, x).(trace.Exchanged).Response.Body; got != "<p>"+masking(nil).hide(opaque) {
			t.Errorf("%s, marked: %q", endpoint, got)
		}
	}
}

func TestMaskMultipart(t *testing.T) {
	body := func(pin string) string {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.SetBoundary("edge")
		_ = w.WriteField("user", "tiny")
		_ = w.WriteField("pin", pin)
		_ = w.WriteField("pin2", "tiny")
		_ = w.Close()
		return b.String()
	}
	x := trace.Exchanged{Endpoint: "page", Request: trace.Message{Body: body("tiny")}, Secrets: []trace.Secret{{Part: "request-body", Name: "pin"}}}
	got := twice(t, masking, x).(trace.Exchanged)
	if want := body(digest("tiny")); got.Request.Body != want {
		t.Errorf("%q, want %q", got.Request.Body, want)
	}
}

// A marked parameter of a query is in the Referer of the next request too.
func TestMaskQueryInReferer(t *testing.T) {
	x := trace.Exchanged{
		Request: trace.Message{URL: "https://as.example.com/x?pw=hunt3r", Header: []trace.Field{{Name: "Referer", Value: "https://as.example.com/y?a=1&pw=hunt3r"}}},
		Secrets: []trace.Secret{{Part: "request-query", Name: "pw"}},
	}
	got := twice(t, masking, x).(trace.Exchanged).Request
	if got.URL != "https://as.example.com/x?pw="+digest("hunt3r") || got.Header[0].Value != "https://as.example.com/y?a=1&pw="+digest("hunt3r") {
		t.Errorf("%+v", got)
	}
}

// A short secret that was given to us is hidden where a server speaks of
// errors, as a word of its own, and nowhere else.
func TestMaskConfiguredSecretsInErrors(t *testing.T) {
	tag := digest("s3cr&t")
	for _, c := range []struct {
		name     string
		in, want trace.Event
	}{
		{"JSON", answered(`{"error":"invalid_client","error_description":"secret s3cr\u0026t is wrong","hint":"s3cr&t"}`), answered(`{"error":"invalid_client","error_description":"secret ` + tag + ` is wrong","hint":"s3cr&t"}`)},
		{"form", answered("error=invalid_client&error_description=secret+s3cr%26t+is+wrong"), answered("error=invalid_client&error_description=secret+" + tag + "+is+wrong")},
		{"text", answered("bad secret s3cr&t"), answered("bad secret " + tag)},
		{"Location", trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "Location", Value: "/cb?error_uri=https%3A%2F%2Fx%2F%3Fq%3Ds3cr%2526t&x=s3cr%26t"}}}},
			trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "Location", Value: "/cb?error_uri=https%3A%2F%2Fx%2F%3Fq%3D" + tag + "&x=s3cr%26t"}}}}},
		{"WWW-Authenticate", trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "WWW-Authenticate", Value: `Basic error_description="not s3cr&t"`}}}},
			trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "WWW-Authenticate", Value: `Basic error_description="not ` + tag + `"`}}}}},
		{"returned", trace.Returned{Params: []trace.Param{{Name: "error_description", Value: "s3cr&t"}, {Name: "state", Value: "s3cr&t"}}}, trace.Returned{Params: []trace.Param{{Name: "error_description", Value: tag}, {Name: "state", Value: "s3cr&t"}}}},
		{"finding", trace.Finding{Detail: "the server says s3cr&t.", Ref: "s3cr&t"}, trace.Finding{Detail: "the server says " + tag + ".", Ref: "s3cr&t"}},
		{"failure of an exchange", trace.Exchanged{Failure: &trace.Failure{Text: `"s3cr&t"`}}, trace.Exchanged{Failure: &trace.Failure{Text: `"` + tag + `"`}}},
		{"failure of the run", trace.Ended{Failure: &trace.Failure{Text: "refused: s3cr&t"}}, trace.Ended{Failure: &trace.Failure{Text: "refused: " + tag}}},
		{"part of a word", trace.Finding{Detail: "xs3cr&t s3cr&tx"}, trace.Finding{Detail: "xs3cr&t s3cr&tx"}},
		{"other text", trace.Note{Text: "s3cr&t"}, trace.Note{Text: "s3cr&t"}},
	} {
		got := twice(t, func(s trace.Sink) *Mask { m := masking(s); m.Know("s3cr&t"); return m }, c.in)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	m := masking(nil)
	for _, s := range []string{"s3cr&t", "secret", "abc", "wrong", "20261123"} {
		m.Know(s)
	}
	const line = "invalid_client: the secret s3cr&t is wrong, abc too; expected 20261123, client_secret_basic"
	if got, want := m.Text(line), "invalid_client: the secret "+tag+" is wrong, abc too; expected "+digest("20261123")+", client_secret_basic"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Who signs in with the password "alice" as alice can still read of alice.
func TestMaskConfiguredSecretThatIsTheUser(t *testing.T) {
	var r Recorder
	m := masking(&r)
	m.Know("alice")
	m.Emit(trace.Record{Event: trace.Exchanged{
		Endpoint: "page", Request: trace.Message{Body: "username=alice&password=alice"}, Secrets: []trace.Secret{{Part: "request-body", Name: "password"}},
	}})
	if got := r.Records()[0].Event.(trace.Exchanged).Request.Body; got != "username=alice&password="+digest("alice") {
		t.Error(got)
	}
	if got := m.Text("no account for alice"); got != "no account for alice" {
		t.Error(got)
	}
}

// An error that comes with a state may be a forgery: the answer says later
// whether it is to be shown.
func TestErrorsOfRedirectsAreWithheld(t *testing.T) {
	page := func(location, body string) trace.Exchanged {
		return trace.Exchanged{Endpoint: "page", Response: trace.Message{Status: 302, Header: []trace.Field{{Name: "Location", Value: location}}, Body: body}}
	}
	for _, c := range []struct {
		name     string
		in, want trace.Exchanged
	}{
		{"query", page("http://127.0.0.1:1/cb?error=access_denied&error_description=call+0800&state=x&error_uri=https%3A%2F%2Fevil.example", `<a href="http://127.0.0.1:1/cb?error=access_denied&amp;error_description=call+0800&amp;state=x">Found</a>`),
			page("http://127.0.0.1:1/cb?error=(withheld)&error_description=(withheld)&state=x&error_uri=(withheld)", `<a href="http://127.0.0.1:1/cb?error=(withheld)&amp;error_description=(withheld)&amp;state=x">Found</a>`)},
		{"fragment", page("http://127.0.0.1:1/cb#state=x&error=access_denied", ""), page("http://127.0.0.1:1/cb#state=x&error=(withheld)", "")},
		{"percent-encoded names", page("http://127.0.0.1:1/cb?st%61te=x&err%6Fr_description=call", ""), page("http://127.0.0.1:1/cb?st%61te=x&err%6Fr_description=(withheld)", "")},
		{"form_post", page("", `<form><input type=hidden name=state value=x><input value="call" name=error_description>`), page("", `<form><input type=hidden name=state value=x><input value="(withheld)" name=error_description>`)},
		{"without a state", page("/login?error=wrong_password", ""), page("/login?error=wrong_password", "")},
		{"without an error", page("http://127.0.0.1:1/cb?state=x&terror=y", ""), page("http://127.0.0.1:1/cb?state=x&terror=y", "")},
	} {
		if diff := cmp.Diff(trace.Event(c.want), twice(t, masking, c.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	token := page("http://127.0.0.1:1/cb?error=access_denied&state=x", "")
	token.Endpoint = "token"
	if diff := cmp.Diff(trace.Event(token), one(masking, token)); diff != "" {
		t.Errorf("another endpoint (-want +got):\n%s", diff)
	}
}

func FuzzMaskAnswer(f *testing.F) {
	f.Add(`{"access_token":"`+opaque, "access_token", true)
	f.Add("--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--edge--\r\n", "a", false)
	f.Add("<input name=code value=x>\x00?error=1&state=2&code=tiny", "code", true)
	f.Add("0", "\xbb", false)
	f.Fuzz(func(t *testing.T, body, name string, page bool) {
		x := answered(body, name)
		if page {
			x.Endpoint = "page"
		}
		x.Request.Body = body
		x.Secrets = append(x.Secrets, trace.Secret{Part: "request-body", Name: name})
		got := one(func(s trace.Sink) *Mask { m := masking(s); m.Know("1234"); return m }, x).(trace.Exchanged)
		if json.Valid([]byte(body)) && strings.HasPrefix(body, "{") && !json.Valid([]byte(got.Response.Body)) && name != "" {
			t.Fatalf("%q is no JSON any more: %q", body, got.Response.Body)
		}
	})
}
