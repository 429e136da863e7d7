package discover

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// The groups of a description, in the order in which a person reads.
const (
	groupServer       = "server"
	groupEndpoints    = "endpoints"
	groupAllows       = "what a client may ask for"
	groupClients      = "how clients prove who they are"
	groupRequests     = "how requests are protected"
	groupTokens       = "tokens and their binding"
	groupOpenID       = "OpenID Connect"
	groupLogout       = "logout"
	groupRegistration = "registration and the rest"
	groupCapabilities = "capabilities"
	groupKeys         = "keys"
	groupUnknown      = "members that nobody registered"
)

// An entry is a member of the metadata, what it is for, and what its absence
// means where a specification says so.
type entry struct{ group, name, means, ref, implied string }

// describe puts the metadata into words.
func describe(r *flow.Run) []trace.Member {
	o := r.Server.Metadata
	issuer, _ := o.String("issuer")
	all := []trace.Member{{In: groupServer, Name: "issuer", Value: issuer, Means: "who the server is: the iss of everything it signs", Ref: "RFC 8414 §2"}}
	if at := r.Asked(flow.Metadata).URL; at != nil {
		all = append(all, trace.Member{In: groupServer, Name: "found at", Value: at.String(), Means: rule(at.Path)})
	}
	for _, e := range entries {
		raw, told := o.Get(e.name)
		m := trace.Member{In: e.group, Name: e.name, Value: plain(raw), Means: e.means, Ref: e.ref}
		switch {
		case told:
			all = append(all, m)
		case e.implied != "" && applies(o, e.name):
			m.Value = e.implied + " (implied)"
			all = append(all, m)
		}
	}
	return append(all, capabilities(r.Server)...)
}

// rule says by which specification an address is a well-known one.
func rule(path string) string {
	switch {
	case strings.Contains(path, "/.well-known/oauth-authorization-server"):
		return "the place of RFC 8414"
	case strings.Contains(path, "/.well-known/openid-configuration"):
		return "the place of OpenID Connect Discovery"
	}
	return "the server redirected there"
}

// applies reports whether a default means anything for a server without a
// browser's endpoint, or without OpenID Connect.
func applies(o *jose.Object, name string) bool {
	switch name {
	case "response_modes_supported", "grant_types_supported", "require_pushed_authorization_requests", "authorization_response_iss_parameter_supported":
		return o.Has("authorization_endpoint")
	case "request_uri_parameter_supported", "request_parameter_supported", "claims_parameter_supported", "claim_types_supported":
		return o.Has("authorization_endpoint") && o.Has("id_token_signing_alg_values_supported")
	}
	return true
}

// known reports whether a member has a row of its own.
func known(name string) bool {
	return name == "issuer" || slices.ContainsFunc(entries, func(e entry) bool { return e.name == name })
}

// unknownMembers come last: nothing can be said of them.
func unknownMembers(o *jose.Object) []trace.Member {
	var all []trace.Member
	if o == nil {
		return nil
	}
	for _, m := range o.Members {
		if !known(m.Name) {
			all = append(all, trace.Member{In: groupUnknown, Name: m.Name, Value: plain(m.Value)})
		}
	}
	return all
}

// plain is a value as a person writes it: a list of strings with commas.
func plain(raw json.RawMessage) string {
	var text string
	var all []string
	switch {
	case len(raw) == 0:
		return ""
	case raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
		return text
	case raw[0] == '[' && json.Unmarshal(raw, &all) == nil && len(all) > 0:
		return strings.Join(all, ", ")
	}
	return string(raw)
}

// A capability is a specification that the metadata show to be supported.
type capability struct {
	spec, what string
	shown      func(flow.Server) bool
}

func has(names ...string) func(flow.Server) bool {
	return func(s flow.Server) bool { return slices.ContainsFunc(names, s.Metadata.Has) }
}

func listed(name string, values ...string) func(flow.Server) bool {
	return func(s flow.Server) bool {
		all, _ := s.Metadata.Strings(name)
		return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(all, v) })
	}
}

func says(name string) func(flow.Server) bool {
	return func(s flow.Server) bool { return s.Flag(name, false) }
}

func either(all ...func(flow.Server) bool) func(flow.Server) bool {
	return func(s flow.Server) bool {
		return slices.ContainsFunc(all, func(f func(flow.Server) bool) bool { return f(s) })
	}
}

func capabilities(s flow.Server) []trace.Member {
	var all []trace.Member
	for _, c := range capabilityTable() {
		value := "–"
		if c.shown(s) {
			value = "✓"
		}
		all = append(all, trace.Member{In: groupCapabilities, Name: c.spec, Value: value, Means: c.what})
	}
	return all
}

// keyMembers put a key set into words.
func keyMembers(set jose.KeySet) []trace.Member {
	var all []trace.Member
	for i := range set.Keys {
		k := &set.Keys[i]
		name := k.Kid
		if name == "" {
			name = "(no kid)"
		}
		about := []string{strings.TrimSpace(k.Kty + " " + size(k))}
		for _, part := range []string{k.Use, k.Alg, strings.Join(k.KeyOps, "+")} {
			if part != "" {
				about = append(about, part)
			}
		}
		means := "no thumbprint"
		if k.Thumbprint != "" {
			means = "thumbprint " + k.Thumbprint
		}
		for _, q := range k.Problems {
			means += "; " + q.Detail
		}
		all = append(all, trace.Member{In: groupKeys, Name: name, Value: strings.Join(about, ", "), Means: means})
	}
	return all
}

// size is the curve of a key, or the bits of its modulus.
func size(k *jose.Key) string {
	if k.Crv != "" {
		return k.Crv
	}
	o, _ := jose.ParseObject(k.Raw)
	n, _ := o.String("n")
	octets, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(n, "="))
	if bits := new(big.Int).SetBytes(octets).BitLen(); err == nil && bits > 0 {
		return strconv.Itoa(bits) + " bits"
	}
	return ""
}
