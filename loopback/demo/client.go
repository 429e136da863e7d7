package demo

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
)

// A Client may ask for tokens. It is public when it authenticates by "none".
type Client struct {
	ID, Secret   string
	RedirectURIs []string // empty: any loopback redirect
	AuthMethods  []string // empty: what fits the secret
	GrantTypes   []string // empty: all that make sense for such a client
	JWKS         []byte   // its public keys, as a JWK Set or one JWK

	Certificate           []byte // PEM, for self_signed_tls_client_auth (RFC 8705 §2.2)
	SubjectDN, SubjectDNS string // what its certificate must say, for tls_client_auth (RFC 8705 §2.1.2)

	Delivery             string // how it hears of a CIBA decision: poll, which is the default, ping or push
	NotificationEndpoint string // where, for ping and push

	RequirePAR bool // authorization requests must be pushed (RFC 9126 §6)
	RequireJAR bool // authorization requests must be signed (RFC 9101 §10.5)

	// How what this client gets is signed and encrypted. An empty name is the
	// default: RS256, or plain JSON where that is possible, and no encryption.
	IDTokenSignedAlg                                     string
	IDTokenEncryptedAlg, IDTokenEncryptedEnc             string
	UserinfoSignedAlg                                    string
	UserinfoEncryptedAlg, UserinfoEncryptedEnc           string
	IntrospectionSignedAlg                               string
	IntrospectionEncryptedAlg, IntrospectionEncryptedEnc string
	AuthorizationSignedAlg                               string // JARM
	AuthorizationEncryptedAlg, AuthorizationEncryptedEnc string // JARM

	RequireDPoP bool // its tokens must be bound to a key (RFC 9449 §5.2)
	BoundTokens bool // its tokens are bound to the certificate of its connection, if there is one (RFC 8705 §3.4)

	PostLogoutRedirectURIs []string // empty: any loopback redirect

	keys        []jwk // of JWKS
	certificate *x509.Certificate
}

// DefaultClients is the clients of a Config that names none: "public", and
// "confidential" whose secret is "secret"; then one for each way to authenticate
// that needs a registration of its own: "secret-jwt" whose secret is
// "a-long-secret-that-is-written-down-in-the-demo-server-for-HS512-too", and "jwt"
// whose key is ClientKey, "mtls" (self_signed_tls_client_auth) and "mtls-ca"
// (tls_client_auth) whose certificate is ClientCertificate, and "attested", for
// whose ClientKey Attestation vouches. "par-only" must push its requests,
// "jar-only" must sign them, and "encrypted", whose secret is "secret", gets what
// it gets encrypted to ClientKey, which is registered for each of them. "signed",
// whose secret is "secret", gets UserInfo and introspection responses as JWTs, and
// "dpop-only" must bring DPoP proofs. A certificate binds the tokens of all of them.
func DefaultClients() []Client {
	keys := jsonOf(clientRegistered())
	clients := []Client{
		{ID: "public", JWKS: keys, AuthMethods: []string{"none"}},
		{ID: "confidential", Secret: "secret", JWKS: keys},
		{ID: "secret-jwt", Secret: clientSecret, JWKS: keys, AuthMethods: []string{"client_secret_jwt"}},
		{ID: "jwt", JWKS: keys},
		{ID: "mtls", Certificate: []byte(clientCert), JWKS: keys},
		{ID: "mtls-ca", SubjectDN: "CN=mtls,O=oauthprobe demo", JWKS: keys},
		{ID: "attested", JWKS: keys, AuthMethods: []string{"attest_jwt_client_auth"}},
		{ID: "par-only", JWKS: keys, AuthMethods: []string{"none"}, RequirePAR: true},
		{ID: "jar-only", JWKS: keys, AuthMethods: []string{"none"}, RequireJAR: true},
		{
			ID: "encrypted", Secret: "secret", JWKS: keys,
			IDTokenEncryptedAlg: "ECDH-ES", IDTokenEncryptedEnc: "A256GCM",
			UserinfoSignedAlg: "RS256", UserinfoEncryptedAlg: "ECDH-ES", UserinfoEncryptedEnc: "A256GCM",
			IntrospectionEncryptedAlg: "ECDH-ES", IntrospectionEncryptedEnc: "A256GCM",
			AuthorizationEncryptedAlg: "ECDH-ES", AuthorizationEncryptedEnc: "A256GCM",
		},
		{ID: "signed", Secret: "secret", JWKS: keys, UserinfoSignedAlg: "RS256", IntrospectionSignedAlg: "RS256"},
		{ID: "dpop-only", JWKS: keys, AuthMethods: []string{"none"}, RequireDPoP: true},
	}
	for i := range clients {
		clients[i].BoundTokens = true
	}
	return clients
}

// withDefaults fills in what the registration left out.
func (c Client) withDefaults() Client {
	if len(c.AuthMethods) == 0 {
		c.AuthMethods = c.defaultMethods()
	}
	if len(c.GrantTypes) == 0 {
		c.GrantTypes = c.defaultGrants()
	}
	return c
}

