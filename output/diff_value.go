package output

import (
	"encoding/base64"
	"hash/fnv"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// random are parameters, members and claims whose value is made anew each time.
var random = map[string]bool{
	"access_token": true, "actor_token": true, "aio": true, "assertion": true, "at_hash": true, "ath": true, "attestation": true, "auth_req_id": true,
	"c_hash": true, "challenge": true, "client_assertion": true, "client_notification_token": true, "code": true, "code_challenge": true,
	"code_verifier": true, "csrf": true, "device_code": true, "dpop": true, "dpop-nonce": true, "event_id": true, "execution": true, "id_token": true,
	"id_token_hint": true, "jkt": true, "jti": true, "login_hint_token": true, "logout_token": true, "nonce": true, "origin_jti": true,
	"refresh_token": true, "registration_access_token": true, "relaystate": true, "request": true, "request_uri": true, "response": true, "rh": true,
	"s_hash": true, "samlresponse": true, "session_code": true, "session_id": true, "session_state": true, "sid": true, "state": true,
	"subject_token": true, "tab_id": true, "token": true, "(token)": true, "transaction": true, "txn": true, "user_code": true, "uti": true,
	"verification_uri_complete": true,
}

// ambiguous are names that mean something else in the body of an answer, such
// as the code of an error.
var ambiguous = map[string]bool{"challenge": true, "code": true, "request": true, "response": true, "state": true, "token": true}

// relates are those of which it matters whether the value was there before.
var relates = map[string]bool{
	"access_token": true, "auth_req_id": true, "code": true, "device_code": true, "nonce": true, "refresh_token": true, "request_uri": true, "state": true,
}

// carriers are the parameters and header fields that carry an assertion, which
// is compared by its claims.
var carriers = map[string]bool{
	"client_assertion": true, "assertion": true, "dpop": true, "oauth-client-attestation": true, "oauth-client-attestation-pop": true, "client_attestation": true,
}

// names is what a side knows of the values in it.
type names struct {
	issuer, origin string
	seen           map[uint64]bool
	ring           []uint64
	at             int
}

// mostSeen is how many random values are remembered.
const mostSeen = 1 << 15

func newNames() names { return names{seen: map[uint64]bool{}} }

// server notes whose URLs are only its own.
func (n *names) server(issuer string) {
	if u, err := url.Parse(issuer); err == nil && u.Host != "" {
		n.issuer, n.origin = strings.TrimRight(issuer, "/"), u.Scheme+"://"+u.Host
	}
}

// role says whether a value has been seen, and remembers it.
func (n *names) role(v string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(v)) // a hash takes everything
	k := h.Sum64()
	if n.seen[k] {
		return "as before"
	}
	n.seen[k] = true
	if len(n.ring) < mostSeen {
		n.ring = append(n.ring, k)
		return "new here"
	}
	delete(n.seen, n.ring[n.at])
	n.ring[n.at] = k
	n.at = (n.at + 1) % mostSeen
	return "new here"
}

// neutral is a text with the server's own address and the ports of this machine
// taken out: the same server may stand elsewhere.
func (n *names) neutral(s string) string {
	if n.issuer != "" && strings.Contains(s, n.origin) {
		s = strings.ReplaceAll(strings.ReplaceAll(s, n.issuer, "{issuer}"), n.origin, "{server}")
	}
	return withoutPorts(s)
}

// neutralPath is neutral, and without path segments made for one use.
func (n *names) neutralPath(s string) string {
	parts := strings.Split(n.neutral(s), "/")
	for i, p := range parts {
		if looksRandom(p) {
			parts[i] = "…"
		}
	}
	return strings.Join(parts, "/")
}

// withoutPorts takes the ports of this machine out of a text.
func withoutPorts(s string) string {
	for _, host := range []string{"127.0.0.1:", "localhost:", "[::1]:"} {
		if !strings.Contains(s, host) {
			continue
		}
		var b strings.Builder
		for {
			before, after, found := strings.Cut(s, host)
			b.WriteString(before)
			if !found {
				break
			}
			s = strings.TrimLeft(after, "0123456789")
			b.WriteString(host)
		}
		s = b.String()
	}
	return s
}

