package jose

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseObjectProblems(t *testing.T) {
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}` }
	tests := []struct {
		name, in string
		ids      []string
		detail   string // in the first problem
		members  []string
		none     bool // no object
	}{
		{name: "empty object", in: " {} ", members: []string{}},
		{name: "order and types", in: `{"b":1,"a":[true,false,null,-0.5e+3,"\u00e9\ud83d\ude00"]}`, members: []string{"b", "a"}},
		{name: "nothing", in: "", ids: []string{"json-empty"}, none: true},
		{name: "only space", in: " \r\n", ids: []string{"json-empty"}, none: true},
		{name: "byte order mark", in: "\xef\xbb\xbf{\"a\":1}", ids: []string{"json-bom"}, members: []string{"a"}},
		{name: "byte order mark alone", in: "\xef\xbb\xbf", ids: []string{"json-bom", "json-empty"}, none: true},
		{name: "UTF-16 with mark", in: "\xff\xfe{\x00}\x00", ids: []string{"json-bom", "json-not-utf8"}, none: true},
		{name: "UTF-16 without mark", in: "{\x00}\x00", ids: []string{"json-not-utf8"}, none: true},
		{name: "Latin-1", in: "{\"name\":\"Ren\xe9\"}", ids: []string{"json-not-utf8"}, detail: "byte 12", members: []string{"name"}},
		{name: "overlong", in: "{\"a\":\"\xc0\xaf\"}", ids: []string{"json-not-utf8"}, members: []string{"a"}},
		{name: "half a surrogate pair", in: `{"a":"\ud83d\u0041"}`, ids: []string{"json-not-utf8"}, detail: "byte 6", members: []string{"a"}},
		{name: "array", in: `[{"a":1}]`, ids: []string{"json-not-object"}, detail: "an array", none: true},
		{name: "string", in: `"eyJ"`, ids: []string{"json-not-object"}, detail: "a string", none: true},
		{name: "null", in: `null`, ids: []string{"json-not-object"}, detail: "null", none: true},
		{name: "number and more", in: `000`, ids: []string{"json-syntax"}, detail: "at byte 1: expected the end of the text", none: true},
		{name: "HTML", in: `<!DOCTYPE html><p>`, ids: []string{"json-syntax"}, detail: `at byte 0: expected a value, found "<"`, none: true},
		{name: "form", in: `access_token=x`, ids: []string{"json-syntax"}, none: true},
		{name: "trailing comma", in: `{"a":1,}`, ids: []string{"json-syntax"}, detail: "at byte 7: expected a member name", members: []string{"a"}},
		{name: "single quotes", in: `{'a':1}`, ids: []string{"json-syntax"}, detail: "at byte 1", none: true},
		{name: "leading zero", in: `{"a":1,"b":01}`, ids: []string{"json-syntax"}, detail: "at byte 12", members: []string{"a", "b"}},
		{name: "NaN", in: `{"a":NaN}`, ids: []string{"json-syntax"}, detail: "at byte 5", none: true},
		{name: "raw newline in a string", in: "{\"a\":\"x\ny\"}", ids: []string{"json-syntax"}, detail: "at byte 7", none: true},
		{name: "bad escape", in: `{"a":"\x41"}`, ids: []string{"json-syntax"}, detail: "an escape sequence", none: true},
		{name: "cut off in a value", in: `{"a":1,"b":"xy`, ids: []string{"json-syntax"}, detail: "cut off: it ends at byte 14", members: []string{"a"}},
		{name: "cut off in an escape", in: `{"a":1,"b":"\u00`, ids: []string{"json-syntax"}, detail: "cut off", members: []string{"a"}},
		{name: "cut off in a word", in: `{"a":1,"b":tr`, ids: []string{"json-syntax"}, detail: "cut off", members: []string{"a"}},
		{name: "cut off after the brace", in: `{`, ids: []string{"json-syntax"}, detail: "cut off", none: true},
		{name: "two objects", in: `{"a":1}{"a":2}`, ids: []string{"json-trailing-data"}, detail: "7 bytes follow the object, from byte 7", members: []string{"a"}},
		{name: "repeated name", in: `{"iss":"a","iss":"b"}`, ids: []string{"json-duplicate-name"}, detail: `member "iss" occurs at byte 1 and again at byte 11`, members: []string{"iss", "iss"}},
		{name: "repeated through an escape", in: `{"iss":"a","\u0069ss":"b"}`, ids: []string{"json-duplicate-name"}, detail: `"iss"`, members: []string{"iss", "iss"}},
		{name: "repeated deep down", in: `{"keys":[{},{"kid":1,"kid":2}]}`, ids: []string{"json-duplicate-name"}, detail: `"kid" of "keys[1]"`, members: []string{"keys"}},
		{name: "same name elsewhere", in: `{"a":{"a":{"a":1}},"A":1}`, members: []string{"a", "A"}},
		{name: "control characters in a name", in: "{\"a\":{\"\\u001b[31m\":1,\"\\u001b[31m\":2}}", ids: []string{"json-duplicate-name"}, detail: `\x1b[31m`, members: []string{"a"}},
		{name: "as deep as allowed", in: deep(64), members: []string{"a"}},
		{name: "too many", in: `{"b":{` + strings.Repeat(`"a":1,`, 20_000) + `"c":1}}`, ids: append(slices.Repeat([]string{"json-duplicate-name"}, 16), "json-too-many"), none: true},
		{name: "too deep", in: `{"b":1,` + deep(65)[1:], ids: []string{"json-too-deep"}, members: []string{"b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, problems := ParseObject([]byte(tt.in))
			if diff := cmp.Diff(tt.ids, ids(problems)); diff != "" {
				t.Fatalf("problems (-want +got):\n%s%v", diff, problems)
			}
			if (o == nil) != tt.none {
				t.Fatalf("object = %v, want none: %v", o, tt.none)
			}
			if len(problems) > 0 && !strings.Contains(problems[0].Detail, tt.detail) {
				t.Errorf("detail %q does not say %q", problems[0].Detail, tt.detail)
			}
			if diff := cmp.Diff(tt.members, o.Names()); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

// A flaw is told by its place. What a server sent there may be part of a token.
func TestProblemsQuoteNoContent(t *testing.T) {
	const token = "SlAV32hkKGSlAV32"
	for _, tt := range []struct{ in, want string }{
		{`{"access_token":"` + token, `the text is cut off: it ends at byte 33 where the end of a string was expected, in the member "access_token"`},
		{`{"a":1,"access_token":` + token + `}`, `not JSON at byte 22: expected a value, found a letter, in the member "access_token"`},
		{`{"access_token":"` + token + "\n" + `","access_token":"` + token + `\x"}`, ""},
		{`{'access_token':'` + token + `'}`, `not JSON at byte 1: expected a member name, found "'"`},
		{`{"a":{"b":[1,{"access_token":"` + token + `\x41"}]}}`, `not JSON at byte 47: expected an escape sequence, found a letter, in the member "a.b[1].access_token"`},
		{`{"access_token":"` + token + `" "b":1}`, `not JSON at byte 35: expected a comma or the end of the object, found "\"", after the member "access_token"`},
		{`{"access_token" "` + token + `"}`, `not JSON at byte 16: expected a colon, found "\"", in the member "access_token"`},
		{`{"a":1,` + token + `}`, `not JSON at byte 7: expected a member name, found a letter`},
		{`{"a":["` + token + `"` + token + `]}`, `not JSON at byte 24: expected a comma or the end of the array, found a letter, in the member "a[0]"`},
		{`{"a":NaN}`, `not JSON at byte 5: expected a value, found NaN, in the member "a"`},
		{`{"a":None,"t":"` + token + `"}`, `not JSON at byte 5: expected a value, found None, in the member "a"`},
		{"{\"access_token\":\"" + token + "\xe9" + token + "\"}", `byte 33 is not UTF-8, in the member "access_token"`},
		{`{"a":1}` + token, `16 bytes follow the object, from byte 7: the first is a letter`},
		{`{"a":1}{"access_token":"` + token + `"}`, `35 bytes follow the object, from byte 7: the first is "{"`},
		{token, `not JSON at byte 0: expected a value, found a letter`},
		{"1" + token, `not JSON at byte 1: expected the end of the text, found a letter`},
		{"{\"a\":\"" + token + "\x07\"}", `not JSON at byte 22: expected an escape instead of a raw control character, found "\a", in the member "a"`},
		{"{\"a\":\x80}", `not JSON at byte 5: expected a value, found an octet beyond ASCII, in the member "a"`},
	} {
		_, problems := ParseObject([]byte(tt.in))
		for _, p := range problems {
			for i := range len(token) - 2 {
				if strings.Contains(p.Detail, token[i:i+3]) {
					t.Errorf("%s: %q shows %q", tt.in, p.Detail, token[i:i+3])
				}
			}
		}
		if len(problems) == 0 || tt.want != "" && problems[0].Detail != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.in, problems, tt.want)
		}
	}
}

func TestParseObjectBoundsItsReport(t *testing.T) {
	_, problems := ParseObject([]byte(`{` + strings.Repeat(`"a":1,`, 5000) + `"a":1}`))
	if len(problems) != maxDuplicates {
		t.Errorf("%d problems, want %d", len(problems), maxDuplicates)
	}
}

func TestObjectRaw(t *testing.T) {
	o, _ := ParseObject([]byte("\xef\xbb\xbf {\"a\": 1 }\nrest"))
	if got := string(o.Raw); got != `{"a": 1 }` {
		t.Errorf("Raw = %q", got)
	}
}

func TestObjectMembers(t *testing.T) {
	o, problems := ParseObject([]byte(`{"s":"v","S":"other","n":1.50,"q":"1","z":null,"one":"a","many":["a","b"],"mixed":["a",null],"none":[],"o":{"in":1},"s":"again","big":123456789012345678901234567890}`))
	if diff := cmp.Diff([]string{"json-duplicate-name"}, ids(problems)); diff != "" {
		t.Fatal(diff)
	}
	type answer struct {
		Value any
		OK    bool
	}
	ask := func(v any, ok bool) answer { return answer{v, ok} }
	str := func(name string) answer { v, ok := o.String(name); return ask(v, ok) }
	num := func(name string) answer { v, ok := o.Number(name); return ask(v, ok) }
	list := func(name string) answer { v, ok := o.Strings(name); return ask(v, ok) }
	tests := []struct {
		name      string
		got, want answer
	}{
		{"first of two", str("s"), answer{"v", true}},
		{"case matters", str("S"), answer{"other", true}},
		{"number is no string", str("n"), answer{"", false}},
		{"null is no string", str("z"), answer{"", false}},
		{"absent", str("x"), answer{"", false}},
		{"number as written", num("n"), answer{json.Number("1.50"), true}},
		{"number beyond float64", num("big"), answer{json.Number("123456789012345678901234567890"), true}},
		{"quoted number", num("q"), answer{json.Number(""), false}},
		{"one string", list("one"), answer{[]string{"a"}, true}},
		{"array", list("many"), answer{[]string{"a", "b"}, true}},
		{"empty array", list("none"), answer{[]string{}, true}},
		{"null in an array", list("mixed"), answer{[]string(nil), false}},
		{"null is no list", list("z"), answer{[]string(nil), false}},
		{"number is no list", list("n"), answer{[]string(nil), false}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	inner, ok := o.Object("o")
	if !ok || !inner.Has("in") {
		t.Errorf("Object = %v, %v", inner, ok)
	}
	if _, ok := o.Object("many"); ok {
		t.Error("an array was taken for an object")
	}
}

func TestNilObject(t *testing.T) {
	var o *Object
	_, a := o.Get("x")
	_, b := o.String("x")
	_, c := o.Number("x")
	_, d := o.Strings("x")
	_, e := o.Object("x")
	if a || b || c || d || e || o.Has("x") || o.Names() != nil {
		t.Error("a nil object has members")
	}
}
