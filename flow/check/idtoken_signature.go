package check

import (
	"errors"
	"fmt"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

func algListed(r *flow.Run, p *flow.Response) flow.Verdict {
	alg := p.Token.Alg()
	listed, told := r.Server.Lists("id_token_signing_alg_values_supported", alg)
	switch {
	case p.Token.Header == nil, p.Token.Form == jose.FormJWE:
		return skip("no readable header")
	case !told && r.Server.Metadata != nil && alg != "RS256" && !strings.HasPrefix(alg, "HS") && !strings.EqualFold(alg, "none"):
		return warn("RS256", quoted(alg), "the ID token is signed with %s; where the metadata list nothing, RS256 is the default", quoted(alg))
	case !told:
		return skip("the metadata do not list algorithms")
	case !listed:
		all, _ := r.Server.Metadata.Strings("id_token_signing_alg_values_supported")
		return fail(strings.Join(all, ", "), quoted(alg), "the ID token is signed with %s, which the server's metadata do not list", alg)
	}
	return ok("%s is an algorithm that the metadata list", alg)
}

func algNone(_ *flow.Run, p *flow.Response) flow.Verdict {
	if strings.EqualFold(p.Token.Alg(), "none") {
		return fail("a signature", "alg "+p.Token.Alg(), "the ID token is not signed: anyone could have written it")
	}
	return ok("")
}

func macAllowed(r *flow.Run, p *flow.Response) flow.Verdict {
	alg := p.Token.Alg()
	all := audiences(p.Token.Claims)
	size := map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}[alg]
	switch {
	case !strings.HasPrefix(alg, "HS"):
		return skip("not a MAC")
	case r.Client.Secret == "":
		return fail("a signature by the server's private key", alg, "the ID token carries a MAC, which needs a shared secret; this client has none, so it is keyed with something public or forged")
	case len(all) > 1:
		return fail(r.Client.ID, strings.Join(all, ", "), "the ID token carries a MAC and is meant for several: any of them could have made it")
	case p.Signature.Err != nil:
		return fail("a MAC keyed with the client secret", "another MAC", "the MAC was not made with this client's secret: %v", p.Signature.Err)
	case len(r.Client.Secret) < size:
		return warn(fmt.Sprintf("at least %d octets", size), fmt.Sprintf("%d octets", len(r.Client.Secret)), "the client secret is shorter than %s asks for (RFC 7518 §3.2)", alg)
	}
	return ok("")
}

// unsupported is an alg that is registered, and that this tool cannot check.
func unsupported(err error) bool {
	var refused *jose.VerifyError
	var selection *jose.SelectError
	return errors.As(err, &refused) && refused.Reason == "alg-unsupported" || errors.As(err, &selection) && selection.Reason == "alg-unsupported"
}

// told reports whether the server's metadata announce an alg. One that they do
// not announce, and that cannot be checked, is the easiest to forge with.
func told(r *flow.Run, alg string) bool {
	listed, _ := r.Server.Lists("id_token_signing_alg_values_supported", alg)
	return listed
}

func signature(r *flow.Run, p *flow.Response) flow.Verdict {
	s := p.Signature
	var refused *jose.VerifyError
	var selection *jose.SelectError
	switch {
	case s.Key != nil && s.Key.Kty == "oct":
		return skip("a MAC: judged by id-token-mac")
	case s.Key != nil:
		return ok("%s by %s", p.Token.Alg(), keyName(s.Key))
	case s.Unchecked != "" && (p.Token.Form != "JWS" || strings.HasPrefix(p.Token.Alg(), "HS") || strings.EqualFold(p.Token.Alg(), "none")):
		return skip(s.Unchecked)
	case s.Unchecked != "":
		return warn("a verified signature", "not checked", "%s", s.Unchecked)
	case errors.As(s.Err, &selection) && (selection.Reason == "kid-missing" || selection.Reason == "kid-unknown"):
		return skip("judged by id-token-kid and id-token-kid-known")
	case unsupported(s.Err) && told(r, p.Token.Alg()):
		return warn("a verified signature", "not checked", "this tool cannot check %s; TLS from the token endpoint is all there is to go by (OIDC Core §3.1.3.7-6)", p.Token.Alg())
	case errors.As(s.Err, &refused) && (refused.Reason == "malformed" || refused.Reason == "crit" || refused.Reason == "alg-hmac"):
		return skip("judged by the checks of its form")
	}
	return fail("a signature by a key of the issuer", s.Err.Error(), "the signature is not by any key that the server publishes: the token is forged or changed")
}

func keyName(k *jose.Key) string {
	if k.Kid == "" {
		return "the only fitting key"
	}
	return "key " + k.Kid
}

func kidNamed(_ *flow.Run, p *flow.Response) flow.Verdict {
	var selection *jose.SelectError
	_, named := p.Token.Kid()
	switch {
	case errors.As(p.Signature.Err, &selection) && selection.Reason == "kid-missing":
		return fail("kid", "(none)", "%s", selection.Detail)
	case p.Signature.Key == nil || p.Signature.Key.Kty == "oct":
		return skip("no key was chosen")
	case !named:
		return warn("kid", "(none)", "the header has no kid; there was only one fitting key")
	}
	return ok("")
}

func kidKnown(_ *flow.Run, p *flow.Response) flow.Verdict {
	var selection *jose.SelectError
	switch {
	case errors.As(p.Signature.Err, &selection) && selection.Reason == "kid-unknown":
		return fail("a kid of the key set", "another kid", "%s, not even after fetching the key set again", selection.Detail)
	case p.Signature.Refetched:
		return ok("the key was found when the key set was fetched again: it was rotated")
	case p.Signature.Key == nil:
		return skip("no key was chosen")
	}
	return ok("")
}
