package output

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A harSchema is as much of JSON Schema as testdata/har-1.2.schema.json uses,
// and "members", which are all that an object may have beside those that begin
// with "_".
type harSchema struct {
	Ref         string                `json:"$ref"`
	Type        string                `json:"type"`
	Required    []string              `json:"required"`
	Members     []string              `json:"members"`
	Properties  map[string]*harSchema `json:"properties"`
	Items       *harSchema            `json:"items"`
	Minimum     *float64              `json:"minimum"`
	Pattern     string                `json:"pattern"`
	Definitions map[string]*harSchema `json:"definitions"`
}

func (s *harSchema) check(root *harSchema, at string, v any) (wrong []string) {
	if s.Ref != "" {
		return root.Definitions[strings.TrimPrefix(s.Ref, "#/definitions/")].check(root, at, v)
	}
	say := func(format string, args ...any) { wrong = append(wrong, at+": "+fmt.Sprintf(format, args...)) }
	is := ""
	switch v := v.(type) {
	case map[string]any:
		is = "object"
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				say("%s is missing", name)
			}
		}
		for name, member := range v {
			if s.Members != nil && !slices.Contains(s.Members, name) && !strings.HasPrefix(name, "_") {
				say("%s is not known", name)
			}
			if p := s.Properties[name]; p != nil {
				wrong = append(wrong, p.check(root, at+"."+name, member)...)
			}
		}
	case []any:
		is = "array"
		for i, item := range v {
			wrong = append(wrong, s.Items.check(root, fmt.Sprintf("%s[%d]", at, i), item)...)
		}
	case string:
		is = "string"
		if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) {
			say("%.200q does not match %s", v, s.Pattern)
		}
	case bool:
		is = "boolean"
	case float64:
		is = "number"
		if s.Type == "integer" && v == float64(int64(v)) {
			is = "integer"
		}
		if s.Minimum != nil && v < *s.Minimum {
			say("%v is less than %v", v, *s.Minimum)
		}
	}
	if s.Type != "" && s.Type != is {
		say("is %s and not %s", is, s.Type)
	}
	return wrong
}

