package output

import (
	"fmt"
	"html"
	"strings"
)

// markdownText makes foreign text fit to stand among Markdown, tables included:
// on one line, and without anything that Markdown, HTML or GitHub could take
// for its own. What means something is written as a character reference, which
// never does (CommonMark §2.5); GitHub looks for people and issues in what has
// been resolved, so their signs become code.
func markdownText(s string, most int) string {
	s = markdownCut(s, most)
	var b strings.Builder
	for i, r := range s {
		rest := s[i:]
		switch {
		case r == '@', r == '#' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
			b.WriteString("`" + string(r) + "`")
		case strings.ContainsRune("&<>|`*[]\\~$#", r), r == '_' && !withinWord(s, i),
			r == ':' && strings.HasPrefix(rest, "://"),
			r == '.' && strings.HasSuffix(strings.ToLower(s[:i]), "www"),
			i == 0 && strings.ContainsRune("-+=", r),
			(r == '.' || r == ')') && strings.Trim(s[:i], "0123456789") == "":
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// withinWord says whether a sign stands between letters, where an underscore is
// one (CommonMark §6.2).
func withinWord(s string, i int) bool {
	return i > 0 && alphanumeric(s[i-1]) && i+1 < len(s) && alphanumeric(s[i+1])
}

// markdownCut is as much of a text as may be shown on a line, made visible.
func markdownCut(s string, most int) string {
	return strings.TrimSpace(elideEnd(Clean(s[:min(len(s), 8*most)]), most))
}

// markdownCode shows foreign text as code, also in tables: there a bar would end
// the cell even in code, and a backslash before it might be the text's own.
func markdownCode(s string, most int) string {
	s = markdownCut(s, most)
	switch {
	case s == "":
		return ""
	case strings.ContainsAny(s, "|"):
		return "<code>" + markdownText(s, most) + "</code>"
	}
	ticks := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " " // which is not shown (CommonMark §6.1)
	}
	return ticks + s + ticks
}

// markdownHTML is foreign text between tags of ours.
func markdownHTML(s string, most int) string {
	return html.EscapeString(markdownCut(s, most))
}

func longestRun(s string, c byte) int {
	longest, n := 0, 0
	for i := range len(s) {
		if s[i] != c {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}

// markdownFence puts clean lines into a block of code that none of them can
// end: its fence is longer than any run of its sign in them (CommonMark §4.5).
func markdownFence(kind string, content []string) string {
	longest := 2
	for _, l := range content {
		longest = max(longest, longestRun(l, '`'))
	}
	fence := strings.Repeat("`", longest+1)
	return fence + kind + "\n" + strings.Join(content, "\n") + "\n" + fence + "\n"
}
