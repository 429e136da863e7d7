package output

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// meant are the parameters of a request, with who put them there.
func (s *side) meant(u *unit, e trace.Built) {
	for _, p := range e.Params {
		s.parameter(u, "parameter", p.Name, p.Value, p.Origin)
	}
	s.put(u, fact{where: "request", name: "method", same: e.Method, shown: e.Method})
	s.put(u, fact{where: "request", name: "path", same: s.neutral(pathOf(e.URL)), shown: pathOf(e.URL)})
}

// parameter is a fact, and of an assertion one for each claim.
func (s *side) parameter(u *unit, where, name, value string, by trace.Origin) {
	if carriers[name] && s.assertion(u, where, name, value, by) {
		return
	}
	s.put(u, s.value(where, name, value, by))
}

// pathOf is a URL without its parameters.
func pathOf(u string) string {
	u, _, _ = strings.Cut(u, "#")
	u, _, _ = strings.Cut(u, "?")
	return u
}

// queryOf are the parameters of a URL, in its query and its fragment.
func queryOf(u string) string {
	front, fragment, _ := strings.Cut(u, "#")
	_, query, _ := strings.Cut(front, "?")
	if !strings.Contains(fragment, "=") {
		fragment = ""
	}
	return joined("&", query, fragment)
}

// exchanged completes the message that was built, or is one of its own.
func (s *side) exchanged(rec trace.Record, r *runSide, e trace.Exchanged) {
	built := r.built
	if r.open == nil || built == nil || built.Endpoint != e.Endpoint {
		s.begin(r, "message", e.Endpoint)
		built = nil
	}
	u := r.open
	r.built = nil
	u.took = int64(e.Timing.Total)
	u.page = e.Endpoint == "page"
	u.pending = pendingAnswer(e) != ""
	u.title = joined(" ", u.title, map[bool]string{true: "(try " + strconv.Itoa(e.Try) + ")"}[e.Try > 1])
	u.key = strings.Join([]string{r.procedure, r.step, "message", e.Endpoint, strconv.Itoa(e.Try), strconv.FormatBool(e.Poll > 0), strconv.FormatBool(u.pending)}, "\x00")
	if u.page {
		path := s.neutralPath(pathOf(e.Request.URL))
		u.key += "\x00" + e.Request.Method + "\x00" + path
		u.title = brief("page " + e.Request.Method + " " + strings.TrimPrefix(pathOf(e.Request.URL), s.origin))
	}
	s.asSent(rec, u, e, built)
	s.answered(rec, r, u, e)
}

// asSent are the facts of a request. Its parameters have been told when it was
// built.
func (s *side) asSent(rec trace.Record, u *unit, e trace.Exchanged, built *trace.Built) {
	m := e.Request
	if built == nil {
		s.put(u, fact{where: "request", name: "method", same: m.Method, shown: m.Method})
		s.put(u, fact{where: "request", name: "path", same: s.neutralPath(pathOf(m.URL)), shown: pathOf(m.URL)})
	}
	if built == nil || built.In != "query" {
		s.form(u, "query", queryOf(m.URL))
	}
	if built == nil || built.In != "body" {
		s.body(rec, u, "request body", m)
	}
	var by []trace.Param
	if built != nil {
		by = built.Headers
	}
	for _, f := range m.Header {
		origin := trace.Origin{}
		if i := slices.IndexFunc(by, func(p trace.Param) bool { return strings.EqualFold(p.Name, f.Name) }); i >= 0 {
			origin = by[i].Origin
		}
		s.header(u, "request header", f, origin)
	}
}

// answered are the facts of an answer.
func (s *side) answered(rec trace.Record, r *runSide, u *unit, e trace.Exchanged) {
	m := e.Response
	if x := e.Failure; x != nil {
		s.put(u, fact{where: "response", name: "failure", same: x.Kind + x.Code, shown: joined(": ", x.Kind, x.Text)})
	}
	if m.Status == 0 {
		return
	}
	s.put(u, fact{where: "response", name: "status", same: strconv.Itoa(m.Status), shown: strconv.Itoa(m.Status)})
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, "Location") && u.page && r.back != "" && pathOf(f.Value) == pathOf(r.back) {
			f.Value = pathOf(f.Value) // what it carries is told where it arrives
		}
		s.header(u, "response header", f, trace.Origin{})
	}
	s.body(rec, u, "response body", m)
}

// form are the fields of a query or a form.
func (s *side) form(u *unit, where, form string) {
	if form == "" {
		return
	}
	for pair := range strings.SplitSeq(form, "&") {
		name, value, _ := strings.Cut(pair, "=")
		for _, x := range []*string{&name, &value} {
			if plain, err := url.QueryUnescape(*x); err == nil {
				*x = plain
			}
		}
		s.parameter(u, where, name, value, trace.Origin{})
	}
}

