package token

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// A find is one token in what was handed over: its text, the name it was under
// and in words where it stood.
type find struct{ text, name, where string }

const (
	mostFinds = 8       // tokens that are taken apart
	mostInput = 4 << 20 // octets that are searched for them
)

// bearers are the members and parameters that hold tokens.
var bearers = []string{
	"access_token", "id_token", "refresh_token", "code", "response", "request", "logout_token", "client_assertion",
	"assertion", "id_token_hint", "subject_token", "actor_token", "token", "accessToken", "idToken", "refreshToken",
}

// finds looks for tokens in what people paste: a token with white space or
// quotes about it, a header line, a token response, an address with a fragment,
// a log line. There is always at least one, and at most a few; more says how
// many were left.
func finds(raw string) (all []find, more int) {
	text := strings.TrimSpace(strings.TrimPrefix(raw, "\ufeff"))
	for _, look := range []func(string) []find{flattened, inJSON, alone, inParameters, inText} {
		if len(text) > mostInput {
			break
		}
		if all = look(text); len(all) > 0 {
			break
		}
	}
	if len(all) == 0 {
		all = []find{{text: bare(text)}}
	}
	var once []find
	for _, f := range all {
		if !slices.ContainsFunc(once, func(o find) bool { return o.text == f.text }) {
			once = append(once, f)
		}
	}
	most := min(len(once), mostFinds)
	return once[:most], len(once) - most
}

// bare takes off what stands around a token: quotes, and the header field that
// carries it (RFC 6750 §2.1, RFC 9449 §7.1).
func bare(s string) string {
	for range 4 {
		s = strings.Trim(s, " \t\r\n\"'`“”‘’,;<>")
		for _, front := range []string{"authorization:", "dpop:", "bearer ", "dpop ", "token "} {
			if len(s) > len(front) && strings.EqualFold(s[:len(front)], front) {
				s = strings.TrimSpace(s[len(front):])
			}
		}
	}
	return s
}

// flattened reads a JWS in the flattened JSON serialization as the compact one
// that it stands for (RFC 7515 §7.2.2).
func flattened(s string) []find {
	o, _ := jose.ParseObject([]byte(s))
	payload, ok1 := o.String("payload")
	header, ok2 := o.String("protected")
	signature, ok3 := o.String("signature")
	if !ok1 || !ok2 || !ok3 {
		return nil
	}
	return []find{{text: header + "." + payload + "." + signature, where: "written as JSON (RFC 7515 §7.2.2)"}}
}

func inJSON(s string) []find {
	o, _ := jose.ParseObject([]byte(s))
	var all []find
	for _, name := range bearers {
		if v, ok := o.String(name); ok && v != "" {
			all = append(all, find{v, name, "in the member " + name})
		}
	}
	return all
}

// compact is a token in the compact serialization, also one that has segments
// too few or too many, or padding.
func compact() *regexp.Regexp {
	return regexp.MustCompile(`eyJ[A-Za-z0-9_-]*=*(\.[A-Za-z0-9_-]*=*)+`)
}

// tokenSet is what a token is made of, and plain base64 by mistake.
const tokenSet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=."

// alone recognises input that is one token and nothing else, though it may
// have been broken over lines, as terminals do.
func alone(s string) []find {
	s = bare(s)
	if !strings.HasPrefix(s, "eyJ") {
		return nil
	}
	if begin := strings.IndexByte(s, '~'); begin > 0 && compact().FindString(s) == s[:begin] {
		return []find{{text: s[:begin], where: "before the disclosures of an SD-JWT (RFC 9901 §4), which were left aside"}}
	}
	parts := strings.Fields(s)
	again := slices.ContainsFunc(parts[1:], func(p string) bool { return strings.HasPrefix(p, "eyJ") && strings.Contains(p, ".") })
	joined := strings.Join(parts, "")
	switch {
	case again || strings.Trim(joined, tokenSet) != "":
		return nil
	case len(parts) == 1:
		return []find{{text: s}}
	}
	return []find{{text: joined, where: "broken over lines, which were joined"}}
}

// inParameters reads an address, its query or fragment, or a form.
func inParameters(s string) []find {
	s = bare(s)
	if strings.ContainsAny(s, " \t\r\n{") || !strings.Contains(s, "=") {
		return nil
	}
	var all []find
	for i, part := range strings.FieldsFunc(s, func(r rune) bool { return r == '?' || r == '#' || r == '&' }) {
		name, value, _ := strings.Cut(part, "=")
		if v, err := url.QueryUnescape(value); err == nil {
			value = v
		}
		if value != "" && slices.Contains(bearers, name) && (i > 0 || !strings.Contains(name, ":")) {
			all = append(all, find{value, name, "in the parameter " + name})
		}
	}
	return all
}

// inText looks for JWTs in the middle of something, and for what follows the
// name of a scheme.
func inText(s string) []find {
	var all []find
	for _, t := range compact().FindAllString(s, 64) {
		all = append(all, find{text: strings.TrimRight(t, "."), where: "in the middle of text"})
	}
	if len(all) > 0 {
		return all
	}
	scheme := regexp.MustCompile(`(?i)\b(?:bearer|dpop)[ \t]+([A-Za-z0-9\-._~+/]+=*)`) // RFC 6750 §2.1
	for _, m := range scheme.FindAllStringSubmatch(s, 64) {
		all = append(all, find{text: m[1], where: "after the name of its scheme"})
	}
	return all
}
