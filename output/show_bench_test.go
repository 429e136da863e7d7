package output

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// longTrace gives a trace of n exchanges line by line, and never holds it.
func longTrace(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		b := bufio.NewWriterSize(w, 1<<16)
		j := NewJSONLines(b)
		at := sampleStart
		seq := 0
		say := func(run string, e trace.Event) {
			seq++
			at = at.Add(ms)
			j.Emit(trace.Record{Seq: seq, At: at, Run: run, Event: e})
		}
		for i := range n {
			run := fmt.Sprint("call-", i/10)
			if i%10 == 0 {
				say(run, trace.RunStarted{Procedure: "call", Issuer: sampleIssuer})
			}
			say(run, trace.StepStarted{N: i, Title: fmt.Sprint("Call ", i%7)})
			say(run, trace.Built{Endpoint: "resource", Method: "POST", URL: sampleIssuer + "/things", In: "body", Params: []trace.Param{{Name: "scope", Value: "a b"}, {Name: "state", Value: fmt.Sprintf("st%022dX", i)}}})
			body, _ := json.Marshal(map[string]any{"access_token": fmt.Sprintf("At%030d", i), "expires_in": 3600, "list": []int{1, 2, i % 3}})
			say(run, jsonAnswer("resource", "POST", sampleIssuer+"/things", 200, string(body), 20*ms))
			for f := range 5 {
				say(run, passed(fmt.Sprint("V-", f), fmt.Sprint("check-", f), "RFC 6749 §5.1"))
			}
			if i%10 == 9 {
				say(run, trace.Ended{OK: true, Took: time.Second})
			}
		}
		_ = b.Flush()
		_ = w.CloseWithError(j.Err())
	}()
	return r
}

// held is the most memory that was in use while something was done, beyond what
// was in use before; it is looked at each time that something is read.
type held struct {
	from io.Reader
	n    int
	most uint64
}

func (h *held) Read(p []byte) (int, error) {
	if h.n++; h.n%256 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapAlloc)
	}
	return h.from.Read(p)
}

func benchmarkLong(b *testing.B, do func(n int, in func(io.Reader) io.Reader) error) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			most := uint64(0)
			for range b.N {
				runtime.GC()
				h := &held{}
				if err := do(n, func(r io.Reader) io.Reader { h.from = r; return h }); err != nil {
					b.Fatal(err)
				}
				most = max(most, h.most)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/exchange")
			b.ReportMetric(float64(most)/1e6, "MB")
		})
	}
}

// The time grows with the trace and the memory does not.
func BenchmarkShow(b *testing.B) {
	benchmarkLong(b, func(n int, in func(io.Reader) io.Reader) error {
		_, err := Show(in(longTrace(n)), ShowText(NewTerminal(io.Discard, TerminalOptions{})))
		return err
	})
}

func BenchmarkDiff(b *testing.B) {
	benchmarkLong(b, func(n int, in func(io.Reader) io.Reader) error {
		d, err := Diff(in(longTrace(n)), longTrace(n))
		if err == nil && !d.Same {
			err = fmt.Errorf("%+v", d.List[0])
		}
		return err
	})
}

// Nothing belongs together: the dearest there is.
func BenchmarkDiffOfStrangers(b *testing.B) {
	benchmarkLong(b, func(n int, in func(io.Reader) io.Reader) error {
		other, w := io.Pipe()
		go func() {
			s := bufio.NewScanner(longTrace(n))
			for s.Scan() {
				_, _ = w.Write(append(bytes.ReplaceAll(bytes.ReplaceAll(s.Bytes(), []byte(`"Call `), []byte(`"Another `)), []byte(`"procedure":"call"`), []byte(`"procedure":"x"`)), '\n'))
			}
			_ = w.Close()
		}()
		_, err := Diff(in(longTrace(n)), other)
		return err
	})
}
