package token

import (
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// profiled reports whether the token is to be judged as a JWT access token of
// RFC 9068: it says so itself, or the person does.
func (s *specimen) profiled() bool {
	g, ok := genreOf(s.token.Typ())
	return s.token.Form == jose.FormJWS && (s.with.Profile == "access" || ok && g.what == "access_token")
}

func (s *specimen) judgeProfileTyp() flow.Verdict {
	g, ok := genreOf(s.token.Typ())
	switch {
	case ok && g.what == "access_token":
		return good("")
	}
	return dubious("at+jwt", orWord(s.token.Typ(), "(none)"), "typ does not say that this is an access token: a resource that takes it may as well take an ID token by mistake")
}

func (s *specimen) judgeProfileAlg() flow.Verdict {
	alg := s.token.Alg()
	switch {
	case strings.EqualFold(alg, "none"):
		return bad("a signature", "alg "+alg, "an access token must be signed")
	case strings.HasPrefix(alg, "HS"):
		return dubious("a signature by a private key", alg, "the resource needs the server's own secret to check it, and could forge tokens with it")
	}
	return good("")
}

// judgeProfileClaims asks for the seven claims that a resource relies on.
func (s *specimen) judgeProfileClaims() flow.Verdict {
	var missing, wrong []string
	for _, name := range []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} {
		fits := false
		switch name {
		case "exp", "iat":
			_, fits = s.claims.Number(name)
		case "aud":
			all, list := s.claims.Strings(name)
			fits = list && len(all) > 0
		default:
			text, ok := s.claims.String(name)
			fits = ok && text != ""
		}
		if !s.claims.Has(name) {
			missing = append(missing, name)
		} else if !fits {
			wrong = append(wrong, name)
		}
	}
	var says []string
	if len(missing) > 0 {
		says = append(says, "missing: "+strings.Join(missing, ", "))
	}
	if len(wrong) > 0 {
		says = append(says, "empty or of the wrong type: "+strings.Join(wrong, ", "))
	}
	if len(says) > 0 {
		return bad("iss, exp, aud, sub, client_id, iat, jti", strings.Join(says, "; "), "an access token must have seven claims; %s", strings.Join(says, "; "))
	}
	return good("")
}

// judgeAud asks what the resource asks first: is it meant for me?
func (s *specimen) judgeAud() flow.Verdict {
	all, list := s.claims.Strings("aud")
	switch {
	case s.with.Audience == "":
		return beyond("no --audience is given to compare it with")
	case s.claims == nil:
		return beyond("no claims that could be read")
	case !list || !slices.Contains(all, s.with.Audience):
		return bad(s.with.Audience, orWord(strings.Join(all, ", "), "(none)"), "it is not meant for this audience: a resource must refuse it")
	}
	return good("")
}

// judgeClient asks what a client asks first: was it made for me? An access
// token names the client beside its audience (RFC 9068 §2.2), what a client
// made itself names it as iss, and any other is meant for it.
func (s *specimen) judgeClient() flow.Verdict {
	id := s.run.Client.ID
	where := []string{"aud"}
	switch s.what {
	case "access_token":
		where = []string{"client_id", "azp"}
	case "request_object":
		where = []string{"client_id", "iss"}
	case "client_assertion":
		where = []string{"iss"}
	case "dpop_proof":
		return beyond("a DPoP proof names no client")
	}
	for _, claim := range where {
		all, _ := s.claims.Strings(claim)
		switch {
		case slices.Contains(all, id):
			return good("")
		case s.claims.Has(claim):
			return bad(id, orWord(strings.Join(all, ", "), "(none)"), "%s names another than the client", claim)
		}
	}
	if s.what == "request_object" || s.what == "client_assertion" || s.what == "access_token" {
		return beyond("it does not say for which client it is")
	}
	return bad(id, "(none)", "it does not say whom it is for")
}
