package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
)

// A layer fills the flags of one command: flag, then environment variable,
// then default. It remembers where each value came from.
type layer struct {
	env   Env
	from  map[string]string // flag name to "--scope" or "OAUTHPROBE_SCOPE"
	stdin string            // the flag that read stdin
	typed []string          // secret flags whose value was typed as it is
}

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "OAUTHPROBE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func newLayer(e Env, fs *pflag.FlagSet) (*layer, error) {
	l := &layer{env: e, from: map[string]string{}}
	var failed error
	if names := wantStdin(fs); len(names) > 1 {
		return nil, &usageError{strings.Join(names, " and ") + " both want to read stdin", []string{"give one of them as @FILE or env:NAME"}}
	}
	fs.VisitAll(func(f *pflag.Flag) {
		switch {
		case failed != nil, f.Name == "help":
		case f.Changed && (f.Value.Type() == "string" && f.Value.String() == "" || f.Value.Type() == "stringArray" && f.Value.String() == "[]"):
			failed = &usageError{"--" + f.Name + " is empty", []string{"was a variable meant that is not set? To leave it out, leave out the flag"}}
		case f.Changed:
			l.from[f.Name] = "--" + f.Name
		default:
			failed = l.fromEnvironment(fs, f)
		}
	})
	return l, failed
}

// wantStdin are the flags that are to be read from stdin; more than one cannot
// be, and that is said before waiting for any.
func wantStdin(fs *pflag.FlagSet) []string {
	var names []string
	fs.Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if all, ok := f.Value.(pflag.SliceValue); ok {
			values = nil
			for _, v := range all.GetSlice() {
				_, after, _ := strings.Cut(v, "=")
				values = append(values, after)
			}
		}
		for _, v := range values {
			if v == "-" {
				names = append(names, "--"+f.Name)
			}
		}
	})
	return names
}

// typedFlag reports whether a flag was given on the command line.
func (l *layer) typedFlag(flag string) bool { return strings.HasPrefix(l.from[flag], "--") }

// yield makes a flag that came from the environment give way to one, or to an
// argument, that was typed.
func (l *layer) yield(flag string, typed bool) bool {
	if !typed || l.from[flag] == "" || l.typedFlag(flag) {
		return false
	}
	delete(l.from, flag)
	return true
}

// fromEnvironment sets a flag from its variable. A repeatable one holds one
// value a line.
func (l *layer) fromEnvironment(fs *pflag.FlagSet, f *pflag.Flag) error {
	name := variable(f.Name)
	value := l.env.Getenv(name)
	if value == "" {
		return nil
	}
	values := []string{value}
	if f.Value.Type() == "stringArray" {
		values = strings.Split(strings.TrimSuffix(value, "\n"), "\n")
	}
	if f.Value.Type() == "bool" {
		switch strings.ToLower(value) {
		case "1", "true", "0", "false":
		default:
			return &usageError{fmt.Sprintf("%s is %q; it takes 1, 0, true or false", name, value), nil}
		}
	}
	for _, v := range values {
		if err := fs.Set(f.Name, v); err != nil {
			return &usageError{fmt.Sprintf("%s: %v", name, err), nil}
		}
	}
	l.from[f.Name] = name
	return nil
}

// by is where the value of a flag came from.
func (l *layer) by(flag string) string {
	if from := l.from[flag]; from != "" {
		return from
	}
	return "default"
}

// given reports whether a flag was set at all.
func (l *layer) given(flag string) bool { return l.from[flag] != "" }

// secret resolves a secret-valued flag and remembers when it was typed as it
// is, where other processes can read it.
func (l *layer) secret(flag, value string) (string, error) {
	if value == "" {
		return "", nil
	}
	out, literal, err := l.value("--"+flag, value)
	if err == nil && out == "" {
		return "", &usageError{fmt.Sprintf("--%s is empty", flag), []string{"look at what it was to be read from"}}
	}
	if literal && strings.HasPrefix(l.from[flag], "--") {
		l.typed = append(l.typed, "--"+flag)
	}
	return out, err
}

// value resolves VALUE, value:TEXT, @FILE, -, env:NAME and cmd:COMMAND. The
// name is for errors, which never hold the value.
func (l *layer) value(name, v string) (out string, literal bool, err error) {
	switch {
	case strings.HasPrefix(v, "value:"):
		return strings.TrimPrefix(v, "value:"), true, nil
	case v == "-":
		out, err = l.readStdin(name)
	case strings.HasPrefix(v, "@"):
		out, err = readFile(name, v[1:])
	case strings.HasPrefix(v, "env:"):
		out, err = l.readEnv(name, v[len("env:"):])
	case strings.HasPrefix(v, "cmd:"):
		out, err = l.readCommand(name, v[len("cmd:"):])
	default:
		return v, true, nil
	}
	return cutNewline(out), false, err
}

// cutNewline takes off the one newline that editors and echo put at the end.
func cutNewline(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}

// maxValue is more than any secret is long.
const maxValue = 1 << 20

var errTooLong = fmt.Errorf("more than %d octets", maxValue)

func (l *layer) readStdin(name string) (string, error) {
	if l.stdin != "" {
		return "", &usageError{fmt.Sprintf("%s and %s both want to read stdin", l.stdin, name), []string{"give one of them as @FILE or env:NAME"}}
	}
	l.stdin = name
	if l.env.InTTY {
		return "", &usageError{name + " reads stdin, and stdin is a terminal", []string{"pipe the value in, or give it as @FILE or env:NAME"}}
	}
	b, err := io.ReadAll(io.LimitReader(l.env.Stdin, maxValue+1))
	if err == nil && len(b) > maxValue {
		err = errTooLong
	}
	if err != nil {
		return "", &usageError{fmt.Sprintf("%s: reading stdin: %v", name, err), nil}
	}
	return string(b), nil
}

func readFile(name, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", &usageError{fmt.Sprintf("%s: %v", name, err), nil}
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err == nil && len(b) > maxValue {
		err = errTooLong
	}
	if err != nil {
		return "", &usageError{fmt.Sprintf("%s: %v", name, err), nil}
	}
	return string(b), nil
}

func (l *layer) readEnv(name, variable string) (string, error) {
	v := l.env.Getenv(variable)
	if v == "" {
		return "", &usageError{fmt.Sprintf("%s: the environment variable %s is not set", name, variable), nil}
	}
	return v, nil
}

func (l *layer) readCommand(name, command string) (string, error) {
	ctx, cancel := l.env.Context()
	defer cancel()
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/c"}
	}
	return runCommand(ctx, name, append(shell, command), l.env.Stderr)
}

func runCommand(ctx context.Context, name string, argv []string, stderr io.Writer) (string, error) {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, stderr
	if err := c.Run(); err != nil && errors.Is(context.Cause(ctx), flow.ErrInterrupted) {
		return "", flow.ErrInterrupted
	} else if err != nil {
		return "", &usageError{fmt.Sprintf("%s: the command failed: %v", name, err), nil}
	}
	return out.String(), nil
}
