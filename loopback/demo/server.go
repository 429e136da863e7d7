// Package demo is an OAuth 2.0 authorization server and OpenID provider to
// practise on. Without faults it follows the RFCs to the letter and is strict
// about what it is sent; with one it errs in one named way, so that a client can
// be shown what a broken server looks like.
//
// One file holds one endpoint or grant; the table in faults.go holds every fault,
// and the code that errs asks Server.broken for it by name. The package shares no
// code with the client of this module, so neither can hide the other's bug.
package demo

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// A Server is the authorization server. It is safe for concurrent use.
type Server struct {
	config Config
	path   string // of the issuer: "" or "/tenant"
	routes map[string]route
	faults map[string]bool
	pages  *template.Template
	style  template.CSS
	key    keyPair // signs
	idle   keyPair // signs only what a fault says

	logging sync.Mutex // one call of Log at a time
	mu      sync.Mutex // everything below
	fired   []string   // faults met while answering the present request

	sessions shelf[*session]       // by cookie
	requests shelf[*authorization] // waiting for the person, by transaction
	codes    shelf[*code]
	access   shelf[*accessToken]
	refresh  shelf[*refreshToken]
	hints    shelf[string] // sub by ID token, for id_token_hint
	keyReads int
}

// A route is what answers at one path.
type route struct {
	methods []string
	cors    bool // scripts of other origins may read it
	handle  func(*exchange)
}

// New makes a server. Its error for an unknown fault is an *UnknownFault.
func New(c Config) (*Server, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, path: u.Path, faults: map[string]bool{}}
	for _, name := range c.Faults {
		s.faults[name] = true
	}
	if s.key, err = newKeyPair(demoKid, demoP, demoQ); err != nil {
		return nil, err
	}
	if s.idle, err = newKeyPair(idleKid, idleP, idleQ); err != nil {
		return nil, err
	}
	if err = s.readPages(); err != nil {
		return nil, err
	}
	s.routes = s.table()
	return s, nil
}

// table is every path of the server.
func (s *Server) table() map[string]route {
	read, post, both := []string{"GET", "HEAD"}, []string{"POST"}, []string{"GET", "POST"}
	return map[string]route{
		// OpenID Connect Discovery §4 appends to the issuer, RFC 8414 §3.1 inserts before its path.
		s.path + "/.well-known/openid-configuration":       {read, true, s.metadata},
		"/.well-known/oauth-authorization-server" + s.path: {read, true, s.metadata},
		s.path + "/jwks":      {read, true, s.jwks},
		s.path + "/authorize": {both, false, s.authorize}, // no CORS: RFC 9700 §2.6
		s.path + "/login":     {post, false, s.login},
		s.path + "/consent":   {both, false, s.consent},
		s.path + "/token":     {post, true, s.token},
		s.path + "/userinfo":  {both, true, s.userinfo},
		s.path + "/":          {read, false, s.index},
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.read(w, r)
	if x.status == 0 {
		s.dispatch(x)
	}
	x.finish()
	s.log(x)
	if x.stream != nil {
		x.stream(w, r)
		return
	}
	w.WriteHeader(x.status)
	_, _ = w.Write(x.out.Bytes()) // a client that hung up is its own problem
}

// dispatch finds the route and lets it answer, one request at a time.
func (s *Server) dispatch(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fired = nil
	x.header.Set("Date", s.now().UTC().Format(http.TimeFormat))
	route, ok := s.routes[x.r.URL.Path]
	switch {
	case !ok:
		s.missing(x)
	case x.r.Method == http.MethodOptions && route.cors:
		x.preflight(route.methods)
	case !x.allowed(route.methods):
		x.header.Set("Allow", strings.Join(route.methods, ", "))
		s.refuse(x, http.StatusMethodNotAllowed, "invalid_request",
			"%s is not possible here; use %s", x.r.Method, strings.Join(route.methods, " or "))
	default:
		route.handle(x)
	}
	for _, name := range s.fired {
		x.note += " [fault " + name + "]"
	}
}

// log tells the owner what was seen and answered.
func (s *Server) log(x *exchange) {
	if s.config.Log == nil {
		return
	}
	s.logging.Lock()
	defer s.logging.Unlock()
	s.config.Log(Hit{
		At: x.at, Method: x.r.Method, Path: x.r.URL.Path, RawQuery: x.r.URL.RawQuery,
		Body: string(x.body), Header: x.r.Header.Clone(), Status: x.status, Note: strings.TrimSpace(x.note),
	})
}

// now is the server's clock.
func (s *Server) now() time.Time {
	if s.broken("ok-clock-ahead-20s") {
		return s.config.Now().Add(20 * time.Second)
	}
	return s.config.Now()
}

// client finds a client by its identifier.
func (s *Server) client(id string) (Client, bool) {
	for _, c := range s.config.Clients {
		if c.ID == id {
			return c, true
		}
	}
	return Client{}, false
}

// A Running server listens until it is closed.
type Running struct {
	Issuer string

	server *http.Server
	done   chan error
}

// Start listens on addr, 127.0.0.1:0 for a free port, and serves. The issuer is
// filled in from the address; a path alone ("/tenant") is appended to it.
func Start(addr string, c Config) (*Running, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	if c.Issuer == "" || strings.HasPrefix(c.Issuer, "/") {
		c.Issuer = "http://" + reachable(addr, ln.Addr()) + c.Issuer
	}
	s, err := New(c)
	if err != nil {
		_ = ln.Close()
		return nil, err
	}
	run := &Running{Issuer: c.Issuer, done: make(chan error, 1), server: &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          quiet(),
	}}
	go func() { run.done <- run.server.Serve(ln) }()
	return run, nil
}

// Close stops at once: open connections are cut, hanging answers too.
func (r *Running) Close() error {
	err := r.server.Close()
	if served := <-r.done; !errors.Is(served, http.ErrServerClosed) && err == nil {
		err = served
	}
	r.done <- http.ErrServerClosed // a second Close finds the same
	return err
}

// reachable is the host and port under which a listener of this machine is found:
// the name that was asked for, with the port that was given.
func reachable(asked string, got net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	_, port, err2 := net.SplitHostPort(got.String())
	if err != nil || err2 != nil {
		return got.String()
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// index is the page for people who open the issuer in a browser.
func (s *Server) index(x *exchange) {
	x.note = "the index page"
	s.page(x, http.StatusOK, "index.html", s.indexView())
}

// missing answers for a path that is not ours.
func (s *Server) missing(x *exchange) {
	s.refuse(x, http.StatusNotFound, "not_found", "nothing lives at %s; see %s/", x.r.URL.Path, s.config.Issuer)
}

// secret is 256 bits of randomness as text (RFC 6749 §10.10).
func (s *Server) secret(x *exchange) string {
	var b [32]byte
	if _, err := io.ReadFull(s.config.Rand, b[:]); err != nil {
		x.failure = fmt.Errorf("the source of randomness failed: %w", err)
		return "" // which no shelf ever finds
	}
	return base64URL(b[:])
}
