package token_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/token"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

const api = "https://rs.example/data?x=it's"

func TestCall(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer reply
		end    string
		fail   string
		said   string
	}{
		{"fine", jsonReply(200, `{"error":"is a member like any other"}`), "", "", ""},
		{"a page", reply{200, []string{"Content-Type", "text/html"}, "<html>", false}, "", "", ""},
		{"octets", reply{200, []string{"Content-Type", "image/png"}, "\x89PNG\x00", false}, "", "", ""},
		{"nothing", reply{204, nil, "", false}, "", "", ""},
		{"elsewhere", reply{302, []string{"Location", "https://evil.example"}, "", false}, "", "", `redirect to "https://evil.example", which is not followed`},
		{"not modified", reply{304, nil, "", false}, "", "", ""},
		{"cut off", reply{200, nil, "abc", true}, "protocol", "", ""},
		{"not there", jsonReply(404, `{"error":"not_found"}`), "status", "", ""},
		{"trouble", reply{500, nil, "", false}, "status", "", ""},
		{"forbidden by the application", jsonReply(403, `{"error":"rate"}`), "status", "", ""},
		{"no challenge", jsonReply(401, `{"error":"invalid_token"}`), "refused unauthorized", "challenge-form", ""},
		{"RFC 6750 §3", reply{401, bearerWith(`realm="example", error="invalid_token", error_description="The access token expired"`), "", false}, "refused invalid_token", "", "Bearer invalid_token: the token has expired"},
		{"malformed", reply{400, bearerWith(`error="invalid_request"`), "", false}, "refused invalid_request", "", "not one that the resource understands"},
		{"too narrow", reply{403, bearerWith(`error="insufficient_scope", scope="a $(reboot) 'b"`), "", false}, "refused insufficient_scope", "",
			`oauthprobe code https://as.example --scope 'a $(reboot) '\''b'`},
		{"RFC 9470 §3", reply{401, bearerWith(`error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5"`), "", false},
			"refused insufficient_user_authentication", "", "oauthprobe code https://as.example --max-age 5"},
		{"RFC 9470 §3, acr", reply{401, bearerWith(`error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR"`), "", false},
			"refused insufficient_user_authentication", "", "--acr-values myACR"},
		{"RFC 9449 §7.1", reply{401, []string{"WWW-Authenticate", `DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256"`}, "", false},
			"refused invalid_token", "", `proofs may be signed with "ES256"`},
		{"RFC 9449 §9", reply{401, []string{"WWW-Authenticate", `DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof"`, "DPoP-Nonce", "eyJ7S_zG.eyJH0-Z.HX4w-7v"}, "", false},
			"refused use_dpop_nonce", "", "has to carry the nonce"},
		{"a bad proof", reply{401, []string{"WWW-Authenticate", `DPoP error="invalid_dpop_proof"`}, "", false}, "refused invalid_dpop_proof", "", "the DPoP proof was not accepted"},
		{"RFC 9728 §5.1", reply{401, bearerWith(`resource_metadata="https://rs.example/.well-known/oauth-protected-resource"`), "", false},
			"refused unauthorized", "", `oauthprobe call https://rs.example/.well-known/oauth-protected-resource`},
		{"a scheme of its own", reply{403, []string{"WWW-Authenticate", "Negotiate"}, "", false}, "refused forbidden", "", `"Negotiate": a scheme that this tool does not speak`},
		{"an error of its own", reply{401, bearerWith(`error="nope"`), "", false}, "refused nope", "", "not an error code that is registered"},
		{"nonsense", reply{401, []string{"WWW-Authenticate", `="`}, "", false}, "refused unauthorized", "challenge-form", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{plan: ask("access_token", "secret"), answers: map[string]reply{api: c.answer}}
			r, err := s.run(t, token.Call(token.Errand{URL: api}))
			if got := ending(err); got != c.end {
				t.Errorf("ended with %q (%v), want %q", got, err, c.end)
			}
			if got := s.findings(trace.Fail); got != c.fail {
				t.Errorf("failed %q, want %q", got, c.fail)
			}
			if !strings.Contains(s.notes(), c.said) {
				t.Errorf("said %q, not %q", s.notes(), c.said)
			}
			if r.Result.Answer == nil || string(r.Result.Answer.Body) != c.answer.body {
				t.Error("the body is not delivered as it came")
			}
			if c.answer.status == 401 {
				var refused *flow.RefusedError
				if all, _ := r.Result.Answer.Challenges(); !errors.As(err, &refused) || len(refused.Challenges) != len(all) {
					t.Errorf("%v brings other challenges than %v", err, all)
				}
			}
		})
	}
}

