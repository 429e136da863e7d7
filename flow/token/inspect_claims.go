package token

import (
	"slices"
	"strconv"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// judgeIss compares with the server that was asked, for what servers issue.
func (s *specimen) judgeIss() flow.Verdict {
	iss, _ := s.claims.String("iss")
	switch {
	case s.claims == nil:
		return beyond("no claims that could be read")
	case s.run.Server.Issuer == "":
		return beyond("no server is named to compare it with")
	case slices.Contains([]string{"dpop_proof", "request_object", "client_assertion"}, s.what):
		return beyond("made by a client, not by the server")
	case !s.claims.Has("iss"):
		return beyond("no iss")
	case iss != s.run.Server.Issuer:
		return bad(s.run.Server.Issuer, iss, "iss is not the server that was named: another one made it, or claims to")
	}
	return good("")
}

func (s *specimen) judgeExp() flow.Verdict {
	m, present := s.moment("exp")
	skew := int64(s.run.Skew.Seconds())
	now := s.run.Now().Unix()
	made, _ := s.moment("iat")
	switch {
	case s.claims == nil:
		return beyond("no claims that could be read")
	case !present:
		return beyond("no exp")
	case !m.number:
		return bad("a number of seconds since 1970", m.text, "exp is %s, not a number", m.kind)
	case m.at > now+50*365*86400:
		return bad("seconds since 1970", m.text, "exp is more than 50 years ahead: milliseconds instead of seconds?")
	case m.at+skew <= now:
		return bad("after "+clock(now), clock(m.at), "it expired %s ago", span(now-m.at))
	case made.number && m.at <= made.at:
		return bad("after iat", clock(m.at), "exp is not after iat")
	}
	return good("expires in %s", span(m.at-now))
}

func (s *specimen) judgeNbf() flow.Verdict {
	m, present := s.moment("nbf")
	now := s.run.Now().Unix()
	switch {
	case !present:
		return beyond("no nbf")
	case !m.number:
		return bad("a number of seconds since 1970", m.text, "nbf is %s, not a number", m.kind)
	case m.at > now+int64(s.run.Skew.Seconds()):
		return bad("not after "+clock(now), clock(m.at), "it is not valid yet, for another %s", span(m.at-now))
	}
	return good("")
}

// judgeHash compares at_hash or c_hash with what lies beside the token.
func (s *specimen) judgeHash(claim string) flow.Verdict {
	value, what := s.partner(claim)
	got, _ := s.claims.String(claim)
	if value == "" {
		return beyond("the " + what + " is not beside it: give the whole answer to have them compared")
	}
	want, err := jose.HalfHash(s.token.Alg(), s.curve(), value)
	switch {
	case err != nil:
		return beyond("alg " + strconv.Quote(s.token.Alg()) + " implies no hash")
	case got != want:
		return bad(want, got, "%s does not fit the %s beside it: the two were not issued together", claim, what)
	}
	return good("")
}

// partner is what a hash is made of, where it was found beside the token.
func (s *specimen) partner(claim string) (value, what string) {
	name, what := "access_token", "access token"
	if claim == "c_hash" {
		name, what = "code", "code"
	}
	for _, f := range s.beside {
		if f.name == name {
			return f.text, what
		}
	}
	return "", what
}

// curve is that of the key; without a key the length of the signature tells.
func (s *specimen) curve() string {
	if s.signature.Key != nil {
		return s.signature.Key.Crv
	}
	if len(s.token.Signature) == 114 {
		return "Ed448"
	}
	return "Ed25519"
}
