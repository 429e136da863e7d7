package demo_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// useMembers is the metadata about what can be done with tokens.
func useMembers(issuer string) map[string]any {
	list := func(names ...any) []any { return names }
	provable := list("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "attest_jwt_client_auth")
	signs := list("RS256", "ES256", "HS256")
	algs := list("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
	sealAlgs := list("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "dir")
	sealEncs := list("A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM")
	return map[string]any{
		"introspection_endpoint": issuer + "/introspect", "introspection_endpoint_auth_methods_supported": provable,
		"introspection_endpoint_auth_signing_alg_values_supported": algs, "introspection_signing_alg_values_supported": signs,
		"introspection_encryption_alg_values_supported": sealAlgs, "introspection_encryption_enc_values_supported": sealEncs,
		"revocation_endpoint": issuer + "/revoke", "revocation_endpoint_auth_methods_supported": slices.Concat(list("none"), provable),
		"revocation_endpoint_auth_signing_alg_values_supported": algs,
		"userinfo_signing_alg_values_supported":                 signs,
		"userinfo_encryption_alg_values_supported":              sealAlgs, "userinfo_encryption_enc_values_supported": sealEncs,
		"id_token_encryption_alg_values_supported": sealAlgs, "id_token_encryption_enc_values_supported": sealEncs,
		"dpop_signing_alg_values_supported": list("ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA", "Ed25519"),
		"end_session_endpoint":              issuer + "/logout",
		"protected_resources":               list(issuer + "/resource"),
	}
}

// A useRun is what a client sees when it uses its tokens.
type useRun struct {
	t      *testing.T
	v      *visitor
	jkt    string   // of the key that the proofs were made with
	tokens []answer // of the token endpoint, in their order
	set    map[string]any
	access map[string]any // claims of the access token
	last   []answer       // what the last endpoint said, in its order
	body   map[string]any // of the last of them
	claims map[string]any // of the JWT that it was
	header map[string]any
}

func use(t *testing.T, fault string) *useRun {
	t.Helper()
	config := demo.Config{AutoConsent: true, Now: stopped}
	if fault != "" {
		config.Faults = []string{fault}
	}
	return &useRun{t: t, v: visit(t, config)}
}

// grant gets tokens for a client with the secret "secret", or for "public".
func (e *useRun) grant(client, scope string) {
	e.t.Helper()
	form := redeem(e.v.code(ask("client_id="+client, "scope="+scope)), "client_id="+client)
	if client != "public" {
		form.Set("client_secret", "secret")
	}
	a := e.v.post("/token", form)
	e.tokens, e.set = append(e.tokens, a), a.object(e.t)
}

// keep takes an answer in.
func (e *useRun) keep(a answer) *useRun {
	e.last, e.body = append(e.last, a), nil
	if json.Unmarshal([]byte(a.body), &e.body) != nil && strings.Count(a.body, ".") == 2 {
		e.header, e.claims = split(e.t, a.body)
	}
	return e
}

// ofClient posts about a token as a client with the secret "secret".
func (e *useRun) ofClient(path, client string, token any) answer {
	e.t.Helper()
	return e.v.post(path, url.Values{"client_id": {client}, "client_secret": {"secret"}, "token": {token.(string)}})
}

// bound tries three times for a bound token, and three times at the resource, with
// the newest nonce of each side.
func (e *useRun) bound(p prover) *useRun {
	e.jkt = p.jkt()
	code := e.v.code(ask())
	nonce := map[string]any{"nonce": nil}
	for range 3 {
		a := e.v.withProof("/token", redeem(code), p.proof("POST", e.v.issuer+"/token", nonce))
		e.tokens, nonce["nonce"] = append(e.tokens, a), a.Header.Get("DPoP-Nonce")
		if a.StatusCode == 200 {
			e.set = a.object(e.t)
			break
		}
	}
	if e.set == nil {
		return e
	}
	at := e.set["access_token"]
	e.access = claimsIn(e.t, at)
	nonce = map[string]any{"nonce": nil, "ath": athOf(at)}
	for range 3 {
		a := e.v.call("/resource", "DPoP", at, p.proof("GET", e.v.issuer+"/resource", nonce))
		e.last, nonce["nonce"] = append(e.last, a), a.Header.Get("DPoP-Nonce")
	}
	return e
}

// useFlows runs each use once against a server with this fault, "" for none.
var useFlows = map[string]func(*testing.T, string) *useRun{
	"dpop": func(t *testing.T, fault string) *useRun { return use(t, fault).bound(newProver(t)) },
	"userinfo": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		e.grant("public", "openid email")
		return e.keep(e.v.whoami(e.set["access_token"]))
	},
	"userinfo-signed": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		e.grant("signed", "openid email")
		return e.keep(e.v.whoami(e.set["access_token"]))
	},
	"introspection": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		e.grant("confidential", "openid api")
		return e.keep(e.ofClient("/introspect", "confidential", e.set["access_token"]))
	},
	"introspection-signed": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		e.grant("signed", "openid api")
		return e.keep(e.ofClient("/introspect", "signed", e.set["access_token"]))
	},
	"introspection-dpop": func(t *testing.T, fault string) *useRun {
		e := use(t, fault).bound(newProver(t))
		return e.keep(e.ofClient("/introspect", "confidential", e.set["access_token"]))
	},
	"encrypted": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		e.grant("encrypted", "openid email")
		return e
	},
	"revocation": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		e.grant("confidential", "openid api")
		return e.keep(e.ofClient("/revoke", "confidential", e.set["access_token"]))
	},
	"logout": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		e.grant("public", "openid")
		q := url.Values{"id_token_hint": {e.set["id_token"].(string)}, "post_logout_redirect_uri": {"http://127.0.0.1:9/bye"}, "state": {"s-1"}}
		return e.keep(e.v.get("/logout?" + q.Encode()))
	},
	"call": func(t *testing.T, fault string) *useRun {
		e := use(t, fault)
		return e.keep(e.v.get("/resource/api"))
	},
}

