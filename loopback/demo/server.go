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
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Server is the authorization server. It is safe for concurrent use.
type Server struct {
	config Config
	path   string // of the issuer: "" or "/tenant"
	mtls   string // where mutual TLS is spoken besides
	secure bool   // TLS is spoken at all

	attesters   []jwk          // who may vouch for a client
	clientRoots *x509.CertPool // issuers of client certificates
	samlIssuers map[string][]*x509.Certificate
	routes      map[string]route
	faults      map[string]bool
	style       string            // of all pages
	key         keyPair           // signs
	idle        keyPair           // signs only what a fault says
	curve       *ecdsa.PrivateKey // signs what shall be ES256
	curveKid    string
	spareKeys   []any // published besides

	life    context.Context // ends with the server
	endLife context.CancelFunc
	errands sync.WaitGroup // what is on its way to clients

	logging sync.Mutex // one call of Log at a time
	mu      sync.Mutex // everything below
	fired   []string   // faults met while answering the present request

	sessions shelf[*session]       // by cookie
	requests shelf[*authorization] // waiting for the person, by transaction
	codes    shelf[*code]
	access   shelf[*issuedToken]
	refresh  shelf[*refreshToken]
	hints    shelf[*issuedToken] // ID tokens, for id_token_hint and token exchange

	devices    shelf[*deviceRequest] // by device code
	userCodes  shelf[*deviceRequest] // by user code, as plainCode writes it
	cibas      shelf[*cibaRequest]   // by auth_req_id
	approvals  shelf[*cibaRequest]   // by the secret of the page for the person
	challenges shelf[time.Time]      // for client attestation, with their end
	requested  shelf[*pushed]        // by request_uri
	pushes     int
	seen       shelf[bool] // the jti of assertions, by issuer and jti
	keyReads   int
	signed     bool // an ID token was

	nonces, resourceNonces nonces // for DPoP proofs
}

// A route is what answers at one path.
type route struct {
	methods []string // none: any
	cors    bool     // scripts of other origins may read it
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
	if err = s.readSigningKeys(); err != nil {
		return nil, err
	}
	if s.idle, err = newKeyPair(idleKid, idleP, idleQ); err != nil {
		return nil, err
	}
	if err = s.readPages(); err != nil {
		return nil, err
	}
	if s.attesters, err = parseKeys(c.Attesters); err != nil {
		return nil, fmt.Errorf("demo: attesters: %w", err)
	}
	if s.samlIssuers, err = readCertificates(c.TrustedSAML); err != nil {
		return nil, err
	}
	s.clientRoots = x509.NewCertPool()
	if !s.clientRoots.AppendCertsFromPEM(c.ClientCAs) {
		return nil, errors.New("demo: there is no certificate among the client CAs")
	}
	s.routes = s.table()
	s.begin()
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

		s.path + "/par":                  {post, true, s.par},
		s.path + "/device_authorization": {post, true, s.deviceAuthorization},
		s.path + "/device":               {both, false, s.devicePage},
		s.path + "/backchannel":          {post, true, s.backchannel},
		s.path + "/challenge":            {post, true, s.attestationChallenge},
		s.path + "/approve":              {read, false, s.approve},

		s.path + "/introspect": {post, false, s.introspect},
		s.path + "/revoke":     {post, true, s.revoke}, // RFC 7009 §2.3 names scripts
		s.path + "/logout":     {both, false, s.logout},
		s.path + "/signout":    {post, false, s.signOut},

		s.path + "/": {read, false, s.index},
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.read(w, r)
	if x.status == 0 {
		s.dispatch(x)
	}
	x.finish()
	s.hold(x)
	s.log(x)
	if x.stream != nil {
		x.stream(w, r)
		return
	}
	if x.after != nil {
		x.header.Set("Content-Length", strconv.Itoa(x.out.Len())) // so that the client need not wait for more
	}
	w.WriteHeader(x.status)
	_, _ = w.Write(x.out.Bytes()) // a client that hung up is its own problem
	if x.after != nil {
		_ = http.NewResponseController(w).Flush()
		s.mu.Lock()
		defer s.mu.Unlock()
		x.after()
	}
}

// dispatch finds the route and lets it answer, one request at a time.
func (s *Server) dispatch(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fired = nil
	x.header.Set("Date", s.now().UTC().Format(http.TimeFormat))
	route, ok := s.find(x.r.URL.Path)
	switch {
	case !ok:
		s.missing(x)
	case x.r.Method == http.MethodOptions && route.cors:
		x.preflight(route.methods)
	case route.methods != nil && !x.allowed(route.methods):
		x.header.Set("Allow", strings.Join(route.methods, ", "))
		s.refuse(x, http.StatusMethodNotAllowed, "invalid_request",
			"%s is not possible here; use %s", x.r.Method, strings.Join(route.methods, " or "))
	default:
		route.handle(x)
	}
	x.faults = s.fired
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
	said := x.out.String()
	if x.stream != nil {
		said = ""
	}
	s.config.Log(Hit{
		At: x.at, Method: x.r.Method, Path: x.r.URL.Path, RawQuery: x.r.URL.RawQuery,
		Body: string(x.body), Header: x.r.Header.Clone(), Status: x.status, Note: strings.TrimSpace(x.note),
		Proto: x.r.Proto, Host: x.r.Host, Peer: x.r.RemoteAddr, Secure: x.r.TLS != nil,
		Answer: x.header.Clone(), AnswerBody: said, Faults: x.faults, Took: s.config.Now().Sub(x.at),
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
