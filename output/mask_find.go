package output

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// protocolWords are words whose replacement would wreck every request shown.
// A secret that is one of them, or part of one, is hidden at marked places only.
const protocolWords = `access_token access_denied account_selection_required acr_values actor_token actor_token_type
	application/json application/x-www-form-urlencoded assertion audience authorization authorization_code
	authorization_details authorization_endpoint binding_message callback challenge claims_locales client_assertion
	client_assertion_type client_credentials client_id client_id_issued_at client_secret client_secret_basic
	client_secret_expires_at client_secret_jwt client_secret_post code_challenge code_challenge_method code_verifier
	confidential consent_required content-type credentials device_code end_session_endpoint error_description error_uri
	expires_in expired_token form_post fragment grant_type id_token id_token_hint interaction_required introspection_endpoint
	invalid_client invalid_grant invalid_request invalid_scope invalid_target invalid_token issued_token_type issuer
	jwks_uri localhost login_hint login_required logout_token max_age nonce none offline_access openid password
	post_logout_redirect_uri preferred_username private_key_jwt profile public_client redirect_uri refresh_token
	registration_access_token registration_client_uri registration_endpoint request_uri requested_token_type resource
	response_mode response_type response_types_supported revocation_endpoint scope self_signed_tls_client_auth server_error
	session_state slow_down subject_token subject_token_type temporarily_unavailable tls_client_auth token_endpoint
	token_type token_type_hint ui_locales unauthorized_client unsupported_grant_type unsupported_response_type
	unsupported_token_type urn:ietf:params:oauth:token-type urn:ietf:params:oauth:grant-type userinfo_endpoint username
	verification_uri verification_uri_complete wrong www-authenticate`

// recognisable says whether a secret can be hidden in free text without
// hiding what is none.
func recognisable(secret string) bool {
	if len(secret) < window || utf8.RuneCountInString(secret) < window {
		return false
	}
	if strings.Trim(secret, "0123456789") == "" && len(secret) < 12 {
		return false
	}
	return !strings.Contains(protocolWords, strings.ToLower(secret))
}

// base64Cores are the characters that any base64 text which contains s must
// contain, one for each of the three ways it can lie in it, in both alphabets.
func base64Cores(s string) []string {
	var out []string
	for skip := range 3 {
		if len(s) < skip+3 {
			break
		}
		whole := (len(s) - skip) / 3 * 3
		part := []byte(s[skip : skip+whole])
		out = append(out, base64.StdEncoding.EncodeToString(part), base64.URLEncoding.EncodeToString(part))
	}
	return out
}

// basicPair reads Basic credentials (RFC 7617 §2), whose halves are form
// encoded in OAuth (RFC 6749 §2.3.1).
func basicPair(credentials string) (id, secret string, ok bool) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(credentials, "="))
	if err != nil {
		b, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(credentials, "="))
	}
	if err != nil || !utf8.Valid(b) || bytes.ContainsFunc(b, func(r rune) bool { return r < 0x20 }) {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(b), ":")
	if s, err := url.QueryUnescape(secret); err == nil {
		secret = s
	}
	return id, secret, ok
}

// A view is a text with one layer of encoding taken off, and where in the
// original each of its octets began.
type view struct {
	text []byte
	at   []int
}

func viewOf(s string) view {
	v := view{text: []byte(s), at: make([]int, len(s)+1)}
	for i := range v.at {
		v.at[i] = i
	}
	return v
}

// decoded takes an encoding off that begins with a lead character. It says
// false when there is nothing to take off.
func (v view) decoded(lead byte, read func([]byte) ([]byte, int)) (view, bool) {
	if bytes.IndexByte(v.text, lead) < 0 {
		return v, false
	}
	out := view{text: make([]byte, 0, len(v.text)), at: make([]int, 0, len(v.at))}
	for i := 0; i < len(v.text); {
		got, n := v.text[i:i+1], 1
		if v.text[i] == lead {
			if g, m := read(v.text[i:]); m > 0 {
				got, n = g, m
			}
		}
		for _, c := range got {
			out.text = append(out.text, c)
			out.at = append(out.at, v.at[i])
		}
		i += n
	}
	out.at = append(out.at, v.at[len(v.text)])
	return out, true
}

// readPercent reads one percent-encoded octet (RFC 3986 §2.1).
func readPercent(b []byte) ([]byte, int) {
	if len(b) < 3 {
		return nil, 0
	}
	hi, lo := hexDigit(b[1]), hexDigit(b[2])
	if hi < 0 || lo < 0 {
		return nil, 0
	}
	return []byte{byte(hi<<4 | lo)}, 3
}

