package output

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// A Mask is a Sink that hides secrets before any output sees them. It learns
// them from the marks of the engine and from Know, and hides them in that
// event and in all later ones.
//
// Two rules say where. At a marked place (a secret parameter, a marked header
// or member) the value is always hidden. In any other text a secret is hidden
// wherever it occurs in whatever encoding, provided that it is recognisable:
// at least 8 characters (12 when all are digits), not a word of the protocol
// or part of one ("password"), and not also the client_id or the user name of
// the run. A password "alice" is therefore hidden where it is sent, and the
// user alice stays readable.
//
// Beside these, a short secret that Know was told is hidden as a word of its
// own in what a server says of an error, and a token endpoint's answer that is
// neither JSON nor a form is searched for what looks like a token.
//
// There are two sinks, because the screen shows one thing that no file keeps:
// the URL that a person has to open works only as it is. When it holds a
// secret, such as an id_token_hint, a saved trace shows that one line
// differently from the live run.
type Mask struct {
	screen, keep trace.Sink
	key          []byte
	reveal       bool

	mu       sync.Mutex
	learnt   map[string]bool
	public   map[string]bool
	plain    map[string]bool // values that were sent and are no secrets
	told     []string        // short secrets, from Know
	back     string          // the redirect URI that an answer is awaited at
	asked    []string        // names of the secret parameters of the authorization URL
	patterns map[[window]byte][]pattern
}

// window is the length of text by which patterns are looked up, and so the
// least length of a secret that is hidden in free text.
const window = 8

// A pattern is a text that gives a secret away.
type pattern struct {
	text   []byte
	with   string
	secret string
	spread bool // hide all of the base64 text around it
}

// NewMask makes a Mask that passes records to the screen and to what is kept;
// either may be nil. The key is random for each run: it makes equal secrets
// look equal without letting short ones be guessed. With reveal everything
// passes as it is.
func NewMask(screen, keep trace.Sink, key []byte, reveal bool) *Mask {
	return &Mask{
		screen: screen, keep: keep, key: append([]byte(nil), key...), reveal: reveal,
		learnt: map[string]bool{}, public: map[string]bool{}, plain: map[string]bool{}, patterns: map[[window]byte][]pattern{},
	}
}

// Know makes a secret known that no event has marked, such as the value of a
// flag.
func (m *Mask) Know(secret string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.learn(secret)
	m.tell(secret)
}

// Text hides all known secrets in the text of an error.
func (m *Mask) Text(s string) string {
	if m.reveal {
		return s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.errorText(s)
}

// Emit implements trace.Sink.
func (m *Mask) Emit(r trace.Record) {
	shown := r
	if !m.reveal {
		r.Event = m.event(r.Event)
		if o, ok := shown.Event.(trace.Opened); ok {
			open := o.URL
			if o, ok = r.Event.(trace.Opened); ok {
				o.URL = open
				shown.Event = o
			}
		} else {
			shown.Event = r.Event
		}
	}
	if m.screen != nil {
		m.screen.Emit(shown)
	}
	if m.keep != nil {
		m.keep.Emit(r)
	}
}

func (m *Mask) event(e trace.Event) trace.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f, ok := e.(trace.Finding); ok { // of these there are many, and nothing in them is marked
		f.ID, f.Code, f.Ref = m.text(f.ID), m.text(f.Code), m.text(f.Ref)
		f.Level, f.Outcome = trace.Level(m.text(string(f.Level))), trace.Outcome(m.text(string(f.Outcome)))
		f.Detail, f.Expected, f.Actual = m.text(f.Detail), m.text(f.Expected), m.text(f.Actual)
		f.Evidence = slices.Clone(f.Evidence)
		return m.errors(f, false)
	}
	e = rewrite(e, func(s string) string { return s }) // a copy of our own
	return unpacked(e, func(e trace.Event) trace.Event {
		m.learnPlain(e)
		if o, ok := e.(trace.Opened); ok && o.Back != "" {
			m.back = o.Back
		}
		e = m.withheld(e)
		v := veil{asked: m.asked, open: m.isPlain, unclear: unclear(e)}
		v.value, v.basic = func(s string) string { m.learn(s); return s }, func(s string) string { m.learnBasic(s); return s }
		e = marked(e, v)
		v.value, v.basic, v.hides = m.hide, m.hideBasic, true
		e = marked(e, v)
		return rewrite(m.errors(e, v.unclear), m.text)
	})
}

