package output

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// members treats the members of that name at any depth of a JSON text, which
// may be broken or cut off: what follows the name is then hidden to the end.
func (v veil) members(s, name string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '"' {
			out.WriteByte(s[i])
			i++
			continue
		}
		end := stringEnd(s, i)
		out.WriteString(s[i:end])
		colon := skipSpace(s, end)
		here := unquote(s[i:end]) == name && colon < len(s) && s[colon] == ':'
		if i = end; !here {
			continue
		}
		from := skipSpace(s, colon+1)
		to := valueEnd(s, from)
		out.WriteString(s[end:from])
		out.WriteString(v.member(s[from:to]))
		i = to
	}
	return out.String()
}

// member treats one value of a JSON text; null and the empty string hold
// nothing.
func (v veil) member(raw string) string {
	if raw == "" || raw == "null" {
		return raw
	}
	value := unquote(raw)
	hidden := v.value(value)
	if hidden == value {
		return raw
	}
	b, err := json.Marshal(hidden)
	if err != nil {
		return `""`
	}
	return string(b)
}

// stringEnd is the end of the JSON string that begins at i.
func stringEnd(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return len(s)
}

func skipSpace(s string, i int) int {
	for i < len(s) && strings.IndexByte(" \t\r\n", s[i]) >= 0 {
		i++
	}
	return i
}

// valueEnd is the end of the JSON value that begins at i, and the end of the
// text when the value has none.
func valueEnd(s string, i int) int {
	if i >= len(s) {
		return len(s)
	}
	switch s[i] {
	case '"':
		return stringEnd(s, i)
	case '{', '[':
		d := json.NewDecoder(strings.NewReader(s[i:]))
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			return len(s)
		}
		return i + int(d.InputOffset())
	default:
		if n := strings.IndexAny(s[i:], ",}] \t\r\n"); n >= 0 {
			return i + n
		}
		return len(s)
	}
}

// unquote is the value of a JSON string, or the text itself.
func unquote(raw string) string {
	if n := len(raw); n > 1 && raw[0] == '"' && raw[n-1] == '"' && !strings.ContainsAny(raw[1:n-1], `\"`) && utf8.ValidString(raw) {
		return raw[1 : n-1] // no escape: most are so
	}
	var s string
	if strings.HasPrefix(raw, `"`) {
		if json.Unmarshal([]byte(raw), &s) == nil {
			return s
		}
		return strings.Trim(raw, `"`)
	}
	return raw
}
