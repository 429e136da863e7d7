package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// KeyLints judge a published key set beyond what is needed to use it: that is
// for Keys. Tests of servers that have no lint here:
//
//	JWKS-01   V-JK-03
//	JWKS-02   V-JK-01
//	JWKS-10   needs two looks at different times
//
// Keys that are too short, malformed or off their curve, and a kid that several
// have, are judged by V-JK-02, so JWKS-03, JWKS-05 and JWKS-08 leave them to it.
func KeyLints() []flow.Check {
	at := flow.JWKS
	return []flow.Check{
		{ID: "jwks-strength", Code: "JWKS-03", Spec: "RFC 7518 §3.3, §3.5; FAPI 2.0 §5.4.1", Level: trace.Should, At: at, Eval: ofKeys(lintStrength)},
		{ID: "jwks-known-weak", Code: "JWKS-04", Spec: "RFC 8725 §3.5; CVE-2017-15361", Level: trace.Must, At: at, Eval: ofKeys(lintWeak)},
		{ID: "jwks-kid", Code: "JWKS-05", Spec: "OIDC Core §10.1; RFC 7517 §4.5", Level: trace.Must, At: at, Eval: ofKeys(lintKid)},
		{ID: "jwks-purpose", Code: "JWKS-06", Spec: "RFC 7517 §4.2, §4.3, §4.4; RFC 8414 §2", Level: trace.Must, At: at, Eval: ofKeys(lintPurpose)},
		{ID: "jwks-certificates", Code: "JWKS-07", Spec: "RFC 7517 §4.7, §4.8, §4.9", Level: trace.Must, At: at, Eval: ofKeys(lintCertificates)},
		{ID: "jwks-encoding", Code: "JWKS-08", Spec: "RFC 7518 §2, §6.3.1", Level: trace.Should, At: at, Eval: ofKeys(lintEncoding)},
		{ID: "jwks-algorithms", Code: "JWKS-09", Spec: "OIDC Discovery §3; RFC 8414 §2", Level: trace.Should, At: at, Eval: ofKeys(lintAlgorithms)},
		{ID: "jwks-one-alg", Code: "V-JK-04", Spec: "RFC 8725 §3.1", Level: trace.Should, At: at, Eval: ofKeys(lintOneAlg)},
		{ID: "jwks-alg-bound", Code: "V-JK-05", Spec: "RFC 8725 §3.1", Level: trace.Must, At: at, Eval: ofKeys(lintBound)},
	}
}

// ofKeys judges the keys of a set, where there are any.
func ofKeys(f func(*flow.Run, []jose.Key) flow.Verdict) func(*flow.Run, *flow.Response) flow.Verdict {
	return func(r *flow.Run, p *flow.Response) flow.Verdict {
		keys := jose.ParseKeySet(p.Body).Keys
		if len(keys) == 0 {
			return skip("no keys")
		}
		return f(r, keys)
	}
}

// anyRefused reports whether there is a key that V-JK-02 speaks of.
func anyRefused(keys []jose.Key) bool {
	return slices.ContainsFunc(keys, func(k jose.Key) bool { return slices.ContainsFunc(k.Problems, refusedKey) })
}

// keyAt names a key of a set, also one without a kid.
func keyAt(keys []jose.Key, i int) string {
	if keys[i].Kid == "" {
		return fmt.Sprintf("key number %d", i+1)
	}
	return "key " + keys[i].Kid
}

func problemOf(k *jose.Key, id string) string {
	for _, q := range k.Problems {
		if q.ID == id {
			return q.Detail
		}
	}
	return ""
}

// lintKid wants to know the keys apart. That is a MUST where a token has to name
// its key, and with one key none has to.
func lintKid(_ *flow.Run, keys []jose.Key) flow.Verdict {
	var bad flaws
	for i := range keys {
		if keys[i].Kid == "" && len(keys) > 1 {
			bad.add("a kid for each key", keyAt(keys, i)+" without", "%s of %d has no kid", keyAt(keys, i), len(keys))
		}
	}
	if len(bad) > 0 {
		return bad.as(fail)
	}
	return ok("")
}