// What is sent: method, body and header fields as given, the rest by look.
func TestCallRequest(t *testing.T) {
	for _, c := range []struct {
		name            string
		token           string
		errand          token.Errand
		method, media   string
		authorization   string
		header, header2 string
	}{
		{"a token", "t", token.Errand{URL: api}, "GET", "", "Bearer t", "", ""},
		{"none", "", token.Errand{URL: api}, "GET", "", "", "", ""},
		{"JSON", "t", token.Errand{URL: api, Body: []byte(` {"a":"b=c"}`)}, "POST", "application/json", "Bearer t", "", ""},
		{"a form", "t", token.Errand{URL: api, Body: []byte(`a=b&c=d+e`)}, "POST", "application/x-www-form-urlencoded", "Bearer t", "", ""},
		{"text", "t", token.Errand{URL: api, Body: []byte(`a = b`)}, "POST", "text/plain; charset=utf-8", "Bearer t", "", ""},
		{"octets", "t", token.Errand{URL: api, Body: []byte("\xff\x00")}, "POST", "application/octet-stream", "Bearer t", "", ""},
		{"an empty body", "t", token.Errand{URL: api, Method: "PUT", Body: []byte{}}, "PUT", "text/plain; charset=utf-8", "Bearer t", "", ""},
		{"a type of one's own", "t", token.Errand{URL: api, Method: "PATCH", Body: []byte(`[]`), Header: flow.Params{{Name: "content-type", Value: "application/json-patch+json"}}}, "PATCH", "application/json-patch+json", "Bearer t", "", ""},
		{"a field twice", "t", token.Errand{URL: api, Header: flow.Params{{Name: "X-A", Value: "1"}, {Name: "x-a", Value: "2"}}}, "GET", "", "Bearer t", "1", "2"},
		{"another scheme", "t", token.Errand{URL: api, Header: flow.Params{{Name: "authorization", Value: "Basic x"}}}, "GET", "", "Basic x", "", ""},
		{"a fragment", "t", token.Errand{URL: api + "#secret"}, "GET", "", "Bearer t", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{plan: ask("access_token", c.token), answers: map[string]reply{api: jsonReply(200, `{}`)}}
			if _, err := s.run(t, token.Call(c.errand)); err != nil {
				t.Fatal(err)
			}
			q := s.sent[0]
			if q.Method != c.method || q.Header.Get("Content-Type") != c.media || q.Header.Get("Authorization") != c.authorization || string(q.Body) != string(c.errand.Body) {
				t.Errorf("%+v", q)
			}
			if got := strings.Join(q.Header.Values("X-A"), ","); got != strings.Trim(c.header+","+c.header2, ",") {
				t.Errorf("X-A: %s", got)
			}
			for _, r := range s.said {
				if b, ok := r.Event.(trace.Built); ok {
					for _, h := range b.Headers {
						if h.Secret != (h.Name == "Authorization") || h.Name == "Authorization" && b.Headers[0].Name != "Authorization" {
							t.Errorf("%+v", h)
						}
					}
				}
			}
		})
	}
}

// A token never travels in the clear, unless that was asked for.
func TestCallInTheClear(t *testing.T) {
	for _, c := range []struct {
		url, token string
		insecure   bool
		end        string
	}{
		{"http://rs.example/", "t", false, "config access_token"},
		{"http://rs.example/", "t", true, ""},
		{"http://rs.example/", "", false, ""},
		{"http://127.0.0.1:1/", "t", false, ""},
		{"http://[::1]:1/", "t", false, ""},
		{"http://LOCALHOST/", "t", false, ""},
		{"http://127.0.0.1.evil.example/", "t", false, "config access_token"},
		{"http://localhost.evil.example/", "t", false, "config access_token"},
		{"ftp://rs.example/", "t", false, "config resource"},
		{"rs.example", "t", false, "config resource"},
		{"https://u:p@rs.example/", "t", false, "config resource"},
	} {
		s := &stage{plan: ask("access_token", c.token), answers: map[string]reply{c.url: jsonReply(200, `{}`)}}
		s.plan.Insecure = c.insecure
		_, err := s.run(t, token.Call(token.Errand{URL: c.url}))
		if got := ending(err); got != c.end || (c.end == "") != (len(s.sent) == 1) {
			t.Errorf("%s with %q: %q (%v), %d sent", c.url, c.token, got, err, len(s.sent))
		}
	}
}

// A field of a thousand challenges costs few words.
func TestManyChallenges(t *testing.T) {
	s := &stage{plan: ask(), answers: map[string]reply{api: {401, []string{"WWW-Authenticate", strings.Repeat(`Bearer error="invalid_token", `, 1000)}, "", false}}}
	if _, err := s.run(t, token.Call(token.Errand{URL: api})); ending(err) != "refused invalid_token" {
		t.Error(err)
	}
	if n := strings.Count(s.notes(), "challenge: "); n > 10 || !strings.Contains(s.notes(), "992 more challenges") {
		t.Errorf("%d notes", n)
	}
}
