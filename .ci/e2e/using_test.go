package e2e

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/go-jose/go-jose/v4"
)

// A told is one form in which the server says who a person is.
type told struct {
	id, sign, seal, enc string
}

func tellings() []told {
	return []told{
		{"using JSON", "", "", ""},
		{"using RS256", "RS256", "", ""},
		{"using ES256", "ES256", "", ""},
		{"using HS256", "HS256", "", ""},
		{"using RSA", "RS256", "RSA-OAEP-256", "A256GCM"},
		{"using EC", "ES256", "ECDH-ES", "A128CBC-HS256"},
		{"using dir", "RS256", "dir", "A256GCM"},
	}
}

func (c told) method() string {
	if c.sign == "HS256" || c.seal == "dir" {
		return "client_secret_basic"
	}
	return "private_key_jwt"
}

func usingClients() []any {
	var all []any
	for _, c := range tellings() {
		m := members{}
		if c.sign != "" {
			m["userinfo_signed_response_alg"] = c.sign
		}
		if c.seal != "" {
			m["userinfo_encrypted_response_alg"], m["userinfo_encrypted_response_enc"] = c.seal, c.enc
		}
		all = append(all, signsIn(c.id, c.method(), m))
	}
	home := members{"post_logout_redirect_uris": []string{"http://127.0.0.1/callback"}}
	return append(all,
		signsIn("using tokens", "client_secret_basic", nil), signsIn("using public", "none", nil),
		signsIn("using signed", "private_key_jwt", members{"introspection_signed_response_alg": "ES256"}),
		signsIn("using sealed", "private_key_jwt", members{"introspection_signed_response_alg": "RS256", "introspection_encrypted_response_alg": "ECDH-ES", "introspection_encrypted_response_enc": "A256GCM"}),
		signsIn("leaving", "none", home), signsIn("leaving by browser", "none", home), signsIn("leaving for nowhere", "none", nil),
	)
}

// Who the person is, in JSON, signed and encrypted; and never about somebody else.
func TestUserinfo(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	stranger := text(signIn(t, p, 0, "--client-id", "using public", "--scope", "openid", "--fill", "login=somebody-else").tokens(t), "id_token")
	for _, c := range tellings() {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			signed := signIn(t, p, 0, append(credential(t, c.id, c.method()), "--scope", "openid profile")...)
			access, id := text(signed.tokens(t), "access_token"), text(signed.tokens(t), "id_token")
			client := credential(t, c.id, c.method())
			o := use(t, 0, "userinfo", p.issuer, access, append(client, "--id-token-hint", "value:"+id)...)
			checkClean(t, o)
			checkHygiene(t, o, id)
			if !o.passed("V-UI-01") || !o.passed("V-UI-03") || o.passed("V-UI-04") != (c.sign != "") || o.passed("V-UI-05") != (c.seal != "") {
				t.Errorf("of V-UI-01, 03, 04, 05 these passed: %v, %v, %v, %v", o.passed("V-UI-01"), o.passed("V-UI-03"), o.passed("V-UI-04"), o.passed("V-UI-05"))
			}
			if answer := o.tokens(t); answer["sub"] != login || answer["name"] != "Name of "+login {
				t.Errorf("stdout is %v", answer)
			}
			l := one(t, "userinfo requests", p.requests(t, c.id, "GET", "/me"))
			if l.Status != 200 || l.Authorization != "Bearer "+access {
				t.Errorf("the server answered %d to %q", l.Status, l.Authorization)
			}
			checkTold(t, p, o, c, l.Answer)
			o = use(t, 4, "userinfo", p.issuer, access, append(client, "--id-token-hint", "value:"+stranger)...)
			if kind, _, code := o.refused(); kind != "check" || code != "V-UI-01" {
				t.Errorf("about somebody else the run ended with %s, %s; want check, V-UI-01", kind, code)
			}
			checkOneError(t, o.stdout, o.stderr)
		})
	}
	t.Run("garbage", func(t *testing.T) {
		t.Parallel()
		checkRefused(t, use(t, 3, "userinfo", p.issuer, "garbage-that-is-no-token"), "userinfo", "invalid_token")
	})
}

// checkTold reads what the server sent with another library, and holds it against the
// trace.
func checkTold(t *testing.T, p *peer, o outcome, c told, sent string) {
	t.Helper()
	if c.sign == "" {
		return
	}
	checkUnsigned(t, o, sent)
	d := o.decoded(t, "userinfo")
	if !d.Verified || d.Claims["sub"] != login || d.Claims["aud"] != c.id {
		t.Errorf("the trace says %v, verified: %v", d.Claims, d.Verified)
	}
	switch c.seal {
	case "":
	case "dir":
		if h := headerOf(t, sent); h["alg"] != "dir" || h["enc"] != c.enc {
			t.Errorf("the server sent %v", h)
		}
		return
	default:
		sent = opened(t, sent, c.seal, c.enc)
	}
	var key any = []byte(guardedSecret)
	if c.sign != "HS256" {
		key = p.key(t, map[string]string{"RS256": "peer-1", "ES256": "peer-ec"}[c.sign])
	}
	if claims, _ := verified(t, sent, jose.SignatureAlgorithm(c.sign), key); !reflect.DeepEqual(claims, d.Claims) {
		t.Errorf("another library reads %v, and the trace has %v", claims, d.Claims)
	}
}

