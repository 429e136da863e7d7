package loopback

import (
	"context"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// refusal is one kind of request that can be no answer, and what it gets.
type refusal struct {
	reason string
	status int
	when   func(*Listener, *http.Request) bool
	say    []string // heading and lines of a page; none is no body
}

// refusals are tried in order; what passes them all is on the callback path, or is the relayed fragment.
func refusals() []refusal {
	return []refusal{
		{StrayHeader, http.StatusRequestHeaderFieldsTooLarge, func(_ *Listener, r *http.Request) bool { return headerSize(r) > maxHeader },
			[]string{"That request is too large", "Its headers are over 32 KiB."}},
		{StrayHost, http.StatusMisdirectedRequest, (*Listener).misdirected,
			[]string{"Not here", "This address belongs to a program on this machine; the Host header names something else."}},
		{StrayOptions, http.StatusNoContent, isMethod(http.MethodOptions), nil}, // and no CORS: nobody's script may read us
		{StrayHead, http.StatusOK, isMethod(http.MethodHead), nil},
		{StrayPrefetch, http.StatusServiceUnavailable, isPrefetch, nil},
		{StrayFavicon, http.StatusNoContent, (*Listener).isFavicon, nil},
		{StrayMethod, http.StatusMethodNotAllowed, (*Listener).isWrongMethod,
			[]string{"That method is not for this address", "An answer comes as GET or as a posted form."}},
		{StrayPath, http.StatusNotFound, (*Listener).isElsewhere, []string{"Not this address", "oauthprobe waits for the sign-in on another path:"}},
	}
}

// answer is the handler of every request.
func (l *Listener) answer(w http.ResponseWriter, r *http.Request) {
	if c := callerOf(r.Context()); c != nil {
		c.served.Store(true)
	}
	guard(w.Header())
	hit := Hit{
		At: l.now(), Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery,
		Header: r.Header.Clone(), Remote: r.RemoteAddr,
	}
	for _, no := range refusals() {
		if no.when(l, r) {
			l.refuse(w, hit, no)
			return
		}
	}
	switch {
	case r.Method == http.MethodPost && hit.Path == l.relayPath:
		l.relayed(w, r, hit)
	case r.Method == http.MethodPost:
		l.posted(w, r, hit)
	default:
		l.got(w, r, hit)
	}
}

func (l *Listener) refuse(w http.ResponseWriter, hit Hit, no refusal) {
	l.gate.stray(hit, no.reason)
	switch { // RFC 9110 §15.5.6
	case no.status == http.StatusMethodNotAllowed && hit.Path == l.relayPath:
		w.Header().Set("Allow", http.MethodPost)
	case no.status == http.StatusMethodNotAllowed, no.reason == StrayOptions:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
	}
	if no.say == nil {
		w.WriteHeader(no.status)
		return
	}
	lines := no.say[1:]
	if no.reason == StrayPath {
		lines = append(lines[:1:1], l.RedirectURI())
	}
	l.pages.notice(w, no.status, true, no.say[0], lines...)
}

// got answers a GET: an answer in the query, or the relay page that looks for one in the fragment.
func (l *Listener) got(w http.ResponseWriter, r *http.Request, hit Hit) {
	if carriesAnswer(hit.RawQuery) {
		hit.Via = ViaQuery
	}
	switch {
	case l.gate.answered(): // a reload: the page has taken the query out of the address bar
		l.candidate(w, r, hit)
	case hit.Path == l.relayPath:
		l.refuse(w, hit, refusal{reason: StrayMethod, status: http.StatusMethodNotAllowed,
			say: []string{"That method is not for this address", "Only the page at the callback posts here."}})
	case hit.Via == ViaQuery:
		l.candidate(w, r, hit)
	case hit.RawQuery == "" || hit.RawQuery == l.redirect.RawQuery: // RFC 6749 §3.1.2: a redirect URI may have its own query
		l.gate.stray(hit, StrayNoQuery)
		l.pages.relay(w, l.relayPath)
	default:
		l.refuse(w, hit, refusal{reason: StrayNoAnswer, status: http.StatusBadRequest,
			say: []string{"No answer in this address", "It holds no parameter of a sign-in. oauthprobe goes on waiting."}})
	}
}

// posted answers a form_post (OAuth 2.0 Form Post Response Mode §2).
func (l *Listener) posted(w http.ResponseWriter, r *http.Request, hit Hit) {
	body, ok := l.form(w, r, hit)
	if !ok {
		return
	}
	hit.Body, hit.Via = body, ViaFormPost
	l.candidate(w, r, hit)
}

// relayed answers our own relay page.
func (l *Listener) relayed(w http.ResponseWriter, r *http.Request, hit Hit) {
	if !sameOrigin(r) {
		l.refuse(w, hit, refusal{reason: StrayOrigin, status: http.StatusForbidden,
			say: []string{"Not from here", "Only oauthprobe's own page may hand over an answer this way."}})
		return
	}
	body, ok := l.form(w, r, hit)
	if !ok {
		return
	}
	values, err := url.ParseQuery(body)
	hit.Fragment = strings.TrimPrefix(values.Get("fragment"), "#")
	if err != nil || !carriesAnswer(hit.Fragment) {
		l.refuse(w, hit, refusal{reason: StrayNoAnswer, status: http.StatusBadRequest,
			say: []string{"No answer in this address", "The part behind # holds no parameter of a sign-in. oauthprobe goes on waiting."}})
		return
	}
	hit.Via = ViaFragment
	l.candidate(w, r, hit)
}

// form reads a bounded form body, or refuses.
func (l *Listener) form(w http.ResponseWriter, r *http.Request, hit Hit) (string, bool) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" {
		l.refuse(w, hit, refusal{reason: StrayContentType, status: http.StatusUnsupportedMediaType,
			say: []string{"Not a form", "An answer is posted as application/x-www-form-urlencoded."}})
		return "", false
	}
	wire := http.NewResponseController(w)
	_ = wire.SetReadDeadline(time.Now().Add(slowest)) // the connection's clock, not the run's
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	_ = wire.SetReadDeadline(time.Time{})
	if err != nil || len(body) > maxBody {
		l.refuse(w, hit, refusal{reason: StrayBody, status: http.StatusRequestEntityTooLarge,
			say: []string{"That form is too large, or was cut off", "At most 64 KiB are read."}})
		return "", false
	}
	return string(body), true
}

