package check

import (
	"encoding/json"
	"fmt"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// TokenResponse judges a token endpoint's answer.
func TokenResponse() []flow.Check {
	at := flow.Token
	return []flow.Check{
		{ID: "token-status", Code: "V-TR-01", Spec: "RFC 6749 §5.1", Level: trace.Must, At: at, Eval: tokenStatus},
		{ID: "token-media-type", Code: "V-TR-02", Spec: "RFC 6749 §5.1", Level: trace.Must, At: at, Eval: tokenMediaType},
		{ID: "token-not-cached", Code: "V-TR-03", Spec: "RFC 6749 §5.1", Level: trace.Must, At: at, Eval: tokenNotCached},
		{ID: "token-json", Code: "V-TR-04", Spec: "RFC 8259 §4, §8.1", Level: trace.Must, At: at, Eval: tokenJSON},
		{ID: "access-token", Code: "V-TR-05", Spec: "RFC 6749 §5.1", Level: trace.Must, At: at, Eval: accessToken},
		{ID: "access-token-sendable", Code: "V-TR-06", Spec: "RFC 6750 §2.1", Level: trace.Should, At: at, Eval: accessTokenSendable},
		{ID: "token-type", Code: "V-TR-07", Spec: "RFC 6749 §5.1, §7.1", Level: trace.Must, At: at, Eval: tokenType},
		{ID: "expires-in", Code: "V-TR-09", Spec: "RFC 6749 §5.1", Level: trace.Must, At: at, Eval: expiresIn},
		{ID: "expires-in-present", Code: "V-TR-10", Spec: "RFC 6749 §5.1", Level: trace.Should, At: at, Eval: expiresInPresent},
		{ID: "scope-form", Code: "V-TR-11", Spec: "RFC 6749 §3.3", Level: trace.Should, At: at, Eval: scopeForm},
		{ID: "scope-granted", Code: "V-TR-12", Spec: "RFC 6749 §3.3, §5.1", Level: trace.Must, At: at, Eval: scopeGranted},
		{ID: "issued-token-type", Code: "V-TR-17", Spec: "RFC 8693 §2.2.1", Level: trace.Must, At: at, Eval: issuedTokenType},
		{ID: "id-token-present", Code: "V-TR-13", Spec: "OIDC Core §3.1.3.3", Level: trace.Must, At: at, Eval: idTokenPresent},
		{ID: "refresh-token", Code: "V-TR-14", Spec: "RFC 6749 §5.1", Level: trace.Should, At: at, Eval: refreshToken},
		{ID: "tokens-differ", Code: "V-TR-15", Spec: "RFC 6749 §1.4, §1.5", Level: trace.Must, At: at, Eval: tokensDiffer},
		{ID: "unknown-members", Code: "V-TR-19", Spec: "RFC 6749 §5.1", Level: trace.May, At: at, Eval: unknownMembers},
		{ID: "token-error", Code: "V-TR-21", Spec: "RFC 6749 §5.2", Level: trace.Should, At: at, Eval: tokenError},
		{ID: "secrets-not-echoed", Code: "V-TR-23", Spec: "RFC 6749 §10.3", Level: trace.Should, At: at, Eval: notEchoed},
		{ID: "lifetime-agrees", Code: "V-TR-25", Spec: "RFC 6749 §5.1; RFC 9068 §2.2", Level: trace.Should, At: at, Eval: lifetimeAgrees},
	}
}

func refused(p *flow.Response) bool { return p.String("error") != "" || p.Status >= 400 }

// judgeable says why the members of an answer cannot be judged.
func judgeable(p *flow.Response) (string, bool) {
	switch {
	case refused(p):
		return "not a success", false
	case p.Object == nil, slices.Contains(ids(p.Problems), "json-syntax"):
		return "there are no members to judge", false
	}
	return "", true
}

func tokenStatus(_ *flow.Run, p *flow.Response) flow.Verdict {
	got := fmt.Sprintf("%d %s", p.Status, http.StatusText(p.Status))
	switch {
	case p.Status >= 400, p.String("error") != "":
		return skip("not a success")
	case p.Status >= 300:
		return fail("200 OK", got, "the token request was answered with a redirect to %q", p.Header.Get("Location"))
	case p.Status != http.StatusOK:
		return fail("200 OK", got, "a success is answered with 200")
	}
	return ok("")
}

// trouble is a status that says that the server, or something before it, is
// not well: what it says then is no token response.
func trouble(p *flow.Response) bool {
	return p.Status >= 500 || p.Status == http.StatusTooManyRequests
}

func tokenMediaType(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Status >= 300 && p.Status < 400 || p.Form == "empty" || trouble(p) {
		return skip("no body to judge")
	}
	got := p.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(got); err != nil || media != "application/json" {
		return fail("application/json", got, "the answer is declared as %q", got)
	}
	return ok("")
}

func tokenNotCached(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	got := strings.Join(p.Header.Values("Cache-Control"), ", ")
	if !strings.Contains(strings.ToLower(got), "no-store") {
		return fail("Cache-Control: no-store", "Cache-Control: "+got, "an answer with a token may be kept by caches")
	}
	return ok("")
}

func tokenJSON(_ *flow.Run, p *flow.Response) flow.Verdict {
	const want = "one JSON object in UTF-8, each name once, nothing after it"
	switch {
	case p.Status >= 300 && p.Status < 400:
		return skip("a redirect")
	case trouble(p):
		return skip("the server has trouble of its own")
	case p.Form == "form":
		return skip("form-encoded: judged by token-media-type")
	case p.Truncated:
		return fail(want, "more than "+strconv.Itoa(len(p.Body))+" octets", "the answer is too large")
	case p.Form != "json":
		return fail(want, p.Form, "the answer is not a JSON object")
	case len(p.Problems) > 0:
		return broken(p.Problems, want)
	}
	return ok("")
}

func accessToken(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	raw, present := p.Object.Get("access_token")
	s, text := p.Object.String("access_token")
	switch {
	case !present:
		return fail("access_token", "(none)", "access_token is missing")
	case !text:
		return fail("a string", string(raw[0:1])+"…", "access_token is not a string")
	case s == "":
		return fail("a token", `""`, "access_token is empty")
	case strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }):
		return fail("printable ASCII", "other characters", "access_token has characters outside %%x20-7E (RFC 6749 Appendix A.12)")
	}
	return ok("")
}

