package demo

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// strongLevel is the acr that /resource/strong wants, basicLevel the one that
// people have who were asked for nothing more.
const (
	strongLevel = "urn:example:strong"
	basicLevel  = "urn:example:basic"
)

// recentEnough is how long ago a sign-in may be for /resource/recent.
const recentEnough = time.Minute

// resourceMetadata is the well-known place of RFC 9728 §3, which goes before the path.
const resourceMetadata = "/.well-known/oauth-protected-resource"

// A refusal is why a resource does not answer (RFC 6750 §3, RFC 9449 §7.1). Its
// scheme is the one whose challenge says so; without a token there is none, and no
// error either (RFC 6750 §3.1).
type refusal struct {
	status int
	scheme string
	oauthError
	more []field // further parameters of the challenge
}

// find is the route of a path; what lies below /resource is one resource.
func (s *Server) find(path string) (route, bool) {
	for prefix, handle := range map[string]func(*exchange){
		s.path + "/resource":                    s.resource,
		resourceMetadata + s.path + "/resource": s.describeResource,
	} {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return route{handle: handle}, true
		}
	}
	found, ok := s.routes[path]
	return found, ok
}

// resource is a protected resource, to be called by any method.
func (s *Server) resource(x *exchange) {
	x.cors()
	x.header.Set("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate")
	x.noStore()
	if x.r.Method == http.MethodOptions && x.r.Header.Get("Access-Control-Request-Method") != "" {
		x.preflight([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
		return
	}
	path := strings.TrimPrefix(x.r.URL.Path, s.path+"/resource")
	known, refused := s.admitToResource(x)
	if refused == nil {
		refused = s.mayRead(known, path)
	}
	if refused != nil {
		s.turnAway(x, path, *refused)
		return
	}
	s.showResource(x, known, path)
}

// admitToResource wants a good token, in the Authorization header and nowhere else.
func (s *Server) admitToResource(x *exchange) (*issuedToken, *refusal) {
	if tokenElsewhere(x) {
		return nil, &refusal{status: http.StatusBadRequest, scheme: "Bearer", oauthError: oauthError{"invalid_request",
			"an access token belongs into the Authorization header, not into the URL or the body (OAuth 2.1 section 5.1)"}}
	}
	return s.admit(x, s.forResource)
}

// admit finds the access token of a request and makes sure that it is good, that
// it is for this place, and that the client holds what it is bound to.
func (s *Server) admit(x *exchange, forHere func(*grant) bool) (*issuedToken, *refusal) {
	scheme, token, fault := presentedToken(x)
	switch {
	case fault != nil:
		return nil, &refusal{status: http.StatusBadRequest, scheme: "Bearer", oauthError: *fault}
	case token == "":
		return nil, &refusal{status: http.StatusUnauthorized}
	}
	known, ok := s.access.get(token)
	invalid := func(why string) (*issuedToken, *refusal) {
		return nil, &refusal{status: http.StatusUnauthorized, scheme: scheme, oauthError: oauthError{"invalid_token", why}}
	}
	switch {
	case !ok:
		return invalid("the access token was not issued by this server")
	case known.grant.dead():
		return invalid("the access token was revoked")
	case s.now().After(known.expires):
		return invalid("the access token expired")
	case !x.holds(known):
		return invalid("the access token is bound to a certificate that this connection does not show (RFC 8705 section 3)")
	}
	if refused := s.holder(x, scheme, token, known); refused != nil {
		return nil, refused
	}
	if !forHere(known.grant) {
		return invalid("the access token is for " + strings.Join(known.grant.audience, ", ") + ", not for this endpoint")
	}
	return known, nil
}

// forResource says whether a token may be used at the resource: when it is for
// it, for the whole server, or for nothing in particular.
func (s *Server) forResource(g *grant) bool {
	return len(g.audience) == 0 || slices.ContainsFunc(g.audience, func(aud string) bool {
		return aud == s.config.Issuer || s.isResource(aud)
	})
}

// isResource says whether a URI is that of the resource, or of a part of it.
func (s *Server) isResource(uri string) bool {
	for _, base := range []string{s.config.Issuer, s.mtls} {
		if base != "" && (uri == base+"/resource" || strings.HasPrefix(uri, base+"/resource/")) {
			return true
		}
	}
	return false
}

// mayRead is what single paths demand of a token beyond its being good.
func (s *Server) mayRead(t *issuedToken, path string) *refusal {
	scheme := t.scheme()
	stepUp := func(why string, want field) *refusal { // RFC 9470 §3
		return &refusal{http.StatusUnauthorized, scheme, oauthError{"insufficient_user_authentication", why}, []field{want}}
	}
	switch {
	case path == "/api" && !slices.Contains(t.scope, "api"):
		return &refusal{http.StatusForbidden, scheme, oauthError{"insufficient_scope", "the access token lacks the scope api"}, []field{{"scope", "api"}}}
	case path == "/strong" && t.grant.level() != strongLevel:
		return stepUp("the sign-in was not strong enough", field{"acr_values", strongLevel})
	case path == "/recent" && (t.grant.user == nil || s.now().Sub(t.grant.authTime) > recentEnough):
		return stepUp("the sign-in is too long ago", field{"max_age", fmt.Sprint(int(recentEnough.Seconds()))})
	}
	return nil
}

// scheme is how a good request presents the token (RFC 6750 §2.1, RFC 9449 §7.1).
func (t *issuedToken) scheme() string {
	if t.jkt != "" {
		return "DPoP"
	}
	return "Bearer"
}

// level is the acr of the sign-in behind a grant; without a person there is none.
func (g *grant) level() string {
	switch {
	case g.user == nil:
		return ""
	case g.acr == "":
		return basicLevel
	}
	return g.acr
}

// showResource answers a request that may be answered.
func (s *Server) showResource(x *exchange, t *issuedToken, path string) {
	x.note = "the resource, for " + t.grant.who()
	switch path {
	case "/html":
		x.html(http.StatusOK, "<!DOCTYPE html><title>Reports</title><p>Please choose a report.</p>\n")
	case "/500":
		x.json(http.StatusInternalServerError, object{{"message", "something went wrong on our side"}})
	case "/404":
		x.json(http.StatusNotFound, object{{"message", "there is no such report"}})
	case "/redirect":
		x.redirect(http.StatusFound, otherServer+"/resource")
	default:
		body := object{
			{"resource", s.resourceBase(x) + "/resource" + escaped(path)},
			{"method", x.r.Method},
			{"sub", t.grant.subject()},
			{"client_id", t.grant.client},
			{"scope", strings.Join(t.scope, " ")},
		}
		if len(x.body) > 0 && utf8.Valid(x.body) {
			body.set("body", string(x.body))
		}
		x.json(http.StatusOK, body)
	}
}

// escaped is a path as an address has it: it is foreign, and goes into header fields.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// resourceBase is what the address of the resource begins with, as the client
// knows it: the listener for mutual TLS is another origin.
func (s *Server) resourceBase(x *exchange) string {
	if s.isAlias(x) {
		return s.mtls
	}
	return s.config.Issuer
}

// describeResource is the metadata of the resource (RFC 9728 §2). Each part of it
// calls itself what the client called, as RFC 9728 §3.3 wants.
func (s *Server) describeResource(x *exchange) {
	if !x.allowed([]string{"GET", "HEAD"}) {
		x.header.Set("Allow", "GET, HEAD")
		s.refuse(x, http.StatusMethodNotAllowed, "invalid_request", "%s is not possible here; use GET", x.r.Method)
		return
	}
	path := strings.TrimPrefix(x.r.URL.Path, resourceMetadata+s.path)
	x.cors()
	x.header.Set("Cache-Control", "no-cache")
	x.note = "the metadata of the resource"
	doc := object{
		{"resource", s.resourceBase(x) + escaped(path)},
		{"authorization_servers", []string{s.config.Issuer}},
		{"scopes_supported", []string{"api"}},
		{"bearer_methods_supported", []string{"header"}},
		{"resource_name", "The resource of the oauthprobe demo"},
		{"dpop_signing_alg_values_supported", dpopAlgs},
	}
	if s.secure {
		doc.set("tls_client_certificate_bound_access_tokens", true)
	}
	x.json(http.StatusOK, doc)
}