// body are the members of a JSON body and the fields of a form; of a page its
// title counts, and of any other text all of it.
func (s *side) body(rec trace.Record, u *unit, where string, m trace.Message) {
	if m.Truncated {
		s.put(u, fact{where: where, name: "(cut off)", same: "true", shown: "there was more than is kept"})
	}
	text := strings.TrimSpace(m.Body)
	switch {
	case text == "":
	case m.Base64:
		s.put(u, fact{where: where, name: "(binary)", same: m.Body, shown: size(m.Size)})
	case s.jsonFacts(u, where, "", m.Body, rec.At):
	case isPage(m):
		s.put(u, fact{where: where, name: "(title of the page)", same: title(m.Body), shown: strings.TrimSpace(title(m.Body))})
	case mediaType(m) == "application/x-www-form-urlencoded":
		s.form(u, map[string]string{"request body": "form"}[where]+map[string]string{"response body": where}[where], text)
	case jose(text):
		s.put(u, s.value(where, "(token)", text, trace.Origin{}))
	default:
		s.put(u, fact{where: where, name: "(text)", same: s.neutral(text), shown: text})
	}
}

// noise are header fields that say nothing of substance (RFC 9110, and what
// proxies and load balancers add).
var noise = map[string]bool{
	"age": true, "alt-svc": true, "cf-cache-status": true, "cf-ray": true, "connection": true, "content-length": true, "date": true,
	"etag": true, "expires": true, "host": true, "keep-alive": true, "last-modified": true, "nel": true, "report-to": true,
	"reporting-endpoints": true, "server-timing": true, "traceparent": true, "tracestate": true, "transfer-encoding": true,
	"user-agent": true, "via": true, "x-amz-cf-id": true, "x-amz-cf-pop": true, "x-amzn-requestid": true, "x-amzn-trace-id": true,
	"x-cache": true, "x-correlation-id": true, "x-envoy-upstream-service-time": true, "x-ms-ests-server": true, "x-ms-request-id": true,
	"x-ratelimit-remaining": true, "x-ratelimit-reset": true, "x-request-id": true, "x-response-time": true, "x-runtime": true,
	"x-served-by": true, "x-timer": true, "x-trace-id": true,
}

// header is a header field, without what is different each time.
func (s *side) header(u *unit, where string, f trace.Field, by trace.Origin) {
	lower := strings.ToLower(f.Name)
	same := fact{where: where, name: f.Name, shown: f.Value, origin: by}
	switch lower {
	case "authorization", "proxy-authorization":
		scheme, rest, _ := strings.Cut(f.Value, " ")
		inner := s.value(where, "access_token", rest, by)
		same.same, same.role = strings.ToLower(scheme)+" "+inner.same, inner.role
	case "cookie":
		var all []string
		for c := range strings.SplitSeq(f.Value, ";") {
			name, _, _ := strings.Cut(strings.TrimSpace(c), "=")
			all = append(all, cookieName(name))
		}
		slices.Sort(all)
		same.same = strings.Join(all, "; ")
	case "set-cookie":
		same.same = cookieKind(f.Value)
	case "location":
		same.shown = pathOf(f.Value)
		same.same = s.neutralPath(same.shown)
		s.form(u, "redirect", queryOf(f.Value))
	case "content-security-policy", "www-authenticate":
		same.same = s.neutral(onceOnly.ReplaceAllString(f.Value, "$1…"))
	case "content-type":
		kind, _, _ := strings.Cut(f.Value, "boundary=")
		same.same = strings.ToLower(kind)
	default:
		if noise[lower] {
			return
		}
		if carriers[lower] && s.assertion(u, where, f.Name, f.Value, by) {
			return
		}
		same = s.value(where, lower, f.Value, by)
		same.name = f.Name
	}
	s.put(u, same)
}

// onceOnly are the parts of a header field that are good for one answer.
var onceOnly = regexp.MustCompile(`('nonce-|'sha256-|nonce=")[^'"]*`)

// cookieName is the name of a cookie without an identifier at its end.
func cookieName(name string) string {
	if i := strings.LastIndexAny(name, "_-."); i > 0 && len(name)-i > 6 && strings.Trim(name[i+1:], "0123456789abcdefABCDEF") == "" {
		return name[:i]
	}
	return name
}

// cookieKind is a cookie without its value and its date.
func cookieKind(value string) string {
	first, attributes, _ := strings.Cut(value, ";")
	name, content, _ := strings.Cut(first, "=")
	all := []string{cookieName(strings.TrimSpace(name)), map[bool]string{true: "(empty)"}[content == ""]}
	for a := range strings.SplitSeq(attributes, ";") {
		a = strings.ToLower(strings.TrimSpace(a))
		if !strings.HasPrefix(a, "expires=") {
			all = append(all, a)
		}
	}
	slices.Sort(all[2:])
	return joined("; ", all...)
}
