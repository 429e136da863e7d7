package check

import (
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

const userinfoAlgs = "userinfo_signing_alg_values_supported"

// Userinfo judges what the UserInfo endpoint tells about a person.
func Userinfo() []flow.Check {
	at := flow.Userinfo
	return []flow.Check{
		{ID: "userinfo-sub", Code: "V-UI-01", Spec: "OIDC Core §5.3.2", Level: trace.Must, At: at, Eval: userinfoSub},
		{ID: "userinfo-media-type", Code: "V-UI-03", Spec: "OIDC Core §5.3.2", Level: trace.Must, At: at, Eval: userinfoMediaType},
		{ID: "userinfo-jwt-form", Code: "V-UI-04", Spec: "OIDC Core §5.3.2; RFC 7519 §7.2", Level: trace.Must, At: at, Eval: userinfoForm},
		{ID: "userinfo-jwt-alg", Code: "V-UI-04", Spec: "OIDC Core §5.3.2; OIDC Discovery §3", Level: trace.Must, At: at, Eval: answerAlg(userinfoAlgs)},
		{ID: "userinfo-jwt-signature", Code: "V-UI-04", Spec: "OIDC Core §5.3.4", Level: trace.Must, At: at, Eval: answerSignature(userinfoAlgs)},
		{ID: "userinfo-jwt-iss", Code: "V-UI-04", Spec: "OIDC Core §5.3.2", Level: trace.Must, At: at, Eval: answerIss},
		{ID: "userinfo-jwt-aud", Code: "V-UI-04", Spec: "OIDC Core §5.3.2", Level: trace.Must, At: at, Eval: answerAud},
		{ID: "userinfo-jwt-exp", Code: "V-UI-04", Spec: "RFC 7519 §4.1.4", Level: trace.Must, At: at, Eval: userinfoExp},
		{ID: "userinfo-encrypted", Code: "V-UI-05", Spec: "OIDC Core §5.3.4", Level: trace.Should, At: at, Eval: userinfoEncrypted},
		{ID: "userinfo-claims", Code: "V-UI-06", Spec: "OIDC Core §5.1, §5.3.2", Level: trace.Should, At: at, Eval: userinfoTypes},
		{ID: "userinfo-agrees", Code: "V-UI-07", Spec: "OIDC Core §5.7", Level: trace.Should, At: at, Eval: userinfoAgrees},
		{ID: "userinfo-json", Code: "V-UI-08", Spec: "RFC 8259 §4, §8.1", Level: trace.Must, At: at, Eval: userinfoJSON},
		{ID: "userinfo-not-cached", Code: "V-UI-08", Spec: "RFC 6750 §5.3; OIDC Core §17.1", Level: trace.Should, At: at, Eval: userinfoNotCached},
	}
}

// untold says why an answer has no claims to judge.
func untold(p *flow.Response) (string, bool) {
	if p.Status >= 300 && p.Status < 400 {
		return "not a success", true
	}
	why, fine := judgeable(p)
	return why, !fine
}

// knownPerson is the ID token that says who signed in, and how far it can be
// relied on.
func knownPerson(r *flow.Run) (claims *jose.Object, which string) {
	if t := r.Result.IDToken; t != nil {
		return t.Claims, "the ID token"
	}
	if raw := r.Ask.Values["id_token_hint"]; raw != "" {
		t, _ := r.Unseal(raw)
		return t.Claims, "the ID token given with --id-token-hint, whose signature was not checked here"
	}
	return nil, ""
}

func userinfoSub(r *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	raw, present := p.Object.Get("sub")
	got, text := p.Object.String("sub")
	claims, which := knownPerson(r)
	want, known := claims.String("sub")
	switch {
	case !present || text && got == "":
		return fail("sub", "(none)", "sub is missing: whom the claims are about is not said, so they cannot be used")
	case !text:
		return fail("a string", string(raw), "sub is %s, not a string", kind(raw))
	case which == "":
		return skip("there is no ID token to compare sub with: give one with --id-token-hint")
	case !known:
		return skip("no sub can be read from " + which)
	case got != want:
		return fail(want, got, "sub is not that of %s: the claims are about somebody else and must not be used", which)
	}
	return ok("the sub of %s", which)
}

func userinfoMediaType(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Status >= 300 || p.Form == "empty" || p.String("error") != "" {
		return skip("no claims to judge")
	}
	want := "application/json"
	if p.Form == "jwt" {
		want = "application/jwt"
	}
	got := p.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(got); err != nil || media != want {
		return fail(want, orNone(got), "the answer is declared as %q", got)
	}
	return ok("")
}

func userinfoForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token != nil && foreignType(p.Token.Typ()) {
		return fail("JWT, or none", p.Token.Typ(), "typ %s says that this is another kind of token, not what the UserInfo endpoint tells", p.Token.Typ())
	}
	return answerForm(p, "application/jwt")
}

