package check

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// AuthorizationResponse judges what the browser brought back.
func AuthorizationResponse() []flow.Check {
	at := flow.Authorization
	return []flow.Check{
		{ID: "callback-method", Code: "V-AR-01", Spec: "OIDC Core §3.1.2.5", Level: trace.Must, At: at, Eval: callbackMethod},
		{ID: "parameters-once", Code: "V-AR-04", Spec: "RFC 6749 §3.1", Level: trace.Must, At: at, Eval: parametersOnce},
		{ID: "error-registered", Code: "V-AR-10", Spec: "RFC 6749 §4.1.2.1", Level: trace.Should, At: at, Quotes: true, Eval: errorRegistered},
		{ID: "code-or-error", Code: "V-AR-11", Spec: "RFC 6749 §4.1.2", Level: trace.Must, At: at, Eval: codeOrError},
		{ID: "response-component", Code: "V-AR-12", Spec: "OAuth 2.0 Multiple Response Types §2.1", Level: trace.Must, At: at, Eval: component},
		{ID: "no-token-in-query", Code: "V-AR-13", Spec: "OAuth 2.0 Multiple Response Types §7", Level: trace.Must, At: at, Eval: noTokenInQuery},
		{ID: "response-type-answered", Code: "V-AR-14", Spec: "RFC 6749 §4.1.2; OAuth 2.0 Multiple Response Types §3", Level: trace.Must, At: at, Eval: responseType},
		{ID: "code-form", Code: "V-AR-15", Spec: "RFC 6749 §10.10", Level: trace.Should, At: at, Eval: codeForm},
		{ID: "front-channel-token", Code: "V-AR-16", Spec: "RFC 6749 §4.2.2", Level: trace.Must, At: at, Eval: frontChannelToken},
		{ID: "session-state", Code: "V-AR-17", Spec: "OIDC Session Management §2", Level: trace.May, At: at, Eval: sessionState},
		{ID: "unknown-parameters", Code: "V-AR-18", Spec: "RFC 6749 §4.1.2", Level: trace.May, At: at, Eval: unknownParameters},
		{ID: "callback-transport", Code: "V-AR-20", Spec: "RFC 9700 §2.6", Level: trace.Must, At: at, Eval: callbackTransport},
		{ID: "callback-not-307", Code: "V-AR-21", Spec: "RFC 9700 §4.12", Level: trace.Must, At: at, Eval: callbackNot307},
	}
}

// asked is the response mode that was asked for, or the default of the
// response type (OAuth 2.0 Multiple Response Types §2.1, §5).
func asked(q *flow.Request) string {
	if m, _ := strings.CutSuffix(q.Sent("response_mode"), ".jwt"); m != "" && m != "jwt" {
		return m
	}
	if t := q.Sent("response_type"); t == "code" || t == "none" {
		return "query"
	}
	return "fragment"
}

func callbackMethod(r *flow.Run, p *flow.Response) flow.Verdict {
	want := http.MethodGet
	if asked(p.Request) == "form_post" {
		want = http.MethodPost
	}
	if p.Hit.Elsewhere != "" {
		return fail(r.Agent.RedirectURI(), p.Hit.Elsewhere, "the answer was brought from another address than the redirect URI")
	}
	if p.Hit.Method != want && p.Form != "fragment" { // a fragment reaches us by the page that relays it
		return fail(want, p.Hit.Method, "the answer came by %s, response_mode %s goes by %s", p.Hit.Method, asked(p.Request), want)
	}
	return ok("")
}

// parametersOnce counts what came, before it was unwrapped from a JWT as well,
// and what the redirect URI itself brings along.
func parametersOnce(r *flow.Run, p *flow.Response) flow.Verdict {
	came := slices.Concat(p.Values, p.Other)
	twice := append(came.Repeated(), slices.Concat(p.Arrived, p.Other).Repeated()...)
	if own, err := url.Parse(r.Agent.RedirectURI()); err == nil {
		for name := range own.Query() {
			if slices.Concat(came, p.Arrived).Has(name) {
				twice = append(twice, name)
			}
		}
	}
	slices.Sort(twice)
	twice = slices.Compact(twice)
	if len(twice) == 0 {
		return ok("")
	}
	return fail("each parameter once", strings.Join(twice, ", ")+" repeated", "%s came more than once: which one is meant cannot be known", strings.Join(twice, ", "))
}

