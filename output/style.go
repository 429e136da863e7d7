package output

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// A tone is what a piece of text is, not what colour it has.
type tone int

const (
	plain  tone = iota
	dim         // what one reads on the second look
	strong      // names and titles
	step        // the number of a step
	sent        // →
	got         // ← with success
	moved       // ← with a redirect
	pass        // ✓
	fail        // ✗
	warn        // !
	info        // i
	key         // names of members and parameters
	str         // JSON strings
	num         // JSON numbers
	lit         // true, false, null
	veiled      // masked secrets
	tones
)

// hue is a colour of the 256 for a dark and one for a light background.
type hue struct {
	dark, light string
	bold        bool
}

var hues = [tones]hue{
	plain:  {},
	dim:    {dark: "245", light: "243"},
	strong: {bold: true},
	step:   {dark: "75", light: "26", bold: true},
	sent:   {dark: "75", light: "26", bold: true},
	got:    {dark: "78", light: "28", bold: true},
	moved:  {dark: "141", light: "91", bold: true},
	pass:   {dark: "78", light: "28"},
	fail:   {dark: "203", light: "160", bold: true},
	warn:   {dark: "214", light: "130"},
	info:   {dark: "110", light: "25"},
	key:    {dark: "110", light: "25"},
	str:    {dark: "150", light: "28"},
	num:    {dark: "179", light: "94"},
	lit:    {dark: "176", light: "90"},
	veiled: {dark: "139", light: "96"},
}

// A palette holds what to write before and after text of each tone.
type palette [tones]struct{ before, after string }

// newPalette asks lipgloss once for each tone. The profile is always given,
// so that nothing ever queries the terminal.
func newPalette(w io.Writer, color, dark bool) palette {
	r := lipgloss.NewRenderer(w)
	r.SetColorProfile(termenv.Ascii)
	if color {
		r.SetColorProfile(termenv.ANSI256)
	}
	r.SetHasDarkBackground(dark)
	var p palette
	for t, h := range hues {
		s := r.NewStyle().Bold(h.bold)
		if h.dark != "" && dark {
			s = s.Foreground(lipgloss.Color(h.dark))
		} else if h.dark != "" {
			s = s.Foreground(lipgloss.Color(h.light))
		}
		p[t].before, p[t].after, _ = strings.Cut(s.Render("x"), "x")
	}
	return p
}

// A bit is a piece of text in one tone.
type bit struct {
	tone tone
	text string
}

// A row is one line of a terminal, before it is painted.
type row []bit

// say makes a bit of a row; the text may be foreign.
func say(t tone, text string) bit { return bit{tone: t, text: Clean(text)} }

func (r row) width() int {
	n := 0
	for _, b := range r {
		n += width(b.text)
	}
	return n
}

// cut parts a row after w cells.
func (r row) cut(w int) (front, rest row) {
	for i, b := range r {
		h := head(b.text, w)
		if len(h) == len(b.text) {
			w -= width(h)
			continue
		}
		front = append(append(front, r[:i]...), bit{b.tone, h})
		rest = append(append(rest, bit{b.tone, b.text[len(h):]}), r[i+1:]...)
		return front, rest
	}
	return r, nil
}

// lastSpace is the cell after the last space of a row, or zero.
func (r row) lastSpace() int {
	n, at := 0, 0
	for _, b := range r {
		if i := strings.LastIndexByte(b.text, ' '); i >= 0 {
			at = n + width(b.text[:i+1])
		}
		n += width(b.text)
	}
	return at
}

// paint writes a row with its colours.
func (p *palette) paint(b *strings.Builder, r row) {
	for _, x := range r {
		if x.text == "" {
			continue
		}
		b.WriteString(p[x.tone].before + x.text + p[x.tone].after)
	}
}