// defaultMethods is how a client with these credentials may authenticate.
func (c Client) defaultMethods() []string {
	switch {
	case c.Secret != "":
		return []string{"client_secret_basic", "client_secret_post"}
	case c.Certificate != nil:
		return []string{"self_signed_tls_client_auth"}
	case c.SubjectDN != "" || c.SubjectDNS != "":
		return []string{"tls_client_auth"}
	case c.JWKS != nil:
		return []string{"private_key_jwt"}
	}
	return []string{"none"}
}

// defaultGrants is every grant type for a client that can prove who it is, and
// those where a person decides for one that cannot (RFC 6749 §4.4 wants a
// confidential client; so do the others that involve no browser).
func (c Client) defaultGrants() []string {
	return slices.DeleteFunc(grantTypes(), func(name string) bool {
		return c.public() && !slices.Contains(publicGrants, name)
	})
}

// public says whether anybody could call itself this client (RFC 6749 §2.1).
func (c Client) public() bool { return slices.Contains(c.AuthMethods, "none") }

// may says why the client may not use a grant type, or nothing.
func (c Client) may(grantType string) *oauthError {
	if slices.Contains(c.GrantTypes, grantType) {
		return nil
	}
	return &oauthError{"unauthorized_client", "client " + c.ID + " may not use " + grantType + "; it may use " + strings.Join(c.GrantTypes, ", ")}
}

// checkClients wants identifiers, once each, and registrations that make sense.
func checkClients(clients []Client) error {
	seen := map[string]bool{}
	for _, c := range clients {
		if c.ID == "" || seen[c.ID] {
			return fmt.Errorf("demo: the client id %q is empty or given twice", c.ID)
		}
		seen[c.ID] = true
		for _, check := range []func(Client) error{checkRedirects, checkMethods, checkGrants, checkDelivery, checkSigning, checkResponseSigning} {
			if err := check(c); err != nil {
				return fmt.Errorf("demo: client %s: %w", c.ID, err)
			}
		}
	}
	return nil
}

// readKeys reads the keys and certificates of clients and trusted issuers.
func readKeys(clients []Client, issuers []TrustedIssuer) (err error) {
	for i := range issuers {
		if issuers[i].keys, err = parseKeys(issuers[i].JWKS); err != nil {
			return fmt.Errorf("demo: trusted issuer %s: %w", issuers[i].Issuer, err)
		}
	}
	for i := range clients {
		if text := clients[i].Certificate; text != nil {
			if clients[i].certificate, err = parseCertificate(text); err != nil {
				return fmt.Errorf("demo: client %s: %w", clients[i].ID, err)
			}
		}
		if clients[i].JWKS == nil {
			continue
		}
		if clients[i].keys, err = parseKeys(clients[i].JWKS); err != nil {
			return fmt.Errorf("demo: client %s: %w", clients[i].ID, err)
		}
	}
	return nil
}

// checkRedirects wants redirect URIs that are safe to send a browser to.
func checkRedirects(c Client) error {
	for _, uri := range c.RedirectURIs {
		if why := badRedirect(uri); why != "" {
			return fmt.Errorf("redirect URI %q %s", uri, why)
		}
	}
	return nil
}

// checkMethods wants authentication methods that this server has, and the secret
// that some of them need.
func checkMethods(c Client) error {
	for _, m := range c.AuthMethods {
		if !slices.Contains(authMethods, m) {
			return fmt.Errorf("no authentication method %q", m)
		}
		if strings.HasPrefix(m, "client_secret_") != (c.Secret != "") {
			return fmt.Errorf("method %s does not go with its secret", m)
		}
		switch {
		case m == "private_key_jwt" && c.JWKS == nil:
			return fmt.Errorf("method %s needs keys", m)
		case m == "self_signed_tls_client_auth" && c.Certificate == nil:
			return fmt.Errorf("method %s needs a certificate", m)
		case m == "tls_client_auth" && c.SubjectDN == "" && c.SubjectDNS == "":
			return fmt.Errorf("method %s needs a subject", m)
		}
	}
	return nil
}

// checkDelivery wants a place for notifications, which may be plain http on this
// machine only (CIBA Core §4).
func checkDelivery(c Client) error {
	switch {
	case !slices.Contains(deliveries, c.delivery()):
		return fmt.Errorf("no delivery %q", c.Delivery)
	case c.delivery() == "poll":
		return nil
	case !strings.HasPrefix(c.NotificationEndpoint, "https://") && !isLoopback(c.NotificationEndpoint):
		return fmt.Errorf("notification endpoint %q is neither https nor on this machine", c.NotificationEndpoint)
	}
	return nil
}

// checkGrants wants grant types that this server has.
func checkGrants(c Client) error {
	for _, name := range c.GrantTypes {
		if !slices.Contains(grantTypes(), name) {
			return fmt.Errorf("no grant type %q", name)
		}
	}
	return nil
}
