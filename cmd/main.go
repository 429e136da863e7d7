package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oauthprobe/oauthprobe/output"
)

// Main runs one command and returns its exit code. It is the only place where
// an error becomes words.
func Main(e Env) int {
	root := newRoot(e)
	root.SetArgs(e.Args)
	err := root.Execute()
	if err == nil {
		return exitDone
	}
	say := describe(err)
	if code := exitCode(err); say.text == "" {
		return code
	}
	_, _ = fmt.Fprintf(e.Stderr, "oauthprobe: error: %s\n", clean(say.text))
	for i, line := range say.hints {
		if i == 0 {
			_, _ = fmt.Fprintf(e.Stderr, "oauthprobe: hint: %s\n", clean(line))
			continue
		}
		_, _ = fmt.Fprintf(e.Stderr, "    %s\n", clean(line))
	}
	return exitCode(err)
}

// clean keeps words of foreign origin on their line and harmless.
func clean(s string) string {
	return output.Clean(strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(s))
}

func usageArgs(max int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > max {
			return &usageError{fmt.Sprintf("%s takes at most %s, and got %d", c.CommandPath(), map[int]string{0: "no argument", 1: "one argument", 2: "two arguments"}[max], len(args)), []string{"see what it takes:", c.CommandPath() + " --help"}}
		}
		return nil
	}
}
