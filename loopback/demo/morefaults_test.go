package demo_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// access is the header and the claims of the access token.
func (e *evidence) access() (header, claims map[string]any) {
	if strings.Count(e.is("access_token"), ".") != 2 {
		return nil, nil
	}
	return split(e.t, e.is("access_token"))
}

// accessVerifies says whether the published key verifies the access token.
func (e *evidence) accessVerifies() bool {
	sig, err := jose.ParseSignedCompact(e.is("access_token"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return false
	}
	_, err = sig.Verify(e.key("demo-es256"))
	return err == nil
}

// accessClaim is one claim of an access token whose signature is right.
func (e *evidence) accessClaim(name string) any {
	if _, claims := e.access(); e.accessVerifies() {
		return claims[name]
	}
	return "not verified"
}

// moreEffects shows the faults of the code grant, as effects does.
var moreEffects = map[string]func(*evidence) bool{
	"iss-unadvertised": func(e *evidence) bool { return e.q.Get("iss") == e.issuer && !advertised(e) },
	"error-iss-wrong": func(e *evidence) bool {
		return e.q.Get("error") == "access_denied" && e.q.Get("iss") == "https://attacker.example" && !e.q.Has("code")
	},
	"error-uri-script": func(e *evidence) bool { return e.q.Get("error_uri") == "javascript:alert(1)" && !e.q.Has("code") },
	"code-guessable":   func(e *evidence) bool { return e.q.Get("code") == "4711" && e.rs256() },

	"refresh-timeout-long": func(e *evidence) bool {
		return e.set["refresh_token_timeout"] == 7200.0 && e.set["authorization_expires_in"] == 3600.0
	},
	"code-echoed": func(e *evidence) bool {
		return e.tok.Header.Get("X-Demo-Request") == "code="+e.q.Get("code")
	},
	"lifetime-differs": func(e *evidence) bool { return e.set["expires_in"] == 3600.0 && e.accessVerifies() },
	"access-token-typ-missing": func(e *evidence) bool {
		header, _ := e.access()
		return e.accessVerifies() && header["typ"] == nil
	},
	"access-token-bad-signature": func(e *evidence) bool {
		header, _ := e.access()
		return header["alg"] == "ES256" && !e.accessVerifies() && e.rs256()
	},
	"access-token-alg-none": func(e *evidence) bool {
		header, _ := e.access()
		return header["alg"] == "none" && strings.HasSuffix(e.is("access_token"), ".")
	},
	"access-token-client-missing": func(e *evidence) bool { return e.accessClaim("client_id") == nil },
	"access-token-iss-wrong":      func(e *evidence) bool { return e.accessClaim("iss") == "https://attacker.example" },
	"access-token-aud-client":     func(e *evidence) bool { return e.accessClaim("aud") == "public" },
	"access-token-scope-differs": func(e *evidence) bool {
		return e.accessClaim("scope") == "openid profile offline_access admin" && e.is("scope") == "openid profile offline_access"
	},
	"access-token-guessable": func(e *evidence) bool {
		return e.is("access_token") == "4711" && e.claims["at_hash"] == hashOf("4711")
	},
	"access-token-status-odd": func(e *evidence) bool {
		return cmp.Equal(e.accessClaim("status"), any(map[string]any{"status_list": map[string]any{"uri": "https://attacker.example/statuses"}}))
	},

	"idtoken-b64-false":             func(e *evidence) bool { return e.header["b64"] == false && e.header["crit"] == nil },
	"idtoken-auth-time-future":      func(e *evidence) bool { return e.rs256() && e.seconds("auth_time") == 600 },
	"idtoken-email-verified-string": func(e *evidence) bool { return e.rs256() && e.claims["email_verified"] == "true" },
	"idtoken-claim-source-missing": func(e *evidence) bool {
		return e.rs256() && cmp.Equal(e.claims["_claim_names"], any(map[string]any{"credit_score": "src2"})) && e.sources("src1")
	},
	"idtoken-claim-source-sub": func(e *evidence) bool {
		return e.rs256() && cmp.Equal(e.claims["_claim_names"], any(map[string]any{"sub": "src1"})) && e.sources("src1")
	},
	"idtoken-sid-number": func(e *evidence) bool { return e.rs256() && e.claims["sid"] == 12345.0 },

	"issuer-query": func(e *evidence) bool { return e.doc()["issuer"] == e.issuer+"?tenant=1" },
	"jwks-weak-key": func(e *evidence) bool {
		return strings.Contains(e.jwks[0].body, `"kid":"demo-weak"`) && e.rs256()
	},
}

// sources says whether one source is named, and no other.
func (e *evidence) sources(name string) bool {
	all, _ := e.claims["_claim_sources"].(map[string]any)
	return len(all) == 1 && all[name] != nil
}

// asking runs the code grant with more in the request, or with less.
func asking(with ...string) func(*testing.T, string) *flowRun {
	return func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "public"})
		a := v.get("/authorize?" + ask(with...).Encode())
		e.q = a.query(t)
		e.read(v.post("/token", redeem(e.q.Get("code"))))
		return e
	}
}