// checkUnsigned expects a signed answer to have lost its signature: with it, it can
// pass for an ID token of the person.
func checkUnsigned(t *testing.T, o outcome, sent string) {
	t.Helper()
	if strings.Count(sent, ".") == 2 {
		checkHygiene(t, o, sent)
	}
}

// What a token is good for, in plain and signed, while it lives and after it was given
// back.
func TestIntrospectAndRevoke(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	const id = "using tokens"
	client := credential(t, id, "client_secret_basic")
	for _, kind := range []string{"access_token", "refresh_token"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			signed := signIn(t, p, 0, append(client, "--scope", "openid offline_access", "--prompt", "consent")...)
			access, refresh := text(signed.tokens(t), "access_token"), text(signed.tokens(t), "refresh_token")
			token, other := access, refresh
			if kind == "refresh_token" {
				token, other = refresh, access
			}
			for _, hint := range []string{"", kind} {
				args := client
				if hint != "" {
					args = append([]string{"--token-type-hint", hint}, client...)
				}
				o := use(t, 0, "introspect", p.issuer, token, args...)
				checkClean(t, o)
				answer := o.tokens(t)
				if answer["active"] != true || answer["client_id"] != id || answer["sub"] != login || answer["scope"] != "openid offline_access" || answer["iss"] != p.issuer {
					t.Errorf("the server says %v", answer)
				}
				if got := must(url.ParseQuery(last(p.requests(t, id, "POST", "/token/introspection"), token).Body)); got.Get("token_type_hint") != hint {
					t.Errorf("the server got %v", got)
				}
				if !o.passed("V-IN-01") {
					t.Error("V-IN-01 did not pass")
				}
			}
			for range 2 { // the second time it is gone already, and that is no error (RFC 7009 §2.2)
				o := use(t, 0, "revoke", p.issuer, token, client...)
				checkClean(t, o)
				if o.stdout != "" {
					t.Errorf("stdout is %q", o.stdout)
				}
				if l := last(p.requests(t, id, "POST", "/token/revocation"), token); l.Status != 200 {
					t.Errorf("the server saw no such token, or answered %d", l.Status)
				}
			}
			for _, gone := range []string{token, other} { // this server takes back the whole grant
				o := use(t, 0, "introspect", p.issuer, gone, client...)
				checkClean(t, o)
				if answer := o.tokens(t); answer["active"] != false || len(answer) != 1 {
					t.Errorf("after it was given back the server says %v", answer)
				}
			}
			checkRefused(t, use(t, 3, "userinfo", p.issuer, access), "userinfo", "invalid_token")
			checkRefused(t, refreshedAt(t, p, refresh, client), "token", "invalid_grant")
		})
	}
	t.Run("wrong secret", func(t *testing.T) {
		t.Parallel()
		for command, endpoint := range map[string]string{"introspect": "introspection", "revoke": "revocation"} {
			o := use(t, 3, command, p.issuer, "some-token-or-other", "--client-id", id, "--client-secret", "value:wrong")
			checkRefused(t, o, endpoint, "invalid_client")
		}
	})
	t.Run("JWT", func(t *testing.T) { // it is signed, and this server does not know it by its text
		t.Parallel()
		signed := signIn(t, p, 0, "--client-id", "using public", "--scope", "openid api:read", "--resource", "https://api.example")
		access := text(signed.tokens(t), "access_token")
		for command, endpoint := range map[string]string{"introspect": "introspection", "revoke": "revocation"} {
			checkRefused(t, use(t, 3, command, p.issuer, access, client...), endpoint, "unsupported_token_type")
		}
	})
}

func refreshedAt(t *testing.T, p *peer, refresh string, client []string) outcome {
	t.Helper()
	return start(t, []string{"SECRET=" + guardedSecret, "REFRESH=" + refresh}, append([]string{"refresh", p.issuer, "--refresh-token", "env:REFRESH"}, client...)...).wait(t, 3)
}

// last is the last request that has a token in its body.
func last(all []peerLine, token string) peerLine {
	var found peerLine
	for _, l := range all {
		if strings.Contains(l.Body, "token="+url.QueryEscape(token)) {
			found = l
		}
	}
	return found
}

