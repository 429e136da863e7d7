package demo

import (
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
)

// GroupLint is the group of the faults in what the server says of itself.
const GroupLint = "what metadata and keys say"

var metaFaults = []row{
	{"meta-issuer-userinfo", GroupLint, "The issuer in the metadata has a user name and a password in it.", codes{"META-03", "V-MD-01"}},
	{"meta-templated-issuer", GroupLint, "The issuer in the metadata is a template for the issuers of many tenants.", codes{"META-23", "V-MD-01"}},
	{"meta-required-missing", GroupLint, "The metadata has neither response types nor subject types.", codes{"META-05"}},
	{"meta-types-wrong", GroupLint, "A boolean in the metadata is a string and a list is a string with blanks.", codes{"META-06"}},
	{"meta-empty-array", GroupLint, "A list in the metadata is empty.", codes{"META-06"}},
	{"meta-endpoint-http", GroupLint, "The introspection endpoint in the metadata is plain http on another machine.", codes{"META-07"}},
	{"meta-endpoint-fragment", GroupLint, "The authorization endpoint in the metadata has a fragment.", codes{"META-08"}},
	{"meta-defaults-omitted", GroupLint, "The metadata leaves out what grants there are, and whether requests are fetched.", codes{"META-13"}},
	{"meta-none-in-auth-algs", GroupLint, "The metadata lets client assertions be unsigned.", codes{"META-14"}},
	{"meta-none-for-id-tokens", GroupLint, "The metadata lets ID tokens be unsigned.", codes{"META-14"}},
	{"meta-hs256-in-dpop", GroupLint, "The metadata lets DPoP proofs be made with a shared secret.", codes{"META-14"}},
	{"meta-jwt-method-without-algs", GroupLint, "The metadata lists private_key_jwt and no algorithm for it.", codes{"META-15"}},
	{"meta-no-iss-parameter", GroupLint, "The metadata does not promise an iss in authorization responses.", codes{"META-16"}},
	{"meta-par-incoherent", GroupLint, "The metadata requires pushed requests and has no endpoint for them.", codes{"META-17"}},
	{"meta-jar-incoherent", GroupLint, "The metadata requires signed requests and lets them be unsigned.", codes{"META-18", "META-14"}},
	{"meta-alias-shape", GroupLint, "An alias for mutual TLS in the metadata is a number.", codes{"META-19"}},
	{"meta-typo-member", GroupLint, "The list of client authentication methods in the metadata lacks a letter in its name.", codes{"META-21"}},
	{"meta-rs256-missing", GroupLint, "The metadata does not list RS256 for ID tokens.", codes{"META-26"}},
	{"ok-signed-metadata", GroupLint, "The metadata comes a second time, signed by the server.", nil},
	{"signed-metadata-bad-signature", GroupLint, "One bit of the signature over the metadata is wrong.", codes{"V-MD-07"}},
	{"signed-metadata-contradicts", GroupLint, "The signed metadata has another token endpoint than the plain one.", codes{"V-MD-07"}},
	{"signed-metadata-unsigned", GroupLint, "The signed metadata says alg none.", codes{"V-MD-07"}},
	{"signed-metadata-no-iss", GroupLint, "The signed metadata does not say who attests them.", codes{"V-MD-07"}},

	{"jwks-rsa-1024", GroupLint, "The published keys include an RSA key of 1024 bits.", codes{"V-JK-02"}},
	{"jwks-padded", GroupLint, "The modulus of a published key ends in base64 padding.", codes{"V-JK-02"}},
	{"jwks-off-curve", GroupLint, "A published key is a point beside its curve.", codes{"V-JK-02"}},
	{"jwks-kid-duplicate", GroupLint, "Two published keys of one type have the same kid.", codes{"V-JK-02"}},
	{"jwks-exponent-three", GroupLint, "The public exponent of a published key is 3.", codes{"JWKS-03"}},
	{"jwks-shared-factor", GroupLint, "Two published keys have a prime in common.", codes{"JWKS-04"}},
	{"jwks-small-factor", GroupLint, "The modulus of a published key is divisible by 251.", codes{"JWKS-04"}},
	{"jwks-roca", GroupLint, "A published key was made by the generator that CVE-2017-15361 broke.", codes{"JWKS-04"}},
	{"jwks-kid-missing", GroupLint, "One of several published keys has no kid.", codes{"JWKS-05"}},
	{"jwks-mixed-use", GroupLint, "A published key beside keys for encryption does not say what it is for.", codes{"JWKS-06"}},
	{"jwks-alg-mismatch", GroupLint, "A published key on P-256 is said to be for ES384.", codes{"JWKS-06"}},
	{"jwks-x5c-other", GroupLint, "A published key comes with the certificate of another.", codes{"JWKS-07"}},
	{"jwks-zero-octet", GroupLint, "The modulus of a published key begins with a superfluous octet.", codes{"JWKS-08"}},
	{"jwks-no-key-for-alg", GroupLint, "The metadata promises ID tokens signed with ES384, and no published key can do that.", codes{"JWKS-09"}},
	{"jwks-key-twice", GroupLint, "One key is published for two algorithms.", codes{"V-JK-04"}},
}

