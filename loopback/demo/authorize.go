package demo

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An authorization is a request at the authorization endpoint that passed, on its
// way through the pages.
type authorization struct {
	params       params
	client       Client
	redirectURI  string
	redirectSent bool // the client named it, so the token request must too
	mode         string
	kind         []string // the words of response_type, sorted
	state        string
	scope        []string
	challenge    string
	method       string
	nonce        string
	prompt       []string
	maxAge       int    // seconds; -1 when absent
	sub          string // whom id_token_hint names, or ""
	jkt          string // thumbprint of the key that the code is bound to (dpop_jkt, RFC 9449 §10), or ""

	pushed, signed bool     // how the request came
	resources      []string // where the tokens will be used (RFC 8707)
	details        []detail // what they are for (RFC 9396)
	claims         claimsAsked
	acr            string // how well the person will be identified
	acrAsked       bool
	jti            string    // of its request object
	carried        []arrived // what the browser really brought

	away    *pending // where the answer goes when the client is not in this browser, or nil
	compare compareView

	session  *session
	signedIn bool // as this request demands, not just at some time
	expires  time.Time
}

// An oauthError is an error answer of RFC 6749 §4.1.2.1 or §5.2.
type oauthError struct{ code, why string }

// authorize is the authorization endpoint (RFC 6749 §3.1).
func (s *Server) authorize(x *exchange) {
	p, err := s.authorizationParams(x)
	if err != nil {
		s.refuseAuthorization(x, "invalid_request", err.Error())
		return
	}
	if s.isPushed(p) {
		s.authorizePushed(x, p)
		return
	}
	a, fault := s.understand(p)
	if fault != nil {
		s.refuseAuthorization(x, fault.code, fault.why)
		return
	}
	if fault := s.readRequest(a, a.params); fault != nil {
		s.answerError(x, a, *fault)
		return
	}
	s.spend(a)
	s.advance(x, a)
}

// authorizationParams reads the request, from the query or from a form (OpenID Connect Core §3.1.2.1).
func (s *Server) authorizationParams(x *exchange) (params, error) {
	if x.r.Method == http.MethodPost {
		return x.formBody()
	}
	return parseParams(x.r.URL.RawQuery)
}

// refuseAuthorization shows the error to the person. Nothing may be redirected to
// an address that is not trusted yet (RFC 6749 §4.1.2.1).
func (s *Server) refuseAuthorization(x *exchange, code, why string) {
	x.note = code + ": " + printable(why)
	s.page(x, http.StatusBadRequest, "error.html", errorView{Code: code, Why: why, Untrusted: true})
}

// destination finds out for whom the answer is and where it goes. Whatever is
// wrong here is shown, not redirected.
func (s *Server) destination(p params) (*authorization, *oauthError) {
	if name := p.firstRepeated("client_id", "redirect_uri", "response_mode", "state"); name != "" {
		return nil, &oauthError{"invalid_request", name + " came more than once (RFC 6749 section 3.1)"}
	}
	id := p.get("client_id")
	if id == "" {
		return nil, &oauthError{"invalid_request", "client_id is missing"}
	}
	client, ok := s.client(id)
	if !ok {
		return nil, &oauthError{"invalid_client", "no client " + id + " is registered here; registered are " + s.clientNames()}
	}
	uri, why := client.redirect(p.get("redirect_uri"))
	if why != "" {
		return nil, &oauthError{"invalid_request", why}
	}
	mode := p.get("response_mode")
	if !supportedMode(mode) {
		// OpenID Connect Core (errata 2) §3.1.2.6: status 400, no redirect.
		return nil, &oauthError{"invalid_request", "response_mode " + mode + " is not supported; use " + strings.Join(responseModes, ", ")}
	}
	return &authorization{
		params: p, client: client, redirectURI: uri, redirectSent: p.get("redirect_uri") != "",
		mode: settled(mode, p.get("response_type")), state: p.get("state"), maxAge: -1,
	}, nil
}

// defaultMode is the fragment for response types with tokens (OAuth 2.0 Multiple Response Type Encoding Practices §5).
func defaultMode(responseType string) string {
	for part := range strings.FieldsSeq(responseType) {
		if part == "token" || part == "id_token" {
			return "fragment"
		}
	}
	return "query"
}

// readRequest judges the rest of the request, whose errors go back by redirect.
func (s *Server) readRequest(a *authorization, p params) *oauthError {
	if name := p.firstRepeated(); name != "" {
		return &oauthError{"invalid_request", name + " came more than once (RFC 6749 section 3.1)"}
	}
	for _, read := range []func(*authorization, params) *oauthError{
		unsupported, readState, readResponseType, readForm, s.readScope, readOpenID, readPKCE, readPrompt, readMaxAge, s.readHint, s.readTargets, s.readClaims,
	} {
		if fault := read(a, p); fault != nil {
			return fault
		}
	}
	return nil
}

