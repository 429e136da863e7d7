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

func (o *clientOptions) resolve(l *layer, demo bool) (flow.Client, error) {
	secret, err := l.secret("client-secret", o.secret)
	if err != nil {
		return flow.Client{}, err
	}
	c := flow.Client{ID: o.id, Secret: secret}
	if c.ID == "" && demo {
		c.ID = "public"
	}
	if c.ID == "" {
		return c, &usageError{"--client-id is missing", []string{
			"register a client with the server; it gives the id. Then:", "--client-id ID",
		}}
	}
	return c, nil
}
