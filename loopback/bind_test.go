package loopback

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
)

func portOf(t *testing.T, addr string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

func TestRedirectURIAndAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		redirect string
		bind     []string
		uri      string // %s is the port
		hosts    []string
		six      bool
	}{
		"default":               {uri: "http://127.0.0.1:%s/callback", hosts: []string{"127.0.0.1"}},
		"no port":               {redirect: "http://127.0.0.1/cb?x=1", uri: "http://127.0.0.1:%s/cb?x=1", hosts: []string{"127.0.0.1"}},
		"port 0":                {redirect: "http://127.0.0.1:0", uri: "http://127.0.0.1:%s", hosts: []string{"127.0.0.1"}},
		"IPv6":                  {redirect: "http://[::1]/", uri: "http://[::1]:%s/", hosts: []string{"::1"}, six: true},
		"localhost":             {redirect: "http://localhost/cb", uri: "http://localhost:%s/cb", hosts: []string{"127.0.0.1", "::1"}, six: true},
		"bind keeps the URI":    {redirect: "https://app.example/cb", bind: []string{"127.0.0.1:0"}, uri: "https://app.example/cb", hosts: []string{"127.0.0.1"}},
		"bind alone":            {bind: []string{"127.0.0.1:0"}, uri: "http://127.0.0.1:%s/callback", hosts: []string{"127.0.0.1"}},
		"bind alone, IPv6":      {bind: []string{"[::1]:0"}, uri: "http://[::1]:%s/callback", hosts: []string{"::1"}, six: true},
		"bind without address":  {bind: []string{":0"}, uri: "http://127.0.0.1:%s/callback", hosts: []string{"127.0.0.1"}},
		"second candidate":      {bind: []string{"192.0.2.77:0", "127.0.0.1:0"}, uri: "http://127.0.0.1:%s/callback", hosts: []string{"127.0.0.1"}},
		"everywhere, if wanted": {bind: []string{"0.0.0.0:0"}, uri: "http://127.0.0.1:%s/callback", hosts: []string{"0.0.0.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.six && !hasIPv6() {
				t.Skip("no IPv6 here")
			}
			o := ListenOptions{Bind: c.bind}
			if c.redirect != "" {
				o.Redirect = mustURL(t, c.redirect)
			}
			l, err := Listen(o)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			port := portOf(t, l.Addrs()[0])
			if want := strings.Replace(c.uri, "%s", port, 1); l.RedirectURI() != want {
				t.Errorf("got %s, want %s", l.RedirectURI(), want)
			}
			var want []string
			for _, h := range c.hosts {
				want = append(want, net.JoinHostPort(h, port))
			}
			if got := l.Addrs(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("bound %q, want %q", got, want)
			}
		})
	}
}

func TestListenErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := taken.Addr().String()
	for name, c := range map[string]struct {
		redirect string
		bind     []string
		tls      *tls.Config
		reason   string
		addr     string
	}{
		"in use":                {redirect: "http://" + busy + "/cb", reason: ReasonInUse, addr: busy},
		"in use, localhost":     {redirect: "http://localhost:" + portOf(t, busy) + "/cb", reason: ReasonInUse, addr: busy},
		"not local":             {bind: []string{"192.0.2.77:0"}, reason: ReasonNotLocal, addr: "192.0.2.77:0"},
		"not loopback":          {redirect: "http://192.0.2.77/cb", reason: ReasonNotLoopback, addr: "http://192.0.2.77/cb"},
		"look-alike":            {redirect: "http://127.0.0.1.evil.example/cb", reason: ReasonNotLoopback, addr: "http://127.0.0.1.evil.example/cb"},
		"bad port":              {bind: []string{"127.0.0.1:70000"}, reason: ReasonBadAddress, addr: "127.0.0.1:70000"},
		"no port":               {bind: []string{"127.0.0.1"}, reason: ReasonBadAddress, addr: "127.0.0.1"},
		"custom scheme":         {redirect: "com.example:/cb", reason: ReasonBadAddress, addr: "com.example:/cb"},
		"fragment":              {redirect: "http://127.0.0.1/cb#x", reason: ReasonBadAddress, addr: "http://127.0.0.1/cb#x"},
		"https, no certificate": {redirect: "https://127.0.0.1/cb", reason: ReasonTLS, addr: "https://127.0.0.1/cb"},
		"http, a certificate":   {redirect: "http://127.0.0.1/cb", tls: &tls.Config{}, reason: ReasonTLS, addr: "http://127.0.0.1/cb"},
	} {
		t.Run(name, func(t *testing.T) {
			o := ListenOptions{Bind: c.bind, TLS: c.tls}
			if c.redirect != "" {
				o.Redirect = mustURL(t, c.redirect)
			}
			_, err := Listen(o)
			why, ok := errors.AsType[*ListenError](err)
			if !ok || why.Reason != c.reason || why.Addr != c.addr {
				t.Errorf("got %#v, want %s %s", err, c.addr, c.reason)
			}
		})
	}
}

