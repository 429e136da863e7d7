package demo_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// device asks for a pair of codes as the public client.
func (v *visitor) device(pairs ...string) answer {
	v.t.Helper()
	return v.post("/device_authorization", values(url.Values{"client_id": {"public"}, "scope": {"openid offline_access"}}, pairs...))
}

// pollDevice asks the token endpoint how it stands.
func (v *visitor) pollDevice(code any, pairs ...string) answer {
	v.t.Helper()
	text, _ := code.(string)
	return v.post("/token", values(url.Values{"grant_type": {deviceGrant}, "client_id": {"public"}, "device_code": {text}}, pairs...))
}

// decideDevice types a code and walks the pages as alice.
func (v *visitor) decideDevice(uri, typed, consent string) answer {
	v.t.Helper()
	f := parseForm(v.t, v.get(uri))
	page := v.submit(f, typed)
	if strings.Contains(page.body, `name="password"`) {
		page = v.follow(v.submit(parseForm(v.t, page), "username=alice", "password=alice"))
	}
	return v.submit(parseForm(v.t, page), "consent="+consent)
}

func TestDevice(t *testing.T) {
	c := &clock{now: now}
	v := visit(t, demo.Config{Now: c.Now})
	a := v.device()
	d := a.object(t)
	code, _ := d["user_code"].(string)
	if !regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`).MatchString(code) {
		t.Errorf("user code %q (RFC 8628 §6.1)", code)
	}
	if raw := mustDecode(t, d["device_code"].(string)); len(raw) != 32 {
		t.Errorf("the device code is not 256 bits")
	}
	want := map[string]any{
		"device_code": d["device_code"], "user_code": code, "verification_uri": v.issuer + "/device",
		"verification_uri_complete": v.issuer + "/device?user_code=" + code, "expires_in": 600.0, "interval": 5.0,
	}
	if diff := cmp.Diff(want, d); diff != "" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", a.Header, diff)
	}
	refused(t, v.pollDevice(d["device_code"]), 400, "authorization_pending", "poll again in 5s")
	c.turn(2 * time.Second)
	refused(t, v.pollDevice(d["device_code"]), 400, "slow_down", "at least 10s")
	c.turn(9 * time.Second)
	refused(t, v.pollDevice(d["device_code"]), 400, "slow_down", "at least 15s") // RFC 8628 §3.5: for good
	c.turn(15 * time.Second)
	refused(t, v.pollDevice(d["device_code"]), 400, "authorization_pending", "")

	done := v.decideDevice(d["verification_uri"].(string), "user_code="+strings.ToLower(strings.ReplaceAll(code, "-", " ")), "allow")
	if done.StatusCode != 200 || !strings.Contains(done.body, "You allowed <b>public</b>") || done.Header.Get("Location") != "" {
		t.Fatalf("after consent: %d %s", done.StatusCode, done.body)
	}
	tok := v.pollDevice(d["device_code"]).object(t)
	if _, claims := v.verified(tok["id_token"]); claims["sub"] != "alice" || claims["aud"] != "public" || tok["scope"] != "openid offline_access" {
		t.Errorf("tokens %v of %v", tok, claims)
	}
	refused(t, v.pollDevice(d["device_code"]), 400, "invalid_grant", "before")
	if a := v.submit(parseForm(t, v.get("/device")), "user_code="+code); a.StatusCode != 404 {
		t.Errorf("a code that is over: %d", a.StatusCode)
	}
}

// The complete address still shows the code and asks (RFC 8628 §3.3.1).
func TestDeviceCompleteAddress(t *testing.T) {
	v := visit(t, demo.Config{})
	v.allow(ask()) // alice is signed in and trusts the client
	d := v.device().object(t)
	page := v.get(d["verification_uri_complete"].(string))
	f := parseForm(t, page)
	if f.fields.Get("user_code") != d["user_code"] || len(f.buttons) != 1 {
		t.Fatalf("form %+v", f)
	}
	consent := v.submit(f)
	if !strings.Contains(consent.body, "The device shows the code <b>"+d["user_code"].(string)+"</b>") {
		t.Errorf("the consent page does not name the code: %s", consent.body)
	}
	refused(t, v.pollDevice(d["device_code"]), 400, "authorization_pending", "")
	done := v.submit(parseForm(t, consent), "consent=deny")
	if done.StatusCode != 200 || !strings.Contains(done.body, "nothing") {
		t.Errorf("denied: %d %s", done.StatusCode, done.body)
	}
	refused(t, v.pollDevice(d["device_code"]), 400, "access_denied", "denied")
	if a := v.submit(f, "csrf=x"); a.StatusCode != 403 {
		t.Errorf("a forged form: %d", a.StatusCode)
	}
	if a := v.submit(f, "user_code=<b>x</b>"); a.StatusCode != 404 || strings.Contains(a.body, "<b>x</b>") {
		t.Errorf("a code nobody has: %d", a.StatusCode)
	}
}

func TestDeviceErrors(t *testing.T) {
	c := &clock{now: now}
	v := visit(t, demo.Config{Now: c.Now})
	for _, e := range []struct {
		change, code, says string
		status             int
	}{
		{"-client_id", "invalid_client", "neither client_id", 401},
		{"client_id=confidential", "invalid_client", "must authenticate by client_secret_basic", 401},
		{"scope=zz", "invalid_scope", "not known", 400},
		{"scope+=openid", "invalid_request", "scope came more than once", 400},
	} {
		refused(t, v.device(e.change), e.status, e.code, e.says)
	}
	if a := v.device("client_id=confidential", "client_secret=secret"); a.StatusCode != 200 {
		t.Errorf("a client with its secret: %s", a.body)
	}
	d := v.device().object(t)
	refused(t, v.pollDevice("x"), 400, "invalid_grant", "not issued")
	refused(t, v.pollDevice(""), 400, "invalid_request", "device_code is missing")
	refused(t, v.pollDevice(d["device_code"], "client_id=confidential", "client_secret=secret"), 400, "invalid_grant", "another client")
	c.turn(601 * time.Second)
	refused(t, v.pollDevice(d["device_code"]), 400, "expired_token", "in time")
	if a := v.submit(parseForm(t, v.get("/device")), "user_code="+d["user_code"].(string)); a.StatusCode != 404 {
		t.Errorf("an expired code: %d", a.StatusCode)
	}
}

// With AutoApprove the person is quick: the second poll has tokens, whatever the clock says.
func TestDeviceAutoApprove(t *testing.T) {
	v := visit(t, demo.Config{AutoApprove: true, Interval: 1, Now: func() time.Time { return now }})
	d := v.device().object(t)
	if d["interval"] != 1.0 {
		t.Errorf("interval %v", d["interval"])
	}
	refused(t, v.pollDevice(d["device_code"]), 400, "authorization_pending", "")
	if a := v.pollDevice(d["device_code"]); a.StatusCode != http.StatusOK {
		t.Errorf("second poll: %s", a.body)
	}
}
