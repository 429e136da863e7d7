package check

import (
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
)

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

// harmless are scopes that say who the person is, or that there is a refresh
// token, which some servers (Entra, Salesforce) add by themselves; what the token
// is good for at an API does not grow.
func harmless(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "offline_access", "refresh_token"}, scope)
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

// same knows the long names of scopes that have a short one, and what asks for
// all that was consented to at a resource (Entra).
func same(asked, granted string) bool {
	if resource, all := strings.CutSuffix(asked, "/.default"); all && resource != "" && strings.HasPrefix(granted, resource+"/") {
		return true
	}
	switch granted {
	case asked, "https://graph.microsoft.com/" + asked, "https://www.googleapis.com/auth/userinfo." + asked:
		return true
	}
	return false
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
