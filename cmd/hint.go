package cmd

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/discover"
	"github.com/oauthprobe/oauthprobe/flow/wire"
	"github.com/oauthprobe/oauthprobe/loopback"
)

// words are what an error comes to: one line, and what to do about it. The
// first hint is a sentence, each further one a thing to type.
type words struct {
	text  string
	hints []string
}

// describe is the one place that turns an error into words.
func describe(err error) words {
	var (
		masked *maskedError
		survey *surveyError
		usage  *usageError
		config *flow.ConfigError
		lost   *discover.NotFoundError
		check  *flow.CheckError
		refuse *flow.RefusedError
		proto  *flow.ProtocolError
		tr     *flow.TransportError
		walk   *loopback.WalkError
		listen *loopback.ListenError
		status *flow.StatusError

		expired *flow.ExpiredError
	)
	if errors.As(err, &masked) {
		w := describe(masked.error)
		w.text = masked.mask(w.text)
		for i := range w.hints {
			w.hints[i] = masked.mask(w.hints[i])
		}
		return w
	}
	if errors.As(err, &survey) {
		return describeSurvey(survey)
	}
	switch {
	case errors.Is(err, flow.ErrInterrupted):
		return words{text: "interrupted"}
	case errors.As(err, &usage):
		return words{usage.text, usage.hints}
	case errors.As(err, &config):
		return describeConfig(config)
	case errors.As(err, &check):
		return describeCheck(check)
	case errors.As(err, &refuse):
		return describeRefusal(refuse)
	case errors.As(err, &lost):
		return describeLost(lost)
	case errors.As(err, &walk):
		return describeWalk(walk)
	case errors.As(err, &tr):
		return describeTransport(tr)
	case errors.As(err, &proto) && strings.Contains(proto.Problem, "not read further"):
		return words{proto.Error(), []string{"read more of it:", "--max-body 67108864"}}
	case errors.As(err, &proto):
		return words{proto.Error(), []string{"look at the whole answer with -v; is this the right address, and no login page or proxy in between?"}}
	case errors.As(err, &status):
		return words{status.Error(), []string{"what it says is on stdout; see the whole exchange with:", "-v"}}
	case errors.As(err, &listen):
		return words{listen.Error(), []string{"choose another address to listen on:", "--callback 127.0.0.1:0"}}
	case errors.Is(err, errNobody):
		return words{"the answer was not handed over: stdin ended before the redirected URL came", []string{"paste the address that the browser ends at, or let this program walk the pages:", "--headless --fill NAME=VALUE"}}
	case errors.As(err, &expired):
		return words{expired.What, []string{"run it again, and approve in time; the whole run may take longer with:", "--timeout 15m"}}
	case errors.Is(err, flow.ErrTimeout):
		return words{"nobody came back in time: no answer arrived at the redirect URI", []string{"does the browser show an error page? A wrong client_id or redirect_uri shows only there. Give more time with:", "--timeout 15m"}}
	}
	return words{text: strings.TrimSpace(err.Error()), hints: []string{"see what happened until then, byte by byte:", "-v"}}
}

// endpointFlag is the flag of what metadata, or a protocol, call by a name.
func endpointFlag(member string) string {
	switch member {
	case "":
		return "token-endpoint"
	case "pushed_authorization_request_endpoint":
		return "par-endpoint"
	case "backchannel_authentication_endpoint":
		return "ciba-endpoint"
	}
	return strings.ReplaceAll(member, "_", "-")
}

func describeConfig(e *flow.ConfigError) words {
	flag := endpointFlag(e.Field)
	w := words{text: e.Error()}
	if e.Field == "id_token_hint" {
		w.hints = []string{"give the ID token of the sign-in, or leave it out:", "--id-token-hint @FILE"}
	}
	if slices.Contains([]string{"client_secret", "auth_method", "key", "cert", "attestation", "attestation_key", "signing_alg", "assertion_claims", "dpop_key", "access_token", "token"}, e.Field) ||
		strings.HasSuffix(e.Field, "_endpoint") || strings.HasSuffix(e.Field, "_uri") {
		w.hints = []string{"give it by flag:", "--" + flag}
	}
	return w
}

