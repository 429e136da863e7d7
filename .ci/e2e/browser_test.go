package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// answers watches where the tab goes. What it returns waits for the answer's URL,
// which is taken out of the address bar at once.
func answers(t *testing.T, b *tab) func(*testing.T) string {
	t.Helper()
	found := make(chan string, 16)
	err := chromedp.Listen(b, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok && strings.Contains(e.Request.URL, "/callback?") {
			select {
			case found <- e.Request.URL:
			default:
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T) string {
		t.Helper()
		select {
		case u := <-found:
			return u
		case <-b.Done():
			t.Fatal("the browser never went to the redirect URI")
		}
		return ""
	}
}

// leave makes the page go elsewhere by itself, and waits until the page that
// comes instead says that the answer is being dealt with. Navigate would wait
// for the end of that page, which is what the test holds back.
func (b *tab) leave(t *testing.T, script string) {
	t.Helper()
	b.do(t, chromedp.Evaluate[chromedp.Void]("void(window.old = true)"))
	b.do(t, chromedp.Evaluate[chromedp.Void]("void("+script+")"))
	for {
		arrived, err := chromedp.Run(b, chromedp.Evaluate[bool](`!window.old && !!document.querySelector("section.waiting")`))
		if err == nil && arrived {
			return
		}
		select { // an error is a page that is going away
		case <-b.Done():
			t.Fatalf("%s led nowhere: %v", script, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// untilTrue waits until an expression is.
func untilTrue(expression string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond))(ctx, target)
		return chromedp.Void{}, err
	}
}

// query is one parameter of a URL.
func query(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get(name)
}

// curl makes one request of another program on this machine. The URL is printed
// a moment before an answer would be judged; until then an answer gets 503 and
// Retry-After, which a browser obeys, and so do we.
func curl(t *testing.T, method, address string, edit func(*http.Request), status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	resp, body := ask(ctx, t, method, address, edit)
	for resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "" && ctx.Err() == nil {
		time.Sleep(50 * time.Millisecond)
		resp, body = ask(ctx, t, method, address, edit)
	}
	if resp.StatusCode != status {
		t.Errorf("%s %s: status %d, want %d", method, resp.Request.URL.Path, resp.StatusCode, status)
	}
	if strings.Contains(body, "forged") {
		t.Errorf("%s: the page repeats what it was sent: %s", method, body)
	}
	if h := resp.Header; h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s: the headers are %v", method, h)
	}
}

func ask(ctx context.Context, t *testing.T, method, address string, edit func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(r)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}
