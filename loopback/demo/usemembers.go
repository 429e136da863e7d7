package demo

import "slices"

// useMembers is the metadata about what can be done with tokens once they are issued.
func (s *Server) useMembers() object {
	issuer := s.config.Issuer
	methods := s.possibleMethods()
	provable := slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return m == "none" })
	return object{
		{"introspection_endpoint", issuer + "/introspect"}, // RFC 8414 §2
		{"introspection_endpoint_auth_methods_supported", provable},
		{"introspection_endpoint_auth_signing_alg_values_supported", slices.Concat(macAlgs, keyAlgs)},
		{"introspection_signing_alg_values_supported", answerAlgs}, // RFC 9701 §7
		{"introspection_encryption_alg_values_supported", encryptionAlgs},
		{"introspection_encryption_enc_values_supported", encryptionEncs},
		{"revocation_endpoint", issuer + "/revoke"},
		{"revocation_endpoint_auth_methods_supported", methods},
		{"revocation_endpoint_auth_signing_alg_values_supported", slices.Concat(macAlgs, keyAlgs)},
		{"userinfo_signing_alg_values_supported", answerAlgs}, // OpenID Connect Discovery §3
		{"userinfo_encryption_alg_values_supported", encryptionAlgs},
		{"userinfo_encryption_enc_values_supported", encryptionEncs},
		{"id_token_encryption_alg_values_supported", encryptionAlgs},
		{"id_token_encryption_enc_values_supported", encryptionEncs},
		{"dpop_signing_alg_values_supported", dpopAlgs},         // RFC 9449 §5.1
		{"end_session_endpoint", issuer + "/logout"},            // RP-Initiated Logout 1.0 §2.1
		{"protected_resources", []string{issuer + "/resource"}}, // RFC 9728 §4
	}
}
