package check

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// IDToken judges an ID token, form first, then signature, then claims.
func IDToken() []flow.Check {
	at := flow.IDToken
	return []flow.Check{
		{ID: "id-token-form", Code: "V-ID-01", Spec: "RFC 7515 §3, §7.1", Level: trace.Must, At: at, Eval: tokenForm},
		{ID: "id-token-json", Code: "V-ID-02", Spec: "RFC 7515 §4; RFC 7519 §4", Level: trace.Must, At: at, Eval: tokenObjects},
		{ID: "id-token-crit", Code: "V-ID-03", Spec: "RFC 7515 §4.1.11", Level: trace.Must, At: at, Eval: crit},
		{ID: "id-token-typ", Code: "V-ID-04", Spec: "RFC 8725 §3.11", Level: trace.Must, At: at, Eval: typ},
		{ID: "id-token-header-keys", Code: "V-ID-05", Spec: "RFC 8725 §3.10; OIDC Core §2", Level: trace.Must, At: at, Eval: headerKeys},
		{ID: "id-token-alg", Code: "V-ID-07", Spec: "OIDC Core §3.1.3.7-7", Level: trace.Must, At: at, Eval: algListed},
		{ID: "id-token-signed", Code: "V-ID-08", Spec: "OIDC Core §3.1.3.7-6", Level: trace.Must, At: at, Eval: algNone},
		{ID: "id-token-mac", Code: "V-ID-09", Spec: "OIDC Core §3.1.3.7-8", Level: trace.Must, At: at, Eval: macAllowed},
		{ID: "id-token-signature", Code: "V-ID-10", Spec: "OIDC Core §3.1.3.7-6", Level: trace.Must, At: at, Eval: signature},
		{ID: "id-token-kid", Code: "V-ID-11", Spec: "OIDC Core §10.1", Level: trace.Must, At: at, Eval: kidNamed},
		{ID: "id-token-kid-known", Code: "V-ID-12", Spec: "OIDC Core §10.1.1", Level: trace.Must, At: at, Eval: kidKnown},
		{ID: "id-token-iss", Code: "V-ID-14", Spec: "OIDC Core §3.1.3.7-2", Level: trace.Must, At: at, Eval: iss},
		{ID: "id-token-aud", Code: "V-ID-15", Spec: "OIDC Core §3.1.3.7-3", Level: trace.Must, At: at, Eval: aud},
		{ID: "id-token-azp", Code: "V-ID-16", Spec: "OIDC Core §3.1.3.7-4", Level: trace.Should, At: at, Eval: azp},
		{ID: "id-token-exp", Code: "V-ID-17", Spec: "OIDC Core §3.1.3.7-9", Level: trace.Must, At: at, Eval: exp},
		{ID: "id-token-iat", Code: "V-ID-18", Spec: "OIDC Core §2, §3.1.3.7-10", Level: trace.Must, At: at, Eval: iat},
		{ID: "id-token-nbf", Code: "V-ID-19", Spec: "RFC 7519 §4.1.5", Level: trace.Must, At: at, Eval: nbf},
		{ID: "id-token-acr", Code: "V-ID-21", Spec: "OIDC Core §3.1.3.7-12", Level: trace.Should, At: at, Eval: acr},
		{ID: "id-token-auth_time", Code: "V-ID-22", Spec: "OIDC Core §3.1.3.7-13", Level: trace.Must, At: at, Eval: authTime},
		{ID: "id-token-sub", Code: "V-ID-23", Spec: "OIDC Core §2", Level: trace.Must, At: at, Eval: sub},
		{ID: "id-token-at_hash", Code: "V-ID-24", Spec: "OIDC Core §3.1.3.8", Level: trace.Must, At: at, Eval: atHash},
		{ID: "id-token-c_hash", Code: "V-ID-25", Spec: "OIDC Core §3.3.2.11", Level: trace.Must, At: at, Eval: cHash},
		{ID: "id-token-twins", Code: "V-ID-27", Spec: "OIDC Core §3.3.3.6", Level: trace.Must, At: at, Eval: twins},
		{ID: "id-token-not-event", Code: "V-ID-29", Spec: "OIDC Back-Channel Logout §2.4; RFC 8417", Level: trace.Must, At: at, Eval: noEvents},
	}
}