// registered lists the error codes of the authorization endpoint: RFC 6749
// §4.1.2.1, OIDC Core §3.1.2.6, RFC 8707, RFC 9101, RFC 9396, RFC 9470 and
// the prompt=create and unmet-requirements specifications.
func registered() []string {
	return []string{
		"invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope", "server_error", "temporarily_unavailable",
		"interaction_required", "login_required", "account_selection_required", "consent_required", "invalid_request_uri", "invalid_request_object",
		"request_not_supported", "request_uri_not_supported", "registration_not_supported", "invalid_target", "invalid_authorization_details",
		"insufficient_user_authentication", "unmet_authentication_requirements",
	}
}

func errorRegistered(_ *flow.Run, p *flow.Response) flow.Verdict {
	code := p.Values.Get("error")
	switch {
	case code == "":
		return skip("not an error")
	case !printable(code), !printable(p.Values.Get("error_description")):
		return warn("printable ASCII", quoted(code), "error or error_description has characters outside %%x20-21 %%x23-5B %%x5D-7E")
	case p.Values.Has("error_uri") && !explains(p.Values.Get("error_uri")):
		return warn("an https URI without control characters", quoted(p.Values.Get("error_uri")), "error_uri is not an address that a person should be sent to")
	case !slices.Contains(registered(), code):
		return warn("a registered error code", quoted(code), "error %q is not a registered code of the authorization endpoint", code)
	}
	return ok("")
}

// printable is the character set of error and error_description (RFC 6749
// §4.1.2.1).
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' })
}

// explains reports whether an error_uri is one: a URI reference of the
// characters of RFC 6749 §4.1.2.1, and nothing but https where it has a scheme.
func explains(s string) bool {
	u, err := url.Parse(s)
	return err == nil && s != "" && printable(s) && !strings.Contains(s, " ") && (u.Scheme == "" || u.Scheme == "https" || Loopback(u))
}

func artefacts(p flow.Params) []string {
	var out []string
	for _, name := range []string{"code", "access_token", "refresh_token", "id_token", "response"} {
		if p.Has(name) {
			out = append(out, name)
		}
	}
	return out
}

func codeOrError(_ *flow.Run, p *flow.Response) flow.Verdict {
	if got := artefacts(p.Values); len(got) > 0 && p.Values.Has("error") {
		return fail("either success or error", strings.Join(got, ", ")+" and error", "the answer is a success and an error at once")
	}
	return ok("")
}

func component(_ *flow.Run, p *flow.Response) flow.Verdict {
	want := asked(p.Request)
	if p.Form != want {
		return fail(want, p.Form, "asked for response_mode %s, the answer came by %s", want, p.Form)
	}
	if stray := artefacts(p.Other); len(stray) > 0 || p.Other.Has("error") {
		return fail("nothing but "+want, strings.Join(append(stray, "…"), ", ")+" elsewhere", "parts of the answer stand outside the %s", want)
	}
	return ok("")
}

func noTokenInQuery(_ *flow.Run, p *flow.Response) flow.Verdict {
	query := p.Other
	if p.Form == "query" {
		query = p.Values
	}
	for _, name := range []string{"access_token", "id_token"} {
		if query.Has(name) {
			return fail("no tokens in a query", name, "%s stands in the query: it ends up in logs, histories and Referer headers", name)
		}
	}
	return ok("")
}

