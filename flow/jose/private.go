package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"slices"
)

// A Private is a key of our own, that signs or decrypts. The zero Private is no
// key.
type Private struct {
	Kid, Alg, Use string
	KeyOps        []string
	Kty, Crv      string
	// Key is an *rsa.PrivateKey, an *ecdsa.PrivateKey or an
	// ed25519.PrivateKey, each a crypto.Signer; or []byte for kty oct; nil for
	// a key of a set that cannot be used: Fits says why.
	Key any
	// Public is what may be published of it; of kty oct nothing.
	Public Key

	flaw *KeyError
}

// A KeyError says why a file is not the key it should be, or why a key cannot
// do what it is asked for. Reason is not-a-key, no-private-key, encrypted,
// wrong-passphrase, unsupported, misfit, ambiguous or unknown-alg. Nothing of a
// private or symmetric key is ever in it.
type KeyError struct {
	Reason, Detail string
	Try            string // a command that helps, if one does
}

func (e *KeyError) Error() string { return e.Detail }

func noKey(reason, format string, args ...any) *KeyError {
	return &KeyError{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

func (e *KeyError) try(command string) *KeyError {
	e.Try = command
	return e
}

// maxKeyFile is the longest file that is read as keys.
const maxKeyFile = 1 << 20

// ReadPrivate reads the private keys of a JWK (RFC 7517), a JWK set, or PEM or
// DER of PKCS#1, SEC 1 and PKCS#8, several blocks included. Where something is
// encrypted, pass is asked once; without pass that is an error. Public keys and
// certificates in between are passed over. In a set, a key that cannot be used
// does not spoil the others: it comes without Key. Errors are a *KeyError, or
// what pass returned.
func ReadPrivate(data []byte, pass func() ([]byte, error)) ([]Private, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) // some editors of Windows begin so
	var keys []Private
	var err error
	switch {
	case len(text) == 0:
		return nil, noKey("not-a-key", "not a key: the file is empty")
	case len(text) > maxKeyFile:
		return nil, noKey("not-a-key", "not a key: the file has %d bytes, and this tool reads up to %d", len(text), maxKeyFile)
	case text[0] == '{', text[0] == '[':
		keys, err = privateJSON(text)
	case bytes.Contains(text, []byte("-----BEGIN ")):
		keys, err = privatePEM(text, &passphrase{ask: pass})
	default:
		keys, err = privateOther(data, &passphrase{ask: pass})
	}
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(keys, func(k Private) bool { return k.Key != nil }) {
		return nil, keys[0].flaw
	}
	return keys, nil
}

// A passphrase is asked for when it is first needed.
type passphrase struct {
	ask   func() ([]byte, error)
	value []byte
	known bool
}

func (p *passphrase) get() ([]byte, error) {
	if p.ask == nil {
		return nil, noKey("encrypted", "the key is encrypted with a passphrase, and none is given").
			try("openssl pkey -in FILE -out PLAIN.pem")
	}
	if p.known {
		return p.value, nil
	}
	value, err := p.ask()
	if err != nil {
		return nil, err
	}
	p.value, p.known = value, true
	return value, nil
}

func wrongPassphrase() *KeyError {
	return noKey("wrong-passphrase", "the key cannot be decrypted: the passphrase is wrong, or the file is damaged")
}

// newPrivate is a key without a name.
func newPrivate(key any) (Private, *KeyError) {
	k := Private{Key: key}
	switch key := key.(type) {
	case []byte:
		k.Kty = "oct"
	case *rsa.PrivateKey:
		if k.Kty = "RSA"; key.N.BitLen() < leastRSA || len(key.Primes) != 2 {
			return Private{}, noKey("unsupported", "this tool signs nothing with an RSA key of %d bits and %d primes", key.N.BitLen(), len(key.Primes))
		}
	case *ecdsa.PrivateKey:
		if k.Kty, k.Crv = "EC", key.Params().Name; curve(k.Crv) == nil {
			return Private{}, noKey("unsupported", "this tool signs nothing with an EC key on %s", k.Crv)
		}
	case ed25519.PrivateKey:
		k.Kty, k.Crv = "OKP", "Ed25519"
	case *ecdh.PrivateKey:
		return Private{}, noKey("unsupported", "an X25519 key agrees on secrets and signs nothing")
	default:
		return Private{}, noKey("unsupported", "this tool signs nothing with a key of type %T", key)
	}
	k.publish()
	return k, nil
}

// publish makes Public of the rest.
func (k *Private) publish() {
	if k.Kty == "oct" {
		k.Public = Key{Kid: k.Kid, Kty: k.Kty, Use: k.Use, Alg: k.Alg}
		return
	}
	k.Public = ParseKey(k.encode(k.Kid, false))
}

// Signer is the key as the standard library signs with it; nil for kty oct.
func (k Private) Signer() crypto.Signer {
	s, _ := k.Key.(crypto.Signer)
	return s
}

// String names the key and shows nothing of it.
func (k Private) String() string {
	kind := k.Kty
	if k.Crv != "" {
		kind += " " + k.Crv
	}
	switch {
	case k.Key == nil && k.flaw == nil:
		return "no key"
	case k.Kid == "" && k.Public.Thumbprint == "":
		return fmt.Sprintf("the %s key without kid", kind)
	case k.Kid == "":
		return fmt.Sprintf("the %s key without kid (thumbprint %s)", kind, k.Public.Thumbprint)
	}
	return fmt.Sprintf("the %s key %s", kind, quote(k.Kid))
}

// GoString is String, so that no way of printing shows more.
func (k Private) GoString() string { return k.String() }
