package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A saved run is one with a curl script and an HTTP archive beside the trace.
type saved struct {
	outcome
	script, archive string // files
}

// save runs a command, and reads none of its files yet.
func save(t *testing.T, exit int, env []string, args ...string) saved {
	t.Helper()
	dir := t.TempDir()
	s := saved{script: filepath.Join(dir, "run.sh"), archive: filepath.Join(dir, "run.har")}
	s.outcome = start(t, env, append(args, "--save", s.script, "--save", s.archive)...).wait(t, exit)
	return s
}

// statuses are what was answered to the requests that a script sends again: all
// but those of a browser.
func (s saved) statuses() (numbers, statuses []int) {
	for _, r := range s.trace {
		if r.Kind == "exchanged" && r.Event.Endpoint != "authorization" {
			numbers, statuses = append(numbers, r.Seq), append(statuses, r.Event.Response.Status)
		}
	}
	return numbers, statuses
}

// A replay is what one run of a script came to.
type replay struct {
	exit           int
	stdout, stderr string
}

// play runs the script with a shell, in an environment that has nothing else.
func (s saved) play(t *testing.T, shell string, env []string, numbers ...string) replay {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatalf("curl is not installed: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell, append([]string{s.script}, numbers...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	var stdout, stderr lockedBuffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, 5*time.Second
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return replay{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// checkReplay expects each request to have been answered as it was recorded.
func (s saved) checkReplay(t *testing.T, got replay, exit int) {
	t.Helper()
	numbers, statuses := s.statuses()
	var want strings.Builder
	for i, n := range numbers {
		fmt.Fprintf(&want, "request %d: %d (recorded: %d)\n", n, statuses[i], statuses[i])
	}
	if len(numbers) == 0 || got.stderr != want.String() || got.exit != exit {
		t.Errorf("the script ended with %d, want %d; it said:\n%swant:\n%s", got.exit, exit, got.stderr, want.String())
	}
}

// last is the last answer, which is one line of JSON.
func (r replay) last(t *testing.T) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	var all map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &all); err != nil {
		t.Fatalf("%v: the script answered %q", err, r.stdout)
	}
	return all
}

// checkFiles expects files that nobody else can read, with no secret in them.
func (s saved) checkFiles(t *testing.T, secrets ...string) {
	t.Helper()
	for _, name := range []string{s.script, s.archive} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
		checkHygiene(t, outcome{raw: string(must(os.ReadFile(name)))}, secrets...)
	}
	s.checkArchive(t)
}

// shells are the ones at hand: whatever sh is, and others.
func shells() []string {
	all := []string{"sh"}
	for _, more := range []string{"dash", "bash", "mksh"} {
		if _, err := exec.LookPath(more); err == nil {
			all = append(all, more)
		}
	}
	return all
}

