package check

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
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
		{ID: "refresh-token-timeout", Code: "V-TR-20", Spec: "OAuth 2.0 Refresh Token and Authorization Expiration (draft) §3", Level: trace.Should, At: at, Eval: refreshTimeouts},
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
