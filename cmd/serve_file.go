package cmd

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// A span is a time as people write it: 90s, 5m, 24h.
// A plain number counts seconds, as expires_in does (RFC 6749 §5.1).
type span struct {
	time.Duration
	given bool // zero was said, and is not the default
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *span) UnmarshalText(text []byte) error {
	said := string(text)
	if _, err := strconv.Atoi(said); err == nil {
		said += "s"
	}
	d, err := time.ParseDuration(said)
	if err != nil {
		return &notTime{string(text)}
	}
	s.Duration, s.given = d, true
	return nil
}

// A notTime is a value that should be a span and is none.
type notTime struct{ said string }

func (e *notTime) Error() string { return fmt.Sprintf("%q is no time such as 90s, 5m or 24h", e.said) }

// A serveFile is what --config holds. Clients are described by the names of
// their registered metadata (RFC 7591 §2 and its extensions).
type serveFile struct {
	Issuer      string     `toml:"issuer"`
	Listen      string     `toml:"listen"`
	TLS         bool       `toml:"tls"`
	MTLSListen  string     `toml:"mtls_listen"`
	AutoConsent bool       `toml:"auto_consent"`
	DPoPNonce   bool       `toml:"dpop_nonce"`
	Opaque      bool       `toml:"opaque_access_tokens"`
	Interval    *int       `toml:"interval"`
	Keys        string     `toml:"keys"`
	Scopes      []string   `toml:"scopes"`
	Resources   []string   `toml:"resources"`
	Faults      []string   `toml:"faults"`
	Lifetimes   serveLives `toml:"lifetimes"`

	Delays  map[string]span `toml:"delays"`
	Users   []serveUser     `toml:"users"`
	Clients []serveClient   `toml:"clients"`
}

type serveLives struct {
	AccessToken  span `toml:"access_token"`
	IDToken      span `toml:"id_token"`
	Code         span `toml:"code"`
	RefreshToken span `toml:"refresh_token"`
	DeviceCode   span `toml:"device_code"`
	RequestURI   span `toml:"request_uri"`
}

type namedSpan struct {
	name string
	span
}

func (l serveLives) all() []namedSpan {
	return []namedSpan{
		{"access_token", l.AccessToken}, {"id_token", l.IDToken}, {"code", l.Code},
		{"refresh_token", l.RefreshToken}, {"device_code", l.DeviceCode}, {"request_uri", l.RequestURI},
	}
}

type serveUser struct {
	Name     string         `toml:"name"`
	Password string         `toml:"password"`
	Sub      string         `toml:"sub"`
	UserCode string         `toml:"user_code"`
	Claims   map[string]any `toml:"claims"`
}

type serveClient struct {
	ID             string   `toml:"client_id"`
	Secret         string   `toml:"client_secret"`
	RedirectURIs   []string `toml:"redirect_uris"`
	AuthMethod     string   `toml:"token_endpoint_auth_method"`
	GrantTypes     []string `toml:"grant_types"`
	JWKS           any      `toml:"jwks"`
	JWKSFile       string   `toml:"jwks_file"`
	Certificate    string   `toml:"certificate_file"`
	SubjectDN      string   `toml:"tls_client_auth_subject_dn"`
	SubjectDNS     string   `toml:"tls_client_auth_san_dns"`
	Delivery       string   `toml:"backchannel_token_delivery_mode"`
	Notification   string   `toml:"backchannel_client_notification_endpoint"`
	RequirePAR     bool     `toml:"require_pushed_authorization_requests"`
	RequireJAR     bool     `toml:"require_signed_request_object"`
	RequireDPoP    bool     `toml:"dpop_bound_access_tokens"`
	BoundTokens    bool     `toml:"tls_client_certificate_bound_access_tokens"`
	PostLogoutURIs []string `toml:"post_logout_redirect_uris"`

	IDTokenSigned        string `toml:"id_token_signed_response_alg"`
	IDTokenAlg           string `toml:"id_token_encrypted_response_alg"`
	IDTokenEnc           string `toml:"id_token_encrypted_response_enc"`
	UserinfoSigned       string `toml:"userinfo_signed_response_alg"`
	UserinfoAlg          string `toml:"userinfo_encrypted_response_alg"`
	UserinfoEnc          string `toml:"userinfo_encrypted_response_enc"`
	IntrospectionSigned  string `toml:"introspection_signed_response_alg"`
	IntrospectionAlg     string `toml:"introspection_encrypted_response_alg"`
	IntrospectionEnc     string `toml:"introspection_encrypted_response_enc"`
	AuthorizationSigned  string `toml:"authorization_signed_response_alg"`
	AuthorizationSealAlg string `toml:"authorization_encrypted_response_alg"`
	AuthorizationSealEnc string `toml:"authorization_encrypted_response_enc"`
}

