package output

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

var testKey = []byte("the key of every test")

// looks are the ways in which every sample is rendered.
var looks = map[string]TerminalOptions{
	"60": {Width: 60}, "80": {Width: 80}, "100": {Width: 100}, "140": {Width: 140},
	"80-v": {Width: 80, Verbose: true}, "120-color": {Width: 120, Color: true, Dark: true},
	"80-light": {Width: 80, Color: true}, "quiet": {Quiet: true},
}

// render shows what a mask lets through.
func render(o TerminalOptions, sample func(trace.Sink)) string {
	var b bytes.Buffer
	t := NewTerminal(&b, o)
	sample(NewMask(t, nil, testKey, false))
	t.Close()
	return b.String()
}

func TestTerminalGolden(t *testing.T) {
	for name, sample := range samples {
		for look, o := range looks {
			t.Run(name+"-"+look, func(t *testing.T) {
				golden(t, fmt.Sprintf("%s-%s.txt", name, look), render(o, sample))
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got, -update writes it anew):\n%s", name, diff)
	}
}

func TestNoSecretInAnyGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("\n", "", "│", "", " ", "").Replace(string(b)) // a secret may be wrapped
		for _, s := range sampleSecrets() {
			for _, in := range []string{string(b), text} {
				if strings.Contains(in, s) {
					t.Errorf("%s holds the secret %q", f, s)
				}
			}
		}
	}
}

// A saved trace looks like the live run, to the octet.
func TestSavedTraceRendersTheSame(t *testing.T) {
	for name, sample := range samples {
		var saved bytes.Buffer
		sample(NewMask(NewJSONLines(&saved), nil, testKey, false))
		for look, o := range looks {
			live := render(o, sample)
			var again bytes.Buffer
			term := NewTerminal(&again, o)
			// With a mask once more: what is masked stays as it is.
			mask := NewMask(term, nil, []byte("another key"), false)
			if err := ReadTrace(bytes.NewReader(saved.Bytes()), func(r trace.Record) error { mask.Emit(r); return nil }); err != nil {
				t.Fatal(err)
			}
			term.Close()
			if diff := cmp.Diff(live, again.String()); diff != "" {
				t.Errorf("%s at %s (-live +saved):\n%s", name, look, diff)
			}
		}
	}
}

// Nothing is wider than the terminal but what is to be copied, and nothing
// that a terminal would act upon gets to it.
func TestLinesFitAndAreSafe(t *testing.T) {
	for name, sample := range samples {
		for _, o := range []TerminalOptions{{Width: 40}, {Width: 60}, {Width: 80}, {Width: 101}, {Width: 200}, {Width: 60, Verbose: true}, {Width: 97, Verbose: true}} {
			for line := range strings.SplitSeq(render(o, sample), "\n") {
				if Clean(line) != line {
					t.Errorf("%s at %+v: %q", name, o, line)
				}
				copied := strings.HasPrefix(line, "https://as.example.com/") || strings.HasPrefix(line, "      ␛[2J") || strings.HasPrefix(line, "      oauthprobe refresh")
				if w := width(line); w > o.Width && !copied {
					t.Errorf("%s at %+v: %d cells: %q", name, o, w, line)
				}
			}
		}
	}
}

// No foreign text can begin a line as our own lines begin.
func TestForeignTextCannotPassForOurs(t *testing.T) {
	fake := "x\n  ✓ V-AR-02 state-match\r\n  ✓ V-AR-02 state-match\n✓ done in 1 s\u2028✓ done in 1 s"
	for _, e := range trace.Events() {
		if e.Kind() == "ended" {
			e = trace.Ended{Failure: &trace.Failure{Kind: fake, Text: fake}}
		}
		var b bytes.Buffer
		term := NewTerminal(&b, TerminalOptions{Width: 200})
		term.Emit(trace.Record{Event: filled(e, fake)})
		term.Close()
		for line := range strings.SplitSeq(b.String(), "\n") {
			if strings.HasPrefix(line, "  ✓ V-AR") || strings.HasPrefix(line, "✓ done in 1 s") {
				t.Errorf("%s: %q", e.Kind(), line)
			}
		}
	}
}

