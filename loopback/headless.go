package loopback

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

const (
	defaultPages = 20
	maxRedirects = 40
	maxPage      = 1 << 20
)

// Headless walks the pages of a sign-in by itself, with a cookie jar and without scripts.
type Headless struct {
	// Transport is what every request goes through.
	Transport http.RoundTripper
	// Fill holds values by field name or id; BUTTON chooses the submit button by name, id, value or text. A value is a secret when
	// its field is a password or is called like one.
	Fill map[string]string
	// Redirect is the redirect URI: being sent there ends the walk and becomes the Hit; nothing is sent to it.
	Redirect string
	// MaxPages bounds the walk; 0 is 20.
	MaxPages int
	// Page is told of each page.
	Page func(PageSeen)
	// Now is the clock of the Hit; nil is time.Now.
	Now func() time.Time
}

// PageSeen is one page of the walk. Its text is foreign, but fit to be shown; its URL has lost query and fragment.
type PageSeen struct {
	URL    string
	Status int
	Title  string
	Fields []string // the names of what was filled, never a value
	Button string   // what the pressed button says
}

// The kinds of a WalkError.
const (
	KindInputNeeded  = "input-needed"   // Field has no value
	KindPageStatus   = "page-status"    // Status is 400 or more
	KindNoForm       = "no-form"        // the page leads nowhere
	KindTooManyPages = "too-many-pages" // or redirects
	KindScheme       = "scheme"         // sent to something else than http or https
	KindLoop         = "loop"           // the same values were sent before, and the page came back
	KindTransport    = "transport"      // wraps
)

// WalkError is how a walk failed. Its text is foreign, but fit to be shown; no filled secret is in it.
type WalkError struct {
	Kind        string
	URL         string // of the page, without query and fragment
	Status      int
	Field       string
	Title       string
	Text        string // what the page says, at most 300 characters
	SpeaksOAuth bool   // the page speaks of the protocol
	NeedsScript bool   // a page without a form has scripts
	Err         error
}

// Error says what happened where.
func (e *WalkError) Error() string {
	say := map[string]string{
		KindInputNeeded:  "a page needs a value for the field " + e.Field,
		KindPageStatus:   fmt.Sprintf("a page answered with status %d", e.Status),
		KindNoForm:       "a page has no form to go on with",
		KindTooManyPages: "the sign-in does not end",
		KindScheme:       "the sign-in leads to an address that is neither http nor https, nor the redirect URI",
		KindLoop:         "the page did not accept what was filled in",
		KindTransport:    "a page could not be fetched",
	}[e.Kind]
	say += ": " + e.URL
	if e.Title != "" {
		say += " (" + e.Title + ")"
	}
	if e.Text != "" {
		say += ": " + e.Text
	}
	if e.Err != nil {
		say += ": " + e.Err.Error()
	}
	return say
}

// Unwrap returns the cause of a transport error.
func (e *WalkError) Unwrap() error { return e.Err }

// Walk goes from u to the redirect URI as a person would. What stops it is a *WalkError.
func (h *Headless) Walk(ctx context.Context, u string) (Hit, error) {
	first, err := url.Parse(u)
	if err != nil {
		return Hit{}, &WalkError{Kind: KindScheme, Text: "it is no URL"}
	}
	w := &walk{h: h, sent: map[string]bool{}, secret: map[string]bool{}, most: h.MaxPages}
	if w.most <= 0 {
		w.most = defaultPages
	}
	if w.redirect, err = url.Parse(h.Redirect); err != nil || h.Redirect == "" {
		w.redirect = nil
	}
	if w.jar, err = cookiejar.New(nil); err != nil {
		return Hit{}, err
	}
	hit, failed := w.run(ctx, visit{method: http.MethodGet, url: first})
	if failed != nil {
		w.hide(failed)
		return Hit{}, failed
	}
	return hit, nil
}

// walk is one walk under way.
type walk struct {
	h         *Headless
	jar       http.CookieJar
	redirect  *url.URL
	most      int
	pages     int
	redirects int
	sent      map[string]bool // what was said with forms
	secret    map[string]bool // names and ids of the password fields seen
}

// run goes on until the redirect URI.
func (w *walk) run(ctx context.Context, v visit) (Hit, *WalkError) {
	for {
		if w.redirect != nil && sameTarget(v.url, w.redirect) {
			return w.hit(v), nil
		}
		if v.url.Scheme != "http" && v.url.Scheme != "https" || v.url.Host == "" {
			return Hit{}, &WalkError{Kind: KindScheme, URL: bare(v.url)}
		}
		got, err := w.send(ctx, v)
		if err != nil {
			return Hit{}, &WalkError{Kind: KindTransport, URL: bare(v.url), Err: err}
		}
		next, failed := w.follow(v, got)
		if failed != nil {
			return Hit{}, failed
		}
		v = next
	}
}

