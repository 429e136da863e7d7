package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A judgement is one question to a token.
type judgement struct {
	id, code, ref string
	level         trace.Level
	concerns      func(*specimen) bool // whether the question makes sense at all
	eval          func(*specimen) flow.Verdict
}

// judgements are in the order in which the first failure is told as the
// reason: form, signature, claims.
func judgements() []judgement {
	jwt, access := (*specimen).looksJOSE, (*specimen).profiled
	opaque := func(s *specimen) bool { return !s.looksJOSE() }
	has := func(claim string) func(*specimen) bool { return func(s *specimen) bool { return s.claims.Has(claim) } }
	return []judgement{
		{"token-form", "V-ID-01", "RFC 7515 §3, §7.1", trace.Must, jwt, (*specimen).judgeForm},
		{"token-json", "V-ID-02", "RFC 7515 §4; RFC 7519 §4", trace.Must, jwt, (*specimen).judgeJSON},
		{"token-crit", "V-ID-03", "RFC 7515 §4.1.11", trace.Must, jwt, (*specimen).judgeCrit},
		{"token-header-keys", "V-ID-05", "RFC 8725 §3.10", trace.Must, jwt, (*specimen).judgeHeaderKeys},
		{"token-signed", "V-ID-08", "RFC 8725 §3.2", trace.Must, jwt, (*specimen).judgeSigned},
		{"token-signature", "V-ID-10", "RFC 7515 §5.2", trace.Must, jwt, (*specimen).judgeSignature},
		{"token-iss", "V-ID-14", "RFC 8725 §3.8", trace.Must, jwt, (*specimen).judgeIss},
		{"token-client", "V-ID-15", "OIDC Core §3.1.3.7-3; RFC 9068 §2.2", trace.Must, func(s *specimen) bool { return jwt(s) && s.run.Client.ID != "" }, (*specimen).judgeClient},
		{"token-exp", "V-ID-17", "RFC 7519 §4.1.4", trace.Must, jwt, (*specimen).judgeExp},
		{"token-nbf", "V-ID-19", "RFC 7519 §4.1.5", trace.Must, jwt, (*specimen).judgeNbf},
		{"token-at_hash", "V-ID-24", "OIDC Core §3.1.3.6", trace.Must, has("at_hash"), func(s *specimen) flow.Verdict { return s.judgeHash("at_hash") }},
		{"token-c_hash", "V-ID-25", "OIDC Core §3.3.2.11", trace.Must, has("c_hash"), func(s *specimen) flow.Verdict { return s.judgeHash("c_hash") }},
		{"token-at-typ", "V-AT-01", "RFC 9068 §2.1, §4", trace.Should, access, (*specimen).judgeProfileTyp},
		{"token-at-alg", "V-AT-02", "RFC 9068 §2.1, §4", trace.Must, access, (*specimen).judgeProfileAlg},
		{"token-at-claims", "V-AT-03", "RFC 9068 §2.2", trace.Must, access, (*specimen).judgeProfileClaims},
		{"token-aud", "V-AT-04", "RFC 9068 §4; RFC 8707 §2", trace.Must, jwt, (*specimen).judgeAud},
		{"token-entropy", "V-AT-10", "RFC 6749 §10.10", trace.Should, opaque, (*specimen).judgeEntropy},
	}
}

func (s *specimen) judge() []trace.Finding {
	var all []trace.Finding
	for _, j := range judgements() {
		if !j.concerns(s) {
			continue
		}
		v := j.eval(s)
		if v.Outcome == "" {
			v.Outcome = trace.Pass
		}
		all = append(all, trace.Finding{
			ID: j.id, Code: j.code, Level: j.level, Ref: j.ref,
			Outcome: v.Outcome, Detail: v.Detail, Expected: v.Expected, Actual: v.Actual,
		})
	}
	return all
}

func good(format string, args ...any) flow.Verdict {
	return flow.Verdict{Outcome: trace.Pass, Detail: fmt.Sprintf(format, args...)}
}

func bad(expected, actual, format string, args ...any) flow.Verdict {
	return flow.Verdict{Outcome: trace.Fail, Detail: fmt.Sprintf(format, args...), Expected: expected, Actual: actual}
}

func dubious(expected, actual, format string, args ...any) flow.Verdict {
	return flow.Verdict{Outcome: trace.Warn, Detail: fmt.Sprintf(format, args...), Expected: expected, Actual: actual}
}

func beyond(why string) flow.Verdict { return flow.Verdict{Outcome: trace.Skip, Detail: why} }

// problems are those of the token, of its JSON or of all the rest, and of the
// envelope that it was in.
func (s *specimen) problems(json bool) []jose.Problem {
	all := slices.Clone(s.token.Problems)
	switch {
	case s.sealed == nil:
	case s.sealed.Plain == nil:
	case s.token.Form == jose.FormOpaque: // plain claims, no token in a token
		all = slices.Clone(s.sealed.Token.Problems)
		_, more := jose.ParseObject(s.sealed.Plain.Payload)
		for _, p := range more {
			p.ID = "jwt-claims-" + strings.TrimPrefix(p.ID, "json-")
			all = append(all, p)
		}
	default:
		all = append(slices.Clone(s.sealed.Token.Problems), all...)
	}
	return slices.DeleteFunc(all, func(p jose.Problem) bool {
		return json != (strings.HasPrefix(p.ID, "jwt-header-") || strings.HasPrefix(p.ID, "jwt-claims-"))
	})
}

