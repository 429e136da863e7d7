package loopback

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// dataSet is a form's data while it is filled.
type dataSet struct {
	pairs   []pair
	visible []pair // those that a person would have entered
	fields  []string
	trouble *WalkError
}

// fill makes the data set (HTML §4.10.21.4): what Fill holds, else what the page holds.
func (f *form) fill(fill map[string]string, pressed *html.Node) dataSet {
	var d dataSet
	for _, c := range f.controls {
		name := attr(c, "name")
		if disabled(c) || within(c, "datalist") || isButton(c) && c != pressed {
			continue
		}
		values, trouble := f.values(c, fill)
		if trouble != nil && d.trouble == nil {
			d.trouble = trouble
		}
		if _, given := f.given(c, fill); given && !isButton(c) && !slices.Contains(d.fields, fieldName(c)) {
			d.fields = append(d.fields, fieldName(c))
		}
		if name == "" || kindOf(c) == "reset" || kindOf(c) == "button" {
			continue
		}
		for _, v := range values {
			p := pair{name, strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\n", "\r\n")}
			d.pairs = append(d.pairs, p)
			if kindOf(c) != "hidden" && !isButton(c) {
				d.visible = append(d.visible, p)
			}
		}
	}
	return d
}

// values are what one control contributes.
func (f *form) values(c *html.Node, fill map[string]string) ([]string, *WalkError) {
	given, ok := f.given(c, fill)
	switch kindOf(c) {
	case "image":
		return nil, nil // its coordinates interest nobody
	case "checkbox":
		return f.box(c, given, ok), nil
	case "radio":
		return f.radio(c, fill)
	case "select":
		return chosen(c, given, ok)
	case "textarea":
		if !ok {
			given = textOf(c)
		}
		return []string{given}, nil
	case "hidden":
		if strings.EqualFold(attr(c, "name"), "_charset_") {
			return []string{"UTF-8"}, nil
		}
		return []string{attr(c, "value")}, nil
	}
	if !ok {
		given = attr(c, "value")
	}
	return []string{given}, nil
}

// box is a checkbox: Fill ticks it by its value or by a yes, and clears it by a no.
func (f *form) box(c *html.Node, given string, ok bool) []string {
	value := "on"
	if has(c, "value") {
		value = attr(c, "value")
	}
	ticked := has(c, "checked")
	if ok {
		switch strings.ToLower(given) {
		case strings.ToLower(value), "on", "true", "yes", "1":
			ticked = true
		case "off", "false", "no", "0", "":
			ticked = false
		}
	}
	if !ticked {
		return nil
	}
	return []string{value}
}

// radio is one button of a group: Fill names the group and its value, or one button by its id.
func (f *form) radio(c *html.Node, fill map[string]string) ([]string, *WalkError) {
	name, value := attr(c, "name"), attr(c, "value")
	if !has(c, "value") {
		value = "on"
	}
	ticked := has(c, "checked")
	if want, ok := fill[name]; ok && name != "" {
		ticked = value == want
		offered := slices.ContainsFunc(f.controls, func(o *html.Node) bool {
			return kindOf(o) == "radio" && attr(o, "name") == name && attr(o, "value") == want
		})
		if !offered && !ticked {
			return nil, &WalkError{Kind: KindInputNeeded, Field: name, Text: "the page offers no such choice"}
		}
	} else if id, ok := f.tickedByID(name, fill); ok {
		ticked = attr(c, "id") == id
	}
	if !ticked {
		return nil, nil
	}
	return []string{value}, nil
}

func (f *form) tickedByID(group string, fill map[string]string) (string, bool) {
	for _, c := range f.controls {
		id := attr(c, "id")
		if _, ok := fill[id]; ok && id != "" && kindOf(c) == "radio" && attr(c, "name") == group {
			return id, true
		}
	}
	return "", false
}

// chosen are the options of a select: Fill names one by value or text; else those marked, else the first.
func chosen(c *html.Node, given string, ok bool) ([]string, *WalkError) {
	var marked, all []string
	for o := range c.Descendants() {
		if o.Type != html.ElementNode || o.Data != "option" || has(o, "disabled") {
			continue
		}
		text := plain(textOf(o), 1000)
		value := text
		if has(o, "value") {
			value = attr(o, "value")
		}
		if ok && (given == value || given == text) {
			return []string{value}, nil
		}
		all = append(all, value)
		if has(o, "selected") {
			marked = append(marked, value)
		}
	}
	switch {
	case ok:
		return nil, &WalkError{Kind: KindInputNeeded, Field: fieldName(c), Text: "the page offers no such choice"}
	case len(marked) > 0 && !has(c, "multiple"):
		return marked[len(marked)-1:], nil
	case len(marked) > 0:
		return marked, nil
	case len(all) > 0 && !has(c, "multiple") && lengthOf(c, "size") == 1:
		return all[:1], nil
	}
	return nil, nil
}

// missing finds the first field that a person would have to fill: required and empty, or a password that is empty whether the page
// says required or leaves that to a script.
func (f *form) missing(d dataSet) *WalkError {
	for _, c := range f.controls {
		kind := kindOf(c)
		if kind == "hidden" || isButton(c) || disabled(c) || !seen(c) || has(c, "readonly") || !has(c, "required") && kind != "password" {
			continue
		}
		if kind == "radio" && attr(c, "name") == "" {
			continue
		}
		if !f.hasValue(c, d) {
			return &WalkError{Kind: KindInputNeeded, Field: fieldName(c)}
		}
	}
	return nil
}

// hasValue says whether the data set holds something for a control. A box of several with one name needs its own value there.
func (f *form) hasValue(c *html.Node, d dataSet) bool {
	name := attr(c, "name")
	if name == "" {
		return slices.Contains(d.fields, fieldName(c)) || attr(c, "value") != ""
	}
	own := kindOf(c) == "checkbox" && has(c, "value")
	return slices.ContainsFunc(d.pairs, func(p pair) bool {
		return p.name == name && p.value != "" && (!own || p.value == attr(c, "value"))
	})
}

// fieldName is the name to give to --fill.
func fieldName(c *html.Node) string {
	if name := attr(c, "name"); name != "" {
		return plain(name, 100)
	}
	return plain(attr(c, "id"), 100)
}

// kindOf is the type of an input, or the kind of another control; a button's is its type as well.
func kindOf(c *html.Node) string {
	kind := strings.ToLower(strings.TrimSpace(attr(c, "type")))
	switch {
	case c.Data == "select" || c.Data == "textarea":
		return c.Data
	case c.Data == "button" && kind != "reset" && kind != "button":
		return "submit"
	case kind == "":
		return "text"
	}
	return kind
}

func isButton(c *html.Node) bool { return kindOf(c) == "submit" || kindOf(c) == "image" }

// disabled says whether a control is out of use, by itself or by a fieldset around it.
func disabled(c *html.Node) bool {
	if has(c, "disabled") {
		return true
	}
	for up := range c.Ancestors() {
		if up.Data == "fieldset" && has(up, "disabled") {
			return true
		}
	}
	return false
}
