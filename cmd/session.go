package cmd

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/clientauth"
	"github.com/oauthprobe/oauthprobe/flow/ext"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
	"github.com/oauthprobe/oauthprobe/loopback"
	"github.com/oauthprobe/oauthprobe/output"
)

// A session is one run of a command that gets a token: its options, what they
// came to, and the sinks that the run speaks to.
type session struct {
	env     Env
	row     commandRow
	server  serverOptions
	client  clientOptions
	ask     askOptions
	own     grantOptions
	more    extensionOptions
	call    callOptions
	look    inspectOptions
	stepper *stepper
	over    *atomic.Bool // the trace is complete
	signed  bool         // introspect: ask for a signed answer
	byHand  byHandOptions
	person  personOptions
	notify  notifyOptions
	how     howOptions
	out     outputOptions

	layer   *layer
	who     flow.Client
	given   clientauth.Credentials
	asked   flow.Ask
	obtain  []grantValue // what --demo gets first
	edits   []ext.Edit
	fills   filling
	machine *trace.Machine
	said    []trace.Note

	wire     *wire.Client
	mask     *output.Mask
	terminal *output.Terminal
	kept     *output.Recorder
	log      *trace.Log
}

// flags declares the groups that apply to the command, and gives them by name
// for its help.
func (s *session) flags(fs *pflag.FlagSet) []flagGroup {
	var groups []flagGroup
	group := func(title string, applies bool, declare func(*pflag.FlagSet)) {
		if !applies {
			return
		}
		g := pflag.NewFlagSet(title, pflag.ContinueOnError)
		g.SortFlags = false
		declare(g)
		fs.AddFlagSet(g)
		groups = append(groups, flagGroup{title, g})
	}
	group("Which server", true, func(g *pflag.FlagSet) { s.server.flags(g, s.row.places()) })
	group("Who we are", true, s.client.flags)
	group(s.row.about(), len(s.row.values) > 0, func(g *pflag.FlagSet) { s.own.flags(g, s.row.values) })
	group("The answer", s.row.first == flow.Introspection, func(g *pflag.FlagSet) {
		g.BoolVar(&s.signed, "signed", false, "ask for a signed answer (RFC 9701)")
	})
	group("The request", s.row.errand, s.call.flags)
	s.ask.pkce = "none"
	group("What to ask for", s.row.issues(), func(g *pflag.FlagSet) { s.ask.flags(g, s.row.browser, s.row.types) })
	group("What to ask for", s.row.errand, func(g *pflag.FlagSet) { s.ask.scopeFlag(g); s.ask.redirectFlag(g) })
	group("The way back", s.row.returns(), s.ask.returnFlags)
	group("How it is protected", !s.row.returns(), func(g *pflag.FlagSet) { s.more.flags(g, s.row) })
	group("The person", s.row.browser || s.row.approve, func(g *pflag.FlagSet) { s.person.flags(g, s.row.approve) })
	group("Notifications", s.row.called, s.notify.flags)
	group("Requests changed by hand", true, s.byHand.flags)
	group("How to go about it", true, s.how.flags)
	s.out.answer = s.row.use
	group("What to show and keep", true, s.out.flags)
	if s.row.use && !s.row.browser { // --demo signs in first, and asks nobody anyway
		fs.BoolVar(&s.person.headless, "headless", false, "with --demo: nobody is asked")
		_ = fs.MarkHidden("headless")
	}
	return groups
}

// run is a grant's command from end to end.
func (s *session) run(c *cobra.Command, args []string) error {
	choice, err := s.resolve(c, args)
	if err != nil {
		return s.refuse(err)
	}
	ctx, cancel := s.env.Context()
	defer cancel()
	ctx, stop := context.WithTimeoutCause(ctx, s.how.timeout, flow.ErrTimeout)
	defer stop()
	s.env.Rand = &sharedReader{from: s.env.Rand}
	if err := s.notify.open(s.env, s.asked.Values["delivery"]); err != nil {
		return s.refuse(err)
	}
	defer s.notify.close()
	stopDemo, err := s.startDemo(&choice)
	if err != nil {
		return s.refuse(err)
	}
	defer stopDemo()
	if err := s.open(); err != nil {
		return s.refuse(err)
	}
	defer s.wire.Close()
	if s.row.use {
		return s.finish(s.use(ctx, choice))
	}
	return s.finish(s.grant(ctx, choice))
}

