package loopback

// relay takes the answer out of the fragment and posts it.
func (s sheet) relay(p *paper, said page) {
	p.put(`<noscript>
<h1>One thing to do by hand</h1>
<p>If the address of this page holds a <code>#</code>, the answer is behind it, and only a script can read it there; scripts are off. Copy the whole address into the terminal in which oauthprobe waits (it reads it when started with <code>--paste</code>), or allow scripts and reload.</p>
</noscript>
<div role="status">
<section id="nothing" hidden>
<h1>Nothing came with this page</h1>
<p>The address holds neither an answer nor an error. oauthprobe goes on waiting: return to the sign-in page, or look at the terminal.</p>
</section>
</div>
`)
	p.put(`<form id="relay" method="post" action="`, link(said.Action), `" hidden><input type="hidden" id="fragment" name="fragment"></form>`, "\n")
	p.put(`<script nonce="`, text(s.nonce), "\">\n", s.pages.relayScript, "</script>\n")
}
