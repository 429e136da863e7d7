// Package clientauth holds the ways for a client to prove who it is, one file
// each.
package clientauth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
)

// A Method is one way to authenticate, by its registered name.
type Method struct {
	Name, Spec, Doc string
	Secret          bool // needs a client secret
	Apply           flow.ClientAuth
}

// Methods lists every method.
func Methods() []Method { return []Method{None(), Basic(), Post()} }

// Names lists their names.
func Names() []string {
	var out []string
	for _, m := range Methods() {
		out = append(out, m.Name)
	}
	return out
}

// Choose takes the method that was named, or the one that what was given and
// what the metadata say allow; never by trying. The text says which, and why.
func Choose(name string, c flow.Client, s flow.Server) (Method, string, error) {
	supported, told := s.Metadata.Strings("token_endpoint_auth_methods_supported")
	pick := func(name, why string) (Method, string, error) {
		m := Methods()[slices.Index(Names(), name)]
		return m, fmt.Sprintf("client authentication: %s, %s", name, why), nil
	}
	switch {
	case name != "":
		return named(name, c, supported, told)
	case c.Secret == "" && told && !slices.Contains(supported, "none"):
		return pick("none", "because no secret is given, though the metadata list only "+strings.Join(supported, ", "))
	case c.Secret == "":
		return pick("none", "because no secret is given: a public client")
	case !told:
		return pick("client_secret_basic", "the default where the metadata list no methods (RFC 8414 §2)")
	case slices.Contains(supported, "client_secret_basic"):
		return pick("client_secret_basic", "because a secret is given and the metadata list it")
	case slices.Contains(supported, "client_secret_post"):
		return pick("client_secret_post", "because a secret is given and the metadata list it, and not client_secret_basic")
	}
	return pick("client_secret_basic", "because a secret is given, though the metadata list only "+strings.Join(supported, ", "))
}

func named(name string, c flow.Client, supported []string, told bool) (Method, string, error) {
	i := slices.Index(Names(), name)
	if i < 0 {
		return Method{}, "", &flow.ConfigError{Field: "auth_method", Problem: fmt.Sprintf("%q is not one of %s", name, strings.Join(Names(), ", "))}
	}
	m := Methods()[i]
	if m.Secret && c.Secret == "" {
		return m, "", &flow.ConfigError{Field: "client_secret", Problem: "missing, and " + name + " needs one"}
	}
	why := "as asked"
	if told && !slices.Contains(supported, name) {
		why += ", though the metadata list only " + strings.Join(supported, ", ")
	}
	return m, fmt.Sprintf("client authentication: %s, %s", name, why), nil
}
