package clientauth

import (
	"context"
	"encoding/base64"
	"net/url"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// Basic sends the client's id and secret in the Authorization header.
func Basic() Method {
	return Method{
		Name: "client_secret_basic", Spec: "RFC 6749 §2.3.1", Secret: true,
		Doc: "HTTP Basic with the client's credentials\n\nThe id and the secret are form-encoded before they are joined by a colon; servers and clients that forget this disagree on secrets with special characters.",
		Apply: func(_ context.Context, r *flow.Run, q *flow.Request) error {
			q.Headers.SetSecret("Authorization", BasicCredentials(r.Client.ID, r.Client.Secret), trace.Origin{
				By: "client_secret_basic", Ref: "RFC 6749 §2.3.1", Why: "base64 of form-encoded client_id : form-encoded client_secret",
			})
			return nil
		},
	}
}

// BasicCredentials is the Authorization header of RFC 6749 §2.3.1: id and
// secret are form-encoded (Appendix B) before RFC 7617 joins them.
func BasicCredentials(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}
