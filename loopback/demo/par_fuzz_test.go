package demo_test

import (
	"encoding/json"
	"testing"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// Whatever is pushed, the answer is a reference or an error of OAuth.
func FuzzPush(f *testing.F) {
	f.Add("["+payment+"]", `{"id_token":{"acr":{"values":["urn:example:strong"]}}}`, "https://api.example", "")
	f.Add("[{}]", "[]", "%", "a.b.c")
	f.Add("", `{"userinfo":null}`, "", "a.b.c.d.e")
	s, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", Now: stopped})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, details, claims, resource, object string) {
		form := values(ask(), "authorization_details="+details, "claims="+claims, "resource="+resource)
		if object != "" {
			form = values(nil, "client_id=public", "request="+object)
		}
		w := serve(s, "POST", "/par", form.Encode())
		var body map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || (w.Code == 201) != (body["request_uri"] != nil) || (w.Code == 400) != (body["error"] != nil) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
