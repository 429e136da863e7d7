package loopback

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// door hands out connections that can be remembered.
type door struct {
	net.Listener
	gone func(*caller)
}

// Accept waits for the next connection.
func (d *door) Accept() (net.Conn, error) {
	c, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &caller{Conn: c, gone: d.gone}, nil
}

// caller is one connection. It knows whether a request ever came of it, so that a browser that spoke TLS to http, or did not trust
// our certificate, leaves evidence.
type caller struct {
	net.Conn
	first  atomic.Int32 // its first byte and 0x100, or 0
	served atomic.Bool
	once   sync.Once
	gone   func(*caller)
}

// Read notes the first byte.
func (c *caller) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.first.Load() == 0 {
		c.first.Store(0x100 | int32(b[0]))
	}
	return n, err
}

// Close closes the connection; net/http does so as soon as the last byte of a page is written.
func (c *caller) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.gone(c) })
	return err
}

// CloseWrite is what net/http looks for to say goodbye without a reset.
func (c *caller) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

type callerKey struct{}

// rememberCaller makes the connection known to the requests that come over it.
func rememberCaller(ctx context.Context, c net.Conn) context.Context {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	return context.WithValue(ctx, callerKey{}, c)
}

func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	return c
}

// hangUp settles what was owed to a connection, and reports one that never made a request. One that never said a word is a
// browser's preconnect, and no evidence.
func (l *Listener) hangUp(c *caller, secure bool) {
	l.owed.settle(c)
	first := c.first.Load()
	if first == 0 || c.served.Load() {
		return
	}
	const handshake = 0x100 | 22 // RFC 8446 §5.1: ContentType handshake
	reason := StrayUnreadable
	switch {
	case secure && first == handshake:
		reason = StrayHandshake
	case secure:
		reason = StrayPlain
	case first == handshake:
		reason = StrayTLS
	}
	l.gate.stray(Hit{At: l.now(), Remote: c.RemoteAddr().String()}, reason)
}

// owed are the connections that were promised an ending.
type owed struct {
	mu    sync.Mutex
	open  map[*caller]bool
	moved chan struct{}
}

func newOwed() *owed { return &owed{open: map[*caller]bool{}, moved: make(chan struct{}, 1)} }

func (o *owed) promise(c *caller) {
	if c == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open[c] = true
}

func (o *owed) settle(c *caller) {
	o.mu.Lock()
	delete(o.open, c)
	o.mu.Unlock()
	select {
	case o.moved <- struct{}{}:
	default:
	}
}

// paid waits until nothing is owed, and says whether that came true in time.
func (o *owed) paid(within time.Duration) bool {
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		o.mu.Lock()
		left := len(o.open)
		o.mu.Unlock()
		if left == 0 {
			return true
		}
		select {
		case <-o.moved:
		case <-late.C:
			return false
		}
	}
}