func describeCheck(e *flow.CheckError) words {
	f := e.Finding
	w := words{text: fmt.Sprintf("%s (%s, %s)", f.Detail, f.Code, f.Ref)}
	switch f.Code {
	case "V-AR-02":
		w.hints = []string{"close other sign-in tabs and run again; if it stays, the server loses or changes state. To look at it all the same (DANGEROUS):", "--keep-going"}
	case "V-MD-01":
		if f.Actual == "" || f.Actual == "(none)" {
			w.hints = []string{"is that the address of an authorization server? Give its endpoints instead, if it has no metadata:", "--authorization-endpoint URL --token-endpoint URL --jwks-uri URL"}
			break
		}
		if strings.Contains(f.Actual, "{") {
			w.hints = []string{"that is a template for the issuers of many tenants: name the issuer of one of them, with what is in braces filled in:", tenant(f.Actual)}
			break
		}
		w.hints = []string{"give the issuer exactly as the server names itself, or correct the server's configuration:", f.Actual}
	case "V-MD-05":
		w.hints = []string{"give the address by flag, if the server has it all the same:", "--" + endpointFlag(regexp.MustCompile(`[a-z_]+_(endpoint|uri)`).FindString(f.Detail+" "+f.Expected)) + " URL"}
	case "V-ID-06":
		w.hints = []string{"give the private key that it is encrypted to:", "--key FILE"}
	case "V-ID-17", "V-ID-18", "V-ID-19":
		if !regexp.MustCompile(`[0-9]+ s( |$)`).MatchString(f.Detail) { // the claim itself is wrong, no clock
			w.hints = []string{"nothing was used of this answer. To look at it all the same (DANGEROUS):", "--keep-going"}
			break
		}
		w.hints = []string{"compare the clocks of this machine and the server; a known difference is tolerated with:", "--clock-skew 2m"}
	case "V-ID-15":
		w.hints = []string{"if the other audience is one of yours, say so:", "--trust-audience AUD"}
	default:
		w.hints = []string{"nothing was used of this answer. To look at it all the same (DANGEROUS):", "--keep-going"}
	}
	return w
}

// tenant is an issuer's template as something to fill in: what shells take
// apart is gone.
func tenant(template string) string {
	return regexp.MustCompile(`\{([A-Za-z]*)[^{}]*\}`).ReplaceAllStringFunc(template, func(s string) string {
		return strings.ToUpper(strings.Trim(s, "{}"))
	})
}

// describeSurvey has hints that discover can follow: nothing was used, and there
// are no endpoints to give in place of the metadata.
func describeSurvey(e *surveyError) words {
	w := describe(e.error)
	var check *flow.CheckError
	var lost *discover.NotFoundError
	var refused *flow.RefusedError
	switch {
	case errors.As(e.error, &check) && check.Finding.Code == "V-MD-05":
		w.hints = []string{"the keys were not fetched; if they are elsewhere, say where:", "--jwks-uri URL"}
	case errors.As(e.error, &check) && (check.Finding.Code != "V-MD-01" || check.Finding.Actual == "" || check.Finding.Actual == "(none)"):
		w.hints = []string{"what else was found is on stdout; see every check and exchange with:", "-v"}
	case errors.As(e.error, &lost) && lost.Endpoint:
		w.hints = []string{"this looks like an endpoint: give the issuer that it belongs to"}
	case errors.As(e.error, &lost):
		w.hints = []string{"is that the issuer, exactly? See what came from each address with:", "-v"}
	case errors.As(e.error, &refused):
		w.hints = []string{"see exactly what was asked and answered:", "-v"}
	}
	return w
}

