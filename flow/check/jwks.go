package check

import (
	"encoding/base64"
	"math/big"
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
		{ID: "jwks-usable", Code: "V-JK-02", Spec: "RFC 7517 §4; RFC 7518 §3.3, §6.2.1.2, §6.3.1", Level: trace.Must, At: at, Eval: jwksUsable},
	}
}

func jwksForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	const want = "a JSON object with a list of keys, as application/jwk-set+json or application/json"
	got := p.Header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(got)
	raw, listed := p.Object.Get("keys")
	switch {
	case p.Form != "json" || len(p.Problems) > 0:
		return fail(want, p.Form, "the answer is not a JSON object: no signature can be checked with it")
	case !listed:
		return fail(want, "no keys", "the answer has no member keys")
	case raw[0] != '[':
		return fail(want, "keys "+kind(raw), "the member keys is %s, not a list: no signature can be checked with it", kind(raw))
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

// jwksUsable tells of keys that are never used. That two share a kid, and that
// one is larger than this tool takes, is no failure of the server's (RFC 7517
// §4.5).
func jwksUsable(_ *flow.Run, p *flow.Response) flow.Verdict {
	const want = "well-formed keys"
	var bad, odd []string
	set := jose.ParseKeySet(p.Body)
	for _, q := range set.Problems {
		if q.ID == "jwks-duplicate-kid" {
			odd = append(odd, q.Detail)
		}
	}
	for i := range set.Keys {
		k := &set.Keys[i]
		for _, q := range k.Problems {
			switch {
			case !refusedKey(q):
			case oversized(k, q):
				odd = append(odd, keyAt(set.Keys, i)+": "+q.Detail)
			default:
				bad = append(bad, keyAt(set.Keys, i)+": "+q.Detail)
			}
		}
	}
	says := strings.Join(append(bad, odd...), "; ")
	switch {
	case len(bad) > 0:
		return fail(want, says, "keys that cannot be used: %s", says)
	case len(odd) > 0:
		return warn(want, says, "keys that cannot be used: %s", says)
	}
	return ok("")
}

// refusedKey reports whether a problem keeps a key of a known kind from being
// used.
func refusedKey(q jose.Problem) bool {
	return slices.Contains([]string{"jwk-rsa-too-small", "jwk-not-on-curve", "jwk-malformed"}, q.ID)
}

// oversized reports whether the problem is that this tool takes no RSA modulus or
// exponent of such a size: RFC 7518 §6.3.1 has no limit.
func oversized(k *jose.Key, q jose.Problem) bool {
	o, _ := jose.ParseObject(k.Raw)
	odd, bits := true, map[string]int{}
	for _, name := range []string{"n", "e"} {
		s, _ := o.String(name)
		octets, _ := base64.RawURLEncoding.DecodeString(s)
		value := new(big.Int).SetBytes(octets)
		odd, bits[name] = odd && value.Bit(0) == 1, value.BitLen()
	}
	return k.Kty == "RSA" && q.Ref == "RFC 7518 §6.3.1" && odd && (bits["n"] > 16384 || bits["n"] >= 2048 && bits["e"] > 31)
}
