package token

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/flow/wire"
)

// noWire is a wire that nothing may be sent over.
type noWire struct{}

func (noWire) Do(context.Context, wire.Request) (*wire.Answer, error) {
	return &wire.Answer{}, &wire.Error{Kind: "connect", Host: "as", Err: errors.New("refused")}
}

// A bench is what a token is inspected with.
type bench struct {
	at      int64
	with    Against
	secret  string
	keys    []jose.Private
	issuer  string
	jwksURI string
	wire    flow.Wire // nil: nothing may be sent
}

// records inspects and returns what the trace says, which must be fit to be
// saved.
func (b bench) records(t testing.TB, raw string) []trace.Record {
	t.Helper()
	var all []trace.Record
	now := func() time.Time { return time.Unix(b.at, 0).UTC() }
	p := flow.Plan{Procedure: Inspect(raw, b.with), Client: flow.Client{Secret: b.secret, Keys: b.keys}, Skew: 30 * time.Second}
	p.Server.Issuer = b.issuer
	if b.jwksURI != "" {
		p.Server.Replaced = map[flow.Endpoint]string{flow.JWKS: b.jwksURI}
	}
	over := b.wire
	if over == nil {
		over = noWire{}
	}
	_, err := flow.Start(context.Background(), p, flow.Env{Wire: over, Log: trace.NewLog(now, sink(func(r trace.Record) { all = append(all, r) })), Now: now, Rand: rand.Reader})
	if err != nil {
		t.Fatalf("an inspection failed: %v", err)
	}
	for _, r := range all {
		if _, err := json.Marshal(r); err != nil {
			t.Fatalf("%s cannot be saved: %v", r.Event.Kind(), err)
		}
	}
	return all
}

type sink func(trace.Record)

func (s sink) Emit(r trace.Record) { s(r) }

// A seen is one token as an inspection told it.
type seen struct {
	trace.Decoded
	findings []trace.Finding
	shared   string
}

func (b bench) see(t testing.TB, raw string) []seen {
	t.Helper()
	var all []seen
	seqs := map[int]int{}
	for _, r := range b.records(t, raw) {
		switch e := r.Event.(type) {
		case trace.Decoded:
			seqs[r.Seq] = len(all)
			all = append(all, seen{Decoded: e})
		case trace.Finding:
			if e.ID == "" || len(e.Evidence) == 0 {
				t.Fatalf("a finding without evidence: %+v", e)
			}
			if i, ours := seqs[e.Evidence[0]]; ours {
				all[i].findings = append(all[i].findings, e)
			}
		case trace.Note:
			if e.Topic == "safe-to-share" {
				all[len(all)-1].shared = e.Lines[0]
			}
		}
	}
	return all
}

// not lists the findings that are not passed or skipped.
func (s seen) not() string {
	var out []string
	for _, f := range s.findings {
		if f.Outcome != trace.Pass && f.Outcome != trace.Skip {
			out = append(out, string(f.Outcome)+" "+f.ID)
		}
	}
	return strings.Join(out, ", ")
}

func (s seen) outcome(id string) trace.Outcome {
	for _, f := range s.findings {
		if f.ID == id {
			return f.Outcome
		}
	}
	return "absent"
}

func (s seen) member(in, name string) trace.Member {
	for _, m := range s.Members {
		if m.In == in && m.Name == name {
			return m
		}
	}
	return trace.Member{Name: "absent"}
}

// vectors are the values published in the specifications.
type vectors struct {
	RFC9449 struct {
		JKT   string
		Proof string `json:"proof_token_request_fig2"`
	} `json:"rfc9449"`
	OIDC struct {
		JWK         json.RawMessage
		A2          string `json:"id_token_A2"`
		A4          string `json:"id_token_A4"`
		A6          string `json:"id_token_A6"`
		AccessToken string `json:"access_token"`
		Code        string
	} `json:"oidc_core_appendix_a"`
	RFC7515 struct{ K, JWS string } `json:"rfc7515_a1"`
	FAPI1   struct {
		Keys          []json.RawMessage
		RequestObject string `json:"request_object_A1"`
		JWE           string `json:"jwe_id_token_A3"`
		JARM          string `json:"jarm_A4"`
		Assertion     string `json:"fifth"`
	} `json:"fapi1_adv_appendix_a"`
}

func published(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("../jose/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func keySet(keys ...string) Against {
	return Against{Given: true, Keys: jose.ParseKeySet([]byte(`{"keys":[` + strings.Join(keys, ",") + `]}`))}
}

func part(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// written is a token of a header and claims with a signature that nobody made.
func written(header, claims string) string {
	return part(header) + "." + part(claims) + ".c2lnbmF0dXJl"
}

// signed is a token by a new key, and that key as one given by hand.
func signed(t testing.TB, header map[string]any, claims string) (string, Against) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jose.Sign("ES256", key, header, json.RawMessage(claims))
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:])
	return raw, keySet(`{"kty":"EC","crv":"P-256","kid":"k","x":"` + x + `","y":"` + y + `"}`)
}

