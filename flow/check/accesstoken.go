package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// AccessToken judges an access token that is a JWT, as its resource will see
// it: a client must not look inside (RFC 9068 §6), so nothing here stops a run.
// A token that says at+jwt is held to RFC 9068; any other promises nothing, and
// is only remarked upon.
func AccessToken() []flow.Check {
	at := flow.AccessToken
	return []flow.Check{
		{ID: "access-token-typ", Code: "V-AT-01", Spec: "RFC 9068 §2.1, §4", Level: trace.Should, At: at, Eval: accessTyp},
		{ID: "access-token-signature", Code: "V-AT-02", Spec: "RFC 9068 §2.1, §4", Level: trace.Must, At: at, Eval: accessSignature},
		{ID: "access-token-claims", Code: "V-AT-03", Spec: "RFC 9068 §2.2", Level: trace.Must, At: at, Eval: accessClaims},
		{ID: "access-token-iss", Code: "V-AT-04", Spec: "RFC 9068 §4", Level: trace.Must, At: at, Eval: accessIss},
		{ID: "access-token-aud", Code: "V-AT-04", Spec: "RFC 9068 §4; RFC 9700 §2.3", Level: trace.Should, At: at, Eval: accessAud},
		{ID: "access-token-scope", Code: "V-AT-05", Spec: "RFC 9068 §2.2.3", Level: trace.Should, At: at, Eval: accessScope},
		{ID: "access-token-sub", Code: "V-AT-06", Spec: "RFC 9068 §2.2; RFC 9700 §4.15.1", Level: trace.Should, At: at, Eval: accessSub},
		{ID: "access-token-sign-in", Code: "V-AT-07", Spec: "RFC 9068 §2.2.1", Level: trace.Should, At: at, Eval: accessSignIn},
		{ID: "access-token-privacy", Code: "V-AT-09", Spec: "RFC 9068 §6", Level: trace.May, At: at, Eval: accessPrivacy},
		{ID: "access-token-status", Code: "V-AT-11", Spec: "Token Status List §6.2", Level: trace.Should, At: at, Eval: accessStatus},
		{ID: "access-token-opaque", Code: "V-AT-10", Spec: "RFC 6749 §10.10", Level: trace.Should, At: flow.Token, Eval: accessOpaque},
	}
}

// profiled reports whether a token says that it follows RFC 9068.
func profiled(p *flow.Response) bool {
	return strings.EqualFold(strings.TrimPrefix(strings.ToLower(p.Token.Typ()), "application/"), "at+jwt")
}

// held is a failure of a token that says at+jwt, and a warning about any other.
func held(p *flow.Response, expected, actual, format string, args ...any) flow.Verdict {
	if profiled(p) {
		return fail(expected, actual, format, args...)
	}
	return warn(expected, actual, format, args...)
}

func accessTyp(_ *flow.Run, p *flow.Response) flow.Verdict {
	if !profiled(p) {
		return warn("at+jwt", orNone(p.Token.Typ()), "as its resource sees it: typ does not say that this is an access token, so an ID token could be taken for one")
	}
	return ok("as its resource sees it: an access token by RFC 9068")
}

func accessSignature(_ *flow.Run, p *flow.Response) flow.Verdict {
	alg, s := p.Token.Alg(), p.Signature
	var refused *jose.VerifyError
	switch {
	case strings.EqualFold(alg, "none"):
		return held(p, "a signature", "alg "+alg, "as its resource sees it: the token is not signed, anyone could have written it")
	case strings.HasPrefix(alg, "HS"):
		return warn("a signature by a private key", alg, "as its resource sees it: to check this MAC it needs the server's own secret, and could make tokens with it")
	case s.Key != nil:
		return ok("as its resource sees it: %s by %s", alg, keyName(s.Key))
	case s.Unchecked != "":
		return skip("not checked: " + s.Unchecked)
	case p.Token.Header.Has("nonce"):
		return skip("not checked: a nonce in the header is how Microsoft Entra marks tokens that only its own Graph can verify")
	case unsupported(s.Err), errors.As(s.Err, &refused) && (refused.Reason == "malformed" || refused.Reason == "crit"):
		return skip("not checked: " + s.Err.Error())
	}
	return held(p, "a signature by a key of the issuer", s.Err.Error(), "as its resource sees it: the signature is not by any key that the server publishes")
}

// accessClaims asks for the seven claims that a resource relies on.
func accessClaims(_ *flow.Run, p *flow.Response) flow.Verdict {
	if !profiled(p) {
		return skip("typ does not say that this token follows RFC 9068")
	}
	var bad []string
	for _, name := range []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} {
		fits := false
		switch name {
		case "exp", "iat":
			_, fits = p.Token.Claims.Number(name)
		case "aud":
			all, list := p.Token.Claims.Strings(name)
			fits = list && len(all) > 0
		default:
			text, said := p.Token.Claims.String(name)
			fits = said && text != ""
		}
		if !fits {
			bad = append(bad, name)
		}
	}
	if len(bad) > 0 {
		return fail("iss, exp, aud, sub, client_id, iat, jti", strings.Join(bad, ", ")+" missing or of the wrong type", "as its resource sees it: missing, empty or of the wrong type: %s", strings.Join(bad, ", "))
	}
	return ok("")
}

