package output

type headModel struct {
	Title, Policy string
	Large         bool
}

// write begins the page.
func (m headModel) write(p *paper) {
	p.put(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="`, text(m.Policy), `">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>`, text(m.Title), "</title>\n")
	p.put("<style>", markup(reportStyle), "</style>\n</head>\n<body")
	if m.Large {
		p.put(` class="large"`)
	}
	p.put(">\n", `<a class="jump" href="#steps">Skip to the steps</a>`, "\n")
}

// write says how it ended.
func (v verdictModel) write(p *paper) {
	p.put(`<header class="verdict `, text(v.Is), "\">\n")
	p.put(`<p class="eyebrow"><span class="brand">oauthprobe</span>`)
	p.given(" <b>", v.Command, "</b>")
	p.given(` <span class="doc">`, v.Doc, "</span>")
	p.given(` <span class="ref">`, v.Spec, "</span>")
	p.put("</p>\n<h1>", hidden(v.Sign), " <span>", text(v.Headline))
	if v.Step.To != "" {
		p.put(` <a href="#`, text(v.Step.To), `">`, text(v.Step.Text), "</a>")
	}
	p.put("</span></h1>\n")
	p.given(`<p class="lead">`, v.Lead, "</p>\n")
	if v.ShowExit {
		v.pills(p)
	}
	if v.Finding != nil {
		v.Finding.contrast(p)
	}
	p.put(`<dl class="facts">`, "\n")
	for _, f := range v.Facts {
		p.put("<div><dt>", text(f.Name), "</dt> <dd>", text(f.Value), "</dd></div>\n")
	}
	p.put("</dl>\n")
	if len(v.Time) > 0 {
		timeLine(p, v.Time)
	}
	p.put("</header>\n<main>\n")
}

// pills are a failure in short, and where to read on.
func (v verdictModel) pills(p *paper) {
	p.put(`<p class="pills"><span class="pill">exit `, number(v.Exit), "</span>")
	p.given(` <span class="pill">`, v.Kind, "</span>")
	p.given(` <span class="pill mono">`, v.Code, "</span>")
	if v.Message != nil {
		p.put(` <a class="go" href="#`, text(v.Message.To), `">See the message: `, text(v.Message.Text), "</a>")
	}
	if v.Finding != nil && v.Finding.Anchor != "" {
		p.put(` <a class="go" href="#`, text(v.Finding.Anchor), `">See the check: `, text(v.Finding.ID), "</a>")
	}
	p.put("</p>\n")
}

// timeLine is a time as a bar, and its legend.
func timeLine(p *paper, parts []timePart) {
	p.put(`<div class="time"><svg class="bar" width="100%" height="8" aria-hidden="true">`)
	for _, t := range parts {
		p.put(`<rect class="`, text(t.Class), `" x="`, text(t.At), `" width="`, text(t.Wide), `" height="8"></rect>`)
	}
	p.put("</svg>\n", `<ul class="legend">`)
	for _, t := range parts {
		p.put(`<li><svg width="9" height="9" aria-hidden="true"><rect class="`, text(t.Class), `" width="9" height="9" rx="2"></rect></svg>`)
		p.put(text(t.Name), " <b>", text(t.Took), "</b></li>")
	}
	p.put("</ul></div>\n")
}

// write says what was found.
func (m summaryModel) write(p *paper) {
	p.put(`<section class="summary" aria-labelledby="findings">
<h2 id="findings">Findings</h2>
`)
	m.tally(p)
	if len(m.Loud) > 0 {
		briefs(p, m.Loud)
	}
	if m.More > 0 {
		p.put(`<p class="soft">and `, number(m.More), " more, in the steps below</p>\n")
	}
	if len(m.Remarked) > 0 {
		p.put(`<details class="fold"><summary>`, number(m.Remarks), wordFor(m.Remarks, " remark", " remarks"), " on what the server publishes</summary>\n")
		briefs(p, m.Remarked)
		p.put("</details>\n")
	}
	p.put("</section>\n")
}

// tally counts the findings.
func (m summaryModel) tally(p *paper) {
	p.put(`<ul class="tally">`, "\n")
	if m.Failed > 0 {
		p.put(`<li class="fail"><span aria-hidden="true">✗</span> `, counted(m.Failed, "failed", "failed"), "</li>\n")
	}
	if m.Warned > 0 {
		p.put(`<li class="warn"><span aria-hidden="true">!</span> `, counted(m.Warned, "warning", "warnings"), "</li>\n")
	}
	if m.Remarks > 0 {
		p.put(`<li class="skip">`, counted(m.Remarks, "remark", "remarks"), "</li>\n")
	}
	switch {
	case m.Passed > 0:
		p.put(`<li class="pass"><span aria-hidden="true">✓</span> `, counted(m.Passed, "passed", "passed"), "</li>\n")
	case len(m.Loud) == 0:
		p.put(`<li class="skip">it came to no checks</li>`, "\n")
	}
	if m.Skipped > 0 {
		p.put(`<li class="skip">`, counted(m.Skipped, "did not apply", "did not apply"), "</li>\n")
	}
	p.put("</ul>\n")
}

// briefs are findings that lead to themselves among the steps.
func briefs(p *paper, all []findingModel) {
	p.put(`<ol class="findings">`, "\n")
	for _, m := range all {
		m.brief(p)
	}
	p.put("</ol>\n")
}

func (m findingModel) brief(p *paper) {
	p.put(`<li class="`, text(m.Is), `">`, hidden(m.Sign), `<div><p class="name">`, spoken(m.Outcome+": "))
	if m.Anchor != "" {
		p.put(`<a href="#`, text(m.Anchor), `">`, text(m.ID), "</a>")
	} else {
		p.put(text(m.ID))
	}
	p.put(` <span class="code">`, text(m.Code), "</span>")
	p.given(` <span class="soft">`, m.Where, "</span>")
	links(p, m.Evidence)
	p.put("</p>\n")
	p.given("<p>", m.Detail, "</p>\n")
	p.put("</div></li>\n")
}
