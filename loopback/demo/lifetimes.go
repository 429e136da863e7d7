package demo

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Lifetimes says how long what the server hands out is good for. Zero is the default.
type Lifetimes struct {
	AccessToken  time.Duration // 5 minutes
	IDToken      time.Duration // 5 minutes
	Code         time.Duration // 60 seconds, which is what FAPI 2.0 Security Profile §5.3.2.1 allows at most
	RefreshToken time.Duration // 30 days, from the sign-in on: rotation does not move it (RFC 9700 §4.14.2)
	DeviceCode   time.Duration // 10 minutes; CIBA requests too
	RequestURI   time.Duration // 60 seconds, of pushed requests
}

// A lifetime is one of them, by its name.
type lifetime struct {
	name  string
	value *time.Duration
	usual time.Duration
}

func (l *Lifetimes) all() []lifetime {
	return []lifetime{
		{"access token", &l.AccessToken, 5 * time.Minute},
		{"ID token", &l.IDToken, 5 * time.Minute},
		{"code", &l.Code, time.Minute},
		{"refresh token", &l.RefreshToken, 30 * 24 * time.Hour},
		{"device code", &l.DeviceCode, 10 * time.Minute},
		{"request URI", &l.RequestURI, time.Minute},
	}
}

func (l Lifetimes) withDefaults() Lifetimes {
	for _, one := range l.all() {
		if *one.value == 0 {
			*one.value = one.usual
		}
	}
	return l
}

// check wants whole seconds, because that is how answers count.
func (l Lifetimes) check() error {
	const longest = 10 * 365 * 24 * time.Hour
	for _, one := range l.all() {
		if v := *one.value; v < time.Second || v > longest || v%time.Second != 0 {
			return fmt.Errorf("demo: a lifetime of %s for the %s; it takes whole seconds, from one to ten years of them", v, one.name)
		}
	}
	return nil
}

// inWords is a lifetime as people say it.
func inWords(d time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if d%unit.size == 0 && d > unit.size {
			return fmt.Sprintf("%d %ss", d/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d seconds", int64(math.Round(d.Seconds())))
}

// Delays are how long answers are held back, by the names of DelayNames.
type Delays map[string]time.Duration

// delayed is the endpoints that can be slow, by their path below the issuer.
var delayed = map[string]string{
	"discovery": "/.well-known/", "jwks": "/jwks", "authorization": "/authorize", "token": "/token", "userinfo": "/userinfo",
	"par": "/par", "device": "/device_authorization", "ciba": "/backchannel", "introspection": "/introspect",
	"revocation": "/revoke", "logout": "/logout", "resource": "/resource",
}

// DelayNames is the endpoints that Delays knows.
func DelayNames() []string { return slices.Sorted(maps.Keys(delayed)) }

func (d Delays) check() error {
	for _, name := range slices.Sorted(maps.Keys(d)) {
		if delayed[name] == "" {
			return fmt.Errorf("demo: a delay for %q; there is %s", name, strings.Join(DelayNames(), ", "))
		}
		if d[name] < 0 || d[name] > time.Hour {
			return fmt.Errorf("demo: a delay of %s for %s; it takes from 0 to one hour", d[name], name)
		}
	}
	return nil
}

// hold keeps an answer back as long as it was told to, or until nobody waits for
// it any more.
func (s *Server) hold(x *exchange) {
	d := s.delayOf(x.r.URL.Path)
	if d <= 0 || x.r.Method == http.MethodOptions {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.r.Context().Done():
	case <-s.life.Done():
	}
}

func (s *Server) delayOf(path string) time.Duration {
	for name, d := range s.config.Delays {
		if at := delayed[name]; path == s.path+at || name == "discovery" && strings.Contains(path, at) {
			return d
		}
	}
	return 0
}

// defaultScopes is the scopes of a Config that names none.
func defaultScopes() []string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	return names
}

// scopeNames is the scopes a client may ask for.
func (s *Server) scopeNames() []string { return s.config.Scopes }

// usual is a scope that is given when none was asked for (RFC 6749 §3.3), or the
// first where that one is not known.
func (s *Server) usual(name string) string {
	if slices.Contains(s.config.Scopes, name) {
		return name
	}
	return s.config.Scopes[0]
}

// checkScopes wants scope-tokens, once each (RFC 6749 §3.3).
func (c Config) checkScopes() error {
	seen := map[string]bool{}
	for _, name := range c.Scopes {
		bad := strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
		if name == "" || bad || seen[name] {
			return fmt.Errorf("demo: the scope %q is empty, given twice, or has characters that no scope may have", name)
		}
		seen[name] = true
	}
	return nil
}

// idTokenAlgs is how ID tokens may be signed: RS256, what clients are registered
// for, and what a fault is about.
func (s *Server) idTokenAlgs() []string {
	algs := []string{"RS256"}
	switch {
	case s.faults["idtoken-es256-bad-signature"] || s.faults["idtoken-es256-zero"]:
		algs = append(algs, "ES256")
	case s.faults["idtoken-hs256-bad-signature"]:
		algs = append(algs, "HS256")
	}
	for _, c := range s.config.Clients {
		if c.IDTokenSignedAlg != "" && !slices.Contains(algs, c.IDTokenSignedAlg) {
			algs = append(algs, c.IDTokenSignedAlg)
		}
	}
	return algs
}
