package cmd

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/grant"
	"github.com/oauthprobe/oauthprobe/loopback"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// cibaValues are the parameters of backchannel authentication.
func cibaValues() []grantValue {
	return []grantValue{
		{name: "login_hint", about: "`WHO` shall be asked: an e-mail address, a telephone number, whatever the server knows them by"},
		{name: "login_hint_token", about: "or: a `TOKEN` that says who: @FILE, env:NAME, cmd:COMMAND, - for stdin"},
		{name: "id_token_hint", about: "or: an earlier ID `TOKEN` of that person"},
		{name: "binding_message", about: "a `TEXT` that the person sees on their device, to compare with what they see here"},
		{name: "user_code", about: "a `CODE` that only the person knows, where the server wants one"},
		{name: "acr_values", about: "how strong the sign-in shall be: `VALUE` of acr_values"},
		{name: "requested_expiry", about: "for how many `SECONDS` the person may be asked"},
		{name: "delivery", about: "how the tokens are had: poll (default: ask again and again), ping (be called), push (be brought them); as the client is registered"},
	}
}

// settleCIBA holds the values of backchannel authentication to each other.
func settleCIBA(s *session) error {
	v := s.asked.Values
	var hints []string
	for _, name := range []string{"login_hint", "login_hint_token", "id_token_hint"} {
		if v[name] != "" {
			hints = append(hints, "--"+flagName(name))
		}
	}
	expiry, err := strconv.Atoi(v["requested_expiry"])
	switch {
	case len(hints) == 0 && s.server.demo:
		v["login_hint"], s.asked.From["login_hint"] = "alice", "--demo"
	case len(hints) == 0:
		return &usageError{"--login-hint is missing: the server has to be told whom to ask", []string{"say who, or give a token that does:", "--login-hint NAME", "--id-token-hint @FILE", "--login-hint-token @FILE"}}
	case len(hints) > 1:
		return &usageError{strings.Join(hints, " and ") + " both say whom to ask; one of them is allowed (CIBA Core §7.1)", []string{"to send more all the same, add it by hand:", "--param ciba:login_hint=NAME"}}
	}
	if v["requested_expiry"] != "" && (err != nil || expiry <= 0) {
		return &usageError{fmt.Sprintf("--requested-expiry is %q; it takes a number of seconds above 0", v["requested_expiry"]), nil}
	}
	if d := v["delivery"]; d != "" && !slices.Contains(grant.Deliveries(), d) {
		return &usageError{fmt.Sprintf("--delivery is %q; it takes %s", d, strings.Join(grant.Deliveries(), ", ")), nil}
	}
	if s.server.demo && !s.layer.given("scope") {
		s.asked.Scope, s.asked.From["scope"] = []string{"openid", "profile"}, "--demo"
	}
	return s.notify.valid(v["delivery"])
}

// notifyOptions say where a server's notifications come in.
type notifyOptions struct {
	callback []string
	alone    bool // --headless, which changes nothing here
	door     *loopback.Notifications
}

func (o *notifyOptions) flags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.callback, "callback", nil, "where to listen for ping and push: `ADDR:PORT`, path /ciba-notification; the notification endpoint registered for the client must lead there; several are candidates (default: a free port on 127.0.0.1)")
	fs.BoolVar(&o.alone, "headless", false, "taken, as by the other commands: the person approves elsewhere anyway, and with --demo nobody has to")
}

func (o *notifyOptions) valid(delivery string) error {
	if len(o.callback) > 0 && delivery != "ping" && delivery != "push" {
		return &usageError{"--callback is for --delivery ping and push; who polls is not called", nil}
	}
	for _, c := range o.callback {
		if _, _, err := net.SplitHostPort(c); err != nil {
			return &usageError{fmt.Sprintf("--callback %q is not ADDR:PORT, such as 127.0.0.1:8765", c), nil}
		}
	}
	return nil
}

// open listens before anything is sent: what is wrong with an address should
// not cost a request.
func (o *notifyOptions) open(e Env, delivery string) (err error) {
	if delivery == "ping" || delivery == "push" {
		o.door, err = loopback.ListenNotifications(loopback.NotifyOptions{Bind: o.callback, Now: e.Now})
	}
	return err
}

func (o *notifyOptions) close() {
	if o.door != nil {
		_ = o.door.Close()
	}
}

// A notifier joins the listener, which knows no run, to a run.
type notifier struct{ door *loopback.Notifications }

// URI implements flow.Notifier.
func (n notifier) URI() string { return n.door.URI() }

// Wait implements flow.Notifier.
func (n notifier) Wait(ctx context.Context, accept func(flow.Hit) bool) (flow.Hit, error) {
	h, err := n.door.Wait(ctx, func(h loopback.Hit) bool { return accept(convert(h)) })
	return convert(h), err
}

// demoConfig is the demo server of this run. Where it has to call back, it is
// told where: that is part of a client's registration.
func (s *session) demoConfig() demo.Config {
	c := demo.Config{Now: s.env.Now, Rand: s.env.Rand, AutoApprove: true, Interval: 1}
	if s.notify.door == nil {
		return c
	}
	c.Clients = demo.DefaultClients()
	for i := range c.Clients {
		if c.Clients[i].ID == s.who.ID {
			c.Clients[i].Delivery, c.Clients[i].NotificationEndpoint = s.asked.Values["delivery"], s.notify.door.URI()
		}
	}
	return c
}
