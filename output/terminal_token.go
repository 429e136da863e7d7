package output

import (
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// glosses say what the kinds of token are that not everybody knows.
var glosses = map[string]string{
	"jarm":             "the authorization response, signed",
	"request_object":   "the authorization request, signed",
	"client_assertion": "who this client is, signed",
	"dpop_proof":       "who sends this has the key",
	"userinfo":         "the claims about the person",
	"introspection":    "what the server says of the token",
	"logout_token":     "the server says that a session ended",
}

// decoded shows a token taken apart, and whether to believe it.
func (t *Terminal) decoded(e trace.Decoded) {
	t.gap()
	edge, verdict := verdictOf(e)
	front := append(row{{text: "  "}, {tone: edge, text: "┌ "}, say(strong, e.What)}, t.gloss(e.What)...)
	front = append(front, bit{text: "  "}, bit{tone: edge, text: verdict})
	front = append(front, say(dim, joined("", "  ", elideEnd(Clean(signedBy(e)), 60))+t.number()))
	gutter := row{{text: "  "}, {tone: edge, text: "│ "}}
	reason := Clean(strings.TrimSpace(e.Reason))
	if reason != "" && front.width()+2+width(reason) <= t.width {
		front = append(front, bit{text: "  "}, bit{tone: reasonTone(e), text: reason})
		reason = ""
	}
	t.put(nil, front...)
	if reason != "" {
		for _, l := range t.paragraph(e.Reason, t.width-4, 6) {
			t.put(gutter, bit{tone: reasonTone(e), text: l})
		}
	}
	t.tokenPart(gutter, "header", string(e.Header), true)
	if len(e.Members) > 0 {
		t.inWords(gutter, e)
	} else {
		t.tokenPart(gutter, "claims", string(e.Claims), false)
	}
	t.consequences(gutter, string(e.Claims))
	t.indented(2, bit{tone: edge, text: "└"})
}

// verdictOf says whether to believe a token. What this client made itself is
// for the server to verify.
func verdictOf(e trace.Decoded) (tone, string) {
	switch {
	case e.Verified:
		return got, "VERIFIED"
	case e.Foreign && (e.What == "request_object" || e.What == "client_assertion" || e.What == "dpop_proof"):
		return dim, "for the server to verify"
	case e.Foreign:
		return dim, "NOT VERIFIED"
	}
	return fail, "NOT VERIFIED"
}

func (t *Terminal) gloss(what string) row {
	if g := glosses[what]; g != "" && t.width >= 76 {
		return row{{tone: dim, text: ", " + g}}
	}
	return nil
}

// signedBy is the algorithm of a token and its key.
func signedBy(e trace.Decoded) string {
	header, ok := parseJSON(string(e.Header))
	if !ok {
		return ""
	}
	about := header.word("alg")
	if kid := header.word("kid"); kid != "" {
		about += " kid=" + elideMiddle(Clean(kid), 32)
	}
	return about
}

// inWords shows the claims with what each means, as far as there is room; then
// those that nobody put into words.
func (t *Terminal) inWords(gutter row, e trace.Decoded) {
	var all []trace.Member
	for _, m := range part(e.Members, "claims") {
		within := func(o trace.Member) bool {
			return strings.HasPrefix(m.Name, o.Name+".") || strings.HasPrefix(m.Name, o.Name+"[")
		}
		if len(all) == 0 || !within(all[len(all)-1]) { // the object around it is shown whole
			all = append(all, m)
		}
	}
	claims, _ := parseJSON(string(e.Claims))
	for i, name := range claims.keys {
		if !slices.ContainsFunc(all, func(m trace.Member) bool { return m.Name == name }) {
			all = append(all, trace.Member{In: "claims", Name: name, Value: compactJSON(claims.kids[i])})
		}
	}
	wide := 0
	for _, m := range all {
		wide = max(wide, width(elideMiddle(Clean(m.Name), widestName)))
	}
	next := append(append(row{}, gutter...), bit{text: strings.Repeat(" ", wide+2)})
	for i, m := range all {
		if i >= mostLines && !t.o.Verbose && len(all) > mostLines+1 {
			t.put(gutter, say(dim, "… "+count(len(all)-i, "more claim", "more claims")+", -v shows them"))
			return
		}
		front := append(append(row{}, gutter...), bit{tone: key, text: pad(elideMiddle(Clean(m.Name), widestName), wide) + "  "})
		value := Clean(t.shorten(m.Value))
		if !t.o.Verbose {
			value = elideMiddle(value, t.width-front.width())
		}
		body := row{{tone: valueTone(m), text: value}}
		t.hang(front, next, t.annotated(body, m.Means, t.width-front.width())...)
	}
}

// annotated puts behind a value what it means: all of it, or its first part, or
// nothing, as there is room.
func (t *Terminal) annotated(value row, means string, room int) row {
	short, _, _ := strings.Cut(means, ";")
	for _, s := range []string{means, short} {
		note := "  // " + Clean(s)
		if s != "" && (t.o.Verbose || value.width()+width(note) <= room) {
			return append(value, bit{tone: dim, text: note})
		}
	}
	return value
}

func compactJSON(n node) string {
	if n.kind == '"' {
		return n.text
	}
	if one := (jsonLook{whole: true}).inline(n); !n.scalar() && one != nil {
		return one.text()
	}
	return jsonLook{whole: true}.scalarBit(n, 1<<20).text
}

// text is a row without its colours.
func (r row) text() string {
	var b strings.Builder
	for _, x := range r {
		b.WriteString(x.text)
	}
	return b.String()
}

// consequences puts into words what a person would have to look up: the key
// that a token is bound to, and what was allowed in detail.
func (t *Terminal) consequences(gutter row, claims string) {
	n, ok := parseJSON(claims)
	if !ok {
		return
	}
	if inner, ok := n.get("token_introspection"); ok {
		n = inner
	}
	cnf, _ := n.get("cnf")
	if jkt := cnf.word("jkt"); jkt != "" {
		t.inGutter(gutter, "bound to the DPoP key "+elideMiddle(Clean(jkt), 43)+": of no use without a proof by that key")
	}
	if x5t := cnf.word("x5t#S256"); x5t != "" {
		t.inGutter(gutter, "bound to the client certificate "+elideMiddle(Clean(x5t), 43)+": of no use on a connection without it")
	}
	details, _ := n.get("authorization_details")
	if details.kind != '[' {
		return
	}
	for i, d := range details.kids {
		if i >= 8 && !t.o.Verbose {
			t.put(gutter, say(dim, "… "+count(len(details.kids)-i, "more detail", "more details")+", -v shows them"))
			return
		}
		if d.kind == '{' {
			t.inGutter(gutter, detailWords(d))
		}
	}
}

// detailWords reads one authorization detail (RFC 9396 §2) aloud.
func detailWords(d node) string {
	says := []string{}
	for i, k := range d.keys {
		if k == "type" {
			continue
		}
		v := d.kids[i]
		if v.kind != '[' {
			says = append(says, k+" "+compactJSON(v))
			continue
		}
		var all []string
		for _, kid := range v.kids {
			all = append(all, compactJSON(kid))
		}
		says = append(says, k+" "+strings.Join(all, ", "))
	}
	kind := d.word("type")
	if kind == "" {
		kind = "a detail without a type"
	}
	return joined(": ", "allows "+kind, strings.Join(says, " · "))
}

func (t *Terminal) inGutter(gutter row, s string) {
	for _, l := range t.paragraph(s, t.width-gutter.width(), 6) {
		t.put(gutter, bit{tone: info, text: l})
	}
}

func reasonTone(e trace.Decoded) tone {
	switch {
	case e.Verified:
		return plain
	case e.Foreign:
		return dim
	}
	return fail
}

// tokenPart shows one part of a token: on one line if it may and fits.
func (t *Terminal) tokenPart(gutter row, name, raw string, short bool) {
	if raw == "" || raw == "null" {
		return
	}
	look := jsonLook{width: t.width - gutter.width(), whole: t.o.Verbose, at: t.now}
	n, ok := parseJSON(raw)
	if !ok {
		t.put(gutter, say(dim, name+" "), say(plain, raw))
		return
	}
	if one := look.inline(n); short && one != nil && one.width()+width(name)+1 <= look.width {
		t.put(gutter, append(row{{tone: dim, text: name + " "}}, one...)...)
		return
	}
	rows := look.rows(n)
	for i, r := range rows {
		if i == 0 {
			r = append(row{{tone: dim, text: name + " "}}, r...)
		}
		if i >= mostLines && !t.o.Verbose && len(rows) > mostLines+1 {
			t.put(gutter, say(dim, "… "+count(len(rows)-i, "more line", "more lines")+", -v shows them"))
			return
		}
		t.put(gutter, r...)
	}
}

// obtained sums up what the run was for. The answer itself has been shown.
func (t *Terminal) obtained(e trace.Obtained) {
	t.gap()
	n, ok := parseJSON(string(e.Body))
	front := row{{text: "  "}, {tone: pass, text: "◆ "}, say(strong, elideEnd(Clean(e.What), 40))}
	if !ok || n.kind != '{' {
		t.put(front)
		return
	}
	var tokens, says []string
	for i, k := range n.keys {
		if strings.HasSuffix(k, "_token") && n.kids[i].kind == '"' {
			tokens = append(tokens, k)
		}
	}
	if len(tokens) == 0 {
		t.put(front, say(dim, "  "+count(len(n.kids), "member", "members")+": "+strings.Join(n.keys[:min(len(n.keys), 12)], ", ")))
		return
	}
	says = append(says, n.word("token_type"))
	if x, ok := n.get("expires_in"); ok && x.scalar() {
		says = append(says, "expires in "+lifetime(x.text))
	}
	if s := n.word("scope"); s != "" {
		says = append(says, "scope "+s)
	}
	t.put(front, say(plain, "  "+joined(" · ", says...)))
	t.indented(4, say(dim, strings.Join(tokens, " · ")))
}
