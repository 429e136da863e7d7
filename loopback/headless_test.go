package loopback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const home = "http://127.0.0.1:1/cb" // nothing may be sent there

// site serves pages by path; a handler of its own answers what is no string.
func site(t *testing.T, pages map[string]any) (base string, transport http.RoundTripper) {
	t.Helper()
	mux := http.NewServeMux()
	for path, p := range pages {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			switch p := p.(type) {
			case string:
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = io.WriteString(w, p)
			case func(http.ResponseWriter, *http.Request):
				p(w, r)
			}
		})
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL, s.Client().Transport
}

func to(status int, location string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(status)
	}
}

func says(status int, page string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, page)
	}
}

// echo sends what it received to the redirect URI, as an error that carries it.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Location", home+"?error=x&"+r.URL.RawQuery+string(body))
	w.WriteHeader(http.StatusSeeOther)
}

func TestWalkEnds(t *testing.T) {
	for name, c := range map[string]struct {
		pages map[string]any
		want  Hit
	}{
		"redirect":               {map[string]any{"/": to(302, home+"?code=a%2Bb&state=s")}, Hit{Method: "GET", RawQuery: "code=a%2Bb&state=s", Via: ViaQuery}},
		"fragment":               {map[string]any{"/": to(303, home+"#access_token=t%2B&state=s")}, Hit{Method: "GET", Fragment: "access_token=t%2B&state=s", Via: ViaFragment}},
		"query, stray fragment":  {map[string]any{"/": to(302, home+"?code=c#_=_")}, Hit{Method: "GET", RawQuery: "code=c", Via: ViaQuery}},
		"fragment inherited":     {map[string]any{"/": to(302, "/b#state=s"), "/b": to(302, home)}, Hit{Method: "GET", Fragment: "state=s", Via: ViaFragment}},
		"form_post":              {map[string]any{"/": `<body onload="document.forms[0].submit()"><form method=post action="` + home + `"><input type=hidden name=code value="c&amp;d"><input type=hidden name=state value=s></form>`}, Hit{Method: "POST", Body: "code=c%26d&state=s", Via: ViaFormPost}},
		"form_post, status 400":  {map[string]any{"/": says(400, `<form method=post action="`+home+`"><input type=hidden name=error value=login_required></form>`)}, Hit{Method: "POST", Body: "error=login_required", Via: ViaFormPost}},
		"form_post, button":      {map[string]any{"/": `<form method=post action="` + home + `"><input type=hidden name=code value=c><noscript><button>Continue</button></noscript></form>`}, Hit{Method: "POST", Body: "code=c", Via: ViaFormPost}},
		"form to it, by GET":     {map[string]any{"/": `<form action="` + home + `"><input type=hidden name=code value=c></form>`}, Hit{Method: "GET", RawQuery: "code=c", Via: ViaQuery}},
		"307 of a POST":          {map[string]any{"/": `<form method=post action=/p><input name=user value=alice><button></form>`, "/p": to(307, home+"?code=c")}, Hit{Method: "POST", RawQuery: "code=c", Body: "user=alice", Via: ViaFormPost}},
		"303 of a POST":          {map[string]any{"/": `<form method=post action=/p><input name=user value=alice><button></form>`, "/p": to(303, home+"?code=c")}, Hit{Method: "GET", RawQuery: "code=c", Via: ViaQuery}},
		"meta refresh":           {map[string]any{"/": `<meta http-equiv=Refresh content="0; URL='` + home + `?code=c;d'">`}, Hit{Method: "GET", RawQuery: "code=c;d", Via: ViaQuery}},
		"Refresh header":         {map[string]any{"/": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Refresh", "1;url="+home+"?code=c") }}, Hit{Method: "GET", RawQuery: "code=c", Via: ViaQuery}},
		"port and case levelled": {map[string]any{"/": to(302, "HTTP://127.0.0.1:1/cb?code=c")}, Hit{Method: "GET", RawQuery: "code=c", Via: ViaQuery}},
	} {
		t.Run(name, func(t *testing.T) {
			base, transport := site(t, c.pages)
			at := time.Unix(1, 0)
			h := &Headless{Transport: transport, Redirect: home, Now: func() time.Time { return at }}
			got, err := h.Walk(t.Context(), base+"/")
			if err != nil {
				t.Fatal(err)
			}
			c.want.At, c.want.Host, c.want.Path, got.Header = at, "127.0.0.1:1", "/cb", nil
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestFormsAreFilled asserts the exact body: order, repeats and defaults are the form's.
func TestFormsAreFilled(t *testing.T) {
	login := `<input type=hidden name=csrf value="t+1"><input name=username><input type=password name=pw id=password required>`
	for name, c := range map[string]struct {
		form string
		fill map[string]string
		want string
	}{
		"by name and id":            {`<form method=post action=/p>` + login + `<button name=do value=login>Sign in</button><button name=do value=cancel>Cancel</button></form>`, map[string]string{"username": "al ice", "password": "p&w"}, "csrf=t%2B1&username=al+ice&pw=p%26w&do=login"},
		"BUTTON by value":           {`<form method=post action=/p><button name=do value=allow>Yes, allow</button><button name=do value=deny>No</button></form>`, map[string]string{"BUTTON": "deny"}, "do=deny"},
		"BUTTON by text":            {`<form method=post action=/p><button name=do value=1>Yes</button><button name=do value=2> No,  never </button></form>`, map[string]string{"BUTTON": "no, never"}, "do=2"},
		"BUTTON by name":            {`<form method=post action=/p><input type=submit name=yes value=A><input type=submit name=no value=B></form>`, map[string]string{"BUTTON": "no"}, "no=B"},
		"BUTTON elsewhere":          {`<form method=post action=/p><button name=go value=1>Next</button></form>`, map[string]string{"BUTTON": "Allow"}, "go=1"},
		"hidden stays":              {`<form method=post action=/p><input type=hidden name=csrf value=x><input name=a><button></form>`, map[string]string{"csrf": "mine", "a": "1"}, "csrf=x&a=1"},
		"boxes":                     {`<form method=post action=/p><input type=checkbox name=s value=openid checked><input type=checkbox name=s value=mail><input type=checkbox name=r><input type=checkbox name=n checked><button></form>`, map[string]string{"s": "mail", "r": "yes", "n": "no"}, "s=openid&s=mail&r=on"},
		"radios":                    {`<form method=post action=/p><input type=radio name=u value=a checked><input type=radio name=u value=b><input type=radio name=d value=x checked><button></form>`, map[string]string{"u": "b"}, "u=b&d=x"},
		"radio by id":               {`<form method=post action=/p><input type=radio name=u value=a checked id=ra><input type=radio name=u value=b id=rb><button></form>`, map[string]string{"rb": "on"}, "u=b"},
		"selects":                   {`<form method=post action=/p><select name=a><option value=1>One<option value=2>Two</select><select name=b><option>x<option selected>y</select><select name=c><option value=1>One<option>Two</select><select name=m multiple><option>n</select><button></form>`, map[string]string{"c": "Two"}, "a=1&b=y&c=Two"},
		"textarea":                  {"<form method=post action=/p><textarea name=t>\na\nb</textarea><button></form>", nil, "t=a%0D%0Ab"},
		"disabled and nameless":     {`<form method=post action=/p><input name=a value=1 disabled><fieldset disabled><input name=b value=2></fieldset><input value=3><input type=reset name=r value=4><template><input name=t value=5></template><input name=c value=6><button></form>`, nil, "c=6"},
		"form attribute":            {`<form id=f method=post action=/p><input name=a value=1></form><input form=f name=b value=2><button form=f name=go value=3>`, nil, "a=1&b=2&go=3"},
		"inside a table":            {`<table><form method=post action=/p><tr><td><input name=a value=1><td><input type=submit name=s value=2></table>`, nil, "a=1&s=2"},
		"search form first":         {`<form action=/search><input name=q><button>Search</button></form><form method=post action=/p><input name=username><button>Go</button></form>`, map[string]string{"username": "alice"}, "username=alice"},
		"base and formaction":       {`<base href="/x/"><form action=nowhere><button name=a value=1 formaction=../p formmethod=post></form>`, nil, "a=1"},
		"GET replaces the query":    {`<form action="/p?old=1"><input name=a value=1><button></form>`, nil, "a=1"},
		"required, not by a cancel": {`<form method=post action=/p><input name=a required><button name=b value=1>Go<button formnovalidate name=b value=2>Cancel</form>`, map[string]string{"BUTTON": "Cancel"}, "a=&b=2"},
		"only form, no button":      {`<form method=post action=/p><input name=a value=1></form>`, nil, "a=1"},
	} {
		t.Run(name, func(t *testing.T) {
			base, transport := site(t, map[string]any{"/": c.form, "/p": echo})
			h := &Headless{Transport: transport, Redirect: home, Fill: c.fill}
			got, err := h.Walk(t.Context(), base+"/")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff("error=x&"+c.want, got.RawQuery); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWalkErrors(t *testing.T) {
	secrets := map[string]string{"username": "alice-the-first", "password": "hunter2 & co"}
	login := `<title>Log in</title>%s<form method=post action=/login><input type=hidden name=csrf value=%d><input name=username required><input name=password type=password><button>Go</button></form>`
	tries := 0
	again := func(w http.ResponseWriter, r *http.Request) {
		tries++
		_ = r.ParseForm()
		says(200, fmt.Sprintf(login, `<p>Welcome back</p><div class="alert-error">Wrong password for `+r.PostFormValue("username")+` (`+r.PostFormValue("password")+`)</div>`, tries))(w, r)
	}
	for name, c := range map[string]struct {
		pages map[string]any
		fill  map[string]string
		max   int
		want  WalkError
	}{
		"required field":       {map[string]any{"/": fmt.Sprintf(login, "", 1)}, map[string]string{"password": "x"}, 0, WalkError{Kind: KindInputNeeded, Status: 200, Field: "username", Title: "Log in"}},
		"empty password":       {map[string]any{"/": fmt.Sprintf(login, "", 1)}, map[string]string{"username": "x"}, 0, WalkError{Kind: KindInputNeeded, Status: 200, Field: "password", Title: "Log in"}},
		"required, but unseen": {map[string]any{"/": `<form><div style="display: none"><input name=trap required></div><input id=code required><button></form>`}, nil, 0, WalkError{Kind: KindInputNeeded, Status: 200, Field: "code"}},
		"box to tick":          {map[string]any{"/": `<form><input type=checkbox name=terms required><button></form>`}, nil, 0, WalkError{Kind: KindInputNeeded, Status: 200, Field: "terms"}},
		"no such option":       {map[string]any{"/": `<form><select name=u><option>a</select><button></form>`}, map[string]string{"u": "b"}, 0, WalkError{Kind: KindInputNeeded, Status: 200, Field: "u", Text: "the page offers no such choice"}},
		"error page":           {map[string]any{"/": says(400, "<title>Bad\x1b[1m</title><style>p{}</style><script>grant()</script><h1>Error</h1><p>Invalid parameter: redirect_uri\u202e</p>")}, nil, 0, WalkError{Kind: KindPageStatus, Status: 400, Title: "Bad[1m", Text: "Error Invalid parameter: redirect_uri", SpeaksOAuth: true}},
		"broken server":        {map[string]any{"/": says(502, "<h1>Bad gateway</h1>")}, nil, 0, WalkError{Kind: KindPageStatus, Status: 502, Text: "Bad gateway"}},
		"error as JSON": {map[string]any{"/": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(401)
			_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
		}}, nil, 0, WalkError{Kind: KindPageStatus, Status: 401, Text: `{"error":"invalid_client"}`, SpeaksOAuth: true}},
		"long page":       {map[string]any{"/": says(500, strings.Repeat("word ", 1000))}, nil, 0, WalkError{Kind: KindPageStatus, Status: 500, Text: strings.Repeat("word ", 60) + "…"}},
		"no form":         {map[string]any{"/": "<p>Done</p>"}, nil, 0, WalkError{Kind: KindNoForm, Status: 200, Text: "Done"}},
		"scripts only":    {map[string]any{"/": "<div id=app></div><script src=a.js></script>"}, nil, 0, WalkError{Kind: KindNoForm, Status: 200, NeedsScript: true}},
		"nested too deep": {map[string]any{"/": "<form>" + strings.Repeat("<div>", 2000)}, nil, 0, WalkError{Kind: KindNoForm, Status: 200, Text: "<form>" + strings.Repeat("<div>", 58) + "<div…"}},
		"too many pages": {map[string]any{"/": func(w http.ResponseWriter, r *http.Request) {
			tries++
			says(200, fmt.Sprintf(`<form><input type=hidden name=step value=%d><button></form>`, tries))(w, r)
		}}, nil, 3, WalkError{Kind: KindTooManyPages, Text: "more than 3 pages"}},
		"too many redirects":     {map[string]any{"/": to(302, "/")}, nil, 0, WalkError{Kind: KindTooManyPages, Text: "more than 40 redirects"}},
		"other scheme":           {map[string]any{"/": to(302, "myapp:code=secret?x")}, nil, 0, WalkError{Kind: KindScheme, URL: "myapp:"}},
		"Location is no URL":     {map[string]any{"/": to(302, "http://[::1")}, nil, 0, WalkError{Kind: KindTransport, Status: 302, Text: "its Location is not a URL"}},
		"wrong password":         {map[string]any{"/": fmt.Sprintf(login, "", 0), "/login": again}, secrets, 0, WalkError{Kind: KindLoop, URL: "/login", Status: 200, Title: "Log in", Text: "Wrong password for … (…)"}},
		"secret in path and all": {map[string]any{"/": to(302, "/hunter2%20&%20co"), "/hunter2%20&%20co": says(403, "<title>hunter2 & co</title>no, alice-the-first")}, secrets, 0, WalkError{Kind: KindPageStatus, URL: "/…", Status: 403, Title: "…", Text: "no, …"}},
	} {
		t.Run(name, func(t *testing.T) {
			tries = 0
			base, transport := site(t, c.pages)
			_, err := (&Headless{Transport: transport, Redirect: home, Fill: c.fill, MaxPages: c.max}).Walk(t.Context(), base+"/?client_id=x")
			got, ok := errors.AsType[*WalkError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			switch {
			case c.want.URL == "":
				c.want.URL = base + "/"
			case strings.HasPrefix(c.want.URL, "/"):
				c.want.URL = base + c.want.URL
			}
			if d := cmp.Diff(c.want, *got); d != "" {
				t.Error(d)
			}
			if text := err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "alice-the") || strings.Contains(text, "client_id=") {
				t.Errorf("the error tells too much: %s", text)
			}
		})
	}
}

type broken struct{ err error }

func (b broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

func TestTransportErrorIsWrappedAndHushed(t *testing.T) {
	cause := fmt.Errorf("GET /?password=hunter2: %w", context.DeadlineExceeded)
	_, err := (&Headless{Transport: broken{cause}, Redirect: home, Fill: map[string]string{"password": "hunter2"}}).Walk(t.Context(), "http://as.example/x?y#z")
	got, ok := errors.AsType[*WalkError](err)
	if !ok || got.Kind != KindTransport || got.URL != "http://as.example/x" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %#v", err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// TestBehavesLikeABrowser follows one sign-in and looks at what the server saw.
func TestBehavesLikeABrowser(t *testing.T) {
	var base string
	var seen []PageSeen
	pages := map[string]any{
		"/authorize": func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "s", Value: "1", Secure: true, HttpOnly: true, Path: "/"}) // browsers send these to loopback
			http.Redirect(w, r, "/login?x=1", http.StatusFound)
		},
		"/login": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				if r.Referer() != "" {
					t.Errorf("nobody led here, but Referer is %q", r.Referer())
				}
				says(200, `<title>Log in</title><form method=post><input name=username><button>Next</button></form>`)(w, r)
				return
			}
			if c, err := r.Cookie("s"); err != nil || c.Value != "1" {
				t.Errorf("cookie %v %v", c, err)
			}
			if r.Referer() != base+"/login?x=1" || r.Header.Get("Origin") != base || r.Header.Get("Content-Type") != formType {
				t.Errorf("headers %v", r.Header)
			}
			w.Header().Set("Referrer-Policy", "no-referrer")
			says(200, `<title>Allow?</title><form action=/consent><input type=submit value="Allow"></form>`)(w, r)
		},
		"/consent": func(w http.ResponseWriter, r *http.Request) {
			if r.Referer() != "" {
				t.Errorf("no-referrer was asked for, but Referer is %q", r.Referer())
			}
			to(302, home+"?code=c")(w, r)
		},
	}
	var transport http.RoundTripper
	base, transport = site(t, pages)
	h := &Headless{Transport: transport, Redirect: home, Fill: map[string]string{"username": "alice"}, Page: func(p PageSeen) { seen = append(seen, p) }}
	if _, err := h.Walk(t.Context(), base+"/authorize?client_id=x"); err != nil {
		t.Fatal(err)
	}
	want := []PageSeen{
		{URL: base + "/login", Status: 200, Title: "Log in", Fields: []string{"username"}, Button: "Next"},
		{URL: base + "/login", Status: 200, Title: "Allow?", Button: "Allow"},
	}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}
}

func TestReferrerPolicies(t *testing.T) {
	const page = "https://as.example/login?x=1"
	for _, c := range []struct{ policy, from, to, want string }{
		{"", page, "https://as.example/p", page},
		{"", page, "https://other.example/p", "https://as.example/"},
		{"", page, "http://127.0.0.1/cb", ""},
		{"", "https://u:p@as.example/#f", "https://u:p@as.example/", "https://u:p@as.example/"},
		{"no-referrer", page, "https://as.example/p", ""},
		{"same-origin", page, "https://other.example/p", ""},
		{"origin", page, "http://as.example/p", "https://as.example/"},
		{"strict-origin", page, "https://as.example/p", "https://as.example/"},
		{"unsafe-url", page, "http://other.example/", page},
		{"no-referrer-when-downgrade", page, "https://other.example/", page},
		{"origin-when-cross-origin", page, "http://other.example/", "https://as.example/"},
	} {
		v := visit{url: mustURL(t, c.to), from: mustURL(t, c.from), policy: c.policy}
		if strings.Contains(c.from, "@") {
			c.want = "https://as.example/"
		}
		if got := v.referrer(); got != c.want {
			t.Errorf("%q from %s to %s: %q, want %q", c.policy, c.from, c.to, got, c.want)
		}
	}
}

func TestWizardIsNoLoop(t *testing.T) {
	step := 0
	base, transport := site(t, map[string]any{"/": func(w http.ResponseWriter, r *http.Request) {
		if step++; step > 3 {
			to(302, home+"?code=c")(w, r)
			return
		}
		says(200, fmt.Sprintf(`<form method=post><input type=hidden name=step value=%d><button>Next</button></form>`, step))(w, r)
	}})
	if _, err := (&Headless{Transport: transport, Redirect: home}).Walk(t.Context(), base+"/"); err != nil {
		t.Error(err)
	}
}

// TestHostilePagesCostLittle would not end in any reasonable time if the work grew with the square of the page.
func TestHostilePagesCostLittle(t *testing.T) {
	for name, page := range map[string]string{
		"controls": "<form>" + strings.Repeat("<input name=a type=radio>", 20_000),
		"errors":   strings.Repeat("<div class=error> ", 200) + strings.Repeat("<i></i> ", 20_000),
		"forms":    strings.Repeat("<form></form><input>", 50_000),
		"options":  "<form><select name=a>" + strings.Repeat("<option>", 100_000) + "</select><button>",
	} {
		t.Run(name, func(t *testing.T) {
			base, transport := site(t, map[string]any{"/": page, "/p": echo})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := (&Headless{Transport: transport, Redirect: home, Fill: map[string]string{"a": "b"}}).Walk(ctx, base+"/")
			if got, ok := errors.AsType[*WalkError](err); !ok || got.Kind == KindTransport {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestMultipartForm(t *testing.T) {
	base, transport := site(t, map[string]any{
		"/": `<form method=post enctype="multipart/form-data" action=/p><input name=a value="ü"><button></form>`,
		"/p": func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseMultipartForm(1 << 10); err != nil || r.PostFormValue("a") != "ü" {
				t.Errorf("%v %v", err, r.PostForm)
			}
			to(302, home+"?code=c")(w, r)
		}})
	if _, err := (&Headless{Transport: transport, Redirect: home}).Walk(t.Context(), base+"/"); err != nil {
		t.Error(err)
	}
}

func FuzzReadDocument(f *testing.F) {
	for _, s := range []string{
		`<form><input name=a type=password><select name=b><option>`, `<table><form><tr><td><input><button form=x>`,
		`<meta http-equiv=refresh content="0;url=,">`, `<base href="http://[::1"><form action="%zz"><button formaction=" ">`, "<title><svg><title>x",
	} {
		f.Add(s, "a", "v")
	}
	f.Fuzz(func(t *testing.T, page, key, value string) {
		redirect := mustURL(t, home)
		doc := readDocument(mustURL(t, "https://as.example/x"), http.Header{}, []byte(page))
		fill := map[string]string{key: value}
		if chosen := doc.choose(fill, redirect); chosen != nil {
			if s, failed := chosen.submit(fill); failed == nil && s.action == nil {
				t.Error("a form that goes nowhere")
			}
		}
		_ = doc.excerpt()
	})
}

// TestOnlySecretsAreHidden: what a page says stays readable, except for what was filled in as a secret.
func TestOnlySecretsAreHidden(t *testing.T) {
	const says500 = "The user name or the password is wrong. It took 12 of the times."
	for name, c := range map[string]struct {
		field, text, want string
		fill              map[string]string
	}{
		"a word of the message":      {"", says500, says500, map[string]string{"username": "alice", "password": "wrong"}},
		"short values":               {"", says500, says500, map[string]string{"username": "t", "password": "the", "otp": "12"}},
		"part of a word":             {"", "Times are bad, time passes", "Times are bad, … passes", map[string]string{"pass": "time"}},
		"password that is the user":  {"", "No account for alice.", "No account for alice.", map[string]string{"username": "alice", "password": "alice"}},
		"short name, not a secret":   {"", "No account for bob or the like.", "No account for bob or the like.", map[string]string{"user": "bob", "x": "the"}},
		"secret by name":             {"", "PIN 4711, token hunt3r! 47110", "PIN …, token …! 47110", map[string]string{"user_pin": "4711", "accessToken": "hunt3r"}},
		"secret by the field's type": {`<input type=password name=kw id=k2>`, "kw hunt3r k2 sw0rdf", "kw … k2 …", map[string]string{"kw": "hunt3r", "k2": "sw0rdf"}},
		"encoded":                    {"", "see /x?p=h%26nt3r and h&nt3r", "see /x?p=… and …", map[string]string{"password": "h&nt3r"}},
		"one part of another":        {"", "hunt3r-2026 hunt3r", "… …", map[string]string{"password": "hunt3r", "otp": "hunt3r-2026"}},
	} {
		t.Run(name, func(t *testing.T) {
			base, transport := site(t, map[string]any{"/": `<form method=post action=/p><input name=user>` + c.field + `<button></form>`, "/p": says(500, c.text)})
			_, err := (&Headless{Transport: transport, Redirect: home, Fill: c.fill}).Walk(t.Context(), base+"/")
			got, ok := errors.AsType[*WalkError](err)
			if !ok || got.Text != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
