package jose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	maxDepth      = 64 // nesting that is read (RFC 8259 §9 allows a limit)
	maxDuplicates = 16 // repeated names that are reported

	// maxMembers is how many members a text may have: what has more is no answer
	// to anything, and costs memory a hundred times its size.
	maxMembers = 20_000
)

// A scanner reads JSON as RFC 8259 has it and nothing beyond. encoding/json
// says neither where a text broke nor that a name was repeated, and it mends
// bad UTF-8 in silence.
type scanner struct {
	in         []byte
	pos        int
	path       []step // from the top to the value being read
	badText    bool   // json-not-utf8 was reported
	duplicates int
	members    int
	problems   []Problem
}

// A step is a name in an object or, when the name is empty, an index in an
// array.
type step struct {
	name  string
	index int
	past  bool // its value has been read
}

func (s *scanner) report(id, ref, format string, args ...any) {
	s.problems = append(s.problems, problem(id, ref, format, args...))
}

// broken reports that the text is not JSON from here on, and is false, so that
// every caller can hand it up.
func (s *scanner) broken(wanted string) bool {
	if s.pos >= len(s.in) {
		s.report("json-syntax", "RFC 8259 §2", "the text is cut off: it ends at byte %d where %s was expected%s",
			len(s.in), wanted, s.where())
		return false
	}
	s.report("json-syntax", "RFC 8259 §2", "not JSON at byte %d: expected %s, found %s%s", s.pos, wanted, s.found(), s.where())
	return false
}

// words are what other notations have where JSON has a value.
var words = []string{"NaN", "Infinity", "None", "True", "False", "TRUE", "FALSE", "NULL", "Null", "nil", "undefined"}

// found says what stands at the flaw. Nothing of the text around it is
// repeated, because that may be part of a token: a problem is shown and saved
// where its text is not.
func (s *scanner) found() string {
	rest := s.in[s.pos:]
	for _, w := range words {
		if after, ok := bytes.CutPrefix(rest, []byte(w)); ok && (len(after) == 0 || strings.IndexByte(",]} \t\r\n", after[0]) >= 0) {
			return w
		}
	}
	switch c := rest[0]; {
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return "a letter"
	case c >= '0' && c <= '9':
		return "a digit"
	case c >= utf8.RuneSelf:
		return "an octet beyond ASCII"
	case c <= ' ' || c == 0x7f || strings.IndexByte(`{}[]:,"'<>=\`, c) >= 0:
		return quote(string(rest[:1]))
	}
	return "a sign"
}

// where names the member that holds the flaw, or the last one before it.
func (s *scanner) where() string {
	if len(s.path) == 0 {
		return ""
	}
	at, says := place(s.path), "in"
	if s.path[len(s.path)-1].past {
		says = "after"
	}
	if at == "" {
		return ""
	}
	return ", " + says + " the member " + quote(at)
}

// space skips white space and says whether anything is left.
func (s *scanner) space() bool {
	for s.pos < len(s.in) && strings.IndexByte(" \t\r\n", s.in[s.pos]) >= 0 {
		s.pos++
	}
	return s.pos < len(s.in)
}

// next says whether the next byte that is not white space is c, and takes it
// if so.
func (s *scanner) next(c byte) bool {
	if s.space() && s.in[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// value reads one value of any type.
func (s *scanner) value() bool {
	if !s.space() {
		return s.broken("a value")
	}
	switch c := s.in[s.pos]; {
	case c == '{':
		return s.object(func(string, []byte) {})
	case c == '[':
		return s.array()
	case c == '"':
		return s.string()
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	for _, word := range []string{"true", "false", "null"} {
		rest := string(s.in[s.pos:min(len(s.in), s.pos+len(word))])
		if rest == word {
			s.pos += len(word)
			return true
		}
		if s.pos+len(rest) == len(s.in) && strings.HasPrefix(word, rest) {
			s.pos = len(s.in)
			return s.broken("the rest of " + word)
		}
	}
	return s.broken("a value")
}

// deeper begins an object or an array.
func (s *scanner) deeper() bool {
	if len(s.path) >= maxDepth {
		s.report("json-too-deep", "RFC 8259 §9", "nested deeper than %d levels at byte %d", maxDepth, s.pos)
		return false
	}
	s.pos++
	s.path = append(s.path, step{})
	return true
}

// done leaves an object or an array.
func (s *scanner) done() bool {
	s.path = s.path[:len(s.path)-1]
	return true
}

// object reads an object and shows each member that was read to its end.
func (s *scanner) object(visit func(name string, value []byte)) bool {
	if !s.deeper() {
		return false
	}
	if s.next('}') {
		return s.done()
	}
	seen := map[string]int{}
	for {
		if !s.name(seen) {
			return false
		}
		name := s.path[len(s.path)-1].name
		if !s.next(':') {
			return s.broken("a colon")
		}
		s.space()
		from := s.pos
		if !s.value() {
			return false
		}
		visit(name, s.in[from:s.pos:s.pos])
		s.path[len(s.path)-1].past = true
		if s.next('}') {
			return s.done()
		}
		if !s.next(',') {
			return s.broken("a comma or the end of the object")
		}
	}
}

// name reads the name of a member. Names are compared after unescaping, which
// is how every reader will see them.
func (s *scanner) name(seen map[string]int) bool {
	s.path[len(s.path)-1] = step{}
	if !s.space() || s.in[s.pos] != '"' {
		return s.broken("a member name")
	}
	if s.members++; s.members > maxMembers {
		s.report("json-too-many", "RFC 8259 §9", "more than %d members at byte %d", maxMembers, s.pos)
		return false
	}
	from := s.pos
	if !s.string() {
		return false
	}
	name, _ := text(json.RawMessage(s.in[from:s.pos]))
	s.path[len(s.path)-1].name = name
	switch first, again := seen[name]; {
	case !again:
		seen[name] = from
	case s.duplicates < maxDuplicates:
		s.duplicates++
		s.report("json-duplicate-name", "RFC 8259 §4", "the member %s%s occurs at byte %d and again at byte %d",
			quote(name), s.parent(), first, from)
	}
	return true
}

// parent says where the object being read is, when it is not the whole text.
func (s *scanner) parent() string {
	if len(s.path) < 2 {
		return ""
	}
	return " of " + quote(place(s.path[:len(s.path)-1]))
}

// place writes a path down: keys[1].kid. A last step without a name is one
// whose name has not been read.
func place(path []step) string {
	var b strings.Builder
	for i, at := range path {
		switch {
		case at.index > 0:
			fmt.Fprintf(&b, "[%d]", at.index-1)
		case i == 0, at.name == "" && i == len(path)-1:
			b.WriteString(at.name)
		default:
			b.WriteString("." + at.name)
		}
	}
	return b.String()
}

func (s *scanner) array() bool {
	if !s.deeper() {
		return false
	}
	if s.next(']') {
		return s.done()
	}
	for {
		s.path[len(s.path)-1].index++
		if !s.value() {
			return false
		}
		if s.next(']') {
			return s.done()
		}
		if !s.next(',') {
			return s.broken("a comma or the end of the array")
		}
	}
}
