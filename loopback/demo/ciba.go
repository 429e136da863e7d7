package demo

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cibaGrant is the grant type of CIBA Core §4.
const cibaGrant = "urn:openid:params:grant-type:ciba"

// deliveries is how a client may learn of the decision (CIBA Core §5).
var deliveries = []string{"poll", "ping", "push"}

// A cibaRequest is a person who was asked, on another device, to sign in somewhere.
type cibaRequest struct {
	pending
	id     string
	params params
	client Client
	user   *User
	token  string // client_notification_token
}

// backchannel is the endpoint of CIBA Core §7.
func (s *Server) backchannel(x *exchange) {
	x.cors()
	if fault := s.answerBackchannel(x); fault != nil {
		s.tokenError(x, *fault)
	}
}

// answerBackchannel judges the client, then what it asks for.
func (s *Server) answerBackchannel(x *exchange) *oauthError {
	p, fault := x.directForm()
	if fault != nil {
		return fault
	}
	client, fault := s.authenticate(x, p)
	if fault != nil {
		return fault
	}
	if fault := client.may(cibaGrant); fault != nil {
		return fault
	}
	c := &cibaRequest{id: s.secret(x), params: p, client: client, pending: pending{
		flow: "ciba", client: client.ID, expires: s.now().Add(s.config.Lifetimes.DeviceCode), interval: time.Duration(s.config.Interval) * time.Second,
	}}
	if s.broken("ciba-auth-req-id-guessable") {
		c.id = "request-" + guessed
	}
	for _, read := range []func(*cibaRequest) *oauthError{
		s.readCIBAScope, s.readCIBATargets, s.readWho, readBinding, readUserCode, s.readExpiry, readNotification,
	} {
		if fault := read(c); fault != nil {
			return fault
		}
	}
	s.sendBackchannel(x, c)
	return nil
}

func (s *Server) readCIBAScope(c *cibaRequest) (fault *oauthError) {
	if c.params.get("request") != "" {
		return &oauthError{"invalid_request", "this server does not support signed authentication requests"}
	}
	if c.scope, fault = s.parseScope(c.params.get("scope")); c.params.get("scope") == "" || fault == nil && !slices.Contains(c.scope, "openid") {
		return &oauthError{"invalid_scope", "scope must contain openid (CIBA Core section 7.1)"}
	}
	return fault
}

// readCIBATargets reads where the tokens will be used, what for, and how well the
// person is to be identified (CIBA Core §7.1).
func (s *Server) readCIBATargets(c *cibaRequest) (fault *oauthError) {
	c.acr = firstKnown(strings.Fields(c.params.get("acr_values")))
	if c.resources, fault = s.readResources(c.params); fault != nil {
		return fault
	}
	c.details, fault = readDetails(c.params)
	return fault
}

// readWho wants exactly one hint, of somebody who exists (CIBA Core §7.1).
func (s *Server) readWho(c *cibaRequest) *oauthError {
	var hints []string
	for _, name := range []string{"login_hint", "login_hint_token", "id_token_hint"} {
		if c.params.get(name) != "" {
			hints = append(hints, name)
		}
	}
	if len(hints) != 1 {
		return &oauthError{"invalid_request", "exactly one of login_hint, login_hint_token and id_token_hint must come; there were " + strconv.Itoa(len(hints))}
	}
	switch hints[0] {
	case "login_hint_token":
		return &oauthError{"invalid_request", "login_hint_token is not supported; use login_hint or id_token_hint"}
	case "id_token_hint":
		hint, ok := s.hints.get(c.params.get("id_token_hint"))
		if !ok || hint.grant.user == nil {
			return &oauthError{"invalid_request", "id_token_hint is no ID token that this server issued"}
		}
		c.user = hint.grant.user
	default:
		if c.user = s.hinted(c.params.get("login_hint")); c.user == nil {
			return &oauthError{"unknown_user_id", "nobody is known as " + c.params.get("login_hint")}
		}
	}
	c.who = c.user
	return nil
}

// hinted finds a user by name, subject or e-mail address.
func (s *Server) hinted(hint string) *User {
	if u := s.named(hint); u != nil {
		return u
	}
	for i := range s.config.Users {
		if s.config.Users[i].Claims["email"] == hint {
			return &s.config.Users[i]
		}
	}
	return nil
}

