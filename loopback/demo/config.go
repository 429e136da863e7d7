package demo

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A User can sign in. An empty Sub is the Name.
type User struct {
	Name, Password, Sub string
	UserCode            string         // which a CIBA request must know, when set
	Claims              map[string]any // by the names of OpenID Connect Core §5.1; others go with "profile"
}

// A Hit is one request as the server saw it, and why it answered as it did.
type Hit struct {
	At                           time.Time
	Method, Path, RawQuery, Body string
	Header                       http.Header
	Status                       int
	Note                         string

	Proto, Host string
	Peer        string // address of who asked
	Secure      bool   // over TLS
	Answer      http.Header
	AnswerBody  string   // what a fault streams instead is not in it
	Faults      []string // that made a difference to this answer
	Took        time.Duration
}

// A Config says who the server is and how it errs. Only Issuer has no default.
type Config struct {
	Issuer         string            // http://127.0.0.1:1234, perhaps with a path; no trailing slash
	Users          []User            // none: alice, whose password is alice
	Clients        []Client          // none: DefaultClients
	AutoConsent    bool              // skip the pages: the first user is signed in and agrees at once
	AutoApprove    bool              // device and CIBA requests: agreed to at the second poll, and at once for ping and push
	Interval       int               // seconds between two polls of one of those; 0 means 5
	Faults         []string          // names of the tables Faults and FlowFaults
	TrustedIssuers []TrustedIssuer   // for jwt-bearer; none: https://idp.example, whose key is ClientKey
	TrustedSAML    map[string][]byte // for saml-bearer: certificates (PEM) by issuer; none: https://idp.example, with SAMLCertificate
	MTLS           string            // Start: address of a second listener that speaks TLS and asks for client certificates
	Attesters      []byte            // JWK Set of those who may vouch for a client; none: the public half of AttesterKey
	ClientCAs      []byte            // PEM: issuers of certificates for tls_client_auth; none: that of ClientCertificate
	Resources      []string          // further audiences for tokens; none: https://api.example
	Notify         http.RoundTripper // carries CIBA notifications; nil: straight to the client
	Scopes         []string          // what clients may ask for; none: openid profile email offline_access api
	Lifetimes      Lifetimes         // of what is handed out
	Delays         Delays            // before answers leave
	SigningKeys    []byte            // private JWK Set: its RSA keys are published, the first signs; one on P-256 signs ES256; none: keys of the demo
	OpaqueTokens   bool              // access tokens say nothing to those who read them
	DPoPNonce      bool              // demand nonces of this server in DPoP proofs (RFC 9449 §8, §9)
	Now            func() time.Time
	Rand           io.Reader
	Log            func(Hit) // called once per request, one at a time, before the answer leaves
}

// An UnknownFault is the error of New for a fault that is not in the table.
type UnknownFault struct {
	Name    string
	Nearest string // the known name that looks most like it
}

// Error names the fault and the nearest known one.
func (e *UnknownFault) Error() string {
	return fmt.Sprintf("demo: no fault %q; did you mean %s", e.Name, e.Nearest)
}

// withDefaults fills in what the caller left out.
func (c Config) withDefaults() Config {
	if len(c.Users) == 0 {
		c.Users = []User{{Name: "alice", Password: "alice", Claims: map[string]any{
			"name": "Alice Liddell", "given_name": "Alice", "family_name": "Liddell",
			"preferred_username": "alice", "locale": "en-GB",
			"email": "alice@example.com", "email_verified": true,
		}}}
	}
	if len(c.Clients) == 0 {
		c.Clients = DefaultClients()
	}
	c.Users, c.Clients = slices.Clone(c.Users), slices.Clone(c.Clients)
	c.TrustedIssuers = slices.Clone(c.TrustedIssuers)
	for i := range c.Users {
		if c.Users[i].Sub == "" {
			c.Users[i].Sub = c.Users[i].Name
		}
	}
	for i := range c.Clients {
		c.Clients[i] = c.Clients[i].withDefaults()
	}
	if len(c.TrustedIssuers) == 0 {
		c.TrustedIssuers = []TrustedIssuer{{Issuer: "https://idp.example", JWKS: jsonOf(clientPublic())}}
	}
	if len(c.TrustedSAML) == 0 {
		c.TrustedSAML = map[string][]byte{"https://idp.example": []byte(samlCert)}
	}
	if c.Attesters == nil {
		c.Attesters = jsonOf(attesterPublic())
	}
	if c.ClientCAs == nil {
		c.ClientCAs = []byte(clientCert)
	}
	if len(c.Resources) == 0 {
		c.Resources = []string{"https://api.example"}
	}
	c.Lifetimes = c.Lifetimes.withDefaults()
	if len(c.Scopes) == 0 {
		c.Scopes = defaultScopes()
	}
	if c.Interval == 0 {
		c.Interval = 5 // RFC 8628 §3.2
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c
}

// longestInterval is a day, in seconds: longer is a slip of the keyboard.
const longestInterval = 24 * 60 * 60

// check finds what would make the server misbehave without being asked to.
func (c Config) check() error {
	if err := checkIssuer(c.Issuer); err != nil {
		return err
	}
	if err := checkUsers(c.Users); err != nil {
		return err
	}
	if err := checkClients(c.Clients); err != nil {
		return err
	}
	if err := readKeys(c.Clients, c.TrustedIssuers); err != nil {
		return err
	}
	for _, client := range c.Clients {
		if err := checkEncryption(client); err != nil {
			return fmt.Errorf("demo: client %s: %w", client.ID, err)
		}
	}
	for _, check := range []func() error{c.Lifetimes.check, c.Delays.check, c.checkScopes} {
		if err := check(); err != nil {
			return err
		}
	}
	if c.Interval < 0 || c.Interval > longestInterval {
		return fmt.Errorf("demo: an interval of %d seconds; it takes at most a day, which is %d", c.Interval, longestInterval)
	}
	for _, name := range c.Faults {
		if !slices.Contains(FaultNames(), name) {
			return &UnknownFault{Name: name, Nearest: Nearest(name, FaultNames())}
		}
	}
	return nil
}

// checkIssuer wants an issuer identifier: no query, no fragment (RFC 8414 §2);
// http is for this machine.
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case issuer == "":
		return errors.New("demo: the issuer is missing")
	case err != nil:
		return fmt.Errorf("demo: the issuer is no URL: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("demo: the issuer %q is no http or https URL", issuer)
	case strings.ContainsAny(issuer, "?#") || u.User != nil:
		return fmt.Errorf("demo: the issuer %q may have no query, fragment or user", issuer)
	case strings.HasSuffix(issuer, "/"):
		return fmt.Errorf("demo: the issuer %q may not end in a slash", issuer)
	}
	return nil
}

// checkUsers wants names, once each, and claims that JSON can say.
func checkUsers(users []User) error {
	seen := map[string]bool{}
	for _, u := range users {
		if u.Name == "" || seen[u.Name] {
			return fmt.Errorf("demo: the user name %q is empty or given twice", u.Name)
		}
		seen[u.Name] = true
		if _, err := json.Marshal(u.Claims); err != nil {
			return fmt.Errorf("demo: the claims of %s: %w", u.Name, err)
		}
	}
	return nil
}
