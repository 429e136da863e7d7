package output

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A node is a JSON value as it was written: order, repeats and the digits of
// numbers are kept.
type node struct {
	kind byte // '{', '[', '"', '0' for a number, 't' for true, false and null
	text string
	keys []string
	kids []node
}

// depth is how deep a value may be nested to be shown as JSON.
const depth = 64

// parseJSON reads one JSON value. It says false for what is not exactly that.
func parseJSON(s string) (node, bool) {
	if !json.Valid([]byte(s)) {
		return node{}, false
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	return readNode(d, depth)
}

func readNode(d *json.Decoder, left int) (node, bool) {
	t, err := d.Token()
	if err != nil || left == 0 {
		return node{}, false
	}
	switch t := t.(type) {
	case string:
		return node{kind: '"', text: t}, true
	case json.Number:
		return node{kind: '0', text: t.String()}, true
	case json.Delim:
		return readInside(d, byte(t), left)
	case nil:
		return node{kind: 't', text: "null"}, true
	default:
		return node{kind: 't', text: fmt.Sprint(t)}, true
	}
}

func readInside(d *json.Decoder, open byte, left int) (node, bool) {
	n := node{kind: open}
	for d.More() {
		if open == '{' {
			k, err := d.Token()
			name, isString := k.(string)
			if err != nil || !isString {
				return node{}, false
			}
			n.keys = append(n.keys, name)
		}
		kid, ok := readNode(d, left-1)
		if !ok {
			return node{}, false
		}
		n.kids = append(n.kids, kid)
	}
	_, err := d.Token()
	return n, err == nil
}

// get is the first member of that name.
func (n node) get(name string) (node, bool) {
	for i, k := range n.keys {
		if k == name {
			return n.kids[i], true
		}
	}
	return node{}, false
}

// word is the text of a string member, or nothing.
func (n node) word(name string) string {
	if m, ok := n.get(name); ok && m.kind == '"' {
		return m.text
	}
	return ""
}

func (n node) scalar() bool { return n.kind != '{' && n.kind != '[' }

// quote writes a string as JSON, with everything that would not be seen as
// itself escaped, so that it is exact and safe to show.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r != utf8.RuneError && !visible(r):
			b.WriteString(escapeRune(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return Clean(b.String()) // combining marks
}

// escapeRune writes a character as JSON escapes (RFC 8259 §7).
func escapeRune(r rune) string {
	if r > 0xffff {
		r -= 0x10000
		return fmt.Sprintf(`\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// A jsonLook says how a JSON value is laid out.
type jsonLook struct {
	width int
	whole bool      // nothing is elided
	at    time.Time // what times are relative to
}

// rows lays a value out over lines.
func (l jsonLook) rows(n node) []row {
	var out []row
	l.lay(&out, n, row{}, 0, "")
	return out
}

// lay appends the lines of n. front is what stands before it on its first
// line, comma what follows it on its last.
func (l jsonLook) lay(out *[]row, n node, front row, deep int, comma string) {
	indent := strings.Repeat("  ", min(deep, 16))
	if n.scalar() || len(n.kids) == 0 {
		room := l.width - len(indent) - front.width() - len(comma)
		if len(front) > 0 && front[0].text == `"error_description"` {
			room = max(room, errorRoom)
		}
		*out = append(*out, l.comment(n, append(row{{text: indent}}, append(front, l.scalarBit(n, room), bit{text: comma})...)))
		return
	}
	if one := l.inline(n); deep > 0 && one != nil && len(indent)+front.width()+one.width()+len(comma) <= l.width {
		*out = append(*out, append(append(append(row{{text: indent}}, front...), one...), bit{text: comma}))
		return
	}
	end := map[byte]string{'{': "}", '[': "]"}[n.kind]
	*out = append(*out, append(append(row{{text: indent}}, front...), bit{text: string(n.kind)}))
	for i, kid := range n.kids {
		var name row
		if n.kind == '{' {
			name = row{{tone: key, text: l.name(n.keys[i])}, {text: ": "}}
		}
		sep := ","
		if i == len(n.kids)-1 {
			sep = ""
		}
		l.lay(out, kid, name, deep+1, sep)
	}
	*out = append(*out, row{{text: indent}, {text: end + comma}})
}

// errorRoom is how much of an error description is shown: it is what the
// person is looking for, so it is wrapped rather than cut.
const errorRoom = 400

func (l jsonLook) name(s string) string {
	if l.whole {
		return quote(s)
	}
	return elideMiddle(quote(s), 40)
}

// inline is a value of scalars only on one line, or nil.
func (l jsonLook) inline(n node) row {
	if len(n.kids) > 32 {
		return nil
	}
	out := row{{text: string(n.kind)}}
	for i, kid := range n.kids {
		if !kid.scalar() {
			return nil
		}
		if i > 0 {
			out = append(out, bit{text: ", "})
		}
		if n.kind == '{' {
			out = append(out, bit{tone: key, text: l.name(n.keys[i])}, bit{text: ": "})
		}
		out = append(out, l.scalarBit(kid, 1<<20))
	}
	return append(out, bit{text: map[byte]string{'{': "}", '[': "]"}[n.kind]})
}

func (l jsonLook) scalarBit(n node, room int) bit {
	room = max(room, 12)
	switch n.kind {
	case '"':
		s := n.text
		if !l.whole {
			s = shorten(s)
		}
		return bit{tone: stringTone(s), text: l.fit(quote(s), room)}
	case '0':
		return bit{tone: num, text: l.fit(n.text, room)}
	case '{':
		return bit{text: "{}"}
	case '[':
		return bit{text: "[]"}
	default:
		return bit{tone: lit, text: n.text}
	}
}

func stringTone(s string) tone {
	if _, ok := maskTag(s); ok {
		return veiled
	}
	return str
}

func (l jsonLook) fit(s string, room int) string {
	switch {
	case l.whole || len(s) <= room:
		return s
	case strings.Contains(s, " "):
		return elideEnd(s, room-1) + `"`
	default:
		return elideMiddle(s, room)
	}
}

// moments are members that hold a time, lifetimes those that hold seconds.
var (
	moments = map[string]bool{
		"exp": true, "iat": true, "nbf": true, "auth_time": true, "updated_at": true,
		"client_id_issued_at": true, "client_secret_expires_at": true,
	}
	lifetimes = map[string]bool{"expires_in": true, "refresh_expires_in": true, "ext_expires_in": true}
)

// comment says what a time in a member means, as far as there is room.
func (l jsonLook) comment(n node, r row) row {
	if n.kind != '0' || len(r) < 4 {
		return r
	}
	name := strings.Trim(r[1].text, `"`)
	v, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil {
		return r
	}
	var says []string
	switch {
	case lifetimes[name]:
		says = []string{span(v)}
	case moments[name]:
		says = moment(v, l.at)
	}
	for _, s := range says {
		if r.width()+4+width(s) <= l.width {
			return append(r, bit{tone: dim, text: "  // " + s})
		}
	}
	return r
}

// moment says a NumericDate (RFC 7519 §2), at length and in short.
func moment(v int64, now time.Time) []string {
	switch {
	case v == 0:
		return nil
	case v > 100_000_000_000:
		return []string{"not seconds: milliseconds?", "not seconds"}
	case v < 0:
		return []string{"before 1970"}
	}
	rel := relative(v - now.Unix())
	then := time.Unix(v, 0).UTC()
	full := then.Format("2006-01-02 15:04:05 UTC")
	return []string{rel + " · " + full, rel}
}
