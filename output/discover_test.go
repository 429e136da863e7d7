package output

import (
	"bytes"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// discovered is what a trace says of a server, some of it hostile.
func discovered() []trace.Record {
	var all []trace.Record
	for i, e := range []trace.Event{
		trace.RunStarted{Procedure: "discover", Issuer: "https://as.example"},
		trace.Finding{ID: "meta-password", Code: "META-12", Level: trace.Should, Outcome: trace.Warn, Ref: "RFC 9700 §2.4", Detail: "the password grant is offered", Expected: "no password grant", Actual: "password", Evidence: []int{1}},
		trace.Finding{ID: "meta-par", Code: "META-17", Level: trace.Must, Outcome: trace.Fail, Ref: "RFC 9126 §5", Detail: evil, Expected: evil, Actual: evil, Evidence: []int{1}},
		trace.Finding{ID: "meta-jar", Code: "META-18", Level: trace.Must, Outcome: trace.Skip, Ref: "RFC 9101 §9.2", Detail: "not required", Evidence: []int{1}},
		trace.Finding{ID: "meta-types", Code: "META-06", Level: trace.Must, Outcome: trace.Pass, Ref: "RFC 8414 §2", Evidence: []int{1}},
		trace.Described{What: "metadata", Members: []trace.Member{
			{In: "server", Name: "issuer", Value: "https://as.example", Means: "who the server is", Ref: "RFC 8414 §2"},
			{In: "what a client may ask for", Name: "grant_types_supported", Value: "authorization_code, implicit (implied)", Means: "ways to get a token"},
			{In: "what a client may ask for", Name: "scopes_supported", Value: strings.Repeat("scope, ", 60), Means: "scopes"},
			{In: "what a client may ask for", Name: "claims", Value: evil, Means: evil, Ref: evil},
			{In: "capabilities", Name: "RFC 9126", Value: "✓", Means: "pushed requests"},
			{In: "capabilities", Name: "RFC 7591", Value: "–", Means: "dynamic registration"},
			{In: "keys", Name: "2026-11", Value: "RSA 2048 bits, sig, RS256", Means: "thumbprint 0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
			{In: "keys", Name: evil, Value: evil, Means: evil + "; " + evil},
			{In: "members that nobody registered", Name: strings.Repeat("n", 200), Value: evil},
		}},
		trace.Ended{OK: true},
	} {
		all = append(all, trace.Record{Seq: i + 1, At: sampleStart, Run: "discover", Event: e})
	}
	return all
}

func discoverText(t *testing.T, o TerminalOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Discover(&b, discovered(), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The report can be read at any width, and nothing in it plays tricks.
func TestDiscoverText(t *testing.T) {
	for _, w := range []int{40, 60, 100, 160} {
		for _, verbose := range []bool{false, true} {
			text := discoverText(t, TerminalOptions{Width: w, Verbose: verbose})
			for l := range strings.Lines(text) {
				if l = strings.TrimSuffix(l, "\n"); width(l) > w || l != Clean(l) {
					t.Errorf("at %d: %q", w, l)
				}
			}
			at := -1
			for _, want := range []string{"server\n", "https://as.example", "what a client may ask for", "authorization_code, implicit", "capabilities", "✓ RFC 9126", "keys", "2026-11", "✗ META-17", "! META-12", "✓ META-06", "members that nobody"} {
				next := strings.Index(text, want)
				if next < at || next < 0 && w > 40 {
					t.Errorf("at %d: %q stands at %d, after %d\n%s", w, want, next, at, text)
				}
				at = max(at, next)
			}
			if strings.Contains(text, "meta-jar") != true || strings.Contains(text, "- META-18") != verbose {
				t.Errorf("at %d, verbose %v: what was not asked\n%s", w, verbose, text)
			}
		}
	}
}

// A short value stands beside its name, a long one below.
func TestDiscoverLayout(t *testing.T) {
	text := discoverText(t, TerminalOptions{Width: 100})
	for _, want := range []string{
		"  issuer  https://as.example  who the server is (RFC 8414 §2)\n",
		"  grant_types_supported  authorization_code, implicit (implied)",
		"  scopes_supported  scopes\n      scope, scope, scope,",
		"  ✓ RFC 9126  pushed requests",
		"– RFC 7591  dynamic registration\n",
		"  2026-11 ", "RSA 2048 bits, sig, RS256",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
