package check

import (
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// IDToken judges an ID token, form first, then signature, then claims.
func IDToken() []flow.Check {
	at := flow.IDToken
	return []flow.Check{
		{ID: "id-token-form", Code: "V-ID-01", Spec: "RFC 7515 §3, §7.1", Level: trace.Must, At: at, Eval: tokenForm},
		{ID: "id-token-json", Code: "V-ID-02", Spec: "RFC 7515 §4; RFC 7519 §4", Level: trace.Must, At: at, Eval: tokenObjects},
		{ID: "id-token-crit", Code: "V-ID-03", Spec: "RFC 7515 §4.1.11", Level: trace.Must, At: at, Eval: crit},
		{ID: "id-token-typ", Code: "V-ID-04", Spec: "RFC 8725 §3.11; RFC 7515 §4.1.9", Level: trace.Must, At: at, Eval: typ},
		{ID: "id-token-header-keys", Code: "V-ID-05", Spec: "RFC 8725 §3.10; OIDC Core §2", Level: trace.Must, At: at, Eval: headerKeys},
		{ID: "id-token-encrypted", Code: "V-ID-06", Spec: "OIDC Core §3.1.3.7-1, §16.14", Level: trace.Must, At: at, Eval: tokenEncrypted},
		{ID: "id-token-alg", Code: "V-ID-07", Spec: "OIDC Core §3.1.3.7-7", Level: trace.Must, At: at, Eval: algListed},
		{ID: "id-token-signed", Code: "V-ID-08", Spec: "OIDC Core §3.1.3.7-6", Level: trace.Must, At: at, Eval: algNone},
		{ID: "id-token-mac", Code: "V-ID-09", Spec: "OIDC Core §3.1.3.7-8", Level: trace.Must, At: at, Eval: macAllowed},
		{ID: "id-token-signature", Code: "V-ID-10", Spec: "OIDC Core §3.1.3.7-6", Level: trace.Must, At: at, Eval: signature},
		{ID: "id-token-kid", Code: "V-ID-11", Spec: "OIDC Core §10.1", Level: trace.Must, At: at, Eval: kidNamed},
		{ID: "id-token-kid-known", Code: "V-ID-12", Spec: "OIDC Core §10.1.1", Level: trace.Must, At: at, Eval: kidKnown},
		{ID: "id-token-iss", Code: "V-ID-14", Spec: "OIDC Core §3.1.3.7-2", Level: trace.Must, At: at, Eval: iss},
		{ID: "id-token-aud", Code: "V-ID-15", Spec: "OIDC Core §3.1.3.7-3", Level: trace.Must, At: at, Eval: aud},
		{ID: "id-token-azp", Code: "V-ID-16", Spec: "OIDC Core §3.1.3.7-4", Level: trace.Should, At: at, Eval: azp},
		{ID: "id-token-exp", Code: "V-ID-17", Spec: "OIDC Core §3.1.3.7-9", Level: trace.Must, At: at, Eval: exp},
		{ID: "id-token-iat", Code: "V-ID-18", Spec: "OIDC Core §2, §3.1.3.7-10", Level: trace.Must, At: at, Eval: iat},
		{ID: "id-token-nbf", Code: "V-ID-19", Spec: "RFC 7519 §4.1.5", Level: trace.Must, At: at, Eval: nbf},
		{ID: "id-token-acr", Code: "V-ID-21", Spec: "OIDC Core §3.1.3.7-12", Level: trace.Should, At: at, Eval: acr},
		{ID: "id-token-auth_time", Code: "V-ID-22", Spec: "OIDC Core §3.1.3.7-13", Level: trace.Must, At: at, Eval: authTime},
		{ID: "id-token-sub", Code: "V-ID-23", Spec: "OIDC Core §2", Level: trace.Must, At: at, Eval: sub},
		{ID: "id-token-at_hash", Code: "V-ID-24", Spec: "OIDC Core §3.1.3.8", Level: trace.Must, At: at, Eval: atHash},
		{ID: "id-token-c_hash", Code: "V-ID-25", Spec: "OIDC Core §3.3.2.11, §3.3.3.6", Level: trace.Must, At: at, Eval: cHash},
		{ID: "id-token-s_hash", Code: "V-SH-01", Spec: "FAPI 1.0 Advanced §5.2.2.1", Level: trace.Must, At: at, Eval: sHash},
		{ID: "id-token-twins", Code: "V-ID-27", Spec: "OIDC Core §3.3.3.6", Level: trace.Must, At: at, Eval: twins},
		{ID: "id-token-not-event", Code: "V-ID-29", Spec: "OIDC Back-Channel Logout §2.4; RFC 8417", Level: trace.Must, At: at, Eval: noEvents},
	}
}

// ofJSON tells problems of the two JSON objects from problems of the form.
func ofJSON(p jose.Problem) bool {
	return strings.HasPrefix(p.ID, "jwt-header-") || strings.HasPrefix(p.ID, "jwt-claims-")
}

func tokenForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Sealed != nil && p.Token.Form != jose.FormJWS {
		return skip("judged by id-token-encrypted")
	}
	bad := slices.DeleteFunc(slices.Clone(p.Token.Problems), ofJSON)
	if len(bad) > 0 {
		return broken(bad, "three segments of unpadded base64url")
	}
	return ok("")
}

