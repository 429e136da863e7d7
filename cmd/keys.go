package cmd

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// privateKey reads a key file and picks the key to use. An encrypted one asks
// for its passphrase where somebody can be asked.
func (l *layer) privateKey(flag, path, kid, alg string) (jose.Private, error) {
	keys, err := l.readKeys(flag, path)
	if err != nil {
		return jose.Private{}, err
	}
	key, _, err := jose.Pick(keys, kid, alg)
	if err != nil {
		return jose.Private{}, keyTrouble(flag+" "+path, err)
	}
	return key, nil
}

// privateKeys is privateKey for a file that may hold keys for decryption as
// well, or nothing but those.
func (l *layer) privateKeys(flag, path, kid, alg string) (jose.Private, []jose.Private, error) {
	keys, err := l.readKeys(flag, path)
	if err != nil {
		return jose.Private{}, nil, err
	}
	seals := func(k jose.Private) bool { return k.Key == nil || k.Use == "enc" }
	if kid == "" && alg == "" && !slices.ContainsFunc(keys, func(k jose.Private) bool { return !seals(k) }) {
		return jose.Private{}, keys, nil
	}
	key, _, err := jose.Pick(keys, kid, alg)
	if err != nil && kid == "" {
		// Keys for encryption are no choice to make when something is to be signed.
		key, _, err = jose.Pick(slices.DeleteFunc(slices.Clone(keys), seals), kid, alg)
	}
	if err != nil {
		return jose.Private{}, nil, keyTrouble(flag+" "+path, err)
	}
	return key, keys, nil
}

func (l *layer) readKeys(flag, path string) ([]jose.Private, error) {
	data, err := readFile(flag, path)
	if err != nil {
		return nil, err
	}
	keys, err := jose.ReadPrivate([]byte(data), l.ask(path))
	if err != nil {
		return nil, keyTrouble(flag+" "+path, err)
	}
	return keys, nil
}

// ask asks for the passphrase of a file, where somebody can be asked.
func (l *layer) ask(path string) func() ([]byte, error) {
	if l.env.AskSecret == nil {
		return nil
	}
	return func() ([]byte, error) { return l.env.AskSecret("passphrase of " + path + ": ") }
}

// keyTrouble puts what is wrong with a key into words; it never shows any of
// it.
func keyTrouble(what string, err error) error {
	var bad *jose.KeyError
	if !errors.As(err, &bad) {
		return &usageError{fmt.Sprintf("%s: %v", what, err), nil}
	}
	u := &usageError{text: fmt.Sprintf("%s: %s", what, bad.Detail)}
	if bad.Try != "" {
		u.hints = []string{"try:", bad.Try}
	}
	return u
}

// certificate reads a certificate chain and its key for mutual TLS.
func (l *layer) certificate(certFile, keyFile string) (*tls.Certificate, error) {
	chain, err := readChain(certFile)
	if err != nil {
		return nil, err
	}
	key, err := l.privateKey("--cert-key", keyFile, "", "")
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return nil, &usageError{fmt.Sprintf("--cert %s: %v", certFile, err), nil}
	}
	if public, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || key.Signer() == nil || !public.Equal(key.Signer().Public()) {
		return nil, &usageError{"--cert " + certFile + " is not the certificate of the key in --cert-key " + keyFile, nil}
	}
	return &tls.Certificate{Certificate: chain, PrivateKey: key.Signer()}, nil
}

// readChain reads the certificates of --cert.
func readChain(path string) ([][]byte, error) {
	data, err := readFile("--cert", path)
	if err != nil {
		return nil, err
	}
	var chain [][]byte
	for rest := []byte(data); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			chain = append(chain, block.Bytes)
		}
	}
	if len(chain) == 0 {
		return nil, &usageError{"--cert " + path + ": no PEM certificate in it", nil}
	}
	return chain, nil
}

// anyKeys reads a file of keys, public or private.
func (l *layer) anyKeys(flag, path string) (public []jose.Key, private []jose.Private, err error) {
	data, err := readFile(flag, path)
	if err != nil {
		return nil, nil, err
	}
	text := strings.TrimSpace(strings.TrimPrefix(data, "\ufeff"))
	if strings.HasPrefix(text, "{") {
		set := jose.ParseKeySet([]byte(text))
		if len(set.Keys) == 0 {
			set.Keys = []jose.Key{jose.ParseKey(json.RawMessage(text))}
		}
		for _, k := range set.Keys {
			if k.Public != nil || k.Kty == "oct" {
				public = append(public, k)
			}
		}
	} else {
		public = publicPEM([]byte(text))
	}
	private, unreadable := jose.ReadPrivate([]byte(data), l.ask(path))
	if unreadable != nil && len(public) == 0 {
		return nil, nil, keyTrouble(flag+" "+path, unreadable)
	}
	return public, private, nil
}

// publicPEM reads public keys and certificates.
func publicPEM(data []byte) []jose.Key {
	var out []jose.Key
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var key any
		switch block.Type {
		case "PUBLIC KEY":
			key, _ = x509.ParsePKIXPublicKey(block.Bytes)
		case "RSA PUBLIC KEY":
			key, _ = x509.ParsePKCS1PublicKey(block.Bytes)
		case "CERTIFICATE":
			if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
				key = cert.PublicKey
			}
		}
		switch key := key.(type) {
		case *rsa.PublicKey:
			out = append(out, jose.Key{Kty: "RSA", Public: key})
		case *ecdsa.PublicKey:
			out = append(out, jose.Key{Kty: "EC", Crv: key.Params().Name, Public: key})
		case ed25519.PublicKey:
			out = append(out, jose.Key{Kty: "OKP", Crv: "Ed25519", Public: key})
		}
	}
	return out
}
