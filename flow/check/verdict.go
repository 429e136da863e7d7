// Package check holds the judgement of answers, one file for each kind of
// answer: what every client has to check, whatever the grant.
package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// All is every check of this package, in the order in which a person reads.
func All() []flow.Check {
	var all []flow.Check
	for _, group := range [][]flow.Check{
		Metadata(), MetadataLints(), Keys(), KeyLints(), AuthorizationResponse(), TokenResponse(), PAR(), Device(), CIBA(), IDToken(), Claims(), Pushed(),
		Userinfo(), Introspection(), Logout(), Challenges(), Issuer(), Peer(), ClaimSources(), AccessToken(), Introspected(),
	} {
		all = append(all, group...)
	}
	return all
}

func ok(format string, args ...any) flow.Verdict {
	return flow.Verdict{Outcome: trace.Pass, Detail: fmt.Sprintf(format, args...)}
}

func fail(expected, actual, format string, args ...any) flow.Verdict {
	return flow.Verdict{Outcome: trace.Fail, Detail: fmt.Sprintf(format, args...), Expected: expected, Actual: actual}
}

func warn(expected, actual, format string, args ...any) flow.Verdict {
	return flow.Verdict{Outcome: trace.Warn, Detail: fmt.Sprintf(format, args...), Expected: expected, Actual: actual}
}

func skip(why string) flow.Verdict { return flow.Verdict{Outcome: trace.Skip, Detail: why} }

// broken is a failure made of what was wrong with foreign bytes.
func broken(all []jose.Problem, expected string) flow.Verdict {
	var says []string
	for _, p := range all {
		says = append(says, p.Detail)
	}
	return fail(expected, strings.Join(ids(all), ", "), "%s", strings.Join(says, "; "))
}

func ids(all []jose.Problem) []string {
	var out []string
	for _, p := range all {
		out = append(out, p.ID)
	}
	return out
}

// unixTime shows a NumericDate as a person reads it.
func unixTime(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04:05Z")
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }
