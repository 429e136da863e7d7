// Package clientauth holds the ways for a client to prove who it is, one file
// each.
package clientauth

import (
	"github.com/oauthprobe/oauthprobe/flow"
)

// A Method is one way to authenticate, by its registered name.
type Method struct {
	Name, Spec, Doc string
	Secret          bool // needs a client secret
	Apply           flow.ClientAuth
	// Extension is what a plan has to list for the method to work to the full;
	// most methods have none, and its Name is empty.
	Extension flow.Extension

	needs string // what else it needs, as a ConfigError names it
	given bool   // and whether that is there
	ready func(flow.Client, flow.Server) (said []string, err error)
}

// Methods lists every method, with what it is to use.
func Methods(c Credentials) []Method {
	return []Method{None(), Basic(), Post(), SecretJWT(c), KeyJWT(c), TLS(c), SelfSignedTLS(c), Attest(c)}
}

// Names lists their names.
func Names() []string {
	var out []string
	for _, m := range Methods(Credentials{}) {
		out = append(out, m.Name)
	}
	return out
}

// lacks is what the method needs and was not given.
func (m Method) lacks(who flow.Client) error {
	switch {
	case m.Secret && who.Secret == "":
		return &flow.ConfigError{Field: "client_secret", Problem: "missing, and " + m.Name + " needs one"}
	case m.needs != "" && !m.given:
		return &flow.ConfigError{Field: m.needs, Problem: "missing, and " + m.Name + " needs one"}
	}
	return nil
}
