package token

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// mostExplained bounds the words on a field that has many challenges.
const mostExplained = 8

// errorWords say what a resource means by its error code.
var errorWords = map[string]struct{ means, ref string }{
	"invalid_request":                  {"the request is not one that the resource understands: a parameter is missing or repeated, or the token came in two ways at once", "RFC 6750 §3.1"},
	"invalid_token":                    {"the token has expired, was revoked, is malformed, is for another resource, or comes from a server that this resource does not trust", "RFC 6750 §3.1"},
	"insufficient_scope":               {"the token is genuine but not good for this", "RFC 6750 §3.1"},
	"insufficient_user_authentication": {"the token is genuine, but the sign-in behind it was too weak or too long ago: step up", "RFC 9470 §3"},
	"invalid_dpop_proof":               {"the DPoP proof was not accepted: its method, address, time, key or the hash of the token do not fit", "RFC 9449 §7.1"},
	"use_dpop_nonce":                   {"the DPoP proof has to carry the nonce that the resource just gave, in the DPoP-Nonce field", "RFC 9449 §9"},
}

// challenged explains each challenge of an answer, and what to do about it.
func challenged(r *flow.Run, p *flow.Response) {
	all, _ := p.Challenges()
	for _, c := range all[:min(len(all), mostExplained)] {
		text, ref := challengeWords(c)
		r.Say(trace.Note{Topic: "challenge", Text: text, Ref: ref, Lines: remedies(r, p, c)})
	}
	if more := len(all) - mostExplained; more > 0 {
		r.Note("challenge", fmt.Sprintf("%d more challenges are in the answer", more), "RFC 9110 §11.6.1")
	}
}

// challengeWords is a challenge in words.
func challengeWords(c flow.Challenge) (text, ref string) {
	code := c.Params.Get("error")
	known := errorWords[code]
	ref = "RFC 9110 §11.6.1"
	switch {
	case known.means != "":
		text, ref = fmt.Sprintf("%s %s: %s", brief(c.Scheme), code, known.means), known.ref
	case code != "":
		text = fmt.Sprintf("%s %q: not an error code that is registered for resources", brief(c.Scheme), brief(code))
	case c.Is("Bearer"):
		text, ref = "Bearer: a bearer token is wanted", "RFC 6750 §3"
	case c.Is("DPoP"):
		text, ref = "DPoP: a token bound to a key is wanted, with a proof that the key is held", "RFC 9449 §7.1"
	default:
		text = fmt.Sprintf("%q: a scheme that this tool does not speak", brief(c.Scheme))
	}
	for _, add := range []struct{ name, words string }{
		{"error_description", "the resource says"}, {"scope", "it asks for the scope"}, {"acr_values", "it asks for a sign-in of class"},
		{"max_age", "it asks for a sign-in of at most so many seconds ago"}, {"algs", "proofs may be signed with"}, {"realm", "realm"},
		{"resource_metadata", "it is described at"},
	} {
		if v := c.Params.Get(add.name); v != "" {
			text += fmt.Sprintf("; %s %q", add.words, brief(v))
		}
	}
	return text, ref
}

// remedies are commands to type. What came from the server stands in them as
// one word of the shell each, or not at all.
func remedies(r *flow.Run, p *flow.Response, c flow.Challenge) []string {
	var lines []string
	if u, err := url.Parse(c.Params.Get("resource_metadata")); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && p.Request.Endpoint == flow.Resource {
		lines = append(lines, "oauthprobe call "+shellWord(u.String()))
	}
	var ask string
	for _, add := range []struct{ name, flag string }{{"scope", "--scope"}, {"acr_values", "--acr-values"}, {"max_age", "--max-age"}} {
		v := c.Params.Get(add.name)
		if v == "" || strings.ContainsFunc(v, func(r rune) bool { return r < 0x20 || r > 0x7e }) || strings.HasPrefix(v, "-") || strings.HasPrefix(v, "@") {
			continue
		}
		ask += " " + add.flag + " " + shellWord(v)
	}
	if ask != "" && r.Server.Issuer != "" {
		lines = append(lines, "oauthprobe code "+shellWord(r.Server.Issuer)+ask)
	}
	return lines
}

// brief keeps a foreign text fit for a sentence.
func brief(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// shellWord writes a text so that a shell takes it for one word, whatever is
// in it.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~:/@%+,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
