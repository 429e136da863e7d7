package output

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// corpus are recorded traces by name, and the sample that tries everything.
func corpus(t testing.TB) map[string][]trace.Record {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.jsonl")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d traces, %v", len(files), err)
	}
	var r Recorder
	hostile(NewMask(&r, nil, testKey, false))
	out := map[string][]trace.Record{"hostile": r.Records()}
	for _, f := range files {
		out[strings.TrimSuffix(filepath.Base(f), ".jsonl")] = readTraceFile(t, f)
	}
	return out
}

func readTraceFile(t testing.TB, path string) []trace.Record {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []trace.Record
	if err := ReadTrace(bytes.NewReader(b), func(r trace.Record) error { out = append(out, r); return nil }); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out
}

// savedAs renders records in a format of the table.
func savedAs(t testing.TB, format string, records []trace.Record) string {
	t.Helper()
	for _, f := range saveFormats {
		if f.name == format {
			var b bytes.Buffer
			if err := f.write(&b, records); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
	}
	t.Fatalf("no format %s", format)
	return ""
}

// artefacts are the formats that this corpus has goldens of.
var artefacts = map[string]string{"har": ".har", "curl": ".sh", "mermaid": ".mmd", "markdown": ".md"}

func TestArtefactGoldens(t *testing.T) {
	for name, records := range corpus(t) {
		for format, extension := range artefacts {
			t.Run(name+extension, func(t *testing.T) {
				golden(t, filepath.Join("corpus", name+extension), savedAs(t, format, records))
			})
		}
	}
}

// What cannot be seen as itself reaches nobody: no control characters, no bidi
// controls, nothing that is not UTF-8.
func TestArtefactsAreInert(t *testing.T) {
	for name, records := range corpus(t) {
		for format := range artefacts {
			got := savedAs(t, format, records)
			for i, r := range got {
				if r != '\n' && r != '\t' && !visible(r) && (r != '\ufffd' || !strings.HasPrefix(got[i:], "\ufffd")) {
					t.Fatalf("%s, %s: %q at %.80q", name, format, r, got[max(0, i-40):])
				}
			}
			if strings.Contains(got, "<script") {
				t.Errorf("%s, %s: a script", name, format)
			}
		}
	}
}

// A trace of which nothing is left, or of which little makes sense, is written
// all the same.
func TestArtefactsOfStrangeTraces(t *testing.T) {
	x := trace.Exchanged{Endpoint: "token", Request: trace.Message{Method: "POST", URL: "::"}, Timing: trace.Timing{Total: -5, Connect: 1 << 62, FirstByte: -1}, Response: trace.Message{Status: -4, Size: -1, Body: "…(", Base64: true}}
	for name, records := range map[string][]trace.Record{
		"empty":      nil,
		"unknown":    {{Seq: 1, Event: trace.Unknown{Name: "x", Raw: []byte(`{}`)}}},
		"same place": {{Seq: -1, Event: x}, {Seq: -1, Event: x}, {Seq: -1, Event: trace.Finding{Outcome: trace.Fail, Evidence: []int{-1, -1, 7}}}},
	} {
		for format := range artefacts {
			if savedAs(t, format, records) == "" {
				t.Errorf("%s as %s: nothing", name, format)
			}
		}
	}
}

// many are records of n exchanges, each with findings.
func many(n int) []trace.Record {
	var out []trace.Record
	var r Recorder
	codeFlow(NewMask(&r, nil, testKey, false))
	one := r.Records()
	for i := 0; len(out) < n*len(one)/3; i++ { // a sample has three exchanges
		for _, rec := range one {
			if f, ok := rec.Event.(trace.Finding); ok {
				f.Evidence = []int{i*len(one) + 3}
				rec.Event = f
			}
			rec.Seq += i * len(one)
			out = append(out, rec)
		}
	}
	return out
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// The work grows with the trace, and not with its square.
func BenchmarkSave(b *testing.B) {
	for _, n := range []struct {
		name string
		n    int
	}{{"1k", 1000}, {"10k", 10_000}, {"100k", 100_000}} {
		records := many(n.n)
		for _, f := range saveFormats {
			if artefacts[f.name] == "" {
				continue
			}
			b.Run(f.name+"/"+n.name, func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					var c counter
					if err := f.write(&c, records); err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(c)/1e6, "MB-out")
				}
			})
		}
	}
}
