package check

import (
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// What is missing ends the flow; what is merely odd does not.
func TestCIBAAcknowledgement(t *testing.T) {
	const id = "1c266114-a1be-4252-8ad1-04986c5b9ac1" // of the example in CIBA Core §7.3
	for _, c := range []struct {
		check, delivery, body string
		want                  trace.Outcome
	}{
		{"ciba-members", "poll", `{"auth_req_id":"` + id + `","expires_in":120,"interval":2}`, trace.Pass},
		{"ciba-form", "poll", `{"auth_req_id":"` + id + `","expires_in":120,"interval":2}`, trace.Pass},
		{"ciba-form", "poll", `{"auth_req_id":"` + id + `","expires_in":120}`, trace.Pass},
		{"ciba-form", "ping", `{"auth_req_id":"` + id + `","expires_in":120,"interval":2}`, trace.Pass},
		{"ciba-form", "push", `{"auth_req_id":"` + id + `","expires_in":120,"interval":2}`, trace.Warn},
		{"ciba-form", "push", `{"auth_req_id":"` + id + `","expires_in":120}`, trace.Pass},
		{"ciba-members", "poll", `{"expires_in":120}`, trace.Fail},
		{"ciba-members", "poll", `{"auth_req_id":"","expires_in":120}`, trace.Fail},
		{"ciba-members", "poll", `{"auth_req_id":7,"expires_in":120}`, trace.Fail},
		{"ciba-members", "poll", `{"auth_req_id":"` + id + `"}`, trace.Fail},
		{"ciba-members", "poll", `{"error":"unknown_user_id"}`, trace.Skip},
		{"ciba-members", "poll", `{"auth_req_id":"` + id + `","expires_in":"120"}`, trace.Pass},
		{"ciba-form", "poll", `{"auth_req_id":"` + id + `","expires_in":"120"}`, trace.Warn},
		{"ciba-form", "poll", `{"auth_req_id":"` + id + `","expires_in":0}`, trace.Warn},
		{"ciba-form", "poll", `{"auth_req_id":"` + id + `","expires_in":1e999}`, trace.Warn},
		{"ciba-form", "poll", `{"auth_req_id":"` + id + `","expires_in":120,"interval":null}`, trace.Warn},
		{"ciba-form", "poll", `{"auth_req_id":"` + id + `","expires_in":120,"interval":-1}`, trace.Warn},
		{"ciba-form", "poll", `{"auth_req_id":"` + id + `+/=","expires_in":120}`, trace.Warn},
		{"ciba-form", "poll", `{"auth_req_id":"` + id + ` ","expires_in":120}`, trace.Warn},
		{"ciba-form", "poll", `{"auth_req_id":"0123456789abcdef0123456789abcde","expires_in":120}`, trace.Warn},  // 31 digits are 124 bits
		{"ciba-form", "poll", `{"auth_req_id":"0123456789abcdef0123456789abcdef","expires_in":120}`, trace.Pass}, // 32 are 128
		{"ciba-form", "poll", `{"auth_req_id":"Zm9vYmFyYmF6cXV4c29tZQ","expires_in":120}`, trace.Pass},           // 22 of base64url
		{"ciba-form", "poll", `{"auth_req_id":"Zm9vYmFyYmF6cXV4c29tZ","expires_in":120}`, trace.Warn},
	} {
		r := run()
		r.Ask.Values = map[string]string{"delivery": c.delivery}
		p := answer(t, c.body)
		p.Request.Endpoint = flow.CIBA
		if got := outcome(only(t, CIBA(), c.check).Eval(r, p)); got != c.want {
			t.Errorf("%s, %s: %s is a %s, want %s", c.check, c.delivery, c.body, got, c.want)
		}
	}
}

// The tokens and the hash of the refresh token are those of the example in
// CIBA Core §10.3.1.
func TestPushedTogether(t *testing.T) {
	const (
		id      = "1c266114-a1be-4252-8ad1-04986c5b9ac1"
		request = `"urn:openid:params:jwt:claim:auth_req_id":"` + id + `"`
		refresh = `"urn:openid:params:jwt:claim:rt_hash":"sHahCuSpXCRg5mkDDvvr4w"`
		access  = `"at_hash":"Wt0kVFXMacqvnHeyU0001w"`
		pushed  = `{"auth_req_id":"` + id + `","access_token":"G5kXH2wHvUra0sHlDy1iTkDJgsgUO1bN","refresh_token":"4bwc0ESC_IAhflf-ACC_vjD_ltc11ne-8gFPfA2Kx16"}`
		alone   = `{"auth_req_id":"` + id + `","access_token":"G5kXH2wHvUra0sHlDy1iTkDJgsgUO1bN"}`
	)
	for _, c := range []struct {
		name    string
		at      flow.Endpoint
		carrier string
		claims  []string
		want    trace.Outcome
	}{
		{"all fits", flow.Notification, pushed, []string{request, refresh, access}, trace.Pass},
		{"no refresh token", flow.Notification, alone, []string{request, access}, trace.Pass},
		{"no auth_req_id", flow.Notification, pushed, []string{refresh, access}, trace.Fail},
		{"another auth_req_id", flow.Notification, pushed, []string{strings.Replace(request, "1c", "2c", 1), refresh, access}, trace.Fail},
		{"no rt_hash", flow.Notification, pushed, []string{request, access}, trace.Fail},
		{"another rt_hash", flow.Notification, pushed, []string{request, strings.Replace(refresh, "sHah", "tHah", 1), access}, trace.Fail},
		{"rt_hash is no string", flow.Notification, pushed, []string{request, `"urn:openid:params:jwt:claim:rt_hash":7`, access}, trace.Fail},
		{"no at_hash", flow.Notification, alone, []string{request}, trace.Fail},
		{"from the token endpoint", flow.Token, alone, nil, trace.Skip},
	} {
		carrier := answer(t, c.carrier)
		carrier.Request.Endpoint = c.at
		header, _ := object(t, `{"alg":"RS256"}`)
		claims, problems := object(t, "{"+strings.Join(c.claims, ",")+"}")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		p := &flow.Response{
			Request: &flow.Request{Endpoint: flow.IDToken}, Carrier: carrier, Signature: &flow.Signature{},
			Token: &jose.Token{Form: "JWS", Header: header, Claims: claims},
		}
		if v := only(t, Pushed(), "id-token-pushed").Eval(run(), p); outcome(v) != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, outcome(v), v.Detail, c.want)
		}
	}
}

// Tokens that are pushed are judged like all others, but for what only an HTTP
// response has.
func TestPushedTokens(t *testing.T) {
	all := Pushed()
	for _, id := range []string{"pushed-token-status", "pushed-token-not-cached"} {
		for _, c := range all {
			if c.ID == id {
				t.Errorf("%s is asked of a request", id)
			}
		}
	}
	for body, want := range map[string]trace.Outcome{`{"access_token":"abc"}`: trace.Pass, `{"access_token":""}`: trace.Fail, `{}`: trace.Fail, `{"error":"access_denied"}`: trace.Skip} {
		p := answer(t, body)
		p.Request.Endpoint, p.Status, p.Header = flow.Notification, 0, nil
		check := only(t, all, "pushed-access-token")
		if got := outcome(check.Eval(run(), p)); got != want || check.Code != "V-TR-05" || check.At != flow.Notification {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
