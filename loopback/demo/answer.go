package demo

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A code is an authorization code and what it is bound to.
type code struct {
	authorization *authorization
	grant         *grant
	expires       time.Time
	used          bool
}

// A field is one parameter of an authorization response.
type field struct{ Name, Value string }

// answerAgreed gives the client what the person allowed.
func (s *Server) answerAgreed(x *exchange, a *authorization) {
	if a.away != nil {
		s.answerAway(x, a, nil)
		return
	}
	s.answerCode(x, a)
}

// answerCode sends the browser back with what the response type names: a code
// (RFC 6749 §4.1.2), tokens (§4.2.2), or both (OpenID Connect Core §3.3.2.5).
func (s *Server) answerCode(x *exchange, a *authorization) {
	if s.broken("form-post-error") {
		s.answerError(x, a, oauthError{"access_denied", "the person said no, as it was told to"})
		return
	}
	if s.answerOddly(x, a) {
		return
	}
	if s.broken("error-unregistered") {
		s.answerError(x, a, oauthError{"oops", "something went wrong, as it was told to"})
		return
	}
	g := s.newGrant(a)
	fields := s.codeField(x, a, g)
	x.note = fmt.Sprintf("%s for %s and client %s, scope %s", a.inWords(), g.user.Name, a.client.ID, strings.Join(a.scope, " "))
	fields = append(s.frontTokens(x, a, g, fields), fields...)
	switch {
	case s.broken("code-missing"):
		fields = nil
	case s.broken("code-repeated"):
		fields = append(fields, field{"code", s.secret(x)})
	case s.broken("code-and-error"):
		fields = append(fields, field{"error", "access_denied"})
	case s.broken("token-in-query"):
		fields = append(fields, field{"access_token", s.secret(x)}, field{"token_type", "Bearer"}, field{"expires_in", "300"})
	}
	s.answer(x, a, s.bendFront(a, fields))
}

// codeField is the code, when one was asked for.
func (s *Server) codeField(x *exchange, a *authorization, g *grant) []field {
	if !a.wants("code") {
		return nil
	}
	value := s.secret(x)
	if s.broken("code-guessable") {
		value = guessed
	}
	s.codes.put(value, &code{authorization: a, grant: g, expires: s.now().Add(s.config.Lifetimes.Code)})
	return []field{{"code", value}}
}

// answerError sends the browser back with an error (RFC 6749 §4.1.2.1).
func (s *Server) answerError(x *exchange, a *authorization, e oauthError) {
	if a.away != nil {
		s.answerAway(x, a, &e)
		return
	}
	x.note = e.code + ": " + printable(e.why)
	s.answer(x, a, []field{{"error", e.code}, {"error_description", printable(e.why)}})
}

// answer adds what every authorization response has and sends it by the response mode.
func (s *Server) answer(x *exchange, a *authorization, fields []field) {
	fields = append(fields, s.stateField(a)...)
	fields = append(fields, s.issField()...)
	if s.broken("ok-extra-members") {
		fields = append(fields, field{"x_demo_motto", "ignore what you do not know"})
	}
	mode := a.mode
	if under := carrier(mode); under != "" {
		fields, mode = s.jarm(x, a, fields), under
	}
	switch {
	case mode == "query" && s.broken("code-in-fragment"):
		mode = "fragment"
	case mode == "form_post" && s.broken("form-post-in-query"):
		mode = "query"
	case mode == "fragment" && s.broken("front-in-query"):
		mode = "query"
	}
	status := http.StatusSeeOther // never 307: RFC 9700 §4.12
	if s.broken("callback-307") {
		status = http.StatusTemporaryRedirect
	}
	switch mode {
	case "form_post":
		s.showFormPost(x, a.redirectURI, fields)
	case "fragment":
		x.redirect(status, a.redirectURI+"#"+encode(fields))
	default:
		x.redirect(status, withQuery(a.redirectURI, encode(fields)))
	}
}

// stateField is the client's state, exactly as it came.
func (s *Server) stateField(a *authorization) []field {
	switch {
	case a.state == "" && s.broken("state-uninvited"):
		return []field{{"state", "nobody-asked"}}
	case a.state == "" || s.broken("state-missing"):
		return nil
	case s.broken("state-wrong"):
		return []field{{"state", "not-" + a.state}}
	}
	return []field{{"state", a.state}}
}

// issField is the issuer (RFC 9207 §2).
func (s *Server) issField() []field {
	switch {
	case s.broken("iss-missing"):
		return nil
	case s.broken("iss-wrong"), s.broken("iss-unadvertised-wrong"), s.broken("error-iss-wrong"):
		return []field{{"iss", otherServer}}
	}
	return []field{{"iss", s.config.Issuer}}
}

// encode is form encoding in the order given (RFC 6749 Appendix B).
func encode(fields []field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = url.QueryEscape(f.Name) + "=" + url.QueryEscape(f.Value)
	}
	return strings.Join(parts, "&")
}

// withQuery adds to the query of a redirect URI and keeps what it has (RFC 6749 §3.1.2).
func withQuery(uri, query string) string {
	switch {
	case !strings.Contains(uri, "?"):
		return uri + "?" + query
	case strings.HasSuffix(uri, "?") || strings.HasSuffix(uri, "&"):
		return uri + query
	}
	return uri + "&" + query
}

// newGrant is what the person just allowed.
func (s *Server) newGrant(a *authorization) *grant {
	return &grant{
		client: a.client.ID, user: a.session.user, scope: slices.Clone(a.scope), nonce: a.nonce, hybrid: a.wants("id_token"),
		authTime: a.session.authTime, sid: a.session.sid, expires: s.now().Add(s.config.Lifetimes.RefreshToken),
		audience: a.resources, details: a.details, claims: a.claims, acr: a.acr, acrAsked: a.acrAsked,
	}
}
