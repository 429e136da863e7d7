package loopback

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"runtime"
	"strings"

	"github.com/pkg/browser"
)

// OpenOptions say how to open the person's browser.
type OpenOptions struct {
	// Command is --browser: "" and "auto" find one, "none" opens nothing, anything else is a command line in which %s stands for
	// the URL (it is added at the end when there is no %s). No shell reads it.
	Command string
	// Getenv looks up BROWSER, DISPLAY, WAYLAND_DISPLAY and WSL_DISTRO_NAME; nil finds nothing.
	Getenv func(string) string
	// Stderr receives what the opener says. It may be written to at any time; a browser that stays keeps it, so hand in a file.
	Stderr io.Writer
	// Failed is told, from another goroutine, of an opener that ended badly after Open had returned.
	Failed func(error)
}

// NoBrowser says why no browser is opened; it is then for the person to open the URL.
type NoBrowser struct{ Reason string }

// Error gives the reason.
func (e *NoBrowser) Error() string { return "no browser: " + e.Reason }

// URLRefused is a URL that is never handed to a browser.
type URLRefused struct{ Reason string }

// Error gives the reason.
func (e *URLRefused) Error() string { return "this URL is not opened: " + e.Reason }

// opener is a way to open a browser: a command, or pkg/browser's own when there is none.
type opener struct {
	by   string
	argv []string
	wsl  bool // what it leads to reads the URL with a shell's eyes
}

// machine is what the choice of an opener depends on.
type machine struct {
	goos string
	look func(string) (string, error)
}

// Open starts the person's browser at u and returns at once with what was started, or an error: *URLRefused, *NoBrowser, or that of
// the start. Only http and https URLs are ever opened. Calls must not overlap: pkg/browser keeps its writers in globals.
func Open(u string, o OpenOptions) (by string, err error) {
	if err := openable(u); err != nil {
		return "", err
	}
	ways, err := machine{runtime.GOOS, exec.LookPath}.openers(o)
	if err != nil {
		return "", err
	}
	for _, way := range ways { // the next one is for when the one before cannot be started
		if err = way.start(harmless(u, way.wsl), o); err == nil {
			return way.by, nil
		}
	}
	return "", err
}

// CanOpen says whether Open would find a browser, without starting one: nil, or an error as Open's.
func CanOpen(o OpenOptions) error {
	_, err := machine{runtime.GOOS, exec.LookPath}.openers(o)
	return err
}

// openers are the ways to try, best first; never none without an error.
func (m machine) openers(o OpenOptions) ([]opener, error) {
	getenv := o.Getenv
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	switch {
	case o.Command == "none":
		return nil, &NoBrowser{"none was asked for"}
	case o.Command != "" && o.Command != "auto":
		return m.commanded(o.Command)
	case getenv("BROWSER") != "":
		return m.environs(getenv("BROWSER"))
	case getenv("WSL_DISTRO_NAME") != "":
		return m.windows()
	case m.goos == "windows":
		return []opener{{by: "the default browser"}}, nil
	case m.goos == "darwin":
		return []opener{{by: "open"}}, nil
	case getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "":
		return nil, &NoBrowser{"neither DISPLAY nor WAYLAND_DISPLAY is set: there is no screen here"}
	}
	for _, name := range []string{"xdg-open", "x-www-browser", "www-browser"} { // pkg/browser's order
		if _, err := m.look(name); err == nil {
			return []opener{{by: name}}, nil
		}
	}
	return nil, &NoBrowser{"neither xdg-open, x-www-browser nor www-browser is installed"}
}

// commanded is --browser.
func (m machine) commanded(line string) ([]opener, error) {
	argv, err := splitCommand(line, m.goos == "windows")
	if err != nil {
		return nil, &NoBrowser{"--browser " + plain(line, 200) + ": " + err.Error()}
	}
	if _, err := m.look(argv[0]); err != nil {
		return nil, &NoBrowser{"--browser " + plain(line, 200) + ": there is no such command"}
	}
	return []opener{{by: "--browser " + plain(line, 200), argv: argv}}, nil
}

