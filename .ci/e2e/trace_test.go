package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// A record is one line of a saved trace, as the contract words it.
type record struct {
	V     int
	Seq   int
	At    string
	Run   string
	Kind  string
	Event event
}

// An event is the union of what the tests look at.
type event struct {
	// finding
	ID, Code, Outcome, Detail, Level string
	// returned
	Via, Method, Path, Reason string
	Used                      bool
	Params                    []param
	// built, exchanged
	Endpoint string
	Try      int
	Request  message
	Response message
	// decoded
	What     string
	Header   json.RawMessage
	Verified bool
	Claims   map[string]any
	// opened
	URL, By string
	// ended
	OK      bool
	Exit    int
	Failure struct{ Kind, Code, Endpoint string }
}

type param struct{ Name, Value string }

type message struct {
	Status int
	URL    string
	Header []struct{ Name, Value string }
	Body   string
}

func (m message) header(name string) string {
	for _, h := range m.Header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// readTrace reads a trace strictly: one object a line, numbered from 1.
func readTrace(t *testing.T, raw []byte) []record {
	t.Helper()
	var all []record
	for i, line := range bytes.Split(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n")) {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("line %d of the trace: %v: %s", i+1, err, line)
		}
		if r.V != 1 || r.Seq != i+1 || r.At == "" || r.Run == "" || r.Kind == "" {
			t.Fatalf("line %d of the trace has v %d, seq %d, at %q, run %q, kind %q", i+1, r.V, r.Seq, r.At, r.Run, r.Kind)
		}
		all = append(all, r)
	}
	return all
}

// of is the events of one kind.
func (o outcome) of(kind string) []event {
	var all []event
	for _, r := range o.trace {
		if r.Kind == kind {
			all = append(all, r.Event)
		}
	}
	return all
}

// checkEnd holds the last word of the trace against the exit code, and stdout
// against the rule that a failed run delivers nothing.
func checkEnd(t *testing.T, o outcome) {
	t.Helper()
	last := o.trace[len(o.trace)-1]
	if last.Kind != "ended" || last.Event.Exit != o.exit || last.Event.OK != (o.exit == 0) {
		t.Errorf("the trace ends with %s, exit %d, ok %v; the process ended with %d", last.Kind, last.Event.Exit, last.Event.OK, o.exit)
	}
	if kind := last.Event.Failure.Kind; o.exit != 0 && (kind == "" || kind == "other") {
		t.Errorf("the trace ends with a failure of kind %q, which says nothing", kind)
	}
	if o.exit != 0 && o.stdout != "" {
		t.Errorf("stdout of a failed run is %q", o.stdout)
	}
}

// failed is the codes of the findings that failed.
func (o outcome) failed() []string {
	var all []string
	for _, f := range o.of("finding") {
		if f.Outcome == "fail" {
			all = append(all, f.Code+" "+f.ID)
		}
	}
	return all
}

// passed says whether a check passed.
func (o outcome) passed(code string) bool {
	return slices.ContainsFunc(o.of("finding"), func(f event) bool { return f.Code == code && f.Outcome == "pass" })
}

// refused is the error that the run ended with.
func (o outcome) refused() (kind, endpoint, code string) {
	f := o.trace[len(o.trace)-1].Event.Failure
	return f.Kind, f.Endpoint, f.Code
}

// exchange is the last exchange with an endpoint.
func (o outcome) exchange(t *testing.T, endpoint string) event {
	t.Helper()
	var found *event
	for _, e := range o.of("exchanged") {
		if e.Endpoint == endpoint {
			found = &e
		}
	}
	if found == nil {
		t.Fatalf("no exchange with the %s endpoint in the trace", endpoint)
	}
	return *found
}

// answer is the arrival at the redirect URI that was used.
func (o outcome) answer(t *testing.T) event {
	t.Helper()
	for _, r := range o.of("returned") {
		if r.Used {
			return r
		}
	}
	t.Fatal("no answer was used")
	return event{}
}

func (e event) param(name string) string {
	for _, p := range e.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// tokens is the token answer on stdout.
func (o outcome) tokens(t *testing.T) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(o.stdout), &all); err != nil {
		t.Fatalf("stdout is not JSON: %v: %q", err, o.stdout)
	}
	return all
}

// checkClean expects no check to have failed in a run that succeeded: what a
// certified server does is right, unless a test argues that it is not.
func checkClean(t *testing.T, o outcome, argued ...string) {
	t.Helper()
	for _, failed := range o.failed() {
		if !slices.Contains(argued, failed) {
			t.Errorf("in a successful run %s failed", failed)
		}
	}
}

// checkSignedIn is what holds of every run that ended well with a person: the ID
// token was verified, and no check failed.
func checkSignedIn(t *testing.T, o outcome, argued ...string) {
	t.Helper()
	checkClean(t, o, argued...)
	for _, d := range o.of("decoded") {
		if d.What == "id_token" {
			if !d.Verified {
				t.Error("the ID token was not verified")
			}
			return
		}
	}
	t.Error("no ID token in the trace")
}

// checkHygiene looks for secrets where they must not be: in the saved trace and
// on stderr, as they are and in the encodings they travel in.
func checkHygiene(t *testing.T, o outcome, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if len(s) < 6 {
			continue // a cookie that is taken back
		}
		if parts := strings.Split(s, "."); len(parts) == 3 && strings.HasPrefix(s, "eyJ") {
			s = parts[2] // of a JWT the signature is the secret
		}
		escaped, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{
			s, url.QueryEscape(s), url.PathEscape(s), strings.Trim(string(escaped), `"`),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
		} {
			for where, text := range map[string]string{"the saved trace": o.raw, "stderr": o.stderr} {
				if at := strings.Index(text, form); at >= 0 {
					t.Errorf("%s holds the secret %q, as in: …%s…", where, s, text[max(0, at-60):min(len(text), at+len(form)+20)])
				}
			}
		}
	}
}

// checkPeerHygiene is checkHygiene for everything secret that the peer, the
// person or stdout knows of.
func checkPeerHygiene(t *testing.T, p *peer, o outcome) {
	t.Helper()
	secrets := append(p.secrets(t), password, basicSecret, postSecret, oddSecret)
	var answer map[string]any
	if json.Unmarshal([]byte(o.stdout), &answer) == nil {
		for _, name := range []string{"access_token", "refresh_token", "id_token"} {
			s, _ := answer[name].(string)
			secrets = append(secrets, s)
		}
	} else {
		secrets = append(secrets, strings.TrimSpace(o.stdout))
	}
	checkHygiene(t, o, secrets...)
}