func harRootSchema(t *testing.T) *harSchema {
	t.Helper()
	b, err := os.ReadFile("testdata/har-1.2.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s harSchema
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// harReadBack is an archive as programs read it.
type harReadBack struct {
	Log struct {
		Creator struct{ Name, Version string }
		Pages   []struct{ ID, Title string }
		Entries []map[string]any
	}
}

func TestHARFollowsTheSchema(t *testing.T) {
	schema := harRootSchema(t)
	for name, records := range corpus(t) {
		text := savedAs(t, "har", records)
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, w := range schema.check(schema, name, v) {
			t.Error(w)
		}
		var har harReadBack
		if err := json.Unmarshal([]byte(text), &har); err != nil {
			t.Fatal(err)
		}
		exchanges, i := 0, 0
		for _, r := range records {
			if e, ok := r.Event.(trace.Exchanged); ok {
				exchanges++
				if i < len(har.Log.Entries) && har.Log.Entries[i]["_seq"] != float64(r.Seq) {
					t.Errorf("%s: entry %d is record %v and not %d (%s)", name, i, har.Log.Entries[i]["_seq"], r.Seq, e.Endpoint)
				}
				i++
			}
		}
		if len(har.Log.Entries) != exchanges {
			t.Errorf("%s: %d entries of %d exchanges", name, len(har.Log.Entries), exchanges)
		}
		ids := map[string]bool{}
		for _, p := range har.Log.Pages {
			if ids[p.ID] {
				t.Errorf("%s: page %s twice", name, p.ID)
			}
			ids[p.ID] = true
		}
		for _, e := range har.Log.Entries {
			if ref, ok := e["pageref"].(string); ok && !ids[ref] {
				t.Errorf("%s: no page %s", name, ref)
			}
		}
	}
}

// The parts add up to the whole, ssl being inside connect, whatever was
// measured.
func TestHARTimings(t *testing.T) {
	for name, c := range map[string]struct {
		in   trace.Timing
		want string
	}{
		"fresh":         {trace.Timing{DNS: 2 * ms, Connect: 9 * ms, TLS: 21 * ms, FirstByte: 40 * ms, Total: 48 * ms}, `{"blocked":-1,"dns":2,"connect":30,"ssl":21,"send":0,"wait":8,"receive":8}`},
		"plain http":    {trace.Timing{Connect: ms + 250*time.Microsecond, FirstByte: 3 * ms, Total: 4 * ms}, `{"blocked":-1,"dns":-1,"connect":1.25,"ssl":-1,"send":0,"wait":1.75,"receive":1}`},
		"kept":          {trace.Timing{Reused: true, DNS: 5 * ms, Connect: 5 * ms, FirstByte: 3 * ms, Total: 4 * ms}, `{"blocked":-1,"dns":-1,"connect":-1,"ssl":-1,"send":0,"wait":3,"receive":1}`},
		"refused":       {trace.Timing{Connect: 4 * ms, Total: 5 * ms}, `{"blocked":-1,"dns":-1,"connect":4,"ssl":-1,"send":0,"wait":1,"receive":0}`},
		"overlapping":   {trace.Timing{DNS: 9 * ms, Connect: 9 * ms, TLS: 9 * ms, FirstByte: 10 * ms, Total: 12 * ms}, `{"blocked":-1,"dns":9,"connect":1,"ssl":0,"send":0,"wait":0,"receive":2}`},
		"nonsense":      {trace.Timing{DNS: -ms, Connect: 1 << 62, FirstByte: 9 * ms, Total: 2 * ms}, `{"blocked":-1,"dns":-1,"connect":2,"ssl":-1,"send":0,"wait":0,"receive":0}`},
		"a fixed clock": {trace.Timing{}, `{"blocked":-1,"dns":-1,"connect":-1,"ssl":-1,"send":0,"wait":0,"receive":0}`},
	} {
		times, total := harTimed(c.in)
		b, err := json.Marshal(times)
		if err != nil || string(b) != c.want {
			t.Errorf("%s: %s, want %s, %v", name, b, c.want, err)
		}
		sum := max(times.DNS, 0) + max(times.Connect, 0) + times.Send + times.Wait + times.Receive
		if sum != total {
			t.Errorf("%s: the parts are %v and the whole %v", name, sum, total)
		}
	}
}

func TestHAREntry(t *testing.T) {
	records := []trace.Record{
		{Seq: 1, Run: "code", At: sampleStart, Event: trace.RunStarted{Procedure: "code", Doc: "a grant\n\nmore", Issuer: sampleIssuer, Version: "1.2.3"}},
		{Seq: 2, Run: "code", At: sampleStart, Event: trace.StepStarted{N: 3, Title: "Spend the code"}},
		{Seq: 3, Run: "code", At: sampleStart.Add(100 * ms), Event: trace.Exchanged{
			Endpoint: "token", Try: 2,
			Request: trace.Message{
				Method: "POST", URL: sampleIssuer + "/token?a=b%20c&a=&d", Proto: "HTTP/2.0", Size: 11, Body: "x=1+2&y=%zz",
				Header: []trace.Field{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}, {Name: "Cookie", Value: "sid=…(3f9a1c); b=c"}},
			},
			Response: trace.Message{
				Status: 303, Proto: "HTTP/2.0", Body: "/w==", Base64: true, Size: 9, Truncated: true,
				Header: []trace.Field{{Name: "Location", Value: "/next"}, {Name: "Set-Cookie", Value: "sid=…(3f9a1c); Path=/; HttpOnly; Secure; Expires=Wed, 21 Oct 2026 07:28:00 GMT"}},
			},
			Timing: trace.Timing{Reused: true, FirstByte: 80 * ms, Total: 90 * ms}, Peer: &trace.Peer{Addr: "[2001:db8::1%eth0]:443"},
		}},
		{Seq: 4, Run: "code", Event: trace.Finding{ID: "fine", Code: "V-0", Outcome: trace.Pass, Evidence: []int{3}}},
		{Seq: 5, Run: "code", Event: trace.Finding{ID: "status-200", Code: "V-TR-01", Level: trace.Must, Outcome: trace.Fail, Ref: "RFC 6749 §5.1", Expected: "200", Actual: "303", Evidence: []int{3, 3}}},
	}
	var har harReadBack
	if err := json.Unmarshal([]byte(savedAs(t, "har", records)), &har); err != nil {
		t.Fatal(err)
	}
	pair := func(name, value string) any { return map[string]any{"name": name, "value": value} }
	want := map[string]any{
		"pageref": "code", "startedDateTime": "2026-11-23T10:35:00.010Z", "time": 90.0, "cache": map[string]any{},
		"serverIPAddress": "2001:db8::1", "connection": "443", "_seq": 3.0, "_endpoint": "token", "_try": 2.0,
		"_step":     map[string]any{"n": 3.0, "title": "Spend the code"},
		"_findings": []any{map[string]any{"code": "V-TR-01", "id": "status-200", "level": "must", "outcome": "fail", "ref": "RFC 6749 §5.1", "expected": "200", "actual": "303"}},
		"timings":   map[string]any{"blocked": -1.0, "dns": -1.0, "connect": -1.0, "ssl": -1.0, "send": 0.0, "wait": 80.0, "receive": 10.0},
		"request": map[string]any{
			"method": "POST", "url": sampleIssuer + "/token?a=b%20c&a=&d", "httpVersion": "HTTP/2.0", "headersSize": -1.0, "bodySize": 11.0,
			"cookies":     []any{pair("sid", "…(3f9a1c)"), pair("b", "c")},
			"headers":     []any{pair("Content-Type", "application/x-www-form-urlencoded"), pair("Cookie", "sid=…(3f9a1c); b=c")},
			"queryString": []any{pair("a", "b c"), pair("a", ""), pair("d", "")},
			"postData":    map[string]any{"mimeType": "application/x-www-form-urlencoded", "text": "x=1+2&y=%zz", "params": []any{pair("x", "1 2"), pair("y", "%zz")}},
		},
		"response": map[string]any{
			"status": 303.0, "statusText": "See Other", "httpVersion": "HTTP/2.0", "headersSize": -1.0, "bodySize": 9.0, "redirectURL": "/next",
			"headers": []any{pair("Location", "/next"), pair("Set-Cookie", "sid=…(3f9a1c); Path=/; HttpOnly; Secure; Expires=Wed, 21 Oct 2026 07:28:00 GMT")},
			"cookies": []any{map[string]any{"name": "sid", "value": "…(3f9a1c)", "path": "/", "httpOnly": true, "secure": true, "expires": "2026-10-21T07:28:00Z"}},
			"content": map[string]any{"size": 9.0, "mimeType": "x-unknown", "text": "/w==", "encoding": "base64", "comment": "there was more than is kept"},
		},
	}
	if diff := cmp.Diff([]map[string]any{want}, har.Log.Entries); diff != "" {
		t.Error(diff)
	}
	if har.Log.Creator.Version != "1.2.3" || har.Log.Pages[0].Title != "code: a grant · "+sampleIssuer {
		t.Errorf("%+v", har.Log)
	}
}

// What failed is an entry as well, with what went wrong.
func TestHARFailure(t *testing.T) {
	var r Recorder
	unreachable(&r)
	var har harReadBack
	if err := json.Unmarshal([]byte(savedAs(t, "har", r.Records())), &har); err != nil {
		t.Fatal(err)
	}
	response, _ := har.Log.Entries[0]["response"].(map[string]any)
	if response["status"] != 0.0 || response["_error"] != "connect: dial tcp 203.0.113.7:443: connection refused" || response["bodySize"] != -1.0 {
		t.Errorf("%v", response)
	}
}
