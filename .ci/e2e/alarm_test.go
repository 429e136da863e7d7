package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// An argued finding is one that an ordinary run may have: the server really does
// what the section forbids, or the remark is one that a person wants to read. It
// is about a server, a check and an outcome, and has to happen.
type argued struct {
	server, check, outcome, why string
}

const (
	providerName = "oidc-provider"
	zitadelName  = "zitadel"
)

// allArgued is every finding that runs without fault may have of those that they
// may not have.
func allArgued() []argued {
	return []argued{
		{zitadelName, uncached, "fail", "RFC 6749 §5.1: an answer with a token MUST say Cache-Control: no-store, and the token endpoint of zitadel's op sends no Cache-Control at all"},
		{providerName, "V-TR-12 scope-granted", "warn", "RFC 6749 §3.3: a server may grant less, and says so. A token for a resource has no openid in its scope here, and is of no use at userinfo: a person wants to know that"},
		{providerName, "V-ID-06 id-token-encrypted", "warn", "OIDC Core §3.1.3.7-1 is about what was negotiated at registration, which cannot be seen from here. These clients hold keys that say use=enc and registered none of them for ID tokens, so they are asked whether that was forgotten"},
		{providerName, "V-JM-07 jarm-encrypted", "warn", "JARM §3: as above, for authorization responses"},
	}
}

// trustCodes are the checks that stop a run, as the contract has them: whoever
// sees a warning by one of them fears for their sign-in.
func trustCodes() []string {
	var all []string
	for group, numbers := range map[string][]int{
		"AR": {1, 2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 19, 20, 21},
		"JM": {1, 2, 3, 4, 5, 6, 7},
		"SH": {1},
		"ID": {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31, 33},
		"TR": {4, 5, 7, 8, 12, 13, 17, 22},
		"DP": {1}, "MT": {1}, "UI": {1, 4}, "MD": {1, 2, 5}, "RM": {1, 2, 3}, "PR": {1}, "DV": {1}, "CB": {1},
	} {
		for _, n := range numbers {
			all = append(all, fmt.Sprintf("V-%s-%02d", group, n))
		}
	}
	return all
}

// A ledger is what the runs of all servers were told.
type ledger struct {
	mu    sync.Mutex
	runs  map[string]int        // by server
	told  map[argued][]sighting // why is empty
	tried map[string]bool       // checks that gave a verdict
}

// A sighting is one run with a finding.
type sighting struct{ run, level, detail string }

// note takes the findings of a run. A run may repeat one: it counts once.
func (l *ledger) note(t *testing.T, server string, o outcome) {
	t.Helper()
	findings := o.of("finding")
	if len(findings) == 0 {
		t.Error("nothing was judged")
	}
	seen := map[argued]bool{}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs[server]++
	for _, f := range findings {
		key := argued{server: server, check: f.Code + " " + f.ID, outcome: f.Outcome}
		if f.Outcome != "skip" {
			l.tried[f.Code] = true
		}
		if f.Outcome != "fail" && f.Outcome != "warn" || seen[key] {
			continue
		}
		seen[key] = true
		l.told[key] = append(l.told[key], sighting{t.Name(), f.Level, f.Detail})
	}
}

// judge holds what was told against what may be, and shows what else there was.
func (l *ledger) judge(t *testing.T) {
	t.Helper()
	may := map[argued]bool{} // whether it happened
	for _, a := range allArgued() {
		a.why = ""
		may[a] = false
	}
	keys := slices.SortedFunc(maps.Keys(l.told), func(a, b argued) int {
		return cmp.Or(cmp.Compare(len(l.told[b]), len(l.told[a])), strings.Compare(a.check, b.check), strings.Compare(a.server, b.server))
	})
	for _, key := range keys {
		first := l.told[key][0]
		words := fmt.Sprintf("%3d of %3d at %-13s %s %-38s %-6s %s", len(l.told[key]), l.runs[key.server], key.server, key.outcome, key.check, first.level, first.detail)
		code, _, _ := strings.Cut(key.check, " ")
		if _, isArgued := may[key]; isArgued {
			may[key] = true
		} else if key.outcome == "fail" || slices.Contains(trustCodes(), code) {
			t.Errorf("a false alarm, first in %s:\n%s", first.run, words)
			continue
		}
		t.Log(words)
	}
	for a, happened := range may {
		if !happened {
			t.Errorf("%s does not happen at %s any more: its argument can go", a.check, a.server)
		}
	}
	untried := slices.DeleteFunc(trustCodes(), func(code string) bool { return l.tried[code] })
	t.Logf("no run here has what is judged by %s", strings.Join(untried, ", "))
}