// follow goes where an answer leads.
func (w *walk) follow(v visit, got answer) (visit, *WalkError) {
	if to := got.header.Get("Location"); to != "" && isRedirect(got.status) {
		if w.redirects++; w.redirects > maxRedirects {
			return v, &WalkError{Kind: KindTooManyPages, URL: bare(v.url), Text: fmt.Sprintf("more than %d redirects", maxRedirects)}
		}
		return v.redirected(got.status, to)
	}
	if w.pages++; w.pages > w.most {
		return v, &WalkError{Kind: KindTooManyPages, URL: bare(v.url), Text: fmt.Sprintf("more than %d pages", w.most)}
	}
	return w.page(v, got)
}

// page reads a page and does what it asks for.
func (w *walk) page(v visit, got answer) (visit, *WalkError) {
	doc := readDocument(v.url, got.header, got.body)
	seen := PageSeen{URL: bare(v.url), Status: got.status, Title: plain(doc.title, 200)}
	at := func(e *WalkError) *WalkError {
		e.URL, e.Status, e.Title = seen.URL, seen.Status, seen.Title
		e.SpeaksOAuth = doc.speaksOAuth()
		return e
	}
	chosen := doc.choose(w.h.Fill, w.redirect)
	w.notePasswords(chosen)
	answered := chosen != nil && w.home(chosen) // by form_post, which some servers send errors by with status 400
	if got.status >= 400 && !answered || chosen == nil {
		w.tell(seen)
		switch {
		case got.status >= 400 && w.again(chosen):
			return v, at(&WalkError{Kind: KindLoop, Text: doc.complaint()})
		case got.status >= 400:
			return v, at(&WalkError{Kind: KindPageStatus, Text: doc.excerpt()})
		case doc.refresh != nil:
			return visit{method: http.MethodGet, url: doc.refresh, fragment: doc.refresh.EscapedFragment(), from: v.url, policy: got.policy()}, nil
		}
		return v, at(&WalkError{Kind: KindNoForm, Text: doc.excerpt(), NeedsScript: doc.scripted})
	}
	s, failed := chosen.submit(w.h.Fill)
	seen.Fields, seen.Button = s.fields, s.button
	w.tell(seen)
	switch {
	case failed != nil:
		return v, at(failed)
	case w.sent[s.said]:
		return v, at(&WalkError{Kind: KindLoop, Text: doc.complaint()})
	}
	w.sent[s.said] = true
	return visit{method: s.method, url: s.action, fragment: s.action.EscapedFragment(), body: s.body, kind: s.kind, from: v.url, policy: got.policy()}, nil
}

// home reports whether a form leads to the redirect URI.
func (w *walk) home(f *form) bool {
	to := f.action(nil)
	return to != nil && w.redirect != nil && sameTarget(to, w.redirect)
}

// again reports whether a form asks for what was sent before: a wrong password.
func (w *walk) again(f *form) bool {
	if f == nil {
		return false
	}
	s, failed := f.submit(w.h.Fill)
	return failed == nil && w.sent[s.said]
}

func (w *walk) tell(p PageSeen) {
	if w.h.Page != nil {
		p.Title, p.URL, p.Button = w.without(p.Title), w.without(p.URL), w.without(p.Button)
		w.h.Page(p)
	}
}

// hit is what the redirect URI would have received.
func (w *walk) hit(v visit) Hit {
	now := time.Now
	if w.h.Now != nil {
		now = w.h.Now
	}
	h := Hit{
		At: now(), Method: v.method, Host: v.url.Host, Path: v.url.EscapedPath(), RawQuery: v.url.RawQuery, Body: v.body,
		Header: v.header(),
	}
	switch {
	case v.method == http.MethodPost:
		h.Via = ViaFormPost
	case carriesAnswer(h.RawQuery):
		h.Via = ViaQuery
	case v.fragment != "":
		h.Via, h.Fragment = ViaFragment, v.fragment
	}
	return h
}

// send makes one request and reads its answer.
func (w *walk) send(ctx context.Context, v visit) (answer, error) {
	if w.h.Transport == nil {
		return answer{}, fmt.Errorf("no transport")
	}
	var body io.Reader
	if v.method == http.MethodPost {
		body = strings.NewReader(v.body)
	}
	req, err := http.NewRequestWithContext(ctx, v.method, v.url.String(), body)
	if err != nil {
		return answer{}, fmt.Errorf("not a URL that can be fetched")
	}
	req.Header = v.header()
	for _, c := range w.jar.Cookies(trusted(v.url)) {
		req.AddCookie(c)
	}
	resp, err := w.h.Transport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	w.jar.SetCookies(v.url, resp.Cookies())
	read, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return answer{}, err
	}
	return answer{resp.StatusCode, resp.Header, read}, nil
}
