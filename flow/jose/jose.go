// Package jose looks at JWTs, key sets and JSON answers that came from a
// server nobody has reason to trust. It decodes leniently: whatever can be
// shown is shown, and all that is wrong with it is a Problem. It verifies
// strictly: a token with any flaw in its form or its header has no valid
// signature.
//
// Signatures are checked with the standard library. A JOSE library repairs
// (padding, any PSS salt length) what this package has to report, and lacks
// what it has to accept (Ed25519 as an alg, short MAC secrets). Encryption is
// that library's, behind checks of our own: what it would repair, inflate or
// stretch does not get as far.
package jose

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A Problem is something wrong with foreign bytes: a stable ID in kebab case,
// the section that it offends, and a sentence with the evidence in it.
type Problem struct{ ID, Ref, Detail string }

func problem(id, ref, format string, args ...any) Problem {
	return Problem{ID: id, Ref: ref, Detail: fmt.Sprintf(format, args...)}
}

// maxQuoted is how much of a foreign string a sentence repeats.
const maxQuoted = 64

// quote makes a foreign string fit for a sentence: quoted, nothing
// unprintable in it, and short.
func quote(s string) string {
	if len(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	cut := maxQuoted
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "…"
}
