package jose

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"
)

// vectors are the values published in the specifications, by name.
type vectors struct {
	RFC9449 struct {
		JWK          json.RawMessage
		JKT          string
		TokenRequest string `json:"proof_token_request_fig2"`
		Refresh      string `json:"proof_refresh_fig7"`
		Resource     string `json:"proof_resource_fig13"`
		AccessToken  string `json:"access_token_fig6"`
		Ath          string
	} `json:"rfc9449"`
	RFC7638 struct {
		JWK        json.RawMessage
		Thumbprint string
	} `json:"rfc7638_3_1"`
	RFC8037 struct {
		JWK        json.RawMessage
		Thumbprint string
		JWS        string
	} `json:"rfc8037_a3_a4"`
	RFC8705 struct {
		Certificate []byte // DER
		X5tS256     string `json:"x5t_s256"`
	} `json:"rfc8705_appendix_a"`
	RFC9101 struct {
		JWT string
		Key json.RawMessage
	} `json:"rfc9101_4"`
	RFC9126 struct {
		JWT       string
		Assertion string
		Key       json.RawMessage
	} `json:"rfc9126_3"`
	OIDC struct {
		JWK         json.RawMessage
		A2          string `json:"id_token_A2"`
		A3          string `json:"id_token_A3"`
		A4          string `json:"id_token_A4"`
		A6          string `json:"id_token_A6"`
		AccessToken string `json:"access_token"`
		AtHash      string `json:"at_hash_RS256"`
		Code        string
		CHash       string `json:"c_hash_RS256"`
	} `json:"oidc_core_appendix_a"`
	TokenHash struct {
		AccessToken string            `json:"access_token"`
		AtHash      map[string]string `json:"at_hash"`
	} `json:"oidc_token_hash_algorithms"`
	CIBA struct {
		AccessToken  string `json:"access_token"`
		AtHash       string `json:"at_hash"`
		RefreshToken string `json:"refresh_token"`
		RtHash       string `json:"rt_hash"`
	} `json:"ciba_10_3_1"`
	FAPI1 struct {
		Keys          []json.RawMessage
		RequestObject string `json:"request_object_A1"`
		IDToken       string `json:"id_token_A2"`
		JWE           string `json:"jwe_id_token_A3"`
		JARM          string `json:"jarm_A4"`
		Assertion     string `json:"fifth"`
		State         string
		SHash         string `json:"s_hash"`
	} `json:"fapi1_adv_appendix_a"`
	Attestation struct {
		PoP string
		JWK json.RawMessage `json:"cnf_jwk"`
	} `json:"attestation_draft_2026_07"`
	RFC7515 struct{ K, JWS string } `json:"rfc7515_a1"`
	JWE     []struct {
		Ref       string
		Key       json.RawMessage
		JWE       string
		Plaintext string
	}
}

func published(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// ids lists what was found, in order.
func ids(problems []Problem) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.ID)
	}
	return all
}

// A proof of RFC 9449 brings its key in its header. The access token of its
// figure 6 is bound to that key, and to the proof of figure 13.
func TestPublishedProofs(t *testing.T) {
	v := published(t).RFC9449
	for figure, proof := range map[string]string{"2": v.TokenRequest, "7": v.Refresh, "13": v.Resource} {
		token := Decode(proof)
		raw, _ := token.Header.Get("jwk")
		key := ParseKey(raw)
		if err := Verify(token, key); err != nil || token.Typ() != "dpop+jwt" || key.Thumbprint != v.JKT {
			t.Errorf("figure %s: %v; typ %s, jkt %s, want %s", figure, err, token.Typ(), key.Thumbprint, v.JKT)
		}
	}
	sum := sha256.Sum256([]byte(v.AccessToken))
	ath, _ := Decode(v.Resource).Claims.String("ath")
	if got := base64.RawURLEncoding.EncodeToString(sum[:]); got != v.Ath || ath != v.Ath {
		t.Errorf("ath %s, in the proof %s, want %s", got, ath, v.Ath)
	}
}

func TestCertificateThumbprint(t *testing.T) {
	v := published(t).RFC8705
	if _, err := x509.ParseCertificate(v.Certificate); err != nil {
		t.Error(err)
	}
	if got := CertificateThumbprint(v.Certificate); got != v.X5tS256 {
		t.Errorf("%s, want %s", got, v.X5tS256)
	}
}
