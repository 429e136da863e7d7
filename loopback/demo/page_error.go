package demo

// An errorView is what the page about a refused request is told.
type errorView struct {
	Code, Why string
	Untrusted bool // the address to answer to is not trusted
}

func (v errorView) write(p *paper) {
	p.put(`<p class="wrong" role="alert">`, text(v.Why), "</p>\n")
	if !v.Untrusted {
		return
	}
	p.put(`<p class="soft">OAuth error <code>`, text(v.Code), "</code></p>\n")
	p.put(`<details>
<summary>What is happening here?</summary>
<p>An authorization server sends most errors back to the application. When it cannot trust the address to send them to, because
the client is unknown, <code>redirect_uri</code> is missing or not allowed, or the request is not shown to be the application's, it must tell the person instead (RFC 6749 §4.1.2.1). Otherwise
anybody could use it to send people anywhere.</p>
</details>
`)
}
