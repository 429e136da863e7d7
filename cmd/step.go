package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A stepper stops a run before each request and asks what to do with it.
type stepper struct {
	env  Env
	mask func(string) string
	last *flow.Response // the newest answer
	code time.Time      // when a code came that has not been spent; zero: none is in hand
	free bool           // go on without stopping
}

// step makes the extension. Its Hold is the last thing before the wire. Asked to
// go on without stopping, it does so in all runs of the session.
func (s *session) step() flow.Extension {
	if s.stepper == nil {
		s.stepper = &stepper{env: s.env, mask: s.mask.Text}
	}
	t := s.stepper
	hold := flow.On{}
	for _, n := range flow.Endpoints() {
		hold[n.Endpoint] = t.hold
	}
	hold[flow.Metadata] = t.hold
	return flow.Extension{
		Name: "step", Spec: "", Doc: "stops before each request",
		Hold: hold,
		Unwrap: func(_ context.Context, _ *flow.Run, resp *flow.Response) error {
			t.last = resp
			if resp.Hit != nil && resp.Values.Has("code") {
				t.code = t.env.Now()
			}
			return nil
		},
	}
}

// stepable refuses --step where nobody could be asked.
func (s *session) stepable() error {
	switch {
	case !s.how.step:
		return nil
	case s.env.Key == nil:
		return &usageError{"--step asks at a terminal, and there is none: stdin and stderr both have to be one", []string{"to look without a terminal, and send nothing:", "--dry-run"}}
	case s.how.noInput:
		return &usageError{"--step and --no-input contradict each other", nil}
	case s.person.paste:
		return &usageError{"--step and --paste both read what is typed", nil}
	}
	if !s.layer.given("timeout") {
		s.how.timeout = 24 * time.Hour // looking takes as long as it takes
	}
	return nil
}

// bendable refuses to bend what this run does not sign: a server that takes it
// would seem to take forgeries.
func (s *session) bendable() error {
	traded := s.row.procedure.Name == "jwt-bearer" && s.asked.Values["assertion"] == ""
	for object, there := range map[string]bool{"request-object": s.more.jar, "dpop": s.more.dpop, "assertion": traded} {
		if s.how.bends[object] != "" && !there {
			return &usageError{"--mis-sign " + object + "=" + s.how.bends[object] + ": this run signs none", []string{map[string]string{
				"request-object": "requests are signed with --jar", "dpop": "proofs are made with --dpop", "assertion": "assertions are made by jwt-bearer, from --key and --assertion-claims",
			}[object]}}
		}
	}
	return nil
}

// codeLife is how long codes are to live at most, and mostly do not (RFC 6749
// §4.1.2).
const codeLife = 60 * time.Second

func (t *stepper) hold(ctx context.Context, r *flow.Run, q *flow.Request) error {
	if t.free {
		return nil
	}
	for {
		key, err := t.ask(ctx, q)
		if err != nil {
			return err
		}
		switch key {
		case '\r', '\n', ' ':
			if q.Endpoint == flow.Token {
				t.code = time.Time{}
			}
			return nil
		case 'e', 'd':
			change, ok, err := t.edit(ctx, q, key == 'd')
			if err != nil {
				return err
			}
			if ok {
				return &flow.Again{Changes: []flow.Change{change}}
			}
		case 'k':
			if q.Optional {
				return flow.ErrSkipped
			}
			t.say("this request cannot be skipped: the run needs its answer")
		case 'a':
			t.answer()
		case 'x':
			for _, line := range r.Explanation(q) {
				t.say(line)
			}
		case 'c':
			t.free = true
			return nil
		case 27: // an arrow key sends two more octets, which are none of the keys
		case 'q', 3, 4: // Ctrl-C and Ctrl-D come as they are while a key is read
			return flow.ErrInterrupted
		case '[', 'A', 'B', 'C', 'D': // the rest of an arrow key
		default:
			t.say("one of the keys in brackets")
		}
	}
}

