// Package loopback is everything that listens on this machine for an OAuth native client (RFC 8252): the catcher of the redirect
// with its pages and its TLS, the opening of the person's browser, and the two ways round a browser: an agent that walks the
// pages itself, and a pasted address.
//
// It carries answers and judges none. What comes in is a [Hit], raw; whether it is the answer of the running transaction is
// decided by the caller's Accept, because only the run knows its state (and JARM hides that in a JWT).
package loopback

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Hit is one HTTP request that reached us, or that the headless agent or a pasted address would have delivered, as it came.
type Hit struct {
	At        time.Time
	Method    string // empty for a connection that closed before it made a request
	Host      string
	Path      string // escaped, as it came
	RawQuery  string
	Body      string // of a form_post; a relayed fragment is in Fragment alone
	Via       string // ViaQuery, ViaFragment, ViaFormPost, or empty for what cannot be an answer
	Elsewhere string // the address it was brought from, when a person pasted one that is not the redirect URI
	Fragment  string // relayed, without '#'
	Header    http.Header
	Remote    string
}

// The ways an authorization response travels (OAuth 2.0 Multiple Response Type Encoding Practices §2.1, OAuth 2.0 Form Post
// Response Mode §2).
const (
	ViaQuery    = "query"
	ViaFragment = "fragment"
	ViaFormPost = "form_post"
)

// Ending is how the flow really ended, for the page in the browser. All its text may come from a hostile server.
type Ending struct {
	OK     bool
	Title  string
	Detail string
	Hints  []string // the first is a sentence, each further one a thing to type
}

// answerNames returns the parameters any one of which makes an authorization response: RFC 6749 §4.1.2, §4.1.2.1, §4.2.2; OpenID
// Connect Core §3.2.2.5; JARM §2.3.
func answerNames() []string {
	return []string{"code", "error", "response", "state", "id_token", "access_token"}
}

// carriesAnswer says whether a raw query, fragment or form body holds any parameter of an authorization response. It reads as
// leniently as it can: a broken escape elsewhere must not hide an answer.
func carriesAnswer(raw string) bool {
	return slices.ContainsFunc(answerNames(), func(name string) bool { return carries(raw, name) })
}

// carries says whether a raw query names a parameter.
func carries(raw, name string) bool {
	for pair := range strings.SplitSeq(raw, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(key); err == nil {
			key = plain
		}
		if key == name {
			return true
		}
	}
	return false
}

// sameTarget says whether two addresses differ in query and fragment only: scheme, host, port and path are equal, once default
// ports, an empty path and the case of the host are levelled (RFC 3986 §6.2.2.1, §6.2.3).
func sameTarget(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && a.Opaque == b.Opaque && strings.EqualFold(a.Hostname(), b.Hostname()) &&
		effectivePort(a) == effectivePort(b) && effectivePath(a) == effectivePath(b)
}

func effectivePort(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	case u.Scheme == "http":
		return "80"
	}
	return ""
}

func effectivePath(u *url.URL) string {
	if p := u.EscapedPath(); p != "" || (u.Scheme != "http" && u.Scheme != "https") {
		return p
	}
	return "/"
}
