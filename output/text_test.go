package output

import (
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "https://as.example/?a=b&c=%20", "https://as.example/?a=b&c=%20"},
		{"letters of the world", "Ünï 日本語 עברית ไทย", "Ünï 日本語 עברית ไทย"},
		{"escape sequence", "\x1b[31mred\x1b[0m", "␛[31mred␛[0m"},
		{"OSC link", "\x1b]8;;http://evil\x07x", "␛]8;;http://evil␇x"},
		{"C1 controls", "\u009b31m\u0085", "<U+009B>31m<U+0085>"},
		{"line breaks", "a\r\nb\tc\u2028d", "a␍␊b␉c<U+2028>d"},
		{"delete and nul", "a\x7fb\x00", "a␡b␀"},
		{"bidi override", "a\u202eb\u2066c\u2069\u200f", "a<U+202E>b<U+2066>c<U+2069><U+200F>"},
		{"zero width", "a\u200bb\ufeffc\u00add\u2060", "a<U+200B>b<U+FEFF>c<U+00AD>d<U+2060>"},
		{"no-break space", "openid\u00a0profile", "openid<U+00A0>profile"},
		{"variation selector", "a\ufe0f", "a<U+FE0F>"},
		{"hangul filler", "a\u3164b", "a<U+3164>b"},
		{"tag characters", "a\U000e0041", "a<U+E0041>"},
		{"not UTF-8", "a\xff\xc3(b", "a\ufffd\ufffd(b"},
		{"tower of marks", "z\u0301\u0302\u0303\u0304", "z\u0301\u0302<U+0303><U+0304>"},
		{"mark without a letter", "\u0301a", "<U+0301>a"},
		{"private use", "\ue000", "<U+E000>"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add(evil)
	f.Add("\u0301\u202e\xff\U000e0001")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs, unicode.Bidi_Control) {
				t.Fatalf("%q lets U+%04X through", got, r)
			}
		}
		if again := Clean(got); again != got {
			t.Fatalf("cleaned twice: %q, then %q", got, again)
		}
		for _, w := range []int{0, 1, 7, 20} {
			for _, short := range []string{elideEnd(got, w), elideMiddle(got, w), head(got, w), tail(got, w)} {
				if width(short) > w {
					t.Fatalf("%q takes more than %d cells", short, w)
				}
			}
		}
		for _, l := range wrap(got, 20) {
			if width(l) > 20 {
				t.Fatalf("%q takes more than 20 cells", l)
			}
		}
	})
}

func TestElide(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{elideEnd("openid profile", 14), "openid profile"},
		{elideEnd("openid profile", 8), "openid …"},
		{elideEnd("日本語", 5), "日本…"},
		{elideEnd("日本語", 4), "日…"},
		{elideMiddle("https://as.example.com/authorize", 20), "https://as.ex…horize"},
		{elideMiddle("short", 20), "short"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{duration(400 * time.Microsecond), "0.4 ms"},
		{duration(12 * time.Millisecond), "12 ms"},
		{duration(999*time.Millisecond + 900*time.Microsecond), "999 ms"},
		{duration(time.Second), "1.0 s"},
		{duration(1240 * time.Millisecond), "1.24 s"},
		{duration(12340 * time.Millisecond), "12.3 s"},
		{duration(125 * time.Second), "2 min 5 s"},
		{duration(2 * time.Minute), "2 min"},
		{duration(3*time.Hour + 5*time.Minute), "3 h 5 min"},
		{relative(300), "in 5 min"},
		{relative(-2), "2 s ago"},
		{relative(0), "now"},
		{relative(-86400 * 30), "30 days ago"},
		{span(3600), "1 h"},
		{span(5400), "1 h 30 min"},
		{size(17), "17 B"},
		{size(1234), "1.2 kB"},
		{size(1 << 20), "1.0 MB"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestDisplayWidth(t *testing.T) {
	for s, want := range map[string]int{"abc": 3, "日本語": 6, "é": 1, "e\u0301": 1, "✓ → …": 5, "ﾊﾝｶｸ": 4} {
		if got := width(s); got != want {
			t.Errorf("width(%q) = %d, want %d", s, got, want)
		}
	}
}
