package jose

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	josev4 "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

func keyFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "keys", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// publicFile is what OpenSSL wrote of the public half.
func publicFile(t *testing.T, name string) crypto.PublicKey {
	t.Helper()
	block, _ := pem.Decode(keyFile(t, name))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func answering(passphrase string, asked *int) func() ([]byte, error) {
	return func() ([]byte, error) { *asked++; return []byte(passphrase), nil }
}

// What OpenSSL writes is read, and another implementation verifies with the
// public half that OpenSSL wrote what is signed with it.
func TestReadPrivateOfOpenSSL(t *testing.T) {
	for _, tt := range []struct {
		file, public, alg string
		asked             int
	}{
		{"rsa-pkcs1.pem", "rsa", "RS256", 0},
		{"rsa-pkcs8.pem", "rsa", "RS256", 0},
		{"rsa-legacy-aes128.pem", "rsa", "RS256", 1},
		{"rsa-pbes2-aes256.pem", "rsa", "RS256", 1},
		{"p256-sec1.pem", "p256", "ES256", 0}, // begins with EC PARAMETERS
		{"p256-legacy-des3.pem", "p256", "ES256", 1},
		{"p256-pbes2-des3-sha1.pem", "p256", "ES256", 1},
		{"p256-pbes2-aes128-sha512.pem", "p256", "ES256", 1},
		{"p256-pbes2-aes256-sha224.pem", "p256", "ES256", 1},
		{"p256-pkcs8.der", "p256", "ES256", 0},
		{"p256-pbes2.der", "p256", "ES256", 1},
		{"p384-pkcs8.pem", "p384", "ES384", 0},
		{"p521-sec1.pem", "p521", "ES512", 0},
		{"ed25519-pkcs8.pem", "ed25519", "EdDSA", 0},
		{"ed25519-pbes2-aes192.pem", "ed25519-other", "EdDSA", 1},
	} {
		t.Run(tt.file, func(t *testing.T) {
			asked := 0
			keys, err := ReadPrivate(keyFile(t, tt.file), answering("passphrase", &asked))
			if err != nil || len(keys) != 1 || asked != tt.asked {
				t.Fatalf("%v, %v; asked %d times, want %d", keys, err, asked, tt.asked)
			}
			k, alg, err := Pick(keys, "", "")
			if err != nil || alg != tt.alg {
				t.Fatalf("alg %s, %v, want %s", alg, err, tt.alg)
			}
			verifies(t, sign(t, alg, k.Key, nil, json.RawMessage(`{}`)), alg, publicFile(t, tt.public+"-public.pem"))
		})
	}
}

func verifies(t *testing.T, token, alg string, key crypto.PublicKey) {
	t.Helper()
	foreign, err := josev4.ParseSignedCompact(token, []josev4.SignatureAlgorithm{josev4.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := foreign.Verify(key); err != nil {
		t.Errorf("another implementation: %v", err)
	}
}

func TestReadPrivateOfSeveralBlocks(t *testing.T) {
	asked := 0
	text := bytes.Join([][]byte{
		[]byte("\xef\xbb\xbfsome words before\r\n"), keyFile(t, "several.pem"),
		bytes.ReplaceAll(keyFile(t, "ed25519-pbes2-aes192.pem"), []byte("\n"), []byte("\r\n")), keyFile(t, "rsa-legacy-aes128.pem"),
	}, []byte("\n"))
	keys, err := ReadPrivate(text, answering("passphrase", &asked))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range keys {
		got = append(got, strings.TrimSpace(k.Kty+" "+k.Crv))
	}
	if diff := cmp.Diff([]string{"EC P-256", "RSA", "OKP Ed25519", "RSA"}, got); diff != "" || asked != 1 {
		t.Errorf("asked %d times; keys (-want +got):\n%s", asked, diff)
	}
}

// RFC 4055 §3.1: such a key signs with PSS alone.
func TestReadPrivatePSS(t *testing.T) {
	keys, err := ReadPrivate(keyFile(t, "rsa-pss.pem"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, alg, err := Pick(keys, "", ""); alg != "PS256" || err != nil {
		t.Errorf("alg %s, %v", alg, err)
	}
	if _, _, err := Pick(keys, "", "RS256"); !refusedFor(err, "misfit", `"PS256", not RS256`) {
		t.Errorf("RS256: %v", err)
	}
}

// refusedFor reports whether the error is a KeyError of that reason that says
// so.
func refusedFor(err error, reason, says string) bool {
	var k *KeyError
	return errors.As(err, &k) && k.Reason == reason && strings.Contains(k.Detail, says)
}

func TestReadPrivateRefuses(t *testing.T) {
	cut := keyFile(t, "rsa-pkcs8.pem")
	damaged := bytes.Replace(keyFile(t, "p256-pbes2-des3-sha1.pem"), []byte("\n"), []byte("\nAAAA"), 1)
	v := published(t)
	for _, tt := range []struct {
		name, passphrase string
		data             []byte
		reason, says     string
		try              string
	}{
		{"nothing", "", []byte(" \n"), "not-a-key", "empty", ""},
		{"text", "", []byte("secret"), "not-a-key", "neither", ""},
		{"too long", "", bytes.Repeat([]byte("A"), maxKeyFile+1), "not-a-key", "1048577", ""},
		{"certificate", "", keyFile(t, "certificate.pem"), "no-private-key", "CERTIFICATE", ""},
		{"certificate in DER", "", keyFile(t, "certificate.der"), "no-private-key", "certificate", ""},
		{"public key", "", keyFile(t, "p256-public.pem"), "no-private-key", "PUBLIC KEY", ""},
		{"public JWK", "", v.RFC9101.Key, "no-private-key", "public key", ""},
		{"public JWK set", "", []byte(`{"keys":[` + string(v.RFC9101.Key) + `]}`), "no-private-key", "1 public", ""},
		{"empty JWK set", "", []byte(`{"keys":[]}`), "no-private-key", "0 public", ""},
		{"public key of OpenSSH", "", keyFile(t, "openssh.pub"), "no-private-key", "OpenSSH", ""},
		{"OpenSSH Ed25519", "", keyFile(t, "openssh.pem"), "unsupported", "Ed25519", "oauthprobe key new --alg EdDSA --out FILE"},
		{"OpenSSH ECDSA", "", keyFile(t, "openssh-ecdsa.pem"), "unsupported", "OpenSSH", "ssh-keygen -p -m PKCS8 -f COPY"},
		{"PuTTY", "", []byte("PuTTY-User-Key-File-3: ssh-rsa\r\n"), "unsupported", "PuTTY", "puttygen"},
		{"PKCS#12", "", keyFile(t, "p256.p12"), "unsupported", "PKCS#12", "openssl pkcs12 -in FILE -nocerts -nodes -out PLAIN.pem"},
		{"encrypted, nobody to ask", "", keyFile(t, "rsa-pbes2-aes256.pem"), "encrypted", "passphrase", "openssl pkey -in FILE -out PLAIN.pem"},
		{"encrypted of old, nobody to ask", "", keyFile(t, "rsa-legacy-aes128.pem"), "encrypted", "passphrase", "openssl pkey -in FILE -out PLAIN.pem"},
		{"wrong passphrase", "wrong", keyFile(t, "rsa-pbes2-aes256.pem"), "wrong-passphrase", "wrong", ""},
		{"wrong passphrase of old", "wrong", keyFile(t, "p256-legacy-des3.pem"), "wrong-passphrase", "wrong", ""},
		{"scrypt", "passphrase", keyFile(t, "p256-scrypt.pem"), "unsupported", "scrypt", "openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW.pem"},
		{"PKCS#5 version 1.5", "passphrase", keyFile(t, "p256-pbe1.pem"), "unsupported", "not PBES2", "openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW.pem"},
		{"secp256k1", "", keyFile(t, "secp256k1.pem"), "not-a-key", "P-256", ""},
		{"P-224", "", keyFile(t, "p224.pem"), "unsupported", "P-224", ""},
		{"X25519", "", keyFile(t, "x25519.pem"), "unsupported", "X25519", ""},
		{"Ed448", "", keyFile(t, "ed448.pem"), "unsupported", "1.3.101.113", ""},
		{"cut off", "", cut[:len(cut)/2], "not-a-key", "cut off", ""},
		{"damaged", "passphrase", damaged, "not-a-key", "damaged", ""},
		{"JSON, broken", "", []byte(`{"kty":"oct","k":"c2VjcmV0`), "not-a-key", "json-syntax", ""},
		{"JSON array", "", []byte(`[{"kty":"oct","k":"c2VjcmV0"}]`), "not-a-key", "array named keys", ""},
		{"JSON, something else", "", []byte(`{"access_token":"x"}`), "not-a-key", "no kty", ""},
		{"keys is an object", "", []byte(`{"keys":{}}`), "not-a-key", "not an array", ""},
		{"a set of broken keys", "", []byte(`{"keys":[{"kty":"EC","crv":"P-256","d":"AQ"}]}`), "not-a-key", "no x", ""},
		{"repeated member", "", []byte(`{"kty":"oct","k":"AA","k":"AB"}`), "not-a-key", "twice", ""},
		{"X25519 JWK", "", []byte(`{"kty":"OKP","crv":"X25519","x":"AQ","d":"AQ"}`), "unsupported", "X25519", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var pass func() ([]byte, error)
			if tt.passphrase != "" {
				pass = answering(tt.passphrase, new(int))
			}
			keys, err := ReadPrivate(tt.data, pass)
			var k *KeyError
			if !errors.As(err, &k) || len(keys) > 0 {
				t.Fatalf("%v, %v", keys, err)
			}
			if k.Reason != tt.reason || !strings.Contains(k.Detail, tt.says) || !strings.HasPrefix(k.Try, tt.try) || tt.try == "" != (k.Try == "") {
				t.Errorf("%s: %s; try %q", k.Reason, k.Detail, k.Try)
			}
		})
	}
}

func TestReadPrivatePassesOnThatNobodyAnswers(t *testing.T) {
	nobody := errors.New("nobody is there to ask")
	_, err := ReadPrivate(keyFile(t, "rsa-pbes2-aes256.pem"), func() ([]byte, error) { return nil, nobody })
	if !errors.Is(err, nobody) {
		t.Error(err)
	}
}

// Every member that an RSA key may lose, and every lie that a JWK can tell.
func TestReadPrivateJWK(t *testing.T) {
	full := map[string]map[string]any{}
	for name := range ourKeys() {
		full[name] = jwkMembers(t, josev4.JSONWebKey{Key: ourKeys()[name].private, KeyID: name})
	}
	other := jwkMembers(t, josev4.JSONWebKey{Key: mustGenerate(t, "ES256").Key})
	for _, tt := range []struct {
		name, key    string
		change       map[string]any // nil removes
		reason, says string
	}{
		{"RSA", "RSA", nil, "", ""},
		{"RSA without CRT", "RSA", map[string]any{"dp": nil, "dq": nil, "qi": nil}, "", ""},
		{"RSA without primes", "RSA", map[string]any{"p": nil, "q": nil, "dp": nil, "dq": nil, "qi": nil}, "", ""},
		{"RSA without q", "RSA", map[string]any{"q": nil}, "not-a-key", "no q"},
		{"RSA of other primes", "RSA", map[string]any{"p": full["RSA"]["q"]}, "not-a-key", "do not belong"},
		{"RSA of another d", "RSA", map[string]any{"d": "AQAB"}, "not-a-key", "do not belong"},
		{"RSA of another d, without primes", "RSA", map[string]any{"d": "AQAB", "p": nil, "q": nil}, "not-a-key", "do not belong"},
		{"RSA e is one", "RSA", map[string]any{"e": "AQ"}, "not-a-key", "do not make"},
		{"RSA small", "RSA", map[string]any{"n": "AQAB"}, "unsupported", "17 bits"},
		{"RSA multi-prime", "RSA", map[string]any{"oth": []any{}}, "not-a-key", "more than two"},
		{"RSA d a number", "RSA", map[string]any{"d": 7}, "not-a-key", "the d of the JWK is not base64url"},
		{"P-256", "P-256", nil, "", ""},
		{"P-384", "P-384", nil, "", ""},
		{"P-521", "P-521", nil, "", ""},
		{"EC padded", "P-521", map[string]any{"d": full["P-521"]["d"].(string) + "="}, "", ""},
		{"EC of another x", "P-256", map[string]any{"x": other["x"]}, "not-a-key", "does not belong"},
		{"EC of another y", "P-256", map[string]any{"y": other["y"]}, "not-a-key", "does not belong"},
		{"EC without x", "P-256", map[string]any{"x": nil}, "not-a-key", "no x"},
		{"EC d too long", "P-256", map[string]any{"d": full["P-384"]["d"]}, "not-a-key", "48 octets"},
		{"EC d zero", "P-256", map[string]any{"d": "AA"}, "not-a-key", "not a key on P-256"},
		{"EC on another curve", "P-256", map[string]any{"crv": "secp256k1"}, "unsupported", "secp256k1"},
		{"Ed25519", "Ed25519", nil, "", ""},
		{"Ed25519 of another x", "Ed25519", map[string]any{"x": other["x"]}, "not-a-key", "does not belong"},
		{"Ed25519 d short", "Ed25519", map[string]any{"d": "AQAB"}, "not-a-key", "3 octets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			jwk := map[string]any{}
			for name, value := range full[tt.key] {
				jwk[name] = value
			}
			for name, value := range tt.change {
				if jwk[name] = value; value == nil {
					delete(jwk, name)
				}
			}
			text, _ := json.Marshal(jwk)
			keys, err := ReadPrivate(text, nil)
			if tt.reason != "" {
				if !refusedFor(err, tt.reason, tt.says) {
					t.Fatalf("%v, %v", keys, err)
				}
				for _, private := range []string{"d", "p", "q"} {
					if s, ok := jwk[private].(string); ok && len(s) > 8 && strings.Contains(fmt.Sprint(err), s) {
						t.Errorf("the error shows %s", private)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if keys[0].Kid != tt.key || keys[0].Public.Kid != tt.key {
				t.Errorf("kid %q, public %q", keys[0].Kid, keys[0].Public.Kid)
			}
			alg := keys[0].Algs()[0]
			verifies(t, sign(t, alg, keys[0].Key, nil, json.RawMessage(`{}`)), alg, ourKeys()[tt.key].public.Public)
		})
	}
}

func jwkMembers(t *testing.T, key josev4.JSONWebKey) map[string]any {
	t.Helper()
	text, err := key.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestReadPrivateOct(t *testing.T) {
	keys, err := ReadPrivate([]byte(`{"kty":"oct","kid":"1","alg":"HS384","k":"c2VjcmV0"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if k := keys[0]; string(k.Key.([]byte)) != "secret" || k.Alg != "HS384" || k.Signer() != nil || string(k.PublicJWKS()) != `{"keys":[]}` {
		t.Errorf("%v %s", k, k.PublicJWKS())
	}
}

// One key that cannot be used does not spoil the others, and is named when it
// is asked for.
func TestReadPrivateSet(t *testing.T) {
	good, _ := josev4.JSONWebKey{Key: ourKeys()["P-256"].private, KeyID: "good", Use: "sig", Algorithm: "ES256"}.MarshalJSON()
	set := `{"keys":[{"kty":"AKP","kid":"new","d":"AQ"},` + string(published(t).RFC9101.Key) + `,{"kty":"EC","crv":"P-256","kid":"bad","x":"AQ","y":"AQ","d":"AQ"},` + string(good) + `]}`
	keys, err := ReadPrivate([]byte(set), nil)
	if err != nil || len(keys) != 3 {
		t.Fatalf("%v, %v", keys, err)
	}
	k, alg, err := Pick(keys, "", "")
	if err != nil || k.Kid != "good" || alg != "ES256" {
		t.Errorf("%v %s %v", k, alg, err)
	}
	if _, _, err := Pick(keys, "bad", ""); !refusedFor(err, "not-a-key", `"bad" cannot be used`) {
		t.Error(err)
	}
}

// However a key is printed, nothing of it shows.
func TestPrivateIsNotPrinted(t *testing.T) {
	asked := 0
	keys, err := ReadPrivate(keyFile(t, "ed25519-pkcs8.pem"), answering("", &asked))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(format, keys[0]); strings.Contains(got, "crypto") || len(got) > 240 {
			t.Errorf("%s: %s", format, got)
		}
	}
}

func FuzzReadPrivate(f *testing.F) {
	for _, name := range []string{"rsa-pkcs1.pem", "p256-pbes2-des3-sha1.pem", "p256-legacy-des3.pem", "ed25519-pkcs8.pem", "p256-pbes2.der", "p256.p12"} {
		f.Add(keyFile(f, name))
	}
	f.Add([]byte(ourKeys()["Ed25519"].public.Raw))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("ENCRYPTED")) && len(data) > 400 {
			return // a great number of iterations is slow, as it should be
		}
		keys, err := ReadPrivate(data, nil)
		var k *KeyError
		if err != nil && !errors.As(err, &k) || err == nil && len(keys) == 0 {
			t.Errorf("%v, %v", keys, err)
		}
	})
}
