package loopback

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadPaste(t *testing.T) {
	const uri = "http://127.0.0.1:8080/callback"
	whole := Hit{Method: "GET", Host: "127.0.0.1:8080", Path: "/callback", RawQuery: "code=c&state=right", Via: ViaQuery}
	part := Hit{Method: "GET", RawQuery: "code=c&state=right", Via: ViaQuery}
	token := Hit{Method: "GET", Fragment: "access_token=t&state=right", Via: ViaFragment}
	for name, c := range map[string]struct {
		in       string
		redirect string
		want     Hit
		complain []string // how each complaint begins
	}{
		"whole URL":               {in: uri + "?code=c&state=right\n", want: whole},
		"no newline":              {in: uri + "?code=c&state=right", want: whole},
		"CR LF and quotes":        {in: "  \"" + uri + "?code=c&state=right\" \r\n", want: whole},
		"angle brackets":          {in: "<" + uri + "?code=c&state=right>\n", want: whole},
		"a header":                {in: "Location: " + uri + "?code=c&state=right\n", want: whole},
		"out of HTML":             {in: uri + "?code=c&amp;state=right\n", want: whole},
		"bare query":              {in: "code=c&state=right\n", want: part},
		"query":                   {in: "?code=c&state=right\n", want: part},
		"without scheme":          {in: "127.0.0.1:8080/callback?code=c&state=right\n", want: part},
		"fragment":                {in: "#access_token=t&state=right\n", want: token},
		"URL with fragment":       {in: uri + "#access_token=t&state=right\n", want: Hit{Method: "GET", Host: "127.0.0.1:8080", Path: "/callback", Fragment: "access_token=t&state=right", Via: ViaFragment}},
		"escapes stay":            {in: "code=a%2Bb+c&state=right\n", want: Hit{Method: "GET", RawQuery: "code=a%2Bb+c&state=right", Via: ViaQuery}},
		"blank lines":             {in: "\n \n?code=c&state=right\n", want: part},
		"garbage first":           {in: "hello\n?code=c&state=right\n", want: part, complain: []string{"that is not the address"}},
		"no answer in it":         {in: uri + "?x=1\n?code=c&state=right\n", want: part, complain: []string{"that address holds no answer"}},
		"the request":             {in: "https://as.example/authorize?response_type=code&client_id=x&state=right\n?code=c&state=right\n", want: part, complain: []string{"that is the address of the sign-in page"}},
		"elsewhere, and said so":  {in: "http://localhost:8080/callback?code=c&state=right\n", want: Hit{Elsewhere: "http://localhost:8080/callback", Method: "GET", Host: "localhost:8080", Path: "/callback", RawQuery: "code=c&state=right", Via: ViaQuery}, complain: []string{"that address is not the redirect URI"}},
		"no redirect URI":         {in: "https://app.example/x?code=c&state=right\n", redirect: "none", want: Hit{Method: "GET", Host: "app.example", Path: "/x", RawQuery: "code=c&state=right", Via: ViaQuery}},
		"turned down, then right": {in: "code=c&state=wrong\ncode=c&state=right\n", want: part},
		"far too long first":      {in: "code=" + strings.Repeat("x", 200<<10) + "\ncode=c&state=right\n", want: part, complain: []string{"that line is longer"}},
	} {
		t.Run(name, func(t *testing.T) {
			redirect := uri
			if c.redirect == "none" {
				redirect = ""
			}
			var complaints []string
			got, err := ReadPaste(t.Context(), strings.NewReader(c.in), redirect, ours, func(s string) { complaints = append(complaints, s) })
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if len(complaints) != len(c.complain) {
				t.Fatalf("complaints %q", complaints)
			}
			for i, want := range c.complain {
				if !strings.HasPrefix(complaints[i], want) || strings.Contains(complaints[i], "right") {
					t.Errorf("complaint %q, want %q", complaints[i], want)
				}
			}
		})
	}
}

func TestPasteEnds(t *testing.T) {
	_, err := ReadPaste(t.Context(), strings.NewReader("code=c&state=wrong\n"), "", ours, func(string) {})
	if !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want io.EOF", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the browser was faster")
	cancel(why)
	in, out := io.Pipe()
	defer out.Close()
	if _, err := ReadPaste(ctx, in, "", ours, func(string) {}); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause", err)
	}
}

func FuzzReadAddress(f *testing.F) {
	for _, s := range []string{"http://127.0.0.1/cb?code=1#x", "<#state=%zz>", "location:location:?error", "\"'`", "a=b&c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		hit, complaint := readAddress(pasted{text: line}, "http://127.0.0.1/cb")
		if hit.Via == "" && complaint == "" {
			t.Error("neither an answer nor a complaint")
		}
		if hit.Via == ViaQuery && !carriesAnswer(hit.RawQuery) || hit.Via == ViaFragment && !carriesAnswer(hit.Fragment) {
			t.Errorf("%+v", hit)
		}
	})
}
