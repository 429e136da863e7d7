package check

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Device judges a device authorization response.
func Device() []flow.Check {
	return []flow.Check{
		{ID: "device-members", Code: "V-DV-01", Spec: "RFC 8628 §3.2", Level: trace.Must, At: flow.Device, Eval: deviceMembers},
		{ID: "device-form", Code: "V-DV-01", Spec: "RFC 8628 §3.2, §6.1", Level: trace.Should, At: flow.Device, Eval: deviceForm},
	}
}

// deviceMembers are what the flow cannot go on without. Google names one of
// them verification_url.
func deviceMembers(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	var missing []string
	for _, name := range []string{"device_code", "user_code", "verification_uri"} {
		s, text := p.Object.String(name)
		if s == "" && name == "verification_uri" {
			s, text = p.Object.String("verification_url")
		}
		if !text || s == "" {
			missing = append(missing, name)
		}
	}
	if !p.Object.Has("expires_in") {
		missing = append(missing, "expires_in")
	}
	if len(missing) > 0 {
		return fail("device_code, user_code, verification_uri, expires_in", "without "+strings.Join(missing, ", "), "%s missing: the flow cannot go on", strings.Join(missing, ", "))
	}
	if strings.ContainsFunc(p.String("user_code"), func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		return fail("printable ASCII", "other characters", "user_code has characters that nobody can type, or that a terminal would obey")
	}
	if a, _ := p.Object.String("device_code"); a == p.String("user_code") {
		return fail("two codes", "one", "device_code and user_code are the same: whoever sees the screen has the token")
	}
	for _, name := range []string{"verification_uri", "verification_url", "verification_uri_complete"} {
		raw, present := p.Object.Get(name)
		if s, text := p.Object.String(name); present && (!text || s != "" && !ofTheWeb(s)) {
			return fail("an http or https URL", string(raw), "%s is not an http or https URL: what a browser does with it, on this machine, is anybody's guess", name)
		}
	}
	return ok("")
}

// ofTheWeb reports whether an address leads a browser to a server, and not to a
// file or a program of this machine.
func ofTheWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// deviceForm is what can be lived with.
func deviceForm(_ *flow.Run, p *flow.Response) flow.Verdict {
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	if p.Status != http.StatusOK {
		return warn("200 OK", http.StatusText(p.Status), "a success is answered with 200")
	}
	if !p.Object.Has("verification_uri") && p.Object.Has("verification_url") {
		return warn("verification_uri", "verification_url", "the address is called verification_url, as Google does")
	}
	if u, err := url.Parse(p.String("verification_uri")); err != nil || u.Scheme != "https" && !Loopback(u) {
		return warn("an https URL", p.String("verification_uri"), "verification_uri is not https")
	}
	for _, name := range []string{"expires_in", "interval"} {
		raw, present := p.Object.Get(name)
		n, number := p.Object.Number(name)
		f, err := n.Float64()
		switch {
		case !present:
			continue // of interval: 5 s then
		case !number:
			return warn("a number of seconds", string(raw), "%s is %s, not a number", name, kind(raw))
		case err != nil || f <= 0:
			return warn("a number of seconds above 0", n.String(), "%s makes no sense", name)
		}
	}
	return ok("")
}
