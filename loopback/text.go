package loopback

import (
	"strings"
	"unicode"
)

// plain makes foreign text fit to be shown: white space is folded, control characters and the invisible ones that turn or hide
// text (bidi overrides, zero width; Unicode category Cf) are gone, and no more than most runes are left.
func plain(s string, most int) string {
	var b strings.Builder
	n, gap := 0, false
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case unicode.IsSpace(r):
			gap = n > 0
			continue
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			continue
		}
		if gap {
			b.WriteByte(' ')
			n++
			gap = false
		}
		if n >= most {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
