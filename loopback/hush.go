package loopback

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	leastSecret = 4 // characters; what is shorter is part of any sentence
	leastOther  = 8 // characters of a value that is no secret, but personal
)

// complaints are words with which a page says no. Whoever tries such a password still wants to read the page.
var complaints = []string{"wrong", "incorrect", "invalid", "password", "user", "username", "name", "login", "error", "failed", "unknown", "secret", "account"}

// notePasswords remembers the password fields of a form: values for them are secrets, whatever the fields are called.
func (w *walk) notePasswords(f *form) {
	if f == nil {
		return
	}
	for _, c := range f.controls {
		if kindOf(c) == "password" {
			w.secret[attr(c, "name")], w.secret[attr(c, "id")] = true, true
		}
	}
}

// hide takes the filled secrets out of what a page repeated.
func (w *walk) hide(e *WalkError) {
	e.Title, e.Text, e.URL = w.without(e.Title), w.without(e.Text), w.without(e.URL)
	if e.Err != nil && w.without(e.Err.Error()) != e.Err.Error() {
		e.Err = hushed{e.Err, w.without(e.Err.Error())}
	}
}

// without is a text in which the filled secrets are hidden, where they are words of their own.
func (w *walk) without(text string) string {
	secrets := w.secrets()
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // one may be part of another
	for _, v := range secrets {
		text = regexp.MustCompile(edge(v, 0)+regexp.QuoteMeta(v)+edge(v, len(v)-1)).ReplaceAllLiteralString(text, "…")
	}
	return text
}

// edge asks for the end of a word where a value begins or ends with a letter or a digit.
func edge(v string, i int) string {
	if regexp.MustCompile(`\w`).MatchString(v[i : i+1]) {
		return `\b`
	}
	return ""
}

// secrets are the values to hide, in each way they may be written. What is sent as a user name as well is none.
func (w *walk) secrets() []string {
	var out []string
	for field, v := range w.h.Fill {
		least := leastOther
		if w.sounds(field) {
			least = leastSecret
		}
		if field == button || utf8.RuneCountInString(v) < least || !utf8.ValidString(v) || slices.Contains(complaints, strings.ToLower(v)) {
			continue
		}
		if w.sounds(field) && w.open(v) {
			continue
		}
		out = append(out, v, url.QueryEscape(v), url.PathEscape(v))
	}
	return out
}

// open says whether a short value fills a field that is no secret.
func (w *walk) open(value string) bool {
	for field, v := range w.h.Fill {
		if v == value && field != button && !w.sounds(field) && utf8.RuneCountInString(v) < leastOther {
			return true
		}
	}
	return false
}

// sounds knows the fields that hold secrets.
func (w *walk) sounds(field string) bool {
	return w.secret[field] || slices.ContainsFunc([]string{"pass", "pwd", "secret", "pin", "otp", "code", "token"}, func(word string) bool {
		return strings.Contains(strings.ToLower(field), word)
	})
}

// hushed is an error that says less.
type hushed struct {
	err  error
	text string
}

// Error is the text without secrets.
func (e hushed) Error() string { return e.text }

// Unwrap keeps what the error is.
func (e hushed) Unwrap() error { return e.err }
