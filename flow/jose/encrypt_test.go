package jose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	josev4 "github.com/go-jose/go-jose/v4"
)

func TestEncryptForAnotherImplementation(t *testing.T) {
	for alg, k := range ways(t) {
		if k.Kty != "RSA" && k.Kty != "EC" {
			continue // this tool only decrypts with a secret: see TestDecryptWithTheClientSecret
		}
		for enc := range encs() {
			token, err := Encrypt([]byte("payload of "+alg), k.Public, alg, enc, "JWT")
			if err != nil {
				t.Fatalf("%s %s: %v", alg, enc, err)
			}
			theirs, err := josev4.ParseEncryptedCompact(token, []josev4.KeyAlgorithm{josev4.KeyAlgorithm(alg)}, []josev4.ContentEncryption{josev4.ContentEncryption(enc)})
			if err != nil {
				t.Fatal(err)
			}
			if payload, err := theirs.Decrypt(k.Key); err != nil || string(payload) != "payload of "+alg {
				t.Errorf("%s %s: %q, %v", alg, enc, payload, err)
			}
			if plain, err := Decrypt(Decode(token), []Private{k}, nil); err != nil || string(plain.Payload) != "payload of "+alg {
				t.Errorf("%s %s, our own: %v", alg, enc, err)
			}
		}
	}
}

func TestEncryptHeader(t *testing.T) {
	ours := ways(t)
	bare := ours["RSA-OAEP"].Public
	bare.Kid = ""
	for _, tt := range []struct {
		to             Key
		alg, cty, want string
	}{
		{ours["RSA-OAEP"].Public, "RSA-OAEP-256", "JWT", `{"alg":"RSA-OAEP-256","cty":"JWT","enc":"A256GCM","kid":"RSA"}`},
		{bare, "RSA-OAEP", "", `{"alg":"RSA-OAEP","enc":"A256GCM"}`},
	} {
		token, err := Encrypt([]byte("p"), tt.to, tt.alg, "A256GCM", tt.cty)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(Decode(token).Header.Raw); got != tt.want {
			t.Errorf("header %s, want %s", got, tt.want)
		}
	}
	one, _ := Encrypt([]byte("p"), ours["ECDH-ES"].Public, "ECDH-ES", "A128GCM", "")
	two, _ := Encrypt([]byte("p"), ours["ECDH-ES"].Public, "ECDH-ES", "A128GCM", "")
	first, _ := Decode(one).Header.Get("epk")
	again, _ := Decode(two).Header.Get("epk")
	if len(first) == 0 || bytes.Equal(first, again) {
		t.Errorf("the ephemeral key came twice: %s", first)
	}
}

func TestEncryptRefuses(t *testing.T) {
	keys := ourKeys()
	with := func(kind string, change func(*Key)) Key { k := keys[kind].public; change(&k); return k }
	short, _ := rsa.GenerateKey(rand.Reader, 1024)
	none := func(*Key) {}
	for _, tt := range []struct {
		name           string
		to             Key
		alg, enc       string
		reason, detail string
	}{
		{"symmetric alg", with("RSA", none), "dir", "A128GCM", "alg-unsupported", `"dir"`},
		{"PBES2", with("RSA", none), "PBES2-HS256+A128KW", "A128GCM", "alg-unsupported", ""},
		{"enc", with("RSA", none), "RSA-OAEP", "A128CTR", "enc-unsupported", `"A128CTR"`},
		{"another kind", with("P-256", none), "RSA-OAEP", "A128GCM", "alg-key-mismatch", "EC P-256"},
		{"Ed25519", with("Ed25519", none), "ECDH-ES", "A128GCM", "alg-key-mismatch", "OKP Ed25519"},
		{"use sig", with("RSA", func(k *Key) { k.Use = "sig" }), "RSA-OAEP", "A128GCM", "key-unusable", `its use is "sig", not enc`},
		{"key_ops", with("RSA", func(k *Key) { k.KeyOps = []string{"verify"} }), "RSA-OAEP", "A128GCM", "key-unusable", "verify"},
		{"another alg", with("RSA", func(k *Key) { k.Kid, k.Alg = "k", "RSA-OAEP" }), "RSA-OAEP-256", "A128GCM", "alg-key-mismatch", `key "k": its alg is "RSA-OAEP", not RSA-OAEP-256`},
		{"short RSA", ParseKey(publish(short)), "RSA-OAEP", "A128GCM", "key-unusable", "1024 bits"},
		{"short RSA, unread", Key{Public: &short.PublicKey}, "RSA-OAEP", "A128GCM", "key-unusable", "2048"},
		{"nil RSA", Key{Public: (*rsa.PublicKey)(nil)}, "RSA-OAEP", "A128GCM", "key-unusable", ""},
		{"nil EC", Key{Public: (*ecdsa.PublicKey)(nil)}, "ECDH-ES", "A128GCM", "key-unusable", ""},
		{"no key", Key{}, "ECDH-ES", "A128GCM", "key-unusable", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := Encrypt([]byte("p"), tt.to, tt.alg, tt.enc, "")
			unencryptedFor(t, token, err, tt.reason, tt.detail)
		})
	}
}

