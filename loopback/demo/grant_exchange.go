package demo

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// exchangeGrant is the grant type of RFC 8693 §2.1.
const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"

// The token types that this server takes and gives (RFC 8693 §3).
const (
	typeAccess  = "urn:ietf:params:oauth:token-type:access_token"
	typeRefresh = "urn:ietf:params:oauth:token-type:refresh_token"
	typeID      = "urn:ietf:params:oauth:token-type:id_token"
	typeJWT     = "urn:ietf:params:oauth:token-type:jwt"
)

var tokenTypes = []string{typeAccess, typeRefresh, typeID, typeJWT}

// An exchangeRequest is a token exchange whose parameters have been understood.
type exchangeRequest struct {
	subject, actor *issuedToken
	audience       []string
	details        []detail
	scope          []string
	requested      string
}

// grantExchange trades tokens of this server for others (RFC 8693 §2).
func (s *Server) grantExchange(x *exchange, t tokenRequest) *oauthError {
	var e exchangeRequest
	for _, read := range []func(tokenRequest, *exchangeRequest) *oauthError{
		s.readSubject, s.readActor, s.readTarget, readRequestedType, s.readExchangeScope,
	} {
		if fault := read(t, &e); fault != nil {
			return fault
		}
	}
	s.sendExchanged(x, t, e)
	return nil
}

func (s *Server) readSubject(t tokenRequest, e *exchangeRequest) (fault *oauthError) {
	if t.params.get("subject_token") == "" {
		return &oauthError{"invalid_request", "subject_token is missing"}
	}
	e.subject, fault = s.presented(t, "subject_token")
	return fault
}

// readActor reads who is acting, which makes the difference between delegation
// and impersonation (RFC 8693 §1.1).
func (s *Server) readActor(t tokenRequest, e *exchangeRequest) (fault *oauthError) {
	if t.params.get("actor_token") == "" {
		if t.params.get("actor_token_type") != "" {
			return &oauthError{"invalid_request", "actor_token_type came without actor_token"}
		}
		return nil
	}
	e.actor, fault = s.presented(t, "actor_token")
	return fault
}

// presented finds a token that came as a parameter. RFC 8693 §2.2.2 wants
// invalid_request for whatever is wrong with it.
func (s *Server) presented(t tokenRequest, name string) (*issuedToken, *oauthError) {
	fail := func(why string) (*issuedToken, *oauthError) {
		return nil, &oauthError{"invalid_request", name + why}
	}
	kind := t.params.get(name + "_type")
	switch {
	case kind == "":
		return fail("_type is missing; use one of " + strings.Join(tokenTypes, ", "))
	case !slices.Contains(tokenTypes, kind):
		return fail("_type " + kind + " is not supported; use one of " + strings.Join(tokenTypes, ", "))
	}
	found := s.ofType(t.params.get(name), kind)
	switch {
	case found == nil:
		return fail(" is no token of this type that this server issued")
	case found.grant.dead():
		return fail(" was revoked")
	case s.now().After(found.expires):
		return fail(" expired")
	case found.grant.client != t.client.ID && !slices.Contains(found.grant.audience, t.client.ID):
		// Else any client could launder what leaked from another.
		return fail(" was issued to client " + found.grant.client + ", and " + t.client.ID + " is not in its audience")
	}
	return found, nil
}

// ofType finds a token of this server by its type.
func (s *Server) ofType(token, kind string) *issuedToken {
	if kind == typeRefresh {
		if r, ok := s.refresh.get(token); ok && !r.used {
			return &issuedToken{grant: r.grant, scope: r.grant.scope, expires: r.grant.expires}
		}
		return nil
	}
	if kind == typeAccess || kind == typeJWT {
		if found, ok := s.access.get(token); ok {
			return found
		}
	}
	if kind == typeID || kind == typeJWT {
		if found, ok := s.hints.get(token); ok {
			return found
		}
	}
	return nil
}