func (m *Mask) learn(secret string) {
	if _, is := maskTag(secret); is || secret == "" || m.learnt[secret] {
		return
	}
	m.learnt[secret] = true
	for _, inner := range carriedSecrets(secret) {
		m.learn(inner)
	}
	if !recognisable(secret) {
		return
	}
	with := m.hide(secret)
	m.add(pattern{text: []byte(secret), with: with, secret: secret})
	m.add(pattern{text: []byte(strings.ReplaceAll(secret, " ", "+")), with: with, secret: secret})
	if i := strings.LastIndexByte(secret, '.'); i > 0 && jose(secret) && len(secret)-i > 16 {
		m.add(pattern{text: []byte(secret[i+1:]), with: m.tag(secret), secret: secret})
	}
	for _, s := range []string{secret, url.QueryEscape(secret)} {
		for _, core := range base64Cores(s) {
			m.add(pattern{text: []byte(core), with: m.tag(secret), secret: secret, spread: true})
		}
	}
}

// learnBasic learns the credentials of a Basic header and the secret in them.
func (m *Mask) learnBasic(credentials string) {
	_, secret, ok := basicPair(credentials)
	if !ok {
		m.learn(credentials)
		return
	}
	m.learn(secret)
	m.add(pattern{text: []byte(credentials), with: m.tag(secret), secret: secret})
}

func (m *Mask) add(p pattern) {
	if len(p.text) < window {
		return
	}
	k := [window]byte(p.text)
	for _, have := range m.patterns[k] {
		if string(have.text) == string(p.text) {
			return
		}
	}
	m.patterns[k] = append(m.patterns[k], p)
}

// hide is what stands for a secret: a few characters of a long one, and a
// digest. A signed token keeps what it says and loses its signature; of an
// encrypted one only the header stays.
func (m *Mask) hide(secret string) string {
	if _, is := maskTag(secret); is || secret == "" {
		return secret
	}
	tag := m.tag(secret)
	if jose(secret) {
		parts := strings.Split(secret, ".")
		if len(parts) == 3 && len(parts[2]) > 16 && !saysError(parts[1]) { // without a signature all of it would be there
			return parts[0] + "." + parts[1] + "." + tag
		}
		return parts[0] + "." + tag
	}
	if utf8.RuneCountInString(secret) < 20 {
		return tag
	}
	n := 0
	for n < 4 && unreserved(secret[n]) { // safe in JSON, URLs and headers
		n++
	}
	return secret[:n] + tag
}

func (m *Mask) hideBasic(credentials string) string {
	if _, is := maskTag(credentials); is {
		return credentials
	}
	if _, secret, ok := basicPair(credentials); ok {
		return m.tag(secret)
	}
	return m.tag(credentials)
}

func (m *Mask) tag(secret string) string {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(secret))
	return "…(" + hex.EncodeToString(h.Sum(nil))[:6] + ")"
}

// maskTag says whether a value is masked already, and with which tag.
func maskTag(s string) (string, bool) {
	i := strings.Index(s, "…(")
	if i < 0 || len(s)-i != len("…(3f9a1c)") || s[len(s)-1] != ')' {
		return "", false
	}
	for _, c := range s[len(s)-7 : len(s)-1] {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return "", false
		}
	}
	front := s[:i]
	if len(front) <= 4 && strings.Trim(front, unreservedSet) == "" {
		return s[i:], true
	}
	parts := strings.Split(front, ".")
	ok := parts[len(parts)-1] == "" && (len(parts) == 2 || len(parts) == 3 && base64Text(parts[1])) && joseHeader(parts[0])
	return s[i:], ok
}

// jose says whether a secret is a compact JWS or JWE (RFC 7515 §7.1,
// RFC 7516 §7.1).
func jose(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 3 && len(parts) != 5 {
		return false
	}
	return base64Text(parts[1]) && joseHeader(parts[0])
}

func joseHeader(s string) bool {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	return err == nil && len(b) > 0 && b[0] == '{' && json.Valid(b)
}

func base64Text(s string) bool {
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '-' && c != '_' && c != '=' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// unreservedSet is what needs no escape anywhere (RFC 3986 §2.3).
const unreservedSet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

func unreserved(c byte) bool { return strings.IndexByte(unreservedSet, c) >= 0 }
