package e2e

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func askClients() []any {
	details := members{"authorization_details_types": []string{"payment", "account"}}
	return []any{
		signsIn("ask details", "none", details), signsIn("ask less", "none", details), signsIn("ask stolen", "none", details), signsIn("ask details par", "private_key_jwt", details),
		signsIn("ask resource", "none", nil), signsIn("ask two", "none", nil), signsIn("ask unknown", "none", nil),
		signsIn("ask claims", "none", nil), signsIn("ask acr", "none", nil), signsIn("ask acr claim", "none", nil),
	}
}

// Rights in detail (RFC 9396): what was asked for, what the server understood, and
// what the token says.
func TestRAR(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for id, c := range map[string]struct{ asked, granted string }{
		"ask details":     {`[{"type":"payment","actions":["initiate"],"limit":50,"locations":["https://api.example"]},{"type":"account"}]`, ""},
		"ask details par": {`[{"type":"payment","actions":["initiate","cancel"]}]`, ""},
		"ask less":        {`[{"type":"payment","limit":500}]`, `[{"type":"payment","limit":100}]`},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			method, args := "none", []string(nil)
			if id == "ask details par" {
				method, args = "private_key_jwt", []string{"--par", "--jar"}
			}
			if c.granted == "" {
				c.granted = c.asked
			}
			args = append(args, credential(t, id, method)...)
			o := signIn(t, p, 0, append(args, "--scope", "openid api:read", "--resource", "https://api.example", "--authorization-details", c.asked)...)
			checkSignedIn(t, o)
			p.checkGranted(t, o, id, method)
			p.checkUnderstood(t, id, map[string]string{"authorization_details": c.asked})
			claims, _ := verified(t, text(o.tokens(t), "access_token"), jose.RS256, p.key(t, "peer-1"))
			for where, got := range map[string]any{"the answer": o.tokens(t)["authorization_details"], "the token": claims["authorization_details"]} {
				if !sameJSON(t, got, c.granted) {
					t.Errorf("%s says %v, want %s", where, got, c.granted)
				}
			}
			if !o.passed("V-TR-16") {
				t.Error("V-TR-16 did not pass")
			}
			if !strings.Contains(o.stderr, "granted") {
				t.Error("stderr does not show what was granted")
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		for _, details := range []string{`[{"type":"payment","actions":["steal"]}]`, `[{"type":"nobody-has-this"}]`} {
			o := signIn(t, p, 3, "--client-id", "ask stolen", "--scope", "openid", "--authorization-details", details)
			checkRefused(t, o, "authorization", "invalid_authorization_details")
		}
	})
}

func sameJSON(t *testing.T, got any, want string) bool {
	t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(got, wanted)
}

// A token for a resource is for that resource alone (RFC 8707).
func TestResourceIndicators(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		o := signIn(t, p, 0, "--client-id", "ask resource", "--scope", "openid api:read", "--resource", "https://api.example")
		checkSignedIn(t, o)
		p.checkGranted(t, o, "ask resource", "none")
		for _, kind := range []string{"authorized", "granted"} {
			if got := one(t, kind, p.of(t, "ask resource", kind)).Params["resource"]; got != "https://api.example" {
				t.Errorf("with the request that was %s came resource %q", kind, got)
			}
		}
		claims, header := verified(t, text(o.tokens(t), "access_token"), jose.RS256, p.key(t, "peer-1"))
		if claims["aud"] != "https://api.example" || claims["scope"] != "api:read" || header.ExtraHeaders["typ"] != "at+jwt" || !o.passed("V-AT-04") {
			t.Errorf("the token says %v", claims)
		}
	})
	t.Run("two", func(t *testing.T) { // this server makes a token for one only
		t.Parallel()
		o := signIn(t, p, 3, "--client-id", "ask two", "--scope", "openid api:read", "--resource", "https://api.example", "--resource", "https://other.example")
		checkRefused(t, o, "token", "invalid_target")
		if got := one(t, "authorizations", p.of(t, "ask two", "authorized")).Params["resource"]; got != `["https://api.example","https://other.example"]` {
			t.Errorf("the server understood resource as %s", got)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		o := signIn(t, p, 3, "--client-id", "ask unknown", "--scope", "openid", "--resource", "https://unknown.example")
		checkRefused(t, o, "authorization", "invalid_target")
	})
}

// Single claims, and how strong the sign-in shall be (OIDC Core §5.5, §3.1.2.1).
func TestClaimsAndACR(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	const gold = "urn:example:gold"
	t.Run("claims", func(t *testing.T) {
		t.Parallel()
		asked := `{"id_token":{"email":{"essential":true}},"userinfo":{"name":null}}`
		o := signIn(t, p, 0, "--client-id", "ask claims", "--scope", "openid", "--claims", asked)
		checkSignedIn(t, o)
		p.checkUnderstood(t, "ask claims", map[string]string{"claims": asked})
		if id := o.decoded(t, "id_token").Claims; id["email"] != login+"@mail.example" || id["name"] != nil {
			t.Errorf("the ID token says %v", id)
		}
		told := use(t, 0, "userinfo", p.issuer, text(o.tokens(t), "access_token"))
		if answer := told.tokens(t); answer["name"] != "Name of "+login || answer["email"] != nil {
			t.Errorf("userinfo says %v", answer)
		}
	})
	for id, args := range map[string][]string{
		"ask acr":       {"--acr-values", gold + " urn:example:silver"},
		"ask acr claim": {"--acr-values", gold, "--claims", `{"id_token":{"acr":{"essential":true,"values":["` + gold + `"]}}}`},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			o := signIn(t, p, 0, append(args, "--client-id", id, "--scope", "openid")...)
			checkSignedIn(t, o)
			p.checkUnderstood(t, id, map[string]string{"acr_values": args[1]})
			if got := o.decoded(t, "id_token").Claims["acr"]; got != gold {
				t.Errorf("acr in the ID token is %v", got)
			}
		})
	}
}