const noon = 1795435200 // 2026-11-23 12:00:00Z

// The values of the specifications, each with the key that it is published
// with.
func TestPublished(t *testing.T) {
	v := published(t)
	var octets = func(k string) string {
		b, err := base64.RawURLEncoding.DecodeString(k)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	client := keySet(string(v.FAPI1.Keys[0]))
	for _, c := range []struct {
		name, raw, what string
		b               bench
		verified        bool
		reason          string
		not             string
	}{
		{"RFC 7515 A.1 by the secret", v.RFC7515.JWS, "jwt", bench{at: 1300819300, secret: octets(v.RFC7515.K)}, true, "HS256 by the client secret; checked exp", ""},
		{"RFC 7515 A.1 by a key", v.RFC7515.JWS, "jwt", bench{at: 1300819300, with: keySet(`{"kty":"oct","k":"` + v.RFC7515.K + `"}`)}, true, "HS256 by the key given by hand; checked exp", ""},
		{"RFC 7515 A.1 a day later", v.RFC7515.JWS, "jwt", bench{at: 1300819380 + 86400, secret: octets(v.RFC7515.K)}, false, "it expired 24 h ago", "fail token-exp"},
		{"RFC 7515 A.1 by another secret", v.RFC7515.JWS, "jwt", bench{at: 1300819300, secret: "other"}, false, "the signature is wrong: the token was changed, or made with another key (the HS256 value does not match this secret)", "fail token-signature"},
		{"OIDC Core A.2", v.OIDC.A2, "id_token", bench{at: 1311280971, with: keySet(string(v.OIDC.JWK))}, true, `RS256 by the key given by hand "1e9gdk7"; checked exp`, ""},
		{"OIDC Core A.2 in the skew", v.OIDC.A2, "id_token", bench{at: 1311281970 + 29, with: keySet(string(v.OIDC.JWK))}, true, `RS256 by the key given by hand "1e9gdk7"; checked exp`, ""},
		{"OIDC Core A.2 by nothing", v.OIDC.A2, "id_token", bench{at: 1311280971}, false, "no key is given to check its signature with: oauthprobe inspect TOKEN https://server.example.com", ""},
		{"OIDC Core A.6", `{"code":"` + v.OIDC.Code + `","id_token":"` + v.OIDC.A6 + `","access_token":"` + v.OIDC.AccessToken + `"}`, "opaque", bench{at: 1311280971, with: keySet(string(v.OIDC.JWK))}, false, "it is not a JWT: only the server that made it can say what it means. Ask it: oauthprobe introspect https://issuer --token TOKEN", ""},
		{"RFC 9449 figure 2", v.RFC9449.Proof, "dpop_proof", bench{at: 1562262620}, true, "ES256 by the key in its own header, as a DPoP proof has it; whether it is fresh and fits a request is the server's to judge", ""},
		{"FAPI 1.0 A.1", v.FAPI1.RequestObject, "request_object", bench{at: 1594140030, with: client}, true, `PS256 by the key given by hand "client-2020-08-28"; checked exp, nbf`, ""},
		{"FAPI 1.0 A.3, closed", v.FAPI1.JWE, "jwe", bench{at: 1595827190}, false, "it is encrypted, and no key is given that opens it: give the private key with --key FILE", ""},
		{"FAPI 1.0 A.3, opened", v.FAPI1.JWE, "id_token", bench{at: 1595827190, with: client, keys: private(t, v.FAPI1.Keys[2])}, true, `PS256 by the key given by hand "client-2020-08-28", after decryption with the RSA key "client-enc-2020-08-28"; checked exp`, ""},
		{"FAPI 1.0 A.3, by the server", v.FAPI1.JWE, "id_token", bench{at: 1595827190, with: keySet(string(v.FAPI1.Keys[1])), keys: private(t, v.FAPI1.Keys[2])}, false, `its key was not found: kid "client-2020-08-28" is not in the set of 1 keys: key "server-2020-08-28"`, "fail token-signature"},
		{"FAPI 1.0 A.4", v.FAPI1.JARM, "jarm", bench{at: 1594141090, with: keySet(string(v.FAPI1.Keys[1]))}, true, `PS256 by the key given by hand "server-2020-08-28"; checked exp`, ""},
		{"FAPI 1.0 assertion", v.FAPI1.Assertion, "client_assertion", bench{at: 1594140030}, false, "it was signed by a client, not by a server, and that client's key is not given: --key FILE", ""},
	} {
		got := c.b.see(t, c.raw)[0]
		if got.What != c.what || got.Verified != c.verified || got.Reason != c.reason || got.not() != c.not {
			t.Errorf("%s: %s, verified %v, findings %q\n got %s\nwant %s", c.name, got.What, got.Verified, got.not(), got.Reason, c.reason)
		}
	}
}

func private(t testing.TB, raw json.RawMessage) []jose.Private {
	t.Helper()
	keys, err := jose.ReadPrivate(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// The hashes of an answer are compared with what lies beside them.
func TestTheWholeAnswer(t *testing.T) {
	v := published(t)
	b := bench{at: 1311280971, with: keySet(string(v.OIDC.JWK))}
	const front = "https://client.example.org/cb#"
	all := b.see(t, front+"code="+v.OIDC.Code+"&id_token="+v.OIDC.A6+"&access_token="+v.OIDC.AccessToken+"&state=af0ifjsldkj")
	var names []string
	for _, s := range all {
		names = append(names, s.What+" "+s.member("token", "found").Value)
	}
	want := []string{"opaque in the parameter code", "id_token in the parameter id_token", "opaque in the parameter access_token"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Fatal(diff)
	}
	id := all[1]
	if !id.Verified || id.outcome("token-at_hash") != trace.Pass || id.outcome("token-c_hash") != trace.Pass ||
		!strings.HasPrefix(id.member("claims", "at_hash").Means, "it fits the access token beside it") {
		t.Errorf("%v %s: %+v", id.Verified, id.Reason, id.member("claims", "at_hash"))
	}
	other := b.see(t, `{"access_token":"another","id_token":"`+v.OIDC.A6+`"}`)[1]
	if other.Verified || other.not() != "fail token-at_hash" || other.Reason != "at_hash does not fit the access token beside it: the two were not issued together" {
		t.Errorf("%v %s: %s", other.Verified, other.Reason, other.not())
	}
}

// RFC 9068 §2.2, with each of its rules broken in turn.
func TestAccessTokenProfile(t *testing.T) {
	const claims = `{"iss":"https://authorization-server.example.com/","sub":"5ba552d67","aud":"https://rs.example.com/","exp":1639528912,"iat":1618354090,"jti":"dbe39bf3a3ba4238a513f51d6e1691c4","client_id":"s6BhdRkqt3","scope":"openid profile reademail"}`
	at := map[string]any{"typ": "at+JWT", "kid": "k"}
	drop := func(old, with string) string { return strings.Replace(claims, old, with, 1) }
	for _, c := range []struct {
		name           string
		header         map[string]any
		claims         string
		profile, aud   string
		what, findings string
	}{
		{"as published", at, claims, "", "", "access_token", ""},
		{"for this resource", at, claims, "", "https://rs.example.com/", "access_token", ""},
		{"for another resource", at, claims, "", "https://rs.example.com", "access_token", "fail token-aud"},
		{"media type whole", map[string]any{"typ": "application/at+jwt"}, claims, "", "", "access_token", ""},
		{"typ JWT", map[string]any{"typ": "JWT"}, claims, "access", "", "access_token", "warn token-at-typ"},
		{"typ JWT, not asked", map[string]any{"typ": "JWT"}, drop(`,"jti":"dbe39bf3a3ba4238a513f51d6e1691c4"`, ""), "", "", "access_token", ""},
		{"no jti", at, drop(`,"jti":"dbe39bf3a3ba4238a513f51d6e1691c4"`, ""), "", "", "access_token", "fail token-at-claims"},
		{"client_id a number", at, drop(`"s6BhdRkqt3"`, "7"), "", "", "access_token", "fail token-at-claims"},
		{"aud empty", at, drop(`"https://rs.example.com/"`, "[]"), "", "", "access_token", "fail token-at-claims"},
		{"exp a string", at, drop(`1639528912`, `"1639528912"`), "", "", "access_token", "fail token-exp, fail token-at-claims"},
	} {
		raw, with := signed(t, c.header, c.claims)
		with.Profile, with.Audience = c.profile, c.aud
		got := bench{at: 1618354100, with: with}.see(t, raw)[0]
		if got.What != c.what || got.not() != c.findings || got.Verified == strings.Contains(c.findings, "fail") {
			t.Errorf("%s: %s, verified %v, %q; want %q (%s)", c.name, got.What, got.Verified, got.not(), c.findings, got.Reason)
		}
	}
}

// What is wrong with a token is its reason, and a finding.
func TestReasons(t *testing.T) {
	good, with := signed(t, map[string]any{"kid": "k"}, `{"iss":"https://as","exp":1795435500,"iat":1795435190}`)
	_, stranger := signed(t, nil, `{}`)
	late, lateKey := signed(t, map[string]any{"kid": "k"}, `{"exp":1795435000}`)
	early, earlyKey := signed(t, nil, `{"nbf":1795435500}`)
	ms, msKey := signed(t, nil, `{"exp":1795435500000}`)
	critical, criticalKey := signed(t, map[string]any{"crit": []string{"exp"}, "exp": 1}, `{}`)
	brings, bringsKey := signed(t, map[string]any{"jku": "https://evil.example/jwks"}, `{}`)
	renamed, renamedKey := signed(t, map[string]any{"kid": "other"}, `{}`)
	for _, c := range []struct {
		name, raw string
		b         bench
		verified  bool
		reason    string
		not       string
	}{
		{"good", good, bench{with: with}, true, `ES256 by the key given by hand "k"; checked exp`, ""},
		{"another key of that name", good, bench{with: stranger}, false, "the signature is wrong: the token was changed, or made with another key (the ECDSA signature does not verify with this key)", "fail token-signature"},
		{"no key in the set", good, bench{with: keySet()}, false, `its key was not found: kid "k" is not in the set of 0 keys`, "fail token-signature"},
		{"the kid of the token is not that of the key", renamed, bench{with: renamedKey}, true, `ES256 by the key given by hand (its kid is "k", though the token says "other")`, ""},
		{"expired", late, bench{with: lateKey}, false, "it expired 3 min ago", "fail token-exp"},
		{"expired and unchecked", late, bench{}, false, "it expired 3 min ago. And its signature was not checked: no key is given to check its signature with: oauthprobe inspect TOKEN https://issuer", "fail token-exp"},
		{"early", early, bench{with: earlyKey}, false, "it is not valid yet, for another 5 min", "fail token-nbf"},
		{"milliseconds", ms, bench{with: msKey}, false, "exp is more than 50 years ahead: milliseconds instead of seconds?", "fail token-exp"},
		{"alg none", part(`{"alg":"none"}`) + "." + part(`{"sub":"a"}`) + ".", bench{with: with}, false, "it is not signed (alg none): anybody could have written it", "fail token-signed"},
		{"alg nOnE", part(`{"alg":"nOnE"}`) + "." + part(`{"sub":"a"}`) + ".", bench{}, false, "it is not signed (alg nOnE): anybody could have written it", "fail token-signed"},
		{"alg ES256K", written(`{"alg":"ES256K"}`, `{}`), bench{with: with}, false, "ES256K is not supported by this tool, which cannot say whether the signature holds", "warn token-signature"},
		{"a MAC and a public key", written(`{"alg":"HS256"}`, `{}`), bench{with: with}, false, "HS256 is a MAC: it takes the secret that it was made with to check it, with --client-secret or as a symmetric --key", ""},
		{"crit", critical, bench{with: criticalKey}, false, "the header names extensions that must be understood, and this tool understands none: the token has to be refused", "fail token-crit"},
		{"jku beside the right key", brings, bench{with: bringsKey}, true, `ES256 by the key given by hand "k"`, "warn token-header-keys"},
		{"jku and a wrong key", brings, bench{with: stranger}, false, "the header brings or points to a key of its own (jku): it was not used, anybody could have put it there. And the signature is wrong: the token was changed, or made with another key (the ECDSA signature does not verify with this key)", "fail token-header-keys, fail token-signature"},
		{"duplicate names", written(`{"alg":"ES256"}`, `{"sub":"a","sub":"b"}`), bench{}, false, `claims: the member "sub" occurs at byte 1 and again at byte 11. And its signature was not checked: no key is given to check its signature with: oauthprobe inspect TOKEN https://issuer`, "fail token-json"},
		{"padding", written(`{"alg":"ES256"}`, `{}`) + "==", bench{with: with}, false, "the signature ends in 2 padding characters, which base64url here leaves out", "fail token-form"},
		{"no signature", part(`{"alg":"ES256"}`) + "." + part(`{"sub":"a"}`), bench{}, false, "the number of segments is 2; a JWS has 3 and a JWE has 5. And it has no signature: anybody could have written what it says", "fail token-form, fail token-signed"},
		{"another server", good, bench{issuer: "https://other", jwksURI: "https://other/jwks"}, false, "", "fail token-iss"},
		{"keys that cannot be had", early, bench{issuer: "https://as", jwksURI: "https://as/jwks"}, false, "", "fail token-nbf"},
		{"an issuer that is a command", written(`{"alg":"ES256"}`, `{"iss":"https://a$(reboot)"}`), bench{}, false, "no key is given to check its signature with: oauthprobe inspect TOKEN https://issuer", ""},
	} {
		c.b.at = noon
		got := c.b.see(t, c.raw)[0]
		if got.Verified != c.verified || c.reason != "" && got.Reason != c.reason || got.not() != c.not {
			t.Errorf("%s: verified %v, findings %q, want %q\n got %s\nwant %s", c.name, got.Verified, got.not(), c.not, got.Reason, c.reason)
		}
		if c.b.jwksURI != "" && !strings.Contains(got.Reason, "because the server's keys could not be had") {
			t.Errorf("%s: %s", c.name, got.Reason)
		}
	}
}

// A keyWire answers everything with a key set.
type keyWire struct{ set string }

func (k keyWire) Do(context.Context, wire.Request) (*wire.Answer, error) {
	m := trace.Message{Status: 200, Body: k.set}
	return &wire.Answer{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(k.set), Exchanged: trace.Exchanged{Response: m}}, nil
}

// With a server named its published keys decide, and its issuer.
func TestAgainstAServer(t *testing.T) {
	raw, with := signed(t, map[string]any{"kid": "k"}, `{"iss":"https://as","aud":"c","nonce":"n","sub":"s","exp":1795435500}`)
	set := `{"keys":[` + string(with.Keys.Keys[0].Raw) + `]}`
	for _, c := range []struct {
		issuer, set string
		verified    bool
		reason      string
	}{
		{"https://as", set, true, `ES256 by a key that the server publishes, "k"; checked iss, exp`},
		{"https://other", set, false, "iss is not the server that was named: another one made it, or claims to"},
		{"https://as", `{"keys":[]}`, false, `its key was not found: kid "k" is not in the set of 0 keys`},
	} {
		b := bench{at: noon, issuer: c.issuer, jwksURI: c.issuer + "/jwks", wire: keyWire{c.set}}
		got := b.see(t, raw)[0]
		if got.Verified != c.verified || got.Reason != c.reason || len(got.Evidence) != 1 {
			t.Errorf("%s: %v %s, evidence %v", c.issuer, got.Verified, got.Reason, got.Evidence)
		}
	}
}

// Everything that people paste.
func TestTolerantInput(t *testing.T) {
	one, two := written(`{"alg":"ES256"}`, `{"sub":"1"}`), written(`{"alg":"ES256"}`, `{"sub":"2"}`)
	dots := strings.Split(one, ".")
	for _, c := range []struct {
		name, raw string
		want      []find
	}{
		{"plain", one, []find{{text: one}}},
		{"space", "\n\t " + one + " \r\n", []find{{text: one}}},
		{"quotes", `"` + one + `",`, []find{{text: one}}},
		{"byte order mark", "\ufeff'" + one + "'", []find{{text: one}}},
		{"scheme", "Bearer " + one, []find{{text: one}}},
		{"header line", "Authorization: Bearer " + one + "\r\n", []find{{text: one}}},
		{"header line, lower case", "authorization: dpop " + one, []find{{text: one}}},
		{"header field of a proof", "DPoP: " + one, []find{{text: one}}},
		{"curl", `curl -H 'Authorization: Bearer ` + one + `' https://rs.example.com/`, []find{{text: one, where: "in the middle of text"}}},
		{"opaque in curl", `curl -H 'Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA' https://rs/`, []find{{text: "2YotnFZFEjr1zCsicMWpAA", where: "after the name of its scheme"}}},
		{"a sentence", "the token was " + one + ". It failed.", []find{{text: one, where: "in the middle of text"}}},
		{"two", one + "\n" + two, []find{{text: one, where: "in the middle of text"}, {text: two, where: "in the middle of text"}}},
		{"the same twice", one + " " + one, []find{{text: one, where: "in the middle of text"}}},
		{"broken over lines", dots[0] + "." + dots[1][:4] + "\n  " + dots[1][4:] + "\n." + dots[2], []find{{text: one, where: "broken over lines, which were joined"}}},
		{"token response", `{"access_token":"2Yotn","token_type":"Bearer","refresh_token":"tGzv3","id_token":"` + one + `"}`, []find{
			{"2Yotn", "access_token", "in the member access_token"}, {one, "id_token", "in the member id_token"}, {"tGzv3", "refresh_token", "in the member refresh_token"}}},
		{"address", "https://client/cb?code=Splx%2BlO&state=x", []find{{"Splx+lO", "code", "in the parameter code"}}},
		{"fragment", "#access_token=2Yotn&id_token=" + one + "&token_type=Bearer", []find{{"2Yotn", "access_token", "in the parameter access_token"}, {one, "id_token", "in the parameter id_token"}}},
		{"JWS as JSON", `{"payload":"` + dots[1] + `","protected":"` + dots[0] + `","signature":"` + dots[2] + `"}`, []find{{text: one, where: "written as JSON (RFC 7515 §7.2.2)"}}},
		{"SD-JWT", one + "~WyJ4Il0~", []find{{text: one, where: "before the disclosures of an SD-JWT (RFC 9901 §4), which were left aside"}}},
		{"opaque", "'2YotnFZFEjr1zCsicMWpAA'", []find{{text: "2YotnFZFEjr1zCsicMWpAA"}}},
		{"opaque that ends in =", "c2VjcmV0IHZhbHVlIQ==", []find{{text: "c2VjcmV0IHZhbHVlIQ=="}}},
		{"nothing", " \n", []find{{}}},
		{"other JSON", `{"sub":"1"}`, []find{{text: `{"sub":"1"}`}}},
	} {
		got, more := finds(c.raw)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(find{})); diff != "" || more != 0 {
			t.Errorf("%s, %d more:\n%s", c.name, more, diff)
		}
	}
	if got, more := finds(strings.Repeat(one+"x ", 3) + manyTokens(20)); len(got) != mostFinds || more == 0 {
		t.Errorf("%d found, %d more", len(got), more)
	}
}

func manyTokens(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(written(`{"alg":"ES256"}`, fmt.Sprintf(`{"sub":"%d"}`, i)) + "\n")
	}
	return b.String()
}

// The members tell what every part means, in its order.
func TestMembers(t *testing.T) {
	raw := written(`{"alg":"ES256","typ":"JWT","x":1}`, `{"iss":"https://as","exp":1795435020,"nbf":1795435000,"iat":"soon","auth_time":1795435260,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"},"act":{"sub":"a","act":{"sub":"b"}},"authorization_details":[{"type":"t","actions":["x"],"amount":{"c":1}}],"events":{"https://e":{}},"status":{"status_list":{"idx":4,"uri":"https://l"}},"amr":["pwd","otp"],"tenant":"q","_claim_sources":{"s1":{"endpoint":"https://c"}},"exp":1}`)
	got := bench{at: noon}.see(t, raw)[0]
	type line struct{ in, name, value, means string }
	var lines []line
	for _, m := range got.Members {
		if m.In != "token" {
			lines = append(lines, line{m.In, m.Name, m.Value, m.Means})
		}
	}
	want := []line{
		{"header", "alg", "ES256", "an ECDSA signature on P-256 with SHA-256; the algorithm"},
		{"header", "typ", "JWT", "what kind of token this is"},
		{"header", "x", "1", "not registered: private to this server"},
		{"claims", "iss", "https://as", "who made the token"},
		{"claims", "exp", "1795435020", "2026-11-23 11:57:00Z, expired 3 min ago; must not be accepted from then on"},
		{"claims", "nbf", "1795435000", "2026-11-23 11:56:40Z, valid since 3 min; must not be accepted before"},
		{"claims", "iat", "soon", "a string, not a number of seconds since 1970; when it was made"},
		{"claims", "auth_time", "1795435260", "2026-11-23 12:01:00Z, in 60 s, which is in the future; when the person signed in"},
		{"claims", "cnf", `{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}`, "only who has this key may use the token"},
		{"claims", "cnf.x5t#S256", "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2", "the fingerprint of the client certificate: it must be used on the connection"},
		{"claims", "act", `{"sub":"a","act":{"sub":"b"}}`, "who acts for the subject"},
		{"claims", "act.sub", "a", "who acts"},
		{"claims", "act.act", `{"sub":"b"}`, "who acts for the subject"},
		{"claims", "act.act.sub", "b", "who acts"},
		{"claims", "authorization_details", `[{"type":"t","actions":["x"],"amount":{"c":1}}]`, "what exactly was allowed"},
		{"claims", "authorization_details[0].type", "t", "what kind of permission"},
		{"claims", "authorization_details[0].actions", `["x"]`, "what may be done"},
		{"claims", "authorization_details[0].amount", `{"c":1}`, "a field of this kind of permission"},
		{"claims", "events", `{"https://e":{}}`, "what happened"},
		{"claims", "events.https://e", "{}", "an event, named by its address"},
		{"claims", "status", `{"status_list":{"idx":4,"uri":"https://l"}}`, "where to ask whether it was revoked"},
		{"claims", "status.status_list", `{"idx":4,"uri":"https://l"}`, "the token is an entry in a list"},
		{"claims", "status.status_list.idx", "4", "which entry"},
		{"claims", "status.status_list.uri", "https://l", "where the list stands"},
		{"claims", "amr", `["pwd","otp"]`, "password, one-time password; how the person signed in"},
		{"claims", "tenant", "q", "not registered: private to this server"},
		{"claims", "_claim_sources", `{"s1":{"endpoint":"https://c"}}`, "where the claims stand that are not here"},
		{"claims", "_claim_sources.s1", `{"endpoint":"https://c"}`, "a source"},
		{"claims", "_claim_sources.s1.endpoint", "https://c", "where to fetch the claims"},
		{"claims", "exp", "1", "the same name once more: readers differ in which they take; 1970-01-01 00:00:01Z, expired 56 years ago; must not be accepted from then on"},
	}
	if diff := cmp.Diff(want, lines, cmp.AllowUnexported(line{})); diff != "" {
		t.Error(diff)
	}
	v := published(t)
	proof := bench{at: noon}.see(t, v.RFC9449.Proof)[0]
	if m := proof.member("header", "jwk"); m.Means != "its thumbprint (jkt) is "+v.RFC9449.JKT+"; the public key that this proves the possession of" {
		t.Error(m.Means)
	}
}

// The kinds of token, and what gives each away.
func TestKinds(t *testing.T) {
	for _, c := range []struct{ header, claims, want string }{
		{`{"alg":"ES256","typ":"at+jwt"}`, `{}`, "access_token"},
		{`{"alg":"ES256","typ":"application/AT+JWT"}`, `{"nonce":"n","sub":"s","aud":"a"}`, "access_token"},
		{`{"alg":"ES256","typ":"logout+jwt"}`, `{}`, "logout_token"},
		{`{"alg":"ES256"}`, `{"events":{"http://schemas.openid.net/event/backchannel-logout":{}}}`, "logout_token"},
		{`{"alg":"ES256","typ":"oauth-authz-req+jwt"}`, `{}`, "request_object"},
		{`{"alg":"ES256"}`, `{"response_type":"code","client_id":"c","nonce":"n"}`, "request_object"},
		{`{"alg":"ES256"}`, `{"iss":"c","sub":"c","aud":"https://as","jti":"j"}`, "client_assertion"},
		{`{"alg":"ES256","typ":"token-introspection+jwt"}`, `{}`, "introspection"},
		{`{"alg":"ES256"}`, `{"token_introspection":{"active":true}}`, "introspection"},
		{`{"alg":"ES256"}`, `{"iss":"i","aud":"c","exp":1,"code":"x","state":"y"}`, "jarm"},
		{`{"alg":"ES256"}`, `{"sub":"s","aud":"c","nonce":"n"}`, "id_token"},
		{`{"alg":"ES256"}`, `{"typ":"Bearer","sub":"s","aud":"c","nonce":"n"}`, "access_token"},
		{`{"alg":"ES256"}`, `{"scp":"a b","sub":"s"}`, "access_token"},
		{`{"alg":"ES256"}`, `{"sub":"s","name":"Jane"}`, "userinfo"},
		{`{"alg":"ES256"}`, `{"foo":1}`, "jwt"},
	} {
		got := bench{at: noon}.see(t, written(c.header, c.claims))[0]
		if why := got.member("token", "kind").Means; got.What != c.want || why == "" {
			t.Errorf("%s %s: %s because %s, want %s", c.header, c.claims, got.What, why, c.want)
		}
	}
}

// An opaque token is measured, and never shown.
func TestOpaque(t *testing.T) {
	for _, c := range []struct{ raw, alphabet, entropy, looks, not string }{
		{"gho_16C7e42F292c6912E7710c838347Ae178B4a", "base64url", "at most 240 bits", "a GitHub OAuth access token", ""},
		{"ya29.a0AfH6SMBx1y2z3A4B5C6D7E8F9G", "the characters of a token (RFC 6750 §2.1)", "at most 201 bits", "a Google access token", ""},
		{"mF_9.B5f-4.1JqM", "the characters of a token (RFC 6750 §2.1)", "at most 91 bits", "absent", "warn token-entropy"},
		{"123456", "digits", "at most 19 bits", "absent", "warn token-entropy"},
		{"7f3a1c5e9b2d4f6081a3c5e7092b4d6f", "hexadecimal", "at most 128 bits", "absent", ""},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "hexadecimal", "at most 0 bits", "absent", "warn token-entropy"},
		{"f47ac10b-58cc-4372-a567-0e02b2c3d479", "a UUID (RFC 9562)", "at most 122 bits", "absent", "warn token-entropy"},
		{base64.StdEncoding.EncodeToString([]byte(`user=jane.doe;expires=tomorrow`)), "letters and digits", "at most 238 bits", "absent", "warn token-entropy"},
		{"EAA", "hexadecimal", "at most 2 bits", "absent", "warn token-entropy"},
	} {
		got := bench{at: noon}.see(t, c.raw)[0]
		looks := got.member("token", "looks like").Value
		if got.member("token", "looks like").Name == "absent" {
			looks = "absent"
		}
		if got.What != "opaque" || got.member("token", "alphabet").Value != c.alphabet || got.member("token", "entropy").Value != c.entropy || looks != c.looks || got.not() != c.not {
			t.Errorf("%s: %q, %q, %q, %q", c.raw, got.member("token", "alphabet").Value, got.member("token", "entropy").Value, looks, got.not())
		}
		if got.shared != "" {
			t.Errorf("%s is offered to be shared", c.raw)
		}
		if b, err := json.Marshal(got.Decoded); err != nil || len(c.raw) > 8 && strings.Contains(string(b), c.raw) {
			t.Errorf("%s is in the trace: %s, %v", c.raw, b, err)
		}
	}
}

