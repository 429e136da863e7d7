package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A signedRequest is one way to sign the authorization request.
type signedRequest struct {
	id, method, alg string
	args            []string
	more            members
}

func signedRequests() []signedRequest {
	var all []signedRequest
	for _, way := range []string{"value", "par"} {
		for _, alg := range []string{"RS256", "PS256", "ES256", "HS256"} {
			c := signedRequest{id: "jar " + alg + " by " + way, method: "private_key_jwt", alg: alg, args: []string{"--jar"}, more: members{"request_object_signing_alg": alg}}
			if alg == "HS256" {
				c.method = "client_secret_basic"
			}
			if way == "par" {
				c.args = append(c.args, "--par")
			}
			all = append(all, c)
		}
	}
	return append(all,
		signedRequest{"jar required", "none", "ES256", []string{"--jar"}, members{"require_signed_request_object": true}},
		signedRequest{"jar encrypted", "private_key_jwt", "ES256", []string{"--jar-encrypt"}, nil},
		signedRequest{"jar encrypted by par", "private_key_jwt", "RS256", []string{"--jar", "--jar-encrypt", "--par"}, nil},
	)
}

func jarClients() []any {
	var all []any
	for _, c := range signedRequests() {
		all = append(all, signsIn(c.id, c.method, c.more))
	}
	return append(all,
		signsIn("jar forgotten", "none", members{"require_signed_request_object": true}),
		// What is wrong with the object is told to the only address that is registered.
		signsIn("jar forged", "none", members{"redirect_uris": []string{elsewhere}, "application_type": "web"}))
}

// flags sign with a key for the request object; the client proves itself with it too.
func (c signedRequest) flags(t *testing.T) []string {
	t.Helper()
	args := append([]string{"--client-id", c.id, "--auth-method", c.method}, c.args...)
	if c.alg == "HS256" {
		return append(args, "--client-secret", "env:SECRET")
	}
	return append(append(args, keyFlag(t)...), "--signing-alg", c.alg)
}

// The parameters go in a JWT that the client signs, and nothing goes outside of
// it but the client_id (RFC 9101).
func TestJAR(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for _, c := range signedRequests() {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			claims := `{"userinfo":{"name":{"essential":true}}}`
			o := signIn(t, p, 0, append(c.flags(t), "--scope", "openid profile", "--max-age", "600", "--ui-locales", "de en", "--claims", claims)...)
			checkSignedIn(t, o)
			p.checkGranted(t, o, c.id, c.method)
			want := map[string]string{"scope": "openid profile", "max_age": "600", "ui_locales": "de en", "claims": claims, "response_type": "code", "code_challenge_method": "S256"}
			p.checkUnderstood(t, c.id, want)
			carried := p.asked(t, c.id)
			if strings.HasSuffix(c.id, "by par") {
				checkNames(t, "what the browser carried", carried, "client_id", "request_uri")
				carried = p.pushed(t, c.id)
				carried.Del("client_assertion")
				carried.Del("client_assertion_type")
				if c.method == "client_secret_basic" && !carried.Has("client_id") {
					carried.Set("client_id", c.id)
				}
			}
			checkNames(t, "what was sent", carried, "client_id", "request")
			if !strings.HasSuffix(c.id, "by value") && c.id != "jar required" && c.id != "jar encrypted" { // otherwise it stands in the URL that is to be opened
				checkHygiene(t, o, carried.Get("request"))
			}
			if strings.Contains(c.id, "encrypted") {
				checkSealed(t, carried.Get("request"), "ECDH-ES", "peer-seal")
				return
			}
			checkRequestObject(t, p, o, c, carried.Get("request"))
		})
	}
}

// checkRequestObject looks at a request object with another library, and holds it
// against what the server understood.
func checkRequestObject(t *testing.T, p *peer, o outcome, c signedRequest, object string) {
	t.Helper()
	var key any = []byte(guardedSecret)
	if c.alg != "HS256" {
		mine := signingKeys()[c.alg]
		key = mine.Public().Key
	}
	claims, header := verified(t, object, jose.SignatureAlgorithm(c.alg), key)
	if typ := header.ExtraHeaders["typ"]; typ != "oauth-authz-req+jwt" || c.alg != "HS256" && header.KeyID != signingKeys()[c.alg].KeyID {
		t.Errorf("the request object has typ %v, kid %q", typ, header.KeyID)
	}
	if claims["iss"] != c.id || claims["aud"] != p.issuer || claims["client_id"] != c.id || claims["max_age"] != 600.0 {
		t.Errorf("the claims of the request object are %v", claims)
	}
	if inner, ok := claims["claims"].(map[string]any); !ok || inner["userinfo"] == nil {
		t.Errorf("the claims parameter in the request object is %T, want an object", claims["claims"])
	}
	iat, exp := claims["iat"].(float64), claims["exp"].(float64)
	if jti, _ := claims["jti"].(string); jti == "" || exp <= iat || exp > iat+600 {
		t.Errorf("the request object has jti %v, iat %v, exp %v", claims["jti"], iat, exp)
	}
	understood := one(t, "authorizations", p.of(t, c.id, "authorized")).Params
	for _, name := range []string{"state", "nonce", "redirect_uri", "code_challenge"} {
		if claims[name] != understood[name] {
			t.Errorf("%s is %v in the request object, and %q to the server", name, claims[name], understood[name])
		}
	}
	var shown map[string]any
	d := o.decoded(t, "request_object")
	if err := json.Unmarshal(d.Header, &shown); err != nil || shown["alg"] != c.alg || d.Claims["state"] != claims["state"] {
		t.Errorf("the trace shows a request object with header %s and claims %v", d.Header, d.Claims)
	}
}

// checkSealed expects a JWE to a key, with authenticated encryption.
func checkSealed(t *testing.T, compact, alg, kid string) {
	t.Helper()
	h := headerOf(t, compact)
	if strings.Count(compact, ".") != 4 || h["alg"] != alg || h["enc"] != "A256GCM" || h["kid"] != kid {
		t.Errorf("what was sent has the header %v, want a JWE with %s to %s", h, alg, kid)
	}
}

// A client that has to sign and does not, and one that signs with another's key.
func TestJARRefused(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	t.Run("forgotten", func(t *testing.T) {
		t.Parallel()
		checkRefused(t, signIn(t, p, 3, "--client-id", "jar forgotten", "--scope", "openid"), "authorization", "invalid_request")
	})
	for _, args := range [][]string{nil, {"--par"}} {
		t.Run("forged "+strings.Join(args, ""), func(t *testing.T) {
			t.Parallel()
			key := file(t, "key", asJSON(kit().other))
			o := signIn(t, p, 3, append(args, "--client-id", "jar forged", "--redirect-uri", elsewhere, "--scope", "openid", "--jar", "--auth-method", "none", "--key", key)...)
			endpoint := "authorization"
			if args != nil {
				endpoint = "par"
			}
			checkRefused(t, o, endpoint, "invalid_request_object")
		})
	}
}
