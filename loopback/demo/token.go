package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A grant is what a person allowed a client. All tokens of one sign-in share it,
// so revoking it ends the whole family.
type grant struct {
	client   string
	user     *User // nil when the client acts for itself
	scope    []string
	nonce    string
	hybrid   bool // an ID token went through the browser already
	authTime time.Time
	sid      string
	expires  time.Time // rotation does not move it (RFC 9700 §4.14.2)
	revoked  bool

	owner    string   // the subject, when it is neither user nor client
	audience []string // none: this server itself
	act      object   // who acts for the subject (RFC 8693 §4.1)
	parent   *grant   // which this one was made from

	details  []detail    // in finer words than scope (RFC 9396)
	acr      string      // how well the person was identified
	acrAsked bool        // so tokens say it
	claims   claimsAsked // one by one (OpenID Connect Core §5.5)
}

// dead says whether the grant, or one it was made from, was revoked.
func (g *grant) dead() bool { return g.revoked || g.parent != nil && g.parent.dead() }

// subject is whom the tokens speak of. A client that acts for itself is its own
// subject (RFC 9068 §2.2).
func (g *grant) subject() string {
	switch {
	case g.user != nil:
		return g.user.Sub
	case g.owner != "":
		return g.owner
	}
	return g.client
}

// aud is the audience as a claim: a string when it is one (RFC 7519 §4.1.3).
func (g *grant) aud(here string) any {
	switch len(g.audience) {
	case 0:
		return here
	case 1:
		return g.audience[0]
	}
	return g.audience
}

// who names the parties for the log.
func (g *grant) who() string {
	switch {
	case g.owner != "":
		return g.owner + " and client " + g.client
	case g.user == nil:
		return "client " + g.client
	}
	return g.user.Name + " and client " + g.client
}

// An issuedToken is what the server remembers of an access token or ID token.
type issuedToken struct {
	grant   *grant
	scope   []string
	expires time.Time
	bound   string // thumbprint of the certificate that must come along (RFC 8705 §3)
	jkt     string // thumbprint of the key that must come along (RFC 9449 §6)
}

// A tokenRequest is a request at the token endpoint whose client is known.
type tokenRequest struct {
	params params
	client Client
}

// A tokenGrant turns a request into tokens, or refuses it.
type tokenGrant struct {
	name   string
	handle func(*Server, *exchange, tokenRequest) *oauthError
}

// tokenGrants is one row per grant type; each has a file of its own.
var tokenGrants = []tokenGrant{
	{"authorization_code", (*Server).grantCode},
	{"refresh_token", (*Server).grantRefresh},
	{"client_credentials", (*Server).grantClientCredentials},
	{"password", (*Server).grantPassword},
	{deviceGrant, (*Server).grantDevice},
	{exchangeGrant, (*Server).grantExchange},
	{jwtBearerGrant, (*Server).grantJWTBearer},
	{samlBearerGrant, (*Server).grantSAMLBearer},
	{cibaGrant, (*Server).grantCIBA},
}

// publicGrants is what a client may use that cannot prove who it is.
var publicGrants = []string{"authorization_code", "refresh_token", "implicit", deviceGrant}

// grantTypes is the grant types as metadata lists them.
func grantTypes() []string {
	var names []string
	for _, g := range tokenGrants {
		names = append(names, g.name)
	}
	return append(names, "implicit") // which never comes to the token endpoint
}

// token is the token endpoint (RFC 6749 §3.2).
func (s *Server) token(x *exchange) {
	x.cors()
	if fault := s.answerToken(x); fault != nil {
		s.tokenError(x, *fault)
	}
}

