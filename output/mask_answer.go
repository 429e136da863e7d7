package output

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// unclear says whether an answer may hold a token anywhere: it comes from the
// token endpoint or is marked, and is neither a JSON object nor a form with a
// name that we know.
func unclear(e trace.Event) bool {
	x, ok := e.(trace.Exchanged)
	if !ok || x.Response.Base64 {
		return false
	}
	names := bodyMarks(x)
	s := strings.TrimSpace(strings.TrimPrefix(x.Response.Body, "\ufeff"))
	if s == "" || x.Endpoint != "token" && len(names) == 0 || slices.Contains(names, "") {
		return false
	}
	if s[0] == '{' && json.Valid([]byte(s)) {
		return false
	}
	known := false
	if !strings.ContainsAny(s, " \t\r\n<>{}\"") {
		eachPair(s, func(name, raw string) string {
			known = known || slices.Contains(names, name) || slices.Contains([]string{"access_token", "token_type", "error"}, name)
			return raw
		})
	}
	return !known
}

func bodyMarks(x trace.Exchanged) []string {
	var names []string
	for _, s := range x.Secrets {
		if s.Part == "response-body" || s.Part == "body" {
			names = append(names, s.Name)
		}
	}
	return names
}

// mixed are characters that words of style sheets and addresses do not have,
// and nearly every random text has.
const mixed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// answer treats what no mark can point at: everything in an answer that was
// not understood, and signed tokens under names that nobody expects.
func (v veil) answer(x *trace.Exchanged) {
	switch {
	case v.unclear:
		if x.Endpoint != "page" { // whose scripts have names of their own
			for _, name := range bodyMarks(*x) {
				x.Response.Body = v.loosely(x.Response.Body, name)
			}
		}
		x.Response.Body = v.runs(*x)
	case x.Endpoint == "token" && json.Valid([]byte(x.Response.Body)):
		x.Response.Body = eachString(x.Response.Body, func(s string) string {
			if jose(s) {
				return v.value(s)
			}
			return s
		})
	}
}

// loosely treats what follows a name in any notation: 'name': 'value',
// name=value, <name>value.
func (v veil) loosely(s, name string) string {
	re := regexp.MustCompile(`(?i)\b(` + regexp.QuoteMeta(strings.ToValidUTF8(name, "\ufffd")) + `)\b["']?\s*(?:=>|[:=>])\s*["']?([^\s"'<>&,;}\]]+)`)
	return replaceGroups(re, s, func(_, value string) string { return v.value(value) })
}

// mostRuns is how many runs of one answer are learnt; all are hidden.
const mostRuns = 500

// runs treats all that is long enough for a token. Zero octets are passed
// over, as in UTF-16. What was asked for by path is no secret, nor are the
// plain words of a page.
func (v veil) runs(x trace.Exchanged) string {
	s := x.Response.Body
	path, _, _ := strings.Cut(x.Request.URL, "?")
	text := viewOf(s)
	if narrow, ok := text.decoded(0, func([]byte) ([]byte, int) { return nil, 1 }); ok {
		text = narrow
	}
	// What a token can be made of (RFC 6750 §2.1), with the mask that it may end
	// in already; and a run of that which names what follows.
	run := regexp.MustCompile(`[A-Za-z0-9._~+/-]{20,}={0,2}(…\([0-9a-f]{6}\))?`)
	memberName := regexp.MustCompile(`^[A-Za-z0-9._~+/-]+(["']\s*:|=[A-Za-z0-9%"'])`)
	var out strings.Builder
	done := 0
	for n, at := range run.FindAllSubmatchIndex(text.text, -1) {
		if n >= mostRuns && !v.hides {
			break
		}
		from, to := at[0], at[1]
		whole := string(text.text[from:to])
		if at[2] >= 0 {
			if _, is := maskTag(whole); is {
				continue
			}
			to = at[2]
		}
		found := string(text.text[from:to])
		if memberName.Match(text.text[from:]) || x.Endpoint == "page" && !strings.ContainsAny(found, mixed) {
			continue
		}
		out.WriteString(s[done:text.at[from]])
		if host := hostParts(text.text[:from], found); host > 0 {
			out.WriteString(v.segments(found, path, host))
		} else {
			out.WriteString(v.run(found, path))
		}
		done = text.at[to]
	}
	return out.String() + s[done:]
}

// hostParts is how many parts, between slashes, come before the path of a URL,
// where a run belongs to one: it begins behind the scheme's colon, or with the
// port, behind another. None means that it is no part of a URL.
func hostParts(before []byte, run string) int {
	switch {
	case len(before) == 0 || before[len(before)-1] != ':':
		return 0
	case strings.HasPrefix(run, "//"):
		return 3
	case regexp.MustCompile(`^[0-9]{1,5}/`).MatchString(run) &&
		regexp.MustCompile(`://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):$`).Match(before[max(0, len(before)-longestHost):]):
		return 1
	}
	return 0
}

// longestHost is what a name of the DNS takes at most, with :// and a colon.
const longestHost = 253 + 4

// segments treats a URL: only what looks random is hidden, part by part.
func (v veil) segments(s, path string, host int) string {
	parts := strings.Split(s, "/")
	for i, part := range parts {
		if i >= host && len(part) >= 20 && strings.ContainsAny(part, mixed) {
			parts[i] = v.run(part, path)
		}
	}
	return strings.Join(parts, "/")
}

// run treats one run.
func (v veil) run(s, path string) string {
	token := strings.Trim(s, ".")
	letters := 0
	for i := range len(token) {
		if alphanumeric(token[i]) {
			letters++
		}
	}
	if letters < 10 || v.open(token) || strings.Contains(path, token) || !recognisable(token) {
		return s
	}
	front, back, _ := strings.Cut(s, token)
	return front + v.value(token) + back
}
