package check

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Introspected compares a token that is a JWT with what the server says of it.
func Introspected() []flow.Check {
	return []flow.Check{
		{ID: "introspection-agrees", Code: "V-AT-08", Spec: "RFC 7662 §2.2; RFC 9068 §2.2", Level: trace.Should, At: flow.Introspection, Eval: introspectionAgrees},
	}
}

func introspectionAgrees(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	claims := jose.Decode(p.Request.Meant.Get("token")).Claims
	if active, _ := p.Object.Get("active"); string(active) != "true" || claims == nil {
		return skip("no active token that can be read")
	}
	var differ []string
	for _, name := range []string{"iss", "sub", "aud", "client_id", "scope", "exp", "iat", "nbf", "jti", "acr", "auth_time"} {
		if claims.Has(name) && p.Object.Has(name) && !sameClaim(claims, p.Object, name) {
			differ = append(differ, name)
		}
	}
	if len(differ) > 0 {
		return warn("the same in both", strings.Join(differ, ", "), "the server says something else than the token itself: %s", strings.Join(differ, ", "))
	}
	return ok("")
}

// sameClaim compares lists of audiences and of scopes as sets.
func sameClaim(a, b *jose.Object, name string) bool {
	set := func(o *jose.Object) ([]string, bool) {
		all, list := o.Strings(name)
		if name == "scope" && len(all) == 1 {
			all = strings.Fields(all[0])
		}
		slices.Sort(all)
		return slices.Compact(all), list
	}
	if x, list := set(a); list && (name == "aud" || name == "scope") {
		y, also := set(b)
		return also && slices.Equal(x, y)
	}
	x, _ := a.Get(name)
	y, _ := b.Get(name)
	return sameJSON(x, y)
}

// readable reports whether a value is the base64 of text.
func readable(s string) bool {
	b, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "=")))
	return err == nil && len(b) >= 8 && utf8.Valid(b) && !strings.ContainsFunc(string(b), func(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' || r > 0x7e })
}
