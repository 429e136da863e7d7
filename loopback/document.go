package loopback

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// Bounds of a page: what an error repeats of it, and what would cost a hostile page little and us much.
const (
	excerptRunes = 300
	maxControls  = 2000
	maxTextNodes = 2000 // of one element, such as a button or an error
	maxErrors    = 50   // elements that look like an error and are looked into
)

// speaksOAuth reports whether a text has words of the protocol in it.
func speaksOAuth(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{
		"oauth", "openid", "client_id", "redirect_uri", "invalid_request", "invalid_client", "unauthorized_client",
		"access_denied", "unsupported_response_type", "scope", "grant",
	}, func(word string) bool { return strings.Contains(text, word) })
}

// document is a page as far as a walk needs it.
type document struct {
	url      *url.URL
	base     *url.URL // <base href>, or url
	title    string
	text     string // what can be seen
	trouble  string // what the page itself marks as an error
	scripted bool
	forms    []*form
	refresh  *url.URL
}

// readDocument reads a page. What is no HTML is all text; what cannot be parsed is a page without a form.
func readDocument(at *url.URL, header http.Header, body []byte) *document {
	d := &document{url: at, base: at}
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if kind != "" && !strings.Contains(kind, "html") {
		d.text = string(body)
		return d
	}
	// Without scripting, <noscript> holds elements: the button of a form that a script would send.
	root, err := html.ParseWithOptions(bytes.NewReader(body), html.ParseOptionEnableScripting(false))
	if err != nil {
		d.text = string(body)
		return d
	}
	d.read(root)
	if r := d.refreshTo(header.Get("Refresh")); d.refresh == nil && r != nil {
		d.refresh = r
	}
	return d
}

// read collects in one pass, in document order.
func (d *document) read(root *html.Node) {
	var controls []*html.Node
	var text strings.Builder
	errors := 0
	for n := range root.Descendants() {
		if n.Type == html.TextNode && seen(n) && text.Len() < 64<<10 {
			text.WriteString(n.Data)
			text.WriteByte(' ')
		}
		if n.Type != html.ElementNode || within(n, "template") {
			continue
		}
		switch n.Data {
		case "title":
			if d.title == "" && !within(n, "svg") {
				d.title = textOf(n)
			}
		case "base":
			if href, err := d.url.Parse(attr(n, "href")); err == nil && has(n, "href") && d.base == d.url {
				d.base = href
			}
		case "meta":
			if strings.EqualFold(attr(n, "http-equiv"), "refresh") && d.refresh == nil {
				d.refresh = d.refreshTo(attr(n, "content"))
			}
		case "script":
			d.scripted = true
		case "form":
			d.forms = append(d.forms, &form{node: n, doc: d})
		case "input", "select", "textarea", "button":
			if len(controls) < maxControls {
				controls = append(controls, n)
			}
		}
		if d.trouble == "" && errors < maxErrors && marksError(n) {
			errors++
			if seen(n) {
				d.trouble = plain(textOf(n), excerptRunes)
			}
		}
	}
	d.text = text.String()
	d.assign(controls)
}

// assign gives every control to its form (HTML §4.10.18.3): the one its form attribute names, or the one around it. A form that a
// table made the parser close early gets what follows it.
func (d *document) assign(controls []*html.Node) {
	byNode, byID := map[*html.Node]*form{}, map[string]*form{}
	for _, f := range d.forms {
		byNode[f.node] = f
		if id := attr(f.node, "id"); id != "" && byID[id] == nil {
			byID[id] = f
		}
	}
	for _, c := range controls {
		if f := byID[attr(c, "form")]; f != nil {
			f.controls = append(f.controls, c)
			continue
		}
		for up := range c.Ancestors() {
			if f := byNode[up]; f != nil {
				f.controls = append(f.controls, c)
				break
			}
		}
	}
	if len(d.forms) == 1 && len(d.forms[0].controls) == 0 {
		d.forms[0].controls = controls
	}
}

// refreshTo reads "0; url=…" (HTML §4.2.5.3, leniently). A page that only reloads itself leads nowhere.
func (d *document) refreshTo(content string) *url.URL {
	end := strings.IndexAny(content, ";,") // of the delay
	if end < 0 {
		return nil
	}
	rest := strings.TrimSpace(content[end+1:])
	if len(rest) > 3 && strings.EqualFold(rest[:3], "url") {
		if after, ok := strings.CutPrefix(strings.TrimSpace(rest[3:]), "="); ok {
			rest = after
		}
	}
	to, err := d.base.Parse(strings.Trim(rest, "\"' \t\r\n"))
	if err != nil || to.String() == d.url.String() {
		return nil
	}
	return to
}

// speaksOAuth says whether the page is about the protocol: then its error is the authorization server's, not a broken web server's.
func (d *document) speaksOAuth() bool { return speaksOAuth(d.title + " " + d.text) }

// excerpt is what the page says.
func (d *document) excerpt() string { return plain(d.text, excerptRunes) }

// complaint is what the page says went wrong, or else all that it says.
func (d *document) complaint() string {
	if d.trouble != "" {
		return d.trouble
	}
	return d.excerpt()
}

// marksError finds the element in which a page says what went wrong.
func marksError(n *html.Node) bool {
	if attr(n, "role") == "alert" {
		return true
	}
	class := strings.ToLower(attr(n, "class") + " " + attr(n, "id"))
	return (strings.Contains(class, "error") || strings.Contains(class, "alert") || strings.Contains(class, "invalid")) &&
		n.Data != "input" && n.Data != "form" && n.Data != "body" && n.Data != "html"
}

// seen says whether a person would see a node.
func seen(n *html.Node) bool {
	for up := n; up != nil; up = up.Parent {
		if up.Type != html.ElementNode {
			continue
		}
		switch up.Data {
		case "script", "style", "template", "head", "datalist":
			return false
		}
		style := strings.ReplaceAll(strings.ToLower(attr(up, "style")), " ", "")
		if has(up, "hidden") || strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
			return false
		}
	}
	return true
}

// within says whether an ancestor is of this kind.
func within(n *html.Node, name string) bool {
	for up := range n.Ancestors() {
		if up.Data == name && up.Type == html.ElementNode {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	nodes := 0
	for d := range n.Descendants() {
		if nodes++; nodes > maxTextNodes {
			break
		}
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return true
		}
	}
	return false
}

// lengthOf reads a numeric attribute, 1 when it has none.
func lengthOf(n *html.Node, name string) int {
	if v, err := strconv.Atoi(attr(n, name)); err == nil && v > 0 {
		return v
	}
	return 1
}
