package cmd

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// signingIn are the arguments of a code grant that signs in by itself.
func signingIn(issuer string, more ...string) []string {
	return slices.Concat([]string{"code", issuer, "--client-id", "public", "--scope", "openid profile", "--headless", "--fill", "username=alice", "--fill", "password=alice"}, more)
}

// spent reports whether the code went to the token endpoint.
func (r result) spent() bool {
	return slices.ContainsFunc(r.records, func(rec trace.Record) bool {
		b, built := rec.Event.(trace.Built)
		return built && b.Endpoint == string(flow.Token)
	})
}

// An answer that fails state, iss or its signature may be anybody's: the code
// in it is not spent, and what it says of an error is repeated nowhere.
func TestUntrustedAnswers(t *testing.T) {
	const words = "call 0800-EVIL"
	forged := func(answer func(r *http.Request) string) string {
		s := httptest.NewServer(nil)
		t.Cleanup(s.Close)
		mux := http.NewServeMux()
		mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{
				"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token",
				"code_challenge_methods_supported": []string{"S256"}, "authorization_response_iss_parameter_supported": true,
			})
		})
		mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?"+answer(r), http.StatusFound)
		})
		mux.HandleFunc("/token", func(http.ResponseWriter, *http.Request) { t.Error("the code was spent") })
		s.Config.Handler = mux
		return s.URL
	}
	const lie = "error=access_denied&error_description=call+0800-EVIL&error_uri=https%3A%2F%2F0800-EVIL.example"
	for name, c := range map[string]struct {
		answer func(*http.Request) string
		code   string
	}{
		"another state": {func(*http.Request) string { return lie + "&state=other" }, "V-AR-02"},
		"no state":      {func(*http.Request) string { return lie }, "V-AR-02"},
		"another iss": {func(r *http.Request) string {
			return lie + "&iss=https%3A%2F%2Fevil.example&state=" + r.URL.Query().Get("state")
		}, "V-AR-05"},
		"no iss":             {func(r *http.Request) string { return lie + "&state=" + r.URL.Query().Get("state") }, "V-AR-06"},
		"a code in its name": {func(*http.Request) string { return "code=stolen-code-of-somebody&" + lie + "&state=other" }, "V-AR-02"},
	} {
		r := run(t, nil, "", "code", forged(c.answer), "--client-id", "me", "--headless", "-v", "-o", "result")
		if r.exit != exitCheck || !strings.Contains(r.stderr, c.code) {
			t.Errorf("%s: exit %d, want %s:\n%s", name, r.exit, c.code, r.stderr)
		}
		for where, text := range map[string]string{"stderr": r.stderr, "stdout": r.stdout, "the trace": saved(t, r.records)} {
			if strings.Contains(text, "0800") || strings.Contains(text, words) {
				t.Errorf("%s: the forged words are in %s:\n%s", name, where, text)
			}
		}
	}
	for _, fault := range []string{"state-wrong", "state-missing", "iss-wrong", "iss-missing", "iss-unadvertised-wrong"} {
		if r := run(t, nil, "", signingIn(startDemo(t, fault), "-o", "token")...); r.spent() || r.exit != exitCheck || r.stdout != "" {
			t.Errorf("%s: exit %d, spent %v, stdout %q", fault, r.exit, r.spent(), r.stdout)
		}
	}
	for _, fault := range []string{"jarm-bad-signature", "jarm-foreign-key", "jarm-alg-none", "jarm-plain", "jarm-expired", "jarm-aud-wrong", "jarm-iss-wrong", "jarm-state-wrong"} {
		if r := run(t, nil, "", signingIn(startDemo(t, fault), "--response-mode", "query.jwt", "-o", "token")...); r.spent() || r.exit != exitCheck || r.stdout != "" {
			t.Errorf("%s: exit %d, spent %v, stdout %q", fault, r.exit, r.spent(), r.stdout)
		}
	}
}

// What stops a run is the gate alone: --keep-going lets everything pass that
// can be gone on with, --strict stops at each failed MUST, and without either
// a failed MUST that is no matter of trust is shown and kept.
func TestGates(t *testing.T) {
	for _, f := range demo.Faults() {
		if len(f.Codes) == 0 || slices.Contains([]string{"token-junk-20mb", "callback-307"}, f.Name) {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			issuer := startDemo(t, f.Name)
			loose := run(t, nil, "", signingIn(issuer, "--keep-going", "-o", "none")...)
			if len(loose.records) == 0 {
				t.Fatalf("nothing ran: exit %d\n%s", loose.exit, loose.stderr)
			}
			if loose.exit == exitCheck {
				t.Errorf("--keep-going stopped:\n%s", loose.stderr)
			}
			if loose.exit == exitDone && !loose.failed(false) {
				return // nothing but warnings
			}
			if loose.exit != exitDone {
				return // refused, or no answer of the protocol: no gate has a say
			}
			strict := run(t, nil, "", signingIn(startDemo(t, f.Name), "--strict", "-o", "token")...)
			if must := strict.failed(true); (strict.exit == exitCheck) != must || must && strict.stdout != "" {
				t.Errorf("--strict: exit %d, a failed MUST: %v, stdout %q\n%s", strict.exit, must, strict.stdout, strict.stderr)
			}
		})
	}
}

// failed reports whether a finding failed; with must, one that is a MUST.
func (r result) failed(must bool) bool {
	return slices.ContainsFunc(r.records, func(rec trace.Record) bool {
		f, is := rec.Event.(trace.Finding)
		return is && f.Outcome == trace.Fail && (!must || f.Level == trace.Must || slices.Contains(trustCodes(), f.Code))
	})
}

