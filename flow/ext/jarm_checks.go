package ext

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// jarmChecks are in the order in which JARM §2.4 has a client look: nothing
// inside is used until all of it holds.
func jarmChecks() []flow.Check {
	at := flow.Authorization
	return []flow.Check{
		{ID: "jarm-form", Code: "V-JM-01", Spec: "JARM §2.1", Level: trace.Must, At: at, Opens: true, Eval: jarmForm},
		{ID: "jarm-encrypted", Code: "V-JM-07", Spec: "JARM §3", Level: trace.Should, At: at, Eval: jarmEncrypted},
		{ID: "jarm-iss", Code: "V-JM-02", Spec: "JARM §2.4", Level: trace.Must, At: at, Opens: true, Eval: jarmIss},
		{ID: "jarm-aud", Code: "V-JM-04", Spec: "JARM §2.4", Level: trace.Must, At: at, Opens: true, Eval: jarmAud},
		{ID: "jarm-exp", Code: "V-JM-05", Spec: "JARM §2.1, §2.4", Level: trace.Must, At: at, Opens: true, Eval: jarmExp},
		{ID: "jarm-alg", Code: "V-JM-03", Spec: "JARM §2.4, §3", Level: trace.Must, At: at, Opens: true, Eval: jarmAlg},
		{ID: "jarm-key", Code: "V-JM-06", Spec: "RFC 8725 §3.11", Level: trace.Must, At: at, Opens: true, Eval: jarmKey},
		{ID: "jarm-signature", Code: "V-JM-02", Spec: "JARM §2.4", Level: trace.Must, At: at, Opens: true, Eval: jarmSignature},
	}
}

// unread says that there is no JWT whose claims could be judged.
func unread(p *flow.Response) (flow.Verdict, bool) {
	switch {
	case p.Token == nil:
		return skip("there is no JWT"), true
	case p.Token.Claims == nil:
		return skip("judged by jarm-form"), true
	}
	return flow.Verdict{}, false
}

func jarmForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	arrived := p.Values
	if p.Arrived != nil {
		arrived = p.Arrived
	}
	if !arrived.Has("response") && !strings.HasSuffix(p.Request.Sent("response_mode"), "jwt") {
		return skip("no JWT was asked for, and none came")
	}
	if slices.Contains(arrived.Repeated(), "response") {
		return fail("response once", "response repeated", "response came more than once: which one is meant cannot be known")
	}
	if !arrived.Has("response") {
		if len(arrived) == 0 {
			return fail("response", "(none)", "the answer has no response parameter, though a JWT was asked for")
		}
		return fail("response", list(arrived), "the answer is not a JWT, though one was asked for: nothing says that the server made it")
	}
	var beside flow.Params
	for _, q := range slices.Concat(arrived, p.Other) {
		if q.Name != "response" && slices.Contains(spoken(), q.Name) {
			beside = append(beside, q)
		}
	}
	switch {
	case len(beside) > 0:
		return fail("response alone", list(beside)+" beside it", "%s stands beside the JWT, where anybody could have put it", list(beside))
	case p.Sealed != nil && p.Sealed.Err != nil:
		return fail("a JWT that this client can decrypt", p.Sealed.Err.Error(), "the answer is encrypted and could not be decrypted: %v", p.Sealed.Err)
	case p.Token == nil || p.Token.Form != jose.FormJWS || p.Token.Claims == nil || p.Token.Header == nil:
		return fail("a signed JWT", "something else", "response is not a signed JWT")
	case len(p.Token.Problems) > 0:
		return fail("a well-formed JWT", p.Token.Problems[0].ID, "the JWT is malformed: %s", p.Token.Problems[0].Detail)
	}
	return pass("response alone, a signed JWT")
}

// spoken are the parameters that an answer without JARM would speak with.
func spoken() []string {
	return []string{"code", "state", "iss", "error", "error_description", "error_uri", "access_token", "token_type", "expires_in", "scope", "id_token", "session_state"}
}

func list(p flow.Params) string {
	var names []string
	for _, q := range p {
		names = append(names, q.Name)
	}
	return strings.Join(names, ", ")
}

func jarmEncrypted(r *flow.Run, p *flow.Response) flow.Verdict {
	switch {
	case p.Token == nil:
		return skip("there is no JWT")
	case p.Sealed != nil && p.Sealed.Plain != nil:
		return pass("encrypted to %s with %s and %s", p.Sealed.Plain.Key, p.Sealed.Plain.Alg, p.Sealed.Plain.Enc)
	}
	for _, k := range r.Client.Keys {
		if k.Use == "enc" {
			return warn("an encrypted JWT", "a signed one", "the answer is not encrypted, though this client has a key for it: whoever sees the address can read it; is the key registered?")
		}
	}
	return skip("no key of this client is for encryption")
}

