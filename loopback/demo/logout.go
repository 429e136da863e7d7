package demo

import (
	"net/http"
	"slices"
	"strings"
)

// logoutView is what the page for signing out is told.
type logoutView struct {
	Action, CSRF, User, ClientID, Because string
	Fields                                []field // of the request, for the form to bring back
	Arrived                               []arrived
}

// leftView is what the last page is told.
type leftView struct {
	User string // who is still signed in, or ""
}

// logoutNames is the parameters of RP-Initiated Logout 1.0 §2.
var logoutNames = []string{"id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"}

// A departure is a logout request that has been understood.
type departure struct {
	params params
	client Client // whose ID is "" when nobody says who asks
	hint   *User  // whom id_token_hint names, or nil
	to     string // where the browser goes afterwards, or ""
}

// logout is the endpoint of RP-Initiated Logout 1.0 §2.
func (s *Server) logout(x *exchange) {
	p, err := s.authorizationParams(x)
	if err != nil {
		s.refuseLogout(x, oauthError{"invalid_request", err.Error()})
		return
	}
	d, fault := s.departure(p)
	if fault != nil {
		s.refuseLogout(x, *fault)
		return
	}
	b := s.browser(x)
	switch {
	case b == nil || b.user == nil:
		x.note = "nobody is signed in here"
		s.leave(x, d)
	case s.config.AutoConsent && d.hint != nil && d.hint.Sub == b.user.Sub:
		s.forget(x, b)
		s.leave(x, d)
	default:
		s.askToLeave(x, b, d)
	}
}

// signOut takes the form of the page that asks.
func (s *Server) signOut(x *exchange) {
	form, err := x.formBody()
	if err != nil {
		s.refuseLogout(x, oauthError{"invalid_request", err.Error()})
		return
	}
	b := s.browser(x)
	if b == nil || b.user == nil || !sameSecret(b.csrf, form.get("csrf")) {
		s.refuseForm(x)
		return
	}
	d, fault := s.departure(form)
	switch {
	case fault != nil:
		s.refuseLogout(x, *fault)
	case form.get("logout") == "yes":
		s.forget(x, b)
		s.leave(x, d)
	case form.get("logout") == "no":
		x.note = b.user.Name + " stays signed in"
		s.page(x, http.StatusOK, "left.html", leftView{User: b.user.Name})
	default:
		s.refuseLogout(x, oauthError{"invalid_request", "logout must be yes or no"})
	}
}

// departure judges a logout request. The browser goes only where the client may
// send it, and the client must be known (RP-Initiated Logout 1.0 §2, §3).
func (s *Server) departure(p params) (d departure, fault *oauthError) {
	if name := p.firstRepeated(); name != "" {
		return d, &oauthError{"invalid_request", name + " came more than once"}
	}
	d = departure{params: p}
	id := p.get("client_id")
	if text := p.get("id_token_hint"); text != "" {
		hint, ok := s.hints.get(text) // an expired one will do: RP-Initiated Logout 1.0 §2
		switch {
		case !ok:
			return d, &oauthError{"invalid_request", "id_token_hint is no ID token that this server issued"}
		case id != "" && id != hint.grant.client:
			return d, &oauthError{"invalid_request", "id_token_hint was issued to another client than client_id"}
		}
		id, d.hint = hint.grant.client, hint.grant.user
	}
	if id != "" {
		var ok bool
		if d.client, ok = s.client(id); !ok {
			return d, &oauthError{"invalid_request", "no client " + id + " is registered here; registered are " + s.clientNames()}
		}
	}
	if fault := readState(&authorization{state: p.get("state")}, p); fault != nil {
		return d, fault
	}
	d.to = p.get("post_logout_redirect_uri")
	if why := d.client.badDeparture(d.to); why != "" {
		return d, &oauthError{"invalid_request", "post_logout_redirect_uri " + why}
	}
	return d, nil
}

// badDeparture says why the browser may not go there, or "".
func (c Client) badDeparture(to string) string {
	switch {
	case to == "":
		return ""
	case c.ID == "":
		return "came without id_token_hint and client_id, so nobody knows whether it is allowed"
	case badRedirect(to) != "":
		return badRedirect(to)
	case len(c.PostLogoutRedirectURIs) == 0 && !isLoopback(to):
		return "is not an http address of this machine (127.0.0.1, [::1] or localhost)"
	case len(c.PostLogoutRedirectURIs) > 0 && !slices.Contains(c.PostLogoutRedirectURIs, to):
		return "is not registered for client " + c.ID + "; registered are " + strings.Join(c.PostLogoutRedirectURIs, ", ")
	}
	return ""
}

// forget ends the session of a browser.
func (s *Server) forget(x *exchange, b *session) {
	x.note = b.user.Name + " signed out"
	s.sessions.take(b.cookie)
	http.SetCookie(headerWriter{x.header}, &http.Cookie{
		Name: s.cookieName(), Path: s.path + "/", MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.config.Issuer, "https:"),
	})
}

// leave sends the browser where the client wants it, or says goodbye.
func (s *Server) leave(x *exchange, d departure) {
	if d.to == "" || s.broken("logout-page") {
		s.page(x, http.StatusOK, "left.html", leftView{})
		return
	}
	state := d.params.get("state")
	switch {
	case s.broken("logout-state-missing"):
		state = ""
	case state != "" && s.broken("logout-state-wrong"):
		state = "not-" + state
	}
	if state == "" {
		x.redirect(http.StatusSeeOther, d.to)
		return
	}
	x.redirect(http.StatusSeeOther, withQuery(d.to, encode([]field{{"state", state}})))
}

// askToLeave shows the page that asks, which anybody could have sent the browser to.
func (s *Server) askToLeave(x *exchange, b *session, d departure) {
	view := logoutView{
		Action: s.path + "/signout", CSRF: b.csrf, User: b.user.Name, ClientID: d.client.ID,
		Because: "anybody can send a browser here, and only you know whether you want to leave", Arrived: explain(d.params),
	}
	if d.hint != nil && d.hint.Sub != b.user.Sub {
		view.Because = "the application means somebody else, by id_token_hint"
	}
	for _, name := range logoutNames {
		if value := d.params.get(name); value != "" {
			view.Fields = append(view.Fields, field{name, value})
		}
	}
	x.note = "the page that asks " + b.user.Name + " about signing out"
	s.page(x, http.StatusOK, "logout.html", view)
}

// refuseLogout shows what is wrong to the person; nothing is redirected.
func (s *Server) refuseLogout(x *exchange, e oauthError) {
	x.note = e.code + ": " + printable(e.why)
	s.page(x, http.StatusBadRequest, "error.html", errorView{Code: e.code, Why: e.why})
}
