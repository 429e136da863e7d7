package demo

// write is the page that asks for the code of a device.
func (v deviceView) write(p *paper) {
	p.put("<p>A device without a browser of its own shows a code. Type it here, and only if the device is yours.</p>\n")
	if v.Wrong {
		p.put(`<p class="wrong" role="alert">No device waits with this code. It may have expired.</p>`, "\n")
	}
	p.put(`<form method="post" action="`, link(v.Action), "\">\n")
	hidden(p, "csrf", v.CSRF)
	p.put(`<label for="user_code">Code</label>
<input id="user_code" name="user_code" value="`, text(v.Code), `" autocomplete="off" autocapitalize="characters" spellcheck="false" required>
<div class="buttons"><button type="submit">Continue</button></div>
</form>
<details>
<summary>What is happening here?</summary>
<p>A program that cannot show this page asked for a pair of codes (RFC 8628 §3.2). It keeps the long one and polls the token endpoint
with it; the short one ties your decision, in this browser, to that program. Somebody who sends you a code by mail or telephone
wants your access for a device of theirs (RFC 8628 §5.4).</p>
</details>
`)
}

// write is the page after a decision about something that is elsewhere.
func (v doneView) write(p *paper) {
	if v.Allowed {
		p.put("<p>You allowed <b>", text(v.ClientID), "</b>. It gets its tokens without this browser; you can close the page.</p>\n")
		return
	}
	p.put("<p>You gave <b>", text(v.ClientID), "</b> nothing: ", text(v.Why), ".</p>\n")
}
