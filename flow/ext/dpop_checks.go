package ext

import (
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func dpopChecks(key jose.Private) []flow.Check {
	all := []flow.Check{
		{ID: "dpop-token-type", Code: "V-TR-08", Spec: "RFC 9449 §5", Level: trace.Must, At: flow.Token, Eval: dpopTokenType},
		{ID: "dpop-bound", Code: "V-DP-01", Spec: "RFC 9449 §6.1", Level: trace.Must, At: flow.Token, Eval: func(_ *flow.Run, p *flow.Response) flow.Verdict { return bound(p, key) }},
		{ID: "dpop-introspected", Code: "V-DP-02", Spec: "RFC 9449 §6.2", Level: trace.Must, At: flow.Introspection, Eval: func(_ *flow.Run, p *flow.Response) flow.Verdict { return introspected(p, key) }},
	}
	all = append(all, flow.Check{ID: "id-token-cnf", Code: "V-ID-32", Spec: "OpenID Connect Key Binding (draft); RFC 9449 §6.1", Level: trace.Should, At: flow.IDToken, Eval: func(r *flow.Run, p *flow.Response) flow.Verdict { return idTokenBound(r, p, key) }})
	for _, at := range []flow.Endpoint{flow.Token, flow.PAR, flow.Userinfo, flow.Resource} {
		all = append(all,
			flow.Check{ID: "dpop-nonce-form", Code: "V-TR-18", Spec: "RFC 9449 §8.1", Level: trace.Must, At: at, Eval: nonceForm},
			flow.Check{ID: "dpop-nonce-once", Code: "V-TR-22", Spec: "RFC 9449 §8", Level: trace.Must, At: at, Eval: nonceOnce},
		)
	}
	return all
}

// granted says whether an answer has a token to look at.
func granted(p *flow.Response) (string, bool) {
	s, ok := p.Object.String("access_token")
	return s, ok && s != "" && p.Status < 400 && p.String("error") == ""
}

func dpopTokenType(_ *flow.Run, p *flow.Response) flow.Verdict {
	_, fine := granted(p)
	got, text := p.Object.String("token_type")
	switch {
	case !fine || !text:
		return skip("no token with a type")
	case strings.EqualFold(got, "N_A"):
		return skip("what was issued is not an access token")
	case !strings.EqualFold(got, "DPoP"):
		return fail("DPoP", got, "the request carried a proof, and the token came as %s: it is not bound to the key, and whoever finds it can use it", got)
	}
	return pass("the token is for use with proofs")
}

// confirmation is the cnf of an access token that is a JWT.
func confirmation(p *flow.Response) (cnf *jose.Object, readable bool) {
	s, _ := granted(p)
	t := jose.Decode(s)
	if t.Form != jose.FormJWS || t.Claims == nil {
		return nil, false
	}
	cnf, _ = t.Claims.Object("cnf")
	return cnf, true
}

func bound(p *flow.Response, key jose.Private) flow.Verdict {
	if _, fine := granted(p); !fine {
		return skip("no token")
	}
	if got, _ := p.Object.String("token_type"); !strings.EqualFold(got, "DPoP") {
		return skip("judged by dpop-token-type")
	}
	cnf, readable := confirmation(p)
	if !readable {
		return skip("the token is opaque: only introspection can say what it is bound to")
	}
	s, _ := granted(p)
	if typ := jose.Decode(s).Typ(); cnf == nil && !strings.EqualFold(strings.TrimPrefix(typ, "application/"), "at+jwt") {
		return warn("cnf.jkt "+key.Public.Thumbprint, "(none)", "the token does not say what it is bound to; its resource may learn that by introspection (RFC 9449 §6.2), and nobody else can see it")
	}
	return sameKey(cnf, key, "the token")
}

func sameKey(cnf *jose.Object, key jose.Private, what string) flow.Verdict {
	got, _ := cnf.String("jkt")
	switch {
	case got == "":
		return fail("cnf.jkt "+key.Public.Thumbprint, "(none)", "%s does not say that it is bound to the key: whoever finds it may be able to use it", what)
	case got != key.Public.Thumbprint:
		return fail(key.Public.Thumbprint, got, "%s is bound to another key than the one that made the proof", what)
	}
	return pass("%s is bound to the key of the proofs", what)
}

// idTokenBound holds an ID token that names a key to ours, and asks for one where
// key binding was asked for.
func idTokenBound(r *flow.Run, p *flow.Response, key jose.Private) flow.Verdict {
	cnf, there := p.Token.Claims.Object("cnf")
	got, _ := cnf.String("jkt")
	if raw, whole := cnf.Get("jwk"); whole && got == "" {
		got = jose.ParseKey(raw).Thumbprint
	}
	switch {
	case !there && slices.Contains(r.Ask.Scope, "bound_key"):
		return warn("cnf", "(none)", "key binding was asked for, and the ID token names no key")
	case !there:
		return skip("the ID token names no key, and none was asked for")
	case got != key.Public.Thumbprint:
		return warn(key.Public.Thumbprint, orNone(got), "the ID token is bound to another key than the one that made the proof")
	}
	return pass("the ID token is bound to the key of the proofs")
}

func introspected(p *flow.Response, key jose.Private) flow.Verdict {
	active, _ := p.Object.Get("active")
	if string(active) != "true" {
		return skip("no active token")
	}
	cnf, bound := p.Object.Object("cnf")
	switch kind, told := p.Object.String("token_type"); {
	case told && !strings.EqualFold(kind, "DPoP"):
		return fail("DPoP", kind, "the server says that the token is a %s token", kind)
	case !told && !bound:
		return skip("the server does not say that it is bound; refresh tokens of clients that prove themselves are not (RFC 9449 §5)")
	}
	return sameKey(cnf, key, "the token, says the server,")
}

func nonceForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	all := p.Header.Values("DPoP-Nonce")
	switch {
	case len(all) == 0:
		return skip("no DPoP-Nonce")
	case len(all) > 1:
		return fail("one DPoP-Nonce", strings.Join(all, ", "), "DPoP-Nonce came more than once: which one is meant cannot be known")
	case all[0] == "" || strings.ContainsFunc(all[0], notNonce):
		return fail("%x21 / %x23-5B / %x5D-7E", all[0], "the nonce has characters that it may not have")
	}
	return pass("the nonce is kept for the next proof")
}

// notNonce is what a nonce cannot have (RFC 9449 §8.1: NQCHAR of RFC 6749
// Appendix A).
func notNonce(r rune) bool {
	return r < 0x21 || r > 0x7e || r == '"' || r == '\\'
}

// nonceOnce looks at the last answer: a first challenge that brought a nonce
// has been followed already.
func nonceOnce(_ *flow.Run, p *flow.Response) flow.Verdict {
	switch {
	case !wantsNonce(p):
		return skip("no nonce is asked for")
	case !slices.ContainsFunc(p.Header.Values("DPoP-Nonce"), func(s string) bool { return s != "" }):
		return fail("DPoP-Nonce", "(none)", "the server asks for a nonce in the proof and gives none")
	case len(p.Header.Values("DPoP-Nonce")) > 1:
		return fail("one DPoP-Nonce", "several", "the server asks for a nonce in the proof and gives several: which one is meant cannot be known")
	}
	return fail("an answer to the proof with the nonce", "use_dpop_nonce again", "the server asks for a nonce again, though the request carried the one that it had given")
}