// answers says how the answers went: an error code each, or a status.
func answers(list []answer) string {
	var got []string
	for _, a := range list {
		var body map[string]any
		_ = json.Unmarshal([]byte(a.body), &body)
		text, _ := body["error"].(string)
		if text == "" {
			text = http.StatusText(a.StatusCode)
		}
		got = append(got, text)
	}
	return strings.Join(got, " ")
}

// challenged is the only challenge of the resource.
func (e *useRun) challenged() string {
	return strings.Join(e.last[0].Header.Values("WWW-Authenticate"), "|")
}

// source is where the claim that others know is to be had from.
func (e *useRun) source() map[string]any {
	names, _ := e.body["_claim_names"].(map[string]any)
	sources, _ := e.body["_claim_sources"].(map[string]any)
	source, _ := sources[fmt.Sprint(names["shoe_size"])].(map[string]any)
	return source
}

// nonces is the nonces of some answers.
func nonces(list []answer) []string {
	var got []string
	for _, a := range list {
		got = append(got, strings.Join(a.Header.Values("DPoP-Nonce"), "|"))
	}
	return got
}

// seal is the header of the ID token, and what a foreign library reads in it.
func (e *useRun) seal() (header jose.Header, inside string) {
	text, _ := e.set["id_token"].(string)
	jwe, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return header, ""
	}
	b, err := jwe.Decrypt(clientKey(e.t).Key)
	if err != nil {
		e.t.Fatal(err)
	}
	return jwe.Header, string(b)
}

// verifies says whether the key of the server made the signature of the last answer.
func (e *useRun) verifies() bool {
	sig, err := jose.ParseSignedCompact(e.last[0].body, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return false
	}
	_, err = sig.Verify(e.v.keys())
	return err == nil
}

