package flow

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// A RefusedError is the server's no, in its own words.
type RefusedError struct {
	Endpoint    Endpoint
	Status      int
	Code        string      // error
	Description string      // error_description
	URI         string      // error_uri
	Challenges  []Challenge // of a resource: what it asks for
	Seq         int
}

func (e *RefusedError) Error() string {
	s := fmt.Sprintf("the server refused at the %s endpoint: %s", e.Endpoint, e.Code)
	if e.Description != "" {
		s += ": " + e.Description
	}
	return s
}

// A CheckError is a failed finding that the plan's Gate did not let pass.
type CheckError struct{ Finding trace.Finding }

func (e *CheckError) Error() string {
	return fmt.Sprintf("%s %s: %s", e.Finding.Code, e.Finding.ID, e.Finding.Detail)
}

// A ProtocolError is an answer that is not the protocol's: HTML, cut off,
// oversized, a status with nothing to say.
type ProtocolError struct {
	Endpoint Endpoint
	Status   int
	Problem  string // "answered with an HTML page titled …"
	Seq      int
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("the %s endpoint %s", e.Endpoint, e.Problem)
}

// A TransportError is an exchange that did not come to an end; Err is a
// *wire.Error.
type TransportError struct {
	Endpoint Endpoint
	Seq      int
	Err      error
}

func (e *TransportError) Error() string { return fmt.Sprintf("%s endpoint: %v", e.Endpoint, e.Err) }

// Interrupted reports that the exchange ended because the whole run did.
func (e *TransportError) Interrupted() bool {
	var w *wire.Error
	return errors.As(e.Err, &w) && (w.Kind == "canceled" || w.Kind == "request")
}

// Unwrap gives the *wire.Error.
func (e *TransportError) Unwrap() error { return e.Err }

// A StatusError is a resource's answer that is neither a success nor a
// challenge.
type StatusError struct {
	Endpoint Endpoint
	Status   int
	Seq      int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the %s answered %d %s", e.Endpoint, e.Status, http.StatusText(e.Status))
}

// An ExpiredError is a request that nobody approved in time.
type ExpiredError struct{ What string }

func (e *ExpiredError) Error() string { return e.What }

// A ConfigError names what is missing or wrong by its protocol name; commands
// know which flag that is.
type ConfigError struct{ Field, Problem string }

func (e *ConfigError) Error() string { return e.Field + ": " + e.Problem }