// metaBends says how each fault spoils the metadata.
var metaBends = map[string]func(issuer string, doc *object){
	"meta-issuer-userinfo": func(issuer string, doc *object) {
		doc.set("issuer", strings.Replace(issuer, "://", "://me:secret@", 1))
	},
	"meta-templated-issuer": func(issuer string, doc *object) { doc.set("issuer", issuer+"/{tenantid}/v2.0") },
	"meta-required-missing": func(_ string, doc *object) {
		doc.drop("response_types_supported")
		doc.drop("subject_types_supported")
	},
	"meta-types-wrong": func(_ string, doc *object) {
		doc.set("claims_parameter_supported", "true")
		doc.set("ui_locales_supported", "en de")
	},
	"meta-empty-array":       func(_ string, doc *object) { doc.set("acr_values_supported", []string{}) },
	"meta-endpoint-http":     func(_ string, doc *object) { doc.set("introspection_endpoint", "http://as.example/introspect") },
	"meta-endpoint-fragment": func(issuer string, doc *object) { doc.set("authorization_endpoint", issuer+"/authorize#x") },
	"meta-defaults-omitted": func(_ string, doc *object) {
		doc.drop("grant_types_supported")
		doc.drop("request_uri_parameter_supported")
	},
	"meta-none-in-auth-algs": func(_ string, doc *object) {
		doc.set("token_endpoint_auth_signing_alg_values_supported", []string{"RS256", "none"})
	},
	"meta-none-for-id-tokens": func(_ string, doc *object) {
		doc.set("id_token_signing_alg_values_supported", []string{"RS256", "none"})
	},
	"meta-hs256-in-dpop": func(_ string, doc *object) {
		doc.set("dpop_signing_alg_values_supported", []string{"ES256", "HS256"})
	},
	"meta-jwt-method-without-algs": func(_ string, doc *object) { doc.drop("token_endpoint_auth_signing_alg_values_supported") },
	"meta-no-iss-parameter":        func(_ string, doc *object) { doc.drop("authorization_response_iss_parameter_supported") },
	"meta-par-incoherent": func(_ string, doc *object) {
		doc.set("require_pushed_authorization_requests", true)
		doc.drop("pushed_authorization_request_endpoint")
	},
	"meta-jar-incoherent": func(_ string, doc *object) {
		doc.set("require_signed_request_object", true)
		doc.set("request_object_signing_alg_values_supported", []string{"RS256", "none"})
	},
	"meta-alias-shape": func(_ string, doc *object) { doc.set("mtls_endpoint_aliases", object{{"token_endpoint", 8443}}) },
	"meta-typo-member": func(_ string, doc *object) {
		doc.set("token_endpoint_auth_method_supported", doc.get("token_endpoint_auth_methods_supported"))
		doc.drop("token_endpoint_auth_methods_supported")
	},
	"meta-rs256-missing": func(_ string, doc *object) {
		doc.set("id_token_signing_alg_values_supported", []string{"ES256", "HS256"})
	},
	"jwks-no-key-for-alg": func(_ string, doc *object) {
		doc.set("id_token_signing_alg_values_supported", []string{"RS256", "ES384"})
	},
}

// bendMembers spoils the metadata as asked, and signs them (RFC 8414 §2.1).
func (s *Server) bendMembers(doc *object) {
	for _, f := range metaFaults {
		if bend := metaBends[f.Name]; bend != nil && s.broken(f.Name) {
			bend(s.config.Issuer, doc)
		}
	}
	for _, name := range []string{"ok-signed-metadata", "signed-metadata-bad-signature", "signed-metadata-contradicts", "signed-metadata-unsigned", "signed-metadata-no-iss"} {
		if s.broken(name) {
			doc.set("signed_metadata", s.attested(name, slices.Clone(*doc)))
		}
	}
}

// attested is the metadata as the claims of a token.
func (s *Server) attested(fault string, claims object) string {
	alg := "RS256"
	claims.set("iss", s.config.Issuer)
	switch fault {
	case "signed-metadata-contradicts":
		claims.set("token_endpoint", otherServer+"/token")
	case "signed-metadata-unsigned":
		alg = "none"
	case "signed-metadata-no-iss":
		claims.drop("iss")
	}
	return s.jwt(jws{
		header: object{{"alg", alg}, {"kid", s.key.kid}}, claims: claims, key: s.key,
		spoiled: fault == "signed-metadata-bad-signature",
	})
}

