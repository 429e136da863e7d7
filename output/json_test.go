package output

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func plainRows(rows []row) string {
	var out []string
	for _, r := range rows {
		s := ""
		for _, b := range r {
			s += b.text
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func TestJSONLayout(t *testing.T) {
	at := time.Unix(1795430000, 0)
	for _, c := range []struct {
		name, in string
		look     jsonLook
		want     string
	}{
		{"order, repeats and digits are kept", `{"b":1.50,"a":1e2,"b":12345678901234567890}`, jsonLook{width: 80},
			"{\n  \"b\": 1.50,\n  \"a\": 1e2,\n  \"b\": 12345678901234567890\n}"},
		{"short arrays and objects stay on a line", `{"aud":["a","b"],"x":{"y":null,"z":true},"e":[],"o":{}}`, jsonLook{width: 80},
			"{\n  \"aud\": [\"a\", \"b\"],\n  \"x\": {\"y\": null, \"z\": true},\n  \"e\": [],\n  \"o\": {}\n}"},
		{"arrays that do not fit are opened", `{"aud":["aaaaaaaaaa","bbbbbbbbbb"]}`, jsonLook{width: 24},
			"{\n  \"aud\": [\n    \"aaaaaaaaaa\",\n    \"bbbbbbbbbb\"\n  ]\n}"},
		{"times are told from the record's", `{"exp":1795430300,"iat":1795429998,"auth_time":1795430000,"expires_in":3600}`, jsonLook{width: 80, at: at},
			"{\n  \"exp\": 1795430300,  // in 5 min · 2026-11-23 10:38:20 UTC\n  \"iat\": 1795429998,  // 2 s ago · 2026-11-23 10:33:18 UTC\n  \"auth_time\": 1795430000,  // now · 2026-11-23 10:33:20 UTC\n  \"expires_in\": 3600  // 1 h\n}"},
		{"times are shortened when narrow", `{"exp":1795430300}`, jsonLook{width: 36, at: at}, "{\n  \"exp\": 1795430300  // in 5 min\n}"},
		{"times that are none", `{"exp":"soon","iat":1795430300000,"nbf":1.5}`, jsonLook{width: 80, at: at},
			"{\n  \"exp\": \"soon\",\n  \"iat\": 1795430300000,  // not seconds: milliseconds?\n  \"nbf\": 1.5\n}"},
		{"what hides is escaped", `{"a":"\u001b[31m\u202e\"\\\u00a0\ud83d\ude00\udb40\udc41"}`, jsonLook{width: 80},
			"{\n  \"a\": \"\\u001b[31m\\u202e\\\"\\\\\\u00a0😀\\udb40\\udc41\"\n}"},
		{"tokens are elided", `{"t":"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln"}`, jsonLook{width: 80}, "{\n  \"t\": \"eyJhbGciOi…\"\n}"},
		{"tokens whole", `{"t":"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln"}`, jsonLook{width: 20, whole: true},
			"{\n  \"t\": \"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln\"\n}"},
	} {
		n, ok := parseJSON(c.in)
		if !ok {
			t.Fatalf("%s: not JSON", c.name)
		}
		if diff := cmp.Diff(c.want, plainRows(c.look.rows(n))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestParseJSONRefuses(t *testing.T) {
	for _, s := range []string{"", "{", `{"a":1}x`, "{'a':1}", strings.Repeat("[", 100) + strings.Repeat("]", 100)} {
		if _, ok := parseJSON(s); ok {
			t.Errorf("%.20q is taken for JSON", s)
		}
	}
}
