// Command picture draws what a terminal shows: it reads text with colour
// escapes on stdin and writes an SVG. The picture in the README is made so from
// a real run; see .ci/picture.
package main

import (
	"bufio"
	"fmt"
	"html"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The measures of a cell, in pixels.
const (
	cellWidth  = 8.4
	lineHeight = 19
	margin     = 18
	top        = 44 // the title bar
)

type style struct {
	color         string
	bold, dim, it bool
}

type run struct {
	text string
	style
}

func main() {
	var lines [][]run
	columns := 0
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<20)
	for in.Scan() {
		line, width := split(strings.TrimRight(in.Text(), " "))
		lines = append(lines, line)
		columns = max(columns, width)
	}
	if err := in.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	draw(lines, columns)
}

// split takes a line apart at its escapes.
func split(line string) (runs []run, width int) {
	var now style
	for line != "" {
		before, after, found := strings.Cut(line, "\x1b[")
		if before != "" {
			runs = append(runs, run{before, now})
			width += utf8.RuneCountInString(before)
		}
		if !found {
			break
		}
		codes, rest, _ := strings.Cut(after, "m")
		now = now.apply(strings.Split(codes, ";"))
		line = rest
	}
	return runs, width
}

func (s style) apply(codes []string) style {
	for i := 0; i < len(codes); i++ {
		switch c := codes[i]; {
		case c == "" || c == "0":
			s = style{}
		case c == "1":
			s.bold = true
		case c == "2":
			s.dim = true
		case c == "3":
			s.it = true
		case c == "38" && i+2 < len(codes) && codes[i+1] == "5":
			n, _ := strconv.Atoi(codes[i+2])
			s.color = palette(n)
			i += 2
		case c == "39":
			s.color = ""
		case len(c) == 2 && (c[0] == '3' || c[0] == '9'):
			n, _ := strconv.Atoi(c[1:])
			if c[0] == '9' {
				n += 8
			}
			s.color = palette(n)
		}
	}
	return s
}

// palette is the xterm palette of 256 colours.
func palette(n int) string {
	base := []string{"#1c1c1c", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d0d0d0",
		"#7f848e", "#ff7b86", "#b5e890", "#ffd68a", "#8cc8ff", "#e39bff", "#7fe0ec", "#ffffff"}
	switch {
	case n < 16:
		return base[n]
	case n < 232:
		n -= 16
		level := func(v int) int {
			if v == 0 {
				return 0
			}
			return 55 + 40*v
		}
		return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
	}
	g := 8 + 10*(n-232)
	return fmt.Sprintf("#%02x%02x%02x", g, g, g)
}

func draw(lines [][]run, columns int) {
	width := float64(columns)*cellWidth + 2*margin
	height := top + len(lines)*lineHeight + margin
	fmt.Printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="%.0f" height="%d" role="img" aria-label="a run of oauthprobe in a terminal">`+"\n", width, height, width, height)
	fmt.Printf(`<rect width="100%%" height="100%%" rx="10" fill="#16181d"/><circle cx="22" cy="22" r="6" fill="#ff5f57"/><circle cx="42" cy="22" r="6" fill="#febc2e"/><circle cx="62" cy="22" r="6" fill="#28c840"/>` + "\n")
	fmt.Println(`<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#d7dae0" xml:space="preserve">`)
	for i, line := range lines {
		x := 0
		for _, r := range line {
			attrs := ""
			if r.color != "" {
				attrs += ` fill="` + r.color + `"`
			}
			if r.bold {
				attrs += ` font-weight="bold"`
			}
			if r.dim {
				attrs += ` opacity="0.65"`
			}
			if r.it {
				attrs += ` font-style="italic"`
			}
			if text := strings.TrimSpace(r.text); text != "" {
				at := x + utf8.RuneCountInString(r.text[:strings.Index(r.text, text)])
				fmt.Printf(`<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>`+"\n", margin+float64(at)*cellWidth, top+i*lineHeight+14,
					float64(utf8.RuneCountInString(text))*cellWidth, attrs, html.EscapeString(strings.ReplaceAll(text, " ", "\u00a0")))
			}
			x += utf8.RuneCountInString(r.text)
		}
	}
	fmt.Println("</g>\n</svg>")
}
