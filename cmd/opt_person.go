package cmd

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/loopback"
)

// personOptions say how the person, or what stands in for one, is reached.
type personOptions struct {
	browser                   string
	noBrowser, paste          bool
	headless, qr              bool
	fill, callback            []string
	callbackCert, callbackKey string
}

// flags declares how a person is reached; elsewhere is a grant whose person
// approves at an address, and nothing comes back here.
func (o *personOptions) flags(fs *pflag.FlagSet, elsewhere bool) {
	fs.StringVar(&o.browser, "browser", "auto", "`COMMAND` that opens the browser (%s is the URL), auto, or none")
	fs.BoolVar(&o.noBrowser, "no-browser", false, "only print the URL to open")
	fs.BoolVar(&o.headless, "headless", false, "no browser: walk the pages and fill in the forms ourselves")
	fs.StringArrayVar(&o.fill, "fill", nil, "with --headless, fill a field: `NAME=VALUE`; BUTTON=NAME chooses the button; repeatable")
	fs.BoolVar(&o.qr, "qr", false, "also show the address to open as a QR code")
	if elsewhere {
		return
	}
	fs.BoolVar(&o.paste, "paste", false, "also accept the redirected URL on stdin")
	fs.StringArrayVar(&o.callback, "callback", nil, "where to listen: `ADDR:PORT`; several are candidates (default: a free port on 127.0.0.1)")
	fs.StringVar(&o.callbackCert, "callback-cert", "", "`FILE` with the certificate for an https redirect URI (default: a self-signed one)")
	fs.StringVar(&o.callbackKey, "callback-key", "", "`FILE` with its private key")
}

// A filling is what goes into the fields of pages, and which of it is secret.
type filling struct {
	values map[string]string
	secret []string // names
}

// fills resolves --fill; demo signs alice in where nothing else is said. A
// value is secret when it was given by reference, or when its field is called
// like one: a user name may well stand in a token, to be read.
func (o *personOptions) fills(l *layer, demo bool) (filling, error) {
	out := filling{values: map[string]string{}}
	if demo {
		out.values["username"], out.values["password"] = "alice", "alice"
		out.secret = []string{"password"}
	}
	for _, s := range o.fill {
		name, v, found := strings.Cut(s, "=")
		if !found || name == "" {
			return out, &usageError{"--fill is not NAME=VALUE", []string{"NAME is a field's name or id, as in --fill username=alice"}}
		}
		value, literal, err := l.value("--fill "+name, v)
		if err != nil {
			return out, err
		}
		out.values[name] = value
		if !literal || sounds(name) {
			out.secret = append(out.secret, name)
		}
	}
	return out, nil
}

// sounds knows the names of fields that hold secrets.
func sounds(field string) bool {
	return slices.ContainsFunc([]string{"pass", "pwd", "secret", "pin", "otp", "code", "token"}, func(word string) bool {
		return strings.Contains(strings.ToLower(field), word)
	})
}

func (o *personOptions) valid(l *layer, noInput bool) error {
	switch {
	case o.paste && noInput:
		return &usageError{"--paste and --no-input contradict each other", nil}
	case o.headless && o.paste:
		return &usageError{"--headless and --paste contradict each other", nil}
	case len(o.fill) > 0 && !o.headless:
		return &usageError{"--fill needs --headless", nil}
	case o.paste && l.stdin != "":
		return &usageError{fmt.Sprintf("--paste and %s both want to read stdin", l.stdin), []string{"give the value as @FILE or env:NAME"}}
	case (o.callbackCert == "") != (o.callbackKey == ""):
		return &usageError{"--callback-cert and --callback-key go together", nil}
	}
	for _, c := range o.callback {
		if _, _, err := net.SplitHostPort(c); err != nil {
			return &usageError{fmt.Sprintf("--callback %q is not ADDR:PORT, such as 127.0.0.1:8765", c), nil}
		}
	}
	return nil
}

// A door is where the answer comes in: a listener of ours, or a redirect URI
// that is somebody else's.
type door struct {
	listener *loopback.Listener
	redirect string
	note     string
}

// open listens before any browser is opened. A redirect URI that is not on
// loopback is not ours to serve; the person pastes what it got.
func (o *personOptions) open(redirect string, e Env) (door, error) {
	opts := loopback.ListenOptions{Bind: o.callback, Now: e.Now}
	if redirect != "" && redirect != "none" {
		u, err := url.Parse(redirect)
		if err != nil || u.Scheme == "" || (u.Host == "" && u.Opaque == "" && u.Path == "") {
			return door{}, &usageError{fmt.Sprintf("--redirect-uri %q is not an absolute URI", redirect), nil}
		}
		if strings.Contains(redirect, "#") {
			return door{}, &usageError{"--redirect-uri has a fragment, which RFC 6749 §3.1.2 forbids", nil}
		}
		if !loopHost(u) && len(o.callback) == 0 {
			return door{redirect: redirect}, nil
		}
		opts.Redirect = u
	}
	var d door
	if opts.Redirect != nil && opts.Redirect.Scheme == "https" {
		conf, note, err := o.certificate(opts.Redirect.Hostname(), e)
		if err != nil {
			return door{}, err
		}
		opts.TLS, d.note = conf, note
	}
	l, err := loopback.Listen(opts)
	if err != nil {
		return door{}, err
	}
	d.listener, d.redirect = l, l.RedirectURI()
	return d, nil
}

func loopHost(u *url.URL) bool {
	h := u.Hostname()
	ip := net.ParseIP(h)
	return (u.Scheme == "http" || u.Scheme == "https") && (strings.EqualFold(h, "localhost") || ip != nil && ip.IsLoopback())
}

func (o *personOptions) certificate(host string, e Env) (*tls.Config, string, error) {
	if o.callbackCert != "" {
		c, err := loopback.LoadCertificate(o.callbackCert, o.callbackKey)
		if err != nil {
			return nil, "", err
		}
		return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}, "", nil
	}
	c, fingerprint, err := loopback.SelfSigned([]string{host}, e.Now(), e.Rand)
	if err != nil {
		return nil, "", err
	}
	note := "the redirect URI is served with a self-signed certificate, which the browser will warn of; its SHA-256 is " + fingerprint
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}, note, nil
}