// lintPurpose holds what is said of a key together.
func lintPurpose(_ *flow.Run, keys []jose.Key) flow.Verdict {
	seals := slices.ContainsFunc(keys, func(k jose.Key) bool { return k.Use == "enc" })
	var must, odd flaws
	for i := range keys {
		k := &keys[i]
		want, known := algNeeds(k.Alg)
		switch {
		case seals && k.Use == "":
			must.add("use for each key", keyAt(keys, i)+" without", "%s has no use, and there are keys for encryption in the set", keyAt(keys, i))
		case contains([]string{"RSA", "EC", "OKP"}, k.Kty) && keyless(k.Alg):
			must.add("an algorithm with a key pair", k.Kty+" "+k.Alg, "%s is for %s, for which nothing can be published: whoever verifies with it believes anybody", keyAt(keys, i), k.Alg)
		case known && !want.of(k):
			must.add(want.says(), k.Kty+" "+k.Crv, "%s is for %s, which its type cannot do", keyAt(keys, i), k.Alg)
		case known && k.Use == "sig" && want.encrypts, known && k.Use == "enc" && !want.encrypts:
			must.add("use and alg that agree", k.Use+", "+k.Alg, "the use of %s is %s and its alg %s", keyAt(keys, i), k.Use, k.Alg)
		}
		signs := slices.Contains(k.KeyOps, "verify") || slices.Contains(k.KeyOps, "sign")
		opens := slices.ContainsFunc(k.KeyOps, func(s string) bool {
			return strings.Contains(s, "rypt") || strings.Contains(s, "rap") || strings.HasPrefix(s, "derive")
		})
		if k.Use == "sig" && opens || k.Use == "enc" && signs {
			odd.add("use and key_ops that agree", k.Use+", "+strings.Join(k.KeyOps, " "), "the use of %s is %s and its key_ops %s", keyAt(keys, i), k.Use, strings.Join(k.KeyOps, ", "))
		}
	}
	switch {
	case len(must) > 0:
		return append(must, odd...).as(fail)
	case len(odd) > 0:
		return odd.as(warn)
	}
	return ok("")
}

// keyless are the algorithms that take a shared secret, or none (RFC 7518 §3.2,
// §3.6).
func keyless(alg string) bool {
	return strings.EqualFold(alg, "none") || contains([]string{"HS256", "HS384", "HS512"}, alg)
}

// An algNeed is what an algorithm wants of a key (RFC 7518 §3.1, §4.1; RFC 8037;
// RFC 9864).
type algNeed struct {
	kty      string
	crv      []string // none: any
	encrypts bool
}

func (n algNeed) of(k *jose.Key) bool {
	if strings.HasPrefix(n.kty, "EC|") {
		return k.Kty == "EC" || k.Kty == "OKP"
	}
	return k.Kty == n.kty && (len(n.crv) == 0 || contains(n.crv, k.Crv))
}

func (n algNeed) says() string { return strings.TrimSpace(n.kty + " " + strings.Join(n.crv, " or ")) }

// algNeeds knows the registered algorithms; false for any other.
func algNeeds(alg string) (algNeed, bool) {
	switch {
	case alg == "":
		return algNeed{}, false
	case contains([]string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, alg):
		return algNeed{kty: "RSA"}, true
	case strings.HasPrefix(alg, "RSA-OAEP"), alg == "RSA1_5":
		return algNeed{kty: "RSA", encrypts: true}, true
	case strings.HasPrefix(alg, "ECDH-ES"):
		return algNeed{kty: "EC|OKP", encrypts: true}, true
	}
	curves := map[string][]string{
		"ES256": {"P-256"}, "ES384": {"P-384"}, "ES512": {"P-521"}, "ES256K": {"secp256k1"},
		"EdDSA": {"Ed25519", "Ed448"}, "Ed25519": {"Ed25519"}, "Ed448": {"Ed448"},
	}
	crv, known := curves[alg]
	kty := "EC"
	if strings.HasPrefix(alg, "Ed") {
		kty = "OKP"
	}
	return algNeed{kty: kty, crv: crv}, known
}

