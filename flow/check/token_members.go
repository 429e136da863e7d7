package check

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

func accessToken(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	raw, present := p.Object.Get("access_token")
	s, text := p.Object.String("access_token")
	switch {
	case !present:
		return fail("access_token", "(none)", "access_token is missing")
	case !text:
		return fail("a string", string(raw[0:1])+"…", "access_token is not a string")
	case s == "":
		return fail("a token", `""`, "access_token is empty")
	case strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }):
		return fail("printable ASCII", "other characters", "access_token has characters outside %%x20-7E (RFC 6749 Appendix A.12)")
	}
	return ok("")
}

// b64token is the grammar of a token in an Authorization header.
func b64token(s string) bool {
	s = strings.TrimRight(s, "=")
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/", r)
	})
}

func accessTokenSendable(_ *flow.Run, p *flow.Response) flow.Verdict {
	s, text := p.Object.String("access_token")
	switch {
	case refused(p) || !text || s == "":
		return skip("no access token")
	case !b64token(s):
		return warn("A–Z a–z 0–9 - . _ ~ + / and = at the end", "other characters", "this access token cannot be put into an Authorization header as RFC 6750 writes it")
	}
	return ok("")
}

func tokenType(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	raw, present := p.Object.Get("token_type")
	s, text := p.Object.String("token_type")
	switch {
	case !present:
		return fail("Bearer", "(none)", "token_type is missing: how to use the token cannot be known")
	case !text:
		return fail("a string", string(raw), "token_type is not a string")
	case strings.EqualFold(s, "N_A") && strings.HasSuffix(p.Request.Meant.Get("grant_type"), ":token-exchange"):
		return ok("N_A: what was issued is not an access token, and must not be used as one (RFC 8693 §2.2.1)")
	case !strings.EqualFold(s, "Bearer") && !strings.EqualFold(s, "DPoP"):
		return fail("Bearer", quoted(s), "token_type %q is not understood, and such a token must not be used", s)
	case strings.EqualFold(s, "DPoP") && !p.Request.Headers.Has("DPoP"):
		return warn("Bearer", quoted(s), "the token is bound to a key, and the request carried no proof: nobody here has that key")
	}
	return ok("")
}

// year is beyond any sensible lifetime of an access token; what is larger is
// usually milliseconds or an absolute time.
const year = 366 * 24 * 3600

func expiresIn(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Object.Get("expires_in")
	if refused(p) || !present {
		return skip("no expires_in")
	}
	n, number := p.Object.Number("expires_in")
	f, err := n.Float64()
	seconds := int64(f)
	switch {
	case !number && p.Arrived != nil:
		return warn("a JSON number of seconds", string(raw), "expires_in inside the signed answer is %s: drafts of JARM wrote it so", kind(raw))
	case !number && entraV1(p.Object):
		return warn("a JSON number of seconds", string(raw), "expires_in is a string, as the v1 endpoint of Microsoft Entra sends it; RFC 6749 §5.1 has a number")
	case !number:
		return fail("a JSON number of seconds", string(raw), "expires_in is %s, not a number", kind(raw))
	case err != nil || f != math.Trunc(f) || math.Abs(f) > 1e15:
		return fail("a whole number of seconds", n.String(), "expires_in is not a whole number")
	case seconds <= 0:
		return fail("more than 0", n.String(), "expires_in is not in the future")
	case seconds > 1_000_000_000:
		return fail("seconds from now", n.String(), "expires_in looks like an absolute time: it counts seconds from now")
	case seconds > year:
		return fail("at most a year", n.String(), "expires_in is more than a year: milliseconds instead of seconds?")
	}
	return ok("")
}

// entraV1 recognises an answer of Microsoft Entra's older token endpoint by the
// members that it alone has, all of them strings.
func entraV1(o *jose.Object) bool {
	seconds, text := o.String("expires_in")
	on, also := o.String("expires_on")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return text && also && o.Has("resource") && digits(seconds) && digits(on)
}

func kind(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	}
	return "a number"
}

func expiresInPresent(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	if _, present := p.Object.Get("expires_in"); !present {
		return warn("expires_in", "(none)", "expires_in is missing: a client cannot know when to renew")
	}
	return ok("")
}

