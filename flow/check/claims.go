package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Claims judges the claims of an ID token that are about the person.
func Claims() []flow.Check {
	return []flow.Check{
		{ID: "id-token-claims", Code: "V-ID-30", Spec: "OIDC Core §2, §5.1", Level: trace.Should, At: flow.IDToken, Eval: idTokenClaims},
	}
}

func idTokenClaims(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token.Claims == nil {
		return skip("no readable claims")
	}
	if bad := claimTypes(p.Token.Claims); len(bad) > 0 {
		return warn("claims as OIDC Core §2 and §5.1 have them", fmt.Sprintf("%d that are not", len(bad)), "%s", strings.Join(bad, "; "))
	}
	return ok("")
}

// claimTypes says of each claim that is not of the type or the form that
// OpenID Connect gives it (OIDC Core §2, §5.1).
func claimTypes(o *jose.Object) []string {
	var out []string
	for _, f := range claimFaults(o) {
		out = append(out, f.text)
	}
	return out
}

// A claimFault is a claim that is not what it should be.
type claimFault struct{ name, text string }

// claimSorts are the types of the claims that have one, as %T would not say
// it.
var claimSorts = map[string]string{
	"name": "a string", "given_name": "a string", "family_name": "a string", "middle_name": "a string", "nickname": "a string",
	"preferred_username": "a string", "profile": "a string", "picture": "a string", "website": "a string", "email": "a string",
	"gender": "a string", "birthdate": "a string", "zoneinfo": "a string", "locale": "a string", "phone_number": "a string",
	"email_verified": "a boolean", "phone_number_verified": "a boolean", "updated_at": "a number", "address": "an object",
	"amr": "a list", "acr": "a string", "azp": "a string",
}

func claimFaults(o *jose.Object) []claimFault {
	if o == nil {
		return nil
	}
	var out []claimFault
	for _, m := range o.Members {
		name, _, _ := strings.Cut(m.Name, "#") // a language tag may follow (OIDC Core §5.2)
		want, known := claimSorts[name]
		if !known {
			continue
		}
		text := ""
		if got := kind(m.Value); got != want {
			text = fmt.Sprintf("%s is %s, not %s", m.Name, got, want)
		} else if why := claimForm(name, m.Value); why != "" {
			text = m.Name + " " + why
		}
		if text != "" {
			out = append(out, claimFault{m.Name, text})
		}
	}
	return out
}

// claimForm says what is wrong with a value that is of the right type.
func claimForm(name string, raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // what is no string has no form of one
	switch name {
	case "acr":
		if s == "" {
			return "is empty"
		}
	case "amr":
		var all []any
		if json.Unmarshal(raw, &all) != nil || slices.ContainsFunc(all, func(v any) bool { _, text := v.(string); return !text }) {
			return "is not a list of strings"
		}
	case "address":
		return addressForm(raw)
	case "email":
		if at := strings.LastIndexByte(s, '@'); s != "" && (at < 1 || at == len(s)-1 || strings.ContainsAny(s, " \t\r\n")) {
			return "is not an address of the form local@domain"
		}
	case "birthdate":
		if s != "" && !regexp.MustCompile(`^\d{4}(-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?$`).MatchString(s) {
			return "is neither YYYY-MM-DD nor YYYY"
		}
	case "zoneinfo":
		if s != "" && !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`).MatchString(s) {
			return "is not the name of a time zone, such as Europe/Paris"
		}
	case "locale": // with an underscore too, as OIDC Core §5.1 lets pass
		if s != "" && !regexp.MustCompile(`^[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*$`).MatchString(s) {
			return "is not a language tag, such as en-US"
		}
	}
	return ""
}

// addressForm judges the members of an address (OIDC Core §5.1.1).
func addressForm(raw json.RawMessage) string {
	o, _ := jose.ParseObject(raw)
	for _, name := range []string{"formatted", "street_address", "locality", "region", "postal_code", "country"} {
		if v, there := o.Get(name); there && v[0] != '"' {
			return fmt.Sprintf("has the member %s, which is %s, not a string", name, kind(v))
		}
	}
	return ""
}

// emptyClaims are those that are null or an empty string, and better left out
// (OIDC Core §5.3.2).
func emptyClaims(o *jose.Object) []string {
	var out []string
	for _, m := range o.Members {
		if v := string(m.Value); v == "null" || v == `""` {
			out = append(out, m.Name)
		}
	}
	return out
}

// aboutToken reports whether a claim is about the token that it is in, and not
// about the person.
func aboutToken(name string) bool {
	return slices.Contains([]string{"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "azp", "nonce", "at_hash", "c_hash", "s_hash",
		"auth_time", "acr", "amr", "sid", "typ"}, name)
}

// sameJSON compares two values by what they mean.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
