package output

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func harFields(fields []trace.Field) []harPair {
	out := make([]harPair, len(fields))
	for i, f := range fields {
		out[i] = harPair(f)
	}
	return out
}

// harForm are the pairs of a query or of a form, decoded where they can be.
func harForm(s string) []harPair {
	out := []harPair{}
	for pair := range strings.SplitSeq(s, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		out = append(out, harPair{harUnescaped(name), harUnescaped(value)})
	}
	return out
}

func harUnescaped(s string) string {
	if to, err := url.QueryUnescape(s); err == nil {
		return to
	}
	return s
}

// harCookies reads what a server sets (RFC 6265 §5.2).
func harCookies(fields []trace.Field) []harCookie {
	out := []harCookie{}
	for _, f := range fields {
		if !strings.EqualFold(f.Name, "Set-Cookie") {
			continue
		}
		first, attributes, _ := strings.Cut(f.Value, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(first), "=")
		c := harCookie{Name: name, Value: value}
		for attribute := range strings.SplitSeq(attributes, ";") {
			c.set(attribute)
		}
		out = append(out, c)
	}
	return out
}

func (c *harCookie) set(attribute string) {
	name, value, _ := strings.Cut(strings.TrimSpace(attribute), "=")
	switch strings.ToLower(name) {
	case "path":
		c.Path = value
	case "domain":
		c.Domain = value
	case "httponly":
		c.HTTPOnly = true
	case "secure":
		c.Secure = true
	case "expires":
		if at, err := http.ParseTime(value); err == nil {
			c.Expires = at.UTC().Format(time.RFC3339)
		}
	}
}

// harURL is a URL with what can stand in none escaped (RFC 3986 §2.1), as a
// URL that was masked has it.
func harURL(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", rune(c)) {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}
