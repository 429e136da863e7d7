package output

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// topicDeviceCode is the note whose lines a person must type somewhere, so
// that they are shown whatever was asked.
const topicDeviceCode = "device-code"

// opened shows the URL a person is sent to, alone on its line and as it is,
// because it will be copied.
func (t *Terminal) opened(e trace.Opened) {
	t.gap()
	says := "open this in a browser"
	switch {
	case e.By == "headless":
		says = "the pages are walked without a browser"
	case e.By != "":
		says = "opened in the browser (" + e.By + ")"
	}
	t.indented(2, bit{tone: sent, text: "→ "}, say(strong, says))
	if e.Note != "" {
		t.indented(4, say(warn, e.Note))
	}
	t.out.WriteString("\n" + shownURL(e.URL) + "\n\n")
	t.blank = true
	if e.Back != "" {
		t.indented(4, say(dim, "it comes back to "+e.Back))
	}
}

// shownURL is a URL as it is, unless it holds what a terminal must not get:
// those octets are percent-encoded (RFC 3986 §2.1), which leads to the same
// place.
func shownURL(u string) string {
	var b strings.Builder
	for _, r := range u { // an octet that is not UTF-8 comes as U+FFFD
		if visible(r) && r != ' ' && !unicode.Is(unicode.M, r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// returned shows what arrived at the redirect URI.
func (t *Terminal) returned(e trace.Returned) {
	if e.Via == "" {
		t.indented(2, say(dim, "· ignored: "+joined(" ", e.Method, e.Path)), say(dim, bracketed(e.Reason)))
		return
	}
	t.gap()
	front := row{{text: "  "}, {tone: got, text: "← "}}
	if e.Used {
		t.put(front, say(strong, "back by "+e.Via), say(dim, "  "+joined(" ", e.Method, e.Path)+t.number()))
	} else {
		front[1].tone = fail
		t.put(front, say(strong, "back by "+e.Via), say(fail, ", not used"), say(dim, "  "+joined(" ", e.Method, e.Path)+t.number()))
		if e.Reason != "" {
			t.text(4, fail, e.Reason)
		}
	}
	if t.o.Verbose && len(e.Header) > 0 {
		t.wire("←", got, joined(" ", e.Method, e.Path), e.Header)
	}
	t.params(e.Params)
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// waitingFor says once what is being waited for, and then only what is new.
func (t *Terminal) waitingFor(e trace.Waiting) {
	if t.waiting != e.For || e.For == "" {
		t.indented(2, bit{tone: info, text: "⋯ "}, say(dim, "waiting for "+e.For))
	}
	t.waiting = e.For
	for _, l := range e.Lines {
		t.text(4, dim, l)
	}
}

func (t *Terminal) note(e trace.Note) {
	text := t.paragraph(e.Text, t.width-4, 12)
	for i, l := range text {
		r := row{{text: "    "}}
		if i == 0 {
			r = row{{text: "  "}, {tone: info, text: "i "}}
		}
		body := row{{text: l}}
		if ref := t.reference(e.Ref); i == len(text)-1 && width(l)+2+ref.width() <= t.width-4 && ref != nil {
			body = append(append(body, bit{text: "  "}), ref...)
		}
		t.put(r, body...)
	}
	if len(e.Lines) == 0 {
		return
	}
	if e.Topic == topicDeviceCode {
		t.out.WriteByte('\n')
		t.copyLines(e.Lines)
		t.out.WriteByte('\n')
		t.blank = true
		return
	}
	for _, l := range e.Lines {
		t.out.WriteString("      " + Clean(l) + "\n") // to be copied: never wrapped
	}
}

// copyLines writes lines that are to be copied, each alone and from the first
// column.
func (t *Terminal) copyLines(ls []string) {
	for _, l := range ls {
		t.out.WriteString(Clean(l) + "\n")
	}
}
