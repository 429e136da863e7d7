package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"time"
)

// The keys that documented clients of the demo server prove themselves with. Their
// private halves are public, here, on purpose, so that the demo runs without any
// preparation. They protect nothing. Never use them for anything else.
const (
	clientKid    = "demo-client-1"
	clientKeyD   = "MakHw5sx9YrKs2d_j97gTDf0n90se9C3mwlAQYJX8Xc"
	clientKeyX   = "7qpj-5KR92kkFaRd-5iOOZ2qWaOqedi_RUX6rgnCZK8"
	clientKeyY   = "LXLRCVWrsMqx1vkddTz8SNlGP0S7tVzhdkLV-lsXFnw"
	attesterKid  = "demo-attester-1"
	attesterKeyD = "V1RAxqNeDGo4Mtml3e5fCRNWyO0tnTH75qz3WtPq5Yg"
	attesterKeyX = "pbvDH9jEkKPnMZ9PV5qOlk93Olm_-gHBC0xnm4S10bg"
	attesterKeyY = "c8rs93jmLvQTGMT4dbQKX2uRtdK6NuYVBR7iuPYE4Ng"
	clientSecret = "a-long-secret-that-is-written-down-in-the-demo-server-for-HS512-too" // 67 octets
)

// ClientKey is the private JWK (P-256, for ES256) of the client "jwt" of DefaultClients.
func ClientKey() []byte {
	return jsonOf(append(clientPublic(), member{"d", clientKeyD}))
}

// clientPublic is the half of that key which is registered.
func clientPublic() object {
	return object{
		{"kty", "EC"}, {"crv", "P-256"}, {"kid", clientKid}, {"use", "sig"}, {"alg", "ES256"},
		{"x", clientKeyX}, {"y", clientKeyY},
	}
}

// clientRegistered is the same half for any use: signatures, and encryption to the client.
func clientRegistered() object {
	key := clientPublic()
	key.drop("use")
	key.drop("alg")
	return key
}

// AttesterKey is the private JWK (P-256, for ES256) of the attester that a Config
// without Attesters trusts. With it anybody can vouch for a key of the client
// "attested" of DefaultClients.
func AttesterKey() []byte {
	return jsonOf(append(attesterPublic(), member{"d", attesterKeyD}))
}

// attesterPublic is the half of that key which is trusted.
func attesterPublic() object {
	return object{
		{"kty", "EC"}, {"crv", "P-256"}, {"kid", attesterKid}, {"use", "sig"}, {"alg", "ES256"},
		{"x", attesterKeyX}, {"y", attesterKeyY},
	}
}

// Attestation is a signed word of that attester for ClientKey, as the client
// "attested" may show it, good for a day from now. It is "" when signing fails.
func Attestation(now time.Time) string {
	return attesterSigned(object{
		{"iss", "https://attester.example"},
		{"sub", "attested"},
		{"iat", now.Unix()},
		{"exp", now.Add(24 * time.Hour).Unix()},
		{"cnf", object{{"jwk", clientPublic()}}},
	})
}

// attesterSigned signs with ES256 (RFC 7518 §3.4).
func attesterSigned(claims object) string {
	d, err := decodeURL(attesterKeyD)
	if err != nil {
		return ""
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		return ""
	}
	header := object{{"typ", "oauth-client-attestation+jwt"}, {"alg", "ES256"}, {"kid", attesterKid}}
	input := base64URL(jsonOf(header)) + "." + base64URL(jsonOf(claims))
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return ""
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + base64URL(signature)
}

// jsonOf is the JSON of an object made of constants, which has no way to fail.
func jsonOf(o object) []byte {
	b, err := marshal(o)
	if err != nil {
		return nil
	}
	return b
}

// ClientCertificate is the certificate and the private key, both PEM, of the
// clients "mtls" and "mtls-ca" of DefaultClients. It is signed by itself.
func ClientCertificate() (cert, key []byte) { return []byte(clientCert), []byte(clientCertKey) }

// CN=mtls,O=oauthprobe demo; client.example; from 2020 to 2119.
const (
	clientCert = `-----BEGIN CERTIFICATE-----
MIIBlDCCATmgAwIBAgIBATAKBggqhkjOPQQDAjApMRgwFgYDVQQKEw9vYXV0aHBy
b2JlIGRlbW8xDTALBgNVBAMTBG10bHMwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAx
MDEwMDAwMDBaMCkxGDAWBgNVBAoTD29hdXRocHJvYmUgZGVtbzENMAsGA1UEAxME
bXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAt0e/NxsMvdXG7obTodykMC
dTv7/QlIcOx57S3yEEk2ytumZtDqpxqNCk/9pTZTE6VqoYB1kKnuHZlld2Z73hij
UDBOMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcDAjAMBgNVHRMB
Af8EAjAAMBkGA1UdEQQSMBCCDmNsaWVudC5leGFtcGxlMAoGCCqGSM49BAMCA0kA
MEYCIQCi3DUpjfEkDBgbrisygr//Yqz99WUrkGSDLED5ht9wTwIhANJ4kWycj4eO
XiasihFJSn3P0MOsL423wZ6plSPt26FL
-----END CERTIFICATE-----
`
	clientCertKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4M6kc3w0r+OwggbX
j2mC/qumCt+IWBq+WaWQWHVdgc2hRANCAAQLdHvzcbDL3Vxu6G06HcpDAnU7+/0J
SHDsee0t8hBJNsrbpmbQ6qcajQpP/aU2UxOlaqGAdZCp7h2ZZXdme94Y
-----END PRIVATE KEY-----
`
)
