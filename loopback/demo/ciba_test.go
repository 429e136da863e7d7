package demo_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

const cibaGrant = "urn:openid:params:grant-type:ciba"

// backchannel asks about alice as the confidential client.
func (v *visitor) backchannel(pairs ...string) answer {
	v.t.Helper()
	return v.post("/backchannel", values(url.Values{
		"client_id": {"confidential"}, "client_secret": {"secret"}, "scope": {"openid offline_access"}, "login_hint": {"alice"},
	}, pairs...))
}

func TestCIBAPoll(t *testing.T) {
	c := &clock{now: now}
	var mu sync.Mutex
	var notes []string
	v := visit(t, demo.Config{Now: c.Now, Log: func(h demo.Hit) { mu.Lock(); defer mu.Unlock(); notes = append(notes, h.Note) }})
	a := v.backchannel("binding_message=W4SCT", "login_hint=alice@example.com", "requested_expiry=90")
	ack := a.object(t)
	id, _ := ack["auth_req_id"].(string)
	if diff := cmp.Diff(map[string]any{"auth_req_id": id, "expires_in": 90.0, "interval": 5.0}, ack); diff != "" || a.StatusCode != 200 || len(mustDecode(t, id)) != 32 {
		t.Errorf("%d %s", a.StatusCode, diff)
	}
	poll := confidential(cibaGrant, "auth_req_id="+id)
	refused(t, v.post("/token", poll), 400, "authorization_pending", "")
	refused(t, v.post("/token", poll), 400, "slow_down", "10s")
	mu.Lock()
	_, link, _ := strings.Cut(notes[0], " at ")
	mu.Unlock()
	page := v.get(link)
	if page.StatusCode != 200 {
		t.Fatalf("the person's page %q: %d", link, page.StatusCode)
	}
	consent := v.follow(v.submit(parseForm(t, page), "username=alice", "password=alice"))
	if !strings.Contains(consent.body, "The application says <b>W4SCT</b>") {
		t.Errorf("the binding message is not shown: %s", consent.body)
	}
	v.submit(parseForm(t, consent), "consent=allow")
	tok := v.granted(poll)
	if _, claims := v.verified(tok["id_token"]); claims["sub"] != "alice" || claims["aud"] != "confidential" || tok["refresh_token"] == nil {
		t.Errorf("%v %v", tok, claims)
	}
	refused(t, v.post("/token", poll), 400, "invalid_grant", "before")
	if a := v.get(link); a.StatusCode != 400 {
		t.Errorf("the page of a decided request: %d", a.StatusCode)
	}
	refused(t, v.post("/token", confidential(cibaGrant, "auth_req_id=x")), 400, "invalid_grant", "not issued")
	refused(t, v.post("/token", confidential(cibaGrant)), 400, "invalid_request", "auth_req_id is missing")
	late := confidential(cibaGrant, "auth_req_id="+v.backchannel().object(t)["auth_req_id"].(string))
	c.turn(601 * time.Second)
	refused(t, v.post("/token", late), 400, "expired_token", "")
}

// Somebody else cannot decide, neither way.
func TestCIBAForeigner(t *testing.T) {
	link := make(chan string, 16)
	v := visit(t, demo.Config{
		Users: []demo.User{{Name: "alice", Password: "a"}, {Name: "bob", Password: "b"}},
		Log: func(h demo.Hit) {
			if _, at, ok := strings.Cut(h.Note, " at http"); ok {
				link <- "http" + at
			}
		},
	})
	id := v.backchannel().object(t)["auth_req_id"].(string)
	page := v.submit(parseForm(t, v.get(<-link)), "username=bob", "password=b")
	if page.StatusCode != 400 || !strings.Contains(page.body, "login_required") {
		t.Errorf("bob: %d %s", page.StatusCode, page.body)
	}
	refused(t, v.post("/token", confidential(cibaGrant, "auth_req_id="+id)), 400, "authorization_pending", "")
}

