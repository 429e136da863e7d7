package check

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

type silent struct{}

func (silent) Do(context.Context, wire.Request) (*wire.Answer, error) {
	return &wire.Answer{Status: 200, Header: http.Header{}, Body: []byte(`{"ok":true}`)}, nil
}

func (silent) Emit(trace.Record) {}

type redirect struct {
	flow.UserAgent
	uri string
}

func (r redirect) RedirectURI() string { return r.uri }

// asking gives a run that has sent an authorization request with parameters.
func asking(t testing.TB, uri string, params map[string]string, then func(*flow.Run)) {
	t.Helper()
	p := flow.Procedure{Name: "test", Run: func(ctx context.Context, r *flow.Run) error {
		q, err := flow.Get(flow.Authorization, "https://as.example/authorize")
		if err != nil {
			return err
		}
		for name, v := range params {
			q.Params.Set(name, v, trace.Origin{})
		}
		_, err = r.Do(ctx, q)
		then(r)
		return err
	}}
	_, err := flow.Start(context.Background(), flow.Plan{Procedure: p, Skew: 30 * time.Second},
		flow.Env{Wire: silent{}, Agent: redirect{uri: uri}, Log: trace.NewLog(now, silent{}), Now: now})
	if err != nil {
		t.Fatal(err)
	}
}

// acr and auth_time are held to what was asked for.
func TestWhatWasAskedOfTheSignIn(t *testing.T) {
	for _, c := range []struct {
		check  string
		asked  map[string]string
		claims string
		want   trace.Outcome
	}{
		{"id-token-auth_time", map[string]string{"max_age": "60"}, `{"auth_time":1795439950}`, trace.Pass},
		{"id-token-auth_time", map[string]string{"max_age": "60"}, `{"auth_time":1795439909}`, trace.Fail}, // 91 s ago, with 30 s of skew
		{"id-token-auth_time", map[string]string{"max_age": "60"}, `{}`, trace.Fail},
		{"id-token-acr", map[string]string{"acr_values": "gold silver"}, `{"acr":"silver"}`, trace.Pass},
		{"id-token-acr", map[string]string{"acr_values": "gold"}, `{"acr":"bronze"}`, trace.Warn},
		{"id-token-acr", map[string]string{"acr_values": "gold"}, `{}`, trace.Warn},
		{"id-token-acr", nil, `{"acr":"bronze"}`, trace.Skip},
		{"id-token-acr", map[string]string{"claims": `{"id_token":{"acr":{"essential":true}}}`}, `{}`, trace.Warn},
		{"id-token-acr", map[string]string{"claims": `{"id_token":{"acr":{"essential":true,"value":"gold"}}}`}, `{}`, trace.Fail},
	} {
		asking(t, "", c.asked, func(r *flow.Run) {
			o, _ := object(t, c.claims)
			p := &flow.Response{Request: &flow.Request{Endpoint: flow.IDToken}, Token: &jose.Token{Form: "JWS", Claims: o}, Signature: &flow.Signature{}}
			if v := only(t, IDToken(), c.check).Eval(r, p); outcome(v) != c.want {
				t.Errorf("%s, asked %v, got %s: %s (%s), want %s", c.check, c.asked, c.claims, outcome(v), v.Detail, c.want)
			}
		})
	}
}

func TestAuthorizationResponseEdges(t *testing.T) {
	for _, c := range []struct {
		check, uri string
		values     flow.Params
		want       trace.Outcome
	}{
		{"code-form", "", flow.Params{{Name: "code", Value: "SplxlOBeZQQYbYS6WxSbIA"}}, trace.Pass},
		{"code-form", "", flow.Params{{Name: "code", Value: "short"}}, trace.Warn},
		{"code-form", "", flow.Params{{Name: "code", Value: "SplxlOBeZQQYbYS6WxSbI\x00"}}, trace.Warn},
		{"callback-transport", "http://127.0.0.1:8080/cb", nil, trace.Pass},
		{"callback-transport", "https://app.example/cb", nil, trace.Pass},
		{"callback-transport", "com.example.app:/cb", nil, trace.Pass},
		{"callback-transport", "http://app.example/cb", nil, trace.Fail},
		{"unknown-parameters", "", flow.Params{{Name: "surprise", Value: "x"}}, trace.Pass},
	} {
		asking(t, c.uri, nil, func(r *flow.Run) {
			p := &flow.Response{Request: r.Asked(flow.Authorization), Form: "query", Values: c.values, Hit: &flow.Hit{Method: "GET"}}
			if v := only(t, AuthorizationResponse(), c.check).Eval(r, p); outcome(v) != c.want {
				t.Errorf("%s of %v at %s: %s (%s), want %s", c.check, c.values, c.uri, outcome(v), v.Detail, c.want)
			}
		})
	}
}

