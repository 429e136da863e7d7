package jose

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCandidates(t *testing.T) {
	keys := ourKeys()
	key := func(kind, id string, change ...func(*Key)) Key {
		k := keys[kind].public
		k.Kid, k.Thumbprint = id, "" // told apart by kid and by what follows
		for _, c := range change {
			c(&k)
		}
		return k
	}
	use := func(v string) func(*Key) { return func(k *Key) { k.Use = v } }
	alg := func(v string) func(*Key) { return func(k *Key) { k.Alg = v } }
	ops := func(v ...string) func(*Key) { return func(k *Key) { k.KeyOps = v } }
	broken := func(k *Key) { k.Public = nil; k.report("jwk-malformed", "", "it has no n") }
	label := func(v string) func(*Key) { return func(k *Key) { k.Thumbprint = v } }
	ed448 := ParseKey([]byte(`{"kty":"OKP","crv":"Ed448","kid":"a","x":"AQ"}`))

	for _, tt := range []struct {
		name, header string
		keys         []Key
		want         []string // kid/thumbprint
		reason       string
		detail       string
	}{
		{name: "exact kid", header: `{"alg":"RS256","kid":"b"}`, keys: []Key{key("RSA", "a"), key("RSA", "b")}, want: []string{"b/"}},
		{name: "kid differs in case", header: `{"alg":"RS256","kid":"A"}`, keys: []Key{key("RSA", "a")}, reason: "kid-unknown", detail: `kid "A" is not in the set of 1 keys: key "a"`},
		{name: "kid with a space", header: `{"alg":"RS256","kid":"a "}`, keys: []Key{key("RSA", "a")}, reason: "kid-unknown"},
		{name: "the only key has another kid", header: `{"alg":"RS256","kid":"b"}`, keys: []Key{key("RSA", "a")}, reason: "kid-unknown"},
		{name: "kid is a number", header: `{"alg":"RS256","kid":1}`, keys: []Key{key("RSA", "1")}, reason: "kid-unknown", detail: "a number, not a string"},
		{name: "kid is null", header: `{"alg":"RS256","kid":null}`, keys: []Key{key("RSA", "1")}, reason: "kid-unknown", detail: "null"},
		{name: "empty kid is not an absent one", header: `{"alg":"RS256","kid":""}`, keys: []Key{key("RSA", "")}, reason: "kid-unknown"},
		{name: "empty kid", header: `{"alg":"RS256","kid":""}`, keys: []Key{key("RSA", "", func(k *Key) { k.emptyKid = true })}, want: []string{"/"}},
		{name: "empty set", header: `{"alg":"RS256","kid":"a"}`, reason: "kid-unknown", detail: "the set of 0 keys"},
		{name: "duplicate kid, sorted out by kind", header: `{"alg":"ES256","kid":"a"}`, keys: []Key{key("RSA", "a"), key("P-384", "a"), key("P-256", "a", label("x")), key("P-256", "a", use("enc"))}, want: []string{"a/x"}},
		{name: "duplicate kid, both fit", header: `{"alg":"RS256","kid":"a"}`, keys: []Key{key("RSA", "a", label("x")), key("RSA", "b"), key("RSA", "a", label("y"))}, want: []string{"a/x", "a/y"}},
		{name: "kid of another kind of key", header: `{"alg":"ES256","kid":"a"}`, keys: []Key{key("RSA", "a"), key("P-256", "b")}, reason: "no-fitting-key", detail: "another kind of key than RSA"},
		{name: "kid of an encryption key", header: `{"alg":"RS256","kid":"a"}`, keys: []Key{key("RSA", "a", use("enc"))}, reason: "no-fitting-key", detail: `use is "enc"`},
		{name: "kid of a key bound to PS256", header: `{"alg":"RS256","kid":"a"}`, keys: []Key{key("RSA", "a", alg("PS256"))}, reason: "no-fitting-key", detail: "PS256"},
		{name: "kid of a broken key", header: `{"alg":"RS256","kid":"a"}`, keys: []Key{key("RSA", "a", broken)}, reason: "no-fitting-key", detail: "it has no n"},
		{name: "key_ops", header: `{"alg":"RS256","kid":"a"}`, keys: []Key{key("RSA", "a", ops("sign", "verify"))}, want: []string{"a/"}},
		{name: "key_ops without verify", header: `{"alg":"RS256","kid":"a"}`, keys: []Key{key("RSA", "a", ops("encrypt"))}, reason: "no-fitting-key"},
		{name: "no kid, one key", header: `{"alg":"RS256"}`, keys: []Key{key("RSA", "a")}, want: []string{"a/"}},
		{name: "no kid, one that fits", header: `{"alg":"ES256"}`, keys: []Key{key("RSA", "a"), key("P-256", "b"), key("P-256", "c", use("enc")), key("P-384", "d")}, want: []string{"b/"}},
		{name: "no kid, several fit", header: `{"alg":"RS256"}`, keys: []Key{key("RSA", "a"), key("RSA", "b")}, reason: "kid-missing", detail: `2 keys fit alg RS256: key "a"; key "b"`},
		{name: "no kid, none fits", header: `{"alg":"RS256"}`, keys: []Key{key("P-256", "a")}, reason: "no-fitting-key"},
		{name: "EdDSA and Ed25519", header: `{"alg":"EdDSA","kid":"a"}`, keys: []Key{key("Ed25519", "a", alg("Ed25519"))}, want: []string{"a/"}},
		{name: "Ed448 key", header: `{"alg":"EdDSA","kid":"a"}`, keys: []Key{ed448}, reason: "alg-unsupported"},
		{name: "ES256K", header: `{"alg":"ES256K","kid":"a"}`, keys: []Key{key("P-256", "a")}, reason: "alg-unsupported"},
		{name: "none", header: `{"alg":"none","kid":"a"}`, keys: []Key{key("RSA", "a")}, reason: "no-fitting-key", detail: "not signed"},
		{name: "HS256", header: `{"alg":"HS256","kid":"a"}`, keys: []Key{key("RSA", "a")}, reason: "no-fitting-key", detail: "MAC"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, err := KeySet{Keys: tt.keys}.Candidates(Decode(b64(tt.header) + "." + b64("{}") + ".AAAA"))
			var got []string
			for _, k := range found {
				got = append(got, k.Kid+"/"+k.Thumbprint)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("candidates (-want +got):\n%s", diff)
			}
			selects(t, err, tt.reason, tt.detail)
		})
	}
	_, err := KeySet{}.Candidates(Decode("opaque"))
	selects(t, err, "no-fitting-key", "not a compact JWS")
	_, err = KeySet{}.Candidates(nil)
	selects(t, err, "no-fitting-key", "")
}

