package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"io"
	"strings"
)

// Generate makes a key for an alg: RS256 and PS256 with 2048 bits, RS384 to
// PS512 with 3072, ES256, ES384, ES512, EdDSA or Ed25519. Its kid is its
// thumbprint (RFC 7638). RSA keys come from the system's random source, whatever
// from is: crypto/rsa takes no other. An unknown alg is a *KeyError.
func Generate(alg string, from io.Reader) (Private, error) {
	key, err := generate(alg, from)
	if err != nil {
		return Private{}, err
	}
	k, refused := newPrivate(key)
	if refused != nil {
		return Private{}, refused
	}
	k.Kid, k.Use, k.Alg = k.Public.Thumbprint, "sig", alg
	k.publish()
	return k, nil
}

// Generated lists what Generate makes.
func Generated() []string {
	return []string{"ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}
}

func generate(alg string, from io.Reader) (any, error) {
	switch a := algorithms[alg]; {
	case a.unsupported, a.family == "", a.family == hmacMAC:
		return nil, noKey("unknown-alg", "no key is made for alg %s; there are %s", quote(alg), strings.Join(Generated(), ", "))
	case a.family == ecdsaSig:
		return generateEC(a.curve, from)
	case a.family == edwards:
		seed := make([]byte, ed25519.SeedSize)
		if _, err := io.ReadFull(from, seed); err != nil {
			return nil, fmt.Errorf("random source: %w", err)
		}
		return ed25519.NewKeyFromSeed(seed), nil
	case strings.HasSuffix(alg, "256"):
		return rsa.GenerateKey(from, 2048)
	}
	return rsa.GenerateKey(from, 3072)
}

// generateEC draws until a number below the order of the curve comes, as FIPS
// 186-5 A.2.2 does. crypto/ecdsa would not ask from at all.
func generateEC(crv string, from io.Reader) (*ecdsa.PrivateKey, error) {
	bits := curve(crv).Params().N.BitLen()
	d := make([]byte, (bits+7)/8)
	const tries = 100 // each fails with less than 1 in 2
	for range tries {
		if _, err := io.ReadFull(from, d); err != nil {
			return nil, fmt.Errorf("random source: %w", err)
		}
		d[0] >>= len(d)*8 - bits
		if key, err := ecdsa.ParseRawPrivateKey(curve(crv), d); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("random source: no number of %d that it gave is a key on %s", tries, crv)
}
