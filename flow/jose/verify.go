package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"fmt"
	"math/big"
	"strings"
)

// minRSA is the least size of an RSA key (RFC 7518 §3.3, §3.5).
const minRSA = 2048

// A VerifyError says why a signature was not accepted. Reason is alg-none,
// alg-hmac, alg-unknown, alg-unsupported, alg-key-mismatch, key-unusable, crit,
// malformed or signature. Only with alg-unsupported does it say nothing about
// the token: this tool cannot tell.
type VerifyError struct{ Reason, Detail string }

func (e *VerifyError) Error() string { return e.Reason + ": " + e.Detail }

func refuse(reason, format string, args ...any) *VerifyError {
	return &VerifyError{reason, fmt.Sprintf(format, args...)}
}

// Verify checks the signature of t with k, and nothing about its claims. What
// the key may do comes from the key alone, never from the token (RFC 8725
// §3.1). Every error is a *VerifyError.
func Verify(t *Token, k Key) error {
	if err := verify(t, k); err != nil {
		return err
	}
	return nil
}

func verify(t *Token, k Key) *VerifyError {
	if err := wellFormed(t); err != nil {
		return err
	}
	a, err := signature(t.Alg())
	if err != nil {
		return err
	}
	if err := understood(t.Header); err != nil {
		return err
	}
	if err := k.fits(t.Alg(), a); err != nil {
		return err
	}
	input := t.signingInput()
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		return verifyRSA(a, public, digest(a.hash, input), t.Signature)
	case *ecdsa.PublicKey:
		return verifyECDSA(public, digest(a.hash, input), t.Signature)
	case ed25519.PublicKey:
		if !ed25519.Verify(public, input, t.Signature) {
			return refuse("signature", "the Ed25519 signature does not verify with this key")
		}
	}
	return nil
}

// VerifyHMAC checks HS256, HS384 or HS512 with the octets of a client secret
// (OpenID Connect Core §10.1), of any length but zero. Whether the secret is
// long enough (RFC 7518 §3.2) is for the caller to judge. Every error is a
// *VerifyError.
func VerifyHMAC(t *Token, secret []byte) error {
	if err := verifyHMAC(t, secret); err != nil {
		return err
	}
	return nil
}

func verifyHMAC(t *Token, secret []byte) *VerifyError {
	if err := wellFormed(t); err != nil {
		return err
	}
	a, known := algorithms[t.Alg()]
	switch {
	case !known && !laterAlgorithms[t.Alg()]:
		return unknownAlg(t.Alg())
	case a.family != hmacMAC:
		return refuse("alg-key-mismatch", "alg %s needs a public key, not a shared secret", t.Alg())
	case len(secret) == 0:
		return refuse("key-unusable", "the secret is empty: anybody could have made this token")
	}
	if err := understood(t.Header); err != nil {
		return err
	}
	mac := hmac.New(a.hash.New, secret)
	mac.Write(t.signingInput())
	if !hmac.Equal(mac.Sum(nil), t.Signature) {
		return refuse("signature", "the %s value does not match this secret", t.Alg())
	}
	return nil
}

// wellFormed refuses a token that another reader may take for another token.
// Flaws in the claims do not change what was signed.
func wellFormed(t *Token) *VerifyError {
	if t == nil || t.Form != FormJWS {
		return refuse("malformed", "this is not a compact JWS")
	}
	for _, p := range t.Problems {
		if !strings.HasPrefix(p.ID, "jwt-claims-") {
			return refuse("malformed", "%s: %s", p.ID, p.Detail)
		}
	}
	if _, ok := t.Header.String("alg"); !ok {
		return refuse("malformed", "the header has no alg that is a string (RFC 7515 §4.1.1)")
	}
	return nil
}

// understood refuses every crit: this tool understands no extension, and a
// list that names none is illegal too (RFC 7515 §4.1.11). An unencoded payload
// (RFC 7797) is refused even where crit was forgotten.
func understood(header *Object) *VerifyError {
	if crit, ok := header.Get("crit"); ok {
		return refuse("crit", "the header says crit %s, and this tool understands no extension", quote(string(crit)))
	}
	if b64, ok := header.Get("b64"); ok && string(b64) != "true" {
		return refuse("crit", "the header says b64 %s: unencoded payloads are not accepted", quote(string(b64)))
	}
	return nil
}

// signingInput is what the signature covers (RFC 7515 §5.2). It is taken from
// the token as it came, and a token that had to be mended gets no further.
func (t *Token) signingInput() []byte {
	return []byte(t.Raw[:strings.LastIndexByte(t.Raw, '.')])
}

func digest(hash crypto.Hash, input []byte) []byte {
	h := hash.New()
	h.Write(input)
	return h.Sum(nil)
}

func verifyRSA(a algorithm, public *rsa.PublicKey, sum, sig []byte) *VerifyError {
	if len(sig) != public.Size() {
		return refuse("signature", "the signature has %d bytes and a key of %d bits makes %d", len(sig), public.N.BitLen(), public.Size())
	}
	if a.family == rsaPKCS1 {
		if rsa.VerifyPKCS1v15(public, a.hash, sum, sig) != nil {
			return refuse("signature", "the %s signature does not verify with this key", a.family)
		}
		return nil
	}
	// RFC 7518 §3.5: the salt is as long as the hash.
	strict := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	if rsa.VerifyPSS(public, a.hash, sum, sig, strict) == nil {
		return nil
	}
	if rsa.VerifyPSS(public, a.hash, sum, sig, nil) == nil {
		return refuse("signature", "the %s signature was made by this key, but its salt is not %d bytes long (RFC 7518 §3.5)", a.family, a.hash.Size())
	}
	return refuse("signature", "the %s signature does not verify with this key", a.family)
}

func verifyECDSA(public *ecdsa.PublicKey, sum, sig []byte) *VerifyError {
	order := public.Curve.Params().N
	width := (order.BitLen() + 7) / 8
	if len(sig) != 2*width {
		if ecdsa.VerifyASN1(public, sum, sig) {
			return refuse("signature", "the signature was made by this key, but it is in ASN.1 DER; a JWS has r and s side by side (RFC 7518 §3.4)")
		}
		return refuse("signature", "the signature has %d bytes and %s makes %d", len(sig), public.Curve.Params().Name, 2*width)
	}
	r, s := new(big.Int).SetBytes(sig[:width]), new(big.Int).SetBytes(sig[width:])
	for _, half := range []*big.Int{r, s} {
		if half.Sign() == 0 || half.Cmp(order) >= 0 {
			return refuse("signature", "r or s is zero or not below the order of %s", public.Curve.Params().Name)
		}
	}
	if !ecdsa.Verify(public, sum, r, s) {
		return refuse("signature", "the ECDSA signature does not verify with this key")
	}
	return nil
}