// ofJSON tells problems of the two JSON objects from problems of the form.
func ofJSON(p jose.Problem) bool {
	return strings.HasPrefix(p.ID, "jwt-header-") || strings.HasPrefix(p.ID, "jwt-claims-")
}

func tokenForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token.Form == "JWE" {
		return fail("a signed JWT", "an encrypted one", "the ID token is encrypted, and this client has given no key to decrypt it")
	}
	bad := slices.DeleteFunc(slices.Clone(p.Token.Problems), ofJSON)
	if len(bad) > 0 {
		return broken(bad, "three segments of unpadded base64url")
	}
	return ok("")
}

func tokenObjects(_ *flow.Run, p *flow.Response) flow.Verdict {
	bad := slices.DeleteFunc(slices.Clone(p.Token.Problems), func(q jose.Problem) bool { return !ofJSON(q) })
	if len(bad) > 0 {
		return broken(bad, "two JSON objects, each name once")
	}
	return ok("")
}

func crit(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Token.Header.Get("crit")
	if !present {
		return ok("")
	}
	return fail("no crit, or extensions that are understood", string(raw), "the header names critical extensions that are not understood: the token must be refused")
}

// foreignType reports whether a typ is that of a JWT which is something else
// than an ID token.
func foreignType(typ string) bool {
	kind, jwt := strings.CutSuffix(strings.TrimPrefix(strings.ToLower(typ), "application/"), "+jwt")
	others := []string{"at", "logout", "dpop", "secevent", "token-introspection", "client-authentication", "statuslist", "txntoken"}
	return jwt && (slices.Contains(others, kind) || strings.HasPrefix(kind, "oauth-"))
}

func typ(_ *flow.Run, p *flow.Response) flow.Verdict {
	if t := p.Token.Typ(); foreignType(t) {
		return fail("JWT, or none", t, "typ %s says that this is another kind of token, not an ID token", t)
	}
	return ok("")
}

func headerKeys(_ *flow.Run, p *flow.Response) flow.Verdict {
	for _, name := range []string{"jwk", "jku", "x5u", "x5c"} {
		if _, present := p.Token.Header.Get(name); present {
			if s := p.Signature; s != nil && s.Key != nil {
				return warn("no key in the header", name, "the header brings or points to a key of its own (%s); it was not used, the server's published key verified the token", name)
			}
			return fail("no key in the header", name, "the header brings or points to a key of its own (%s): it was not used, and anyone could have put it there", name)
		}
	}
	return ok("")
}

func algListed(r *flow.Run, p *flow.Response) flow.Verdict {
	alg := p.Token.Alg()
	listed, told := r.Server.Lists("id_token_signing_alg_values_supported", alg)
	switch {
	case p.Token.Header == nil:
		return skip("no readable header")
	case !told:
		return skip("the metadata do not list algorithms")
	case !listed:
		all, _ := r.Server.Metadata.Strings("id_token_signing_alg_values_supported")
		return fail(strings.Join(all, ", "), quoted(alg), "the ID token is signed with %s, which the server's metadata do not list", alg)
	}
	return ok("%s is an algorithm that the metadata list", alg)
}

func algNone(_ *flow.Run, p *flow.Response) flow.Verdict {
	if strings.EqualFold(p.Token.Alg(), "none") {
		return fail("a signature", "alg "+p.Token.Alg(), "the ID token is not signed: anyone could have written it")
	}
	return ok("")
}

func macAllowed(r *flow.Run, p *flow.Response) flow.Verdict {
	alg := p.Token.Alg()
	size := map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}[alg]
	switch {
	case !strings.HasPrefix(alg, "HS"):
		return skip("not a MAC")
	case r.Client.Secret == "":
		return fail("a signature by the server's private key", alg, "the ID token carries a MAC, which needs a shared secret; this client has none, so it is keyed with something public or forged")
	case p.Signature.Err != nil:
		return fail("a MAC keyed with the client secret", "another MAC", "the MAC was not made with this client's secret: %v", p.Signature.Err)
	case len(r.Client.Secret) < size:
		return warn(fmt.Sprintf("at least %d octets", size), fmt.Sprintf("%d octets", len(r.Client.Secret)), "the client secret is shorter than %s asks for (RFC 7518 §3.2)", alg)
	}
	return ok("")
}

