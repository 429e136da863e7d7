package cmd

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// told runs diff and gives what it lists, one a line.
func told(t *testing.T, a, b string) (exit int, list []string) {
	t.Helper()
	r := at(t, 100, "", "diff", a, b, "-o", "json")
	var d struct {
		V           int
		Same        bool
		Differences []struct {
			Where, Name, Kind string
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &d); err != nil || d.V != 1 || d.Same != (r.exit == 0) {
		t.Fatalf("exit %d, %v: %s%s", r.exit, err, r.stdout, r.stderr)
	}
	for _, x := range d.Differences {
		if x.Where == "time" { // a busy machine
			continue
		}
		list = append(list, x.Kind+" "+x.Where+" "+x.Name)
	}
	return r.exit, list
}

// The same command twice is the same in substance, whatever it speaks.
func TestDiffOfTheSame(t *testing.T) {
	for _, args := range [][]string{
		{"code", "--demo", "--headless"},
		{"code", "--demo", "--headless", "--par", "--dpop", "--response-mode", "jwt"},
		{"code", "--demo", "--headless", "--client-id", "confidential", "--client-secret", "value:secret"},
		{"hybrid", "--demo", "--headless"}, {"implicit", "--demo", "--headless"}, {"device", "--demo", "--headless"}, {"ciba", "--demo", "--headless"},
		{"cc", "--demo"}, {"password", "--demo"}, {"refresh", "--demo"}, {"exchange", "--demo"}, {"jwt-bearer", "--demo"}, {"saml-bearer", "--demo"},
		{"userinfo", "--demo"}, {"introspect", "--demo"}, {"revoke", "--demo"}, {"call", "--demo"}, {"logout", "--demo", "--headless"}, {"discover", "--demo"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			a, _ := kept(t, args...)
			b, _ := kept(t, args...)
			if exit, list := told(t, a, b); exit != 0 {
				t.Errorf("%s", strings.Join(list, "\n"))
			}
		})
	}
}

// One thing changed by hand is told, and what came of it, and nothing else.
func TestDiffOfOneThing(t *testing.T) {
	plain := []string{"code", "--demo", "--headless"}
	before, _ := kept(t, plain...)
	for _, c := range []struct {
		more []string
		want []string
	}{
		{[]string{"--scope", "openid"}, []string{
			"changed parameter scope",
			"changed response body scope",
			"changed claims scope",
		}},
		{[]string{"--drop", "state"}, []string{
			"missing parameter state", "missing answer state", "changed finding V-AR-02 state-match", "changed finding V-AR-03 state-unasked",
		}},
		{[]string{"--state", "of-my-own"}, []string{"changed parameter state"}},
		{[]string{"--nonce", "one-of-my-own"}, []string{"changed parameter nonce"}},
	} {
		after, _ := kept(t, append(plain, c.more...)...)
		exit, list := told(t, before, after)
		if diff := cmp.Diff(c.want, list); diff != "" || exit != 4 {
			t.Errorf("%v: exit %d, %s", c.more, exit, diff)
		}
	}
}

// What a server does wrong is told with the code of the check that notices it.
func TestDiffOfFaults(t *testing.T) {
	signIn := func(issuer string) string {
		path, _ := kept(t, "code", issuer, "--client-id", "public", "--scope", "openid profile", "--headless", "--fill", "username=alice", "--fill", "password=alice")
		return path
	}
	clean := signIn(startDemo(t))
	for _, c := range []struct {
		fault string
		want  []string // beside the findings
	}{
		{"state-wrong", []string{"changed answer state"}},
		{"iss-wrong", []string{"changed answer iss"}},
		{"token-cacheable", []string{"missing response header Cache-Control"}},
		{"expires-in-string", []string{"changed response body expires_in"}},
		{"idtoken-nonce-wrong", []string{"changed claims nonce"}},
		{"idtoken-expired", []string{"changed claims exp"}},
		{"idtoken-aud-wrong", []string{"changed claims aud"}},
		{"idtoken-bad-signature", []string{}},
		{"metadata-no-s256", []string{"missing response body code_challenge_methods_supported[]"}},
	} {
		exit, list := told(t, clean, signIn(startDemo(t, c.fault)))
		if exit != 4 {
			t.Errorf("%s: exit %d", c.fault, exit)
		}
		for _, want := range c.want {
			if !slices.ContainsFunc(list, func(s string) bool { return strings.HasPrefix(s, want) }) {
				t.Errorf("%s: no %q in\n%s", c.fault, want, strings.Join(list, "\n"))
			}
		}
		i := slices.IndexFunc(demo.Faults(), func(f demo.Fault) bool { return f.Name == c.fault })
		for _, code := range demo.Faults()[i].Codes {
			if !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, "finding "+code+" ") }) {
				t.Errorf("%s: %s is not told in\n%s", c.fault, code, strings.Join(list, "\n"))
			}
		}
	}
}
