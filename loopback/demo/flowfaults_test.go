package demo_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// A flowRun is what a client sees of one run of a grant other than the code grant.
type flowRun struct {
	t           *testing.T
	issuer      string
	ack         map[string]any // of the device or backchannel endpoint
	polls       []answer
	location    string
	q           url.Values     // the authorization response
	first       map[string]any // claims of the ID token that came first
	set, second map[string]any // the last token response and the claims of its ID token
	notice      notice
	verified    bool // the signed authorization response, with the published key
}

// flows runs each grant once against a server with this fault, "" for none.
var flows = map[string]func(*testing.T, string) *flowRun{
	"refresh": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "confidential", Secret: "secret"})
		one := v.granted(confidential("password", "username=alice", "password=alice", "scope=openid offline_access"))
		e.first = claimsIn(t, one["id_token"])
		e.read(v.post("/token", confidential("refresh_token", "refresh_token="+one["refresh_token"].(string))))
		return e
	},
	"implicit": func(t *testing.T, fault string) *flowRun { return front(t, fault, "id_token token") },
	"hybrid":   func(t *testing.T, fault string) *flowRun { return front(t, fault, "code id_token token") },
	"client-credentials": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "confidential", Secret: "secret"})
		e.read(v.post("/token", confidential("client_credentials")))
		return e
	},
	"exchange": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "confidential", Secret: "secret"})
		one := v.granted(confidential("client_credentials"))
		e.read(v.post("/token", confidential(exchangeGrant, "subject_token="+one["access_token"].(string), "subject_token_type="+tokenType+"access_token")))
		return e
	},
	"device": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "public"})
		e.ack = v.device().object(t)
		for range 3 {
			e.polls = append(e.polls, v.pollDevice(e.ack["device_code"]))
		}
		return e
	},
	"mtls": func(t *testing.T, fault string) *flowRun {
		config := demo.Config{MTLS: "127.0.0.1:0", Now: stopped}
		if fault != "" {
			config.Faults = []string{fault}
		}
		run := startMTLS(t, demo.Start, config)
		e := &flowRun{t: t, issuer: run.Issuer}
		e.read(visitTLS(t, run, true).post(run.MTLS+"/token", machine("mtls")))
		e.first = claimsIn(t, e.set["access_token"])
		return e
	},
	"form-post": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "public"})
		a := v.get("/authorize?" + ask("response_mode=form_post").Encode())
		e.location = a.Header.Get("Location")
		if strings.Contains(a.body, "<form") {
			e.q = parseForm(t, a).fields
		}
		return e
	},
	"secret-jwt": func(t *testing.T, fault string) *flowRun {
		secret := strings.Repeat("s", 32)
		v, e := errand(t, fault, demo.Client{ID: "public", Secret: secret, IDTokenSignedAlg: "HS256"})
		e.read(v.post("/token", redeem(v.code(ask()), "client_secret="+secret)))
		sig, err := jose.ParseSignedCompact(e.set["id_token"].(string), []jose.SignatureAlgorithm{jose.HS256})
		if err != nil {
			t.Fatal(err)
		}
		_, err = sig.Verify([]byte(secret))
		e.verified = err == nil
		return e
	},
	"attestation": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "attested", AuthMethods: []string{"attest_jwt_client_auth"}})
		e.read(v.attest(demo.Attestation(now), v.pop(nil)))
		return e
	},
	"ciba":      func(t *testing.T, fault string) *flowRun { return decision(t, fault, "poll") },
	"ciba-ping": func(t *testing.T, fault string) *flowRun { return decision(t, fault, "ping") },
	"ciba-push": func(t *testing.T, fault string) *flowRun { return decision(t, fault, "push") },
}

func errand(t *testing.T, fault string, c demo.Client) (*visitor, *flowRun) {
	config := demo.Config{AutoConsent: true, AutoApprove: true, Now: stopped, Clients: []demo.Client{c}}
	if fault != "" {
		config.Faults = []string{fault}
	}
	v := visit(t, config)
	return v, &flowRun{t: t, issuer: v.issuer}
}

