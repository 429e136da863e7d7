package loopback

import (
	"net/http"
	"net/url"
	"strings"
)

// visit is one navigation.
type visit struct {
	method   string
	url      *url.URL
	fragment string // raw: it is never sent, and may be the answer
	body     string
	kind     string   // content type of the body
	from     *url.URL // the page that led here
	policy   string   // its referrer policy
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// policy is the page's referrer policy: the last one it names that we know.
func (a answer) policy() string {
	known := ""
	for word := range strings.SplitSeq(strings.Join(a.header.Values("Referrer-Policy"), ","), ",") {
		switch word = strings.ToLower(strings.TrimSpace(word)); word {
		case "no-referrer", "same-origin", "origin", "strict-origin", "origin-when-cross-origin", "strict-origin-when-cross-origin",
			"unsafe-url", "no-referrer-when-downgrade":
			known = word
		}
	}
	return known
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirected is where a Location leads. 307 and 308 repeat method and body, the others make a GET of it (Fetch §4.4); a fragment is
// inherited (RFC 9110 §10.2.2).
func (v visit) redirected(status int, location string) (visit, *WalkError) {
	plainURL, fragment, marked := strings.Cut(location, "#")
	to, err := v.url.Parse(plainURL)
	if err != nil {
		return v, &WalkError{Kind: KindTransport, URL: bare(v.url), Status: status, Text: "its Location is not a URL"}
	}
	next := visit{method: http.MethodGet, url: to, fragment: v.fragment, from: v.from, policy: v.policy}
	if marked {
		next.fragment = fragment
	}
	if status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect {
		next.method, next.body, next.kind = v.method, v.body, v.kind
	}
	return next, nil
}

// header is what a browser would say of itself and of where it comes from.
func (v visit) header() http.Header {
	h := http.Header{"Accept": {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}}
	if v.method == http.MethodPost {
		h.Set("Content-Type", v.kind)
	}
	if v.from == nil {
		return h
	}
	referrer := v.referrer()
	if referrer != "" {
		h.Set("Referer", referrer)
	}
	if v.method == http.MethodPost { // Fetch §3.2: servers guard their forms by it
		h.Set("Origin", origin(v.from))
		if v.policy == "no-referrer" || v.policy == "same-origin" && origin(v.from) != origin(v.url) {
			h.Set("Origin", "null")
		}
	}
	return h
}

// referrer follows the page's policy (Referrer Policy §8.3), by default strict-origin-when-cross-origin.
func (v visit) referrer() string {
	full := *v.from
	full.User, full.Fragment, full.RawFragment = nil, "", ""
	same := origin(v.from) == origin(v.url)
	downgrade := v.from.Scheme == "https" && v.url.Scheme != "https"
	short := origin(v.from) + "/"
	switch v.policy {
	case "no-referrer":
		return ""
	case "unsafe-url":
		return full.String()
	case "origin":
		return short
	case "same-origin":
		short = ""
	case "strict-origin":
		full = url.URL{Scheme: v.from.Scheme, Host: v.from.Host, Path: "/"}
	case "no-referrer-when-downgrade":
		short = full.String()
	case "origin-when-cross-origin":
		downgrade = false
	}
	switch {
	case downgrade:
		return ""
	case same:
		return full.String()
	}
	return short
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// bare is a URL for people: what could hold a secret is left out.
func bare(u *url.URL) string {
	if u.Opaque != "" {
		return plain(u.Scheme, 40) + ":"
	}
	return plain((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String(), 500)
}

// trusted is a URL as the cookie jar should see it: browsers send Secure cookies to loopback over http as well.
func trusted(u *url.URL) *url.URL {
	if u.Scheme != "http" || !isLoopback(u.Hostname()) {
		return u
	}
	secure := *u
	secure.Scheme = "https"
	return &secure
}
