package check

import (
	"github.com/oauthprobe/oauthprobe/flow"
)

// refreshTimeouts judges how long a refresh token and what it stands for are
// said to live (OAuth 2.0 Refresh Token and Authorization Expiration, draft).
func refreshTimeouts(_ *flow.Run, p *flow.Response) flow.Verdict {
	const timeout, whole = "refresh_token_timeout", "authorization_expires_in"
	if why, fine := judgeable(p); !fine {
		return skip(why)
	}
	if !p.Object.Has(timeout) && !p.Object.Has(whole) {
		return skip("nothing is said of the refresh token's life")
	}
	told := map[string]float64{}
	for _, name := range []string{timeout, whole} {
		raw, present := p.Object.Get(name)
		if !present {
			continue
		}
		n, number := p.Object.Number(name)
		f, err := n.Float64()
		switch {
		case !number:
			return warn("a number of seconds", string(raw), "%s is %s, not a number", name, kind(raw))
		case err != nil || f < 0:
			return warn("a number of seconds from 0", n.String(), "%s makes no sense", name)
		}
		told[name] = f
	}
	limit, both := told[whole]
	if idle, also := told[timeout]; both && also && idle > limit {
		return warn("at most "+whole, timeout+" is more", "the refresh token is said to outlive the authorization that it stands for")
	}
	return ok("")
}
