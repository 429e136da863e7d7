package demo

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// advance takes a valid request one step on: to the login page, to the consent
// page, or back to the client.
func (s *Server) advance(x *exchange, a *authorization) {
	a.session = s.browser(x)
	silent := slices.Contains(a.prompt, "none")
	switch {
	case s.mustLogin(a) && silent:
		s.answerError(x, a, oauthError{"login_required", "nobody is signed in here, and prompt none forbids to ask"})
	case !s.agreedBefore(a) && silent:
		s.answerError(x, a, oauthError{"consent_required", "the person has not agreed yet, and prompt none forbids to ask"})
	case s.config.AutoConsent:
		s.autoConsent(x, a)
	case s.mustLogin(a):
		s.showLogin(x, s.wait(x, a), a)
	case silent || !s.mustAsk(a):
		s.answerAgreed(x, a)
	default:
		a.signedIn = true
		s.showConsent(x, s.wait(x, a), a)
	}
}

// mustLogin says whether the person has to sign in now (OpenID Connect Core §3.1.2.1).
func (s *Server) mustLogin(a *authorization) bool {
	b := a.session
	if b == nil || b.user == nil {
		return true
	}
	if a.sub != "" && a.sub != b.user.Sub {
		return true
	}
	if slices.Contains(a.prompt, "login") || slices.Contains(a.prompt, "select_account") {
		return true
	}
	age := s.now().Sub(b.authTime)
	return a.maxAge == 0 || a.maxAge > 0 && age > time.Duration(a.maxAge)*time.Second
}

// agreedBefore says whether the person of the session allowed all this before.
func (s *Server) agreedBefore(a *authorization) bool {
	return a.session != nil && a.details == nil && a.session.agreed(a.client.ID, a.wishes())
}

// mustAsk says whether the consent page is due. Nobody can know who a public
// client is, so it is asked about each time (RFC 8252 §8.6).
func (s *Server) mustAsk(a *authorization) bool {
	return a.away != nil || a.client.public() || slices.Contains(a.prompt, "consent") || !s.agreedBefore(a)
}

// autoConsent is the first user, who agrees to everything.
func (s *Server) autoConsent(x *exchange, a *authorization) {
	user := &s.config.Users[0]
	if a.sub != "" && a.sub != user.Sub {
		s.answerError(x, a, oauthError{"login_required", "id_token_hint names somebody else"})
		return
	}
	if s.mustLogin(a) {
		a.session = s.greet(x)
		s.signIn(x, a.session, user)
	}
	a.session.agree(a.client.ID, a.wishes())
	s.answerAgreed(x, a)
}

// wait puts the request aside until the person has acted, under a new name.
func (s *Server) wait(x *exchange, a *authorization) (transaction string) {
	a.session, a.expires = s.greet(x), s.now().Add(pageLifetime)
	transaction = s.secret(x)
	s.requests.put(transaction, a)
	return transaction
}

// login takes the form of the login page.
func (s *Server) login(x *exchange) {
	transaction, a, form, ok := s.submitted(x)
	if !ok {
		return
	}
	user := s.user(form.get("username"), form.get("password"))
	if user == nil {
		s.showLoginAgain(x, transaction, a, form.get("username"))
		return
	}
	s.signIn(x, a.session, user)
	a.signedIn = true
	if a.sub != "" && a.sub != user.Sub {
		s.requests.take(transaction)
		s.answerError(x, a, oauthError{"login_required", "somebody else signed in than id_token_hint names"})
		return
	}
	if !s.mustAsk(a) {
		s.requests.take(transaction)
		s.answerAgreed(x, a)
		return
	}
	x.note = user.Name + " signed in"
	// 303, so that no browser sends the password on (RFC 9700 §4.12).
	x.redirect(http.StatusSeeOther, s.path+"/consent?transaction="+url.QueryEscape(transaction))
}

// consent shows the consent page again, or takes its form.
func (s *Server) consent(x *exchange) {
	if x.r.Method == http.MethodGet {
		s.consentAgain(x)
		return
	}
	transaction, a, form, ok := s.submitted(x)
	if !ok {
		return
	}
	if !a.signedIn {
		s.refuseAuthorization(x, "invalid_request", "This request asks for a fresh sign-in first.")
		return
	}
	switch form.get("consent") {
	case "allow":
		s.requests.take(transaction)
		a.session.agree(a.client.ID, a.wishes())
		s.answerAgreed(x, a)
	case "deny":
		s.requests.take(transaction)
		s.answerError(x, a, oauthError{"access_denied", "the person denied the request"})
	default:
		s.refuseAuthorization(x, "invalid_request", "consent must be allow or deny")
	}
}

// consentAgain is where the login form leads.
func (s *Server) consentAgain(x *exchange) {
	query, err := parseParams(x.r.URL.RawQuery)
	a, ok := s.requests.get(query.get("transaction"))
	if err != nil || !ok || s.browser(x) != a.session || s.now().After(a.expires) {
		s.refuseStale(x)
		return
	}
	if !a.signedIn {
		s.showLogin(x, query.get("transaction"), a)
		return
	}
	s.showConsent(x, query.get("transaction"), a)
}

// submitted finds the request that a form belongs to and makes sure that the form
// came from our own page in the same browser.
func (s *Server) submitted(x *exchange) (transaction string, a *authorization, form params, ok bool) {
	form, err := x.formBody()
	if err != nil {
		s.refuseAuthorization(x, "invalid_request", err.Error())
		return "", nil, form, false
	}
	transaction = form.get("transaction")
	a, ok = s.requests.get(transaction)
	if !ok || s.now().After(a.expires) {
		s.refuseStale(x)
		return "", nil, form, false
	}
	if s.browser(x) != a.session || !sameSecret(a.session.csrf, form.get("csrf")) {
		s.refuseForm(x)
		return "", nil, form, false
	}
	return transaction, a, form, true
}

// refuseForm answers a form that another site may have made.
func (s *Server) refuseForm(x *exchange) {
	x.note = "a form without its cookie or its token"
	s.page(x, http.StatusForbidden, "error.html", errorView{Code: "invalid_request",
		Why: "This form did not come from the page that this browser was shown last. Start again from the application; cookies must be allowed."})
}

// refuseStale answers for a request that is over.
func (s *Server) refuseStale(x *exchange) {
	s.refuseAuthorization(x, "invalid_request", "This sign-in has been answered already, or it waited too long. Start again from the application.")
}
