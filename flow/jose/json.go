package jose

import (
	"bytes"
	"encoding/json"
)

// A Member is one name and value of an object. Value is never empty; a name
// may occur in several members.
type Member struct {
	Name  string
	Value json.RawMessage
}

// An Object is a JSON object as it was written: order and repeats are kept.
// All methods may be called on a nil *Object, which has no members.
type Object struct {
	Members []Member
	// Raw is the text of the object alone, without what stood before or after
	// it. It ends where reading stopped when the text was not well formed.
	Raw []byte
}

// ParseObject reads b strictly and returns what it could read, with all that
// was wrong: json-empty, json-bom, json-not-utf8, json-syntax,
// json-not-object, json-duplicate-name (at any depth), json-too-deep, json-too-many,
// json-trailing-data. The object is nil only when nothing usable was found. It
// shares memory with b.
func ParseObject(b []byte) (*Object, []Problem) {
	s := &scanner{in: b}
	if !s.encoding() {
		return nil, s.problems
	}
	if s.space() {
		return s.document()
	}
	s.report("json-empty", "RFC 8259 §2", "there are %d bytes and no JSON text in them", len(b))
	return nil, s.problems
}

// document reads the one object of the text, and nothing else.
func (s *scanner) document() (*Object, []Problem) {
	start := s.pos
	if s.in[s.pos] != '{' {
		if !s.value() {
			return nil, s.problems
		}
		if s.space() {
			s.broken("the end of the text")
		} else {
			s.report("json-not-object", "RFC 8259 §4", "the JSON text is %s, not an object", kind(s.in[start]))
		}
		return nil, s.problems
	}
	o := &Object{}
	whole := s.object(func(name string, value []byte) {
		o.Members = append(o.Members, Member{name, value})
	})
	o.Raw = s.in[start:s.pos:s.pos]
	switch {
	case !whole && len(o.Members) == 0:
		return nil, s.problems
	case whole && s.space():
		s.report("json-trailing-data", "RFC 8259 §2", "%d bytes follow the object, from byte %d: the first is %s",
			len(s.in)-s.pos, s.pos, s.found())
	}
	return o, s.problems
}

// Get returns the value of the first member of exactly that name, which is
// case-sensitive.
func (o *Object) Get(name string) (json.RawMessage, bool) {
	if o == nil {
		return nil, false
	}
	for _, m := range o.Members {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// Has says whether there is a member of that name, of whatever type.
func (o *Object) Has(name string) bool {
	_, ok := o.Get(name)
	return ok
}

// String returns a string member; false when it is absent or of another type.
func (o *Object) String(name string) (string, bool) {
	raw, _ := o.Get(name)
	return text(raw)
}

// Number returns a number as it was written; false when it is absent or of
// another type, as a number in quotes is.
func (o *Object) Number(name string) (json.Number, bool) {
	raw, _ := o.Get(name)
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return "", false
	}
	return json.Number(raw), true
}

// Strings returns a member that is a string or an array of strings, as "aud"
// may be (RFC 7519 §4.1.3); false for anything else.
func (o *Object) Strings(name string) ([]string, bool) {
	raw, _ := o.Get(name)
	if one, ok := text(raw); ok {
		return []string{one}, true
	}
	values, ok := array(raw)
	if !ok {
		return nil, false
	}
	all := make([]string, 0, len(values))
	for _, v := range values {
		one, ok := text(v)
		if !ok {
			return nil, false
		}
		all = append(all, one)
	}
	return all, true
}

// Object returns a member that is itself an object; nil and false when it is
// absent or of another type.
func (o *Object) Object(name string) (*Object, bool) {
	raw, _ := o.Get(name)
	if len(raw) == 0 || raw[0] != '{' {
		return nil, false
	}
	// Problems were already reported for the whole.
	inner, _ := ParseObject(raw)
	return inner, inner != nil
}

// Names lists the names in the order written, repeats included.
func (o *Object) Names() []string {
	if o == nil {
		return nil
	}
	names := make([]string, len(o.Members))
	for i, m := range o.Members {
		names[i] = m.Name
	}
	return names
}

// text decodes a JSON string that the scanner has passed. Asking for the quote
// matters: encoding/json takes null for an empty string.
func text(raw json.RawMessage) (string, bool) {
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}

// array splits a JSON array that the scanner has passed.
func array(raw json.RawMessage) ([]json.RawMessage, bool) {
	var values []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &values) != nil {
		return nil, false
	}
	return values, true
}

// kind names the type of a JSON value by its first byte.
func kind(first byte) string {
	switch first {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// encoding takes off a byte order mark and recognises the encodings that are
// not UTF-8 (RFC 8259 §8.1); false for those, which are not read.
func (s *scanner) encoding() bool {
	const ref = "RFC 8259 §8.1"
	switch {
	case bytes.HasPrefix(s.in, []byte("\xef\xbb\xbf")):
		s.pos = 3
		s.report("json-bom", ref, "the text begins with a byte order mark, EF BB BF")
	case bytes.HasPrefix(s.in, []byte("\xfe\xff")), bytes.HasPrefix(s.in, []byte("\xff\xfe")):
		s.report("json-bom", ref, "the text begins with a UTF-16 byte order mark, %X", s.in[:2])
		s.report("json-not-utf8", ref, "the text is UTF-16, not UTF-8")
		return false
	case len(s.in) >= 2 && (s.in[0] == 0) != (s.in[1] == 0):
		s.report("json-not-utf8", ref, "the text looks like UTF-16 or UTF-32, not UTF-8: it begins with %X", s.in[:2])
		return false
	}
	return true
}
