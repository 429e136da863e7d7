package check

import (
	"net/netip"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Peer judges who answered where secrets and claims about people travel. The
// connection itself refuses what is worse, so this is a check on ourselves.
func Peer() []flow.Check {
	return []flow.Check{
		{ID: "token-peer", Code: "V-TR-24", Spec: "RFC 6749 §1.6, §3.2", Level: trace.Must, At: flow.Token, Eval: peer},
		{ID: "userinfo-peer", Code: "V-UI-02", Spec: "OIDC Core §5.3.4", Level: trace.Must, At: flow.Userinfo, Eval: peer},
	}
}

func peer(r *flow.Run, p *flow.Response) flow.Verdict {
	u := p.Request.URL
	switch {
	case u == nil || p.Peer == nil:
		return skip("nothing went over the wire")
	case u.Scheme == "http" && Loopback(u):
		return skip("plain http to this machine")
	case u.Scheme == "http" && r.Insecure:
		return warn("https", u.Scheme+"://"+u.Host, "the exchange passed the network unencrypted, let pass by --insecure")
	case u.Scheme == "http":
		return fail("https", u.Scheme+"://"+u.Host, "the exchange passed the network unencrypted")
	case r.Insecure:
		return skip("--insecure: who answered was not looked at")
	case p.Peer.Version != "TLS 1.2" && p.Peer.Version != "TLS 1.3":
		return fail("TLS 1.2 or 1.3", orNone(p.Peer.Version), "the connection is not protected by a version of TLS that can be relied on")
	}
	host := strings.TrimRight(u.Hostname(), ".")
	// An address has no name to ask for; one that is not ASCII is asked for in another spelling.
	if _, err := netip.ParseAddr(host); err != nil && printable(host) && !strings.EqualFold(p.Peer.Name, host) {
		return fail(host, orNone(p.Peer.Name), "the certificate was asked for another name than that of the endpoint")
	}
	return ok("%s over %s", u.Hostname(), p.Peer.Version)
}
