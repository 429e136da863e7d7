package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/grant"
)

// A grantRow is one grant as a command.
type grantRow struct {
	procedure    flow.Procedure
	alias        string
	needs        []flow.Endpoint // what discovery, or flags, have to give
	first        flow.Endpoint   // where the grant's first request goes
	browser      bool            // a person takes part, with a browser
	confidential bool            // only a client that proves itself may do this
	example      string
}

// grants is the table: one row for each grant.
func grants() []grantRow {
	return []grantRow{
		{
			procedure: grant.Code(), needs: []flow.Endpoint{flow.Authorization, flow.Token}, first: flow.Authorization, browser: true,
			example: `  oauthprobe code --demo
  oauthprobe code https://issuer.example --client-id ID --scope openid
  oauthprobe code https://issuer.example --client-id ID --client-secret env:SECRET -v
  TOKEN=$(oauthprobe code --demo --headless -q -o token)`,
		},
		{
			procedure: grant.ClientCredentials(), alias: "cc", needs: []flow.Endpoint{flow.Token}, first: flow.Token, confidential: true,
			example: `  oauthprobe cc --demo
  TOKEN=$(oauthprobe cc https://issuer.example --client-id ID --client-secret @secret.txt -q -o token)`,
		},
	}
}

func (g grantRow) command(e Env) *cobra.Command {
	s := &session{env: e, row: g}
	short, long, _ := strings.Cut(g.procedure.Doc, "\n\n")
	c := &cobra.Command{
		Use:     g.procedure.Name + " [ISSUER]",
		Short:   short,
		Long:    short + " (" + g.procedure.Spec + ")\n\n" + wrap(long, 80),
		Example: g.example,
		GroupID: "token",
		Aliases: g.aliases(),
		Args:    usageArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return s.run(c, args) },
	}
	c.Flags().SortFlags = false
	s.flags(c.Flags())
	return c
}

func (g grantRow) aliases() []string {
	if g.alias == "" {
		return nil
	}
	return []string{g.alias}
}

// wrap breaks a paragraph for a terminal.
func wrap(s string, width int) string {
	var out strings.Builder
	at := 0
	for i, word := range strings.Fields(s) {
		switch {
		case i == 0:
		case at+1+len(word) > width:
			out.WriteByte('\n')
			at = 0
		default:
			out.WriteByte(' ')
			at++
		}
		out.WriteString(word)
		at += len(word)
	}
	return out.String()
}
