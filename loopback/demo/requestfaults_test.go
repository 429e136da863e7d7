package demo_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// requestFlows runs the ways of asking once each, as flows does for the grants.
var requestFlows = map[string]func(*testing.T, string) *flowRun{
	"par": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "public"})
		for range 2 {
			e.polls = append(e.polls, v.post("/par", ask()))
		}
		_ = json.Unmarshal([]byte(e.polls[1].body), &e.ack) // which a fault may keep from being JSON
		if uri, ok := e.ack["request_uri"].(string); ok {
			e.q = v.get("/authorize?" + refer("public", uri).Encode()).query(t)
		}
		return e
	},
	"jarm":           func(t *testing.T, fault string) *flowRun { return signedAnswer(t, fault, demo.Client{ID: "public"}) },
	"jarm-encrypted": func(t *testing.T, fault string) *flowRun { return signedAnswer(t, fault, sealedClient(t)) },
	"rar": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "public"})
		e.read(v.post("/token", redeem(v.code(ask("authorization_details=["+accounts+"]")))))
		return e
	},
	"resource": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "public"})
		e.read(v.post("/token", redeem(v.code(ask("resource=https://api.example")))))
		e.first = claimsIn(t, e.set["access_token"])
		return e
	},
}

// sealedClient is registered for encrypted authorization responses.
func sealedClient(t *testing.T) demo.Client {
	t.Helper()
	key := clientKey(t)
	public, err := json.Marshal(jose.JSONWebKey{Key: key.Public().Key, KeyID: "k"})
	if err != nil {
		t.Fatal(err)
	}
	return demo.Client{ID: "public", JWKS: public, AuthMethods: []string{"none"}, AuthorizationEncryptedAlg: "ECDH-ES"}
}

// signedAnswer is an authorization response in a JWT: its claims are what came
// first, its header the acknowledgement.
func signedAnswer(t *testing.T, fault string, c demo.Client) *flowRun {
	v, e := errand(t, fault, c)
	e.location = v.get("/authorize?" + ask("response_mode=jwt").Encode()).Header.Get("Location")
	_, e.q = responseIn(t, e.location)
	response := e.q.Get("response")
	if strings.Count(response, ".") == 2 {
		e.ack, e.first = split(t, response)
	}
	if sig, err := jose.ParseSignedCompact(response, []jose.SignatureAlgorithm{jose.RS256, jose.RS384}); err == nil {
		_, err = sig.Verify(v.keys().Keys[0].Key)
		e.verified = err == nil
	}
	return e
}

// pushAnswered says whether both pushes were answered so.
func (e *flowRun) pushAnswered(want func(a answer, body map[string]any) bool) bool {
	for _, a := range e.polls {
		var body map[string]any
		_ = json.Unmarshal([]byte(a.body), &body)
		if !want(a, body) {
			return false
		}
	}
	return len(e.polls) == 2
}

// worked says whether a pushed request led to a code after all.
func (e *flowRun) worked() bool { return e.q.Get("code") != "" }

// alone says whether a signed answer has these claims, differs from a good one in
// no other and came by itself.
func (e *flowRun) alone(name string, want any) bool {
	good := map[string]any{
		"iss": e.issuer, "aud": "public", "exp": float64(now.Unix() + 300), "iat": float64(now.Unix()), "state": "s t/a+t&e", "code": e.first["code"],
	}
	good[name] = want
	if want == nil {
		delete(good, name)
	}
	if name == "exp" && want != nil && want.(float64) < float64(now.Unix()) {
		good["iat"] = e.first["iat"]
	}
	return len(e.q) == 1 && e.verified && cmp.Equal(good, e.first)
}

// head says whether the header of a signed answer has this member.
func (e *flowRun) head(name string, want any) bool { return e.ack[name] == want && len(e.q) == 1 }

