package cmd

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/check"
	"github.com/oauthprobe/oauthprobe/flow/clientauth"
	"github.com/oauthprobe/oauthprobe/flow/ext"
	"github.com/oauthprobe/oauthprobe/flow/token"
	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// uses is the table of what is done with a token: one row for each command.
func uses() []commandRow {
	access := grantValue{name: "access_token", about: "the access `TOKEN`: @FILE, env:NAME, cmd:COMMAND, - for stdin", required: true, from: "access_token"}
	any := grantValue{name: "token", about: "the `TOKEN`, an access or a refresh token: @FILE, env:NAME, cmd:COMMAND, - for stdin", required: true, from: "access_token"}
	hint := grantValue{name: "token_type_hint", about: "which `KIND` it is: access_token or refresh_token"}
	earlier := grantValue{name: "id_token_hint", about: "the ID `TOKEN` of the sign-in, to compare the sub with", from: "id_token"}
	leaver := grantValue{name: "id_token_hint", about: "the ID `TOKEN` of the sign-in: @FILE, env:NAME, cmd:COMMAND, - for stdin", from: "id_token"}
	optional := access
	optional.required = false
	return []commandRow{
		{
			procedure: token.Userinfo(), use: true, anonymous: true, needs: []flow.Endpoint{flow.Userinfo}, first: flow.Userinfo,
			values:  []grantValue{access, earlier},
			example: "  oauthprobe userinfo --demo\n  oauthprobe userinfo https://issuer.example --access-token env:TOKEN --id-token-hint @id.jwt",
		},
		{
			procedure: token.Introspect(false), use: true, trusted: true, needs: []flow.Endpoint{flow.Introspection}, first: flow.Introspection,
			values: []grantValue{any, hint},
			settle: func(s *session) error {
				s.row.procedure = token.Introspect(s.signed)
				return nil
			},
			example: "  oauthprobe introspect --demo\n  oauthprobe introspect https://issuer.example --client-id ID --client-secret @s --token @token.txt",
		},
		{
			procedure: token.Revoke(), use: true, needs: []flow.Endpoint{flow.Revocation}, first: flow.Revocation,
			values:  []grantValue{any, hint},
			example: "  oauthprobe revoke --demo\n  oauthprobe revoke https://issuer.example --client-id ID --token @refresh.txt --token-type-hint refresh_token",
		},
		{
			procedure: token.Logout(), use: true, anonymous: true, browser: true, needs: []flow.Endpoint{flow.EndSession}, first: flow.EndSession,
			values: []grantValue{leaver, {name: "logout_hint", about: "the `NAME` of who is leaving"}, {name: "ui_locales", about: "the `LANGUAGES` of the pages"}},
			settle: func(s *session) error {
				s.asked.Values["state"], s.asked.From["state"] = s.ask.state, s.layer.by("state")
				return nil
			},
			example: "  oauthprobe logout --demo\n  oauthprobe logout https://issuer.example --client-id ID --id-token-hint @id.jwt --redirect-uri http://127.0.0.1:8765/callback",
		},
		{
			procedure: token.Call(token.Errand{}), use: true, errand: true, anonymous: true, browser: true, first: flow.Resource,
			values:  []grantValue{optional},
			example: "  oauthprobe call --demo\n  oauthprobe call https://api.example/things --access-token env:TOKEN\n  oauthprobe call https://api.example/things -X POST --data @body.json --access-token env:TOKEN --dpop-key dpop.jwk\n  oauthprobe call https://api.example/things --step-up --issuer https://issuer.example --client-id ID",
		},
	}
}

// usable refuses what makes no sense where a token is used.
func (s *session) usable() error {
	if !s.row.use {
		return nil
	}
	if s.call.stepUp && !s.server.demo && (s.who.ID == "" || s.server.issuer == "" && s.server.endpoints[flow.Authorization] == nil) {
		return &usageError{"--step-up gets a token, and neither a server nor a client to get it with is named", []string{"name both:", "--issuer https://issuer.example --client-id ID"}}
	}
	if given := s.asked.Values["access_token"]; len(given) > 7 && strings.EqualFold(given[:7], "Bearer ") {
		return &usageError{"--access-token begins with the word Bearer, which is not part of it", []string{"give the token alone"}}
	}
	given := s.asked.Values["access_token"] != "" || s.asked.Values["token"] != ""
	if s.more.dpop && s.more.dpopKey == "" && !s.server.demo && given {
		return &usageError{"--dpop-key is missing: a proof is worth something only with the key that the token is bound to", []string{"give the key that the token was obtained with:", "--dpop-key FILE"}}
	}
	return nil
}

// use runs a procedure that a token is for.
func (s *session) use(ctx context.Context, choice serverChoice) (*flow.Run, error) {
	var a *agent
	if s.row.returns() && !s.asked.OmitRedirect {
		var err error
		if a, err = s.agent(); err != nil {
			return nil, err
		}
		defer func() { a.end(s.ending(nil)) }()
	}
	server, r, err := s.prepare(ctx, choice)
	if err != nil {
		return r, err
	}
	if s.row.errand {
		return s.errand(ctx, server)
	}
	plan, err := s.usePlan(server)
	if err != nil {
		return nil, err
	}
	var agent flow.UserAgent
	if a != nil {
		agent = a
	}
	r, err = flow.Start(ctx, plan, s.flowEnv(agent))
	if a != nil {
		a.end(s.ending(err))
	}
	return r, err
}

// usePlan lists what a procedure that uses a token is made with.
func (s *session) usePlan(server flow.Server) (flow.Plan, error) {
	plan := flow.Plan{
		Server: server, Client: s.who, Ask: s.asked, Procedure: s.row.procedure, Checks: check.All(),
		Gate: s.how.gate(), Skew: s.how.skew, Insecure: s.how.insecure, Exit: exitCode, Explain: s.how.explain, Dry: s.how.dry, Bends: s.how.bends,
		Notes: append(s.notes(), s.more.notes(server)...), Version: Version(), Machine: s.machine,
	}
	if s.row.first == flow.Introspection || s.row.first == flow.Revocation {
		method, said, err := clientauth.Choose(s.client.method, s.who, server, s.given)
		if err != nil {
			return plan, err
		}
		plan.Client.Auth = method.Apply
		plan.Notes = append(plan.Notes, trace.Note{Topic: "client-authentication", Text: said, Ref: method.Spec})
		if method.Extension.Name != "" {
			plan.Extensions = append(plan.Extensions, method.Extension)
		}
	}
	if s.given.Cert != nil {
		plan.Extensions = append(plan.Extensions, ext.MTLS(s.given.Cert))
	}
	if s.more.dpop {
		plan.Extensions = append(plan.Extensions, ext.DPoP(s.more.key, ""))
	}
	if u, err := url.Parse(s.call.url); s.row.errand && s.given.Cert != nil && err == nil && u.Scheme == "http" {
		plan.Notes = append(plan.Notes, trace.Note{Topic: "cert-unused", Text: "the resource is plain http, where no certificate is shown: --cert does nothing here", Ref: "RFC 8705 §3"})
	}
	edits := slices.Clone(s.edits)
	for i := range edits {
		if edits[i].At == "" {
			edits[i].At = s.row.first
		}
	}
	plan.Extensions = append(plan.Extensions, ext.ByHand(s.row.first, edits))
	if s.how.step {
		plan.Extensions = append(plan.Extensions, s.step())
	}
	return plan, nil
}

// union is all words of several lists, each once.
func union(lists ...[]string) []string {
	var out []string
	for _, list := range lists {
		for _, word := range list {
			if word = strings.TrimSpace(word); word != "" && !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	return out
}
