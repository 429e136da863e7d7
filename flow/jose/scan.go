package jose

import (
	"encoding/json"
	"fmt"
	"strings"
)

const (
	maxDepth      = 64 // nesting that is read (RFC 8259 §9 allows a limit)
	maxDuplicates = 16 // repeated names that are reported
	excerptReach  = 16 // bytes shown on either side of a flaw
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
	problems   []Problem
}

// A step is a name in an object or, when the name is empty, an index in an
// array.
type step struct {
	name  string
	index int
}

func (s *scanner) report(id, ref, format string, args ...any) {
	s.problems = append(s.problems, problem(id, ref, format, args...))
}

// broken reports that the text is not JSON from here on, and is false, so that
// every caller can hand it up.
func (s *scanner) broken(wanted string) bool {
	if s.pos >= len(s.in) {
		s.report("json-syntax", "RFC 8259 §2", "the text is cut off: it ends at byte %d where %s was expected, after %s",
			len(s.in), wanted, s.excerpt())
		return false
	}
	s.report("json-syntax", "RFC 8259 §2", "not JSON at byte %d: expected %s, near %s", s.pos, wanted, s.excerpt())
	return false
}

func (s *scanner) excerpt() string {
	from, to := max(0, s.pos-excerptReach), min(len(s.in), s.pos+excerptReach)
	return quote(string(s.in[from:to]))
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
	if !s.space() || s.in[s.pos] != '"' {
		return s.broken("a member name")
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
	var b strings.Builder
	for i, at := range s.path[:len(s.path)-1] {
		switch {
		case at.index > 0:
			fmt.Fprintf(&b, "[%d]", at.index-1)
		case i > 0:
			b.WriteString("." + at.name)
		default:
			b.WriteString(at.name)
		}
	}
	return " of " + quote(b.String())
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
