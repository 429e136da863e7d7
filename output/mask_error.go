package output

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// errorNames are the parameters in which a server speaks of an error
// (RFC 6749 §4.1.2.1, §5.2).
var errorNames = []string{"error", "error_description", "error_uri"}

// tell remembers a secret that is too short to be hidden in any text.
func (m *Mask) tell(secret string) {
	if utf8.RuneCountInString(secret) < 4 || recognisable(secret) || strings.Contains(protocolWords, strings.ToLower(secret)) {
		return
	}
	if !slices.Contains(m.told, secret) {
		m.told = append(m.told, secret)
	}
}

// learnTyped notes which short secret is also sent to a page in the open: the
// password of a user alice may be "alice".
func (m *Mask) learnTyped(x trace.Exchanged) {
	marks := map[string]bool{}
	for _, s := range x.Secrets {
		marks[s.Name] = true
	}
	eachPair(x.Request.Body, func(name, raw string) string {
		value, err := url.QueryUnescape(raw)
		for _, secret := range m.told {
			if err == nil && value == secret && !marks[name] {
				m.plain[value] = true
			}
		}
		return raw
	})
}

// errorText hides what text hides, and short secrets that stand alone.
func (m *Mask) errorText(s string) string {
	return m.without(s, func(v view) []hit { return append(m.find(v), m.findTold(v)...) })
}

// findTold looks for the short secrets, where they are words of their own.
func (m *Mask) findTold(v view) []hit {
	var hits []hit
	text := string(v.text)
	for _, secret := range m.told {
		if m.isPlain(secret) {
			continue
		}
		for _, form := range []string{secret, strings.ReplaceAll(secret, " ", "+")} {
			for from := 0; ; {
				i := strings.Index(text[from:], form)
				if i < 0 {
					break
				}
				at, end := from+i, from+i+len(form)
				if ownWord(text, at, end) {
					hits = append(hits, hit{v.at[at], v.at[end], m.tag(secret)})
				}
				from = end
			}
		}
	}
	return hits
}

// ownWord says whether a part of a text does not begin or end within a word.
func ownWord(s string, from, to int) bool {
	return (from == 0 || !alphanumeric(s[from-1]) || !alphanumeric(s[from])) &&
		(to == len(s) || !alphanumeric(s[to]) || !alphanumeric(s[to-1]))
}

// errors hides short secrets where an event speaks of an error.
func (m *Mask) errors(e trace.Event, unclear bool) trace.Event {
	if len(m.told) == 0 {
		return e
	}
	switch e := e.(type) {
	case trace.Finding:
		e.Detail = m.errorText(e.Detail)
		return e
	case trace.Returned:
		for i, p := range e.Params {
			if strings.HasPrefix(p.Name, "error") {
				e.Params[i].Value = m.errorText(p.Value)
			}
		}
		return e
	case trace.Ended:
		m.failure(e.Failure)
		return e
	case trace.Exchanged:
		m.failure(e.Failure)
		for i, f := range e.Response.Header {
			switch strings.ToLower(f.Name) {
			case "location":
				e.Response.Header[i].Value = eachComponent(f.Value, m.errorForm)
			case "www-authenticate":
				e.Response.Header[i].Value = m.errorText(f.Value)
			}
		}
		e.Response.Body = m.errorBody(e.Response.Body, unclear)
		return e
	}
	return e
}

func (m *Mask) failure(f *trace.Failure) {
	if f != nil {
		f.Text = m.errorText(f.Text)
	}
}

func (m *Mask) errorBody(s string, unclear bool) string {
	switch {
	case unclear:
		return m.errorText(s)
	case json.Valid([]byte(s)):
		for _, name := range errorNames {
			s = veil{value: m.errorText}.members(s, name)
		}
		return s
	case strings.ContainsAny(s, " <>\"\r\n"):
		return s
	}
	return m.errorForm(s)
}

// errorForm works on values as they are written: what is left of them must
// stay encoded.
func (m *Mask) errorForm(s string) string {
	return eachPair(s, func(name, raw string) string {
		if strings.HasPrefix(name, "error") {
			return m.errorText(raw)
		}
		return raw
	})
}

// withheld takes the words of an error out of a redirect of a page to where a
// state goes, or to the redirect URI, and out of a page that posts one there. Only when that answer
// has come and its state is right are they known to be the server's, and then
// it is the answer that shows them (RFC 6749 §10.12).
func (m *Mask) withheld(e trace.Event) trace.Event {
	x, ok := e.(trace.Exchanged)
	if !ok || x.Endpoint != "page" {
		return e
	}
	forged := carries(x.Response.Body) || m.back != "" && strings.Contains(x.Response.Body, m.back)
	for i, f := range x.Response.Header {
		if !strings.EqualFold(f.Name, "Location") {
			continue
		}
		state := m.back != "" && strings.HasPrefix(f.Value, m.back)
		eachComponent(f.Value, func(s string) string {
			return eachPair(s, func(name, raw string) string { state = state || name == "state"; return raw })
		})
		if state {
			x.Response.Header[i].Value = eachComponent(f.Value, withoutError)
			forged = forged || x.Response.Header[i].Value != f.Value
		}
	}
	if forged {
		for _, name := range errorNames {
			x.Response.Body = veil{value: withhold}.page(x.Response.Body, name)
		}
	}
	return x
}

func withhold(s string) string {
	if s == "" {
		return s
	}
	return "(withheld)"
}

func withoutError(form string) string {
	return eachPair(form, func(name, raw string) string {
		if name == "error" || strings.HasPrefix(name, "error_") {
			return withhold(raw)
		}
		return raw
	})
}

// carries says whether a page posts or links to an error with a state.
func carries(page string) bool {
	has := func(name string) (found bool) {
		veil{value: func(s string) string { found = true; return s }}.page(page, name)
		return found
	}
	return has("state") && (has("error") || has("error_description"))
}
