package output

import (
	"regexp"
	"strconv"
	"strings"
)

// mermaidPlain is what means nothing in the text of a diagram. Not among it are
// # : ; % " ` < > & @ { } [ ] | ~ $ ^ * + \ and !, nor the signs that Mermaid
// itself puts in place of "#" and ";".
const mermaidPlain = " ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./_-,=()?'"

// mermaidText makes foreign text fit for a diagram: short, on one line, and
// without anything that its grammar or a page could take for its own.
func mermaidText(s string, most int) string {
	s = elideEnd(Clean(s[:min(len(s), 8*most)]), most)
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x7f && strings.ContainsRune(mermaidPlain, r), r > 0x7e && r != 'ﬂ' && r != '°' && r != '¶':
			b.WriteRune(r)
		default:
			b.WriteString("#" + strconv.Itoa(int(r)) + ";")
		}
	}
	return mermaidWords(b.String())
}

// mermaidWords breaks the word that ends a block.
func mermaidWords(s string) string {
	if !strings.Contains(strings.ToLower(s), "end") {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(regexp.MustCompile(`(?i)\bend\b`).ReplaceAllStringFunc(s, func(w string) string {
		return "#" + strconv.Itoa(int(w[0])) + ";" + w[1:]
	}))
}