// requestEffects is what shows each fault of these flows.
var requestEffects = map[string]func(e *flowRun) bool{
	"par-status-200": func(e *flowRun) bool {
		return e.worked() && e.pushAnswered(func(a answer, _ map[string]any) bool { return a.StatusCode == 200 })
	},
	"par-request-uri-missing": func(e *flowRun) bool {
		return e.pushAnswered(func(a answer, body map[string]any) bool { return a.StatusCode == 201 && lacks(body, "request_uri") })
	},
	"par-expires-in-missing": func(e *flowRun) bool { return e.worked() && lacks(e.ack, "expires_in") },
	"par-expires-in-zero":    func(e *flowRun) bool { return e.worked() && e.ack["expires_in"] == 0.0 },
	"par-expires-in-string":  func(e *flowRun) bool { return e.worked() && e.ack["expires_in"] == "60" },
	"par-cacheable": func(e *flowRun) bool {
		return e.worked() && e.pushAnswered(func(a answer, _ map[string]any) bool { return a.Header.Get("Cache-Control") == "" })
	},
	"par-request-uri-guessable": func(e *flowRun) bool {
		return e.worked() && e.ack["request_uri"] == "urn:ietf:params:oauth:request_uri:2"
	},
	"par-request-uri-http": func(e *flowRun) bool {
		uri, _ := e.ack["request_uri"].(string)
		return e.worked() && strings.HasPrefix(uri, "http://requests.example/")
	},
	"par-html": func(e *flowRun) bool {
		return e.pushAnswered(func(a answer, _ map[string]any) bool {
			return a.StatusCode == 201 && strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && strings.HasPrefix(a.body, "<!DOCTYPE html>")
		})
	},

	"jarm-plain": func(e *flowRun) bool {
		return cmp.Equal(url.Values{"code": e.q["code"], "state": {"s t/a+t&e"}, "iss": {e.issuer}}, e.q) && e.q.Get("code") != ""
	},
	"jarm-extra-parameter": func(e *flowRun) bool { return len(e.q) == 2 && e.verified && e.q.Get("code") != "" },
	"jarm-iss-differs": func(e *flowRun) bool {
		return len(e.q) == 2 && e.verified && e.q.Get("iss") == "https://attacker.example" && e.first["iss"] == e.issuer
	},
	"jarm-iss-wrong":     func(e *flowRun) bool { return e.alone("iss", "https://attacker.example") },
	"jarm-iss-missing":   func(e *flowRun) bool { return e.alone("iss", nil) },
	"jarm-aud-wrong":     func(e *flowRun) bool { return e.alone("aud", "another-client") },
	"jarm-aud-missing":   func(e *flowRun) bool { return e.alone("aud", nil) },
	"jarm-aud-extra":     func(e *flowRun) bool { return e.alone("aud", []any{"public", "another-client"}) },
	"jarm-expired":       func(e *flowRun) bool { return e.alone("exp", float64(now.Unix()-380)) },
	"jarm-exp-missing":   func(e *flowRun) bool { return e.alone("exp", nil) },
	"jarm-lifetime-long": func(e *flowRun) bool { return e.alone("exp", float64(now.Unix()+3600)) },
	"jarm-state-wrong":   func(e *flowRun) bool { return e.alone("state", "not-s t/a+t&e") },
	"jarm-alg-none":      func(e *flowRun) bool { return e.head("alg", "none") && strings.HasSuffix(e.q.Get("response"), ".") },
	"jarm-alg-rs384":     func(e *flowRun) bool { return e.head("alg", "RS384") && e.verified },
	"jarm-bad-signature": func(e *flowRun) bool { return e.head("kid", "demo-1") && e.head("alg", "RS256") && !e.verified },
	"jarm-foreign-key":   func(e *flowRun) bool { return e.head("kid", "demo-1") && e.head("alg", "RS256") && !e.verified },
	"jarm-kid-unknown":   func(e *flowRun) bool { return e.head("kid", "retired-in-2019") && e.verified },
	"jarm-typ-logout":    func(e *flowRun) bool { return e.head("typ", "logout+jwt") && e.verified },
	"jarm-not-encrypted": func(e *flowRun) bool { return len(e.q) == 1 && e.verified },

	"rar-missing": func(e *flowRun) bool { return lacks(e.set, "authorization_details") },
	"rar-widened": func(e *flowRun) bool {
		one := e.granted()
		return reflect.DeepEqual(one["actions"], []any{"list_accounts", "read_balances", "read_transactions", "close_account"}) &&
			reflect.DeepEqual(one["locations"], []any{"https://example.com/accounts", "https://attacker.example"})
	},
	"rar-type-changed": func(e *flowRun) bool { return e.granted()["type"] == "customer_information" },
	"rar-string": func(e *flowRun) bool {
		text, _ := e.set["authorization_details"].(string)
		return strings.HasPrefix(text, `[{"`)
	},

	"resource-aud-other": func(e *flowRun) bool { return e.first["aud"] == "https://attacker.example" },
}

// granted is the only authorization_details object of a token response.
func (e *flowRun) granted() map[string]any {
	list, _ := e.set["authorization_details"].([]any)
	if len(list) != 1 {
		return nil
	}
	one, _ := list[0].(map[string]any)
	return one
}