// b64token is the grammar of a token in an Authorization header.
func b64token(s string) bool {
	s = strings.TrimRight(s, "=")
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/", r)
	})
}

func accessTokenSendable(_ *flow.Run, p *flow.Response) flow.Verdict {
	s, text := p.Object.String("access_token")
	switch {
	case refused(p) || !text || s == "":
		return skip("no access token")
	case !b64token(s):
		return warn("A–Z a–z 0–9 - . _ ~ + / and = at the end", "other characters", "this access token cannot be put into an Authorization header as RFC 6750 writes it")
	}
	return ok("")
}

func tokenType(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	raw, present := p.Object.Get("token_type")
	s, text := p.Object.String("token_type")
	switch {
	case !present:
		return fail("Bearer", "(none)", "token_type is missing: how to use the token cannot be known")
	case !text:
		return fail("a string", string(raw), "token_type is not a string")
	case strings.EqualFold(s, "N_A") && strings.HasSuffix(p.Request.Meant.Get("grant_type"), ":token-exchange"):
		return ok("N_A: what was issued is not an access token, and must not be used as one (RFC 8693 §2.2.1)")
	case !strings.EqualFold(s, "Bearer") && !strings.EqualFold(s, "DPoP"):
		return fail("Bearer", quoted(s), "token_type %q is not understood, and such a token must not be used", s)
	}
	return ok("")
}

// year is beyond any sensible lifetime of an access token; what is larger is
// usually milliseconds or an absolute time.
const year = 366 * 24 * 3600

func expiresIn(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Object.Get("expires_in")
	if refused(p) || !present {
		return skip("no expires_in")
	}
	n, number := p.Object.Number("expires_in")
	f, err := n.Float64()
	seconds := int64(f)
	switch {
	case !number:
		return fail("a JSON number of seconds", string(raw), "expires_in is %s, not a number", kind(raw))
	case err != nil || f != math.Trunc(f) || math.Abs(f) > 1e15:
		return fail("a whole number of seconds", n.String(), "expires_in is not a whole number")
	case seconds <= 0:
		return fail("more than 0", n.String(), "expires_in is not in the future")
	case seconds > 1_000_000_000:
		return fail("seconds from now", n.String(), "expires_in looks like an absolute time: it counts seconds from now")
	case seconds > year:
		return fail("at most a year", n.String(), "expires_in is more than a year: milliseconds instead of seconds?")
	}
	return ok("")
}

func kind(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	}
	return "a number"
}

func expiresInPresent(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	if _, present := p.Object.Get("expires_in"); !present {
		return warn("expires_in", "(none)", "expires_in is missing: a client cannot know when to renew")
	}
	return ok("")
}

// scopeList is the grammar of scope: words of printable ASCII but for the
// quote and the backslash, with single spaces between them.
func scopeList(s string) bool {
	return !slices.Contains(strings.Split(s, " "), "") && printable(s)
}

func scopeForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Object.Get("scope")
	s, text := p.Object.String("scope")
	if refused(p) || !present {
		return skip("no scope")
	}
	words := strings.Fields(s)
	slices.Sort(words)
	switch {
	case !text:
		return warn("a string", kind(raw), "scope is not a string of words with single spaces")
	case !scopeList(s):
		return warn("words with single spaces", quoted(s), "scope is not written as RFC 6749 §3.3 asks")
	case len(slices.Compact(slices.Clone(words))) != len(words):
		return warn("each word once", quoted(s), "scope names a word twice")
	}
	return ok("")
}

func scopeGranted(r *flow.Run, p *flow.Response) flow.Verdict {
	got, text := p.Object.String("scope")
	want := askedScope(r, p)
	switch {
	case refused(p):
		return skip("not a success")
	case !text:
		return ok("no scope in the answer: it is what was asked for, %q", want)
	case want == "":
		return ok("none was asked for; the server granted %q", got)
	}
	missing, extra := difference(want, got)
	switch unasked := slices.DeleteFunc(slices.Clone(extra), harmless); {
	case len(unasked) > 0:
		return fail(want, got, "more was granted than asked for, which this tool refuses: %s", strings.Join(unasked, " "))
	case len(extra) > 0:
		return warn(want, got, "granted beside what was asked for: %s", strings.Join(extra, " "))
	case strings.Contains(got, ",") && !strings.Contains(want, ","):
		return warn(want, got, "the scopes come with commas between them, as GitHub sends them; RFC 6749 §3.3 has spaces")
	case len(missing) > 0:
		return warn(want, got, "less was granted than asked for; missing: %s", strings.Join(missing, " "))
	}
	return ok("granted what was asked for")
}

// harmless are scopes that say who the person is, which some servers (Entra)
// add by themselves; what the token is good for at an API does not grow.
func harmless(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "offline_access"}, scope)
}

// difference compares two scopes as sets: words only in the first, words only
// in the second. Servers that spell a scope another way than it was asked for
// mean the same: commas (GitHub), whole URLs (Google, Entra).
func difference(asked, granted string) (missing, extra []string) {
	as := strings.Fields(asked)
	bs := strings.FieldsFunc(granted, func(r rune) bool { return r == ' ' || r == ',' && !strings.Contains(asked, ",") })
	for _, w := range as {
		if !slices.ContainsFunc(bs, func(b string) bool { return same(w, b) }) {
			missing = append(missing, w)
		}
	}
	for _, w := range bs {
		if !slices.ContainsFunc(as, func(a string) bool { return same(a, w) }) {
			extra = append(extra, w)
		}
	}
	return missing, extra
}

// same knows the long names of scopes that have a short one.
func same(asked, granted string) bool {
	switch granted {
	case asked, "https://graph.microsoft.com/" + asked, "https://www.googleapis.com/auth/userinfo." + asked:
		return true
	}
	return false
}

func idTokenPresent(r *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	_, text := p.Object.String("id_token")
	raw, present := p.Object.Get("id_token")
	granted, told := p.Object.String("scope")
	withheld := told && !slices.Contains(strings.Fields(granted), "openid")
	grant := p.Request.Meant.Get("grant_type")
	asked := slices.Contains(strings.Fields(askedScope(r, p)), "openid") && (grant == "authorization_code" || strings.HasSuffix(grant, ":device_code") || strings.HasSuffix(grant, ":ciba"))
	switch {
	case asked && present && !text:
		return fail("a string", kind(raw), "id_token is not a string")
	case asked && !present && withheld:
		return warn("id_token", "(none)", "openid was asked for and not granted: there is no id_token")
	case asked && !present:
		return fail("id_token", "(none)", "scope openid was granted, but there is no id_token")
	case !asked && present && grant == "authorization_code":
		return warn("(none)", "id_token", "an id_token came though openid was not asked for")
	}
	return ok("")
}

// askedScope is the scope that this answer has to do with: the request's own,
// or that of the request which began it all.
func askedScope(r *flow.Run, p *flow.Response) string {
	for _, q := range []*flow.Request{p.Request, r.Asked(flow.Authorization), r.Asked(flow.Device), r.Asked(flow.CIBA)} {
		if scope := q.Sent("scope"); scope != "" {
			return scope
		}
	}
	return ""
}

// issuedTokenType is what a token exchange has to say of what it issued.
func issuedTokenType(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	if !strings.HasSuffix(p.Request.Meant.Get("grant_type"), ":token-exchange") {
		return skip("no token exchange")
	}
	want := p.Request.Meant.Get("requested_token_type")
	got, text := p.Object.String("issued_token_type")
	switch {
	case !text || got == "":
		return fail("issued_token_type", "(none)", "issued_token_type is missing: what kind of token this is cannot be known")
	case want != "" && got != want:
		return fail(want, got, "another kind of token was issued than asked for")
	}
	return ok("issued: %s", got)
}

