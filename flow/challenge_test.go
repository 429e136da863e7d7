package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shown writes challenges so that a test can be read: Scheme(token68) or
// Scheme{name=value|…}.
func shown(all []Challenge) string {
	var out []string
	for _, c := range all {
		var params []string
		for _, p := range c.Params {
			params = append(params, p.Name+"="+p.Value)
		}
		s := c.Scheme
		if c.Token68 != "" {
			s += "(" + c.Token68 + ")"
		}
		if params != nil {
			s += "{" + strings.Join(params, "|") + "}"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestParseChallenges(t *testing.T) {
	for _, c := range []struct {
		name     string
		fields   []string
		want     string
		problems string
	}{
		{"RFC 6750 §3, no token", []string{`Bearer realm="example"`}, `Bearer{realm=example}`, ""},
		{"RFC 6750 §3, expired", []string{`Bearer realm="example", error="invalid_token", error_description="The access token expired"`},
			`Bearer{realm=example|error=invalid_token|error_description=The access token expired}`, ""},
		{"RFC 9470 §3", []string{`Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR"`},
			`Bearer{error=insufficient_user_authentication|error_description=A different authentication level is required|acr_values=myACR}`, ""},
		{"RFC 9470 §3, max_age", []string{`Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5"`},
			`Bearer{error=insufficient_user_authentication|error_description=More recent authentication is required|max_age=5}`, ""},
		{"RFC 9449 §7.1", []string{`DPoP algs="ES256 PS256"`}, `DPoP{algs=ES256 PS256}`, ""},
		{"RFC 9449 §7.1, in error", []string{`DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256"`},
			`DPoP{error=invalid_token|error_description=Invalid DPoP key binding|algs=ES256}`, ""},
		{"RFC 9449 §7.2", []string{`Bearer, DPoP algs="ES256 PS256"`}, `Bearer DPoP{algs=ES256 PS256}`, ""},
		{"RFC 9449 §7.2, with parameters", []string{`Bearer error="invalid_token", error_description="Invalid token", DPoP algs="ES256 PS256"`},
			`Bearer{error=invalid_token|error_description=Invalid token} DPoP{algs=ES256 PS256}`, ""},
		{"RFC 9449 §9", []string{`DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof"`},
			`DPoP{error=use_dpop_nonce|error_description=Resource server requires nonce in DPoP proof}`, ""},
		{"RFC 9728 §5.1", []string{`Bearer resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource"`},
			`Bearer{resource_metadata=https://resource.example.com/.well-known/oauth-protected-resource}`, ""},
		{"RFC 9110 §11.6.1", []string{`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`},
			`Basic{realm=simple} Newauth{realm=apps|type=1|title=Login to "apps"}`, ""},
		{"several fields", []string{`Bearer realm="a", scope="x y"`, `DPoP algs="ES256"`, `Negotiate`}, `Bearer{realm=a|scope=x y} DPoP{algs=ES256} Negotiate`, ""},
		{"token68", []string{`Negotiate oYGzMIGw==, Basic realm="b"`}, `Negotiate(oYGzMIGw==) Basic{realm=b}`, ""},
		{"token68 without padding", []string{`NTLM TlRMTVNTUAACAAAA`}, `NTLM(TlRMTVNTUAACAAAA)`, ""},
		{"token68 that looks like a parameter", []string{`Negotiate a=`}, `Negotiate(a=)`, ""},
		{"empty elements", []string{`, ,Bearer ,, realm="a",,scope=b , ,Basic realm=c,`}, `Bearer{realm=a|scope=b} Basic{realm=c}`, ""},
		{"white space around the sign", []string{"Bearer realm = \"a\" ,\tscope\t=\tb"}, `Bearer{realm=a|scope=b}`, ""},
		{"names in any case", []string{`bEARER Realm="A", ERROR="invalid_token"`}, `bEARER{realm=A|error=invalid_token}`, ""},
		{"a comma and a scheme in quotes", []string{`Bearer realm="a, Basic realm=b", scope="c"`}, `Bearer{realm=a, Basic realm=b|scope=c}`, ""},
		{"an empty value", []string{`Bearer realm=""`}, `Bearer{realm=}`, ""},
		{"none", nil, ``, ""},
		{"nothing in it", []string{"", " , "}, ``, ""},

		{"twice in one challenge", []string{`Bearer error="a", Error="b"`}, `Bearer{error=a|error=b}`, "challenge-repeated"},
		{"two realms", []string{`Bearer realm="a", realm="b"`}, `Bearer{realm=a|realm=b}`, "challenge-duplicate-realm"},
		{"the same in two challenges", []string{`Bearer realm="a", Basic realm="a"`}, `Bearer{realm=a} Basic{realm=a}`, ""},
		{"no comma", []string{`Bearer realm="a" error="b"`}, `Bearer{realm=a|error=b}`, "challenge-syntax"},
		{"no comma after a token", []string{`Bearer realm=a error=b`}, `Bearer{realm=a|error=b}`, "challenge-syntax"},
		{"no comma before a scheme", []string{`Bearer realm="a" Basic realm="b"`}, `Bearer{realm=a} Basic{realm=b}`, "challenge-syntax"},
		{"an address without quotes", []string{`Bearer resource_metadata=https://r/.well-known/x?a=b, scope="c"`}, `Bearer{resource_metadata=https://r/.well-known/x?a=b|scope=c}`, "challenge-syntax"},
		{"words without quotes", []string{`Bearer scope=read write, error=insufficient_scope`}, `Bearer{scope=read write|error=insufficient_scope}`, "challenge-syntax"},
		{"no end of the quotes", []string{`Bearer realm="a, scope=b`}, `Bearer{realm=a, scope=b}`, "challenge-syntax"},
		{"no value", []string{`Bearer realm=, scope=b`}, `Bearer(realm=)`, "challenge-syntax"},
		{"no value further on", []string{`Bearer a=b, realm=`}, `Bearer{a=b|realm=}`, "challenge-syntax"},
		{"a parameter alone", []string{`realm="a", Bearer scope="b"`}, `Bearer{scope=b}`, "challenge-syntax"},
		{"a new line ends a challenge", []string{`Bearer realm="a"`, `error="b"`}, `Bearer{realm=a}`, "challenge-syntax"},
		{"no scheme", []string{`"Bearer", Basic realm=x`}, `Basic{realm=x}`, "challenge-syntax"},
		{"JSON", []string{`{"error":"invalid_token"}`}, ``, "challenge-syntax"},
		{"a scheme without a space", []string{`Bearer:realm="a", Basic realm="b"`}, `Bearer Basic{realm=b}`, "challenge-syntax"},
		{"a control character", []string{"Bearer realm=\"a\x1b[1m\""}, "Bearer{realm=a\x1b[1m}", "challenge-syntax"},
	} {
		all, problems := ParseChallenges(c.fields)
		if diff := cmp.Diff(c.want, shown(all)); diff != "" {
			t.Errorf("%s: %q (-want +got)\n%s", c.name, c.fields, diff)
		}
		var got []string
		for _, p := range problems {
			if p.Ref == "" || p.Detail == "" {
				t.Errorf("%s: %+v lacks its section or its words", c.name, p)
			}
			got = append(got, p.ID)
		}
		if s := strings.Join(got, " "); s != c.problems {
			t.Errorf("%s: problems %q, want %q (%v)", c.name, s, c.problems, problems)
		}
	}
}

func TestChallengeIs(t *testing.T) {
	c := Challenge{Scheme: "dpop"}
	if !c.Is("DPoP") || c.Is("Bearer") {
		t.Error("schemes are case-insensitive, and no more than that")
	}
}

// A hostile field costs no more time than its length, and few words.
func TestChallengesAreBounded(t *testing.T) {
	const n = 100_000
	for _, field := range []string{
		"Bearer realm=a" + strings.Repeat(" ", n) + ":", "Bearer a=" + strings.Repeat("a ", n), "Bearer " + strings.Repeat("a", n) + ":",
		"Bearer " + strings.Repeat(" ", n) + "=", strings.Repeat("=,", n), strings.Repeat(`"\`, n), "Bearer " + strings.Repeat("a=b ", n/10),
	} {
		began := time.Now()
		_, problems := ParseChallenges([]string{field})
		if took := time.Since(began); took > 2*time.Second || len(problems) > maxProblems {
			t.Errorf("%.20s…: %v, %d problems", field, took, len(problems))
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	for _, s := range []string{`Bearer realm="a", Basic x==`, `Newauth realm="apps", type=1, title="Login to \"apps\""`, `Bearer a = b c, d="`, `,=,"`} {
		f.Add(s, `DPoP algs="ES256"`)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		all, problems := ParseChallenges([]string{a, b})
		for _, c := range all {
			if c.Scheme == "" || c.Token68 != "" && len(c.Params) > 0 {
				t.Errorf("%q, %q: %+v", a, b, c)
			}
		}
		if len(problems) > 0 || len(all) == 0 {
			return
		}
		// What was read without a problem reads the same when it is written
		// afresh, a line each.
		var lines []string
		for _, c := range all {
			var params []string
			for _, p := range c.Params {
				params = append(params, fmt.Sprintf(`%s="%s"`, p.Name, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.Value)))
			}
			lines = append(lines, c.Scheme+" "+c.Token68+strings.Join(params, ", "))
		}
		again, problems := ParseChallenges(lines)
		if diff := cmp.Diff(all, again); diff != "" || len(problems) > 0 {
			t.Errorf("%q, %q, written as %q: %v\n%s", a, b, lines, problems, diff)
		}
	})
}
