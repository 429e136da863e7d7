package demo

// An indexView is what the front page is told.
type indexView struct {
	Issuer  string
	Links   []string
	Users   []User
	Clients []Client
	Scopes  []scopeView
}

func (v indexView) write(p *paper) {
	p.put(`<p>This is an OAuth 2.0 authorization server and OpenID provider for learning and for debugging clients. It keeps everything in
memory, its signing key is public, and it protects nothing.</p>
`)
	p.put("<p>Point a client at the issuer <code>", text(v.Issuer), "</code></p>\n")
	p.put("<h2>Metadata</h2>\n<ul>\n")
	for _, u := range v.Links {
		p.put(`<li><a href="`, link(u), `">`, text(u), "</a></li>\n")
	}
	p.put("</ul>\n")
	v.users(p)
	v.clients(p)
	p.put("<h2>Scopes</h2>\n")
	wishes(p, v.Scopes)
}

func (v indexView) users(p *paper) {
	p.put(`<h2>Users</h2>
<div class="scroll"><table>
<tr><th>User name</th><th>Password</th><th>sub</th></tr>
`)
	for _, u := range v.Users {
		p.put("<tr><td><code>", text(u.Name), "</code></td><td><code>", text(u.Password), "</code></td><td><code>", text(u.Sub), "</code></td></tr>\n")
	}
	p.put("</table></div>\n")
}

func (v indexView) clients(p *paper) {
	p.put(`<h2>Clients</h2>
<div class="scroll"><table>
<tr><th>client_id</th><th>client_secret</th><th>Redirect URIs</th></tr>
`)
	for _, c := range v.Clients {
		p.put("<tr><td><code>", text(c.ID), "</code></td><td>")
		if c.Secret == "" {
			p.put("none")
		} else {
			p.put("<code>", text(c.Secret), "</code>")
		}
		p.put("<br>")
		for _, method := range c.AuthMethods {
			p.put(text(method), " ")
		}
		p.put("</td>\n<td>")
		for _, u := range c.RedirectURIs {
			p.put("<code>", text(u), "</code> ")
		}
		if len(c.RedirectURIs) == 0 {
			p.put("any http address of this machine")
		}
		p.put("</td></tr>\n")
	}
	p.put("</table></div>\n")
}
