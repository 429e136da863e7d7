// Package cmd decides: flags, environment and defaults come in, a plan goes
// to the engine, and an error goes out as words and an exit code.
//
// One command through the code, from top to bottom: main.go calls Main, which
// builds the tree of commands (root.go, grants.go). A grant's command owns a
// session (session.go): option groups (opt_*.go) that know their flags, and a
// layer (layer.go) that fills each value from flag, environment or default and
// remembers which. session.run discovers the server, plan.go turns options
// into a flow.Plan, flow.Start runs it, and what is left of the run goes to
// output.Deliver on stdout, or through hint.go and exit.go to stderr.
package cmd

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/oauthprobe/oauthprobe/flow"
)

// An Env is everything that the program touches outside itself.
type Env struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	InTTY   bool // what each of the three streams is
	OutTTY  bool
	ErrTTY  bool
	Width   int // of the terminal at stderr; 0: unknown
	Getenv  func(string) string
	Exists  func(path string) bool
	OS      string // "linux/amd64"
	Now     func() time.Time
	Rand    io.Reader
	Proxy   func(*http.Request) (*url.URL, error)
	Context func() (context.Context, context.CancelFunc) // ends with flow.ErrInterrupted
	Pause   func(context.Context, time.Duration) error   // waits, between polls
	// AskSecret asks the person at the terminal, without echo; nil where there is nobody.
	AskSecret func(prompt string) ([]byte, error)
	// Key reads one key at the terminal, and calls tick every second until it comes; Line reads a line. Both are nil
	// where there is nobody.
	Key  func(ctx context.Context, tick func()) (byte, error)
	Line func(context.Context) (string, error)
}

// OS is the Env of a real process.
func OS() Env {
	width, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		width, _ = strconv.Atoi(os.Getenv("COLUMNS")) // no terminal: as wide as we are told, or unknown
	}
	e := Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		InTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTTY: term.IsTerminal(int(os.Stderr.Fd())),
		Width:  width, Getenv: os.Getenv,
		Exists: func(path string) bool { _, err := os.Stat(path); return err == nil },
		OS:     runtime.GOOS + "/" + runtime.GOARCH,
		Now:    time.Now, Rand: rand.Reader, Proxy: http.ProxyFromEnvironment,
		Context: interruptible, Pause: pause,
	}
	if e.Terminal() {
		e.AskSecret, e.Key, e.Line = askSecret, readKey, readLine
		if os.Getenv("TERM") == "dumb" {
			e.Key = lineKey
		}
	}
	return e
}

// askSecret asks on stderr and reads from the terminal, without echo.
func askSecret(prompt string) ([]byte, error) {
	if _, err := os.Stderr.WriteString(prompt); err != nil {
		return nil, err
	}
	b, err := term.ReadPassword(int(os.Stdin.Fd()))
	_, _ = os.Stderr.WriteString("\n")
	return b, err
}

// readKey reads one key as it is pressed.
func readKey(ctx context.Context, tick func()) (byte, error) {
	fd := int(os.Stdin.Fd())
	cooked, err := term.MakeRaw(fd)
	if err != nil {
		return lineKey(ctx, tick)
	}
	defer func() { _ = term.Restore(fd, cooked) }()
	type press struct {
		key byte
		err error
	}
	pressed := make(chan press, 1)
	go func() {
		var b [1]byte
		_, err := os.Stdin.Read(b[:])
		pressed <- press{b[0], err}
	}()
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case p := <-pressed:
			return p.key, p.err
		case <-every.C:
			tick()
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// lineKey is readKey for a terminal that cannot do more than lines: the first
// letter counts, and an empty line is Enter.
func lineKey(ctx context.Context, _ func()) (byte, error) {
	line, err := readLine(ctx)
	if line == "" {
		return '\n', err
	}
	return line[0], err
}

// readLine reads one line and nothing behind it. When ctx ends first, one read
// stays behind.
func readLine(ctx context.Context) (string, error) {
	type typed struct {
		line string
		err  error
	}
	got := make(chan typed, 1)
	go func() {
		line, err := lineOf(os.Stdin)
		got <- typed{line, err}
	}()
	select {
	case t := <-got:
		return t.line, t.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func lineOf(in io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for {
		n, err := in.Read(b[:])
		if err != nil {
			return string(line), err
		}
		if n == 0 {
			continue
		}
		if b[0] == '\n' {
			return strings.TrimRight(string(line), "\r"), nil
		}
		line = append(line, b[0])
	}
}

// pause waits for some time, or for the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Terminal reports whether there is a person to ask: stdin and stderr both
// are a terminal.
func (e Env) Terminal() bool { return e.InTTY && e.ErrTTY }

// interruptible ends at the first signal and leaves the second one to kill.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE) // whoever read along has left: go on, and keep what has to be kept
	go func() {
		select {
		case <-c:
			cancel(flow.ErrInterrupted)
		case <-ctx.Done():
		}
		signal.Stop(c)
	}()
	return ctx, func() { cancel(nil) }
}
