package cmd

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// pour writes a text again and again.
func pour(w io.Writer, s string, times int) {
	for range times {
		if _, err := io.WriteString(w, s); err != nil {
			return
		}
	}
}

// A junkyard answers at every address in one way.
func junkyard(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

// peak runs the program in a process of its own and gives the most memory that
// it ever had, in kB. The first line of what it said helps when it went wrong.
func peak(t *testing.T, args ...string) (kB int64, exit int, said string) {
	t.Helper()
	var errs strings.Builder
	c := exec.Command(os.Args[0], args...)
	c.Args[0] = "oauthprobe"                                                     // see TestMain
	c.Stderr, c.Dir, c.Env = &errs, t.TempDir(), append(os.Environ(), "GOGC=10") // or garbage would count too
	_ = c.Run()                                                                  // it fails, and how is in its exit code
	usage, fine := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !fine {
		t.Fatal("this system does not say how much memory a process had")
	}
	return usage.Maxrss, c.ProcessState.ExitCode(), errs.String()
}

// raced reports whether the race detector takes memory of its own.
func raced() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
}

// What a hostile server sends costs a bounded amount of memory, however much
// that is: 32 MB beyond what the program needs to start.
func TestJunkCostsLittleMemory(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"20 MB of blanks": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			pour(w, strings.Repeat(" ", 1<<20), 20)
		},
		"20 MB of a token": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"`)
			pour(w, strings.Repeat("a", 1<<20), 20)
		},
		"20 MB of a page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			pour(w, strings.Repeat("<form><input name=a>", 1<<16), 16)
		},
		"deep JSON": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			pour(w, strings.Repeat(`{"a":[`, 1<<10), 1<<10)
		},
		"a million members": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{")
			pour(w, strings.Repeat(`"a":1,`, 1<<10), 1<<10)
			_, _ = io.WriteString(w, `"b":1}`)
		},
		"a million header fields": func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer func() { _ = c.Close() }()
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			pour(c, strings.Repeat("X-A: b\r\n", 1<<10), 1<<10)
		},
	}
	start, _, _ := peak(t, "version")
	for name, answer := range answers {
		base := junkyard(t, answer)
		for command, args := range map[string][]string{
			"discovery":  {"code", base},
			"code":       {"code", "--headless", "--authorization-endpoint", base + "/authorize", "--token-endpoint", base + "/token"},
			"cc":         {"cc", "--client-secret", "value:s", "--token-endpoint", base + "/token"},
			"userinfo":   {"userinfo", "--access-token", "value:t", "--userinfo-endpoint", base + "/me"},
			"introspect": {"introspect", "--client-secret", "value:s", "--token", "value:t", "--introspection-endpoint", base + "/introspect"},
		} {
			t.Run(name+"/"+command, func(t *testing.T) {
				t.Parallel()
				kB, exit, said := peak(t, append(args, "--client-id", "me", "-o", "none", "-q")...)
				if more := kB - start; more > 32<<10 && !raced() {
					t.Errorf("%d kB", more)
				}
				if exit == exitUsage || exit == 0 || exit < 0 {
					t.Errorf("exit %d\n%s", exit, said)
				}
			})
		}
	}
}
