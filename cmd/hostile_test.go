package cmd

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// A fake is a server that says whatever a test has it say.
type fake struct {
	*httptest.Server
	mux  *http.ServeMux
	key  jose.Private
	meta map[string]any
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{mux: http.NewServeMux()}
	f.Server = httptest.NewServer(f.mux)
	t.Cleanup(f.Close)
	var err error
	if f.key, err = jose.Generate("ES256", rand.Reader); err != nil {
		t.Fatal(err)
	}
	at := func(path string) string { return f.URL + path }
	f.meta = map[string]any{
		"issuer": f.URL, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "jwks_uri": at("/jwks"),
		"pushed_authorization_request_endpoint": at("/par"), "userinfo_endpoint": at("/userinfo"), "introspection_endpoint": at("/introspect"),
		"response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256", "RS256"}, "authorization_signing_alg_values_supported": []string{"ES256"},
	}
	f.mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { say(w, 200, f.meta) })
	f.mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(f.key.PublicJWKS())
	})
	f.mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		say(w, 200, map[string]any{"access_token": "opaque-token-1234567890", "token_type": "Bearer", "expires_in": 300})
	})
	return f
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// signed is a JWT by the server, or by somebody else in its name.
func (f *fake) signed(t *testing.T, by jose.Private, typ string, claims map[string]any) string {
	t.Helper()
	s, err := jose.Sign("ES256", by.Key, map[string]any{"typ": typ, "kid": f.key.Kid}, claims)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answers sends the browser back with what is made of the request.
func (f *fake) answers(of func(url.Values) string) {
	f.mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+of(q), http.StatusFound)
	})
}

// jarm are the claims of a signed answer as they should be.
func (f *fake) jarm(q url.Values, more map[string]any) map[string]any {
	claims := map[string]any{"iss": f.URL, "aud": "me", "exp": now().Unix() + 60, "state": q.Get("state"), "code": "code-one-1234567890123456"}
	for name, v := range more {
		if claims[name] = v; v == nil {
			delete(claims, name)
		}
	}
	return claims
}

// What an answer that may be anybody's says of an error is nowhere to be read:
// not on the screen, not in the file, not inside a JWT.
func TestForgedWordsAreNotRepeated(t *testing.T) {
	other, err := jose.Generate("ES256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	evil := map[string]any{"error": "call 0800-evil", "error_description": "visit 0900-evil", "code": nil}
	for name, c := range map[string]struct {
		mode string
		of   func(*fake, url.Values) string
	}{
		"another state": {"", func(_ *fake, _ url.Values) string {
			return "error=call+0800-evil&error_description=visit+0900-evil&state=x"
		}},
		"another issuer": {"", func(_ *fake, q url.Values) string {
			return "error=call+0800-evil&error_description=visit+0900-evil&iss=https://evil.example&state=" + q.Get("state")
		}},
		"another key": {"jwt", func(f *fake, q url.Values) string {
			return "response=" + f.signed(t, other, "JWT", f.jarm(q, evil))
		}},
		"another state, signed": {"jwt", func(f *fake, q url.Values) string {
			more := map[string]any{"state": "x"}
			for k, v := range evil {
				more[k] = v
			}
			return "response=" + f.signed(t, f.key, "JWT", f.jarm(q, more))
		}},
	} {
		f := newFake(t)
		f.answers(func(q url.Values) string { return c.of(f, q) })
		args := []string{"code", f.URL, "--client-id", "me", "--headless", "-v"}
		if c.mode != "" {
			args = append(args, "--response-mode", c.mode)
		}
		r := run(t, nil, "", args...)
		shown := ""
		for line := range strings.Lines(r.stderr) {
			shown += line
		}
		for where, text := range map[string]string{"stderr": shown, "file": saved(t, r.records)} {
			if text = opened(text); strings.Contains(text, "0900-evil") || where == "stderr" && strings.Contains(text, "0800-evil") {
				t.Errorf("%s: %s repeats what was forged", name, where)
			}
		}
		if r.exit != exitCheck {
			t.Errorf("%s: exit %d\n%s", name, r.exit, r.stderr)
		}
	}
}

// Signed answers that are bent in ways of their own, and ones that are fine.
func TestSignedAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		of   func(*fake, url.Values) string
		want []string
		exit int
	}{
		"as it should be": {func(f *fake, q url.Values) string { return "response=" + f.signed(t, f.key, "JWT", f.jarm(q, nil)) }, nil, exitDone},
		"a name that needs an escape": {func(f *fake, q url.Values) string {
			return "response=" + f.signed(t, f.key, "JWT", f.jarm(q, map[string]any{"a\u007fb\"": 1}))
		}, nil, exitDone},
		"two of them": {func(f *fake, q url.Values) string {
			s := f.signed(t, f.key, "JWT", f.jarm(q, nil))
			return "response=" + s + "&response=" + s
		}, []string{"V-JM-01"}, exitCheck},
		"no answer at all": {func(*fake, url.Values) string { return "x=1" }, []string{"V-JM-01"}, exitCheck},
		"not a JWT":        {func(*fake, url.Values) string { return "response=hello" }, []string{"V-JM-01"}, exitCheck},
		"encrypted to nobody here": {func(*fake, url.Values) string {
			return "response=eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA"
		}, []string{"V-JM-01"}, exitCheck},
	} {
		f := newFake(t)
		f.answers(func(q url.Values) string { return c.of(f, q) })
		r := run(t, nil, "", "code", f.URL, "--client-id", "me", "--headless", "--response-mode", "jwt")
		if got := r.serious(); !slices.Equal(got, c.want) || r.exit != c.exit {
			t.Errorf("%s: %v, exit %d; want %v, exit %d\n%s", name, got, r.exit, c.want, c.exit, r.stderr)
		}
		if c.exit != exitDone && r.sent("token") > 0 {
			t.Errorf("%s: the code was spent", name)
		}
	}
}

