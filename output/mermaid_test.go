package output

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// mermaidStatement is every statement that we write. A text has no sign of the
// grammar but "<br/>" and "#N;".
var mermaidStatement = func() *regexp.Regexp {
	const text = `([^#:;%"` + "`" + `<>&@{}|~$^*+\\!\[\]ﬂ°¶\n]|#[0-9]+;|<br/>)*`
	return regexp.MustCompile(`^    (autonumber|participant [UPAR] as ` + text + `|Note over [UPAR](,[UPAR])?: ` + text + `|[UPAR](->>|-->>|-x)[UPAR]: ` + text + `)$`)
}()

func TestMermaidGrammar(t *testing.T) {
	all := corpus(t)
	all["long"] = many(3000)
	all["empty"] = nil
	for name, records := range all {
		got := savedAs(t, "mermaid", records)
		first, rest, _ := strings.Cut(strings.TrimSuffix(got, "\n"), "\n")
		if first != "sequenceDiagram" {
			t.Errorf("%s begins with %q", name, first)
		}
		known := map[string]bool{}
		for line := range strings.SplitSeq(rest, "\n") {
			if !mermaidStatement.MatchString(line) {
				t.Errorf("%s: %q", name, line)
			}
			fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" ->x,:", r) })
			switch fields[0] {
			case "participant":
				known[fields[1]] = true
			case "Note":
				for _, id := range fields[2:min(len(fields), 4)] {
					if len(id) == 1 && strings.Contains("UPAR", id) && strings.Index(line, id) < strings.IndexByte(line, ':') && !known[id] {
						t.Errorf("%s: nobody is %s: %q", name, id, line)
					}
				}
			case "autonumber":
			default:
				if !known[fields[0]] || !known[fields[1]] {
					t.Errorf("%s: nobody is %s or %s: %q", name, fields[0], fields[1], line)
				}
			}
		}
		if len(got) > 50_000 {
			t.Errorf("%s: %d octets, and Mermaid takes 50000", name, len(got))
		}
	}
}

func TestMermaidText(t *testing.T) {
	for in, want := range map[string]string{
		"GET /token":                  "GET /token",
		`a;b#c:d"e<f>g&h%i`:           "a#59;b#35;c#58;d#34;e#60;f#62;g#38;h#37;i",
		"the end":                     "the #101;nd",
		"End, endpoint, sender, END.": "#69;nd, endpoint, sender, #69;ND.",
		"one\ntwo\x1b[31m":            "one␊two␛#91;31m",
		"ﬂ°°59¶ß":                     "#64258;#176;#176;59#182;ß",
		"\u202eabc":                   "#60;U#43;202E#62;abc",
		"héllo 日本":                    "héllo 日本",
		"%%{init}%%":                  "#37;#37;#123;init#125;#37;#37;",
	} {
		if got := mermaidText(in, 80); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := mermaidText(strings.Repeat("x", 1<<20), 20); got != strings.Repeat("x", 19)+"…" {
		t.Errorf("%q", got)
	}
}

// What is drawn is what happened, in its order.
func TestMermaidStory(t *testing.T) {
	var r Recorder
	forgedState(NewMask(&r, nil, testKey, false))
	want := `sequenceDiagram
    autonumber
    participant U as You, in a browser
    participant P as oauthprobe
    participant A as Authorization server<br/>as.example.com
    Note over U,A: 1 Ask the server where everything is
    P->>A: GET /.well-known/openid-configuration
    A-->>P: 200 OK, 11 members
    Note over U,A: 2 Ask for authorization
    P->>U: open /authorize
    Note over U,A: the person signs in
    U-xP: GET /favicon.ico
    U-xP: GET /callback (query) code, state, iss
    Note over P: not used#58;
    Note over P: ✗ V-AR-02 state-match#58; The state that came back is not the one that was sent#58;<br/>this answer was not made for this sign-in, and somebody may be trying to sign<br/>you in to an account of theirs.
    Note over P: ✗ failed, exit 4#58; the state that came back is not ours
`
	if diff := cmp.Diff(want, savedAs(t, "mermaid", r.Records())); diff != "" {
		t.Error(diff)
	}
}

// A trace of any length makes a diagram that says what is missing, and how it
// ended.
func TestMermaidLong(t *testing.T) {
	records := append(many(3000), trace.Record{Event: trace.Ended{Exit: 5, Failure: &trace.Failure{Text: "gone"}}})
	got := savedAs(t, "mermaid", records)
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if last := lines[len(lines)-1]; last != "    Note over P: ✗ failed, exit 5#58; gone" {
		t.Error(last)
	}
	if !regexp.MustCompile(`^    Note over U,A: there is more, \d+ exchanges and all else, in the trace$`).MatchString(lines[len(lines)-2]) {
		t.Error(lines[len(lines)-2])
	}
}
