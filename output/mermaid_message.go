package output

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func (m *mermaid) exchange(e trace.Exchanged) {
	from, to := "P", "A"
	switch e.Endpoint {
	case "page":
		from = "U"
	case "resource":
		to = "R"
	}
	asks := joined(" ", e.Request.Method, mermaidPath(e.Request.URL), curlFormValue(e.Request, "grant_type"))
	if e.Failure != nil && e.Response.Status == 0 {
		m.message(from, "-x", to, asks)
		m.note(from+","+to, "✗ "+joined(": ", e.Failure.Kind, e.Failure.Text))
		return
	}
	m.message(from, "->>", to, asks)
	m.message(to, "-->>", from, mermaidAnswer(e.Response))
}

// mermaidPath is a URL without the server, which is a participant, and without
// its parameters.
func mermaidPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Path == "" {
		s, _, _ = strings.Cut(s, "?")
		return s
	}
	return elideMiddle(Clean(u.Path), 50)
}

// mermaidAnswer sums an answer up: the error, where it sends the browser, or
// what it holds.
func mermaidAnswer(a trace.Message) string {
	status := joined(" ", strconv.Itoa(a.Status), http.StatusText(a.Status))
	if to := fieldValue(a, "Location"); to != "" && a.Status >= 300 && a.Status < 400 {
		front, _, _ := strings.Cut(to, "?")
		return status + " to " + front
	}
	if isPage(a) {
		return status + ", a page"
	}
	n, ok := parseJSON(a.Body)
	if !ok || n.kind != '{' {
		return status
	}
	if code := n.word("error"); code != "" {
		return status + ", " + joined(": ", code, n.word("error_description"))
	}
	names := n.keys
	if len(names) > 6 {
		return status + ", " + strconv.Itoa(len(names)) + " members"
	}
	return joined(", ", status, strings.Join(names, ", "))
}

func (m *mermaid) returned(e trace.Returned) {
	from := "U"
	if e.Via == "notification" {
		from = "A"
	}
	var names []string
	for _, p := range e.Params[:min(len(e.Params), 8)] {
		names = append(names, p.Name)
	}
	says := joined(" ", e.Method, e.Path, strings.TrimSpace(bracketed(e.Via)), strings.Join(names, ", "))
	if e.Used {
		m.message(from, "->>", "P", says)
		return
	}
	m.message(from, "-x", "P", says)
	if e.Via != "" {
		m.note("P", "not used: "+e.Reason)
	}
}

// isRemarkCode says whether a warning is about metadata or keys, and not about
// this run.
func isRemarkCode(e trace.Finding) bool {
	return e.Outcome == trace.Warn && (strings.HasPrefix(e.Code, "META-") || strings.HasPrefix(e.Code, "JWKS-"))
}
