package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A flagGroup is what the help of a command shows under one heading.
type flagGroup struct {
	title string
	flags *pflag.FlagSet
}

// usage is the help of a command below its description: how it is called,
// examples, and its flags by group, each with its environment variable said
// once for all.
func usage(c *cobra.Command, groups []flagGroup) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  oauthprobe %s [flags]\n", c.Use)
	if len(c.Aliases) > 0 {
		fmt.Fprintf(&b, "  oauthprobe %s …\n", strings.Join(c.Aliases, ", "))
	}
	if strings.Contains(c.Use, "TARGET") {
		b.WriteString("\nTARGET is the issuer URL of the server.\n")
	}
	fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	for _, g := range groups {
		fmt.Fprintf(&b, "\n%s:\n%s", g.title, g.flags.FlagUsagesWrapped(100))
	}
	b.WriteString("\nEvery flag can be given as an environment variable: OAUTHPROBE_CLIENT_ID for --client-id.\n")
	_, err := c.OutOrStdout().Write([]byte(b.String()))
	return err
}
