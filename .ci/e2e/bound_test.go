package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A boundCase is one client whose tokens are bound to a certificate.
type boundCase struct {
	id, method string
	with       func() *issued
}

func boundCases() []boundCase {
	byCA, self := func() *issued { return kit().byCA }, func() *issued { return kit().selfSigned }
	return []boundCase{
		{"bound by authority", "tls_client_auth", byCA},
		{"bound self-signed", "self_signed_tls_client_auth", self},
		{"bound basic", "client_secret_basic", self},
		{"bound key", "private_key_jwt", byCA},
		{"bound public", "none", self},
	}
}

func boundClients() []any {
	var all []any
	for _, c := range boundCases() {
		m := members{"tls_client_certificate_bound_access_tokens": true}
		switch c.method {
		case "tls_client_auth":
			m["tls_client_auth_subject_dn"] = "CN=tls-client"
		case "self_signed_tls_client_auth":
			m["jwks"] = map[string]any{"keys": []any{selfJWK(kit().selfSigned)}}
		}
		all = append(all, signsIn(c.id, c.method, m), signsIn(c.id+" for people", c.method, m))
	}
	return append(all, signsIn("bound forgotten", "none", members{"tls_client_certificate_bound_access_tokens": true}))
}

func (c boundCase) flags(t *testing.T, id string) []string {
	t.Helper()
	args := append(credential(t, id, c.method), "--cacert", file(t, "ca.pem", kit().serverCA.cert), "--par")
	return append(args, c.with().flags(t)...)
}

// Tokens that are bound to the certificate of the connection, whatever the client
// proves itself with (RFC 8705 §3).
func TestCertificateBound(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for _, c := range boundCases() {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			sum := sha256.Sum256(c.with().der)
			t.Run("JWT", func(t *testing.T) {
				t.Parallel()
				o := signIn(t, p, 0, append(c.flags(t, c.id), "--scope", "openid api:read", "--resource", "https://api.example")...)
				checkSignedIn(t, o)
				p.checkGranted(t, o, c.id, c.method)
				claims, _ := verified(t, text(o.tokens(t), "access_token"), jose.RS256, p.key(t, "peer-1"))
				cnf, _ := claims["cnf"].(map[string]any)
				if want := base64.RawURLEncoding.EncodeToString(sum[:]); cnf["x5t#S256"] != want || !o.passed("V-MT-01") || !o.passed("V-MT-02") {
					t.Errorf("the token is bound to %v, want %s", cnf, want)
				}
				for _, path := range []string{"/token", "/request"} {
					l := one(t, path, p.requests(t, c.id, "POST", path))
					if got := strings.ReplaceAll(l.Certificate, ":", ""); !l.Secure || got != strings.ToUpper(hex.EncodeToString(sum[:])) {
						t.Errorf("at %s the server saw the certificate %q", path, got)
					}
				}
			})
			t.Run("userinfo", func(t *testing.T) {
				t.Parallel()
				id := c.id + " for people"
				o := signIn(t, p, 0, append(c.flags(t, id), "--scope", "openid")...)
				p.checkGranted(t, o, id, c.method)
				access := text(o.tokens(t), "access_token")
				trust := []string{"--cacert", file(t, "ca.pem", kit().serverCA.cert)}
				told := use(t, 0, "userinfo", p.issuer, access, append(trust, c.with().flags(t)...)...)
				checkClean(t, told)
				if told.tokens(t)["sub"] != login {
					t.Errorf("userinfo is %v", told.tokens(t))
				}
				if at := told.exchange(t, "userinfo").Request.URL; !strings.HasPrefix(at, "https://127.0.0.1:") {
					t.Errorf("userinfo was asked at %s", at)
				}
				checkRefused(t, use(t, 3, "userinfo", p.issuer, access, trust...), "userinfo", "invalid_token")
				checkRefused(t, use(t, 3, "userinfo", p.issuer, access, append(trust, kit().strangeSelf.flags(t)...)...), "userinfo", "invalid_token")
			})
		})
	}
	t.Run("forgotten", func(t *testing.T) {
		t.Parallel()
		o := signIn(t, p, 3, "--client-id", "bound forgotten", "--scope", "openid")
		checkRefused(t, o, "token", "invalid_grant")
	})
}
