package check

import (
	"mime"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

const (
	introspectionAlgs = "introspection_signing_alg_values_supported"
	introspectionJWT  = "application/token-introspection+jwt"
)

// Introspection judges what the server says of a token.
func Introspection() []flow.Check {
	at, code := flow.Introspection, "V-IN-01"
	return []flow.Check{
		{ID: "introspection-media-type", Code: code, Spec: "RFC 7662 §2.2; RFC 9701 §5", Level: trace.Must, At: at, Eval: introspectionMediaType},
		{ID: "introspection-json", Code: code, Spec: "RFC 8259 §4, §8.1", Level: trace.Must, At: at, Eval: introspectionJSON},
		{ID: "introspection-active", Code: code, Spec: "RFC 7662 §2.2", Level: trace.Must, At: at, Eval: introspectionActive},
		{ID: "introspection-inactive", Code: code, Spec: "RFC 7662 §2.2", Level: trace.Should, At: at, Eval: introspectionInactive},
		{ID: "introspection-times", Code: code, Spec: "RFC 7662 §2.2, §4", Level: trace.Must, At: at, Eval: introspectionTimes},
		{ID: "introspection-types", Code: code, Spec: "RFC 7662 §2.2", Level: trace.Must, At: at, Eval: introspectionTypes},
		{ID: "introspection-jwt-asked", Code: code, Spec: "RFC 9701 §4", Level: trace.Should, At: at, Eval: introspectionAsked},
		{ID: "introspection-jwt-form", Code: code, Spec: "RFC 9701 §5", Level: trace.Must, At: at, Eval: introspectionForm},
		{ID: "introspection-jwt-typ", Code: code, Spec: "RFC 9701 §5", Level: trace.Must, At: at, Eval: introspectionTyp},
		{ID: "introspection-jwt-alg", Code: code, Spec: "RFC 9701 §7", Level: trace.Must, At: at, Eval: answerAlg(introspectionAlgs)},
		{ID: "introspection-jwt-signature", Code: code, Spec: "RFC 9701 §5", Level: trace.Must, At: at, Eval: answerSignature(introspectionAlgs)},
		{ID: "introspection-jwt-iss", Code: code, Spec: "RFC 9701 §5", Level: trace.Must, At: at, Eval: answerIss},
		{ID: "introspection-jwt-aud", Code: code, Spec: "RFC 9701 §5", Level: trace.Must, At: at, Eval: answerAud},
	}
}

func introspectionMediaType(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Status >= 300 || p.Form == "empty" || p.String("error") != "" {
		return skip("not a success")
	}
	want := "application/json"
	if p.Form == "jwt" {
		want = introspectionJWT
	}
	got := p.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(got); err != nil || media != want {
		return fail(want, orNone(got), "the answer is declared as %q", got)
	}
	return ok("")
}

func introspectionJSON(_ *flow.Run, p *flow.Response) flow.Verdict {
	const want = "one JSON object in UTF-8, each name once, nothing after it"
	switch {
	case p.Status >= 300 || p.String("error") != "":
		return skip("not a success")
	case p.Form == "jwt":
		return skip("a JWT: judged by introspection-jwt-form")
	case p.Form != "json":
		return fail(want, p.Form, "the answer is not a JSON object")
	case len(p.Problems) > 0:
		return broken(p.Problems, want)
	}
	return ok("")
}

func introspectionActive(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	raw, present := p.Object.Get("active")
	switch {
	case !present:
		return fail("active", "(none)", "active is missing: whether the token can be used is not said")
	case kind(raw) != "a boolean":
		return fail("true or false", string(raw), "active is %s, not a boolean", kind(raw))
	}
	return ok("")
}

// introspectionInactive holds an answer about a token that is not active to
// say no more than that.
func introspectionInactive(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	if raw, _ := p.Object.Get("active"); string(raw) != "false" {
		return skip("not inactive")
	}
	var beside []string
	for _, name := range p.Object.Names() {
		if name != "active" {
			beside = append(beside, name)
		}
	}
	if len(beside) > 0 {
		return warn("active alone", strings.Join(beside, ", "), "the token is not active, and still the server tells about it: %s; none of it may be relied on", strings.Join(beside, ", "))
	}
	return ok("")
}

func introspectionTimes(r *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	if raw, _ := p.Object.Get("active"); string(raw) != "true" {
		return skip("not active")
	}
	now, skew := r.Now().Unix(), int64(r.Skew.Seconds())
	for _, name := range []string{"exp", "nbf", "iat"} {
		if !p.Object.Has(name) {
			continue
		}
		if v, bad := noMoment(p.Object, name, now); bad {
			return v
		}
		at, _ := seconds(p.Object, name)
		switch {
		case name == "exp" && at+skew <= now:
			return fail("after "+unixTime(now), unixTime(at), "the token is said to be active, and expired %d s ago", now-at)
		case name == "nbf" && at > now+skew:
			return fail("not after "+unixTime(now), unixTime(at), "the token is said to be active, and not to be used for another %d s", at-now)
		case name == "iat" && at > now+skew:
			return warn("not after "+unixTime(now), unixTime(at), "the token was issued %d s in the future: the clocks differ", at-now)
		}
	}
	if !p.Object.Has("exp") {
		return skip("no exp")
	}
	return ok("")
}

func introspectionTypes(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	for _, m := range p.Object.Members {
		want := map[string]string{
			"scope": "a string", "client_id": "a string", "username": "a string", "token_type": "a string", "sub": "a string",
			"iss": "a string", "jti": "a string", "cnf": "an object", "authorization_details": "a list", "acr": "a string", "auth_time": "a number",
		}[m.Name]
		if want != "" && kind(m.Value) != want {
			return fail(want, kind(m.Value), "%s is %s, not %s", m.Name, kind(m.Value), want)
		}
	}
	if _, fine := p.Object.Strings("aud"); p.Object.Has("aud") && !fine {
		return fail("a string, or a list of strings", "something else", "aud is neither a string nor a list of strings")
	}
	return ok("")
}

func introspectionAsked(_ *flow.Run, p *flow.Response) flow.Verdict {
	asked := strings.Contains(p.Request.Headers.Get("Accept"), introspectionJWT)
	switch {
	case p.Status >= 300 || p.String("error") != "":
		return skip("not a success")
	case asked && p.Form != "jwt":
		return warn(introspectionJWT, p.Form, "a JWT was asked for, and none came: nothing proves to a third party what the server said")
	case !asked && p.Form == "jwt":
		return ok("a JWT came without having been asked for: the client may be registered for it (introspection_signed_response_alg)")
	}
	return ok("")
}

func introspectionForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	v := answerForm(p, introspectionJWT)
	switch {
	case v.Outcome != trace.Pass:
		return v
	case p.Token == nil:
		return fail("a signed JWT", "not signed", "the answer is encrypted and not signed, and RFC 9701 §5 wants a signature")
	case p.Object == nil:
		return fail("token_introspection, an object", "something else", "the JWT has no token_introspection, where the answer has to be")
	}
	return v
}

func introspectionTyp(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token == nil || p.Token.Header == nil {
		return skip("not a readable JWT")
	}
	got := strings.TrimPrefix(strings.ToLower(p.Token.Typ()), "application/")
	if got != "token-introspection+jwt" {
		return fail("token-introspection+jwt", orNone(p.Token.Typ()), "typ does not say that this is an introspection response: it could be taken for another kind of token, or the other way round")
	}
	return ok("")
}
