package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/token"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/output"
)

// inspectOptions say what a token is held against.
type inspectOptions struct {
	clientID, secret  string
	keys              []string
	audience, profile string
}

func (o *inspectOptions) flags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.keys, "key", nil, "`FILE` with keys, JWK, JWKS, PEM or a certificate: public ones verify, private ones decrypt; repeatable")
	fs.StringVar(&o.secret, "client-secret", "", "the client's `SECRET`, for HS256 and for decryption: @FILE, env:NAME, cmd:COMMAND")
	fs.StringVar(&o.clientID, "client-id", "", "the `ID` of the client that the token should be meant for")
	fs.StringVar(&o.audience, "audience", "", "the `RESOURCE` that an access token should be meant for")
	fs.StringVar(&o.profile, "profile", "", "access: judge it as an access `KIND` (RFC 9068), whatever it says that it is")
}

func inspectCommand(e Env) (*cobra.Command, func()) {
	row := commandRow{procedure: token.Inspect("", token.Against{}), use: true, anonymous: true, first: flow.JWKS, example: `  oauthprobe inspect eyJhbGciOi…
  pbpaste | oauthprobe inspect
  oauthprobe inspect @token.txt https://issuer.example
  oauthprobe inspect env:TOKEN https://issuer.example --audience https://api.example
  oauthprobe inspect @id.jwt --key issuer-keys.json -o json`}
	s := &session{env: e, row: row}
	s.out.report = true
	short, long, _ := strings.Cut(row.procedure.Doc, "\n\n")
	c := &cobra.Command{
		Use: "inspect [TOKEN] [TARGET]", Short: short, GroupID: "use", Example: row.example, Args: usageArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return s.runInspect(c, args) },
	}
	return c, func() {
		c.Long = short + " (" + row.procedure.Spec + ")\n\n" + wrap(long+" The token may come in a token response, a header line, a URL or any text around it; without TOKEN it is read from stdin. "+
			"The exit code is 4 when there was something to verify it with and it is not verified, 5 when the server does not answer, else 0.", 80)
		c.Flags().SortFlags = false
		var groups []flagGroup
		for _, g := range []struct {
			title   string
			declare func(*pflag.FlagSet)
		}{
			{"Whose token it should be", func(fs *pflag.FlagSet) { s.server.flags(fs, []flow.Endpoint{flow.JWKS}) }},
			{"What to verify and decrypt it with", s.look.flags},
			{"How to go about it", func(fs *pflag.FlagSet) { s.how.some(fs, "clock-skew") }},
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

// runInspect is inspect from end to end. Its report goes to stdout whatever
// the verdict; what it took to get it is told with -v.
func (s *session) runInspect(c *cobra.Command, args []string) (err error) {
	if s.layer, err = newLayer(s.env, c.Flags()); err != nil {
		return err
	}
	s.yield(len(args) > 1)
	raw, choice, err := s.specimen(args)
	if err != nil {
		return err
	}
	with, err := s.against()
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
	stopDemo, err := s.startDemo(&choice)
	if err != nil {
		return err
	}
	defer stopDemo()
	s.mask.Know(raw)
	plain := &output.Recorder{} // the report shows the token as it is
	s.log = trace.NewLog(s.env.Now, trace.Tee{plain, s.mask})
	server, r, err := s.prepare(ctx, choice)
	if err == nil {
		if raw == "" {
			raw = s.demonstrated()
		}
		s.row.procedure = token.Inspect(raw, with)
		r, err = flow.Start(ctx, s.inspectPlan(server), s.flowEnv(nil))
	}
	if err != nil {
		return s.finish(r, err)
	}
	records := slices.DeleteFunc(plain.Records(), func(rec trace.Record) bool { return !strings.HasPrefix(rec.Run, s.row.procedure.Name) })
	verified, told := verdicts(records)
	if err := s.report(records); err != nil {
		return err
	}
	if err := s.finish(r, nil); err != nil {
		return err
	}
	if against := with.Given || server.Endpoint(flow.JWKS) != "" || s.who.Secret != "" && keyed(records); against && !verified && told {
		return errUnverified
	}
	return nil
}

// errUnverified is the verdict of inspect; the report has said it.
var errUnverified = errors.New("")

// specimen is what to look at, and whom it should be from.
func (s *session) specimen(args []string) (raw string, choice serverChoice, err error) {
	for _, step := range []func() error{s.how.valid, s.out.resolve} {
		if err := step(); err != nil {
			return "", choice, err
		}
	}
	var target []string
	if n := len(args); n > 0 && names(args[n-1]) && (n == 2 || !s.env.InTTY) {
		target, args = args[len(args)-1:], args[:len(args)-1]
	}
	if len(args) == 2 {
		return "", choice, &usageError{args[1] + " is not the URL of a server", []string{"the token comes first, then who should have made it:", "oauthprobe inspect TOKEN https://issuer.example"}}
	}
	if choice, err = s.server.resolve(target, nil, s.how.insecure); err != nil {
		return "", choice, err
	}
	switch {
	case len(args) == 0 && s.server.demo:
		s.who.ID, s.asked = "public", flow.Ask{Values: map[string]string{}, From: map[string]string{}}
		s.obtain = []grantValue{{name: "access_token", from: "access_token"}, {name: "id_token", from: "id_token"}}
		return "", choice, nil
	case len(args) == 1 && args[0] != "-":
		raw, _, err = s.layer.value("TOKEN", args[0])
	case s.env.InTTY:
		return "", choice, &usageError{"no token is given", []string{"as an argument, from a file, or piped in:", "oauthprobe inspect TOKEN", "oauthprobe inspect @token.txt", "pbpaste | oauthprobe inspect"}}
	default:
		raw, err = s.layer.readStdin("TOKEN")
	}
	if err == nil && strings.TrimSpace(raw) == "" {
		err = &usageError{"the token is empty", []string{"look at what it was to be read from"}}
	}
	return raw, choice, err
}

// demonstrated are the tokens that --demo obtained, as an answer has them.
func (s *session) demonstrated() string {
	b, _ := json.Marshal(s.asked.Values) // strings always encode
	return string(b)
}

// names reports whether an argument is the address of a server, and not one
// that a token stands in: nothing may be sent to where that points.
func names(arg string) bool {
	return strings.Contains(arg, "://") && !strings.ContainsAny(arg, "?#=") && !strings.Contains(arg, "eyJ")
}

// against reads the keys and the rest of what the token is held against.
func (s *session) against() (with token.Against, err error) {
	o := &s.look
	with.Audience, with.Profile = o.audience, o.profile
	if o.profile != "" && o.profile != "access" {
		return with, &usageError{"--profile takes access, not " + o.profile, nil}
	}
	if o.clientID != "" {
		s.who.ID = o.clientID
	}
	if s.who.Secret, err = s.layer.secret("client-secret", o.secret); err != nil {
		return with, err
	}
	for _, path := range o.keys {
		public, private, err := s.layer.anyKeys("--key", path)
		if err != nil {
			return with, err
		}
		with.Keys.Keys = append(with.Keys.Keys, public...)
		s.who.Keys = append(s.who.Keys, private...)
		with.Given = with.Given || len(public) > 0
	}
	return with, nil
}

func (s *session) inspectPlan(server flow.Server) flow.Plan {
	return flow.Plan{
		Server: server, Client: s.who, Ask: flow.Ask{From: map[string]string{}}, Procedure: s.row.procedure, Checks: check.All(),
		Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode, Version: Version(), Machine: s.machine,
	}
}

// keyed reports whether a token carries a MAC, which a secret verifies.
func keyed(records []trace.Record) bool {
	return slices.ContainsFunc(records, func(rec trace.Record) bool {
		d, ok := rec.Event.(trace.Decoded)
		o, _ := jose.ParseObject(d.Header)
		alg, _ := o.String("alg")
		return ok && strings.HasPrefix(alg, "HS")
	})
}

// verdicts says whether every token was verified, and whether there was any.
// An opaque one beside others, such as a refresh token in a token response, is
// nothing that could be.
func verdicts(records []trace.Record) (verified, told bool) {
	verified = true
	opaque := 0
	for _, rec := range records {
		d, ok := rec.Event.(trace.Decoded)
		switch {
		case !ok:
		case d.What == "opaque":
			opaque++
		default:
			told = true
			verified = verified && d.Verified
		}
	}
	if !told && opaque > 0 {
		return false, true
	}
	return verified, told
}

// report writes what came of it to stdout.
func (s *session) report(records []trace.Record) error {
	switch s.out.format {
	case "text":
		o := s.out.terminal(s.env)
		o.Quiet, o.Live, o.Color = false, false, s.out.color == "always" || s.out.color == "auto" && o.Color && s.env.OutTTY
		return output.Inspect(s.env.Stdout, records, o)
	case "json":
		_, err := output.Deliver(s.env.Stdout, "json", output.Deliverable{OK: true, Body: output.InspectJSON(records)}, s.env.OutTTY)
		return err
	}
	_, err := io.WriteString(s.env.Stdout, "")
	return err
}
