package check

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Challenges judges what a resource says when it wants another token, or any.
// The UserInfo endpoint is one.
func Challenges() []flow.Check {
	var all []flow.Check
	for prefix, at := range map[string]flow.Endpoint{"": flow.Resource, "userinfo-": flow.Userinfo} {
		all = append(all,
			flow.Check{ID: prefix + "challenge-form", Code: "V-CH-01", Spec: "RFC 9110 §11.6.1, §15.5.2; RFC 6750 §3", Level: trace.Must, At: at, Eval: challengeForm},
			flow.Check{ID: prefix + "challenge-words", Code: "V-CH-01", Spec: "RFC 6750 §3, §3.1", Level: trace.Should, At: at, Eval: challengeWords},
		)
	}
	slices.SortFunc(all, func(a, b flow.Check) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func challengeForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	all, problems := p.Challenges()
	switch {
	case len(problems) > 0:
		return broken(problems, "challenges as RFC 9110 §11.6.1 writes them")
	case len(all) == 0 && p.Status == http.StatusUnauthorized:
		return fail("WWW-Authenticate", "(none)", "401 without a challenge: what would be good enough is not said")
	case len(all) == 0:
		return skip("no challenge")
	}
	var schemes []string
	for _, c := range all {
		schemes = append(schemes, c.Scheme)
	}
	return ok("%s", strings.Join(schemes, ", "))
}

// resourceErrors are the codes of RFC 6750 §3.1, RFC 9470 §3 and RFC 9449
// §7.1, §9, with the status that goes with each.
func resourceErrors() map[string]int {
	return map[string]int{
		"invalid_request": http.StatusBadRequest, "invalid_token": http.StatusUnauthorized, "insufficient_scope": http.StatusForbidden,
		"insufficient_user_authentication": http.StatusUnauthorized, "invalid_dpop_proof": http.StatusUnauthorized, "use_dpop_nonce": http.StatusUnauthorized,
	}
}

// challengeWords judges what OAuth puts into a challenge.
func challengeWords(_ *flow.Run, p *flow.Response) flow.Verdict {
	all, _ := p.Challenges()
	ours := slices.DeleteFunc(slices.Clone(all), func(c flow.Challenge) bool { return !c.Is("Bearer") && !c.Is("DPoP") })
	if len(ours) == 0 {
		return skip("no challenge of OAuth")
	}
	named := false
	for _, c := range ours {
		if v := challengeError(p, c); v.Outcome != trace.Pass {
			return v
		}
		named = named || c.Params.Has("error")
	}
	sent := p.Request.Headers.Has("Authorization")
	switch {
	case len(ours) == 1 && ours[0].Is("Bearer") && len(ours[0].Params) == 0:
		return warn("Bearer with a parameter", "Bearer", "the challenge is a bare Bearer; at least one parameter has to follow, such as realm")
	case sent && !named && p.Status >= 400:
		return warn("error", "(none)", "a token was sent and refused, and no challenge says why")
	case !sent && named:
		return warn("no error", "error", "no token was sent, and the challenge names an error all the same")
	}
	return ok("")
}

// challengeError judges the members of one challenge.
func challengeError(p *flow.Response, c flow.Challenge) flow.Verdict {
	code := c.Params.Get("error")
	status, known := resourceErrors()[code]
	switch maxAge := c.Params.Get("max_age"); {
	case !printable(code), !printable(c.Params.Get("error_description")), !scopeList(c.Params.Get("scope")) && c.Params.Get("scope") != "":
		return warn("printable ASCII", "other characters", "error, error_description or scope has characters that they must not have (RFC 6750 §3)")
	case known && p.Status != status:
		return warn(fmt.Sprintf("%d %s", status, http.StatusText(status)), strconv.Itoa(p.Status), "%s goes with the status %d", code, status)
	case maxAge != "" && strings.ContainsFunc(maxAge, func(r rune) bool { return r < '0' || r > '9' }):
		return warn("a number of seconds", quoted(maxAge), "max_age is not a number of seconds (RFC 9470 §3)")
	case code == "use_dpop_nonce" && p.Header.Get("DPoP-Nonce") == "":
		return warn("DPoP-Nonce", "(none)", "a nonce is wanted, and the answer brings none (RFC 9449 §9)")
	case code != "" && !known:
		return warn("a registered error code", quoted(code), "error %q is not a registered code of a resource", code)
	}
	return ok("")
}
