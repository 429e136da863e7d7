package demo

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

//go:embed pages/style.css
var pageFiles embed.FS

// titles is the heading of each page.
var titles = map[string]string{
	"login.html":    "Sign in",
	"consent.html":  "Allow access?",
	"error.html":    "This request cannot be answered",
	"formpost.html": "Returning to the application",
	"index.html":    "A server to practise on",
	"device.html":   "Connect a device",
	"done.html":     "That was all",
	"logout.html":   "Sign out of this server?",
	"left.html":     "That was all",
}

// A view is what one page is told, and writes what stands between the page's heading
// and its footer.
type view interface{ write(p *paper) }

// A scopeView is a scope, or something like it, in plain words.
type scopeView struct{ Name, Words string }

// readPages reads the embedded style.
func (s *Server) readPages() error {
	css, err := pageFiles.ReadFile("pages/style.css")
	s.style = string(css)
	return err
}

// page answers with an HTML page that nobody may store, frame or load things into.
func (s *Server) page(x *exchange, status int, name string, v view) {
	var p paper
	s.head(&p, titles[name], name == "index.html")
	v.write(&p)
	s.foot(&p)
	x.noStore()
	x.html(status, p.b.String())
	// There is no form-action: browsers apply it to the redirects that follow a form,
	// which lead to the application and wherever it goes next.
	policy := "default-src 'none'; img-src data:; base-uri 'none'; frame-ancestors 'none'; style-src " + sourceHash(s.style)
	if name == "formpost.html" {
		policy += "; script-src " + sourceHash(submitScript)
	}
	x.header.Set("Content-Security-Policy", policy)
	x.header.Set("X-Frame-Options", "DENY")
	x.header.Set("Referrer-Policy", "no-referrer")
}

// sourceHash lets the browser run or apply exactly this text (Content Security Policy Level 3 §2.3.1).
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// activeFaults is the rows of the table that this server was told.
func (s *Server) activeFaults() []Fault {
	if len(s.faults) == 0 {
		return nil
	}
	return slices.DeleteFunc(everyFault(), func(f Fault) bool { return !s.faults[f.Name] })
}

// showLogin asks who the person is.
func (s *Server) showLogin(x *exchange, transaction string, a *authorization) {
	x.note = "the login page for client " + a.client.ID
	s.loginPage(x, http.StatusOK, transaction, a, a.params.get("login_hint"))
}

// showLoginAgain asks once more, after a wrong name or password.
func (s *Server) showLoginAgain(x *exchange, transaction string, a *authorization, typed string) {
	x.note = "the user name or the password is wrong"
	s.loginPage(x, http.StatusForbidden, transaction, a, typed) // not 401, which would need a challenge
}

func (s *Server) loginPage(x *exchange, status int, transaction string, a *authorization, name string) {
	s.page(x, status, "login.html", loginView{
		formView: s.form(a, transaction, "/login", becauseLogin(a)),
		Username: name, Wrong: status != http.StatusOK, Users: s.config.Users,
	})
}

// becauseLogin says why the login page is shown.
func becauseLogin(a *authorization) string {
	switch {
	case slices.Contains(a.prompt, "login"):
		return "the application demands it with prompt=login"
	case slices.Contains(a.prompt, "select_account"):
		return "the application wants you to choose an account, with prompt=select_account"
	case a.session.user == nil:
		return "nobody has signed in here in this browser yet"
	case a.sub != "" && a.sub != a.session.user.Sub:
		return "the application expects somebody else, by id_token_hint"
	}
	return "your last sign-in is older than max_age allows"
}

// showConsent asks the person to allow what the client wants.
func (s *Server) showConsent(x *exchange, transaction string, a *authorization) {
	x.note = "the consent page for client " + a.client.ID
	s.page(x, http.StatusOK, "consent.html", consentView{
		formView: s.form(a, transaction, "/consent", becauseConsent(a)),
		User:     a.session.user.Name, RedirectURI: a.redirectURI, Way: a.way(s.config.Lifetimes.Code), Compare: a.compare, Scopes: slices.Concat(scopeViews(a.scope), claimViews(a.beyondScope()), detailViews(a.details)),
	})
}

// becauseConsent says why the consent page is shown.
func becauseConsent(a *authorization) string {
	switch {
	case a.away != nil:
		return "the application is somewhere else, and only you can say whether it is yours (RFC 8628 §5.4)"
	case slices.Contains(a.prompt, "consent"):
		return "the application demands it with prompt=consent"
	case a.details != nil:
		return "the application asks for something in particular, and that is agreed to each time"
	case a.session.agreed(a.client.ID, a.wishes()):
		return "this client has no secret: any program could call itself " + a.client.ID + ", so you are asked each time (RFC 8252 §8.6)"
	}
	return "you have not allowed this application all of this before"
}

// form is what both forms have.
func (s *Server) form(a *authorization, transaction, action, because string) formView {
	return formView{
		Action: s.path + action, Transaction: transaction, CSRF: a.session.csrf,
		ClientID: a.client.ID, Because: because, Arrived: append(slices.Clone(a.carried), explain(a.params)...),
	}
}

// showFormPost carries the answer in a form (OAuth 2.0 Form Post Response Mode §2).
func (s *Server) showFormPost(x *exchange, redirectURI string, fields []field) {
	s.page(x, http.StatusOK, "formpost.html", postView{Action: redirectURI, Fields: fields})
}

// indexView is what the front page shows.
func (s *Server) indexView() indexView {
	issuer := s.config.Issuer
	root := strings.TrimSuffix(issuer, s.path)
	return indexView{
		Issuer: issuer,
		Links: []string{
			issuer + "/.well-known/openid-configuration",
			root + "/.well-known/oauth-authorization-server" + s.path,
			issuer + "/jwks",
		},
		Users: s.config.Users, Clients: s.config.Clients, Scopes: scopeViews(s.scopeNames()),
	}
}

// scopeViews puts scopes into plain words.
func scopeViews(names []string) []scopeView {
	var views []scopeView
	for _, scope := range scopes {
		if slices.Contains(names, scope.Name) {
			views = append(views, scopeView(scope))
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(views, func(v scopeView) bool { return v.Name == name }) {
			views = append(views, scopeView{name, "Do what the application calls “" + name + "”"})
		}
	}
	return views
}
