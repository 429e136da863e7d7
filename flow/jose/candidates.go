package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
)

// maxListed is how many keys a sentence names.
const maxListed = 8

// A SelectError says why no key of a set may verify a token. Reason is
// kid-unknown, kid-missing, no-fitting-key or alg-unsupported; only the first
// is a reason to fetch the set again.
type SelectError struct{ Reason, Detail string }

func (e *SelectError) Error() string { return e.Reason + ": " + e.Detail }

// Candidates are the keys of the set that may verify t, by kid, kty, crv, use,
// key_ops and alg. Keys that the token brings or points to (jwk, jku, x5u, x5c)
// are never among them (RFC 8725 §3.10). A kid matches exactly; the same kid may
// name several keys. Without one, the set must have a single fitting key
// (OpenID Connect Core §10.1). Every error is a *SelectError.
func (ks KeySet) Candidates(t *Token) ([]Key, error) {
	if t == nil || t.Form != FormJWS {
		return nil, &SelectError{"no-fitting-key", "this is not a compact JWS"}
	}
	a, refused := signature(t.Alg())
	if refused != nil {
		return nil, unselected(refused)
	}
	named, err := ks.named(t)
	if err != nil {
		return nil, err
	}
	var fitting []Key
	var unfit []string
	for _, k := range named {
		if refused := k.fits(t.Alg(), a); refused != nil {
			if refused.Reason == "alg-unsupported" && len(named) == 1 {
				return nil, unselected(refused)
			}
			unfit = append(unfit, k.name()+": "+refused.Detail)
			continue
		}
		fitting = append(fitting, k)
	}
	switch {
	case len(fitting) == 0:
		return nil, &SelectError{"no-fitting-key", fmt.Sprintf("no key fits alg %s%s", t.Alg(), listing(unfit))}
	case len(fitting) > 1 && !t.Header.Has("kid"):
		return nil, &SelectError{"kid-missing", fmt.Sprintf("the header has no kid, and %d keys fit alg %s%s", len(fitting), t.Alg(), listing(names(fitting)))}
	}
	return fitting, nil
}

func unselected(refused *VerifyError) *SelectError {
	if refused.Reason == "alg-unsupported" {
		return &SelectError{refused.Reason, refused.Detail}
	}
	return &SelectError{"no-fitting-key", refused.Detail}
}

// named returns the keys that have the token's kid, or all when it has none.
func (ks KeySet) named(t *Token) ([]Key, error) {
	raw, present := t.Header.Get("kid")
	if !present {
		return ks.Keys, nil
	}
	kid, ok := t.Kid()
	if !ok {
		return nil, &SelectError{"kid-unknown", fmt.Sprintf("the header's kid is %s, not a string (RFC 7515 §4.1.4)", kind(raw[0]))}
	}
	var found []Key
	for _, k := range ks.Keys {
		if k.Kid == kid && (kid != "" || k.emptyKid) {
			found = append(found, k)
		}
	}
	if len(found) == 0 {
		return nil, &SelectError{"kid-unknown", fmt.Sprintf("kid %s is not in the set of %d keys%s", quote(kid), len(ks.Keys), listing(names(ks.Keys)))}
	}
	return found, nil
}

// fits says why k may not verify a signature of that alg; nil when it may. The
// type and the curve are those of the key itself (RFC 8725 §3.1), not of the
// words beside it.
func (k Key) fits(alg string, a algorithm) *VerifyError {
	switch {
	case alg == "EdDSA" && k.Crv == "Ed448":
		return unsupported("Ed448")
	case k.Use != "" && k.Use != "sig":
		return refuse("key-unusable", "its use is %s, not sig", quote(k.Use))
	case len(k.KeyOps) > 0 && !slices.Contains(k.KeyOps, "verify"):
		return refuse("key-unusable", "its key_ops are %s, without verify", quote(strings.Join(k.KeyOps, " ")))
	case k.Alg != "" && !sameAlg(k.Alg, alg):
		return refuse("alg-key-mismatch", "its alg is %s, not %s", quote(k.Alg), alg)
	}
	mismatch := refuse("alg-key-mismatch", "alg %s needs another kind of key than %s", alg, k.kind())
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		if public == nil || public.N == nil || public.N.BitLen() < minRSA {
			return refuse("key-unusable", "an RSA key of fewer than %d bits is not accepted (RFC 7518 §3.3)", minRSA)
		}
		if a.family != rsaPKCS1 && a.family != rsaPSS {
			return mismatch
		}
	case *ecdsa.PublicKey:
		if public == nil {
			return refuse("key-unusable", "the EC key is missing")
		}
		if _, err := public.Bytes(); err != nil {
			return refuse("key-unusable", "the EC key is not a point on a curve of RFC 7518 §6.2.1.1")
		}
		if a.family != ecdsaSig || public.Curve.Params().Name != a.curve {
			return mismatch
		}
	case ed25519.PublicKey:
		if len(public) != ed25519.PublicKeySize {
			return refuse("key-unusable", "the Ed25519 key has %d bytes, not %d", len(public), ed25519.PublicKeySize)
		}
		if a.family != edwards {
			return mismatch
		}
	default:
		return refuse("key-unusable", "it cannot be used%s", k.flaws())
	}
	return nil
}

// kind is the kty of a key, and its crv where there is one.
func (k Key) kind() string {
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		return "RSA"
	case *ecdsa.PublicKey:
		if public == nil || public.Curve == nil {
			return "EC"
		}
		return "EC " + public.Curve.Params().Name
	case ed25519.PublicKey:
		return "OKP Ed25519"
	}
	return strings.TrimSpace(quote(k.Kty))
}

// flaws lists what is wrong with a key.
func (k Key) flaws() string {
	var all []string
	for _, p := range k.Problems {
		all = append(all, p.Detail)
	}
	return listing(all)
}

func (k Key) name() string {
	if k.Kid == "" {
		return "a key without kid"
	}
	return "key " + quote(k.Kid)
}

func names(keys []Key) []string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = k.name()
	}
	return all
}

// listing is the end of a sentence that names a few things.
func listing(all []string) string {
	if len(all) == 0 {
		return ""
	}
	if more := len(all) - maxListed; more > 0 {
		all = append(slices.Clone(all[:maxListed]), fmt.Sprintf("and %d more", more))
	}
	return ": " + strings.Join(all, "; ")
}
