package discover

import (
	"context"
	"errors"
	"slices"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Survey finds the metadata of the plan's issuer, fetches its keys, and puts
// both into words.
func Survey() flow.Procedure {
	return flow.Procedure{
		Name: "discover", Spec: "RFC 8414 §3; OIDC Discovery §4; RFC 7517 §5",
		Doc: "show what a server says of itself\n\nThe metadata and the keys of an authorization server: where its endpoints are, what it allows and by which specification, what it means by what it leaves out, and what is wrong with any of it.",
		Run: survey,
	}
}

// survey describes what there is, also when the keys cannot be had. Metadata of
// another issuer lead nowhere: what they say is shown and not followed (RFC 8414
// §3.3), nor is an address that no key set may have.
func survey(ctx context.Context, r *flow.Run) error {
	resp, found, err := search(ctx, r)
	if err != nil {
		return err
	}
	asked := r.Server.Issuer
	r.Server, r.Result.Answer = *r.Result.Server, resp
	d := trace.Described{What: "metadata", Members: describe(r), Evidence: []int{r.Server.Seq}}
	var keysErr error
	var set jose.KeySet
	switch issuer, _ := r.Server.Metadata.String("issuer"); {
	case issuer != asked:
		r.Note("keys-left", "these are the metadata of another issuer, so its keys are not fetched", "RFC 8414 §3.3")
	case slices.ContainsFunc(found, misplaced):
		r.Note("keys-left", "the jwks_uri is no address to fetch keys from, so they are not fetched", "RFC 8414 §2")
	case r.Server.Endpoint(flow.JWKS) == "":
		r.Note("keys-none", "the metadata name no jwks_uri", "RFC 8414 §2")
	default:
		r.Step("Keys", "fetch the keys that the server signs with, and that it can be encrypted to", "RFC 7517 §5")
		var seq int
		if set, seq, keysErr = r.Keys(ctx, false); keysErr == nil {
			d.Members = append(d.Members, keyMembers(set)...)
			d.Evidence = append(d.Evidence, seq)
			keysErr = signed(ctx, r)
		}
	}
	d.Members = append(d.Members, unknownMembers(r.Server.Metadata)...)
	r.Say(d)
	var gate *flow.CheckError
	if errors.As(keysErr, &gate) {
		return nil // told as a finding
	}
	return keysErr
}

// misplaced reports whether the endpoints that a run goes to, here the jwks_uri
// alone, are where none may be.
func misplaced(f trace.Finding) bool { return f.Code == "V-MD-05" && f.Outcome == trace.Fail }

// signed verifies signed_metadata with the keys of the issuer, where there are
// any (RFC 8414 §2.1).
func signed(ctx context.Context, r *flow.Run) error {
	raw, _ := r.Server.Metadata.String("signed_metadata")
	t := jose.Decode(raw)
	if raw == "" || t.Form != jose.FormJWS || t.Claims == nil {
		return nil
	}
	s, err := r.Verify(ctx, t)
	if err != nil {
		return err
	}
	p := &flow.Response{Request: &flow.Request{Endpoint: flow.SignedMetadata}, Token: t, Signature: s, Seq: r.Server.Seq}
	if s.Seq > 0 {
		p.Evidence = append(p.Evidence, s.Seq)
	}
	_, gate := r.Judge(p)
	return gate
}