// serious are the complaints but for remarks on metadata and keys.
func (r result) serious() []string {
	return slices.DeleteFunc(r.complaints(), func(code string) bool {
		return strings.HasPrefix(code, "META-") || strings.HasPrefix(code, "JWKS-") || strings.HasPrefix(code, "V-MD-") || strings.HasPrefix(code, "V-AT-")
	})
}

// A server may want an attestation challenge and a nonce, in either order: each
// is followed once.
func TestTwoRetriesOfTwoKinds(t *testing.T) {
	for _, order := range []string{"ac", "ca", "aa", "cc"} {
		f := newFake(t)
		f.meta["token_endpoint_auth_methods_supported"] = []string{"attest_jwt_client_auth"}
		f.meta["dpop_signing_alg_values_supported"] = []string{"ES256"}
		n := 0
		f.meta["token_endpoint"] = f.URL + "/token2"
		f.mux.HandleFunc("/token2", func(w http.ResponseWriter, _ *http.Request) {
			n++
			switch {
			case n > 2:
				say(w, 200, map[string]any{"access_token": "abc-abc-abc-abc-abc-abc", "token_type": "DPoP", "expires_in": 300})
			case order[n-1] == 'a':
				w.Header().Set("OAuth-Client-Attestation-Challenge", "challenge"+order[:n])
				say(w, 400, map[string]any{"error": "use_attestation_challenge"})
			default:
				w.Header().Set("DPoP-Nonce", "nonce"+order[:n])
				say(w, 400, map[string]any{"error": "use_dpop_nonce"})
			}
		})
		r := run(t, nil, "", "cc", f.URL, "--client-id", "attested", "--attestation", file(t, "a.jwt", []byte(demo.Attestation(now()))), "--attestation-key", file(t, "k.jwk", demo.ClientKey()), "--dpop")
		both := order[0] != order[1]
		if want := map[bool]int{true: 3, false: 2}[both]; n != want || (r.exit == exitDone) != both {
			t.Errorf("%s: %d requests, want %d; exit %d\n%s", order, n, want, r.exit, r.stderr)
		}
	}
}