func refreshToken(_ *flow.Run, p *flow.Response) flow.Verdict {
	raw, present := p.Object.Get("refresh_token")
	if present && p.Request.Meant.Get("grant_type") == "client_credentials" {
		return warn("(none)", "refresh_token", "a refresh token came for client credentials, which can simply be used again (RFC 6749 §4.4.3)")
	}
	if _, text := p.Object.String("refresh_token"); present && !text {
		return warn("a string", kind(raw), "refresh_token is not a string")
	}
	return ok("")
}

func tokensDiffer(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	seen := map[string]string{}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		v, text := p.Object.String(name)
		if !text || v == "" {
			continue
		}
		if other := seen[v]; other != "" {
			return fail("different values", other+" = "+name, "%s and %s are the same: what is given to a resource would also open the other door", other, name)
		}
		seen[v] = name
		if v == p.Request.Meant.Get("code") {
			return fail("different values", "code = "+name, "%s is the authorization code itself", name)
		}
	}
	return ok("")
}

func unknownMembers(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	known := []string{"access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token", "authorization_details",
		"issued_token_type", "session_state", "refresh_token_expires_in", "refresh_expires_in", "not-before-policy", "ext_expires_in"}
	near := map[string]string{"expire_in": "expires_in", "expires": "expires_in", "tokentype": "token_type", "tokenType": "token_type",
		"accessToken": "access_token", "refreshToken": "refresh_token", "idToken": "id_token", "expiresIn": "expires_in"}
	var other []string
	for _, name := range p.Object.Names() {
		if right := near[name]; right != "" {
			return ok("%q is ignored; %q may have been meant", name, right)
		}
		if !slices.Contains(known, name) {
			other = append(other, name)
		}
	}
	if len(other) > 0 {
		return ok("ignored, as they must be: %s", strings.Join(other, ", "))
	}
	return ok("")
}

func tokenError(_ *flow.Run, p *flow.Response) flow.Verdict {
	code := p.String("error")
	known := []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
		"invalid_target", "authorization_pending", "slow_down", "access_denied", "expired_token", "invalid_dpop_proof", "use_dpop_nonce",
		"invalid_authorization_details", "temporarily_unavailable", "server_error"}
	got := fmt.Sprintf("%d %s", p.Status, http.StatusText(p.Status))
	usedHeader := p.Request.Headers.Has("Authorization")
	switch {
	case code == "":
		return skip("no OAuth error")
	case p.Status < 400:
		return warn("400 Bad Request", got, "the answer is an error, but its status says success")
	case p.Status == http.StatusUnauthorized && usedHeader && p.Header.Get("WWW-Authenticate") == "":
		return warn("a WWW-Authenticate header", "(none)", "401 without a challenge for the Authorization header that was used")
	case p.Status != http.StatusBadRequest && p.Status != http.StatusUnauthorized:
		return warn("400 or 401", got, "the status of an error is 400, or 401 for invalid_client")
	case !slices.Contains(known, code):
		return warn("a registered error code", quoted(code), "error %q is not a registered code of the token endpoint", code)
	case !printable(p.String("error_description")):
		return warn("printable ASCII", "other characters", "error_description has characters outside %%x20-21 %%x23-5B %%x5D-7E")
	}
	return ok("")
}

func notEchoed(_ *flow.Run, p *flow.Response) flow.Verdict {
	var header strings.Builder
	for name, values := range p.Header {
		header.WriteString(name + ": " + strings.Join(values, ", ") + "\n")
	}
	said := header.String() + p.String("error_description")
	for _, q := range slices.Concat(p.Request.Params, p.Request.Headers) {
		if q.Secret && len(q.Value) >= 8 && strings.Contains(said, q.Value) {
			return warn("no secrets in headers or errors", q.Name, "the value of %s comes back in a header or an error text", q.Name)
		}
	}
	return ok("")
}

func lifetimeAgrees(_ *flow.Run, p *flow.Response) flow.Verdict {
	s, _ := p.Object.String("access_token")
	t := jose.Decode(s)
	exp, fine := seconds(t.Claims, "exp")
	iat, also := seconds(t.Claims, "iat")
	n, number := p.Object.Number("expires_in")
	told, err := n.Int64()
	if refused(p) || !fine || !also || !number || err != nil {
		return skip("nothing to compare")
	}
	if d := exp - iat - told; d > 5 || d < -5 {
		return warn(fmt.Sprintf("%d s", told), fmt.Sprintf("%d s", exp-iat), "expires_in and the token's own exp − iat differ")
	}
	return ok("")
}
