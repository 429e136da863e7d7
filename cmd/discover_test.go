package cmd

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// The clean server fails nothing, and deserves these remarks; a run that is
// about something else says in a line that there are some.
func TestRemarksOnTheCleanServer(t *testing.T) {
	want := []string{"META-10", "META-11", "META-12"}
	issuer := startDemo(t)
	r := run(t, nil, "", "discover", issuer)
	if got := r.complaints(want...); r.exit != exitDone || !slices.Equal(got, want) {
		t.Errorf("exit %d: %v", r.exit, got)
	}
	for _, rec := range r.records {
		if f, ok := rec.Event.(trace.Finding); ok && f.Outcome == trace.Warn && !slices.Contains(want, f.Code) {
			t.Errorf("%s: %s", f.Code, f.Detail)
		}
	}
	for _, code := range want {
		if !strings.Contains(r.stdout, "! "+code) {
			t.Errorf("the report does not show %s", code)
		}
	}
	cc := []string{"cc", issuer, "--client-id", "confidential", "--client-secret", "value:secret", "-o", "none"}
	r = run(t, nil, "", cc...)
	said := "i 3 remarks on the metadata: oauthprobe discover " + issuer + " shows them"
	if strings.Contains(r.stderr, "META-") || strings.Count(r.stderr, said) != 1 || !strings.Contains(r.stderr, "3 remarks") || strings.Contains(r.stderr, "warning") {
		t.Error(r.stderr)
	}
	r = run(t, nil, "", append(cc, "-v")...)
	for _, code := range want {
		if !strings.Contains(r.stderr, "! "+code) {
			t.Errorf("-v does not show %s", code)
		}
	}
	if strings.Contains(r.stderr, said) {
		t.Error("-v says that there are remarks, and shows them")
	}
}

// A failure is never hushed, wherever it is found.
func TestFailedLintsAreShown(t *testing.T) {
	r := run(t, nil, "", "cc", startDemo(t, "meta-par-incoherent"), "--client-id", "confidential", "--client-secret", "value:secret", "-o", "none")
	if r.exit != exitDone || !strings.Contains(r.stderr, "✗ META-17 meta-par") {
		t.Errorf("exit %d\n%s", r.exit, r.stderr)
	}
}

// What cannot be trusted is shown all the same, with its exit code; its keys are
// left alone. -o json has the metadata and nothing else.
func TestDiscoverEnds(t *testing.T) {
	for _, c := range []struct {
		fault  string
		exit   int
		stdout string // what the report has to show
		says   string
	}{
		{"", exitDone, "demo-es256", ""},
		{"meta-templated-issuer", exitCheck, "✗ META-23", "V-MD-01"},
		{"issuer-other", exitCheck, "✗ V-MD-01", "https://attacker.example"},
		{"jwks-html", exitUnreachable, "✗ V-JK-03", "HTML"},
		{"jwks-private-member", exitDone, "✗ V-JK-01", ""},
		{"jwks-roca", exitDone, "✗ JWKS-04", ""},
		{"signed-metadata-bad-signature", exitDone, "✗ V-MD-07", ""},
		{"metadata-404", exitUnreachable, "", "no metadata of"},
		{"metadata-html", exitUnreachable, "", "no metadata of"},
	} {
		var faults []string
		if c.fault != "" {
			faults = []string{c.fault}
		}
		issuer := startDemo(t, faults...)
		r := run(t, nil, "", "discover", issuer)
		if r.exit != c.exit || !strings.Contains(r.stdout, c.stdout) || (r.stdout == "") != (c.stdout == "") || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: exit %d, want %d, %q and %q:\n%s\n%s", c.fault, r.exit, c.exit, c.stdout, c.says, r.stdout, r.stderr)
		}
		if trusted := c.fault != "issuer-other" && c.fault != "meta-templated-issuer"; c.stdout != "" && (r.sent("jwks") > 0) != trusted {
			t.Errorf("%s: the keys were fetched %d times", c.fault, r.sent("jwks"))
		}
		r = run(t, nil, "", "discover", issuer, "-o", "json")
		var doc map[string]any
		if err := json.Unmarshal([]byte(r.stdout), &doc); (err == nil && doc["token_endpoint"] == issuer+"/token") != (c.stdout != "") || r.exit != c.exit {
			t.Errorf("%s: exit %d, %v: %s", c.fault, r.exit, err, r.stdout)
		}
	}
}
