package jose

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	josev4 "github.com/go-jose/go-jose/v4"
)

// A Plain is what was in a JWE. The payload is as it was encrypted: for a
// nested JWT it is that JWT (RFC 7519 §5.2), whose signature says more about
// its sender than the encryption, which anybody can do.
type Plain struct {
	Payload  []byte
	Key      string // what decrypted it, for a sentence: the EC P-256 key "enc-1", the client secret
	Alg, Enc string
	Warnings []Problem // jwe-rsa1_5
}

// A DecryptError says why a JWE was not decrypted. Reason is no-key,
// no-fitting-key, wrong-key, alg-unsupported, enc-unsupported, jwe-pbes2,
// jwe-zip, crit or malformed. What failed behind a key is all wrong-key, and
// nothing of a key is ever in it.
type DecryptError struct{ Reason, Detail string }

func (e *DecryptError) Error() string { return e.Reason + ": " + e.Detail }

func unopened(reason, format string, args ...any) *DecryptError {
	return &DecryptError{reason, fmt.Sprintf(format, args...)}
}

// Decrypt opens a compact JWE that was encrypted to one of our private keys, or
// with a key derived from the client secret (OpenID Connect Core §10.2). Keys
// that the token brings or points to are never looked at. A kid chooses among
// the keys that fit the alg; without one of ours they are tried one after the
// other, those for decryption first. Every error is a *DecryptError.
func Decrypt(t *Token, keys []Private, secret []byte) (*Plain, error) {
	e, refused := openEnvelope(t)
	if refused != nil {
		return nil, refused
	}
	openers, refused := e.openers(keys, secret)
	if refused != nil {
		return nil, refused
	}
	sealed, err := josev4.ParseEncryptedCompact(t.Raw, []josev4.KeyAlgorithm{josev4.KeyAlgorithm(e.alg)}, []josev4.ContentEncryption{josev4.ContentEncryption(e.enc)})
	if err != nil {
		return nil, unopened("malformed", "a member of the header cannot be read as RFC 7516 §4.1 has it")
	}
	var tried []string
	for _, o := range openers {
		payload, err := sealed.Decrypt(o.key)
		if err != nil {
			tried = append(tried, o.name)
			continue
		}
		return &Plain{Payload: payload, Key: o.name, Alg: e.alg, Enc: e.enc, Warnings: e.warnings()}, nil
	}
	return nil, unopened("wrong-key", "what fits alg %s does not open it, so it was encrypted to another key or changed on the way%s", e.alg, listing(tried))
}

// An envelope is what the outside of a JWE says.
type envelope struct {
	alg, enc string
	way      management
	content  content
	header   *Object
	kid      string
	wrapped  int    // octets of the encrypted key
	curve    string // of epk
}

// openEnvelope refuses what can be refused without a key. Whatever go-jose
// would repair, inflate or stretch is among it.
func openEnvelope(t *Token) (*envelope, *DecryptError) {
	if t == nil || t.Form != FormJWE || len(t.Raw) > maxToken {
		return nil, unopened("malformed", "this is not a compact JWE")
	}
	if len(t.Problems) > 0 {
		return nil, unopened("malformed", "%s: %s", t.Problems[0].ID, t.Problems[0].Detail)
	}
	e := &envelope{alg: t.Alg(), header: t.Header}
	e.enc, _ = t.Header.String("enc")
	e.kid, _ = t.Kid()
	zip, zipped := t.Header.Get("zip")
	crit, critical := t.Header.Get("crit")
	var known, knownEnc bool
	e.way, known = keyManagement(e.alg)
	e.content, knownEnc = contentEncryption(e.enc)
	switch {
	case e.alg == "":
		return nil, unopened("malformed", "the header has no alg that is a string (RFC 7516 §4.1.1)")
	case e.enc == "":
		return nil, unopened("malformed", "the header has no enc that is a string (RFC 7516 §4.1.2)")
	case critical:
		return nil, unopened("crit", "the header says crit %s, and this tool understands no extension", quote(string(crit)))
	case zipped:
		return nil, unopened("jwe-zip", "the header says zip %s: what is compressed before it is encrypted leaks by its length, and can inflate without end (RFC 8725 §3.6)", quote(string(zip)))
	case strings.HasPrefix(e.alg, "PBES2-"):
		return nil, unopened("jwe-pbes2", "alg %s derives a key from a password, as often as the sender says: it is not accepted", quote(e.alg))
	case !known:
		return nil, unopened("alg-unsupported", "this tool does not decrypt alg %s", quote(e.alg))
	case !knownEnc:
		return nil, unopened("enc-unsupported", "this tool does not decrypt enc %s", quote(e.enc))
	}
	if refused := e.measure(t.Raw); refused != nil {
		return nil, refused
	}
	return e, e.parameters()
}

// measure compares the parts with what alg and enc make (RFC 7516 §5.2, RFC
// 7518 §5.2.2.2 and §5.3).
func (e *envelope) measure(raw string) *DecryptError {
	segments := strings.Split(raw, ".")
	if len(segments) != 5 {
		return unopened("malformed", "this is not a compact JWE")
	}
	octets := func(i int) int { return base64.RawURLEncoding.DecodedLen(len(segments[i])) }
	e.wrapped = octets(1)
	wrapped := e.way.wrappedSize(e.content)
	switch {
	case e.way.direct && e.wrapped > 0:
		return unopened("malformed", "there is an encrypted key of %d octets, and with alg %s there is none", e.wrapped, e.alg)
	case !e.way.direct && e.wrapped == 0:
		return unopened("malformed", "there is no encrypted key, which alg %s needs", e.alg)
	case wrapped > 0 && e.wrapped != wrapped:
		return unopened("malformed", "the encrypted key has %d octets; alg %s and enc %s make %d", e.wrapped, e.alg, e.enc, wrapped)
	case octets(2) != e.content.iv:
		return unopened("malformed", "the initialization vector has %d octets, and enc %s has %d", octets(2), e.enc, e.content.iv)
	case octets(4) != e.content.tag:
		return unopened("malformed", "the authentication tag has %d octets, and enc %s has %d", octets(4), e.enc, e.content.tag)
	}
	return nil
}

// parameters reads what some algs have in the header: epk, apu and apv (RFC
// 7518 §4.6.1), iv and tag (§4.7.1).
func (e *envelope) parameters() *DecryptError {
	switch {
	case e.way.gcm:
		if e.member("iv") != gcmIV || e.member("tag") != gcmTag {
			return unopened("malformed", "alg %s has an iv of %d and a tag of %d octets in the header, in base64url", e.alg, gcmIV, gcmTag)
		}
	case e.way.kty == "EC":
		for _, name := range []string{"apu", "apv"} {
			if e.header.Has(name) && e.member(name) < 0 {
				return unopened("malformed", "the header's %s is not base64url (RFC 7518 §4.6.1)", name)
			}
		}
		return e.ephemeral()
	}
	return nil
}

// member is how many octets a member of the header has; -1 when it is no
// base64url.
func (e *envelope) member(name string) int {
	value, ok := e.header.String(name)
	octets, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if !ok || err != nil || strings.ContainsAny(value, "\r\n") {
		return -1
	}
	return len(octets)
}

// ephemeral reads the public key that the sender made for this one message. A
// point that is not on its curve would draw our key out of us (RFC 8725 §3.4).
func (e *envelope) ephemeral() *DecryptError {
	raw, present := e.header.Get("epk")
	if !present {
		return unopened("malformed", "the header has no epk, which alg %s needs (RFC 7518 §4.6.1.1)", e.alg)
	}
	k := ParseKey(raw)
	public, ok := k.Public.(*ecdsa.PublicKey)
	switch {
	case k.Private:
		return unopened("malformed", "the header's epk carries private members")
	case k.Kty == "OKP":
		return unopened("alg-unsupported", "this tool agrees on no key with kty OKP, crv %s", quote(k.Crv))
	case !ok:
		return unopened("malformed", "the header's epk is not a key on a curve of RFC 7518 §6.2.1.1%s", k.flaws())
	}
	e.curve = public.Params().Name
	return nil
}

