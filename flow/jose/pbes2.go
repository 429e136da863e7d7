package jose

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" // files of ten years ago are encrypted with it
	"crypto/pbkdf2"
	"crypto/sha1" // the default of PBKDF2 (RFC 8018 A.2)
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"hash"
)

// maxIterations is how often a key is stretched at most; OWASP asks for some
// hundred thousand.
const maxIterations = 10_000_000

// A box is an encrypted PKCS#8 key (RFC 5958 §3) that PBES2 opens (RFC 8018
// §6.2).
type box struct {
	salt       []byte
	iterations int
	prf        func() hash.Hash
	size       int // of the cipher's key
	block      func([]byte) (cipher.Block, error)
	iv, sealed []byte
}

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

func oldEncryption(what string) *KeyError {
	return noKey("unsupported", "the key is encrypted in a way that this tool does not read: %s", what).
		try("openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW.pem")
}

// openPKCS8 reads all but what the passphrase hides. The reason is not-a-key
// when this is no encrypted key at all.
func openPKCS8(der []byte) (*box, *KeyError) {
	var outer struct {
		Algorithm pkix.AlgorithmIdentifier
		Sealed    []byte
	}
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 {
		return nil, noKey("not-a-key", "not a key: the encrypted block is damaged")
	}
	if id := outer.Algorithm.Algorithm.String(); id != "1.2.840.113549.1.5.13" {
		return nil, oldEncryption("object identifier " + id + ", not PBES2")
	}
	var scheme struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	if _, err := asn1.Unmarshal(outer.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, noKey("not-a-key", "not a key: the parameters of its encryption are damaged")
	}
	b := &box{sealed: outer.Sealed}
	if err := b.derivation(scheme.KDF); err != nil {
		return nil, err
	}
	return b, b.cipher(scheme.Cipher)
}

// derivation reads RFC 8018 A.2.
func (b *box) derivation(kdf pkix.AlgorithmIdentifier) *KeyError {
	switch id := kdf.Algorithm.String(); id {
	case "1.2.840.113549.1.5.12":
	case "1.3.6.1.4.1.11591.4.11":
		return oldEncryption("scrypt")
	default:
		return oldEncryption("a key derivation with object identifier " + id)
	}
	var p pbkdf2Params
	if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &p); err != nil || p.Iterations < 1 {
		return noKey("not-a-key", "not a key: the parameters of its encryption are damaged")
	}
	if p.Iterations > maxIterations {
		return oldEncryption("more than ten million iterations")
	}
	prfs := map[string]func() hash.Hash{
		"":                    sha1.New,
		"1.2.840.113549.2.7":  sha1.New,
		"1.2.840.113549.2.8":  sha256.New224,
		"1.2.840.113549.2.9":  sha256.New,
		"1.2.840.113549.2.10": sha512.New384,
		"1.2.840.113549.2.11": sha512.New,
	}
	id := p.PRF.Algorithm.String()
	if b.prf = prfs[id]; b.prf == nil {
		return oldEncryption("a key derivation by " + id)
	}
	b.salt, b.iterations = p.Salt, p.Iterations
	return nil
}

// cipher reads RFC 8018 B.2.
func (b *box) cipher(c pkix.AlgorithmIdentifier) *KeyError {
	switch id := c.Algorithm.String(); id {
	case "2.16.840.1.101.3.4.1.2":
		b.size, b.block = 16, aes.NewCipher
	case "2.16.840.1.101.3.4.1.22":
		b.size, b.block = 24, aes.NewCipher
	case "2.16.840.1.101.3.4.1.42":
		b.size, b.block = 32, aes.NewCipher
	case "1.2.840.113549.3.7":
		b.size, b.block = 24, des.NewTripleDESCipher
	default:
		return oldEncryption("a cipher with object identifier " + id)
	}
	block, err := b.block(make([]byte, b.size))
	if _, e := asn1.Unmarshal(c.Parameters.FullBytes, &b.iv); err != nil || e != nil ||
		len(b.iv) != block.BlockSize() || len(b.sealed) == 0 || len(b.sealed)%block.BlockSize() != 0 {
		return noKey("not-a-key", "not a key: the parameters of its encryption are damaged")
	}
	return nil
}

func (b *box) decrypt(secret []byte) ([]byte, *KeyError) {
	key, err := pbkdf2.Key(b.prf, string(secret), b.salt, b.iterations, b.size)
	if err != nil {
		return nil, oldEncryption("PBKDF2 with parameters that are refused here")
	}
	block, err := b.block(key)
	if err != nil {
		return nil, wrongPassphrase()
	}
	plain := make([]byte, len(b.sealed))
	cipher.NewCBCDecrypter(block, b.iv).CryptBlocks(plain, b.sealed)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > block.BlockSize() || !bytes.HasSuffix(plain, bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, wrongPassphrase()
	}
	return plain[:len(plain)-pad], nil
}
