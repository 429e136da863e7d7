package token

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// verify looks for a key that vouches for the token: the one it brings where
// that is how such a token works, one given by hand, the client's own where a
// client made it, else those of the server.
func (s *specimen) verify(ctx context.Context) {
	r, t := s.run, s.token
	mac := strings.HasPrefix(t.Alg(), "HS")
	unchecked := func(why string) { s.signature = &flow.Signature{Unchecked: why} }
	switch {
	case t.Form != jose.FormJWS && s.sealed != nil:
		unchecked("what is inside is not signed: who encrypted it is not known")
	case t.Form != jose.FormJWS:
		unchecked("there is no signature")
	case strings.EqualFold(t.Alg(), "none"):
		unchecked("it is not signed: anybody could have written it")
	case s.what == "dpop_proof" && t.Header.Has("jwk") && !s.with.Given && s.with.Profile == "":
		s.verifyOwn()
	case s.with.Given && !mac:
		s.verifyGiven()
	case mac:
		s.verifyMAC()
	case s.what == "request_object", s.what == "client_assertion":
		s.verifyClient()
	case r.Server.Endpoint(flow.JWKS) == "" && r.Server.Issuer != "":
		unchecked("the server names no jwks_uri: give --jwks-uri, or a key with --key FILE")
	case r.Server.Endpoint(flow.JWKS) == "":
		unchecked("no key is given to check its signature with: " + s.inspection())
	default:
		s.verifyServer(ctx)
	}
}

// verifyOwn checks a proof with the key in its header, which is what it proves
// the possession of (RFC 9449 §4.3).
func (s *specimen) verifyOwn() {
	raw, _ := s.token.Header.Get("jwk")
	key := jose.ParseKey(raw)
	s.signature = &flow.Signature{Err: jose.Verify(s.token, key)}
	if s.signature.Err == nil {
		s.signature.Key = &key
		s.hand = "the key in its own header, as a DPoP proof has it; whether it is fresh and fits a request is the server's to judge"
	}
}

// verifyGiven checks with keys that a person chose. Their kid does not have to
// be right then: a PEM file has none.
func (s *specimen) verifyGiven() {
	keys, err := s.with.Keys.Candidates(s.token)
	var selection *jose.SelectError
	if errors.As(err, &selection) && (selection.Reason == "kid-unknown" || selection.Reason == "kid-missing") {
		keys = s.with.Keys.Keys
	}
	s.signature = &flow.Signature{Err: err}
	for i := range keys {
		failed := jose.Verify(s.token, keys[i])
		if failed == nil {
			s.accept(keys[i], "the key given by hand")
			return
		}
		if selection == nil {
			s.signature.Err = failed
		}
	}
}

func (s *specimen) accept(k jose.Key, hand string) {
	s.signature = &flow.Signature{Key: &k}
	s.hand = hand
	if kid, ok := s.token.Kid(); ok && k.Kid != "" && k.Kid != kid {
		s.hand += fmt.Sprintf(" (its kid is %q, though the token says %q)", k.Kid, kid)
	} else if k.Kid != "" {
		s.hand += fmt.Sprintf(" %q", k.Kid)
	}
}

// verifyMAC checks a MAC with symmetric keys given by hand and with the client
// secret, and with nothing that is public (RFC 8725 §3.1).
func (s *specimen) verifyMAC() {
	s.signature = &flow.Signature{Unchecked: s.token.Alg() + " is a MAC: it takes the secret that it was made with to check it, with --client-secret or as a symmetric --key"}
	for _, k := range s.with.Keys.Keys {
		if o, _ := jose.ParseObject(k.Raw); k.Kty == "oct" && s.with.Given {
			text, _ := o.String("k")
			if octets, err := base64.RawURLEncoding.DecodeString(text); err == nil {
				s.try("the key given by hand", k, octets)
			}
		}
	}
	for _, k := range s.run.Client.Keys {
		if octets, ok := k.Key.([]byte); ok {
			s.try("the key given by hand", jose.Key{Kty: "oct", Kid: k.Kid}, octets)
		}
	}
	if s.run.Client.Secret != "" {
		s.try("the client secret", jose.Key{Kty: "oct"}, []byte(s.run.Client.Secret))
	}
}

func (s *specimen) try(hand string, k jose.Key, octets []byte) {
	if s.signature.Key != nil {
		return
	}
	if err := jose.VerifyHMAC(s.token, octets); err != nil {
		s.signature = &flow.Signature{Err: err}
		return
	}
	s.accept(k, hand)
}

// verifyClient checks what a client signed, which no server's key fits.
func (s *specimen) verifyClient() {
	s.signature = &flow.Signature{Unchecked: "it was signed by a client, not by a server, and that client's key is not given: --key FILE"}
	for _, k := range s.run.Client.Keys {
		signer, ok := k.Key.(crypto.Signer)
		if !ok || signer == nil {
			continue
		}
		err := jose.Verify(s.token, k.Public)
		if err == nil {
			s.accept(k.Public, "the client's key")
			return
		}
		s.signature = &flow.Signature{Err: err}
	}
}

// verifyServer checks with the keys that the server publishes.
func (s *specimen) verifyServer(ctx context.Context) {
	signature, err := s.run.Verify(ctx, s.token)
	if err != nil {
		s.signature = &flow.Signature{}
		s.trouble = "its signature could not be checked, because the server's keys could not be had: " + err.Error()
		return
	}
	s.signature = signature
	if k := signature.Key; k != nil {
		seq := signature.Seq
		s.accept(*k, "a key that the server publishes,")
		s.signature.Seq = seq
		if k.Kid == "" {
			s.hand = "the one key that the server publishes for it"
		}
	}
}
