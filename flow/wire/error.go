package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
)

// An Error is a request that got no answer, or not all of one. Kind is one of
// "request" (not sendable), "dns", "connect", "tls", "timeout", "canceled",
// "closed" (no answer at all), "cut-off" (the body ended early), "http" (not
// HTTP), "too-large" (header).
type Error struct {
	Kind string
	Host string
	Got  int  // octets of the body that had come
	Run  bool // it was the run that took too long, not this exchange
	Err  error
}

// Error says what happened and to whom, in one line.
func (e *Error) Error() string {
	switch e.Kind {
	case "dns":
		return "cannot resolve " + e.Host + ": " + root(e.Err)
	case "connect":
		return "cannot connect to " + e.Host + ": " + root(e.Err)
	case "tls":
		return "no trusted TLS connection to " + e.Host + ": " + root(e.Err)
	case "timeout":
		if e.Run {
			return "the run took too long while waiting for " + e.Host
		}
		if e.Got > 0 {
			return fmt.Sprintf("%s did not finish its answer in time (%d octets came)", e.Host, e.Got)
		}
		return e.Host + " did not answer in time"
	case "canceled":
		return "interrupted while waiting for " + e.Host
	case "closed":
		return e.Host + " closed the connection without an answer"
	case "cut-off":
		return fmt.Sprintf("the answer of %s was cut off after %d octets", e.Host, e.Got)
	case "too-large":
		return "the header of the answer of " + e.Host + " is too large"
	case "request":
		return "not a request that can be sent: " + root(e.Err)
	}
	return "the answer of " + e.Host + " is not HTTP: " + root(e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// root is the innermost text, without the tower of wrappers that names the
// same host again at each storey.
func root(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.Err
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return "the certificate is signed by an authority that this machine does not know"
	}
	s := err.Error()
	for _, cut := range []string{"tls: ", "x509: ", "net/http: "} {
		if i := strings.LastIndex(s, cut); i >= 0 {
			s = s[i+len(cut):]
		}
	}
	return s
}

func (c *Client) classify(ctx context.Context, host string, err error, a *Answer) *Error {
	e := &Error{Kind: "http", Host: host, Got: len(a.Body), Err: err}
	var (
		dns    *net.DNSError
		op     *net.OpError
		record tls.RecordHeaderError
		alert  tls.AlertError
		verify *tls.CertificateVerificationError
		timed  interface{ Timeout() bool }
	)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e.Kind = "canceled"
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &timed) && timed.Timeout():
		e.Kind = "timeout"
	case errors.As(err, &dns):
		e.Kind = "dns"
	case errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		e.Kind = "tls"
	case errors.As(err, &op) && op.Op == "dial":
		e.Kind = "connect"
	case strings.Contains(err.Error(), "server response headers exceeded"):
		e.Kind = "too-large"
	case a.Status != 0:
		e.Kind = "cut-off"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), strings.Contains(err.Error(), "server closed"):
		e.Kind = "closed"
	}
	return e
}

// of says whether it was the whole run's time that was up.
func (e *Error) of(run context.Context) *Error {
	e.Run = run.Err() != nil
	return e
}