// A run that got a token and asked what it is good for, sent again with nothing
// but curl and a shell, against the server that the program brings: the secrets
// come from the environment, and the token of the one script goes to the other.
func TestReplayWithCurl(t *testing.T) {
	t.Parallel()
	issuer := serve(t)
	client := []string{"--client-id", "confidential", "--client-secret", "env:SECRET"}
	got := save(t, 0, []string{"SECRET=secret"}, append([]string{"cc", issuer, "--scope", "api"}, client...)...)
	token := text(got.tokens(t), "access_token")
	asked := save(t, 0, []string{"SECRET=secret", "TOKEN=" + token}, append([]string{"introspect", issuer, "--token", "env:TOKEN"}, client...)...)
	got.checkFiles(t, token)
	asked.checkFiles(t, token)
	for _, shell := range shells() {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			again := got.play(t, shell, []string{"CLIENT_SECRET=secret"})
			got.checkReplay(t, again, 0)
			fresh := text(again.last(t), "access_token")
			if strings.Count(fresh, ".") != 2 || fresh == token {
				t.Errorf("the script got the access token %q", fresh)
			}
			told := asked.play(t, shell, []string{"CLIENT_SECRET=secret", "TOKEN=" + fresh})
			asked.checkReplay(t, told, 0)
			if answer := told.last(t); answer["active"] != true || answer["client_id"] != "confidential" || answer["scope"] != "api" {
				t.Errorf("the server says of the token of the script: %v", answer)
			}
		})
	}
	t.Run("one by its number", func(t *testing.T) {
		t.Parallel()
		numbers, _ := got.statuses()
		n := numbers[len(numbers)-1]
		again := got.play(t, "sh", []string{"CLIENT_SECRET=secret"}, strconv.Itoa(n))
		if want := fmt.Sprintf("request %d: 200 (recorded: 200)\n", n); again.exit != 0 || again.stderr != want || text(again.last(t), "access_token") == "" {
			t.Errorf("the script ended with %d and said %q", again.exit, again.stderr)
		}
		if again = got.play(t, "sh", nil, "999"); again.exit != 2 || again.stdout != "" {
			t.Errorf("asked for a request that is not there it ended with %d and said %q", again.exit, again.stderr)
		}
	})
	t.Run("no secret", func(t *testing.T) {
		t.Parallel()
		again := got.play(t, "sh", nil)
		if again.exit == 0 || again.exit == 22 || !strings.Contains(again.stderr, "CLIENT_SECRET") || strings.Contains(again.stdout, "access_token\"") {
			t.Errorf("the script ended with %d and said %q", again.exit, again.stderr)
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		t.Parallel()
		again := got.play(t, "sh", []string{"CLIENT_SECRET=wrong"})
		if again.exit != 22 || !strings.Contains(again.stderr, ": 401 (recorded: 200)\n") || again.last(t)["error"] != "invalid_client" {
			t.Errorf("the script ended with %d and said %q", again.exit, again.stderr)
		}
	})
}

// A refusal can be sent again, too: the script ends with 22 as it did not go well,
// and not before all was sent.
func TestReplayRefusal(t *testing.T) {
	t.Parallel()
	issuer := serve(t)
	s := save(t, 3, []string{"SECRET=quite-wrong-$(id)"}, "cc", issuer, "--client-id", "confidential", "--client-secret", "env:SECRET")
	s.checkFiles(t, "quite-wrong-$(id)")
	again := s.play(t, "sh", []string{"CLIENT_SECRET=quite-wrong-$(id)"})
	s.checkReplay(t, again, 22)
	if again.last(t)["error"] != "invalid_client" {
		t.Errorf("the server answered %q", again.stdout)
	}
}

// Names and secrets of characters that mean something to a shell, to curl, to a
// header and to a form arrive as they are, at a server that nobody here wrote.
func TestReplayOddCharacters(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	for _, method := range []string{"client_secret_basic", "client_secret_post"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := save(t, 0, []string{"SECRET=" + oddSecret}, "cc", p.issuer, "--client-id", oddReplay+" "+method, "--client-secret", "env:SECRET", "--auth-method", method, "--scope", "api:read")
			s.checkFiles(t, oddSecret, text(s.tokens(t), "access_token"))
			for _, shell := range shells() {
				again := s.play(t, shell, []string{"CLIENT_SECRET=" + oddSecret})
				s.checkReplay(t, again, 0)
				if token := text(again.last(t), "access_token"); !p.saved(t, "client_credentials", token) {
					t.Errorf("with %s the access token is %q, which the server never issued", shell, token)
				}
			}
		})
	}
}

const oddReplay = "odd id's+%2B:/&=?#$(id)`id`\"\\"

// replayClients are clients of the guarded peer.
func replayClients() []any {
	var all []any
	for _, method := range []string{"client_secret_basic", "client_secret_post"} {
		all = append(all, signsIn(oddReplay+" "+method, method, members{
			"client_secret": oddSecret, "grant_types": []string{"client_credentials"}, "redirect_uris": []string{}, "response_types": []string{}, "scope": "api:read",
		}))
	}
	return append(all, signsIn("replay code", "client_secret_basic", nil))
}

