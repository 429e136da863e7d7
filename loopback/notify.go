package loopback

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// ViaNotification is how a Hit came that can be a notification (CIBA Core §10.2, §10.3).
const ViaNotification = "notification"

// notifyPath is where notifications are posted.
const notifyPath = "/ciba-notification"

// maxHeld is how many callers may wait for a verdict at the same time.
const maxHeld = 16

// NotifyOptions say where to listen for notifications.
type NotifyOptions struct {
	// Bind are candidates ADDR:PORT, tried in order; none is a free port on 127.0.0.1, and an empty ADDR is 127.0.0.1.
	Bind []string
	// Now is the clock of the hits; nil is time.Now.
	Now func() time.Time
}

// Notifications is a bound client notification endpoint (CIBA Core §9). Unlike a redirect URI it is called by the server itself,
// over the internet as well: through a tunnel or a proxy, so the Host header may say anything, and only the bearer token counts.
type Notifications struct {
	uri    string
	doors  []net.Listener
	server *http.Server
	now    func() time.Time
	calls  chan call     // to Wait
	held   chan struct{} // a place for each caller that is held
	shut   chan struct{}
	once   sync.Once
}

// A call is an arrival that wants a verdict.
type call struct {
	hit     Hit
	verdict chan bool
}

// ListenNotifications binds, and answers from then on. What is wrong with an address is a *ListenError.
func ListenNotifications(o NotifyOptions) (*Notifications, error) {
	bind := o.Bind
	if len(bind) == 0 {
		bind = []string{"127.0.0.1:0"}
	}
	doors, bound, err := bindFirst(bind)
	if err != nil {
		return nil, err
	}
	n := &Notifications{
		doors: doors, now: o.Now, calls: make(chan call), held: make(chan struct{}, maxHeld), shut: make(chan struct{}),
	}
	if n.now == nil {
		n.now = time.Now
	}
	n.uri = (&url.URL{Scheme: "http", Host: reachableAt(bound, doors[0].Addr()), Path: notifyPath}).String()
	n.server = &http.Server{
		Handler:           http.HandlerFunc(n.answer),
		ReadHeaderTimeout: slowest,
		ReadTimeout:       2 * slowest,
		IdleTimeout:       slowest,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	for _, d := range doors {
		go func() { _ = n.server.Serve(d) }() // ends when Close closes the door
	}
	return n, nil
}

// reachableAt is the host and port at which a bound address is called: the host that was asked for, with the real port.
func reachableAt(asked string, got net.Addr) string {
	host, _, _ := net.SplitHostPort(asked)
	_, port, _ := net.SplitHostPort(got.String())
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// URI is the address at which notifications are awaited.
func (n *Notifications) URI() string { return n.uri }

// Wait gives every arrival to accept, one at a time, until one is accepted, and returns that; or ctx's cause, or net.ErrClosed.
// A Hit whose Via is not ViaNotification can be no notification, whatever accept says. What came before Wait is held until then,
// because a server that is quick calls back before its own answer has arrived.
func (n *Notifications) Wait(ctx context.Context, accept func(Hit) bool) (Hit, error) {
	for {
		select {
		case c := <-n.calls:
			ours := accept(c.hit) && c.hit.Via == ViaNotification
			c.verdict <- ours
			if ours {
				return c.hit, nil
			}
		case <-n.shut:
			return Hit{}, net.ErrClosed
		case <-ctx.Done():
			return Hit{}, context.Cause(ctx)
		}
	}
}

// answer is the handler of every request. The statuses are those of CIBA Core §10.2: 204, or 401 for a token that is not ours.
func (n *Notifications) answer(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	hit := Hit{
		At: n.now(), Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery,
		Header: r.Header.Clone(), Remote: r.RemoteAddr,
	}
	status := n.misplaced(w, r, &hit)
	if status == 0 {
		hit.Via = ViaNotification
	}
	ours, heard := n.ask(r.Context(), hit)
	switch {
	case status != 0: // whatever was said of it
	case !heard:
		w.Header().Set("Retry-After", "5")
		status = http.StatusServiceUnavailable
	case ours:
		status = http.StatusNoContent
	default:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`) // RFC 6750 §3
		status = http.StatusUnauthorized
	}
	w.WriteHeader(status)
}

// misplaced reads a notification, or says the status for what can be none.
func (n *Notifications) misplaced(w http.ResponseWriter, r *http.Request, hit *Hit) int {
	switch {
	case hit.Path != notifyPath:
		return http.StatusNotFound
	case r.Method != http.MethodPost: // OPTIONS too, and no CORS: nobody's script may post here
		w.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return http.StatusRequestEntityTooLarge
	}
	hit.Body = string(body)
	return 0
}

// ask holds a caller until Wait has a verdict. Heard is false when there are too many callers already, or nobody waits in time.
func (n *Notifications) ask(ctx context.Context, hit Hit) (ours, heard bool) {
	select {
	case n.held <- struct{}{}:
		defer func() { <-n.held }()
	default:
		return false, false
	}
	late := time.NewTimer(slowest)
	defer late.Stop()
	c := call{hit, make(chan bool, 1)}
	select {
	case n.calls <- c:
		return <-c.verdict, true
	case <-late.C:
	case <-n.shut:
	case <-ctx.Done():
	}
	return false, false
}

// Close stops listening, and returns when the answer that was promised to the last caller is written, or after two seconds.
func (n *Notifications) Close() error {
	n.once.Do(func() {
		close(n.shut)
		ctx, cancel := context.WithTimeout(context.Background(), closePatient)
		defer cancel()
		if n.server.Shutdown(ctx) != nil {
			_ = n.server.Close()
		}
	})
	return nil
}
