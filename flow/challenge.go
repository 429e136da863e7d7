package flow

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A Challenge is one challenge of a WWW-Authenticate field (RFC 9110 §11.6.1).
type Challenge struct {
	Scheme  string
	Token68 string // in place of parameters
	Params  Params // names in lower case
}

// Is reports whether the challenge is of a scheme, which is case-insensitive
// (RFC 9110 §11.1).
func (c Challenge) Is(scheme string) bool { return strings.EqualFold(c.Scheme, scheme) }

// Challenges are those of an answer, and what was wrong with them.
func (p *Response) Challenges() ([]Challenge, []jose.Problem) {
	return ParseChallenges(p.Header.Values("WWW-Authenticate"))
}

// ParseChallenges reads the lines of a WWW-Authenticate field: several
// challenges in one line or in many, with parameters, a token68 or neither
// (RFC 9110 §11.6.1). It never fails: it returns what could be read, and what
// was wrong with it as challenge-syntax, challenge-repeated or
// challenge-duplicate-realm. A line ends the challenge that stands in it.
func ParseChallenges(fields []string) ([]Challenge, []jose.Problem) {
	c := &challenges{}
	for _, f := range fields {
		c.in, c.pos, c.open = f, 0, false
		for c.element() {
		}
	}
	return c.all, c.problems
}

// challenges is a reader of one line after the other.
type challenges struct {
	in   string
	pos  int
	open bool // the last challenge of all is still being read

	all      []Challenge
	problems []jose.Problem
}

// maxProblems bounds what is said of a field that is nonsense throughout.
const maxProblems = 20

func (c *challenges) report(id, ref, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, jose.Problem{ID: id, Ref: ref, Detail: fmt.Sprintf(format, args...)})
	}
}

func (c *challenges) broken(format string, args ...any) {
	c.report("challenge-syntax", "RFC 9110 §11.6.1", format, args...)
}

// element reads one element of the list: a challenge as far as its first
// parameter, or one more parameter. Empty elements are passed over (RFC 9110
// §5.6.1.2). False is the end.
func (c *challenges) element() bool {
	c.skip(" \t,")
	if c.pos == len(c.in) {
		return false
	}
	at := c.pos
	name := c.token()
	switch after := c.next(); {
	case name == "":
		c.broken("%s stands where a scheme or a parameter begins", c.here(at))
		c.toComma()
	case after == '=' && !c.open:
		c.broken("the parameter %q belongs to no challenge", short(name))
		c.value()
	case after == '=':
		c.param(name)
	default:
		c.scheme(name)
	}
	c.comma()
	return true
}

// scheme begins a challenge and reads its token68 or its first parameter.
func (c *challenges) scheme(name string) {
	c.all, c.open = append(c.all, Challenge{Scheme: name}), true
	if c.pos < len(c.in) && !strings.ContainsRune(" \t,", rune(c.in[c.pos])) {
		c.broken("%s follows the scheme %q without a space", c.here(c.pos), short(name))
		c.toComma()
		return
	}
	c.skip(" \t")
	if c.token68() {
		return
	}
	at := c.pos
	first := c.token()
	switch after := c.next(); {
	case first != "" && after == '=':
		c.param(first)
	case at < len(c.in) && c.in[at] != ',':
		c.broken("%s follows the scheme %q: neither a parameter nor a token68", c.here(at), short(name))
		c.pos = at
		c.toComma()
	}
}

// token68 reads what stands in place of parameters: what of it reaches as far
// as the comma is that, and what does not is a parameter (RFC 9110 §11.2).
func (c *challenges) token68() bool {
	end := c.pos
	for end < len(c.in) && (alphanumeric(c.in[end]) || strings.IndexByte("-._~+/", c.in[end]) >= 0) {
		end++
	}
	if end == c.pos {
		return false
	}
	for end < len(c.in) && c.in[end] == '=' {
		end++
	}
	rest := strings.TrimLeft(c.in[end:], " \t")
	if rest != "" && rest[0] != ',' {
		return false
	}
	c.all[len(c.all)-1].Token68 = c.in[c.pos:end]
	c.pos, c.open = end, false
	return true
}

