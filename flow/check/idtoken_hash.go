package check

import (
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

func atHash(_ *flow.Run, p *flow.Response) flow.Verdict {
	access, _ := p.Carrier.Object.String("access_token")
	front := p.Carrier.Request.Endpoint == flow.Authorization
	_, present := p.Token.Claims.Get("at_hash")
	switch {
	case access == "":
		return skip("no access token beside it")
	case !present && front:
		return fail("at_hash", "(none)", "at_hash is missing, and must be there when an access token comes through the browser beside the ID token")
	case !present:
		return skip("no at_hash: optional from the token endpoint")
	}
	return halfHash(p, "at_hash", access, "the access token")
}

// cHash ties a code that came through the browser to the ID token beside it, and
// to the one that it was redeemed for, where that may leave the claim out (OIDC
// Core §3.3.3.6).
func cHash(_ *flow.Run, p *flow.Response) flow.Verdict {
	code, _ := p.Carrier.Object.String("code")
	front := p.Carrier.Request.Endpoint == flow.Authorization
	if !front {
		code = p.Carrier.Request.Meant.Get("code")
	}
	_, present := p.Token.Claims.Get("c_hash")
	switch {
	case code == "":
		return skip("no code beside it")
	case !present && !front:
		return skip("no c_hash: optional from the token endpoint")
	case !present:
		return fail("c_hash", "(none)", "c_hash is missing, and must be there when a code comes through the browser beside the ID token")
	}
	return halfHash(p, "c_hash", code, "the code")
}

// sHash ties the state to the ID token (FAPI 1.0 Advanced §5.2.2.1); plain
// OpenID Connect does not know it.
func sHash(r *flow.Run, p *flow.Response) flow.Verdict {
	state := r.Asked(flow.Authorization).Sent("state")
	_, present := p.Token.Claims.Get("s_hash")
	switch {
	case !present:
		return skip("no s_hash: FAPI 1.0 alone asks for it")
	case state == "":
		return fail("(none)", "s_hash", "s_hash is there, and no state was sent")
	}
	return halfHash(p, "s_hash", state, "the state")
}

func halfHash(p *flow.Response, claim, value, what string) flow.Verdict {
	got, _ := p.Token.Claims.String(claim)
	crv := ""
	if p.Signature.Key != nil {
		crv = p.Signature.Key.Crv
	}
	want, err := jose.HalfHash(p.Token.Alg(), crv, value)
	switch {
	case err != nil:
		return skip("alg " + p.Token.Alg() + " has no hash: " + err.Error())
	case got != want:
		return fail(want, orNone(got), "%s does not fit %s: the two were not issued together", claim, what)
	}
	return ok("")
}

// twins compares the ID token from the token endpoint with the one that came
// through the browser.
func twins(r *flow.Run, p *flow.Response) flow.Verdict {
	front := r.Result.Front
	if front == nil || p.Carrier.Request.Endpoint != flow.Token {
		return skip("there is one ID token only")
	}
	for _, claim := range []string{"iss", "sub", "nonce"} {
		want, _ := front.Claims.String(claim)
		got, _ := p.Token.Claims.String(claim)
		if got != want {
			return fail(want, orNone(got), "the two ID tokens of this run differ in %s", claim)
		}
	}
	var differ []string
	for _, m := range p.Token.Claims.Members {
		if other, both := front.Claims.Get(m.Name); both && !ofOneToken(m.Name) && !sameJSON(m.Value, other) {
			differ = append(differ, m.Name)
		}
	}
	if len(differ) > 0 {
		return warn("the same in both", strings.Join(differ, ", "), "the two ID tokens of this run differ in %s", strings.Join(differ, ", "))
	}
	return ok("")
}

// ofOneToken are the claims that are a token's own, and differ from one to the
// next.
func ofOneToken(name string) bool {
	return slices.Contains([]string{"exp", "iat", "nbf", "jti", "at_hash", "c_hash", "s_hash"}, name)
}