// typed reports whether a person gave a value.
func typed(o trace.Origin) bool {
	return strings.HasPrefix(o.By, "--") && o.By != "--demo" || strings.HasPrefix(o.By, "OAUTHPROBE_")
}

// value is a fact of a name and a value.
func (s *side) value(where, name, v string, by trace.Origin) fact {
	f := fact{where: where, name: name, shown: v, origin: by}
	last := strings.ToLower(name[strings.LastIndexAny(name, ".[")+1:])
	_, masked := maskTag(lastWord(v))
	switch {
	case v == "":
	case random[last] && (where != "response body" || !ambiguous[last]):
		f.same = "…"
		if jose(v) || masked && strings.Contains(v, ".") {
			f.same = "a JWT"
		}
		if relates[last] {
			f.role = s.role(v)
		}
		if typed(by) && !masked {
			f.same, f.role = v, ""
		}
	case masked:
		f.same = "…"
	case !typed(by) && !identity(last) && looksRandom(v):
		f.same = "…"
	default:
		f.same = s.neutral(v)
	}
	return f
}

// identities are names of members that look random and are not: they say who or
// what is meant.
var identities = map[string]bool{
	"aud": true, "azp": true, "cnf": true, "crv": true, "e": true, "email": true, "iss": true, "jku": true, "n": true, "resource": true, "scope": true,
	"sub": true, "username": true, "x": true, "x5c": true, "x5t": true, "x5t#s256": true, "y": true,
}

func identity(name string) bool { return identities[name] || strings.HasSuffix(name, "id") }

// looksRandom recognises what nobody types: a UUID, a long hexadecimal number,
// or a long word of digits and letters of both cases.
func looksRandom(s string) bool {
	if len(s) < 20 || len(s) > 4096 {
		return false
	}
	digits, upper, lower := 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		case !strings.ContainsRune("-_~.+/=", rune(c)):
			return false
		}
	}
	if len(s) >= 32 && digits > 4 && strings.Trim(strings.ToLower(s), "0123456789abcdef-") == "" {
		return true
	}
	return digits > 1 && upper > 1 && lower > 1 && strings.Count(s, "/") < 3
}

// assertion compares what a JWT says (RFC 7519 §3), masked or not. It says
// false for what is none.
func (s *side) assertion(u *unit, where, name, v string, by trace.Origin) bool {
	parts := strings.Split(v, ".")
	if len(parts) < 3 || !joseHeader(parts[0]) {
		return false
	}
	from := len(u.facts)
	for i, part := range []string{"header", "claims"} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			s.jsonFacts(u, where, name+" "+part+".", string(b), time.Time{})
		}
	}
	for i := from; i < len(u.facts); i++ {
		u.facts[i].origin = by
	}
	return len(u.facts) > from
}

// clocks are members that hold a time; what counts is how far it is from the
// time of the run, or from iat of the same token.
var clocks = map[string]float64{"iat": 10, "nbf": 10, "exp": 10, "auth_time": 90}

// clock is a fact about a time (RFC 7519 §2).
func clock(f fact, name string, around node, at time.Time) (fact, bool) {
	slack, is := clocks[name]
	v, err := strconv.ParseFloat(f.shown, 64)
	if !is || err != nil {
		return f, false
	}
	base, since := float64(at.Unix()), "the record"
	if iat, ok := around.get("iat"); ok && iat.kind == '0' && name != "iat" {
		if n, err := strconv.ParseFloat(iat.text, 64); err == nil {
			base, since = n, "iat"
		}
	} else if at.IsZero() {
		f.same = "a time"
		return f, true
	}
	f.number, f.slack = v-base, slack
	if name == "exp" && since == "iat" {
		f.slack = 2
	}
	f.role = strconv.FormatFloat(f.number, 'f', -1, 64) + " s from " + since
	return f, true
}
