package e2e

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// The people and clients of zitadel's example storage, and ours.
const (
	zitadelUser     = "test-user@127.0.0.1"
	zitadelPassword = "verysecure"
	zitadelSecret   = "zitadel-Secret-2a7d9e41"
	zitadelService  = storage.ServiceUserID
)

// uncached is what zitadel's op really gets wrong, so it is right that it is
// found in every run: an answer with a token MUST say Cache-Control: no-store
// (RFC 6749 §5.1), and its token endpoint sends no Cache-Control at all.
const uncached = "V-TR-03 token-not-cached"

// A zitadel is zitadel's op package with the storage of its example, which we
// let know a key of ours.
type zitadel struct {
	*storage.Storage
	issuer string
	mu     sync.Mutex
	forms  []url.Values // what came to the token endpoint
}

// GetKeyByIDAndClientID is the key by which the service account signs.
func (z *zitadel) GetKeyByIDAndClientID(ctx context.Context, keyID, clientID string) (*jose.JSONWebKey, error) {
	if rsa := kit().rsa.Public(); keyID == rsa.KeyID && clientID == zitadelService {
		return &rsa, nil
	}
	return z.Storage.GetKeyByIDAndClientID(ctx, keyID, clientID)
}

// theZitadel is one server for all tests, on a free loopback port.
var theZitadel = sync.OnceValue(func() *zitadel {
	storage.RegisterClients(
		storage.NativeClient("native", "http://127.0.0.1/callback"),
		storage.WebClient("web", zitadelSecret, "http://127.0.0.1:1/callback"),
		storage.DeviceClient("device", zitadelSecret),
	)
	s := httptest.NewUnstartedServer(nil)
	z := &zitadel{issuer: "http://" + s.Listener.Addr().String()}
	z.Storage = storage.NewStorage(storage.NewUserStore(z.issuer))
	inner := exampleop.SetupServer(z.issuer, z, slog.New(slog.DiscardHandler), false)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/oauth/token" && r.ParseForm() == nil {
			z.mu.Lock()
			z.forms = append(z.forms, r.PostForm)
			z.mu.Unlock()
		}
		inner.ServeHTTP(w, r)
	})
	s.Start()
	return z
})

// form is the last token request that has a parameter of this value.
func (z *zitadel) form(t *testing.T, name, value string) url.Values {
	t.Helper()
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, f := range slices.Backward(z.forms) {
		if f.Get(name) == value {
			return f
		}
	}
	t.Fatalf("no token request with that %s", name)
	return nil
}

// zitadelTokens signs somebody in by code at the other server.
func zitadelTokens(t *testing.T, z *zitadel, client ...string) (outcome, map[string]any) {
	t.Helper()
	args := append([]string{
		"code", z.issuer, "--headless", "--fill", "username=" + zitadelUser, "--fill", "password=env:PASSWORD", "--timeout", "60s",
		"--scope", "openid profile offline_access",
	}, client...)
	o := start(t, []string{"PASSWORD=" + zitadelPassword, "SECRET=" + zitadelSecret}, args...).wait(t, 0)
	return o, o.tokens(t)
}

