package output

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// jsonFacts makes a fact of each member of a JSON text; a list of plain values
// is compared member by member, in whatever order. It says false for what is no
// JSON object or list.
func (s *side) jsonFacts(u *unit, where, prefix, text string, at time.Time) bool {
	n, ok := parseJSON(text)
	if !ok || n.scalar() {
		return false
	}
	s.inside(u, where, prefix, n, at)
	return true
}

func (s *side) inside(u *unit, where, prefix string, n node, at time.Time) {
	for i, kid := range n.kids {
		name := prefix
		if n.kind == '{' {
			name += n.keys[i]
		} else {
			name = strings.TrimSuffix(prefix, ".") + "[" + elementName(n, i) + "]"
		}
		switch {
		case kid.scalar():
			s.put(u, s.leaf(where, name, kid, n, at))
		case len(kid.kids) == 0:
			s.put(u, fact{where: where, name: name, same: string(kid.kind), shown: jsonLook{whole: true}.scalarBit(kid, 4).text})
		case kid.kind == '[' && plainList(kid):
			for _, v := range kid.kids {
				f := s.leaf(where, name+"[]", v, kid, at)
				f.member = true
				s.put(u, f)
			}
		case ephemeral(name):
			s.put(u, fact{where: where, name: name, same: "a key " + kid.word("kty") + kid.word("crv"), shown: compactJSON(kid)})
		default:
			s.inside(u, where, name+".", kid, at)
		}
	}
}

// ephemeral reports whether a member holds a key made for one run: that of a
// proof (RFC 9449 §4.2).
func ephemeral(name string) bool { return strings.HasSuffix(strings.ToLower(name), "dpop header.jwk") }

func plainList(n node) bool {
	for _, kid := range n.kids {
		if !kid.scalar() {
			return false
		}
	}
	return true
}

// elementName is what an object in a list is told apart by: a key by its kid
// (RFC 7517 §4.5), anything else by its place.
func elementName(n node, i int) string {
	if kid := n.kids[i].word("kid"); kid != "" {
		return kid
	}
	return strconv.Itoa(i)
}

func (s *side) leaf(where, name string, n, around node, at time.Time) fact {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if n.kind == '"' {
		f := s.value(where, name, n.text, trace.Origin{})
		if json.Valid([]byte(n.text)) { // a number as a string must not look like one
			f.shown = quote(n.text)
		}
		return f
	}
	f := fact{where: where, name: name, same: string(n.kind) + n.text, shown: n.text}
	if timed, is := clock(f, last, around, at); is {
		return timed
	}
	if v, err := strconv.ParseFloat(n.text, 64); err == nil && strings.HasSuffix(last, "expires_in") {
		f.number, f.slack = v, 2 // a second may pass while an answer is made
	}
	return f
}
