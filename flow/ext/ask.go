package ext

import (
	"context"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// An Optional is a request parameter that is sent as it was given.
type Optional struct {
	Name, Ref, Why string
	Anywhere       bool // also where no person takes part
}

// Optionals lists the plain optional parameters of the authorization request.
func Optionals() []Optional {
	return []Optional{
		{"prompt", "OIDC Core §3.1.2.1", "whether the server shall ask again: none, login, consent, select_account", false},
		{"login_hint", "OIDC Core §3.1.2.1", "who is probably signing in", false},
		{"id_token_hint", "OIDC Core §3.1.2.1", "an earlier ID token of the person who shall sign in", false},
		{"max_age", "OIDC Core §3.1.2.1", "how many seconds ago the sign-in may have been", false},
		{"acr_values", "OIDC Core §3.1.2.1", "how strong the sign-in shall be", false},
		{"ui_locales", "OIDC Core §3.1.2.1", "the languages of the pages", false},
		{"claims", "OIDC Core §5.5", "single claims to be asked for: `JSON` or @FILE", false},
		{"audience", "vendor parameter", "the API that the token is for, where the server knows this name", true},
	}
}

// Ask sends the optional parameters that were given with a grant's first
// request.
func Ask(first flow.Endpoint, values map[string]string) flow.Extension {
	return flow.Extension{
		Name: "ask", Spec: "OIDC Core §3.1.2.1",
		Doc: "optional parameters of the authorization request",
		Params: flow.On{first: func(_ context.Context, r *flow.Run, q *flow.Request) error {
			for _, o := range Optionals() {
				v := values[o.Name]
				if v == "" {
					continue
				}
				from := trace.Origin{By: r.Ask.By(o.Name), Ref: o.Ref, Why: o.Why}
				if o.Name == "id_token_hint" {
					q.Params.SetSecret(o.Name, v, from)
				} else {
					q.Params.Set(o.Name, v, from)
				}
			}
			return nil
		}},
	}
}