// Everything that the program can do, at two servers that nobody here wrote, and
// nothing that is said to be broken: a person who is told of what is not believes
// nothing any more.
func TestFalseAlarms(t *testing.T) {
	t.Parallel()
	l := &ledger{runs: map[string]int{}, told: map[argued][]sighting{}, tried: map[string]bool{}}
	t.Run(providerName, func(t *testing.T) { quietProvider(t, l) })
	t.Run(zitadelName, func(t *testing.T) { quietZitadel(t, l) })
	l.judge(t)
}

// alarmClients are clients of the guarded peer for these runs, which look at no
// record of the server.
func alarmClients() []any {
	everything := members{
		"grant_types":    []string{"authorization_code", "implicit", "refresh_token", deviceGrant},
		"response_types": []string{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"},
	}
	home := members{"post_logout_redirect_uris": []string{"http://127.0.0.1/callback"}, "authorization_details_types": []string{"payment", "account"}}
	maps.Copy(home, everything)
	grants := members{
		"grant_types":                     []string{"authorization_code", "refresh_token", "client_credentials", cibaGrant, deviceGrant},
		"backchannel_token_delivery_mode": "poll", "backchannel_user_code_parameter": true, "scope": "openid profile offline_access api:read api:write",
	}
	signs := members{
		"authorization_signed_response_alg": "ES256", "userinfo_signed_response_alg": "ES256", "introspection_signed_response_alg": "RS256", "request_object_signing_alg": "PS256",
	}
	maps.Copy(signs, everything)
	seals := members{
		"authorization_signed_response_alg": "RS256", "authorization_encrypted_response_alg": "ECDH-ES", "authorization_encrypted_response_enc": "A128CBC-HS256",
		"id_token_encrypted_response_alg": "RSA-OAEP-256", "id_token_encrypted_response_enc": "A256GCM",
		"userinfo_signed_response_alg": "RS256", "userinfo_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_enc": "A256GCM",
	}
	return []any{
		signsIn("alarm public", "none", home),
		signsIn("alarm basic", "client_secret_basic", grants),
		signsIn("alarm post", "client_secret_post", grants),
		signsIn("alarm secret JWT", "client_secret_jwt", members{"id_token_signed_response_alg": "HS256", "userinfo_signed_response_alg": "HS256", "authorization_signed_response_alg": "HS256"}),
		signsIn("alarm key", "private_key_jwt", signs),
		signsIn("alarm sealed", "private_key_jwt", seals),
		signsIn("alarm dpop", "private_key_jwt", members{"dpop_bound_access_tokens": true}),
		signsIn("alarm dpop nonce", "none", members{"dpop_bound_access_tokens": true}),
		signsIn("alarm tls", "tls_client_auth", members{"tls_client_certificate_bound_access_tokens": true, "tls_client_auth_subject_dn": "CN=tls-client"}),
	}
}

// alarmStrictClients are those of the strict peer.
func alarmStrictClients() []any {
	return []any{signsIn("alarm together", "private_key_jwt", members{
		"authorization_signed_response_alg": "ES256", "authorization_encrypted_response_alg": "RSA-OAEP-256", "authorization_encrypted_response_enc": "A256GCM",
		"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128CBC-HS256",
		"dpop_bound_access_tokens": true, "authorization_details_types": []string{"payment"}, "request_object_signing_alg": "PS256",
	})}
}

// quietProvider is all that oidc-provider is asked for.
func quietProvider(t *testing.T, l *ledger) {
	t.Helper()
	quietGrants(t, l)
	quietExtensions(t, l)
	quietUses(t, l)
}

// A quietRun is one run of a command for a client, with the pages walked where
// there are any.
type quietRun struct {
	command, id, method string
	args                []string
}

// name leaves the files of the test out.
func (c quietRun) name() string {
	args := slices.DeleteFunc(slices.Clone(c.args), filepath.IsAbs)
	return strings.Join(append([]string{c.command, c.id}, args...), " ")
}

// quietGrants is the ways to a token, and the ways of the answer.
func quietGrants(t *testing.T, l *ledger) {
	t.Helper()
	p := theGuarded(t)
	const gold = "urn:example:gold"
	walked := []quietRun{
		{"code", "alarm public", "none", []string{"--scope", "openid"}},
		{"code", "alarm public", "none", []string{"--scope", "openid profile", "--max-age", "600", "--ui-locales", "de en", "--login-hint", login, "--prompt", "login"}},
		{"code", "alarm public", "none", []string{"--scope", "openid", "--acr-values", gold, "--claims", `{"id_token":{"acr":{"essential":true,"values":["` + gold + `"]},"auth_time":{"essential":true}},"userinfo":{"name":null}}`}},
		{"code", "alarm public", "none", []string{"--scope", "openid api:read", "--resource", "https://api.example"}},
		{"code", "alarm public", "none", []string{"--scope", "openid api:read", "--resource", "https://api.example", "--authorization-details", `[{"type":"payment","limit":50},{"type":"account"}]`}},
		{"code", "alarm basic", "client_secret_basic", []string{"--scope", "openid profile"}},
		{"code", "alarm post", "client_secret_post", []string{"--scope", "openid offline_access", "--prompt", "consent"}},
		{"code", "alarm secret JWT", "client_secret_jwt", []string{"--scope", "openid"}},
		{"code", "alarm secret JWT", "client_secret_jwt", []string{"--scope", "openid", "--response-mode", "jwt", "--par"}},
		{"code", "alarm key", "private_key_jwt", []string{"--scope", "openid profile email"}},
		{"device", "alarm public", "none", []string{"--scope", "openid profile"}},
		{"device", "alarm basic", "client_secret_basic", []string{"--scope", "openid"}},
		{"code", "alarm sealed", "private_key_jwt", []string{"--scope", "openid"}},
	}
	for _, mode := range []string{"query", "fragment", "form_post"} {
		walked = append(walked, quietRun{"code", "alarm public", "none", []string{"--scope", "openid", "--response-mode", mode}})
	}
	for _, mode := range []string{"jwt", "query.jwt", "fragment.jwt", "form_post.jwt"} {
		walked = append(walked,
			quietRun{"code", "alarm key", "private_key_jwt", []string{"--scope", "openid", "--response-mode", mode}},
			quietRun{"code", "alarm sealed", "private_key_jwt", []string{"--scope", "openid", "--response-mode", mode}})
	}
	for kind, command := range map[string]string{
		"id_token": "implicit", "id_token token": "implicit", "code id_token": "hybrid", "code token": "hybrid", "code id_token token": "hybrid",
	} {
		walked = append(walked,
			quietRun{command, "alarm public", "none", []string{"--scope", "openid profile", "--response-type", kind}},
			quietRun{command, "alarm public", "none", []string{"--scope", "openid", "--response-type", kind, "--response-mode", "form_post"}},
			quietRun{command, "alarm key", "private_key_jwt", []string{"--scope", "openid", "--response-type", kind, "--response-mode", "fragment.jwt"}})
	}
	quietWalks(t, l, p, walked)
	for _, c := range []quietRun{
		{"cc", "alarm basic", "client_secret_basic", []string{"--scope", "api:read"}},
		{"cc", "alarm post", "client_secret_post", nil},
		{"cc", "alarm basic", "client_secret_basic", []string{"--scope", "api:read api:write", "--resource", "https://api.example"}},
		{"ciba", "alarm basic", "client_secret_basic", []string{"--scope", "openid profile", "--login-hint", login}},
		{"ciba", "alarm post", "client_secret_post", []string{"--scope", "openid", "--login-hint", login, "--binding-message", "W4SCT", "--user-code", "4711"}},
		{"discover", "", "", nil},
	} {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			args := append([]string{c.command, p.issuer, "--timeout", "60s"}, c.args...)
			if c.id != "" {
				args = append(args, credential(t, c.id, c.method)...)
			}
			l.note(t, providerName, start(t, []string{"SECRET=" + guardedSecret}, args...).wait(t, 0))
		})
	}
}