// Nothing is too bad to be looked at.
func TestHostile(t *testing.T) {
	for _, c := range []struct{ name, raw, what string }{
		{"empty", "", "opaque"},
		{"NULs", "\x00\x00\x00", "opaque"},
		{"escapes", "\x1b[31mred\x1b]0;x\x07", "opaque"},
		{"escapes in claims", written(`{"alg":"ES256"}`, `{"sub":"\u001b[2J\u202e","\u0000":"`+"\xff"+`"}`), "jwt"},
		{"dots", "...", "opaque"},
		{"half a token", "eyJhbGciOiJFUzI1NiJ9", "jwt"},
		{"half an object", "eyJhbGciOi.eyJzdWIi.AA", "jwt"},
		{"claims that are a list", written(`{"alg":"ES256"}`, `[1,2]`), "jwt"},
		{"a JWE of nothing", part(`{"alg":"dir","enc":"A128GCM"}`) + "....", "jwe"},
		{"header values of every wrong type", written(`{"alg":7,"kid":[],"typ":{},"crit":null,"jwk":"x"}`, `{"iss":1,"aud":{},"exp":{},"cnf":[],"act":"x","events":7,"authorization_details":{},"amr":8,"status":null}`), "jwt"},
		{"deep", written(`{"alg":"ES256"}`, `{"act":`+strings.Repeat(`{"act":`, 400)+`1`+strings.Repeat(`}`, 401)), "jwt"},
		{"numbers beyond all bounds", written(`{"alg":"ES256"}`, `{"exp":1e400,"nbf":-1e300,"iat":99999999999999999999}`), "jwt"},
		{"300 KB", strings.Repeat("x", 300_000), "opaque"},
		{"300 KB of a JWT", written(`{"alg":"ES256"}`, `{"sub":"`+strings.Repeat("x", 300_000)+`"}`), "jwt"},
		{"many members", written(`{"alg":"ES256"}`, `{"a":1`+strings.Repeat(`,"a":1`, 20_000)+`}`), "jwt"},
	} {
		got := bench{at: noon}.see(t, c.raw)[0]
		if got.What != c.what || got.Verified || got.Reason == "" || len(got.Members) > mostMembers+1 {
			t.Errorf("%s: %s, verified %v, %q, %d members", c.name, got.What, got.Verified, got.Reason, len(got.Members))
		}
	}
}

