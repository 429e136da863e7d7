package grant

import (
	"context"
	"time"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Assertion makes a fresh assertion for a grant, at some time; nil where one
// was given ready-made.
type Assertion func(r *flow.Run, now time.Time) (string, error)

// JWTBearer is the grant by a JWT as an authorization.
func JWTBearer(sign Assertion) flow.Procedure {
	return flow.Procedure{
		Name: "jwt-bearer",
		Spec: "RFC 7523 §2.1",
		Doc: "JWT bearer grant\n\n" +
			"A signed JWT says on whose behalf a token is wanted. The server trusts the key that signed it, so nobody is asked: " +
			"service accounts, and tokens that one server accepts from another.",
		Run: func(ctx context.Context, r *flow.Run) error {
			return assertion(ctx, r, "urn:ietf:params:oauth:grant-type:jwt-bearer", "RFC 7523 §2.1", sign)
		},
	}
}

// SAMLBearer is the grant by a SAML assertion as an authorization.
func SAMLBearer(sign Assertion) flow.Procedure {
	return flow.Procedure{
		Name: "saml-bearer",
		Spec: "RFC 7522 §2.1",
		Doc: "SAML bearer grant\n\n" +
			"A signed SAML 2.0 assertion, from an identity provider that the server trusts, says on whose behalf a token is wanted.",
		Run: func(ctx context.Context, r *flow.Run) error {
			return assertion(ctx, r, "urn:ietf:params:oauth:grant-type:saml2-bearer", "RFC 7522 §2.1", sign)
		},
	}
}

func assertion(ctx context.Context, r *flow.Run, grantType, ref string, sign Assertion) error {
	r.Step("Token request", "trade a signed statement for a token", ref)
	q, err := r.NewRequest(flow.Token)
	if err != nil {
		return err
	}
	q.Params.Set("grant_type", grantType, spec(ref, "what is being traded"))
	give(r, q, "assertion", ref, "the signed statement, as given")
	if sign != nil {
		made, err := sign(r, r.Now())
		if err != nil {
			return err
		}
		q.Params.SetSecret("assertion", made, trace.Origin{By: "--key", Ref: ref, Why: "the signed statement, made for this request"})
	}
	return token(ctx, r, q)
}
