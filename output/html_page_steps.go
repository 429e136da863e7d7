package output

// An outlineModel is the list of steps, beside which the steps stand.
type outlineModel []outlineRow

func (m outlineModel) write(p *paper) {
	p.put(`<div class="columns">
<nav class="outline" aria-label="Steps">
<p class="soft">Steps</p>
<ol>
`)
	for _, s := range m {
		p.put(`<li class="`, text(s.Is), `"><a href="#`, text(s.To), `"><span class="number">`, text(s.Number), "</span> <span>", text(s.Title), "</span>")
		if s.Sign != "" {
			p.put(" ", hidden(s.Sign))
		}
		if s.Word != "" {
			p.put(spoken(s.Word))
		}
		p.put("</a></li>\n")
	}
	p.put(`</ol>
</nav>
<div class="steps" id="steps">
<div class="bar-top"><h2>Step by step</h2><p class="tools" hidden><button type="button" data-all="open">Open all</button> <button type="button" data-all="close">Close all</button></p></div>
`)
}

// write says which run begins.
func (m runModel) write(p *paper) {
	p.put(`<div class="run"`, id(m.Anchor), "><p><b>", text(m.Name), "</b>")
	p.given(" <span>", m.Doc, "</span>")
	p.given(` <span class="ref">`, m.Spec, "</span>")
	p.put("</p>\n")
	for _, paragraph := range m.More {
		p.put(`<p class="soft">`, text(paragraph), "</p>\n")
	}
	p.given(`<p class="soft small">`, m.Machine, "</p>\n")
	p.put("</div>\n")
}

// A stepModel is the head of a step.
type stepModel struct {
	ID, Anchor, Number, Title, Why, Spec string
	Is, Sign, Word                       string
	Blamed                               bool
}

// write opens a step; closeStep closes it.
func (m stepModel) write(p *paper) {
	class := markup("step")
	if m.Blamed {
		class = "step blamed"
	}
	p.put(`<section class="`, class, `" id="`, text(m.ID), `" aria-labelledby="`, text(m.ID), "-title\">\n")
	p.put(`<div class="step-head"`, id(m.Anchor), `><h3 id="`, text(m.ID), `-title"><span class="number">`, text(m.Number), "</span> ", text(m.Title))
	if m.Is != "pass" {
		p.put(` <span class="sign `, text(m.Is), `" aria-hidden="true">`, text(m.Sign), "</span>", spoken(m.Word))
	}
	p.put("</h3>")
	p.given(`<span class="ref">`, m.Spec, "</span>")
	p.put("</div>\n")
	p.given(`<p class="why">`, m.Why, "</p>\n")
}

// write says how a run ended.
func (m endedModel) write(p *paper) {
	p.put(`<div class="ended `, text(m.Is), `"`, id(m.Anchor), "><p>", hidden(m.Sign), " ", text(m.Text), ` <span class="soft">in `, text(m.Took), "</span></p>\n")
	p.given(`<p class="lead">`, m.Lead, "</p>\n")
	p.put("</div>\n")
}

type footModel struct {
	Version string
	Records int
}

// write ends the page.
func (m footModel) write(p *paper) {
	p.put("</div>\n</div>\n</main>\n<footer><p>oauthprobe")
	p.given(" ", m.Version, "")
	p.put(" · ", number(m.Records), " records · this page holds everything it shows and asks nobody for anything</p></footer>\n")
	p.put("<script>", markup(reportScript), "</script>\n</body>\n</html>\n")
}
