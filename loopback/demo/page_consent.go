package demo

type (
	// A consentView is what the page that asks for consent is told.
	consentView struct {
		formView
		User, RedirectURI, Way string
		Compare                compareView
		Scopes                 []scopeView
	}
	compareView struct{ Words, Value string } // what the person should see elsewhere as well
)

func (v consentView) write(p *paper) {
	p.put("<p>You are signed in as <b>", text(v.User), "</b>. The application <b>", text(v.ClientID), "</b> asks to:</p>\n")
	wishes(p, v.Scopes)
	if v.Compare.Value != "" {
		p.put("<p>", text(v.Compare.Words), " <b>", text(v.Compare.Value), "</b>. Is it what you see there?</p>\n")
	}
	if v.RedirectURI != "" {
		p.put(`<p class="soft">Then your browser goes to <code>`, text(v.RedirectURI), "</code></p>\n")
	}
	v.open(p)
	p.put(`<div class="buttons">
<button type="submit" name="consent" value="allow">Allow</button>
<button type="submit" name="consent" value="deny" class="quiet">Deny</button>
</div>
</form>
`)
	v.explain(p)
}

func (v consentView) explain(p *paper) {
	p.put(`<details>
<summary>What is happening here?</summary>
<p>Access is yours to give (RFC 6749 §1.1 calls you the <em>resource owner</em>). `)
	if v.RedirectURI != "" {
		p.put("With Allow, the server ", text(v.Way), `.
With Deny, your browser goes back with the error <code>access_denied</code>.`)
	} else {
		p.put(`The application is not in this browser: it asks the token
endpoint again and again until you have decided, and gets tokens or the error <code>access_denied</code>.`)
	}
	p.put("</p>\n")
	explained(p, v.Arrived)
	p.put("<p>The page asks because ", text(v.Because), ".</p>\n</details>\n")
}
