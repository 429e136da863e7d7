package jose

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// The forms of a token.
const (
	FormJWS    = "JWS"
	FormJWE    = "JWE"
	FormOpaque = "opaque"
)

// maxToken is the longest token that is taken apart. No specification sets a
// limit; servers and proxies refuse such headers long before.
const maxToken = 256 << 10

// A Token is a compact JOSE token taken apart.
type Token struct {
	Raw string
	// Form is FormJWS, FormJWE or FormOpaque. A token with the wrong number of
	// segments, or whose first segment does not begin a JSON object, is opaque.
	Form string
	// Header and Claims are nil when unreadable, Claims also when encrypted.
	Header, Claims *Object
	// Payload is what was signed, JSON or not; nil when encrypted.
	Payload   []byte
	Signature []byte
	Problems  []Problem
}

// Decode takes a token apart. It never fails and never returns nil: what is
// wrong is in Problems, with the IDs jwt-too-big, jwt-not-compact,
// jwt-illegal-character, jwt-padding, jwt-not-base64url, jwt-trailing-bits, and
// those of ParseObject with jwt-header- or jwt-claims- in place of json-.
func Decode(s string) *Token {
	t := &Token{Raw: s, Form: FormOpaque}
	if len(s) > maxToken {
		t.report("jwt-too-big", "RFC 7515 §7.1", "the token has %d bytes; this tool reads up to %d", len(s), maxToken)
		return t
	}
	segments := strings.SplitN(s, ".", 7)
	switch len(segments) {
	case 3:
		if t.header(segments[0]) {
			t.Form = FormJWS
			t.payload(segments[1])
			t.Signature = t.segment("signature", segments[2])
		}
	case 5:
		if t.header(segments[0]) {
			t.Form = FormJWE
			for i, name := range []string{"encrypted key", "initialization vector", "ciphertext", "authentication tag"} {
				t.segment(name, segments[i+1])
			}
		}
	default:
		t.notCompact(segments)
	}
	return t
}

// notCompact reports a token of another number of segments. Two of them may be
// a JWS that lost its signature, which is still worth showing.
func (t *Token) notCompact(segments []string) {
	const ref = "RFC 7515 §7.1"
	switch {
	case t.Raw == "":
		t.report("jwt-not-compact", ref, "the token is empty")
	case strings.HasPrefix(strings.TrimSpace(t.Raw), "{"):
		t.report("jwt-not-compact", ref, "the token is JSON; a JWT is in the compact serialization")
	default:
		t.report("jwt-not-compact", ref, "the number of segments is %d; a JWS has 3 and a JWE has 5", strings.Count(t.Raw, ".")+1)
	}
	if len(segments) != 2 {
		return
	}
	probe := &Token{}
	if probe.header(segments[0]) && probe.Header != nil {
		probe.payload(segments[1])
		t.Header, t.Claims, t.Payload = probe.Header, probe.Claims, probe.Payload
		t.Problems = append(t.Problems, probe.Problems...)
	}
}

// header decodes the JOSE header and says whether it began as an object.
func (t *Token) header(segment string) bool {
	text := t.segment("header", segment)
	t.Header = t.object("header", text)
	return bytes.HasPrefix(bytes.TrimLeft(text, "\xef\xbb\xbf \t\r\n"), []byte("{"))
}

func (t *Token) payload(segment string) {
	t.Payload = t.segment("payload", segment)
	t.Claims = t.object("claims", t.Payload)
}

// object reads the header or the claims and gives the problems of the JSON the
// name of the part they are in.
func (t *Token) object(part string, text []byte) *Object {
	o, problems := ParseObject(text)
	for _, p := range problems {
		p.ID = "jwt-" + part + "-" + strings.TrimPrefix(p.ID, "json-")
		p.Detail = part + ": " + p.Detail
		if p.Ref = "RFC 7515 §4"; part == "claims" {
			p.Ref = "RFC 7519 §7.2"
			if strings.HasSuffix(p.ID, "-duplicate-name") {
				p.Ref = "RFC 7519 §4"
			}
		}
		t.Problems = append(t.Problems, p)
	}
	return o
}

// segment decodes base64url. What is not, it mends where only one reading is
// possible, so that the token can be shown, and reports.
func (t *Token) segment(name, s string) []byte {
	if at := strings.IndexFunc(s, notBase64URL); at >= 0 {
		t.report("jwt-illegal-character", "RFC 7515 §2", "the %s has %s at its byte %d, which is not in the base64url alphabet",
			name, quote(firstRune(s[at:])), at)
		s = mend(s)
	}
	if bare := strings.TrimRight(s, "="); len(bare) < len(s) {
		t.report("jwt-padding", "RFC 7515 §2", "the %s ends in %d padding characters, which base64url here leaves out",
			name, len(s)-len(bare))
		s = bare
	}
	text := make([]byte, base64.RawURLEncoding.DecodedLen(len(s)))
	n, err := base64.RawURLEncoding.Decode(text, []byte(s))
	text = text[:n]
	if err != nil {
		t.report("jwt-not-base64url", "RFC 7515 §2", "the %s cannot be decoded: %d characters, of which the first %d bytes were read", name, len(s), n)
		return text
	}
	if proper := base64.RawURLEncoding.EncodeToString(text); proper != s {
		t.report("jwt-trailing-bits", "RFC 4648 §3.5", "the last character of the %s is %q and should be %q: bits that stand for nothing are not zero",
			name, s[len(s)-1:], proper[len(proper)-1:])
	}
	return text
}

// mend drops white space, as copying from a terminal leaves it, and turns the
// alphabet of plain base64 into that of base64url.
func mend(s string) string {
	return strings.NewReplacer("+", "-", "/", "_", " ", "", "\t", "", "\r", "", "\n", "").Replace(s)
}

func notBase64URL(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '='
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}

func (t *Token) report(id, ref, format string, args ...any) {
	t.Problems = append(t.Problems, problem(id, ref, format, args...))
}

// Alg returns the header's alg (RFC 7515 §4.1.1), empty when it is absent or
// not a string.
func (t *Token) Alg() string {
	alg, _ := t.Header.String("alg")
	return alg
}

// Kid returns the header's kid (RFC 7515 §4.1.4); false when it is absent or
// not a string.
func (t *Token) Kid() (string, bool) { return t.Header.String("kid") }

// Typ returns the header's typ (RFC 7515 §4.1.9), empty when it is absent or
// not a string.
func (t *Token) Typ() string {
	typ, _ := t.Header.String("typ")
	return typ
}
