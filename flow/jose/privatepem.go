package jose

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"strings"
)

// privatePEM reads every private key among the blocks.
func privatePEM(text []byte, pass *passphrase) ([]Private, error) {
	var keys []Private
	var others []string
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		switch block.Type {
		case "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
			k, err := privateBlock(block, pass)
			if err != nil {
				return nil, err
			}
			keys = append(keys, k)
		case "OPENSSH PRIVATE KEY":
			return nil, openSSH(block.Bytes)
		case "DSA PRIVATE KEY":
			return nil, noKey("unsupported", "a DSA key, and no JWT is signed with DSA")
		case "EC PARAMETERS": // openssl ecparam -genkey writes it before the key
		default:
			others = append(others, quote(block.Type))
		}
	}
	switch {
	case len(keys) > 0:
		return keys, nil
	case len(others) > 0:
		return nil, noKey("no-private-key", "no private key in it, only PEM of the kind %s", strings.Join(others[:min(len(others), maxListed)], ", "))
	}
	return nil, noKey("not-a-key", "not a key: a PEM block begins in it and is not whole; was it cut off, or did it lose its line breaks?")
}

// openSSH is the way out of that format. ssh-keygen leaves an Ed25519 key in it,
// whatever -m says.
func openSSH(block []byte) *KeyError {
	if bytes.Contains(block, []byte("ssh-ed25519")) {
		return noKey("unsupported", "an Ed25519 key in the format of OpenSSH, which this tool does not read and ssh-keygen does not leave; make a key of its own for this").
			try("oauthprobe key new --alg EdDSA --out FILE")
	}
	return noKey("unsupported", "the key is in the format of OpenSSH, which this tool does not read; the command rewrites the file, so give it a copy").
		try("ssh-keygen -p -m PKCS8 -f COPY")
}

func privateBlock(block *pem.Block, pass *passphrase) (Private, error) {
	der := block.Bytes
	legacy := x509.IsEncryptedPEMBlock(block) //nolint:staticcheck // the format is weak, and people have such files
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY":
		return privateEncrypted(der, pass)
	case legacy:
		secret, err := pass.get()
		if err != nil {
			return Private{}, err
		}
		der, err = x509.DecryptPEMBlock(block, secret) //nolint:staticcheck // as above
		if err != nil && strings.Contains(err.Error(), "unknown encryption mode") {
			return Private{}, oldEncryption("the cipher of its DEK-Info")
		}
		if err != nil {
			return Private{}, wrongPassphrase()
		}
	}
	k, err := privateDER(der)
	switch {
	case err != nil && legacy && err.Reason == "not-a-key":
		return Private{}, wrongPassphrase() // its padding is right by chance once in 256 times
	case err != nil:
		return Private{}, err
	}
	return k, nil
}

func privateEncrypted(der []byte, pass *passphrase) (Private, error) {
	box, refused := openPKCS8(der)
	if refused != nil {
		return Private{}, refused
	}
	secret, err := pass.get()
	if err != nil {
		return Private{}, err
	}
	plain, refused := box.decrypt(secret)
	if refused != nil {
		return Private{}, refused
	}
	k, refused := privateDER(plain)
	switch {
	case refused != nil && refused.Reason == "not-a-key":
		return Private{}, wrongPassphrase()
	case refused != nil:
		return Private{}, refused
	}
	return k, nil
}

// privateDER reads PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 A.1.2) or SEC 1 (RFC
// 5915), whatever the label said. The parsers' own words are not passed on.
func privateDER(der []byte) (Private, *KeyError) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return newPrivate(key)
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return newPrivate(key)
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return newPrivate(key)
	}
	var inner struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
		More      asn1.RawValue `asn1:"optional,tag:0"`
	}
	if _, err := asn1.Unmarshal(der, &inner); err != nil {
		return Private{}, noKey("not-a-key", "not a key that this tool can read: neither PKCS#8 nor PKCS#1 nor SEC 1 on P-256, P-384 or P-521")
	}
	// RFC 4055 §3.1: a key that is for PSS alone, as openssl genpkey
	// -algorithm RSA-PSS makes.
	if inner.Algorithm.Algorithm.String() == "1.2.840.113549.1.1.10" {
		if key, err := x509.ParsePKCS1PrivateKey(inner.Key); err == nil {
			k, refused := newPrivate(key)
			k.Alg = "PS256"
			k.publish()
			return k, refused
		}
	}
	return Private{}, noKey("unsupported", "this tool signs nothing with this kind of key (object identifier %s)", inner.Algorithm.Algorithm)
}

// privateOther reads DER, and names what else people have.
func privateOther(data []byte, pass *passphrase) ([]Private, error) {
	text := string(data[:min(len(data), 256)])
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	switch {
	case strings.HasPrefix(word, "ssh-"), strings.HasPrefix(word, "ecdsa-sha2-"):
		return nil, noKey("no-private-key", "no private key in it: a public key of OpenSSH")
	case strings.HasPrefix(text, "PuTTY-User-Key-File"):
		return nil, noKey("unsupported", "the key is in the format of PuTTY, which this tool does not read").
			try("puttygen FILE -O private-openssh-new -o COPY && ssh-keygen -p -m PKCS8 -f COPY")
	case data[0] != 0x30:
		return nil, noKey("not-a-key", "not a key: neither a JWK, nor a JWK set, nor PEM")
	}
	if _, err := openPKCS8(data); err == nil || err.Reason != "not-a-key" {
		k, err := privateEncrypted(data, pass)
		return []Private{k}, err
	}
	k, err := privateDER(data)
	if err == nil {
		return []Private{k}, nil
	}
	if _, e := x509.ParseCertificate(data); e == nil {
		return nil, noKey("no-private-key", "no private key in it: a certificate")
	}
	if _, e := x509.ParsePKIXPublicKey(data); e == nil {
		return nil, noKey("no-private-key", "no private key in it: a public key")
	}
	if bytes.HasPrefix(data[min(len(data), 4):], []byte{2, 1, 3, 0x30}) { // version 3 of RFC 7292 §4
		return nil, noKey("unsupported", "the key is in a PKCS#12 file, which this tool does not read").
			try("openssl pkcs12 -in FILE -nocerts -nodes -out PLAIN.pem")
	}
	return nil, err
}