// moreFlows are the ways to ask that show further faults.
var moreFlows = map[string]func(*testing.T, string) *flowRun{
	"no-state": func(t *testing.T, fault string) *flowRun {
		v, e := errand(t, fault, demo.Client{ID: "public"})
		q := ask()
		q.Del("state")
		e.q = v.get("/authorize?" + q.Encode()).query(t)
		return e
	},
	"max-age":       asking("max_age=300"),
	"acr":           asking("acr_values=urn:mace:incommon:iap:silver"),
	"acr-essential": asking(`claims={"id_token":{"acr":{"essential":true}}}`),
}

// moreFlowEffects shows the faults of other grants, as flowEffects does.
var moreFlowEffects = map[string]func(*flowRun) bool{
	"state-uninvited":   func(e *flowRun) bool { return e.q.Get("state") == "nobody-asked" },
	"auth-time-missing": func(e *flowRun) bool { return lacks(e.second, "auth_time") },
	"auth-time-old":     func(e *flowRun) bool { return e.second["auth_time"] == float64(now.Unix()-3600) },
	"acr-other":         func(e *flowRun) bool { return e.second["acr"] == "urn:example:unasked" },
	"acr-missing":       func(e *flowRun) bool { return lacks(e.second, "acr") },
	"front-iss-differs": func(e *flowRun) bool {
		return e.first["iss"] == "https://attacker.example" && e.q.Get("iss") == e.issuer && e.second["iss"] == e.issuer
	},
	"front-s-hash-wrong": func(e *flowRun) bool {
		return e.first["s_hash"] == hashOf("another state") && lacks(e.second, "s_hash")
	},
	"hybrid-auth-time-differs": func(e *flowRun) bool {
		return e.second["auth_time"] == e.first["auth_time"].(float64)-60 && e.second["sub"] == e.first["sub"]
	},
	"refresh-idtoken-iat-old": func(e *flowRun) bool { return e.second["iat"] == e.first["iat"].(float64)-120 },
	"refresh-access-token-auth-time-changed": func(e *flowRun) bool {
		return claimsIn(e.t, e.set["access_token"])["auth_time"] == e.first["auth_time"].(float64)-86400
	},
	"client-credentials-sub-person": func(e *flowRun) bool { return claimsIn(e.t, e.set["access_token"])["sub"] == "alice" },
	"ciba-auth-req-id-guessable":    func(e *flowRun) bool { return e.ack["auth_req_id"] == "request-4711" },
}

// moreUseFlows are uses of tokens that show further faults.
var moreUseFlows = map[string]func(*testing.T, string) *useRun{
	"userinfo-claims": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		a := e.v.post("/token", redeem(e.v.code(ask("scope=openid profile", `claims={"id_token":{"name":null}}`))))
		e.set = a.object(t)
		e.access = claimsIn(t, e.set["id_token"])
		return e.keep(e.v.whoami(e.set["access_token"]))
	},
	"userinfo-encrypted": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		e.grant("encrypted", "openid email")
		return e.keep(e.v.whoami(e.set["access_token"]))
	},
}

// moreUseEffects shows the faults of uses, as useEffects does.
var moreUseEffects = map[string]func(*useRun) bool{
	"dpop-idtoken-key-other": func(e *useRun) bool {
		cnf, _ := claimsIn(e.t, e.set["id_token"])["cnf"].(map[string]any)
		return cnf["jkt"] != nil && cnf["jkt"] != e.jkt
	},
	"userinfo-claim-source-http": func(e *useRun) bool {
		sources, _ := e.body["_claim_sources"].(map[string]any)
		return cmp.Equal(sources["src1"], any(map[string]any{"endpoint": "http://claims.example/alice"}))
	},
	"userinfo-name-differs": func(e *useRun) bool {
		return e.body["name"] == "Somebody Else" && e.access["name"] == "Alice Liddell"
	},
	"userinfo-not-encrypted": func(e *useRun) bool {
		return strings.Count(e.last[0].body, ".") == 2 && e.claims["sub"] == "alice"
	},
	"introspection-sub-differs": func(e *useRun) bool {
		return e.body["sub"] == "mallory" && claimsIn(e.t, e.set["access_token"])["sub"] == "alice"
	},
}

// withMore adds what this file has to the tables of the tests.
func withMore[F any](all, more map[string]F) map[string]F {
	all = maps.Clone(all)
	maps.Copy(all, more)
	return all
}

// What is asked for is granted on the clean server, or no fault could show.
func TestWhatIsAskedForIsGranted(t *testing.T) {
	e := moreFlows["acr"](t, "")
	if e.second["acr"] != "urn:mace:incommon:iap:silver" || e.second["auth_time"] != float64(now.Unix()) {
		t.Errorf("%v", e.second)
	}
	if q := (moreFlows["no-state"](t, "").q); q.Has("state") || !q.Has("code") {
		t.Errorf("%v", url.Values(q))
	}
}
