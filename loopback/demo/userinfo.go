package demo

import (
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// scopeClaims is the claims that come with a scope (OpenID Connect Core §5.4).
var scopeClaims = map[string][]string{
	"profile": {
		"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
		"picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
	},
	"email":   {"email", "email_verified"},
	"address": {"address"},
	"phone":   {"phone_number", "phone_number_verified"},
}

// claimNames is the claims as metadata lists them: those of ID tokens, then those
// of the scopes this server knows.
func (s *Server) claimNames() []string {
	names := []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "acr"}
	for _, scope := range s.scopeNames() {
		names = append(names, scopeClaims[scope]...)
	}
	return names
}

// userinfo is a protected resource: it tells about the person to whoever brings an
// access token (OpenID Connect Core §5.3).
func (s *Server) userinfo(x *exchange) {
	x.cors()
	x.header.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
	x.noStore()
	known, refused := s.admit(x, s.forUs)
	switch {
	case refused != nil:
		s.challengeAtUserinfo(x, *refused)
	case !slices.Contains(known.scope, "openid"):
		s.challengeAtUserinfo(x, refusal{status: http.StatusForbidden, scheme: known.scheme(), oauthError: oauthError{"insufficient_scope", "the access token lacks the scope openid"}})
	case known.grant.user == nil:
		s.challengeAtUserinfo(x, refusal{status: http.StatusForbidden, scheme: known.scheme(), oauthError: oauthError{"insufficient_scope", "the access token speaks of a client, not of a person"}})
	default:
		x.note = "claims of " + known.grant.user.Name
		s.sendUserinfo(x, known, userinfoClaims(known))
	}
}

// forUs says whether this server's own resource may take the token.
func (s *Server) forUs(g *grant) bool {
	return len(g.audience) == 0 || slices.Contains(g.audience, s.config.Issuer) || slices.Contains(g.audience, s.config.Issuer+"/userinfo")
}

// presentedToken reads the access token from the Authorization header, which has
// the scheme Bearer or DPoP. Of the other two ways of RFC 6750 §2 the query is
// forbidden (OAuth 2.1 §5.1) and the body not offered; using two at once is an error.
func presentedToken(x *exchange) (scheme, token string, fault *oauthError) {
	headers := x.r.Header.Values("Authorization")
	switch {
	case len(headers) == 0:
		return "", "", nil
	case len(headers) > 1:
		return "", "", &oauthError{"invalid_request", "there is more than one Authorization header"}
	}
	name, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	for _, known := range []string{"Bearer", "DPoP"} {
		if strings.EqualFold(name, known) {
			scheme = known
		}
	}
	switch {
	case scheme == "":
		return "", "", nil
	case token == "":
		return "", "", &oauthError{"invalid_request", "the Authorization header has no token"}
	case tokenElsewhere(x):
		return "", "", &oauthError{"invalid_request", "the access token came in more than one way (RFC 6750 section 2)"}
	}
	return scheme, token, nil
}

// tokenElsewhere finds an access token in the query or the form.
func tokenElsewhere(x *exchange) bool {
	query, _ := parseParams(x.r.URL.RawQuery)
	if query.get("access_token") != "" {
		return true
	}
	if kind, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return false
	}
	form, _ := parseParams(string(x.body))
	return form.get("access_token") != ""
}

// claimsOf is what the scopes let a client know. A claim that OpenID Connect does
// not define comes with the profile.
func claimsOf(u *User, scope []string) object {
	claims := object{{"sub", u.Sub}}
	for _, name := range slices.Sorted(maps.Keys(u.Claims)) {
		if name != "sub" && u.Claims[name] != nil && slices.Contains(scope, scopeOf(name)) {
			claims.set(name, u.Claims[name])
		}
	}
	return claims
}

// scopeOf is the scope that a claim comes with.
func scopeOf(claim string) string {
	for scope, names := range scopeClaims {
		if slices.Contains(names, claim) {
			return scope
		}
	}
	return "profile"
}
