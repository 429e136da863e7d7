package demo

import (
	"slices"
	"strings"
)

// responseTypes is every combination of OAuth 2.0 Multiple Response Type Encoding
// Practices §3, §4 and §5, and RFC 6749 §3.1.1.
var responseTypes = []string{
	"code", "token", "id_token", "id_token token",
	"code id_token", "code token", "code id_token token", "none",
}

// readResponseType wants one of the list; the order of the words does not matter (RFC 6749 §3.1.1).
func readResponseType(a *authorization, p params) *oauthError {
	asked := p.get("response_type")
	if asked == "" {
		return &oauthError{"invalid_request", "response_type is missing; use code"}
	}
	for _, known := range responseTypes {
		if slices.Equal(words(known), words(asked)) {
			a.kind = words(known)
			return a.allowedKind(p.get("response_mode"))
		}
	}
	return &oauthError{"unsupported_response_type", "response_type " + asked + " is not supported; use code, or one of " + strings.Join(responseTypes[1:], ", ")}
}

// allowedKind wants a client that may do this, and no token in a query, where
// logs and other sites see it (OAuth 2.0 Multiple Response Type Encoding Practices §3).
func (a *authorization) allowedKind(mode string) *oauthError {
	if a.exposes(mode) && (a.wants("token") || a.wants("id_token")) {
		a.mode = strings.Replace(mode, "query", "fragment", 1)
		return &oauthError{"invalid_request", "response_mode " + mode + " is not possible for tokens; use " + a.mode + " or form_post"}
	}
	if a.wants("code") {
		if fault := a.client.may("authorization_code"); fault != nil {
			return fault
		}
	}
	if a.wants("token") || a.wants("id_token") {
		return a.client.may("implicit") // for hybrid types too: OpenID Connect Dynamic Registration §2
	}
	return nil
}

// readOpenID wants what OpenID Connect Core §3.1.2.1 and §3.2.2.1 require of a
// request for an ID token.
func readOpenID(a *authorization, p params) *oauthError {
	a.nonce = p.get("nonce")
	switch {
	case !a.wants("id_token"):
	case !slices.Contains(a.scope, "openid"):
		return &oauthError{"invalid_scope", "an id_token was asked for, so scope must contain openid"}
	case a.nonce == "":
		return &oauthError{"invalid_request", "nonce is missing; an ID token from this endpoint must carry one (OpenID Connect Core section 3.2.2.1)"}
	}
	if !a.wants("code") {
		// No refresh token without a code (RFC 6749 §4.2.2), so the wish is ignored (OpenID Connect Core §11).
		a.scope = slices.DeleteFunc(a.scope, func(name string) bool { return name == "offline_access" })
		if len(a.scope) == 0 {
			return &oauthError{"invalid_scope", "offline_access needs a response_type with a code"}
		}
	}
	return nil
}

// wants says whether the response type has this word.
func (a *authorization) wants(word string) bool { return slices.Contains(a.kind, word) }

// words is a response type without its order.
func words(responseType string) []string {
	return slices.Sorted(strings.FieldsSeq(responseType))
}
