package loopback

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// run is a listener under test, with what it told.
type run struct {
	*Listener
	t      *testing.T
	done   chan Ending // what Done waits for
	result chan result
	mu     sync.Mutex
	strays []string
	judged []Hit
}

type result struct {
	hit Hit
	err error
}

// ours accepts what carries state=right.
func ours(h Hit) bool { return strings.Contains(h.RawQuery+h.Fragment+h.Body, "state=right") }

func listenFor(t *testing.T, o ListenOptions) *run {
	t.Helper()
	l, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{Listener: l, t: t, done: make(chan Ending, 1), result: make(chan result, 1)}
	t.Cleanup(func() {
		select {
		case r.done <- Ending{OK: true}:
		default:
		}
		_ = l.Close()
	})
	return r
}

// wait starts Wait, and returns once the callbacks are in place.
func (r *run) wait(ctx context.Context) *run {
	began := make(chan struct{})
	var once sync.Once
	r.gate.stray(Hit{}, "begun") // told as soon as Wait has begun
	go func() {
		hit, err := r.Wait(ctx, Callbacks{
			Accept: func(h Hit) bool {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.judged = append(r.judged, h)
				return ours(h)
			},
			Stray: func(_ Hit, reason string) {
				if reason == "begun" {
					once.Do(func() { close(began) })
					return
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				r.strays = append(r.strays, reason)
			},
			Done: func() Ending { return <-r.done },
		})
		r.result <- result{hit, err}
	}()
	<-began
	return r
}

func (r *run) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.strays...)
}

