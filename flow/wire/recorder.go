package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A recorder listens to net/http while it sends one request. Its hooks run on
// goroutines of the transport, so it locks.
type recorder struct {
	now   func() time.Time
	start time.Time

	mu      sync.Mutex
	q       Request
	sent    []trace.Field
	writes  int
	read    bytes.Buffer // of the body, as the transport took it
	timing  trace.Timing
	addr    string
	dns     time.Time
	connect time.Time
	shake   time.Time
}

func newRecorder(now func() time.Time, q Request) *recorder {
	return &recorder{now: now, start: now(), q: q}
}

func (r *recorder) locked(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *recorder) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			r.locked(func() {
				r.timing.Reused = i.Reused
				r.addr = i.Conn.RemoteAddr().String()
				r.sent = nil // a second connection means that the first write did not count
			})
		},
		DNSStart:     func(httptrace.DNSStartInfo) { r.locked(func() { r.dns = r.now() }) },
		DNSDone:      func(httptrace.DNSDoneInfo) { r.locked(func() { r.timing.DNS = r.now().Sub(r.dns) }) },
		ConnectStart: func(string, string) { r.locked(func() { r.connect = r.now() }) },
		ConnectDone: func(string, string, error) {
			r.locked(func() { r.timing.Connect = r.now().Sub(r.connect) })
		},
		TLSHandshakeStart: func() { r.locked(func() { r.shake = r.now() }) },
		TLSHandshakeDone: func(tls.ConnectionState, error) {
			r.locked(func() { r.timing.TLS = r.now().Sub(r.shake) })
		},
		WroteHeaderField: func(name string, values []string) {
			r.locked(func() {
				for _, v := range values {
					r.sent = append(r.sent, trace.Field{Name: name, Value: v})
				}
			})
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { r.locked(func() { r.writes++ }) },
		GotFirstResponseByte: func() { r.locked(func() { r.timing.FirstByte = r.now().Sub(r.start) }) },
	})
}

// body gives the transport a body and remembers what it read of it.
func (r *recorder) body(b []byte) io.ReadCloser {
	return io.NopCloser(io.TeeReader(bytes.NewReader(b), writerFunc(func(p []byte) {
		r.locked(func() { r.read.Write(p) })
	})))
}

// done puts the record together. resp is nil when there was no answer.
func (r *recorder) done(resp *http.Response) trace.Exchanged {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timing.Total = r.now().Sub(r.start)
	if r.writes > 1 {
		r.timing.Sent = r.writes
	}
	x := trace.Exchanged{Timing: r.timing}
	x.Request = trace.Message{Method: r.q.Method, URL: r.q.URL, Header: r.sent}
	setBody(&x.Request, r.read.Bytes())
	if r.addr != "" {
		x.Peer = &trace.Peer{Addr: r.addr}
	}
	if resp == nil {
		return x
	}
	x.Request.Proto = resp.Proto
	x.Response = trace.Message{Proto: resp.Proto, Status: resp.StatusCode, Header: fields(resp.Header)}
	if s := resp.TLS; s != nil && x.Peer != nil {
		secured(x.Peer, s)
	}
	return x
}

func secured(p *trace.Peer, s *tls.ConnectionState) {
	p.Version, p.Cipher = tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite)
	p.ALPN, p.Name = s.NegotiatedProtocol, s.ServerName
	for _, c := range s.PeerCertificates {
		p.Chain = append(p.Chain, trace.Certificate{Subject: c.Subject.String(), Issuer: c.Issuer.String(), NotAfter: c.NotAfter})
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }
