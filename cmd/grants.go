package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/grant"
)

// A commandRow is one grant as a command.
type commandRow struct {
	procedure    flow.Procedure
	alias        string
	needs        []flow.Endpoint      // what discovery, or flags, have to give
	first        flow.Endpoint        // where the grant's first request goes
	browser      bool                 // a person takes part, with a browser
	approve      bool                 // a person approves elsewhere, at an address
	types        string               // response types that can be chosen
	values       []grantValue         // parameters of its own
	grantType    string               // as metadata list it
	trusted      bool                 // with --demo, the confidential client does this
	confidential bool                 // only a client that proves itself may do this
	named        bool                 // the grant type is the first argument
	called       bool                 // the server may call back
	certified    bool                 // --cert may be that of --key
	settle       func(*session) error // what the values come to together
	use          bool                 // a token is used, not obtained
	errand       bool                 // a request of the person's own: call
	anonymous    bool                 // no client need be named
	example      string
}

// issues reports whether the command is there to get a token.
func (g commandRow) issues() bool { return !g.use }

// returns reports whether the browser comes back from somewhere else than an
// authorization.
func (g commandRow) returns() bool { return g.use && g.browser && !g.errand }

// about is the heading of the command's own values.
func (g commandRow) about() string {
	if g.use {
		return "The token"
	}
	return "What to trade"
}

// places are the endpoints that the command may go to.
func (g commandRow) places() []flow.Endpoint {
	all := slices.Concat(g.needs, []flow.Endpoint{flow.JWKS})
	if g.browser && g.issues() {
		all = append(all, flow.PAR)
	}
	return all
}

// grants is the table: one row for each grant.
func grants() []commandRow {
	front := []flow.Endpoint{flow.Authorization, flow.Token}
	direct := []flow.Endpoint{flow.Token}
	return append([]commandRow{
		{
			procedure: grant.Code(), grantType: "authorization_code", needs: front, first: flow.Authorization, browser: true,
			example: `  oauthprobe code --demo
  oauthprobe code https://issuer.example --client-id ID --scope openid
  oauthprobe code https://issuer.example --client-id ID --client-secret env:SECRET -v
  TOKEN=$(oauthprobe code --demo --headless -q -o token)`,
		},
		{
			procedure: grant.Implicit(), grantType: "implicit", needs: front[:1], first: flow.Authorization, browser: true,
			types:   "token, id_token, id_token token (the default), none",
			example: "  oauthprobe implicit --demo\n  oauthprobe implicit https://issuer.example --client-id ID --response-type id_token --scope openid",
		},
		{
			procedure: grant.Hybrid(), grantType: "authorization_code", needs: front, first: flow.Authorization, browser: true,
			types:   "code id_token (the default), code token, code id_token token",
			example: "  oauthprobe hybrid --demo\n  oauthprobe hybrid https://issuer.example --client-id ID --response-type 'code id_token' --scope openid",
		},
		{
			procedure: grant.ClientCredentials(), grantType: "client_credentials", trusted: true, alias: "cc", needs: direct, first: flow.Token, confidential: true,
			example: `  oauthprobe cc --demo
  TOKEN=$(oauthprobe cc https://issuer.example --client-id ID --client-secret @secret.txt -q -o token)`,
		},
		{
			procedure: grant.Password(), grantType: "password", trusted: true, needs: direct, first: flow.Token,
			values: []grantValue{
				{name: "username", about: "the person's user `NAME`", required: true, fallback: "alice"},
				{name: "password", about: "the person's `PASSWORD`: @FILE, env:NAME, cmd:COMMAND, - for stdin", required: true, fallback: "alice"},
			},
			example: "  oauthprobe password --demo\n  oauthprobe password https://issuer.example --client-id ID --username alice --password env:PW",
		},
		{
			procedure: grant.Device(), grantType: "urn:ietf:params:oauth:grant-type:device_code", needs: []flow.Endpoint{flow.Device, flow.Token}, first: flow.Device, approve: true,
			example: "  oauthprobe device --demo\n  oauthprobe device https://issuer.example --client-id ID --qr",
		},
		{
			procedure: grant.Refresh(), grantType: "refresh_token", needs: direct, first: flow.Token,
			values: []grantValue{
				{name: "refresh_token", about: "the refresh `TOKEN`: @FILE, env:NAME, cmd:COMMAND, - for stdin", required: true, from: "refresh_token"},
				{name: "id_token_hint", about: "the earlier ID `TOKEN`, to compare the new one with", from: "id_token"},
			},
			example: "  oauthprobe refresh --demo\n  oauthprobe refresh https://issuer.example --client-id ID --refresh-token @refresh.txt --scope openid",
		},
	}, extensionGrants()...)
}

