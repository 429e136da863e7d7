package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow"
	"github.com/oauthprobe/oauthprobe/flow/ext"
)

// byHandOptions change requests by hand.
type byHandOptions struct {
	param, drop, header []string
}

func (o *byHandOptions) flags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.param, "param", nil, "set a request parameter: `[ENDPOINT:]NAME=VALUE`, NAME+=VALUE adds one; repeatable")
	fs.StringArrayVar(&o.drop, "drop", nil, "leave a request parameter out: `[ENDPOINT:]NAME`; repeatable")
	fs.StringArrayVar(&o.header, "header", nil, "set a header field: `[ENDPOINT:]NAME=VALUE`; repeatable")
}

func (o *byHandOptions) resolve(l *layer) ([]ext.Edit, error) {
	var all []ext.Edit
	for _, group := range []struct {
		flag   string
		values []string
		header bool
	}{{"param", o.param, false}, {"header", o.header, true}} {
		for _, s := range group.values {
			e, err := l.edit(group.flag, s)
			if err != nil {
				return nil, err
			}
			e.Header = group.header
			if e.Header && e.At == flow.Authorization {
				return nil, &usageError{"--header cannot change what a browser sends to the authorization endpoint", []string{"name another endpoint: --header token:NAME=VALUE"}}
			}
			all = append(all, e)
		}
	}
	for _, s := range o.drop {
		at, name := endpointOf(s)
		if name == "" {
			return nil, &usageError{fmt.Sprintf("--drop %q names no parameter", s), nil}
		}
		all = append(all, ext.Edit{At: at, Name: name, Drop: true, By: l.by("drop")})
	}
	return all, nil
}

func (l *layer) edit(flag, s string) (ext.Edit, error) {
	left, value, found := strings.Cut(s, "=")
	if !found {
		return ext.Edit{}, &usageError{fmt.Sprintf("--%s %q has no =", flag, clip(s)), []string{"write it as NAME=VALUE"}}
	}
	e := ext.Edit{By: l.by(flag)}
	left, e.Add = strings.CutSuffix(left, "+")
	e.At, e.Name = endpointOf(left)
	if e.Name == "" {
		return e, &usageError{fmt.Sprintf("--%s names no %s before the =", flag, map[string]string{"param": "parameter", "header": "header field"}[flag]), nil}
	}
	var literal bool
	var err error
	e.Value, literal, err = l.value("--"+flag+" "+e.Name, value)
	e.Secret = !literal || sensitive(e.Name)
	return e, err
}

// sensitive knows the names whose values are secrets wherever they come from.
func sensitive(name string) bool {
	return slices.Contains([]string{"client_secret", "password", "code", "code_verifier", "refresh_token", "assertion", "client_assertion",
		"subject_token", "actor_token", "token", "device_code", "authorization", "cookie", "x-api-key"}, strings.ToLower(name))
}

// endpointOf takes off an endpoint's name; what is before the colon counts
// only when it is one.
func endpointOf(s string) (flow.Endpoint, string) {
	before, after, found := strings.Cut(s, ":")
	if found && slices.ContainsFunc(flow.Endpoints(), func(n flow.EndpointName) bool { return string(n.Endpoint) == before }) {
		return flow.Endpoint(before), after
	}
	return "", s
}

func clip(s string) string {
	if len(s) > 20 {
		return s[:20] + "…"
	}
	return s
}
