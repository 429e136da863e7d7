package clientauth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
)

// authMethods is the metadata member that lists the methods (RFC 8414 §2).
const authMethods = "token_endpoint_auth_methods_supported"

// Choose takes the method that was named, or the one that what was given and
// what the metadata say allow; never by trying. The text says which, and why,
// and what speaks against it. Whatever does not fit what was given is a
// *flow.ConfigError.
func Choose(name string, who flow.Client, s flow.Server, given ...Credentials) (Method, string, error) {
	var c Credentials
	if len(given) > 0 {
		c = given[0]
	}
	why := "as asked"
	if name == "" {
		name, why = choice(who, c, s)
	} else if listed, told := s.Lists(authMethods, name); told && !listed {
		why += ", " + though(s)
	}
	i := slices.Index(Names(), name)
	if i < 0 {
		return Method{}, "", &flow.ConfigError{Field: "auth_method", Problem: fmt.Sprintf("%q is not one of %s", name, strings.Join(Names(), ", "))}
	}
	m := Methods(c)[i]
	if err := m.lacks(who); err != nil {
		return m, "", err
	}
	said := []string{fmt.Sprintf("client authentication: %s, %s", name, why)}
	if m.ready != nil {
		more, err := m.ready(who, s)
		if err != nil {
			return m, "", err
		}
		said = append(said, more...)
	}
	return m, strings.Join(said, "; "), nil
}

func though(s flow.Server) string {
	all, _ := s.Metadata.Strings(authMethods)
	if len(all) == 0 {
		return "though the metadata list no method at all"
	}
	return "though the metadata list only " + strings.Join(all, ", ")
}

// A candidate is a method that can be used with something that was given.
type candidate struct{ name, what string }

// candidates are ordered by how much they prove.
func candidates(who flow.Client, c Credentials) []candidate {
	var all []candidate
	add := func(what string, names ...string) {
		for _, name := range names {
			all = append(all, candidate{name, what})
		}
	}
	if strings.TrimSpace(c.Attestation) != "" {
		add("an attestation", attestMethod)
	}
	if c.signs() {
		add("a key", "private_key_jwt")
	}
	if c.selfSigned() {
		add("a self-signed certificate", "self_signed_tls_client_auth", "tls_client_auth")
	} else if c.Cert != nil {
		add("a certificate", "tls_client_auth", "self_signed_tls_client_auth")
	}
	if who.Secret != "" {
		add("a secret", "client_secret_basic", "client_secret_post", "client_secret_jwt")
	}
	return all
}

// choice is the first candidate that the metadata list, and the first of all
// where they list none of them.
func choice(who flow.Client, c Credentials, s flow.Server) (name, why string) {
	all := candidates(who, c)
	_, told := s.Metadata.Strings(authMethods)
	public, _ := s.Lists(authMethods, "none")
	switch {
	case len(all) == 0 && told && !public:
		return "none", "because no secret is given, " + though(s)
	case len(all) == 0:
		return "none", "because no secret is given: a public client"
	case !told && who.Secret != "":
		return "client_secret_basic", "the default where the metadata list no methods (RFC 8414 §2)"
	case !told:
		return all[0].name, "because " + all[0].what + " is given and the metadata list no methods"
	}
	var passed []string
	for _, one := range all {
		if listed, _ := s.Lists(authMethods, one.name); listed {
			return one.name, "because " + one.what + " is given and the metadata list it" + not(passed)
		}
		passed = append(passed, one.name)
	}
	if public && who.Secret == "" {
		return "none", "because the metadata list it" + not(passed) + ": a public client"
	}
	return all[0].name, "because " + all[0].what + " is given, " + though(s)
}

func not(passed []string) string {
	if len(passed) == 0 {
		return ""
	}
	return ", and not " + strings.Join(passed, " or ")
}