func lintEncoding(_ *flow.Run, keys []jose.Key) flow.Verdict {
	var odd flaws
	for i := range keys {
		if says := problemOf(&keys[i], "jwk-encoding"); says != "" {
			odd.add("no superfluous octets", says, "%s: %s, so that thumbprints differ", keyAt(keys, i), says)
		}
	}
	switch {
	case len(odd) > 0:
		return odd.as(warn)
	case anyRefused(keys):
		return skip("judged by V-JK-02")
	}
	return ok("")
}

// lintAlgorithms looks for a key for each algorithm that the metadata promise.
func lintAlgorithms(r *flow.Run, keys []jose.Key) flow.Verdict {
	if r.Server.Metadata == nil {
		return skip("no metadata")
	}
	var bad flaws
	for _, what := range []string{"id_token", "userinfo", "authorization", "introspection"} {
		member := what + "_signing_alg_values_supported"
		all, _ := r.Server.Metadata.Strings(member)
		slices.Sort(all) // a hostile list may be long, and each costs a look at all keys
		all = slices.Compact(all)
		var without []string
		for _, alg := range all {
			want, known := algNeeds(alg)
			if known && !want.encrypts && !fits(keys, alg, want) {
				without = append(without, alg)
			}
		}
		if len(without) > 0 {
			bad.add("a key for each algorithm", "none for "+strings.Join(without, ", "), "%s has %s, and no published key fits", member, strings.Join(without, ", "))
		}
	}
	if len(bad) > 0 {
		return bad.as(warn)
	}
	return ok("")
}

func fits(keys []jose.Key, alg string, want algNeed) bool {
	for i := range keys {
		if mayVerify(&keys[i], alg, want) {
			return true
		}
	}
	return false
}

// mayVerify goes by what is said of a key: whether this program can use it is
// another question.
func mayVerify(k *jose.Key, alg string, want algNeed) bool {
	edwards := k.Alg != alg && strings.HasPrefix(k.Alg, "Ed") && strings.HasPrefix(alg, "Ed") && k.Crv == "Ed25519"
	return want.of(k) && k.Use != "enc" && (k.Alg == "" || k.Alg == alg || edwards)
}

// lintOneAlg looks for one key under several algorithms or uses: what is safe
// with one may not be with another.
func lintOneAlg(_ *flow.Run, keys []jose.Key) flow.Verdict {
	first := map[string]int{}
	var odd flaws
	for i := range keys {
		k := &keys[i]
		j, again := first[k.Thumbprint]
		if k.Thumbprint == "" || !again {
			first[k.Thumbprint] = i
			continue
		}
		if other := &keys[j]; other.Alg != k.Alg || other.Use != k.Use {
			odd.add("one algorithm for each key", strings.TrimSpace(other.Alg+" "+other.Use)+" and "+strings.TrimSpace(k.Alg+" "+k.Use),
				"%s and %s are the same key, for %s and for %s", keyAt(keys, j), keyAt(keys, i), orAny(other), orAny(k))
		}
	}
	if len(odd) > 0 {
		return odd.as(warn)
	}
	return ok("")
}

func orAny(k *jose.Key) string {
	switch {
	case k.Alg != "":
		return k.Alg
	case k.Use != "":
		return k.Use
	}
	return "anything"
}

// lintBound says which keys leave their algorithm open. They are bound to what
// their type and curve can do, whatever a token says.
func lintBound(_ *flow.Run, keys []jose.Key) flow.Verdict {
	open := 0
	for i := range keys {
		if keys[i].Alg == "" {
			open++
		}
	}
	if open > 0 {
		return ok("%d of %d keys do not say their alg: they are bound to what their type and curve can do", open, len(keys))
	}
	return ok("")
}
