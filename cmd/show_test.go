package cmd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at drives the whole program at some width, and saves nothing by itself.
func at(t *testing.T, width int, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	e := Env{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Width: width,
		Getenv: func(string) string { return "" }, Exists: func(string) bool { return false },
		OS: "test/test", Now: now, Rand: rand.NewChaCha8(sha256.Sum256([]byte(t.Name() + strings.Join(args, " ")))),
		Pause:   func(context.Context, time.Duration) error { return nil },
		Context: func() (context.Context, context.CancelFunc) { return context.WithCancel(context.Background()) },
	}
	return result{exit: Main(e), stdout: out.String(), stderr: errs.String()}
}

// kept runs a command and gives the path of its trace.
func kept(t *testing.T, args ...string) (string, result) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace.jsonl")
	r := at(t, 100, "", append(args, "--save", path, "-o", "none")...)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v left no trace: %s", args, r.stderr)
	}
	return path, r
}

// What show prints is what the run showed on stderr, octet by octet; what is
// left of stderr is no part of a trace.
func TestShowPrintsTheLiveRun(t *testing.T) {
	signIn := []string{"--headless", "--fill", "username=alice", "--fill", "password=alice"}
	for name, args := range map[string][]string{
		"code":    {"code", "--demo", "--headless"},
		"refused": append([]string{"code", startDemo(t), "--client-id", "public", "--param", "token:code=garbage"}, signIn...),
		"fault":   append([]string{"code", startDemo(t, "idtoken-nonce-wrong"), "--client-id", "public", "--scope", "openid"}, signIn...),
		"all":     append([]string{"code", startDemo(t), "--client-id", "public", "--scope", "openid", "--par", "--dpop", "--response-mode", "jwt"}, signIn...),
		"hybrid":  {"hybrid", "--demo", "--headless"},
		"ciba":    {"ciba", "--demo", "--headless"},
		"gone":    {"cc", "http://127.0.0.1:1", "--client-id", "x", "--client-secret", "value:y"},
	} {
		for width, looks := range map[int][][]string{60: {{}}, 80: {{"--color", "always"}, {"-q"}}, 100: {{"-v"}}, 140: {{}}} {
			for _, look := range looks {
				path := filepath.Join(t.TempDir(), "trace.jsonl")
				live := at(t, width, "", slices.Concat(args, look, []string{"--save", path, "-o", "none"})...)
				again := at(t, width, "", append([]string{"show", path}, look...)...)
				if again.exit != 0 || again.stderr != "" {
					t.Errorf("%s %v %d: exit %d, %s", name, look, width, again.exit, again.stderr)
				}
				rest, ok := strings.CutPrefix(live.stderr, again.stdout)
				if !ok {
					t.Errorf("%s %v %d: %s", name, look, width, cmp.Diff(live.stderr, again.stdout))
					continue
				}
				if rest = strings.TrimPrefix(rest, "\n"); rest != "" && !strings.HasPrefix(rest, "oauthprobe: ") && !strings.HasPrefix(rest, "What next:") {
					t.Errorf("%s %v %d: show leaves out %q", name, look, width, rest)
				}
			}
		}
	}
}

// The one line that differs is the address to open, when it holds a secret.
func TestShowMasksTheAddress(t *testing.T) {
	hint := "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZS0wMTIz"
	path, live := kept(t, "code", "--demo", "--headless", "--id-token-hint", "value:"+hint)
	again := at(t, 100, "", "show", path)
	was, is := strings.Split(live.stderr, "\n"), strings.Split(again.stdout, "\n")
	differ := 0
	for i, line := range is[:len(is)-1] {
		if line == was[i] {
			continue
		}
		differ++
		if !strings.Contains(was[i], "c2lnbmF0dXJl") || strings.Contains(line, "c2lnbmF0dXJl") || !strings.HasPrefix(line, "http://127.0.0.1:") {
			t.Errorf("line %d:\n%s\n%s", i+1, was[i], line)
		}
	}
	if differ != 1 {
		t.Errorf("%d lines differ, want 1", differ)
	}
}

func TestShowRefusesWhatIsNoTrace(t *testing.T) {
	good, _ := kept(t, "cc", "--demo")
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for _, c := range []struct {
		name, text string
		exit       int
		stderr     string
	}{
		{"nothing", "", 2, "oauthprobe: error: - is no trace: there is nothing in it\n"},
		{"text", "hello\n", 2, "oauthprobe: error: - is no trace: invalid character 'h' looking for beginning of value\n"},
		{"a page", "<html>\n<body>\n", 2, "oauthprobe: error: - is no trace: line 1: invalid character '<' looking for beginning of value\n"},
		{"binary", "\x00\x01\x1b[2J\n\xff\n", 2, "oauthprobe: error: - is no trace: line 1: invalid character '\\x00' looking for beginning of value\n"},
		{"one octet of a trace", "{", 2, "oauthprobe: error: - is no trace: unexpected end of JSON input\n"},
		{"a wrong type", lines[0] + strings.Replace(lines[1], `"seq":2`, `"seq":"\u001b[2J"`, 1) + lines[2], 2, "oauthprobe: error: -: line 2: seq cannot be of type string\n"},
		{"cut off", string(text[:len(text)-9]), 0, "oauthprobe: warning: -: line " + itoa(len(lines)-1) + ": the trace is cut off: unexpected end of JSON input\n"},
		{"cut between lines", strings.Join(lines[:len(lines)-2], ""), 0, "oauthprobe: warning: - ends before the run client-credentials did\n"},
		{"of tomorrow", strings.ReplaceAll(string(text), `{"v":1,`, `{"v":7,`), 0, "oauthprobe: warning: - is of version 7, and this program knows version 1: what it does not know is shown by its name only\n"},
	} {
		r := at(t, 100, c.text, "show", "-")
		first, _, _ := strings.Cut(r.stderr, "oauthprobe: hint")
		if r.exit != c.exit || first != c.stderr {
			t.Errorf("%s: exit %d, %q\nwant %d, %q", c.name, r.exit, first, c.exit, c.stderr)
		}
		if c.name == "cut off" && !strings.HasSuffix(r.stdout, "  i the trace is cut off in line "+itoa(len(lines)-1)+": what happened after that is not known\n") {
			t.Errorf("%s: %q", c.name, r.stdout[max(0, len(r.stdout)-200):])
		}
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }
