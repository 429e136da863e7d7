package flow

import (
	"strings"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

// figures are who talks to whom at an endpoint.
func figures() map[Endpoint][]string {
	return map[Endpoint][]string{
		Metadata: {"program ── where are your endpoints? ─▶ server", "        ◀─ its metadata ───────────────"},
		JWKS:     {"program ── your public keys? ─▶ server", "        ◀─ what verifies ─────"},
		PAR:      {"program ══ the whole request ═▶ server", "        ◀═ request_uri ═══════", "(nobody sees it on the way, nobody changes it)"},
		Authorization: {
			"program ── opens ─▶ browser ── request ─▶ server",
			"                    the person signs in",
			"program ◀─ answer ─ browser ◀─ redirect ─ server",
			"(whoever sees what the browser sees can read and change both)",
		},
		Token:         {"program ══ what is traded, who we are ═▶ server", "        ◀═ tokens ══════════════════════", "(no browser in between)"},
		Device:        {"program ══ a device without a browser ═▶ server", "        ◀═ a code for it, one for a person ═"},
		CIBA:          {"program ══ whom to ask ═▶ server ── is it you? ─▶ their device", "        ◀═ auth_req_id ══"},
		Userinfo:      {"program ══ access token ═▶ server", "        ◀═ who it is ═════", "(whoever has the token gets the claims)"},
		Introspection: {"resource ══ a token, who we are ═▶ server", "         ◀═ active, and for what ══"},
		Revocation:    {"program ══ a token that is not needed ═▶ server"},
		EndSession:    {"program ── opens ─▶ browser ── sign me out ─▶ server", "program ◀─ state ── browser ◀─ redirect ──── server"},
		Resource:      {"program ══ access token, request ═▶ resource", "        ◀═ answer, or challenge ════"},
	}
}

// dangers say what somebody could do if a parameter were not there, or were
// known.
func dangers() map[string]string {
	return map[string]string{
		"state":                    "without it an attacker could make your browser deliver an answer of theirs, and you would work in their account",
		"nonce":                    "without it an ID token that was stolen from another sign-in could be slipped in here",
		"code_challenge":           "without it whoever steals the code on its way through the browser could trade it",
		"code_verifier":            "whoever knows it, and the code, has the token: it never passes the browser",
		"redirect_uri":             "were any address allowed, an attacker could have the answer sent to them: it has to be registered, exactly",
		"code":                     "worth a token for about a minute, to whoever can also show the verifier or the client's proof",
		"client_secret":            "whoever has it is this client",
		"client_assertion":         "good for minutes and for this server alone; the key that made it never leaves this machine",
		"Authorization":            "whoever reads it can be the client, or use the token, until it expires",
		"DPoP":                     "for this one request: copied, it opens nothing else",
		"dpop_jkt":                 "without it a stolen code could be traded by somebody with another key",
		"request":                  "without the signature anybody on the way through the browser could change what is asked for",
		"request_uri":              "good for one use: whoever sees it learns nothing of the request",
		"scope":                    "what is not asked for cannot be stolen: ask for little",
		"resource":                 "without it a resource that gets the token could use it at another one",
		"login_hint":               "passes the browser in the open: nothing that must stay private belongs in it",
		"id_token_hint":            "says who somebody is to everybody on the way",
		"refresh_token":            "gets new access tokens for weeks: keep it as a password is kept",
		"password":                 "the person's own, and this program sees it: that is why this grant is not to be used any more",
		"device_code":              "whoever has it gets the token once the person has approved",
		"assertion":                "stands for the subject: whoever has it can trade it until it expires",
		"subject_token":            "whoever has it can act for the subject",
		"post_logout_redirect_uri": "were any address allowed, the server could be used to send people to an attacker's page",
		"authorization_details":    "says exactly what is allowed, where a scope would say too much",
	}
}

// explain says of a request who talks to whom, what of it is secret, and what
// could go wrong without its parts.
func (r *Run) explain(q *Request) {
	figure := figures()[q.Endpoint]
	if !r.Explain || figure == nil || q.Poll > 1 {
		return
	}
	r.Say(trace.Note{Topic: "explain", Text: legend, Lines: figure})
	for _, line := range perils(q) {
		r.Note("explain", line, "")
	}
}

const legend = "who talks to whom; ══ is direct and encrypted, ── can be read on the way:"

// Explanation is what explain says, as lines for a person.
func (r *Run) Explanation(q *Request) []string {
	lines := append([]string{legend}, figures()[q.Endpoint]...)
	for _, p := range q.Shown() {
		lines = append(lines, p.Name+": "+p.Origin.Why+" ("+strings.TrimSpace(p.Origin.Ref+" "+p.Origin.By)+")")
	}
	return append(lines, perils(q)...)
}

// perils are what could go wrong without the parts of a request, and which of
// them are secret.
func perils(q *Request) []string {
	var lines, secrets []string
	said := dangers()
	for _, p := range append(append(Params{}, q.Params...), q.Headers...) {
		if p.Secret {
			secrets = append(secrets, p.Name)
		}
		if danger := said[p.Name]; danger != "" {
			lines = append(lines, p.Name+": "+danger)
		}
	}
	if len(secrets) > 0 {
		lines = append(lines, "secret here: "+strings.Join(secrets, ", "))
	}
	return lines
}