func hexDigit(c byte) int {
	if c >= 'A' && c <= 'F' {
		c += 'a' - 'A'
	}
	return strings.IndexByte("0123456789abcdef", c)
}

// readEscape reads one escape of a JSON string (RFC 8259 §7).
func readEscape(b []byte) ([]byte, int) {
	for _, n := range []int{12, 6, 2} { // a surrogate pair first
		if len(b) < n || n == 12 && (b[1] != 'u' || b[6] != '\\') {
			continue
		}
		var s string
		if json.Unmarshal([]byte(`"`+string(b[:n])+`"`), &s) == nil && utf8.RuneCountInString(s) == 1 {
			return []byte(s), n
		}
	}
	return nil, 0
}

// readEntity reads one character reference of HTML.
func readEntity(b []byte) ([]byte, int) {
	i := bytes.IndexByte(b[:min(len(b), 10)], ';')
	if i < 2 {
		return nil, 0
	}
	s := html.UnescapeString(string(b[:i+1]))
	if s == string(b[:i+1]) {
		return nil, 0
	}
	return []byte(s), i + 1
}

// layers are the encodings in which a secret can stand in a text.
var layers = []struct {
	lead byte
	read func([]byte) ([]byte, int)
}{{'%', readPercent}, {'\\', readEscape}, {'&', readEntity}}

// views are the ways to read a text: as it is, and with one or two layers of
// encoding taken off.
func views(s string) []view {
	whole := viewOf(s)
	out := []view{whole}
	for _, outer := range layers {
		v, ok := whole.decoded(outer.lead, outer.read)
		if !ok {
			continue
		}
		out = append(out, v)
		for _, inner := range layers {
			if v, ok := v.decoded(inner.lead, inner.read); ok {
				out = append(out, v)
			}
		}
	}
	return out
}

// A hit is where a secret stands in the original text.
type hit struct {
	from, to int
	with     string
}

func (m *Mask) text(s string) string {
	if len(s) < window {
		return s
	}
	return m.without(s, m.find)
}

// without replaces what is found in any view of a text, and Basic credentials.
func (m *Mask) without(s string, find func(view) []hit) string {
	var hits []hit
	for _, v := range views(s) {
		hits = append(hits, find(v)...)
		hits = append(hits, m.findBasic(v)...)
	}
	if len(hits) == 0 {
		return s
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var out strings.Builder
	done := 0
	for i := 0; i < len(hits); {
		h := hits[i]
		for i++; i < len(hits) && hits[i].from < h.to; i++ {
			h.to = max(h.to, hits[i].to)
		}
		out.WriteString(s[done:h.from] + h.with)
		done = h.to
	}
	return out.String() + s[done:]
}

// find looks for every known pattern in one pass.
func (m *Mask) find(v view) []hit {
	var hits []hit
	done := 0
	for i := 0; i+window <= len(v.text); i++ {
		p, ok := m.longest(v.text[i:])
		if !ok {
			continue
		}
		from, to := i, i+len(p.text)
		if p.spread {
			for from > done && base64Char(v.text[from-1]) && v.text[from-1] != '=' {
				from--
			}
			for to < len(v.text) && base64Char(v.text[to]) {
				to++
			}
		}
		hits = append(hits, hit{v.at[from], v.at[to], p.with})
		done, i = to, to-1
	}
	return hits
}

func (m *Mask) longest(b []byte) (best pattern, ok bool) {
	for _, p := range m.patterns[[window]byte(b)] {
		if len(p.text) > len(best.text) && !m.public[p.secret] && bytes.HasPrefix(b, p.text) {
			best, ok = p, true
		}
	}
	return best, ok
}

// findBasic finds Basic credentials, which are secret whoever sent them.
func (m *Mask) findBasic(v view) []hit {
	var hits []hit
	const scheme = "basic "
	for i := 0; i+len(scheme) < len(v.text); i++ {
		if v.text[i]|0x20 != 'b' || !strings.EqualFold(string(v.text[i:i+len(scheme)]), scheme) {
			continue
		}
		from := i + len(scheme)
		to := from
		for to < len(v.text) && base64Char(v.text[to]) {
			to++
		}
		if _, secret, ok := basicPair(string(v.text[from:to])); ok {
			hits = append(hits, hit{v.at[from], v.at[to], m.tag(secret)})
		}
		i = to - 1
	}
	return hits
}

func base64Char(c byte) bool {
	return alphanumeric(c) || strings.IndexByte("+/-_=", c) >= 0
}