func (r *run) request(method, target, body string, header ...string) *http.Request {
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body == "" {
		req.Body = nil
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

func exchange(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("the page was cut off: %v", err)
	}
	return resp, string(body)
}

func (r *run) get(target string) (*http.Response, string) {
	r.t.Helper()
	return exchange(r.t, r.request(http.MethodGet, target, ""))
}

func mustURL(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const formType = "application/x-www-form-urlencoded"

func TestAnswerWins(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		path, query, body string
		want              Hit
	}{
		"query":            {query: "?code=c%2b1&state=right", want: Hit{Method: "GET", Path: "/callback", RawQuery: "code=c%2b1&state=right", Via: ViaQuery}},
		"error":            {query: "?error=access_denied&state=right", want: Hit{Method: "GET", Path: "/callback", RawQuery: "error=access_denied&state=right", Via: ViaQuery}},
		"broken escape":    {query: "?x=%zz&code=1&state=right", want: Hit{Method: "GET", Path: "/callback", RawQuery: "x=%zz&code=1&state=right", Via: ViaQuery}},
		"form_post":        {body: "code=1&state=right", want: Hit{Method: "POST", Path: "/callback", Body: "code=1&state=right", Via: ViaFormPost}},
		"relayed fragment": {path: "/fragment", body: "fragment=access_token%3Da%252Bb%26state%3Dright", want: Hit{Method: "POST", Path: "/callback/fragment", Fragment: "access_token=a%2Bb&state=right", Via: ViaFragment}},
	} {
		t.Run(name, func(t *testing.T) {
			r := listenFor(t, ListenOptions{Now: func() time.Time { return at }}).wait(t.Context())
			r.done <- Ending{OK: true, Title: "Signed in"}
			method, header := http.MethodGet, []string(nil)
			if c.body != "" {
				method, header = http.MethodPost, []string{"Content-Type", formType}
			}
			resp, page := exchange(t, r.request(method, r.RedirectURI()+c.path+c.query, c.body, header...))
			if resp.StatusCode != http.StatusOK || !strings.Contains(page, "You can close this tab.") {
				t.Errorf("status %d, page %s", resp.StatusCode, page)
			}
			got := <-r.result
			if got.err != nil {
				t.Fatal(got.err)
			}
			c.want.At, c.want.Host = at, mustURL(t, r.RedirectURI()).Host
			got.hit.Header, got.hit.Remote = nil, ""
			if d := cmp.Diff(c.want, got.hit); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNotAnAnswer(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	for name, c := range map[string]struct {
		method, target, body string
		header               []string
		status               int
		reason               string
		empty                bool
	}{
		"favicon":             {target: "/favicon.ico", status: 204, reason: StrayFavicon, empty: true},
		"HEAD":                {method: "HEAD", target: "/callback?code=1&state=right", status: 200, reason: StrayHead, empty: true},
		"OPTIONS":             {method: "OPTIONS", target: "/callback", header: []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "GET"}, status: 204, reason: StrayOptions, empty: true},
		"PUT":                 {method: "PUT", target: "/callback?code=1&state=right", status: 405, reason: StrayMethod},
		"wrong path":          {target: "/callback/?code=1&state=right", status: 404, reason: StrayPath},
		"escaped path":        {target: "/%63allback?code=1&state=right", status: 404, reason: StrayPath},
		"wrong host":          {target: "/callback?code=1&state=right", header: []string{"Host", "evil.example"}, status: 421, reason: StrayHost},
		"prefetch":            {target: "/callback?code=1&state=right", header: []string{"Sec-Purpose", "prefetch;prerender"}, status: 503, reason: StrayPrefetch, empty: true},
		"old prefetch":        {target: "/callback?code=1&state=right", header: []string{"X-Moz", "prefetch"}, status: 503, reason: StrayPrefetch, empty: true},
		"preview":             {target: "/callback?code=1&state=right", header: []string{"Purpose", "preview"}, status: 503, reason: StrayPrefetch, empty: true},
		"no query":            {target: "/callback", status: 200, reason: StrayNoQuery},
		"foreign query":       {target: "/callback?utm=1", status: 400, reason: StrayNoAnswer},
		"JSON":                {method: "POST", target: "/callback", body: `{"state":"state=right"}`, header: []string{"Content-Type", "application/json"}, status: 415, reason: StrayContentType},
		"huge body":           {method: "POST", target: "/callback", body: "state=right&code=" + long, header: []string{"Content-Type", formType}, status: 413, reason: StrayBody},
		"huge headers":        {target: "/callback?code=1&state=right", header: []string{"X-Long", long[:40<<10]}, status: 431, reason: StrayHeader},
		"GET of the relay":    {target: "/callback/fragment", status: 405, reason: StrayMethod},
		"relay, other origin": {method: "POST", target: "/callback/fragment", body: "fragment=code%3D1%26state%3Dright", header: []string{"Content-Type", formType, "Origin", "https://evil.example"}, status: 403, reason: StrayOrigin},
		"relay, null origin":  {method: "POST", target: "/callback/fragment", body: "fragment=code%3D1%26state%3Dright", header: []string{"Content-Type", formType, "Origin", "null"}, status: 403, reason: StrayOrigin},
		"relay, cross-site":   {method: "POST", target: "/callback/fragment", body: "fragment=code%3D1%26state%3Dright", header: []string{"Content-Type", formType, "Sec-Fetch-Site", "cross-site"}, status: 403, reason: StrayOrigin},
		"relay, no answer":    {method: "POST", target: "/callback/fragment", body: "fragment=_%3D_", header: []string{"Content-Type", formType, "Sec-Fetch-Site", "same-origin"}, status: 400, reason: StrayNoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			r := listenFor(t, ListenOptions{}).wait(t.Context())
			if c.method == "" {
				c.method = http.MethodGet
			}
			base := strings.TrimSuffix(r.RedirectURI(), "/callback")
			resp, page := exchange(t, r.request(c.method, base+c.target, c.body, c.header...))
			if resp.StatusCode != c.status || (page == "") != c.empty {
				t.Errorf("status %d, want %d; page %q", resp.StatusCode, c.status, page)
			}
			if d := cmp.Diff([]string{c.reason}, r.told()); d != "" {
				t.Error(d)
			}
			for name := range resp.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s: no script of another origin may read us", name)
				}
			}
			if got := resp.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
			if len(r.judged) > 0 {
				t.Error("Accept was asked")
			}
			if c.reason == StrayPath && !strings.Contains(page, r.RedirectURI()) {
				t.Errorf("no hint at %s in %s", r.RedirectURI(), page)
			}
		})
	}
}

func TestFirstAcceptedWinsForEver(t *testing.T) {
	r := listenFor(t, ListenOptions{}).wait(t.Context())
	if resp, page := r.get(r.RedirectURI() + "?code=evil&state=wrong"); resp.StatusCode != 400 || !strings.Contains(page, "does not belong to the sign-in that is running") || strings.Contains(page, "evil") {
		t.Errorf("foreign answer: %d %s", resp.StatusCode, page)
	}
	if told := r.told(); len(told) > 0 {
		t.Errorf("a foreign answer is Accept's to record, but Stray heard %q", told)
	}
	r.done <- Ending{Title: "invalid_grant", Detail: "<script>alert(1)</script>\u202e", Hints: []string{"try <again>"}}
	_, page := r.get(r.RedirectURI() + "?code=first&state=right")
	if strings.Contains(page, "already been answered") || !strings.Contains(page, "invalid_grant") {
		t.Errorf("first: %s", page)
	}
	for _, again := range []string{"?code=second&state=right", ""} { // a second code; a reload of the cleaned address
		_, page = r.get(r.RedirectURI() + again)
		if !strings.Contains(page, "already been answered") || !strings.Contains(page, "invalid_grant") {
			t.Errorf("again%s: %s", again, page)
		}
		for _, bad := range []string{"<script>alert", "\u202e", "try <again>", "second", "right"} {
			if strings.Contains(page, bad) {
				t.Errorf("the page holds %q", bad)
			}
		}
	}
	if got := <-r.result; got.err != nil || got.hit.RawQuery != "code=first&state=right" {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff([]string{StrayAlready, StrayAlready}, r.told()); d != "" {
		t.Error(d)
	}
	if len(r.judged) != 2 {
		t.Errorf("Accept was asked %d times, want 2", len(r.judged))
	}
}

func TestParallelDeliveryIsOneAnswer(t *testing.T) {
	r := listenFor(t, ListenOptions{Redirect: mustURL(t, "http://localhost/cb")}).wait(t.Context())
	r.done <- Ending{OK: true}
	var both sync.WaitGroup
	for _, addr := range r.Addrs() {
		for range 4 {
			both.Go(func() { r.get("http://" + addr + "/cb?code=1&state=right") })
		}
	}
	both.Wait()
	if n := len(r.judged); n != 1 {
		t.Errorf("Accept was asked %d times", n)
	}
	if n := len(r.told()); n != 4*len(r.Addrs())-1 {
		t.Errorf("%d strays", n)
	}
}

func TestStreamsThenCloses(t *testing.T) {
	r := listenFor(t, ListenOptions{}).wait(t.Context())
	r.patience = time.Hour
	idle, err := net.Dial("tcp", r.Addrs()[0]) // a browser's preconnect must not hold Close up
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	resp, err := http.DefaultTransport.RoundTrip(r.request(http.MethodGet, r.RedirectURI()+"?code=1&state=right", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for line := ""; !strings.Contains(line, "Exchanging the code"); { // the ending is not known yet
		if line, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan error)
	go func() { closed <- r.Close() }()
	<-r.gate.shut
	r.done <- Ending{OK: true, Title: "Signed in as alice"}
	rest, err := io.ReadAll(in)
	if err != nil || !strings.Contains(string(rest), "Signed in as alice") || !strings.Contains(string(rest), "</html>") {
		t.Errorf("%v: %s", err, rest)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", r.Addrs()[0]); err == nil {
		t.Error("still listening")
	}
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	r := listenFor(t, ListenOptions{}).wait(t.Context())
	r.patience = 40 * time.Millisecond
	page := make(chan string)
	go func() {
		_, p := r.get(r.RedirectURI() + "?code=1&state=right")
		page <- p
	}()
	<-r.result
	_ = r.Close()
	if p := <-page; !strings.Contains(p, "oauthprobe stopped") || !strings.Contains(p, "</html>") {
		t.Error(p)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestBeforeAndAfter(t *testing.T) {
	r := listenFor(t, ListenOptions{})
	resp, page := r.get(r.RedirectURI() + "?code=1&state=right")
	if resp.StatusCode != 503 || resp.Header.Get("Refresh") != "1" || strings.Contains(page, "replaceState") {
		t.Errorf("early: %d %v", resp.StatusCode, resp.Header)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	r.wait(ctx)
	why := errors.New("the person gave up")
	cancel(why)
	if got := <-r.result; !errors.Is(got.err, why) {
		t.Errorf("got %v, want the cause", got.err)
	}
	if resp, _ := r.get(r.RedirectURI() + "?code=1&state=right"); resp.StatusCode != http.StatusGone {
		t.Errorf("late: %d", resp.StatusCode)
	}
	if d := cmp.Diff([]string{StrayEarly, StrayLate}, r.told()); d != "" {
		t.Error(d)
	}
	if _, err := r.Wait(t.Context(), Callbacks{}); err == nil {
		t.Error("Wait was called twice, and let it pass")
	}
}

func TestCloseEndsWait(t *testing.T) {
	r := listenFor(t, ListenOptions{}).wait(t.Context())
	_ = r.Close()
	if got := <-r.result; !errors.Is(got.err, net.ErrClosed) {
		t.Errorf("got %v", got.err)
	}
}

func TestStraysAreBounded(t *testing.T) {
	r := listenFor(t, ListenOptions{}).wait(t.Context()) // which is one stray itself
	for range 60 {
		r.get(strings.TrimSuffix(r.RedirectURI(), "/callback") + "/favicon.ico")
	}
	if told, counted := len(r.told())+1, r.Strays(); told != 50 || counted != 61 {
		t.Errorf("told of %d, counted %d", told, counted)
	}
}

func TestConnectionsThatNeverAsk(t *testing.T) {
	cert, _, err := SelfSigned([]string{"127.0.0.1"}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secure := &tls.Config{Certificates: []tls.Certificate{cert}}
	for name, c := range map[string]struct {
		tls   *tls.Config
		speak func(addr string)
		want  string
	}{
		"TLS to http": {nil, func(addr string) { _, _ = tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) }, StrayTLS},
		"http to TLS": {secure, func(addr string) {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				_, _ = io.ReadAll(c)
				_ = c.Close()
			}
		}, StrayPlain},
		"certificate not trusted": {secure, func(addr string) { _, _ = tls.Dial("tcp", addr, &tls.Config{RootCAs: x509.NewCertPool()}) }, StrayHandshake},
		"half a request": {nil, func(addr string) {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				_, _ = io.WriteString(c, "GET /callback?code=1 HT")
				_ = c.Close()
			}
		}, StrayUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Listen(ListenOptions{TLS: c.tls})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			told := make(chan string, 1)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() { _, _ = l.Wait(ctx, Callbacks{Stray: func(_ Hit, reason string) { told <- reason }}) }()
			c.speak(l.Addrs()[0])
			if got := <-told; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestHTTPS(t *testing.T) {
	cert, print, err := SelfSigned([]string{"localhost", "127.0.0.1", "::1"}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := listenFor(t, ListenOptions{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}}).wait(t.Context())
	r.done <- Ending{OK: true}
	if !strings.HasPrefix(r.RedirectURI(), "https://127.0.0.1:") {
		t.Fatal(r.RedirectURI())
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	resp, err := client.Get(r.RedirectURI() + "?code=1&state=right")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if page, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(page), "You can close this tab.") {
		t.Errorf("%v: %s", err, page)
	}
	if resp.ProtoMajor != 1 || len(print) != 32*3-1 {
		t.Errorf("%s, fingerprint %s", resp.Proto, print)
	}
}