// An introspection answer as a JWT (RFC 9701), signed, and encrypted too.
func TestSignedIntrospection(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for id, key := range map[string]string{"using signed": "peer-ec", "using sealed": "peer-1"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			client := credential(t, id, "private_key_jwt")
			access := text(signIn(t, p, 0, append(client, "--scope", "openid profile")...).tokens(t), "access_token")
			o := use(t, 0, "introspect", p.issuer, access, append(client, "--signed")...)
			checkClean(t, o)
			e := o.exchange(t, "introspection")
			if got := e.Request.header("Accept"); !strings.Contains(got, "application/token-introspection+jwt") {
				t.Errorf("Accept is %q", got)
			}
			if got := e.Response.header("Content-Type"); !strings.HasPrefix(got, "application/token-introspection+jwt") {
				t.Errorf("the server answered with %s", got)
			}
			d := o.decoded(t, "introspection")
			if !d.Verified {
				t.Error("the answer was not verified")
			}
			body, alg := last(p.requests(t, id, "POST", "/token/introspection"), access).Answer, jose.RS256
			checkUnsigned(t, o, body)
			if id == "using sealed" {
				body = opened(t, body, "ECDH-ES", "A256GCM")
			} else {
				alg = jose.ES256
			}
			claims, _ := verified(t, body, alg, p.key(t, key))
			inner, _ := claims["token_introspection"].(map[string]any)
			if inner["active"] != true || inner["sub"] != login || claims["aud"] != id || claims["iss"] != p.issuer {
				t.Errorf("the server says %v", claims)
			}
			if answer := o.tokens(t); !reflect.DeepEqual(answer, inner) {
				t.Errorf("stdout is %v, want %v", answer, inner)
			}
		})
	}
}

// Signing out, by the program's own walk: it was never signed in there, so the server
// has nothing to ask, and sends it back at once.
func TestLogout(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	const id = "leaving"
	hint := text(signIn(t, p, 0, "--client-id", id, "--scope", "openid").tokens(t), "id_token")
	for name, args := range map[string][]string{"with a hint": {"--id-token-hint", "env:HINT"}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := start(t, []string{"HINT=" + hint}, append([]string{"logout", p.issuer, "--client-id", id, "--headless", "--timeout", "60s"}, args...)...).wait(t, 0)
			checkClean(t, o)
			if signature := hint[strings.LastIndex(hint, ".")+1:]; strings.Contains(o.raw, signature) { // it stands in the URL that is opened
				t.Error("the saved trace holds the ID token")
			}
			checkLeft(t, p, o, id, hint)
		})
	}
	t.Run("unregistered", func(t *testing.T) {
		t.Parallel()
		start(t, nil, "logout", p.issuer, "--client-id", "leaving for nowhere", "--headless", "--timeout", "60s").wait(t, 3)
		if !strings.Contains(asJSON(p.lines(t)), "post_logout_redirect_uri not registered") {
			t.Error("the server did not refuse the way back")
		}
	})
}

// checkLeft expects the server to have been asked to sign out, and to have sent the
// browser back with the state of this run.
func checkLeft(t *testing.T, p *peer, o outcome, id, hint string) {
	t.Helper()
	if o.stdout != "" {
		t.Errorf("stdout is %q", o.stdout)
	}
	r := o.answer(t)
	found := false
	for _, l := range p.lines(t) {
		at, query, _ := strings.Cut(l.URL, "?")
		asked := must(url.ParseQuery(query))
		if at != "/session/end" || asked.Get("state") != r.param("state") || asked.Get("state") == "" {
			continue
		}
		found = true
		if asked.Get("client_id") != id || !strings.HasPrefix(asked.Get("post_logout_redirect_uri"), "http://127.0.0.1:") {
			t.Errorf("the server was asked with %v", asked)
		}
		if got := asked.Get("id_token_hint"); got != "" && got != hint {
			t.Errorf("id_token_hint is %q", got)
		}
	}
	if !found {
		t.Error("the server was not asked, or sent back another state")
	}
}

// Signing out, by a person who is signed in: the server asks on a page, and the next
// sign-in asks again.
func TestLogoutByBrowser(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	const id = "leaving by browser"
	b := open(t)
	run := printed(t, p.issuer, "--client-id", id)
	b.signIn(t, run.waitURL(t))
	b.allow(t)
	signed := run.wait(t, 0)
	b.ended(t, "good")
	hint := text(signed.tokens(t), "id_token")
	out := start(t, []string{"HINT=" + hint}, "logout", p.issuer, "--client-id", id, "--id-token-hint", "env:HINT", "--no-browser", "--timeout", "60s")
	b.do(t, chromedp.Navigate(out.waitURL(t)), chromedp.Click(chromedp.CSS("button[name=logout]")))
	o := out.wait(t, 0)
	b.ended(t, "good")
	checkClean(t, o)
	checkLeft(t, p, o, id, hint)
	again := printed(t, p.issuer, "--client-id", id, "--prompt", "none")
	b.do(t, chromedp.Navigate(again.waitURL(t)))
	checkRefused(t, again.wait(t, 3), "authorization", "login_required")
}
