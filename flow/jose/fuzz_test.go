package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The corpus is in testdata/fuzz; the published vectors are added to it.

func FuzzParseObject(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		o, problems := ParseObject(b)
		found := ids(problems)
		if o == nil && len(found) == 0 {
			t.Fatal("no object and no problem")
		}
		// encoding/json is the judge of what is JSON, and takes nesting that
		// this package does not.
		valid := json.Valid(b)
		if valid && slices.Contains(found, "json-syntax") {
			t.Fatalf("valid JSON is called broken: %v", problems)
		}
		if !valid && len(found) == 0 {
			t.Fatal("broken JSON is called an object")
		}
		whole := !slices.Contains(found, "json-syntax") && !slices.Contains(found, "json-too-deep") && !slices.Contains(found, "json-too-many")
		if o == nil {
			return
		}
		if whole && !json.Valid(o.Raw) {
			t.Fatalf("Raw is not valid: %q", o.Raw)
		}
		for _, m := range o.Members {
			if !json.Valid(m.Value) {
				t.Fatalf("the value of %q is not valid: %q", m.Name, m.Value)
			}
			o.String(m.Name)
			o.Number(m.Name)
			o.Strings(m.Name)
			o.Object(m.Name)
		}
		checkSentences(t, problems)
	})
}

func FuzzDecode(f *testing.F) {
	v := published(f)
	for _, token := range []string{v.OIDC.A2, v.FAPI1.JWE, v.RFC9449.Resource, v.RFC8037.JWS} {
		f.Add(token)
	}
	// No token in the corpus was signed with this key, nor with this secret.
	stranger := Key{Public: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)}
	set := KeySet{Keys: []Key{stranger, ParseKey(v.RFC9126.Key)}}
	f.Fuzz(func(t *testing.T, s string) {
		token := Decode(s)
		if token.Raw != s {
			t.Fatal("Raw is not what came")
		}
		if token.Form == FormJWE && (token.Claims != nil || token.Signature != nil || token.Payload != nil) {
			t.Fatal("something was read inside an encrypted token")
		}
		if token.Form == FormOpaque && len(token.Problems) == 0 {
			t.Fatal("opaque without a reason")
		}
		if token.Form == FormJWS && len(token.Problems) == 0 {
			segments := strings.Split(s, ".")
			enc := base64.RawURLEncoding.EncodeToString
			if enc(token.Payload) != segments[1] || enc(token.Signature) != segments[2] {
				t.Fatal("there is a second way to write this token")
			}
		}
		if Verify(token, stranger) == nil || VerifyHMAC(token, []byte("a secret nobody used")) == nil {
			t.Fatal("verifies with a strange key")
		}
		if found, err := set.Candidates(token); (err == nil) != (len(found) > 0) {
			t.Fatalf("%d candidates and %v", len(found), err)
		}
		checkSentences(t, token.Problems)
	})
}

func FuzzDecrypt(f *testing.F) {
	v := published(f)
	var keys []Private
	for _, jwe := range v.JWE {
		f.Add(jwe.JWE)
		// A header of its own for the fuzzer to work on, where a key can be reached.
		f.Add(strings.Join(append(strings.Split(jwe.JWE, ".")[:4], ""), "."))
		keys = append(keys, privateKeys(f, jwe.Key)...)
	}
	f.Add(v.FAPI1.JWE)
	known := map[string]bool{}
	for _, jwe := range v.JWE {
		known[jwe.JWE] = true
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain, err := Decrypt(Decode(s), keys, []byte("a secret nobody used"))
		var refused *DecryptError
		switch {
		case (plain == nil) == (err == nil), err != nil && !errors.As(err, &refused):
			t.Fatalf("%v and %v", plain, err)
		case refused != nil:
			checkSentences(t, []Problem{{ID: refused.Reason, Ref: "-", Detail: refused.Detail}})
		// Anybody encrypts to a public key, but a fuzzer that knows none of
		// these does not.
		case !known[s]:
			t.Fatalf("decrypted: %q", plain.Payload)
		default:
			checkSentences(t, plain.Warnings)
		}
	})
}

func FuzzParseKeySet(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		ks := ParseKeySet(b)
		checkSentences(t, ks.Problems)
		for _, k := range ks.Keys {
			checkSentences(t, k.Problems)
			if k.Public == nil && len(k.Problems) == 0 {
				t.Fatal("unusable without a reason")
			}
			if k.Thumbprint != "" && len(k.Thumbprint) != 43 {
				t.Fatalf("thumbprint %q", k.Thumbprint)
			}
			switch public := k.Public.(type) {
			case nil:
			case *rsa.PublicKey:
				if k.Kty != "RSA" || public.N.BitLen() < 2048 {
					t.Fatalf("%d bits, kty %s", public.N.BitLen(), k.Kty)
				}
			case *ecdsa.PublicKey:
				if _, err := public.Bytes(); err != nil || k.Kty != "EC" || public.Curve.Params().Name != k.Crv {
					t.Fatalf("%v, crv %s", err, k.Crv)
				}
			case ed25519.PublicKey:
				if len(public) != 32 || k.Crv != "Ed25519" {
					t.Fatalf("%d octets, crv %s", len(public), k.Crv)
				}
			default:
				t.Fatalf("a key of type %T", public)
			}
		}
	})
}

// checkSentences makes sure that no foreign byte reaches a terminal as it is,
// and that no sentence is without bounds.
func checkSentences(t *testing.T, problems []Problem) {
	t.Helper()
	for _, p := range problems {
		if p.ID == "" || p.Ref == "" || len(p.Detail) > 1000 {
			t.Fatalf("problem %q, %q, %d bytes", p.ID, p.Ref, len(p.Detail))
		}
		if strings.ContainsFunc(p.Detail, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e || r >= 0x80 && r < 0xa0 }) {
			t.Fatalf("control characters in %q", p.Detail)
		}
	}
}

func BenchmarkVerifyRS256(b *testing.B) {
	v := published(b)
	token, key := v.OIDC.A6, ParseKey(v.OIDC.JWK)
	for b.Loop() {
		if err := Verify(Decode(token), key); err != nil {
			b.Fatal(err)
		}
	}
}

// The time per key must not grow with the set.
func BenchmarkParseKeySet(b *testing.B) {
	for _, count := range []int{10, 100, 1000} {
		set := manyKeys(count)
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			for b.Loop() {
				ParseKeySet(set)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/key")
		})
	}
}