// filled is an event with a text in every string of it.
func filled(e trace.Event, text string) trace.Event {
	v := reflect.New(reflect.TypeOf(e)).Elem()
	v.Set(reflect.ValueOf(e))
	fill(v, text, 3)
	return v.Interface().(trace.Event)
}

func fill(v reflect.Value, text string, deep int) {
	if deep < 0 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), text, deep)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(`{"a":` + quote(text) + `}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), text, deep-1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, deep-1)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	}
}

// Every kind of event gets through every output, empty and full.
func TestEveryKindIsRendered(t *testing.T) {
	events := append(trace.Events(), trace.Unknown{Name: "of-tomorrow"})
	for _, empty := range events {
		full := filled(empty, "some text")
		if u, ok := empty.(trace.Unknown); ok {
			u.Raw = []byte(`{}`)
			empty, full = u, u
		}
		if b, ok := full.(trace.Built); ok { // a later poll waits for its answer: TestPollsFold
			b.Poll = 1
			full = b
		}
		for _, e := range []trace.Event{empty, full} {
			for _, o := range []TerminalOptions{{}, {Verbose: true}, {Width: 140, Color: true}, {Quiet: true}} {
				var b bytes.Buffer
				term := NewTerminal(&b, o)
				term.Emit(trace.Record{Seq: 1, Event: e})
				term.Close()
				_, before := full.(trace.RunStarted)
				if b.Len() == 0 && !o.Quiet && !before && e.Kind() != "step-started" {
					if f, ok := e.(trace.Finding); !ok || f.Outcome != "" {
						t.Errorf("%s is dropped by the terminal with %+v", e.Kind(), o)
					}
				}
			}
			var lines bytes.Buffer
			j := NewJSONLines(&lines)
			NewMask(j, nil, testKey, false).Emit(trace.Record{Seq: 1, Event: e})
			if j.Err() != nil || !strings.Contains(lines.String(), `"kind":"`+e.Kind()+`"`) {
				t.Errorf("%s as a trace line: %q, %v", e.Kind(), lines.String(), j.Err())
			}
		}
	}
}

// A row of polls is one request and a line for each "not yet"; the answer that
// ends it, and any failed check, are shown whole. Verbose folds nothing.
func TestPollsFold(t *testing.T) {
	poll := func(n int, body string, status int) []trace.Event {
		return []trace.Event{
			trace.Built{Endpoint: "token", Method: "POST", URL: "https://as/token", Poll: n},
			trace.Exchanged{Endpoint: "token", Poll: n, Request: trace.Message{Method: "POST", URL: "https://as/token"}, Response: trace.Message{Status: status, Body: body}},
			trace.Finding{ID: "token-error", Outcome: trace.Pass},
		}
	}
	events := slices.Concat(
		poll(1, `{"error":"authorization_pending"}`, 400), poll(2, `{"error":"slow_down"}`, 400),
		[]trace.Event{trace.Finding{ID: "token-not-cached", Outcome: trace.Fail, Detail: "cached"}},
		poll(3, `{"access_token":"a"}`, 200))
	var folded, whole bytes.Buffer
	for _, o := range []struct {
		w *bytes.Buffer
		o TerminalOptions
	}{{&folded, TerminalOptions{}}, {&whole, TerminalOptions{Verbose: true}}} {
		term := NewTerminal(o.w, o.o)
		for i, e := range events {
			term.Emit(trace.Record{Seq: i + 1, Run: "device", Event: e})
		}
		term.Close()
	}
	for _, want := range []string{"· poll 1: authorization_pending", "· poll 2: slow_down", "token-not-cached", `"access_token"`, "1 check passed: token-error"} {
		if !strings.Contains(folded.String(), want) {
			t.Errorf("no %q in\n%s", want, folded.String())
		}
	}
	if n := strings.Count(folded.String(), "POST"); n != 2 {
		t.Errorf("%d requests shown, want the first and the last:\n%s", n, folded.String())
	}
	if n := strings.Count(whole.String(), "400 Bad Request"); n != 2 {
		t.Errorf("verbose shows %d refusals, want 2:\n%s", n, whole.String())
	}
}

func TestFailingFindingIsNeverFolded(t *testing.T) {
	var b bytes.Buffer
	term := NewTerminal(&b, TerminalOptions{})
	for i, o := range []trace.Outcome{trace.Pass, trace.Fail, trace.Skip, trace.Warn, trace.Pass} {
		term.Emit(trace.Record{Event: trace.Finding{ID: fmt.Sprintf("check-%d", i), Code: "V-AR-02", Level: trace.Must, Outcome: o, Ref: "RFC 6749 §10.12"}})
	}
	term.Close()
	want := `  ✓ 1 check passed: check-0
  ✗ V-AR-02 check-1                                         MUST RFC 6749 §10.12
  ! V-AR-02 check-3                                         MUST RFC 6749 §10.12
  ✓ 1 check passed: check-4
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestQuietShowsOnlyWhatMustBeDone(t *testing.T) {
	got := render(TerminalOptions{Quiet: true}, func(s trace.Sink) {
		codeFlow(s)
		s.Emit(trace.Record{Event: trace.Note{Topic: "device-code", Text: "go there", Lines: []string{"https://as.example.com/device", "WDJB-MJHT"}}})
		s.Emit(trace.Record{Event: trace.Waiting{For: "you"}})
	})
	u := newTeller(trace.Tee{}).authorization()
	if want := u + "\nhttps://as.example.com/device\nWDJB-MJHT\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOpenedURLStandsAlone(t *testing.T) {
	u := newTeller(trace.Tee{}).authorization()
	for _, o := range looks {
		if got := render(o, codeFlow); !strings.Contains("\n"+got, "\n"+u+"\n") {
			t.Errorf("with %+v the URL does not stand alone on a line", o)
		}
	}
}

// A sharedBuffer can be read while it is written to.
type sharedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *sharedBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *sharedBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestSpinnerTurnsAndGoes(t *testing.T) {
	out := &sharedBuffer{}
	term := NewTerminal(out, TerminalOptions{Live: true})
	w := trace.Waiting{For: "the browser"}
	term.Emit(trace.Record{Event: w})
	term.mu.Lock()
	s := term.spin
	term.mu.Unlock()
	term.draw(s, w, 0, 0)
	term.draw(s, w, 1, 3*time.Second)
	term.Emit(trace.Record{Event: trace.Note{Text: "here"}})
	term.draw(s, w, 2, 4*time.Second) // too late: it has been stopped
	term.Close()
	got := out.String()
	for _, want := range []string{
		"  ⋯ waiting for the browser\n", "\r\x1b[K  ⠋ waiting for the browser", "\r\x1b[K  ⠙ waiting 3.0 s for the browser", "\r\x1b[K  i here\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	if strings.Contains(got, "4.0 s") || strings.HasSuffix(got, "browser") {
		t.Errorf("the spinner goes on: %q", got)
	}
}

func TestSpinnerStopsWithClose(t *testing.T) {
	out := &sharedBuffer{}
	term := NewTerminal(out, TerminalOptions{Live: true})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 25 {
				term.Emit(trace.Record{Event: trace.Waiting{For: "x"}})
				term.Emit(trace.Record{Event: trace.Note{Text: "y"}})
			}
		})
	}
	group.Wait()
	term.Emit(trace.Record{Event: trace.Waiting{For: "x"}})
	term.Close() // returns only when no goroutine is left
	if n := strings.Count(out.String(), "  i y\n"); n != 100 {
		t.Errorf("%d notes, want 100", n)
	}
}

func TestWaitingSaysItOnce(t *testing.T) {
	var b bytes.Buffer
	term := NewTerminal(&b, TerminalOptions{})
	for i := range 3 {
		term.Emit(trace.Record{Event: trace.Waiting{For: "the browser", Lines: []string{fmt.Sprint("advice ", i)}}})
	}
	term.Close()
	if want := "  ⋯ waiting for the browser\n    advice 0\n    advice 1\n    advice 2\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
