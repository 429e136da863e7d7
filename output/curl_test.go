package output

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A replayed request is what counts of a request.
type replayed struct {
	Method, Target string
	Header         map[string]string
	Body           string
}

// curlSecretValues are what stands in the environment of a replay.
var curlSecretValues = map[string]string{
	"CODE": sampleCode, "CODE_VERIFIER": sampleVerifier, "CLIENT_SECRET": sampleSecret, "TOKEN": sampleRefresh,
	"SECRET_PIN_CODE": `quo"te\d 'secret'`, "SECRET_COOKIE_A": "b", "SECRET_COOKIE_SID": sampleCookie, "SECRET_X_API_KEY": "api-key-0123456789abcdef",
}

// curlCases are requests that are hard to say in a shell. BASE stands for the
// server.
func curlCases() []trace.Exchanged {
	post := func(media, body string) trace.Message {
		return trace.Message{Method: "POST", URL: "BASE/post", Proto: "HTTP/1.1", Header: []trace.Field{{Name: "Content-Type", Value: media}, {Name: "Accept", Value: "*/*"}}, Body: body}
	}
	const form = "application/x-www-form-urlencoded"
	token := tokenExchange(200, sampleTokens())
	token.Request.URL = "BASE/token"
	token.Request.Header = token.Request.Header[1:] // without Host
	token.Response.Header = nil
	userinfo := trace.Exchanged{Endpoint: "userinfo", Request: trace.Message{Method: "GET", URL: "BASE/a/../b//c?x=[1-3]&y={a,b}&z=%41", Proto: "HTTP/1.1", Header: []trace.Field{
		{Name: "Authorization", Value: "Bearer " + sampleAccess()}, {Name: "X-Odd", Value: "it's \"odd\" $HOME `id` \\ !"}, {Name: "X-Empty", Value: ""}, {Name: "X-Wide", Value: "日本語"},
	}}, Secrets: []trace.Secret{{Part: "request-header", Name: "Authorization"}}}
	json := trace.Exchanged{Endpoint: "registration", Request: post("application/json", `{"a":[1,{"pin_code":"quo\"te\\d 'secret'"}],"b":"it's"}`), Secrets: []trace.Secret{{Part: "request-body", Name: "pin_code"}}}
	binary := trace.Exchanged{Endpoint: "resource", Request: post("application/octet-stream", base64.StdEncoding.EncodeToString([]byte("\x00\xff%s\\n'\n\x1b[2J end\n")))}
	binary.Request.Base64 = true
	odd := trace.Exchanged{Endpoint: "resource", Request: post("text/plain", "@/etc/passwd\n'; exit 3; echo \"$(id)\" `id` \\\n# %s \t\r\n\n")}
	plain := trace.Exchanged{Endpoint: "resource", Request: trace.Message{Method: "PUT", URL: "BASE/put", Proto: "HTTP/1.1", Body: "x", Header: []trace.Field{{Name: "X-Api-Key", Value: "api-key-0123456789abcdef"}, {Name: "Cookie", Value: "a=b; sid=" + sampleCookie}}},
		Secrets: []trace.Secret{{Part: "request-header", Name: "X-Api-Key"}, {Part: "request-header", Name: "Cookie"}}}
	head := trace.Exchanged{Endpoint: "resource", Request: trace.Message{Method: "HEAD", URL: "BASE/head?token=" + url.QueryEscape(sampleRefresh) + "&x", Proto: "HTTP/1.1", Header: []trace.Field{{Name: "Accept", Value: "*/*"}}}, Secrets: []trace.Secret{{Part: "request-query", Name: "token"}}}
	several := trace.Exchanged{Endpoint: "token", Request: post("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"assertion\"\r\n\r\n"+sampleID()+"\r\n--b--\r\n"), Secrets: []trace.Secret{{Part: "request-body", Name: "assertion"}}}
	again := trace.Exchanged{Endpoint: "revocation", Request: post(form, "token="+url.QueryEscape(sampleRefresh)+"&b=%20+&empty=&noequals"), Secrets: []trace.Secret{{Part: "request-body", Name: "token"}}}
	page := trace.Exchanged{Endpoint: "page", Request: post(form, "left=out")}
	first := trace.Exchanged{Endpoint: "token", Poll: 1, Request: post(form, "poll=1"), Response: trace.Message{Status: 400, Body: `{"error":"authorization_pending"}`}}
	second := trace.Exchanged{Endpoint: "token", Poll: 2, Request: post(form, "poll=2")}
	huge := trace.Exchanged{Endpoint: "resource", Request: post("text/plain", strings.Repeat("0123456789abcde\n", 20_000))}
	return []trace.Exchanged{token, userinfo, json, binary, odd, plain, head, several, again, page, first, second, huge}
}