// config is the file, overruled by what was typed.
func (s *server) config() (demo.Config, error) {
	var f serveFile
	if s.file != "" {
		text, err := os.ReadFile(s.file)
		if err != nil {
			return demo.Config{}, &usageError{fmt.Sprintf("--config: %v", err), nil}
		}
		if err := readTOML(s.file, text, &f); err != nil {
			return demo.Config{}, err
		}
	}
	if f.Listen != "" && !s.layer.given("listen") {
		s.listen = f.Listen
	}
	if !s.layer.given("auto-consent") {
		s.agree = f.AutoConsent
	}
	if !s.layer.given("tls") {
		s.secure = f.TLS
	}
	var interval int
	if f.Interval != nil {
		interval = *f.Interval
	}
	c := demo.Config{
		Issuer: f.Issuer, AutoConsent: s.agree, AutoApprove: s.agree, DPoPNonce: f.DPoPNonce, OpaqueTokens: f.Opaque,
		Interval: interval, Scopes: f.Scopes, Resources: f.Resources, MTLS: f.MTLSListen, Delays: demo.Delays{},
		Faults: slices.Concat(f.Faults, s.faults), Now: s.env.Now, Rand: &sharedReader{from: s.env.Rand},
		Lifetimes: demo.Lifetimes{
			AccessToken: f.Lifetimes.AccessToken.Duration, IDToken: f.Lifetimes.IDToken.Duration, Code: f.Lifetimes.Code.Duration,
			RefreshToken: f.Lifetimes.RefreshToken.Duration, DeviceCode: f.Lifetimes.DeviceCode.Duration, RequestURI: f.Lifetimes.RequestURI.Duration,
		},
	}
	for name, d := range f.Delays {
		c.Delays[name] = d.Duration
	}
	for _, u := range f.Users {
		c.Users = append(c.Users, demo.User{Name: u.Name, Password: u.Password, Sub: u.Sub, UserCode: u.UserCode, Claims: u.Claims})
	}
	if err := s.validFile(f); err != nil {
		return c, err
	}
	return c, s.files(f, &c)
}

// validFile refuses what only this command can see.
func (s *server) validFile(f serveFile) error {
	if err := checkFaults(slices.Concat(f.Faults, s.faults)); err != nil {
		return err
	}
	if f.Interval != nil && *f.Interval == 0 {
		return &usageError{s.file + ": interval is 0; it takes seconds, from 1 on, and without it there are 5", nil}
	}
	for _, l := range f.Lifetimes.all() {
		if l.given && l.Duration == 0 {
			return &usageError{fmt.Sprintf("%s: lifetimes.%s is 0; it takes a time from 1s on, and without it there is the usual one", s.file, l.name), nil}
		}
	}
	u, err := url.Parse(f.Issuer)
	switch {
	case f.Issuer == "", strings.HasPrefix(f.Issuer, "/"):
	case err != nil || u.Host == "":
		return &usageError{fmt.Sprintf("%s: issuer is %q; it takes a path, which is appended to the address of the server, or a URL", s.file, f.Issuer), nil}
	}
	return nil
}

// files reads what the file names: keys and certificates, beside the file.
func (s *server) files(f serveFile, c *demo.Config) (err error) {
	if c.SigningKeys, err = s.beside("keys", f.Keys); err != nil {
		return err
	}
	for _, one := range f.Clients {
		client := one.registration()
		name := "client " + one.ID
		switch {
		case one.JWKS != nil && one.JWKSFile != "":
			return &usageError{fmt.Sprintf("%s: %s has both jwks and jwks_file", s.file, name), nil}
		case one.JWKS != nil:
			if client.JWKS, err = inlineKeys(one.JWKS); err != nil {
				return &usageError{fmt.Sprintf("%s: %s: %v", s.file, name, err), nil}
			}
		default:
			if client.JWKS, err = s.beside(name+": jwks_file", one.JWKSFile); err != nil {
				return err
			}
		}
		if client.Certificate, err = s.beside(name+": certificate_file", one.Certificate); err != nil {
			return err
		}
		c.Clients = append(c.Clients, client)
	}
	return nil
}

// beside reads a file that the configuration names, relative to it.
func (s *server) beside(what, path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(s.file), path)
	}
	text, err := readFile(s.file+": "+what, path)
	return []byte(text), err
}

// inlineKeys is a JWK Set, a list of keys or one key, written as TOML.
func inlineKeys(v any) ([]byte, error) {
	if list, ok := v.([]any); ok {
		v = map[string]any{"keys": list}
	}
	if _, ok := v.(map[string]any); !ok {
		return nil, fmt.Errorf("jwks takes a table with keys, or a list of them; a file is named by jwks_file")
	}
	return json.Marshal(v)
}

// registration is the client as the server knows it.
func (c serveClient) registration() demo.Client {
	client := demo.Client{
		ID: c.ID, Secret: c.Secret, RedirectURIs: c.RedirectURIs, GrantTypes: c.GrantTypes, PostLogoutRedirectURIs: c.PostLogoutURIs,
		SubjectDN: c.SubjectDN, SubjectDNS: c.SubjectDNS, Delivery: c.Delivery, NotificationEndpoint: c.Notification,
		RequirePAR: c.RequirePAR, RequireJAR: c.RequireJAR, RequireDPoP: c.RequireDPoP, BoundTokens: c.BoundTokens,
		IDTokenSignedAlg: c.IDTokenSigned, IDTokenEncryptedAlg: c.IDTokenAlg, IDTokenEncryptedEnc: c.IDTokenEnc,
		UserinfoSignedAlg: c.UserinfoSigned, UserinfoEncryptedAlg: c.UserinfoAlg, UserinfoEncryptedEnc: c.UserinfoEnc,
		IntrospectionSignedAlg: c.IntrospectionSigned, IntrospectionEncryptedAlg: c.IntrospectionAlg, IntrospectionEncryptedEnc: c.IntrospectionEnc,
		AuthorizationSignedAlg: c.AuthorizationSigned, AuthorizationEncryptedAlg: c.AuthorizationSealAlg, AuthorizationEncryptedEnc: c.AuthorizationSealEnc,
	}
	if c.AuthMethod != "" {
		client.AuthMethods = []string{c.AuthMethod}
	}
	return client
}
