package output

import (
	"bytes"
	"html"
	"strconv"
)

// markup is HTML that is safe to send. A constant is: it is ours. A string
// becomes it only through text and ink.
type markup string

// A piece is a part of the page that is written at once.
type piece interface{ write(p *paper) }

// write makes a piece of markup.
func (m markup) write(p *paper) { p.put(m) }

// paper is what a piece is written on.
type paper struct{ b bytes.Buffer }

func (p *paper) put(parts ...markup) {
	for _, part := range parts {
		p.b.WriteString(string(part))
	}
}

// given writes a text and what stands around it, if there is a text.
func (p *paper) given(before markup, s string, after markup) {
	if s != "" {
		p.put(before, text(s), after)
	}
}

// text is foreign text, for between tags and for between the double quotes of an
// attribute other than href, src and style. It leaves U+0000 to seenBytes.
func text(s string) markup { return markup(html.EscapeString(s)) }

func number(n int) markup { return markup(strconv.Itoa(n)) }

// counted is a number that stands out, and the word for so many.
func counted(n int, one, many markup) markup {
	return "<b>" + number(n) + "</b> " + wordFor(n, one, many)
}

func wordFor(n int, one, many markup) markup {
	if n == 1 {
		return one
	}
	return many
}

// id names an element after a record, if the record has a name.
func id(anchor string) markup {
	if anchor == "" {
		return ""
	}
	return ` id="` + text(anchor) + `"`
}

// hidden is a sign that is not read aloud: a word next to it says the same.
func hidden(sign string) markup {
	return `<span class="sign" aria-hidden="true">` + text(sign) + `</span>`
}

// spoken is a word that is read aloud and not seen.
func spoken(word string) markup { return `<span class="vh">` + text(word) + `</span>` }

// code is text that keeps its lines, and scrolls.
func code(label, shown markup) markup {
	return `<pre tabindex="0" aria-label="` + label + `"><code>` + shown + "</code></pre>"
}