// extensionGrants are those that other specifications added, and any other by
// its name.
func extensionGrants() []commandRow {
	direct := []flow.Endpoint{flow.Token}
	return []commandRow{
		{
			procedure: grant.Exchange(), grantType: "urn:ietf:params:oauth:grant-type:token-exchange", trusted: true, needs: direct, first: flow.Token,
			values: []grantValue{
				{name: "subject_token", about: "the `TOKEN` to trade: @FILE, env:NAME, cmd:COMMAND, - for stdin", required: true, from: "access_token"},
				{name: "subject_token_type", about: "its `TYPE`: access_token, refresh_token, id_token, jwt, saml1, saml2, or a URI", required: true, fallback: "access_token", expand: tokenType},
				{name: "actor_token", about: "a `TOKEN` of who acts for the subject (delegation)"},
				{name: "actor_token_type", about: "its `TYPE`", expand: tokenType},
				{name: "requested_token_type", about: "the `TYPE` of token that is wanted", expand: tokenType},
			},
			settle: func(s *session) error {
				if s.asked.Values["actor_token"] != "" && s.asked.Values["actor_token_type"] == "" {
					return &usageError{"--actor-token-type is missing, and --actor-token needs it (RFC 8693 §2.1)", []string{"for example:", "--actor-token-type access_token"}}
				}
				return nil
			},
			example: "  oauthprobe exchange --demo\n  oauthprobe exchange https://issuer.example --client-id ID --client-secret @s --subject-token @token.txt --subject-token-type access_token --audience api",
		},
		{
			procedure: grant.JWTBearer(nil), grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer", trusted: true, needs: direct, first: flow.Token,
			values: []grantValue{
				{name: "assertion", about: "the `JWT` to trade: @FILE, env:NAME, cmd:COMMAND, - for stdin (without it, one is made from --key and --assertion-claims)"},
			},
			settle:  settleAssertion,
			example: "  oauthprobe jwt-bearer --demo\n  oauthprobe jwt-bearer https://issuer.example --client-id ID --assertion @assertion.jwt\n  oauthprobe jwt-bearer https://issuer.example --client-id ID --key key.jwk --assertion-claims '{\"sub\":\"alice\"}'",
		},
		{
			procedure: grant.SAMLBearer(nil), grantType: "urn:ietf:params:oauth:grant-type:saml2-bearer", trusted: true, needs: direct, first: flow.Token,
			values: []grantValue{
				{name: "assertion", about: "the SAML `ASSERTION` to trade, as XML or base64url: @FILE, env:NAME, cmd:COMMAND, - for stdin (without it, one is made from --key and --assertion-claims)"},
			},
			certified: true, settle: settleSAML,
			example: "  oauthprobe saml-bearer --demo\n  oauthprobe saml-bearer https://issuer.example --client-id ID --client-secret @s --assertion @assertion.xml\n  oauthprobe saml-bearer https://issuer.example --client-id ID --client-secret @s --key idp-key.pem --cert idp.pem --assertion-claims '{\"iss\":\"https://idp.example\",\"sub\":\"alice\"}'",
		},
		{
			procedure: grant.CIBA(), grantType: "urn:openid:params:grant-type:ciba", trusted: true, confidential: true, needs: []flow.Endpoint{flow.CIBA, flow.Token}, first: flow.CIBA,
			called: true, values: cibaValues(), settle: settleCIBA,
			example: "  oauthprobe ciba --demo\n  oauthprobe ciba --demo --delivery ping\n  oauthprobe ciba https://issuer.example --client-id ID --client-secret @s --scope openid --login-hint alice@example.com --binding-message W4SCT",
		},
		{
			procedure: grant.Other(""), trusted: true, needs: direct, first: flow.Token, named: true,
			example: "  oauthprobe grant urn:ietf:params:oauth:grant-type:uma-ticket https://issuer.example --client-id ID --param ticket=@ticket.txt",
		},
	}
}

// command is the row as a command, and what completes it when it is called: its
// flags and its description.
func (g commandRow) command(e Env) (*cobra.Command, func()) {
	s := &session{env: e, row: g}
	short, long, _ := strings.Cut(g.procedure.Doc, "\n\n")
	c := &cobra.Command{
		Use:     g.procedure.Name + " [TARGET]",
		Short:   short,
		Example: g.example,
		GroupID: g.group(),
		Aliases: g.aliases(),
		Args:    usageArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return s.run(c, args) },
	}
	if g.errand {
		c.Use, c.RunE = g.procedure.Name+" URL", s.runCall
	}
	if g.named {
		c.Use = g.procedure.Name + " GRANT_TYPE [TARGET]"
		c.Args = usageArgs(2)
		c.RunE = s.runNamed
	}
	return c, func() {
		c.Long = short + " (" + g.procedure.Spec + ")\n\n" + wrap(long, 80)
		c.Flags().SortFlags = false
		groups := s.flags(c.Flags())
		c.SetUsageFunc(func(c *cobra.Command) error { return usage(c, groups) })
	}
}

// group is where the list of commands has it.
func (g commandRow) group() string {
	if g.use {
		return "use"
	}
	return "token"
}

// runNamed is run for a grant whose type is the first argument.
func (s *session) runNamed(c *cobra.Command, args []string) error {
	if len(args) == 0 || args[0] == "" {
		return s.refuse(&usageError{"no grant type is named", []string{"it is a name or a URI, with its parameters by hand:", "oauthprobe grant urn:ietf:params:oauth:grant-type:uma-ticket https://issuer.example --client-id ID --param ticket=@ticket.txt"}})
	}
	s.row.procedure, s.row.grantType = grant.Other(args[0]), args[0]
	return s.run(c, args[1:])
}

func (g commandRow) aliases() []string {
	if g.alias == "" {
		return nil
	}
	return []string{g.alias}
}

// wrap breaks a paragraph for a terminal.
func wrap(s string, width int) string {
	var out strings.Builder
	at := 0
	for i, word := range strings.Fields(s) {
		switch {
		case i == 0:
		case at+1+len(word) > width:
			out.WriteByte('\n')
			at = 0
		default:
			out.WriteByte(' ')
			at++
		}
		out.WriteString(word)
		at += len(word)
	}
	return out.String()
}
