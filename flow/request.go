package flow

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// A Request is one message, still soft.
type Request struct {
	Endpoint Endpoint
	Step     trace.StepStarted // said when the message is complete; what prepares it may be steps of their own
	Method   string
	URL      *url.URL
	Headers  Params // only what is set on purpose
	Params   Params
	Meant    Params           // Params before wrapping: what answers are judged against
	Cert     *tls.Certificate // the client's own, for mutual TLS
	Open     bool             // the procedure judges the status, and asks for the verdicts, itself
	Poll     int              // which of a row of polls, from 1
	Body     []byte           // of a request to a resource, in place of a form; nil: none
	Lives    time.Duration    // how long the server keeps it, where it has said so
	Optional bool             // the run can go on without it
	Outer    *Request         // whose parameters this one carries: what is pushed

	collected bool     // the extensions have added their parameters
	bare      Params   // Headers as the procedure set them
	forced    []Change // asked for while it was held, and not a parameter that is wrapped
}

// Mutual shows a certificate on the connection, and sends the request where the
// server wants such requests to go, and only there: an address where no
// certificate can go is no place for it (RFC 8705 §5).
func (q *Request) Mutual(s Server, cert *tls.Certificate) error {
	q.Cert = cert
	other := s.Alias(q.Endpoint)
	if other == "" || cert == nil {
		return nil
	}
	u, err := url.Parse(other)
	if err != nil || u.Host == "" || u.Scheme != "https" {
		return &ProtocolError{Endpoint: q.Endpoint, Problem: "has no address that a certificate can be shown at: the metadata's mtls_endpoint_aliases name " + strconv.Quote(other), Seq: s.Seq}
	}
	q.URL = u
	return nil
}

// NewRequest makes an empty request to one of the server's endpoints: a GET
// where the endpoint is read, a POST of a form elsewhere.
func (r *Run) NewRequest(e Endpoint) (*Request, error) {
	s := r.Server.Endpoint(e)
	if s == "" {
		return nil, &ConfigError{e.Member(), "the server's metadata do not name one, and none is given"}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, &ConfigError{e.Member(), "not an absolute http or https URL: " + s}
	}
	if u.User != nil {
		return nil, &ConfigError{e.Member(), "has a user name or password in it"}
	}
	q := &Request{Endpoint: e, Method: http.MethodPost, URL: u}
	if e == Authorization || e == EndSession || e == JWKS || e == Userinfo {
		q.Method = http.MethodGet
	}
	return q, nil
}

// Get makes a request that reads an address.
func Get(e Endpoint, address string) (*Request, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &ConfigError{string(e), err.Error()}
	}
	return &Request{Endpoint: e, Method: http.MethodGet, URL: u}, nil
}

// Sent is the value of a parameter as it went out: behind PAR and JAR it
// travels inside and is what was meant; a bare request may have been changed
// by hand.
func (q *Request) Sent(name string) string {
	return q.All().Get(name)
}

// All is every parameter as it went out: see Sent.
func (q *Request) All() Params {
	if q.Params.Has("request") || q.Params.Has("request_uri") {
		return q.Meant
	}
	return q.Params
}

// Shown are the parameters that can be changed: those before wrapping, and what
// was added since.
func (q *Request) Shown() Params {
	all := slices.Clone(q.All())
	if q.Outer != nil {
		all = slices.Clone(q.Outer.Meant)
	}
	for _, p := range q.Params {
		if !all.Has(p.Name) && p.Name != "request" && p.Name != "request_uri" {
			all = append(all, p)
		}
	}
	return all
}

func (q *Request) clone() *Request {
	c := *q
	u := *q.URL
	c.URL, c.Headers, c.Params = &u, slices.Clone(q.Headers), slices.Clone(q.Params)
	return &c
}

// queries reports whether the parameters travel in the query: those of a GET,
// and those of a request to a resource, whose body is its own.
func (q *Request) queries() bool { return q.Method == http.MethodGet || q.Endpoint == Resource }

// full is the address with the parameters of a GET. A query that the
// endpoint's own address has is kept (RFC 6749 §3.1).
func (q *Request) full() string {
	u := *q.URL
	if q.queries() && len(q.Params) > 0 {
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += q.Params.Encode()
	}
	return u.String()
}

func (q *Request) built() trace.Built {
	in := "body"
	switch {
	case len(q.Params) == 0:
		in = ""
	case q.queries():
		in = "query"
	}
	return trace.Built{
		Endpoint: string(q.Endpoint), Method: q.Method, URL: q.URL.String(), In: in,
		Params: slices.Clone(q.Params), Headers: slices.Clone(q.Headers), Poll: q.Poll,
	}
}

func (q *Request) wire() wire.Request {
	w := wire.Request{Method: q.Method, URL: q.full(), Cert: q.Cert, Header: http.Header{"Accept": {"application/json"}}}
	switch {
	case q.Endpoint == Resource:
		w.Body = q.Body
		w.Header.Set("Accept", "*/*")
	case q.Method != http.MethodGet:
		w.Body = []byte(q.Params.Encode())
		w.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	replaced := map[string]bool{}
	for _, h := range q.Headers {
		name := http.CanonicalHeaderKey(h.Name)
		if !replaced[name] {
			w.Header.Del(name)
			replaced[name] = true
		}
		w.Header.Add(name, h.Value)
	}
	return w
}

// secrets says where in the exchange of this request secrets stand.
func (q *Request) secrets() []trace.Secret {
	part := "request-body"
	if q.queries() {
		part = "request-query"
	}
	var out []trace.Secret
	for _, p := range q.Params {
		if p.Secret {
			out = append(out, trace.Secret{Part: part, Name: p.Name})
		}
	}
	for _, h := range q.Headers {
		if h.Secret {
			out = append(out, trace.Secret{Part: "request-header", Name: http.CanonicalHeaderKey(h.Name)})
		}
	}
	return out
}
