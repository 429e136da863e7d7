package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// What is recorded is what the server read off the socket, octet for octet.
func TestRecordsWhatWasSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	raw := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		var got []byte
		for b := make([]byte, 4096); !strings.HasSuffix(string(got), "grant=it&ü"); {
			n, err := c.Read(b)
			if got = append(got, b[:n]...); err != nil {
				break
			}
		}
		raw <- string(got)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nhi")
		_ = c.Close()
	}()
	c := New(Options{UserAgent: "oauthprobe/test"})
	a, err := c.Do(context.Background(), Request{
		Method: "POST", URL: "http://" + l.Addr().String() + "/token?x=1",
		Header: http.Header{"Content-Type": {"text/plain"}, "X-Two": {"a", "b"}}, Body: []byte("grant=it&ü"),
	})
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(<-raw, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	var got []string
	for _, f := range a.Exchanged.Request.Header {
		got = append(got, f.Name+": "+f.Value)
	}
	if diff := cmp.Diff(lines[1:], got); diff != "" {
		t.Error("header on the wire against header recorded:", diff)
	}
	if body != a.Exchanged.Request.Body {
		t.Errorf("body on the wire %q, recorded %q", body, a.Exchanged.Request.Body)
	}
	if a.Status != 200 || string(a.Body) != "hi" || a.Exchanged.Response.Body != "hi" || a.Exchanged.Peer.Addr != l.Addr().String() {
		t.Errorf("%+v", a)
	}
}

// A request that failed is sent once, and each way to fail has a name.
func TestFailures(t *testing.T) {
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	serve := func(f http.HandlerFunc) string {
		s := httptest.NewServer(f)
		t.Cleanup(s.Close)
		return s.URL
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := serve(func(http.ResponseWriter, *http.Request) {})
	hijack := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, answer)
			_ = c.Close()
		}
	}
	for _, c := range []struct{ name, url, kind string }{
		{"nobody listens", "http://" + closed.Addr().String(), "connect"},
		{"unknown authority", secure.URL, "tls"},
		{"plain server behind https", strings.Replace(plain, "http:", "https:", 1), "tls"},
		{"no answer", serve(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}), "timeout"},
		{"drip", serve(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}), "timeout"},
		{"closed", serve(hijack("")), "closed"},
		{"cut off", serve(hijack("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")), "cut-off"},
		{"not HTTP", serve(hijack("220 smtp.example ESMTP\r\n")), "http"},
		{"huge header", serve(hijack("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 300<<10) + "\r\n\r\n")), "too-large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := New(Options{Timeout: 300 * time.Millisecond}).Do(context.Background(), Request{Method: "GET", URL: c.url})
			var e *Error
			if !errors.As(err, &e) || e.Kind != c.kind {
				t.Fatalf("%v, want kind %s", err, c.kind)
			}
			if strings.Count(e.Error(), e.Host) != 1 || strings.Contains(e.Error(), "\n") {
				t.Errorf("not one plain line: %q", e.Error())
			}
		})
	}
}

// A name that does not resolve is told apart without asking a real resolver.
func TestUnknownHost(t *testing.T) {
	c := New(Options{})
	err := c.classify(context.Background(), "nowhere.invalid", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}}, &Answer{})
	if err.Kind != "dns" || err.Error() != "cannot resolve nowhere.invalid: no such host" {
		t.Errorf("%s: %v", err.Kind, err)
	}
}

func TestLargeAnswersAreCut(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			_, _ = io.WriteString(w, strings.Repeat("x", 20<<10))
		}
	}))
	defer s.Close()
	a, err := New(Options{MaxBody: 1000}).Do(context.Background(), Request{Method: "GET", URL: s.URL})
	if err != nil || len(a.Body) != 1000 || !a.Exchanged.Response.Truncated {
		t.Fatalf("%v, %d octets, truncated %v", err, len(a.Body), a.Exchanged.Response.Truncated)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	hits := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits++
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer s.Close()
	a, err := New(Options{}).Do(context.Background(), Request{Method: "POST", URL: s.URL, Body: []byte("code=c")})
	if err != nil || a.Status != 302 || hits != 1 {
		t.Fatalf("%v, status %d, %d requests", err, a.Status, hits)
	}
}

// Who answered over TLS is in the record; --resolve reaches it under its name.
func TestPeerAndResolve(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.Host) }))
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	s.StartTLS()
	defer s.Close()
	addr := s.Listener.Addr().String()
	c := New(Options{Insecure: true, Resolve: map[string]string{"as.example:443": addr}})
	a, err := c.Do(context.Background(), Request{Method: "GET", URL: "https://as.example/"})
	if err != nil {
		t.Fatal(err)
	}
	p := a.Exchanged.Peer
	if string(a.Body) != "as.example" || p.Name != "as.example" || p.Version != "TLS 1.3" || len(p.Chain) != 1 || p.Addr != addr {
		t.Errorf("body %q, peer %+v", a.Body, p)
	}
}

// Octets that are no text survive the trace.
func TestBinaryBody(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0xff, 0, 1}) }))
	defer s.Close()
	a, err := New(Options{}).Do(context.Background(), Request{Method: "GET", URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	want := trace.Message{Body: "/wAB", Base64: true, Size: 3}
	got := a.Exchanged.Response
	if got.Body != want.Body || !got.Base64 || got.Size != want.Size {
		t.Errorf("%+v", got)
	}
}

// The client's certificate is sent even when the server names authorities
// that did not sign it.
func TestClientCertificate(t *testing.T) {
	other := httptest.NewUnstartedServer(http.NotFoundHandler())
	other.StartTLS()
	defer other.Close()
	own := other.TLS.Certificates[0]
	strangers := x509.NewCertPool()
	strangers.AppendCertsFromPEM(pemOf(t))
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, len(r.TLS.PeerCertificates))
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, ClientCAs: strangers, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	defer s.Close()
	c := New(Options{Insecure: true})
	for _, want := range []struct {
		cert *tls.Certificate
		sees string
	}{{nil, "0"}, {&own, "1"}, {nil, "0"}} {
		a, err := c.Do(context.Background(), Request{Method: "GET", URL: s.URL, Cert: want.cert})
		if err != nil || string(a.Body) != want.sees {
			t.Fatalf("%v: the server saw %s certificates, want %s", err, a.Body, want.sees)
		}
	}
}

// pemOf is a certificate that signed nothing of ours.
func pemOf(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a stranger"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// A server that closes a connection after each answer without saying so must
// not swallow the next POST: it gets a connection of its own.
func TestPostNeverMeetsAStaleConnection(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		_ = c.Close()
	}))
	defer s.Close()
	c := New(Options{})
	for range 50 {
		for _, method := range []string{"GET", "POST"} {
			a, err := c.Do(context.Background(), Request{Method: method, URL: s.URL, Body: []byte("x")})
			if method == "POST" && (err != nil || string(a.Body) != "ok") {
				t.Fatal(err)
			}
		}
	}
}