func accessIss(r *flow.Run, p *flow.Response) flow.Verdict {
	got, told := p.Token.Claims.String("iss")
	switch {
	case r.Server.Issuer == "" || !told:
		return skip("no two issuers to compare")
	case got != r.Server.Issuer:
		return held(p, r.Server.Issuer, got, "as its resource sees it: the token was issued in the name of another server than the one that was asked")
	}
	return ok("")
}

func accessAud(r *flow.Run, p *flow.Response) flow.Verdict {
	all, told := p.Token.Claims.Strings("aud")
	switch {
	case !told:
		return skip("no aud")
	case len(all) == 1 && all[0] == r.Client.ID:
		return warn("a resource", all[0], "as its resource sees it: the token is meant for this client alone, and for no resource")
	}
	return ok("for %s", strings.Join(all, ", "))
}

// accessScope compares the token's scope with the one beside it, or the one
// that was asked for.
func accessScope(r *flow.Run, p *flow.Response) flow.Verdict {
	inside, told := p.Token.Claims.String("scope")
	beside, said := p.Carrier.Object.String("scope")
	if !said {
		beside = askedScope(r, p.Carrier)
	}
	if !told || beside == "" {
		return skip("no two scopes to compare")
	}
	missing, extra := difference(inside, beside) // the answer is where vendors spell it their way
	if len(missing)+len(extra) > 0 {
		return warn(beside, inside, "as its resource sees it: the token is good for another scope than the answer says")
	}
	return ok("")
}

func accessSub(r *flow.Run, p *flow.Response) flow.Verdict {
	got, told := p.Token.Claims.String("sub")
	if p.Carrier.Request.Meant.Get("grant_type") != "client_credentials" || !told || r.Client.ID == "" {
		return skip("not the token of a client that acts for itself")
	}
	if !strings.Contains(got, r.Client.ID) { // "ID@clients", as Auth0 has it, says the same
		return warn(r.Client.ID, got, "as its resource sees it: sub does not name the client, so the token may be taken for a person's")
	}
	return ok("")
}

// accessSignIn holds what a refreshed token says of the sign-in to what the
// earlier ID token said.
func accessSignIn(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Carrier.Request.Meant.Get("grant_type") != "refresh_token" || r.Ask.Values["id_token_hint"] == "" {
		return skip("nothing earlier to compare with")
	}
	earlier, _ := r.Unseal(r.Ask.Values["id_token_hint"])
	before := earlier.Claims
	var differ []string
	for _, name := range []string{"acr", "amr", "auth_time"} {
		then, was := before.Get(name)
		now, is := p.Token.Claims.Get(name)
		if was && is && !sameJSON(then, now) {
			differ = append(differ, name)
		}
	}
	if len(differ) > 0 {
		return warn("as at the sign-in", strings.Join(differ, ", "), "as its resource sees it: nobody signed in again, and yet %s changed", strings.Join(differ, ", "))
	}
	return ok("")
}

// accessPrivacy names what a token tells about a person to whoever sees it.
func accessPrivacy(_ *flow.Run, p *flow.Response) flow.Verdict {
	var told []string
	for _, name := range p.Token.Claims.Names() {
		if _, personal := claimSorts[name]; personal && !aboutToken(name) {
			told = append(told, name)
		}
	}
	if len(told) > 0 {
		return ok("whoever sees the token can read about the person: %s", strings.Join(told, ", "))
	}
	return ok("")
}

// accessStatus judges the form of a reference to a status list, which is for
// the resource to fetch.
func accessStatus(_ *flow.Run, p *flow.Response) flow.Verdict {
	if !p.Token.Claims.Has("status") {
		return skip("no status")
	}
	status, _ := p.Token.Claims.Object("status")
	list, fine := status.Object("status_list")
	if !fine && status != nil && !status.Has("status_list") {
		return skip("the status is of another kind than a status list")
	}
	n, _ := list.Number("idx")
	index, err := n.Int64()
	uri, _ := list.String("uri")
	switch {
	case !fine || err != nil || index < 0:
		return held(p, "status_list with idx, a whole number", "something else", "as its resource sees it: the place in the status list is not said, so whether the token was revoked cannot be known")
	case !explains(uri) || !strings.Contains(uri, "://"):
		return held(p, "an https URI", orNone(uri), "as its resource sees it: the status list has no address that can be relied on")
	}
	return ok("the resource is to look at %s, place %d", uri, index)
}

// accessOpaque estimates a token that is no JWT: what can be guessed, or read.
func accessOpaque(_ *flow.Run, p *flow.Response) flow.Verdict {
	s, text := p.Object.String("access_token")
	switch {
	case refused(p) || !text || s == "":
		return skip("no access token")
	case slices.Contains([]string{jose.FormJWS, jose.FormJWE}, jose.Decode(s).Form):
		return skip("a JWT")
	case guessable(s):
		return warn("at least 128 bits", fmt.Sprintf("%d characters", len(s)), "the access token is too short to hold 128 bits: it could be guessed")
	case readable(s):
		return warn("a random value", "base64 of text", "the access token is the base64 of something that can be read: it carries data, and could be made up")
	}
	return ok("")
}
