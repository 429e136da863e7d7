package flow

import (
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Params is an ordered list of parameters; names may repeat.
type Params []trace.Param

// Set replaces the first parameter of that name, or appends one.
func (p *Params) Set(name, value string, from trace.Origin) {
	p.Put(trace.Param{Name: name, Value: value, Origin: from})
}

// SetSecret is Set for a value that no log may show.
func (p *Params) SetSecret(name, value string, from trace.Origin) {
	p.Put(trace.Param{Name: name, Value: value, Secret: true, Origin: from})
}

// Put is Set for a whole parameter.
func (p *Params) Put(q trace.Param) {
	for i := range *p {
		if (*p)[i].Name == q.Name {
			(*p)[i] = q
			return
		}
	}
	*p = append(*p, q)
}

// Add appends a parameter, even when there is one of that name.
func (p *Params) Add(q trace.Param) { *p = append(*p, q) }

// Del removes every parameter of that name.
func (p *Params) Del(name string) {
	*p = slices.DeleteFunc(*p, func(q trace.Param) bool { return q.Name == name })
}

// Get is the value of the first parameter of that name, or empty.
func (p Params) Get(name string) string {
	for _, q := range p {
		if q.Name == name {
			return q.Value
		}
	}
	return ""
}

// Has reports whether there is a parameter of that name.
func (p Params) Has(name string) bool {
	return slices.ContainsFunc(p, func(q trace.Param) bool { return q.Name == name })
}

// Repeated lists the names that occur more than once.
func (p Params) Repeated() []string {
	var out []string
	seen := map[string]int{}
	for _, q := range p {
		if seen[q.Name]++; seen[q.Name] == 2 {
			out = append(out, q.Name)
		}
	}
	return out
}

// Encode is application/x-www-form-urlencoded in the order of the list, as
// RFC 6749 Appendix B asks.
func (p Params) Encode() string {
	var s strings.Builder
	for i, q := range p {
		if i > 0 {
			s.WriteByte('&')
		}
		s.WriteString(url.QueryEscape(q.Name) + "=" + url.QueryEscape(q.Value))
	}
	return s.String()
}

// ParseParams takes form encoding apart and keeps order and repeats. Octets
// that are not valid escapes stay as they are, so nothing is lost.
func ParseParams(s string, from trace.Origin) Params {
	var p Params
	for part := range strings.SplitSeq(s, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p = append(p, trace.Param{Name: unescape(name), Value: unescape(value), Origin: from})
	}
	return p
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}
