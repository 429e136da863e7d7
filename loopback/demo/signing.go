package demo

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
)

// answerAlgs is how this server can sign the authorization response to a client
// that registered for it (JARM §3). RS256 is the default.
var answerAlgs = []string{"RS256", "ES256", "HS256"}

// leastSecret is the number of octets of a secret for HS256 (RFC 7518 §3.2).
const leastSecret = 32

// signedFor is a JWT for a client, before it is signed with the algorithm of its
// registration: RS256 for "", ES256, or HS256 with the client's secret.
func (s *Server) signedFor(c Client, alg, typ string, claims object) jws {
	t := jws{header: object{{"typ", typ}, {"alg", "RS256"}, {"kid", s.key.kid}}, claims: claims, key: s.key, curve: s.curve}
	switch alg {
	case "ES256":
		t.header.set("alg", alg)
		t.header.set("kid", s.curveKid)
	case "HS256":
		t.header.set("alg", alg)
		t.header.drop("kid")
		t.secret = []byte(c.Secret)
	}
	return t
}

// signES256 signs with the second key (RFC 7518 §3.4), the same text the same
// way every time (RFC 6979).
func signES256(key *ecdsa.PrivateKey, input string) ([]byte, error) {
	sum := sha256.Sum256([]byte(input))
	der, err := key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var point struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &point); err != nil {
		return nil, err
	}
	signature := make([]byte, 64)
	point.R.FillBytes(signature[:32])
	point.S.FillBytes(signature[32:])
	return signature, nil
}

// checkResponseSigning wants an algorithm that this server has for authorization
// responses, and a secret that is long enough for it.
func checkResponseSigning(c Client) error {
	switch alg := c.AuthorizationSignedAlg; {
	case alg != "" && !slices.Contains(answerAlgs, alg):
		return fmt.Errorf("no signing algorithm %q", alg)
	case alg == "HS256" && len(c.Secret) < leastSecret:
		return fmt.Errorf("HS256 needs a secret of %d octets", leastSecret)
	}
	return nil
}
