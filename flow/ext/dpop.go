package ext

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// proofAlgs is the metadata member that lists what proofs may be signed with
// (RFC 9449 §5.1).
const proofAlgs = "dpop_signing_alg_values_supported"

// A prover makes DPoP proofs with one key, and remembers the newest nonce of
// each server that it talks to.
type prover struct {
	key    jose.Private
	alg    string
	nonces map[string]string
}

// DPoP binds tokens to a key: each request carries a fresh proof that whoever
// sends it has that key. Where a server asks for a nonce, the request is sent
// once more with it.
func DPoP(key jose.Private, alg string) flow.Extension {
	p := &prover{key: key, alg: alg, nonces: map[string]string{}}
	sign := flow.On{}
	for _, at := range p.places() {
		sign[at] = p.prove
	}
	return flow.Extension{
		Name: "dpop", Spec: "RFC 9449", After: []string{"mtls"},
		Doc: "demonstrating proof of possession\n\n" +
			"The token is bound to a key of the client: each request carries a short JWT that this key signed for this very request. " +
			"A token that leaks is worthless without the key.",
		Params: flow.On{flow.Authorization: p.announce},
		Sign:   sign,
		Retry:  p.again,
		Unwrap: func(_ context.Context, _ *flow.Run, resp *flow.Response) error { p.learn(resp); return nil },
		Checks: dpopChecks(key),
	}
}

// places are where proofs go: where tokens are issued, and where they are used.
func (p *prover) places() []flow.Endpoint {
	return []flow.Endpoint{flow.Token, flow.PAR, flow.Userinfo, flow.Resource}
}

// announce binds the code to the key as well (RFC 9449 §10). It is a parameter
// like any other, so that it goes inside a request object, and is pushed.
func (p *prover) announce(_ context.Context, _ *flow.Run, q *flow.Request) error {
	q.Params.Set("dpop_jkt", p.key.Public.Thumbprint, trace.Origin{By: "dpop", Ref: "RFC 9449 §10", Why: "binds the code to the key: nobody else can trade it"})
	return nil
}

func (p *prover) prove(_ context.Context, r *flow.Run, q *flow.Request) error {
	alg := p.alg
	if alg == "" {
		alg = listedAlg(r.Server, proofAlgs, p.key.Algs())
	}
	if err := p.key.Fits(alg); err != nil {
		return &flow.ConfigError{Field: "dpop_key", Problem: err.Error()}
	}
	jti, err := r.Random(16)
	if err != nil {
		return err
	}
	list := []jose.Claim{{Name: "jti", Value: jti}, {Name: "htm", Value: q.Method}, {Name: "htu", Value: bare(q.URL)}, {Name: "iat", Value: r.Now().Unix()}}
	why := "a proof for this request alone: the client has the key"
	if token, bearer := strings.CutPrefix(q.Headers.Get("Authorization"), "Bearer "); bearer && (q.Endpoint == flow.Userinfo || q.Endpoint == flow.Resource) {
		from := trace.Origin{By: "dpop", Ref: "RFC 9449 §7.1", Why: "the token, worth something only beside a proof"}
		q.Headers.SetSecret("Authorization", "DPoP "+token, from)
		sum := sha256.Sum256([]byte(token))
		list = append(list, jose.Claim{Name: "ath", Value: base64.RawURLEncoding.EncodeToString(sum[:])})
		why = "a proof for this request and this token alone: the client has the key"
	}
	if nonce := p.nonces[place(q)]; nonce != "" {
		list = append(list, jose.Claim{Name: "nonce", Value: nonce})
		why += "; with the nonce that the server asked for"
	}
	claims, err := jose.Claims(list, nil)
	if err != nil {
		return err
	}
	proof, err := r.Sign("dpop", alg, p.key.Key, map[string]any{"typ": "dpop+jwt", "jwk": p.key.PublicJWK()}, claims)
	if err != nil {
		return &flow.ConfigError{Field: "dpop_key", Problem: err.Error()}
	}
	q.Headers.SetSecret("DPoP", proof, trace.Origin{By: "dpop", Ref: "RFC 9449 §4", Why: why})
	return nil
}

// bare is a URL without query and fragment (RFC 9449 §4.2).
func bare(u *url.URL) string {
	v := *u
	v.RawQuery, v.ForceQuery, v.Fragment, v.RawFragment = "", false, "", ""
	if v.Path == "" {
		v.Path = "/" // as the request line has it
	}
	return v.String()
}

// place names a server as one that gives nonces: what issues tokens and what
// takes them are kept apart, though they live at one address (RFC 9449 §8.2).
func place(q *flow.Request) string {
	role := "resource "
	if q.Endpoint == flow.Token || q.Endpoint == flow.PAR {
		role = "issuer "
	}
	return role + q.URL.Scheme + "://" + q.URL.Host
}

// learn keeps the newest nonce of an answer, of a success too (RFC 9449 §8.2).
func (p *prover) learn(resp *flow.Response) {
	if resp.Hit != nil || !slices.Contains(p.places(), resp.Request.Endpoint) {
		return
	}
	if all := resp.Header.Values("DPoP-Nonce"); len(all) == 1 && all[0] != "" {
		p.nonces[place(resp.Request)] = all[0]
	}
}

// wantsNonce reports whether an answer asks for a proof with a nonce.
func wantsNonce(resp *flow.Response) bool {
	if resp.Hit != nil || resp.Status < 400 {
		return false
	}
	if resp.String("error") == "use_dpop_nonce" {
		return true
	}
	all, _ := flow.ParseChallenges(resp.Header.Values("WWW-Authenticate"))
	return slices.ContainsFunc(all, func(c flow.Challenge) bool {
		return c.Is("DPoP") && c.Params.Get("error") == "use_dpop_nonce"
	})
}

// again asks for the one retry with the nonce that came.
func (p *prover) again(r *flow.Run, _ *flow.Request, resp *flow.Response) bool {
	before := p.nonces[place(resp.Request)]
	p.learn(resp)
	if !slices.Contains(p.places(), resp.Request.Endpoint) || !wantsNonce(resp) || p.nonces[place(resp.Request)] == before {
		return false
	}
	r.Note("dpop-nonce", "the server wants its nonce in the proof: the request is sent once more with it, and a proof of its own", "RFC 9449 §8")
	return true
}
