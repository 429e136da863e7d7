package cmd

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/oauthprobe/oauthprobe/flow/grant"
)

// A grantValue is a parameter that one grant needs from the person.
type grantValue struct {
	name     string // of the parameter; the flag has - for _
	about    string
	required bool
	from     string // with --demo, the member of a first token response that stands in for it
	fallback string // with --demo, the value that stands in for it
	expand   func(string) string
}

// grantOptions are the values that a grant's own parameters get.
type grantOptions struct {
	rows   []grantValue
	values map[string]*string
}

func (o *grantOptions) flags(fs *pflag.FlagSet, rows []grantValue) {
	o.rows, o.values = rows, map[string]*string{}
	for _, v := range rows {
		o.values[v.name] = fs.String(flagName(v.name), "", v.about)
	}
}

// resolve gives the values, and the first one that --demo has to obtain.
func (o *grantOptions) resolve(l *layer, demo bool) (values map[string]string, obtain []grantValue, err error) {
	values = map[string]string{}
	for _, v := range o.rows {
		value := *o.values[v.name]
		if grant.Secret(v.name) {
			if value, err = l.secret(flagName(v.name), value); err != nil {
				return nil, nil, err
			}
		}
		switch {
		case value == "" && demo && v.fallback != "":
			value, l.from[flagName(v.name)] = v.fallback, "--demo"
		case value == "" && demo && v.from != "":
			obtain = append(obtain, v)
			continue
		case value == "" && v.required:
			return nil, nil, &usageError{"--" + flagName(v.name) + " is missing", []string{"give it as a value, or out of sight of other processes:", "--" + flagName(v.name) + " @FILE", "--" + flagName(v.name) + " env:NAME"}}
		}
		if v.expand != nil {
			value = v.expand(value)
		}
		values[v.name] = value
	}
	return values, obtain, nil
}

// tokenType lets the types of RFC 8693 §3 be called by their last part.
func tokenType(s string) string {
	if s == "" || strings.Contains(s, ":") {
		return s
	}
	return "urn:ietf:params:oauth:token-type:" + s
}