// curlRecords are the cases as a trace, masked or not.
func curlRecords(base string, reveal bool) []trace.Record {
	var r Recorder
	m := NewMask(nil, &r, testKey, reveal)
	m.Know(sampleSecret)
	m.Emit(trace.Record{Seq: 1, Run: "code", Event: trace.RunStarted{Procedure: "code", Client: "s6BhdRkqt3"}})
	m.Emit(trace.Record{Seq: 2, Run: "code", Event: trace.StepStarted{N: 1, Title: "A step'; exit 9\nexit 9", Why: "$(exit 9)"}})
	for i, e := range curlCases() {
		e.Request.URL = strings.Replace(e.Request.URL, "BASE", base, 1)
		if e.Response.Status == 0 {
			e.Response.Status = 200
		}
		m.Emit(trace.Record{Seq: 10 + i, Run: "code", Event: e})
	}
	return r.Records()
}

// wantReplayed are the requests that the server has to see.
func wantReplayed() []replayed {
	var out []replayed
	for _, e := range curlCases() {
		if e.Endpoint == "page" || e.Poll == 1 {
			continue
		}
		q := replayed{Method: e.Request.Method, Target: strings.TrimPrefix(e.Request.URL, "BASE"), Header: map[string]string{}, Body: e.Request.Body}
		for _, f := range e.Request.Header {
			q.Header[http.CanonicalHeaderKey(f.Name)] = f.Value
		}
		if e.Request.Base64 {
			b, _ := base64.StdEncoding.DecodeString(q.Body)
			q.Body = string(b)
		}
		out = append(out, q)
	}
	return out
}

// curlServer keeps what it is sent, and answers as recorded.
func curlServer(t *testing.T) (base string, got func() []replayed) {
	var mu sync.Mutex
	var all []replayed
	answers := map[string]string{"/token": sampleTokens()}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		q := replayed{Method: r.Method, Target: r.RequestURI, Header: map[string]string{}, Body: string(b)}
		for name, values := range r.Header {
			if name != "Content-Length" {
				q.Header[name] = strings.Join(values, "\n")
			}
		}
		mu.Lock()
		all = append(all, q)
		mu.Unlock()
		_, _ = io.WriteString(w, answers[r.URL.Path])
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []replayed { mu.Lock(); defer mu.Unlock(); return all }
}

// runScript runs a script with nothing in its environment but what is given,
// and returns its exit code.
func runScript(t *testing.T, script string, environment map[string]string, path string, args ...string) (int, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.sh")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", append([]string{file}, args...)...)
	c.Env = []string{"PATH=" + path}
	for name, value := range environment {
		c.Env = append(c.Env, name+"="+value)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	err := c.Run()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), stderr.String()
}

// A script of a masked trace sends, with the secrets in its environment, what
// was sent before; one of a revealed trace needs nothing.
func TestCurlReplays(t *testing.T) {
	for _, reveal := range []bool{false, true} {
		t.Run(fmt.Sprintf("reveal %v", reveal), func(t *testing.T) {
			base, got := curlServer(t)
			script := savedAs(t, "curl", curlRecords(base, reveal))
			environment := curlSecretValues
			if reveal {
				environment = nil
			} else {
				for name, value := range curlSecretValues {
					if name != "SECRET_COOKIE_A" && strings.Contains(script, value) {
						t.Errorf("%s is in the script", name)
					}
				}
			}
			if _, err := exec.LookPath("curl"); err == nil {
				code, says := runScript(t, script, environment, os.Getenv("PATH"))
				if code != 0 {
					t.Fatalf("exit %d\n%s", code, says)
				}
				if diff := cmp.Diff(wantReplayed(), got()); diff != "" {
					t.Error(diff)
				}
			}
			code, says, seen := runWithoutCurl(t, script, environment)
			if code != 0 {
				t.Fatalf("without curl: exit %d\n%s", code, says)
			}
			for i := range seen {
				seen[i].Target = strings.TrimPrefix(seen[i].Target, base)
			}
			if diff := cmp.Diff(wantReplayed(), seen); diff != "" {
				t.Errorf("without curl: %s", diff)
			}
		})
	}
}

