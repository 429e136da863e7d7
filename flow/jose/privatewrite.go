package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
)

// JWK is the key with its private members (RFC 7518 §6). Its kid is the one it
// has, or else its thumbprint (RFC 7638).
func (k Private) JWK() json.RawMessage { return k.encode(k.name(), true) }

// PublicJWKS is the key as a server is told of it: a JWK set with its public
// half alone. For kty oct the set is empty.
func (k Private) PublicJWKS() json.RawMessage {
	if k.Kty == "oct" || k.Key == nil {
		return json.RawMessage(`{"keys":[]}`)
	}
	return json.RawMessage(`{"keys":[` + string(k.encode(k.name(), false)) + `]}`)
}

// PublicJWK is the public half with nothing but the members that make the key,
// as a proof carries it; empty for kty oct.
func (k Private) PublicJWK() json.RawMessage {
	if k.Kty == "oct" || k.Key == nil {
		return nil
	}
	bare := Private{Key: k.Key, Kty: k.Kty, Crv: k.Crv}
	return bare.encode("", false)
}

func (k Private) name() string {
	if k.Kid != "" {
		return k.Kid
	}
	return k.Public.Thumbprint
}

// encode writes the members in the order in which people read them.
func (k Private) encode(kid string, private bool) json.RawMessage {
	var b strings.Builder
	text := func(name, value string) {
		if value == "" {
			return
		}
		quoted, _ := plainJSON(value)
		b.WriteString(`,"` + name + `":`)
		b.Write(quoted)
	}
	octets := func(name string, value []byte) { text(name, base64.RawURLEncoding.EncodeToString(value)) }
	text("kty", k.Kty)
	text("kid", kid)
	text("use", k.Use)
	text("alg", k.Alg)
	text("crv", k.Crv)
	switch key := k.Key.(type) {
	case *rsa.PrivateKey:
		k.encodeRSA(key, octets, private)
	case *ecdsa.PrivateKey:
		point, _ := key.PublicKey.Bytes()
		half := len(point) / 2
		octets("x", point[1:1+half])
		octets("y", point[1+half:])
		if d, err := key.Bytes(); private && err == nil {
			octets("d", d)
		}
	case ed25519.PrivateKey:
		octets("x", key[ed25519.SeedSize:]) // a private key ends with its public half
		if private {
			octets("d", key.Seed())
		}
	case []byte:
		if private {
			octets("k", key)
		}
	}
	return json.RawMessage("{" + strings.TrimPrefix(b.String(), ",") + "}")
}

func (Private) encodeRSA(key *rsa.PrivateKey, octets func(string, []byte), private bool) {
	octets("n", key.N.Bytes())
	octets("e", big.NewInt(int64(key.E)).Bytes())
	if !private || len(key.Primes) != 2 {
		return
	}
	key.Precompute()
	for _, m := range []struct {
		name  string
		value *big.Int
	}{
		{"d", key.D}, {"p", key.Primes[0]}, {"q", key.Primes[1]},
		{"dp", key.Precomputed.Dp}, {"dq", key.Precomputed.Dq}, {"qi", key.Precomputed.Qinv},
	} {
		octets(m.name, m.value.Bytes())
	}
}
