package output

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func deliver(t *testing.T, format, body string, terminal bool) (out, note string, err error) {
	t.Helper()
	d := Deliverable{Procedure: "code", OK: true, At: time.Unix(1795430000, 0)}
	if body != "" {
		d.Body = json.RawMessage(body)
	}
	var b strings.Builder
	note, err = Deliver(&b, format, d, terminal)
	return b.String(), note, err
}

func TestDeliver(t *testing.T) {
	const whole = `{"access_token":"at", "token_type":"bearer","expires_in":3600,"refresh_token":"it's","id_token":"a.b.c","scope":"openid profile"}`
	for _, c := range []struct {
		name, format, body string
		terminal           bool
		want, note         string
	}{
		{"members in order, repeats and digits kept", "json", `{ "z":1.50, "a":"<&>", "z":12345678901234567890 }`, false, `{"z":1.50,"a":"<&>","z":12345678901234567890}` + "\n", ""},
		{"indented on a terminal", "json", `{"z":1.0,"a":[1,{}]}`, true, "{\n  \"z\": 1.0,\n  \"a\": [\n    1,\n    {}\n  ]\n}\n", ""},
		{"verbatim in a pipe", "json", "{\"a\":\"\u202e\u009b\"}", false, "{\"a\":\"\u202e\u009b\"}\n", ""},
		{"harmless on a terminal", "json", "{\"a\":\"\u202e\u009b\x7f\"}", true, "{\n  \"a\": \"\\u202e\\u009b\\u007f\"\n}\n", ""},
		{"no body", "json", "", false, "", ""},
		{"token", "token", whole, false, "at\n", ""},
		{"header, whatever the case", "header", whole, false, "Authorization: Bearer at\n", ""},
		{"header for DPoP", "header", `{"access_token":"at","token_type":"dpop"}`, false, "Authorization: DPoP at\n", "token_type is DPoP: this header needs a DPoP proof beside it (RFC 9449 §7.1)"},
		{"header without a type", "header", `{"access_token":"at"}`, false, "Authorization: Bearer at\n", "the answer has no token_type: Bearer is assumed"},
		{"header of another type", "header", `{"access_token":"at","token_type":"N_A"}`, false, "Authorization: N_A at\n", "token_type is N_A: how to present such a token is not known here"},
		{"env", "env", whole, false, "export ACCESS_TOKEN='at'\nexport TOKEN_TYPE='bearer'\nexport EXPIRES_AT='1795433600'\nexport REFRESH_TOKEN='it'\\''s'\nexport ID_TOKEN='a.b.c'\nexport SCOPE='openid profile'\n", ""},
		{"env, all absent", "env", `{"access_token":"at","expires_in":"soon","scope":7,"refresh_token":null}`, false, "export ACCESS_TOKEN='at'\nunset TOKEN_TYPE\nunset EXPIRES_AT\nunset REFRESH_TOKEN\nunset ID_TOKEN\nunset SCOPE\n", ""},
		{"none", "none", whole, false, "", ""},
		{"result", "result", `{"access_token": "at"}`, false, `{"v":1,"ok":true,"procedure":"code","exit":0,"token":{"access_token":"at"},"findings":[],"diagnosis":[]}` + "\n", ""},
	} {
		got, note, err := deliver(t, c.format, c.body, c.terminal)
		if err != nil || got != c.want || note != c.note {
			t.Errorf("%s: %q, note %q, %v; want %q, note %q", c.name, got, note, err, c.want, c.note)
		}
	}
}

func TestExpiresAt(t *testing.T) {
	for raw, want := range map[string]string{
		`3600`: "1795433600", `"3600"`: "1795433600", `3600.9`: "1795433600", `36e2`: "1795433600", `0`: "1795430000", `-5`: "1795429995",
		`"-5"`: "", `"0x10"`: "", `""`: "", `null`: "", `true`: "", `1e300`: "", `[1]`: "", ``: "",
	} {
		got, ok := expiresAt(json.RawMessage(raw), time.Unix(1795430000, 0))
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v; want %q", raw, got, ok, want)
		}
	}
}