func quietWalks(t *testing.T, l *ledger, p *peer, all []quietRun) {
	t.Helper()
	for _, c := range all {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			l.note(t, providerName, signInBy(t, p, 0, c.command, append(credential(t, c.id, c.method), c.args...)...))
		})
	}
}

// quietExtensions is what guards requests and tokens, alone and together.
func quietExtensions(t *testing.T, l *ledger) {
	t.Helper()
	p := theGuarded(t)
	key := []string{"--dpop-key", file(t, "dpop.jwk", asJSON(kit().es256))}
	tls := append(kit().byCA.flags(t), "--cacert", file(t, "ca.pem", kit().serverCA.cert))
	quietWalks(t, l, p, []quietRun{
		{"code", "alarm public", "none", []string{"--scope", "openid", "--par"}},
		{"code", "alarm basic", "client_secret_basic", []string{"--scope", "openid profile", "--par", "--max-age", "600"}},
		{"code", "alarm key", "private_key_jwt", []string{"--scope", "openid", "--jar", "--signing-alg", "PS256"}},
		{"code", "alarm key", "private_key_jwt", []string{"--scope", "openid", "--jar", "--jar-encrypt", "--par", "--signing-alg", "PS256"}},
		{"code", "alarm key", "private_key_jwt", []string{"--scope", "openid", "--jar", "--par", "--response-mode", "jwt", "--signing-alg", "PS256"}},
		{"code", "alarm dpop", "private_key_jwt", []string{"--scope", "openid", "--dpop"}},
		{"code", "alarm dpop", "private_key_jwt", []string{"--scope", "openid api:read", "--resource", "https://api.example", "--par", "--dpop"}},
		{"code", "alarm dpop nonce", "none", append(key, "--scope", "openid profile")},
		{"code", "alarm tls", "tls_client_auth", append(tls, "--scope", "openid")},
		{"code", "alarm tls", "tls_client_auth", append(tls, "--scope", "openid api:read", "--resource", "https://api.example", "--par")},
	})
	quietWalks(t, l, theStrict(t), []quietRun{
		{"code", "alarm together", "private_key_jwt", append(key, "--signing-alg", "PS256", "--scope", "openid api:read", "--resource", "https://api.example",
			"--authorization-details", `[{"type":"payment","actions":["initiate"],"limit":500}]`, "--par", "--jar", "--jar-encrypt", "--response-mode", "query.jwt")},
	})
}