// candidate asks the gate, and shows how it went.
func (l *Listener) candidate(w http.ResponseWriter, r *http.Request, hit Hit) {
	l.owed.promise(callerOf(r.Context())) // before the run can hear of it, or Close might come first
	switch v := l.gate.judge(hit); v {
	case accepted, again:
		l.untilEnded(r.Context(), w, v == again)
	case foreign:
		l.pages.notice(w, http.StatusBadRequest, true, "This answer does not belong to the sign-in that is running",
			"Its state is not the one that was sent. It may come from an older tab, or from somebody else; it was not used.",
			"Go on in the newest tab, or look at the terminal.")
	case early:
		w.Header().Set("Retry-After", "1")
		w.Header().Set("Refresh", "1") // the browser asks again, with the answer that it still holds
		l.pages.notice(w, http.StatusServiceUnavailable, false, "One moment", "oauthprobe is not waiting for an answer yet.")
	case late:
		l.pages.notice(w, http.StatusGone, true, "This sign-in has ended", "oauthprobe no longer waits for an answer; the terminal says why. You can close this tab.")
	}
}

// untilEnded streams: something to read at once, and the true ending when it is known.
func (l *Listener) untilEnded(ctx context.Context, w http.ResponseWriter, again bool) {
	s := l.pages.begin(w)
	s.write(page{Strip: true}, "head", "wait")
	select {
	case <-l.gate.ended:
		s.write(page{Ending: l.gate.ending.fit(), Again: again}, "ending", "foot")
	case <-l.abandon:
		s.write(page{}, "unknown", "foot")
	case <-ctx.Done(): // the tab was closed
	}
}

// misdirected finds requests meant for another host: a name that was made to resolve to us (DNS rebinding). The port is not
// compared: a forwarded one differs, and proves nothing.
func (l *Listener) misdirected(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip := net.ParseIP(host)
	return host != strings.ToLower(l.redirect.Hostname()) && !isLoopback(host) && (ip == nil || !l.abroad)
}

func (l *Listener) isFavicon(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/favicon.ico" && l.path != "/favicon.ico"
}

func (l *Listener) isElsewhere(r *http.Request) bool {
	p := r.URL.EscapedPath()
	return p != l.path && p != l.relayPath
}

func (l *Listener) isWrongMethod(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodPost
}

func isMethod(name string) func(*Listener, *http.Request) bool {
	return func(_ *Listener, r *http.Request) bool { return r.Method == name }
}

// isPrefetch finds requests made on suspicion: the answer must wait for the person's own. 503 makes the browser ask again.
func isPrefetch(_ *Listener, r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		v := strings.ToLower(r.Header.Get(name))
		if strings.Contains(v, "prefetch") || strings.Contains(v, "preview") || strings.Contains(v, "prerender") {
			return true
		}
	}
	return false
}

// sameOrigin believes Sec-Fetch-Site, which no page can forge, before Origin; programs that send neither are believed.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

func headerSize(r *http.Request) int {
	n := len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + 4 // colon, blank, CR LF
		}
	}
	return n
}
