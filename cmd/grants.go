package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/grant"
)

// A grantRow is one grant as a command.
type grantRow struct {
	procedure flow.Procedure
	example   string
}

// grants is the table: one row for each grant.
func grants() []grantRow {
	return []grantRow{
		{grant.Code(), `  oauthprobe code --demo
  oauthprobe code https://issuer.example --client-id ID --scope openid
  oauthprobe code https://issuer.example --client-id ID --client-secret env:SECRET -v
  TOKEN=$(oauthprobe code --demo --headless -q -o token)`},
	}
}

func (g grantRow) command(e Env) *cobra.Command {
	s := &session{env: e}
	short, long, _ := strings.Cut(g.procedure.Doc, "\n\n")
	c := &cobra.Command{
		Use:     g.procedure.Name + " [ISSUER]",
		Short:   short,
		Long:    short + " (" + g.procedure.Spec + ")\n\n" + wrap(long, 80),
		Example: g.example,
		GroupID: "token",
		Args:    usageArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return s.run(c, args, g.procedure) },
	}
	c.Flags().SortFlags = false
	s.flags(c.Flags())
	return c
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