// param reads a value and keeps it with the challenge that is being read.
// Names are case-insensitive and occur once.
func (c *challenges) param(name string) {
	name = strings.ToLower(name)
	value := c.value()
	of := &c.all[len(c.all)-1]
	switch {
	case of.Params.Has(name) && name == "realm":
		c.report("challenge-duplicate-realm", "RFC 9110 §11.2, §11.5", "the %s challenge names two realms", short(of.Scheme))
	case of.Params.Has(name):
		c.report("challenge-repeated", "RFC 9110 §11.2; RFC 6750 §3", "the %s challenge has the parameter %s more than once: which one is meant cannot be known", short(of.Scheme), short(name))
	}
	of.Params.Add(trace.Param{Name: name, Value: value, Origin: trace.Origin{By: "server"}})
}

// value reads "=" and what follows it: a token or a quoted string (RFC 9110
// §5.6.6), with bad white space before and after the sign.
func (c *challenges) value() string {
	c.skip(" \t")
	c.pos++
	c.skip(" \t")
	if c.pos < len(c.in) && c.in[c.pos] == '"' {
		return c.quoted()
	}
	at := c.pos
	c.token()
	// An address or a list of words that somebody forgot to quote is taken as
	// it was meant: as far as the comma, or to what begins the next parameter.
	for !c.ended() {
		c.pos++
		c.skip(" \t")
		c.token()
	}
	v := strings.TrimRight(c.in[at:c.pos], " \t")
	if v == "" || strings.ContainsFunc(v, func(r rune) bool { return r > 0x7e || !tchar(byte(r)) }) {
		c.broken("the value %q is neither a token nor in quotes", short(v))
	}
	return v
}

// ended reports whether an unquoted value ends here.
func (c *challenges) ended() bool {
	if c.pos >= len(c.in) || c.in[c.pos] == ',' {
		return true
	}
	if c.in[c.pos] != ' ' && c.in[c.pos] != '\t' {
		return false
	}
	ahead := *c
	ahead.skip(" \t")
	return ahead.pos == len(ahead.in) || ahead.in[ahead.pos] == ',' || ahead.token() != "" && ahead.next() == '='
}

// quoted reads a quoted string (RFC 9110 §5.6.4).
func (c *challenges) quoted() string {
	var b strings.Builder
	for c.pos++; c.pos < len(c.in); c.pos++ {
		switch octet := c.in[c.pos]; {
		case octet == '"':
			c.pos++
			return b.String()
		case octet == '\\' && c.pos+1 < len(c.in):
			c.pos++
			b.WriteByte(c.in[c.pos])
		case octet < ' ' && octet != '\t', octet == 0x7f:
			c.broken("a quoted value has the control character %U", octet)
			b.WriteByte(octet)
		default:
			b.WriteByte(octet)
		}
	}
	c.broken("the quoted value %q has no end", short(b.String()))
	return b.String()
}

// comma takes the end of an element. Where it is missing the next one begins
// all the same.
func (c *challenges) comma() {
	c.skip(" \t")
	if c.pos < len(c.in) && c.in[c.pos] != ',' {
		c.broken("no comma before %s", c.here(c.pos))
	}
}

// toComma passes over what cannot be read, quoted strings as a whole.
func (c *challenges) toComma() {
	for inside := false; c.pos < len(c.in) && (inside || c.in[c.pos] != ','); c.pos++ {
		switch {
		case c.in[c.pos] == '"':
			inside = !inside
		case c.in[c.pos] == '\\' && inside && c.pos+1 < len(c.in):
			c.pos++
		}
	}
}

func (c *challenges) skip(set string) {
	for c.pos < len(c.in) && strings.IndexByte(set, c.in[c.pos]) >= 0 {
		c.pos++
	}
}

// token reads a token (RFC 9110 §5.6.2), which may be none.
func (c *challenges) token() string {
	at := c.pos
	for c.pos < len(c.in) && tchar(c.in[c.pos]) {
		c.pos++
	}
	return c.in[at:c.pos]
}

// next is the octet after white space, without going there.
func (c *challenges) next() byte {
	if rest := strings.TrimLeft(c.in[c.pos:], " \t"); rest != "" {
		return rest[0]
	}
	return 0
}

// here shows what stands at a place.
func (c *challenges) here(at int) string { return strconv.Quote(short(c.in[at:])) }

// short keeps a foreign text fit for a sentence.
func short(s string) string {
	const most = 32
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func tchar(b byte) bool {
	return alphanumeric(b) || strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}

func alphanumeric(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}
