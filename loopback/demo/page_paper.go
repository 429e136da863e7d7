package demo

import (
	"fmt"
	"html"
	"strings"
)

// paper is what a page is written on.
type paper struct{ b strings.Builder }

// markup is HTML that is safe to send. A constant is: it is ours. A string becomes
// it only through text, link and appLink.
type markup string

func (p *paper) put(parts ...markup) {
	for _, part := range parts {
		p.b.WriteString(string(part))
	}
}

// text is foreign text, for between tags and for between the double quotes of an attribute.
func text(s string) markup {
	return markup(html.EscapeString(strings.ReplaceAll(s, "\x00", "\uFFFD"))) // HTML has no U+0000, not even escaped
}

// link is a foreign URL, for a href or an action between double quotes. Only http,
// https and what is relative leads anywhere: a javascript URL would run in our page.
func link(u string) markup {
	if scheme, absolute := schemeOf(u); absolute && scheme != "http" && scheme != "https" {
		return "#"
	}
	return text(percent(u))
}

// appLink is link for a redirect URI: its scheme may be an application's own, which
// has a period in it (RFC 8252 §7.1).
func appLink(u string) markup {
	if scheme, _ := schemeOf(u); strings.Contains(scheme, ".") {
		return text(percent(u))
	}
	return link(u)
}

// schemeOf is what could be the scheme of a URL. A colon behind a slash ends none
// (RFC 3986 §4.2).
func schemeOf(u string) (scheme string, absolute bool) {
	scheme, _, absolute = strings.Cut(strings.ToLower(u), ":")
	if !absolute || strings.Contains(scheme, "/") {
		return "", false
	}
	return scheme, true
}

// percent encodes what no URL may hold (RFC 3986 §2), and leaves alone what is encoded already.
func percent(u string) string {
	const fine = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!#$&*+,/:;=?@[]"
	var b strings.Builder
	for i := range len(u) {
		if strings.IndexByte(fine, u[i]) >= 0 || isEncoded(u[i:]) {
			b.WriteByte(u[i])
			continue
		}
		fmt.Fprintf(&b, "%%%02x", u[i])
	}
	return b.String()
}

// isEncoded says whether the text begins with an encoded byte.
func isEncoded(s string) bool {
	const digits = "0123456789abcdefABCDEF"
	return len(s) > 2 && s[0] == '%' && strings.IndexByte(digits, s[1]) >= 0 && strings.IndexByte(digits, s[2]) >= 0
}
