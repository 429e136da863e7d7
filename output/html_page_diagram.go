package output

// write draws who said what to whom.
func (m diagramModel) write(p *paper) {
	p.put(`<section class="sequence" aria-labelledby="sequence">
<h2 id="sequence">Who said what</h2>
<div class="canvas `, text(m.Class), "\">\n")
	m.heads(p)
	for _, part := range m.Parts {
		part.write(p)
	}
	p.put("</div>\n</section>\n")
}

// heads are the names over the lanes.
func (m diagramModel) heads(p *paper) {
	p.put(`<svg class="heads" width="100%" height="42" role="img" aria-label="lanes:`)
	for _, l := range m.Lanes {
		p.put(" ", text(l.Name))
	}
	p.put(`">`)
	for _, l := range m.Lanes {
		class := markup("lane")
		if l.Short != "" {
			class = "lane long"
		}
		p.put(`<text class="`, class, `" x="`, text(l.X), `" y="16" text-anchor="middle">`, text(l.Name), "</text>")
		if l.Short != "" {
			p.put(`<text class="lane short" x="`, text(l.X), `" y="16" text-anchor="middle">`, text(l.Short), "</text>")
		}
		p.put(`<text class="host" x="`, text(l.X), `" y="32" text-anchor="middle">`, text(l.Host), "</text>")
	}
	p.put("</svg>\n")
}

func (d *diagramPart) write(p *paper) {
	p.given(`<p class="omitted">⋮ `, d.Omitted, "</p>\n")
	if s := d.Step; s != nil {
		p.put(`<p class="divider `, text(s.Is), `"><a href="#`, text(s.To), `"><b>`, text(s.Number), "</b> ", text(s.Title))
		if s.Is != "pass" {
			p.put(" ", hidden(s.Sign), spoken(s.Word))
		}
		p.put("</a></p>\n")
	}
	if len(d.Arrows) == 0 {
		return
	}
	height := number(d.Height)
	p.put(`<svg width="100%" height="`, height, `" role="group" aria-label="messages">`, "\n")
	for _, x := range d.LaneX {
		p.put(`<line class="life" x1="`, text(x), `" x2="`, text(x), `" y1="0" y2="`, height, `"></line>`)
	}
	p.put("\n")
	for _, a := range d.Arrows {
		a.write(p)
	}
	p.put("</svg>\n")
}

func (a arrowModel) write(p *paper) {
	y := number(a.LineY)
	line := ` x1="` + text(a.X1) + `" x2="` + text(a.X2) + `" y1="` + y + `" y2="` + y + `"></line>`
	p.put(`<a href="#`, text(a.To), `" class="arrow `, text(a.Class), `"><line class="hit"`, line)
	if a.Dashed {
		p.put(`<line class="line dashed"`, line)
	} else {
		p.put(`<line class="line"`, line)
	}
	if !a.Lost {
		tip := markup("M0 0l-9 -4.5v9z")
		if a.Left {
			tip = "M0 0l9 -4.5v9z"
		}
		p.put(`<svg class="tip" x="`, text(a.X2), `" y="`, y, `"><path d="`, tip, `"></path></svg>`)
	}
	place := ` x="` + text(a.Mid) + `" y="` + number(a.TextY) + `" text-anchor="middle"`
	if a.Short == "" {
		p.put("<text", place, ">", text(a.Label), "</text>")
	} else { // the style sheet shows the one that there is room for
		p.put("<text", place, ` class="long">`, text(a.Label), `</text><text class="short"`, place, ">", text(a.Short), "</text>")
	}
	p.put("</a>\n")
}
