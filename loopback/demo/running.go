package demo

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// A Running server listens until it is closed.
type Running struct {
	Issuer string
	Addr   string // where it listens
	MTLS   string // where mutual TLS is spoken, as mtls_endpoint_aliases says; "" without
	CA     []byte // PEM: whom to trust for the https addresses; made for this run

	server *http.Server
	serve  int
	done   chan error
	end    func()
}

// Start listens on addr, 127.0.0.1:0 for a free port, and serves. The issuer is
// filled in from the address; a path alone ("/tenant") is appended to it.
func Start(addr string, c Config) (*Running, error) { return start(addr, c, false) }

// StartTLS is Start with https, where every endpoint asks for a client certificate
// and takes any: the client's registration decides.
func StartTLS(addr string, c Config) (*Running, error) { return start(addr, c, true) }

func start(addr string, c Config, secure bool) (*Running, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	listeners := []net.Listener{ln}
	run, err := open(addr, c, secure, &listeners)
	if err != nil {
		for _, l := range listeners {
			_ = l.Close()
		}
		return nil, err
	}
	run.serve = len(listeners)
	run.done = make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { run.done <- run.server.Serve(l) }()
	}
	return run, nil
}

// open makes the server for its listeners, and adds the one for mutual TLS.
func open(addr string, c Config, secure bool, listeners *[]net.Listener) (*Running, error) {
	ln := (*listeners)[0]
	host, scheme := reachable(addr, ln.Addr()), "http"
	run := &Running{Addr: ln.Addr().String()}
	if secure || c.MTLS != "" {
		config, ca, err := asking(host)
		if err != nil {
			return nil, err
		}
		run.CA = ca
		if secure {
			scheme, (*listeners)[0] = "https", tls.NewListener(ln, config)
		}
		if c.MTLS != "" {
			second, err := net.Listen("tcp", c.MTLS)
			if err != nil {
				return nil, fmt.Errorf("demo: %w", err)
			}
			*listeners = append(*listeners, tls.NewListener(second, config))
			run.MTLS = "https://" + reachable(c.MTLS, second.Addr())
		}
	}
	if c.Issuer == "" || strings.HasPrefix(c.Issuer, "/") {
		c.Issuer = scheme + "://" + host + c.Issuer
	}
	s, err := New(c)
	if err != nil {
		return nil, err
	}
	if run.MTLS != "" {
		run.MTLS += s.path
	}
	s.mtls, s.secure = run.MTLS, secure || run.MTLS != ""
	run.Issuer, run.end = c.Issuer, s.end
	run.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          quiet(),
	}
	return run, nil
}

// Close stops at once: open connections are cut, hanging answers too.
func (r *Running) Close() error {
	err := r.server.Close()
	r.end()
	for range r.serve {
		if served := <-r.done; !errors.Is(served, http.ErrServerClosed) && err == nil {
			err = served
		}
	}
	r.serve = 0 // a second Close has nothing to wait for
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
