package demo_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// A said is what a server says of itself.
type said struct {
	issuer string
	doc    map[string]any
	signed map[string]any // claims of signed_metadata
	alg    string
	holds  bool // its signature
	keys   []map[string]any
}

// saidBy reads metadata and keys of a server with this fault, "" for none.
func saidBy(t *testing.T, fault string) *said {
	t.Helper()
	c := demo.Config{Issuer: "http://127.0.0.1:1"}
	if fault != "" {
		c.Faults = []string{fault}
	}
	s, err := demo.New(c)
	if err != nil {
		t.Fatal(err)
	}
	out := &said{issuer: c.Issuer}
	read := func(w *httptest.ResponseRecorder, into any) {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
	read(serve(s, "GET", "/.well-known/openid-configuration", ""), &out.doc)
	var set struct{ Keys []map[string]any }
	keys := serve(s, "GET", "/jwks", "")
	read(keys, &set)
	out.keys = set.Keys
	if token, ok := out.doc["signed_metadata"].(string); ok {
		var header map[string]any
		header, out.signed = split(t, token)
		out.alg, _ = header["alg"].(string)
		first, err := json.Marshal(set.Keys[0])
		var key jose.JSONWebKey
		if err != nil || key.UnmarshalJSON(first) != nil {
			t.Fatal("the first key cannot be read")
		}
		if sig, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256}); err == nil {
			_, err = sig.Verify(key.Key)
			out.holds = err == nil
		}
	}
	return out
}

// odd is the key that a fault added, or the last.
func (s *said) odd() map[string]any { return s.keys[len(s.keys)-1] }

func (s *said) list(name string) []string {
	var out []string
	all, _ := s.doc[name].([]any)
	for _, one := range all {
		text, _ := one.(string)
		out = append(out, text)
	}
	return out
}

func number(s any) *big.Int {
	text, _ := s.(string)
	b, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	return new(big.Int).SetBytes(b)
}

// common reports whether two keys have a factor in common.
func common(a, b map[string]any) bool {
	x, y := number(a["n"]), number(b["n"])
	return x.Sign() > 0 && y.Sign() > 0 && x.Cmp(y) != 0 && new(big.Int).GCD(nil, nil, x, y).BitLen() > 1
}

