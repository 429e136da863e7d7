package cmd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/output"
)

// savedOptions say how what a saved trace tells is shown.
type savedOptions struct {
	out   outputOptions
	width int
}

func (o *savedOptions) flags(fs *pflag.FlagSet) {
	fs.StringVarP(&o.out.format, "output", "o", o.out.named[0], "what goes to stdout: "+strings.Join(o.out.named, ", "))
	fs.StringVar(&o.out.color, "color", "auto", "colour: auto, always or never")
	fs.IntVar(&o.width, "width", 0, "`CELLS` that a line has; without it those of the terminal, else 80")
}

func (o *savedOptions) resolve() error {
	if o.width != 0 && (o.width < 40 || o.width > 1000) {
		return &usageError{"--width takes a number of cells from 40 to 1000", nil}
	}
	return o.out.resolve()
}

// terminal is how stdout is written to: coloured only where it is a terminal,
// and never live.
func (o *savedOptions) terminal(e Env) output.TerminalOptions {
	at := e
	at.ErrTTY = e.OutTTY
	t := o.out.terminal(at)
	t.Live = false
	if o.width > 0 {
		t.Width = o.width
	}
	return t
}

func showCommand(e Env) (*cobra.Command, func()) {
	o := &savedOptions{}
	o.out.named = []string{"text", "jsonl", "none"}
	c := &cobra.Command{
		Use: "show FILE", Short: "show a saved trace again, or turn it into another format", GroupID: "after", Args: usageArgs(1),
		Example: "  oauthprobe show trace.jsonl\n  oauthprobe show trace.jsonl -v | less\n  oauthprobe show trace.jsonl -o none --save report.html\n  zcat trace.jsonl.gz | oauthprobe show -",
		RunE:    func(c *cobra.Command, args []string) error { return o.show(e, c, args) },
	}
	return c, func() {
		c.Long = "Shows a trace that was kept with --save FILE.jsonl.\n\n" + wrap("What is printed is what the run showed, character by character, at the same width, colour and verbosity. "+
			"Four things are not in a trace: the address that the person was sent to is shown live as it is, and saved with its secrets hidden; "+
			"on a terminal a live run folds a row of polls into one line; the notes, the error and its hint, and what --demo says at the end, are not part of it; "+
			"and inspect and discover tell how they went about it only with -v. FILE is - for stdin.", 80)
		c.Flags().SortFlags = false
		fs := pflag.NewFlagSet("What to show and keep", pflag.ContinueOnError)
		fs.SortFlags = false
		o.flags(fs)
		fs.BoolVarP(&o.out.verbose, "verbose", "v", false, "show everything: headers, whole bodies, every check, times")
		fs.BoolVarP(&o.out.quiet, "quiet", "q", false, "show only what a person had to open")
		fs.StringArrayVar(&o.out.save, "save", nil, "keep the trace in `[FORMAT=]FILE`, by extension: "+strings.Join(output.SaveFormats(), ", ")+"; repeatable")
		c.Flags().AddFlagSet(fs)
		c.SetUsageFunc(func(c *cobra.Command) error { return usage(c, []flagGroup{{fs.Name(), fs}}) })
	}
}

func (o *savedOptions) show(e Env, c *cobra.Command, args []string) error {
	if _, err := newLayer(e, c.Flags()); err != nil {
		return err
	}
	if err := o.resolve(); err != nil {
		return err
	}
	if len(args) == 0 {
		return &usageError{"no trace is named", []string{"name a file that --save kept, or - for stdin:", "oauthprobe show trace.jsonl"}}
	}
	in, err := openTrace(e, args[0])
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out := bufio.NewWriterSize(e.Stdout, 64<<10)
	screen := output.NewTerminal(out, o.terminal(e))
	var each []func(output.TraceLine) error
	switch o.out.format {
	case "text":
		each = append(each, output.ShowText(screen))
	case "jsonl":
		each = append(each, output.ShowLines(out, e.OutTTY))
	}
	kept := &output.Keeper{}
	if len(o.out.saves) > 0 {
		each = append(each, kept.Keep)
	}
	shown, err := output.Show(in, each...)
	if o.out.format == "text" && shown.Cut != nil && shown.Lines > 0 {
		output.ShowCut(screen, shown.Cut)
	}
	_ = screen.Close() // nothing is written after a failure
	if e := out.Flush(); e != nil {
		return fmt.Errorf("stdout: %w", e)
	}
	if err = unreadable(args[0], shown, err); err != nil {
		return err
	}
	remarkOn(e, args[0], shown)
	for _, to := range o.out.saves {
		if err := kept.Save(to.path, to.format); err != nil {
			return fmt.Errorf("--save: %w", err)
		}
	}
	return nil
}

// openTrace opens a file, or stdin for "-".
func openTrace(e Env, path string) (io.ReadCloser, error) {
	if path == "-" {
		if e.InTTY {
			return nil, &usageError{"the trace is to be read from stdin, and stdin is a terminal", []string{"pipe it in, or name a file"}}
		}
		return io.NopCloser(e.Stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &usageError{err.Error(), nil}
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close()
		return nil, &usageError{path + " is a folder", nil}
	}
	return f, nil
}

// unreadable turns what is wrong with a file into a mistake of who named it.
// What fails to be written is none.
func unreadable(path string, s output.Shown, err error) error {
	var bad *output.BadLine
	hints := []string{"a trace is what --save keeps in a file named .jsonl:", "oauthprobe code … --save trace.jsonl"}
	switch {
	case err == nil && s.Lines == 0 && s.Cut == nil:
		return &usageError{path + " is no trace: there is nothing in it", hints}
	case err == nil && s.Lines == 0:
		return &usageError{fmt.Sprintf("%s is no trace: %v", path, errors.Unwrap(s.Cut)), hints}
	case errors.As(err, &bad) && s.Lines == 0:
		return &usageError{fmt.Sprintf("%s is no trace: %v", path, bad), hints}
	case errors.As(err, &bad):
		return &usageError{fmt.Sprintf("%s: %v", path, bad), []string{"what is above that line was read; the file has been changed or damaged"}}
	}
	var time *time.ParseError
	if errors.As(err, &time) {
		return &usageError{fmt.Sprintf("%s: after line %d: a time that is none", path, s.Lines), hints}
	}
	return err
}

// remarkOn says on stderr what is not whole about a trace.
func remarkOn(e Env, path string, s output.Shown) {
	warn := func(text string) { _, _ = fmt.Fprintf(e.Stderr, "oauthprobe: warning: %s\n", clean(text)) }
	if s.Version > output.TraceVersion {
		warn(fmt.Sprintf("%s is of version %d, and this program knows version %d: what it does not know is shown by its name only", path, s.Version, output.TraceVersion))
	}
	switch {
	case s.Cut != nil:
		warn(fmt.Sprintf("%s: %v", path, s.Cut))
	case len(s.Open) > 0:
		warn(fmt.Sprintf("%s ends before the run %s did", path, strings.Join(s.Open[:min(len(s.Open), 4)], ", ")))
	}
}
