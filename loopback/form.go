package loopback

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// button is the key in Fill that chooses the submit button.
const button = "BUTTON"

// form is an HTML form with its controls, in document order.
type form struct {
	doc      *document
	node     *html.Node
	controls []*html.Node
}

// pair is one entry of a form's data set; order and repeats are kept.
type pair struct{ name, value string }

// submission is a form as it is sent.
type submission struct {
	method string
	action *url.URL
	kind   string // content type of a POST
	body   string
	fields []string // the names that Fill filled
	button string   // what the pressed button says
	said   string   // which form with which visible values: the same again is a loop
}

// choose finds the form to send: one that Fill speaks of, else the first that can be submitted, else the only one, else the one
// that leads to the redirect URI.
func (d *document) choose(fill map[string]string, redirect *url.URL) *form {
	var submittable, home *form
	for _, f := range d.forms {
		if f.wanted(fill) {
			return f
		}
		if submittable == nil && f.pressed(nil) != nil && seen(f.node) {
			submittable = f
		}
		if to := f.action(nil); home == nil && to != nil && redirect != nil && sameTarget(to, redirect) {
			home = f
		}
	}
	switch {
	case submittable != nil:
		return submittable
	case len(d.forms) == 1:
		return d.forms[0]
	}
	return home
}

// wanted says whether Fill speaks of one of the form's fields, or of its button.
func (f *form) wanted(fill map[string]string) bool {
	if _, chosen := fill[button]; chosen && f.named(fill[button]) != nil {
		return true
	}
	for _, c := range f.controls {
		if _, given := f.given(c, fill); given && !isButton(c) && seen(c) {
			return true
		}
	}
	return false
}

// pressed is the submit button: the one Fill chose if it is here, else the first.
func (f *form) pressed(fill map[string]string) *html.Node {
	if want, ok := fill[button]; ok {
		if c := f.named(want); c != nil {
			return c
		}
	}
	for _, c := range f.controls {
		if isButton(c) && !disabled(c) {
			return c
		}
	}
	return nil
}

// named finds a submit button by value, id, text, or name: the most telling first, because several often share a name.
func (f *form) named(want string) *html.Node {
	by := []func(*html.Node) string{
		func(c *html.Node) string { return attr(c, "value") },
		func(c *html.Node) string { return attr(c, "id") },
		func(c *html.Node) string { return plain(textOf(c), 200) },
		func(c *html.Node) string { return attr(c, "name") },
	}
	for _, what := range by {
		for _, c := range f.controls {
			if got := what(c); isButton(c) && !disabled(c) && got != "" && strings.EqualFold(got, want) {
				return c
			}
		}
	}
	return nil
}

// given is what Fill holds for a control, by its name or else its id.
func (f *form) given(c *html.Node, fill map[string]string) (string, bool) {
	for _, key := range []string{attr(c, "name"), attr(c, "id")} {
		if v, ok := fill[key]; ok && key != "" && key != button && kindOf(c) != "hidden" {
			return v, true
		}
	}
	return "", false
}

// action is where the form goes: the button's word before the form's (HTML §4.10.21.3).
func (f *form) action(pressed *html.Node) *url.URL {
	where := attr(f.node, "action")
	if pressed != nil && has(pressed, "formaction") {
		where = attr(pressed, "formaction")
	}
	if strings.TrimSpace(where) == "" {
		return f.doc.url
	}
	to, err := f.doc.base.Parse(strings.TrimSpace(where))
	if err != nil {
		return nil
	}
	return to
}

// either is an attribute of the pressed button, or else of the form.
func (f *form) either(pressed *html.Node, ofButton, ofForm string) string {
	if pressed != nil && has(pressed, ofButton) {
		return strings.ToLower(attr(pressed, ofButton))
	}
	return strings.ToLower(attr(f.node, ofForm))
}

// submit fills the form and makes it ready to be sent.
func (f *form) submit(fill map[string]string) (submission, *WalkError) {
	pressed := f.pressed(fill)
	data := f.fill(fill, pressed)
	if data.trouble == nil && (pressed == nil || !has(pressed, "formnovalidate")) {
		data.trouble = f.missing(data)
	}
	s := submission{method: http.MethodGet, action: f.action(pressed), fields: data.fields}
	if pressed != nil {
		s.button = plain(textOf(pressed), 80)
		if s.button == "" {
			s.button = plain(attr(pressed, "value"), 80)
		}
	}
	if data.trouble != nil {
		return s, data.trouble
	}
	if s.action == nil {
		return s, &WalkError{Kind: KindNoForm, Text: "the form's action is not a URL"}
	}
	s.said = f.said(data, s, pressed)
	if f.either(pressed, "formmethod", "method") != "post" {
		to := *s.action
		to.RawQuery, to.Fragment, to.RawFragment = encode(data.pairs), "", ""
		s.action = &to
		return s, nil
	}
	s.method = http.MethodPost
	s.kind, s.body = "application/x-www-form-urlencoded", encode(data.pairs)
	if f.either(pressed, "formenctype", "enctype") == "multipart/form-data" {
		s.kind, s.body = multipartBody(data.pairs)
	}
	return s, nil
}

// said sums up what a person would have said with this form. Tokens against forgery change each time, so hidden values count only
// when nothing else was said: a wizard's pages may differ in nothing else.
func (f *form) said(data dataSet, s submission, pressed *html.Node) string {
	pairs, where := data.visible, s.action.Host+s.action.EscapedPath()
	if len(pairs) == 0 {
		pairs, where = data.pairs, s.action.String()
	}
	press := ""
	if pressed != nil {
		press = attr(pressed, "name") + "=" + attr(pressed, "value")
	}
	return where + "\n" + press + "\n" + encode(pairs)
}

// encode writes application/x-www-form-urlencoded in the order of the form.
func encode(pairs []pair) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.value))
	}
	return b.String()
}

func multipartBody(pairs []pair) (kind, body string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range pairs {
		_ = w.WriteField(p.name, p.value) // a Buffer never fails
	}
	_ = w.Close()
	return w.FormDataContentType(), b.String()
}