// What was changed by hand on its way counts as asked for: nobody is blamed
// for answering it.
func TestEditsAreJudgedAsSent(t *testing.T) {
	issuer := startDemo(t)
	for _, edits := range [][]string{
		{"--par", "--scope", "openid", "--param", "par:scope=openid profile"},
		{"--par", "--drop", "par:state"},
		{"--par", "--param", "par:state=mine"},
		{"--par", "--scope", "openid", "--param", "par:nonce=mine"},
		{"--par", "--param", "par:response_mode=fragment"},
		{"--resource", "https://api.example", "--drop", "resource", "--drop", "token:resource"},
		{"--authorization-details", `[{"type":"account_information","actions":["list_accounts"]}]`, "--drop", "authorization_details"},
		{"--response-mode", "query.jwt", "--param", "response_mode=query"},
		{"--param", "response_mode=query.jwt"},
	} {
		r := run(t, nil, "", slices.Concat([]string{"code", issuer, "--client-id", "public", "--headless", "--fill", "username=alice", "--fill", "password=alice"}, edits)...)
		got := slices.DeleteFunc(r.serious(), func(code string) bool { return code == "V-AR-02" && slices.Contains(edits, "par:state") }) // that no state was sent is a warning
		if r.exit != exitDone || len(got) > 0 {
			t.Errorf("%v: exit %d, %v\n%s", edits, r.exit, got, r.stderr)
		}
	}
	for edit, says := range map[string]string{"exp=1": "exp", "aud=https://other.example": "aud", "iss=other": "iss"} {
		r := run(t, nil, "", "code", issuer, "--client-id", "public", "--auth-method", "none", "--key", file(t, "k.jwk", demo.ClientKey()), "--jar", "--par", "--param", edit)
		if r.exit != exitRefused || !strings.Contains(r.stderr, says) {
			t.Errorf("--jar --param %s: exit %d, want the server's refusal\n%s", edit, r.exit, r.stderr)
		}
	}
}

// A signed introspection answer that somebody else signed is not handed out.
func TestForgedIntrospection(t *testing.T) {
	other, err := jose.Generate("ES256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		by   func(*fake) jose.Private
		iss  string
		exit int
	}{
		"the server's own": {func(f *fake) jose.Private { return f.key }, "", exitDone},
		"another key":      {func(*fake) jose.Private { return other }, "", exitCheck},
		"another issuer":   {func(f *fake) jose.Private { return f.key }, "https://evil.example", exitCheck},
	} {
		f := newFake(t)
		f.mux.HandleFunc("/introspect", func(w http.ResponseWriter, _ *http.Request) {
			iss := f.URL
			if c.iss != "" {
				iss = c.iss
			}
			w.Header().Set("Content-Type", "application/token-introspection+jwt")
			_, _ = io.WriteString(w, f.signed(t, c.by(f), "token-introspection+jwt", map[string]any{"iss": iss, "aud": "me", "iat": now().Unix(), "token_introspection": map[string]any{"active": true, "sub": "admin"}}))
		})
		r := run(t, nil, "", "introspect", f.URL, "--client-id", "me", "--client-secret", "value:s", "--token", "value:t", "--signed")
		if r.exit != c.exit || (r.stdout != "") != (c.exit == exitDone) {
			t.Errorf("%s: exit %d, stdout %q\n%s", name, r.exit, r.stdout, r.stderr)
		}
	}
}

