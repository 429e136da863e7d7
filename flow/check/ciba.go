package check

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// CIBA judges the acknowledgement of a backchannel authentication request.
func CIBA() []flow.Check {
	return []flow.Check{
		{ID: "ciba-members", Code: "V-CB-01", Spec: "CIBA Core §7.3", Level: trace.Must, At: flow.CIBA, Eval: cibaMembers},
		{ID: "ciba-form", Code: "V-CB-01", Spec: "CIBA Core §7.3", Level: trace.Should, At: flow.CIBA, Eval: cibaForm},
	}
}

// Pushed judges tokens that a server brings by itself: as an answer of the
// token endpoint, but for what only an HTTP response has; and that its parts
// belong together.
func Pushed() []flow.Check {
	var all []flow.Check
	for _, c := range TokenResponse() {
		if slices.Contains([]string{"token-status", "token-not-cached", "unknown-members", "token-error", "secrets-not-echoed", "issued-token-type"}, c.ID) {
			continue
		}
		c.ID, c.At, c.Spec = "pushed-"+c.ID, flow.Notification, "CIBA Core §10.3.1; "+c.Spec
		all = append(all, c)
	}
	return append(all, flow.Check{ID: "id-token-pushed", Code: "V-ID-33", Spec: "CIBA Core §10.3.1", Level: trace.Must, At: flow.IDToken, Eval: pushedTogether})
}

// cibaMembers are what the flow cannot go on without.
func cibaMembers(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	var missing []string
	if s, text := p.Object.String("auth_req_id"); !text || s == "" {
		missing = append(missing, "auth_req_id")
	}
	if !p.Object.Has("expires_in") {
		missing = append(missing, "expires_in")
	}
	if len(missing) > 0 {
		return fail("auth_req_id, expires_in", "without "+strings.Join(missing, ", "), "%s missing: the flow cannot go on", strings.Join(missing, ", "))
	}
	return ok("")
}

// cibaForm is what can be lived with.
func cibaForm(r *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	id := p.String("auth_req_id")
	switch {
	case p.Status != http.StatusOK:
		return warn("200 OK", http.StatusText(p.Status), "a success is answered with 200")
	case strings.ContainsFunc(id, notRequestID):
		return warn("A–Z a–z 0–9 . - _", "other characters", "auth_req_id has characters that it may not have")
	case id != "" && guessable(id):
		return warn("at least 128 bits", fmt.Sprintf("%d characters", len(id)), "auth_req_id is too short to hold 128 bits: it could be guessed")
	case r.Ask.Values["delivery"] == "push" && p.Object.Has("interval"):
		return warn("no interval", "interval", "interval is for those who poll, and the tokens are going to be pushed")
	}
	return countsSeconds(p)
}

// countsSeconds judges the two members that count seconds.
func countsSeconds(p *flow.Response) flow.Verdict {
	for _, name := range []string{"expires_in", "interval"} {
		raw, present := p.Object.Get(name)
		n, number := p.Object.Number(name)
		f, err := n.Float64()
		switch {
		case !present: // expires_in is judged already; without interval it is 5 s
		case !number:
			return warn("a number of seconds", string(raw), "%s is %s, not a number", name, kind(raw))
		case err != nil || f <= 0:
			return warn("a number of seconds above 0", n.String(), "%s makes no sense", name)
		}
	}
	return ok("")
}

// notRequestID finds what an auth_req_id may not have in it: a server must
// restrict itself to the characters of base64url and the dot (CIBA Core §7.3).
func notRequestID(c rune) bool {
	return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_'
}

// guessable reports that even random characters of the kind that are in id
// would hold fewer than 128 bits: 4 bits in each hexadecimal digit, 6 in others.
func guessable(id string) bool {
	digits := strings.ReplaceAll(id, "-", "")
	if strings.Trim(digits, "0123456789abcdefABCDEF") == "" {
		return 4*len(digits) < 128
	}
	return 6*len(id) < 128
}

// pushedTogether ties an ID token to the request, and to the refresh token that
// came with it; what at_hash says is judged where it always is.
func pushedTogether(_ *flow.Run, p *flow.Response) flow.Verdict {
	const request, refresh = "urn:openid:params:jwt:claim:auth_req_id", "urn:openid:params:jwt:claim:rt_hash"
	if p.Carrier == nil || p.Carrier.Request.Endpoint != flow.Notification {
		return skip("it was not pushed")
	}
	if p.Token.Claims == nil {
		return skip("no readable claims")
	}
	want := p.Carrier.String("auth_req_id")
	got, _ := p.Token.Claims.String(request)
	token, _ := p.Carrier.Object.String("refresh_token")
	switch {
	case got != want:
		return fail(want, orNone(got), "%s is not the auth_req_id beside it: the ID token belongs to another request", request)
	case !p.Token.Claims.Has("at_hash"):
		return fail("at_hash", "(none)", "at_hash is missing, and must be there when tokens are pushed")
	case token == "":
		return ok("")
	case !p.Token.Claims.Has(refresh):
		return fail(refresh, "(none)", "%s is missing, and must be there when a refresh token is pushed", refresh)
	}
	return halfHash(p, refresh, token, "the refresh token")
}