func (e *envelope) warnings() []Problem {
	if e.alg != "RSA1_5" {
		return nil
	}
	return []Problem{problem("jwe-rsa1_5", "RFC 8725 §3.2", "its key is encrypted with alg RSA1_5 (RSAES-PKCS1-v1_5), which is to be avoided: RSA-OAEP-256 takes the same keys")}
}

// An opener is a key to try.
type opener struct {
	key  any
	name string
}

// openers are the keys to try, the likeliest first.
func (e *envelope) openers(keys []Private, secret []byte) ([]opener, *DecryptError) {
	if len(keys) == 0 && len(secret) == 0 {
		return nil, unopened("no-key", "it is encrypted with alg %s, and no key is given; it needs %s", e.alg, e.needs())
	}
	var fitting []Private
	var unfit []string
	for _, k := range keys {
		if why := e.unfit(k); why != "" {
			unfit = append(unfit, strings.TrimPrefix(k.String(), "the ")+": "+why)
			continue
		}
		fitting = append(fitting, k)
	}
	others := func(k Private) bool { return k.name() != e.kid }
	if mine := slices.DeleteFunc(slices.Clone(fitting), others); e.kid != "" && len(mine) > 0 {
		fitting = mine
	}
	slices.SortStableFunc(fitting, func(a, b Private) int { return cmp.Compare(a.rank(), b.rank()) })
	var all []opener
	for _, k := range fitting {
		all = append(all, opener{k.Key, k.String()})
	}
	if e.way.kty == "oct" && len(secret) > 0 {
		all = append(all, opener{deriveKey(secret, e.way.keySize(e.content)), "the client secret"})
	}
	if len(all) == 0 {
		return nil, unopened("no-fitting-key", "alg %s needs %s%s", e.alg, e.needs(), listing(unfit))
	}
	return all, nil
}

// needs names the key that opens it.
func (e *envelope) needs() string {
	switch e.way.kty {
	case "RSA":
		return fmt.Sprintf("a private RSA key of %d bits", 8*e.wrapped)
	case "EC":
		return "a private EC key on " + e.curve
	}
	return fmt.Sprintf("the client secret, or a symmetric key of %d octets", e.way.keySize(e.content))
}

// unfit says why a key cannot be the one; empty when it may be. All of it is
// seen on the outside.
func (e *envelope) unfit(k Private) string {
	switch key := k.Key.(type) {
	case nil:
		if k.flaw != nil {
			return "it cannot be used: " + k.flaw.Detail
		}
		return "it cannot be used"
	case *rsa.PrivateKey:
		if e.way.kty == "RSA" && key != nil && key.Size() != e.wrapped {
			return fmt.Sprintf("the encrypted key has %d octets, and this key makes %d", e.wrapped, key.Size())
		}
		if e.way.kty == "RSA" && key != nil {
			return ""
		}
	case *ecdsa.PrivateKey:
		if e.way.kty == "EC" && key != nil && key.Params().Name != e.curve {
			return "its curve is not that of the epk"
		}
		if e.way.kty == "EC" && key != nil {
			return ""
		}
	case []byte:
		if e.way.kty == "oct" && len(key) != e.way.keySize(e.content) {
			return fmt.Sprintf("it is not %d octets long", e.way.keySize(e.content))
		}
		if e.way.kty == "oct" {
			return ""
		}
	}
	return "it is of another kind"
}

// rank puts the keys that are for decryption before those that do not say, and
// those for signing last (RFC 7517 §4.2 to §4.4).
func (k Private) rank() int {
	_, signs := algorithms[k.Alg]
	switch {
	case k.Use == "sig" || signs || len(k.KeyOps) > 0 && !unsealing(k.KeyOps):
		return 1
	case k.Use == "enc" || len(k.KeyOps) > 0 || encrypts(k.Alg):
		return -1
	}
	return 0
}