func TestCIBAErrors(t *testing.T) {
	v := visit(t, demo.Config{
		Users: []demo.User{{Name: "alice", Password: "a"}, {Name: "carol", UserCode: "1234"}},
		Clients: []demo.Client{{ID: "public"}, {ID: "confidential", Secret: "secret"}, {
			ID: "push", Secret: "secret", Delivery: "push", NotificationEndpoint: "http://127.0.0.1:9/n",
		}},
	})
	for _, c := range []struct {
		change string
		status int
		code   string
		says   string
	}{
		{"-client_secret", 401, "invalid_client", "must authenticate"},
		{"client_id=public,-client_secret", 400, "unauthorized_client", "may not use"},
		{"-scope", 400, "invalid_scope", "openid"},
		{"scope=profile", 400, "invalid_scope", "openid"},
		{"scope=openid zz", 400, "invalid_scope", "zz"},
		{"-login_hint", 400, "invalid_request", "there were 0"},
		{"id_token_hint=x", 400, "invalid_request", "there were 2"},
		{"-login_hint,id_token_hint=x", 400, "invalid_request", "no ID token"},
		{"-login_hint,login_hint_token=x", 400, "invalid_request", "not supported"},
		{"login_hint=mallory", 400, "unknown_user_id", "mallory"},
		{"login_hint=carol", 400, "missing_user_code", "carol"},
		{"login_hint=carol,user_code=0000", 400, "invalid_user_code", "carol"},
		{"login_hint=carol,user_code=1234", 200, "", ""},
		{"binding_message=" + strings.Repeat("x", 65), 400, "invalid_binding_message", "64"},
		{"binding_message=\u202e", 400, "invalid_binding_message", "ASCII"},
		{"requested_expiry=0", 400, "invalid_request", "requested_expiry"},
		{"requested_expiry=soon", 400, "invalid_request", "requested_expiry"},
		{"request=a.b.c", 400, "invalid_request", "signed"},
		{"client_id=push", 400, "invalid_request", "client_notification_token is missing"},
		{"client_id=push,client_notification_token=a b", 400, "invalid_request", "Bearer token"},
	} {
		a := v.backchannel(strings.Split(c.change, ",")...)
		if c.status == 200 {
			if a.StatusCode != 200 {
				t.Errorf("%s: %s", c.change, a.body)
			}
			continue
		}
		refused(t, a, c.status, c.code, c.says)
	}
	for _, c := range []demo.Client{{ID: "c", Delivery: "mail"}, {ID: "c", Delivery: "ping"}, {ID: "c", Delivery: "push", NotificationEndpoint: "http://app.example/n"}} {
		if _, err := demo.New(demo.Config{Issuer: "http://127.0.0.1:1", Clients: []demo.Client{c}}); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

// A notice is one call of the notification endpoint.
type notice struct {
	method, bearer, kind string
	body                 answer
}

// listener is the notification endpoint of a client; it answers with a redirect,
// which must not be followed (CIBA Core §10.2).
func listener(t *testing.T) (string, chan notice) {
	got := make(chan notice, 4)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got <- notice{r.Method, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), answer{&http.Response{StatusCode: 200}, string(b)}}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/notify", got
}

func TestCIBAPingAndPush(t *testing.T) {
	for _, mode := range []string{"ping", "push"} {
		for _, fault := range []string{"", "ciba-denied"} {
			to, got := listener(t)
			config := demo.Config{AutoApprove: true, Clients: []demo.Client{{ID: "confidential", Secret: "secret", Delivery: mode, NotificationEndpoint: to}}}
			if fault != "" {
				config.Faults = []string{fault}
			}
			v := visit(t, config)
			ack := v.backchannel("client_notification_token=8d67dc78-7faa-4d41-aabd-67707b374255").object(t)
			n := <-got
			if n.method != "POST" || n.bearer != "Bearer 8d67dc78-7faa-4d41-aabd-67707b374255" || n.kind != "application/json" {
				t.Errorf("%s: %+v", mode, n)
			}
			body := n.body.object(t)
			if body["auth_req_id"] != ack["auth_req_id"] || (ack["interval"] == nil) != (mode == "push") {
				t.Errorf("%s: acknowledged %v, notified %v", mode, ack, body)
			}
			poll := v.post("/token", confidential(cibaGrant, "auth_req_id="+ack["auth_req_id"].(string)))
			switch {
			case mode == "push":
				refused(t, poll, 400, "unauthorized_client", "push")
				v.checkPushed(body, fault != "")
			case fault != "":
				refused(t, poll, 400, "access_denied", "")
			case poll.StatusCode != 200 || len(body) != 1:
				t.Errorf("after the ping %v: %s", body, poll.body)
			}
			v.http.CloseIdleConnections()
			if len(got) > 0 {
				t.Errorf("%s: a redirect was followed", mode)
			}
		}
	}
}

// checkPushed checks what CIBA Core §10.3.1 ties together.
func (v *visitor) checkPushed(body map[string]any, denied bool) {
	v.t.Helper()
	if denied {
		if body["error"] != "access_denied" || body["access_token"] != nil {
			v.t.Errorf("denied: %v", body)
		}
		return
	}
	_, claims := v.verified(body["id_token"])
	if claims["urn:openid:params:jwt:claim:auth_req_id"] != body["auth_req_id"] ||
		claims["urn:openid:params:jwt:claim:rt_hash"] != hashOf(body["refresh_token"].(string)) ||
		claims["at_hash"] != hashOf(body["access_token"].(string)) {
		v.t.Errorf("pushed %v with %v", body, claims)
	}
	if a := v.whoami(body["access_token"]); a.StatusCode != 200 {
		v.t.Errorf("userinfo: %d", a.StatusCode)
	}
}
