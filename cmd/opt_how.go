package cmd

import (
	"crypto/x509"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// howOptions say how a run goes about it.
type howOptions struct {
	strict, keepGoing, insecure, noInput bool
	timeout, httpTimeout, skew           time.Duration
	maxBody                              int64
	cacert, proxy                        string
	trusted                              []string
	resolveTo                            []string
	dry, explain, step                   bool
	misSign                              []string
	bends                                map[string]string // of --mis-sign
	keyLog                               *os.File          // SSLKEYLOGFILE
}

func (o *howOptions) flags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.strict, "strict", false, "stop at any failed MUST")
	fs.BoolVar(&o.keepGoing, "keep-going", false, "DANGEROUS: stop at no failed check, and use answers that fail them")
	fs.DurationVar(&o.timeout, "timeout", 5*time.Minute, "`TIME` for the whole run")
	fs.DurationVar(&o.httpTimeout, "http-timeout", 30*time.Second, "`TIME` for one request")
	fs.Int64Var(&o.maxBody, "max-body", 1<<20, "largest answer in `OCTETS`")
	fs.BoolVar(&o.insecure, "insecure", false, "DANGEROUS: accept any TLS certificate, and plain http off this machine")
	fs.StringVar(&o.cacert, "cacert", "", "`FILE` with the certificates (PEM) to trust instead of the system's")
	fs.StringVar(&o.proxy, "proxy", "", "`URL` of an HTTP proxy (default: HTTPS_PROXY, HTTP_PROXY, NO_PROXY)")
	fs.StringArrayVar(&o.resolveTo, "resolve", nil, "connect to ADDR for HOST:PORT: `HOST:PORT:ADDR`; repeatable")
	fs.DurationVar(&o.skew, "clock-skew", 30*time.Second, "clock difference that is tolerated, at most 5m")
	fs.StringArrayVar(&o.trusted, "trust-audience", nil, "an `AUD` that an ID token may have beside this client; repeatable")
	fs.BoolVar(&o.step, "step", false, "stop before each request: look, change, send, or stop")
	fs.BoolVar(&o.dry, "dry-run", false, "discover, then build and show every request, and send none")
	fs.BoolVar(&o.explain, "explain", false, "say with each request who talks to whom, and what its parts protect from")
	fs.StringArrayVar(&o.misSign, "mis-sign", nil, "sign wrongly on purpose: `OBJECT=HOW`, with OBJECT "+strings.Join(signedObjects(), ", ")+" and HOW "+strings.Join(bendNames(), ", ")+"; repeatable")
	fs.BoolVar(&o.noInput, "no-input", false, "never ask anything")
}

func (o *howOptions) valid() error {
	switch {
	case o.strict && o.keepGoing:
		return &usageError{"--strict and --keep-going contradict each other", nil}
	case o.timeout <= 0 || o.httpTimeout <= 0:
		return &usageError{"--timeout and --http-timeout take a time above zero, such as 30s", nil}
	case o.maxBody <= 0:
		return &usageError{"--max-body takes a number of octets above zero", nil}
	case o.skew < 0 || o.skew > 5*time.Minute:
		return &usageError{"--clock-skew takes a time from 0 to 5m", nil}
	}
	o.bends = map[string]string{}
	for _, s := range o.misSign {
		object, how, _ := strings.Cut(s, "=")
		if !slices.Contains(signedObjects(), object) || !slices.Contains(bendNames(), how) {
			return &usageError{fmt.Sprintf("--mis-sign %q is not OBJECT=HOW", s), []string{
				"OBJECT is one of " + strings.Join(signedObjects(), ", ") + "; HOW is one of " + strings.Join(bendNames(), ", ") + ":", "--mis-sign client-assertion=signature",
			}}
		}
		if o.bends[object] != "" {
			return &usageError{"--mis-sign bends " + object + " in two ways at once", nil}
		}
		o.bends[object] = how
	}
	return nil
}

func signedObjects() []string {
	return slices.Sorted(maps.Keys(flow.Signed()))
}

func bendNames() []string {
	var out []string
	for _, b := range flow.Bends() {
		out = append(out, b.Name)
	}
	return out
}

// gate is what stops a run.
func (o *howOptions) gate() func(trace.Finding) bool {
	switch {
	case o.keepGoing:
		return nil
	case o.strict:
		return check.Strict
	}
	return check.Trust
}

// logKeys opens the file that SSLKEYLOGFILE names, in which other tools find
// the keys to what was encrypted.
func (o *howOptions) logKeys(e Env) (err error) {
	path := e.Getenv("SSLKEYLOGFILE")
	if path == "" {
		return nil
	}
	if o.keyLog, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return &usageError{fmt.Sprintf("SSLKEYLOGFILE: %v", err), nil}
	}
	return nil
}

func (o *howOptions) wire(e Env) (*wire.Client, error) {
	w := wire.Options{
		Timeout: o.httpTimeout, MaxBody: o.maxBody, Insecure: o.insecure, Proxy: e.Proxy,
		Resolve: map[string]string{}, UserAgent: "oauthprobe/" + Version(), Now: e.Now,
	}
	if err := o.logKeys(e); err != nil {
		return nil, err
	}
	if o.keyLog != nil {
		w.KeyLog = o.keyLog
	}
	if o.cacert != "" {
		pem, err := os.ReadFile(o.cacert)
		if err != nil {
			return nil, &usageError{fmt.Sprintf("--cacert: %v", err), nil}
		}
		w.Roots = x509.NewCertPool()
		if !w.Roots.AppendCertsFromPEM(pem) {
			return nil, &usageError{"--cacert: no PEM certificate in " + o.cacert, nil}
		}
	}
	if o.proxy != "" {
		u, err := url.Parse(o.proxy)
		if err != nil || u.Host == "" {
			return nil, &usageError{"--proxy is not a URL, such as http://127.0.0.1:8080", nil}
		}
		w.Proxy = http.ProxyURL(u)
	}
	for _, s := range o.resolveTo {
		from, to, err := resolveRule(s)
		if err != nil {
			return nil, err
		}
		w.Resolve[from] = to
	}
	return wire.New(w), nil
}

// resolveRule splits HOST:PORT:ADDR as curl does; ADDR may be an IPv6 address.
func resolveRule(s string) (from, to string, err error) {
	parts := strings.SplitN(s, ":", 3)
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return "", "", &usageError{fmt.Sprintf("--resolve %q is not HOST:PORT:ADDR", s), nil}
	}
	host, port, addr := parts[0], parts[1], strings.Trim(parts[2], "[]")
	if strings.Contains(addr, ":") {
		addr = "[" + addr + "]"
	}
	return host + ":" + port, addr + ":" + port, nil
}