// resolve turns flags and environment into values, and refuses what cannot
// work before anything is sent.
func (s *session) resolve(c *cobra.Command, args []string) (choice serverChoice, err error) {
	if s.layer, err = newLayer(s.env, c.Flags()); err != nil {
		return choice, err
	}
	s.yield(len(args) > 0)
	for _, step := range []func() error{
		s.how.valid,
		s.out.resolve,
		func() (err error) {
			choice, err = s.server.resolve(args, s.row.needs, s.how.insecure)
			return err
		},
		func() (err error) {
			s.who, s.given, err = s.client.resolve(s.layer, s.server.demo, s.row)
			return err
		},
		func() (err error) { s.asked, err = s.ask.resolve(s.layer, s.server.demo); return err },
		func() error { return s.ask.validType(s.row.types) },
		s.ownValues,
		func() error { return s.more.resolve(s.layer) },
		func() error { return s.call.resolve(s.layer) },
		s.usable,
		func() (err error) { s.edits, err = s.byHand.resolve(s.layer, s.row.named); return err },
		func() (err error) { s.fills, err = s.person.fills(s.layer, s.server.demo); return err },
		func() error { return s.person.valid(s.layer, s.how.noInput) },
		s.stepable,
		s.bendable,
	} {
		if err := step(); err != nil {
			return choice, err
		}
	}
	return choice, nil
}

// yield lets what was typed win over variables that say the opposite.
func (s *session) yield(target bool) {
	l := s.layer
	if l.yield("issuer", target || l.typedFlag("demo")) {
		s.server.issuer = ""
	}
	if l.yield("demo", target || l.typedFlag("issuer")) {
		s.server.demo = false
	}
	if l.yield("strict", l.typedFlag("keep-going")) {
		s.how.strict = false
	}
	if l.yield("keep-going", l.typedFlag("strict")) {
		s.how.keepGoing = false
	}
}

// ownValues are those of the grant's own parameters.
func (s *session) ownValues() (err error) {
	if s.asked.Values, s.obtain, err = s.own.resolve(s.layer, s.server.demo); err != nil {
		return err
	}
	s.asked.Trusted = s.how.trusted
	for name := range s.asked.Values {
		s.asked.From[name] = s.layer.by(flagName(name))
	}
	if s.row.settle != nil {
		return s.row.settle(s)
	}
	return nil
}

// open makes the sinks and the wire.
func (s *session) open() (err error) {
	if s.wire, err = s.how.wire(s.env); err != nil {
		return err
	}
	key := make([]byte, 32)
	if _, err := io.ReadFull(s.env.Rand, key); err != nil {
		return fmt.Errorf("random source: %w", err)
	}
	s.over = &atomic.Bool{}
	s.terminal = output.NewTerminal(s.env.Stderr, s.out.terminal(s.env))
	s.kept = &output.Recorder{}
	s.mask = output.NewMask(s.terminal, s.kept, key, s.out.reveal)
	s.mask.Know(s.who.Secret)
	for _, name := range s.fills.secret {
		s.mask.Know(s.fills.values[name])
	}
	s.log = trace.NewLog(s.env.Now, s.mask)
	s.machine = machine(s.env, s.browser())
	return nil
}

// grant discovers the server, opens the way back, and runs the procedure.
func (s *session) grant(ctx context.Context, choice serverChoice) (*flow.Run, error) {
	var a *agent
	if s.row.browser { // the door is opened first: what is wrong with it should not cost a request
		var err error
		if a, err = s.agent(); err != nil {
			return nil, err
		}
		defer a.end(loopback.Ending{})
	}
	server, r, err := s.prepare(ctx, choice)
	if err != nil {
		return r, err
	}
	plan, err := s.grantPlan(server)
	if err != nil {
		return nil, err
	}
	plan.Notes = append(s.notes(), plan.Notes...)
	if !s.row.browser {
		return flow.Start(ctx, plan, s.flowEnv(nil))
	}
	r, err = flow.Start(ctx, plan, s.flowEnv(a))
	a.end(s.ending(err))
	return r, err
}

func (s *session) flowEnv(a flow.UserAgent) flow.Env {
	e := flow.Env{Wire: s.wire, Agent: a, Log: s.log, Now: s.env.Now, Rand: s.env.Rand, Pause: s.env.Pause, Approach: s.approach}
	if s.how.dry {
		e.Pause = func(context.Context, time.Duration) error { return nil }
		e.Approach = nil
	}
	if s.notify.door != nil {
		e.Notify = notifier{s.notify.door}
	}
	return e
}

// A sharedReader lets the run and the demo server draw from one source.
type sharedReader struct {
	mu   sync.Mutex
	from io.Reader
}

func (r *sharedReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.from.Read(p)
}
