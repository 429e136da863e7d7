package cmd

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newRoot(e Env) *cobra.Command {
	version := Version()
	root := &cobra.Command{
		Use:   "oauthprobe",
		Short: "run any OAuth 2 or OpenID Connect flow, see every byte, have every answer judged",
		Long: `oauthprobe runs any OAuth 2 or OpenID Connect flow, shows every byte that went
over the wire and why it was there, and judges every answer by its RFC.

What a command is for goes to stdout, everything else to stderr. Every flag can
be given as an environment variable: OAUTHPROBE_CLIENT_ID for --client-id.

Exit codes: 0 done, 1 failed otherwise, 2 usage, 3 the server refused, 4 a check
failed, 5 the server could not be reached, 6 nobody came back, 130 interrupted.`,
		Example:       "  oauthprobe code --demo",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return c.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetIn(e.Stdin)
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	root.CompletionOptions.HiddenDefaultCmd = false
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{err.Error(), []string{"see the flags:", c.CommandPath() + " --help"}}
	})
	root.AddGroup(&cobra.Group{ID: "token", Title: "Get a token:"}, &cobra.Group{ID: "use", Title: "Use a token:"}, &cobra.Group{ID: "look", Title: "Look at a server:"}, &cobra.Group{ID: "serve", Title: "Test a client:"}, &cobra.Group{ID: "after", Title: "After the fact:"}, &cobra.Group{ID: "learn", Title: "Learn:"}, &cobra.Group{ID: "rest", Title: "The rest:"})
	root.SetHelpCommandGroupID("rest")
	root.SetCompletionCommandGroupID("rest")
	declare := map[*cobra.Command]func(){}
	for _, g := range slices.Concat(grants(), uses()) {
		c, flags := g.command(e)
		declare[c] = flags
		root.AddCommand(c)
	}
	inspect, flags := inspectCommand(e)
	declare[inspect] = flags
	look, flags := discoverCommand(e)
	declare[look] = flags
	show, flags := showCommand(e)
	declare[show] = flags
	diff, flags := diffCommand(e)
	declare[diff] = flags
	root.AddCommand(show, diff)
	serve, flags := serveCommand(e)
	declare[serve] = flags
	root.AddCommand(inspect, look, serve, learnCommand(e), keyCommand(e), versionCommand(e, version))
	if flags := declare[called(root, e.Args)]; flags != nil {
		flags()
	}
	return root
}

// called is the command that the arguments name. Only that one gets its
// flags: declaring those of all would take longer than many a command.
func called(root *cobra.Command, args []string) *cobra.Command {
	for _, arg := range args {
		for _, c := range root.Commands() {
			if c.Name() == arg || c.HasAlias(arg) {
				return c
			}
		}
	}
	return nil
}

func unknownCommand(c *cobra.Command, name string) error {
	hints := []string{"see the commands:", "oauthprobe --help"}
	if near := c.SuggestionsFor(name); len(near) > 0 {
		hints = []string{"did you mean:", "oauthprobe " + near[0]}
	}
	return &usageError{fmt.Sprintf("there is no command %q", name), hints}
}

func versionCommand(e Env, version string) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version", GroupID: "rest", Args: usageArgs(0),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(e.Stdout, "oauthprobe "+version)
			return err
		},
	}
}

// Version is the version that Go stamped into the binary: a tag, a commit's
// pseudo-version, or dev.
func Version() string {
	if b, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(b.Main.Version, "v") {
		return b.Main.Version
	}
	return "dev"
}