func TestMetadataAndKeysEdges(t *testing.T) {
	answered := func(body string) *flow.Response {
		p := answer(t, body)
		p.Request = &flow.Request{}
		return p
	}
	for issuer, want := range map[string]trace.Outcome{
		"https://as.example": trace.Pass, "https://as.example/a": trace.Pass, "http://127.0.0.1:80": trace.Pass,
		"http://as.example": trace.Fail, "https://as.example?x=1": trace.Fail, "https://as.example/#f": trace.Fail, "as.example": trace.Fail,
	} {
		if v := only(t, Metadata(), "issuer-form").Eval(run(), answered(`{"issuer":"`+issuer+`"}`)); outcome(v) != want {
			t.Errorf("issuer %s: %s, want %s", issuer, outcome(v), want)
		}
	}
	for set, want := range map[string]trace.Outcome{
		`{"keys":[]}`: trace.Pass,
		`{"keys":[{"kty":"from-tomorrow","kid":"1"}]}`:                       trace.Pass,
		`{"keys":[{"kty":"RSA","kid":"1","n":"AQAB","e":"AQAB"}]}`:           trace.Fail,
		`{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"AA","y":"AA"}]}`:  trace.Fail,
		`{"keys":[{"kty":"EC","crv":"P-256","kid":"1"}]}`:                    trace.Fail,
		`{"keys":[{` + rfcRS + `}]}`:                                         trace.Pass,
		`{"keys":[{` + rfcRS + `,"kid":"1"},{` + rfcRS + `,"kid":"1"}]}`:     trace.Warn, // RFC 7517 §4.5: SHOULD
		`{"keys":[{"kty":"RSA","e":"AQAB","n":"` + rfcN[:172] + `"}]}`:       trace.Fail, // 1032 bits
		`{"keys":[{"kty":"RSA","e":"AQAB","n":"` + rfcN + `=="}]}`:           trace.Fail,
		`{"keys":[{` + strings.Replace(rfcRS, "AQAB", "AQAA", 1) + `}]}`:     trace.Fail, // even
		`{"keys":[{` + strings.Replace(rfcRS, "AQAB", "AQ", 1) + `}]}`:       trace.Fail, // 1
		`{"keys":[{` + strings.Replace(rfcRS, "AQAB", "AQAAAAE", 1) + `}]}`:  trace.Warn, // 2³²+1: fine, and too large for this tool
		`{"keys":[{` + strings.Replace(rfcEC, `"y":"4`, `"y":"5`, 1) + `}]}`: trace.Fail,
	} {
		c := only(t, Keys(), "jwks-usable")
		if v := c.Eval(run(), answered(set)); outcome(v) != want || c.Level != trace.Must || Trust(trace.Finding{Code: c.Code}) {
			t.Errorf("%s: %s (%s), want %s", set, outcome(v), v.Detail, want)
		}
	}
	for set, want := range map[string]trace.Outcome{
		`{"keys":[]}`: trace.Pass, `{"keys":{}}`: trace.Fail, `{"keys":null}`: trace.Fail, `{"keys":"AQ"}`: trace.Fail, `{` + rfcRS + `}`: trace.Fail,
	} {
		if v := only(t, Keys(), "jwks-form").Eval(run(), answered(set)); outcome(v) != want {
			t.Errorf("%s: %s (%s), want %s", set, outcome(v), v.Detail, want)
		}
	}
}
