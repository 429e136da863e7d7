package check

import (
	"net/http"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func TestChallenges(t *testing.T) {
	for _, c := range []struct {
		check, challenge string
		status           int
		sent             bool
		want             trace.Outcome
	}{
		{"challenge-form", `Bearer realm="example"`, 401, false, trace.Pass},
		{"challenge-form", `Bearer, DPoP algs="ES256 PS256"`, 401, false, trace.Pass}, // RFC 9449 §7.2
		{"challenge-form", `Bearer error="a", error="b"`, 401, true, trace.Fail},
		{"challenge-form", `Bearer realm="a" error="b"`, 401, true, trace.Fail},
		{"challenge-form", `Bearer resource_metadata=https://rs/`, 401, true, trace.Fail},
		{"challenge-form", ``, 401, false, trace.Fail},
		{"challenge-form", ``, 403, false, trace.Skip},
		{"challenge-form", ``, 200, true, trace.Skip},
		{"challenge-words", `Bearer realm="example"`, 401, false, trace.Pass},
		{"challenge-words", `Bearer, DPoP algs="ES256 PS256"`, 401, false, trace.Pass},
		{"challenge-words", `Bearer`, 401, false, trace.Warn},
		{"challenge-words", `Bearer error="invalid_token"`, 401, true, trace.Pass},
		{"challenge-words", `Bearer error="invalid_token"`, 401, false, trace.Warn},
		{"challenge-words", `Bearer error="invalid_token"`, 403, true, trace.Warn},
		{"challenge-words", `Bearer error="insufficient_scope", scope="a b"`, 403, true, trace.Pass},
		{"challenge-words", `Bearer error="insufficient_scope", scope="a  b"`, 403, true, trace.Warn},
		{"challenge-words", `Bearer error="insufficient_user_authentication", max_age="5"`, 401, true, trace.Pass},
		{"challenge-words", `Bearer error="insufficient_user_authentication", max_age="5m"`, 401, true, trace.Warn},
		{"challenge-words", `Bearer error="token_expired"`, 401, true, trace.Warn},
		{"challenge-words", `Bearer realm="example"`, 401, true, trace.Warn},
		{"challenge-words", `DPoP error="use_dpop_nonce"`, 401, true, trace.Warn}, // no DPoP-Nonce
		{"challenge-words", `Basic realm="x"`, 401, true, trace.Skip},
	} {
		p := &flow.Response{Request: &flow.Request{Endpoint: flow.Resource}, Status: c.status, Header: http.Header{}}
		if c.challenge != "" {
			p.Header.Set("WWW-Authenticate", c.challenge)
		}
		if c.sent {
			p.Request.Headers.SetSecret("Authorization", "Bearer t", trace.Origin{})
		}
		if v := only(t, Challenges(), c.check).Eval(run(), p); outcome(v) != c.want {
			t.Errorf("%s of %d %q, sent %v: %s (%s), want %s", c.check, c.status, c.challenge, c.sent, outcome(v), v.Detail, c.want)
		}
	}
	var at []flow.Endpoint
	for _, c := range Challenges() {
		at = append(at, c.At)
	}
	if len(at) != 4 || at[0] != flow.Resource || at[3] != flow.Userinfo {
		t.Error("asked at", at)
	}
}
