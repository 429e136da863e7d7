package cmd

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a client puts into the wrong place is hidden there too.
func TestServeHidesMisplacedSecrets(t *testing.T) {
	const secret = "AAAABBBBCCCCDDDDEEEE1234"
	for _, c := range []struct {
		method, query, kind, body string
		header                    http.Header
	}{
		{"POST", "access_token=" + secret, "", "", nil},
		{"POST", "access_token=" + secret, "application/x-www-form-urlencoded", "a=b", nil},
		{"PUT", "x=y&Access_Token=" + secret, "application/json", "{}", nil},
		{"DELETE", "Client%5FSecret=" + secret, "", "", nil},
		{"GET", "REFRESH_TOKEN=" + secret, "", "", nil},
		{"POST", "", "application/x-www-form-urlencoded", "CLIENT_SECRET=" + secret, nil},
		{"GET", "", "", "", http.Header{"Proxy-Authorization": {"Bearer " + secret}}},
		{"GET", "", "", "", http.Header{"X-Api-Key": {secret}}},
	} {
		file := filepath.Join(t.TempDir(), "trace.jsonl")
		s := serveFor(t, "-v", "--save", file)
		r, err := http.NewRequest(c.method, s.issuer+"/userinfo?"+c.query, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if c.header != nil {
			r.Header = c.header
		}
		if c.kind != "" {
			r.Header.Set("Content-Type", c.kind)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		s.stop()
		saved, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		told := s.stderr.String()
		if strings.Contains(told, secret) || strings.Contains(string(saved), secret) {
			t.Errorf("%s %s %s %v: in the log or the trace:\n%s", c.method, c.query, c.body, c.header, told)
		}
		if !strings.Contains(told, "→ "+c.method+" "+s.issuer+"/userinfo ") && !strings.Contains(told, "→ "+c.method+" "+s.issuer+"/userinfo\n") {
			t.Errorf("%s %s: the address is told with its query:\n%s", c.method, c.query, told)
		}
		if name, _, _ := strings.Cut(c.query, "="); c.method == "POST" && name != "" && !strings.Contains(told, name+" ") {
			t.Errorf("the parameter %s is not listed:\n%s", name, told)
		}
	}
}

// The front page names addresses, which are no secrets afterwards.
func TestServeIndexTeachesNothing(t *testing.T) {
	s := serveFor(t, "-v")
	for _, path := range []string{"/", "/.well-known/openid-configuration"} {
		resp, err := http.Get(s.issuer + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	s.stop()
	if told := s.stderr.String(); !strings.Contains(told, "→ GET "+s.issuer+"/.well-known/openid-configuration") || strings.Contains(told, "…(") {
		t.Error(told)
	}
}

// A server's line is its word that clients may come: there is no -o none.
func TestServeOutput(t *testing.T) {
	for _, args := range [][]string{{"serve", "-o", "none"}, {"serve", "--list-faults", "-o", "none"}} {
		if r := run(t, nil, "", args...); r.exit != exitUsage || !strings.Contains(r.stderr, "here it takes text, json") {
			t.Errorf("%v: exit %d\n%s", args, r.exit, r.stderr)
		}
	}
	if help := run(t, nil, "", "serve", "--help").stdout; !strings.Contains(help, "how --list-faults lists: text, json") {
		t.Error(help)
	}
}
