package jose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
)

// privateJSON reads a JWK or a JWK set. What is wrong is said without quoting:
// any part of the text may be the secret.
func privateJSON(text []byte) ([]Private, error) {
	o, problems := ParseObject(text)
	for _, p := range problems {
		switch p.ID {
		case "json-not-object":
			return nil, noKey("not-a-key", "not a key: a JSON array; a set has its keys in an object's array named keys (RFC 7517 §5)")
		case "json-duplicate-name":
			return nil, noKey("not-a-key", "not a key: a member occurs twice in the JSON")
		default:
			return nil, noKey("not-a-key", "not a key: the JSON is broken (%s)", p.ID)
		}
	}
	if !o.Has("keys") {
		k, err := privateJWK(o)
		if err != nil {
			return nil, err
		}
		return []Private{k}, nil
	}
	raw, _ := o.Get("keys")
	values, ok := array(raw)
	if !ok {
		return nil, noKey("not-a-key", "not a key: the member keys is not an array (RFC 7517 §5)")
	}
	var keys []Private
	for _, value := range values {
		one, _ := ParseObject(value)
		k, err := privateJWK(one)
		if err != nil && err.Reason == "no-private-key" {
			continue
		}
		if k.flaw = err; err != nil {
			k.label(one)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, noKey("no-private-key", "no private key in it: the JWK set has %d public keys", len(values))
	}
	return keys, nil
}

// label reads what a JWK says of itself (RFC 7517 §4).
func (k *Private) label(o *Object) {
	k.Kid, _ = o.String("kid")
	k.Alg, _ = o.String("alg")
	k.Use, _ = o.String("use")
	k.KeyOps, _ = o.Strings("key_ops")
	k.Kty, _ = o.String("kty")
	k.Crv, _ = o.String("crv")
}

func privateJWK(o *Object) (Private, *KeyError) {
	var labels Private
	labels.label(o)
	m := &members{from: o}
	var key any
	switch kty := labels.Kty; {
	case kty == "":
		return Private{}, noKey("not-a-key", "not a key: the JSON object has no kty (RFC 7517 §4.1)")
	case kty == "oct":
		key = m.octets("k")
	case !o.Has("d"):
		return Private{}, noKey("no-private-key", "no private key in it: the JWK of kty %s is a public key, it has no d", quote(kty))
	case kty == "RSA":
		key = m.rsa()
	case kty == "EC" && curve(labels.Crv) != nil:
		key = m.ec(labels.Crv)
	case kty == "OKP" && labels.Crv == "Ed25519":
		key = m.ed25519()
	default:
		return Private{}, noKey("unsupported", "this tool signs nothing with kty %s, crv %s", quote(kty), quote(labels.Crv))
	}
	if m.flaw != nil {
		return Private{}, m.flaw
	}
	k, err := newPrivate(key)
	if err != nil {
		return Private{}, err
	}
	k.label(o)
	k.publish()
	return k, nil
}

// members reads the members of a JWK and keeps the first flaw.
type members struct {
	from *Object
	flaw *KeyError
}

func (m *members) fail(format string, args ...any) {
	if m.flaw == nil {
		m.flaw = noKey("not-a-key", "not a key: "+format, args...)
	}
}

// octets reads base64url. Padding is let pass: OpenSSL's tools and some vaults
// write it, and with a key of our own nobody is deceived by that.
func (m *members) octets(name string) []byte {
	value, ok := m.from.String(name)
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value, "="))
	switch {
	case !m.from.Has(name):
		m.fail("the JWK has no %s", name)
	case !ok || err != nil || len(b) == 0:
		m.fail("the %s of the JWK is not base64url", name)
	}
	return b
}

// leastRSA is where crypto/rsa begins to sign; with a key between this and
// minRSA a server can be asked whether it takes it.
const leastRSA = 1024

func (m *members) integer(name string) *big.Int { return new(big.Int).SetBytes(m.octets(name)) }

