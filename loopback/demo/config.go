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
	Claims              map[string]any // by the names of OpenID Connect Core §5.1; others go with "profile"
}

// A Client may ask for tokens. It is public when Secret is empty.
type Client struct {
	ID, Secret   string
	RedirectURIs []string // empty: any loopback redirect
	AuthMethods  []string // empty: what fits the secret
}

// A Hit is one request as the server saw it, and why it answered as it did.
type Hit struct {
	At                           time.Time
	Method, Path, RawQuery, Body string
	Header                       http.Header
	Status                       int
	Note                         string
}

// A Config says who the server is and how it errs. Only Issuer has no default.
type Config struct {
	Issuer      string   // http://127.0.0.1:1234, perhaps with a path; no trailing slash
	Users       []User   // none: alice, whose password is alice
	Clients     []Client // none: "public", and "confidential" whose secret is "secret"
	AutoConsent bool     // skip the pages: the first user is signed in and agrees at once
	Faults      []string // names of the table Faults
	Now         func() time.Time
	Rand        io.Reader
	Log         func(Hit) // called once per request, one at a time, before the answer leaves
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
		c.Clients = []Client{{ID: "public"}, {ID: "confidential", Secret: "secret"}}
	}
	c.Users, c.Clients = slices.Clone(c.Users), slices.Clone(c.Clients)
	for i := range c.Users {
		if c.Users[i].Sub == "" {
			c.Users[i].Sub = c.Users[i].Name
		}
	}
	for i := range c.Clients {
		if len(c.Clients[i].AuthMethods) == 0 {
			c.Clients[i].AuthMethods = defaultMethods(c.Clients[i].Secret)
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c
}

// defaultMethods is how a client with this secret may authenticate.
func defaultMethods(secret string) []string {
	if secret == "" {
		return []string{"none"}
	}
	return []string{"client_secret_basic", "client_secret_post"}
}

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
	for _, name := range c.Faults {
		if !slices.Contains(FaultNames(), name) {
			return &UnknownFault{Name: name, Nearest: nearest(name, FaultNames())}
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

// checkClients wants identifiers, once each, redirect URIs that are safe to send a
// browser to, and authentication methods that this server has.
func checkClients(clients []Client) error {
	seen := map[string]bool{}
	for _, c := range clients {
		if c.ID == "" || seen[c.ID] {
			return fmt.Errorf("demo: the client id %q is empty or given twice", c.ID)
		}
		seen[c.ID] = true
		for _, uri := range c.RedirectURIs {
			if why := badRedirect(uri); why != "" {
				return fmt.Errorf("demo: redirect URI %q of client %s: it %s", uri, c.ID, why)
			}
		}
		for _, m := range c.AuthMethods {
			if !slices.Contains(authMethods, m) {
				return fmt.Errorf("demo: client %s: no authentication method %q", c.ID, m)
			}
			if (m == "none") != (c.Secret == "") {
				return fmt.Errorf("demo: client %s: method %s does not go with its secret", c.ID, m)
			}
		}
	}
	return nil
}