// quietUses is what a token is for, until it is given back.
func quietUses(t *testing.T, l *ledger) {
	t.Helper()
	p := theGuarded(t)
	key := []string{"--dpop-key", file(t, "dpop.jwk", asJSON(kit().es256))}
	for _, c := range []struct {
		id, method   string
		args         []string // of every command
		introspected []string
	}{
		{"alarm public", "none", nil, nil},
		{"alarm basic", "client_secret_basic", nil, []string{"--token-type-hint", "access_token"}},
		{"alarm secret JWT", "client_secret_jwt", nil, nil},
		{"alarm key", "private_key_jwt", nil, []string{"--signed"}},
		{"alarm sealed", "private_key_jwt", nil, nil},
		{"alarm dpop nonce", "none", key, nil},
	} {
		t.Run("use "+c.id, func(t *testing.T) {
			t.Parallel()
			client := append(credential(t, c.id, c.method), c.args...)
			signed := signIn(t, p, 0, append(client, "--scope", "openid profile offline_access", "--prompt", "consent")...)
			l.note(t, providerName, signed)
			access, id := text(signed.tokens(t), "access_token"), text(signed.tokens(t), "id_token")
			env := []string{"SECRET=" + guardedSecret, "REFRESH=" + text(signed.tokens(t), "refresh_token"), "ID=" + id}
			run := func(command string, args ...string) outcome {
				o := start(t, env, append([]string{command, p.issuer, "--timeout", "60s"}, args...)...).wait(t, 0)
				l.note(t, providerName, o)
				return o
			}
			l.note(t, providerName, use(t, 0, "userinfo", p.issuer, access, append(client, "--id-token-hint", "value:"+id)...))
			l.note(t, providerName, use(t, 0, "call", p.issuer+"/me", access, c.args...))
			l.note(t, providerName, use(t, 0, "introspect", p.issuer, access, append(credential(t, c.id, c.method), c.introspected...)...))
			again := run("refresh", append(client, "--refresh-token", "env:REFRESH", "--id-token-hint", "env:ID")...)
			access = text(again.tokens(t), "access_token")
			l.note(t, providerName, use(t, 0, "revoke", p.issuer, access, credential(t, c.id, c.method)...))
			l.note(t, providerName, use(t, 0, "introspect", p.issuer, access, append(credential(t, c.id, c.method), c.introspected...)...))
			if c.id == "alarm public" {
				signed := signIn(t, p, 0, append(client, "--scope", "openid", "--id-token-hint", "value:"+id)...)
				l.note(t, providerName, signed)
				run("logout", "--client-id", c.id, "--headless", "--id-token-hint", "env:ID")
			}
		})
	}
}