func front(t *testing.T, fault, kind string) *flowRun {
	v, e := errand(t, fault, demo.Client{ID: "public"})
	e.location = v.get("/authorize?" + ask("response_type="+kind).Encode()).Header.Get("Location")
	_, text, _ := strings.Cut(strings.TrimPrefix(e.location, callback), "#")
	if text == "" {
		_, text, _ = strings.Cut(e.location, "?")
	}
	var err error
	if e.q, err = url.ParseQuery(text); err != nil {
		t.Fatal(err)
	}
	e.first = claimsIn(t, e.q.Get("id_token"))
	if code := e.q.Get("code"); code != "" {
		e.read(v.post("/token", redeem(code)))
	}
	return e
}

func decision(t *testing.T, fault, mode string) *flowRun {
	c := demo.Client{ID: "confidential", Secret: "secret", Delivery: mode}
	var got chan notice
	if mode != "poll" {
		c.NotificationEndpoint, got = listener(t)
	}
	v, e := errand(t, fault, c)
	e.ack = v.backchannel("client_notification_token=n").object(t)
	if mode != "poll" {
		e.notice = <-got
		e.read(e.notice.body)
		return e
	}
	id, _ := e.ack["auth_req_id"].(string)
	for range 3 {
		e.polls = append(e.polls, v.post("/token", confidential(cibaGrant, "auth_req_id="+id)))
	}
	return e
}

// read takes a token response in.
func (e *flowRun) read(a answer) {
	if json.Unmarshal([]byte(a.body), &e.set) == nil {
		e.second = claimsIn(e.t, e.set["id_token"])
	}
}

func claimsIn(t *testing.T, token any) map[string]any {
	text, _ := token.(string)
	if text == "" {
		return nil
	}
	_, claims := split(t, text)
	return claims
}

// polled says whether the polls were answered so: a status, or an error code.
func (e *flowRun) polled(want ...string) bool {
	var got []string
	for _, a := range e.polls {
		var body map[string]any
		_ = json.Unmarshal([]byte(a.body), &body)
		text, _ := body["error"].(string)
		if text == "" {
			text = a.Status
		}
		got = append(got, text)
	}
	return cmp.Equal(want, got[:len(want)])
}

// differs says whether the two ID tokens differ in this claim and no other that must be the same.
func (e *flowRun) differs(claim string) bool {
	for _, name := range []string{"iss", "sub", "aud", "auth_time", "nonce"} {
		if (e.first[name] != e.second[name]) != (name == claim) {
			return false
		}
	}
	return e.second["iss"] != nil
}

// lacks says whether a member is missing from an object that has others.
func lacks(m map[string]any, name string) bool { return len(m) > 0 && m[name] == nil }

