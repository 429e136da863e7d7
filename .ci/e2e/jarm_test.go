package e2e

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/go-jose/go-jose/v4"
)

// A sealedAnswer is one way to have the authorization response as a JWT.
type sealedAnswer struct {
	id        string
	sign      string // of the server
	seal, enc string // to the client
	mode, via string
	hybrid    bool
}

func sealedAnswers() []sealedAnswer {
	return []sealedAnswer{
		{"jarm RS256", "RS256", "", "", "query.jwt", "query", false},
		{"jarm ES256", "ES256", "", "", "jwt", "query", false},
		{"jarm HS256", "HS256", "", "", "form_post.jwt", "form_post", false},
		{"jarm ES256 fragment", "ES256", "", "", "fragment.jwt", "fragment", false},
		{"jarm ES256 form", "ES256", "", "", "form_post.jwt", "form_post", false},
		{"jarm hybrid", "RS256", "", "", "fragment.jwt", "fragment", true},
		{"jarm hybrid jwt", "ES256", "", "", "jwt", "fragment", true},
		{"jarm RSA", "RS256", "RSA-OAEP-256", "A256GCM", "query.jwt", "query", false},
		{"jarm EC", "ES256", "ECDH-ES", "A128CBC-HS256", "form_post.jwt", "form_post", false},
		{"jarm EC hybrid", "ES256", "ECDH-ES", "A256CBC-HS512", "fragment.jwt", "fragment", true},
		{"jarm dir", "RS256", "dir", "A256GCM", "jwt", "query", false},
		{"jarm A256KW", "RS256", "A256KW", "A128CBC-HS256", "query.jwt", "query", false},
	}
}

func (c sealedAnswer) method() string {
	if c.sign == "HS256" || c.seal == "dir" || c.seal == "A256KW" {
		return "client_secret_basic"
	}
	return "private_key_jwt"
}

func (c sealedAnswer) members() members {
	m := members{"authorization_signed_response_alg": c.sign, "grant_types": []string{"authorization_code", "implicit"}, "response_types": []string{"code", "code id_token"}}
	if c.seal != "" {
		m["authorization_encrypted_response_alg"], m["authorization_encrypted_response_enc"] = c.seal, c.enc
	}
	return m
}

func jarmClients() []any {
	var all []any
	for _, c := range sealedAnswers() {
		all = append(all, signsIn(c.id, c.method(), c.members()), signsIn(c.id+" refused", c.method(), c.members()))
	}
	encrypted := sealedAnswers()[7].members()
	return append(all, signsIn("jarm denied", "private_key_jwt", encrypted), signsIn("jarm unreadable", "private_key_jwt", encrypted))
}

func (c sealedAnswer) flags(t *testing.T, id string) []string {
	t.Helper()
	args := append(credential(t, id, c.method()), "--scope", "openid profile", "--response-mode", c.mode)
	if c.method() == "client_secret_basic" && c.seal != "" {
		return args // what the secret opens needs no key
	}
	if c.hybrid {
		args = append(args, "--response-type", "code id_token")
	}
	return args
}

func (c sealedAnswer) command() string {
	if c.hybrid {
		return "hybrid"
	}
	return "code"
}

// The answer comes as a JWT that the server signs, and that it encrypts to a
// client that wants that (JARM).
func TestJARM(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for _, c := range sealedAnswers() {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			o := signInBy(t, p, 0, c.command(), c.flags(t, c.id)...)
			checkSignedIn(t, o)
			p.checkGranted(t, o, c.id, c.method())
			if r := o.answer(t); r.Via != c.via || len(r.Params) != 1 || r.Params[0].Name != "response" {
				t.Errorf("the answer came by %s with %v", r.Via, r.Params)
			}
			checkAnswer(t, p, o, c, c.id)
			d := o.decoded(t, "jarm")
			if !d.Verified || d.Claims["iss"] != p.issuer || d.Claims["aud"] != c.id {
				t.Errorf("the trace shows the answer as verified: %v, with %v", d.Verified, d.Claims)
			}
			for _, code := range []string{"V-AR-02", "V-JM-01", "V-JM-02", "V-JM-03", "V-JM-04", "V-JM-05", "V-JM-06"} {
				if !o.passed(code) {
					t.Errorf("%s did not pass", code)
				}
			}
			if (c.seal != "") != o.passed("V-JM-07") {
				t.Errorf("V-JM-07 passed: %v", c.seal == "")
			}
		})
	}
}

