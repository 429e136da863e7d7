package jose

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Key is one member of a JWK set, usable or not.
type Key struct {
	Kid, Kty, Crv, Use, Alg string
	KeyOps                  []string
	// Public is an *rsa.PublicKey, an *ecdsa.PublicKey or an
	// ed25519.PublicKey; nil when no signature may be verified with this key.
	Public any
	// Thumbprint is that of RFC 7638, SHA-256 in base64url; empty when the
	// members it is made of are not there.
	Thumbprint string
	// Private says that the key carried private or symmetric members.
	Private  bool
	Problems []Problem
	Raw      json.RawMessage

	emptyKid bool // kid was there, and empty
}

// A KeySet is a JWK set (RFC 7517 §5), read key by key.
type KeySet struct {
	Keys     []Key
	Problems []Problem
}

// ParseKeySet reads a JWK set so that one bad or unknown key never spoils the
// others. What is wrong with the set is in its Problems: those of ParseObject,
// jwks-malformed and jwks-duplicate-kid. What is wrong with a key is in the
// key's: see ParseKey.
func ParseKeySet(b []byte) KeySet {
	o, problems := ParseObject(b)
	ks := KeySet{Problems: problems}
	values, ok := ks.values(o)
	if !ok {
		return ks
	}
	for _, raw := range values {
		ks.Keys = append(ks.Keys, ParseKey(raw))
	}
	ks.duplicates()
	return ks
}

// values finds the one array of keys.
func (ks *KeySet) values(o *Object) ([]json.RawMessage, bool) {
	const ref = "RFC 7517 §5"
	raw, present := o.Get("keys")
	values, ok := array(raw)
	many := slices.DeleteFunc(o.Names(), func(name string) bool { return name != "keys" })
	switch {
	case len(many) > 1:
		ks.report("jwks-malformed", ref, "the member keys occurs %d times, so which keys are meant is open", len(many))
		return nil, false
	case ok, o == nil:
		return values, ok
	case present:
		ks.report("jwks-malformed", ref, "the member keys is %s, not an array", kind(raw[0]))
	case o.Has("kty"):
		ks.report("jwks-malformed", ref, "this is a single key; a set has its keys in an array named keys")
	default:
		ks.report("jwks-malformed", ref, "the object has no member named keys")
	}
	return nil, false
}

// duplicates reports a kid that several keys of one kty share. Across kty it is
// allowed (RFC 7517 §4.5).
func (ks *KeySet) duplicates() {
	type id struct{ kty, kid string }
	count := map[id]int{}
	for _, k := range ks.Keys {
		if k.Kid == "" {
			continue
		}
		if at := (id{k.Kty, k.Kid}); count[at] == 1 {
			ks.report("jwks-duplicate-kid", "RFC 7517 §4.5", "several keys of kty %s have the kid %s", quote(k.Kty), quote(k.Kid))
		}
		count[id{k.Kty, k.Kid}]++
	}
}

func (ks *KeySet) report(id, ref, format string, args ...any) {
	ks.Problems = append(ks.Problems, problem(id, ref, format, args...))
}

// ParseKey reads one JWK (RFC 7517 §4). Its problems are jwk-malformed,
// jwk-unknown-kind, jwk-rsa-too-small, jwk-not-on-curve and jwk-private. With
// jwk-encoding, for superfluous zero octets, and with jwk-private on a key
// that is not symmetric, the key can still be used.
func ParseKey(raw json.RawMessage) Key {
	k := Key{Raw: raw}
	o, problems := ParseObject(raw)
	for _, p := range problems {
		k.report("jwk-malformed", "RFC 7517 §4", "%s", p.Detail)
	}
	if o == nil {
		return k
	}
	k.describe(o)
	k.secrets(o)
	k.Thumbprint, _ = thumbprint(o)
	sound := len(k.Problems) == 0 || k.Private && len(k.Problems) == 1
	if public := k.material(o); sound {
		k.Public = public
	}
	return k
}

// describe reads the members that say what a key is for (RFC 7517 §4.1 to
// §4.5).
func (k *Key) describe(o *Object) {
	for _, member := range []struct {
		name string
		into *string
	}{{"kty", &k.Kty}, {"crv", &k.Crv}, {"use", &k.Use}, {"alg", &k.Alg}, {"kid", &k.Kid}} {
		value, ok := o.String(member.name)
		*member.into = value
		if raw, present := o.Get(member.name); present && !ok {
			k.malformed("RFC 7517 §4", "its %s is %s, not a string", member.name, kind(raw[0]))
		} else if ok && value == "" && member.name != "kid" {
			k.malformed("RFC 7517 §4", "its %s is empty", member.name)
		}
	}
	kid, ok := o.String("kid")
	k.emptyKid = ok && kid == ""
	if !o.Has("kty") {
		k.malformed("RFC 7517 §4.1", "it has no kty")
	}
	if raw, present := o.Get("key_ops"); present {
		ops, ok := o.Strings("key_ops")
		if k.KeyOps = ops; !ok || raw[0] != '[' {
			k.malformed("RFC 7517 §4.3", "its key_ops is not an array of strings")
		}
	}
}

// secrets looks for members that must never be published. Unknown kinds of key
// are covered too: the names are taken by RFC 7518 §6 and, priv, by later kinds.
func (k *Key) secrets(o *Object) {
	var found []string
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		if o.Has(name) {
			found = append(found, name)
		}
	}
	if len(found) == 0 && k.Kty != "oct" {
		return
	}
	k.Private = true
	what := "it is a symmetric key"
	if len(found) > 0 {
		what = fmt.Sprintf("it carries the private or symmetric members %s", strings.Join(found, ", "))
	}
	k.report("jwk-private", "RFC 7517 §9.2", "%s", what)
}

func (k *Key) report(id, ref, format string, args ...any) {
	k.Problems = append(k.Problems, problem(id, ref, format, args...))
}

func (k *Key) malformed(ref, format string, args ...any) {
	k.report("jwk-malformed", ref, format, args...)
}
