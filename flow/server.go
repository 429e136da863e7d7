package flow

import (
	"slices"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// A Server is what is known of an authorization server: its metadata as it
// said them, and what the person put in their place.
type Server struct {
	Issuer   string
	Metadata *jose.Object // nil when there was no discovery
	Seq      int          // of the exchange that brought the metadata
	Replaced map[Endpoint]string
}

// Endpoint is the address of an endpoint, or empty.
func (s Server) Endpoint(e Endpoint) string {
	if u := s.Replaced[e]; u != "" {
		return u
	}
	u, _ := s.Metadata.String(e.Member())
	return u
}

// Alias is where a server wants requests with a certificate to go (RFC 8705
// §5), or empty when it has no such place. What the person put in place of an
// endpoint holds.
func (s Server) Alias(e Endpoint) string {
	if s.Replaced[e] != "" || e.Member() == "" { // a resource has no place in the metadata
		return ""
	}
	aliases, _ := s.Metadata.Object("mtls_endpoint_aliases")
	u, _ := aliases.String(e.Member())
	return u
}

// Flag is a boolean member of the metadata; absent means fallback.
func (s Server) Flag(name string, fallback bool) bool {
	raw, ok := s.Metadata.Get(name)
	if !ok {
		return fallback
	}
	return string(raw) == "true"
}

// Lists reports whether a list member of the metadata contains value; told is
// false when the metadata do not have the member.
func (s Server) Lists(name, value string) (contains, told bool) {
	all, ok := s.Metadata.Strings(name)
	return slices.Contains(all, value), ok
}