// Moduli that nobody should have: of 1024 bits, with the factor 251, and with the
// fingerprint of ROCA.
const (
	shortN = "oqzqwBxTJEtq1NSZ1r_2EwVCeN6ucm6QsGWSVuzeGYu0eBw7T-NDNmkQbkRhc1xBJeY2_z_GRdfUE0pRXB_o68qqrB9OalbypJeweLAGjA7fIWrMAgyYM0z2_2T1YrRpVX9rj-z_QKAmNP8wnlyIcy1SsOfGa2MjkeniM_0392k"
	smallN = "viGP2fenG_PHpzN7vwyOSxHUne-wiRl6U5H9lPIXhzBM9Au3wZFiy2ST94fYn9ggEAO8-LxzMQUQsUQDNxWzli4d_2W5-JW_8AndZ3IL5NcC6z0c0wgMfpUyWlEmVXWX8S0Ys0U0AW0-sxdWdn2KaKblQxRfpIypEhkc2lRBSoLjaKDVrWH-sS_e0yAOp_ZLjWajYuGk8JmKah9Uu6hQuhq7JmEc4e3guNh5aUQMipO-TPIMllXBNFjYUqstbqM4ba-wG0KlzAwP_rRWJKlOvlW0S-JhqOeA0rislNE7chUuOBzHNJ3WQkfRmm8Y4s9U1QYhWMHYS6_byyN7DpTtMw"
	rocaN  = "xLeg7-oksZ0Fk4EQHhFBle6XXdkYcA09n6xWV3d-mNuJcZQIRUUv2ZrOSL1d_Kr6aeVr4HqKEJx_lZh3vfy0CLNWJsZMWOKny6Ovan0SUZRng9Q3AudUVdwnm77ayFW15sKU0_wbU3J1zvlvQALB-Psr4PgzMcSYhYpeKbfwVhyjvOtzquTqg3UgNA62HkELcFS-xKXQ9uZzPqnrb7QTAbWbY9BZYnT-zeS6zubwzB1reL4f-_9o0IHwNxjreBieQBMw8YjaaxxIgjll3tDFVN1b_XS5fVQ-CSxoHjEjGIxCjloWlk0YY1SW4xqtIpjO7KnuOeJifJBKpLneh_vogQ"
)

// oddKid is the name of the key that a fault adds to the set. None of the server's
// own is touched, so that nothing else breaks.
const oddKid = "demo-odd"

func oddRSA(n string) object {
	return object{{"kty", "RSA"}, {"use", "sig"}, {"alg", "RS256"}, {"kid", oddKid}, {"n", n}, {"e", "AQAB"}}
}

// oddEC is a sound key on P-256, before a fault spoils it.
func oddEC() object {
	return object{{"kty", "EC"}, {"use", "sig"}, {"alg", "ES256"}, {"kid", oddKid}, {"crv", "P-256"}, {"x", attesterKeyX}, {"y", attesterKeyY}}
}

// with changes a member, or takes it out.
func (o object) with(name string, value any) object {
	if value == nil {
		o.drop(name)
	} else {
		o.set(name, value)
	}
	return o
}

// oddKeys says which keys each fault adds.
var oddKeys = map[string]func(*Server) []any{
	"jwks-rsa-1024":       func(*Server) []any { return []any{oddRSA(shortN)} },
	"jwks-padded":         func(s *Server) []any { return []any{oddRSA(base64.URLEncoding.EncodeToString(s.idle.priv.N.Bytes()))} },
	"jwks-off-curve":      func(*Server) []any { return []any{oddEC().with("y", attesterKeyX)} },
	"jwks-kid-duplicate":  func(*Server) []any { return []any{oddEC(), clientPublic().with("kid", oddKid)} },
	"jwks-exponent-three": func(s *Server) []any { return []any{s.idle.public().with("e", "Aw")} },
	"jwks-shared-factor": func(s *Server) []any {
		n := new(big.Int).Mul(s.key.priv.Primes[0], s.idle.priv.Primes[1])
		return []any{oddRSA(base64URL(n.Bytes()))}
	},
	"jwks-small-factor": func(*Server) []any { return []any{oddRSA(smallN)} },
	"jwks-roca":         func(*Server) []any { return []any{oddRSA(rocaN)} },
	"jwks-kid-missing":  func(*Server) []any { return []any{oddEC().with("kid", nil)} },
	"jwks-mixed-use":    func(*Server) []any { return []any{oddEC().with("use", nil)} },
	"jwks-alg-mismatch": func(*Server) []any { return []any{oddEC().with("alg", "ES384")} },
	"jwks-x5c-other": func(*Server) []any {
		block, _ := pem.Decode([]byte(clientCert))
		return []any{oddEC().with("x5c", []string{base64.StdEncoding.EncodeToString(block.Bytes)})}
	},
	"jwks-zero-octet": func(s *Server) []any {
		return []any{s.idle.public().with("n", base64URL(append([]byte{0}, s.idle.priv.N.Bytes()...)))}
	},
	"jwks-key-twice": func(s *Server) []any {
		return []any{s.idle.public(), s.idle.public().with("kid", oddKid).with("alg", "PS256")}
	},
}

// addedKeys are the keys that faults add to the set.
func (s *Server) addedKeys() []any {
	var all []any
	for _, f := range metaFaults {
		if add := oddKeys[f.Name]; add != nil && s.broken(f.Name) {
			all = append(all, add(s)...)
		}
	}
	return all
}