// answerToken judges the form, then the client, then the grant.
func (s *Server) answerToken(x *exchange) *oauthError {
	p, fault := x.directForm()
	if fault != nil {
		return fault
	}
	kind := p.get("grant_type")
	if kind == "" {
		return &oauthError{"invalid_request", "grant_type is missing"}
	}
	client, fault := s.whoAsks(x, p, kind)
	if fault != nil {
		return fault
	}
	if fault := s.bindTokens(x, client); fault != nil {
		return fault
	}
	for _, g := range tokenGrants {
		if g.name != kind {
			continue
		}
		if fault := client.may(kind); fault != nil {
			return fault
		}
		return g.handle(s, x, tokenRequest{params: p, client: client})
	}
	return &oauthError{"unsupported_grant_type", "grant_type " + kind + " is not supported; use one of " + strings.Join(grantTypes(), ", ")}
}

// directForm reads what a client sent without a browser in between.
func (x *exchange) directForm() (params, *oauthError) {
	if x.r.URL.RawQuery != "" {
		return params{}, &oauthError{"invalid_request", "parameters belong in the body, not in the URL (RFC 6749 section 2.3.1)"}
	}
	p, err := x.formBody()
	if err != nil {
		return p, &oauthError{"invalid_request", err.Error()}
	}
	if name := p.firstRepeated(); name != "" {
		return p, &oauthError{"invalid_request", name + " came more than once (RFC 6749 section 3.2)"}
	}
	return p, nil
}

// tokenError answers with an error object (RFC 6749 §5.2).
func (s *Server) tokenError(x *exchange, e oauthError) {
	x.noStore()
	status := http.StatusBadRequest
	if e.code == "invalid_client" {
		status = http.StatusUnauthorized
		x.header.Set("WWW-Authenticate", `Basic realm="oauthprobe demo", charset="UTF-8"`)
	}
	x.note = e.code + ": " + printable(e.why)
	x.json(status, object{{"error", e.code}, {"error_description", printable(e.why)}})
}

// An issue is one set of tokens about to be handed out.
type issue struct {
	grant *grant
	scope []string // of this access token; the grant may have more
	nonce string   // only the first ID token has it (OpenID Connect Core §12.2)

	refreshed bool           // for a refresh token
	front     *authorization // set when the tokens go through the browser
	code      string         // which goes with them
	refresh   string         // the refresh token that goes with the ID token
	audience  []string       // nil: all of the grant's
	details   []detail       // nil: all of the grant's
	pushed    string         // the auth_req_id, when nobody asked for the tokens just now
}

// hand issues the tokens and answers with them (RFC 6749 §5.1).
func (s *Server) hand(x *exchange, i issue) {
	body := s.tokens(x, i)
	x.note = fmt.Sprintf("tokens for %s, scope %s", i.grant.who(), strings.Join(i.scope, " "))
	s.sendTokens(x, body)
}

// tokens issues what the grant is worth.
func (s *Server) tokens(x *exchange, i issue) object {
	if s.broken("scope-widened") || i.refreshed && s.broken("refresh-scope-widened") {
		i.scope = append(slices.Clone(i.scope), "admin")
	}
	access := s.newAccessToken(x, i)
	if s.broken("access-token-missing") {
		access = ""
	}
	body := object{
		{"access_token", access},
		{"token_type", s.tokenType(x)},
		{"expires_in", int64(s.lifetime() / time.Second)},
		{"scope", strings.Join(i.scope, " ")},
	}
	if slices.Contains(i.grant.scope, "offline_access") || i.grant.user == nil && s.broken("client-credentials-refresh-token") {
		i.refresh = s.newRefreshToken(x, i.grant)
		body.set("refresh_token", i.refresh)
	}
	if i.refreshed && s.broken("refresh-token-reusable") {
		body.drop("refresh_token") // absent means: keep the one you have (RFC 6749 §6)
	}
	if slices.Contains(i.scope, "openid") {
		body.set("id_token", s.idToken(i, access))
	}
	if details := i.narrowed().details; details != nil {
		body.set("authorization_details", details) // RFC 9396 §7
		s.bendDetails(&body)
	}
	s.bendTokens(&body)
	if len(s.faults) > 0 {
		s.bendOddMembers(x, &body)
	}
	return body
}
