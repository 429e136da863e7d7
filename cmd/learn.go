package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oauthprobe/oauthprobe/cmd/learn"
)

func learnCommand(e Env) *cobra.Command {
	return &cobra.Command{
		Use: "learn [LESSON]", Short: "how it works: lessons around real runs against the embedded server", GroupID: "learn",
		Long:    "Without a LESSON, lists them. A lesson is printed as Markdown; the requests and answers in it are those of a\nrun that was just made, against the embedded server, with nobody asked anything.",
		Example: "  oauthprobe learn\n  oauthprobe learn code | less",
		Args:    usageArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listLessons(e.Stdout)
			}
			return teach(e, args[0])
		},
	}
}

func listLessons(w io.Writer) error {
	for _, l := range learn.Lessons() {
		if _, err := fmt.Fprintf(w, "%-8s %s\n", l.Name, l.About); err != nil {
			return err
		}
	}
	return nil
}

// teach runs the lesson's grant against the demo server, quietly, and writes
// the lesson around what happened.
func teach(e Env, name string) error {
	all := learn.Lessons()
	i := slices.IndexFunc(all, func(l learn.Lesson) bool { return l.Name == name })
	if i < 0 {
		var names []string
		for _, l := range all {
			names = append(names, l.Name)
		}
		return &usageError{fmt.Sprintf("there is no lesson %q", name), []string{"there is: " + strings.Join(names, ", ")}}
	}
	row := slices.IndexFunc(grants(), func(g commandRow) bool { return g.procedure.Name == all[i].Grant })
	quiet := e
	quiet.Stdout, quiet.Stderr = io.Discard, io.Discard
	quiet.Getenv = func(string) string { return "" }
	s := &session{env: quiet, row: grants()[row]}
	c := &cobra.Command{Use: name}
	s.flags(c.Flags())
	if err := c.ParseFlags([]string{"--demo", "--headless"}); err != nil {
		return err
	}
	if err := s.run(c, nil); err != nil {
		return err
	}
	return all[i].Write(e.Stdout, s.kept.Records())
}