func unencryptedFor(t *testing.T, token string, err error, reason, detail string) {
	t.Helper()
	var refused *EncryptError
	if !errors.As(err, &refused) || refused.Reason != reason || !strings.Contains(refused.Detail, detail) || token != "" {
		t.Errorf("%q, %v, want %s with %q", token, err, reason, detail)
	}
}

func TestEncrypter(t *testing.T) {
	jwk := func(kind, labels string) string {
		return `{` + labels + `,` + strings.TrimPrefix(string(publish(ourKeys()[kind].private)), "{")
	}
	ec, ecAny, ecSig := jwk("P-256", `"kid":"ec","use":"enc"`), jwk("P-384", `"kid":"ecAny"`), jwk("P-256", `"kid":"ecSig","use":"sig"`)
	rsaEnc, rsaAny := jwk("RSA", `"kid":"rsa","use":"enc"`), jwk("RSA", `"kid":"rsaAny"`)
	const x25519 = `{"kty":"OKP","crv":"X25519","kid":"x","use":"enc","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}`
	for _, tt := range []struct {
		name, keys   string
		algs         []string
		kid, alg     string
		reason, says string
	}{
		{name: "our own choice", keys: rsaEnc + "," + ec, kid: "ec", alg: "ECDH-ES"},
		{name: "as listed, not in its order", keys: rsaEnc + "," + ec, algs: []string{"RSA-OAEP", "RSA-OAEP-256", "RSA1_5"}, kid: "rsa", alg: "RSA-OAEP-256"},
		{name: "wrapping", keys: ec, algs: []string{"ECDH-ES+A128KW", "ECDH-ES+A256KW"}, kid: "ec", alg: "ECDH-ES+A256KW"},
		{name: "nothing else", keys: ec, algs: []string{"ECDH-ES+A192KW"}, kid: "ec", alg: "ECDH-ES+A192KW"},
		{name: "one that says so before one that says nothing", keys: ecAny + "," + rsaEnc, kid: "rsa", alg: "RSA-OAEP-256"},
		{name: "one that says nothing", keys: ecSig + "," + rsaAny, kid: "rsaAny", alg: "RSA-OAEP-256"},
		{name: "the key's alg", keys: jwk("P-256", `"kid":"k","alg":"ECDH-ES+A128KW"`), kid: "k", alg: "ECDH-ES+A128KW"},
		{name: "the key's alg is one of signing", keys: jwk("P-256", `"kid":"k","alg":"ES256"`) + "," + rsaAny, kid: "rsaAny", alg: "RSA-OAEP-256"},
		{name: "key_ops", keys: jwk("P-256", `"kid":"v","key_ops":["verify"]`) + "," + jwk("P-256", `"kid":"d","key_ops":["deriveKey"]`), kid: "d", alg: "ECDH-ES"},
		{name: "a kind unknown beside", keys: x25519 + "," + rsaEnc, kid: "rsa", alg: "RSA-OAEP-256"},
		{name: "for signing alone", keys: ecSig, reason: "no-fitting-key", says: `key "ecSig": its use is "sig", not enc`},
		{name: "X25519", keys: x25519, reason: "no-fitting-key", says: `crv "X25519"`},
		{name: "the key's alg is not listed", keys: jwk("RSA", `"kid":"k","alg":"RSA-OAEP"`), algs: []string{"ECDH-ES", "RSA-OAEP-256"}, reason: "no-fitting-key", says: `key "k": its alg is "RSA-OAEP", not RSA-OAEP-256`},
		{name: "an empty set", reason: "no-fitting-key", says: "no key of the set fits alg ECDH-ES, "},
		{name: "RSA1_5 alone", keys: rsaEnc, algs: []string{"RSA1_5", "dir"}, reason: "alg-unsupported", says: `: "RSA1_5"; "dir"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, alg, err := ParseKeySet([]byte(`{"keys":[` + tt.keys + `]}`)).Encrypter(tt.algs)
			var refused *SelectError
			switch {
			case tt.reason == "":
				if err != nil || k.Kid != tt.kid || alg != tt.alg {
					t.Fatalf("%q %s %v", k.Kid, alg, err)
				}
				if _, err := Encrypt([]byte("p"), k, alg, "A128CBC-HS256", ""); err != nil {
					t.Error(err)
				}
			case !errors.As(err, &refused) || refused.Reason != tt.reason || !strings.Contains(refused.Detail, tt.says):
				t.Errorf("%v, want %s with %q", err, tt.reason, tt.says)
			}
		})
	}
}

// A set of a thousand keys does not make an endless sentence.
func TestEncrypterIsBrief(t *testing.T) {
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf(`{"kty":"oct","kid":"%d"}`, i)
	}
	set := json.RawMessage(`{"keys":[` + strings.Join(keys, ",") + `]}`)
	if _, _, err := ParseKeySet(set).Encrypter(nil); err == nil || len(err.Error()) > 2000 || !strings.Contains(err.Error(), "and 992 more") {
		t.Errorf("%v", err)
	}
}
