package demo_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// The examples of RFC 9396 §2, with what this server does not know left out.
const (
	payment = `{"type":"payment_initiation","actions":["initiate","status","cancel"],"locations":["https://example.com/payments"],` +
		`"instructedAmount":{"currency":"EUR","amount":"123.50"},"creditorName":"Merchant A","creditorAccount":{"iban":"DE02100100109307118603"},` +
		`"remittanceInformationUnstructured":"Ref Number Merchant"}`
	accounts = `{"type":"account_information","actions":["list_accounts","read_balances","read_transactions"],"locations":["https://example.com/accounts"]}`
)

// parsed is JSON as Go reads it.
func parsed(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRAR(t *testing.T) {
	v := visit(t, demo.Config{})
	both := "[" + payment + "," + accounts + "]"
	login := v.get("/authorize?" + ask("authorization_details="+both).Encode())
	consent := v.follow(v.submit(parseForm(t, login), "username=alice", "password=alice"))
	for _, words := range []string{
		"Pay 123.50 EUR to Merchant A (account DE02100100109307118603), for Ref Number Merchant (initiate, status, cancel), at https://example.com/payments",
		"List your accounts, read their balances, read their transactions, at https://example.com/accounts",
	} {
		if !strings.Contains(consent.body, words) {
			t.Errorf("the consent page lacks %q: %s", words, consent.body)
		}
	}
	tok := v.granted(redeem(v.submit(parseForm(t, consent), "consent=allow").query(t).Get("code")))
	if diff := cmp.Diff(parsed(t, both), tok["authorization_details"]); diff != "" {
		t.Errorf("token response (RFC 9396 §7): %s", diff)
	}
	_, claims := v.verified(tok["access_token"])
	if diff := cmp.Diff(parsed(t, both), claims["authorization_details"]); diff != "" {
		t.Errorf("access token (RFC 9396 §9.1): %s", diff)
	}
	// A payment that was agreed to is not agreed to forever.
	again := v.get("/authorize?" + ask("authorization_details="+both, "prompt=none").Encode()).query(t)
	if again.Get("error") != "consent_required" {
		t.Errorf("without asking: %v", again)
	}
	// Fewer actions, and only one of the two (RFC 9396 §6).
	less := `[{"type":"account_information","actions":["read_balances"],"locations":["https://example.com/accounts"]}]`
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {"public"}, "refresh_token": {tok["refresh_token"].(string)}}
	more := `[{"type":"account_information","actions":["list_accounts"],"locations":["https://evil.example/"]}]`
	refused(t, v.post("/token", values(refresh, "authorization_details="+more)), 400, "invalid_authorization_details", "was not granted")
	refused(t, v.post("/token", values(refresh, `authorization_details=[{"type":"account_information","actions":["list_accounts"]}]`)), 400, "invalid_authorization_details", "was not granted")
	tok = v.granted(values(refresh, "authorization_details="+less))
	if diff := cmp.Diff(parsed(t, less), tok["authorization_details"]); diff != "" {
		t.Error(diff)
	}
	_, claims = v.verified(tok["access_token"])
	if diff := cmp.Diff(parsed(t, less), claims["authorization_details"]); diff != "" {
		t.Error(diff)
	}
	// The refresh token is still worth all of it.
	tok = v.granted(values(refresh, "refresh_token="+tok["refresh_token"].(string)))
	if diff := cmp.Diff(parsed(t, both), tok["authorization_details"]); diff != "" {
		t.Error(diff)
	}
}

