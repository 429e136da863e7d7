package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// The claims of OIDC Core §5.1, right, unusual and wrong.
func TestClaimTypes(t *testing.T) {
	for _, c := range []struct {
		claims string
		want   string
	}{
		{`{"sub":"a","name":"Jane","email":"janedoe@example.com","email_verified":true,"updated_at":1311280970,"phone_number":"+1 (425) 555-1212"}`, ""},
		{`{"birthdate":"0000-10-31","zoneinfo":"America/Argentina/Buenos_Aires","locale":"en-US"}`, ""},
		{`{"birthdate":"1970","zoneinfo":"UTC","locale":"en_US"}`, ""},
		{`{"address":{"street_address":"1234 Hollywood Blvd.","locality":"Los Angeles","region":"CA","postal_code":"90210","country":"US"}}`, ""},
		{`{"amr":["pwd","otp"],"acr":"urn:mace:incommon:iap:silver"}`, ""},
		{`{"family_name#ja-Kana-JP":"ド"}`, ""},
		{`{"unknown":null,"roles":7}`, ""},
		{`{"email_verified":"true"}`, "email_verified is a string, not a boolean"},
		{`{"phone_number_verified":1}`, "phone_number_verified is a number, not a boolean"},
		{`{"updated_at":"2026-11-23T12:00:00Z"}`, "updated_at is a string, not a number"},
		{`{"address":"1234 Hollywood Blvd."}`, "address is a string, not an object"},
		{`{"address":{"postal_code":90210}}`, "address has the member postal_code, which is a number, not a string"},
		{`{"name":null,"given_name#de":["J"]}`, "name is null, not a string; given_name#de is a list, not a string"},
		{`{"amr":"pwd"}`, "amr is a string, not a list"},
		{`{"amr":["pwd",1]}`, "amr is not a list of strings"},
		{`{"acr":""}`, "acr is empty"},
		{`{"acr":0}`, "acr is a number, not a string"},
		{`{"email":"Jane Doe <j@x>"}`, "email is not an address of the form local@domain"},
		{`{"birthdate":"31.10.1970"}`, "birthdate is neither YYYY-MM-DD nor YYYY"},
		{`{"birthdate":"1970-13-01"}`, "birthdate is neither YYYY-MM-DD nor YYYY"},
		{`{"zoneinfo":"+01:00"}`, "zoneinfo is not the name of a time zone, such as Europe/Paris"},
		{`{"locale":"English (US)"}`, "locale is not a language tag, such as en-US"},
	} {
		o, problems := object(t, c.claims)
		if len(problems) > 0 {
			t.Fatal(c.claims, problems)
		}
		if diff := cmp.Diff(c.want, strings.Join(claimTypes(o), "; ")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.claims, diff)
		}
		want := trace.Pass
		if c.want != "" {
			want = trace.Warn
		}
		p := &flow.Response{Request: &flow.Request{Endpoint: flow.IDToken}, Token: &jose.Token{Claims: o}}
		if v := only(t, Claims(), "id-token-claims").Eval(run(), p); outcome(v) != want {
			t.Errorf("%s: %s", c.claims, outcome(v))
		}
	}
	if claimTypes(nil) != nil {
		t.Error("no claims, and something wrong with them")
	}
}

// What both tell about the person is compared by what it means.
func TestUserinfoAgrees(t *testing.T) {
	for _, c := range []struct {
		id, told string
		want     trace.Outcome
	}{
		{`{"sub":"a","name":"Jane","address":{"country":"US","region":"CA"}}`, `{"sub":"a","name":"Jane","address":{"region":"CA","country":"\u0055S"}}`, trace.Pass},
		{`{"sub":"a","name":"Jane"}`, `{"sub":"a","name":"John"}`, trace.Warn},
		{`{"sub":"a","updated_at":1.0}`, `{"sub":"a","updated_at":1}`, trace.Pass},
		{`{"sub":"a","iat":1,"exp":2,"aud":"me"}`, `{"sub":"a","iat":3,"exp":4,"aud":["me"]}`, trace.Skip},
		{`{"sub":"a"}`, `{"sub":"a","name":"Jane"}`, trace.Skip},
	} {
		r := run()
		claims, _ := object(t, c.id)
		r.Result.IDToken = &jose.Token{Claims: claims}
		if v := only(t, Userinfo(), "userinfo-agrees").Eval(r, answer(t, c.told)); outcome(v) != c.want {
			t.Errorf("%s against %s: %s (%s)", c.told, c.id, outcome(v), v.Detail)
		}
	}
	if v := only(t, Userinfo(), "userinfo-agrees").Eval(run(), answer(t, `{"sub":"a"}`)); outcome(v) != trace.Skip {
		t.Error(outcome(v))
	}
}

// The ID token of the run comes before the hint; and what cannot be compared
// says how it could be.
func TestUserinfoSubjects(t *testing.T) {
	check := only(t, Userinfo(), "userinfo-sub")
	r := run()
	r.Ask.Values = map[string]string{"id_token_hint": jwt(t, `{"sub":"hinted"}`)}
	if v := check.Eval(r, answer(t, `{"sub":"hinted"}`)); outcome(v) != trace.Pass || !strings.Contains(v.Detail, "signature was not checked") {
		t.Errorf("%+v", v)
	}
	claims, _ := object(t, `{"sub":"verified"}`)
	r.Result.IDToken = &jose.Token{Claims: claims}
	if v := check.Eval(r, answer(t, `{"sub":"hinted"}`)); outcome(v) != trace.Fail || v.Expected != "verified" {
		t.Errorf("%+v", v)
	}
	if v := check.Eval(run(), answer(t, `{"sub":"a"}`)); outcome(v) != trace.Skip || !strings.Contains(v.Detail, "--id-token-hint") {
		t.Errorf("%+v", v)
	}
	r = run()
	r.Ask.Values = map[string]string{"id_token_hint": "opaque"}
	if v := check.Eval(r, answer(t, `{"sub":"a"}`)); outcome(v) != trace.Skip {
		t.Errorf("%+v", v)
	}
}
