package token

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// An alphabet is what an opaque token may be made of.
type alphabet struct {
	name, set string
}

// alphabets lists the smallest first.
func alphabets() []alphabet {
	const digits, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return []alphabet{
		{"digits", digits},
		{"hexadecimal", digits + "abcdef"},
		{"hexadecimal", digits + "ABCDEF"},
		{"lower case letters", lower},
		{"base32", "234567" + upper + "="},
		{"lower case letters and digits", lower + digits},
		{"upper case letters and digits", upper + digits},
		{"letters", lower + upper},
		{"letters and digits", lower + upper + digits},
		{"base64url", lower + upper + digits + "-_"},
		{"base64", lower + upper + digits + "+/="},
		{"the characters of a token (RFC 6750 §2.1)", lower + upper + digits + "-._~+/="},
	}
}

// alphabetOf is the smallest alphabet that has all characters of a text; false
// when one of them cannot be in a token at all.
func alphabetOf(s string) (alphabet, bool) {
	for _, a := range alphabets() {
		if strings.Trim(s, a.set) == "" && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(a.set, r) }) {
			return a, s != ""
		}
	}
	return alphabet{name: "characters that a token cannot have (RFC 6750 §2.1)"}, false
}

func couldBeToken(s string) bool {
	_, ok := alphabetOf(s)
	return ok
}

// bits is how hard a text is to guess at best: that it was made at random is
// assumed and cannot be seen. A text that repeats itself gets what its own
// distribution allows.
func bits(s string, a alphabet) int {
	n := utf8.RuneCountInString(s)
	count := map[rune]int{}
	for _, r := range s {
		count[r]++
	}
	spread := 0.0
	for _, c := range count {
		p := float64(c) / float64(n)
		spread -= p * math.Log2(p)
	}
	each := math.Log2(float64(len(a.set)))
	// A short random text cannot show its whole alphabet: at most log2(n).
	if limit := math.Log2(float64(n)); n > 1 && spread < 0.6*min(each, limit) {
		each = spread
	}
	return int(float64(n) * each)
}

// looksUUID recognises a UUID (RFC 9562 §4), which has 122 random bits at most.
func looksUUID(s string) bool {
	return regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`).MatchString(s)
}

// strength is the entropy of an opaque token, in bits at most.
func strength(s string) (int, string, bool) {
	a, ok := alphabetOf(s)
	switch {
	case !ok:
		return 0, a.name, false
	case looksUUID(s):
		return 122, "a UUID (RFC 9562)", true
	}
	return bits(strings.TrimRight(s, "="), a), a.name, true
}

// encoded says what an opaque token turns out to be the base64 of, if it is of
// something that can be read.
func encoded(s string) string {
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(b) < 8 || !utf8.Valid(b) || strings.ContainsFunc(string(b), func(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' || r > 0x7e }) {
		return ""
	}
	if json.Valid(b) {
		return "JSON"
	}
	return "readable text"
}

func (s *specimen) judgeEntropy() flow.Verdict {
	n, _, ok := strength(s.find.text)
	switch {
	case !ok:
		return beyond("it has characters that a token cannot have")
	case encoded(s.find.text) != "":
		return dubious("a random value", "base64 of "+encoded(s.find.text), "it is the base64 of %s, so it carries data, and may be guessed", encoded(s.find.text))
	case n < 128:
		return dubious("at least 128 bits", fmt.Sprintf("at most %d bits", n), "it is short: at best one in 2^%d is guessed", n)
	}
	return good("at most %d bits", n)
}

// opaqueMembers say all that can be seen of a token from outside. The token
// itself is not among it.
func (s *specimen) opaqueMembers() []trace.Member {
	in := func(name, value, means, ref string) trace.Member {
		return trace.Member{In: "token", Name: name, Value: value, Means: means, Ref: ref}
	}
	n, alphabet, ok := strength(s.find.text)
	all := []trace.Member{in("length", characters(utf8.RuneCountInString(s.find.text)), "", ""), in("alphabet", alphabet, "", "")}
	if ok {
		all = append(all, in("entropy", fmt.Sprintf("at most %d bits", n), "if it was made at random, which cannot be seen; 128 bits are asked for", "RFC 6749 §10.10"))
	}
	if e := encoded(s.find.text); e != "" {
		all = append(all, in("encodes", e, "it is base64 of something that can be read", ""))
	}
	for _, b := range brands {
		if strings.HasPrefix(s.find.text, b.prefix) && len(s.find.text) >= len(b.prefix)+8 {
			return append(all, in("looks like", b.words, "by its beginning "+b.prefix+", which proves nothing", ""))
		}
	}
	return all
}
