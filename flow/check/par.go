package check

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Pushed requests answer with a reference.
const referencePrefix = "urn:ietf:params:oauth:request_uri:"

// PAR judges the answer to a pushed authorization request.
func PAR() []flow.Check {
	return []flow.Check{
		{ID: "par-members", Code: "V-PR-01", Spec: "RFC 9126 §2.2", Level: trace.Must, At: flow.PAR, Eval: parMembers},
		{ID: "par-form", Code: "V-PR-01", Spec: "RFC 9126 §2.2, §7.1", Level: trace.Should, At: flow.PAR, Eval: parForm},
	}
}

// parMembers are what the flow cannot go on without.
func parMembers(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	var missing []string
	if s, text := p.Object.String("request_uri"); !text || s == "" {
		missing = append(missing, "request_uri")
	}
	if !p.Object.Has("expires_in") {
		missing = append(missing, "expires_in")
	}
	if len(missing) > 0 {
		return fail("request_uri, expires_in", "without "+strings.Join(missing, ", "), "%s missing from the answer to the pushed request", strings.Join(missing, ", "))
	}
	return ok("")
}

// parForm is what can be lived with.
func parForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	uri := p.String("request_uri")
	u, err := url.Parse(uri)
	reference, urn := strings.CutPrefix(uri, referencePrefix)
	n, number := p.Object.Number("expires_in")
	seconds, _ := strconv.ParseInt(n.String(), 10, 64)
	raw, told := p.Object.Get("expires_in")
	switch {
	case p.Status != http.StatusCreated:
		return warn("201 Created", strconv.Itoa(p.Status)+" "+http.StatusText(p.Status), "a pushed request is answered with 201")
	case uri != "" && !urn && (err != nil || u.Scheme != "https" && u.Scheme != "urn"):
		return warn(referencePrefix+"… or https", uri, "request_uri is neither a URN nor https")
	case strings.ContainsFunc(uri, func(r rune) bool { return r < 0x21 || r > 0x7e }):
		return warn("printable ASCII", quoted(uri), "request_uri has characters that no URI has")
	case urn && len(reference) < 16:
		return warn("about 22 random characters", reference, "the reference has %d characters: it can be guessed (RFC 9126 §7.1)", len(reference))
	case told && !number:
		return warn("a number of seconds", string(raw), "expires_in is %s, not a number", kind(raw))
	case told && seconds <= 0:
		return warn("a whole number of seconds above 0", n.String(), "expires_in makes no sense")
	case seconds > 600:
		return warn("5 to 600 s", n.String()+" s", "the reference lives for more than 10 minutes; it is used at once (RFC 9126 §2.2)")
	case !strings.Contains(strings.ToLower(strings.Join(p.Header.Values("Cache-Control"), ",")), "no-store"):
		return warn("Cache-Control: no-store", orNone(p.Header.Get("Cache-Control")), "the answer may be kept by caches (RFC 9126 §2.2)")
	}
	return ok("")
}
