package demo

import (
	"maps"
	"slices"
)

// understand finds out what is asked for, directly or in a request object, by whom
// and where the answer goes. Whatever is wrong here must not be redirected.
func (s *Server) understand(p params) (*authorization, *oauthError) {
	if p.get("request") == "" {
		return s.destination(p)
	}
	object, fault := s.openRequest(p)
	if fault != nil {
		return nil, fault
	}
	a, fault := s.destination(object.params)
	if fault != nil {
		return nil, fault
	}
	a.signed, a.jti = true, object.jti
	a.carried = []arrived{{"request", p.get("request")[:min(40, len(p.get("request")))] + "…",
		"all that follows, signed by the application, so that nobody on the way can change it (RFC 9101)"}}
	return a, nil
}

// readForm wants the request to come in the way that the client is registered for
// (RFC 9126 §6, RFC 9101 §10.5), and reads what ties it to a key.
func readForm(a *authorization, p params) *oauthError {
	switch {
	case a.client.RequirePAR && !a.pushed:
		return &oauthError{"invalid_request", "client " + a.client.ID + " must push its requests first (RFC 9126 section 6)"}
	case a.client.RequireJAR && !a.signed:
		return &oauthError{"invalid_request", "client " + a.client.ID + " must sign its requests: the parameter request is missing (RFC 9101 section 10.5)"}
	}
	a.jkt = p.get("dpop_jkt")
	if raw, err := decodeURL(a.jkt); a.jkt != "" && (err != nil || len(raw) != 32) {
		return &oauthError{"invalid_request", "dpop_jkt is no SHA-256 thumbprint in base64url (RFC 9449 section 10)"}
	}
	return nil
}

// spend remembers a request object that was good, so that it is good once.
func (s *Server) spend(a *authorization) {
	if a.jti != "" {
		s.seen.put(a.jti, true)
	}
}

// without is the parameters less some.
func (p params) without(names ...string) params {
	gone := func(name string) bool { return slices.Contains(names, name) }
	p.values = maps.Clone(p.values)
	maps.DeleteFunc(p.values, func(name, _ string) bool { return gone(name) })
	p.order = slices.DeleteFunc(slices.Clone(p.order), gone)
	return p
}