func TestUnsigned(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.signature-removed"},
		{"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.signature-removed"},
		{"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.signature-removed"},
		{"eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..aXY.Y2lwaGVy.dGFn", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0.encrypted-content-removed"},
		{"2YotnFZFEjr1zCsicMWpAA", "token-removed"},
		{"a.b.c", "token-removed"},
	} {
		if got := Unsigned(c.raw); got != c.want {
			t.Errorf("%s: %s, want %s", c.raw, got, c.want)
		}
	}
}

// Every word says what, and where it is written.
func TestWords(t *testing.T) {
	n := 0
	for _, words := range []map[string]word{headerWords, claimWords, insideWords} {
		for name, w := range words {
			n++
			if w.means == "" || w.ref == "" || strings.HasSuffix(w.means, ".") {
				t.Errorf("%s: %+v", name, w)
			}
		}
	}
	if n < 70 {
		t.Errorf("%d words", n)
	}
}

func FuzzInspect(f *testing.F) {
	v := published(f)
	for _, s := range []string{v.RFC7515.JWS, v.OIDC.A2, v.RFC9449.Proof, v.FAPI1.JWE, `{"access_token":"a","id_token":"` + v.OIDC.A4 + `"}`, "https://c/cb?code=a#b", "Bearer x", "\x00", "eyJ.~", "eyJhbGciOiJub25lIn0.e30."} {
		f.Add(s)
	}
	keys := private(f, v.FAPI1.Keys[2])
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range (bench{at: noon, with: keySet(string(v.OIDC.JWK)), keys: keys, secret: "secret"}).see(t, s) {
			if got.Reason == "" || got.What == "" {
				t.Errorf("%q: %+v", s, got.Decoded)
			}
		}
	})
}
