package output

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A curlRequest is one request as arguments of curl.
type curlRequest struct {
	plan      *curlPlan
	seq       int
	needs     []*curlSecret
	arguments []string
	body      []string // the commands that print it
	mutual    bool
}

// curlUnfit says why a request cannot be one of curl's.
func curlUnfit(m trace.Message) string {
	u, err := url.Parse(m.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "it has no URL of http or https"
	case !curlToken(m.Method):
		return "its method is none"
	}
	return ""
}

// asked makes a request of what was recorded of it.
func (p *curlPlan) asked(r trace.Record, e trace.Exchanged) *curlRequest {
	m := e.Request
	if curlUnfit(m) != "" {
		return nil
	}
	q := &curlRequest{plan: p, seq: r.Seq}
	if m.Method == "HEAD" {
		q.arguments = append(q.arguments, "--head")
	} else {
		q.arguments = append(q.arguments, "--request "+curlQuote(m.Method))
	}
	if m.Proto == "HTTP/1.1" {
		q.arguments = append(q.arguments, "--http1.1")
	}
	q.arguments = append(q.arguments, "--url "+curlWord(q.address(m.URL)))
	q.headers(m, p.clients[r.Run])
	if q.mutual = p.certs[r.Run] && strings.HasPrefix(m.URL, "https:") && e.Endpoint != "metadata" && e.Endpoint != "jwks"; q.mutual {
		q.arguments = append(q.arguments, `--cert "$CERT" --key "$CERT_KEY"`)
	}
	if m.Body != "" {
		q.arguments = append(q.arguments, "--data-binary @-")
		q.body = curlLines(q.content(m))
	}
	return q
}

func (p *curlPlan) mutual() bool { return len(p.certs) > 0 }

// headers gives the header fields as they were, and takes away those that curl
// would add. What curl makes itself, and HTTP/2 writes as fields, is left out.
func (q *curlRequest) headers(m trace.Message, client string) {
	if len(m.Header) == 0 { // nothing of it was sent
		return
	}
	have := map[string]bool{}
	u, _ := url.Parse(m.URL) // it is fit
	for _, f := range m.Header {
		name := strings.ToLower(f.Name)
		have[name] = true
		switch {
		case name == "content-length" && f.Value != "0", name == "transfer-encoding", strings.HasPrefix(name, ":"), name == "host" && f.Value == u.Host:
			continue
		case !curlToken(f.Name) || strings.ContainsAny(f.Value, "\r\n\x00"):
			continue // no field at all
		}
		if basic, ok := strings.CutPrefix(f.Value, "Basic "); ok && name == "authorization" && q.basic(basic, client) {
			continue
		}
		if f.Value == "" {
			q.arguments = append(q.arguments, "--header "+curlQuote(f.Name+";"))
			continue
		}
		q.arguments = append(q.arguments, "--header "+curlWord(append([]curlPart{{text: f.Name + ": "}}, q.field(name, f.Value)...)))
	}
	for _, name := range []string{"User-Agent", "Accept", "Content-Type"} {
		if !have[strings.ToLower(name)] && (name != "Content-Type" || m.Body != "") {
			q.arguments = append(q.arguments, "--header '"+name+":'")
		}
	}
}

// basic lets curl make Basic credentials that were masked: the client_id and
// the secret, both encoded (RFC 6749 §2.3.1).
func (q *curlRequest) basic(credentials, client string) bool {
	tag, masked := maskTag(credentials)
	if !masked || client == "" {
		return false
	}
	secret := q.need(credentials, tag, "client_secret")
	q.arguments = append(q.arguments, "--user "+curlWord([]curlPart{{text: url.QueryEscape(client) + ":"}, {secret: secret, as: "form"}}))
	return true
}

func (q *curlRequest) need(shown, tag, place string) *curlSecret {
	v := q.plan.secret(q.seq, shown, tag, place)
	if !slices.Contains(q.needs, v) {
		q.needs = append(q.needs, v)
	}
	return v
}

// parts finds what was masked in a text. The place says what the variable is
// called, and as how its value is encoded there.
func (q *curlRequest) parts(s, place, as string) []curlPart {
	const mark, length = "…(", len("…(3f9a1c)")
	var out []curlPart
	done := 0
	for from := 0; ; {
		i := strings.Index(s[from:], mark)
		if i < 0 || from+i+length > len(s) {
			break
		}
		i += from
		from = i + len(mark)
		start, end := i, i+length
		for start > done && unreserved(s[start-1]) {
			start--
		}
		tag, ok := maskTag(s[start:end])
		if !ok { // letters of something else stand before it
			start = max(start, i-4)
			if tag, ok = maskTag(s[start:end]); !ok {
				continue
			}
		}
		out = append(out, curlPart{text: s[done:start]}, curlPart{secret: q.need(s[start:end], tag, place), as: as})
		done, from = end, end
	}
	return append(out, curlPart{text: s[done:]})
}