// rsa reads RFC 7518 §6.3.2. The primes may be left out; they follow from the
// rest.
func (m *members) rsa() *rsa.PrivateKey {
	n, e, d := m.integer("n"), m.integer("e"), m.integer("d")
	if m.from.Has("oth") {
		m.fail("an RSA key of more than two primes, which this tool does not sign with")
	}
	if m.flaw == nil && n.BitLen() < leastRSA {
		m.flaw = noKey("unsupported", "an RSA key of %d bits is too small to sign with; %d are the least that servers take (RFC 7518 §3.3)", n.BitLen(), minRSA)
	}
	if m.flaw == nil && (n.BitLen() > maxRSA || n.Bit(0) == 0 || !e.IsInt64() || e.Int64() > maxExponent || e.Int64() < 3 || d.Sign() == 0 || d.Cmp(n) >= 0) {
		m.fail("the n, e and d of the JWK do not make an RSA key")
	}
	if m.flaw != nil {
		return nil
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d}
	if m.from.Has("p") || m.from.Has("q") {
		key.Primes = []*big.Int{m.integer("p"), m.integer("q")}
	} else if p, q := primes(n, e, d); p != nil {
		key.Primes = []*big.Int{p, q}
	}
	if m.flaw == nil && (len(key.Primes) != 2 || key.Validate() != nil) {
		m.fail("the members of the JWK do not belong to one RSA key")
	}
	if m.flaw != nil {
		return nil
	}
	key.Precompute()
	return key
}

// primes finds the factors of n from e and d: e·d-1 is a multiple of the order
// of every residue, so a root of one that is neither 1 nor -1 parts them
// (NIST SP 800-56B, appendix C). Each base finds one with probability 1/2. A
// base that does not come to 1 shows that d does not belong to n.
func primes(n, e, d *big.Int) (*big.Int, *big.Int) {
	one := big.NewInt(1)
	k := new(big.Int).Mul(e, d)
	k.Sub(k, one)
	twos := k.TrailingZeroBits()
	if k.Sign() <= 0 || twos == 0 {
		return nil, nil
	}
	odd := new(big.Int).Rsh(k, twos)
	minus := new(big.Int).Sub(n, one)
	for base := int64(2); base < 66; base++ {
		x := new(big.Int).Exp(big.NewInt(base), odd, n)
		y := x
		for range twos {
			if x, y = y, new(big.Int).Exp(y, big.NewInt(2), n); y.Cmp(one) == 0 {
				break
			}
		}
		switch {
		case y.Cmp(one) != 0:
			return nil, nil
		case x.Cmp(one) != 0 && x.Cmp(minus) != 0:
			p := new(big.Int).GCD(nil, nil, new(big.Int).Sub(x, one), n)
			return p, new(big.Int).Quo(n, p)
		}
	}
	return nil, nil
}

// ec reads RFC 7518 §6.2.2. A d that lost its leading zeros is filled up: some
// libraries write it as a plain number.
func (m *members) ec(crv string) *ecdsa.PrivateKey {
	x, y, d := m.octets("x"), m.octets("y"), m.octets("d")
	width := (curve(crv).Params().N.BitLen() + 7) / 8
	if m.flaw == nil && len(d) > width {
		m.fail("the d of the JWK has %d octets, and on %s it has %d", len(d), crv, width)
	}
	if m.flaw != nil {
		return nil
	}
	key, err := ecdsa.ParseRawPrivateKey(curve(crv), append(make([]byte, width-len(d)), d...))
	if err != nil {
		m.fail("the d of the JWK is not a key on %s", crv)
		return nil
	}
	point, _ := key.PublicKey.Bytes()
	half := point[1 : 1+len(point)/2]
	if !sameInteger(x, half) || !sameInteger(y, point[1+len(half):]) {
		m.fail("the d of the JWK does not belong to its x and y")
	}
	return key
}

func sameInteger(a, b []byte) bool {
	return new(big.Int).SetBytes(a).Cmp(new(big.Int).SetBytes(b)) == 0
}

// ed25519 reads RFC 8037 §2: d is the seed.
func (m *members) ed25519() ed25519.PrivateKey {
	x, d := m.octets("x"), m.octets("d")
	if m.flaw == nil && len(d) != ed25519.SeedSize {
		m.fail("the d of the JWK has %d octets, and on Ed25519 it has %d", len(d), ed25519.SeedSize)
	}
	if m.flaw != nil {
		return nil
	}
	key := ed25519.NewKeyFromSeed(d)
	if !bytes.Equal(key[ed25519.SeedSize:], x) { // a private key ends with its public half
		m.fail("the d of the JWK does not belong to its x")
	}
	return key
}
