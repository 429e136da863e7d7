package demo

// grantPassword takes a person's name and password from the client (RFC 6749
// §4.3), which RFC 9700 §2.4 forbids everywhere but in museums such as this.
func (s *Server) grantPassword(x *exchange, t tokenRequest) *oauthError {
	for _, name := range []string{"username", "password"} {
		if t.params.get(name) == "" {
			return &oauthError{"invalid_request", name + " is missing"}
		}
	}
	user := s.user(t.params.get("username"), t.params.get("password"))
	if user == nil {
		return &oauthError{"invalid_grant", "the user name or the password is wrong"}
	}
	scope := []string{"profile"}
	if asked := t.params.get("scope"); asked != "" {
		list, fault := s.parseScope(asked)
		if fault != nil {
			return fault
		}
		scope = list
	}
	g := &grant{
		client: t.client.ID, user: user, scope: scope, authTime: s.now(), sid: s.secret(x), expires: s.now().Add(s.config.Lifetimes.RefreshToken),
	}
	if fault := s.target(g, t.params); fault != nil {
		return fault
	}
	s.hand(x, issue{scope: scope, grant: g})
	return nil
}