func text(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

// Code and refresh at a second server.
func TestZitadelCode(t *testing.T) {
	t.Parallel()
	z := theZitadel()
	o, answer := zitadelTokens(t, z, "--client-id", "native")
	checkSignedIn(t, o, uncached)
	checkHygiene(t, o, zitadelPassword, text(answer, "access_token"), text(answer, "refresh_token"), text(answer, "id_token"))
	again := start(t, []string{"REFRESH=" + text(answer, "refresh_token"), "ID=" + text(answer, "id_token")},
		"refresh", z.issuer, "--client-id", "native", "--refresh-token", "env:REFRESH", "--id-token-hint", "env:ID").wait(t, 0)
	checkSignedIn(t, again, uncached)
	next := again.tokens(t)
	if text(next, "refresh_token") == text(answer, "refresh_token") || text(next, "access_token") == text(answer, "access_token") {
		t.Errorf("nothing is new in %v", next)
	}
}

// Token exchange: all that zitadel's op can issue and take.
func TestZitadelExchange(t *testing.T) {
	t.Parallel()
	z := theZitadel()
	_, subject := zitadelTokens(t, z, "--client-id", "native")
	_, actor := zitadelTokens(t, z, "--client-id", "native")
	const kinds = "urn:ietf:params:oauth:token-type:"
	for _, c := range []struct {
		name, token, kind string
		args              []string
		issued, tokenType string
	}{
		{"access token for access token", "access_token", "access_token", []string{"--requested-token-type", "access_token"}, "access_token", "Bearer"},
		{"by the whole name", "access_token", kinds + "access_token", []string{"--requested-token-type", kinds + "access_token"}, "access_token", "Bearer"},
		{"ID token for access token", "id_token", "id_token", []string{"--requested-token-type", "access_token"}, "access_token", "Bearer"},
		{"as the server likes", "access_token", "access_token", nil, "refresh_token", "Bearer"},
		{"access token for ID token", "access_token", "access_token", []string{"--requested-token-type", "id_token"}, "id_token", "N_A"},
		{"delegation", "access_token", "access_token", []string{"--requested-token-type", "access_token", "--actor-token", "env:ACTOR", "--actor-token-type", "access_token"}, "access_token", "Bearer"},
		{"audience", "access_token", "access_token", []string{"--requested-token-type", "access_token", "--audience", "https://api.example"}, "access_token", "Bearer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := []string{"SECRET=" + zitadelSecret, "SUBJECT=" + text(subject, c.token), "ACTOR=" + text(actor, "access_token")}
			args := append([]string{
				"exchange", z.issuer, "--client-id", "web", "--client-secret", "env:SECRET", "--scope", "openid profile",
				"--subject-token", "env:SUBJECT", "--subject-token-type", c.kind,
			}, c.args...)
			o := start(t, env, args...).wait(t, 0)
			checkClean(t, o, uncached)
			answer := o.tokens(t)
			if got := text(answer, "issued_token_type"); got != kinds+c.issued {
				t.Errorf("issued_token_type is %q, want %q", got, kinds+c.issued)
			}
			if got := text(answer, "token_type"); got != c.tokenType {
				t.Errorf("token_type is %q, want %q", got, c.tokenType)
			}
			if s := text(answer, "access_token"); s == "" || s == text(subject, c.token) {
				t.Errorf("access_token is %q", s)
			}
			checkHygiene(t, o, zitadelSecret, text(subject, c.token), text(actor, "access_token"), text(answer, "access_token"), text(answer, "refresh_token"))
			f := z.form(t, "subject_token", text(subject, c.token))
			if f.Get("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange" || f.Get("subject_token_type") != kinds+c.token {
				t.Errorf("the server got %v", f)
			}
		})
	}
}

// What the exchange is refused for.
func TestZitadelExchangeRefused(t *testing.T) {
	t.Parallel()
	z := theZitadel()
	_, subject := zitadelTokens(t, z, "--client-id", "native")
	for _, c := range []struct {
		name, code string
		args       []string
	}{
		{"garbage", "invalid_request", []string{"--client-secret", "env:SECRET", "--subject-token", "value:garbage", "--subject-token-type", "access_token"}},
		{"type that is not the token's", "invalid_request", []string{"--client-secret", "env:SECRET", "--subject-token", "env:SUBJECT", "--subject-token-type", "id_token"}},
		{"type that nobody knows", "invalid_request", []string{"--client-secret", "env:SECRET", "--subject-token", "env:SUBJECT", "--subject-token-type", "urn:example:unknown"}},
		{"wrong secret", "invalid_client", []string{"--client-secret", "value:wrong", "--subject-token", "env:SUBJECT", "--subject-token-type", "access_token"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := []string{"SECRET=" + zitadelSecret, "SUBJECT=" + text(subject, "access_token")}
			o := start(t, env, append([]string{"exchange", z.issuer, "--client-id", "web"}, c.args...)...).wait(t, 3)
			if kind, endpoint, code := o.refused(); kind != "refused" || endpoint != "token" || code != c.code {
				t.Errorf("the run ended with %s, %s, %s; want refused, token, %s", kind, endpoint, code, c.code)
			}
			checkOneError(t, o.stdout, o.stderr)
			checkHygiene(t, o, zitadelSecret, text(subject, "access_token"))
		})
	}
}

// The JWT bearer grant, with an assertion that another library has signed.
func TestZitadelJWTBearer(t *testing.T) {
	t.Parallel()
	z, k := theZitadel(), kit()
	assertion := func(key jose.JSONWebKey, change map[string]any) string {
		claims := map[string]any{
			"iss": zitadelService, "sub": zitadelService, "aud": z.issuer, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		}
		for name, value := range change {
			claims[name] = value
		}
		return sign(key, jose.RS256, "JWT", claims)
	}
	stranger := k.rsa
	stranger.KeyID = "no-such-key"
	for _, c := range []struct {
		name, assertion string
		exit            int
		code            string
	}{
		{"good", assertion(k.rsa, nil), 0, ""},
		{"expired", assertion(k.rsa, map[string]any{"iat": 1600000000, "exp": 1600000060}), 3, ""},
		{"for another server", assertion(k.rsa, map[string]any{"aud": "https://other.example"}), 3, ""},
		{"key of another", assertion(stranger, nil), 3, ""},
		{"garbage", "garbage", 3, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := start(t, []string{"ASSERTION=" + c.assertion}, "jwt-bearer", z.issuer, "--client-id", zitadelService, "--auth-method", "none",
				"--assertion", "env:ASSERTION", "--scope", "openid").wait(t, c.exit)
			if c.exit != 0 {
				if kind, endpoint, _ := o.refused(); kind != "refused" || endpoint != "token" {
					t.Errorf("the run ended with %s, %s; want refused, token", kind, endpoint)
				}
				checkOneError(t, o.stdout, o.stderr)
				return
			}
			checkClean(t, o, uncached)
			answer := o.tokens(t)
			if text(answer, "access_token") == "" || text(answer, "token_type") != "Bearer" {
				t.Errorf("stdout is %v", answer)
			}
			checkHygiene(t, o, c.assertion, text(answer, "access_token"))
			if f := z.form(t, "assertion", c.assertion); f.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
				t.Errorf("the server got %v", f)
			}
		})
	}
}

