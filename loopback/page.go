package loopback

import (
	"crypto/rand"
	"embed"
	"net/http"
)

//go:embed page_style.css page_relay.js
var pageFiles embed.FS

// pages writes what the person sees. No page ever holds a value that came with the request.
type pages struct{ style, relayScript markup }

// newPages reads the embedded files.
func newPages() (*pages, error) {
	css, err := pageFiles.ReadFile("page_style.css")
	if err != nil {
		return nil, err
	}
	js, err := pageFiles.ReadFile("page_relay.js")
	if err != nil {
		return nil, err
	}
	return &pages{style: markup(css), relayScript: markup(js)}, nil
}

// page is what the blocks of a page know.
type page struct {
	Ending
	Strip   bool // take query and fragment out of the address bar
	Again   bool
	Heading string
	Lines   []string
	Action  string
}

// sheet is one page being written.
type sheet struct {
	w     http.ResponseWriter
	pages *pages
	nonce string
}

// begin sets the headers of a page.
func (p *pages) begin(w http.ResponseWriter) sheet {
	s := sheet{w: w, pages: p, nonce: rand.Text()}
	quoted := "'nonce-" + s.nonce + "'"
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+quoted+"; script-src "+quoted+
		"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	return s
}

// guard sets the headers of every answer, page or not (RFC 9700 §4.2.4 for the referrer).
func guard(h http.Header) {
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Connection", "close")
}

// write makes whole blocks, then sends them at once.
func (s sheet) write(p page, blocks ...string) {
	var on paper
	for _, name := range blocks {
		switch name {
		case "head":
			s.head(&on, p)
		case "wait":
			s.wait(&on)
		case "ending":
			s.ending(&on, p)
		case "unknown":
			s.unknown(&on)
		case "notice":
			s.notice(&on, p)
		case "relay":
			s.relay(&on, p)
		case "foot":
			s.foot(&on)
		}
	}
	if _, err := s.w.Write([]byte(on.b.String())); err == nil {
		_ = http.NewResponseController(s.w).Flush()
	}
}

// notice writes a short page that waits for nothing.
func (p *pages) notice(w http.ResponseWriter, status int, strip bool, heading string, lines ...string) {
	s := p.begin(w)
	w.WriteHeader(status)
	s.write(page{Strip: strip, Heading: heading, Lines: lines}, "head", "notice", "foot")
}

// relay writes the page that hands us the fragment, which browsers keep to themselves (RFC 3986 §3.5).
func (p *pages) relay(w http.ResponseWriter, action string) {
	s := p.begin(w)
	// With no-referrer the browser would send "Origin: null", and those without Sec-Fetch-Site could not show that the post is ours.
	w.Header().Set("Referrer-Policy", "same-origin")
	s.write(page{Action: action}, "head", "relay", "foot")
}

// fit makes an ending fit to be shown: its text may be a hostile server's.
func (e Ending) fit() Ending {
	const fewHints = 10
	fitting := Ending{OK: e.OK, Title: plain(e.Title, 200), Detail: plain(e.Detail, 2000)}
	for i, hint := range e.Hints {
		if i == fewHints {
			break
		}
		fitting.Hints = append(fitting.Hints, plain(hint, 500))
	}
	switch {
	case fitting.Title == "" && e.OK:
		fitting.Title = "Signed in"
	case fitting.Title == "":
		fitting.Title = "Not signed in"
	}
	return fitting
}