// selects fails unless err is a *SelectError of that reason, or nil for none.
func selects(t *testing.T, err error, reason, detail string) {
	t.Helper()
	var refused *SelectError
	switch {
	case reason == "" && err != nil:
		t.Errorf("refused: %v", err)
	case reason != "" && (!errors.As(err, &refused) || refused.Reason != reason || !strings.Contains(refused.Detail, detail)):
		t.Errorf("got %v, want %s with %q", err, reason, detail)
	}
}

// A token that brings the key it was signed with is judged by the set alone.
func TestCandidatesIgnoresTheTokensOwnKey(t *testing.T) {
	attacker, server := ourKeys()["P-256"], ourKeys()["RSA"].public
	server.Kid = "a"
	token := Decode(sign(t, "ES256", attacker.private, map[string]any{"jwk": publish(attacker.private), "jku": "https://evil.example/"}, struct{}{}))
	_, err := KeySet{Keys: []Key{server}}.Candidates(token)
	selects(t, err, "no-fitting-key", "")
}

// Thousands of keys make a sentence of bounded length.
func TestSelectErrorIsShort(t *testing.T) {
	_, err := ParseKeySet(manyKeys(1000)).Candidates(Decode(b64(`{"alg":"RS256"}`) + "." + b64("{}") + ".AAAA"))
	selects(t, err, "kid-missing", "and 992 more")
	if len(err.Error()) > 400 {
		t.Errorf("%d bytes", len(err.Error()))
	}
}

// The FAPI 1 set holds signing keys of two parties and one for encryption.
func TestCandidatesPublished(t *testing.T) {
	v := published(t)
	set := `{"keys":[`
	for i, raw := range v.FAPI1.Keys {
		set += strings.Repeat(",", min(i, 1)) + string(raw)
	}
	ks := ParseKeySet([]byte(set + `]}`))
	for token, kid := range map[string]string{v.FAPI1.IDToken: "server-2020-08-28", v.FAPI1.RequestObject: "client-2020-08-28"} {
		found, err := ks.Candidates(Decode(token))
		if err != nil || len(found) != 1 || found[0].Kid != kid {
			t.Fatalf("%v, %v, want %s", found, err, kid)
		}
		if err := Verify(Decode(token), found[0]); err != nil {
			t.Error(err)
		}
	}
}
