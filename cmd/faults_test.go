package cmd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile("../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// now is the time of every test's clock.
func now() time.Time { return time.Unix(1795440000, 0).UTC() }

// A result is what one command left behind.
type result struct {
	exit           int
	stdout, stderr string
	records        []trace.Record
}

// run drives the whole program, with a fixed clock, a random source of its own
// and no environment, and keeps its trace.
func run(t *testing.T, env map[string]string, stdin string, args ...string) result {
	t.Helper()
	file := t.TempDir() + "/trace.jsonl"
	var out, errs bytes.Buffer
	e := Env{
		Args:  append(args, "--save", file),
		Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Width: 100,
		Getenv: func(name string) string { return env[name] },
		Exists: func(string) bool { return false },
		OS:     "test/test", Now: now, Rand: rand.NewChaCha8(sha256.Sum256([]byte(file))), // a server that several tests share has seen no jti of another
		Pause:   func(context.Context, time.Duration) error { return nil },
		Context: func() (context.Context, context.CancelFunc) { return context.WithCancel(context.Background()) },
	}
	r := result{exit: Main(e), stdout: out.String(), stderr: errs.String()}
	saved, err := os.ReadFile(file)
	if err != nil {
		return r // refused before it began
	}
	for line := range strings.Lines(string(saved)) {
		var rec trace.Record
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		r.records = append(r.records, rec)
	}
	return r
}

// complaints are the codes of all findings that are not a pass, in order,
// each once. Remarks on metadata and keys, which the demo server deserves some
// of, are left out unless they are named.
func (r result) complaints(named ...string) []string {
	var out []string
	for _, rec := range r.records {
		f, ok := rec.Event.(trace.Finding)
		remark := strings.HasPrefix(f.Code, "META-") || strings.HasPrefix(f.Code, "JWKS-")
		if ok && remark && f.Outcome == trace.Warn && !slices.Contains(named, f.Code) {
			continue
		}
		if ok && (f.Outcome == trace.Fail || f.Outcome == trace.Warn) && !slices.Contains(out, f.Code) {
			out = append(out, f.Code)
		}
	}
	slices.Sort(out)
	return out
}

func startDemo(t *testing.T, faults ...string) string {
	t.Helper()
	running, err := demo.Start("127.0.0.1:0", demo.Config{Now: now, Rand: rand.NewChaCha8([32]byte{9}), Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	return running.Issuer
}

// patience is short only for a server that is told to be slow: a busy machine
// must not be taken for one.
func patience(faults []string) string {
	if slices.Contains(faults, "token-slow") || slices.Contains(faults, "token-hangs") {
		return "700ms"
	}
	return "30s"
}

// Each fault of the demo server is noticed by exactly the checks that its row
// names; the clean server and the unusual but valid ones by none.
func TestFaultMatrix(t *testing.T) {
	rows := append([]demo.Fault{{Name: "", Doc: "the clean server"}}, demo.Faults()...)
	for _, f := range rows {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			var faults []string
			if f.Name != "" {
				faults = []string{f.Name}
			}
			r := run(t, nil, "", "code", startDemo(t, faults...), "--client-id", "public", "--scope", "openid profile", "--http-timeout", patience(faults),
				"--headless", "--fill", "username=alice", "--fill", "password=alice", "-o", "none")
			want := slices.Clone(f.Codes)
			slices.Sort(want)
			if got := r.complaints(f.Codes...); !slices.Equal(got, want) {
				t.Errorf("%s\nnoticed by %v\n   want   %v\n%s", f.Doc, got, want, r.stderr)
			}
			if len(f.Codes) == 0 && f.Name != "" && !strings.HasPrefix(f.Name, "ok-") {
				return
			}
			if stopped, trusted := r.exit == exitCheck, stops(r); stopped != trusted {
				t.Errorf("exit %d, but a failed trust check: %v\n%s", r.exit, trusted, r.stderr)
			}
		})
	}
}

// stops reports whether a finding of the run is one that must stop it, and
// nothing that is no answer of the protocol came before.
func stops(r result) bool {
	for _, rec := range r.records {
		if e, ok := rec.Event.(trace.Ended); ok && e.Failure != nil && e.Failure.Kind == "protocol" {
			return false
		}
	}
	for _, rec := range r.records {
		if f, ok := rec.Event.(trace.Finding); ok && f.Outcome == trace.Fail && slices.Contains(trustCodes(), f.Code) {
			return true
		}
	}
	return false
}

// trustCodes are the trust checks of the contract that a code flow can make,
// written down here a second time on purpose.
func trustCodes() []string {
	return strings.Fields(`V-AR-01 V-AR-02 V-AR-04 V-AR-05 V-AR-06 V-AR-07 V-AR-08 V-AR-09 V-AR-11 V-AR-12 V-AR-13 V-AR-14 V-AR-19 V-AR-20 V-AR-21
		V-ID-01 V-ID-02 V-ID-03 V-ID-04 V-ID-05 V-ID-07 V-ID-08 V-ID-09 V-ID-10 V-ID-11 V-ID-12 V-ID-14 V-ID-15 V-ID-17 V-ID-18 V-ID-19
		V-ID-20 V-ID-22 V-ID-23 V-ID-24 V-ID-29 V-ID-31 V-TR-04 V-TR-05 V-TR-07 V-TR-12 V-TR-13 V-MD-01 V-MD-02 V-MD-05`)
}

// The exit code goes with what happened, and stdout stays empty when a token
// was not to be had.
func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		fault string
		exit  int
		says  string // of the error line
	}{
		{"", exitDone, ""},
		{"state-wrong", exitCheck, "V-AR-02"},
		{"iss-wrong", exitCheck, "V-AR-05"},
		{"token-html", exitUnreachable, "HTML page"},
		{"token-cut-off", exitUnreachable, ""},
		{"token-empty-body", exitUnreachable, "empty body"},
		{"token-junk-20mb", exitUnreachable, "more than 1048576 octets"},
		{"token-slow", exitUnreachable, "did not finish its answer in time"},
		{"token-hangs", exitUnreachable, "did not answer in time"},
		{"token-redirect", exitUnreachable, "not followed"},
		{"error-with-200", exitRefused, ""},
		{"metadata-404", exitUnreachable, "no metadata of"},
		{"expires-in-string", exitDone, ""},
		{"token-form-encoded", exitDone, ""},
		{"idtoken-alg-none", exitCheck, "V-ID-"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			var faults []string
			if c.fault != "" {
				faults = []string{c.fault}
			}
			r := run(t, nil, "", "code", startDemo(t, faults...), "--client-id", "public", "--scope", "openid", "--http-timeout", patience(faults),
				"--headless", "--fill", "username=alice", "--fill", "password=alice", "-q", "-o", "token")
			if r.exit != c.exit {
				t.Errorf("exit %d, want %d\n%s", r.exit, c.exit, r.stderr)
			}
			if (r.stdout == "") != (c.exit != 0) {
				t.Errorf("stdout %q with exit %d", r.stdout, r.exit)
			}
			if errs := strings.Count(r.stderr, "oauthprobe: error:"); (errs == 1) != (c.exit != 0) || !strings.Contains(r.stderr, c.says) {
				t.Errorf("want one error saying %q:\n%s", c.says, r.stderr)
			}
		})
	}
}

// A failed trust check stops the run before the code is spent.
func TestCodeIsNotSpentAfterAFailedCheck(t *testing.T) {
	for _, fault := range []string{"state-wrong", "state-missing", "iss-wrong", "iss-missing", "code-repeated", "code-and-error", "token-in-query", "code-in-fragment"} {
		r := run(t, nil, "", "code", startDemo(t, fault), "--client-id", "public", "--headless", "--fill", "username=alice", "--fill", "password=alice")
		for _, rec := range r.records {
			if b, ok := rec.Event.(trace.Built); ok && b.Endpoint == string(flow.Token) {
				t.Errorf("%s: the code was spent", fault)
			}
		}
		if r.exit != exitCheck {
			t.Errorf("%s: exit %d", fault, r.exit)
		}
	}
}
