// Package learn holds the lessons: texts around a real run, whose requests and
// answers are put in from its trace. There is no protocol in it.
package learn

import (
	_ "embed" // the texts
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A Lesson is a text around a run of one grant against the demo server.
type Lesson struct {
	Name  string
	Grant string // the grant's command
	About string
	text  string
	marks []mark
}

// A mark is a place in a text, and what of the run goes there.
type mark struct {
	at   string
	tell func(run []trace.Record, of string) (string, error)
	of   string
}

//go:embed code.md
var code string

// Lessons lists the lessons in the order in which one learns.
func Lessons() []Lesson {
	return []Lesson{{
		Name: "code", Grant: "code", About: "the authorization code grant, and why there is a code and not a token", text: code,
		marks: []mark{
			{"{{metadata}}", answer, "metadata"},
			{"{{authorization request}}", request, "authorization"},
			{"{{returned}}", returned, "redirect URI"},
			{"{{token request}}", request, "token"},
			{"{{token answer}}", answer, "token"},
			{"{{id_token}}", token, "id_token"},
		},
	}}
}

// Write puts what a run sent and got into the lesson, and writes it as
// Markdown.
func (l Lesson) Write(w io.Writer, run []trace.Record) error {
	var pairs []string
	for _, m := range l.marks {
		told, err := m.tell(run, m.of)
		if err != nil {
			return err
		}
		pairs = append(pairs, m.at, told)
	}
	_, err := strings.NewReplacer(pairs...).WriteString(w, l.text)
	return err
}

func find[E trace.Event](run []trace.Record, what string, fits func(E) bool) (E, error) {
	for _, r := range run {
		if e, ok := r.Event.(E); ok && fits(e) {
			return e, nil
		}
	}
	var none E
	return none, fmt.Errorf("the run has no %s", what)
}

// request is a request with the reason for each of its parameters.
func request(run []trace.Record, endpoint string) (string, error) {
	b, err := find(run, "request to the "+endpoint+" endpoint", func(b trace.Built) bool { return b.Endpoint == endpoint })
	if err != nil {
		return "", err
	}
	var s strings.Builder
	fmt.Fprintf(&s, "`%s %s`\n\n| parameter | value | why | section |\n| --- | --- | --- | --- |\n", b.Method, b.URL)
	for _, p := range b.Params {
		fmt.Fprintf(&s, "| `%s` | `%s` | %s | %s |\n", cell(p.Name), cell(p.Value), cell(p.Origin.Why), cell(p.Origin.Ref))
	}
	return strings.TrimRight(s.String(), "\n"), nil
}

func returned(run []trace.Record, where string) (string, error) {
	e, err := find(run, "answer at the "+where, func(e trace.Returned) bool { return e.Used })
	if err != nil {
		return "", err
	}
	var s strings.Builder
	s.WriteString("| parameter | value |\n| --- | --- |\n")
	for _, p := range e.Params {
		fmt.Fprintf(&s, "| `%s` | `%s` |\n", cell(p.Name), cell(p.Value))
	}
	return strings.TrimRight(s.String(), "\n"), nil
}

func answer(run []trace.Record, endpoint string) (string, error) {
	x, err := find(run, "answer of the "+endpoint+" endpoint", func(x trace.Exchanged) bool { return x.Endpoint == endpoint && x.Failure == nil })
	if err != nil {
		return "", err
	}
	return block(json.RawMessage(x.Response.Body)), nil
}

func token(run []trace.Record, what string) (string, error) {
	d, err := find(run, what, func(d trace.Decoded) bool { return d.What == what })
	if err != nil {
		return "", err
	}
	verdict := "NOT VERIFIED: "
	if d.Verified {
		verdict = "VERIFIED: "
	}
	return block(d.Claims) + "\n\n" + verdict + d.Reason, nil
}

// block is JSON as indented Markdown, long values shortened.
func block(raw json.RawMessage) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return "    " + string(raw)
	}
	var s strings.Builder
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	_, _ = dec.Token()
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			break
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			break
		}
		fmt.Fprintf(&s, "    %-24v %s\n", name, shorten(string(value)))
	}
	return strings.TrimRight(s.String(), "\n")
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 88 {
		return string(r[:60]) + "…" + string(r[len(r)-20:])
	}
	return s
}

// cell keeps a value inside its cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "`", "'").Replace(shorten(s))
}