func userinfoExp(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token == nil || !p.Token.Claims.Has("exp") {
		return skip("no exp in a JWT")
	}
	now := r.Now().Unix()
	if v, bad := noMoment(p.Token.Claims, "exp", now); bad {
		return v
	}
	at, _ := seconds(p.Token.Claims, "exp")
	if at+int64(r.Skew.Seconds()) <= now {
		return fail("after "+unixTime(now), unixTime(at), "the answer expired %d s ago, though it was just asked for: it is an old one", now-at)
	}
	return ok("")
}

// userinfoEncrypted tells of the envelope. Whether the client is registered
// for one cannot be seen from here.
func userinfoEncrypted(r *flow.Run, p *flow.Response) flow.Verdict {
	s := p.Sealed
	if s == nil && p.Status < 300 && slices.ContainsFunc(r.Client.Keys, func(k jose.Private) bool { return k.Use == "enc" }) {
		return warn("an encrypted answer", "one that is not", "what is told about a person is not encrypted, though this client has a key for it: is the key registered (userinfo_encrypted_response_alg)?")
	}
	if s == nil {
		return skip("not encrypted; whether the client is registered for that (userinfo_encrypted_response_alg) cannot be seen from here")
	}
	alg, _ := s.Token.Header.String("alg")
	enc, _ := s.Token.Header.String("enc")
	for _, told := range []struct{ member, value string }{{"userinfo_encryption_alg_values_supported", alg}, {"userinfo_encryption_enc_values_supported", enc}} {
		if listed, lists := r.Server.Lists(told.member, told.value); lists && !listed {
			return warn("one that the metadata list", quoted(told.value), "the answer is encrypted with %s, which %s does not list", quoted(told.value), told.member)
		}
	}
	return ok("encrypted with %s and %s", alg, enc)
}

func userinfoTypes(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	var says []string
	empty := emptyClaims(p.Object)
	if len(empty) > 0 {
		says = append(says, "null or empty, where the claim is to be left out: "+strings.Join(empty, ", "))
	}
	for _, f := range claimFaults(p.Object) {
		if !slices.Contains(empty, f.name) {
			says = append(says, f.text)
		}
	}
	if len(says) > 0 {
		return warn("claims as OIDC Core §5.1 has them", fmt.Sprintf("%d that are not", len(says)), "%s", strings.Join(says, "; "))
	}
	return ok("")
}

func userinfoAgrees(r *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	claims, which := knownPerson(r)
	if claims == nil {
		return skip("there is no ID token to compare with")
	}
	var differ []string
	shared := 0
	for _, m := range p.Object.Members {
		other, both := claims.Get(m.Name)
		if !both || aboutToken(m.Name) {
			continue
		}
		shared++
		if !sameJSON(m.Value, other) {
			differ = append(differ, m.Name)
		}
	}
	switch {
	case len(differ) > 0:
		return warn("the same as in the ID token", strings.Join(differ, ", "), "differs from %s: %s", which, strings.Join(differ, ", "))
	case shared == 0:
		return skip("no claim is in both")
	}
	return ok("the same in both: %d", shared)
}

func userinfoJSON(_ *flow.Run, p *flow.Response) flow.Verdict {
	const want = "one JSON object in UTF-8, each name once, nothing after it"
	switch {
	case p.Status >= 300 || p.Form == "empty" || p.String("error") != "":
		return skip("no claims to judge")
	case p.Token != nil:
		return skip("a JWT: judged by userinfo-jwt-form")
	case p.Truncated:
		return fail(want, "more than "+strconv.Itoa(len(p.Body))+" octets", "the answer is too large")
	case len(p.Problems) > 0:
		return broken(p.Problems, want)
	case p.Object == nil:
		return fail(want, p.Form, "the answer is not a JSON object")
	}
	return ok("")
}

func userinfoNotCached(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, none := untold(p); none {
		return skip(why)
	}
	got := strings.Join(p.Header.Values("Cache-Control"), ", ")
	if !strings.Contains(strings.ToLower(got), "no-store") {
		return warn("Cache-Control: no-store", orNone(got), "what is told about a person may be kept by caches")
	}
	return ok("")
}
