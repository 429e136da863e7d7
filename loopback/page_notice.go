package loopback

// notice is a heading and some lines.
func (s sheet) notice(p *paper, said page) {
	p.put(`<section role="status">`, "\n")
	p.put("<h1>", text(said.Heading), "</h1>\n")
	for _, line := range said.Lines {
		p.put("<p>", text(line), "</p>\n")
	}
	p.put("</section>\n")
}
