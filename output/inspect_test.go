package output

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// inspectedSample is what a trace says of two tokens, the second of them hostile.
func inspectedSample() []trace.Record {
	events := []trace.Event{
		trace.RunStarted{Procedure: "inspect"},
		trace.Decoded{
			What: "access_token", Verified: true, Reason: "RS256 by a key that the server publishes, \"2026-11\"; checked iss, exp",
			Header: json.RawMessage(`{"typ":"at+jwt", "alg":"RS256"}`),
			Claims: json.RawMessage(`{"iss":"https://as.example.com","exp":1795431000,"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},"n":1.50,"h":"<b>"}`),
			Members: []trace.Member{
				{In: "token", Name: "kind", Value: "access_token", Means: "typ says at+jwt: an access token (RFC 9068 §2.1)"},
				{In: "header", Name: "typ", Value: "at+jwt", Means: "an access token; what kind of token this is", Ref: "RFC 7515 §4.1.9"},
				{In: "header", Name: "alg", Value: "RS256", Means: "an RSA signature (PKCS #1 v1.5) with SHA-256; the algorithm", Ref: "RFC 7515 §4.1.1"},
				{In: "claims", Name: "iss", Value: "https://as.example.com", Means: "who made the token", Ref: "RFC 7519 §4.1.1"},
				{In: "claims", Name: "exp", Value: "1795431000", Means: "2026-11-23 10:50:00Z, expires in 15 min; must not be accepted from then on", Ref: "RFC 7519 §4.1.4"},
				{In: "claims", Name: "cnf", Value: `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`, Means: "only who has this key may use the token", Ref: "RFC 7800 §3.1"},
				{In: "claims", Name: "cnf.jkt", Value: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", Means: "the thumbprint of the DPoP key: a request needs a proof by that key", Ref: "RFC 9449 §6.1"},
				{In: "claims", Name: "https://example.com/claims/tenant", Value: "blue", Means: "not registered: private to this server"},
			},
		},
		trace.Finding{ID: "token-form", Code: "V-ID-01", Level: trace.Must, Outcome: trace.Pass, Ref: "RFC 7515 §3, §7.1", Evidence: []int{2}},
		trace.Finding{ID: "token-at-typ", Code: "V-AT-01", Level: trace.Should, Outcome: trace.Warn, Ref: "RFC 9068 §2.1", Detail: "typ does not say that this is an access token", Evidence: []int{2}},
		trace.Finding{ID: "token-aud", Code: "V-AT-04", Level: trace.Must, Outcome: trace.Skip, Ref: "RFC 9068 §4", Detail: "no --audience is given", Evidence: []int{2}},
		trace.Note{Topic: "safe-to-share", Text: "safe to share: nobody can use this copy", Lines: []string{"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIuLi4ifQ.signature-removed"}},
		trace.Decoded{
			What: "jwt", Reason: "the signature is wrong\n" + evil,
			Claims: json.RawMessage(`{"sub":"\u001b[2J\u202e","n`), // cut off: not JSON
			Members: []trace.Member{
				{In: "claims", Name: evil, Value: evil, Means: evil, Ref: evil},
				{In: "claims", Name: strings.Repeat("n", 300), Value: strings.Repeat("v", 3000), Means: strings.Repeat("m", 300)},
				{In: "claims", Name: "wide", Value: strings.Repeat("幅", 200), Means: "東京"},
			},
		},
		trace.Finding{ID: "token-signature", Code: "V-ID-10", Level: trace.Must, Outcome: trace.Fail, Ref: "RFC 7515 §5.2", Detail: evil, Expected: evil, Actual: evil, Evidence: []int{7, 1}},
		trace.Finding{ID: "not-ours", Code: "V-MD-01", Outcome: trace.Fail, Evidence: []int{1}},
		trace.Note{Topic: "safe-to-share", Text: "safe to share", Lines: []string{"\x1b[31m"}},
		trace.Ended{OK: true},
	}
	var all []trace.Record
	for i, e := range events {
		all = append(all, trace.Record{Seq: i + 1, At: sampleStart, Run: "inspect", Event: e})
	}
	return all
}

func inspectText(t *testing.T, records []trace.Record, o TerminalOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Inspect(&b, records, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestInspectText(t *testing.T) {
	for name, want := range map[int]string{
		100: `access_token  VERIFIED
  RS256 by a key that the server publishes, "2026-11"; checked iss, exp
  kind  access_token  typ says at+jwt: an access token (RFC 9068 §2.1)

header
  typ   at+jwt  an access token; what kind of token this is (RFC 7515 §4.1.9)
  alg   RS256   an RSA signature (PKCS #1 v1.5) with SHA-256; the algorithm (RFC 7515 §4.1.1)

claims
  iss      https://as.example.com                       who made the token (RFC 7519 §4.1.1)
  exp      1795431000                                   2026-11-23 10:50:00Z, expires in 15 min;
                                                        must not be accepted from then on (RFC 7519
                                                        §4.1.4)
  cnf      as follows                                   only who has this key may use the token (RFC
                                                        7800 §3.1)
  cnf.jkt  0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I  the thumbprint of the DPoP key: a request
                                                        needs a proof by that key (RFC 9449 §6.1)
  https://example.com/claims/tenant
           blue                                         not registered: private to this server

findings
  ! V-AT-01 token-at-typ  typ does not say that this is an access token         SHOULD RFC 9068 §2.1
  ✓ V-ID-01 token-form                                                                   RFC 7515 §3
  - not asked, -v says why: token-aud

a copy to share
  safe to share: nobody can use this copy
eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIuLi4ifQ.signature-removed
`,
		60: `access_token  VERIFIED
  RS256 by a key that the server publishes, "2026-11";
  checked iss, exp
  kind  access_token
      typ says at+jwt: an access token (RFC 9068 §2.1)

header
  typ   at+jwt
      an access token; what kind of token this is
  alg   RS256
      an RSA signature (PKCS #1 v1.5) with SHA-256; the
      algorithm

claims
  iss      https://as.example.com
      who made the token
  exp      1795431000
      2026-11-23 10:50:00Z, expires in 15 min; must not be
      accepted from then on
  cnf      as follows
      only who has this key may use the token
  cnf.jkt  0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I
      the thumbprint of the DPoP key: a request needs a
      proof by that key
  https://example.com/claims/tenant
           blue
      not registered: private to this server

findings
  ! V-AT-01 token-at-typ                SHOULD RFC 9068 §2.1
    typ does not say that this is an access token
  ✓ V-ID-01 token-form                           RFC 7515 §3
  - not asked, -v says why: token-aud

a copy to share
  safe to share: nobody can use this copy
eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIuLi4ifQ.signature-removed
`,
	} {
		got := inspectText(t, inspectedSample()[:6], TerminalOptions{Width: name})
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%d (-want +got):\n%s", name, diff)
		}
	}
}

// Nothing is wider than the terminal but what is to be copied, nothing that a
// terminal would act upon gets to it, and what is left out is said.
func TestInspectFitsAndIsSafe(t *testing.T) {
	for _, o := range []TerminalOptions{{Width: 40}, {Width: 60}, {Width: 75}, {Width: 76}, {Width: 100}, {Width: 160}, {Width: 60, Verbose: true}} {
		text := inspectText(t, inspectedSample(), o)
		for line := range strings.SplitSeq(text, "\n") {
			if Clean(line) != line {
				t.Errorf("%+v: %q", o, line)
			}
			if width(line) > o.Width && !strings.HasPrefix(line, "eyJ") {
				t.Errorf("%+v: %d cells: %s", o, width(line), line)
			}
		}
		values := strings.Count(text, "v") >= 3000
		flat := strings.Join(strings.Fields(text), " ")
		if said := strings.Contains(flat, "1800 more characters"); values != o.Verbose || said == o.Verbose {
			t.Errorf("%+v: the long value is whole: %v, said to be cut: %v", o, values, said)
		}
		if strings.Contains(text, "not-ours") || !strings.Contains(text, "token 2 of 2") {
			t.Errorf("%+v:\n%s", o, text)
		}
	}
	plain := inspectText(t, inspectedSample(), TerminalOptions{Width: 100})
	painted := inspectText(t, inspectedSample(), TerminalOptions{Width: 100, Color: true, Dark: true})
	if stripped := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(painted, ""); stripped != plain || painted == plain {
		t.Error("colour changes the text:\n" + cmp.Diff(plain, stripped))
	}
}

func TestInspectJSON(t *testing.T) {
	const one = `{"header":{"typ":"at+jwt","alg":"RS256"},"claims":{"iss":"https://as.example.com","exp":1795431000,"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},"n":1.50,"h":"<b>"},"verified":true,"reason":"RS256 by a key that the server publishes, \"2026-11\"; checked iss, exp","what":"access_token","findings":[{"id":"token-form","code":"V-ID-01","level":"must","outcome":"pass","ref":"RFC 7515 §3, §7.1","evidence":[2]},{"id":"token-at-typ","code":"V-AT-01","level":"should","outcome":"warn","ref":"RFC 9068 §2.1","detail":"typ does not say that this is an access token","evidence":[2]},{"id":"token-aud","code":"V-AT-04","level":"must","outcome":"skip","ref":"RFC 9068 §4","detail":"no --audience is given","evidence":[2]}]`
	records := inspectedSample()
	if got := string(InspectJSON(records[:6])); got != one+"}" {
		t.Errorf("%s\nwant %s", got, one+"}")
	}
	both := string(InspectJSON(records))
	if !strings.HasPrefix(both, one+`,"more":[{"header":null,"claims":null,"verified":false,"reason":"the signature is wrong\n`) || !json.Valid([]byte(both)) {
		t.Error(both)
	}
	if got := string(InspectJSON(nil)); got != `{"header":null,"claims":null,"verified":false,"reason":"nothing was inspected","what":"","findings":[]}` {
		t.Error(got)
	}
}

// What the narrative says of the kinds of token that are not ID tokens.
func TestDecodedKinds(t *testing.T) {
	for _, c := range []struct {
		name  string
		e     trace.Decoded
		first string
		has   []string
	}{
		{"a request object of ours", trace.Decoded{What: "request_object", Foreign: true, Header: json.RawMessage(`{"alg":"ES256"}`), Reason: "made by this client"},
			"  ┌ request_object, the authorization request, signed  for the server to verify  ES256  made by this client", nil},
		{"jarm", trace.Decoded{What: "jarm", Verified: true, Header: json.RawMessage(`{"alg":"ES256","kid":"k"}`), Reason: "ok"},
			"  ┌ jarm, the authorization response, signed  VERIFIED  ES256 kid=k  ok", nil},
		{"a proof", trace.Decoded{What: "dpop_proof", Foreign: true},
			"  ┌ dpop_proof, who sends this has the key  for the server to verify", nil},
		{"an access token", trace.Decoded{What: "access_token", Foreign: true, Claims: json.RawMessage(`{"cnf":{"jkt":"0ZcO","x5t#S256":"bwcK"},"authorization_details":[{"type":"payment","actions":["initiate","status"],"amount":{"value":"1"}},{"actions":[]},7]}`)},
			"  ┌ access_token  NOT VERIFIED", []string{
				"  │ bound to the DPoP key 0ZcO: of no use without a proof by that key",
				"  │ bound to the client certificate bwcK: of no use on a connection without it",
				`  │ allows payment: actions initiate, status · amount {"value": "1"}`,
				"  │ allows a detail without a type: actions",
			}},
		{"an introspection", trace.Decoded{What: "introspection", Verified: true, Claims: json.RawMessage(`{"active":true,"exp":1795431000,"tenant":["a"],"cnf":{"jkt":"0ZcO"}}`), Members: []trace.Member{
			{In: "claims", Name: "active", Value: "true", Means: "the token can be used"},
			{In: "claims", Name: "exp", Value: "1795431000", Means: "in 15 min; " + strings.Repeat("long ", 30)},
			{In: "claims", Name: "cnf", Value: `{"jkt":"0ZcO"}`},
			{In: "claims", Name: "cnf.jkt", Value: "0ZcO"},
		}}, "  ┌ introspection, what the server says of the token  VERIFIED", []string{
			"  │ active  true  // the token can be used",
			"  │ exp     1795431000  // in 15 min",
			`  │ cnf     {"jkt":"0ZcO"}`,
			`  │ tenant  ["a"]`,
			"  │ bound to the DPoP key 0ZcO: of no use without a proof by that key",
		}},
	} {
		var b bytes.Buffer
		term := NewTerminal(&b, TerminalOptions{Width: 120})
		term.Emit(trace.Record{Seq: 1, At: sampleStart, Event: c.e})
		if err := term.Close(); err != nil {
			t.Fatal(err)
		}
		got := strings.Split(b.String(), "\n")
		if got[0] != c.first {
			t.Errorf("%s: %q, want %q", c.name, got[0], c.first)
		}
		for _, want := range c.has {
			if !strings.Contains(b.String(), want+"\n") {
				t.Errorf("%s lacks %q:\n%s", c.name, want, b.String())
			}
		}
	}
}