// noCurl stands in for curl: it keeps its arguments and what it reads, and
// answers with a token.
const noCurl = `#!/bin/sh
n=$(cat "$KEPT/n" 2>/dev/null || echo 0)
n=$((n + 1))
echo "$n" >"$KEPT/n"
printf '%s\0' "$@" >"$KEPT/$n.arguments"
case " $* " in *" --data-binary @- "*) cat >"$KEPT/$n.body" ;; esac
printf '%s\n200' "$ANSWER"
`

func runWithoutCurl(t *testing.T, script string, environment map[string]string) (int, string, []replayed) {
	t.Helper()
	bin, kept := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "curl"), []byte(noCurl), 0o700); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"KEPT": kept, "ANSWER": sampleTokens()}
	for name, value := range environment {
		all[name] = value
	}
	code, says := runScript(t, script, all, bin+":"+os.Getenv("PATH"))
	var out []replayed
	for n := 1; ; n++ {
		b, err := os.ReadFile(filepath.Join(kept, strconv.Itoa(n)+".arguments"))
		if err != nil {
			return code, says, out
		}
		body, _ := os.ReadFile(filepath.Join(kept, strconv.Itoa(n)+".body"))
		out = append(out, readArguments(t, strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00"), string(body)))
	}
}

// readArguments understands the arguments that the script uses, and no other.
func readArguments(t *testing.T, args []string, body string) replayed {
	t.Helper()
	q := replayed{Header: map[string]string{}, Body: body}
	for i := 0; i < len(args); i++ {
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		switch args[i] {
		case "--disable", "--silent", "--show-error", "--globoff", "--path-as-is", "--http1.1":
			continue
		case "--proto", "--max-redirs", "--write-out", "--data-binary":
		case "--head":
			q.Method = "HEAD"
			continue
		case "--request":
			q.Method = next
		case "--url":
			q.Target = next
		case "--user":
			q.Header["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(next))
		case "--header":
			if name, value, ok := strings.Cut(next, ": "); ok {
				q.Header[http.CanonicalHeaderKey(name)] = value
			} else if name, ok := strings.CutSuffix(next, ";"); ok {
				q.Header[name] = ""
			} else if !strings.HasSuffix(next, ":") {
				t.Errorf("header %q", next)
			}
		default:
			t.Errorf("argument %q", args[i])
		}
		i++
	}
	return q
}

// The exit code tells, and nothing is sent for which something is missing.
func TestCurlExitCodes(t *testing.T) {
	exchange := func(seq, status int, body string) trace.Record {
		return trace.Record{Seq: seq, Event: trace.Exchanged{Endpoint: "token", Request: trace.Message{Method: "POST", URL: "http://127.0.0.1:1/token", Header: []trace.Field{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}, Body: body}, Response: trace.Message{Status: status}}}
	}
	for name, c := range map[string]struct {
		records []trace.Record
		answers string
		args    []string
		want    int
		sent    int
	}{
		"as recorded":                  {[]trace.Record{exchange(1, 200, "a=1"), exchange(2, 200, "a=2")}, "200 201", nil, 0, 2},
		"a new refusal ends it":        {[]trace.Record{exchange(1, 200, "a=1"), exchange(2, 200, "a=2")}, "500 200", nil, 22, 1},
		"a recorded refusal does not":  {[]trace.Record{exchange(1, 400, "a=1"), exchange(2, 200, "a=2")}, "400 200", nil, 0, 2},
		"the last one was refused":     {[]trace.Record{exchange(1, 200, "a=1"), exchange(2, 400, "a=2")}, "200 400", nil, 22, 2},
		"the last one is not any more": {[]trace.Record{exchange(2, 400, "a=2")}, "200", nil, 0, 1},
		"one by its number":            {[]trace.Record{exchange(1, 200, "a=1"), exchange(2, 200, "a=2")}, "200", []string{"2"}, 0, 1},
		"no such number":               {[]trace.Record{exchange(1, 200, "a=1")}, "200", []string{"7"}, 2, 0},
		"nor a command":                {[]trace.Record{exchange(1, 200, "a=1")}, "200", []string{"1; exit 9"}, 2, 0},
		"a secret is missing":          {[]trace.Record{exchange(1, 200, "code=abcd…(3f9a1c)")}, "200", nil, -1, 0},
		"what curl says":               {[]trace.Record{exchange(1, 200, "a=1")}, "exit", nil, 6, 1},
		"nothing was sent":             {nil, "", nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bin, kept := t.TempDir(), t.TempDir()
			stub := "#!/bin/sh\ncat >/dev/null\necho >>" + kept + "/n\nset -- $ANSWERS\nshift $(($(wc -l <" + kept + "/n) - 1))\n[ \"$1\" = exit ] && exit 6\nprintf 'x\\n%s' \"$1\"\n"
			if err := os.WriteFile(filepath.Join(bin, "curl"), []byte(stub), 0o700); err != nil {
				t.Fatal(err)
			}
			code, says := runScript(t, savedAs(t, "curl", c.records), map[string]string{"ANSWERS": c.answers}, bin+":"+os.Getenv("PATH"), c.args...)
			b, _ := os.ReadFile(filepath.Join(kept, "n"))
			if sent := bytes.Count(b, []byte("\n")); sent != c.sent || code != c.want && (c.want >= 0 || code == 0) {
				t.Errorf("exit %d, want %d; %d requests, want %d\n%s", code, c.want, sent, c.sent, says)
			}
		})
	}
}

// Every script of the corpus is one that a shell can read.
func TestCurlSyntax(t *testing.T) {
	for name, records := range corpus(t) {
		file := filepath.Join(t.TempDir(), "run.sh")
		if err := os.WriteFile(file, []byte(savedAs(t, "curl", records)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("sh", "-n", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
}

// A trace cannot ask for what stands in somebody's environment anyway.
func TestCurlNames(t *testing.T) {
	for place, want := range map[string]string{
		"code": "CODE", "DPoP": "DPOP_PROOF", "client_secret": "CLIENT_SECRET", "PATH": "SECRET_PATH",
		"AWS_SECRET_ACCESS_KEY": "SECRET_AWS_SECRET_ACCESS_KEY", "x; exit": "SECRET_X__EXIT", "": "SECRET_",
	} {
		if got := curlName(place); got != want {
			t.Errorf("%q: %s, want %s", place, got, want)
		}
	}
}

// Two values of one name are two variables, and one value has one.
func TestCurlVariables(t *testing.T) {
	form := []trace.Field{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
	ask := func(seq int, body string) trace.Record {
		return trace.Record{Seq: seq, Event: trace.Exchanged{Request: trace.Message{Method: "POST", URL: "http://127.0.0.1:1/", Header: form, Body: body}, Response: trace.Message{Status: 200, Body: `{"access_token":"wxyz…(00000a)"}`}}}
	}
	p := planCurl([]trace.Record{ask(1, "code=abcd…(000001)&code=abcd…(000002)"), ask(2, "code=abcd…(000001)&token=wxyz…(00000a)")})
	var got []string
	for _, v := range p.order {
		got = append(got, v.name+" "+v.shown+" "+strconv.Itoa(v.from))
	}
	if diff := cmp.Diff([]string{"CODE abcd…(000001) 0", "CODE_2 abcd…(000002) 0", "ACCESS_TOKEN wxyz…(00000a) 1"}, got); diff != "" {
		t.Error(diff)
	}
}