// tokenEncrypted judges the envelope. Whether encryption was registered cannot
// be seen; a client with a key for it expects it.
func tokenEncrypted(r *flow.Run, p *flow.Response) flow.Verdict {
	s := p.Sealed
	if s == nil {
		for _, k := range r.Client.Keys {
			if k.Use == "enc" {
				return warn("an encrypted ID token", "a signed one", "the ID token is not encrypted, though this client has a key for it: is the key registered (id_token_encrypted_response_alg)?")
			}
		}
		return skip("not encrypted")
	}
	switch {
	case s.Err != nil:
		return fail("a token that this client can decrypt", s.Err.Error(), "the ID token is encrypted and could not be decrypted: %v", s.Err)
	case p.Token.Form != jose.FormJWS:
		return fail("a signed JWT inside", "something else", "the ID token is encrypted, and what is inside is not signed: anyone who knows this client's public key could have written it")
	case len(s.Plain.Warnings) > 0:
		return warn("RSA-OAEP-256 or ECDH-ES", s.Plain.Alg, "%s", s.Plain.Warnings[0].Detail)
	}
	return ok("encrypted to %s with %s and %s", s.Plain.Key, s.Plain.Alg, s.Plain.Enc)
}

func tokenObjects(_ *flow.Run, p *flow.Response) flow.Verdict {
	bad := slices.DeleteFunc(slices.Clone(p.Token.Problems), func(q jose.Problem) bool { return !ofJSON(q) })
	if len(bad) > 0 {
		return broken(bad, "two JSON objects, each name once")
	}
	return ok("")
}

func crit(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Token.Header.Get("crit")
	plain, told := p.Token.Header.Get("b64")
	switch {
	case !present && told && string(plain) != "true":
		return fail("an encoded payload", "b64 "+string(plain), "the header says that the payload is not encoded, which no JWT may be (RFC 7797 §7)")
	case !present:
		return ok("")
	}
	return fail("no crit, or extensions that are understood", string(raw), "the header names critical extensions that are not understood: the token must be refused")
}

// foreignType reports whether a typ is that of a JWT which is something else
// than an ID token.
func foreignType(typ string) bool {
	kind, jwt := strings.CutSuffix(strings.TrimPrefix(strings.ToLower(typ), "application/"), "+jwt")
	others := []string{"at", "logout", "dpop", "secevent", "token-introspection", "client-authentication", "statuslist", "txntoken"}
	return jwt && (slices.Contains(others, kind) || strings.HasPrefix(kind, "oauth-"))
}

func typ(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Token.Header.Get("typ")
	if _, text := p.Token.Header.String("typ"); present && !text {
		return fail("JWT, or none", string(raw), "typ is %s, not a string: what kind of token this is stays open", kind(raw))
	}
	if t := p.Token.Typ(); foreignType(t) {
		return fail("JWT, or none", t, "typ %s says that this is another kind of token, not an ID token", t)
	}
	return ok("")
}

func headerKeys(_ *flow.Run, p *flow.Response) flow.Verdict {
	for _, name := range []string{"jwk", "jku", "x5u", "x5c"} {
		if _, present := p.Token.Header.Get(name); present {
			if s := p.Signature; s != nil && s.Key != nil {
				return warn("no key in the header", name, "the header brings or points to a key of its own (%s); it was not used, the server's published key verified the token", name)
			}
			return fail("no key in the header", name, "the header brings or points to a key of its own (%s): it was not used, and anyone could have put it there", name)
		}
	}
	return ok("")
}
