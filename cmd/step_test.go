package cmd

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// stepped drives a command as run does, with somebody at the keys: each string
// is a key, or the line that is asked for after e and d.
func stepped(t *testing.T, keys []string, args ...string) (exit int, stdout, stderr string, asked int) {
	t.Helper()
	var out, errs bytes.Buffer
	next := func() (string, error) {
		if asked == len(keys) {
			return "", io.EOF
		}
		asked++
		return keys[asked-1], nil
	}
	e := Env{
		Args: append(args, "--step"), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Width: 100,
		Getenv: func(string) string { return "" }, Exists: func(string) bool { return false },
		OS: "test/test", Now: now, Rand: rand.NewChaCha8([32]byte{3}),
		Pause:   func(context.Context, time.Duration) error { return nil },
		Context: func() (context.Context, context.CancelFunc) { return context.WithCancel(context.Background()) },
		Key: func(_ context.Context, tick func()) (byte, error) {
			tick()
			s, err := next()
			return (s + "\n")[0], err
		},
		Line: func(context.Context) (string, error) { return next() },
	}
	return Main(e), out.String(), errs.String(), asked
}

// Every request waits to be let go, in every command, the one before it too.
func TestStepHoldsEveryRequest(t *testing.T) {
	for _, c := range []struct {
		args []string
		keys int
	}{
		{[]string{"cc", "--demo"}, 2},                          // metadata, token
		{[]string{"code", "--demo", "--headless"}, 4},          // metadata, authorization, token, keys
		{[]string{"code", "--demo", "--headless", "--par"}, 5}, // and the push
		{[]string{"userinfo", "--demo"}, 5},
	} {
		keys := make([]string, c.keys)
		if exit, _, stderr, asked := stepped(t, keys, c.args...); exit != exitDone || asked != c.keys {
			t.Errorf("%v: exit %d after %d keys, want %d\n%s", c.args, exit, asked, c.keys, stderr)
		}
		if exit, stdout, stderr, _ := stepped(t, []string{"q"}, c.args...); exit != exitInterrupted || stdout != "" || strings.Contains(stderr, "←") {
			t.Errorf("%v: q: exit %d, stdout %q\n%s", c.args, exit, stdout, stderr)
		}
	}
}

// An edit goes in before anything is signed or pushed, the request is made and
// shown again, and marked.
func TestStepEdits(t *testing.T) {
	for name, c := range map[string]struct {
		keys []string
		args []string
		exit int
		says []string
	}{
		"a scope, inside the request object that is pushed": {
			[]string{"", "e", "scope=openid email", "c"}, []string{"code", "--demo", "--headless", "--jar", "--par"}, exitDone,
			[]string{`"scope": "openid email"`, "openid email\n"},
		},
		"a wrong verifier":       {[]string{"", "", "e", "code_verifier=wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong", "c"}, []string{"code", "--demo", "--headless"}, exitRefused, []string{"bent by --step", "invalid_grant"}},
		"a parameter left out":   {[]string{"", "d", "grant_type", "c"}, []string{"cc", "--demo"}, exitRefused, []string{"grant_type"}},
		"a header field":         {[]string{"", "e", "header:Authorization=Basic bm8=", "c"}, []string{"cc", "--demo"}, exitRefused, []string{"bent by --step"}},
		"nothing after all":      {[]string{"", "e", "", "c"}, []string{"cc", "--demo"}, exitDone, []string{"nothing was changed"}},
		"the keys, skipped":      {[]string{"", "", "", "k"}, []string{"code", "--demo", "--headless"}, exitDone, []string{"skipped by hand"}},
		"what cannot be skipped": {[]string{"k", "", "c"}, []string{"cc", "--demo"}, exitDone, []string{"cannot be skipped"}},
		"the last answer":        {[]string{"", "a", "x", "c"}, []string{"cc", "--demo"}, exitDone, []string{"metadata answered 200", "who talks to whom"}},
		"a code in hand":         {[]string{"", "", "c"}, []string{"code", "--demo", "--headless"}, exitDone, []string{"code: 1m0s left"}},
	} {
		exit, _, stderr, _ := stepped(t, c.keys, c.args...)
		for _, says := range c.says {
			if !strings.Contains(stderr, says) {
				t.Errorf("%s: does not say %q\n%s", name, says, stderr)
			}
		}
		if exit != c.exit {
			t.Errorf("%s: exit %d, want %d\n%s", name, exit, c.exit, stderr)
		}
	}
}

// Without a terminal nothing is asked; a dry run sends nothing after discovery;
// nothing is bent that is not signed.
func TestWaysToLookBeforeSending(t *testing.T) {
	issuer := startDemo(t)
	if r := run(t, nil, "", "cc", issuer, "--client-id", "confidential", "--client-secret", "value:secret", "--step"); r.exit != exitUsage || !strings.Contains(r.stderr, "--step") {
		t.Errorf("exit %d\n%s", r.exit, r.stderr)
	}
	for _, args := range [][]string{
		{"code", "--par", "--jar", "--dpop"}, {"code", "--response-mode", "jwt"}, {"implicit"}, {"hybrid"}, {"device"}, {"ciba"}, {"ciba", "--delivery", "ping"}, {"refresh"}, {"exchange"},
		{"cc"}, {"password"}, {"jwt-bearer"}, {"saml-bearer"}, {"userinfo"}, {"introspect"}, {"revoke"}, {"logout"}, {"call"},
	} {
		r := run(t, nil, "", append(args, "--demo", "--dry-run")...)
		sent := 0
		for _, endpoint := range []string{"authorization", "token", "par", "device", "ciba", "userinfo", "introspection", "revocation", "end_session", "resource", "page"} {
			for _, rec := range r.records {
				if strings.Contains(string(mustJSON(t, rec)), `"kind":"exchanged","event":{"endpoint":"`+endpoint) {
					sent++
				}
			}
		}
		if r.exit != exitDone || r.stdout != "" || sent > 0 {
			t.Errorf("%v: exit %d, stdout %q, %d sent\n%s", args, r.exit, r.stdout, sent, r.stderr)
		}
	}
	for _, bend := range []string{"request-object=none", "dpop=none", "assertion=none", "client-assertion=none", "nothing=none", "dpop=nothing"} {
		if r := run(t, nil, "", "cc", "--demo", "--mis-sign", bend); r.exit != exitUsage {
			t.Errorf("--mis-sign %s: exit %d\n%s", bend, r.exit, r.stderr)
		}
	}
	for _, how := range []string{"none", "signature", "key", "typ", "expired", "aud"} {
		if r := run(t, nil, "", "cc", "--demo", "--dpop", "--mis-sign", "dpop="+how); r.exit != exitRefused || !strings.Contains(r.stderr, "wrong on purpose") {
			t.Errorf("dpop=%s: exit %d\n%s", how, r.exit, r.stderr)
		}
	}
}

func mustJSON(t *testing.T, rec interface{ MarshalJSON() ([]byte, error) }) []byte {
	t.Helper()
	b, err := rec.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
