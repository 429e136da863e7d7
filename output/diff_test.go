package output

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// differences of two saved traces, one a line: kind, where, name, a, b.
func differences(t *testing.T, a, b string) (*Differences, []string) {
	t.Helper()
	d, err := Diff(strings.NewReader(a), strings.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, x := range d.List {
		line := x.Kind + " " + x.Where + " " + x.Name + ":"
		for _, v := range []*string{x.A, x.B} {
			if v == nil {
				line += " -"
			} else {
				line += " " + *v
			}
		}
		out = append(out, line)
	}
	return d, out
}

// replaced changes each pair of texts in a saved trace, and fails when one is
// not there.
func replaced(t *testing.T, s string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(s, pairs[i]) {
			t.Fatalf("%s does not stand in the trace", pairs[i])
		}
		s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
	}
	return s
}

// What one change of a sign-in comes to.
func TestDiffOfOneChange(t *testing.T) {
	text := saved(t, codeFlow)
	last := func(old, new string) string {
		i := strings.LastIndex(text, old)
		return text[:i] + new + text[i+len(old):]
	}
	for _, c := range []struct {
		name, b string
		want    []string
	}{
		{"nothing", text, []string{}},
		{"another state, nonce and challenge", replaced(t, text, sampleState, "b3RoZXItc3RhdGUtMTIzNA", sampleNonce, "another-nonce-0123456", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "AAAAlhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), []string{}},
		{"the state that came back is another", last(sampleState, "b3RoZXItc3RhdGUtMTIzNA"), []string{"changed answer state: " + sampleState + " b3RoZXItc3RhdGUtMTIzNA"}},
		{"another port of this machine", replaced(t, text, "49152", "50001"), []string{}},
		{"another host of this machine", replaced(t, text, "127.0.0.1", "localhost"), []string{
			"changed parameter redirect_uri: " + sampleRedirect + " http://localhost:49152/callback", "changed parameter redirect_uri: " + sampleRedirect + " http://localhost:49152/callback",
		}},
		{"the server moved", replaced(t, text, sampleIssuer, "https://login.example.org", `"as.example.com"`, `"login.example.org"`), []string{"changed run server: " + sampleIssuer + " https://login.example.org", "changed run server: " + sampleIssuer + " https://login.example.org"}},
		{"another iss than the server's", replaced(t, text, `{"name":"iss","value":"`+sampleIssuer, `{"name":"iss","value":"https://evil.example`), []string{"changed answer iss: " + sampleIssuer + " https://evil.example"}},
		{"scope", replaced(t, text, `"name":"scope","value":"openid profile"`, `"name":"scope","value":"openid"`), []string{"changed parameter scope: openid profile openid"}},
		{"a parameter dropped", replaced(t, text, `{"name":"scope","value":"openid profile","origin":{"by":"--scope","ref":"RFC 6749 §3.3","why":"what is asked for"}},`, ""), []string{"missing parameter scope: openid profile -"}},
		{"a typed state is no random one", replaced(t, text, `"value":"`+sampleState+`","origin":{"by":"state"`, `"value":"mine","origin":{"by":"--state"`), []string{"changed parameter state: " + sampleState + " mine", "changed answer state: " + sampleState + " " + sampleState}},
		{"a header", replaced(t, text, `"no-store"},{"name":"Set`, `"public"},{"name":"Set`), []string{"changed response header Cache-Control: no-store public"}},
		{"noise of the connection", replaced(t, text, `{"name":"Host","value":"as.example.com"}`, `{"name":"Host","value":"as.example.com"},{"name":"Connection","value":"close"},{"name":"Date","value":"now"}`, `HTTP/1.1`, `HTTP/2.0`, "oauthprobe/0.1", "oauthprobe/9"), []string{}},
		{"a cookie's value", replaced(t, text, "Set-Cookie\",\"value\":\"sid=", "Set-Cookie\",\"value\":\"sid=xx"), []string{}},
		{"a cookie's attribute", replaced(t, text, "; Path=/; HttpOnly", "; Path=/"), []string{"changed response header Set-Cookie: " + cookieIn(text) + " " + strings.TrimSuffix(cookieIn(text), "; HttpOnly")}},
		{"a member of metadata", replaced(t, text, `,\"offline_access\"]`, `,\"api\"]`), []string{"missing response body scopes_supported[]: offline_access -", "added response body scopes_supported[]: - api"}},
		{"their order", replaced(t, text, `\"RS256\",\"ES256\"`, `\"ES256\",\"RS256\"`), []string{}},
		{"a key", replaced(t, text, `\"n\":\"0vx7agoebGcQ`, `\"n\":\"1vx7agoebGcQ`), []string{"changed response body keys[2026-11].n: 0vx7agoebGcQ 1vx7agoebGcQ"}},
		{"a claim", replaced(t, text, `"sub":"248289761001"`, `"sub":"other"`), []string{`changed claims sub: "248289761001" other`}},
		{"a lifetime", replaced(t, text, `"exp":1795430104`, `"exp":1795433404`), []string{"changed claims exp: 1795430104 1795433404"}},
		{"all of it a day later", later(t, text, 86400), []string{}},
		{"the token is older", replaced(t, text, `"exp":1795430104,"iat":1795429804,"auth_time":1795429790`, `"exp":1795429104,"iat":1795428804,"auth_time":1795428790`), []string{"changed claims iat: 1795429804 1795428804"}},
		{"one second less to live", replaced(t, text, `\"expires_in\":3600`, `\"expires_in\":3599`), []string{}},
		{"much less to live", replaced(t, text, `\"expires_in\":3600`, `\"expires_in\":60`), []string{"changed response body expires_in: 3600 60"}},
		{"a verdict", replaced(t, text, `"state-match","code":"V-AR-02","level":"must","outcome":"pass"`, `"state-match","code":"V-AR-02","level":"must","outcome":"fail","detail":"not ours"`), []string{"changed finding V-AR-02 state-match: pass fail: not ours"}},
		{"a check more that passed", withLine(text, 5, `{"v":1,"seq":5,"run":"discovery","kind":"finding","event":{"id":"new","code":"V-MD-99","outcome":"pass"}}`), []string{}},
		{"a check more that failed", withLine(text, 5, `{"v":1,"seq":5,"run":"discovery","kind":"finding","event":{"id":"new","code":"V-MD-99","outcome":"fail"}}`), []string{"added finding V-MD-99 new: - fail"}},
		{"slower", replaced(t, text, `"total_ns":131000000`, `"total_ns":1400000000`), []string{"slower time answer: 131 ms 1.4 s"}},
		{"a little slower", replaced(t, text, `"total_ns":131000000`, `"total_ns":1300000000`), []string{}},
		{"the browser", replaced(t, text, `"by":"xdg-open"`, `"by":"firefox"`, `"browser":"xdg-open"`, `"browser":"firefox"`, `"os":"linux/amd64"`, `"os":"darwin/arm64"`), []string{}},
		{"a note", withLine(text, 5, `{"v":1,"seq":5,"run":"discovery","kind":"note","event":{"topic":"x","text":"y"}}`), []string{}},
		{"an event of tomorrow", withLine(text, 5, `{"v":2,"seq":5,"run":"discovery","kind":"of-tomorrow","event":{"a":1}}`), []string{"added unknown of-tomorrow: - of-tomorrow"}},
	} {
		d, got := differences(t, text, c.b)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if same := len(c.want) == 0 || strings.HasPrefix(c.want[0], "slower"); d.Same != same {
			t.Errorf("%s: same is %v", c.name, d.Same)
		}
	}
}

func cookieIn(text string) string {
	_, after, _ := strings.Cut(text, `"Set-Cookie","value":"`)
	value, _, _ := strings.Cut(after, `"`)
	return value
}

func withLine(text string, at int, line string) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[:at], "") + line + "\n" + strings.Join(lines[at:], "")
}

