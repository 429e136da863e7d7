package cmd

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/output"
)

// errDifferent is the verdict of diff; the report has said it.
var errDifferent = errors.New("")

func diffCommand(e Env) (*cobra.Command, func()) {
	o := &savedOptions{}
	o.out.named = []string{"text", "json", "none"}
	c := &cobra.Command{
		Use: "diff A B", Short: "compare two saved traces, and show only what matters", GroupID: "after", Args: usageArgs(2),
		Example: "  oauthprobe diff yesterday.jsonl today.jsonl\n  oauthprobe diff staging.jsonl production.jsonl -o json\n  oauthprobe diff works.jsonl fails.jsonl -q || echo different",
		RunE:    func(c *cobra.Command, args []string) error { return o.diff(e, c, args) },
	}
	return c, func() {
		c.Long = "Puts two traces beside each other, step by step, and shows where they part.\n\n" + wrap("What is made anew each time is no difference: "+
			"state, nonce, codes, tokens, proofs and their like count by the part they play, so that one that does not come back as it was sent does show; times count relative to the run; "+
			"ports of this machine, the server's own address, and header fields that say nothing are left aside. Assertions are compared by what they claim. "+
			"An answer that took ten times as long is told, and is no difference of substance. A or B is - for stdin. "+
			"The exit code is 0 when both are the same in substance, 4 when not, and 2 when one of them cannot be read.", 80)
		c.Flags().SortFlags = false
		fs := pflag.NewFlagSet("What to show", pflag.ContinueOnError)
		fs.SortFlags = false
		o.flags(fs)
		fs.BoolVarP(&o.out.verbose, "verbose", "v", false, "show values whole")
		fs.BoolVarP(&o.out.quiet, "quiet", "q", false, "print nothing: the exit code says it")
		c.Flags().AddFlagSet(fs)
		c.SetUsageFunc(func(c *cobra.Command) error { return usage(c, []flagGroup{{fs.Name(), fs}}) })
	}
}

func (o *savedOptions) diff(e Env, c *cobra.Command, args []string) error {
	if _, err := newLayer(e, c.Flags()); err != nil {
		return err
	}
	if err := o.resolve(); err != nil {
		return err
	}
	switch {
	case len(args) < 2:
		return &usageError{"diff takes two traces", []string{"name both:", "oauthprobe diff a.jsonl b.jsonl"}}
	case args[0] == "-" && args[1] == "-":
		return &usageError{"both traces are to be read from stdin", []string{"name a file for one of them"}}
	}
	a, err := openTrace(e, args[0])
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	b, err := openTrace(e, args[1])
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	d, err := output.Diff(a, b)
	if err != nil {
		return unreadableOf(args, err)
	}
	d.Name(args[0], args[1])
	if err := o.differences(e, d); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	for i, cut := range d.Cut() {
		if cut != nil && !o.out.quiet {
			remarkOn(e, args[i], output.Shown{Cut: cut})
		}
	}
	if !d.Same {
		return errDifferent
	}
	return nil
}

// differences writes the report.
func (o *savedOptions) differences(e Env, d *output.Differences) error {
	if o.out.quiet {
		return nil
	}
	out := bufio.NewWriter(e.Stdout)
	var err error
	switch o.out.format {
	case "text":
		err = d.Text(out, o.terminal(e))
	case "json":
		err = d.JSON(out, e.OutTTY)
	}
	return errors.Join(err, out.Flush())
}

// unreadableOf says which of two traces cannot be read.
func unreadableOf(args []string, err error) error {
	var which *output.UnreadableTrace
	if !errors.As(err, &which) {
		return err
	}
	path := args[0]
	if which.Second {
		path = args[1]
	}
	return unreadable(path, which.Shown, which.Err)
}
