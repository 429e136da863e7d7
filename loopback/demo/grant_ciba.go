package demo

// grantCIBA exchanges an auth_req_id for tokens, once the person has agreed (CIBA Core §10.1).
func (s *Server) grantCIBA(x *exchange, t tokenRequest) *oauthError {
	value := t.params.get("auth_req_id")
	if value == "" {
		return &oauthError{"invalid_request", "auth_req_id is missing"}
	}
	c, ok := s.cibas.get(value)
	switch {
	case !ok:
		return &oauthError{"invalid_grant", "the auth_req_id was not issued by this server"}
	case c.client.ID != t.client.ID:
		return &oauthError{"invalid_grant", "the auth_req_id was issued to another client"}
	case c.client.delivery() == "push":
		return &oauthError{"unauthorized_client", "client " + t.client.ID + " is registered for push and may not poll"}
	}
	return s.poll(x, &c.pending, t.params)
}
