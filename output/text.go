package output

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// invisible lists what Unicode calls printable and a reader cannot see:
// variation selectors, joiners and fillers. Everything else that hides (bidi
// controls, zero width, line separators) fails unicode.IsPrint already.
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034F, Hi: 0x034F, Stride: 1},
		{Lo: 0x115F, Hi: 0x1160, Stride: 1},
		{Lo: 0x17B4, Hi: 0x17B5, Stride: 1},
		{Lo: 0x180B, Hi: 0x180F, Stride: 1},
		{Lo: 0x3164, Hi: 0x3164, Stride: 1},
		{Lo: 0xFE00, Hi: 0xFE0F, Stride: 1},
		{Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0xE0100, Hi: 0xE01EF, Stride: 1}},
}

// stacked is how many combining marks may follow one letter: no script needs
// more, and a tower of them paints over the lines above.
const stacked = 2

func visible(r rune) bool {
	return r != utf8.RuneError && unicode.IsPrint(r) && !unicode.Is(invisible, r)
}

// Clean makes foreign text fit to be shown on one line of a terminal. Control
// characters, escape sequences, bidi controls, zero width characters and
// anything else that would not be seen as itself become visible signs; nothing
// is dropped, because a stray no-break space in a scope is what one looks for.
// Cleaning twice changes nothing.
func Clean(s string) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	marks, start := 0, true
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError:
			b.WriteRune(utf8.RuneError)
		case r < 0x20:
			b.WriteRune('\u2400' + r)
		case r == 0x7f:
			b.WriteRune('\u2421')
		case !visible(r), marks > stacked, marks > 0 && start:
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
		start = false
	}
	return b.String()
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// lines splits a foreign body where it breaks, and cleans each line.
func lines(s string) []string {
	s = strings.ReplaceAll(strings.TrimRight(s, "\r\n\t "), "\r\n", "\n")
	out := strings.Split(strings.ReplaceAll(s, "\t", "    "), "\n")
	for i := range out {
		out[i] = Clean(out[i])
	}
	return out
}

func cells(r rune) int {
	if r < 0x300 {
		return 1
	}
	// Not the package's default condition: that one is made of the environment,
	// and a trace must look the same everywhere.
	return (&runewidth.Condition{StrictEmojiNeutral: true}).RuneWidth(r)
}

// width is the number of terminal cells that clean text takes.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += cells(r)
	}
	return n
}

// head is as much of the start of clean text as fits into w cells.
func head(s string, w int) string {
	for i, r := range s {
		if w -= cells(r); w < 0 {
			return s[:i]
		}
	}
	return s
}

// fits says whether clean text takes at most w cells, and looks no further.
func fits(s string, w int) bool { return len(head(s, w)) == len(s) }

// tail is as much of the end of clean text as fits into w cells.
func tail(s string, w int) string {
	for i := len(s); i > 0; {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		if w -= cells(r); w < 0 {
			return strings.TrimLeftFunc(s[i:], func(r rune) bool { return unicode.Is(unicode.M, r) })
		}
		i -= n
	}
	return s
}

// elideEnd shortens clean text to w cells at its end.
func elideEnd(s string, w int) string {
	if fits(s, w) {
		return s
	}
	if w < 1 {
		return ""
	}
	return head(s, w-1) + "…"
}

// elideMiddle shortens clean text to w cells and keeps both ends, which is
// where URLs and tokens differ.
func elideMiddle(s string, w int) string {
	if fits(s, w) {
		return s
	}
	if w < 8 {
		return elideEnd(s, w)
	}
	back := (w - 1) / 3
	return head(s, w-1-back) + "…" + tail(s, back)
}

func pad(s string, w int) string {
	if n := w - width(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// wrap breaks clean text between words into lines of w cells, and inside a
// word only when the word alone is too long.
func wrap(s string, w int) []string {
	w = max(w, 8)
	var out []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && fits(word, w-1-width(line)) {
			line += " " + word
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		line = word
		for !fits(line, w) {
			h := head(line, w)
			out, line = append(out, h), line[len(h):]
		}
	}
	return append(out, line)
}

// duration says how long something took, to three digits at most.
func duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + duration(-d)
	case d < time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 10*time.Second:
		s := strconv.FormatFloat(d.Truncate(10*time.Millisecond).Seconds(), 'f', 2, 64)
		return strings.TrimSuffix(s, "0") + " s"
	case d < time.Minute:
		return strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour:
		return two(int64(d/time.Minute), "min", int64(d%time.Minute/time.Second), "s")
	default:
		return two(int64(d/time.Hour), "h", int64(d%time.Hour/time.Minute), "min")
	}
}

// span says a lifetime in the one or two units a person would use.
func span(seconds int64) string {
	switch {
	case seconds < 0:
		return "-" + span(-seconds)
	case seconds < 120:
		return strconv.FormatInt(seconds, 10) + " s"
	case seconds < 3600:
		return two(seconds/60, "min", seconds%60, "s")
	case seconds < 48*3600:
		return two(seconds/3600, "h", seconds%3600/60, "min")
	case seconds < 2*365*86400:
		return strconv.FormatInt(seconds/86400, 10) + " days"
	default:
		return strconv.FormatInt(seconds/(365*86400), 10) + " years"
	}
}

func two(a int64, unitA string, b int64, unitB string) string {
	s := strconv.FormatInt(a, 10) + " " + unitA
	if b != 0 {
		s += " " + strconv.FormatInt(b, 10) + " " + unitB
	}
	return s
}

// relative says where a moment lies as seen from now.
func relative(seconds int64) string {
	switch {
	case seconds == 0:
		return "now"
	case seconds > 0:
		return "in " + span(seconds)
	default:
		return span(-seconds) + " ago"
	}
}

// size says a number of octets.
func size(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1000_000:
		return strconv.FormatFloat(float64(n)/1000, 'f', 1, 64) + " kB"
	default:
		return strconv.FormatFloat(float64(n)/1000_000, 'f', 1, 64) + " MB"
	}
}

// count says how many there are of something.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// lifetime says a number of seconds as a server wrote it.
func lifetime(s string) string {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return elideEnd(Clean(s), 20) + " s"
	}
	return span(n)
}
