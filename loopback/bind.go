package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// The reasons of a ListenError.
const (
	ReasonInUse        = "in use"
	ReasonReserved     = "reserved"      // Windows keeps the port for itself (Hyper-V, WinNAT)
	ReasonNotPermitted = "not permitted" // a privileged port
	ReasonNotLocal     = "not local"     // no such address on this machine
	ReasonNotLoopback  = "not loopback"
	ReasonBadAddress   = "bad address"
	ReasonTLS          = "scheme and certificate disagree"
	ReasonOther        = "cannot listen"
)

// ListenError is an address that could not be listened on, and why.
type ListenError struct {
	Addr   string
	Reason string // one of the Reason constants
	Err    error
}

// Error names the address tried and the reason.
func (e *ListenError) Error() string {
	if e.Reason != ReasonOther && e.Reason != ReasonBadAddress || e.Err == nil {
		return fmt.Sprintf("cannot listen on %s: %s", e.Addr, e.Reason)
	}
	return fmt.Sprintf("cannot listen on %s: %s: %v", e.Addr, e.Reason, e.Err)
}

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// redirectWanted checks the redirect URI asked for, or makes the default one.
func redirectWanted(o ListenOptions) (*url.URL, error) {
	u := defaultRedirect(o)
	if o.Redirect != nil {
		u = o.Redirect
	}
	bad := func(reason string, err error) (*url.URL, error) {
		return nil, &ListenError{Addr: u.Redacted(), Reason: reason, Err: err}
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return bad(ReasonBadAddress, errors.New("only http and https can be listened on"))
	case u.Hostname() == "" || u.User != nil:
		return bad(ReasonBadAddress, errors.New("a redirect URI is scheme://host:port/path"))
	case u.Fragment != "": // RFC 6749 §3.1.2
		return bad(ReasonBadAddress, errors.New("a redirect URI must not have a fragment"))
	case u.Scheme == "http" && o.TLS != nil, u.Scheme == "https" && o.TLS == nil && len(o.Bind) == 0:
		return bad(ReasonTLS, nil) // with Bind, something in front of us may do the TLS
	case len(o.Bind) == 0 && !isLoopback(u.Hostname()):
		return bad(ReasonNotLoopback, nil) // RFC 8252 §8.3
	}
	return u, nil
}

// defaultRedirect is the redirect URI when none was asked for (RFC 8252 §7.3: the literal rather than localhost).
func defaultRedirect(o ListenOptions) *url.URL {
	u := &url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/callback"}
	if o.TLS != nil {
		u.Scheme = "https"
	}
	return u
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// candidates are the addresses to try, in order.
func candidates(redirect *url.URL, bind []string) []string {
	if len(bind) > 0 {
		return bind
	}
	port := redirect.Port()
	if port == "" {
		port = "0"
	}
	return []string{net.JoinHostPort(redirect.Hostname(), port)}
}

// bindFirst binds the first candidate that can be bound, and says which.
func bindFirst(addrs []string) ([]net.Listener, string, error) {
	var failed []error
	for _, addr := range addrs {
		doors, err := bind(addr)
		if err == nil {
			return doors, addr, nil
		}
		failed = append(failed, err)
	}
	if len(failed) == 1 {
		return nil, "", failed[0]
	}
	return nil, "", errors.Join(failed...)
}

// bind binds one candidate. For localhost that is the same port in both families: the browser decides which one it means, and on a
// port that was ours in one family only, another program would get the code.
func bind(addr string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if _, digits := strconv.ParseUint(port, 10, 16); err != nil || digits != nil {
		return nil, &ListenError{Addr: addr, Reason: ReasonBadAddress, Err: errors.New("want ADDR:PORT, a port being 0 to 65535")}
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if !strings.EqualFold(host, "localhost") {
		door, err := listen(host, port)
		if err != nil {
			return nil, err
		}
		return []net.Listener{door}, nil
	}
	for range 10 { // a free port of one family may be taken in the other
		var doors []net.Listener
		if doors, err = bindBoth(port); err == nil || port != "0" {
			return doors, err
		}
	}
	return nil, err
}

func bindBoth(port string) ([]net.Listener, error) {
	four, err := listen("127.0.0.1", port)
	if err != nil && !absent(err) {
		return nil, err
	}
	if err == nil {
		_, port, _ = net.SplitHostPort(four.Addr().String())
	}
	six, err6 := listen("::1", port)
	switch {
	case err == nil && err6 == nil:
		return []net.Listener{four, six}, nil
	case err == nil && absent(err6):
		return []net.Listener{four}, nil
	case err == nil:
		_ = four.Close()
		return nil, err6
	case err6 == nil:
		return []net.Listener{six}, nil
	}
	return nil, err
}

func listen(host, port string) (net.Listener, error) {
	network, addr := "tcp", net.JoinHostPort(host, port)
	if ip := net.ParseIP(host); ip != nil && ip.To4() != nil {
		network = "tcp4" // 0.0.0.0 would be both families otherwise
	}
	var cfg net.ListenConfig
	door, err := cfg.Listen(context.Background(), network, addr)
	if err != nil {
		return nil, &ListenError{Addr: addr, Reason: whyNot(err, runtime.GOOS), Err: err}
	}
	return door, nil
}

// absent says that a whole address family is missing on this machine.
func absent(err error) bool {
	if why, ok := errors.AsType[*ListenError](err); ok && why.Reason == ReasonNotLocal {
		return true
	}
	return errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EPROTONOSUPPORT)
}

// whyNot reads a bind error. The bare numbers are Winsock's, which the syscall package gives no portable names.
func whyNot(err error, goos string) string {
	no, ok := errors.AsType[syscall.Errno](err)
	_, lookup := errors.AsType[*net.DNSError](err)
	_, form := errors.AsType[*net.AddrError](err)
	switch {
	case lookup:
		return ReasonNotLocal
	case form || !ok:
		return ReasonBadAddress
	case no == syscall.EADDRINUSE || no == 10048:
		return ReasonInUse
	case no == 10013 || goos == "windows" && no == syscall.EACCES:
		return ReasonReserved
	case no == syscall.EACCES || no == syscall.EPERM:
		return ReasonNotPermitted
	case no == syscall.EADDRNOTAVAIL || no == 10049 || no == 10047:
		return ReasonNotLocal
	}
	return ReasonOther
}
