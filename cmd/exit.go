package cmd

import (
	"errors"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/discover"
	"github.com/oauthprobe/oauthprobe/loopback"
	"github.com/oauthprobe/oauthprobe/output"
)

// The exit codes, which scripts branch on.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRefused     = 3   // the server said no
	exitCheck       = 4   // a trust check failed
	exitUnreachable = 5   // no answer, or not one of the protocol
	exitNobody      = 6   // nobody came back, or nobody was there to ask
	exitInterrupted = 130 // the person ended it
)

// A usageError is a mistake in what was typed.
type usageError struct {
	text  string
	hints []string
}

func (e *usageError) Error() string { return e.text }

// exitCode is the one map from errors to exit codes.
func exitCode(err error) int {
	var (
		usage     *usageError
		config    *flow.ConfigError
		refused   *flow.RefusedError
		check     *flow.CheckError
		protocol  *flow.ProtocolError
		transport *flow.TransportError
		lost      *discover.NotFoundError
		listen    *loopback.ListenError
		cert      *loopback.CertificateError
		walk      *loopback.WalkError
		noToken   *output.NoToken
		expired   *flow.ExpiredError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, flow.ErrInterrupted):
		return exitInterrupted
	case errors.As(err, &usage), errors.As(err, &config), errors.As(err, &noToken), errors.As(err, &cert):
		return exitUsage
	case errors.As(err, &check), errors.Is(err, errUnverified), errors.Is(err, errDifferent):
		return exitCheck
	case errors.As(err, &refused):
		return exitRefused
	case errors.As(err, &walk):
		return walkCode(walk)
	case errors.As(err, &transport), errors.As(err, &protocol), errors.As(err, &lost):
		return exitUnreachable
	case errors.As(err, &listen) && (listen.Reason == loopback.ReasonBadAddress || listen.Reason == loopback.ReasonNotLoopback || listen.Reason == loopback.ReasonNotLocal):
		return exitUsage
	case errors.Is(err, flow.ErrTimeout), errors.Is(err, errNobody), errors.As(err, &expired):
		return exitNobody
	}
	return exitFailed
}

// walkCode is what became of the pages that we walked ourselves.
func walkCode(e *loopback.WalkError) int {
	switch e.Kind {
	case "transport":
		return exitUnreachable
	case "loop":
		return exitRefused
	case "page-status":
		if e.SpeaksOAuth || e.Status < 500 {
			return exitRefused
		}
		return exitUnreachable
	}
	return exitNobody
}