var metaEffects = map[string]func(*said) bool{
	"meta-issuer-userinfo":  func(s *said) bool { return s.doc["issuer"] == "http://me:secret@127.0.0.1:1" },
	"meta-templated-issuer": func(s *said) bool { return s.doc["issuer"] == s.issuer+"/{tenantid}/v2.0" },
	"meta-required-missing": func(s *said) bool {
		return s.doc["response_types_supported"] == nil && s.doc["subject_types_supported"] == nil
	},
	"meta-types-wrong": func(s *said) bool {
		return s.doc["claims_parameter_supported"] == "true" && s.doc["ui_locales_supported"] == "en de"
	},
	"meta-empty-array": func(s *said) bool {
		return s.doc["acr_values_supported"] != nil && len(s.list("acr_values_supported")) == 0
	},
	"meta-endpoint-http":     func(s *said) bool { return s.doc["introspection_endpoint"] == "http://as.example/introspect" },
	"meta-endpoint-fragment": func(s *said) bool { return s.doc["authorization_endpoint"] == s.issuer+"/authorize#x" },
	"meta-defaults-omitted": func(s *said) bool {
		return s.doc["grant_types_supported"] == nil && s.doc["request_uri_parameter_supported"] == nil
	},
	"meta-none-in-auth-algs": func(s *said) bool {
		return slices.Contains(s.list("token_endpoint_auth_signing_alg_values_supported"), "none")
	},
	"meta-none-for-id-tokens": func(s *said) bool { return slices.Contains(s.list("id_token_signing_alg_values_supported"), "none") },
	"meta-hs256-in-dpop":      func(s *said) bool { return slices.Contains(s.list("dpop_signing_alg_values_supported"), "HS256") },
	"meta-jwt-method-without-algs": func(s *said) bool {
		return s.doc["token_endpoint_auth_signing_alg_values_supported"] == nil && slices.Contains(s.list("token_endpoint_auth_methods_supported"), "private_key_jwt")
	},
	"meta-no-iss-parameter": func(s *said) bool { return s.doc["authorization_response_iss_parameter_supported"] == nil },
	"meta-par-incoherent": func(s *said) bool {
		return s.doc["require_pushed_authorization_requests"] == true && s.doc["pushed_authorization_request_endpoint"] == nil
	},
	"meta-jar-incoherent": func(s *said) bool {
		return s.doc["require_signed_request_object"] == true && slices.Contains(s.list("request_object_signing_alg_values_supported"), "none")
	},
	"meta-alias-shape": func(s *said) bool {
		a, _ := s.doc["mtls_endpoint_aliases"].(map[string]any)
		return a["token_endpoint"] == 8443.0
	},
	"meta-typo-member": func(s *said) bool {
		return s.doc["token_endpoint_auth_method_supported"] != nil && s.doc["token_endpoint_auth_methods_supported"] == nil
	},
	"meta-rs256-missing": func(s *said) bool { return !slices.Contains(s.list("id_token_signing_alg_values_supported"), "RS256") },
	"ok-signed-metadata": func(s *said) bool {
		return s.holds && s.signed["iss"] == s.issuer && s.signed["token_endpoint"] == s.doc["token_endpoint"]
	},
	"signed-metadata-bad-signature": func(s *said) bool { return s.signed["iss"] == s.issuer && s.alg == "RS256" && !s.holds },
	"signed-metadata-contradicts":   func(s *said) bool { return s.holds && s.signed["token_endpoint"] == "https://attacker.example/token" },
	"signed-metadata-unsigned":      func(s *said) bool { return s.alg == "none" && s.signed["iss"] == s.issuer },
	"signed-metadata-no-iss":        func(s *said) bool { return s.holds && s.signed["iss"] == nil },

	"jwks-rsa-1024":  func(s *said) bool { return number(s.odd()["n"]).BitLen() == 1024 },
	"jwks-padded":    func(s *said) bool { n, _ := s.odd()["n"].(string); return strings.HasSuffix(n, "==") },
	"jwks-off-curve": func(s *said) bool { return s.odd()["x"] == s.odd()["y"] && s.odd()["x"] != nil },
	"jwks-kid-duplicate": func(s *said) bool {
		return s.odd()["kid"] == s.keys[len(s.keys)-2]["kid"] && s.odd()["x"] != s.keys[len(s.keys)-2]["x"]
	},
	"jwks-exponent-three": func(s *said) bool { return s.odd()["e"] == "Aw" },
	"jwks-shared-factor":  func(s *said) bool { return common(s.odd(), s.keys[0]) },
	"jwks-small-factor": func(s *said) bool {
		n := number(s.odd()["n"])
		return n.BitLen() == 2048 && n.Mod(n, big.NewInt(251)).Sign() == 0
	},
	"jwks-roca": func(s *said) bool {
		n := number(s.odd()["n"])
		return n.BitLen() == 2048 && s.odd()["kid"] == "demo-odd" && n.Mod(n, big.NewInt(251)).Sign() != 0 && !common(s.odd(), s.keys[0])
	},
	"jwks-kid-missing":  func(s *said) bool { return s.odd()["kid"] == nil },
	"jwks-mixed-use":    func(s *said) bool { return s.odd()["use"] == nil },
	"jwks-alg-mismatch": func(s *said) bool { return s.odd()["alg"] == "ES384" && s.odd()["crv"] == "P-256" },
	"jwks-x5c-other": func(s *said) bool {
		chain, _ := s.odd()["x5c"].([]any)
		if len(chain) == 0 {
			return false
		}
		text, _ := chain[0].(string)
		der, err := base64.StdEncoding.DecodeString(text)
		cert, bad := x509.ParseCertificate(der)
		return err == nil && bad == nil && cert.Subject.CommonName == "mtls"
	},
	"jwks-zero-octet": func(s *said) bool {
		n, _ := s.odd()["n"].(string)
		return strings.HasPrefix(n, "AM") && number(n).BitLen() == 2048
	},
	"jwks-no-key-for-alg": func(s *said) bool { return slices.Contains(s.list("id_token_signing_alg_values_supported"), "ES384") },
	"jwks-key-twice": func(s *said) bool {
		before := s.keys[len(s.keys)-2]
		return s.odd()["n"] == before["n"] && before["n"] != nil && s.odd()["alg"] != before["alg"]
	},
}

func TestEveryMetaFault(t *testing.T) {
	clean := saidBy(t, "")
	seen := 0
	for _, f := range demo.FlowFaults() {
		if f.Flow != "discover" {
			continue
		}
		seen++
		shows := metaEffects[f.Name]
		switch {
		case shows == nil:
			t.Errorf("%s: no assertion", f.Name)
		case !shows(saidBy(t, f.Name)):
			t.Errorf("%s: the fault does not show", f.Name)
		case shows(clean):
			t.Errorf("%s: the clean server shows it as well", f.Name)
		}
	}
	if seen != len(metaEffects) {
		t.Errorf("%d faults and %d assertions", seen, len(metaEffects))
	}
}
