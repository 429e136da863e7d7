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
	user     *User
	scope    []string
	nonce    string
	authTime time.Time
	sid      string
	expires  time.Time // rotation does not move it (RFC 9700 §4.14.2)
	revoked  bool
}

// An accessToken is what the server remembers of one it issued.
type accessToken struct {
	grant   *grant
	scope   []string
	expires time.Time
}

// Lifetimes of tokens; one code lives for codeLifetime.
const (
	accessLifetime = 300 * time.Second
	grantLifetime  = 30 * 24 * time.Hour
)

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
}

// grantTypes is the grant types as metadata lists them.
func grantTypes() []string {
	var names []string
	for _, g := range tokenGrants {
		names = append(names, g.name)
	}
	return names
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
	if x.r.URL.RawQuery != "" {
		return &oauthError{"invalid_request", "parameters belong in the body, not in the URL (RFC 6749 section 2.3.1)"}
	}
	p, err := x.formBody()
	if err != nil {
		return &oauthError{"invalid_request", err.Error()}
	}
	if name := p.firstRepeated(); name != "" {
		return &oauthError{"invalid_request", name + " came more than once (RFC 6749 section 3.2)"}
	}
	kind := p.get("grant_type")
	if kind == "" {
		return &oauthError{"invalid_request", "grant_type is missing"}
	}
	client, fault := s.authenticate(x, p)
	if fault != nil {
		return fault
	}
	for _, g := range tokenGrants {
		if g.name == kind {
			return g.handle(s, x, tokenRequest{params: p, client: client})
		}
	}
	return &oauthError{"unsupported_grant_type", "grant_type " + kind + " is not supported; use " + strings.Join(grantTypes(), " or ")}
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
}

// hand issues the tokens and answers with them (RFC 6749 §5.1).
func (s *Server) hand(x *exchange, i issue) {
	if s.broken("scope-widened") {
		i.scope = append(slices.Clone(i.scope), "admin")
	}
	access := s.accessToken(x, i)
	s.access.put(access, &accessToken{grant: i.grant, scope: i.scope, expires: s.now().Add(accessLifetime)})
	if s.broken("access-token-missing") {
		access = ""
	}
	body := object{
		{"access_token", access},
		{"token_type", "Bearer"},
		{"expires_in", int64(s.lifetime() / time.Second)},
		{"scope", strings.Join(i.scope, " ")},
	}
	if slices.Contains(i.grant.scope, "offline_access") {
		body.set("refresh_token", s.newRefreshToken(x, i.grant))
	}
	if slices.Contains(i.scope, "openid") {
		body.set("id_token", s.idToken(i, access))
	}
	s.bendTokens(&body)
	x.note = fmt.Sprintf("tokens for %s and client %s, scope %s", i.grant.user.Name, i.grant.client, strings.Join(i.scope, " "))
	s.sendTokens(x, body)
}

// accessToken is a JWT for this server's own resources (RFC 9068 §2).
func (s *Server) accessToken(x *exchange, i issue) string {
	now := s.now()
	token := s.jwt(jws{
		header: object{{"typ", "at+jwt"}, {"alg", "RS256"}, {"kid", s.key.kid}},
		claims: object{
			{"iss", s.config.Issuer},
			{"sub", i.grant.user.Sub},
			{"aud", s.config.Issuer},
			{"client_id", i.grant.client},
			{"scope", strings.Join(i.scope, " ")},
			{"iat", now.Unix()},
			{"exp", now.Add(s.lifetime()).Unix()},
			{"jti", s.secret(x)},
		},
		key: s.key,
	})
	if s.broken("access-token-illegal") {
		token += "\né"
	}
	return token
}

// lifetime is what the server says about how long an access token lives.
func (s *Server) lifetime() time.Duration {
	switch {
	case s.broken("expires-in-negative"):
		return -accessLifetime
	case s.broken("expires-in-milliseconds"):
		return accessLifetime * 1_000_000 // 83 hours, counted in milliseconds
	}
	return accessLifetime
}
