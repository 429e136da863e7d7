package output

import (
	"strings"
	"testing"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

func TestMarkdownText(t *testing.T) {
	for in, want := range map[string]string{
		"a plain sentence, with id_token.":  "a plain sentence, with id_token.",
		"<script>alert(1)</script>":         "&#60;script&#62;alert(1)&#60;/script&#62;",
		"a|b `c` *d* _e_ [f](g) \\ ~h~ $i$": "a&#124;b &#96;c&#96; &#42;d&#42; &#95;e&#95; &#91;f&#93;(g) &#92; &#126;h&#126; &#36;i&#36;",
		"by @octocat in #12 and # 12":       "by `@`octocat in `#`12 and &#35; 12",
		"https://evil.example www.evil.x":   "https&#58;//evil.example www&#46;evil.x",
		"- 1":                               "&#45; 1",
		"1. one":                            "1&#46; one",
		"2026) x":                           "2026&#41; x",
		"&lt;":                              "&#38;lt;",
		"a\nb\x1b[0m\u202e":                 "a␊b␛&#91;0m&#60;U+202E&#62;",
	} {
		if got := markdownText(in, 200); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMarkdownCode(t *testing.T) {
	for in, want := range map[string]string{
		"":            "",
		"S256, plain": "`S256, plain`",
		"a`b":         "``a`b``",
		"`":           "`` ` ``",
		"a\\":         "`a\\`",
		"a\\|b`<i>":   "<code>a&#92;&#124;b&#96;&#60;i&#62;</code>",
		"a\n```\nb":   "````a␊```␊b````",
	} {
		if got := markdownCode(in, 200); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A markdownReader follows the blocks of a report, as CommonMark has them.
type markdownReader struct {
	outside []string   // lines that are in no block of code
	blocks  [][]string // the lines of each block, its first line first
}

func readMarkdown(s string) markdownReader {
	var r markdownReader
	fence := ""
	for line := range strings.SplitSeq(s, "\n") {
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence == "" && len(ticks) >= 3 && !strings.Contains(line[len(ticks):], "`"):
			fence = ticks
			r.blocks = append(r.blocks, []string{line[len(ticks):]})
		case fence != "" && len(ticks) >= len(fence) && strings.TrimSpace(line[len(ticks):]) == "":
			fence = ""
		case fence != "":
			last := len(r.blocks) - 1
			r.blocks[last] = append(r.blocks[last], line)
		default:
			r.outside = append(r.outside, line)
		}
	}
	if fence != "" {
		r.outside = append(r.outside, "A BLOCK IS NEVER CLOSED")
	}
	return r
}

// breaker is text that would leave any place it could stand in.
const breaker = "```\n````\n</details></code></summary><script>x</script><img src=x onerror=y>\n\n# h\n| a | b |\n`|` \\| ~~~\n@octocat #1 [a](javascript:b) ![c](http://d)\n<!-- \n```http\n"

func breaking() []trace.Record {
	field := []trace.Field{{Name: breaker, Value: breaker}}
	var out []trace.Record
	for i, e := range []trace.Event{
		trace.RunStarted{Procedure: breaker, Doc: breaker, Spec: breaker, Issuer: breaker, Client: breaker, Version: breaker, Machine: &trace.Machine{OS: breaker, Remote: []string{breaker}, Browser: breaker, ProxyVars: []string{breaker}}},
		trace.StepStarted{N: 1, Title: breaker, Why: breaker, Spec: breaker},
		trace.Exchanged{Endpoint: breaker, Request: trace.Message{Method: breaker, URL: breaker, Proto: breaker, Header: field, Body: breaker}, Response: trace.Message{Status: 200, Proto: breaker, Header: field, Body: breaker}},
		trace.Exchanged{Endpoint: breaker, Request: trace.Message{Method: "GET", URL: "http://x/" + breaker}, Failure: &trace.Failure{Kind: breaker, Text: breaker}},
		trace.Opened{URL: breaker, By: breaker, Note: breaker, Back: breaker},
		trace.Returned{Via: breaker, Method: breaker, Path: breaker, Reason: breaker, Params: []trace.Param{{Name: breaker, Value: breaker}}},
		trace.Decoded{What: breaker, Header: []byte("\"" + strings.ReplaceAll(strings.ReplaceAll(breaker, `\`, `\\`), "\n", `\n`) + "\""), Claims: []byte(breaker), Reason: breaker},
		trace.Finding{ID: breaker, Code: breaker, Level: breaker, Outcome: trace.Fail, Ref: breaker, Detail: breaker, Expected: breaker, Actual: breaker, Evidence: []int{3}},
		trace.Finding{ID: breaker, Code: breaker, Outcome: breaker, Ref: breaker, Detail: breaker},
		trace.Finding{ID: breaker, Code: breaker, Level: breaker, Outcome: trace.Pass, Ref: breaker},
		trace.Waiting{For: breaker, Lines: []string{breaker}},
		trace.Note{Topic: breaker, Text: breaker, Ref: breaker, Lines: []string{breaker}},
		trace.Obtained{What: breaker, Body: []byte(`{"<script>` + "```" + `":1}`)},
		trace.Ended{Exit: 1, Failure: &trace.Failure{Kind: breaker, Text: breaker}},
	} {
		out = append(out, trace.Record{Seq: i + 1, Run: breaker, At: sampleStart, Event: e})
	}
	return out
}

// No foreign text leaves its code, its cell or its tag.
func TestMarkdownHoldsForeignText(t *testing.T) {
	all := corpus(t)
	all["breaking"] = breaking()
	for name, records := range all {
		r := readMarkdown(savedAs(t, "markdown", records))
		cells, depth := 0, 0
		for _, line := range r.outside {
			for _, tag := range []string{"<script", "<img", "<!--", "](j", "](h"} {
				if strings.Contains(unquoted(line), tag) {
					t.Errorf("%s: %s in %q", name, tag, line)
				}
			}
			depth += strings.Count(line, "<details") - strings.Count(line, "</details>")
			if depth < 0 || depth > 1 {
				t.Fatalf("%s: details %d deep at %q", name, depth, line)
			}
			if n := strings.Count(line, "|"); !strings.HasPrefix(line, "|") {
				cells = 0
			} else if cells == 0 {
				cells = n
			} else if n != cells {
				t.Errorf("%s: %d bars and not %d: %q", name, n, cells, line)
			}
			if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# oauthprobe") && !strings.HasPrefix(line, "## ") {
				t.Errorf("%s: heading %q", name, line)
			}
		}
		if depth != 0 {
			t.Errorf("%s: details are left open", name)
		}
		last := r.blocks[len(r.blocks)-1]
		if last[0] != "mermaid" || last[1] != "sequenceDiagram" {
			t.Errorf("%s ends with %q", name, last[:2])
		}
		for _, b := range r.blocks {
			if b[0] != "http" && b[0] != "json" && b[0] != "text" && b[0] != "mermaid" {
				t.Errorf("%s: block of %q", name, b[0])
			}
		}
	}
}

// unquoted is a line without what stands in code.
func unquoted(line string) string {
	var b strings.Builder
	for line != "" {
		i := strings.IndexByte(line, '`')
		if i < 0 {
			break
		}
		b.WriteString(line[:i])
		line = line[i:]
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		line = line[len(ticks):]
		end := 0
		closes := func(at int) bool {
			return strings.HasPrefix(line[at:], ticks) && longestRun(line[at:min(len(line), at+len(ticks)+1)], '`') == len(ticks) && (at == 0 || line[at-1] != '`')
		}
		for end < len(line) && !closes(end) {
			end++
		}
		line = line[min(len(line), end+len(ticks)):]
	}
	return b.String() + line
}

// Failures come first, every anchor that is linked to is there, and what went
// wrong is unfolded.
func TestMarkdownReport(t *testing.T) {
	for name, records := range corpus(t) {
		got := savedAs(t, "markdown", records)
		if strings.Contains(got, "| ! |") && strings.Contains(got, "| ✗ |") && strings.Index(got, "| ✗ |") > strings.Index(got, "| ! |") {
			t.Errorf("%s: a warning comes before a failure", name)
		}
		for rest := got; ; {
			_, after, ok := strings.Cut(rest, "](#")
			if !ok {
				break
			}
			id, _, _ := strings.Cut(after, ")")
			if strings.Count(got, `<a id="`+id+`"></a>`) != 1 {
				t.Errorf("%s: no one place is %s", name, id)
			}
			rest = after
		}
		if len(got) > 65_536 {
			t.Errorf("%s: %d octets are too many for an issue", name, len(got))
		}
	}
	failed := savedAs(t, "markdown", corpus(t)["failed"])
	for _, want := range []string{
		"| Outcome | ✗ failed, exit 4: V-AR-02 state-match: ",
		"| ✗ | V-AR-02 state-match | MUST | the state is another one: this answer belongs to another request, or to an attacker's | `9EUc4YmyrkHjn8kd4QXLpg` | `not-9EUc4YmyrkHjn8kd4QXLpg` | RFC 6749 §10.12 | [record 48](#record-48) |",
	} {
		if !strings.Contains(failed, want) {
			t.Errorf("no %q", want)
		}
	}
	if refused := savedAs(t, "markdown", corpus(t)["refused"]); !strings.Contains(refused, "<details open>\n<summary><code>POST ") {
		t.Error("the refusal is folded")
	}
}

// What is long is cut, and the report says how much is missing.
func TestMarkdownCuts(t *testing.T) {
	long := strings.Repeat("é", 1<<19)
	var fields []trace.Field
	for range 5000 {
		fields = append(fields, trace.Field{Name: "X-Many", Value: long[:4000]})
	}
	got := savedAs(t, "markdown", []trace.Record{{Seq: 1, Event: trace.Exchanged{
		Request:  trace.Message{Method: "GET", URL: "https://x/" + long, Proto: "HTTP/1.1"},
		Response: trace.Message{Status: 200, Proto: "HTTP/1.1", Body: long, Header: fields},
	}}})
	if !strings.Contains(got, "\n… 1044576 more octets of the body in the trace\n") || !strings.Contains(got, "\n… 4941 more lines\n") || len(got) > 130_000 {
		t.Errorf("%d octets: %.3000s", len(got), got)
	}
}

// Who saves with --reveal and pastes it into an issue is told.
func TestMarkdownWarnsOfSecrets(t *testing.T) {
	for reveal, want := range map[bool]bool{true: true, false: false} {
		var r Recorder
		codeFlow(NewMask(nil, &r, testKey, reveal))
		if got := strings.Contains(savedAs(t, "markdown", r.Records()), "\n! Nothing in this is masked"); got != want {
			t.Errorf("reveal %v: %v", reveal, got)
		}
	}
}
