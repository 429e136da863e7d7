package demo

import "slices"

// machineScope is what a client gets for itself when it does not ask for anything.
const machineScope = "api"

// grantClientCredentials gives a client tokens of its own (RFC 6749 §4.4). There
// is no person, so there is nobody to identify and nobody to be away from.
func (s *Server) grantClientCredentials(x *exchange, t tokenRequest) *oauthError {
	scope := []string{s.usual(machineScope)}
	if asked := t.params.get("scope"); asked != "" {
		list, fault := s.parseScope(asked)
		if fault != nil {
			return fault
		}
		scope = list
	}
	for _, name := range []string{"openid", "offline_access"} {
		if slices.Contains(scope, name) {
			return &oauthError{"invalid_scope", "scope " + name + " is about a person, and with client_credentials nobody signs in; try scope " + s.usual(machineScope)}
		}
	}
	g := &grant{client: t.client.ID, scope: scope, expires: s.now().Add(s.config.Lifetimes.AccessToken)}
	if fault := s.target(g, t.params); fault != nil {
		return fault
	}
	s.hand(x, issue{scope: scope, grant: g})
	return nil
}
