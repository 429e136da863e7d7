package output

import (
	"io"
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// bigBodies are the answers of a server that wants to keep us busy.
var bigBodies = map[string]string{
	"one string":   `{"a":"` + strings.Repeat("x", 1<<20) + `"}`,
	"many members": `{` + strings.Repeat(`"a":"b%2Fc",`, 1<<20/12) + `"z":1}`,
	"nested":       strings.Repeat(`{"a":[`, 31) + strings.Repeat("1,", 1<<19) + "1" + strings.Repeat(`]}`, 31),
	"too deep":     strings.Repeat("[", 1<<20),
	"text":         strings.Repeat("y", 1<<20),
	"lines":        strings.Repeat("y\n", 1<<19),
	"escapes":      `{"a":"` + strings.Repeat(`\u202e`, 1<<17) + `"}`,
	"tags":         "<p" + strings.Repeat(`<input name="code" value="`, 1<<15),
	"quotes":       strings.Repeat(`"access_token":{`, 1<<16),
}

// The work grows with what was sent, and not with its square.
func BenchmarkBigBodies(b *testing.B) {
	for name, body := range bigBodies {
		for mode, o := range map[string]TerminalOptions{"": {}, "-v": {Verbose: true}} {
			b.Run(name+mode, func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				for range b.N {
					m := NewMask(NewTerminal(io.Discard, o), nil, testKey, false)
					m.Know("S3cr3t-of-the-run/+")
					m.Emit(trace.Record{Event: trace.Exchanged{
						Response: trace.Message{Status: 200, Body: body},
						Secrets:  []trace.Secret{{Part: "response-body", Name: "access_token"}, {Part: "response-body", Name: "code"}},
					}})
					m.Emit(trace.Record{Event: trace.Finding{Outcome: trace.Fail, Detail: body, Expected: body}})
				}
			})
		}
	}
}
