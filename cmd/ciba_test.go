package cmd

import (
	"encoding/json"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// freeAddress is a place to listen on that nobody else has just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// backchannel runs CIBA as a client that is registered for a delivery, against
// a server on which alice approves at once.
func backchannel(t *testing.T, delivery string, faults []string, more ...string) result {
	t.Helper()
	c := demo.Config{Now: now, Rand: rand.NewChaCha8([32]byte{9}), AutoApprove: true, Faults: faults, Clients: demo.DefaultClients()}
	args := []string{"--client-id", "confidential", "--client-secret", "value:secret", "--scope", "openid offline_access", "--login-hint", "alice", "--delivery", delivery}
	if delivery != "poll" {
		at := freeAddress(t)
		args = append(args, "--callback", at)
		for i := range c.Clients {
			if c.Clients[i].ID == "confidential" {
				c.Clients[i].Delivery, c.Clients[i].NotificationEndpoint = delivery, "http://"+at+"/ciba-notification"
			}
		}
	}
	server, err := demo.Start("127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return run(t, nil, "", slices.Concat([]string{"ciba", server.Issuer}, args, more)...)
}

// sent counts the requests to an endpoint.
func (r result) sent(at flow.Endpoint) int {
	n := 0
	for _, rec := range r.records {
		if x, ok := rec.Event.(trace.Exchanged); ok && x.Endpoint == string(at) {
			n++
		}
	}
	return n
}

// calls are the arrivals at the notification endpoint.
func (r result) calls() []trace.Returned {
	var out []trace.Returned
	for _, rec := range r.records {
		if e, ok := rec.Event.(trace.Returned); ok {
			out = append(out, e)
		}
	}
	return out
}

// Each fault of backchannel authentication is noticed by exactly the checks of
// its row, and ends as it must; the clean server is noticed by none.
func TestCIBAFaultMatrix(t *testing.T) {
	ends := map[string]int{
		"ciba-auth-req-id-missing": exitCheck, "ciba-expires-in-missing": exitCheck,
		"ciba-auth-req-id-illegal": exitRefused, // it is sent back as it came, and nobody knows it
		"ciba-denied":              exitRefused, "ciba-expires": exitNobody,
		"ciba-notification-token-wrong": exitNobody, "ciba-notification-unknown-request": exitNobody,
		"ciba-push-auth-req-id-wrong": exitCheck, "ciba-push-rt-hash-wrong": exitCheck, "ciba-push-at-hash-wrong": exitCheck,
	}
	rows := []demo.Fault{{Flow: "ciba"}, {Flow: "ciba-ping"}, {Flow: "ciba-push"}, {Flow: "ciba-ping", Name: "ciba-denied"}, {Flow: "ciba-push", Name: "ciba-denied"}}
	for _, f := range slices.Concat(rows, demo.FlowFaults()) {
		if !strings.HasPrefix(f.Flow, "ciba") {
			continue
		}
		t.Run(f.Flow+"/"+f.Name, func(t *testing.T) {
			t.Parallel()
			var faults, more []string
			if f.Name != "" {
				faults = []string{f.Name}
			}
			if strings.Contains(f.Name, "-notification-") {
				more = []string{"--timeout", "400ms"} // or it would wait for the right one
			}
			delivery := strings.TrimPrefix(strings.TrimPrefix(f.Flow, "ciba"), "-")
			if delivery == "" {
				delivery = "poll"
			}
			r := backchannel(t, delivery, faults, more...)
			want := slices.Clone(f.Codes)
			slices.Sort(want)
			if got := r.complaints(f.Codes...); !slices.Equal(got, want) {
				t.Errorf("%s\nnoticed by %v\n   want   %v\n%s", f.Doc, got, want, r.stderr)
			}
			if r.exit != ends[f.Name] || (r.stdout == "") != (r.exit != 0) {
				t.Errorf("exit %d, want %d; stdout %q\n%s", r.exit, ends[f.Name], r.stdout, r.stderr)
			}
		})
	}
}

// Each delivery sends what it should and no more: a ping is followed by one
// token request, a push by none.
func TestCIBADeliveries(t *testing.T) {
	for _, c := range []struct {
		delivery      string
		calls, tokens int
		secret        bool
	}{{"poll", 0, 2, false}, {"ping", 1, 1, true}, {"push", 1, 0, true}} {
		r := backchannel(t, c.delivery, nil, "--reveal")
		if r.exit != exitDone || !strings.Contains(r.stdout, `"refresh_token"`) {
			t.Fatalf("%s: exit %d\n%s", c.delivery, r.exit, r.stderr)
		}
		if calls, tokens := r.calls(), r.sent(flow.Token); len(calls) != c.calls || tokens != c.tokens {
			t.Errorf("%s: %d calls and %d token requests, want %d and %d", c.delivery, len(calls), tokens, c.calls, c.tokens)
		}
		for _, rec := range r.records {
			if b, ok := rec.Event.(trace.Built); ok && b.Endpoint == string(flow.CIBA) {
				i := slices.IndexFunc(b.Params, func(p trace.Param) bool { return p.Name == "client_notification_token" })
				if (i >= 0) != c.secret || c.secret && (len(b.Params[i].Value) != 43 || !b.Params[i].Secret) {
					t.Errorf("%s: %+v", c.delivery, b.Params)
				}
			}
		}
		for _, call := range r.calls() {
			if call.Via != "notification" || !call.Used || call.Method != "POST" || call.Path != "/ciba-notification" {
				t.Errorf("%s: %+v", c.delivery, call)
			}
		}
	}
}

// What a stranger posts is shown and is not believed.
func TestCIBAForeignNotification(t *testing.T) {
	for _, fault := range []string{"ciba-notification-token-wrong", "ciba-notification-unknown-request"} {
		for _, delivery := range []string{"ping", "push"} {
			t.Run(delivery+"/"+fault, func(t *testing.T) {
				t.Parallel()
				r := backchannel(t, delivery, []string{fault}, "--timeout", "400ms")
				calls := r.calls()
				if len(calls) != 1 || calls[0].Used || calls[0].Reason == "" || r.sent(flow.Token) != 0 || r.exit != exitNobody {
					t.Errorf("exit %d, %+v", r.exit, calls)
				}
				if !strings.Contains(r.stderr, "did not call http://127.0.0.1:") {
					t.Error(r.stderr)
				}
			})
		}
	}
}

// Nothing secret of a notification stands in the trace or on the terminal.
func TestCIBASecretsAreMasked(t *testing.T) {
	r := backchannel(t, "push", nil, "-v")
	var body map[string]any
	if err := json.Unmarshal([]byte(r.stdout), &body); err != nil || len(r.calls()) != 1 {
		t.Fatalf("%v\n%s", err, r.stderr)
	}
	trail, err := json.Marshal(r.records)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"auth_req_id", "access_token", "refresh_token", "id_token"} {
		s, _ := body[name].(string)
		s = s[strings.LastIndex(s, ".")+1:] // of a JWT the signature is what counts
		if len(s) < 20 || strings.Contains(r.stderr, s) || strings.Contains(string(trail), s) {
			t.Errorf("%s %q is not masked", name, s)
		}
	}
	for _, h := range r.calls()[0].Header {
		if h.Name == "Authorization" && !strings.HasPrefix(h.Value, "Bearer ") || h.Name == "Authorization" && len(h.Value) > 30 {
			t.Errorf("the bearer token is not masked: %s", h.Value)
		}
	}
}

// What is missing or wrong is named before anything is sent.
func TestCIBAUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		says string
	}{
		{"", "--login-hint is missing"},
		{"--login-hint alice --id-token-hint value:x", "--login-hint and --id-token-hint both say whom to ask"},
		{"--login-hint alice --delivery mail", `--delivery is "mail"; it takes poll, ping, push`},
		{"--login-hint alice --requested-expiry soon", `--requested-expiry is "soon"`},
		{"--login-hint alice --requested-expiry 0", `--requested-expiry is "0"`},
		{"--login-hint alice --callback 127.0.0.1:0", "--callback is for --delivery ping and push"},
		{"--login-hint alice --delivery ping --callback here", `--callback "here" is not ADDR:PORT`},
		{"--login-hint alice --client-secret @/does/not/exist", "--client-secret"},
	} {
		args := append([]string{"ciba", "https://issuer.example", "--client-id", "x"}, strings.Fields(c.args)...)
		if !strings.Contains(c.args, "client-secret") {
			args = append(args, "--client-secret", "value:s")
		}
		r := run(t, nil, "", args...)
		if r.exit != exitUsage || !strings.Contains(r.stderr, c.says) || r.stdout != "" || len(r.records) > 0 {
			t.Errorf("%s: exit %d\n%s", c.args, r.exit, r.stderr)
		}
	}
}
