// Package wire is the one HTTP client. It sends exactly one request, never
// follows a redirect, and records what was truly sent and answered: header
// fields as net/http wrote them, the body as it was read, times, and who
// answered over which TLS.
package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Options configure a Client. The zero value is usable.
type Options struct {
	Timeout   time.Duration                         // of one exchange, body included; 30 s when zero
	MaxBody   int64                                 // octets kept of an answer; 1 MiB when zero
	Insecure  bool                                  // accept any certificate
	Roots     *x509.CertPool                        // nil: the system's
	Proxy     func(*http.Request) (*url.URL, error) // nil: none
	Resolve   map[string]string                     // "host:port" to "addr:port"
	UserAgent string
	Now       func() time.Time
	KeyLog    io.Writer // the secrets of TLS connections, for tools that decrypt them; nil: nowhere
}

// A Client sends requests and keeps connections.
type Client struct {
	o Options
	t *http.Transport

	mu   sync.Mutex
	with map[*tls.Certificate]*http.Transport // connections never mix client certificates
}

// New makes a Client.
func New(o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{o: o}
	c.t = &http.Transport{
		Proxy:                  o.Proxy,
		DialContext:            c.dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           16,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true, // or net/http would ask for gzip and hide what came
		MaxResponseHeaderBytes: 256 << 10,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			InsecureSkipVerify: o.Insecure,
			RootCAs:            o.Roots,
			KeyLogWriter:       o.KeyLog,
		},
	}
	return c
}

func (c *Client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if to, ok := c.o.Resolve[addr]; ok {
		addr = to
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

// Close closes the connections that were kept.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t.CloseIdleConnections()
	for _, t := range c.with {
		t.CloseIdleConnections()
	}
}

// transport gives each client certificate connections of its own. The
// certificate is sent whatever authorities the server names: a server that
// takes self-signed ones (RFC 8705 §2.2) often names others.
func (c *Client) transport(cert *tls.Certificate) *http.Transport {
	if cert == nil {
		return c.t
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.with[cert]; t != nil {
		return t
	}
	t := c.t.Clone()
	t.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	if c.with == nil {
		c.with = map[*tls.Certificate]*http.Transport{}
	}
	c.with[cert] = t
	return t
}

// A Request is one request, finished.
type Request struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
	Cert   *tls.Certificate // the client's, where TLS asks for one
}

// An Answer is what came back, beside the record of both sides. After an
// error it holds what was sent and what had come until then.
type Answer struct {
	Exchanged trace.Exchanged
	Status    int
	Header    http.Header
	Body      []byte // at most MaxBody octets
}

// Do sends one request and reads the answer. The error is an *Error.
func (c *Client) Do(ctx context.Context, q Request) (*Answer, error) {
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	if q.Method == http.MethodPost {
		// A connection that the server has closed meanwhile would swallow the
		// request, and a code is not sent twice: a POST gets a fresh one.
		c.transport(q.Cert).CloseIdleConnections()
	}
	a := &Answer{}
	rec := newRecorder(c.o.Now, q)
	hr, err := http.NewRequestWithContext(rec.trace(ctx), q.Method, q.URL, nil)
	if err != nil {
		a.Exchanged = rec.done(nil)
		return a, &Error{Kind: "request", Host: q.URL, Err: err}
	}
	hr.Header = q.Header.Clone()
	if hr.Header == nil {
		hr.Header = http.Header{}
	}
	if hr.Header.Get("User-Agent") == "" {
		hr.Header.Set("User-Agent", c.o.UserAgent)
	}
	if q.Body != nil && len(q.Body) == 0 {
		hr.Body = http.NoBody // Content-Length: 0, and nothing chunked
	}
	if len(q.Body) > 0 {
		hr.Body = rec.body(q.Body) // no GetBody: a body is sent once or not at all
		hr.ContentLength = int64(len(q.Body))
	}
	resp, err := c.transport(q.Cert).RoundTrip(hr)
	if err != nil {
		a.Exchanged = rec.done(nil)
		return a, c.classify(ctx, hr.URL.Host, err, a).of(whole)
	}
	defer func() { _ = resp.Body.Close() }()
	a.Status, a.Header = resp.StatusCode, resp.Header
	err = c.read(a, resp)
	a.Exchanged = rec.done(resp)
	a.Exchanged.Response.Truncated = int64(len(a.Body)) > c.o.MaxBody
	if a.Exchanged.Response.Truncated {
		a.Body = a.Body[:c.o.MaxBody]
	}
	setBody(&a.Exchanged.Response, a.Body)
	if err != nil {
		return a, c.classify(ctx, hr.URL.Host, err, a).of(whole)
	}
	return a, nil
}

// read takes one octet more than is kept, to know whether there was more.
func (c *Client) read(a *Answer, resp *http.Response) error {
	var b bytes.Buffer
	_, err := io.Copy(&b, io.LimitReader(resp.Body, c.o.MaxBody+1))
	a.Body = b.Bytes()
	return err
}

// setBody keeps octets that are not UTF-8 as base64.
func setBody(m *trace.Message, b []byte) {
	m.Size = int64(len(b))
	if utf8.Valid(b) {
		m.Body = string(b)
		return
	}
	m.Body, m.Base64 = base64.StdEncoding.EncodeToString(b), true
}

func fields(h http.Header) []trace.Field {
	var out []trace.Field
	for name, values := range h {
		for _, v := range values {
			out = append(out, trace.Field{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(out, func(a, b trace.Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}