func jarmIss(r *flow.Run, p *flow.Response) flow.Verdict {
	if v, none := unread(p); none {
		return v
	}
	got, _ := p.Token.Claims.String("iss")
	switch {
	case got == "":
		return fail("iss", "(none)", "the JWT does not say who made it")
	case r.Server.Issuer == "":
		return skip("the issuer is not known")
	case got != r.Server.Issuer:
		return fail(r.Server.Issuer, got, "another server made this answer (mix-up)")
	}
	return pass("")
}

func jarmAud(r *flow.Run, p *flow.Response) flow.Verdict {
	if v, none := unread(p); none {
		return v
	}
	all, _ := p.Token.Claims.Strings("aud")
	got := strings.Join(all, ", ")
	if !slices.Contains(all, r.Client.ID) {
		return fail(r.Client.ID, orNone(got), "the answer was made for another client")
	}
	if others := slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == r.Client.ID || slices.Contains(r.Ask.Trusted, a) }); len(others) > 0 {
		return fail(r.Client.ID, got, "the answer is also meant for others, whom nothing says to trust: %s", strings.Join(others, ", "))
	}
	return pass("")
}

func jarmExp(r *flow.Run, p *flow.Response) flow.Verdict {
	if v, none := unread(p); none {
		return v
	}
	n, number := p.Token.Claims.Number("exp")
	exp, err := n.Float64()
	now, skew := float64(r.Now().Unix()), r.Skew.Seconds()
	early := func(name string) bool {
		n, _ := p.Token.Claims.Number(name)
		at, err := n.Float64()
		return err == nil && at > now+skew
	}
	switch {
	case !number || err != nil:
		return fail("exp, a number of seconds", "(none)", "the JWT does not say when it expires")
	case exp+skew <= now:
		return fail("later than now", fmt.Sprintf("%.0f s ago", now-exp), "the answer expired %.0f s ago", now-exp)
	case early("iat"), early("nbf"):
		return fail("not in the future", "iat or nbf in the future", "the answer is not valid yet: the clocks differ, or it is forged")
	case exp > now+600+skew:
		return warn("at most 10 minutes", fmt.Sprintf("%.0f s", exp-now), "the answer is good for more than 10 minutes: one that leaks can be used that long")
	}
	return pass("")
}

const jarmAlgs = "authorization_signing_alg_values_supported"

func jarmAlg(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token == nil || p.Token.Header == nil {
		return skip("there is no JWT")
	}
	alg := p.Token.Alg()
	listed, told := r.Server.Lists(jarmAlgs, alg)
	switch {
	case strings.EqualFold(alg, "none"):
		return fail("a signature", "alg "+alg, "the answer is not signed: anyone could have written it")
	case told && !listed:
		all, _ := r.Server.Metadata.Strings(jarmAlgs)
		return fail(strings.Join(all, ", "), orNone(alg), "the answer is signed with %s, which the server's metadata do not list", alg)
	case !told && alg != "RS256":
		return warn("RS256", alg, "the answer is signed with %s; where the metadata list nothing, RS256 is the default", alg)
	}
	return pass("")
}

func jarmKey(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token == nil || p.Token.Header == nil {
		return skip("there is no JWT")
	}
	typ := strings.TrimPrefix(strings.ToLower(p.Token.Typ()), "application/")
	if typ != "" && typ != "jwt" && !strings.HasPrefix(typ, "oauth-authz-resp") {
		return fail("JWT, or none", typ, "typ %s says that this is another kind of JWT", typ)
	}
	if reason(p.Signature) == "kid-unknown" || reason(p.Signature) == "kid-missing" {
		return fail("a key of the server", p.Signature.Err.Error(), "the JWT does not name a key that the server publishes")
	}
	return pass("")
}

func jarmSignature(_ *flow.Run, p *flow.Response) flow.Verdict {
	if v, none := unread(p); none {
		return v
	}
	switch s := p.Signature; {
	case s.Key != nil:
		return pass("%s by %s", p.Token.Alg(), s.Key.Kid)
	case s.Unchecked != "" && strings.EqualFold(p.Token.Alg(), "none"):
		return skip("judged by jarm-alg")
	case s.Unchecked != "":
		return fail("a verified signature", "not checked", "the signature could not be checked: %s", s.Unchecked)
	case reason(s) == "kid-unknown", reason(s) == "kid-missing":
		return skip("judged by jarm-key")
	default:
		return fail("a signature by a key of the server", s.Err.Error(), "the signature is not by any key that the server publishes: the answer is forged or changed")
	}
}

// reason is why no key was found.
func reason(s *flow.Signature) string {
	if s == nil {
		return ""
	}
	if selection := asSelection(s.Err); selection != nil {
		return selection.Reason
	}
	return ""
}

func asSelection(err error) *jose.SelectError {
	var selection *jose.SelectError
	if errors.As(err, &selection) {
		return selection
	}
	return nil
}
