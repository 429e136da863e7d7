package output

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// What is shown of a saved trace is what the terminal showed live, in every
// look, the address to open aside.
func TestShowIsTheLiveRun(t *testing.T) {
	for name, sample := range samples {
		for look, o := range looks {
			var live, again, file bytes.Buffer
			screen := NewTerminal(&live, o)
			sample(NewMask(screen, NewJSONLines(&file), testKey, false))
			_ = screen.Close()
			term := NewTerminal(&again, o)
			s, err := Show(&file, ShowText(term))
			_ = term.Close()
			if err != nil || s.Cut != nil || s.Version != 1 {
				t.Errorf("%s: %+v, %v", name, s, err)
			}
			if diff := cmp.Diff(live.String(), again.String()); diff != "" {
				t.Errorf("%s, %s: %s", name, look, diff)
			}
		}
	}
}

const envelope = `{"v":1,"seq":1,"at":"2026-11-23T10:35:00Z","run":"code","kind":`

// Of a newer trace nothing is lost: what is not known is named, and passed on.
func TestShowOfTomorrow(t *testing.T) {
	text := envelope + `"note","event":{"topic":"t","text":"known","mood":"glad"},"signed":true}
{"v":3,"seq":2,"at":"2026-11-23T10:35:00Z","run":"code","kind":"exchanged","event":{"endpoint":"token","try":1,"request":{"method":"GET","url":"u","size":0,"priority":7},"timing":{"total_ns":0},"peer":{"chain":[{"subject":"s","issuer":"i","not_after":"2026-11-23T10:35:00Z","pin":1}]}}}
{"v":3,"seq":3,"at":"2026-11-23T10:35:00Z","run":"code","kind":"sung","event":{"song":[1,2]}}
{"v":3,"seq":4,"at":"2026-11-23T10:35:00Z","run":"code","kind":"note","event":{"text":["no","string"]}}
`
	var screen, lines bytes.Buffer
	term, out := NewTerminal(&screen, TerminalOptions{Width: 100}), bufio.NewWriter(&lines)
	s, err := Show(strings.NewReader(text), ShowText(term), ShowLines(out, false))
	_, _ = term.Close(), out.Flush()
	if err != nil || s.Version != 3 || s.Lines != 4 {
		t.Fatalf("%+v %v", s, err)
	}
	want := `  i known
  i note has members that this version does not know: signed, mood

  → GET u
  ← 0
  i exchanged has members that this version does not know: peer.chain.pin, request.priority
  · sung: an event that this version does not know
  · note: an event that this version does not know
`
	if diff := cmp.Diff(want, screen.String()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(text, lines.String()); diff != "" {
		t.Error(diff)
	}
}

func TestShowNamesTheLine(t *testing.T) {
	good := envelope + `"note","event":{"topic":"a","text":"b"}}` + "\n"
	for _, c := range []struct{ name, bad, want string }{
		{"no JSON", "hello", "line 2: invalid character 'h' looking for beginning of value"},
		{"another line format", `{"level":"info","msg":"hi"}`, "line 2: no kind in line"},
		{"another object", `{"kind":"Pod","apiVersion":"v1"}`, "line 2: no event in line"},
		{"a list", `[]`, "line 2: it cannot be of type array"},
		{"null", `null`, "line 2: no kind in line"},
		{"a number as text", envelope + `"exchanged","event":{"try":"1"}}`, "line 2: exchanged try cannot be of type string"},
		{"a list as object", envelope + `"built","event":{"params":{}}}`, "line 2: built params cannot be of type object"},
		{"an event that is none", envelope + `"built","event":7}`, "line 2: built cannot be of type number"},
		{"a version as text", `{"v":"1","kind":"note","event":{}}`, "line 2: v cannot be of type string"},
		{"two on a line", envelope + `"note","event":{}} {}`, "line 2: invalid character '{' after top-level value"},
	} {
		s, err := Show(strings.NewReader(good + c.bad + "\n" + good))
		var bad *BadLine
		if !errors.As(err, &bad) || err.Error() != c.want || s.Lines != 1 {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestShowFollowsRuns(t *testing.T) {
	text := saved(t, codeFlow)
	s, err := Show(strings.NewReader(text[:strings.LastIndexByte(text[:len(text)-1], '\n')+1]))
	if diff := cmp.Diff([]string{"code"}, s.Open); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// Lines for a terminal mean the same and hold nothing that could play tricks.
func TestShowLinesOnATerminal(t *testing.T) {
	text := envelope + "\"note\",\"event\":{\"topic\":\"t\",\"text\":\"a\u202eb\u009bc\U000e0100\"}}\n"
	var b bytes.Buffer
	out := bufio.NewWriter(&b)
	if _, err := Show(strings.NewReader(text), ShowLines(out, true)); err != nil {
		t.Fatal(err)
	}
	_ = out.Flush()
	want := envelope + `"note","event":{"topic":"t","text":"a\u202eb\u009bc\udb40\udd00"}}` + "\n"
	if b.String() != want {
		t.Errorf("got %s want %s", b.String(), want)
	}
}

// What was kept is saved as it was read, whole.
func TestKeeperSaves(t *testing.T) {
	text := envelope + `"note","event":{"topic":"t","text":"x","mood":"glad"},"signed":true}` + "\n"
	k := &Keeper{}
	if _, err := Show(strings.NewReader(text), k.Keep); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "again.jsonl")
	if err := k.Save(path, "jsonl"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != text {
		t.Errorf("%s %v", b, err)
	}
}

// A hundred thousand checks that pass in a row are shown like a hundred, and
// are not all kept to be shown.
func TestManyPassedChecks(t *testing.T) {
	show := func(n int) (string, int) {
		var b bytes.Buffer
		term := NewTerminal(&b, TerminalOptions{Width: 80})
		for i := range n {
			id := strings.Repeat("x", i%9) + "é"
			term.Emit(trace.Record{Event: trace.Finding{ID: id, Outcome: trace.Pass}})
		}
		kept := len(term.passed.ids)
		_ = term.Close()
		return b.String(), kept
	}
	few, _ := show(100)
	many, kept := show(100_000)
	_, few, _ = strings.Cut(few, "passed: ")
	_, many, _ = strings.Cut(many, "passed: ")
	if strings.Fields(few)[0] != strings.Fields(many)[0] || kept > 240 {
		t.Errorf("%d are kept\n%s\n%s", kept, few, many)
	}
}