// The files of a run with a person in it: what the browser carried is in the
// archive and not in the script, and secret in neither. A code is spent, so the
// script stops there.
func TestReplayCode(t *testing.T) {
	t.Parallel()
	p := theGuarded(t)
	const id = "replay code"
	args := append(credential(t, id, "client_secret_basic"), "--scope", "openid profile")
	s := save(t, 0, []string{"PASSWORD=" + password, "SECRET=" + guardedSecret}, headless(p.issuer, args...)...)
	mine := one(t, "grants", p.of(t, id, "granted"))
	var cookies []string
	for _, l := range p.of(t, id, "http") {
		for _, c := range l.Cookies {
			value, _, _ := strings.Cut(c[strings.Index(c, "=")+1:], ";")
			cookies = append(cookies, value)
		}
	}
	if len(cookies) == 0 {
		t.Error("the server set no cookie, so that nothing shows that none is kept")
	}
	answer := s.tokens(t)
	s.checkFiles(t, append(cookies, guardedSecret, password, mine.Params["code"], mine.Params["code_verifier"],
		text(answer, "access_token"), text(answer, "id_token"))...)
	again := s.play(t, "sh", []string{"CLIENT_SECRET=" + guardedSecret, "CODE=" + mine.Params["code"], "CODE_VERIFIER=" + mine.Params["code_verifier"]})
	if again.exit != 22 || !strings.Contains(again.stderr, ": 400 (recorded: 200)\n") || again.last(t)["error"] != "invalid_grant" {
		t.Errorf("the script ended with %d, said %q and got %q", again.exit, again.stderr, again.stdout)
	}
}

// harMembers are the members that the format has, by object: what they are, with
// a question mark where they may be left out (HAR 1.2, "HAR Data Structure"). Beside
// them anything may be that begins with "_".
func harMembers() map[string]map[string]string {
	named := map[string]string{"name": "string", "value": "string", "comment": "string?"}
	return map[string]map[string]string{
		"file":        {"log": "log"},
		"log":         {"version": "string", "creator": "creator", "browser": "creator?", "pages": "[page]?", "entries": "[entry]", "comment": "string?"},
		"creator":     {"name": "string", "version": "string", "comment": "string?"},
		"page":        {"startedDateTime": "time", "id": "string", "title": "string", "pageTimings": "pageTimings", "comment": "string?"},
		"pageTimings": {"onContentLoad": "number?", "onLoad": "number?", "comment": "string?"},
		"entry": {
			"pageref": "string?", "startedDateTime": "time", "time": "number", "request": "request", "response": "response", "cache": "cache",
			"timings": "timings", "serverIPAddress": "string?", "connection": "string?", "comment": "string?",
		},
		"request": {
			"method": "string", "url": "string", "httpVersion": "string", "cookies": "[cookie]", "headers": "[header]", "queryString": "[parameter]",
			"postData": "postData?", "headersSize": "number", "bodySize": "number", "comment": "string?",
		},
		"response": {
			"status": "number", "statusText": "string", "httpVersion": "string", "cookies": "[cookie]", "headers": "[header]", "content": "content",
			"redirectURL": "string", "headersSize": "number", "bodySize": "number", "comment": "string?",
		},
		"cookie": {
			"name": "string", "value": "string", "path": "string?", "domain": "string?", "expires": "time?", "httpOnly": "bool?", "secure": "bool?", "comment": "string?",
		},
		"header": named, "parameter": named,
		"postData": {"mimeType": "string", "params": "[posted]?", "text": "string?", "comment": "string?"},
		"posted":   {"name": "string", "value": "string?", "fileName": "string?", "contentType": "string?", "comment": "string?"},
		"content":  {"size": "number", "compression": "number?", "mimeType": "string", "text": "string?", "encoding": "string?", "comment": "string?"},
		"cache":    {"comment": "string?"},
		"timings": {
			"blocked": "number?", "dns": "number?", "connect": "number?", "send": "number", "wait": "number", "receive": "number", "ssl": "number?", "comment": "string?",
		},
	}
}

