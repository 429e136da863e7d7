package ext

import (
	"fmt"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func pass(format string, args ...any) flow.Verdict {
	return flow.Verdict{Detail: fmt.Sprintf(format, args...)}
}

func fail(expected, actual, format string, args ...any) flow.Verdict {
	return flow.Verdict{Outcome: trace.Fail, Detail: fmt.Sprintf(format, args...), Expected: expected, Actual: actual}
}

func warn(expected, actual, format string, args ...any) flow.Verdict {
	return flow.Verdict{Outcome: trace.Warn, Detail: fmt.Sprintf(format, args...), Expected: expected, Actual: actual}
}

func skip(why string) flow.Verdict { return flow.Verdict{Outcome: trace.Skip, Detail: why} }

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}