// unsupported is an alg that is registered, and that this tool cannot check.
func unsupported(err error) bool {
	var refused *jose.VerifyError
	var selection *jose.SelectError
	return errors.As(err, &refused) && refused.Reason == "alg-unsupported" || errors.As(err, &selection) && selection.Reason == "alg-unsupported"
}

// told reports whether the server's metadata announce an alg. One that they do
// not announce, and that cannot be checked, is the easiest to forge with.
func told(r *flow.Run, alg string) bool {
	listed, _ := r.Server.Lists("id_token_signing_alg_values_supported", alg)
	return listed
}

func signature(r *flow.Run, p *flow.Response) flow.Verdict {
	s := p.Signature
	var refused *jose.VerifyError
	var selection *jose.SelectError
	switch {
	case s.Key != nil && s.Key.Kty == "oct":
		return skip("a MAC: judged by id-token-mac")
	case s.Key != nil:
		return ok("%s by %s", p.Token.Alg(), keyName(s.Key))
	case s.Unchecked != "" && (p.Token.Form != "JWS" || strings.HasPrefix(p.Token.Alg(), "HS") || strings.EqualFold(p.Token.Alg(), "none")):
		return skip(s.Unchecked)
	case s.Unchecked != "":
		return warn("a verified signature", "not checked", "%s", s.Unchecked)
	case errors.As(s.Err, &selection) && (selection.Reason == "kid-missing" || selection.Reason == "kid-unknown"):
		return skip("judged by id-token-kid and id-token-kid-known")
	case unsupported(s.Err) && told(r, p.Token.Alg()):
		return warn("a verified signature", "not checked", "this tool cannot check %s; TLS from the token endpoint is all there is to go by (OIDC Core §3.1.3.7-6)", p.Token.Alg())
	case errors.As(s.Err, &refused) && (refused.Reason == "malformed" || refused.Reason == "crit" || refused.Reason == "alg-hmac"):
		return skip("judged by the checks of its form")
	}
	return fail("a signature by a key of the issuer", s.Err.Error(), "the signature is not by any key that the server publishes: the token is forged or changed")
}

func keyName(k *jose.Key) string {
	if k.Kid == "" {
		return "the only fitting key"
	}
	return "key " + k.Kid
}

func kidNamed(_ *flow.Run, p *flow.Response) flow.Verdict {
	var selection *jose.SelectError
	_, named := p.Token.Kid()
	switch {
	case errors.As(p.Signature.Err, &selection) && selection.Reason == "kid-missing":
		return fail("kid", "(none)", "%s", selection.Detail)
	case p.Signature.Key == nil || p.Signature.Key.Kty == "oct":
		return skip("no key was chosen")
	case !named:
		return warn("kid", "(none)", "the header has no kid; there was only one fitting key")
	}
	return ok("")
}

func kidKnown(_ *flow.Run, p *flow.Response) flow.Verdict {
	var selection *jose.SelectError
	switch {
	case errors.As(p.Signature.Err, &selection) && selection.Reason == "kid-unknown":
		return fail("a kid of the key set", "another kid", "%s, not even after fetching the key set again", selection.Detail)
	case p.Signature.Refetched:
		return ok("the key was found when the key set was fetched again: it was rotated")
	case p.Signature.Key == nil:
		return skip("no key was chosen")
	}
	return ok("")
}

func iss(r *flow.Run, p *flow.Response) flow.Verdict {
	got, text := p.Token.Claims.String("iss")
	switch {
	case p.Token.Claims == nil:
		return skip("no readable claims")
	case r.Server.Issuer == "":
		return skip("the issuer is not known")
	case !text || got != r.Server.Issuer:
		return fail(r.Server.Issuer, orNone(got), "iss is not the issuer that was asked")
	}
	return ok("")
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func aud(r *flow.Run, p *flow.Response) flow.Verdict {
	all, fine := p.Token.Claims.Strings("aud")
	got := strings.Join(all, ", ")
	switch {
	case p.Token.Claims == nil:
		return skip("no readable claims")
	case !fine || !slices.Contains(all, r.Client.ID):
		return fail(r.Client.ID, orNone(got), "the ID token was made for someone else")
	}
	others := slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == r.Client.ID || slices.Contains(r.Ask.Trusted, a) })
	if len(others) > 0 {
		return fail(r.Client.ID, got, "the ID token is also meant for others, whom nothing says to trust: %s", strings.Join(others, ", "))
	}
	return ok("")
}

