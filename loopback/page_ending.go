package loopback

// wait is shown until the ending is known, and stays in the page.
func (s sheet) wait(p *paper) {
	p.put(`<div role="status">
<section class="waiting">
<h1>Answer received.</h1>
<p>Exchanging the code…</p>
</section>
`)
}

// hideWait is the first thing of what comes after wait.
func (s sheet) hideWait(p *paper) {
	p.put(`<style nonce="`, text(s.nonce), `">.waiting { display: none }</style>`, "\n")
}

// ending says how the sign-in went.
func (s sheet) ending(p *paper, said page) {
	class, mark, title, last := markup("bad"), markup("✗"), markup("Not signed in"), markup("The terminal shows more. You can close this tab.")
	if said.OK {
		class, mark, title, last = "good", "✓", "Signed in", "You can close this tab."
	}
	s.hideWait(p)
	if said.Again {
		p.put("<p>This sign-in had already been answered: nothing that came with this request was used. It ended so:</p>\n")
	}
	p.put(`<section class="`, class, "\">\n")
	p.put("<h1>", mark, " ", text(said.Title), "</h1>\n")
	if said.Detail != "" {
		p.put("<p>", text(said.Detail), "</p>\n")
	}
	for i, hint := range said.Hints {
		if i == 0 {
			p.put("<p>", text(hint), "</p>\n")
		} else { // something to type
			p.put("<pre>", text(hint), "</pre>\n")
		}
	}
	p.put("<p>", last, "</p>\n</section>\n</div>\n")
	p.put(`<script nonce="`, text(s.nonce), `">document.title = "`, title, ` · oauthprobe"</script>`, "\n")
}

// unknown comes instead of an ending that nobody told us.
func (s sheet) unknown(p *paper) {
	s.hideWait(p)
	p.put(`<section>
<h1>oauthprobe stopped</h1>
<p>It ended before it could say here how the sign-in did. The terminal knows.</p>
</section>
</div>
`)
}
