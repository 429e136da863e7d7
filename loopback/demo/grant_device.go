package demo

// grantDevice exchanges a device code for tokens, once a person has agreed (RFC 8628 §3.4).
func (s *Server) grantDevice(x *exchange, t tokenRequest) *oauthError {
	value := t.params.get("device_code")
	if value == "" {
		return &oauthError{"invalid_request", "device_code is missing"}
	}
	d, ok := s.devices.get(value)
	switch {
	case !ok:
		return &oauthError{"invalid_grant", "the device code was not issued by this server"}
	case d.client != t.client.ID:
		return &oauthError{"invalid_grant", "the device code was issued to another client"}
	}
	return s.poll(x, &d.pending, t.params)
}
