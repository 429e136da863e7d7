package output

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A curlPart is a piece of a text to be sent: as it was recorded, or a secret
// in the encoding that its place asks for.
type curlPart struct {
	text   string
	secret *curlSecret
	as     string // "form", "json", or nothing
}

// expansion is how the shell puts a secret in.
func (p curlPart) expansion() string {
	if p.as == "" {
		return `"$` + p.secret.name + `"`
	}
	return `"$(` + p.as + ` "$` + p.secret.name + `")"`
}

// curlQuote makes one word of the shell: nothing in single quotes means
// anything, and what could not be seen there is written as octal numbers.
func curlQuote(s string) string {
	if curlSeen(s, false) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return `"$(printf '` + octal(s) + `')"`
}

// curlWord makes one word of literal text and secrets.
func curlWord(parts []curlPart) string {
	var b strings.Builder
	for _, p := range curlJoined(parts) {
		switch {
		case p.secret != nil:
			b.WriteString(p.expansion())
		case p.text != "":
			b.WriteString(curlQuote(p.text))
		}
	}
	if b.Len() == 0 {
		return "''"
	}
	return b.String()
}

// curlLines are the commands that print a body, to the octet.
func curlLines(parts []curlPart) []string {
	var out []string
	for _, p := range parts {
		switch {
		case p.secret != nil && p.as != "":
			out = append(out, p.as+` "$`+p.secret.name+`"`)
		case p.secret != nil:
			out = append(out, `printf %s "$`+p.secret.name+`"`)
		case curlSeen(p.text, true):
			out = append(out, "printf %s '"+strings.ReplaceAll(p.text, "'", `'\''`)+"'")
		default:
			for s := p.text; s != ""; {
				n := min(len(s), 256)
				out = append(out, "printf '"+octal(s[:n])+"'")
				s = s[n:]
			}
		}
	}
	return out
}

// curlSeen says whether a text can stand in the script as it is. In the body of
// a request a line break can.
func curlSeen(s string, lines bool) bool {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		}
		if !visible(r) && (!lines || r != '\n') {
			return false
		}
	}
	return true
}

func octal(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, `\%03o`, s[i])
	}
	return b.String()
}

// curlToken says whether a text is a token (RFC 9110 §5.6.2), as methods and
// the names of fields have to be.
func curlToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
