package output

// A findingsModel is a row of findings: what needs the reader, and the rest.
type findingsModel struct{ Loud, Passed, Skipped, Remarks []findingModel }

func (m findingsModel) write(p *paper) {
	if len(m.Loud) > 0 {
		p.put(`<ol class="findings cards">`, "\n")
		items(p, m.Loud)
		p.put("</ol>\n")
	}
	if n := len(m.Remarks); n > 0 {
		p.put(`<details class="fold warn"><summary><span aria-hidden="true">!</span> `, number(n), wordFor(n, " remark", " remarks"), " on what the server publishes</summary>\n")
		foldedItems(p, m.Remarks)
	}
	skipped := len(m.Skipped)
	switch n := len(m.Passed); {
	case n > 0:
		p.put(`<details class="fold pass"><summary><span aria-hidden="true">✓</span> `, number(n), wordFor(n, " check", " checks"), " passed")
		if skipped > 0 {
			p.put(`<span class="soft">, `, number(skipped), " did not apply</span>")
		}
		p.put("</summary>\n")
		foldedItems(p, m.Passed, m.Skipped)
	case skipped > 0:
		p.put(`<details class="fold"><summary>`, number(skipped), wordFor(skipped, " check", " checks"), " did not apply</summary>\n")
		foldedItems(p, m.Skipped)
	}
}

// foldedItems are the findings of a fold, and its end.
func foldedItems(p *paper, lists ...[]findingModel) {
	p.put(`<ol class="findings">`, "\n")
	for _, all := range lists {
		items(p, all)
	}
	p.put("</ol>\n</details>\n")
}

func items(p *paper, all []findingModel) {
	for _, m := range all {
		m.write(p)
	}
}

// write shows all of a finding.
func (m findingModel) write(p *paper) {
	p.put(`<li class="`, text(m.Is), `"`, id(m.Anchor), ">", hidden(m.Sign), `<div><p class="name">`, spoken(m.Outcome+": "))
	p.put("<b>", text(m.ID), `</b> <span class="code">`, text(m.Code), `</span> <span class="ref">`, text(m.Level), " ", text(m.Ref), "</span>")
	links(p, m.Evidence)
	p.put("</p>\n")
	p.given("<p>", m.Detail, "</p>\n")
	m.contrast(p)
	p.put("</div></li>\n")
}

// contrast is what should have been against what was, if that is known.
func (m findingModel) contrast(p *paper) {
	if m.Expected == "" && m.Actual == "" {
		return
	}
	p.put(`<dl class="contrast">`)
	p.given("<div><dt>expected</dt> <dd>", m.Expected, "</dd></div>")
	p.given("<div><dt>actual</dt> <dd>", m.Actual, "</dd></div>")
	p.put("</dl>\n")
}

// links lead to the evidence.
func links(p *paper, all []link) {
	for _, l := range all {
		p.put(` <a class="evidence" href="#`, text(l.To), `">`, text(l.Text), "</a>")
	}
}

// evidence is links on a line of their own, if there are any.
func evidence(p *paper, all []link) {
	if len(all) == 0 {
		return
	}
	p.put(`<p class="soft small">evidence:`)
	links(p, all)
	p.put("</p>\n")
}