func TestRARShapes(t *testing.T) {
	v := visit(t, demo.Config{AutoConsent: true})
	with := func(old, now string) string { return "[" + strings.Replace(payment, old, now, 1) + "]" }
	for text, says := range map[string]string{
		"x":                                      "no JSON array",
		"{}":                                     "no JSON array",
		"[]":                                     "at least one object",
		"[1]":                                    "not a JSON object",
		"[{}]":                                   "known are payment_initiation, account_information",
		`[{"type":"zz"}]`:                        "has the type 'zz'",
		`[{"type":["zz"]}]`:                      "has the type ''",
		with(`"type"`, `"x"`):                    "has the type ''",
		with(`"creditorName"`, `"creditorNick"`): "has the field creditorNick",
		with(`"Merchant A"`, `7`):                "creditorName of the wrong shape",
		with(`"EUR"`, `"euros"`):                 "instructedAmount of the wrong shape",
		with(`"123.50"`, `123.50`):               "instructedAmount of the wrong shape",
		with(`"iban"`, `"x"`):                    "creditorAccount of the wrong shape",
		with(`"https://example.com/payments"`, `"payments"`):                               "locations of the wrong shape",
		with(`"status"`, `"steal"`):                                                        "has the action 'steal'",
		with(`["initiate","status","cancel"]`, `"initiate"`):                               "actions of the wrong shape",
		with(`"actions"`, `"type":"account_information","actions"`):                        "the member type twice",
		`[{"type":"payment_initiation"}]`:                                                  "lacks instructedAmount",
		`[{"type":"account_information"}]`:                                                 "lacks actions",
		`[{"type":"account_information","actions":[]}]`:                                    "actions of the wrong shape",
		`[{"type":"account_information","actions":["list_accounts"],"accounts":["mine"]}]`: "accounts of the wrong shape",
	} {
		q := v.get("/authorize?" + ask("authorization_details="+text).Encode()).query(t)
		if q.Get("error") != "invalid_authorization_details" || !strings.Contains(q.Get("error_description"), says) {
			t.Errorf("%s: %v, want %q", text, q, says)
		}
		refused(t, v.post("/token", confidential("client_credentials", "authorization_details="+text)), 400, "invalid_authorization_details", says)
	}
}

// The other ways to a token know details as well.
func TestRARGrants(t *testing.T) {
	v := visit(t, demo.Config{AutoApprove: true, AutoConsent: true, Now: stopped})
	want := parsed(t, "["+accounts+"]")
	param := "authorization_details=[" + accounts + "]"
	for name, tok := range map[string]map[string]any{
		"client_credentials": v.granted(confidential("client_credentials", param)),
		"password":           v.granted(confidential("password", "username=alice", "password=alice", param)),
		"pushed":             v.granted(redeem(v.get("/authorize?" + refer("public", v.push(ask(param))).Encode()).query(t).Get("code"))),
	} {
		if diff := cmp.Diff(want, tok["authorization_details"]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	d := v.device(param).object(t)
	v.pollDevice(d["device_code"])
	if diff := cmp.Diff(want, v.pollDevice(d["device_code"]).object(t)["authorization_details"]); diff != "" {
		t.Errorf("device: %s", diff)
	}
	poll := confidential(cibaGrant, "auth_req_id="+v.backchannel(param).object(t)["auth_req_id"].(string))
	v.post("/token", poll)
	if diff := cmp.Diff(want, v.granted(poll)["authorization_details"]); diff != "" {
		t.Errorf("CIBA: %s", diff)
	}
	old := v.granted(confidential("client_credentials", param))["access_token"].(string)
	swap := confidential(exchangeGrant, "subject_token="+old, "subject_token_type="+tokenType+"access_token")
	if diff := cmp.Diff(want, v.granted(swap)["authorization_details"]); diff != "" {
		t.Errorf("exchange: %s", diff)
	}
	refused(t, v.post("/token", values(swap, "authorization_details=["+payment+"]")), 400, "invalid_authorization_details", "was not granted")
	bad := "authorization_details=[{}]"
	refused(t, v.device(bad), 400, "invalid_authorization_details", "type")
	refused(t, v.backchannel(bad), 400, "invalid_authorization_details", "type")
	refused(t, v.post("/par", ask(bad)), 400, "invalid_authorization_details", "type")
	code := v.code(ask())
	refused(t, v.post("/token", redeem(code, param)), 400, "invalid_authorization_details", "was not granted")
	v.granted(redeem(code)) // which that did not use up
}

func TestRAROnDevicePage(t *testing.T) {
	v := visit(t, demo.Config{})
	d := v.device("authorization_details=[" + accounts + "]").object(t)
	f := parseForm(t, v.get(d["verification_uri_complete"].(string)))
	login := v.submit(f)
	consent := v.follow(v.submit(parseForm(t, login), "username=alice", "password=alice"))
	if !strings.Contains(consent.body, "List your accounts") {
		t.Errorf("the consent page: %s", consent.body)
	}
	v.submit(parseForm(t, consent), "consent=allow")
	if tok := v.pollDevice(d["device_code"]).object(t); !cmp.Equal(parsed(t, "["+accounts+"]"), tok["authorization_details"]) {
		t.Errorf("%v", tok)
	}
}
