package output

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// one puts an event through a mask.
func one(m func(trace.Sink) *Mask, e trace.Event) trace.Event {
	var r Recorder
	m(&r).Emit(trace.Record{Seq: 1, Event: e})
	return r.Records()[0].Event
}

func masking(next trace.Sink) *Mask { return NewMask(nil, next, testKey, false) }

// digest is how a test knows the tag of a secret without computing it as the
// code does: it only has to be the same everywhere.
func digest(secret string) string { return masking(nil).tag(secret) }

func TestMaskForm(t *testing.T) {
	jws := segment(`{"alg":"RS256"}`) + "." + segment(`{"sub":"alice"}`) + ".c2lnbmF0dXJlLXNpZ25hdHVyZQ"
	jwe := segment(`{"alg":"RSA-OAEP","enc":"A256GCM"}`) + ".a2V5.aXY.Y2lwaGVydGV4dA.dGFn"
	for _, c := range []struct{ name, secret, front string }{
		{"long", "SlAV32hkKG-SlAV32hkKG", "SlAV"},
		{"nineteen characters", "1234567890abcdefghi", ""},
		{"short", "alice", ""},
		{"one character", "a", ""},
		{"long, with a quote in front", `a"bcdefghijklmnopqrstuvwxyz`, "a"},
		{"signed token", jws, segment(`{"alg":"RS256"}`) + "." + segment(`{"sub":"alice"}`) + "."},
		{"encrypted token", jwe, segment(`{"alg":"RSA-OAEP","enc":"A256GCM"}`) + "."},
		{"three parts that are no token", "abcdefgh.ijklmnop.qrstuvwx", "abcd"},
		{"ideographs", strings.Repeat("秘", 20), ""},
	} {
		got := masking(nil).hide(c.secret)
		if want := c.front + digest(c.secret); got != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
		if again := masking(nil).hide(got); again != got {
			t.Errorf("%s: masked twice %q", c.name, again)
		}
		if !strings.HasSuffix(got, ")") || len(digest(c.secret)) != len("…(3f9a1c)") {
			t.Errorf("%s: %q has not the form of a mask", c.name, got)
		}
	}
	if a, b := NewMask(nil, nil, []byte("1"), false).hide("alice"), NewMask(nil, nil, []byte("2"), false).hide("alice"); a == b {
		t.Error("another run's key gives the same digest")
	}
}

func TestMaskTellsWhatIsMasked(t *testing.T) {
	for _, s := range []string{
		"a long secret that merely ends like one …(3f9a1c)", "abcde…(3f9a1c)", "…(3f9a1g)", "…(3f9a1c) ", "xxxx.yyyy.…(3f9a1c)", "…(3F9A1C)",
	} {
		if _, ok := maskTag(s); ok {
			t.Errorf("%q passes for masked", s)
		}
	}
}

