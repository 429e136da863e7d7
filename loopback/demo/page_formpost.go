package demo

// submitScript is the only script of all pages.
const submitScript = "document.forms[0].submit()"

// A postView is what the page that carries the answer in a form is told (OAuth 2.0
// Form Post Response Mode §2).
type postView struct {
	Action string
	Fields []field
}

func (v postView) write(p *paper) {
	p.put("<p>The answer goes back to the application as a form (OAuth 2.0 Form Post Response Mode). If nothing happens, press the button.</p>\n")
	p.put(`<form method="post" action="`, appLink(v.Action), "\">\n")
	for _, f := range v.Fields {
		hidden(p, f.Name, f.Value)
	}
	p.put(`<div class="buttons"><button type="submit">Continue</button></div>
</form>
<script>`, submitScript, "</script>\n")
}
