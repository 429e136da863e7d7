package grant

import (
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// Only who knows the token, and speaks of this request, is believed.
func TestMine(t *testing.T) {
	c := call{id: "request", secret: "secret"}
	for _, n := range []struct {
		header, body string
		ours         bool
	}{
		{"Bearer secret", `{"auth_req_id":"request"}`, true},
		{"bearer secret", `{"auth_req_id":"request"}`, true},
		{"Bearer secret ", `{"auth_req_id":"request"}`, false},
		{"Bearer secre", `{"auth_req_id":"request"}`, false},
		{"Bearer ", `{"auth_req_id":"request"}`, false},
		{"secret", `{"auth_req_id":"request"}`, false},
		{"Basic secret", `{"auth_req_id":"request"}`, false},
		{"", `{"auth_req_id":"request"}`, false},
		{"Bearer secret", `{"auth_req_id":"another"}`, false},
		{"Bearer secret", `{"auth_req_id":["request"]}`, false},
		{"Bearer secret", `{}`, false},
		{"Bearer secret", `<html>`, false},
		{"Bearer secret", ``, false},
	} {
		resp := &flow.Response{Header: map[string][]string{"Authorization": {n.header}}}
		resp.Object, _ = jose.ParseObject([]byte(n.body))
		if why := c.mine(resp); (why == "") != n.ours {
			t.Errorf("%q %s: %q", n.header, n.body, why)
		}
	}
	nobody := call{} // an acknowledgement without auth_req_id, looked at with --keep-going
	resp := &flow.Response{Header: map[string][]string{"Authorization": {"Bearer "}}}
	if nobody.mine(resp) == "" {
		t.Error("nothing was taken for ours")
	}
}
