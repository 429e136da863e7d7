package flow

import (
	"errors"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// errDry ends a dry run where all that is left is to look at an answer.
var errDry = errors.New("nothing was sent")

// imagined stands in a dry run for what only a server could have answered: each
// value is its own name in angle brackets.
func (r *Run) imagined(q *Request) *Response {
	var names []string
	body := ""
	switch q.Endpoint {
	case Authorization:
		for _, t := range strings.Fields(q.Sent("response_type")) {
			if t == "token" {
				t = "access_token"
			}
			names = append(names, t)
		}
	case Token:
		names = []string{"access_token", "refresh_token", "id_token"}
	case PAR:
		names = []string{"request_uri"}
	case Device:
		names = []string{"device_code", "user_code", "verification_uri"}
		body = `,"expires_in":600,"interval":5`
	case CIBA:
		names = []string{"auth_req_id"}
		body = `,"expires_in":600,"interval":5`
	case Introspection:
		body = `,"active":true`
	case Userinfo:
		names = []string{"sub"}
	}
	var list []string
	for _, name := range names {
		list = append(list, quote(name)+":"+quote("<"+name+">"))
	}
	o, _ := jose.ParseObject([]byte("{" + strings.TrimPrefix(strings.Join(list, ",")+body, ",") + "}"))
	resp := &Response{Request: q, Status: 200, Form: "json", Object: o, Values: members(o)}
	return resp
}

// plainPlaceholders lets what stands for an answer be read: it is no secret.
func (q *Request) plainPlaceholders() {
	for _, list := range []Params{q.Params, q.Headers} {
		for i, p := range list {
			value := strings.TrimPrefix(p.Value, "Bearer ")
			if strings.HasPrefix(value, "<") && strings.HasSuffix(value, ">") {
				list[i].Secret = false
			}
		}
	}
}
