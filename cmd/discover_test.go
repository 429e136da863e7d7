package cmd

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
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

// A sayer is a server that says of itself what its test wants, and counts who asks for keys.
type sayer struct {
	*httptest.Server
	asked atomic.Int32 // for what is not metadata
}

// tell serves metadata in which ISSUER is the address of the server, and a key
// set beside them.
func tell(t *testing.T, metadata string) *sayer {
	t.Helper()
	s := &sayer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/.well-known/openid-configuration" {
			_, _ = w.Write([]byte(strings.ReplaceAll(metadata, "ISSUER", s.URL)))
			return
		}
		s.asked.Add(1)
		_, _ = w.Write([]byte(`{"keys":[]}`))
	}))
	t.Cleanup(s.Close)
	return s
}

// Where the metadata say that the keys are, and no keys may be, is not visited;
// the finding decides about the exit code. Keys that are elsewhere are fetched.
func TestDiscoverLeavesMisplacedKeys(t *testing.T) {
	for _, address := range []string{"http://keys.invalid/jwks", "file:///etc/passwd", "http://169.254.169.254/jwks", "ISSUER/jwks#x"} {
		s := tell(t, `{"issuer":"ISSUER","jwks_uri":"`+address+`"}`)
		r := run(t, nil, "", "discover", s.URL)
		if r.exit != exitCheck || r.sent("jwks") != 0 || s.asked.Load() != 0 || !strings.Contains(r.stdout, "✗ V-MD-05") || !strings.Contains(r.stderr, "--jwks-uri URL") {
			t.Errorf("%s: exit %d, keys asked for %d times\n%s\n%s", address, r.exit, r.sent("jwks"), r.stdout, r.stderr)
		}
		r = run(t, nil, "", "discover", s.URL, "--jwks-uri", s.URL+"/elsewhere")
		if r.exit != exitDone || r.sent("jwks") != 1 || s.asked.Load() != 1 {
			t.Errorf("%s, keys elsewhere: exit %d, asked for %d times\n%s", address, r.exit, s.asked.Load(), r.stderr)
		}
	}
}

// What is wrong with the metadata comes before the keys that cannot be had, which
// is said too.
func TestDiscoverFindingComesFirst(t *testing.T) {
	s := tell(t, `{"issuer":"ISSUER","jwks_uri":"http://127.0.0.1:1/jwks","response_types_supported":5}`)
	if r := run(t, nil, "", "discover", s.URL); r.exit != exitUnreachable {
		t.Errorf("exit %d\n%s", r.exit, r.stderr)
	}
	r := run(t, nil, "", "discover", s.URL, "--strict")
	if r.exit != exitCheck || !strings.Contains(r.stderr, "oauthprobe: warning: ") || !strings.Contains(r.stderr, "127.0.0.1:1") {
		t.Errorf("exit %d\n%s", r.exit, r.stderr)
	}
}

// --strict is about every MUST; what means nothing to discover is no flag of it.
func TestDiscoverStrict(t *testing.T) {
	for fault, exit := range map[string]int{"": exitDone, "jwks-private-member": exitCheck, "jwks-roca": exitCheck} {
		var faults []string
		if fault != "" {
			faults = []string{fault}
		}
		issuer := startDemo(t, faults...)
		if r := run(t, nil, "", "discover", issuer, "--strict"); r.exit != exit {
			t.Errorf("%s: exit %d, want %d\n%s", fault, r.exit, exit, r.stderr)
		}
	}
	help := run(t, nil, "", "discover", "--help").stdout
	for _, flag := range []string{"--mis-sign", "--dry-run", "--step", "--explain", "--keep-going", "--trust-audience", "--clock-skew"} {
		if strings.Contains(help, flag) {
			t.Errorf("the help has %s", flag)
		}
	}
	for _, want := range []string{"--strict", "--jwks-uri", "--resolve", "The exit code is 0", "--strict at any failed MUST"} {
		if !strings.Contains(strings.Join(strings.Fields(help), " "), want) {
			t.Errorf("the help lacks %q", want)
		}
	}
	if r := run(t, nil, "", "discover", "--demo", "--no-input"); r.exit != exitDone {
		t.Errorf("--no-input: exit %d", r.exit)
	}
}

// A hint is something that can be typed here.
func TestDiscoverHintsFit(t *testing.T) {
	help := run(t, nil, "", "discover", "--help").stdout
	targets := map[string]string{
		"template":  startDemo(t, "meta-templated-issuer"),
		"other":     startDemo(t, "issuer-other"),
		"none":      startDemo(t, "metadata-404"),
		"page":      startDemo(t, "metadata-html"),
		"keys":      startDemo(t, "jwks-html"),
		"nobody":    "http://127.0.0.1:1",
		"no issuer": tell(t, `{"jwks_uri":"ISSUER/jwks"}`).URL,
		"strict":    startDemo(t, "jwks-private-member"),
	}
	targets["endpoint"] = targets["none"] + "/token"
	for name, target := range targets {
		r := run(t, nil, "", "discover", target, "--strict")
		_, hint, found := strings.Cut(r.stderr, "oauthprobe: hint: ")
		if r.exit == exitDone || !found {
			t.Errorf("%s: exit %d and no hint:\n%s", name, r.exit, r.stderr)
		}
		for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(hint, -1) {
			if !strings.Contains(help, flag+" ") {
				t.Errorf("%s: the hint names %s, which discover has not:\n%s", name, flag, hint)
			}
		}
		if name == "template" && (!strings.Contains(hint, target+"/TENANTID/v2.0") || strings.Contains(hint, "{")) {
			t.Errorf("the template is to be typed:\n%s", hint)
		}
	}
}

// -o json is what the server sent, octet by octet.
func TestDiscoverVerbatim(t *testing.T) {
	for _, metadata := range []string{
		"\n{ \"issuer\" : \"ISSUER\",\r\n\t\"jwks_uri\":\"ISSUER/jwks\",  \"x\": [1.0, 1e2, \"\\u0041\\/\"] } \n\n",
		`{"issuer":"ISSUER","x":"no newline"}`,
	} {
		s := tell(t, metadata)
		r := run(t, nil, "", "discover", s.URL, "-o", "json")
		if want := strings.ReplaceAll(metadata, "ISSUER", s.URL); r.exit != exitDone || r.stdout != want {
			t.Errorf("exit %d\n got %q\nwant %q", r.exit, r.stdout, want)
		}
	}
}

// What weakens the run is said, though the narrative is not.
func TestDiscoverSaysDangers(t *testing.T) {
	issuer := startDemo(t)
	env := map[string]string{"SSLKEYLOGFILE": t.TempDir() + "/keys.log"}
	for flag, want := range map[string]int{"--strict": 1, "-v": 1, "-q": 0} {
		r := run(t, env, "", "discover", issuer, flag)
		if got := strings.Count(strings.Join(strings.Fields(r.stderr), " "), "SSLKEYLOGFILE: the keys"); got != want {
			t.Errorf("%s: said %d times:\n%s", flag, got, r.stderr)
		}
		if kept := slices.ContainsFunc(r.records, func(rec trace.Record) bool { n, _ := rec.Event.(trace.Note); return n.Topic == "key-log" }); !kept {
			t.Errorf("%s: the trace does not say it", flag)
		}
	}
}