func (q *curlRequest) address(s string) []curlPart {
	s, _, _ = strings.Cut(s, "#") // is never sent
	path, query, ok := strings.Cut(s, "?")
	out := q.parts(path, "url", "")
	if ok {
		out = append(append(out, curlPart{text: "?"}), q.form(query)...)
	}
	return curlJoined(out)
}

func (q *curlRequest) form(s string) []curlPart {
	if !strings.Contains(s, "…(") {
		return []curlPart{{text: s}}
	}
	var out []curlPart
	for i, pair := range strings.Split(s, "&") {
		if i > 0 {
			out = append(out, curlPart{text: "&"})
		}
		rawName, raw, ok := strings.Cut(pair, "=")
		if !ok {
			out = append(out, q.parts(pair, "body", "form")...)
			continue
		}
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			name = rawName
		}
		out = append(append(out, curlPart{text: rawName + "="}), q.parts(raw, name, "form")...)
	}
	return curlJoined(out)
}

// curlJoined puts literal text that stands side by side together.
func curlJoined(parts []curlPart) []curlPart {
	var out []curlPart
	for i := 0; i < len(parts); {
		if parts[i].secret != nil {
			out = append(out, parts[i])
			i++
			continue
		}
		var b strings.Builder
		for ; i < len(parts) && parts[i].secret == nil; i++ {
			b.WriteString(parts[i].text)
		}
		if b.Len() > 0 {
			out = append(out, curlPart{text: b.String()})
		}
	}
	return out
}

func (q *curlRequest) field(name, value string) []curlPart {
	switch name {
	case "authorization":
		scheme, credentials, ok := strings.Cut(value, " ")
		if ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "DPoP")) {
			return curlJoined(append([]curlPart{{text: scheme + " "}}, q.parts(credentials, "access_token", "")...))
		}
	case "cookie":
		var out []curlPart
		for i, pair := range strings.Split(value, ";") {
			if i > 0 {
				out = append(out, curlPart{text: ";"})
			}
			cookie, _, _ := strings.Cut(pair, "=")
			out = append(out, q.parts(pair, "cookie_"+strings.TrimSpace(cookie), "")...)
		}
		return curlJoined(out)
	}
	return q.parts(value, name, "")
}

// content is the body of a request: a form, JSON, a form of several parts, or
// anything else.
func (q *curlRequest) content(m trace.Message) []curlPart {
	s := m.Body
	if m.Base64 {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return []curlPart{{text: s}}
		}
		s = string(b)
	}
	switch media := mediaType(m); {
	case !strings.Contains(s, "…("):
		return []curlPart{{text: s}}
	case strings.HasPrefix(s, "--"):
		return q.several(s)
	case strings.HasSuffix(media, "json"):
		return q.members(s)
	case media == "application/x-www-form-urlencoded":
		return q.form(s)
	}
	return curlJoined(q.parts(s, "body", ""))
}

// several goes through a form of several parts (RFC 7578 §4).
func (q *curlRequest) several(s string) []curlPart {
	boundary, _, _ := strings.Cut(s, "\r\n")
	var out []curlPart
	for i, part := range strings.Split(s, boundary) {
		if i > 0 {
			out = append(out, curlPart{text: boundary})
		}
		head, _, _ := strings.Cut(part, "\r\n\r\n")
		out = append(out, q.parts(part, partName(head), "")...)
	}
	return curlJoined(out)
}

// members goes through the strings of a JSON text.
func (q *curlRequest) members(s string) []curlPart {
	var out []curlPart
	name := "body"
	for i := 0; i < len(s); {
		j := strings.IndexByte(s[i:], '"')
		if j < 0 {
			out = append(out, curlPart{text: s[i:]})
			break
		}
		end := stringEnd(s, i+j)
		out = append(out, curlPart{text: s[i : i+j]})
		raw := s[i+j : end]
		if colon := skipSpace(s, end); colon < len(s) && s[colon] == ':' {
			name = unquote(raw)
		}
		out = append(out, q.parts(raw, name, "json")...)
		i = end
	}
	return curlJoined(out)
}