func idTokenPresent(r *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	_, text := p.Object.String("id_token")
	raw, present := p.Object.Get("id_token")
	granted, told := p.Object.String("scope")
	withheld := told && !slices.Contains(strings.Fields(granted), "openid")
	grant := p.Request.Meant.Get("grant_type")
	asked := slices.Contains(strings.Fields(askedScope(r, p)), "openid") && (grant == "authorization_code" || strings.HasSuffix(grant, ":device_code") || strings.HasSuffix(grant, ":ciba"))
	switch {
	case asked && present && !text:
		return fail("a string", kind(raw), "id_token is not a string")
	case asked && !present && withheld:
		return warn("id_token", "(none)", "openid was asked for and not granted: there is no id_token")
	case asked && !present:
		return fail("id_token", "(none)", "scope openid was granted, but there is no id_token")
	case !asked && present && grant == "authorization_code":
		return warn("(none)", "id_token", "an id_token came though openid was not asked for")
	}
	return ok("")
}

// issuedTokenType is what a token exchange has to say of what it issued.
func issuedTokenType(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	if !strings.HasSuffix(p.Request.Meant.Get("grant_type"), ":token-exchange") {
		return skip("no token exchange")
	}
	want := p.Request.Meant.Get("requested_token_type")
	got, text := p.Object.String("issued_token_type")
	switch {
	case !text || got == "":
		return fail("issued_token_type", "(none)", "issued_token_type is missing: what kind of token this is cannot be known")
	case want != "" && got != want:
		return fail(want, got, "another kind of token was issued than asked for")
	}
	return ok("issued: %s", got)
}

func refreshToken(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Object.Get("refresh_token")
	if present && p.Request.Meant.Get("grant_type") == "client_credentials" {
		return warn("(none)", "refresh_token", "a refresh token came for client credentials, which can simply be used again (RFC 6749 §4.4.3)")
	}
	if _, text := p.Object.String("refresh_token"); present && !text {
		return warn("a string", kind(raw), "refresh_token is not a string")
	}
	return ok("")
}

func tokensDiffer(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	seen := map[string]string{}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		v, text := p.Object.String(name)
		if !text || v == "" {
			continue
		}
		if other := seen[v]; other != "" {
			return fail("different values", other+" = "+name, "%s and %s are the same: what is given to a resource would also open the other door", other, name)
		}
		seen[v] = name
		if v == p.Request.Meant.Get("code") {
			return fail("different values", "code = "+name, "%s is the authorization code itself", name)
		}
	}
	return ok("")
}

func unknownMembers(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	known := []string{"access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token", "authorization_details",
		"issued_token_type", "session_state", "refresh_token_expires_in", "refresh_expires_in", "not-before-policy", "ext_expires_in",
		"refresh_token_timeout", "authorization_expires_in"}
	near := map[string]string{"expire_in": "expires_in", "expires": "expires_in", "tokentype": "token_type", "tokenType": "token_type",
		"accessToken": "access_token", "refreshToken": "refresh_token", "idToken": "id_token", "expiresIn": "expires_in"}
	var other []string
	for _, name := range p.Object.Names() {
		if right := near[name]; right != "" {
			return ok("%q is ignored; %q may have been meant", name, right)
		}
		if !slices.Contains(known, name) {
			other = append(other, name)
		}
	}
	if len(other) > 0 {
		return ok("ignored, as they must be: %s", strings.Join(other, ", "))
	}
	return ok("")
}

func lifetimeAgrees(r *flow.Run, p *flow.Response) flow.Verdict {
	s, _ := p.Object.String("access_token")
	t := jose.Decode(s)
	exp, fine := seconds(t.Claims, "exp")
	iat, also := seconds(t.Claims, "iat")
	n, number := p.Object.Number("expires_in")
	told, err := n.Int64()
	if refused(p) || !fine || !also || !number || err != nil {
		return skip("nothing to compare")
	}
	within := func(d, slack int64) bool { return -slack <= d && d <= slack }
	left := exp - r.Now().Unix() // a token from a cache, or one with an earlier iat, has less than exp − iat
	if !within(exp-iat-told, 5) && !within(left-told, 5+int64(r.Skew.Seconds())) {
		return warn(fmt.Sprintf("%d s", told), fmt.Sprintf("%d s", exp-iat), "expires_in and the token's own exp − iat differ")
	}
	return ok("")
}