// readBinding wants a message that fits any screen (CIBA Core §7.1).
func readBinding(c *cibaRequest) *oauthError {
	message := c.params.get("binding_message")
	if message != printable(message) || len(message) > 64 {
		return &oauthError{"invalid_binding_message", "binding_message must be at most 64 plain ASCII characters"}
	}
	return nil
}

// readUserCode wants the code that only the person knows, when there is one (CIBA Core §7.1).
func readUserCode(c *cibaRequest) *oauthError {
	switch code := c.params.get("user_code"); {
	case c.user.UserCode == "":
		return nil
	case code == "":
		return &oauthError{"missing_user_code", c.user.Name + " wants to be asked only with a user_code"}
	case !sameSecret(code, c.user.UserCode):
		return &oauthError{"invalid_user_code", "this is not the user_code of " + c.user.Name}
	}
	return nil
}

func (s *Server) readExpiry(c *cibaRequest) *oauthError {
	text := c.params.get("requested_expiry")
	if text == "" {
		return nil
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil || seconds == 0 {
		return &oauthError{"invalid_request", "requested_expiry must be a positive number of seconds"}
	}
	c.expires = s.now().Add(min(time.Duration(seconds)*time.Second, s.config.Lifetimes.DeviceCode))
	return nil
}

// readNotification wants the token with which a ping or push proves to be ours (CIBA Core §7.1).
func readNotification(c *cibaRequest) *oauthError {
	const token68 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
	c.token = c.params.get("client_notification_token")
	switch {
	case c.client.delivery() == "poll":
		return nil
	case c.token == "":
		return &oauthError{"invalid_request", "client_notification_token is missing; client " + c.client.ID + " is registered for " + c.client.delivery()}
	case strings.Trim(c.token, token68) != "" || len(c.token) > 1024:
		return &oauthError{"invalid_request", "client_notification_token must be a Bearer token of at most 1024 characters"}
	}
	return nil
}

// sendBackchannel answers with the acknowledgement (CIBA Core §7.3).
func (s *Server) sendBackchannel(x *exchange, c *cibaRequest) {
	s.cibas.put(c.id, c)
	link := s.secret(x)
	s.approvals.put(link, c)
	c.decided = func(x *exchange) { s.deliver(x, c) }
	body := object{
		{"auth_req_id", c.id},
		{"expires_in", int64(c.expires.Sub(s.now()) / time.Second)},
	}
	if c.client.delivery() != "push" || s.broken("ciba-push-interval") {
		body.set("interval", s.config.Interval)
	}
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"ciba-auth-req-id-missing", func() { body.drop("auth_req_id") }},
		{"ciba-auth-req-id-illegal", func() { body.set("auth_req_id", c.id+" €") }},
		{"ciba-expires-in-missing", func() { body.drop("expires_in") }},
		{"ciba-interval-odd", func() { body.set("interval", fmt.Sprint(s.config.Interval)) }},
		{"ciba-expires", func() { body.set("expires_in", s.config.Interval+2) }},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
	x.note = fmt.Sprintf("%s is asked to decide about client %s at %s/approve?request=%s", c.user.Name, c.client.ID, s.config.Issuer, link)
	x.noStore()
	x.json(http.StatusOK, body)
	if s.config.AutoApprove && c.client.delivery() != "poll" {
		x.after = func() { s.decideNow(x, c) } // nobody polls a second time
	}
}

// decideNow is a person who needs no time at all.
func (s *Server) decideNow(x *exchange, c *cibaRequest) {
	if s.broken("ciba-denied") {
		s.decide(x, &c.pending, nil)
		return
	}
	s.decide(x, &c.pending, s.awayGrant(x, &c.pending, c.user))
}

// approve is where the person's own device leads, in place of a telephone that rings.
func (s *Server) approve(x *exchange) {
	query, err := parseParams(x.r.URL.RawQuery)
	c, ok := s.approvals.get(query.get("request"))
	if err != nil || !ok || !s.undecided(&c.pending) {
		s.refuseStale(x)
		return
	}
	s.advance(x, &authorization{
		params: c.params, client: c.client, scope: c.scope, maxAge: -1, sub: c.user.Sub, resources: c.resources, details: c.details,
		acr: cmp.Or(c.acr, basicLevel), acrAsked: c.acr != "",
		away: &c.pending, compare: compareView{"The application says", c.params.get("binding_message")},
	})
}

// delivery is how the client learns of the decision.
func (c Client) delivery() string {
	if c.Delivery == "" {
		return "poll"
	}
	return c.Delivery
}
