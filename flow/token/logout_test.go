package token_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/token"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// person is a browser that comes back with what back makes of the state.
type person struct {
	opened string
	back   func(state string) string
}

func (p *person) RedirectURI() string  { return "http://127.0.0.1:7777/callback" }
func (p *person) Grace() time.Duration { return 0 }

func (p *person) Visit(_ context.Context, v flow.Visit) (flow.Hit, error) {
	p.opened = v.URL
	u, err := url.Parse(v.URL)
	if err != nil {
		return flow.Hit{}, err
	}
	v.Opened("test", "")
	h := flow.Hit{Method: "GET", Path: "/callback", Via: "query", RawQuery: p.back(u.Query().Get("state"))}
	if v.Accept(h) {
		return h, nil
	}
	return flow.Hit{}, errors.New("nobody came back")
}

func TestLogout(t *testing.T) {
	for _, c := range []struct {
		name string
		back func(string) string
		end  string
	}{
		{"back with the state", func(s string) string { return "state=" + s }, ""},
		{"back without it", func(string) string { return "" }, "check V-AR-02"},
		{"back with another", func(s string) string { return "state=x" + s }, "check V-AR-02"},
		{"an error", func(s string) string { return "error=access_denied&state=" + s }, "refused access_denied"},
		{"a forged error", func(string) string { return "error=access_denied" }, "check V-AR-02"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &person{back: c.back}
			s := &stage{plan: ask("id_token_hint", "h.i.nt", "logout_hint", "jane", "ui_locales", "de"), agent: p}
			_, err := s.run(t, token.Logout())
			if got := ending(err); got != c.end {
				t.Errorf("ended with %q (%v), want %q", got, err, c.end)
			}
			if said := strings.Contains(s.notes(), "the session at the server is over"); said != (c.end == "") {
				t.Errorf("said that it is over: %v", said)
			}
			u, err := url.Parse(p.opened)
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			if len(q.Get("state")) < 20 {
				t.Errorf("state %q", q.Get("state"))
			}
			q.Del("state")
			want := url.Values{"tenant": {"a"}, "id_token_hint": {"h.i.nt"}, "logout_hint": {"jane"}, "client_id": {"me"}, "ui_locales": {"de"},
				"post_logout_redirect_uri": {"http://127.0.0.1:7777/callback"}}
			if diff := cmp.Diff(want, q); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLogoutGivenState(t *testing.T) {
	p := &person{back: func(s string) string { return "state=" + s }}
	s := &stage{plan: ask("state", "mine"), agent: p}
	if _, err := s.run(t, token.Logout()); err != nil || !strings.Contains(p.opened, "state=mine") {
		t.Error(err, p.opened)
	}
}

// Without a way back the address is opened, and nothing is claimed.
func TestLogoutWithoutReturn(t *testing.T) {
	s := &stage{plan: ask("id_token_hint", "h"), agent: &person{}}
	s.plan.Ask.OmitRedirect = true
	if _, err := s.run(t, token.Logout()); err != nil {
		t.Fatal(err)
	}
	opened := ""
	for _, r := range s.said {
		if o, ok := r.Event.(trace.Opened); ok {
			opened = o.URL
		}
	}
	if opened != issuer+"/logout?tenant=a&id_token_hint=h&client_id=me" {
		t.Error(opened)
	}
	if notes := s.notes(); strings.Contains(notes, "is over") || !strings.Contains(notes, "only its page says") {
		t.Error(notes)
	}
}