// later is the same trace made so many seconds later.
func later(t *testing.T, text string, by int64) string {
	t.Helper()
	return replaced(t, text, "2026-11-23T", "2026-11-24T", "1795430104", fmt.Sprint(1795430104+by), "1795429804", fmt.Sprint(1795429804+by), "1795429790", fmt.Sprint(1795429790+by))
}

// A refusal is told by its message, by what is missing after it, and by how it
// ended.
func TestDiffOfARefusal(t *testing.T) {
	d, got := differences(t, saved(t, forgedState), saved(t, unreachable))
	if d.Same {
		t.Error("they are said to be the same")
	}
	const metadata = "GET https://as.example.com/.well-known/openid-configuration"
	want := []string{
		"missing run discovery: discovery -",
		"missing step Ask the server where everything is: Ask the server where everything is -",
		"missing message metadata: " + metadata + " 200 -",
		"missing ended the end: done, exit 0 -",
		"missing step Ask for authorization: Ask for authorization -",
		"missing message authorization: GET https://as.example.com/authorize -",
		"missing opened the person is sent to the server: the person is sent to the server -",
		"missing returned the answer at the redirect URI: the answer at the redirect URI -",
		"missing finding V-AR-02 state-match: fail: The state that came back is not the one that was sent: this answer was not made for this sign-in, and somebody may be trying to sign you in to an account of theirs. -",
		"added step Ask the server where everything is: - Ask the server where everything is",
		"added message metadata: - " + metadata + " connect: dial tcp 203.0.113.7:443: connection refused",
		"changed outcome outcome: exit 4: check: the state that came back is not ours exit 5: connect: as.example.com:443 refused the connection",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// jwt is a JWT as a trace keeps it: readable, and without its signature.
func jwt(claims string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + e([]byte(claims)) + ".…(3f9a1c)"
}

// An assertion and a proof are compared by what they claim.
func TestDiffOfAssertions(t *testing.T) {
	made := func(aud, jti string, iat int) string {
		var b bytes.Buffer
		j := NewJSONLines(&b)
		j.Emit(trace.Record{Seq: 1, Run: "code", Event: trace.RunStarted{Procedure: "code"}})
		j.Emit(trace.Record{Seq: 2, Run: "code", Event: trace.Built{Endpoint: "token", Method: "POST", URL: "https://as/token", In: "body", Params: []trace.Param{
			{Name: "client_assertion", Value: jwt(fmt.Sprintf(`{"iss":"me","aud":%q,"jti":%q,"iat":%d,"exp":%d}`, aud, jti, iat, iat+60)), Secret: true, Origin: trace.Origin{By: "private_key_jwt"}},
		}}})
		j.Emit(trace.Record{Seq: 3, Run: "code", Event: trace.Exchanged{Endpoint: "token", Try: 1, Request: trace.Message{Header: []trace.Field{
			{Name: "DPoP", Value: jwt(fmt.Sprintf(`{"htm":"POST","htu":%q,"jti":%q,"iat":%d}`, aud, jti, iat))},
		}}, Response: trace.Message{Status: 200}}})
		return b.String()
	}
	if _, got := differences(t, made("https://as", "a", 1795430000), made("https://as", "b", 1795440000)); len(got) != 0 {
		t.Error(got)
	}
	_, got := differences(t, made("https://as", "a", 1795430000), made("https://as/token", "a", 1795430000))
	want := []string{
		"changed parameter client_assertion claims.aud: https://as https://as/token",
		"changed request header DPoP claims.htu: https://as https://as/token",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// How often is asked before a person approves is no difference; that the server
// had to say slow_down is one.
func TestDiffOfPolls(t *testing.T) {
	polled := func(words ...string) string {
		var b bytes.Buffer
		j := NewJSONLines(&b)
		for i, w := range words {
			status := 400
			if w == "" {
				status = 200
			}
			body, _ := json.Marshal(map[string]string{"error": w})
			j.Emit(trace.Record{Run: "device", Event: trace.Built{Endpoint: "token", Method: "POST", URL: "https://as/token", Poll: i + 1}})
			j.Emit(trace.Record{Run: "device", Event: trace.Exchanged{Endpoint: "token", Try: 1, Poll: i + 1, Response: trace.Message{Status: status, Body: string(body)}}})
		}
		return b.String()
	}
	once, often := polled("authorization_pending", ""), polled("authorization_pending", "authorization_pending", "authorization_pending", "")
	if _, got := differences(t, once, often); len(got) != 0 {
		t.Error(got)
	}
	if _, got := differences(t, often, polled("authorization_pending", "slow_down", "")); len(got) == 0 {
		t.Error("slow_down is not told")
	}
}

// A long stretch that only one side has does not keep the rest from meeting
// again, on whichever side it is.
func TestDiffMeetsAgain(t *testing.T) {
	calls := func(from, to int) string {
		var b bytes.Buffer
		j := NewJSONLines(&b)
		for i := from; i < to; i++ {
			j.Emit(trace.Record{Run: "call", Event: trace.StepStarted{Title: fmt.Sprint("call ", i)}})
			j.Emit(trace.Record{Run: "call", Event: trace.Exchanged{Endpoint: "resource", Try: 1, Response: trace.Message{Status: 200}}})
		}
		return b.String()
	}
	all := calls(0, 2000)
	for _, c := range []struct{ gap, at int }{{1, 0}, {1, 1999}, {40, 500}, {300, 700}, {1000, 900}, {2000 - 1, 0}} {
		cut := calls(0, c.at) + calls(c.at+c.gap, 2000)
		for name, d := range map[string][2]string{"missing": {all, cut}, "added": {cut, all}} {
			_, got := differences(t, d[0], d[1])
			if len(got) != 2*c.gap {
				t.Errorf("%d of 2000 calls %s at %d: %d differences, want %d", c.gap, name, c.at, len(got), 2*c.gap)
			}
			for _, g := range got {
				if !strings.HasPrefix(g, name) {
					t.Errorf("%d %s at %d: %s", c.gap, name, c.at, g)
					break
				}
			}
		}
	}
}

func TestDiffRefuses(t *testing.T) {
	good := saved(t, codeFlow)
	for _, c := range []struct {
		name, a, b string
		second     bool
		lines      int // read before
	}{
		{"nothing", "", good, false, 0},
		{"no trace", good, "hello\nworld\n", true, 0},
		{"a damaged line", good, strings.Replace(good, "\n{", "\n}{", 1), true, 1},
		{"a wrong type", strings.Replace(good, `"seq":3`, `"seq":"3"`, 1), good, false, 2},
	} {
		var u *UnreadableTrace
		if _, err := Diff(strings.NewReader(c.a), strings.NewReader(c.b)); !errors.As(err, &u) || u.Second != c.second || u.Shown.Lines != c.lines {
			t.Errorf("%s: %+v", c.name, err)
		}
	}
}

// A trace that is cut off is compared up to there, and that is said.
func TestDiffOfACutTrace(t *testing.T) {
	text := saved(t, codeFlow)
	d, got := differences(t, text, text[:len(text)-30])
	if d.Cut()[0] != nil || d.Cut()[1] == nil || d.Same || len(got) != 1 || !strings.HasPrefix(got[0], "missing ended the end") {
		t.Errorf("%v %v", d.Cut(), got)
	}
	var b strings.Builder
	if err := d.Text(&b, TerminalOptions{}); err != nil || !strings.Contains(b.String(), "! the second trace is cut off in line ") {
		t.Errorf("%v %s", err, b.String())
	}
}

func TestDiffText(t *testing.T) {
	a := saved(t, codeFlow)
	b := replaced(t, a, `"name":"scope","value":"openid profile"`, `"name":"scope","value":"openid"`, `"status":200,"header":[{"name":"Content-Type","value":"application/json;charset=UTF-8"},{"name":"Cache-Control","value":"no-store"},{"name":"Set`, `"status":201,"header":[{"name":"Content-Type","value":"application/json;charset=UTF-8"},{"name":"Cache-Control","value":"no-store"},{"name":"Set`, `"total_ns":19000000`, `"total_ns":1900000000`)
	d, _ := differences(t, a, b)
	d.Name("a.jsonl", "b.jsonl")
	head := "− a.jsonl  code · https://as.example.com · 2026-11-23 10:35:00\n+ b.jsonl  code · https://as.example.com · 2026-11-23 10:35:00\n\nAsk for authorization\n  authorization\n"
	foot := "\nSpend the code\n  token\n    ~ status  200 → 201\n  jwks\n    · time of the answer  19 ms → 1.9 s\n\n2 differences of substance, and 1 answer took another time (3 steps and 4\nmessages compared)\n"
	for width, want := range map[int]string{
		80:  head + "    ~ scope\n        − openid profile  by --scope\n        + openid  by --scope\n" + foot,
		140: head + "    ~ scope                           openid profile  by --scope                         │ openid  by --scope\n" + strings.Replace(foot, "\nmessages compared", " messages compared", 1),
	} {
		var out strings.Builder
		if err := d.Text(&out, TerminalOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%d: %s", width, diff)
		}
	}
}

// Nothing foreign reaches a terminal, and no line is longer than it.
func TestDiffOfHostileTraces(t *testing.T) {
	for name, pair := range map[string][2]func(trace.Sink){"code": {codeFlow, hostile}, "hostile": {hostile, refusedCode}} {
		d, got := differences(t, saved(t, pair[0]), saved(t, pair[1]))
		if len(got) == 0 {
			t.Errorf("%s: no difference", name)
		}
		d.Name(evil, evil)
		for _, o := range []TerminalOptions{{Width: 40}, {Width: 80}, {Width: 140}} {
			var out strings.Builder
			if err := d.Text(&out, o); err != nil {
				t.Fatal(err)
			}
			for line := range strings.SplitSeq(out.String(), "\n") {
				if Clean(line) != line || width(line) > o.Width {
					t.Errorf("%s at %d: %q", name, o.Width, line)
				}
			}
		}
		var out strings.Builder
		if err := d.JSON(&out, true); err != nil || strings.ContainsAny(out.String(), "\x1b\u202e\u009b") || !json.Valid([]byte(out.String())) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDiff(f *testing.F) {
	for _, sample := range samples {
		var b bytes.Buffer
		sample(NewMask(NewJSONLines(&b), nil, testKey, false))
		lines := strings.SplitAfter(b.String(), "\n")
		f.Add(b.Bytes(), []byte(strings.Join(lines[len(lines)/2:], "")))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		began := time.Now()
		d, err := Diff(bytes.NewReader(a), bytes.NewReader(b))
		if err != nil {
			return
		}
		var out strings.Builder
		if err := errors.Join(d.Text(&out, TerminalOptions{Width: 60}), d.JSON(&out, true)); err != nil {
			t.Fatal(err)
		}
		if same, err := Diff(bytes.NewReader(a), bytes.NewReader(a)); err != nil || !same.Same {
			t.Fatalf("a trace is not the same as itself: %v %+v", err, same)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("%v for %d octets", took, len(a)+len(b))
		}
	})
}
