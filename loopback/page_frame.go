package loopback

// head is all that comes before what a page says.
func (s sheet) head(p *paper, said page) {
	p.put(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>oauthprobe</title>
`)
	p.put(`<style nonce="`, text(s.nonce), "\">\n", s.pages.style, "</style>\n")
	if said.Strip {
		p.put(`<script nonce="`, text(s.nonce), `">history.replaceState(null, "", location.pathname)</script>`, "\n")
	}
	p.put("</head>\n<body>\n<main>\n")
}

// foot is all that comes after it.
func (s sheet) foot(p *paper) {
	p.put("<footer>oauthprobe, on this machine</footer>\n</main>\n</body>\n</html>\n")
}
