package check

import (
	"errors"
	"mime"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// What follows is asked of every answer that is a JWT: what the UserInfo
// endpoint tells, and what introspection does (RFC 9701).

// answerForm judges the envelope and the form.
func answerForm(p *flow.Response, media string) flow.Verdict {
	declared, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
	t, s := p.Token, p.Sealed
	switch {
	case p.Status >= 300:
		return skip("not a success")
	case t == nil && s == nil && declared == media:
		return fail("a JWT", p.Form, "the answer is declared as a JWT, and is none")
	case t == nil && s == nil:
		return skip("not a JWT")
	case s != nil && s.Err != nil:
		return fail("a JWT that this client can decrypt", s.Err.Error(), "the answer is encrypted and could not be decrypted: %v", s.Err)
	case t == nil && p.Object == nil:
		return fail("a signed JWT, or claims, inside", "something else", "the answer is encrypted, and what is inside is neither a JWT nor a JSON object")
	case t == nil && len(p.Problems) > 0:
		return broken(p.Problems, "one JSON object, each name once")
	case t == nil:
		return ok("encrypted to this client, and not signed")
	case t.Form != jose.FormJWS:
		return fail("a signed JWT", t.Form, "what is inside is not a signed JWT")
	case len(t.Problems) > 0:
		return broken(t.Problems, "three segments of unpadded base64url, two of them JSON objects with each name once")
	case t.Header.Has("crit"):
		return fail("no crit, or extensions that are understood", "crit", "the header names critical extensions that are not understood: the answer must be refused")
	}
	return ok("")
}

// answerAlg holds the alg to what the metadata announce in a member.
func answerAlg(member string) func(*flow.Run, *flow.Response) flow.Verdict {
	return func(r *flow.Run, p *flow.Response) flow.Verdict {
		if p.Token == nil || p.Token.Form != jose.FormJWS {
			return skip("not a signed JWT")
		}
		alg := p.Token.Alg()
		listed, told := r.Server.Lists(member, alg)
		switch {
		case !told:
			return skip("the metadata do not list algorithms (" + member + ")")
		case !listed:
			all, _ := r.Server.Metadata.Strings(member)
			return fail(strings.Join(all, ", "), quoted(alg), "the answer is signed with %s, which %s does not list", quoted(alg), member)
		}
		return ok("%s is an algorithm that the metadata list", alg)
	}
}

// answerSignature judges what came of verifying it. An alg that the metadata
// announce in a member may go unchecked where it cannot be helped.
func answerSignature(member string) func(*flow.Run, *flow.Response) flow.Verdict {
	return func(r *flow.Run, p *flow.Response) flow.Verdict {
		if p.Token == nil || p.Token.Form != jose.FormJWS {
			return skip("not a signed JWT")
		}
		alg, s := p.Token.Alg(), p.Signature
		listed, _ := r.Server.Lists(member, alg)
		var refused *jose.VerifyError
		switch {
		case s.Key != nil && s.Key.Kty == "oct":
			return ok("%s, keyed with the client secret", alg)
		case s.Key != nil:
			return ok("%s by %s", alg, keyName(s.Key))
		case strings.EqualFold(alg, "none") && listed:
			return warn("a signature", "alg "+alg, "the answer is not signed; that it is the server's own only TLS says")
		case strings.EqualFold(alg, "none"):
			return fail("a signature", "alg "+alg, "the answer is a JWT that is not signed: anyone could have written it")
		case s.Unchecked != "" && strings.HasPrefix(alg, "HS"):
			return fail("a signature by the server's private key", alg, "the answer carries a MAC, which needs a shared secret; this client has none, so it is keyed with something public or forged")
		case s.Unchecked != "":
			return warn("a verified signature", "not checked", "%s", s.Unchecked)
		case unsupported(s.Err) && listed:
			return warn("a verified signature", "not checked", "this tool cannot check %s", alg)
		case errors.As(s.Err, &refused) && (refused.Reason == "malformed" || refused.Reason == "crit"):
			return skip("judged by the check of its form")
		}
		return fail("a signature by a key of the issuer", s.Err.Error(), "the signature is not by any key that the server publishes: the answer is forged or changed")
	}
}

func answerIss(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token == nil || p.Token.Claims == nil {
		return skip("not a readable JWT")
	}
	got, text := p.Token.Claims.String("iss")
	switch {
	case r.Server.Issuer == "":
		return skip("the issuer is not known")
	case !text || got != r.Server.Issuer:
		return fail(r.Server.Issuer, orNone(got), "iss is not the issuer that was asked")
	}
	return ok("")
}

func answerAud(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token == nil || p.Token.Claims == nil {
		return skip("not a readable JWT")
	}
	all, fine := p.Token.Claims.Strings("aud")
	switch {
	case r.Client.ID == "":
		return skip("no client_id is known")
	case !fine || !slices.Contains(all, r.Client.ID):
		if p.Request.Endpoint == flow.Introspection {
			return warn(r.Client.ID, orNone(strings.Join(all, ", ")), "aud is not this client; it may be another name of the resource that asks (RFC 9701 §5)")
		}
		return fail(r.Client.ID, orNone(strings.Join(all, ", ")), "the answer was made for someone else")
	}
	return ok("")
}

// noMoment says that a time is missing, no number, or not one that is meant in
// seconds.
func noMoment(o *jose.Object, name string, now int64) (flow.Verdict, bool) {
	if v, bad := notATime(o, name); bad {
		return v, true
	}
	n, _ := o.Number(name)
	if f, err := n.Float64(); err != nil || f < 0 || f > float64(now+fiftyYears) {
		return fail("seconds since 1970", n.String(), "%s is before 1970 or more than 50 years ahead: milliseconds instead of seconds?", name), true
	}
	return flow.Verdict{}, false
}