// checkAnswer opens the answer, as the server sent it, with another library, and
// holds it against the code that was traded.
func checkAnswer(t *testing.T, p *peer, o outcome, c sealedAnswer, client string) map[string]any {
	t.Helper()
	var sent string
	for _, l := range p.of(t, client, "http") {
		_, query, found := strings.Cut(l.Location, "?response=")
		if !found {
			_, query, found = strings.Cut(l.Location, "#response=")
		}
		if found {
			sent = must(url.QueryUnescape(query))
		}
	}
	if sent == "" {
		if c.via != "form_post" {
			t.Fatal("the server sent no answer with response and nothing else")
		}
		return nil // it stands on a page
	}
	checkHygiene(t, o, sent)
	if c.seal == "dir" || c.seal == "A256KW" {
		if h := headerOf(t, sent); h["alg"] != c.seal || h["enc"] != c.enc {
			t.Errorf("the answer has the header %v", h)
		}
		return nil
	}
	if c.seal != "" {
		sent = opened(t, sent, c.seal, c.enc)
	}
	var key any = []byte(guardedSecret)
	switch c.sign {
	case "RS256":
		key = p.key(t, "peer-1")
	case "ES256":
		key = p.key(t, "peer-ec")
	}
	claims, _ := verified(t, sent, jose.SignatureAlgorithm(c.sign), key)
	if payload := strings.Split(sent, ".")[1]; claims["code"] != nil && strings.Contains(o.raw+o.stderr, payload) {
		t.Error("the code can be read in the saved trace or on stderr: the JWT that holds it is there with its payload")
	}
	if claims["iss"] != p.issuer || claims["aud"] != client {
		t.Errorf("the answer says %v", claims)
	}
	if granted := p.of(t, client, "granted"); len(granted) == 1 && claims["code"] != granted[0].Params["code"] {
		t.Errorf("the code in the answer is %v, and %q was traded", claims["code"], granted[0].Params["code"])
	}
	return claims
}

// opened is what another library decrypts with the client's key.
func opened(t *testing.T, compact, alg, enc string) string {
	t.Helper()
	jwe, err := jose.ParseEncryptedCompact(compact, []jose.KeyAlgorithm{jose.KeyAlgorithm(alg)}, []jose.ContentEncryption{jose.ContentEncryption(enc)})
	if err != nil {
		t.Fatalf("%q is not encrypted with %s and %s: %v", compact, alg, enc, err)
	}
	key := kit().sealRSA
	if alg == "ECDH-ES" {
		key = kit().sealEC
	}
	plain, err := jwe.Decrypt(key)
	if err != nil {
		t.Fatalf("%q: %v", compact, err)
	}
	return string(plain)
}

// An error comes in the same wrapping, and is the server's word only then.
func TestJARMErrors(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for _, c := range sealedAnswers() {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			id := c.id + " refused"
			o := signInBy(t, p, 3, c.command(), append(c.flags(t, id), "--prompt", "none")...)
			checkRefused(t, o, "authorization", "login_required")
			if d := o.decoded(t, "jarm"); !d.Verified || d.Claims["error"] != "login_required" {
				t.Errorf("the trace shows the answer as verified: %v, with %v", d.Verified, d.Claims)
			}
			if claims := checkAnswer(t, p, o, c, id); claims != nil && claims["error"] != "login_required" {
				t.Errorf("the server said %v", claims)
			}
			if o.tries("token") != nil {
				t.Error("the token endpoint was asked")
			}
		})
	}
}

// A person who says no, in a browser, with the answer encrypted.
func TestJARMDenied(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	b := open(t)
	run := printed(t, p.issuer, append(credential(t, "jarm denied", "private_key_jwt"), "--response-mode", "query.jwt")...)
	b.signIn(t, run.waitURL(t))
	b.do(t, chromedp.Click(chromedp.CSS(".login-help a")))
	o := run.wait(t, 3)
	b.ended(t, "bad")
	checkRefused(t, o, "authorization", "access_denied")
	if d := o.decoded(t, "jarm"); !d.Verified || d.Claims["error"] != "access_denied" {
		t.Errorf("the trace shows the answer as verified: %v, with %v", d.Verified, d.Claims)
	}
	if claims := checkAnswer(t, p, o, sealedAnswers()[7], "jarm denied"); claims["error"] != "access_denied" {
		t.Errorf("the server said %v", claims)
	}
}

// An answer that is not for any key of ours cannot be used: exit 4.
func TestJARMUnreadable(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	key := file(t, "keys.json", asJSON(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{kit().es256}}))
	o := signIn(t, p, 4, "--client-id", "jarm unreadable", "--auth-method", "private_key_jwt", "--key", key, "--scope", "openid", "--response-mode", "query.jwt")
	if kind, _, code := o.refused(); kind != "check" || code != "V-JM-01" && code != "V-JM-02" {
		t.Errorf("the run ended with %s, %s; want check, V-JM-01", kind, code)
	}
	checkOneError(t, o.stdout, o.stderr)
	for _, l := range p.of(t, "jarm unreadable", "granted") {
		t.Errorf("a code was spent: %s", must(json.Marshal(l)))
	}
}