// A server as it may be, not as it usually is.
func TestTolerated(t *testing.T) {
	for _, fault := range []string{"ok-extra-members", "ok-token-type-lower", "ok-no-scope-in-response", "ok-aud-array", "ok-unknown-keys-in-jwks", "ok-key-rotated"} {
		r := run(t, nil, "", signingIn(startDemo(t, fault), "-o", "token")...)
		if got := r.complaints(); r.exit != exitDone || len(got) > 0 || strings.Count(r.stdout, ".") != 2 {
			t.Errorf("%s: exit %d, %v, %q", fault, r.exit, got, r.stdout)
		}
	}
	r := run(t, nil, "", signingIn(startDemo(t, "expires-in-absent"), "-o", "token")...)
	if got := r.complaints(); r.exit != exitDone || !slices.Equal(got, []string{"V-TR-10"}) {
		t.Errorf("no expires_in: exit %d, %v", r.exit, got)
	}
	for _, spelling := range []string{"bearer", "Bearer", "BEARER", "bEaReR"} {
		s := answering(t, `{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"`+spelling+`","expires_in":3600}`)
		if r := run(t, map[string]string{"S": "a-secret"}, "", "cc", "--token-endpoint", s, "--client-id", "me", "--client-secret", "env:S", "-o", "header"); r.exit != exitDone || r.stdout != "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA\n" {
			t.Errorf("%s: exit %d, %q\n%s", spelling, r.exit, r.stdout, r.stderr)
		}
	}
}

// answering is a token endpoint that says one thing.
func answering(t *testing.T, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/token"
}

// The clocks may differ by 30 s, whoever is ahead, and by no more. The ID token
// lives for five minutes.
func TestClocks(t *testing.T) {
	const life = 300 * time.Second
	for ahead, code := range map[time.Duration]string{
		29 * time.Second: "", 31 * time.Second: "V-ID-18", // issued in the future
		-29 * time.Second: "", -life - 29*time.Second: "", -life - 31*time.Second: "V-ID-17", // expired
	} {
		server, err := demo.Start("127.0.0.1:0", demo.Config{Now: func() time.Time { return now().Add(ahead) }})
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, nil, "", signingIn(server.Issuer, "-o", "none")...)
		_ = server.Close()
		exit := map[bool]int{true: exitDone, false: exitCheck}[code == ""]
		if got := strings.Join(r.complaints(), " "); r.exit != exit || !strings.Contains(got, code) || code == "" && got != "" {
			t.Errorf("%s ahead: exit %d, complaints %q, want %q\n%s", ahead, r.exit, got, code, r.stderr)
		}
	}
}

// A key that is not in the set may have come since: the set is fetched once
// more, and only once.
func TestOneRefetch(t *testing.T) {
	for fault, exit := range map[string]int{"ok-key-rotated": exitDone, "idtoken-kid-unknown": exitCheck} {
		r := run(t, nil, "", signingIn(startDemo(t, fault), "-o", "none")...)
		if n := r.sent(flow.JWKS); r.exit != exit || n != 2 {
			t.Errorf("%s: exit %d, the key set was fetched %d times", fault, r.exit, n)
		}
	}
}

// Ways of single vendors are borne with a warning that names the vendor.
func TestVendorsAreNamed(t *testing.T) {
	for _, c := range []struct{ scope, answer, code, name string }{
		{"repo gist", `{"access_token":"gho_16C7e42F292c6912E7710c838347Ae178B4a","scope":"repo,gist","token_type":"bearer","expires_in":300}`, "V-TR-12", "GitHub"},
		{"", `{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":"3599","ext_expires_in":"3599","expires_on":"1795443599","resource":"https://graph.windows.net"}`, "V-TR-09", "Microsoft Entra"},
	} {
		args := []string{"cc", "--token-endpoint", answering(t, c.answer), "--client-id", "me", "--client-secret", "env:S", "-o", "token"}
		if c.scope != "" {
			args = append(args, "--scope", c.scope)
		}
		r := run(t, map[string]string{"S": "a-secret"}, "", args...)
		if got := r.complaints(); r.exit != exitDone || r.failed(false) || !slices.Equal(got, []string{c.code}) || !strings.Contains(r.stderr, c.name) {
			t.Errorf("%s: exit %d, %v\n%s", c.name, r.exit, got, r.stderr)
		}
	}
}

// A redirect is followed nowhere with a code, a secret or a token.
func TestNothingFollowsToAnotherOrigin(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another origin was asked: %s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer here.Close()
	env := map[string]string{"S": "a-secret"}
	for _, args := range [][]string{
		{"cc", "--token-endpoint", here.URL + "/token", "--client-id", "me", "--client-secret", "env:S"},
		{"refresh", "--token-endpoint", here.URL + "/token", "--client-id", "me", "--refresh-token", "env:S"},
		{"introspect", "--introspection-endpoint", here.URL + "/introspect", "--client-id", "me", "--client-secret", "env:S", "--token", "env:S"},
		{"userinfo", "--userinfo-endpoint", here.URL + "/userinfo", "--access-token", "env:S"},
		{"call", here.URL + "/things", "--access-token", "env:S"},
		{"code", here.URL, "--client-id", "me"},
	} {
		if r := run(t, env, "", args...); r.exit == exitUsage || len(r.records) == 0 {
			t.Errorf("%s: exit %d\n%s", args[0], r.exit, r.stderr)
		}
	}
}
