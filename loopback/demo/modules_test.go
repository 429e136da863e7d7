package demo_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// modules is what the OpenID Foundation's suite does to a client, by the names of
// its test modules, and the faults that do it here. "" is the server without any;
// what begins with a sentence says why there is none.
var modules = map[string][]string{
	"oidcc-client-test":                                          {""},
	"oidcc-client-test-idtoken-sig-none":                         {"idtoken-alg-none"},
	"oidcc-client-test-idtoken-sig-rs256":                        {""},
	"oidcc-client-test-invalid-sig-rs256":                        {"idtoken-bad-signature", "idtoken-foreign-key"},
	"oidcc-client-test-invalid-sig-hs256":                        {"idtoken-hs256-bad-signature", "idtoken-hs256-public-key"},
	"oidcc-client-test-invalid-sig-es256":                        {"idtoken-es256-bad-signature", "idtoken-es256-zero"},
	"oidcc-client-test-invalid-iss":                              {"idtoken-iss-wrong", "idtoken-iss-missing"},
	"oidcc-client-test-invalid-aud":                              {"idtoken-aud-wrong"},
	"oidcc-client-test-missing-aud":                              {"idtoken-aud-missing"},
	"oidcc-client-test-missing-iat":                              {"idtoken-iat-missing"},
	"oidcc-client-test-missing-sub":                              {"idtoken-sub-missing"},
	"oidcc-client-test-invalid-athash":                           {"idtoken-at-hash-wrong", "front-at-hash-wrong"},
	"oidcc-client-test-missing-athash":                           {"front-at-hash-missing"},
	"oidcc-client-test-invalid-chash":                            {"front-c-hash-wrong"},
	"oidcc-client-test-missing-chash":                            {"front-c-hash-missing"},
	"oidcc-client-test-kid-absent-single-jwks":                   {"idtoken-kid-missing"},
	"oidcc-client-test-kid-absent-multiple-jwks":                 {"idtoken-kid-missing-two-keys"},
	"oidcc-client-test-nonce-invalid":                            {"idtoken-nonce-wrong"},
	"oidcc-client-test-nonce-unless-code-flow":                   {"idtoken-nonce-missing", "hybrid-nonce-differs"},
	"oidcc-client-test-userinfo-invalid-sub":                     {"userinfo-sub-other", "userinfo-sub-missing"},
	"oidcc-client-test-userinfo-signed":                          {"userinfo-jwt-bad-signature", "userinfo-jwt-iss-wrong", "userinfo-jwt-aud-wrong", "userinfo-jwt-alg-none"},
	"oidcc-client-test-aggregated-claims":                        {"ok-userinfo-aggregated-claims"},
	"oidcc-client-test-distributed-claims":                       {"ok-userinfo-distributed-claims"},
	"oidcc-client-test-refresh-token":                            {"refresh-token-reusable", ""},
	"oidcc-client-test-refresh-token-invalid-issuer":             {"refresh-idtoken-iss-changed"},
	"oidcc-client-test-refresh-token-invalid-sub":                {"refresh-idtoken-sub-changed"},
	"oidcc-client-test-signing-key-rotation":                     {"ok-key-rotated"},
	"oidcc-client-test-signing-key-rotation-just-before-signing": {"ok-key-rotated-before-signing"},
	"oidcc-client-test-discovery-issuer-mismatch":                {"issuer-other", "issuer-slash"},
	"oidcc-client-test-discovery-webfinger-acct":                 {"No WebFinger: the issuer of this server is known before it starts."},
	"oidcc-client-test-discovery-webfinger-url":                  {"No WebFinger: the issuer of this server is known before it starts."},
	"oidcc-client-test-form-post-error":                          {"form-post-error"},
	"oidcc-client-test-mtls-endpoint-aliases":                    {"No fault: Config.MTLS names a second address in mtls_endpoint_aliases, which TestMTLS covers."},
	"oidcc-client-test-rp-backchannel-rpinitlogout":              {"No logout tokens: a command line has no address that a server could call years later."},
	"oidcc-client-test-rp-backchannel-rpinitlogout-alg-none":     {"No logout tokens: a command line has no address that a server could call years later."},
	"oidcc-client-test-rp-init-logout-other-state":               {"logout-state-wrong"},
	"oidcc-client-test-rp-init-logout-no-state":                  {"logout-state-missing"},

	"fapi2-client-test-authorization-response-with-invalid-state":  {"state-wrong"},
	"fapi2-client-test-authorization-response-with-missing-state":  {"state-missing"},
	"fapi2-client-test-invalid-authorization-response-iss":         {"iss-wrong"},
	"fapi2-client-test-remove-authorization-response-iss":          {"iss-missing"},
	"fapi2-client-test-jarm-signature-alg-none":                    {"jarm-alg-none"},
	"fapi2-client-test-jarm-expired-exp":                           {"jarm-expired"},
	"fapi2-client-test-jarm-invalid-aud":                           {"jarm-aud-wrong"},
	"fapi2-client-test-jarm-invalid-iss":                           {"jarm-iss-wrong"},
	"fapi2-client-test-jarm-invalid-sig":                           {"jarm-bad-signature"},
	"fapi2-client-test-jarm-missing-aud":                           {"jarm-aud-missing"},
	"fapi2-client-test-jarm-missing-exp":                           {"jarm-exp-missing"},
	"fapi2-client-test-jarm-missing-iss":                           {"jarm-iss-missing"},
	"fapi2-client-test-invalid-secondary-aud":                      {"idtoken-aud-extra"},
	"fapi2-client-test-valid-aud-as-array":                         {"ok-aud-array"},
	"fapi2-client-test-invalid-missing-aud":                        {"idtoken-aud-missing"},
	"fapi2-client-test-invalid-missing-exp":                        {"idtoken-exp-missing"},
	"fapi2-client-test-invalid-missing-iss":                        {"idtoken-iss-missing"},
	"fapi2-client-test-invalid-missing-nonce":                      {"idtoken-nonce-missing"},
	"fapi2-client-test-invalid-null-alg":                           {"idtoken-alg-none"},
	"fapi2-client-test-invalid-alternate-alg":                      {"idtoken-alg-rs384"},
	"fapi2-client-test-token-type-case-insensitivity":              {"ok-token-type-lower", "ok-dpop-token-type-lower"},
	"fapi2-client-test-token-endpoint-response-without-expires_in": {"expires-in-absent"},
	"fapi2-client-test-rs-dpop-auth-scheme-case-insensitivity":     {"ok-dpop-token-type-lower"},
	"fapi2-client-test-happy-path-no-dpop-nonce":                   {""},
	"fapi2-client-test-happy-path-with-dpop-nonce":                 {"ok-dpop-nonce", "ok-dpop-nonce-rotates"},
	"beyond: crit":                            {"idtoken-crit"},
	"beyond: names twice":                     {"idtoken-duplicate-claim", "token-duplicate-member", "metadata-duplicate", "userinfo-duplicate-member"},
	"beyond: base64url that is not canonical": {"idtoken-padded", "idtoken-trailing-bits"},
	"beyond: confusion of typ":                {"idtoken-typ-access-token", "jarm-typ-logout", "idtoken-events"},
	"beyond: keys in the header":              {"idtoken-header-jwk", "idtoken-header-jku"},
	"beyond: response parameters twice":       {"code-repeated"},
	"beyond: more scope than was asked for":   {"scope-widened", "refresh-scope-widened"},
	"beyond: type of expires_in":              {"expires-in-string", "expires-in-fraction", "expires-in-milliseconds"},
	"beyond: exp in milliseconds":             {"idtoken-exp-milliseconds"},
	"beyond: JWE that inflates":               {"idtoken-inflate-bomb"},
	"beyond: one token for two":               {"refresh-equals-access", "access-equals-id-token"},
	"beyond: signature of nothing but zeros":  {"idtoken-es256-zero"},
	"beyond: HS256 keyed by the public key":   {"idtoken-hs256-public-key"},
	"beyond: protected resource metadata":     {"challenge-malformed", "challenge-missing"},
}

// Whatever the certification of clients tries, this server can try as well.
func TestModulesAreCovered(t *testing.T) {
	if len(modules) < 70 {
		t.Errorf("only %d modules", len(modules))
	}
	for name, faults := range modules {
		for _, fault := range faults {
			reason := strings.HasSuffix(fault, ".") && strings.Contains(fault, " ")
			if fault != "" && !reason && !slices.Contains(demo.FaultNames(), fault) {
				t.Errorf("%s: no fault %q", name, fault)
			}
		}
	}
}
