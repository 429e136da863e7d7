package demo

// A formView is what the pages with a form for the person are told.
type formView struct {
	Action, Transaction, CSRF, ClientID, Because string
	Arrived                                      []arrived
}

// open begins the form.
func (v formView) open(p *paper) {
	p.put(`<form method="post" action="`, link(v.Action), "\">\n")
	hidden(p, "transaction", v.Transaction)
	hidden(p, "csrf", v.CSRF)
}

// hidden is a field of a form that the person does not see.
func hidden(p *paper, name, value string) {
	p.put(`<input type="hidden" name="`, text(name), `" value="`, text(value), "\">\n")
}

// explained is the parameters of a request, each with what it is for.
func explained(p *paper, list []arrived) {
	p.put("<dl>\n")
	for _, a := range list {
		p.put("<dt><code>", text(a.Name), "=", text(a.Value), "</code></dt>\n")
		p.put("<dd>", text(a.Words), "</dd>\n")
	}
	p.put("</dl>\n")
}

// wishes is a list of what an application may do.
func wishes(p *paper, list []scopeView) {
	p.put(`<ul class="scopes">`, "\n")
	for _, wish := range list {
		p.put("<li><code>", text(wish.Name), "</code>", text(wish.Words), "</li>\n")
	}
	p.put("</ul>\n")
}
