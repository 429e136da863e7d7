package check

import (
	"encoding/json"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// lintSigned reads signed_metadata without any key. Whether the signature holds
// is judged where the keys are fetched.
func lintSigned(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, told := p.Object.Get("signed_metadata")
	if !told {
		return skip("no signed metadata")
	}
	s, text := p.Object.String("signed_metadata")
	t := jose.Decode(s)
	switch {
	case !text:
		return fail("a signed JWT", kind(raw), "signed_metadata is %s, not a JWT", kind(raw))
	case t.Form != jose.FormJWS || t.Claims == nil:
		return fail("a signed JWT", t.Form, "signed_metadata is not a signed JWT with claims")
	case len(t.Problems) > 0:
		return broken(t.Problems, "a well-formed JWT")
	case strings.EqualFold(t.Alg(), "none") || strings.HasPrefix(t.Alg(), "HS"):
		return fail("a signature by a private key", "alg "+t.Alg(), "signed_metadata is not signed by a key that clients could know")
	case !t.Claims.Has("iss"):
		return fail("iss", "(none)", "signed_metadata has no iss: nobody is said to attest them")
	}
	if differ := contradictions(p.Object, t.Claims); len(differ) > 0 {
		return differ.as(warn)
	}
	return ok("signed_metadata says the same as the plain members")
}

// contradictions are the members that are signed with another value; the signed
// one takes precedence.
func contradictions(plain, signed *jose.Object) flaws {
	var out flaws
	for _, m := range signed.Members {
		if raw, both := plain.Get(m.Name); both && m.Name != "signed_metadata" && !sameJSON(raw, m.Value) {
			out.add(m.Name+" "+brief(m.Value), brief(raw), "%s is signed with another value, which takes precedence", m.Name)
		}
	}
	return out
}

func brief(raw json.RawMessage) string {
	if len(raw) > 80 {
		return string(raw[:80]) + "…"
	}
	return string(raw)
}

// signedMetadata judges the signature over metadata.
func signedMetadata(r *flow.Run, p *flow.Response) flow.Verdict {
	s := p.Signature
	iss, _ := p.Token.Claims.String("iss")
	switch {
	case s == nil || s.Unchecked != "":
		return skip("the signature of signed_metadata could not be checked")
	case iss != r.Server.Issuer:
		return skip("attested by " + iss + ", whose keys are not known here")
	case s.Err != nil:
		return fail("a signature by a key of the issuer", "another", "the signature of signed_metadata does not hold: %v", s.Err)
	}
	return ok("signed_metadata is signed by key %s", keyName(s.Key))
}
