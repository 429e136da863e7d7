package demo

// A loginView is what the page that asks for name and password is told.
type loginView struct {
	formView
	Username string
	Wrong    bool
	Users    []User
}

func (v loginView) write(p *paper) {
	p.put(`<p class="soft">to continue to <b>`, text(v.ClientID), "</b></p>\n")
	if v.Wrong {
		p.put(`<p class="wrong" role="alert">The user name or the password is wrong.</p>`, "\n")
	}
	v.form(p)
	p.put(`<p class="soft">Demo accounts: `)
	for i, u := range v.Users {
		if i > 0 {
			p.put(", ")
		}
		p.put("<code>", text(u.Name), "</code> with password <code>", text(u.Password), "</code>")
	}
	p.put(".</p>\n")
	p.put(`<details>
<summary>What is happening here?</summary>
<p>An application sent your browser here with an <em>authorization request</em> (RFC 6749 §4.1.1). It never sees your password: you
type it on this page, and the application later gets a token. This is what the request said.</p>
`)
	explained(p, v.Arrived)
	p.put("<p>The page asks who you are because ", text(v.Because), ".</p>\n</details>\n")
}

func (v loginView) form(p *paper) {
	v.open(p)
	p.put(`<label for="username">User name</label>
<input id="username" name="username" value="`, text(v.Username), `" autocomplete="username" autocapitalize="none" spellcheck="false" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<div class="buttons"><button type="submit">Sign in</button></div>
</form>
`)
}
