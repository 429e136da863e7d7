package output

// write shows a message, folded unless it is to be seen.
func (m *messageModel) write(p *paper) {
	p.put(`<details class="message`)
	if m.Bad {
		p.put(" bad")
	}
	p.put(`"`)
	if m.Open {
		p.put(" open")
	}
	p.put(">\n")
	m.line(p)
	p.put(`<div class="inside"`, id(m.Anchor), ">\n")
	p.given(`<p class="soft">`, m.NotSent, "</p>\n")
	m.request(p)
	p.given(`<p class="broken"><span aria-hidden="true">✗</span> `, m.Failure, "</p>\n")
	m.answer(p)
	m.time(p)
	if m.Peer != "" {
		m.peerLines(p)
	}
	p.put("</div>\n</details>\n")
}

// line is what is seen of a message that is folded.
func (m *messageModel) line(p *paper) {
	p.put(`<summary><span class="method">`, text(m.Method), `</span> <span class="path">`, text(m.Path), `</span> <span class="host">`, text(m.Host), "</span>")
	for _, tag := range m.Tags {
		p.put(` <span class="tag">`, text(tag), "</span>")
	}
	p.put(` <span class="status `, text(m.StatusIs), `">`)
	if m.Bad {
		p.put(`<span aria-hidden="true">✗ </span>`)
	}
	p.put(text(m.Status), `</span> <span class="soft">`, text(m.Brief), `</span> <span class="soft took">`, text(m.Took), "</span>")
	p.put(` <span class="seq">#`, number(m.Number), "</span></summary>\n")
}

// request is what was meant beside what was sent.
func (m *messageModel) request(p *paper) {
	class := markup("")
	if len(m.Params) > 0 && m.Request != "" {
		class = "pair"
	}
	p.put(`<div class="`, class, "\">\n")
	if len(m.Params) > 0 || len(m.Headers) > 0 || m.URL != "" {
		m.intent(p)
	}
	if m.Request != "" {
		p.put(`<div class="wire"><h4>What went over the wire</h4>`, "\n", code("request", m.Request), "\n")
		p.given(`<p class="cut">`, m.RequestNote, "</p>\n")
		p.put("</div>\n")
	}
	p.put("</div>\n")
}

// intent is the request before it was encoded, with who put what into it.
func (m *messageModel) intent(p *paper) {
	p.put(`<div class="meant"`, id(m.Built), `><h4>What was meant <span class="soft">`, text(m.Endpoint), " request")
	p.given(", parameters ", m.In, "")
	p.put("</span></h4>\n")
	p.given(`<p class="url mono">`, m.URL, "</p>\n")
	params(p, m.Headers)
	params(p, m.Params)
	p.put("</div>\n")
}

// params is a table of parameters, if there are any.
func params(p *paper, all []paramModel) {
	if len(all) == 0 {
		return
	}
	p.put(`<dl class="params">`)
	for _, m := range all {
		m.write(p)
	}
	p.put("</dl>\n")
}

func (m paramModel) write(p *paper) {
	p.put("<div")
	if m.Bent {
		p.put(` class="bent"`)
	}
	p.put("><dt>", text(m.Name), `</dt> <dd><span class="value`)
	if m.Veiled {
		p.put(" v")
	}
	p.put(`">`)
	if m.Value == "" {
		p.put("<i>(empty)</i>")
	}
	p.put(text(m.Value), "</span>")
	if m.Bent {
		p.put(` <span class="tag hand">! changed by hand</span>`)
	}
	if m.By != "" || m.Why != "" || m.Ref != "" {
		p.put(` <span class="origin">`)
		p.given("<span>", m.Why, "</span>")
		p.given(` <span class="by">`, m.By, "</span>")
		p.given(` <span class="ref">`, m.Ref, "</span>")
		p.put("</span>")
	}
	p.put("</dd></div>")
}

func (m *messageModel) answer(p *paper) {
	if m.Answer == "" {
		return
	}
	p.put(`<h4>Answer <span class="soft">`, text(m.Brief), "</span></h4>\n")
	p.put(`<pre class="head" tabindex="0" aria-label="answer"><code>`, m.Answer, "</code></pre>\n")
	if m.Body != "" {
		p.put(`<pre class="body" tabindex="0" aria-label="body of the answer"><code>`, m.Body, "</code></pre>\n")
	}
	p.given(`<p class="cut">`, m.BodyNote, "</p>\n")
}

func (m *messageModel) time(p *paper) {
	if m.Time == nil {
		return
	}
	p.put(`<h4>Time <span class="soft">`, text(m.Took))
	for _, note := range m.Time.Notes {
		p.put(", ", text(note))
	}
	p.put("</span></h4>\n")
	timeLine(p, m.Time.Parts)
}

// peerLines say who was at the other end, and who vouches for it.
func (m *messageModel) peerLines(p *paper) {
	p.put("<h4>Peer</h4>\n", `<p class="mono small">`, text(m.Peer), "</p>\n")
	if len(m.Chain) == 0 {
		return
	}
	p.put(`<ol class="chain">`)
	for _, c := range m.Chain {
		p.put("<li>", text(c), "</li>")
	}
	p.put("</ol>\n")
}

// A pollsModel is what is seen of a row of polls that is folded.
type pollsModel struct{ Count, Says, Took string }

// write opens the row; polls closes it.
func (m pollsModel) write(p *paper) {
	p.put(`<details class="polls"><summary><b>`, text(m.Count), "</b> <span>not yet: ", text(m.Says), `</span> <span class="soft took">`, text(m.Took), "</span></summary>\n")
}
