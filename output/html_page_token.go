package output

import "github.com/oauthprobe/oauthprobe/flow/trace"

// write shows a token, and whether it was verified.
func (m tokenModel) write(p *paper) {
	p.put(`<article class="token `, text(m.Is), `"`, id(m.Anchor), ">\n", `<p class="token-head"><b>`, text(m.What), "</b>")
	p.given(` <span class="soft">`, m.Gloss, "</span>")
	p.put(` <span class="badge `, text(m.Is), `">`, text(m.Verdict), "</span>")
	p.given(` <span class="mono small">`, m.By, "</span>")
	p.put(`<span class="seq">#`, number(m.Number), "</span></p>\n")
	p.given(`<p class="reason">`, m.Reason, "</p>\n")
	if m.Header != "" {
		p.put("<h4>Header</h4>\n", code("header of the token", m.Header), "\n")
	}
	if m.Claims != "" {
		p.put("<h4>Claims</h4>\n", code("claims of the token", m.Claims), "\n")
	}
	if len(m.Members) > 0 {
		p.put(`<details class="fold"><summary>In words</summary>`)
		memberList(p, m.Members)
		p.put("</details>\n")
	}
	evidence(p, m.Evidence)
	p.put("</article>\n")
}

// memberList is what is in a document, in words.
func memberList(p *paper, all []trace.Member) {
	p.put(`<dl class="params">`)
	for _, m := range all {
		p.put("<div><dt>", text(m.Name), `</dt> <dd><span class="value">`, text(m.Value), "</span>")
		if m.Means != "" || m.Ref != "" {
			p.put(`<span class="origin">`)
			p.given("<span>", m.Means, "</span>")
			p.given(` <span class="ref">`, m.Ref, "</span>")
			p.put("</span>")
		}
		p.put("</dd></div>")
	}
	p.put("</dl>")
}

// write shows a document, folded.
func (m describedModel) write(p *paper) {
	p.put(`<details class="fold"`, id(m.Anchor), "><summary>", text(m.What), ", in words</summary>\n")
	for _, g := range m.Groups {
		p.put("<h4>", text(g.Name), "</h4>\n")
		memberList(p, g.Members)
		p.put("\n")
	}
	evidence(p, m.Evidence)
	p.put("</details>\n")
}

// write shows what the run was for.
func (m obtainedPage) write(p *paper) {
	p.put(`<article class="obtained"`, id(m.Anchor), `><p class="token-head"><span class="gem" aria-hidden="true">◆</span> <b>`, text(m.What), "</b> ", text(m.Says), "</p>\n")
	if len(m.Tokens) > 0 {
		p.put(`<p class="tags">`)
		for _, t := range m.Tokens {
			p.put(`<span class="tag mono">`, text(t), "</span> ")
		}
		p.put("</p>\n")
	}
	if m.Body != "" {
		p.put(`<details class="fold"><summary>All of it</summary>`, code("what was obtained", m.Body), "</details>\n")
	}
	p.put("</article>\n")
}

// write shows a note, and what there is to copy.
func (m noteModel) write(p *paper) {
	p.put(`<aside class="note"`, id(m.Anchor), ">", hidden("i"), "<div><p>", spoken("note: "), text(m.Text))
	p.given(` <span class="ref">`, m.Ref, "</span>")
	p.put("</p>\n")
	if len(m.Lines) > 0 {
		var lines markup
		for _, l := range m.Lines {
			lines += text(l) + "\n"
		}
		p.put(code("to copy", lines), "\n")
	}
	p.put("</div></aside>\n")
}

// write shows an event of a newer version as it is.
func (m unknownModel) write(p *paper) {
	p.put(`<details class="fold"`, id(m.Anchor), "><summary>", text(m.Name), ": an event that this version does not know</summary>")
	if m.Body != "" {
		p.put(code("event", m.Body))
	}
	p.put("</details>\n")
}
