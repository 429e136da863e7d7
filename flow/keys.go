package flow

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// A keyring is the server's key set as this run fetched it.
type keyring struct {
	set jose.KeySet
	seq int
}

// Keys is the server's key set, fetched when it is first needed, and again
// when fresh is asked for. The number is the exchange that brought it.
func (r *Run) Keys(ctx context.Context, fresh bool) (jose.KeySet, int, error) {
	if r.keys != nil && !fresh {
		return r.keys.set, r.keys.seq, nil
	}
	q, err := r.NewRequest(JWKS)
	if err != nil {
		return jose.KeySet{}, 0, err
	}
	q.Optional = true // without it signatures stay unchecked
	resp, err := r.Do(ctx, q)
	if err != nil {
		return jose.KeySet{}, 0, err
	}
	r.keys = &keyring{jose.ParseKeySet(resp.Body), resp.Seq}
	return r.keys.set, r.keys.seq, nil
}
