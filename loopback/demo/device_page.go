package demo

import (
	"net/http"
)

// What the pages for a decision elsewhere are told.
type (
	deviceView struct {
		Action, CSRF, Code string
		Wrong              bool
	}
	doneView struct {
		ClientID string
		Allowed  bool
		Why      string
	}
)

// devicePage is where a person types the code of a device (RFC 8628 §3.3).
func (s *Server) devicePage(x *exchange) {
	if x.r.Method == http.MethodPost {
		s.enterCode(x)
		return
	}
	query, err := parseParams(x.r.URL.RawQuery)
	if err != nil {
		s.refuseAuthorization(x, "invalid_request", err.Error())
		return
	}
	// Even a complete address only fills the form in: the person must compare (RFC 8628 §3.3.1).
	x.note = "the page for the code of a device"
	s.showDevice(x, http.StatusOK, query.get("user_code"))
}

// enterCode takes the form of that page and goes on to sign-in and consent.
func (s *Server) enterCode(x *exchange) {
	form, err := x.formBody()
	if err != nil {
		s.refuseAuthorization(x, "invalid_request", err.Error())
		return
	}
	b := s.browser(x)
	if b == nil || !sameSecret(b.csrf, form.get("csrf")) {
		s.refuseForm(x)
		return
	}
	d, ok := s.userCodes.get(plainCode(form.get("user_code")))
	if !ok || !s.undecided(&d.pending) {
		x.note = "a user code that nobody waits with"
		s.showDevice(x, http.StatusNotFound, form.get("user_code"))
		return
	}
	client, _ := s.client(d.client)
	s.advance(x, &authorization{
		params: d.params, client: client, scope: d.scope, maxAge: -1, resources: d.resources, details: d.details, acr: basicLevel,
		away: &d.pending, compare: compareView{"The device shows the code", d.userCode},
	})
}

func (s *Server) showDevice(x *exchange, status int, code string) {
	b := s.greet(x)
	s.page(x, status, "device.html", deviceView{
		Action: s.path + "/device", CSRF: b.csrf, Code: code, Wrong: status != http.StatusOK,
	})
}

// answerAway records the decision about a request whose client is not in this
// browser, and lets the person go.
func (s *Server) answerAway(x *exchange, a *authorization, refused *oauthError) {
	if !s.undecided(a.away) {
		s.refuseStale(x)
		return
	}
	if refused != nil && refused.code != "access_denied" {
		s.refuseAuthorization(x, refused.code, refused.why) // which decides nothing
		return
	}
	if refused != nil {
		x.note = refused.code + ": " + printable(refused.why)
		s.decide(x, a.away, nil)
		s.page(x, http.StatusOK, "done.html", doneView{ClientID: a.client.ID, Why: refused.why})
		return
	}
	x.note = a.session.user.Name + " allowed client " + a.client.ID + ", which is elsewhere"
	s.decide(x, a.away, s.newGrant(a))
	s.page(x, http.StatusOK, "done.html", doneView{ClientID: a.client.ID, Allowed: true})
}
