package jose

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	josev4 "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

// unopenedFor fails unless err is a *DecryptError of that reason that says so.
func unopenedFor(t *testing.T, err error, reason, detail string) {
	t.Helper()
	var refused *DecryptError
	if !errors.As(err, &refused) || refused.Reason != reason || !strings.Contains(refused.Detail, detail) {
		t.Errorf("got %v, want %s with %q", err, reason, detail)
	}
}

func privateKeys(t testing.TB, text json.RawMessage) []Private {
	t.Helper()
	keys, err := ReadPrivate(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// Octets that other implementations printed, for every family of alg and both
// of enc.
func TestDecryptPublished(t *testing.T) {
	for _, v := range published(t).JWE {
		t.Run(v.Ref, func(t *testing.T) {
			keys := privateKeys(t, v.Key)
			plain, err := Decrypt(Decode(v.JWE), keys, nil)
			if err != nil {
				t.Fatal(err)
			}
			token := Decode(v.JWE)
			enc, _ := token.Header.String("enc")
			want := Plain{Payload: []byte(v.Plaintext), Key: keys[0].String(), Alg: token.Alg(), Enc: enc}
			if v.Ref == "RFC 7516 A.2" {
				want.Warnings = []Problem{{ID: "jwe-rsa1_5", Ref: "RFC 8725 §3.2", Detail: plain.Warnings[0].Detail}}
			}
			if diff := cmp.Diff(want, *plain); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for i := range 5 {
				bad := flipped(v.JWE, i)
				if plain, err := Decrypt(Decode(bad), keys, nil); err == nil || plain != nil {
					t.Errorf("opens after a change of part %d", i)
				}
			}
		})
	}
}

// flipped changes the last octet of one part; of the header the last letter of
// a name, so that it can still be read.
func flipped(token string, part int) string {
	parts := strings.Split(token, ".")
	octets, _ := base64.RawURLEncoding.DecodeString(parts[part])
	if part == 0 {
		octets = append(bytes.TrimSuffix(octets, []byte("}")), `,"x":1}`...)
	} else if len(octets) == 0 {
		octets = []byte{1}
	} else {
		octets[len(octets)-1] ^= 1
	}
	parts[part] = base64.RawURLEncoding.EncodeToString(octets)
	return strings.Join(parts, ".")
}

// FAPI 1.0 Advanced A.3 nests a JWT that the client signed, not the server: who
// decrypts it knows nothing yet.
func TestDecryptNested(t *testing.T) {
	v := published(t)
	outer := Decode(v.FAPI1.JWE)
	if outer.Form != FormJWE || outer.Alg() != "RSA-OAEP-256" || len(outer.Problems) > 0 {
		t.Fatalf("%s %s %v", outer.Form, outer.Alg(), outer.Problems)
	}
	plain, err := Decrypt(outer, privateKeys(t, v.FAPI1.Keys[2]), nil)
	if err != nil || plain.Enc != "A256GCM" || plain.Key != `the RSA key "client-enc-2020-08-28"` || plain.Warnings != nil {
		t.Fatalf("%+v, %v", plain, err)
	}
	inner := Decode(string(plain.Payload))
	client, server := ParseKey(v.FAPI1.Keys[0]), ParseKey(v.FAPI1.Keys[1])
	if err := Verify(inner, client); err != nil {
		t.Errorf("with the client's key: %v", err)
	}
	refusedWith(t, Verify(inner, server), "signature", "")
	if sub, _ := inner.Claims.String("sub"); sub != "1001" {
		t.Errorf("sub %q", sub)
	}
}

// ways are every alg with the key that receives it.
func ways(t testing.TB) map[string]Private {
	oct := func(size int) Private {
		key := make([]byte, size)
		_, _ = rand.Read(key)
		k, refused := newPrivate(key)
		if refused != nil {
			t.Fatal(refused)
		}
		return k
	}
	ours := func(kind string) Private {
		k, refused := newPrivate(ourKeys()[kind].private)
		if refused != nil {
			t.Fatal(refused)
		}
		k.Kid, k.Use = kind, "enc"
		k.publish()
		return k
	}
	return map[string]Private{
		"RSA-OAEP": ours("RSA"), "RSA-OAEP-256": ours("RSA"), "RSA1_5": ours("RSA"),
		"ECDH-ES": ours("P-256"), "ECDH-ES+A128KW": ours("P-256"), "ECDH-ES+A192KW": ours("P-384"), "ECDH-ES+A256KW": ours("P-521"),
		"A128KW": oct(16), "A192KW": oct(24), "A256KW": oct(32), "A128GCMKW": oct(16), "A192GCMKW": oct(24), "A256GCMKW": oct(32),
		"dir": {},
	}
}

// encs are every enc with the size of its key.
func encs() map[string]int {
	return map[string]int{"A128CBC-HS256": 32, "A192CBC-HS384": 48, "A256CBC-HS512": 64, "A128GCM": 16, "A192GCM": 24, "A256GCM": 32}
}

// foreign encrypts as another implementation does.
func foreign(t testing.TB, alg, enc string, key any, options *josev4.EncrypterOptions, payload string) string {
	t.Helper()
	encrypter, err := josev4.NewEncrypter(josev4.ContentEncryption(enc), josev4.Recipient{Algorithm: josev4.KeyAlgorithm(alg), Key: key, PBES2Count: 1000}, options)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := encrypter.Encrypt([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := sealed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func publicHalf(k Private) any {
	if k.Kty == "oct" {
		return k.Key
	}
	return k.Public.Public
}

func TestDecryptWhatAnotherImplementationEncrypts(t *testing.T) {
	for alg, k := range ways(t) {
		for enc, size := range encs() {
			if alg == "dir" {
				k, _ = newPrivate(bytes.Repeat([]byte{7}, size))
			}
			token := foreign(t, alg, enc, publicHalf(k), nil, "payload of "+alg)
			plain, err := Decrypt(Decode(token), []Private{k}, nil)
			if err != nil || string(plain.Payload) != "payload of "+alg || plain.Alg != alg || plain.Enc != enc {
				t.Errorf("%s %s: %+v, %v", alg, enc, plain, err)
			}
		}
	}
	empty := foreign(t, "ECDH-ES", "A128GCM", ourKeys()["P-256"].public.Public, nil, "")
	if plain, err := Decrypt(Decode(empty), []Private{ways(t)["ECDH-ES"]}, nil); err != nil || len(plain.Payload) != 0 {
		t.Errorf("nothing, encrypted: %+v, %v", plain, err)
	}
}

// The hashes of "secret" are those that sha256sum, sha384sum and sha512sum
// print (OpenID Connect Core §10.2).
func TestDecryptWithTheClientSecret(t *testing.T) {
	const sha256 = "K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
	const sha384 = "WKd1ukESvjAFrkQHznV9iP2nHUBJe7gCbsrFTU4__HIyzo3jq1rLMK45dg_ufFPt"
	const sha512 = "vSsar3708Jvp9Szi2NWZZ02Bqp1qRCFpbcTZPdBhnWgs5WtNZKnvCXdhztmeD2cmW192CF5bDufKRpayrW_isg"
	for _, tt := range []struct {
		alg, enc, hash string
		size           int
	}{
		{"dir", "A128GCM", sha256, 16},
		{"dir", "A192GCM", sha256, 24},
		{"dir", "A128CBC-HS256", sha256, 32},
		{"dir", "A192CBC-HS384", sha384, 48},
		{"dir", "A256CBC-HS512", sha512, 64},
		{"A128KW", "A256GCM", sha256, 16},
		{"A192KW", "A256CBC-HS512", sha256, 24},
		{"A256KW", "A128GCM", sha256, 32},
		{"A256GCMKW", "A128GCM", sha256, 32},
	} {
		hash, err := base64.RawURLEncoding.DecodeString(tt.hash)
		if err != nil {
			t.Fatal(err)
		}
		token := foreign(t, tt.alg, tt.enc, hash[:tt.size], nil, "p")
		plain, err := Decrypt(Decode(token), []Private{ways(t)["A128KW"], ways(t)["RSA-OAEP"]}, []byte("secret"))
		if err != nil || string(plain.Payload) != "p" || plain.Key != "the client secret" {
			t.Errorf("%s %s: %+v, %v", tt.alg, tt.enc, plain, err)
		}
		_, err = Decrypt(Decode(token), nil, []byte("Secret"))
		unopenedFor(t, err, "wrong-key", ": the client secret")
	}
}

// Which key is tried is seen by which one is said to have opened it, as several
// names stand for one key.
func TestDecryptOrderOfKeys(t *testing.T) {
	other := func(kid, use, alg string, ops ...string) Private {
		k := named(t, "P-256", kid, use, alg)
		k.KeyOps = ops
		return k
	}
	for _, tt := range []struct {
		name, kid string
		keys      []Private
		want      string
	}{
		{"in the order given", "", []Private{other("a", "", ""), other("b", "", "")}, "a"},
		{"enc before none before sig", "", []Private{other("s", "sig", ""), other("n", "", ""), other("e", "enc", "")}, "e"},
		{"none before sig", "", []Private{other("s", "sig", ""), other("n", "", "")}, "n"},
		{"sig where nothing else is", "", []Private{other("s", "sig", "")}, "s"},
		{"key_ops", "", []Private{other("v", "", "", "sign"), other("n", "", ""), other("d", "", "", "deriveKey")}, "d"},
		{"alg of encryption", "", []Private{other("s", "", "ES256"), other("n", "", ""), other("e", "", "ECDH-ES")}, "e"},
		{"alg of signing comes last", "", []Private{other("s", "", "ES256"), other("n", "", "")}, "n"},
		{"by kid", "b", []Private{other("e", "enc", ""), other("b", "", "")}, "b"},
		{"by kid, of which several", "b", []Private{other("b", "sig", ""), named(t, "RSA", "b", "enc", ""), other("b", "enc", "")}, "b"},
		{"kid of none of ours", "x", []Private{other("a", "", ""), other("e", "enc", "")}, "e"},
		{"kid of a key of another kind", "r", []Private{named(t, "RSA", "r", "enc", ""), other("a", "", "")}, "a"},
		{"kid is the thumbprint", ourKeys()["P-256"].public.Thumbprint, []Private{other("a", "enc", ""), other("", "", "")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var options *josev4.EncrypterOptions
			if tt.kid != "" {
				options = (&josev4.EncrypterOptions{}).WithHeader("kid", tt.kid)
			}
			token := foreign(t, "ECDH-ES", "A128GCM", ourKeys()["P-256"].public.Public, options, "p")
			plain, err := Decrypt(Decode(token), tt.keys, nil)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(tt.keys, func(k Private) bool { return k.String() == plain.Key })
			if at < 0 || tt.keys[at].Kid != tt.want {
				t.Errorf("%s, want %q", plain.Key, tt.want)
			}
		})
	}
	// A kid of ours leaves no other to try.
	token := foreign(t, "ECDH-ES", "A128GCM", ourKeys()["P-256"].public.Public, (&josev4.EncrypterOptions{}).WithHeader("kid", "b"), "p")
	stranger := mustGenerate(t, "ES256")
	stranger.Kid = "b"
	_, err := Decrypt(Decode(token), []Private{other("a", "enc", ""), stranger}, nil)
	unopenedFor(t, err, "wrong-key", `: the EC P-256 key "b"`)
}

func TestDecryptRefuses(t *testing.T) {
	ours := ways(t)
	ec, rsaKey, oct := ours["ECDH-ES"], ours["RSA-OAEP"], ours["A128KW"]
	all := []Private{rsaKey, ec, oct}
	good := foreign(t, "ECDH-ES", "A128GCM", ec.Public.Public, nil, "p")
	goodRSA := foreign(t, "RSA-OAEP", "A128GCM", rsaKey.Public.Public, nil, "p")
	goodGCM := foreign(t, "A128GCMKW", "A128GCM", oct.Key, nil, "p")
	epk := func(member string) string { return rewritten(t, good, "epk", member) }
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	short, _ := newPrivate(small)
	odd := Private{Kty: "oct", flaw: noKey("not-a-key", "not a key: the k of the JWK is not base64url")}
	deflated := foreign(t, "ECDH-ES", "A128GCM", ec.Public.Public, &josev4.EncrypterOptions{Compression: josev4.DEFLATE}, strings.Repeat("a", 100))
	parts := func(s string, at int, part string) string {
		all := strings.Split(s, ".")
		all[at] = part
		return strings.Join(all, ".")
	}
	for _, tt := range []struct {
		name, token    string
		keys           []Private
		secret         string
		reason, detail string
	}{
		{"nothing given", good, nil, "", "no-key", "no key is given; it needs a private EC key on P-256"},
		{"nothing given, symmetric", goodGCM, nil, "", "no-key", "the client secret, or a symmetric key of 16 octets"},
		{"a secret for ECDH-ES", good, nil, "s", "no-fitting-key", "alg ECDH-ES needs a private EC key on P-256"},
		{"RSA and symmetric for ECDH-ES", good, []Private{rsaKey, oct}, "", "no-fitting-key", `RSA key "RSA": it is of another kind; oct key without kid: it is of another kind`},
		{"another curve", good, []Private{ours["ECDH-ES+A192KW"]}, "", "no-fitting-key", `EC P-384 key "P-384": its curve is not that of the epk`},
		{"RSA of another size", goodRSA, []Private{short}, "", "no-fitting-key", "the encrypted key has 256 octets, and this key makes 128"},
		{"symmetric of another size", goodGCM, []Private{ours["A256KW"], odd}, "", "no-fitting-key", "oct key without kid: it is not 16 octets long; oct key without kid: it cannot be used: not a key"},
		{"zero key", good, []Private{{}}, "", "no-fitting-key", "no key: it cannot be used"},
		{"Ed25519", good, []Private{named(t, "Ed25519", "ed", "", "")}, "", "no-fitting-key", "another kind"},
		{"wrong RSA", goodRSA, []Private{mustGenerate(t, "RS256")}, "", "wrong-key", "alg RSA-OAEP"},
		{"wrong symmetric", goodGCM, []Private{ways(t)["A128KW"]}, "s", "wrong-key", ": the oct key without kid; the client secret"},
		{"PBES2", foreign(t, "PBES2-HS256+A128KW", "A128GCM", []byte("s"), nil, "p"), all, "s", "jwe-pbes2", "PBES2-HS256+A128KW"},
		{"zip", deflated, all, "", "jwe-zip", `"\"DEF\""`},
		{"zip escaped", rewritten(t, good, "x\":1,\"z\\u0069p", `"DEF"`), all, "", "jwe-zip", ""},
		{"zip null", rewritten(t, good, "zip", `null`), all, "", "jwe-zip", ""},
		{"crit", rewritten(t, good, "crit", `["x"]`), all, "", "crit", "understands no extension"},
		{"crit empty", rewritten(t, good, "crit", `[]`), all, "", "crit", ""},
		{"alg of signing", rewritten(t, good, "alg", `"RS256"`), all, "", "alg-unsupported", `"RS256"`},
		{"alg of another case", rewritten(t, good, "alg", `"ecdh-es"`), all, "", "alg-unsupported", ""},
		{"RSA-OAEP-512", rewritten(t, goodRSA, "alg", `"RSA-OAEP-512"`), all, "", "alg-unsupported", ""},
		{"alg is a number", rewritten(t, good, "alg", `1`), all, "", "malformed", "no alg that is a string"},
		{"no enc", rewritten(t, good, "enc", ``), all, "", "malformed", "no enc that is a string"},
		{"enc unknown", rewritten(t, good, "enc", `"A128CTR"`), all, "", "enc-unsupported", `"A128CTR"`},
		{"header twice", rewritten(t, good, "alg\":\"dir\",\"alg", `"dir"`), all, "", "malformed", "jwt-header-duplicate-name"},
		{"kid is a number", rewritten(t, good, "kid", `1`), all, "", "malformed", "a member of the header"},
		{"epk missing", epk(``), all, "", "malformed", "no epk"},
		{"epk not an object", epk(`"x"`), all, "", "malformed", "epk is not a key"},
		{"epk off the curve", epk(`{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`), all, "", "malformed", "not on P-256"},
		{"epk with d", epk(`{"kty":"EC","crv":"P-256","d":"AA","x":"AA","y":"AA"}`), all, "", "malformed", "private members"},
		{"epk on X25519", epk(`{"kty":"OKP","crv":"X25519","x":"AA"}`), all, "", "alg-unsupported", `crv "X25519"`},
		{"apu padded", rewritten(t, good, "apu", `"QQ=="`), all, "", "malformed", "apu is not base64url"},
		{"GCM without iv", rewritten(t, goodGCM, "iv", ``), all, "", "malformed", "an iv of 12 and a tag of 16 octets"},
		{"GCM with a short tag", rewritten(t, goodGCM, "tag", `"AAAA"`), all, "", "malformed", "an iv of 12 and a tag of 16 octets"},
		{"encrypted key beside ECDH-ES", parts(good, 1, "AAAA"), all, "", "malformed", "3 octets, and with alg ECDH-ES there is none"},
		{"no encrypted key", parts(goodRSA, 1, ""), all, "", "malformed", "no encrypted key, which alg RSA-OAEP needs"},
		{"encrypted key too long", parts(goodGCM, 1, strings.Repeat("A", 1000)), all, "", "malformed", "750 octets; alg A128GCMKW and enc A128GCM make 16"},
		{"short iv", parts(good, 2, "AAAA"), all, "", "malformed", "initialization vector has 3 octets, and enc A128GCM has 12"},
		{"tag moved out of the ciphertext", parts(good, 4, strings.Repeat("A", 24)), all, "", "malformed", "authentication tag has 18 octets, and enc A128GCM has 16"},
		{"padding", good + "==", all, "", "malformed", "jwt-padding"},
		{"line break", good + "\n", all, "", "malformed", "jwt-illegal-character"},
		{"signed", published(t).OIDC.A2, all, "", "malformed", "not a compact JWE"},
		{"too long", parts(good, 3, strings.Repeat("A", maxToken)), all, "", "malformed", "not a compact JWE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plain, err := Decrypt(Decode(tt.token), tt.keys, []byte(tt.secret))
			unopenedFor(t, err, tt.reason, tt.detail)
			if plain != nil {
				t.Errorf("and %+v", plain)
			}
		})
	}
	_, err := Decrypt(nil, all, nil)
	unopenedFor(t, err, "malformed", "")
	_, err = Decrypt(&Token{Form: FormJWE}, all, nil)
	unopenedFor(t, err, "malformed", "")
}

// rewritten replaces a member of the header, adds it, or takes it out when the
// value is empty. The integrity of the token is lost with that.
func rewritten(t *testing.T, token, name, value string) string {
	t.Helper()
	header, rest, _ := strings.Cut(token, ".")
	octets, err := base64.RawURLEncoding.DecodeString(header)
	if err != nil {
		t.Fatal(err)
	}
	o, _ := ParseObject(octets)
	var members []string
	for _, m := range o.Members {
		if m.Name != name {
			members = append(members, `"`+m.Name+`":`+string(m.Value))
		}
	}
	if value != "" {
		members = append(members, `"`+name+`":`+value)
	}
	return b64("{"+strings.Join(members, ",")+"}") + "." + rest
}

// What fails behind a key looks the same wherever it fails, and no key is in
// it.
func TestDecryptIsNoOracle(t *testing.T) {
	for alg, k := range ways(t) {
		if alg == "dir" {
			continue
		}
		token := foreign(t, alg, "A128CBC-HS256", publicHalf(k), nil, "payload")
		said := map[string]bool{}
		for part := 1; part < 5; part++ {
			if part == 1 && alg == "ECDH-ES" {
				continue
			}
			_, err := Decrypt(Decode(flipped(token, part)), []Private{k}, nil)
			unopenedFor(t, err, "wrong-key", "")
			said[err.Error()] = true
			if octets, symmetric := k.Key.([]byte); symmetric && strings.Contains(err.Error(), string(octets)) {
				t.Error("the key is in it")
			}
		}
		if len(said) != 1 {
			t.Errorf("%s: %v", alg, said)
		}
	}
}

// Keys for encryption are read like any other, and are never signed with.
func TestReadPrivateForEncryption(t *testing.T) {
	label := func(kind, labels string) string {
		k, _ := newPrivate(ourKeys()[kind].private)
		return `{` + labels + `,` + strings.TrimPrefix(string(k.encode("", true)), "{")
	}
	set := `{"keys":[` + strings.Join([]string{
		label("P-256", `"kid":"e1","use":"enc"`),
		label("P-384", `"kid":"e2","alg":"ECDH-ES"`),
		label("RSA", `"kid":"e3","alg":"RSA-OAEP-256"`),
		label("RSA", `"kid":"e4","key_ops":["unwrapKey"]`),
		label("P-256", `"kid":"s1","use":"sig"`),
	}, ",") + `]}`
	keys := privateKeys(t, json.RawMessage(set))
	for i, alg := range []string{"ES256", "ES384", "RS256", "RS256"} {
		if keys[i].flaw != nil || keys[i].Key == nil || keys[i].Public.Public == nil || len(keys[i].Public.Problems) > 0 {
			t.Errorf("%v: %v %v", keys[i], keys[i].flaw, keys[i].Public.Problems)
		}
		for _, alg := range []string{"", alg} {
			if _, _, err := Pick(keys[i:i+1], "", alg); !refusedFor(err, "misfit", keys[i].String()+" does not sign: its ") {
				t.Errorf("%v with %q: %v", keys[i], alg, err)
			}
		}
	}
	if k, alg, err := Pick(keys, "", ""); err != nil || k.Kid != "s1" || alg != "ES256" {
		t.Errorf("%v %s %v", k, alg, err)
	}
	plain, err := Decrypt(Decode(foreign(t, "RSA-OAEP", "A128GCM", ourKeys()["RSA"].public.Public, nil, "p")), keys, nil)
	if err != nil || plain.Key != `the RSA key "e3"` {
		t.Errorf("%+v, %v", plain, err)
	}
}