// flowEffects is what shows each fault; on a clean server none of it may be true.
var flowEffects = map[string]func(e *flowRun) bool{
	"refresh-scope-widened":             func(e *flowRun) bool { return e.set["scope"] == "openid offline_access admin" },
	"refresh-token-reusable":            func(e *flowRun) bool { return lacks(e.set, "refresh_token") },
	"refresh-idtoken-sub-changed":       func(e *flowRun) bool { return e.differs("sub") },
	"refresh-idtoken-iss-changed":       func(e *flowRun) bool { return e.differs("iss") },
	"refresh-idtoken-aud-changed":       func(e *flowRun) bool { return e.differs("aud") },
	"refresh-idtoken-nonce-changed":     func(e *flowRun) bool { return e.differs("nonce") },
	"refresh-idtoken-auth-time-changed": func(e *flowRun) bool { return e.differs("auth_time") },

	"front-in-query": func(e *flowRun) bool {
		return strings.HasPrefix(e.location, callback+"&") && e.q.Has("id_token") && !strings.Contains(e.location, "#")
	},
	"front-access-token-missing": func(e *flowRun) bool { return !e.q.Has("access_token") && e.q.Has("id_token") },
	"front-id-token-missing":     func(e *flowRun) bool { return e.q.Has("access_token") && !e.q.Has("id_token") },
	"front-refresh-token":        func(e *flowRun) bool { return e.q.Has("refresh_token") },
	"front-token-type-missing":   func(e *flowRun) bool { return e.q.Has("access_token") && !e.q.Has("token_type") },
	"front-expires-in-odd":       func(e *flowRun) bool { return e.q.Get("expires_in") == "five minutes" },
	"front-at-hash-missing":      func(e *flowRun) bool { return lacks(e.first, "at_hash") },
	"front-at-hash-wrong": func(e *flowRun) bool {
		return e.first["at_hash"] != nil && e.first["at_hash"] != hashOf(e.q.Get("access_token"))
	},
	"front-code-missing":   func(e *flowRun) bool { return !e.q.Has("code") && e.q.Has("id_token") },
	"front-c-hash-missing": func(e *flowRun) bool { return lacks(e.first, "c_hash") && e.second != nil },
	"front-c-hash-wrong": func(e *flowRun) bool {
		return e.first["c_hash"] != nil && e.first["c_hash"] != hashOf(e.q.Get("code"))
	},
	"hybrid-sub-differs":   func(e *flowRun) bool { return e.differs("sub") },
	"hybrid-nonce-differs": func(e *flowRun) bool { return e.differs("nonce") && e.first["nonce"] == "n-1" },

	"client-credentials-refresh-token": func(e *flowRun) bool { return e.set["refresh_token"] != nil },

	"device-code-missing":      func(e *flowRun) bool { return lacks(e.ack, "device_code") },
	"device-user-code-missing": func(e *flowRun) bool { return lacks(e.ack, "user_code") },
	"device-user-code-escapes": func(e *flowRun) bool { return strings.HasPrefix(e.ack["user_code"].(string), "\x1b[2J") },
	"device-codes-equal":       func(e *flowRun) bool { return e.ack["user_code"] == e.ack["device_code"] },
	"device-verification-uri-missing": func(e *flowRun) bool {
		return lacks(e.ack, "verification_uri") && lacks(e.ack, "verification_url")
	},
	"device-verification-url": func(e *flowRun) bool {
		return lacks(e.ack, "verification_uri") && e.ack["verification_url"] == e.issuer+"/device"
	},
	"device-verification-uri-http": func(e *flowRun) bool { return e.ack["verification_uri"] == "http://device.example/activate" },
	"device-expires-in-missing":    func(e *flowRun) bool { return lacks(e.ack, "expires_in") },
	"device-interval-odd":          func(e *flowRun) bool { return e.ack["interval"] == "5" },
	"device-interval-missing":      func(e *flowRun) bool { return lacks(e.ack, "interval") },
	"device-uri-complete-missing": func(e *flowRun) bool {
		return lacks(e.ack, "verification_uri_complete") && e.ack["verification_uri"] == e.issuer+"/device"
	},
	"device-slow-down-once": func(e *flowRun) bool { return e.polled("slow_down", "200 OK") },
	"device-denied":         func(e *flowRun) bool { return e.polled("authorization_pending", "access_denied", "access_denied") },
	"device-expires":        func(e *flowRun) bool { return e.polled("expired_token", "expired_token") && e.ack["expires_in"] == 7.0 },
	"device-429": func(e *flowRun) bool {
		return e.polled("429 Too Many Requests", "200 OK") && e.polls[0].Header.Get("Retry-After") == "2"
	},
	"device-500-once": func(e *flowRun) bool { return e.polled("500 Internal Server Error", "200 OK") },

	"form-post-error": func(e *flowRun) bool {
		return e.location == "" && e.q.Get("error") == "access_denied" && e.q.Get("state") == "s t/a+t&e" && !e.q.Has("code")
	},
	"form-post-in-query":          func(e *flowRun) bool { return strings.Contains(e.location, "?app=1&code=") },
	"idtoken-hs256-bad-signature": func(e *flowRun) bool { return !e.verified },

	"exchange-issued-type-missing": func(e *flowRun) bool { return lacks(e.set, "issued_token_type") },
	"exchange-issued-type-wrong":   func(e *flowRun) bool { return e.set["issued_token_type"] == tokenType+"saml2" },

	"ciba-auth-req-id-missing": func(e *flowRun) bool { return lacks(e.ack, "auth_req_id") },
	"ciba-auth-req-id-illegal": func(e *flowRun) bool { return strings.HasSuffix(e.ack["auth_req_id"].(string), " €") },
	"ciba-expires-in-missing":  func(e *flowRun) bool { return lacks(e.ack, "expires_in") },
	"ciba-interval-odd":        func(e *flowRun) bool { return e.ack["interval"] == "5" },
	"ciba-slow-down-once":      func(e *flowRun) bool { return e.polled("slow_down", "200 OK") },
	"ciba-denied":              func(e *flowRun) bool { return e.polled("authorization_pending", "access_denied") },
	"ciba-expires":             func(e *flowRun) bool { return e.polled("expired_token") },
	"ciba-429":                 func(e *flowRun) bool { return e.polled("429 Too Many Requests", "200 OK") },
	"ciba-500-once":            func(e *flowRun) bool { return e.polled("500 Internal Server Error", "200 OK") },

	"ciba-notification-token-wrong":     func(e *flowRun) bool { return e.notice.bearer == "Bearer not-n" },
	"ciba-notification-unknown-request": func(e *flowRun) bool { return e.set["auth_req_id"] != e.ack["auth_req_id"] },

	"ciba-push-interval": func(e *flowRun) bool { return e.ack["interval"] == 5.0 },
	"ciba-push-auth-req-id-wrong": func(e *flowRun) bool {
		return e.second["urn:openid:params:jwt:claim:auth_req_id"] != e.ack["auth_req_id"] && e.set["auth_req_id"] == e.ack["auth_req_id"]
	},
	"ciba-push-rt-hash-wrong": func(e *flowRun) bool {
		return e.second["urn:openid:params:jwt:claim:rt_hash"] != hashOf(e.set["refresh_token"].(string))
	},
	"attestation-challenge": func(e *flowRun) bool { return e.set["error"] == "use_attestation_challenge" },

	"mtls-binding-missing": func(e *flowRun) bool { return lacks(e.first, "cnf") },
	"mtls-binding-wrong": func(e *flowRun) bool {
		return e.first["cnf"] != nil && !cmp.Equal(e.first["cnf"], any(map[string]any{"x5t#S256": x5t(e.t)}))
	},
	"ciba-push-at-hash-wrong": func(e *flowRun) bool { return e.second["at_hash"] != hashOf(e.set["access_token"].(string)) },
}