// readTarget reads for whom the new token is (RFC 8693 §2.1, RFC 8707 §2).
func (s *Server) readTarget(t tokenRequest, e *exchangeRequest) *oauthError {
	for _, resource := range t.params.all["resource"] {
		if u, err := url.Parse(resource); err != nil || !u.IsAbs() || strings.Contains(resource, "#") {
			return &oauthError{"invalid_target", "resource " + resource + " is no absolute URI without a fragment"}
		}
	}
	e.audience = slices.Concat(t.params.all["audience"], t.params.all["resource"])
	for _, name := range e.audience {
		if !slices.Contains(s.targets(), name) {
			return &oauthError{"invalid_target", name + " is unknown here; known are " + strings.Join(s.targets(), ", ")}
		}
	}
	var fault *oauthError
	if e.details, fault = narrowedDetails(e.subject.grant.details, t.params); e.details == nil {
		e.details = e.subject.grant.details
	}
	return fault
}

// targets is every audience the server knows.
func (s *Server) targets() []string {
	list := append(s.ownTargets(), s.config.Resources...)
	for _, c := range s.config.Clients {
		list = append(list, c.ID)
	}
	return list
}

func readRequestedType(t tokenRequest, e *exchangeRequest) *oauthError {
	e.requested = t.params.get("requested_token_type")
	if e.requested == "" {
		e.requested = typeAccess
	}
	switch {
	case !slices.Contains(tokenTypes, e.requested):
		return &oauthError{"invalid_request", "requested_token_type " + e.requested + " is not supported; use one of " + strings.Join(tokenTypes, ", ")}
	case e.requested == typeID && e.subject.grant.user == nil:
		return &oauthError{"invalid_request", "an ID token tells who a person is, and the subject is a client"}
	case e.requested == typeRefresh && !slices.Contains(e.subject.grant.scope, "offline_access"):
		return &oauthError{"invalid_request", "a refresh token needs offline_access, which the subject_token lacks"}
	}
	return nil
}

// readExchangeScope gives no more than the subject token had (RFC 8693 §5).
func (s *Server) readExchangeScope(t tokenRequest, e *exchangeRequest) (fault *oauthError) {
	e.scope, fault = s.narrowed(e.subject.scope, t.params.get("scope"))
	if e.requested != typeRefresh {
		e.scope = slices.DeleteFunc(slices.Clone(e.scope), func(name string) bool { return name == "offline_access" })
	}
	return fault
}

// sendExchanged issues the new token (RFC 8693 §2.2.1).
func (s *Server) sendExchanged(x *exchange, t tokenRequest, e exchangeRequest) {
	old := e.subject.grant
	g := &grant{
		client: t.client.ID, user: old.user, owner: old.owner, scope: e.scope, audience: e.audience, details: e.details, parent: old, acr: old.acr, acrAsked: old.acrAsked,
		act: e.subject.grant.act, authTime: old.authTime, sid: old.sid, expires: old.expires,
	}
	if old.user == nil && old.owner == "" {
		g.owner = old.client
	}
	if e.actor != nil {
		g.act = e.actor.grant.acting(old.act)
	}
	i := issue{grant: g, scope: e.scope}
	body := object{{"access_token", ""}, {"issued_token_type", e.requested}, {"token_type", "N_A"}}
	switch e.requested {
	case typeID:
		body.set("access_token", s.idToken(i, ""))
		body.set("expires_in", int64(s.config.Lifetimes.IDToken/time.Second))
	case typeRefresh:
		body.set("access_token", s.newRefreshToken(x, g))
	default:
		body.set("access_token", s.newAccessToken(x, i))
		body.set("token_type", s.tokenType(x))
		body.set("expires_in", int64(s.lifetime()/time.Second))
		body.set("scope", strings.Join(i.scope, " "))
		if e.details != nil {
			body.set("authorization_details", e.details)
		}
	}
	switch {
	case s.broken("exchange-issued-type-missing"):
		body.drop("issued_token_type")
	case s.broken("exchange-issued-type-wrong"):
		body.set("issued_token_type", "urn:ietf:params:oauth:token-type:saml2")
	}
	s.bendTokens(&body)
	x.note = fmt.Sprintf("%s exchanged for %s", g.who(), e.requested)
	s.sendTokens(x, body)
}

// acting is the act claim that names this grant's subject, with those who acted
// before inside (RFC 8693 §4.1).
func (g *grant) acting(before object) object {
	act := object{{"sub", g.subject()}}
	if before != nil {
		act.set("act", before)
	}
	return act
}
