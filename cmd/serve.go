package cmd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// A server is one run of serve: its options and what they came to.
type server struct {
	env   Env
	out   outputOptions
	layer *layer

	listen, file, caOut                string
	faults                             []string
	listFaults, agree, secure, outside bool
}

func serveCommand(e Env) (*cobra.Command, func()) {
	s := &server{env: e}
	s.out.report, s.out.named = true, []string{"text", "json"}
	c := &cobra.Command{
		Use: "serve", Short: "an authorization server to test clients against, which errs as it is told to", GroupID: "serve", Args: usageArgs(0),
		Example: `  oauthprobe serve
  oauthprobe serve --auto-consent --fault idtoken-bad-signature
  oauthprobe serve --list-faults
  oauthprobe serve --listen 127.0.0.1:8080 --config server.toml --save trace.jsonl`,
		RunE: func(c *cobra.Command, _ []string) error { return s.run(c) },
	}
	return c, func() {
		c.Long = c.Short + "\n\n" + wrap("Serves until it is interrupted. One line on stdout says when it is ready, and where: ready http://127.0.0.1:PORT. "+
			"Every request is told on stderr, with its parameters, its answer and the reason of it. Without faults it follows the RFCs to the letter and is strict about what it is sent; "+
			"each fault makes it err in one named way, which a client must notice, or in a way that is right and rare, which a client must bear.", 80)
		c.Flags().SortFlags = false
		var groups []flagGroup
		for _, g := range []struct {
			title   string
			declare func(*pflag.FlagSet)
		}{{"The server", s.flags}, {"What to show and keep", s.out.flags}} {
			fs := pflag.NewFlagSet(g.title, pflag.ContinueOnError)
			fs.SortFlags = false
			g.declare(fs)
			if f := fs.Lookup("output"); f != nil {
				f.Usage = "how --list-faults lists: text, json"
			}
			c.Flags().AddFlagSet(fs)
			groups = append(groups, flagGroup{g.title, fs})
		}
		c.SetUsageFunc(func(c *cobra.Command) error { return serveUsage(c, groups) })
	}
}

func (s *server) flags(fs *pflag.FlagSet) {
	fs.StringVar(&s.listen, "listen", "127.0.0.1:0", "`ADDR:PORT` to listen on; port 0 is a free one")
	fs.StringArrayVar(&s.faults, "fault", nil, "`NAME` of a way to err; repeatable")
	fs.BoolVar(&s.listFaults, "list-faults", false, "list the faults, and serve nothing; -o json for programs")
	fs.StringVar(&s.file, "config", "", "TOML `FILE` with users, clients, scopes, lifetimes, delays, keys …")
	fs.BoolVar(&s.agree, "auto-consent", false, "show no pages: the first user is signed in and agrees; devices are approved at the second poll")
	fs.BoolVar(&s.secure, "tls", false, "speak https, and ask for client certificates")
	fs.StringVar(&s.caOut, "ca-out", "", "`FILE` for the certificate (PEM) that clients have to trust; it is made for this run")
	fs.BoolVar(&s.outside, "insecure", false, "DANGEROUS: listen on addresses that others can reach; keys, users and secrets of this server are public knowledge")
}

// serveUsage is usage without a TARGET.
func serveUsage(c *cobra.Command, groups []flagGroup) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  oauthprobe %s [flags]\n\nExamples:\n%s\n", c.Use, c.Example)
	for _, g := range groups {
		fmt.Fprintf(&b, "\n%s:\n%s", g.title, g.flags.FlagUsagesWrapped(100))
	}
	b.WriteString("\nEvery flag can be given as an environment variable: OAUTHPROBE_LISTEN for --listen.\n")
	_, err := c.OutOrStdout().Write([]byte(b.String()))
	return err
}

// run is serve from end to end.
func (s *server) run(c *cobra.Command) (err error) {
	if s.layer, err = newLayer(s.env, c.Flags()); err != nil {
		return err
	}
	if err := s.out.resolve(); err != nil {
		return err
	}
	if s.listFaults {
		return listFaults(s.env.Stdout, s.out.format)
	}
	if s.out.format == "json" {
		return &usageError{"-o json is for --list-faults: a server delivers nothing but its ready line", nil}
	}
	config, err := s.config()
	if err != nil {
		return err
	}
	if err := s.private(config.MTLS); err != nil {
		return err
	}
	return s.serve(config)
}

