package cmd

import (
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
)

// clientOptions say who we are to the server.
type clientOptions struct {
	id, secret, method string
}

func (o *clientOptions) flags(fs *pflag.FlagSet) {
	fs.StringVar(&o.id, "client-id", "", "the client's `ID` at the server")
	fs.StringVar(&o.secret, "client-secret", "", "its `SECRET`: @FILE, env:NAME, cmd:COMMAND, - for stdin, or the value itself")
	fs.StringVar(&o.method, "auth-method", "", "how the client proves who it is: none, client_secret_basic, client_secret_post (default: what the secret and the metadata allow)")
}

func (o *clientOptions) resolve(l *layer, demo, confidential bool) (flow.Client, error) {
	secret, err := l.secret("client-secret", o.secret)
	if err != nil {
		return flow.Client{}, err
	}
	c := flow.Client{ID: o.id, Secret: secret}
	switch {
	case c.ID == "" && demo && confidential && secret == "":
		c.ID, c.Secret = "confidential", "secret"
	case c.ID == "" && demo:
		c.ID = "public"
	}
	if c.ID == "" {
		return c, &usageError{"--client-id is missing", []string{
			"register a client with the server; it gives the id. Then:", "--client-id ID",
		}}
	}
	if confidential && c.Secret == "" && o.method == "" {
		return c, &usageError{"--client-secret is missing: this grant is only for a client that can prove who it is", []string{
			"keep it out of sight of other processes:", "--client-secret @FILE", "--client-secret env:NAME",
		}}
	}
	return c, nil
}
