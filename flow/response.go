package flow

import (
	"encoding/json"
	"fmt"
	"html"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A Response is one answer, from the wire or from the user agent, or a token
// that an answer carried.
type Response struct {
	Request   *Request
	Status    int
	Header    http.Header
	Body      []byte
	Truncated bool
	Peer      *trace.Peer // who answered; nil when nothing went over the wire
	Seq       int         // of the record that holds it

	Form     string         // "json", "form", "html", "empty", "other"; front channel: "query", "fragment", "form_post"
	Object   *jose.Object   // of a JSON answer, or what a form answer means
	Problems []jose.Problem // of its JSON
	Values   Params         // its members or parameters, as text
	Other    Params         // front channel: what stood in the other component

	Hit       *Hit
	Arrived   Params          // front channel: what came, where Values had to be unwrapped from it
	Decoded   []trace.Decoded // what unwrapping took apart; said once the answer has its number
	Token     *jose.Token     // of a Response at IDToken, or what an answer was unwrapped from
	Signature *Signature      // of Token
	Sealed    *Sealed         // what Token was encrypted in, or nil
	Carrier   *Response       // the answer that carried Token
	Evidence  []int           // beside Seq: the key set

	unwrapped bool
	told      bool // what unwrapping took apart has been said
}

// secretMembers are the secrets that a back-channel answer can carry, by the
// member that holds them; the browser brings a code or a response as well. Some
// servers spell them accessToken or access-token: that is a finding, and a
// secret all the same.
func secretMembers() []string {
	out := []string{"token", "assertion"}
	for _, name := range []string{"access_token", "refresh_token", "id_token", "device_code", "auth_req_id",
		"client_secret", "registration_access_token"} {
		words := strings.Split(name, "_")
		pascal := ""
		for _, w := range words {
			pascal += strings.ToUpper(w[:1]) + w[1:]
		}
		camel := words[0] + pascal[len(words[0]):]
		out = append(out, name, strings.Join(words, "-"), strings.Join(words, ""), camel, pascal)
	}
	return out
}

// parse reads a back-channel body tolerantly: JSON whatever the media type
// says, else form encoding, else nothing.
func (p *Response) parse() {
	body := strings.TrimSpace(string(p.Body))
	media, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
	switch {
	case body == "":
		p.Form = "empty"
	case strings.HasPrefix(strings.TrimPrefix(body, "\ufeff"), "{"):
		p.Form = "json"
		p.Object, p.Problems = jose.ParseObject(p.Body)
		p.Values = members(p.Object)
	case media == "application/x-www-form-urlencoded", media == "text/plain" && formLike(body):
		p.Form = "form"
		p.Values = ParseParams(body, trace.Origin{By: "server"})
		p.Object = meaning(p.Values)
	case strings.HasPrefix(body, "<"):
		p.Form = "html"
	default:
		p.Form = "other"
		if media == "application/json" {
			_, p.Problems = jose.ParseObject(p.Body)
		}
	}
}

// formLike recognises form encoding that is declared as text.
func formLike(s string) bool {
	return strings.Contains(s, "=") && !strings.ContainsAny(s, " \t\r\n<{")
}

// members gives the members of an object as text: strings as they read,
// everything else as JSON.
func members(o *jose.Object) Params {
	if o == nil {
		return nil
	}
	p := make(Params, 0, len(o.Members))
	for _, m := range o.Members {
		v := string(m.Value)
		var s string
		if json.Unmarshal(m.Value, &s) == nil && len(v) > 0 && v[0] == '"' {
			v = s
		}
		p = append(p, trace.Param{Name: m.Name, Value: v, Origin: trace.Origin{By: "server"}})
	}
	return p
}

// meaning is the JSON object that a form-encoded answer stands for (GitHub
// answers so when nobody asks for JSON).
func meaning(p Params) *jose.Object {
	var b strings.Builder
	b.WriteByte('{')
	for i, q := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		name, value := quote(q.Name), quote(q.Value)
		if q.Name == "expires_in" && digits(q.Value) {
			value = q.Value
		}
		b.WriteString(name)
		b.WriteByte(':')
		b.WriteString(value)
	}
	b.WriteByte('}')
	o, _ := jose.ParseObject([]byte(b.String()))
	return o
}

// quote makes a JSON string and leaves <, > and & as they are.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// digits recognises what JSON takes for a whole number.
func digits(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == s
}

// String is a member that is a JSON string, or a parameter.
func (p *Response) String(name string) string {
	if p.Object != nil {
		s, _ := p.Object.String(name)
		return s
	}
	return p.Values.Get(name)
}

// refused is the error that the server answered with, if it did.
func (p *Response) refused() *RefusedError {
	code := p.String("error")
	if code == "" {
		return nil
	}
	return &RefusedError{Endpoint: p.Request.Endpoint, Status: p.Status, Code: code, Description: p.String("error_description"), URI: p.String("error_uri"), Seq: p.Seq}
}

// Foreign says what is wrong with an answer that does not speak the protocol
// at all, or nothing.
func (p *Response) Foreign() *ProtocolError {
	no := func(format string, args ...any) *ProtocolError {
		return &ProtocolError{p.Request.Endpoint, p.Status, fmt.Sprintf(format, args...), p.Seq}
	}
	status := fmt.Sprintf("%d %s", p.Status, http.StatusText(p.Status))
	switch {
	case p.Truncated:
		return no("answered %s with more than %d octets: not read further", status, len(p.Body))
	case p.Status >= 300 && p.Status < 400:
		return no("answered %s, a redirect to %q: not followed, a request with credentials goes to one place only", status, p.Header.Get("Location"))
	case p.Form == "html" && !strings.Contains(strings.ToLower(string(p.Body)), "<html") && strings.Contains(string(p.Body), "<?xml"):
		return no("answered %s with XML instead of JSON", status)
	case p.Form == "html":
		return no("answered %s with an HTML page%s instead of JSON", status, title(p.Body))
	case p.Form == "empty":
		return no("answered %s with an empty body", status)
	case p.Form == "other", p.Object == nil:
		return no("answered %s with something that is neither JSON nor a form%s", status, first(p.Problems))
	case syntax(p.Problems):
		return no("answered %s with broken JSON%s", status, first(p.Problems))
	case p.Status >= 400 && p.refused() == nil:
		return no("answered %s without an OAuth error", status)
	}
	return nil
}

func syntax(all []jose.Problem) bool {
	for _, q := range all {
		if q.ID == "json-syntax" {
			return true
		}
	}
	return false
}

func first(all []jose.Problem) string {
	if len(all) == 0 {
		return ""
	}
	return ": " + all[0].Detail
}

func title(body []byte) string {
	m := regexp.MustCompile(`(?is)<title[^>]*>(.{0,200}?)</title>`).FindSubmatch(body)
	if m == nil {
		return ""
	}
	return fmt.Sprintf(" titled %q", strings.TrimSpace(html.UnescapeString(string(m[1]))))
}
