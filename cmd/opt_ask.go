package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/ext"
	"github.com/oauthprobe/oauthprobe/flow/jose"
)

// askOptions say what is asked of the server.
type askOptions struct {
	browser                   bool // a person takes part
	scope                     []string
	redirect, state, nonce    string
	responseType              string
	responseMode, pkce        string
	optional                  map[string]*string
	optionalFrom, optionalVal map[string]string
}

// flags declares what every grant can ask for, and, where a person takes part,
// what goes through the browser.
func (o *askOptions) flags(fs *pflag.FlagSet, browser bool, types string) {
	fs.StringArrayVar(&o.scope, "scope", nil, "`SCOPE` to ask for; repeatable or separated by spaces")
	o.optional = map[string]*string{}
	for _, p := range ext.Optionals() {
		if browser || p.Anywhere {
			about := "`VALUE` of " + p.Name + ": " + p.Why
			if p.Name == "claims" {
				about = p.Why
			}
			o.optional[p.Name] = fs.String(flagName(p.Name), "", about)
		}
	}
	o.browser, o.pkce = browser, "none"
	if !browser {
		return
	}
	fs.StringVar(&o.redirect, "redirect-uri", "", "`URI` for the answer; a loopback one is also where this listens; none leaves it out")
	fs.StringVar(&o.state, "state", "", "`VALUE` of state (default: a fresh random one)")
	fs.StringVar(&o.nonce, "nonce", "", "`VALUE` of nonce (default: a fresh random one when openid is asked for)")
	if types != "" {
		fs.StringVar(&o.responseType, "response-type", "", "what comes back through the browser: "+types)
	}
	fs.StringVar(&o.responseMode, "response-mode", "", "how the answer travels: "+strings.Join(responseModes(), ", "))
	fs.StringVar(&o.pkce, "pkce", "S256", "proof key for code exchange: S256, plain or none")
}

// scopeFlag declares what a resource may want more of.
func (o *askOptions) scopeFlag(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.scope, "scope", nil, "with --step-up or --demo, `SCOPE` to ask for as well; repeatable or separated by spaces")
}

// redirectFlag declares where a sign-in on the way comes back to.
func (o *askOptions) redirectFlag(fs *pflag.FlagSet) {
	fs.StringVar(&o.redirect, "redirect-uri", "", "with --step-up, the `URI` for the answer of the sign-in; a loopback one is also where this listens")
}

// returnFlags declares the way back from the end of a session.
func (o *askOptions) returnFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.redirect, "redirect-uri", "", "the post-logout redirect `URI`; a loopback one is also where this listens; none leaves it out")
	fs.StringVar(&o.state, "state", "", "`VALUE` of state (default: a fresh random one)")
}

// responseModes are the ways an answer can travel; those with jwt in a signed
// one (JARM §2.3).
func responseModes() []string {
	return []string{"query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"}
}

func flagName(parameter string) string { return strings.ReplaceAll(parameter, "_", "-") }

// resolve gives what to ask for, with where each value came from.
func (o *askOptions) resolve(l *layer, demo bool) (flow.Ask, error) {
	a := flow.Ask{ResponseType: o.responseType, ResponseMode: o.responseMode, OmitRedirect: o.redirect == "none", From: map[string]string{}}
	for _, s := range o.scope {
		a.Scope = append(a.Scope, strings.Fields(s)...)
	}
	if demo && !l.given("scope") && o.browser {
		a.Scope = []string{"openid", "profile"}
		a.From["scope"] = "--demo"
	}
	if demo && !l.given("client-id") {
		a.From["client_id"] = "--demo"
	}
	for _, name := range []string{"scope", "redirect_uri", "response_type", "response_mode", "client_id"} {
		if l.given(flagName(name)) {
			a.From[name] = l.by(flagName(name))
		}
	}
	o.optionalVal = map[string]string{}
	for name, v := range o.optional {
		value := *v
		if name == "id_token_hint" {
			var err error
			if value, err = l.secret("id-token-hint", value); err != nil {
				return a, err
			}
		}
		if name == "claims" && value != "" {
			var err error
			if value, _, err = l.value("--claims", value); err != nil {
				return a, err
			}
		}
		o.optionalVal[name], a.From[name] = value, l.by(flagName(name))
	}
	return a, o.valid()
}

// validType holds --response-type to those of the grant; words may stand in any
// order.
func (o *askOptions) validType(types string) error {
	sorted := func(s string) string {
		words := strings.Fields(strings.ReplaceAll(s, "(the default)", ""))
		slices.Sort(words)
		return strings.Join(words, " ")
	}
	for t := range strings.SplitSeq(types, ", ") {
		if o.responseType == "" || sorted(t) == sorted(o.responseType) {
			return nil
		}
	}
	return &usageError{fmt.Sprintf("--response-type is %q; here it takes %s", o.responseType, types), nil}
}

func (o *askOptions) valid() error {
	if !slices.Contains([]string{"S256", "plain", "none"}, o.pkce) {
		return &usageError{fmt.Sprintf("--pkce is %q; it takes S256, plain or none", o.pkce), nil}
	}
	if !slices.Contains(responseModes(), o.responseMode) && o.responseMode != "" {
		return &usageError{fmt.Sprintf("--response-mode is %q; it takes %s", o.responseMode, strings.Join(responseModes(), ", ")), nil}
	}
	if v := o.optionalVal["claims"]; v != "" {
		if asked, problems := jose.ParseObject([]byte(v)); asked == nil || len(problems) > 0 {
			return &usageError{"--claims is not one JSON object", []string{"for example:", `--claims '{"id_token":{"acr":{"essential":true}}}'`}}
		}
	}
	if v := o.optionalVal["max_age"]; v != "" {
		if n, err := strconv.Atoi(v); err != nil || n < 0 {
			return &usageError{fmt.Sprintf("--max-age is %q; it takes a number of seconds", v), nil}
		}
	}
	return nil
}

// extensions are the parts of the plan that these options ask for.
func (o *askOptions) extensions(l *layer, first flow.Endpoint) []flow.Extension {
	all := []flow.Extension{ext.State(o.state, l.by("state")), ext.Nonce(o.nonce, l.by("nonce"))}
	if o.pkce != "none" {
		by := "pkce"
		if l.given("pkce") {
			by = l.by("pkce")
		}
		all = append(all, ext.PKCE(o.pkce, by))
	}
	return append(all, ext.Ask(first, o.optionalVal), ext.Iss())
}
