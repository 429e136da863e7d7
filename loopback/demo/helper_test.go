package demo_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

const (
	callback = "http://127.0.0.1:9/callback?app=1" // nobody listens there: the tests stop before
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

// A clock that tests turn by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A visitor is a browser and a client in one, with nothing but net/http.
type visitor struct {
	t      *testing.T
	issuer string
	http   *http.Client
}

// visit starts a server and comes to it with an empty cookie jar.
func visit(t *testing.T, c demo.Config) *visitor {
	t.Helper()
	run, err := demo.Start("127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := run.Close(); err != nil {
			t.Error(err)
		}
	})
	return newVisitor(t, run.Issuer)
}

func newVisitor(t *testing.T, issuer string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t: t, issuer: issuer, http: &http.Client{
		Jar: jar, Transport: transport, Timeout: 5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// An answer is a response read whole.
type answer struct {
	*http.Response
	body string
}

func (v *visitor) do(r *http.Request) answer {
	v.t.Helper()
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{resp, string(b)}
}

func (v *visitor) request(method, uri, body string) *http.Request {
	v.t.Helper()
	if !strings.HasPrefix(uri, "http") {
		uri = v.issuer + uri
	}
	r, err := http.NewRequest(method, uri, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (v *visitor) get(uri string) answer { v.t.Helper(); return v.do(v.request("GET", uri, "")) }

func (v *visitor) post(uri string, form url.Values) answer {
	v.t.Helper()
	return v.do(v.request("POST", uri, form.Encode()))
}

// values makes parameters of pairs "name=value"; "-name" takes one away.
func values(base url.Values, pairs ...string) url.Values {
	v := url.Values{}
	for name, list := range base {
		v[name] = append([]string(nil), list...)
	}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case strings.HasPrefix(name, "-"):
			v.Del(name[1:])
		case strings.HasSuffix(name, "+"):
			v.Add(name[:len(name)-1], value)
		default:
			v.Set(name, value)
		}
	}
	return v
}

// ask is a good authorization request of the public client, with changes.
func ask(pairs ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return values(url.Values{
		"response_type": {"code"}, "client_id": {"public"}, "redirect_uri": {callback},
		"scope": {"openid profile offline_access"}, "state": {"s t/a+t&e"}, "nonce": {"n-1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}, pairs...)
}

// redeem is a good token request of the public client, with changes.
func redeem(code string, pairs ...string) url.Values {
	return values(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "client_id": {"public"},
		"redirect_uri": {callback}, "code_verifier": {verifier},
	}, pairs...)
}

// A form is the form of a page.
type form struct {
	action  string
	fields  url.Values
	buttons []string // name=value
}

// parseForm reads the only form of a page.
func parseForm(t *testing.T, page answer) form {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page.body))
	if err != nil {
		t.Fatal(err)
	}
	f := form{fields: url.Values{}}
	for n := range doc.Descendants() {
		switch n.Data {
		case "form":
			f.action = attr(n, "action")
		case "input":
			f.fields.Set(attr(n, "name"), attr(n, "value"))
		case "button":
			f.buttons = append(f.buttons, attr(n, "name")+"="+attr(n, "value"))
		}
	}
	if f.action == "" {
		t.Fatalf("no form on a page with status %d:\n%s", page.StatusCode, page.body)
	}
	return f
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// submit sends a form with changes.
func (v *visitor) submit(f form, pairs ...string) answer {
	v.t.Helper()
	uri := f.action
	if strings.HasPrefix(uri, "/") {
		u, err := url.Parse(v.issuer)
		if err != nil {
			v.t.Fatal(err)
		}
		uri = u.Scheme + "://" + u.Host + uri
	}
	return v.post(uri, values(f.fields, pairs...))
}

// follow goes where a redirect within the server leads.
func (v *visitor) follow(a answer) answer {
	v.t.Helper()
	to, err := a.Location()
	if err != nil {
		v.t.Fatalf("status %d: %v\n%s", a.StatusCode, err, a.body)
	}
	return v.get(to.String())
}

// allow walks the pages as alice until the browser would leave the server.
func (v *visitor) allow(request url.Values) answer {
	v.t.Helper()
	page := v.get("/authorize?" + request.Encode())
	if page.StatusCode == http.StatusOK && strings.Contains(page.body, `name="password"`) {
		page = v.submit(parseForm(v.t, page), "username=alice", "password=alice")
		if to := page.Header.Get("Location"); strings.Contains(to, "/consent?") {
			page = v.follow(page)
		}
	}
	if page.StatusCode == http.StatusOK && strings.Contains(page.body, `name="consent"`) {
		page = v.submit(parseForm(v.t, page), "consent=allow")
	}
	return page
}

// query is the response parameters in the query of a redirect.
func (a answer) query(t *testing.T) url.Values {
	t.Helper()
	to, err := a.Location()
	if err != nil {
		t.Fatalf("status %d: %v\n%s", a.StatusCode, err, a.body)
	}
	return to.Query()
}

// code gets a code for a request.
func (v *visitor) code(request url.Values) string {
	v.t.Helper()
	q := v.allow(request).query(v.t)
	if q.Get("code") == "" {
		v.t.Fatalf("no code: %v", q)
	}
	return q.Get("code")
}

// object is the JSON object in a body.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatalf("status %d: %v\n%s", a.StatusCode, err, a.body)
	}
	return m
}

// tokens gets a code and redeems it.
func (v *visitor) tokens(request url.Values, pairs ...string) map[string]any {
	v.t.Helper()
	a := v.post("/token", redeem(v.code(request), pairs...))
	if a.StatusCode != http.StatusOK {
		v.t.Fatalf("token endpoint: %d %s", a.StatusCode, a.body)
	}
	return a.object(v.t)
}

// whoami asks the UserInfo endpoint.
func (v *visitor) whoami(token any) answer {
	v.t.Helper()
	r := v.request("GET", "/userinfo", "")
	r.Header.Set("Authorization", "Bearer "+token.(string))
	return v.do(r)
}