func (t *stepper) say(text string) {
	for line := range strings.Lines(text) {
		line = clean(t.mask(strings.TrimRight(line, "\n")))
		if width := t.env.Width - 6; width > 20 && len(line) > width && !strings.Contains(line, "──") && !strings.Contains(line, "══") && !strings.HasPrefix(line, " ") {
			line = wrap(line, width)
		}
		for part := range strings.Lines(line) {
			_, _ = fmt.Fprintf(t.env.Stderr, "    %s\n", strings.TrimRight(part, "\n"))
		}
	}
}

// ask shows the choices and reads one key. While a code is in hand its age is
// shown, and runs on.
func (t *stepper) ask(ctx context.Context, q *flow.Request) (byte, error) {
	skip := ""
	if q.Optional {
		skip = "s[k]ip  "
	}
	if t.env.Getenv("TERM") == "dumb" {
		t.say("one of these letters, then Enter:")
	}
	_, _ = fmt.Fprintln(t.env.Stderr, "  ? [Enter] send  [e]dit  [d]rop  "+skip+"[a]nswer  e[x]plain")
	line := func() string {
		if t.code.IsZero() {
			return "    [c]ontinue  [q]uit "
		}
		age := t.env.Now().Sub(t.code).Round(time.Second)
		if left := codeLife - age; left > 0 {
			return fmt.Sprintf("    [c]ontinue  [q]uit  code: %s left ", left)
		}
		return fmt.Sprintf("    [c]ontinue  [q]uit  code: %s old ", age)
	}
	_, _ = fmt.Fprint(t.env.Stderr, line())
	shown := len(line())
	key, err := t.env.Key(ctx, func() {
		if t.code.IsZero() {
			return
		}
		now := line()
		_, _ = fmt.Fprint(t.env.Stderr, "\r"+now+strings.Repeat(" ", max(0, shown-len(now))))
		shown = len(now)
	})
	_, _ = fmt.Fprintln(t.env.Stderr)
	return key, err
}

// edit reads what to change: NAME=VALUE, or header:NAME=VALUE.
func (t *stepper) edit(ctx context.Context, q *flow.Request, drop bool) (c flow.Change, ok bool, err error) {
	var names []string
	for _, p := range q.Shown() {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		names = []string{"no parameters"}
	}
	t.say("there are " + strings.Join(names, ", ") + "; a header field is header:NAME")
	prompt := "    NAME=VALUE: "
	if drop {
		prompt = "    NAME to leave out: "
	}
	_, _ = fmt.Fprint(t.env.Stderr, prompt)
	text, err := t.env.Line(ctx)
	if errors.Is(err, io.EOF) {
		err = nil // Ctrl-D: nothing was meant after all
	}
	if err != nil {
		return c, false, err
	}
	name, value, found := strings.Cut(strings.TrimSpace(text), "=")
	name, header := strings.CutPrefix(strings.TrimSpace(name), "header:")
	switch {
	case name == "":
		t.say("nothing was changed")
		return c, false, nil
	case drop && !header && !slices.Contains(names, name):
		t.say("there is no " + name)
		return c, false, nil
	case !drop && !found:
		t.say("write it as NAME=VALUE")
		return c, false, nil
	case header && strings.ContainsFunc(name, notToken):
		t.say("that is not the name of a header field")
		return c, false, nil
	}
	return flow.Change{
		Header: header, Drop: drop,
		Param: trace.Param{Name: name, Value: value, Secret: sensitive(name), Bent: true, Origin: trace.Origin{By: "--step", Why: "by hand"}},
	}, true, nil
}

// mostShown is how much of an answer is shown again.
const mostShown = 4 << 10

func (t *stepper) answer() {
	switch {
	case t.last == nil:
		t.say("nothing has been answered yet")
	case t.last.Hit != nil:
		for _, p := range t.last.Values {
			value := p.Value
			if p.Secret {
				value = "(a secret)"
			}
			t.say(p.Name + " = " + value)
		}
	default:
		body := []rune(t.mask(string(t.last.Body))) // masked as a whole: a piece of a secret is not recognised
		if len(body) > mostShown {
			body = append(body[:mostShown], '…')
		}
		t.say(fmt.Sprintf("%s answered %d", t.last.Request.Endpoint, t.last.Status))
		t.say(string(body))
	}
}
