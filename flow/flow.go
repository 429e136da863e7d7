// Package flow is the engine: it runs OAuth procedures one exchange at a time
// and tells a trace what happened. It does not print, does not read flags,
// files or the environment, and knows no extension by name.
package flow

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// A Plan is everything decided before a run starts. It is data: the same Plan
// and Env make the same requests.
type Plan struct {
	Server     Server
	Client     Client
	Ask        Ask
	Procedure  Procedure
	Extensions []Extension
	Checks     []Check
	Gate       func(trace.Finding) bool // true: this failed finding stops the run; nil: none does
	Uses       []Endpoint               // what the run, or what it prepares, goes to
	Notes      []trace.Note             // said when the run starts: choices and where they came from
	Before     *Procedure               // what this run prepares, when it does
	Insecure   bool                     // plain http off loopback was asked for
	Skew       time.Duration            // clock difference that is tolerated
	Dry        bool                     // build and show every request after discovery, and send none
	Explain    bool                     // say with each request who talks to whom, and what its parts protect from
	Bends      map[string]string        // what this client signs, by its name, and how that is to be wrong on purpose
	Exit       func(error) int          // the exit code that an error comes to, for the trace
	Version    string                   // of oauthprobe, for the trace
	Machine    *trace.Machine
}

// An Env is everything that a run touches outside itself.
type Env struct {
	Wire   Wire
	Agent  UserAgent
	Notify Notifier // nil: nobody calls back
	Log    *trace.Log
	Now    func() time.Time
	Rand   io.Reader
	Pause  func(context.Context, time.Duration) error // waits between polls
	// Approach brings a person to an address at which they approve; nil: it is only shown.
	// The error is of a walk that was waited for.
	Approach func(ctx context.Context, say func(trace.Event) int, address string) error
}

// A Wire sends one request and reports both sides as they were. The error is
// a *wire.Error, and the Answer is never nil.
type Wire interface {
	Do(context.Context, wire.Request) (*wire.Answer, error)
}

// A Client is who we say we are.
type Client struct {
	ID     string
	Secret string
	Auth   ClientAuth
	Keys   []jose.Private // what was encrypted to us is decrypted with one of these
}

// ClientAuth applies client authentication to a request.
type ClientAuth func(context.Context, *Run, *Request) error

// An Ask is what the person wants, whatever the grant. From says where each
// value was set, by parameter name: "--scope", "OAUTHPROBE_SCOPE".
type Ask struct {
	Scope        []string
	Values       map[string]string // other parameters of the grant, by their name: username, subject_token
	Trusted      []string          // audiences, beside this client, that an ID token may have
	ResponseType string            // of a grant that has several
	ResponseMode string
	OmitRedirect bool // leave redirect_uri out and rely on the registered one
	From         map[string]string
}

// By is where a value came from.
func (a Ask) By(name string) string {
	if by := a.From[name]; by != "" {
		return by
	}
	return "default"
}

// OpenID reports whether the scope asks for an ID token.
func (a Ask) OpenID() bool {
	for _, s := range a.Scope {
		if s == "openid" {
			return true
		}
	}
	return false
}

// A Procedure is a named sequence of exchanges: a grant, a discovery, an
// introspection. Run reads like the figure in its specification.
type Procedure struct {
	Name string // as the command is called
	Spec string
	Doc  string // a line, an empty line, a paragraph
	Run  func(context.Context, *Run) error
}

// On says, endpoint by endpoint, what an extension does in one phase.
type On map[Endpoint]func(context.Context, *Run, *Request) error

// An Extension changes how requests are made and answers are judged. Nil
// phases are skipped. A value belongs to one Run and may keep state in its
// closures.
type Extension struct {
	Name, Spec, Doc string
	After           []string // names that must come earlier when present

	Params On // add parameters
	Wrap   On // replace the message: JAR, PAR
	Sign   On // add proofs over the finished message: DPoP
	Edit   On // the last word on content: tampering
	Hold   On // wait, or stop, once the request has been shown: step mode, dry run

	Retry   func(*Run, *Request, *Response) bool
	Unwrap  func(context.Context, *Run, *Response) error // JARM, JWE
	Inspect func(context.Context, *Run, *Response) error // look into what the answer carries: the ID token
	Checks  []Check
}

// A Check judges one answer. It never stops a run by itself: Gate does.
type Check struct {
	ID     string // ours, kebab-case
	Code   string // of the catalogue: V-AR-02
	Spec   string
	Level  trace.Level
	At     Endpoint
	Opens  bool // must not fail before an arrival at the redirect URI is taken for this run's answer
	Quotes bool // its words repeat what the answer says of an error
	Eval   func(*Run, *Response) Verdict
}

// A Verdict is a check's answer. The zero Verdict is a pass.
type Verdict struct {
	Outcome          trace.Outcome
	Detail           string
	Expected, Actual string
	Evidence         []int // beside the answer itself
}

// A Hit is one arrival at the redirect URI, as it came.
type Hit struct {
	Method, Path, RawQuery, Body string
	Elsewhere                    string // the address that it was brought from, when that is not the redirect URI
	Fragment                     string
	Via                          string // "query", "fragment", "form_post", or "" for what is neither
	Header                       http.Header
}

// A UserAgent takes a person to a URL and brings back what arrives at the
// redirect URI.
type UserAgent interface {
	// RedirectURI is where answers are awaited.
	RedirectURI() string
	// Grace is how long to go on waiting after an answer that is not ours.
	Grace() time.Duration
	// Visit returns the first Hit that is accepted.
	Visit(context.Context, Visit) (Hit, error)
}

// A Visit is one errand of a UserAgent.
type Visit struct {
	URL     string
	Accept  func(Hit) bool        // is this the answer of this run?
	Stray   func(Hit, string)     // everything else that arrived, and why it is not
	Opened  func(by, note string) // what was started for the person, or why nothing could be
	Fetched func(trace.Exchanged) // an exchange that the agent made itself
	Note    func(trace.Note)
}

// A Result is what a run leaves behind.
type Result struct {
	Server  *Server
	Token   *Response
	IDToken *jose.Token // only when it was verified
	Front   *jose.Token // the ID token that came through the browser, verified
	Answer  *Response   // what a run that gets no token was for: claims, a verdict, a body
}
