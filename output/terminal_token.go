package output

import (
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// decoded shows a token taken apart, and whether to believe it.
func (t *Terminal) decoded(e trace.Decoded) {
	t.gap()
	edge, verdict := fail, "NOT VERIFIED"
	switch {
	case e.Verified:
		edge, verdict = got, "VERIFIED"
	case e.Foreign:
		edge = dim
	}
	header, ok := parseJSON(string(e.Header))
	about := ""
	if ok {
		about = header.word("alg")
		if kid := header.word("kid"); kid != "" {
			about += " kid=" + elideMiddle(Clean(kid), 32)
		}
	}
	front := row{
		{text: "  "}, {tone: edge, text: "┌ "}, say(strong, e.What), {text: "  "},
		{tone: edge, text: verdict}, say(dim, joined("", "  ", elideEnd(Clean(about), 60))+t.number()),
	}
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
	t.tokenPart(gutter, "claims", string(e.Claims), false)
	t.indented(2, bit{tone: edge, text: "└"})
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
