package check

import (
	"mime"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Keys judges a key set.
func Keys() []flow.Check {
	at := flow.JWKS
	return []flow.Check{
		{ID: "jwks-form", Code: "V-JK-03", Spec: "RFC 7517 §5, §8.5", Level: trace.Must, At: at, Eval: jwksForm},
		{ID: "jwks-public", Code: "V-JK-01", Spec: "OIDC Discovery §3", Level: trace.Must, At: at, Eval: jwksPublic},
		{ID: "jwks-usable", Code: "V-JK-02", Spec: "RFC 7517 §4; RFC 7518 §6", Level: trace.Should, At: at, Eval: jwksUsable},
	}
}

func jwksForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	const want = "a JSON object with a list of keys, as application/jwk-set+json or application/json"
	got := p.Header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(got)
	_, listed := p.Object.Get("keys")
	switch {
	case p.Form != "json" || len(p.Problems) > 0:
		return fail(want, p.Form, "the answer is not a JSON object: no signature can be checked with it")
	case !listed:
		return fail(want, "no keys", "the answer has no member keys")
	case media != "application/json" && media != "application/jwk-set+json":
		return warn(want, got, "the key set is declared as %q", got)
	}
	return ok("")
}

func jwksPublic(_ *flow.Run, p *flow.Response) flow.Verdict {
	for _, k := range jose.ParseKeySet(p.Body).Keys {
		if k.Private {
			return fail("public keys only", "private members in "+keyName(&k), "the server publishes a private or symmetric key: whoever reads it can sign as the server")
		}
	}
	return ok("")
}

func jwksUsable(_ *flow.Run, p *flow.Response) flow.Verdict {
	var bad []string
	set := jose.ParseKeySet(p.Body)
	for _, q := range set.Problems {
		if q.ID == "jwks-duplicate-kid" {
			bad = append(bad, q.Detail)
		}
	}
	for _, k := range set.Keys {
		for _, q := range k.Problems {
			if slices.Contains([]string{"jwk-rsa-too-small", "jwk-not-on-curve", "jwk-malformed"}, q.ID) {
				bad = append(bad, keyName(&k)+": "+q.Detail)
			}
		}
	}
	if len(bad) > 0 {
		return warn("well-formed keys", strings.Join(bad, "; "), "keys that cannot be used: %s", strings.Join(bad, "; "))
	}
	return ok("")
}