func azp(r *flow.Run, p *flow.Response) flow.Verdict {
	got, present := p.Token.Claims.String("azp")
	if all, _ := p.Token.Claims.Strings("aud"); !present && len(all) > 1 {
		return warn("azp", "(none)", "there are several audiences, and no azp says to whom the token was issued")
	}
	if present && got != r.Client.ID {
		return warn(r.Client.ID, got, "azp names another client as the one that the token was issued to")
	}
	return ok("")
}

// seconds is a NumericDate that is a whole number (RFC 7519 §2).
func seconds(o *jose.Object, name string) (int64, bool) {
	n, number := o.Number(name)
	if !number {
		return 0, false
	}
	if s, err := n.Int64(); err == nil {
		return s, true
	}
	f, err := n.Float64()
	return int64(f), err == nil
}

// present says that a time claim is missing or not a number.
func notATime(o *jose.Object, name string) (flow.Verdict, bool) {
	raw, present := o.Get(name)
	if !present {
		return fail("a time", "(none)", "%s is missing", name), true
	}
	if _, number := o.Number(name); !number {
		return fail("a number of seconds since 1970", string(raw), "%s is %s, not a number", name, kind(raw)), true
	}
	return flow.Verdict{}, false
}

const fiftyYears = 50 * year

func exp(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token.Claims == nil {
		return skip("no readable claims")
	}
	if v, bad := notATime(p.Token.Claims, "exp"); bad {
		return v
	}
	at, _ := seconds(p.Token.Claims, "exp")
	from, _ := seconds(p.Token.Claims, "iat")
	now := r.Now().Unix()
	switch {
	case at > now+fiftyYears:
		return fail("seconds since 1970", strconv.FormatInt(at, 10), "exp is more than 50 years ahead: milliseconds instead of seconds?")
	case at+int64(r.Skew.Seconds()) <= now:
		return fail("after "+unixTime(now), unixTime(at), "the ID token expired %d s ago", now-at)
	case from != 0 && at <= from:
		return fail("after iat", unixTime(at), "exp is not after iat")
	case at > now+24*3600:
		return warn("a few minutes to hours", unixTime(at), "the ID token is good for more than a day")
	}
	return ok("")
}

func iat(r *flow.Run, p *flow.Response) flow.Verdict {
	if p.Token.Claims == nil {
		return skip("no readable claims")
	}
	if v, bad := notATime(p.Token.Claims, "iat"); bad {
		return v
	}
	at, _ := seconds(p.Token.Claims, "iat")
	now := r.Now().Unix()
	switch {
	case at > now+int64(r.Skew.Seconds()):
		return fail("not after "+unixTime(now), unixTime(at), "the ID token was issued %d s in the future: the clocks differ, or it is forged", at-now)
	case at < now-600-int64(r.Skew.Seconds()):
		return warn("in the last 10 minutes", unixTime(at), "the ID token is %d s old, though it was just asked for", now-at)
	}
	return ok("")
}

func nbf(r *flow.Run, p *flow.Response) flow.Verdict {
	if _, present := p.Token.Claims.Get("nbf"); !present {
		return skip("no nbf")
	}
	if v, bad := notATime(p.Token.Claims, "nbf"); bad {
		return v
	}
	at, _ := seconds(p.Token.Claims, "nbf")
	if now := r.Now().Unix(); at > now+int64(r.Skew.Seconds()) {
		return fail("not after "+unixTime(now), unixTime(at), "the ID token is not valid for another %d s", at-now)
	}
	return ok("")
}

func acr(r *flow.Run, p *flow.Response) flow.Verdict {
	want := strings.Fields(r.Asked(flow.Authorization).Sent("acr_values"))
	got, _ := p.Token.Claims.String("acr")
	switch {
	case len(want) == 0:
		return skip("acr_values was not sent")
	case !slices.Contains(want, got):
		return warn(strings.Join(want, " "), orNone(got), "the sign-in was not of a class that was asked for")
	}
	return ok("")
}

