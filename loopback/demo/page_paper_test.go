package demo

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// leads is where a page leads: every href and action in it.
func leads(t *testing.T, v view) (list []string) {
	t.Helper()
	var p paper
	v.write(&p)
	root, err := html.Parse(strings.NewReader(p.b.String()))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "href" || a.Key == "action" {
				list = append(list, a.Val)
			}
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("a handler %s=%q", a.Key, a.Val)
			}
		}
	}
	return list
}

func TestNoPageLeadsToAScript(t *testing.T) {
	const nowhere = "#"
	for u, want := range map[string]struct{ link, app string }{
		"javascript:alert(1)":       {nowhere, nowhere},
		"JavaScript:alert(1)//a.b":  {nowhere, nowhere},
		" javascript:alert(1)":      {nowhere, nowhere},
		"\x01javascript:alert(1)":   {nowhere, nowhere},
		"java\tscript:alert(1)":     {nowhere, nowhere},
		"data:text/html,<script>":   {nowhere, nowhere},
		"vbscript:x":                {nowhere, nowhere},
		":x":                        {nowhere, nowhere},
		"com.example.app:/cb?a=b":   {nowhere, "com.example.app:/cb?a=b"},
		"http://127.0.0.1:1/cb?a:b": {"http://127.0.0.1:1/cb?a:b", "http://127.0.0.1:1/cb?a:b"},
		"HTTPS://h/":                {"HTTPS://h/", "HTTPS://h/"},
		"/login":                    {"/login", "/login"},
		`/" onclick="x`:             {"/%22%20onclick=%22x", "/%22%20onclick=%22x"},
	} {
		for name, c := range map[string]struct {
			view view
			want string
		}{
			"login":     {loginView{formView: formView{Action: u}}, want.link},
			"consent":   {consentView{formView: formView{Action: u}, RedirectURI: u}, want.link},
			"device":    {deviceView{Action: u}, want.link},
			"logout":    {logoutView{Action: u}, want.link},
			"index":     {indexView{Links: []string{u}}, want.link},
			"form_post": {postView{Action: u}, want.app},
		} {
			if got := leads(t, c.view); len(got) != 1 || got[0] != c.want {
				t.Errorf("%s with %q leads to %q, want %q", name, u, got, c.want)
			}
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		`<b class="x" id='y'>&amp;`: "&lt;b class=&#34;x&#34; id=&#39;y&#39;&gt;&amp;amp;",
		"a\x00b":                    "a\uFFFDb",
		"naïve + plain":             "naïve + plain",
	} {
		if got := text(in); string(got) != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
