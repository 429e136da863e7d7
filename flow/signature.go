package flow

import (
	"context"
	"errors"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// A Signature is what came of verifying a token's signature: a Key that
// verified it, or an error, or a reason why it could not be checked at all.
type Signature struct {
	Key       *jose.Key
	Err       error // *jose.VerifyError or *jose.SelectError
	Unchecked string
	Refetched bool // the key set was fetched a second time for an unknown kid
	Seq       int  // of the exchange that brought the key set; 0 where none was needed
}

// Verify looks for a key of the issuer that verifies a token's signature. The
// key set is fetched when it is first needed, and once more for a kid that is
// not in it. An error means that the keys could not be had.
func (r *Run) Verify(ctx context.Context, t *jose.Token) (*Signature, error) {
	alg := t.Alg()
	switch {
	case t.Form != jose.FormJWS:
		return &Signature{Unchecked: "it is not a signed JWT"}, nil
	case strings.EqualFold(alg, "none"):
		return &Signature{Unchecked: "it has no signature (alg none)"}, nil
	case strings.HasPrefix(alg, "HS"):
		return r.mac(t), nil
	case r.Server.Endpoint(JWKS) == "":
		return &Signature{Unchecked: "no jwks_uri is known: give --jwks-uri to have the signature checked"}, nil
	}
	set, seq, err := r.Keys(ctx, false)
	if errors.Is(err, ErrSkipped) {
		return &Signature{Unchecked: "the key set was not fetched: skipped by hand"}, nil
	}
	if err != nil {
		return nil, err
	}
	s := verified(t, set)
	var selection *jose.SelectError
	if errors.As(s.Err, &selection) && selection.Reason == "kid-unknown" {
		kid, _ := t.Kid()
		r.Note("jwks-refetch", "key "+kid+" is not in the key set; fetching the set once more, in case it was rotated", "OIDC Core §10.1.1")
		again, at, err := r.Keys(ctx, true)
		if errors.Is(err, ErrSkipped) {
			s.Seq = seq
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		s, seq = verified(t, again), at
		s.Refetched = true
	}
	s.Seq = seq
	return s, nil
}

// VerifyAtHand is Verify for a token that is not ours to rely on: it uses the
// keys that this run has fetched already, and fetches none.
func (r *Run) VerifyAtHand(t *jose.Token) *Signature {
	alg := t.Alg()
	switch {
	case t.Form != jose.FormJWS:
		return &Signature{Unchecked: "it is not a signed JWT"}
	case strings.EqualFold(alg, "none"):
		return &Signature{Unchecked: "it has no signature (alg none)"}
	case strings.HasPrefix(alg, "HS"):
		return &Signature{Unchecked: "its MAC is keyed with a secret that the server and the resource share"}
	case r.keys == nil:
		return &Signature{Unchecked: "this run had no need of the server's keys"}
	}
	s := verified(t, r.keys.set)
	s.Seq = r.keys.seq
	return s
}

// mac verifies HMAC with the client's own secret, and with nothing that is
// public.
func (r *Run) mac(t *jose.Token) *Signature {
	if r.Client.Secret == "" {
		return &Signature{Unchecked: t.Alg() + " needs a secret that only this client and the server share, and this client has none"}
	}
	if err := jose.VerifyHMAC(t, []byte(r.Client.Secret)); err != nil {
		return &Signature{Err: err}
	}
	return &Signature{Key: &jose.Key{Kty: "oct", Kid: "the client secret"}}
}

func verified(t *jose.Token, set jose.KeySet) *Signature {
	keys, err := set.Candidates(t)
	if err != nil {
		return &Signature{Err: err}
	}
	for i := range keys {
		if err = jose.Verify(t, keys[i]); err == nil {
			return &Signature{Key: &keys[i]}
		}
	}
	return &Signature{Err: err}
}

// A Sealed is the encrypted envelope of a token, and what came of opening it.
type Sealed struct {
	Token *jose.Token // the JWE
	Plain *jose.Plain // nil when it could not be opened
	Err   error       // *jose.DecryptError
}

// Unseal decodes a token, and what is inside when it is encrypted to this
// client. Of one that cannot be opened the token is the envelope itself; the
// Sealed is nil when nothing was encrypted.
func (r *Run) Unseal(raw string) (*jose.Token, *Sealed) {
	t := jose.Decode(raw)
	if t.Form != jose.FormJWE {
		return t, nil
	}
	s := &Sealed{Token: t}
	if s.Plain, s.Err = jose.Decrypt(t, r.Client.Keys, []byte(r.Client.Secret)); s.Err != nil {
		return t, s
	}
	return jose.Decode(string(s.Plain.Payload)), s
}
