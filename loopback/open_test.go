package loopback

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fake writes a script that notes its arguments, one a line, and fails: so that Failed tells when it has ended.
func fake(t *testing.T, name string) (path, notes string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs sh")
	}
	dir := t.TempDir()
	path, notes = filepath.Join(dir, name), filepath.Join(dir, "notes")
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" > '" + notes + "'\nexit 3\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, notes
}

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// wild is full of what a shell would act upon.
const (
	wild = "https://as.example/a?x=1&y=$(touch /tmp/p)`id`;z='\"|<>%20%s"
	tame = "https://as.example/a?x=1&y=$(touch%20/tmp/p)%60id%60;z=%27%22%7C%3C%3E%20%s"
)

func TestOpenStartsWhatItSays(t *testing.T) {
	path, notes := fake(t, "my browser")
	xdg, xdgNotes := fake(t, "xdg-open")
	for name, c := range map[string]struct {
		command string
		getenv  func(string) string
		by      string
		notes   string
		want    []string
	}{
		"--browser":       {command: "'" + path + "' --new", by: "--browser '" + path + "' --new", notes: notes, want: []string{"--new", tame}},
		"--browser, %s":   {command: `"` + path + `" --url=%s -x`, by: `--browser "` + path + `" --url=%s -x`, notes: notes, want: []string{"--url=" + tame, "-x"}},
		"BROWSER, a list": {getenv: env("BROWSER", "no-such-browser:'"+path+"'", "DISPLAY", ":0"), by: "$BROWSER '" + path + "'", notes: notes, want: []string{tame}},
		"xdg-open":        {getenv: env("WAYLAND_DISPLAY", "wayland-0"), by: "xdg-open", notes: xdgNotes, want: []string{tame}},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "xdg-open" && runtime.GOOS != "linux" {
				t.Skip("Linux only")
			}
			t.Setenv("PATH", filepath.Dir(xdg))
			ended := make(chan error, 1)
			by, err := Open(wild, OpenOptions{Command: c.command, Getenv: c.getenv, Stderr: io.Discard, Failed: func(err error) { ended <- err }})
			if err != nil || by != c.by {
				t.Fatalf("started %q, %v; want %q", by, err, c.by)
			}
			if exit, ok := errors.AsType[*exec.ExitError](<-ended); !ok || exit.ExitCode() != 3 {
				t.Errorf("Failed was not told of exit status 3")
			}
			got, err := os.ReadFile(c.notes)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, strings.Split(strings.TrimSpace(string(got)), "\n")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOnlyWebAddressesAreOpened(t *testing.T) {
	for _, u := range []string{"file:///etc/passwd", "javascript:alert(1)", "ms-settings:", "-version", "", "http://", "https:x", "http://a\x00b/", "HTTP//x"} {
		_, err := Open(u, OpenOptions{Command: "no-such-browser"})
		if _, ok := errors.AsType[*URLRefused](err); !ok {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func TestWhichOpener(t *testing.T) {
	screen := []string{"DISPLAY", ":0"}
	wsl := []string{"WSL_DISTRO_NAME", "Debian"}
	for name, c := range map[string]struct {
		goos, command string
		env           []string
		installed     []string
		by            string
		no            string
	}{
		"none":                  {goos: "linux", command: "none", env: screen, installed: []string{"xdg-open"}, no: "none was asked for"},
		"no screen":             {goos: "linux", installed: []string{"xdg-open"}, no: "neither DISPLAY nor WAYLAND_DISPLAY"},
		"nothing installed":     {goos: "freebsd", env: screen, no: "neither xdg-open"},
		"auto":                  {goos: "linux", command: "auto", env: screen, installed: []string{"www-browser"}, by: "www-browser"},
		"no such command":       {goos: "linux", command: "firefux", env: screen, no: "there is no such command"},
		"quote left open":       {goos: "linux", command: "'firefox", no: "a ' is not closed"},
		"BROWSER gone":          {goos: "linux", env: []string{"BROWSER", "gone:also"}, no: "$BROWSER is gone:also"},
		"BROWSER, no screen":    {goos: "linux", env: []string{"BROWSER", "code --open"}, installed: []string{"code"}, by: "$BROWSER code --open"},
		"BROWSER on Windows":    {goos: "windows", env: []string{"BROWSER", `C:\b.exe;x`}, installed: []string{`C:\b.exe`}, by: `$BROWSER C:\b.exe`},
		"WSL":                   {goos: "linux", env: wsl, installed: []string{"wslview", "rundll32.exe"}, by: "wslview"},
		"WSL, no wslu":          {goos: "linux", env: wsl, installed: []string{"rundll32.exe"}, by: "rundll32.exe"},
		"WSL, cut off":          {goos: "linux", env: wsl, no: "this is WSL"},
		"macOS needs no screen": {goos: "darwin", by: "open"},
		"Windows":               {goos: "windows", by: "the default browser"},
	} {
		t.Run(name, func(t *testing.T) {
			m := machine{c.goos, func(name string) (string, error) {
				if slices.Contains(c.installed, name) {
					return name, nil
				}
				return "", exec.ErrNotFound
			}}
			ways, err := m.openers(OpenOptions{Command: c.command, Getenv: env(c.env...)})
			if c.no != "" {
				if none, ok := errors.AsType[*NoBrowser](err); !ok || !strings.Contains(none.Reason, c.no) {
					t.Errorf("got %v, want %q", err, c.no)
				}
				return
			}
			if err != nil || ways[0].by != c.by {
				t.Errorf("got %v %v, want %q", ways, err, c.by)
			}
		})
	}
	if err := CanOpen(OpenOptions{Command: "none"}); err == nil {
		t.Error("CanOpen found a browser that nobody wants")
	}
}

func TestWSLSeesNoShellCharacters(t *testing.T) {
	got := harmless(wild, true)
	if strings.ContainsAny(got, "$();`'\"|<> ") || !strings.Contains(got, "x=1&y=%24%28touch") {
		t.Error(got)
	}
}

func TestSplitCommand(t *testing.T) {
	for line, want := range map[string][]string{
		`firefox`:                   {"firefox"},
		`  firefox   --new-tab %s `: {"firefox", "--new-tab", "%s"},
		`"a b" 'c d' e\ f`:          {"a b", "c d", "e f"},
		`x "a \"b\" c" ''`:          {"x", `a "b" c`, ""},
		`x 'a\b' --p="q r"s`:        {"x", `a\b`, "--p=q rs"},
		`x $(rm) ;y`:                {"x", "$(rm)", ";y"},
	} {
		got, err := splitCommand(line, false)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Error(err, d)
		}
	}
	got, err := splitCommand(`"C:\Program Files\b.exe" \\server\x`, true)
	if d := cmp.Diff([]string{`C:\Program Files\b.exe`, `\\server\x`}, got); d != "" || err != nil {
		t.Error(err, d)
	}
}
