package demo_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// No XML brings the server down, and none speaks of anybody but whom the
// identity provider vouched for.
func FuzzSAMLBearer(f *testing.F) {
	const issuer = "http://127.0.0.1:1"
	t := &testing.T{}
	good, err := base64.RawURLEncoding.DecodeString(idp(t).assertion(t, issuer))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good))
	f.Add(strings.Replace(string(good), ">alice<", ">mallory<", 1))
	f.Add(strings.Replace(string(good), "</a:Assertion>", string(good)+"</a:Assertion>", 1))
	f.Add(`<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1"><Issuer>https://idp.example</Issuer></Assertion>`)
	f.Fuzz(func(t *testing.T, text string) {
		users := []demo.User{{Name: "alice", Password: "a"}, {Name: "mallory", Password: "m"}}
		s, err := demo.New(demo.Config{Issuer: issuer, Now: stopped, Users: users})
		if err != nil {
			t.Fatal(err)
		}
		body := confidential(samlGrant, "assertion="+base64.RawURLEncoding.EncodeToString([]byte(text))).Encode()
		r := httptest.NewRequest("POST", issuer+"/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 200 {
			return
		}
		var tok map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &tok); err != nil {
			t.Fatal(err)
		}
		if _, claims := split(t, tok["access_token"].(string)); claims["sub"] != "alice" {
			t.Errorf("a token for %v", claims["sub"])
		}
	})
}
