package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// keyOptions say which key to make, and where its private half goes.
type keyOptions struct{ alg, out string }

func (o *keyOptions) flags(fs *pflag.FlagSet) {
	fs.StringVar(&o.alg, "alg", "ES256", "`ALG` that the key is for: "+strings.Join(jose.Generated(), ", "))
	fs.StringVar(&o.out, "out", "client-key.jwk", "`FILE` for the private key; one that exists is never overwritten")
}

func keyCommand(e Env) *cobra.Command {
	c := &cobra.Command{
		Use: "key", Short: "make keys", GroupID: "rest",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{fmt.Sprintf("there is no command \"key %s\"", args[0]), []string{"there is:", "oauthprobe key new"}}
			}
			return c.Help()
		},
	}
	var o keyOptions
	add := &cobra.Command{
		Use: "new", Short: "make a key pair for a client", Args: usageArgs(0),
		Long:    "Makes a key pair. The private key is written to a file that only you can read; the\npublic key is printed as a JWK set, to be registered with the server (jwks).",
		Example: "  oauthprobe key new > public.jwks\n  oauthprobe code https://issuer.example --client-id ID --key client-key.jwk --scope openid",
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := newLayer(e, c.Flags()); err != nil {
				return err
			}
			return o.make(e)
		},
	}
	o.flags(add.Flags())
	c.AddCommand(add)
	return c
}

func (o *keyOptions) make(e Env) error {
	if o.out == "-" || o.out == "" {
		return &usageError{"the private key is not written to stdout", []string{"name a file:", "--out client-key.jwk"}}
	}
	key, err := jose.Generate(o.alg, e.Rand)
	if err != nil {
		return keyTrouble("--alg", err)
	}
	if err := writeNew(o.out, append(key.JWK(), '\n')); err != nil {
		return err
	}
	public := bytes.NewBuffer(nil)
	if e.OutTTY {
		_ = json.Indent(public, key.PublicJWKS(), "", "  ") // it is JSON of our own
	} else {
		public.Write(key.PublicJWKS())
	}
	if _, err := fmt.Fprintln(e.Stdout, public); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stderr, "oauthprobe: note: the private key is in %s, for --key; register the public one, which is on stdout\n", clean(o.out))
	return err
}

// writeNew writes a file that only its owner can read, whole or not at all,
// and never in place of another: a key that is overwritten is lost.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return &usageError{fmt.Sprintf("--out %s: that file exists, and is not overwritten", path), []string{"choose another name:", "--out other-key.jwk"}}
	case err != nil:
		return &usageError{fmt.Sprintf("--out: %v", err), nil}
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}
