package demo

import (
	"net/http"
	"strings"
)

// turnAway refuses at the resource. Both schemes are offered where there was no
// token: in one header field, or at /resource/two in two (RFC 9110 §11.6.1).
func (s *Server) turnAway(x *exchange, path string, r refusal) {
	where := field{"resource_metadata", strings.TrimSuffix(s.resourceBase(x), s.path) + resourceMetadata + s.path + "/resource" + escaped(path)}
	bearer := append([]field{{"realm", "demo"}}, r.params()...)
	if r.scheme == "" {
		bearer = append(bearer, field{"scope", "api"})
	}
	challenges := []string{challengeText("Bearer", append(bearer, where))}
	switch r.scheme {
	case "":
		challenges = append(challenges, challengeText("DPoP", []field{{"algs", strings.Join(dpopAlgs, " ")}}))
	case "DPoP":
		challenges = []string{challengeText("DPoP", append(r.params(), where))}
	}
	if path != "/two" {
		challenges = []string{strings.Join(challenges, ", ")}
	}
	s.sendRefusal(x, r, s.bendChallenges(challenges))
}

// challengeAtUserinfo refuses at the UserInfo endpoint.
func (s *Server) challengeAtUserinfo(x *exchange, r refusal) {
	bearer := append([]field{{"realm", "oauthprobe demo"}}, r.params()...)
	if r.code == "insufficient_scope" {
		bearer = append(bearer, field{"scope", "openid"})
	}
	switch r.scheme {
	case "":
		algs := []field{{"algs", strings.Join(dpopAlgs, " ")}}
		s.sendRefusal(x, r, []string{challengeText("Bearer", bearer), challengeText("DPoP", algs)})
	case "DPoP":
		s.sendRefusal(x, r, []string{challengeText("DPoP", bearer[1:])})
	default:
		s.sendRefusal(x, r, []string{challengeText("Bearer", bearer)})
	}
}

// params is the parameters of a challenge that say what is wrong.
func (r refusal) params() []field {
	var list []field
	if r.code != "" {
		list = append(list, field{"error", r.code}, field{"error_description", printable(r.why)})
	}
	list = append(list, r.more...)
	if r.scheme == "DPoP" {
		list = append(list, field{"algs", strings.Join(dpopAlgs, " ")})
	}
	return list
}

// challengeText writes one challenge (RFC 9110 §11.6.1); no value has a quote.
func challengeText(scheme string, params []field) string {
	parts := make([]string, len(params))
	for i, p := range params {
		parts[i] = p.Name + `="` + p.Value + `"`
	}
	return scheme + " " + strings.Join(parts, ", ")
}

// bendChallenges makes the challenges of the resource wrong as asked.
func (s *Server) bendChallenges(list []string) []string {
	switch {
	case s.broken("challenge-missing"):
		return nil
	case s.broken("challenge-malformed"):
		list[0] = strings.TrimSuffix(list[0], `"`)
	case s.broken("challenge-repeated-parameter"):
		scheme, rest, _ := strings.Cut(list[0], " ")
		list[0] = scheme + ` scope="profile", scope="api", ` + strings.Replace(rest, `, scope="api"`, "", 1)
	}
	return list
}

// sendRefusal answers with the challenges.
func (s *Server) sendRefusal(x *exchange, r refusal, challenges []string) {
	for _, c := range challenges {
		x.header.Add("WWW-Authenticate", c)
	}
	if r.code == "" {
		x.note = "no access token in the Authorization header" // which is no error: RFC 6750 §3.1
		x.json(http.StatusUnauthorized, object{})
		return
	}
	x.note = r.code + ": " + printable(r.why)
	x.json(r.status, object{{"error", r.code}, {"error_description", printable(r.why)}})
}