func authTime(r *flow.Run, p *flow.Response) flow.Verdict {
	asked := r.Asked(flow.Authorization).Sent("max_age")
	limit, err := strconv.ParseInt(asked, 10, 64)
	_, present := p.Token.Claims.Get("auth_time")
	if !present && asked == "" {
		return skip("max_age was not sent")
	}
	if v, bad := notATime(p.Token.Claims, "auth_time"); bad {
		return v
	}
	at, _ := seconds(p.Token.Claims, "auth_time")
	now := r.Now().Unix()
	switch {
	case asked == "" || err != nil:
		return ok("")
	case now-at > limit+int64(r.Skew.Seconds()):
		return fail("at most "+asked+" s ago", fmt.Sprintf("%d s ago", now-at), "the person signed in longer ago than max_age allows")
	}
	return ok("")
}

func sub(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Token.Claims.Get("sub")
	s, text := p.Token.Claims.String("sub")
	switch {
	case p.Token.Claims == nil:
		return skip("no readable claims")
	case !present:
		return fail("sub", "(none)", "sub is missing: the token does not say who signed in")
	case !text:
		return fail("a string", string(raw), "sub is %s, not a string", kind(raw))
	case s == "" || len(s) > 255 || strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e || r < 0x20 }):
		return fail("1 to 255 ASCII characters", quoted(s), "sub is not 1 to 255 ASCII characters")
	}
	return ok("")
}

func atHash(_ *flow.Run, p *flow.Response) flow.Verdict {
	access, _ := p.Carrier.Object.String("access_token")
	front := p.Carrier.Request.Endpoint == flow.Authorization
	_, present := p.Token.Claims.Get("at_hash")
	switch {
	case access == "":
		return skip("no access token beside it")
	case !present && front:
		return fail("at_hash", "(none)", "at_hash is missing, and must be there when an access token comes through the browser beside the ID token")
	case !present:
		return skip("no at_hash: optional from the token endpoint")
	}
	return halfHash(p, "at_hash", access, "the access token")
}

// cHash ties a code that came through the browser to the ID token beside it.
func cHash(_ *flow.Run, p *flow.Response) flow.Verdict {
	code, _ := p.Carrier.Object.String("code")
	_, present := p.Token.Claims.Get("c_hash")
	switch {
	case code == "", p.Carrier.Request.Endpoint != flow.Authorization:
		return skip("no code beside it")
	case !present:
		return fail("c_hash", "(none)", "c_hash is missing, and must be there when a code comes through the browser beside the ID token")
	}
	return halfHash(p, "c_hash", code, "the code")
}

func halfHash(p *flow.Response, claim, value, what string) flow.Verdict {
	got, _ := p.Token.Claims.String(claim)
	crv := ""
	if p.Signature.Key != nil {
		crv = p.Signature.Key.Crv
	}
	want, err := jose.HalfHash(p.Token.Alg(), crv, value)
	switch {
	case err != nil:
		return skip("alg " + p.Token.Alg() + " has no hash: " + err.Error())
	case got != want:
		return fail(want, orNone(got), "%s does not fit %s: the two were not issued together", claim, what)
	}
	return ok("")
}

// twins compares the ID token from the token endpoint with the one that came
// through the browser.
func twins(r *flow.Run, p *flow.Response) flow.Verdict {
	front := r.Result.Front
	if front == nil || p.Carrier.Request.Endpoint != flow.Token {
		return skip("there is one ID token only")
	}
	for _, claim := range []string{"iss", "sub", "nonce"} {
		want, _ := front.Claims.String(claim)
		got, _ := p.Token.Claims.String(claim)
		if got != want {
			return fail(want, orNone(got), "the two ID tokens of this run differ in %s", claim)
		}
	}
	return ok("")
}

func noEvents(_ *flow.Run, p *flow.Response) flow.Verdict {
	if _, present := p.Token.Claims.Get("events"); present {
		return fail("no events", "events", "an events claim makes this a logout token or a security event, not an ID token")
	}
	return ok("")
}
