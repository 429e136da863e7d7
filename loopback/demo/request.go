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

// requestMembers is what the metadata says about better requests and their answers.
func (s *Server) requestMembers() object {
	return object{
		{"pushed_authorization_request_endpoint", s.config.Issuer + "/par"}, // RFC 9126 §5
		{"require_pushed_authorization_requests", false},
		{"request_parameter_supported", true},
		{"request_object_signing_alg_values_supported", slices.Concat(macAlgs, keyAlgs)}, // RFC 9101 §9.2
		{"request_object_encryption_alg_values_supported", encryptionAlgs},
		{"request_object_encryption_enc_values_supported", encryptionEncs},
		{"require_signed_request_object", false},
		{"authorization_signing_alg_values_supported", answerAlgs}, // JARM §4
		{"authorization_encryption_alg_values_supported", encryptionAlgs},
		{"authorization_encryption_enc_values_supported", encryptionEncs},
		{"claims_parameter_supported", true},
		{"acr_values_supported", acrLevels},
		{"authorization_details_types_supported", detailTypeNames()}, // RFC 9396 §10
	}
}
