package demo

import (
	"maps"
	"slices"
	"strings"
)

// The authentication context classes of this server. All of them are a password:
// the demo claims what it is asked for.
const silverLevel = "urn:mace:incommon:iap:silver"

// acrLevels is what acr can be, as metadata lists it.
var acrLevels = []string{basicLevel, strongLevel, silverLevel}

// claimsAsked is the claims asked for one by one (OpenID Connect Core §5.5).
type claimsAsked struct {
	idToken, userinfo []string
}

// A claimWish is what a request says about one claim (OpenID Connect Core §5.5.1).
type claimWish struct {
	essential bool
	values    []any
}

// readClaims reads the parameter claims, then acr_values, which is the older way to
// ask for one of them.
func (s *Server) readClaims(a *authorization, p params) *oauthError {
	a.acr = basicLevel
	values := strings.Fields(p.get("acr_values")) // which mean something without OpenID Connect as well (RFC 9470 §4)
	a.acrAsked = len(values) > 0
	if level := firstKnown(values); level != "" {
		a.acr = level
	}
	wishes, fault := claimWishes(p.get("claims"))
	if fault != nil || !slices.Contains(a.scope, "openid") {
		return fault // without OpenID Connect the parameters mean nothing here
	}
	a.claims = claimsAsked{slices.Sorted(maps.Keys(wishes["id_token"])), slices.Sorted(maps.Keys(wishes["userinfo"]))}
	for _, part := range []string{"id_token", "userinfo"} {
		if fault := a.expect(wishes[part]["sub"]); fault != nil {
			return fault
		}
	}
	wish, asked := wishes["id_token"]["acr"]
	if !asked {
		return nil
	}
	return a.level(wish)
}

// expect wants the person whose sub the client names (OpenID Connect Core §5.5.1).
func (a *authorization) expect(wish claimWish) *oauthError {
	for _, value := range wish.values {
		sub, _ := value.(string)
		if a.sub != "" && a.sub != sub || len(wish.values) > 1 {
			return &oauthError{"invalid_request", "claims and id_token_hint name different people"}
		}
		a.sub = sub
	}
	return nil
}

// level settles acr as the parameter claims wants it. An essential one that cannot
// be had is an error (OpenID Connect Core §5.5.1.1).
func (a *authorization) level(wish claimWish) *oauthError {
	var values []string
	for _, value := range wish.values {
		text, _ := value.(string)
		values = append(values, text)
	}
	known := firstKnown(values)
	switch {
	case known != "":
		a.acr = known
	case len(values) > 0 && wish.essential:
		return &oauthError{"unmet_authentication_requirements", "acr cannot be " + strings.Join(values, " or ") + "; known are " + strings.Join(acrLevels, ", ")}
	case len(values) == 0 && !a.acrAsked:
		a.acr = silverLevel
	}
	a.acrAsked = true
	return nil
}

// firstKnown is the first of the levels that this server has, or "": they come in
// the order of preference (OpenID Connect Core §3.1.2.1).
func firstKnown(values []string) string {
	for _, value := range values {
		if slices.Contains(acrLevels, value) {
			return value
		}
	}
	return ""
}

// claimWishes reads the JSON of the parameter claims, by member and claim. Members
// that nobody knows are ignored (OpenID Connect Core §5.5).
func claimWishes(text string) (map[string]map[string]claimWish, *oauthError) {
	if text == "" {
		return nil, nil
	}
	fail := func(why string) (map[string]map[string]claimWish, *oauthError) {
		return nil, &oauthError{"invalid_request", "claims " + why + " (OpenID Connect Core section 5.5)"}
	}
	top, err := strictObject([]byte(text))
	if err != nil {
		return fail("is no JSON object, or one that has a member twice")
	}
	wishes := map[string]map[string]claimWish{}
	for _, part := range []string{"id_token", "userinfo"} {
		members, ok := top[part].(map[string]any)
		if top[part] != nil && !ok {
			return fail("has a member " + part + " that is no object")
		}
		wishes[part] = map[string]claimWish{}
		for name, value := range members {
			wish, ok := readWish(value)
			if !ok {
				return fail("asks for " + name + " in a way that is neither null nor an object with essential, value and values")
			}
			wishes[part][name] = wish
		}
	}
	return wishes, nil
}

// readWish reads the value of one claim in the parameter claims.
func readWish(value any) (wish claimWish, ok bool) {
	if value == nil {
		return wish, true
	}
	object, ok := value.(map[string]any)
	if !ok {
		return wish, false
	}
	if essential, present := object["essential"]; present {
		if wish.essential, ok = essential.(bool); !ok {
			return wish, false
		}
	}
	one, hasOne := object["value"]
	list, hasList := object["values"]
	if hasOne && hasList {
		return wish, false
	}
	if hasOne {
		wish.values = []any{one}
	}
	if hasList {
		wish.values, ok = list.([]any)
	}
	return wish, ok
}

// beyondScope is the claims about the person that are asked for and that no scope
// of the request brings, so that consent names them.
func (a *authorization) beyondScope() []string {
	var names []string
	for _, name := range slices.Concat(a.claims.idToken, a.claims.userinfo) {
		if isPersonal(name) && !slices.Contains(a.scope, scopeOf(name)) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// isPersonal says whether a claim is about the person and one that the scopes know.
func isPersonal(name string) bool {
	for _, names := range scopeClaims {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// wishes is what the person is asked to agree to, as the session remembers it.
func (a *authorization) wishes() []string {
	list := slices.Clone(a.scope)
	for _, name := range a.beyondScope() {
		list = append(list, "claim "+name)
	}
	return list
}

// claimViews puts claims into plain words.
func claimViews(names []string) []scopeView {
	var views []scopeView
	for _, name := range names {
		views = append(views, scopeView{name, "See your " + strings.ReplaceAll(strings.TrimSuffix(name, "_verified"), "_", " ")})
	}
	return views
}

// addClaims adds the claims that were asked for by name, where the person has them.
func addClaims(claims *object, u *User, names []string) {
	for _, name := range names {
		if isPersonal(name) && u.Claims[name] != nil {
			claims.set(name, u.Claims[name])
		}
	}
}

// userinfoClaims is what a token lets its client know about its person.
func userinfoClaims(t *issuedToken) object {
	claims := claimsOf(t.grant.user, t.scope)
	addClaims(&claims, t.grant.user, t.grant.claims.userinfo)
	return claims
}

// addLevel says how well the person was identified, when the client wants to know.
func (g *grant) addLevel(claims *object) {
	if g.acrAsked && g.user != nil {
		claims.set("acr", g.acr)
	}
}
