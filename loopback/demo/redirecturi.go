package demo

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// redirect decides where the answer goes: the URI asked for, when it is allowed,
// or the only registered one (RFC 6749 §3.1.2.3). Otherwise it says why not.
func (c Client) redirect(asked string) (uri, why string) {
	switch {
	case asked == "" && len(c.RedirectURIs) == 1:
		return c.RedirectURIs[0], ""
	case asked == "":
		return "", "redirect_uri is missing, and client " + c.ID + " does not have exactly one registered"
	}
	if bad := badRedirect(asked); bad != "" {
		return "", "redirect_uri " + asked + " " + bad
	}
	if len(c.RedirectURIs) == 0 {
		if !isLoopback(asked) {
			return "", "redirect_uri " + asked + " is not an http address of this machine (127.0.0.1, [::1] or localhost)"
		}
		return asked, ""
	}
	for _, registered := range c.RedirectURIs {
		if asked == registered || samePort(asked) == samePort(registered) && isLoopback(registered) {
			return asked, ""
		}
	}
	return "", "redirect_uri " + asked + " is not registered for client " + c.ID + "; registered are " + strings.Join(c.RedirectURIs, ", ")
}

// badRedirect says what is wrong with a redirect URI in itself, or "".
func badRedirect(uri string) string {
	for _, c := range []byte(uri) {
		if c <= 0x20 || c > 0x7e || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return "has characters that no URI may have"
		}
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return "cannot be parsed"
	case len(uri) > 2048:
		return "is longer than 2048 characters"
	case !u.IsAbs():
		return "is not absolute"
	case strings.Contains(uri, "#"):
		return "has a fragment (RFC 6749 section 3.1.2)"
	case u.User != nil:
		return "has a user in it"
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host == "":
		return "has no host"
	case u.Scheme != "http" && u.Scheme != "https" && !strings.Contains(u.Scheme, "."):
		return "has a private-use scheme without a period (RFC 8252 section 7.1)"
	}
	return pollution(u)
}

// pollution refuses a query that would make a response parameter come twice (RFC 6749 §3.1).
func pollution(u *url.URL) string {
	p, err := parseParams(u.RawQuery)
	if err != nil {
		return "has a query that is not form-encoded"
	}
	for _, name := range []string{"code", "state", "iss", "error", "error_description", "error_uri", "access_token", "token_type", "expires_in", "id_token", "response"} {
		if slices.Contains(p.order, name) {
			return "has the response parameter " + name + " in its query"
		}
	}
	return ""
}

// isLoopback is true for http on a loopback address, written as such, or localhost.
func isLoopback(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback() && ip.Zone() == ""
}

// samePort is the URI without its port, which may vary on loopback (RFC 8252 §7.3).
func samePort(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	before, after, _ := strings.Cut(uri, u.Host)
	return before + u.Hostname() + after
}
