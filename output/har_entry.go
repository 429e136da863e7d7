package output

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

type (
	harRequest struct {
		Method      string       `json:"method"`
		URL         string       `json:"url"`
		Proto       string       `json:"httpVersion"`
		Cookies     []harCookie  `json:"cookies"`
		Headers     []harPair    `json:"headers"`
		Query       []harPair    `json:"queryString"`
		Post        *harPostData `json:"postData,omitempty"`
		HeadersSize int          `json:"headersSize"`
		BodySize    int64        `json:"bodySize"`
	}

	harResponse struct {
		Status      int         `json:"status"`
		StatusText  string      `json:"statusText"`
		Proto       string      `json:"httpVersion"`
		Cookies     []harCookie `json:"cookies"`
		Headers     []harPair   `json:"headers"`
		Content     harContent  `json:"content"`
		RedirectURL string      `json:"redirectURL"`
		HeadersSize int         `json:"headersSize"`
		BodySize    int64       `json:"bodySize"`
		Error       string      `json:"_error,omitempty"` // where Chromium reads it
	}

	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}

	harCookie struct {
		Name     string `json:"name"`
		Value    string `json:"value"`
		Path     string `json:"path,omitempty"`
		Domain   string `json:"domain,omitempty"`
		Expires  string `json:"expires,omitempty"`
		HTTPOnly bool   `json:"httpOnly,omitempty"`
		Secure   bool   `json:"secure,omitempty"`
	}

	harPostData struct {
		Type     string    `json:"mimeType"`
		Params   []harPair `json:"params"`
		Text     string    `json:"text"`
		Encoding string    `json:"_encoding,omitempty"`
	}

	harContent struct {
		Size     int64  `json:"size"`
		Type     string `json:"mimeType"`
		Text     string `json:"text,omitempty"`
		Encoding string `json:"encoding,omitempty"`
		Comment  string `json:"comment,omitempty"`
	}
)

// harUnknown is the media type of a body that has none, as browsers write it.
const harUnknown = "x-unknown"

// page is what the format calls a run: what its entries belong to.
func (a *harWriter) page(r trace.Record, e trace.RunStarted) {
	if a.pages[r.Run] {
		return
	}
	a.pages[r.Run] = true
	a.separate()
	title := joined(" · ", joined(": ", e.Procedure, firstLine(e.Doc)), e.Issuer)
	a.value(harPage{Started: harTime(r.At), ID: r.Run, Title: title})
}

func (a *harWriter) entry(r trace.Record, e trace.Exchanged) harEntry {
	times, total := harTimed(e.Timing)
	h := harEntry{
		Started: harTime(r.At.Add(-time.Duration(total) * time.Microsecond)), Time: total, Timings: times,
		Request: harAsked(e.Request), Response: harAnswered(e),
		Seq: r.Seq, Endpoint: e.Endpoint, Try: e.Try, Poll: e.Poll, Step: a.steps[r.Run],
	}
	if time.Time(h.Started).Year() < 0 {
		h.Started = harTime(r.At)
	}
	if a.pages[r.Run] {
		h.Page = r.Run
	}
	if e.Peer != nil {
		h.Address, h.Connection = harPeer(e.Peer.Addr)
	}
	for _, i := range a.findings[r.Seq] {
		if f, ok := a.records[i].Event.(trace.Finding); ok {
			h.Findings = append(h.Findings, harFinding{f.Code, f.ID, f.Level, f.Outcome, f.Ref, f.Detail, f.Expected, f.Actual})
		}
	}
	delete(a.findings, r.Seq) // once, even if a foreign trace repeats its numbers
	return h
}

// harPeer is the address and, as in Firefox, the port of the server, which
// stands for the connection.
func harPeer(addr string) (ip, port string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", ""
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return "", ""
	}
	return at.WithZone("").String(), port
}

// harTimed shares the time of an exchange out. The parts add up to the total
// whatever was measured, because a connection can be under way when another
// one becomes free and is used.
func harTimed(t trace.Timing) (harTimings, harMillis) {
	micros := func(d time.Duration) harMillis { return harMillis(max(d, 0) / time.Microsecond) }
	total := micros(t.Total)
	left := min(micros(t.FirstByte), total)
	if t.FirstByte <= 0 { // nothing came
		left = total
	}
	h := harTimings{Blocked: harNone, DNS: harNone, Connect: harNone, SSL: harNone, Receive: total - left}
	take := func(d time.Duration) harMillis {
		part := min(micros(d), left)
		left -= part
		return part
	}
	if !t.Reused && t.DNS > 0 {
		h.DNS = take(t.DNS)
	}
	if !t.Reused && t.Connect > 0 {
		h.Connect = take(t.Connect)
		if t.TLS > 0 {
			h.SSL = take(t.TLS)
			h.Connect += h.SSL
		}
	}
	h.Wait = left
	return h, total
}

func harAsked(m trace.Message) harRequest {
	q := harRequest{
		Method: m.Method, URL: harURL(m.URL), Proto: m.Proto, Headers: harFields(m.Header),
		Cookies: []harCookie{}, Query: []harPair{}, HeadersSize: -1, BodySize: max(m.Size, 0),
	}
	if q.Proto == "" { // no answer told which it was
		q.Proto = "unknown"
	}
	front, _, _ := strings.Cut(m.URL, "#")
	if _, query, ok := strings.Cut(front, "?"); ok {
		q.Query = harForm(query)
	}
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, "Cookie") {
			for pair := range strings.SplitSeq(f.Value, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
				q.Cookies = append(q.Cookies, harCookie{Name: name, Value: value})
			}
		}
	}
	if m.Body != "" {
		q.Post = harPosted(m)
	}
	return q
}

func harPosted(m trace.Message) *harPostData {
	p := &harPostData{Type: fieldValue(m, "Content-Type"), Params: []harPair{}, Text: m.Body}
	switch {
	case m.Base64:
		p.Encoding = "base64"
	case mediaType(m) == "application/x-www-form-urlencoded":
		p.Params = harForm(m.Body)
	}
	if p.Type == "" {
		p.Type = harUnknown
	}
	return p
}

func harAnswered(e trace.Exchanged) harResponse {
	m := e.Response
	p := harResponse{
		Status: max(m.Status, 0), StatusText: http.StatusText(m.Status), Proto: m.Proto, Headers: harFields(m.Header),
		Cookies: harCookies(m.Header), HeadersSize: -1, BodySize: max(m.Size, int64(len(m.Body))), Content: harRead(m),
	}
	if m.Status >= 300 && m.Status < 400 {
		p.RedirectURL = fieldValue(m, "Location")
	}
	if e.Failure != nil {
		p.Error = joined(": ", e.Failure.Kind, e.Failure.Text)
	}
	if m.Status == 0 {
		p.Proto, p.BodySize = "unknown", -1
	}
	if m.Base64 {
		p.BodySize = m.Size
	}
	return p
}

func harRead(m trace.Message) harContent {
	c := harContent{Size: max(m.Size, 0), Type: fieldValue(m, "Content-Type"), Text: m.Body}
	if c.Type == "" {
		c.Type = harUnknown
	}
	if m.Base64 {
		c.Encoding = "base64"
	}
	if m.Truncated {
		c.Comment = "there was more than is kept"
	}
	return c
}
