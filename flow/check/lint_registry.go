package check

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// A memberKind is the type of a member of the metadata.
type memberKind string

const (
	aList    memberKind = "a list of strings"
	aText    memberKind = "a string"
	aURL     memberKind = "a URL"
	aTruth   memberKind = "true or false"
	anObject memberKind = "an object"
	anything memberKind = "anything" // where the specification is not settled
)

// A registeredMember is a row of the IANA registry of authorization server
// metadata, or of a specification that is about to get there.
type registeredMember struct {
	kind  memberKind
	names string
}

// registry holds the members by their type (RFC 8414 §7.1).
var registry = []registeredMember{
	{aURL, `issuer authorization_endpoint token_endpoint jwks_uri registration_endpoint service_documentation op_policy_uri op_tos_uri
		revocation_endpoint introspection_endpoint device_authorization_endpoint pushed_authorization_request_endpoint userinfo_endpoint
		check_session_iframe end_session_endpoint backchannel_authentication_endpoint federation_registration_endpoint signed_jwks_uri
		logo_uri information_uri organization_uri policy_uri tos_uri authorization_challenge_endpoint challenge_endpoint
		status_list_aggregation_endpoint grant_management_endpoint global_token_revocation_endpoint nonce_endpoint
		resource_registration_endpoint permission_endpoint policy_endpoint claims_interaction_endpoint`},
	{aText, `signed_metadata organization_name display_name description`},
	{aTruth, `tls_client_certificate_bound_access_tokens require_signed_request_object require_pushed_authorization_requests
		authorization_response_iss_parameter_supported claims_parameter_supported request_parameter_supported
		request_uri_parameter_supported require_request_uri_registration frontchannel_logout_supported
		frontchannel_logout_session_supported backchannel_logout_supported backchannel_logout_session_supported
		backchannel_user_code_parameter_supported verified_claims_supported pre-authorized_grant_anonymous_access_supported
		client_id_metadata_document_supported native_sso_supported grant_management_action_required`},
	{anObject, `mtls_endpoint_aliases jwks`},
	{aList, `scopes_supported response_types_supported response_modes_supported grant_types_supported
		token_endpoint_auth_methods_supported token_endpoint_auth_signing_alg_values_supported ui_locales_supported
		revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported
		introspection_endpoint_auth_methods_supported introspection_endpoint_auth_signing_alg_values_supported
		code_challenge_methods_supported authorization_details_types_supported dpop_signing_alg_values_supported
		introspection_signing_alg_values_supported introspection_encryption_alg_values_supported
		introspection_encryption_enc_values_supported protected_resources acr_values_supported subject_types_supported
		id_token_signing_alg_values_supported id_token_encryption_alg_values_supported id_token_encryption_enc_values_supported
		userinfo_signing_alg_values_supported userinfo_encryption_alg_values_supported userinfo_encryption_enc_values_supported
		request_object_signing_alg_values_supported request_object_encryption_alg_values_supported
		request_object_encryption_enc_values_supported display_values_supported claim_types_supported claims_supported
		claims_locales_supported prompt_values_supported authorization_signing_alg_values_supported
		authorization_encryption_alg_values_supported authorization_encryption_enc_values_supported
		backchannel_token_delivery_modes_supported backchannel_authentication_request_signing_alg_values_supported
		client_registration_types_supported request_authentication_signing_alg_values_supported keywords contacts
		client_attestation_signing_alg_values_supported client_attestation_pop_signing_alg_values_supported
		client_attestation_pop_methods_supported identity_chaining_requested_token_types_supported
		authorization_grant_profiles_supported refresh_token_expiration_types_supported grant_management_actions_supported
		global_token_revocation_endpoint_auth_methods_supported trust_frameworks_supported evidence_supported
		documents_supported documents_methods_supported documents_check_methods_supported electronic_records_supported
		attachments_supported digest_algorithms_supported uma_profiles_supported`},
	{anything, `request_authentication_methods_supported claims_in_verified_claims_supported dpop_bound_access_tokens_required`},
}

// registeredMetadata finds a member by its name. A language tag after # is no part of
// it (RFC 8414 §2).
func registeredMetadata(name string) (registeredMember, bool) {
	name, _, _ = strings.Cut(name, "#")
	for _, row := range registry {
		if word(row.names, name) {
			return row, true
		}
	}
	return registeredMember{}, false
}

// word reports whether a name is one of those that white space separates.
func word(names, name string) bool {
	for from := 0; name != ""; {
		i := strings.Index(names[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		if (i == 0 || names[i-1] <= ' ') && (end == len(names) || names[end] <= ' ') {
			return true
		}
		from = end
	}
	return false
}

// fits reports whether a value is of the member's type.
func (m registeredMember) fits(raw json.RawMessage) bool {
	var text string
	switch m.kind {
	case anything:
		return true
	case aTruth:
		return string(raw) == "true" || string(raw) == "false"
	case anObject:
		return raw[0] == '{'
	case aList:
		var all []json.RawMessage
		if json.Unmarshal(raw, &all) != nil || raw[0] != '[' {
			return false
		}
		for _, one := range all {
			if one[0] != '"' {
				return false
			}
		}
		return true
	}
	if raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return false
	}
	_, err := url.Parse(text)
	return m.kind == aText || err == nil && text != ""
}

// misspelt is the registered name that an unknown one most likely should have
// been: one that differs in a letter or two, and that the server does not have
// besides.
func misspelt(name string, o *jose.Object) string {
	if len(name) < 8 || len(name) > 80 {
		return ""
	}
	best, least := "", 3
	for _, row := range registry {
		for one := range strings.FieldsSeq(row.names) {
			if max(len(one)-len(name), len(name)-len(one)) >= least {
				continue
			}
			if d := editDistance(strings.ToLower(name), one); d < least && !o.Has(one) {
				best, least = one, d
			}
		}
	}
	return best
}

// editDistance is how many letters must be put in, taken out or changed
// (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