// environs is $BROWSER: a list of commands, each perhaps with %s, that are tried in turn.
func (m machine) environs(list string) ([]opener, error) {
	separator := ":"
	if m.goos == "windows" {
		separator = ";"
	}
	var ways []opener
	for line := range strings.SplitSeq(list, separator) {
		argv, err := splitCommand(line, m.goos == "windows")
		if err != nil {
			continue
		}
		if _, err := m.look(argv[0]); err == nil {
			ways = append(ways, opener{by: "$BROWSER " + plain(line, 200), argv: argv})
		}
	}
	if ways == nil {
		return nil, &NoBrowser{"$BROWSER is " + plain(list, 200) + ", and there is no such command"}
	}
	return ways, nil
}

// windows finds the Windows browser from inside WSL. Not by `cmd.exe /c start`: cmd would read the & of a URL as its own.
func (m machine) windows() ([]opener, error) {
	if _, err := m.look("wslview"); err == nil {
		return []opener{{by: "wslview", argv: []string{"wslview"}, wsl: true}}, nil
	}
	for _, name := range []string{"rundll32.exe", "/mnt/c/Windows/System32/rundll32.exe"} {
		if _, err := m.look(name); err == nil {
			return []opener{{by: "rundll32.exe", argv: []string{name, "url.dll,FileProtocolHandler"}, wsl: true}}, nil
		}
	}
	return nil, &NoBrowser{"this is WSL, with neither wslview (install wslu) nor Windows programs within reach"}
}

// start starts it and returns; how it ends is told to Failed.
func (w opener) start(u string, o OpenOptions) error {
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	ended := func(err error) {
		if err != nil {
			o.Failed(fmt.Errorf("%s: %w", w.by, err))
		}
	}
	if w.argv == nil {
		browser.Stdout, browser.Stderr = o.Stderr, o.Stderr // stdout is the deliverable's
		go func() { ended(browser.OpenURL(u)) }()           // blocks until the opener exits
		return nil
	}
	cmd := exec.Command(w.argv[0], withURL(w.argv[1:], u)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, o.Stderr, o.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", w.by, err)
	}
	go func() { ended(cmd.Wait()) }()
	return nil
}

// withURL puts the URL where %s stands, or at the end.
func withURL(args []string, u string) []string {
	var full []string
	placed := false
	for _, a := range args {
		placed = placed || strings.Contains(a, "%s")
		full = append(full, strings.ReplaceAll(a, "%s", u))
	}
	if !placed {
		full = append(full, u)
	}
	return full
}

// openable says why a URL is not opened.
func openable(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return &URLRefused{"it is no URL"}
	case u.Scheme != "http" && u.Scheme != "https":
		return &URLRefused{"its scheme is " + plain(u.Scheme, 40) + ", and only http and https are"}
	case u.Hostname() == "":
		return &URLRefused{"it names no host"}
	}
	return nil
}

// harmless percent-encodes what no URL may hold (RFC 3986 §2), as a browser would. Openers are often scripts; those of WSL end in
// PowerShell or a Windows command line, where more characters than those mean something.
func harmless(u string, wsl bool) string {
	unfit := "\"'<>\\^`{|} "
	if wsl {
		unfit += "$();!"
	}
	var b strings.Builder
	for i := range len(u) {
		if c := u[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(unfit, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// splitCommand splits a command line at blanks: 'as it is', "with blanks", and outside of single quotes a backslash before a quote,
// a blank or a backslash. On Windows a backslash is a character like any other.
func splitCommand(line string, windows bool) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune
	inside := false // of a word, which may be empty
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == '\\' && !windows && quote != '\'' && i+1 < len(runes) && strings.ContainsRune(`"' \`, runes[i+1]):
			i++
			word.WriteRune(runes[i])
			inside = true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, inside = r, true
		case r == ' ' || r == '\t':
			if inside {
				words = append(words, word.String())
				word.Reset()
			}
			inside = false
		default:
			word.WriteRune(r)
			inside = true
		}
	}
	if inside {
		words = append(words, word.String())
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("a %c is not closed", quote)
	case len(words) == 0 || words[0] == "":
		return nil, errors.New("it names no command")
	}
	return words, nil
}
