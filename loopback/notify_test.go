package loopback

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// notified is a notification endpoint under test.
func notified(t *testing.T, bind ...string) *Notifications {
	t.Helper()
	n, err := ListenNotifications(NotifyOptions{Bind: bind})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// call posts as a server would, or as somebody else.
func (n *Notifications) call(t *testing.T, method, path, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(method, strings.TrimSuffix(n.URI(), notifyPath)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer right")
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}

// right accepts what the right body has.
func right(h Hit) bool { return strings.Contains(h.Body, "right") }

// Each caller gets the status of CIBA Core §10.2, and the run hears of all.
func TestNotificationStatuses(t *testing.T) {
	n := notified(t)
	var heard []string
	done := make(chan Hit)
	go func() {
		h, _ := n.Wait(context.Background(), func(h Hit) bool {
			heard = append(heard, h.Method+" "+h.Path+" "+h.Via)
			return right(h)
		})
		done <- h
	}()
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", notifyPath, "", 405},
		{"OPTIONS", notifyPath, "", 405},
		{"POST", "/elsewhere", `{"a":"right"}`, 404},
		{"POST", notifyPath, `{"a":"wrong"}`, 401},
		{"POST", notifyPath, strings.Repeat("right", maxBody/5+1), 413},
		{"POST", notifyPath, `{"a":"right"}`, 204},
	} {
		resp := n.call(t, c.method, c.path, c.body)
		if resp.StatusCode != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, resp.StatusCode, c.status)
		}
		if challenge := resp.Header.Get("WWW-Authenticate"); (challenge != "") != (c.status == 401) {
			t.Errorf("%s %s: challenged with %q", c.method, c.path, challenge)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: a script may read this", c.method, c.path)
		}
	}
	if h := <-done; h.Body != `{"a":"right"}` || h.Via != ViaNotification || h.Header.Get("Authorization") != "Bearer right" {
		t.Errorf("%+v", h)
	}
	want := []string{"GET " + notifyPath + " ", "OPTIONS " + notifyPath + " ", "POST /elsewhere ", "POST " + notifyPath + " notification",
		"POST " + notifyPath + " ", "POST " + notifyPath + " notification"}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Error(diff)
	}
}

// A server may call back before its own answer has arrived: that call is held
// until somebody waits for it.
func TestNotificationComesEarly(t *testing.T) {
	n := notified(t)
	status := make(chan int)
	go func() { status <- n.call(t, "POST", notifyPath, "right").StatusCode }()
	for len(n.held) == 0 { // the caller is there
		select {
		case s := <-status:
			t.Fatalf("answered %d while nobody waited", s)
		default:
		}
	}
	if h, err := n.Wait(context.Background(), right); err != nil || h.Body != "right" {
		t.Errorf("%+v %v", h, err)
	}
	if s := <-status; s != 204 {
		t.Errorf("answered %d", s)
	}
}

// Too many callers at once are sent away, and Close leaves none hanging.
func TestNotificationCallersAreBounded(t *testing.T) {
	n := notified(t)
	statuses := make(chan int, maxHeld+8)
	var all sync.WaitGroup
	for range maxHeld + 8 {
		all.Go(func() { statuses <- n.call(t, "POST", notifyPath, "wrong").StatusCode })
	}
	for range 8 {
		if s := <-statuses; s != 503 {
			t.Errorf("answered %d", s)
		}
	}
	_ = n.Close()
	all.Wait()
	close(statuses)
	for s := range statuses {
		if s != 503 {
			t.Errorf("answered %d at the end", s)
		}
	}
	if _, err := n.Wait(context.Background(), right); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Wait after Close: %v", err)
	}
}

func TestNotificationWaitEnds(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if _, err := notified(t).Wait(ctx, right); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}

// The address is where the server is told to call.
func TestNotificationAddress(t *testing.T) {
	for bind, host := range map[string]string{"": "127.0.0.1", "127.0.0.1:0": "127.0.0.1", ":0": "127.0.0.1", "0.0.0.0:0": "127.0.0.1", "localhost:0": "localhost"} {
		var binds []string
		if bind != "" {
			binds = []string{bind}
		}
		n := notified(t, binds...)
		if !strings.HasPrefix(n.URI(), "http://"+host+":") || !strings.HasSuffix(n.URI(), "/ciba-notification") || strings.Contains(n.URI(), ":0/") {
			t.Errorf("%q: %s", bind, n.URI())
		}
	}
	var bad *ListenError
	if _, err := ListenNotifications(NotifyOptions{Bind: []string{"127.0.0.1:66000"}}); !errors.As(err, &bad) || bad.Reason != ReasonBadAddress {
		t.Errorf("%v", err)
	}
	taken := strings.TrimSuffix(strings.TrimPrefix(notified(t).URI(), "http://"), notifyPath)
	if _, err := ListenNotifications(NotifyOptions{Bind: []string{taken}}); !errors.As(err, &bad) || bad.Reason != ReasonInUse {
		t.Errorf("%v", err)
	}
}

// A tunnel brings another Host, and that is no reason to refuse.
func TestNotificationThroughATunnel(t *testing.T) {
	n := notified(t)
	done := make(chan error, 1)
	go func() { _, err := n.Wait(context.Background(), right); done <- err }()
	c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(n.URI(), "http://"), notifyPath))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte("POST " + notifyPath + " HTTP/1.1\r\nHost: client.example\r\nContent-Length: 5\r\n\r\nright"))
	line, _ := bufio.NewReader(c).ReadString('\n')
	if err := <-done; err != nil || !strings.Contains(line, " 204 ") {
		t.Errorf("%q %v", line, err)
	}
}
