package output

// An openedModel is how the person was sent away.
type openedModel struct{ Anchor, Says, URL, Note, Back string }

func (m openedModel) write(p *paper) {
	p.put(`<article class="person"`, id(m.Anchor), "><p><b>", text(m.Says), "</b></p>\n")
	p.given(`<p class="warning">! `, m.Note, "</p>\n")
	p.put(`<p class="url mono">`, text(m.URL), "</p>\n") // to be read: nothing foreign is a link
	p.given(`<p class="soft">It comes back to <span class="mono">`, m.Back, "</span></p>\n")
	p.put("</article>\n")
}

// A waitingModel is what is waited for, still or for the first time.
type waitingModel struct {
	Anchor, For, Since string
	Again              bool
	Lines              []string
}

func (m waitingModel) write(p *paper) {
	p.put(`<div class="waiting"`, id(m.Anchor), ">")
	if m.Again {
		p.given(`<p class="soft">after `, m.Since, ":</p>\n")
	} else {
		p.put("<p>⋯ waiting for ", text(m.For))
		p.given(` <span class="soft">`, m.Since, "</span>")
		p.put("</p>\n")
	}
	for _, l := range m.Lines {
		p.put(`<p class="soft">`, text(l), "</p>\n")
	}
	p.put("</div>\n")
}

// A returnedModel is what came back through the browser.
type returnedModel struct {
	Anchor, Via, At, Reason, After string
	Used                           bool
	Params                         []paramModel
	Header                         markup
	Number                         int
}

func (m returnedModel) write(p *paper) {
	if m.Via == "" {
		m.stray(p)
		return
	}
	class, unused, reason := markup("person back"), markup(""), markup("soft")
	if !m.Used {
		class, unused, reason = "person back bad", ", not used", "broken"
	}
	p.put(`<article class="`, class, `"`, id(m.Anchor), "><p><b>Back by ", text(m.Via), unused, `</b> <span class="mono small">`, text(m.At), "</span>")
	p.given(` <span class="soft">after `, m.After, "</span>")
	p.put(`<span class="seq">#`, number(m.Number), "</span></p>\n")
	p.given(`<p class="`+reason+`">`, m.Reason, "</p>\n")
	params(p, m.Params)
	if m.Header != "" {
		p.put(`<details class="fold"><summary>Headers</summary>`, code("headers", m.Header), "</details>\n")
	}
	p.put("</article>\n")
}

// stray is a request that was none of ours.
func (m returnedModel) stray(p *paper) {
	p.put(`<p class="stray"`, id(m.Anchor), `>ignored: <span class="mono">`, text(m.At), "</span>")
	p.given(" (", m.Reason, ")")
	p.put("</p>\n")
}