// harProblems is what is wrong with a value that shall be of a kind.
func harProblems(at, kind string, v any) []string {
	if of, isList := strings.CutPrefix(kind, "["); isList {
		all, ok := v.([]any)
		if !ok {
			return []string{at + " is no list"}
		}
		var says []string
		for i, one := range all {
			says = append(says, harProblems(fmt.Sprintf("%s[%d]", at, i), strings.TrimSuffix(of, "]"), one)...)
		}
		return says
	}
	known, isObject := harMembers()[kind]
	if !isObject {
		if fits := harSimple(kind, v); !fits {
			return []string{fmt.Sprintf("%s is %v, no %s", at, v, kind)}
		}
		return nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		return []string{at + " is no object"}
	}
	var says []string
	for name, kind := range known {
		kind, optional := strings.CutSuffix(kind, "?")
		if value, present := object[name]; present {
			says = append(says, harProblems(at+"."+name, kind, value)...)
		} else if !optional {
			says = append(says, at+" has no "+name)
		}
	}
	for name := range object {
		if _, is := known[name]; !is && !strings.HasPrefix(name, "_") {
			says = append(says, at+" has "+name+", which the format does not know")
		}
	}
	return says
}

func harSimple(kind string, v any) bool {
	switch kind {
	case "string":
		_, ok := v.(string)
		return ok
	case "number":
		_, ok := v.(float64)
		return ok
	case "bool":
		_, ok := v.(bool)
		return ok
	case "time":
		s, _ := v.(string)
		_, err := time.Parse(time.RFC3339Nano, s)
		return err == nil
	}
	return false
}

// An archive is what these tests read of one.
type archive struct {
	Log struct {
		Version string
		Pages   []struct{ ID string }
		Entries []struct {
			Pageref  string
			Time     float64
			Seq      int `json:"_seq"`
			Request  struct{ Method, URL string }
			Response struct{ Status int }
			Timings  map[string]float64
		}
	}
}

// checkArchive holds the archive against the format and against the trace.
func (s saved) checkArchive(t *testing.T) {
	t.Helper()
	raw := must(os.ReadFile(s.archive))
	var file any
	var a archive
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatalf("the archive: %v", err)
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatalf("the archive: %v", err)
	}
	for _, says := range harProblems("har", "file", file) {
		t.Error(says)
	}
	if a.Log.Version != "1.2" {
		t.Errorf("version is %q", a.Log.Version)
	}
	var want []record
	for _, r := range s.trace {
		if r.Kind == "exchanged" {
			want = append(want, r)
		}
	}
	if len(a.Log.Entries) != len(want) {
		t.Fatalf("%d entries in the archive, and %d exchanges in the trace", len(a.Log.Entries), len(want))
	}
	for i, e := range a.Log.Entries {
		if r := want[i]; e.Seq != r.Seq || e.Response.Status != r.Event.Response.Status || e.Request.Method == "" {
			t.Errorf("entry %d is of record %d with status %d, want %d and %d", i, e.Seq, e.Response.Status, r.Seq, r.Event.Response.Status)
		}
		if !slices.ContainsFunc(a.Log.Pages, func(p struct{ ID string }) bool { return p.ID == e.Pageref }) {
			t.Errorf("entry %d is of page %q, which there is none of", i, e.Pageref)
		}
		sum := 0.0
		for name, part := range e.Timings {
			if part >= 0 && name != "ssl" { // which is part of connect
				sum += part
			}
		}
		if diff := sum - e.Time; diff > 0.0005 || diff < -0.0005 {
			t.Errorf("the parts of entry %d take %v ms, and the whole %v ms", i, sum, e.Time)
		}
	}
}
