package output

import (
	"slices"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// learnPlain notes the names that everybody may read, what else is sent in the
// open, and which parameters of the authorization URL are not.
func (m *Mask) learnPlain(e trace.Event) {
	switch e := e.(type) {
	case trace.RunStarted:
		m.public[e.Client] = true
	case trace.Built:
		for _, p := range e.Params {
			switch {
			case p.Secret && e.Endpoint == "authorization" && !slices.Contains(m.asked, p.Name):
				m.asked = append(m.asked, p.Name)
			case p.Secret:
			case p.Name == "client_id" || p.Name == "username" || p.Name == "login_hint":
				m.public[p.Value] = true
			default:
				m.plain[p.Value] = true
			}
		}
	case trace.Exchanged:
		if e.Endpoint == "page" {
			m.learnTyped(e)
		}
	}
}

func (m *Mask) isPlain(s string) bool { return m.public[s] || m.plain[s] }
