package flow

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// An answer is marked where a secret stands in it, however the server spells
// the member, and not where a longer word only contains its name.
func TestAnsweredMarks(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"access_token":"a","scope":"s"}`, "access_token"},
		{`{"accessToken":"a","RefreshToken":"b","id-token":"c","devicecode":"d"}`, "RefreshToken accessToken devicecode id-token"},
		{`{"token":"a","token_type":"b"}`, "token"},
		{`access_token=a&idToken=b`, "access_token idToken"},
		{`<access-token>a</access-token>`, "access-token"},
		{`{"access\u005ftoken":"a"}`, "access_token"},
		{`access%5Ftoken=a`, "access_token"},
		{`{"token_endpoint":"x","id_token_signing_alg_values_supported":[],"client_secret_expires_at":0}`, ""},
	} {
		var got []string
		for _, s := range answered(&wire.Answer{Status: 200, Header: http.Header{}, Body: []byte(c.body)}) {
			if s.Part != "response-body" {
				t.Errorf("%s: %+v", c.body, s)
			}
			got = append(got, s.Name)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: marks %q, want %q", c.body, got, c.want)
		}
	}
}
