package output

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func saved(t *testing.T, sample func(trace.Sink)) string {
	t.Helper()
	var b bytes.Buffer
	j := NewJSONLines(&b)
	sample(NewMask(j, nil, testKey, false))
	if j.Err() != nil {
		t.Fatal(j.Err())
	}
	return b.String()
}

func TestTraceLine(t *testing.T) {
	var b bytes.Buffer
	NewJSONLines(&b).Emit(trace.Record{Seq: 7, At: sampleStart, Run: "code", Event: trace.Note{Topic: "t", Text: "a<b & c"}})
	want := `{"v":1,"seq":7,"at":"2026-11-23T10:35:00Z","run":"code","kind":"note","event":{"topic":"t","text":"a<b & c"}}` + "\n"
	if b.String() != want {
		t.Errorf("got %s want %s", b.String(), want)
	}
}

func TestReadTraceGivesWhatWasWritten(t *testing.T) {
	text := saved(t, codeFlow)
	var b bytes.Buffer
	j := NewJSONLines(&b)
	if err := ReadTrace(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n\n")), func(r trace.Record) error { j.Emit(r); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestReadTraceCutOff(t *testing.T) {
	text := saved(t, codeFlow)
	total := strings.Count(text, "\n")
	lastLine := strings.LastIndexByte(text[:len(text)-1], '\n') + 1
	for _, c := range []struct {
		name string
		text string
		want int // records delivered
		line int // of the CutOff, or 0
	}{
		{"whole", text, total, 0},
		{"without the last newline", text[:len(text)-1], total, 0},
		{"in the middle of the last line", text[:len(text)-20], total - 1, total},
		{"after its first octet", text[:lastLine+1], total - 1, total},
		{"with a newline after the rest", text[:len(text)-20] + "\n\n", total - 1, total},
		{"empty", "", 0, 0},
	} {
		n := 0
		err := ReadTrace(strings.NewReader(c.text), func(trace.Record) error { n++; return nil })
		var cut *CutOff
		line := 0
		if errors.As(err, &cut) {
			line = cut.Line
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if n != c.want || line != c.line {
			t.Errorf("%s: %d records and a cut in line %d, want %d and %d", c.name, n, line, c.want, c.line)
		}
	}
}

func TestReadTraceErrors(t *testing.T) {
	good := `{"v":1,"seq":1,"at":"2026-11-23T10:35:00Z","kind":"note","event":{"topic":"a","text":"b"}}` + "\n"
	stop := errors.New("stop")
	for _, c := range []struct {
		name, text, want string
		each             error
	}{
		{"a bad line in the middle", good + "{oops\n" + good, "line 2: invalid character 'o' looking for beginning of object key string", nil},
		{"an error of each", good + good, "stop", stop},
		{"a line without end", good + strings.Repeat("x", maxLine+1), "line 2: longer than 16 MiB", nil},
	} {
		err := ReadTrace(strings.NewReader(c.text), func(trace.Record) error { return c.each })
		var cut *CutOff
		if err == nil || err.Error() != c.want || errors.As(err, &cut) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestLongLinesAreRead(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	var b bytes.Buffer
	NewJSONLines(&b).Emit(trace.Record{Event: trace.Note{Text: long}})
	got := ""
	err := ReadTrace(&b, func(r trace.Record) error { got = r.Event.(trace.Note).Text; return nil })
	if err != nil || got != long {
		t.Errorf("%d octets, %v", len(got), err)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestJSONLinesKeepsTheFirstError(t *testing.T) {
	j := NewJSONLines(brokenWriter{io.ErrShortWrite})
	j.Emit(trace.Record{Event: trace.Note{}})
	j.Emit(trace.Record{Event: trace.Note{}})
	if j.Err() != io.ErrShortWrite {
		t.Error(j.Err())
	}
}

func FuzzReadTrace(f *testing.F) {
	for _, sample := range samples {
		var b bytes.Buffer
		sample(NewMask(NewJSONLines(&b), nil, testKey, false))
		for line := range strings.SplitSeq(b.String(), "\n") {
			f.Add([]byte(line + "\n"))
		}
	}
	f.Add([]byte(`{"kind":"exchanged","event":{"response":{"status":200,"body":"{}"}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		term := NewTerminal(&out, TerminalOptions{Width: 50})
		whole := NewTerminal(&out, TerminalOptions{Width: 50, Verbose: true})
		mask := NewMask(trace.Tee{term, whole}, nil, testKey, false)
		_ = ReadTrace(bytes.NewReader(b), func(r trace.Record) error { mask.Emit(r); return nil })
		term.Close()
		whole.Close()
		for line := range strings.SplitSeq(out.String(), "\n") {
			if Clean(line) != line {
				t.Fatalf("%q reaches the terminal", line)
			}
		}
	})
}