func flaws(all []jose.Problem, expected string) flow.Verdict {
	var ids, says []string
	for _, p := range all[:min(len(all), 8)] {
		ids, says = append(ids, p.ID), append(says, p.Detail)
	}
	if more := len(all) - len(says); more > 0 {
		says = append(says, fmt.Sprintf("and %d more", more))
	}
	return bad(expected, strings.Join(ids, ", "), "%s", strings.Join(says, "; "))
}

func (s *specimen) judgeForm() flow.Verdict {
	if all := s.problems(false); len(all) > 0 {
		return flaws(all, "segments of unpadded base64url: three when signed, five when encrypted")
	}
	if s.sealed != nil && s.sealed.Plain != nil && len(s.sealed.Plain.Warnings) > 0 {
		return dubious("RSA-OAEP-256 or ECDH-ES", s.sealed.Plain.Alg, "%s", s.sealed.Plain.Warnings[0].Detail)
	}
	return good("")
}

func (s *specimen) judgeJSON() flow.Verdict {
	if s.header() == nil && s.claims == nil && len(s.problems(true)) == 0 {
		return beyond("no header that could be read")
	}
	if all := s.problems(true); len(all) > 0 {
		return flaws(all, "JSON objects, each name once")
	}
	return good("")
}

func (s *specimen) judgeCrit() flow.Verdict {
	h := s.header()
	if raw, present := h.Get("crit"); present {
		return bad("no crit, or extensions that are understood", string(raw), "the header names extensions that must be understood, and this tool understands none: the token has to be refused")
	}
	if raw, present := h.Get("b64"); present && string(raw) != "true" {
		return bad("an encoded payload", "b64 "+string(raw), "the header says that the payload is not encoded, which no JWT may be (RFC 7797 §7)")
	}
	if h == nil {
		return beyond("no header that could be read")
	}
	return good("")
}

func (s *specimen) judgeHeaderKeys() flow.Verdict {
	var names []string
	for _, name := range []string{"jwk", "jku", "x5u", "x5c"} {
		if s.header().Has(name) {
			names = append(names, name)
		}
	}
	said := strings.Join(names, ", ")
	switch {
	case s.header() == nil:
		return beyond("no header that could be read")
	case len(names) == 0:
		return good("")
	case leaksKey(s.header()):
		return bad("a public key", "a private key", "the jwk in the header is a private key (RFC 9449 §4.3): whoever saw the token has it; make a new one")
	case s.what == "dpop_proof" && said == "jwk":
		return good("a DPoP proof brings its key along, and proves that the client has it (RFC 9449 §4.2)")
	case s.signature.Key != nil:
		return dubious("no key in the header", said, "the header brings or points to a key of its own (%s): it was not used, another one vouches for the token", said)
	case s.signature.Unchecked != "":
		return dubious("no key in the header", said, "the header brings or points to a key of its own (%s): it was not used, anybody could have put it there", said)
	}
	return bad("no key in the header", said, "the header brings or points to a key of its own (%s): it was not used, anybody could have put it there", said)
}

// leaksKey reports whether a token brings along what its maker must keep.
func leaksKey(header *jose.Object) bool {
	jwk, told := header.Get("jwk")
	return told && jose.ParseKey(jwk).Private
}

func (s *specimen) judgeSigned() flow.Verdict {
	switch {
	case s.shut():
		return beyond("encrypted: what is inside is not known")
	case s.sealed != nil && s.token.Form == jose.FormOpaque:
		return dubious("a signed JWT inside", "claims", "it is encrypted and not signed: encryption does not say who made it")
	case strings.EqualFold(s.token.Alg(), "none"):
		return bad("a signature", "alg "+s.token.Alg(), "it is not signed (alg %s): anybody could have written it", s.token.Alg())
	case s.token.Form != jose.FormJWS:
		return bad("a signature", "none", "it has no signature: anybody could have written what it says")
	}
	return good("")
}

func (s *specimen) judgeSignature() flow.Verdict {
	refused, selection := reasonOf(s.signature.Err)
	switch {
	case s.signature.Key != nil:
		return good("%s by %s", s.token.Alg(), s.hand)
	case s.signature.Err == nil || refused == "malformed" || refused == "crit":
		return beyond(orWord(s.unchecked(), "judged by the checks of its form"))
	case refused == "alg-unsupported" || selection == "alg-unsupported":
		return dubious("a verified signature", "not checked", "%s", detail(s.signature.Err))
	case selection == "kid-unknown":
		return bad("a key of the set", "none", "its key was not found: %s", detail(s.signature.Err))
	case selection != "":
		return bad("a key that fits", "none", "%s", detail(s.signature.Err))
	}
	return bad("a signature that holds", "one that does not", "the signature is wrong: the token was changed, or made with another key (%s)", detail(s.signature.Err))
}

// reasonOf is the reason of an error of jose.
func reasonOf(err error) (refused, selection string) {
	var r *jose.VerifyError
	var s *jose.SelectError
	if errors.As(err, &r) {
		refused = r.Reason
	}
	if errors.As(err, &s) {
		selection = s.Reason
	}
	return refused, selection
}

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
