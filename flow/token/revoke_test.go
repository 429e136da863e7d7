package token_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/token"
)

func TestRevoke(t *testing.T) {
	for _, c := range []struct {
		name   string
		hint   string
		answer reply
		end    string
		said   string
	}{
		{"nothing", "", reply{200, nil, "", false}, "", "an unknown token is answered with 200 as well"},
		{"a refresh token", "refresh_token", reply{200, nil, "", false}, "", "The access tokens of the same grant should end with it"},
		{"JSON", "", jsonReply(200, `{"revoked":true}`), "", "oauthprobe introspect https://as.example --client-id 'm e' --token @FILE"},
		{"a page", "", reply{200, []string{"Content-Type", "text/html"}, "<html>", false}, "", "is this address really the revocation endpoint?"},
		{"200 with an error", "", jsonReply(200, `{"error":"invalid_client"}`), "", `speaks of the error "invalid_client"`},
		{"created", "", reply{204, nil, "", false}, "protocol", ""},
		{"not of this type", "", jsonReply(400, `{"error":"unsupported_token_type"}`), "refused unsupported_token_type", "goes on living"},
		{"not this client", "", jsonReply(401, `{"error":"invalid_client"}`), "refused invalid_client", ""},
		{"no word", "", reply{401, nil, "", false}, "refused unauthorized", ""},
		{"later", "", reply{503, []string{"Retry-After", "120"}, "", false}, "protocol", ""},
		{"later, with an error", "", jsonReply(503, `{"error":"temporarily_unavailable"}`), "protocol", ""},
		{"elsewhere", "", reply{307, []string{"Location", "https://x"}, "", false}, "protocol", ""},
		{"not there", "", reply{404, []string{"Content-Type", "text/html"}, "<html>", false}, "protocol", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{plan: ask("token", "secret", "token_type_hint", c.hint), answers: map[string]reply{issuer + "/revoke": c.answer}}
			s.plan.Client.ID = "m e"
			r, err := s.run(t, token.Revoke())
			if got := ending(err); got != c.end {
				t.Errorf("ended with %q (%v), want %q", got, err, c.end)
			}
			if !strings.Contains(s.notes(), c.said) {
				t.Errorf("said %q, not %q", s.notes(), c.said)
			}
			if r.Result.Answer != nil {
				t.Error("a revocation delivers nothing")
			}
		})
	}
}

// A 503 says how long the token goes on living, at least.
func TestRevokeLater(t *testing.T) {
	s := &stage{plan: ask("token", "secret"), answers: map[string]reply{issuer + "/revoke": {503, []string{"Retry-After", "120"}, "", false}}}
	_, err := s.run(t, token.Revoke())
	var protocol *flow.ProtocolError
	if !errors.As(err, &protocol) || !strings.Contains(protocol.Problem, `the token still lives; try again after "120"`) {
		t.Error(err)
	}
}