// What is called is sent to the last octet, and shown as it was sent.
func TestCallSendsWhatItIsGiven(t *testing.T) {
	f := newFake(t)
	var got []byte
	var seen *http.Request
	f.mux.HandleFunc("/things", func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		seen = r
		say(w, 200, map[string]any{})
	})
	body := append([]byte("\x00\xff"), make([]byte, 2<<20)...)
	body = append(body, '\n')
	r := run(t, nil, "", "call", f.URL+"/things?q=1", "-X", "PUT", "--data", "@"+file(t, "body", body), "--param", "a=b")
	if r.exit != exitDone || len(got) != len(body) || got[0] != 0 || got[1] != 0xff || got[len(got)-1] != '\n' {
		t.Errorf("exit %d, %d octets came, %d were given\n", r.exit, len(got), len(body))
	}
	if seen.URL.RawQuery != "q=1&a=b" {
		t.Errorf("the query is %s", seen.URL.RawQuery)
	}
	run(t, nil, "", "call", f.URL+"/things", "-X", "POST", "--data", "value:")
	if seen.ContentLength != 0 || len(seen.TransferEncoding) > 0 {
		t.Errorf("an empty body came as %d octets, %v", seen.ContentLength, seen.TransferEncoding)
	}
	key := file(t, "dpop.jwk", demo.ClientKey())
	run(t, nil, "", "call", f.URL+"/things", "--access-token", "value:t", "--dpop-key", key, "--header", "dpop=mine")
	if all := seen.Header.Values("DPoP"); len(all) != 1 || all[0] != "mine" {
		t.Errorf("the proofs are %q", all)
	}
}

// A resource is followed as far as it wants something that it has not got, and
// in no scheme but those of OAuth.
func TestStepUpIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		challenge string
		calls     int
		signIns   int
	}{
		"the same scope for ever": {`Bearer error="insufficient_scope", scope="api"`, 2, 1},
		"no scope named":          {`Bearer error="insufficient_scope"`, 1, 0},
		"a token, for ever":       {`Bearer realm="x"`, 2, 1},
		"another scheme":          {`Basic realm="x", error="insufficient_scope", scope="api"`, 1, 0},
		"no number of seconds":    {`Bearer error="insufficient_user_authentication", max_age="-5 &x=y"`, 1, 0},
		"a stronger sign-in":      {`Bearer error="insufficient_user_authentication", acr_values="strong"`, 2, 1},
	} {
		f := newFake(t)
		calls, signIns := 0, 0
		f.mux.HandleFunc("/things", func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("WWW-Authenticate", c.challenge)
			say(w, 401, map[string]any{})
		})
		f.answers(func(q url.Values) string {
			signIns++
			return "code=code-one-1234567890123456&state=" + q.Get("state")
		})
		r := run(t, nil, "", "call", f.URL+"/things", "--step-up", "--issuer", f.URL, "--client-id", "me", "--headless")
		if calls != c.calls || signIns != c.signIns || r.exit != exitRefused {
			t.Errorf("%s: %d calls and %d sign-ins, want %d and %d; exit %d\n%s", name, calls, signIns, c.calls, c.signIns, r.exit, r.stderr)
		}
	}
	r := run(t, nil, "", "call", "http://127.0.0.1:1/", "--step-up")
	if r.exit != exitUsage || len(r.records) > 0 {
		t.Errorf("without a server: exit %d\n%s", r.exit, r.stderr)
	}
}

// A token in an address that is to be inspected is sent nowhere.
func TestInspectSendsNothing(t *testing.T) {
	f := newFake(t)
	hits := 0
	f.mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) { hits++ })
	r := run(t, nil, "x", "inspect", f.URL+"/cb?response=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2lnbmF0dXJl")
	if hits > 0 || r.exit != exitDone || !strings.Contains(r.stdout, "NOT VERIFIED") {
		t.Errorf("%d requests, exit %d\n%s%s", hits, r.exit, r.stdout, r.stderr)
	}
}

// What was typed and is empty was meant to be something.
func TestEmptyIsNotAbsent(t *testing.T) {
	for _, args := range [][]string{
		{"call", "http://127.0.0.1:1/", "--access-token", ""}, {"inspect", "x", "--audience", ""}, {"code", "--demo", "--claims", ""},
		{"code", "--demo", "--scope", ""}, {"call", "http://127.0.0.1:1/", "-X", ""},
	} {
		if r := run(t, nil, "", args...); r.exit != exitUsage || !strings.Contains(r.stderr, "is empty") {
			t.Errorf("%q: exit %d\n%s", args, r.exit, r.stderr)
		}
	}
}