func responseType(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Values.Has("error") {
		return skip("an error")
	}
	var want []string
	for _, t := range strings.Fields(p.Request.Sent("response_type")) {
		if artefact := map[string]string{"code": "code", "token": "access_token", "id_token": "id_token"}[t]; artefact != "" {
			want = append(want, artefact) // response_type none brings nothing
		}
	}
	got := artefacts(p.Values)
	slices.Sort(want)
	slices.Sort(got)
	expected, actual := strings.Join(want, ", "), strings.Join(got, ", ")
	if actual == "" {
		actual = "nothing"
	}
	if !slices.Equal(want, got) {
		return fail(expected, actual, "asked for %s, got %s", expected, actual)
	}
	for _, name := range want {
		if p.Values.Get(name) == "" {
			return fail(expected, name+" is empty", "%s is empty", name)
		}
	}
	return ok("")
}

// codeForm estimates what a code of these characters can hold at most (RFC 6749
// §10.10).
func codeForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	code := p.Values.Get("code")
	switch {
	case code == "":
		return skip("no code")
	case strings.ContainsFunc(code, func(r rune) bool { return r < 0x20 || r > 0x7e }):
		return warn("printable ASCII", "other characters", "the code has characters outside %%x20-7E (RFC 6749 Appendix A.11)")
	case len(code) > 4096:
		return warn("at most 4096 characters", "longer", "the code is %d characters long: browsers and proxies cut long URLs", len(code))
	case guessable(code):
		return warn("at least 128 bits", fmt.Sprintf("%d characters", len(code)), "the code is too short to hold 128 bits: it could be guessed")
	}
	return ok("")
}

// frontChannelToken holds a token that came through the browser to what one
// from the token endpoint is held to.
func frontChannelToken(r *flow.Run, p *flow.Response) flow.Verdict {
	if !p.Values.Has("access_token") {
		return skip("no access token in the front channel")
	}
	for _, judge := range []func(*flow.Run, *flow.Response) flow.Verdict{accessToken, tokenType, expiresIn, scopeGranted} {
		if v := judge(r, p); v.Outcome == trace.Fail {
			return v
		}
	}
	return ok("")
}

// sessionState is wanted of a server that has an iframe to ask about the session
// (OIDC Session Management §2).
func sessionState(r *flow.Run, p *flow.Response) flow.Verdict {
	_, offered := r.Server.Metadata.String("check_session_iframe")
	openid := slices.Contains(strings.Fields(p.Request.Sent("scope")), "openid")
	switch {
	case !offered, !openid, p.Values.Has("error"):
		return skip("no session to watch")
	case !p.Values.Has("session_state"):
		return ok("session_state is missing, though the metadata name a check_session_iframe: the session cannot be watched")
	}
	return ok("")
}

func unknownParameters(_ *flow.Run, p *flow.Response) flow.Verdict {
	known := []string{"code", "state", "iss", "error", "error_description", "error_uri", "access_token", "token_type",
		"expires_in", "scope", "id_token", "response", "session_state"}
	var other []string
	for _, q := range p.Values {
		if !slices.Contains(known, q.Name) {
			other = append(other, q.Name)
		}
	}
	if len(other) > 0 {
		return ok("ignored, as they must be: %s", strings.Join(other, ", "))
	}
	return ok("")
}

func callbackTransport(r *flow.Run, _ *flow.Response) flow.Verdict {
	u, err := url.Parse(r.Agent.RedirectURI())
	if err != nil || r.Agent.RedirectURI() == "" {
		return skip("no redirect URI is known")
	}
	if u.Scheme == "http" && !Loopback(u) {
		return fail("https, or http on loopback", u.Scheme+"://"+u.Host, "the answer passed the network unencrypted")
	}
	return ok("")
}

// callbackNot307 knows a 307 by what it drags along: a browser repeats the
// POST of the login form, body and all.
func callbackNot307(_ *flow.Run, p *flow.Response) flow.Verdict {
	if p.Hit.Method == http.MethodPost && asked(p.Request) != "form_post" && p.Form != "fragment" {
		return fail("GET after 302 or 303", "POST with a body", "the server redirected with 307 or 308: what the person typed into its form was sent here too")
	}
	return ok("")
}