// useEffects is what shows each fault; on a clean server none of it may be true.
var useEffects = map[string]func(e *useRun) bool{
	"dpop-answer-bearer":   func(e *useRun) bool { return e.set["token_type"] == "Bearer" && lacks(e.access, "cnf") },
	"dpop-binding-missing": func(e *useRun) bool { return e.set["token_type"] == "DPoP" && lacks(e.access, "cnf") },
	"dpop-binding-wrong": func(e *useRun) bool {
		cnf, _ := e.access["cnf"].(map[string]any)
		jkt, _ := cnf["jkt"].(string)
		return len(jkt) == 43 && jkt != e.jkt && e.set["token_type"] == "DPoP"
	},
	"dpop-nonce-forever": func(e *useRun) bool {
		return answers(e.tokens) == "use_dpop_nonce use_dpop_nonce use_dpop_nonce" && !slices.Contains(nonces(e.tokens), "")
	},
	"dpop-nonce-illegal": func(e *useRun) bool {
		return answers(e.tokens) == "OK" && strings.ContainsAny(nonces(e.tokens)[0], `" `)
	},
	"dpop-nonce-twice": func(e *useRun) bool {
		return answers(e.tokens) == "OK" && nonces(e.tokens)[0] == "one-nonce|another-nonce" && nonces(e.last)[0] == "one-nonce|another-nonce"
	},
	"dpop-nonce-missing": func(e *useRun) bool {
		return strings.HasPrefix(answers(e.tokens), "use_dpop_nonce") && cmp.Equal(nonces(e.tokens), []string{"", "", ""})
	},
	"ok-dpop-token-type-lower": func(e *useRun) bool { return e.set["token_type"] == "dpop" },
	"ok-dpop-nonce": func(e *useRun) bool {
		return answers(e.tokens) == "use_dpop_nonce OK" && answers(e.last) == "use_dpop_nonce OK use_dpop_nonce" && nonces(e.last)[1] == ""
	},
	"ok-dpop-nonce-rotates": func(e *useRun) bool {
		got := append(nonces(e.tokens), nonces(e.last)...)
		slices.Sort(got)
		return answers(e.tokens) == "use_dpop_nonce OK" && answers(e.last) == "use_dpop_nonce OK OK" && len(slices.Compact(got)) == 5 && got[0] != ""
	},

	"userinfo-sub-other":   func(e *useRun) bool { return e.body["sub"] == "mallory" },
	"userinfo-sub-missing": func(e *useRun) bool { return lacks(e.body, "sub") },
	"userinfo-content-type": func(e *useRun) bool {
		return e.body["sub"] == "alice" && e.last[0].Header.Get("Content-Type") == "text/html; charset=utf-8"
	},
	"userinfo-html": func(e *useRun) bool {
		return e.last[0].StatusCode == 200 && strings.HasPrefix(e.last[0].body, "<!DOCTYPE")
	},
	"ok-userinfo-aggregated-claims": func(e *useRun) bool {
		source, _ := e.source()["JWT"].(string)
		return source != "" && claimsIn(e.t, source)["shoe_size"] == 8.0
	},
	"ok-userinfo-distributed-claims": func(e *useRun) bool { return e.source()["endpoint"] == "https://attacker.example/claims" },
	"userinfo-null-claim":            func(e *useRun) bool { v, has := e.body["nickname"]; return has && v == nil },
	"userinfo-email-verified-string": func(e *useRun) bool { return e.body["email_verified"] == "true" },
	"userinfo-duplicate-member":      func(e *useRun) bool { return strings.Count(e.last[0].body, `"sub":"alice"`) == 2 },
	"userinfo-cacheable":             func(e *useRun) bool { return e.last[0].Header.Get("Cache-Control") == "public, max-age=3600" },

	"userinfo-jwt-iss-wrong":     func(e *useRun) bool { return e.claims["iss"] != e.v.issuer && e.verifies() },
	"userinfo-jwt-aud-wrong":     func(e *useRun) bool { return e.claims["aud"] != "signed" && e.verifies() },
	"userinfo-jwt-bad-signature": func(e *useRun) bool { return e.header["alg"] == "RS256" && !e.verifies() },
	"userinfo-jwt-alg-none":      func(e *useRun) bool { return e.header["alg"] == "none" && strings.HasSuffix(e.last[0].body, ".") },
	"userinfo-jwt-expired":       func(e *useRun) bool { return e.claims["exp"] == float64(now.Unix()-600) },

	"introspection-active-string":  func(e *useRun) bool { return e.body["active"] == "true" },
	"introspection-active-missing": func(e *useRun) bool { return lacks(e.body, "active") },
	"introspection-inactive-talks": func(e *useRun) bool { return e.body["active"] == false && e.body["username"] == "alice" },
	"introspection-expired-active": func(e *useRun) bool { return e.body["active"] == true && e.body["exp"] == float64(now.Unix()-600) },

	"introspection-jwt-typ-wrong":     func(e *useRun) bool { return e.header["typ"] == "JWT" && e.verifies() },
	"introspection-jwt-aud-wrong":     func(e *useRun) bool { return e.claims["aud"] != "signed" && e.verifies() },
	"introspection-jwt-bad-signature": func(e *useRun) bool { return e.header["typ"] == "token-introspection+jwt" && !e.verifies() },

	"introspection-cnf-wrong": func(e *useRun) bool {
		return e.body["cnf"] != nil && !cmp.Equal(e.body["cnf"], any(map[string]any{"jkt": e.jkt})) && cmp.Equal(e.access["cnf"], any(map[string]any{"jkt": e.jkt}))
	},

	"idtoken-not-encrypted": func(e *useRun) bool { return strings.Count(e.set["id_token"].(string), ".") == 2 },
	"idtoken-inflate-bomb": func(e *useRun) bool {
		text, _ := e.set["id_token"].(string)
		header := mustDecode(e.t, strings.Split(text, ".")[0])
		return strings.Contains(header, `"zip":"DEF"`) && len(text) < 128<<10
	},
	"idtoken-inner-unsigned": func(e *useRun) bool {
		header, inside := e.seal()
		return strings.HasPrefix(inside, `{"iss":`) && header.ExtraHeaders[jose.HeaderContentType] == nil
	},

	"revoke-503": func(e *useRun) bool {
		return e.last[0].StatusCode == 503 && e.last[0].Header.Get("Retry-After") == "2" && e.v.whoami(e.set["access_token"]).StatusCode == 200
	},
	"revoke-html": func(e *useRun) bool { return strings.HasPrefix(e.last[0].body, "<!DOCTYPE") },

	"logout-state-wrong": func(e *useRun) bool {
		return e.last[0].Header.Get("Location") == "http://127.0.0.1:9/bye?state=not-s-1"
	},
	"logout-state-missing": func(e *useRun) bool { return e.last[0].Header.Get("Location") == "http://127.0.0.1:9/bye" },
	"logout-page": func(e *useRun) bool {
		return e.last[0].StatusCode == 200 && strings.Contains(e.last[0].body, "You are signed out.")
	},

	"challenge-malformed":          func(e *useRun) bool { return strings.Count(e.challenged(), `"`)%2 == 1 },
	"challenge-repeated-parameter": func(e *useRun) bool { return strings.Count(e.challenged(), `scope="`) == 2 },
	"challenge-missing":            func(e *useRun) bool { return e.last[0].StatusCode == 401 && e.challenged() == "" },
}

func TestEveryUseFault(t *testing.T) {
	useFlows, useEffects := withMore(useFlows, moreUseFlows), withMore(useEffects, moreUseEffects)
	clean := map[string]*useRun{}
	seen := map[string]bool{}
	for _, f := range demo.FlowFaults() {
		run, shows := useFlows[f.Flow], useEffects[f.Name]
		if run == nil {
			continue
		}
		if seen[f.Name] = true; shows == nil {
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
	for name := range useEffects {
		if !seen[name] {
			t.Errorf("%s: no such fault", name)
		}
	}
}