// A secret is found in whatever encoding it comes.
func TestMaskEncodings(t *testing.T) {
	const secret = `p&ss/w+rd="é" 2026`
	inJSON, _ := json.Marshal(secret)
	ascii := strings.ReplaceAll(strings.ReplaceAll(string(inJSON), "é", `\u00E9`), "/", `\/`)
	tag := digest(secret)
	for _, c := range []struct{ name, in, want string }{
		{"raw", "the secret is " + secret + "!", "the secret is " + tag + "!"},
		{"form", "a=1&p=" + url.QueryEscape(secret) + "&b=2", "a=1&p=" + tag + "&b=2"},
		{"percent with %20", "/x?p=" + url.PathEscape(secret) + "#f", "/x?p=" + tag + "#f"},
		{"lower-case hex", "p=" + strings.ToLower(url.QueryEscape("P&SS")) + "&", "p=p%26ss&"},
		{"lower-case percent", strings.ReplaceAll(url.QueryEscape(secret), "%2F", "%2f"), tag},
		{"twice", "return_to=" + url.QueryEscape("/authorize?p="+url.QueryEscape(secret)), "return_to=%2Fauthorize%3Fp%3D" + tag},
		{"JSON", `{"p":` + string(inJSON) + `}`, `{"p":"` + tag + `"}`},
		{"JSON, all escaped", `{"p":` + ascii + `}`, `{"p":"` + tag + `"}`},
		{"JSON in an error text", `cannot read {\"p\":` + strings.ReplaceAll(string(inJSON), `\`, `\\`) + `\"}`, `cannot read {\"p\":"` + tag + `"\"}`},
		{"Basic", "Basic " + base64.StdEncoding.EncodeToString([]byte("client:"+secret)), "Basic " + tag},
		{"Basic, form-encoded halves", "basic " + base64.StdEncoding.EncodeToString([]byte("c%20l:"+url.QueryEscape(secret))), "basic " + tag},
		{"credentials without the scheme", `{"c":"` + base64.StdEncoding.EncodeToString([]byte("my-client:"+secret)) + `"}`, `{"c":"` + tag + `"}`},
		{"base64url", "x." + base64.RawURLEncoding.EncodeToString([]byte(`{"p":"`+secret[:8]+`"`+secret)) + ".y", "x." + tag + ".y"},
		{"HTML", `<input name="x" value="p&amp;ss/w+rd=&quot;é&#34; 2026">`, `<input name="x" value="` + tag + `">`},
		{"twice in a text", secret + " and " + secret, tag + " and " + tag},
	} {
		m := masking(nil)
		m.Know(secret)
		got := m.Text(c.in)
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if again := m.Text(got); again != got {
			t.Errorf("%s: masked twice %q, then %q", c.name, got, again)
		}
	}
}

func TestMaskLeavesProtocolWordsAndShortWords(t *testing.T) {
	var r Recorder
	m := masking(&r)
	for _, s := range []string{"password", "alice", "a", "secret", "client_secret", "20261123", "code"} {
		m.Know(s)
	}
	const text = "grant_type=password&username=alice&client_secret_basic 20261123 code secret"
	m.Emit(trace.Record{Event: trace.Note{Text: text}})
	if got := r.Records()[0].Event.(trace.Note).Text; got != text {
		t.Errorf("got %q", got)
	}
}

// A password that is also the user name is hidden where it is sent, and the
// user stays readable.
func TestMaskPublicNames(t *testing.T) {
	for _, name := range []string{"alice", "alice@example.com"} {
		var r Recorder
		m := masking(&r)
		m.Emit(trace.Record{Event: trace.Built{Params: []trace.Param{{Name: "username", Value: name}, {Name: "password", Value: name, Secret: true}}}})
		m.Emit(trace.Record{Event: trace.Exchanged{
			Request: trace.Message{Body: "username=" + url.QueryEscape(name) + "&password=" + url.QueryEscape(name)},
			Secrets: []trace.Secret{{Part: "request-body", Name: "password"}},
		}})
		built, exchanged := r.Records()[0].Event.(trace.Built), r.Records()[1].Event.(trace.Exchanged)
		if built.Params[0].Value != name || built.Params[1].Value != digest(name) {
			t.Errorf("%+v", built.Params)
		}
		if want := "username=" + url.QueryEscape(name) + "&password=" + digest(name); exchanged.Request.Body != want {
			t.Errorf("%q, want %q", exchanged.Request.Body, want)
		}
	}
}

func TestMaskMarkedPlaces(t *testing.T) {
	tag := digest("tiny")
	basic := base64.StdEncoding.EncodeToString([]byte("c:tiny"))
	for _, c := range []struct {
		name     string
		mark     trace.Secret
		in, want trace.Exchanged
	}{
		{"form field", trace.Secret{Part: "request-body", Name: "pin"},
			trace.Exchanged{Request: trace.Message{Body: "a=tiny&pin=tiny&b=%20&p%69n=tiny"}}, trace.Exchanged{Request: trace.Message{Body: "a=tiny&pin=" + tag + "&b=%20&p%69n=" + tag}}},
		{"JSON member", trace.Secret{Part: "request-body", Name: "pin"},
			trace.Exchanged{Request: trace.Message{Body: `{"x":"tiny", "pin" : "tiny" ,"n":1.0}`}}, trace.Exchanged{Request: trace.Message{Body: `{"x":"tiny", "pin" : "` + tag + `" ,"n":1.0}`}}},
		{"query", trace.Secret{Part: "request-query", Name: "pin"},
			trace.Exchanged{Request: trace.Message{URL: "https://a/?b=1&pin=tiny#pin=tiny"}}, trace.Exchanged{Request: trace.Message{URL: "https://a/?b=1&pin=" + tag + "#pin=" + tag}}},
		{"basic", trace.Secret{Part: "request-header", Name: "Authorization"},
			trace.Exchanged{Request: trace.Message{Header: []trace.Field{{Name: "authorization", Value: "Basic " + basic}}}}, trace.Exchanged{Request: trace.Message{Header: []trace.Field{{Name: "authorization", Value: "Basic " + tag}}}}},
		{"bearer", trace.Secret{Part: "request-header", Name: "Authorization"},
			trace.Exchanged{Request: trace.Message{Header: []trace.Field{{Name: "Authorization", Value: "DPoP tiny"}}}}, trace.Exchanged{Request: trace.Message{Header: []trace.Field{{Name: "Authorization", Value: "DPoP " + tag}}}}},
		{"cookies", trace.Secret{Part: "request-header", Name: "Cookie"},
			trace.Exchanged{Request: trace.Message{Header: []trace.Field{{Name: "Cookie", Value: "a=tiny; b=tiny"}}}}, trace.Exchanged{Request: trace.Message{Header: []trace.Field{{Name: "Cookie", Value: "a=" + tag + "; b=" + tag}}}}},
		{"set cookie", trace.Secret{Part: "response-header", Name: "Set-Cookie"},
			trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "Set-Cookie", Value: "a=tiny; Path=/; Secure"}}}}, trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "Set-Cookie", Value: "a=" + tag + "; Path=/; Secure"}}}}},
		{"location by parameter", trace.Secret{Part: "response-header", Name: "pin"},
			trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "Location", Value: "http://127.0.0.1/cb?pin=tiny&state=tiny"}}}}, trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "Location", Value: "http://127.0.0.1/cb?pin=" + tag + "&state=tiny"}}}}},
		{"location as a whole", trace.Secret{Part: "response-header", Name: "Location"},
			trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "Location", Value: "http://127.0.0.1/cb?code=tiny&state=tiny#access_token=tiny"}}}}, trace.Exchanged{Response: trace.Message{Header: []trace.Field{{Name: "Location", Value: "http://127.0.0.1/cb?code=" + tag + "&state=tiny#access_token=" + tag}}}}},
		{"answer", trace.Secret{Part: "response-body", Name: "access_token"},
			trace.Exchanged{Response: trace.Message{Body: `{"access_token":"tiny","access_token":7,"sub":{"access_token":["tiny"]}}`}},
			trace.Exchanged{Response: trace.Message{Body: `{"access_token":"` + tag + `","access_token":"` + digest("7") + `","sub":{"access_token":"` + digest(`["tiny"]`) + `"}}`}}},
		{"answer that is cut off", trace.Secret{Part: "response-body", Name: "access_token"},
			trace.Exchanged{Response: trace.Message{Body: `{"a":1,"access_token":"tin`}}, trace.Exchanged{Response: trace.Message{Body: `{"a":1,"access_token":"` + digest("tin") + `"`}}},
		{"answer as a form", trace.Secret{Part: "response-body", Name: "access_token"},
			trace.Exchanged{Response: trace.Message{Body: "access_token=tiny&token_type=bearer"}}, trace.Exchanged{Response: trace.Message{Body: "access_token=" + tag + "&token_type=bearer"}}},
		{"page that posts the code", trace.Secret{Part: "response-body", Name: "code"},
			trace.Exchanged{Response: trace.Message{Body: `<p>code & co</p><input type="hidden" name='code' value='tiny'><a href="/cb?x=1&amp;code=tiny">code</a>`}},
			trace.Exchanged{Response: trace.Message{Body: `<p>code & co</p><input type="hidden" name='code' value='` + tag + `'><a href="/cb?x=1&amp;code=` + tag + `">code</a>`}}},
		{"whole body", trace.Secret{Part: "response-body"},
			trace.Exchanged{Response: trace.Message{Body: "tiny"}}, trace.Exchanged{Response: trace.Message{Body: tag}}},
	} {
		c.in.Secrets, c.want.Secrets = []trace.Secret{c.mark}, []trace.Secret{c.mark}
		got := one(masking, c.in)
		if diff := cmp.Diff(trace.Event(c.want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(got, one(func(s trace.Sink) *Mask { return NewMask(s, nil, []byte("other"), false) }, got)); diff != "" {
			t.Errorf("%s, masked twice (-once +twice):\n%s", c.name, diff)
		}
	}
}

func TestMaskObtainedAndReturned(t *testing.T) {
	got := one(masking, trace.Obtained{What: "token", Body: json.RawMessage(`{"access_token":"tiny","expires_in":1}`), Secrets: []trace.Secret{{Part: "body", Name: "access_token"}}})
	if body := string(got.(trace.Obtained).Body); body != `{"access_token":"`+digest("tiny")+`","expires_in":1}` {
		t.Error(body)
	}
	back := one(masking, trace.Returned{Params: []trace.Param{{Name: "code", Value: "tiny"}, {Name: "state", Value: "tiny"}}, Secrets: []trace.Secret{{Part: "params", Name: "code"}}}).(trace.Returned)
	if back.Params[0].Value != digest("tiny") || back.Params[1].Value != "tiny" {
		t.Errorf("%+v", back.Params)
	}
}

// What is marked in one event is hidden in every string of all later ones.
func TestMaskLearnsForEveryField(t *testing.T) {
	const secret = "S3cr3t-of-the-run/+"
	for _, e := range append(trace.Events(), trace.Unknown{}) {
		var r Recorder
		m := masking(&r)
		m.Emit(trace.Record{Event: trace.Built{Params: []trace.Param{{Name: "code", Value: secret, Secret: true}}}})
		full := filled(e, "before "+secret+" "+url.QueryEscape(secret)+" after")
		m.Emit(trace.Record{Event: full})
		b, err := r.Records()[1].MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if left := string(b); strings.Contains(left, secret) || strings.Contains(left, url.QueryEscape(secret)) {
			t.Errorf("%s: %s", e.Kind(), left)
		}
	}
}

func TestMaskKeepsJSONAndTheOriginal(t *testing.T) {
	const secret = `nabcdefgh"123456`
	body := `{"a":"\nabcdefgh\"123456","b":1234567890123456,"c":"x\u002fy"}`
	e := trace.Obtained{Body: json.RawMessage(body)}
	got := one(func(s trace.Sink) *Mask {
		m := masking(s)
		m.Know(secret)
		m.Know("1234567890123456")
		return m
	}, e).(trace.Obtained)
	if string(got.Body) != body || !json.Valid(got.Body) {
		t.Errorf("%s", got.Body)
	}
	ps := []trace.Param{{Name: "code", Value: "abcdefghij", Secret: true}}
	one(masking, trace.Built{Params: ps})
	if ps[0].Value != "abcdefghij" {
		t.Error("the run's own parameters were changed")
	}
}

func TestMaskBinaryBody(t *testing.T) {
	const secret = "S3cr3t-of-the-run"
	e := trace.Exchanged{Response: trace.Message{Base64: true, Body: base64.StdEncoding.EncodeToString([]byte("\xff\xfe " + secret + " \x00"))}}
	got := one(func(s trace.Sink) *Mask { m := masking(s); m.Know(secret); return m }, e).(trace.Exchanged)
	b, err := base64.StdEncoding.DecodeString(got.Response.Body)
	if err != nil || string(b) != "\xff\xfe "+digest(secret)+" \x00" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestReveal(t *testing.T) {
	m := func(s trace.Sink) *Mask { return NewMask(s, nil, testKey, true) }
	e := trace.Built{Params: []trace.Param{{Name: "code", Value: "abcdefghij", Secret: true}}}
	if diff := cmp.Diff(trace.Event(e), one(m, e)); diff != "" {
		t.Error(diff)
	}
	if got := m(nil).Text("Basic YTpi"); got != "Basic YTpi" {
		t.Error(got)
	}
}

func TestEqualSecretsLookEqual(t *testing.T) {
	var r Recorder
	codeFlow(masking(&r))
	access := masking(nil).hide(sampleAccess())
	seen := 0
	for _, rec := range r.Records() {
		b, err := rec.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), access) {
			seen++
		}
	}
	if seen != 2 { // in the answer, and in what was obtained
		t.Errorf("the access token looks like %q in %d records, want 2", access, seen)
	}
}

func FuzzMask(f *testing.F) {
	f.Add("S3cr3t-of-the-run/+", "a=", "&b=%2F\\u0041&amp;Basic YTpi")
	f.Add("日本語のひみつです", "{\"a\":\"", "\"}")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		m := masking(nil)
		m.Know(secret)
		for _, enc := range []string{secret, url.QueryEscape(secret), quote(secret)} {
			got := m.Text(before + enc + after)
			if recognisable(secret) && strings.Contains(got, secret) && !strings.Contains(m.hide(secret), secret) {
				t.Fatalf("%q is left in %q", secret, got)
			}
		}
		if doc := `{"` + "a" + `":` + quote(secret) + `}`; json.Valid([]byte(doc)) && !json.Valid([]byte(eachString(doc, m.Text))) {
			t.Fatalf("%q is no JSON any more", doc)
		}
	})
}