// unsupported refuses what would have to be honoured (OpenID Connect Core §3.1.2.6).
func unsupported(_ *authorization, p params) *oauthError {
	for _, name := range []string{"request", "request_uri", "registration"} {
		if p.get(name) != "" {
			return &oauthError{name + "_not_supported", "this server does not support the parameter " + name}
		}
	}
	return nil
}

// readState wants VSCHAR (RFC 6749 Appendix A.5).
func readState(a *authorization, _ params) *oauthError {
	for _, c := range a.state {
		if c < 0x20 || c > 0x7e {
			return &oauthError{"invalid_request", "state may have only printable ASCII characters (RFC 6749 appendix A.5)"}
		}
	}
	return nil
}

// readScope wants known scopes; without any, the client gets its person's profile (RFC 6749 §3.3).
func (s *Server) readScope(a *authorization, p params) *oauthError {
	if p.get("scope") == "" {
		a.scope = []string{s.usual("profile")}
		return nil
	}
	scope, fault := s.parseScope(p.get("scope"))
	a.scope = scope
	return fault
}

// parseScope reads a list with single spaces; a scope that comes twice counts once.
func (s *Server) parseScope(text string) ([]string, *oauthError) {
	var list []string
	for _, name := range strings.Split(text, " ") {
		switch {
		case name == "":
			return nil, &oauthError{"invalid_scope", "scopes are separated by one space, with none before or after (RFC 6749 section 3.3)"}
		case !slices.Contains(s.scopeNames(), name):
			return nil, &oauthError{"invalid_scope", "scope " + name + " is not known; known are " + strings.Join(s.scopeNames(), " ")}
		case slices.Contains(list, name):
			continue
		}
		list = append(list, name)
	}
	return list, nil
}

// readPKCE reads the challenge (RFC 7636 §4.3). A public client cannot do without (RFC 9700 §2.1.1).
func readPKCE(a *authorization, p params) *oauthError {
	challenge, method := p.get("code_challenge"), p.get("code_challenge_method")
	switch {
	case !a.wants("code"):
		return nil // there is nothing to prove later
	case challenge == "" && method != "":
		return &oauthError{"invalid_request", "code_challenge_method came without code_challenge"}
	case challenge == "" && a.client.public():
		return &oauthError{"invalid_request", "code_challenge is missing: a public client must use PKCE"}
	case challenge == "":
		return nil
	case method == "":
		method = "plain" // RFC 7636 §4.3
	case !slices.Contains(pkceMethods, method):
		return &oauthError{"invalid_request", "transform algorithm " + method + " not supported; use S256"}
	}
	if !isVerifier(challenge) || method == "S256" && len(challenge) != 43 {
		return &oauthError{"invalid_request", "code_challenge is malformed: 43 to 128 of A-Z a-z 0-9 - . _ ~, and 43 for S256 (RFC 7636 section 4.2)"}
	}
	a.challenge, a.method = challenge, method
	return nil
}

func readPrompt(a *authorization, p params) *oauthError {
	a.prompt = strings.Fields(p.get("prompt"))
	for _, value := range a.prompt {
		if !slices.Contains(promptValues, value) {
			return &oauthError{"invalid_request", "prompt " + value + " is not supported; use " + strings.Join(promptValues, ", ")}
		}
	}
	if slices.Contains(a.prompt, "none") && len(a.prompt) > 1 {
		return &oauthError{"invalid_request", "prompt none cannot be combined with another value"}
	}
	return nil
}

func readMaxAge(a *authorization, p params) *oauthError {
	text := p.get("max_age")
	if text == "" {
		return nil
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return &oauthError{"invalid_request", "max_age must be a number of seconds"}
	}
	a.maxAge = int(seconds)
	return nil
}

// readHint accepts only an ID token that this server issued (OpenID Connect Core §3.1.2.2).
func (s *Server) readHint(a *authorization, p params) *oauthError {
	if p.get("id_token_hint") == "" {
		return nil
	}
	hint, ok := s.hints.get(p.get("id_token_hint"))
	if !ok {
		return &oauthError{"invalid_request", "id_token_hint is no ID token that this server issued"}
	}
	a.sub = hint.grant.user.Sub
	return nil
}

// clientNames lists the clients for an error text.
func (s *Server) clientNames() string {
	names := make([]string, len(s.config.Clients))
	for i, c := range s.config.Clients {
		names[i] = c.ID
	}
	return strings.Join(names, ", ")
}
