package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A Deliverable is what a command owes to standard output.
type Deliverable struct {
	Procedure string
	Body      json.RawMessage // the answer's members, in the server's order; nil when there is none
	Answer    []byte          // in place of Body: what a server said where no token was asked for, JSON or not
	At        time.Time       // when it came
	OK        bool
	Exit      int
	Findings  []trace.Finding
	Failure   *trace.Failure
	Hint      string
}

// NoToken says that a format was asked for that needs an access token, and
// that the answer has none.
type NoToken struct{ Format string }

// Error implements error.
func (n *NoToken) Error() string {
	return fmt.Sprintf("format %s needs an access token, and the answer has none", n.Format)
}

// UnsafeToken says that a value holds characters that must not be printed.
type UnsafeToken struct{ Member string }

// Error implements error.
func (u *UnsafeToken) Error() string {
	return u.Member + " holds control characters, so it is not printed"
}

// deliverFormats are the formats of standard output. Those that need a token
// are silent after a failure; each says what a person should know besides.
var deliverFormats = []struct {
	name   string
	failed bool // writes after a failure too
	write  func(d Deliverable, terminal bool) (text, note string, err error)
}{
	{"json", false, deliverJSON},
	{"token", false, deliverToken},
	{"header", false, deliverHeader},
	{"env", false, deliverEnv},
	{"result", true, deliverResult},
	{"none", false, func(Deliverable, bool) (string, string, error) { return "", "", nil }},
}

// DeliverFormats lists the formats of standard output.
func DeliverFormats() []string {
	var out []string
	for _, f := range deliverFormats {
		out = append(out, f.name)
	}
	return out
}

// Deliver writes a deliverable in one piece, and nothing when it returns an
// error. The note is a line for standard error, when there is one to say.
func Deliver(w io.Writer, format string, d Deliverable, terminal bool) (note string, err error) {
	for _, f := range deliverFormats {
		if f.name != format {
			continue
		}
		if !d.OK && !f.failed {
			return "", nil
		}
		text, note, err := f.write(d, terminal)
		if err != nil || text == "" {
			return note, err
		}
		_, err = io.WriteString(w, text)
		return note, err
	}
	return "", &UnknownFormat{format, DeliverFormats()}
}

func deliverJSON(d Deliverable, terminal bool) (string, string, error) {
	if len(d.Answer) > 0 {
		return deliverAnswer(d.Answer, terminal)
	}
	if len(d.Body) == 0 {
		return "", "", nil
	}
	text, err := jsonText(d.Body, terminal)
	return text, "", err
}

// deliverAnswer writes a body as it came, JSON indented for a terminal. What
// would play tricks with a terminal is not shown on one.
func deliverAnswer(body []byte, terminal bool) (text, note string, err error) {
	switch {
	case !terminal:
		return string(body), "", nil
	case json.Valid(body):
		text, err = jsonText(body, true)
		return text, "", err
	case !utf8.Valid(body) || strings.ContainsFunc(string(body), func(r rune) bool { return r != '\n' && r != '\t' && r != '\r' && !visible(r) }):
		return "", fmt.Sprintf("the answer has %d octets that a terminal cannot show: redirect it into a file", len(body)), nil
	}
	return string(body) + "\n", "", nil
}

// jsonText is JSON in one line, or indented for a terminal, where also every
// character that could play tricks is escaped; the value is the same. Members,
// their order and the digits of numbers stay as the server wrote them.
func jsonText(b []byte, terminal bool) (string, error) {
	var out bytes.Buffer
	if !terminal {
		if err := json.Compact(&out, b); err != nil {
			return "", err
		}
		return out.String() + "\n", nil
	}
	if err := json.Indent(&out, bytes.TrimSpace(b), "", "  "); err != nil {
		return "", err
	}
	var safe strings.Builder
	for _, r := range out.String() {
		if r == '\n' || visible(r) {
			safe.WriteRune(r)
		} else {
			safe.WriteString(escapeRune(r))
		}
	}
	return safe.String() + "\n", nil
}

func deliverToken(d Deliverable, _ bool) (string, string, error) {
	token, err := accessToken(d, "token")
	return token + "\n", "", err
}

// deliverHeader writes the header field that carries the token (RFC 6750
// §2.1). The scheme's case is ours: servers write "bearer", and resources
// that compare it exactly are many.
func deliverHeader(d Deliverable, _ bool) (string, string, error) {
	token, err := accessToken(d, "header")
	if err != nil {
		return "", "", err
	}
	scheme, _ := stringMember(d.Body, "token_type")
	note := ""
	switch strings.ToLower(scheme) {
	case "bearer":
		scheme = "Bearer"
	case "dpop":
		scheme = "DPoP"
		note = "token_type is DPoP: this header needs a DPoP proof beside it (RFC 9449 §7.1)"
	case "":
		scheme = "Bearer"
		note = "the answer has no token_type: Bearer is assumed"
	default:
		if strings.Trim(scheme, unreservedSet+"!#$%&'*+^`|") != "" {
			return "", "", &UnsafeToken{"token_type"}
		}
		note = "token_type is " + scheme + ": how to present such a token is not known here"
	}
	return "Authorization: " + scheme + " " + token + "\n", note, nil
}

// accessToken is the access token, provided that it is fit to print.
func accessToken(d Deliverable, format string) (string, error) {
	token, ok := stringMember(d.Body, "access_token")
	if !ok || token == "" {
		return "", &NoToken{format}
	}
	if strings.ContainsFunc(token, func(r rune) bool { return !visible(r) }) {
		return "", &UnsafeToken{"access_token"}
	}
	return token, nil
}

// members are the members of a JSON object by name; of repeated ones the last.
func members(b json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) != nil {
		return nil
	}
	return m
}

func stringMember(b json.RawMessage, name string) (string, bool) {
	var s *string
	if json.Unmarshal(members(b)[name], &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}