func TestDeliverRefuses(t *testing.T) {
	for _, c := range []struct {
		format, body string
		terminal     bool
		want         error
	}{
		{"token", `{"token_type":"Bearer"}`, false, &NoToken{"token"}},
		{"header", `{"access_token":7}`, false, &NoToken{"header"}},
		{"env", ``, false, &NoToken{"env"}},
		{"env", `{"access_token":""}`, false, &NoToken{"env"}},
		{"token", `{"access_token":"a\u001b[31m"}`, false, &UnsafeToken{"access_token"}},
		{"header", `{"access_token":"a\r\nX-Evil: 1","token_type":"Bearer"}`, false, &UnsafeToken{"access_token"}},
		{"header", `{"access_token":"a","token_type":"B\r\nX-Evil: 1;"}`, false, &UnsafeToken{"token_type"}},
		{"env", `{"access_token":"a","refresh_token":"x\u0000y"}`, false, &UnsafeToken{"refresh_token"}},
		{"env", `{"access_token":"a","scope":"x\u001b]0;y"}`, true, &UnsafeToken{"scope"}},
		{"yaml", `{}`, false, &UnknownFormat{"yaml", []string{"json", "token", "header", "env", "result", "none"}}},
	} {
		got, _, err := deliver(t, c.format, c.body, c.terminal)
		if diff := cmp.Diff(c.want.Error(), errorText(err)); diff != "" || got != "" {
			t.Errorf("%s of %s: %q, %s", c.format, c.body, got, diff)
		}
	}
	var none *NoToken
	if _, _, err := deliver(t, "token", `{}`, false); !errors.As(err, &none) {
		t.Errorf("%T", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestDeliverAfterAFailure(t *testing.T) {
	d := Deliverable{
		Procedure: "code", Exit: 4, Body: json.RawMessage(`{"access_token":"at"}`), Hint: "sign in again",
		Findings: []trace.Finding{{ID: "state-match", Code: "V-AR-02", Level: trace.Must, Outcome: trace.Fail, Ref: "RFC 6749 §10.12", Evidence: []int{4}}},
		Failure:  &trace.Failure{Kind: "check", Text: "the state <is> not ours", Endpoint: "authorization", Code: "V-AR-02"},
	}
	for _, f := range DeliverFormats() {
		var b strings.Builder
		note, err := Deliver(&b, f, d, false)
		want := ""
		if f == "result" {
			want = `{"v":1,"ok":false,"procedure":"code","exit":4,"findings":[{"id":"state-match","code":"V-AR-02","level":"must","outcome":"fail","ref":"RFC 6749 §10.12","evidence":[4]}],"diagnosis":[],"error":{"kind":"check","text":"the state <is> not ours","endpoint":"authorization","code":"V-AR-02","hint":"sign in again"}}` + "\n"
		}
		if err != nil || note != "" || b.String() != want {
			t.Errorf("%s: %q, %q, %v", f, b.String(), note, err)
		}
	}
}

// The lines mean to sh what they are to mean.
func TestEnvInAShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	const scope = "a'b \"c\" $(id) `id` \\ $HOME !x ; & | < > # * ~\nend"
	body, _ := json.Marshal(map[string]string{"access_token": "at", "scope": scope})
	lines, _, err := deliver(t, "env", string(body), false)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(sh, "-c", "REFRESH_TOKEN=old\n"+lines+"printf '%s|%s|%s' \"$ACCESS_TOKEN\" \"$SCOPE\" \"${REFRESH_TOKEN-unset}\"")
	out, err := cmd.Output()
	if want := "at|" + scope + "|unset"; err != nil || string(out) != want {
		t.Errorf("%q, %v; want %q", out, err, want)
	}
}
