package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Against is what a token is held against, beside the server of the run.
type Against struct {
	Keys     jose.KeySet
	Given    bool   // a key or a key set was given by hand; it is the only one used then
	Profile  string // "access": judge a JWT as an access token of RFC 9068, whatever its typ
	Audience string // the resource that an access token should be meant for
}

// Inspect takes apart whatever is handed to it, says what every part of it
// means, and whether it can be believed. What is wrong with a token is a
// finding and never an error: the only errors are those of the run itself.
func Inspect(raw string, with Against) flow.Procedure {
	return flow.Procedure{
		Name: "inspect", Spec: "RFC 7519",
		Doc: "take a token apart\n\nA JWT can be read by everybody who holds it, and be written by everybody too: only its signature says who made it. Nothing is sent to find out, except that a server's public keys are fetched where a server is named.",
		Run: func(ctx context.Context, r *flow.Run) error {
			all, more := finds(raw)
			for _, f := range all {
				s := &specimen{run: r, with: with, find: f, beside: all}
				s.inspect(ctx)
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
			}
			if more > 0 {
				r.Note("inspect-more", fmt.Sprintf("there are %d more tokens in it, which were not looked at", more), "")
			}
			return nil
		},
	}
}

// Unsigned is a token that is of no use to anybody and still shows what it
// says: the signature is replaced, of an encrypted one all but the header is
// gone, and of an opaque one everything.
func Unsigned(raw string) string {
	switch t := jose.Decode(raw); {
	case leaksKey(t.Header):
		return "token-removed"
	case t.Form == jose.FormJWS:
		return raw[:strings.LastIndexByte(raw, '.')] + ".signature-removed"
	case t.Form == jose.FormJWE:
		return raw[:strings.IndexByte(raw, '.')] + ".encrypted-content-removed"
	case t.Header != nil && t.Claims == nil && strings.Contains(raw, "."): // what looks like a header may be the claims, before a signature
		return raw[:strings.LastIndexByte(raw, '.')] + ".signature-removed"
	case t.Header != nil: // it lost its signature before
		return raw + ".signature-removed"
	}
	return "token-removed"
}

// A specimen is one token on the table.
type specimen struct {
	run    *flow.Run
	with   Against
	find   find
	beside []find // all that was found with it, itself included

	token     *jose.Token // what is inside, where it could be decrypted
	sealed    *flow.Sealed
	claims    *jose.Object
	what, why string
	signature *flow.Signature
	trouble   string // why the keys could not be had
	hand      string // where the key came from, for a sentence
}

func (s *specimen) inspect(ctx context.Context) {
	s.open()
	s.what, s.why = s.guess()
	s.verify(ctx)
	findings := s.judge()
	verified, reason := s.verdict(findings)
	d := trace.Decoded{
		What: s.what, Header: whole(s.header()), Claims: whole(s.claims),
		Verified: verified, Reason: reason, Members: s.members(),
	}
	var keys []int
	if s.signature.Seq != 0 {
		keys = []int{s.signature.Seq}
	}
	d.Evidence = keys
	seq := s.run.Say(d)
	for _, f := range findings {
		f.Evidence = append([]int{seq}, keys...)
		s.run.Say(f)
	}
	if s.looksJOSE() && len(s.find.text) <= mostShared {
		says := "safe to share: nobody can use this copy, though it still tells what the token says, of persons too"
		if s.sealed != nil {
			says = "safe to share: only the header is left of it"
		}
		s.run.Say(trace.Note{Topic: "safe-to-share", Text: says, Lines: []string{Unsigned(s.find.text)}})
	}
}

// mostShared is the longest token of which a copy is offered: a longer one is
// more than anybody pastes.
const mostShared = 32 << 10

// open decodes the token, and what is inside where it is encrypted to us.
func (s *specimen) open() {
	s.token, s.sealed = s.run.Unseal(s.find.text)
	s.claims = s.token.Claims
	if s.sealed != nil && s.sealed.Plain != nil && s.token.Form == jose.FormOpaque {
		s.claims, _ = jose.ParseObject(s.sealed.Plain.Payload) // not nested: claims that nobody signed
	}
}

// header is that of what is inside, and of the envelope where there is nothing
// inside that has one.
func (s *specimen) header() *jose.Object {
	if s.token.Header == nil && s.sealed != nil {
		return s.sealed.Token.Header
	}
	return s.token.Header
}

// shut reports whether the token is encrypted and could not be opened.
func (s *specimen) shut() bool { return s.sealed != nil && s.sealed.Plain == nil }

