package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// requestURIPrefix begins what a pushed request is called (RFC 9126 §2.2).
const requestURIPrefix = "urn:ietf:params:oauth:request_uri:"

// credentialNames is the parameters of client authentication, which are no part of
// the request that a client pushes.
var credentialNames = []string{"client_secret", "client_assertion", "client_assertion_type"}

// A pushed request was accepted and waits to be used once (RFC 9126 §4).
type pushed struct {
	authorization *authorization
	expires       time.Time
	used          bool
}

// par is the pushed authorization request endpoint (RFC 9126 §2).
func (s *Server) par(x *exchange) {
	x.cors()
	if fault := s.answerPush(x); fault != nil {
		s.tokenError(x, *fault)
	}
}

// answerPush judges the client, then all of its authorization request (RFC 9126 §2.1).
func (s *Server) answerPush(x *exchange) *oauthError {
	p, fault := x.directForm()
	if fault != nil {
		return fault
	}
	client, fault := s.authenticate(x, p)
	if fault != nil {
		return fault
	}
	if fault := pushable(p); fault != nil {
		return fault
	}
	a, fault := s.understand(p.without(credentialNames...))
	if fault != nil {
		return fault
	}
	if a.client.ID != client.ID {
		return &oauthError{"invalid_request", "client_id is not the client that authenticated"}
	}
	a.pushed = true
	if fault := s.readRequest(a, a.params); fault != nil {
		return fault
	}
	if a.jkt, fault = s.bindCode(x, a.jkt); fault != nil {
		return fault
	}
	s.spend(a)
	s.sendPushed(x, a)
	return nil
}

// pushable refuses what may not be pushed (RFC 9126 §2.1, §3).
func pushable(p params) *oauthError {
	switch {
	case p.get("request_uri") != "":
		return &oauthError{"invalid_request", "request_uri may not be pushed (RFC 9126 section 2.1)"}
	case p.get("client_id") == "":
		return &oauthError{"invalid_request", "client_id is missing; it is part of every authorization request (RFC 9126 section 2.1)"}
	case p.get("request") == "":
		return nil
	}
	for _, name := range p.order {
		if name != "request" && name != "client_id" && !slices.Contains(credentialNames, name) {
			return &oauthError{"invalid_request", name + " stands beside request; everything must be inside (RFC 9126 section 3)"}
		}
	}
	return nil
}

// sendPushed answers with the reference that the browser will carry (RFC 9126 §2.2).
func (s *Server) sendPushed(x *exchange, a *authorization) {
	uri := requestURIPrefix + s.secret(x)
	switch {
	case s.broken("par-request-uri-guessable"):
		s.pushes++
		uri = requestURIPrefix + fmt.Sprint(s.pushes)
	case s.broken("par-request-uri-http"):
		uri = "http://requests.example/" + s.secret(x)
	}
	s.requested.put(uri, &pushed{authorization: a, expires: s.now().Add(s.config.Lifetimes.RequestURI)})
	x.note = "a request of client " + a.client.ID + " was pushed"
	x.noStore()
	if s.broken("par-html") {
		x.html(http.StatusCreated, "<!DOCTYPE html><title>Created</title><p>The request was stored.</p>\n")
		return
	}
	body := object{{"request_uri", uri}, {"expires_in", int64(s.config.Lifetimes.RequestURI / time.Second)}}
	s.bendPush(x, &body)
	status := http.StatusCreated
	if s.broken("par-status-200") {
		status = http.StatusOK
	}
	x.json(status, body)
}

// bendPush makes the answer to a pushed request wrong as asked.
func (s *Server) bendPush(x *exchange, body *object) {
	for _, b := range []struct {
		fault string
		bend  func()
	}{
		{"par-request-uri-missing", func() { body.drop("request_uri") }},
		{"par-expires-in-missing", func() { body.drop("expires_in") }},
		{"par-expires-in-zero", func() { body.set("expires_in", 0) }},
		{"par-expires-in-string", func() { body.set("expires_in", fmt.Sprint(body.get("expires_in"))) }},
		{"par-cacheable", func() { x.header.Del("Cache-Control"); x.header.Del("Pragma") }},
	} {
		if s.broken(b.fault) {
			b.bend()
		}
	}
}

// isPushed says whether the browser carries a reference of ours; http is what a
// faulty server of this package calls one.
func (s *Server) isPushed(p params) bool {
	return strings.HasPrefix(p.get("request_uri"), requestURIPrefix) || s.requested.has(p.get("request_uri"))
}

// authorizePushed goes on with a request that was pushed. Whatever else came in the
// address is ignored (RFC 9126 §4, RFC 9101 §6.3).
func (s *Server) authorizePushed(x *exchange, p params) {
	a, fault := s.redeemPushed(p)
	if fault != nil {
		s.refuseAuthorization(x, fault.code, fault.why)
		return
	}
	s.advance(x, a)
}

// redeemPushed finds a pushed request and uses it up.
func (s *Server) redeemPushed(p params) (*authorization, *oauthError) {
	if name := p.firstRepeated("client_id", "request_uri"); name != "" {
		return nil, &oauthError{"invalid_request", name + " came more than once (RFC 6749 section 3.1)"}
	}
	uri := p.get("request_uri")
	stored, ok := s.requested.get(uri)
	switch {
	case p.get("request") != "":
		return nil, &oauthError{"invalid_request", "request and request_uri exclude each other (RFC 9101 section 5)"}
	case p.get("client_id") == "":
		return nil, &oauthError{"invalid_request", "client_id is missing; it must come beside request_uri (RFC 9101 section 5)"}
	case !ok:
		return nil, &oauthError{"invalid_request_uri", "request_uri names no request that was pushed to this server"}
	case stored.authorization.client.ID != p.get("client_id"):
		return nil, &oauthError{"invalid_request", "request_uri belongs to a request of another client (RFC 9126 section 2.2)"}
	case stored.used:
		return nil, &oauthError{"invalid_request_uri", "request_uri was used before; push the request again (RFC 9126 section 4)"}
	case s.now().After(stored.expires):
		return nil, &oauthError{"invalid_request_uri", "request_uri expired; a pushed request waits for " + inWords(s.config.Lifetimes.RequestURI)}
	}
	stored.used = true
	a := *stored.authorization
	a.carried = append([]arrived{{"request_uri", uri, "the application sent its request to the server beforehand, and the browser carries only this reference to it (RFC 9126 §4). What follows is what it sent"}}, a.carried...)
	return &a, nil
}
