package check

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is made with it (RFC 7517 §4.8)
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// lintStrength is about keys that can be used and hardly should be.
func lintStrength(_ *flow.Run, keys []jose.Key) flow.Verdict {
	var odd flaws
	for i := range keys {
		k := &keys[i]
		public, isRSA := k.Public.(*rsa.PublicKey)
		switch {
		case isRSA && public.E < 65537:
			odd.add("65537", big.NewInt(int64(public.E)).String(), "the exponent of %s is %d, which makes mistakes in padding fatal", keyAt(keys, i), public.E)
		case k.Kty == "EC" && contains([]string{"P-192", "secp192r1", "P-160", "secp160r1"}, k.Crv):
			odd.add("a curve of at least 224 bits", k.Crv, "the curve of %s is too small", keyAt(keys, i))
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

// A modulus is that of the key at some place.
type modulus struct {
	at int
	n  *big.Int
}

// mostBits is how much is multiplied: what fits into an answer of usual size.
const mostBits = 8 << 20

// lintWeak looks for RSA keys whose factors can be had by arithmetic: those of
// a broken generator, those with small factors, and those that share one.
func lintWeak(_ *flow.Run, keys []jose.Key) flow.Verdict {
	var all []modulus
	var bad flaws
	seen := map[string]bool{}
	primes, bits := smallPrimes(), 0
	small, roca := product(primes), newFingerprint(primes)
	for i := range keys {
		public, isRSA := keys[i].Public.(*rsa.PublicKey)
		if !isRSA || seen[string(public.N.Bytes())] {
			continue
		}
		seen[string(public.N.Bytes())] = true
		if bits += public.N.BitLen(); bits < mostBits {
			all = append(all, modulus{i, public.N})
		}
		if g := new(big.Int).GCD(nil, nil, public.N, small); g.BitLen() > 1 {
			bad.add("the product of two large primes", "divisible by "+g.String(), "the modulus of %s is divisible by %s", keyAt(keys, i), g)
		}
		if roca.of(public.N) {
			bad.add("random primes", "the fingerprint of CVE-2017-15361", "%s comes from a broken generator (ROCA): its private key can be computed", keyAt(keys, i))
		}
	}
	for _, m := range shared(all) {
		bad.add("factors of its own", keyAt(keys, m.at), "%s shares a factor with another key of the set: the private keys of both can be computed by anybody", keyAt(keys, m.at))
	}
	if len(bad) > 0 {
		return bad.as(fail)
	}
	if len(all) == 0 {
		return skip("no RSA keys")
	}
	return ok("")
}

// smallPrimes are the odd primes below 1000. They are sieved, as this is a part
// of every run that fetches keys.
func smallPrimes() []*big.Int {
	var composite [1000]bool
	var out []*big.Int
	for n := 3; n < len(composite); n += 2 {
		if composite[n] {
			continue
		}
		out = append(out, big.NewInt(int64(n)))
		for m := n * n; m < len(composite); m += 2 * n {
			composite[m] = true
		}
	}
	return out
}

// product multiplies in pairs, so that factors are of about equal size.
func product(all []*big.Int) *big.Int {
	switch len(all) {
	case 0:
		return big.NewInt(1)
	case 1:
		return all[0]
	}
	half := len(all) / 2
	return new(big.Int).Mul(product(all[:half]), product(all[half:]))
}

// A node of the tree is the product of some moduli, and the sum of the products
// of all of them but one.
type node struct{ product, others *big.Int }

// shared are the moduli that have a factor in common with another. With 1,000
// keys there are half a million pairs, so each is compared with the product of
// all others at once: that is, modulo a modulus, the same as the sum over all of
// the products of the rest, which a tree of products gives and a tree of
// remainders takes apart (Bernstein, How to find the smooth parts of integers).
func shared(all []modulus) []modulus {
	if len(all) < 2 {
		return nil
	}
	level := make([]node, len(all))
	for i, m := range all {
		level[i] = node{m.n, big.NewInt(1)}
	}
	levels := [][]node{level}
	for len(level) > 1 {
		level = paired(level)
		levels = append(levels, level)
	}
	rest := []*big.Int{level[0].others}
	for d := len(levels) - 2; d >= 0; d-- {
		down := make([]*big.Int, len(levels[d]))
		for i, n := range levels[d] {
			down[i] = new(big.Int).Mod(rest[i/2], n.product)
		}
		rest = down
	}
	var out []modulus
	for i, m := range all {
		if new(big.Int).GCD(nil, nil, rest[i], m.n).BitLen() > 1 {
			out = append(out, m)
		}
	}
	return out
}

// paired is the next level of the tree.
func paired(level []node) []node {
	var up []node
	for i := 0; i < len(level); i += 2 {
		if i+1 == len(level) {
			up = append(up, level[i])
			break
		}
		a, b := level[i], level[i+1]
		sum := new(big.Int).Mul(a.others, b.product)
		up = append(up, node{new(big.Int).Mul(a.product, b.product), sum.Add(sum, new(big.Int).Mul(b.others, a.product))})
	}
	return up
}

// A fingerprint recognises the primes of the generator of CVE-2017-15361: they
// are k·M + 65537^a mod M, where M is a product of the first primes, so that
// modulo each of those a key is a power of 65537 (Nemec and others, The Return
// of Coppersmith's Attack, 2017, §2).
type fingerprint map[int64][]bool

func newFingerprint(primes []*big.Int) fingerprint {
	f := fingerprint{}
	for _, prime := range primes {
		p := prime.Int64()
		if p > 167 {
			break
		}
		powers := make([]bool, p)
		for x := int64(1); !powers[x]; x = x * 65537 % p {
			powers[x] = true
		}
		f[p] = powers
	}
	return f
}

func (f fingerprint) of(n *big.Int) bool {
	for p, powers := range f {
		if !powers[new(big.Int).Mod(n, big.NewInt(p)).Int64()] {
			return false
		}
	}
	return true
}

// lintCertificates compares a key with the certificate that it comes with.
func lintCertificates(r *flow.Run, keys []jose.Key) flow.Verdict {
	var must, odd flaws
	certified := 0
	for i := range keys {
		o, _ := jose.ParseObject(keys[i].Raw)
		if !o.Has("x5c") && !o.Has("x5t") && !o.Has("x5t#S256") {
			continue
		}
		chain, text := o.Strings("x5c")
		if o.Has("x5c") && (!text || len(chain) == 0) {
			must.add("a list of certificates", keyAt(keys, i), "the x5c of %s is not a list of strings", keyAt(keys, i))
			continue
		}
		if len(chain) > 0 {
			certified++
			certificate(r, &keys[i], keyAt(keys, i), o, chain[0], &must, &odd)
		}
	}
	switch {
	case len(must) > 0:
		return append(must, odd...).as(fail)
	case certified == 0:
		return skip("no certificates")
	case len(odd) > 0:
		return odd.as(warn)
	}
	return ok("")
}

// certificate holds a key to its certificate: x5c has it in plain base64.
func certificate(r *flow.Run, k *jose.Key, name string, o *jose.Object, first string, must, odd *flaws) {
	der, err := base64.StdEncoding.DecodeString(first)
	cert, unreadable := x509.ParseCertificate(der)
	if err == nil && unreadable != nil && strings.Contains(unreadable.Error(), "unsupported") {
		return // a certificate, and of a kind that Go does not know
	}
	if err != nil || unreadable != nil {
		must.add("base64 of a certificate", name, "the x5c of %s holds no certificate", name)
		return
	}
	switch {
	case k.Public != nil && cert.PublicKey != nil && !samePublic(k, cert): // none: a kind of key that Go does not know
		must.add("the certificate of this key", cert.Subject.String(), "the certificate of %s is of another key", name)
	case r.Now != nil && r.Now().After(cert.NotAfter):
		odd.add("a valid certificate", cert.NotAfter.UTC().Format("2006-01-02"), "the certificate of %s expired on %s", name, cert.NotAfter.UTC().Format("2006-01-02"))
	}
	sum := sha1.Sum(der) //nolint:gosec // as the member is defined
	for _, x := range []struct{ member, want string }{{"x5t", base64.RawURLEncoding.EncodeToString(sum[:])}, {"x5t#S256", jose.CertificateThumbprint(der)}} {
		if s, told := o.String(x.member); told && strings.TrimRight(s, "=") != x.want {
			must.add(x.member+" "+x.want, s, "the %s of %s is not that of its certificate", x.member, name)
		}
	}
}

// samePublic compares the keys by what they are made of.
func samePublic(k *jose.Key, cert *x509.Certificate) bool {
	a, err := x509.MarshalPKIXPublicKey(k.Public)
	b, wrong := x509.MarshalPKIXPublicKey(cert.PublicKey)
	return err == nil && wrong == nil && bytes.Equal(a, b)
}
