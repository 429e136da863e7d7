package grant

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// Implicit is the implicit grant: tokens come back through the browser.
func Implicit() flow.Procedure {
	return flow.Procedure{
		Name: "implicit",
		Spec: "RFC 6749 §4.2; OIDC Core §3.2",
		Doc: "implicit grant\n\n" +
			"The token itself comes back through the browser, in the fragment of the redirect URI. The client never proves who it is, and the token " +
			"stands in address bars and histories: OAuth 2.1 has dropped this grant, and RFC 9700 §2.1.2 says not to use it. With response_type id_token alone no " +
			"access token travels, and it is still in use.",
		Run: func(ctx context.Context, r *flow.Run) error { return front(ctx, r, "id_token token") },
	}
}

// Hybrid is the hybrid flow: some of it comes through the browser, the rest
// for the code.
func Hybrid() flow.Procedure {
	return flow.Procedure{
		Name: "hybrid",
		Spec: "OIDC Core §3.3",
		Doc: "hybrid flow\n\n" +
			"A code comes back together with an ID token, an access token, or both. The ID token from the browser vouches for the code (c_hash), " +
			"so that a client can look before it spends it; the tokens for the code come directly, as in the code grant.",
		Run: func(ctx context.Context, r *flow.Run) error { return front(ctx, r, "code id_token") },
	}
}

// front asks for a response type whose answer carries more than a code.
func front(ctx context.Context, r *flow.Run, usual string) error {
	responseType := r.Ask.ResponseType
	if responseType == "" {
		responseType = usual
	}
	words := strings.Fields(responseType)
	if strings.Contains(" "+responseType+" ", " token ") {
		r.Note("token-in-front-channel", "an access token is going to pass through the browser, without the client proving who it is; RFC 9700 §2.1.2 says not to do this, OAuth 2.1 has dropped it", "RFC 9700 §2.1.2")
	}
	back, err := authorize(ctx, r, responseType)
	if err != nil {
		return err
	}
	if words[0] != "code" && !strings.Contains(" "+responseType+" ", " code ") {
		return obtained(r, back)
	}
	if err := spend(ctx, r, back); err != nil {
		return err
	}
	r.Result.Token = merge(back, r.Result.Token)
	return nil
}

// merge puts what the browser brought and what the code bought into one
// answer. Where both have a member, the direct one stays.
func merge(front, direct *flow.Response) *flow.Response {
	if front.Object == nil || direct == nil || direct.Object == nil {
		return direct
	}
	var s strings.Builder
	write := func(o *jose.Object, skip func(string) bool) {
		for _, m := range o.Members {
			if skip(m.Name) {
				continue
			}
			if s.Len() > 0 {
				s.WriteByte(',')
			}
			name, _ := json.Marshal(m.Name)
			s.Write(name)
			s.WriteByte(':')
			s.Write(m.Value)
		}
	}
	write(direct.Object, func(string) bool { return false })
	write(front.Object, direct.Object.Has)
	merged := *direct
	merged.Object, _ = jose.ParseObject([]byte("{" + s.String() + "}"))
	return &merged
}
