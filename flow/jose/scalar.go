package jose

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string, quotes included.
func (s *scanner) string() bool {
	s.pos++
	for s.pos < len(s.in) {
		switch c := s.in[s.pos]; {
		case c == '"':
			s.pos++
			return true
		case c < ' ':
			return s.broken("an escape instead of a raw control character")
		case c == '\\':
			if !s.escape() {
				return false
			}
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, size := utf8.DecodeRune(s.in[s.pos:])
			if r == utf8.RuneError && size == 1 {
				s.notUTF8("RFC 8259 §8.1", "byte %d is not UTF-8%s", s.pos, s.where())
			}
			s.pos += size
		}
	}
	return s.broken("the end of a string")
}

// escape reads what a backslash begins.
func (s *scanner) escape() bool {
	s.pos++
	if s.pos < len(s.in) && strings.IndexByte(`"\/bfnrt`, s.in[s.pos]) >= 0 {
		s.pos++
		return true
	}
	first, ok := s.unit(s.pos)
	if !ok {
		if s.pos < len(s.in) && s.in[s.pos] == 'u' && len(s.in)-s.pos < 5 {
			s.pos = len(s.in)
		}
		return s.broken("an escape sequence")
	}
	at := s.pos - 1
	s.pos += 5
	if !utf16.IsSurrogate(first) {
		return true
	}
	if s.pos < len(s.in) && s.in[s.pos] == '\\' {
		if second, ok := s.unit(s.pos + 1); ok && utf16.DecodeRune(first, second) != utf8.RuneError {
			s.pos += 6
			return true
		}
	}
	s.notUTF8("RFC 7493 §2.1", "the escape at byte %d is half of a surrogate pair and stands for no character%s", at, s.where())
	return true
}

// unit reads uXXXX at an offset.
func (s *scanner) unit(at int) (rune, bool) {
	if at+5 > len(s.in) || s.in[at] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s.in[at+1 : at+5] {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}

// notUTF8 reports the first character that is none; one is enough.
func (s *scanner) notUTF8(ref, format string, args ...any) {
	if !s.badText {
		s.badText = true
		s.report("json-not-utf8", ref, format, args...)
	}
}

// number reads a number (RFC 8259 §6): no leading zero, no bare point, no plus.
func (s *scanner) number() bool {
	if s.in[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.in) && s.in[s.pos] == '0' {
		s.pos++
	} else if !s.digits() {
		return s.broken("a digit")
	}
	if s.pos < len(s.in) && s.in[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return s.broken("a digit")
		}
	}
	if s.pos < len(s.in) && s.in[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.in) && (s.in[s.pos] == '+' || s.in[s.pos] == '-') {
			s.pos++
		}
		return s.digits() || s.broken("a digit")
	}
	return true
}

func (s *scanner) digits() bool {
	from := s.pos
	for s.pos < len(s.in) && s.in[s.pos] >= '0' && s.in[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > from
}