// The JWT bearer grant, with an assertion that we make and sign.
func TestZitadelJWTBearerMade(t *testing.T) {
	t.Parallel()
	z, k := theZitadel(), kit()
	o := start(t, nil, "jwt-bearer", z.issuer, "--client-id", zitadelService, "--auth-method", "none",
		"--key", file(t, "key", asJSON(k.rsa)), "--assertion-claims", `{"sub":"`+zitadelService+`"}`, "--scope", "openid").wait(t, 0)
	checkClean(t, o, uncached)
	checkNoKey(t, o, asJSON(k.rsa))
	if answer := o.tokens(t); text(answer, "access_token") == "" {
		t.Errorf("stdout is %v", answer)
	}
}

// The device grant. Zitadel's example has buttons of script, so the person here
// is the test.
func TestZitadelDevice(t *testing.T) {
	t.Parallel()
	z := theZitadel()
	for _, c := range []struct {
		action string
		exit   int
	}{{"allowed", 0}, {"denied", 3}} {
		t.Run(c.action, func(t *testing.T) {
			t.Parallel()
			run := start(t, []string{"SECRET=" + zitadelSecret}, "device", z.issuer, "--client-id", "device", "--client-secret", "env:SECRET",
				"--scope", "profile", "--no-browser", "--timeout", "60s")
			run.waitURL(t)
			z.person(t, query(t, run.waitURL(t), "user_code"), c.action)
			o := run.wait(t, c.exit)
			checkHygiene(t, o, zitadelSecret)
			checkClean(t, o, uncached)
			if c.exit != 0 {
				if kind, endpoint, code := o.refused(); kind != "refused" || endpoint != "token" || code != "access_denied" {
					t.Errorf("the run ended with %s, %s, %s", kind, endpoint, code)
				}
				checkOneError(t, o.stdout, o.stderr)
				return
			}
			answer := o.tokens(t)
			if text(answer, "access_token") == "" || text(answer, "token_type") != "Bearer" {
				t.Errorf("stdout is %v", answer)
			}
			checkHygiene(t, o, text(answer, "access_token"))
		})
	}
}

// person signs in on the pages of the device, and decides.
func (z *zitadel) person(t *testing.T, userCode, action string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Jar: jar, Timeout: patience}
	resp, err := client.PostForm(z.issuer+"/device/login", url.Values{"user_code": {userCode}, "username": {zitadelUser}, "password": {zitadelPassword}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	resp, err = client.Get(z.issuer + "/device/confirm?action=" + action)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(page), "Device authorization "+action) {
		t.Fatalf("the person was told %q, %v", page, err)
	}
}

// A client that is a service.
func TestZitadelMachines(t *testing.T) {
	t.Parallel()
	z := theZitadel()
	o := start(t, []string{"SECRET=verysecret"}, "cc", z.issuer, "--client-id", "sid1", "--client-secret", "env:SECRET", "--scope", "profile").wait(t, 0)
	checkClean(t, o, uncached)
	var answer map[string]any
	if err := json.Unmarshal([]byte(o.stdout), &answer); err != nil || text(answer, "access_token") == "" {
		t.Errorf("stdout is %q", o.stdout)
	}
	checkHygiene(t, o, "verysecret", text(answer, "access_token"))
}
