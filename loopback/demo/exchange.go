package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// maxBody is how much of a request is read: far more than any honest one has.
const maxBody = 64 << 10

// An exchange is one request, read whole, and its answer, written at the end, so
// that the log is complete before the client can act on the answer.
type exchange struct {
	r       *http.Request
	at      time.Time
	body    []byte
	header  http.Header // of the answer
	status  int
	out     bytes.Buffer
	stream  func(http.ResponseWriter, *http.Request) // answers instead of out, when set
	bound   string                                   // thumbprint of the certificate that the client proved itself with
	jkt     string                                   // thumbprint of the key that a DPoP proof has shown
	after   func()                                   // happens when the answer is on its way
	note    string
	faults  []string // that made a difference
	failure error    // on our own side: becomes a 500
}

// read takes the request in. An unreadable one is answered already.
func (s *Server) read(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{r: r, at: s.config.Now(), header: w.Header()}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	x.body = body
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.refuse(x, http.StatusRequestEntityTooLarge, "invalid_request", "the body is larger than %d bytes", maxBody)
	case err != nil:
		s.refuse(x, http.StatusBadRequest, "invalid_request", "the body could not be read")
	}
	return x
}

// finish turns a failure of our own into an answer.
func (x *exchange) finish() {
	if x.failure == nil {
		return
	}
	for name := range x.header {
		x.header.Del(name)
	}
	x.stream = nil
	x.note = x.failure.Error()
	x.json(http.StatusInternalServerError, object{{"error", "server_error"}, {"error_description", printable(x.note)}})
}

// allowed says whether the method is one of these.
func (x *exchange) allowed(methods []string) bool { return slices.Contains(methods, x.r.Method) }

// json answers with a JSON object.
func (x *exchange) json(status int, o object) {
	b, err := marshal(o)
	if err != nil {
		x.failure = err
		return
	}
	x.bytes(status, "application/json", b)
}

// html answers with a page that is already written.
func (x *exchange) html(status int, page string) {
	x.bytes(status, "text/html; charset=utf-8", []byte(page))
}

// bytes answers with a body of any type.
func (x *exchange) bytes(status int, contentType string, b []byte) {
	x.status = status
	x.header.Set("Content-Type", contentType)
	x.header.Set("X-Content-Type-Options", "nosniff")
	x.out.Reset()
	x.out.Write(b)
}

// redirect sends the browser elsewhere.
func (x *exchange) redirect(status int, to string) {
	x.noStore()
	x.header.Set("Referrer-Policy", "no-referrer")
	x.header.Set("Location", to)
	x.status = status
	x.out.Reset()
}

// noStore forbids caching (RFC 6749 §5.1 names both fields).
func (x *exchange) noStore() {
	x.header.Set("Cache-Control", "no-store")
	x.header.Set("Pragma", "no-cache")
}

// cors lets scripts of any origin read the answer, without cookies.
func (x *exchange) cors() { x.header.Set("Access-Control-Allow-Origin", "*") }

// preflight answers the browser's question before a cross-origin request.
func (x *exchange) preflight(methods []string) {
	x.cors()
	x.header.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	x.header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP")
	x.header.Set("Access-Control-Max-Age", "600")
	x.status = http.StatusNoContent
	x.note = "a CORS preflight"
}

// refuse answers a request that reached no endpoint's own judgement, as a page for
// browsers and as JSON for programs.
func (s *Server) refuse(x *exchange, status int, code, format string, args ...any) {
	why := printable(fmt.Sprintf(format, args...))
	x.note = code + ": " + why
	if strings.Contains(x.r.Header.Get("Accept"), "text/html") {
		s.page(x, status, "error.html", errorView{Code: code, Why: why})
		return
	}
	x.noStore()
	x.json(status, object{{"error", code}, {"error_description", why}})
}

// A params is a set of request parameters that knows which came more than once.
type params struct {
	values   map[string]string // the first of each; an empty value counts as absent (RFC 6749 §3.1)
	order    []string
	repeated []string
	all      map[string][]string // of those that may come more than once
}

// severalAllowed is what may come more than once (RFC 8693 §2.1, RFC 8707 §2).
var severalAllowed = []string{"audience", "resource"}

// get is the value of a parameter, "" when absent.
func (p params) get(name string) string { return p.values[name] }

// firstRepeated is the first of the names that came more than once.
func (p params) firstRepeated(names ...string) string {
	for _, name := range p.repeated {
		if len(names) == 0 || slices.Contains(names, name) {
			return name
		}
	}
	return ""
}

// parseParams reads form encoding (RFC 6749 Appendix B), strictly.
func parseParams(encoded string) (params, error) {
	p := params{values: map[string]string{}, all: map[string][]string{}}
	seen := map[string]int{}
	for part := range strings.SplitSeq(encoded, "&") {
		if part == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			return p, errors.New("a parameter name is not form-encoded")
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return p, fmt.Errorf("%s is not form-encoded", name)
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return p, errors.New("a parameter is not UTF-8")
		}
		seen[name]++
		several := slices.Contains(severalAllowed, name)
		if several && value != "" {
			p.all[name] = append(p.all[name], value)
		}
		if seen[name] == 2 && !several {
			p.repeated = append(p.repeated, name)
		}
		if seen[name] > 1 {
			continue
		}
		p.order = append(p.order, name)
		if value != "" {
			p.values[name] = value
		}
	}
	return p, nil
}

// formBody reads the parameters of a POST.
func (x *exchange) formBody() (params, error) {
	kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return params{}, errors.New("the Content-Type must be application/x-www-form-urlencoded")
	}
	return parseParams(string(x.body))
}

// printable keeps the characters that RFC 6749 §5.2 allows in error_description.
func printable(text string) string {
	const longest = 400
	clean := strings.Map(func(c rune) rune {
		switch {
		case c == '"':
			return '\''
		case c == '\\' || c < 0x20 || c > 0x7e:
			return '?'
		}
		return c
	}, text)
	if len(clean) > longest {
		clean = clean[:longest-3] + "..."
	}
	return clean
}

// quiet drops what net/http says about broken connections: the demo breaks some itself.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
