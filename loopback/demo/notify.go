package demo

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// deliver tells a client that was promised to hear of the decision (CIBA Core §10.2, §10.3).
func (s *Server) deliver(x *exchange, c *cibaRequest) {
	id := c.id
	if s.broken("ciba-notification-unknown-request") {
		id = s.secret(x)
	}
	body := object{{"auth_req_id", id}}
	switch {
	case c.client.delivery() == "poll":
		return
	case c.client.delivery() == "ping":
	case c.denied:
		body.set("error", "access_denied")
		body.set("error_description", "the person denied the request")
	default:
		c.used = true
		for _, m := range s.tokens(x, issue{grant: c.grant, scope: c.grant.scope, pushed: c.id}) {
			body.set(m.name, m.value)
		}
	}
	token := c.token
	if s.broken("ciba-notification-token-wrong") {
		token = "not-" + token
	}
	s.send(x, c.client.NotificationEndpoint, token, body)
}

// send posts a notification, without waiting for what comes of it. Redirects are
// not followed (CIBA Core §10.2).
func (s *Server) send(x *exchange, to, token string, body object) {
	b, err := marshal(body)
	if err != nil {
		x.failure = err
		return
	}
	client := http.Client{
		Transport:     s.config.Notify,
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if client.Transport == nil {
		client.Transport = &http.Transport{DisableKeepAlives: true}
	}
	s.errands.Go(func() {
		r, err := http.NewRequestWithContext(s.life, http.MethodPost, to, bytes.NewReader(b))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(r)
		if err == nil {
			_ = resp.Body.Close() // whatever it says, CIBA Core §10.2 leaves it at that
		}
	})
}

// bendPushed makes the claims that tie a pushed ID token to its request wrong as
// asked (CIBA Core §10.3.1).
func (s *Server) bendPushed(c *object) {
	for _, b := range []struct{ fault, name, value string }{
		{"ciba-push-auth-req-id-wrong", claimRequest, "another-request"},
		{"ciba-push-rt-hash-wrong", claimRefresh, leftHalf("RS256", "another refresh token")},
		{"ciba-push-at-hash-wrong", "at_hash", leftHalf("RS256", "another access token")},
	} {
		if s.broken(b.fault) {
			c.set(b.name, b.value)
		}
	}
}

// The claims of CIBA Core §10.3.1.
const (
	claimRequest = "urn:openid:params:jwt:claim:auth_req_id"
	claimRefresh = "urn:openid:params:jwt:claim:rt_hash"
)

// begin gives the server a life that end ends.
func (s *Server) begin() { s.life, s.endLife = context.WithCancel(context.Background()) }

// end stops what the server still has to deliver.
func (s *Server) end() {
	s.endLife()
	s.errands.Wait()
}