// serve listens until it is told to stop, which is how it is meant to end.
func (s *server) serve(config demo.Config) error {
	ctx, cancel := s.env.Context()
	defer cancel()
	log, err := s.openLog()
	if err != nil {
		return err
	}
	if log != nil {
		config.Log = log.hit
	}
	start := demo.Start
	if s.secure {
		start = demo.StartTLS
	}
	if config.MTLS != "" && s.caOut == "" || s.secure && s.caOut == "" {
		s.remark("clients cannot know whom to trust here; --ca-out FILE writes the certificate for them")
	}
	log.begin(config) // nothing can come before the server is there
	running, err := start(s.listen, config)
	if err != nil {
		return s.trouble(err)
	}
	log.serves(running.Issuer)
	if err := s.announce(running); err != nil {
		_ = running.Close()
		return err
	}
	// What a request needs is small and soon forgotten: collecting it less often
	// makes a third more requests a second.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	<-ctx.Done()
	err = running.Close()
	if e := log.end(s.out.saves); err == nil {
		err = e
	}
	return err
}

// announce writes what clients have to trust, and then that they may come.
func (s *server) announce(running *demo.Running) error {
	if s.caOut != "" && running.CA == nil {
		return &usageError{"--ca-out: nothing here speaks TLS", []string{"speak it:", "--tls"}}
	}
	if s.caOut != "" {
		if err := os.WriteFile(s.caOut, running.CA, 0o644); err != nil {
			return &usageError{fmt.Sprintf("--ca-out: %v", err), nil}
		}
	}
	if !strings.Contains(running.Issuer, running.Addr) {
		s.remark("listening on " + running.Addr)
	}
	_, err := fmt.Fprintf(s.env.Stdout, "ready %s\n", running.Issuer)
	return err
}

func (s *server) remark(text string) {
	if !s.out.quiet {
		_, _ = fmt.Fprintf(s.env.Stderr, "oauthprobe: note: %s\n", clean(text))
	}
}

// private refuses to listen where others can reach it: everybody knows how to
// sign in here, and how to sign as this server.
func (s *server) private(mtls string) error {
	for what, address := range map[string]string{"--listen": s.listen, s.file + ": mtls_listen": mtls} {
		if address == "" && what != "--listen" {
			continue
		}
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return &usageError{fmt.Sprintf("%s %q is not ADDR:PORT, such as 127.0.0.1:8080", what, address), nil}
		}
		if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() || s.outside {
			continue
		}
		return &usageError{
			fmt.Sprintf("%s %s can be reached from other machines, and whoever reaches this server can sign in: its users, secrets and keys are public knowledge", what, address),
			[]string{"listen on this machine alone, or on a network that you trust (DANGEROUS):", "--listen 127.0.0.1:0", "--insecure"},
		}
	}
	return nil
}

// trouble is why the server did not start: nearly always what it was told.
func (s *server) trouble(err error) error {
	var unknown *demo.UnknownFault
	var taken *net.OpError
	text := strings.TrimPrefix(err.Error(), "demo: ")
	switch {
	case errors.As(err, &unknown):
		return &usageError{fmt.Sprintf("there is no fault %q", unknown.Name), []string{"did you mean:", "--fault " + unknown.Nearest, "oauthprobe serve --list-faults"}}
	case errors.As(err, &taken):
		return &usageError{"--listen: " + text, []string{"choose another address, or a free port:", "--listen 127.0.0.1:0"}}
	case s.file != "":
		return &usageError{s.file + ": " + text, nil}
	}
	return &usageError{text, nil}
}

// checkFaults finds what is no fault before anything listens.
func checkFaults(faults []string) error {
	for _, name := range faults {
		if !slices.Contains(demo.FaultNames(), name) {
			return &usageError{fmt.Sprintf("there is no fault %q", name), []string{"did you mean:", "--fault " + demo.Nearest(name, demo.FaultNames()), "oauthprobe serve --list-faults"}}
		}
	}
	return nil
}
