package output

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// answerWords are an answer as one would say it.
func answerWords(e trace.Exchanged) string {
	m := e.Response
	status := strconv.Itoa(m.Status)
	if m.Status >= 300 && m.Status < 400 {
		to := fieldValue(m, "Location")
		if u, err := url.Parse(to); err == nil && u.Host != "" {
			u.RawQuery, u.Fragment = "", ""
			to = u.Host + u.EscapedPath()
		} else {
			to, _, _ = strings.Cut(to, "?")
		}
		return joined(" to ", status, to)
	}
	if isPage(m) {
		return status + " page" + title(m.Body)
	}
	if s, ok := folded(e); ok && len(s) > 0 {
		return status + " " + s[0].text
	}
	n, ok := parseJSON(m.Body[:min(len(m.Body), mostBody)])
	if !ok || n.kind != '{' {
		return joined(" ", status, http.StatusText(m.Status))
	}
	if code := n.word("error"); code != "" {
		return status + " " + code
	}
	return joined(" ", status, strings.Join(telling(n), ", "))
}

// telling are the members of an answer that say what it is.
func telling(n node) []string {
	var out []string
	for _, k := range n.keys {
		if strings.HasSuffix(k, "_token") || slices.Contains([]string{"request_uri", "device_code", "auth_req_id", "active", "sub"}, k) {
			out = append(out, k)
		}
	}
	return out[:min(len(out), 4)]
}