func TestAllCandidatesAreNamed(t *testing.T) {
	_, err := Listen(ListenOptions{Bind: []string{"192.0.2.77:0", "nonsense"}})
	if err == nil || !strings.Contains(err.Error(), "192.0.2.77:0: not local") || !strings.Contains(err.Error(), "nonsense: bad address") {
		t.Errorf("got %v", err)
	}
}

func TestLocalhostTakenInOneFamily(t *testing.T) {
	if !hasIPv6() {
		t.Skip("no IPv6 here")
	}
	taken, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = Listen(ListenOptions{Redirect: mustURL(t, "http://localhost:"+portOf(t, taken.Addr().String())+"/cb")})
	if why, ok := errors.AsType[*ListenError](err); !ok || why.Reason != ReasonInUse || why.Addr != taken.Addr().String() {
		t.Errorf("got %v: the code would go to another program", err)
	}
}

func TestWhyNot(t *testing.T) {
	for _, c := range []struct {
		no   syscall.Errno
		goos string
		want string
	}{
		{syscall.EADDRINUSE, "linux", ReasonInUse},
		{10048, "windows", ReasonInUse},
		{syscall.EACCES, "linux", ReasonNotPermitted},
		{syscall.EACCES, "windows", ReasonReserved},
		{10013, "windows", ReasonReserved},
		{syscall.EADDRNOTAVAIL, "darwin", ReasonNotLocal},
		{10049, "windows", ReasonNotLocal},
	} {
		err := &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", c.no)}
		if got := whyNot(err, c.goos); got != c.want {
			t.Errorf("%d on %s: %s, want %s", c.no, c.goos, got, c.want)
		}
	}
}

func TestHostHeader(t *testing.T) {
	for _, c := range []struct {
		redirect, host string
		abroad, wrong  bool
	}{
		{"http://127.0.0.1/cb", "127.0.0.1:1234", false, false},
		{"http://127.0.0.1/cb", "localhost:9", false, false},
		{"http://127.0.0.1/cb", "LOCALHOST", false, false},
		{"http://127.0.0.1/cb", "[::1]:80", false, false},
		{"http://127.0.0.1/cb", "rebound.example:1234", false, true},
		{"http://127.0.0.1/cb", "127.0.0.1.evil.example", false, true},
		{"http://127.0.0.1/cb", "192.0.2.1:1234", false, true},
		{"http://127.0.0.1/cb", "192.0.2.1:1234", true, false},
		{"https://app.example/cb", "app.example", true, false},
		{"https://app.example/cb", "other.example", true, true},
		{"http://127.0.0.1/cb", "", false, true},
	} {
		l := &Listener{redirect: *mustURL(t, c.redirect), abroad: c.abroad}
		if got := l.misdirected(&http.Request{Host: c.host, URL: &url.URL{}}); got != c.wrong {
			t.Errorf("%s for %s: misdirected %v", c.host, c.redirect, got)
		}
	}
}