// quietZitadel is all that zitadel's op can do.
func quietZitadel(t *testing.T, l *ledger) {
	t.Helper()
	z := theZitadel()
	run := func(t *testing.T, env []string, command string, args ...string) outcome {
		t.Helper()
		o := start(t, append(env, "SECRET="+zitadelSecret), append([]string{command, z.issuer, "--timeout", "60s"}, args...)...).wait(t, 0)
		l.note(t, zitadelName, o)
		return o
	}
	t.Run("code and what comes of it", func(t *testing.T) {
		t.Parallel()
		o, answer := zitadelTokens(t, z, "--client-id", "native")
		l.note(t, zitadelName, o)
		access, id := text(answer, "access_token"), text(answer, "id_token")
		env := []string{"ACCESS=" + access, "ID=" + id, "REFRESH=" + text(answer, "refresh_token")}
		run(t, env, "userinfo", "--access-token", "env:ACCESS", "--id-token-hint", "env:ID")
		run(t, env, "refresh", "--client-id", "native", "--refresh-token", "env:REFRESH", "--id-token-hint", "env:ID")
		web := []string{"--client-id", "web", "--client-secret", "env:SECRET"}
		for _, kind := range []string{"access_token", "refresh_token", "id_token"} {
			got := run(t, env, "exchange", append(web, "--scope", "openid profile", "--audience", "web",
				"--subject-token", "env:ACCESS", "--subject-token-type", "access_token", "--requested-token-type", kind)...)
			if kind == "access_token" {
				env := []string{"EXCHANGED=" + text(got.tokens(t), "access_token")}
				run(t, env, "introspect", append(web, "--token", "env:EXCHANGED")...)
			}
		}
		run(t, env, "revoke", "--client-id", "native", "--token", "env:ACCESS")
	})
	t.Run("more of code", func(t *testing.T) {
		t.Parallel()
		o, _ := zitadelTokens(t, z, "--client-id", "native", "--max-age", "600", "--ui-locales", "de", "--response-mode", "form_post")
		l.note(t, zitadelName, o)
	})
	t.Run("device and what comes of it", func(t *testing.T) {
		t.Parallel()
		client := []string{"--client-id", "device", "--client-secret", "env:SECRET"}
		p := start(t, []string{"SECRET=" + zitadelSecret}, append([]string{"device", z.issuer, "--scope", "profile", "--no-browser", "--timeout", "60s"}, client...)...)
		p.waitURL(t)
		z.person(t, query(t, p.waitURL(t), "user_code"), "allowed")
		o := p.wait(t, 0)
		l.note(t, zitadelName, o)
		env := []string{"ACCESS=" + text(o.tokens(t), "access_token")}
		run(t, env, "introspect", append(client, "--token", "env:ACCESS")...)
	})
	t.Run("machines", func(t *testing.T) {
		t.Parallel()
		l.note(t, zitadelName, start(t, []string{"SECRET=verysecret"}, "cc", z.issuer, "--client-id", "sid1", "--client-secret", "env:SECRET", "--scope", "profile").wait(t, 0))
		run(t, nil, "jwt-bearer", "--client-id", zitadelService, "--auth-method", "none", "--key", file(t, "key", asJSON(kit().rsa)),
			"--assertion-claims", `{"sub":"`+zitadelService+`"}`, "--scope", "openid")
		run(t, nil, "discover")
	})
}
