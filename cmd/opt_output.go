package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/output"
)

// outputOptions say what is shown and kept.
type outputOptions struct {
	format                 string
	save                   []string
	verbose, quiet, reveal bool
	color                  string
	saves                  []saveTo
	report                 bool     // what is delivered is a report
	named                  []string // the formats, where the command has its own
	answer                 bool     // what is delivered is a server's answer, and no token
}

type saveTo struct{ format, path string }

func (o *outputOptions) flags(fs *pflag.FlagSet) {
	fs.StringVarP(&o.format, "output", "o", o.formats()[0], "what goes to stdout: "+strings.Join(o.formats(), ", "))
	fs.StringArrayVar(&o.save, "save", nil, "keep the trace in `[FORMAT=]FILE`, by extension: "+strings.Join(output.SaveFormats(), ", ")+"; repeatable")
	fs.BoolVarP(&o.verbose, "verbose", "v", false, "show everything: headers, whole bodies, every check, times")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "show nothing but errors and what a person has to open")
	fs.StringVar(&o.color, "color", "auto", "colour: auto, always or never")
	fs.BoolVar(&o.reveal, "reveal", false, "show and save secrets as they are")
}

// formats are those of the command, the default first.
func (o *outputOptions) formats() []string {
	switch {
	case o.named != nil:
		return o.named
	case o.report:
		return []string{"text", "json", "none"}
	case o.answer:
		return []string{"json", "result", "none"}
	}
	return output.DeliverFormats()
}

// resolve refuses what could not be delivered or kept before anything is sent.
func (o *outputOptions) resolve() error {
	if !slices.Contains(o.formats(), o.format) {
		return &usageError{fmt.Sprintf("-o is %q; here it takes %s", o.format, strings.Join(o.formats(), ", ")), nil}
	}
	if !slices.Contains([]string{"auto", "always", "never"}, o.color) {
		return &usageError{fmt.Sprintf("--color is %q; it takes auto, always or never", o.color), nil}
	}
	for _, spec := range o.save {
		format, path, err := output.SaveFormat(spec)
		if err != nil {
			return &usageError{"--save: " + err.Error(), nil}
		}
		if dir, err := os.Stat(filepath.Dir(path)); err != nil || !dir.IsDir() {
			return &usageError{fmt.Sprintf("--save %s: there is no folder %s", path, filepath.Dir(path)), nil}
		}
		if at, err := os.Stat(path); err == nil && !at.Mode().IsRegular() {
			return &usageError{fmt.Sprintf("--save %s: that is not a regular file", path), nil}
		}
		if err := o.ownFile(path); err != nil {
			return err
		}
		probe, err := os.CreateTemp(filepath.Dir(path), ".oauthprobe-*")
		if err != nil {
			return &usageError{fmt.Sprintf("--save %s: %v", path, err), nil}
		}
		_ = probe.Close()
		_ = os.Remove(probe.Name())
		o.saves = append(o.saves, saveTo{format, path})
	}
	return nil
}

// ownFile refuses a file that something else of this run goes to: what is kept
// replaces what was there.
func (o *outputOptions) ownFile(path string) error {
	if path == "-" {
		return &usageError{"--save takes a file, and - is none", []string{"a file of that name is written so:", "--save jsonl=./-"}}
	}
	for _, system := range []string{"/dev/", "/proc/"} {
		if abs, err := filepath.Abs(path); err == nil && strings.HasPrefix(abs, system) {
			return &usageError{"--save " + path + ": that leads to where something else goes", []string{"name a file of its own"}}
		}
	}
	for _, other := range o.saves {
		if landing(other.path) == landing(path) {
			return &usageError{"--save names " + path + " twice: one would replace the other", nil}
		}
	}
	return nil
}

// landing is where a path leads in the end.
func landing(path string) string {
	if at, err := filepath.EvalSymlinks(path); err == nil {
		path = at
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// colored decides by flag, NO_COLOR, CLICOLOR_FORCE, and whether stderr is a
// terminal that can.
func (o *outputOptions) colored(e Env) bool {
	switch {
	case o.color != "auto":
		return o.color == "always"
	case e.Getenv("NO_COLOR") != "":
		return false
	case e.Getenv("CLICOLOR_FORCE") != "" && e.Getenv("CLICOLOR_FORCE") != "0":
		return true
	}
	return e.ErrTTY && e.Getenv("TERM") != "dumb"
}

// dark reads COLORFGBG, which some terminals set; most backgrounds are dark.
func dark(e Env) bool {
	parts := strings.Split(e.Getenv("COLORFGBG"), ";")
	last := parts[len(parts)-1]
	return last != "7" && last != "15"
}

func (o *outputOptions) terminal(e Env) output.TerminalOptions {
	return output.TerminalOptions{
		Width: e.Width, Color: o.colored(e), Dark: dark(e), Verbose: o.verbose, Quiet: o.quiet,
		Live: e.ErrTTY && e.Getenv("TERM") != "dumb",
	}
}