// looksJOSE tells a JWT, also a damaged one, from an opaque token.
func (s *specimen) looksJOSE() bool {
	return s.sealed != nil || s.token.Form != jose.FormOpaque || s.token.Header != nil || strings.HasPrefix(s.find.text, "eyJ")
}

// verdict is VERIFIED only when a key vouches for the token and nothing of it
// failed; otherwise it comes with the first reason against it.
func (s *specimen) verdict(findings []trace.Finding) (bool, string) {
	unchecked := s.unchecked()
	var passed, failed []string
	refused, _ := reasonOf(s.signature.Err)
	unsigned := s.token.Form != jose.FormJWS || strings.EqualFold(s.token.Alg(), "none") || refused == "crit" || refused == "malformed"
	for _, f := range findings {
		name := strings.TrimPrefix(f.ID, "token-")
		switch {
		case f.Outcome == trace.Fail:
			failed = append(failed, f.Detail)
			unsigned = unsigned || f.ID == "token-signature"
		case f.Outcome == trace.Pass && strings.Contains(" iss aud exp nbf at_hash c_hash ", " "+name+" "):
			passed = append(passed, name)
		}
	}
	switch {
	case len(failed) > 0 && unchecked != "" && !unsigned:
		return false, strings.Join(failed, ". And ") + ". And its signature was not checked: " + unchecked
	case len(failed) > 0:
		return false, strings.Join(failed, ". And ")
	case unchecked != "":
		return false, unchecked
	}
	says := s.token.Alg() + " by " + s.hand
	if s.sealed != nil {
		says += ", after decryption with " + s.sealed.Plain.Key
	}
	if len(passed) > 0 {
		says += "; checked " + strings.Join(passed, ", ")
	}
	return true, says
}

// unchecked says why no key vouches for the token, or nothing when one does.
func (s *specimen) unchecked() string {
	switch {
	case s.shut():
		return s.sealedReason()
	case s.find.text == "":
		return "there is nothing to inspect"
	case !s.looksJOSE() && !couldBeToken(s.find.text):
		return "it is no token: it has characters that no token has (RFC 6750 §2.1)"
	case !s.looksJOSE():
		return "it is not a JWT: only the server that made it can say what it means. Ask it: " + s.introspection()
	case s.trouble != "":
		return s.trouble
	case s.signature.Key != nil:
		return ""
	case s.signature.Unchecked != "":
		return s.signature.Unchecked
	}
	return detail(s.signature.Err)
}

// detail is the sentence of an error of jose, without its reason in front.
func detail(err error) string {
	var refused *jose.VerifyError
	var selection *jose.SelectError
	var sealed *jose.DecryptError
	switch {
	case err == nil:
		return "its signature could not be checked"
	case errors.As(err, &refused):
		return refused.Detail
	case errors.As(err, &selection):
		return selection.Detail
	case errors.As(err, &sealed):
		return sealed.Detail
	}
	return err.Error()
}

func (s *specimen) sealedReason() string {
	var no *jose.DecryptError
	if errors.As(s.sealed.Err, &no) && no.Reason == "no-key" {
		return "it is encrypted, and no key is given that opens it: give the private key with --key FILE"
	}
	return "it is encrypted, and could not be opened: " + detail(s.sealed.Err)
}

// introspection is the command that asks the server about an opaque token.
func (s *specimen) introspection() string {
	issuer := s.run.Server.Issuer
	if !typable(issuer) {
		issuer = "https://issuer"
	}
	return "oauthprobe introspect " + issuer + " --token TOKEN"
}

// inspection is the command that has the signature checked. The issuer that
// the token names is a suggestion, and only when it can be typed as it is.
func (s *specimen) inspection() string {
	issuer, _ := s.claims.String("iss")
	if !typable(issuer) {
		issuer = "https://issuer"
	}
	return "oauthprobe inspect TOKEN " + issuer
}

// typable reports whether an address means nothing special to a shell.
func typable(address string) bool {
	rest, ok := strings.CutPrefix(address, "https://")
	return ok && rest != "" && len(rest) < 200 && strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_/:") == ""
}

// whole is the text of an object, provided that all of it could be read: half
// an object would spoil the trace that it is put in.
func whole(o *jose.Object) json.RawMessage {
	if o == nil || !json.Valid(o.Raw) {
		return nil
	}
	return o.Raw
}

func characters(n int) string { return strconv.Itoa(n) + " characters" }
