package ext

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

func part(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// ask is an authorization request with parameters in pairs.
func ask(pairs ...string) func(context.Context, *flow.Run) error {
	return func(ctx context.Context, r *flow.Run) error {
		q, err := r.NewRequest(flow.Authorization)
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			q.Params.Add(trace.Param{Name: pairs[i], Value: pairs[i+1]})
		}
		_, err = r.Authorize(ctx, q)
		return err
	}
}

// A wrong order is refused before anything is sent.
func TestOrder(t *testing.T) {
	key := generated(t, "ES256")
	for name, all := range map[string][]flow.Extension{
		"pushed before it is signed": {PAR(), JAR(Signer{Key: key}, false)},
		"proved before the alias":    {DPoP(key, ""), MTLS(nil)},
	} {
		s := &stage{answers: []wire.Answer{answer(500, "")}}
		_, rec, err := s.perform(t, post(flow.Token), all...)
		var config *flow.ConfigError
		if !errors.As(err, &config) || len(s.sent) > 0 {
			t.Errorf("%s: %v, %d requests", name, err, len(s.sent))
		}
		for _, r := range rec {
			if _, built := r.Event.(trace.Built); built {
				t.Errorf("%s: a request was built", name)
			}
		}
	}
}

// Everything is inside, in the types of its specification, and nothing but
// client_id outside.
func TestRequestObject(t *testing.T) {
	key := generated(t, "ES256")
	_, rec, _ := (&stage{}).perform(t, ask("response_type", "code", "client_id", "c1", "max_age", "60", "claims", `{"id_token":{"acr":null}}`,
		"authorization_details", `[{"type":"t"}]`, "resource", "https://a.example", "resource", "https://b.example", "x", `{"left":"alone"}`, "iss", "by-hand"),
		JAR(Signer{Key: key}, false))
	var built trace.Built
	for _, r := range rec {
		if b, ok := r.Event.(trace.Built); ok {
			built = b
		}
	}
	var outside []string
	object := ""
	for _, p := range built.Params {
		outside = append(outside, p.Name)
		if p.Name == "request" {
			object = p.Value
		}
	}
	if want := []string{"client_id", "request"}; !slices.Equal(outside, want) {
		t.Errorf("outside are %v, want %v", outside, want)
	}
	o := jose.Decode(object)
	if err := jose.Verify(o, key.Public); err != nil || o.Typ() != "oauth-authz-req+jwt" {
		t.Fatalf("%v, typ %s", err, o.Typ())
	}
	for name, want := range map[string]string{
		"iss": `"by-hand"`, "aud": `"https://as.example"`, "response_type": `"code"`, "client_id": `"c1"`, "max_age": `60`,
		"claims": `{"id_token":{"acr":null}}`, "authorization_details": `[{"type":"t"}]`, "resource": `["https://a.example","https://b.example"]`,
		"x": `"{\"left\":\"alone\"}"`, "iat": "1795440000", "exp": "1795440300",
	} {
		if got, _ := o.Claims.Get(name); string(got) != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if !o.Claims.Has("jti") {
		t.Error("no jti")
	}
}

func TestRequestObjectNeedsAKey(t *testing.T) {
	_, _, err := (&stage{}).perform(t, ask("response_type", "code"), JAR(Signer{}, false))
	var config *flow.ConfigError
	if !errors.As(err, &config) || config.Field != "key" {
		t.Errorf("%v", err)
	}
}

// What is pushed is what was asked for, and the browser carries the reference
// alone; a refusal ends it before any browser is opened.
func TestPush(t *testing.T) {
	s := &stage{answers: []wire.Answer{answer(201, `{"request_uri":"urn:x:1","expires_in":90}`)}}
	_, rec, _ := s.perform(t, ask("response_type", "code", "client_id", "c1", "scope", "a b", "resource", "https://a.example", "resource", "https://b.example"), PAR())
	pushed, err := url.ParseQuery(string(s.sent[0].Body))
	if err != nil || pushed.Get("scope") != "a b" || len(pushed["resource"]) != 2 {
		t.Errorf("pushed %s", s.sent[0].Body)
	}
	last := trace.Built{}
	for _, r := range rec {
		if b, ok := r.Event.(trace.Built); ok {
			last = b
		}
	}
	if len(last.Params) != 2 || last.Params[0].Value != "c1" || last.Params[1].Value != "urn:x:1" {
		t.Errorf("the browser carries %v", last.Params)
	}
	for _, refusal := range []wire.Answer{answer(400, `{"error":"invalid_request"}`), answer(201, `{}`), answer(200, "<html>"), answer(302, "", "Location", "https://evil.example")} {
		s := &stage{answers: []wire.Answer{refusal}}
		_, rec, err := s.perform(t, ask("response_type", "code"), PAR())
		if err == nil || len(s.sent) != 1 {
			t.Errorf("%v: %v", refusal, err)
		}
		for _, r := range rec {
			if b, ok := r.Event.(trace.Built); ok && b.Endpoint == string(flow.Authorization) {
				t.Errorf("%v: the browser was sent off", refusal)
			}
		}
	}
}

func TestDetailsGranted(t *testing.T) {
	const asked = `[{"type":"a","actions":["read"],"amount":"5"},{"type":"b"}]`
	for got, want := range map[string]trace.Outcome{
		asked:                             "",
		`[{"type":"a","actions":[]}]`:     "",
		`[{"type":"a","accounts":["1"]}]`: "", // a server may enrich (RFC 9396 §7.1)
		`[{"type":"b","actions":["anything"],"x":1}]`: "", // nothing was limited
		`[{"type":"a","actions":["read","write"]}]`:   trace.Fail,
		`[{"type":"c"}]`: trace.Fail,
		`"[]"`:           trace.Fail,
		`[{}]`:           trace.Fail,
		`[{"type":1}]`:   trace.Fail,
		`[]`:             "",
		``:               trace.Fail,
	} {
		body := `{"access_token":"x"`
		if got != "" {
			body += `,"authorization_details":` + got
		}
		all, problem := readDetails([]byte(asked))
		if problem != "" {
			t.Fatal(problem)
		}
		o, _ := jose.ParseObject([]byte(body + "}"))
		if v := detailsGranted(all, &flow.Response{Object: o, Status: 200}); v.Outcome != want {
			t.Errorf("%s: %q, want %q: %s", got, v.Outcome, want, v.Detail)
		}
	}
}

func TestDetailsAreRead(t *testing.T) {
	for given, says := range map[string]string{
		`[{"type":"a"}]`: "", `[]`: "empty", `{}`: "not a JSON list", `["a"]`: "not an object", `[{"Type":"a"}]`: "no type", `[{"type":""}]`: "no type",
		`[{"type":"a","type":"b"}]`: "number 1",
	} {
		if got := Details(given); (got == "") != (says == "") || !strings.Contains(got, says) {
			t.Errorf("%s: %q, want %q", given, got, says)
		}
	}
}
