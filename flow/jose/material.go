package jose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
)

const (
	maxRSA      = 16384     // bits; more is an attack on the verifier
	maxExponent = 1<<31 - 1 // what crypto/rsa takes
)

// material reads the public key itself; nil, and a problem, when it cannot be
// used.
func (k *Key) material(o *Object) any {
	switch {
	case k.Kty == "RSA":
		if public := k.rsa(o); public != nil {
			return public
		}
	case k.Kty == "EC" && curve(k.Crv) != nil:
		if public := k.ec(o); public != nil {
			return public
		}
	case k.Kty == "OKP" && k.Crv == "Ed25519":
		if public := k.ed25519(o); public != nil {
			return public
		}
	case k.Kty == "oct", k.Kty == "":
		// Reported as a secret, and as malformed.
	case (k.Kty == "EC" || k.Kty == "OKP") && !o.Has("crv"):
		k.malformed("RFC 7518 §6.2.1.1", "it has no crv")
	default:
		// RFC 7517 §5: unknown kinds of key are to be passed over.
		k.report("jwk-unknown-kind", "RFC 7517 §5", "this tool verifies nothing with kty %s, crv %s", quote(k.Kty), quote(k.Crv))
	}
	return nil
}

// rsa reads n and e (RFC 7518 §6.3.1).
func (k *Key) rsa(o *Object) *rsa.PublicKey {
	const ref = "RFC 7518 §6.3.1"
	n, okN := k.integer(o, "n")
	e, okE := k.integer(o, "e")
	if !okN || !okE {
		return nil
	}
	switch {
	case n.BitLen() > maxRSA:
		k.malformed(ref, "its modulus has %d bits; this tool takes up to %d", n.BitLen(), maxRSA)
	case n.Bit(0) == 0:
		k.malformed(ref, "its modulus is even")
	case !e.IsInt64() || e.Int64() > maxExponent || e.Int64() < 3 || e.Bit(0) == 0:
		k.malformed(ref, "its exponent is not an odd number from 3 to %d", maxExponent)
	case n.BitLen() < minRSA:
		k.report("jwk-rsa-too-small", "RFC 7518 §3.3", "its modulus has %d bits, and %d are the least", n.BitLen(), minRSA)
	default:
		return &rsa.PublicKey{N: n, E: int(e.Int64())}
	}
	return nil
}

// integer reads a Base64urlUInt (RFC 7518 §2). Leading zero octets change
// nothing but the thumbprint; signed-integer libraries write one.
func (k *Key) integer(o *Object, name string) (*big.Int, bool) {
	octets, ok := k.octets(o, name)
	if ok && len(octets) > 1 && octets[0] == 0 {
		k.report("jwk-encoding", "RFC 7518 §2", "its %s begins with a zero octet", name)
	}
	return new(big.Int).SetBytes(octets), ok
}

// ec reads x and y, each as long as the curve wants (RFC 7518 §6.2.1).
func (k *Key) ec(o *Object) *ecdsa.PublicKey {
	x, okX := k.octets(o, "x")
	y, okY := k.octets(o, "y")
	if !okX || !okY {
		return nil
	}
	width := (curve(k.Crv).Params().BitSize + 7) / 8
	if len(x) != width || len(y) != width {
		k.malformed("RFC 7518 §6.2.1.2", "its x and y have %d and %d octets, and on %s both have %d", len(x), len(y), k.Crv, width)
		return nil
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve(k.Crv), slices.Concat([]byte{4}, x, y))
	if err != nil {
		k.report("jwk-not-on-curve", "RFC 8725 §3.4", "its point (x, y) is not on %s", k.Crv)
		return nil
	}
	return public
}

// ed25519 reads x (RFC 8037 §2).
func (k *Key) ed25519(o *Object) ed25519.PublicKey {
	x, ok := k.octets(o, "x")
	switch {
	case !ok:
	case len(x) != ed25519.PublicKeySize:
		k.malformed("RFC 8037 §2", "its x has %d octets, and on Ed25519 it has %d", len(x), ed25519.PublicKeySize)
	case !onEd25519(x):
		k.report("jwk-not-on-curve", "RFC 8725 §3.4", "its x is not a point on Ed25519 that can be a key")
	default:
		return x
	}
	return nil
}

// onEd25519 says whether 32 octets encode a point of the curve
// -x² + y² = 1 + dy²x² (RFC 8032 §5.1.3) that is not one of the eight of small
// order, under which anybody can sign.
func onEd25519(encoded []byte) bool {
	edP, edD, edSmall := edwardsField()
	octets := bytes.Clone(encoded)
	slices.Reverse(octets)
	octets[0] &= 0x7f // the sign of x
	y := new(big.Int).SetBytes(octets)
	if y.Cmp(edP) >= 0 || slices.ContainsFunc(edSmall, func(small *big.Int) bool { return small.Cmp(y) == 0 }) {
		return false
	}
	// x² is u/v, and that is a square when uv is.
	yy := new(big.Int).Mul(y, y)
	u := new(big.Int).Sub(yy, big.NewInt(1))
	v := new(big.Int).Mul(edD, yy)
	v.Add(v, big.NewInt(1))
	return big.Jacobi(u.Mod(u.Mul(u, v), edP), edP) >= 0
}

// edwardsField is the field and the constant d of edwards25519 (RFC 8032 §5.1), and
// the y of its points of small order: 0, 1, -1 and the two of order eight. They
// are made when needed, as most key sets have no Ed25519 key.
func edwardsField() (p, d *big.Int, small []*big.Int) {
	return number("57896044618658097711785492504343953926634992332820282019728792003956564819949"),
		number("37095705934669439343138083508754565189542113879843219016388785533085940283555"),
		[]*big.Int{
			number("0"), number("1"),
			number("57896044618658097711785492504343953926634992332820282019728792003956564819948"),
			number("2707385501144840649318225287225658788936804267575313519463743609750303402022"),
			number("55188659117513257062467267217118295137698188065244968500265048394206261417927"),
		}
}

func number(decimal string) *big.Int {
	n, _ := new(big.Int).SetString(decimal, 10)
	return n
}

// octets reads a member that is base64url: no padding, no other alphabet, no
// stray bits.
func (k *Key) octets(o *Object, name string) ([]byte, bool) {
	const ref = "RFC 7518 §6"
	value, ok := o.String(name)
	switch raw, present := o.Get(name); {
	case !present:
		k.malformed(ref, "it has no %s", name)
		return nil, false
	case !ok:
		k.malformed(ref, "its %s is %s, not a string", name, kind(raw[0]))
		return nil, false
	}
	octets, err := base64.RawURLEncoding.Strict().DecodeString(value)
	// The decoder passes over line breaks.
	if err != nil || len(octets) == 0 || strings.ContainsAny(value, "\r\n") {
		k.malformed(ref, "its %s is not base64url without padding: %s", name, quote(value))
		return nil, false
	}
	return octets, true
}
