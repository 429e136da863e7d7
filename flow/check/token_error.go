package check

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
)

// trouble is a status that says that the server, or something before it, is
// not well: what it says then is no token response.
func trouble(p *flow.Response) bool {
	return p.Status >= 500 || p.Status == http.StatusTooManyRequests
}

func tokenError(_ *flow.Run, p *flow.Response) flow.Verdict {
	code := p.String("error")
	known := []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
		"invalid_target", "authorization_pending", "slow_down", "access_denied", "expired_token", "invalid_dpop_proof", "use_dpop_nonce",
		"invalid_authorization_details", "temporarily_unavailable", "server_error"}
	got := fmt.Sprintf("%d %s", p.Status, http.StatusText(p.Status))
	usedHeader := p.Request.Headers.Has("Authorization")
	raw, present := p.Object.Get("error")
	switch {
	case present && kind(raw) != "a string":
		return warn("a string", string(raw), "error is %s, not a string", kind(raw))
	case code == "":
		return skip("no OAuth error")
	case p.Status < 400:
		return warn("400 Bad Request", got, "the answer is an error, but its status says success")
	case p.Status == http.StatusUnauthorized && usedHeader && p.Header.Get("WWW-Authenticate") == "":
		return warn("a WWW-Authenticate header", "(none)", "401 without a challenge for the Authorization header that was used")
	case p.Status == http.StatusUnauthorized && usedHeader && !challenged(p):
		return warn("a challenge of the scheme that was used", p.Header.Get("WWW-Authenticate"), "401, and no challenge is for the kind of authentication that was used")
	case p.Status != http.StatusBadRequest && p.Status != http.StatusUnauthorized:
		return warn("400 or 401", got, "the status of an error is 400, or 401 for invalid_client")
	case !slices.Contains(known, code):
		return warn("a registered error code", quoted(code), "error %q is not a registered code of the token endpoint", code)
	case p.String("error_uri") != "" && !explains(p.String("error_uri")):
		return warn("an https URI without control characters", quoted(p.String("error_uri")), "error_uri is not an address that a person should be sent to")
	case !printable(p.String("error_description")):
		return warn("printable ASCII", "other characters", "error_description has characters outside %%x20-21 %%x23-5B %%x5D-7E")
	}
	return ok("")
}

// challenged reports whether a challenge is of the scheme that the request used
// (RFC 6749 §5.2).
func challenged(p *flow.Response) bool {
	used, _, _ := strings.Cut(p.Request.Headers.Get("Authorization"), " ")
	all, _ := p.Challenges()
	return slices.ContainsFunc(all, func(c flow.Challenge) bool { return c.Is(used) })
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
