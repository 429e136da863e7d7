package demo

// write is the page that asks whether to sign out.
func (v logoutView) write(p *paper) {
	p.put("<p>You are signed in as <b>", text(v.User), "</b>.")
	if v.ClientID != "" {
		p.put(" The application <b>", text(v.ClientID), "</b> would like you to sign out here.")
	}
	p.put("</p>\n")
	p.put(`<form method="post" action="`, link(v.Action), "\">\n")
	hidden(p, "csrf", v.CSRF)
	for _, f := range v.Fields {
		hidden(p, f.Name, f.Value)
	}
	p.put(`<div class="buttons">
<button type="submit" name="logout" value="yes">Sign out</button>
<button type="submit" name="logout" value="no" class="quiet">Stay signed in</button>
</div>
</form>
<details>
<summary>What is happening here?</summary>
<p>An application that you have left asks the server to end your session as well, so that the next sign-in needs your password
again (OpenID Connect RP-Initiated Logout 1.0 §2). Tokens that were handed out before live on until they expire or are revoked.</p>
`)
	explained(p, v.Arrived)
	p.put("<p>The page asks because ", text(v.Because), ".</p>\n</details>\n")
}

// write is the page after that.
func (v leftView) write(p *paper) {
	if v.User != "" {
		p.put("<p>You are still signed in as <b>", text(v.User), "</b>.</p>\n")
		return
	}
	p.put("<p>You are signed out. Nobody is signed in here in this browser; you can close the page.</p>\n")
}
