package cmd

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// privateKey reads a key file and picks the key to use. An encrypted one asks
// for its passphrase where somebody can be asked.
func (l *layer) privateKey(flag, path, kid, alg string) (jose.Private, error) {
	data, err := readFile(flag, path)
	if err != nil {
		return jose.Private{}, err
	}
	var ask func() ([]byte, error)
	if l.env.AskSecret != nil {
		ask = func() ([]byte, error) { return l.env.AskSecret("passphrase of " + path + ": ") }
	}
	keys, err := jose.ReadPrivate([]byte(data), ask)
	if err == nil {
		var key jose.Private
		if key, _, err = jose.Pick(keys, kid, alg); err == nil {
			return key, nil
		}
	}
	return jose.Private{}, keyTrouble(flag+" "+path, err)
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
	data, err := readFile("--cert", certFile)
	if err != nil {
		return nil, err
	}
	c := &tls.Certificate{}
	for rest := []byte(data); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			c.Certificate = append(c.Certificate, block.Bytes)
		}
	}
	if len(c.Certificate) == 0 {
		return nil, &usageError{"--cert " + certFile + ": no PEM certificate in it", nil}
	}
	key, err := l.privateKey("--cert-key", keyFile, "", "")
	if err != nil {
		return nil, err
	}
	c.PrivateKey = key.Signer()
	return c, nil
}
