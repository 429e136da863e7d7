package demo

import (
	"net/url"
	"slices"
	"strings"
)

// ownTargets is the resources of this server itself, for which a token without a
// named audience is good.
func (s *Server) ownTargets() []string {
	issuer := s.config.Issuer
	return []string{issuer, issuer + "/resource", issuer + "/userinfo"}
}

// readResources reads where the tokens will be used (RFC 8707 §2). Without the
// parameter there is no list, and the tokens are for this server.
func (s *Server) readResources(p params) ([]string, *oauthError) {
	known := slices.Concat(s.ownTargets(), s.config.Resources)
	var list []string
	for _, resource := range p.all["resource"] {
		u, err := url.Parse(resource)
		switch {
		case err != nil || !u.IsAbs() || strings.Contains(resource, "#"):
			return nil, &oauthError{"invalid_target", "resource " + resource + " is no absolute URI without a fragment (RFC 8707 section 2)"}
		case !slices.Contains(known, resource) && !s.isResource(resource):
			return nil, &oauthError{"invalid_target", "resource " + resource + " is unknown here; known are " + strings.Join(known, ", ")}
		case !slices.Contains(list, resource):
			list = append(list, resource)
		}
	}
	return list, nil
}

// readTargets reads where the tokens will be used and what they are for, in finer
// words than a scope.
func (s *Server) readTargets(a *authorization, p params) (fault *oauthError) {
	if a.resources, fault = s.readResources(p); fault != nil {
		return fault
	}
	a.details, fault = readDetails(p)
	return fault
}

// target gives a grant that no person is asked about the resources and details
// that the token request names.
func (s *Server) target(g *grant, p params) (fault *oauthError) {
	if g.audience, fault = s.readResources(p); fault != nil {
		return fault
	}
	g.details, fault = readDetails(p)
	return fault
}

// less is the tokens that a token request asks for out of a grant: all of it, or
// what its resource and authorization_details name (RFC 8707 §2.2, RFC 9396 §6).
func (s *Server) less(g *grant, p params) (i issue, fault *oauthError) {
	i = issue{grant: g, scope: g.scope}
	if i.audience, fault = s.readResources(p); fault != nil {
		return i, fault
	}
	granted := g.audience
	if len(granted) == 0 {
		granted = s.ownTargets()
	}
	for _, resource := range i.audience {
		if !slices.Contains(granted, resource) && (len(g.audience) > 0 || !s.isResource(resource)) {
			return i, &oauthError{"invalid_target", "resource " + resource + " was not granted; granted were " + strings.Join(granted, ", ")}
		}
	}
	i.details, fault = narrowedDetails(g.details, p)
	return i, fault
}

// narrowed is the grant of one access token that is worth less than the whole. It
// dies with the whole.
func (i issue) narrowed() *grant {
	if i.audience == nil && i.details == nil {
		return i.grant
	}
	part := *i.grant
	part.parent = i.grant
	if i.audience != nil {
		part.audience = i.audience
	}
	if i.details != nil {
		part.details = i.details
	}
	return &part
}
