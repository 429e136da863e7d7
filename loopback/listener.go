package loopback

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// What a stranger may cost us, and how long Close is patient.
const (
	maxBody      = 64 << 10
	maxHeader    = 32 << 10
	hardHeader   = 128 << 10 // beyond this net/http answers by itself and nobody hears of it
	slowest      = 10 * time.Second
	closePatient = 2 * time.Second
)

// ListenOptions say where to listen.
type ListenOptions struct {
	// Redirect is the redirect URI wanted; nil is http://127.0.0.1/callback with a free port. Without Bind its host must be a
	// loopback address (127.0.0.0/8, ::1) or localhost. No port, or port 0, is a free one (RFC 8252 §7.3).
	Redirect *url.URL
	// Bind are candidates ADDR:PORT, tried in order; port 0 is a free port, an empty ADDR is 127.0.0.1. They override only the
	// address that is bound, not the redirect URI's host and path; with no Redirect a loopback ADDR is its host as well.
	Bind []string
	// TLS, when given, makes it https.
	TLS *tls.Config
	// Now is the clock of the hits; nil is time.Now.
	Now func() time.Time
}

// Callbacks are given by the run. Accept and Stray are called one at a time, from Wait's call on and until Close returns; they
// must not call the Listener.
type Callbacks struct {
	// Accept says whether this candidate is the answer of the running transaction. Nil accepts the first.
	Accept func(Hit) bool
	// Stray is told of everything else, with one of the Stray reasons; after 50 they are only counted.
	Stray func(Hit, string)
	// Done blocks until the flow has truly ended; the pages in the browser wait for it. It is called at most once.
	Done func() Ending
}

// Listener is a bound redirect URI that answers.
type Listener struct {
	redirect  url.URL
	path      string // of the callback, escaped
	relayPath string // where the relay page posts the fragment
	addrs     []string
	abroad    bool // bound to more than loopback
	doors     []net.Listener
	server    *http.Server
	gate      *gate
	pages     *pages
	owed      *owed
	now       func() time.Time
	patience  time.Duration
	abandon   chan struct{} // closed when Close has no more patience with Done
	closing   sync.Once
}

// Listen binds and starts answering at once, before any browser is opened. What is wrong with an address is a *ListenError; when
// several candidates failed, they are joined in the order in which they were tried.
func Listen(o ListenOptions) (*Listener, error) {
	redirect, err := redirectWanted(o)
	if err != nil {
		return nil, err
	}
	written, err := newPages()
	if err != nil {
		return nil, err
	}
	doors, bound, err := bindFirst(candidates(redirect, o.Bind))
	if err != nil {
		return nil, err
	}
	l := &Listener{
		redirect: *redirect, doors: doors, gate: newGate(), pages: written, owed: newOwed(),
		now: o.Now, patience: closePatient, abandon: make(chan struct{}),
	}
	if l.now == nil {
		l.now = time.Now
	}
	if o.Redirect == nil && len(o.Bind) > 0 {
		l.followBind(bound)
	}
	l.settleAddresses()
	l.serve(o.TLS)
	return l, nil
}

// followBind makes the loopback address that was bound the host of a redirect URI nobody asked for, or the browser would be sent
// where nobody listens.
func (l *Listener) followBind(bound string) {
	if host, _, err := net.SplitHostPort(bound); err == nil && isLoopback(host) {
		l.redirect.Host = net.JoinHostPort(host, "0")
	}
}

// settleAddresses fills in what only binding could tell: the port, and with it the redirect URI.
func (l *Listener) settleAddresses() {
	for _, d := range l.doors {
		addr := d.Addr().String()
		l.addrs = append(l.addrs, addr)
		if tcp, ok := d.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
			l.abroad = true
		}
	}
	if port := l.redirect.Port(); port == "0" || port == "" && isLoopback(l.redirect.Hostname()) {
		_, real, _ := net.SplitHostPort(l.addrs[0])
		l.redirect.Host = net.JoinHostPort(l.redirect.Hostname(), real)
	}
	l.path = effectivePath(&l.redirect)
	l.relayPath = strings.TrimSuffix(l.path, "/") + "/fragment"
}

// serve answers on every door through one server, so that one gate sees both families.
func (l *Listener) serve(secure *tls.Config) {
	l.server = &http.Server{
		Handler:           http.HandlerFunc(l.answer),
		ReadHeaderTimeout: slowest,
		IdleTimeout:       slowest,
		MaxHeaderBytes:    hardHeader,
		ConnContext:       rememberCaller,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	for _, d := range l.doors {
		var in net.Listener = &door{Listener: d, gone: func(c *caller) { l.hangUp(c, secure != nil) }}
		if secure != nil {
			cfg := secure.Clone()
			cfg.NextProtos = []string{"http/1.1"} // a page is owed by one connection: no HTTP/2
			in = tls.NewListener(in, cfg)
		}
		go func() { _ = l.server.Serve(in) }() // ends when Close closes the door
	}
}

// RedirectURI is the redirect URI, with the real port when the one wanted had port 0, or a loopback host and no port.
func (l *Listener) RedirectURI() string { return l.redirect.String() }

// Addrs are the addresses that are really bound.
func (l *Listener) Addrs() []string { return append([]string(nil), l.addrs...) }

// Strays counts what came and was no answer, also beyond those that Stray was told of.
func (l *Listener) Strays() int { return int(l.gate.strays.Load()) }

// Wait returns the first accepted Hit, or ctx's cause, or net.ErrClosed. It is called once; what came before it is no answer and
// is told to Stray first.
func (l *Listener) Wait(ctx context.Context, c Callbacks) (Hit, error) {
	if err := l.gate.begin(c); err != nil {
		return Hit{}, err
	}
	select {
	case <-l.gate.won:
		return l.gate.hit, nil
	case <-l.gate.shut:
		return l.gate.end(net.ErrClosed)
	case <-ctx.Done():
		return l.gate.end(context.Cause(ctx))
	}
}

// Close stops listening at once and returns as soon as the pages already promised an ending are written, two seconds later at
// the most. Call it when Done can return, or the pages end without knowing how the flow did.
func (l *Listener) Close() error {
	l.closing.Do(func() {
		for _, d := range l.doors {
			_ = d.Close()
		}
		l.gate.close()
		if !l.owed.paid(l.patience * 3 / 4) {
			close(l.abandon)
			l.owed.paid(l.patience / 4)
		}
		_ = l.server.Close()
		l.gate.silence()
	})
	return nil
}
