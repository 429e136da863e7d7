package demo_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

func TestResourceIndicators(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	aud := func(tok map[string]any) any { _, claims := v.verified(tok["access_token"]); return claims["aud"] }
	mine, api := v.issuer+"/userinfo", "https://api.example"
	tok := v.tokens(ask("resource="+mine, "resource+="+api))
	if diff := cmp.Diff([]any{mine, api}, aud(tok)); diff != "" {
		t.Errorf("both: %s", diff)
	}
	if me := v.whoami(tok["access_token"]); me.StatusCode != 200 {
		t.Errorf("userinfo is among them: %s", me.body)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {"public"}, "refresh_token": {tok["refresh_token"].(string)}}
	refused(t, v.post("/token", values(refresh, "resource="+v.issuer)), 400, "invalid_target", "was not granted")
	tok = v.granted(values(refresh, "resource="+api))
	if aud(tok) != api {
		t.Errorf("one of two (RFC 8707 §2.2): %v", aud(tok))
	}
	if me := v.whoami(tok["access_token"]); me.StatusCode != 401 || !strings.Contains(me.Header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("userinfo is not: %d %v", me.StatusCode, me.Header)
	}
	tok = v.granted(values(refresh, "refresh_token="+tok["refresh_token"].(string)))
	if diff := cmp.Diff([]any{mine, api}, aud(tok)); diff != "" {
		t.Errorf("the refresh token is still for both: %s", diff)
	}

	code := v.code(ask("resource=" + mine))
	refused(t, v.post("/token", redeem(code, "resource="+api)), 400, "invalid_target", "was not granted")
	if tok := v.granted(redeem(code, "resource="+mine)); aud(tok) != mine {
		t.Errorf("aud %v", aud(tok))
	}
	// Without a resource the token is for this server.
	code = v.code(ask())
	refused(t, v.post("/token", redeem(code, "resource="+api)), 400, "invalid_target", "was not granted")
	if tok := v.granted(redeem(code, "resource="+v.issuer+"/resource")); aud(tok) != v.issuer+"/resource" {
		t.Errorf("aud %v", aud(tok))
	}
	if tok := v.granted(confidential("client_credentials", "resource="+api)); aud(tok) != api {
		t.Errorf("client_credentials: aud %v", aud(tok))
	}
	for resource, says := range map[string]string{
		"api": "no absolute URI", api + "#x": "without a fragment", "https://zz.example": "known are " + v.issuer, "%": "no absolute URI", "public": "no absolute URI",
	} {
		q := v.get("/authorize?" + ask("resource="+resource).Encode()).query(t)
		if q.Get("error") != "invalid_target" || !strings.Contains(q.Get("error_description"), says) {
			t.Errorf("%s: %v", resource, q)
		}
		refused(t, v.post("/token", confidential("client_credentials", "resource="+resource)), 400, "invalid_target", says)
		refused(t, v.device("resource="+resource), 400, "invalid_target", says)
		refused(t, v.backchannel("resource="+resource), 400, "invalid_target", says)
	}
}

// Without ever naming one at the token endpoint, a revoked family takes the
// narrower tokens along.
func TestResourceNarrowedDies(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	code := v.code(ask())
	tok := v.granted(redeem(code, "resource="+v.issuer+"/userinfo"))
	if me := v.whoami(tok["access_token"]); me.StatusCode != 200 {
		t.Fatalf("at first: %s", me.body)
	}
	refused(t, v.post("/token", redeem(code)), 400, "invalid_grant", "revoked")
	if me := v.whoami(tok["access_token"]); me.StatusCode != 401 {
		t.Errorf("after the code was replayed: %d", me.StatusCode)
	}
}
