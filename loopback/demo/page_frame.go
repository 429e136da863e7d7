package demo

// head is all that comes before what a page says.
func (s *Server) head(p *paper, title string, wide bool) {
	p.put(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
`)
	p.put("<title>", text(title), " · oauthprobe demo</title>\n")
	p.put("<style>", markup(s.style), "</style>\n</head>\n")
	if wide {
		p.put(`<body class="wide">`, "\n")
	} else {
		p.put("<body>\n")
	}
	p.put("<header><b>oauthprobe demo</b> · a server to practise on</header>\n<main>\n")
	p.put("<h1>", text(title), "</h1>\n")
}

// foot is all that comes after it.
func (s *Server) foot(p *paper) {
	p.put("</main>\n<footer>\n")
	p.put(`<p><a href="`, link(s.path+"/"), `">`, text(s.config.Issuer), "</a></p>\n")
	for _, f := range s.activeFaults() {
		p.put("<p>This server errs on purpose, as <code>", text(f.Name), "</code>: ", text(f.Doc), "</p>\n")
	}
	p.put("</footer>\n</body>\n</html>\n")
}