func TestEveryFlowFault(t *testing.T) {
	maps.Copy(flows, requestFlows)
	maps.Copy(flowEffects, requestEffects)
	flows, flowEffects, useFlows := withMore(flows, moreFlows), withMore(flowEffects, moreFlowEffects), withMore(useFlows, moreUseFlows)
	clean := map[string]*flowRun{}
	var rows []string
	for _, f := range demo.FlowFaults() {
		if useFlows[f.Flow] != nil {
			continue // TestEveryUseFault
		}
		if f.Flow == "discover" {
			continue // TestEveryMetaFault
		}
		rows = append(rows, f.Name)
		run, shows := flows[f.Flow], flowEffects[f.Name]
		if run == nil || shows == nil {
			t.Errorf("%s in flow %s: no assertion", f.Name, f.Flow)
			continue
		}
		if clean[f.Flow] == nil {
			clean[f.Flow] = run(t, "")
		}
		if !shows(run(t, f.Name)) {
			t.Errorf("%s: the fault does not show", f.Name)
		}
		if shows(clean[f.Flow]) {
			t.Errorf("%s: the clean server shows it as well", f.Name)
		}
	}
	for name := range flowEffects {
		if !slices.Contains(rows, name) {
			t.Errorf("%s: no such fault", name)
		}
	}
}
