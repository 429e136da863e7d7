package ext

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// JARM opens authorization responses that come as a JWT, and judges the JWT
// before anything in it is used.
func JARM() flow.Extension {
	return flow.Extension{
		Name: "jarm", Spec: "JARM",
		Doc: "JWT-secured authorization response\n\n" +
			"The answer comes in a JWT that the server signs: nobody on its way through the browser can change it, and it says who made it and for whom.",
		Unwrap: openAnswer,
		Checks: jarmChecks(),
	}
}

// openAnswer takes the JWT of an authorization response apart and puts what is
// inside in the place of the parameters. It judges nothing itself.
func openAnswer(ctx context.Context, r *flow.Run, resp *flow.Response) error {
	if resp.Request.Endpoint != flow.Authorization || !resp.Values.Has("response") {
		return nil
	}
	var err error
	resp.Token, resp.Sealed = r.Unseal(resp.Values.Get("response"))
	if resp.Signature, err = r.Verify(ctx, resp.Token); err != nil {
		resp.Signature = &flow.Signature{Err: err}
		return err
	}
	if resp.Signature.Seq != 0 {
		resp.Evidence = append(resp.Evidence, resp.Signature.Seq)
	}
	if inside, fine := parameters(resp.Token.Claims); fine {
		resp.Unwrap(inside)
	}
	d := trace.Decoded{What: "jarm", Header: raws(resp.Token.Header), Claims: raws(resp.Token.Claims)}
	for _, p := range resp.Values {
		if p.Secret {
			d.Secrets = append(d.Secrets, trace.Secret{Part: "claims", Name: p.Name})
		}
	}
	d.Verified, d.Reason = true, "the answer is the server's own"
	for _, c := range jarmChecks() {
		if v := c.Eval(r, resp); v.Outcome == trace.Fail {
			d.Verified, d.Reason = false, v.Detail
			break
		}
	}
	resp.Decoded = append(resp.Decoded, d)
	return nil
}

// parameters are the claims without those that are about the JWT itself. The
// iss stays: it identifies the server as RFC 9207 does (its §2.4 says so).
func parameters(claims *jose.Object) (*jose.Object, bool) {
	if claims == nil {
		return nil, false
	}
	var s strings.Builder
	for _, m := range claims.Members {
		if slices.Contains([]string{"aud", "exp", "iat", "nbf", "jti"}, m.Name) {
			continue
		}
		if s.Len() > 0 {
			s.WriteByte(',')
		}
		name, _ := json.Marshal(m.Name) // a string always encodes
		s.Write(name)
		s.WriteString(":" + string(m.Value))
	}
	o, _ := jose.ParseObject([]byte("{" + s.String() + "}"))
	return o, o != nil
}
