package cmd

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/discover"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/output"
)

func discoverCommand(e Env) (*cobra.Command, func()) {
	row := commandRow{procedure: discover.Survey(), use: true, anonymous: true, first: flow.Metadata, example: `  oauthprobe discover --demo
  oauthprobe discover https://issuer.example
  oauthprobe discover https://issuer.example -o json`}
	s := &session{env: e, row: row}
	s.out.report = true
	short, long, _ := strings.Cut(row.procedure.Doc, "\n\n")
	c := &cobra.Command{
		Use: "discover [TARGET]", Short: short, GroupID: "look", Example: row.example, Args: usageArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return s.runDiscover(c, args) },
	}
	return c, func() {
		c.Long = short + " (" + row.procedure.Spec + ")\n\n" + wrap(long+" With -o json the metadata come as the server sent them, octet by octet.", 80) + "\n\n" +
			wrap("The exit code is 0 when nothing is wrong that would stop a run, whatever else is remarked; 4 when something is, such as metadata of another issuer or a jwks_uri without https, "+
				"and with --strict at any failed MUST; 5 when there are no metadata, or no keys where they say; 2 when the command is wrong.", 80)
		c.Flags().SortFlags = false
		var groups []flagGroup
		for _, g := range []struct {
			title   string
			declare func(*pflag.FlagSet)
		}{
			{"Which server", func(fs *pflag.FlagSet) { s.server.flags(fs, []flow.Endpoint{flow.JWKS}) }},
			{"How to go about it", s.how.surveyFlags},
			{"What to show and keep", s.out.flags},
		} {
			fs := pflag.NewFlagSet(g.title, pflag.ContinueOnError)
			fs.SortFlags = false
			g.declare(fs)
			c.Flags().AddFlagSet(fs)
			groups = append(groups, flagGroup{g.title, fs})
		}
		c.SetUsageFunc(func(c *cobra.Command) error { return usage(c, groups) })
	}
}

// surveyFlags are those that mean something where nobody signs in and nothing is
// sent but a few GETs.
func (o *howOptions) surveyFlags(fs *pflag.FlagSet) {
	o.some(fs, "strict")
	fs.Lookup("strict").Usage = "exit with 4 at any failed MUST"
}

// some declares one flag, and those of the network.
func (o *howOptions) some(fs *pflag.FlagSet, first string) {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.flags(all)
	for _, name := range []string{first, "timeout", "http-timeout", "max-body", "insecure", "cacert", "proxy", "resolve", "no-input"} {
		fs.AddFlag(all.Lookup(name))
	}
	_ = fs.MarkHidden("no-input") // nothing is ever asked here: scripts may say so
}

// runDiscover is discover from end to end. Its report goes to stdout whatever
// the verdict; what it took to get it is told with -v.
func (s *session) runDiscover(c *cobra.Command, args []string) error {
	choice, err := s.target(c, args)
	if err != nil {
		return err
	}
	ctx, cancel := s.env.Context()
	defer cancel()
	ctx, stop := context.WithTimeoutCause(ctx, s.how.timeout, flow.ErrTimeout)
	defer stop()
	s.env.Rand = &sharedReader{from: s.env.Rand}
	quiet := s.out.quiet
	s.out.quiet = !s.out.verbose
	if err := s.open(); err != nil {
		return err
	}
	defer s.wire.Close()
	s.out.quiet = quiet
	s.dangers()
	stopDemo, err := s.startDemo(&choice)
	if err != nil {
		return err
	}
	defer stopDemo()
	r, err := flow.Start(ctx, s.surveyPlan(choice), s.flowEnv(nil))
	if e := s.surveyed(r); e != nil {
		err = errors.Join(err, e)
	} else if found := s.untrusted(r); found != nil && !errors.Is(err, flow.ErrInterrupted) {
		if err != nil { // what is wrong with the metadata comes before where they led
			s.remark("warning", s.mask.Text(err.Error()))
		}
		err = found
	}
	if err != nil {
		err = &surveyError{err}
	}
	return s.finish(r, err)
}

// dangers are said on stderr where the narrative, which begins with them, is not.
func (s *session) dangers() {
	for _, n := range s.notes() {
		if !s.out.verbose {
			s.remark("note", n.Text)
		}
	}
}

// target is which server, from arguments, flags and environment.
func (s *session) target(c *cobra.Command, args []string) (choice serverChoice, err error) {
	if s.layer, err = newLayer(s.env, c.Flags()); err != nil {
		return choice, err
	}
	s.yield(len(args) > 0)
	for _, step := range []func() error{s.how.valid, s.out.resolve} {
		if err := step(); err != nil {
			return choice, err
		}
	}
	choice, err = s.server.resolve(args, nil, s.how.insecure)
	if err == nil && choice.server.Issuer == "" && !s.server.demo {
		err = &usageError{"no server is named", []string{"name an issuer, or try the embedded server:", "oauthprobe discover https://issuer.example", "oauthprobe discover --demo"}}
	}
	return choice, err
}

// surveyPlan has no gate: what is wrong is shown, and nothing is sent that could
// be misused.
func (s *session) surveyPlan(c serverChoice) flow.Plan {
	return flow.Plan{
		Server: c.server, Ask: flow.Ask{From: map[string]string{}}, Procedure: s.row.procedure, Checks: check.All(), Uses: []flow.Endpoint{flow.JWKS},
		Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode, Notes: append(s.notes(), c.notes...), Version: Version(), Machine: s.machine,
	}
}

// surveyed writes what came of it to stdout, where metadata were found.
func (s *session) surveyed(r *flow.Run) error {
	if r.Result.Server == nil || r.Result.Server.Metadata == nil {
		return nil
	}
	switch s.out.format {
	case "text":
		o := s.out.terminal(s.env)
		o.Quiet, o.Live, o.Color = false, false, s.out.color == "always" || s.out.color == "auto" && o.Color && s.env.OutTTY
		return output.Discover(s.env.Stdout, s.kept.Records(), o)
	case "json":
		_, err := output.Deliver(s.env.Stdout, "json", output.Deliverable{OK: true, Answer: r.Result.Answer.Body}, s.env.OutTTY)
		return err
	}
	return nil
}

// untrusted is the first failed check of metadata and keys that would have
// stopped a run that means to use them.
func (s *session) untrusted(r *flow.Run) error {
	if r.Result.Server == nil {
		return nil
	}
	stops := s.how.gate()
	for _, rec := range s.kept.Records() {
		if f, ok := rec.Event.(trace.Finding); ok && f.Outcome == trace.Fail && stops(f) {
			return &flow.CheckError{Finding: f}
		}
	}
	return nil
}

// A surveyError ended discover, which has few of the flags that other commands
// have.
type surveyError struct{ error }

func (e *surveyError) Unwrap() error { return e.error }