func describeRefusal(e *flow.RefusedError) words {
	w := words{text: e.Error()}
	if e.URI != "" {
		w.text += " (" + e.URI + ")"
	}
	switch e.Code {
	case "insufficient_scope", "insufficient_user_authentication":
		if e.Endpoint != flow.Resource {
			w.hints = []string{"get a token with what is wanted, for example a wider scope:", "oauthprobe code https://issuer.example --client-id ID --scope 'openid profile'"}
			break
		}
		w.hints = []string{"get a token that has what the resource wants, and call again:", "--step-up --issuer https://issuer.example --client-id ID"}
	case "unauthorized", "forbidden":
		if e.Endpoint == flow.Introspection || e.Endpoint == flow.Revocation {
			w.hints = []string{"check the client id, what it proves itself with, and the way it does so, which is also set by:", "--auth-method METHOD"}
			break
		}
		w.hints = []string{"present a token that this resource takes:", "--access-token @FILE"}
	case "invalid_token":
		w.hints = []string{"is it expired, for this resource, and bound to a key that you have? Look at it:", "oauthprobe inspect TOKEN"}
	case "use_dpop_nonce":
	case "invalid_dpop_proof":
		w.hints = []string{"was a proof sent at all, which takes --dpop? If so, look at it, what it is for and when it was made, with:", "-v"}
	case "invalid_client":
		w.hints = []string{"check the client id, what it proves itself with, and the way it does so, which is also set by:", "--auth-method METHOD"}
	case "invalid_grant":
		w.hints = []string{"what was traded was used before, has expired, or belongs to another client; for a code: or to another redirect URI or verifier, and codes live about a minute"}
	case "invalid_scope":
		w.hints = []string{"ask only for scopes that this client may have:", "--scope openid"}
	case "unauthorized_client":
		w.hints = []string{"this client may not use this grant: allow it in the server's configuration of the client"}
	case "access_denied":
		w.hints = []string{"the person, or a policy of the server, said no"}
	case "unknown_user_id", "expired_login_hint_token":
		w.hints = []string{"the server cannot tell from the hint whom to ask; give another:", "--login-hint NAME", "--id-token-hint @FILE"}
	case "missing_user_code", "invalid_user_code":
		w.hints = []string{"this person wants to be asked only by those who know their code:", "--user-code env:NAME"}
	case "invalid_binding_message":
		w.hints = []string{"keep it short and plain, so that every device can show it:", "--binding-message W4SCT"}
	case "server_error", "temporarily_unavailable":
		w.hints = []string{"the server has trouble of its own: its log says more than its answer"}
	case "unsupported_grant_type", "unsupported_response_type":
		w.hints = []string{"the server does not do this at all, or not for this client: look at what its metadata list, with -v"}
	case "login_required", "interaction_required", "consent_required":
		w.hints = []string{"the server has to ask the person something: run without --prompt none"}
	}
	if len(w.hints) == 0 {
		w.hints = []string{"see exactly what was sent, and why each part of it:", "-v"}
	}
	return w
}

func describeLost(e *discover.NotFoundError) words {
	w := words{text: e.Error()}
	if e.Endpoint {
		w.hints = []string{"this looks like an endpoint, not an issuer: give the issuer, or give the endpoints themselves:",
			"--authorization-endpoint URL --token-endpoint URL --jwks-uri URL"}
		return w
	}
	w.hints = []string{"is that the issuer, exactly? Or give the endpoints themselves:", "--authorization-endpoint URL --token-endpoint URL --jwks-uri URL"}
	return w
}

func describeWalk(e *loopback.WalkError) words {
	w := words{text: e.Error()}
	switch e.Kind {
	case "input-needed":
		w.hints = []string{"the page asks for it; give it with:", "--fill " + e.Field + "=VALUE"}
	case "loop":
		w.hints = []string{"the same form came back: is the name or the password wrong? Fill in others with:", "--fill NAME=VALUE"}
	case "no-form":
		w.hints = []string{"the page needs a person or scripts; run it with a browser: leave --headless out"}
	case "scheme", "too-many-pages", "transport":
		w.hints = []string{"see the pages that were walked with:", "-v"}
	case "page-status":
		if e.Status >= 500 {
			w.hints = []string{"the server has trouble of its own: its log says more than its page"}
			break
		}
		w.hints = []string{"is the client registered with exactly this redirect URI, and is the client id right?"}
	}
	return w
}

func describeTransport(e *flow.TransportError) words {
	w := words{text: e.Error()}
	var t *wire.Error
	if !errors.As(e.Err, &t) {
		return w
	}
	switch t.Kind {
	case "dns":
		w.hints = []string{"is the host name right, and reachable from this network? To connect elsewhere:", "--resolve HOST:PORT:ADDR"}
	case "connect":
		w.hints = []string{"is the server running, and is the port right?"}
	case "closed", "cut-off", "http", "too-large":
		w.hints = []string{"is that an HTTP server, and is nothing in between? See what came with:", "-v"}
	case "tls":
		w.hints = []string{"trust its authority, if it is yours:", "--cacert FILE"}
	case "timeout":
		if t.Run {
			w.hints = []string{"give the whole run more time:", "--timeout 15m"}
			break
		}
		w.hints = []string{"give it more time:", "--http-timeout 2m"}
	}
	return w
}
